"use strict";
const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent), nodes = data.nodes, edges = data.edges;
const N = nodes.kind.length, E = edges.source.length;
const stage = $("stage"), panel = $("panel"), tip = $("tip"), hint = panel.innerHTML;
const [scene, front] = ["scene", "front"].map(id => $(id).getContext("2d"));

// ---- what is joined to what -------------------------------------------------------------------
const out = Array.from({ length: N }, () => []), into = Array.from({ length: N }, () => []);
const twin = new Int32Array(E).fill(-1);
{
  const seen = new Map();
  for (let e = 0; e < E; e++) {
    const [a, b, r] = [edges.source[e], edges.target[e], edges.relation[e]];
    out[a].push(e); into[b].push(e);
    const back = seen.get((r * N + b) * N + a);
    if (back !== undefined) { twin[e] = back; twin[back] = e; }
    seen.set((r * N + a) * N + b, e);
  }
}
const other = (e, id) => edges.source[e] === id ? edges.target[e] : edges.source[e];
const isDrawn = e => twin[e] < 0 || edges.source[e] < edges.target[e];

// ---- what is shown ----------------------------------------------------------------------------
const boxes = name => [...document.querySelectorAll(`[data-toggle-${name}]`)];
const kindBox = new Map(boxes("kind").map(b => [data.kinds.indexOf(b.dataset.toggleKind), b]));
const relationBox = boxes("relation");
const levels = [...new Set(nodes.log10_nfa.filter(v => v !== 0))].sort((a, b) => a - b);
const steps = levels.length > 200 ? Array.from({ length: 200 }, (_, i) => levels[Math.round(i * (levels.length - 1) / 199)]) : levels;
let shown = new Uint8Array(N).fill(1), relationOn = [];
$("nfa").max = Math.max(steps.length - 1, 0);
$("nfa").value = $("nfa").max;
$("nfa-row").hidden = steps.length < 2;

function filter() {
  const most = steps.length > 1 ? steps[+$("nfa").value] : Infinity;
  $("nfa-value").textContent = steps.length > 1 ? `≤ ${most.toFixed(1)}`.replace("-", "−") : "";
  for (let i = 0; i < N; i++) shown[i] = +(kindBox.get(nodes.kind[i]).checked && (nodes.log10_nfa[i] === 0 || nodes.log10_nfa[i] <= most));
  relationOn = relationBox.map(b => b.checked);
  const kinds = new Map(), relations = new Array(data.relations.length).fill(0), all = relations.slice();
  for (let i = 0; i < N; i++) { const k = kinds.get(nodes.kind[i]) || [0, 0]; k[0] += shown[i]; k[1]++; kinds.set(nodes.kind[i], k); }
  for (let e = 0; e < E; e++) if (isDrawn(e)) { all[edges.relation[e]]++; if (shown[edges.source[e]] && shown[edges.target[e]]) relations[edges.relation[e]]++; }
  const text = (some, whole) => some === whole ? `${whole}` : `${some} of ${whole}`;
  for (const [k, [some, whole]] of kinds) document.querySelector(`[data-count-kind="${data.kinds[k]}"]`).textContent = text(some, whole);
  data.relations.forEach((r, i) => { document.querySelector(`[data-count-relation="${CSS.escape(r.name)}"]`).textContent = text(relations[i], all[i]); });
  if (pinned !== null && !shown[pinned]) pinned = null;
  layers = null; hovered = null; edgeUnder = null; refresh(); draw();
}
const edgeShown = e => relationOn[edges.relation[e]] && shown[edges.source[e]] && shown[edges.target[e]];

// ---- where it is on the screen: x = view.x + view.s * column ----------------------------------
const view = { s: 1, x: 0, y: 0 };
let width = 1, height = 1, dpr = 1;
function whole() {
  view.s = Math.min(width / data.width, height / data.height) * 0.94;
  view.x = (width - (data.width - 1) * view.s) / 2; view.y = (height - (data.height - 1) * view.s) / 2;
  draw();
}
function zoom(factor, x = width / 2, y = height / 2) {
  const fit = Math.min(width / data.width, height / data.height), s = Math.min(Math.max(view.s * factor, fit / 4), fit * 80);
  view.x = x - (x - view.x) * s / view.s; view.y = y - (y - view.y) * s / view.s; view.s = s; move();
}
function resize() {
  const isWhole = width === 1; dpr = window.devicePixelRatio || 1; width = stage.clientWidth; height = stage.clientHeight;
  for (const c of [scene, front]) { c.canvas.width = Math.round(width * dpr); c.canvas.height = Math.round(height * dpr); }
  if (isWhole) whole(); else draw();
}
const screenOf = (row, column) => [view.x + view.s * column, view.y + view.s * row];
function controlOf(e) { // of the quadratic curve of an edge, (column, row)
  const [r0, c0] = nodes.position[edges.source[e]], [r1, c1] = nodes.position[edges.target[e]];
  const bend = 2 * data.relations[edges.relation[e]].bend;
  return [(c0 + c1) / 2 - bend * (r1 - r0), (r0 + r1) / 2 + bend * (c1 - c0)];
}

// ---- drawing ----------------------------------------------------------------------------------
const DOT = data.kinds.indexOf("junction"), CHUNK = 128; // curves in one path: a stroke's cost grows faster than their number
const CROWDED = 5000; // edges: straight and solid then
const BUSY = 2500; // edges and nodes: moved as a picture, and drawn anew when the hand rests
function curveOf(path, shape) { shape.forEach(([r, c], i) => i ? path.lineTo(c, r) : path.moveTo(c, r)); }
function dotOf(path, id) { const [r, c] = nodes.position[id]; path.moveTo(c, r); path.lineTo(c + 1e-3, r); }
function edgeOf(path, e, isStraight = false) {
  const [r0, c0] = nodes.position[edges.source[e]], [r1, c1] = nodes.position[edges.target[e]];
  path.moveTo(c0, r0);
  if (isStraight) path.lineTo(c1, r1); else path.quadraticCurveTo(...controlOf(e), c1, r1);
}
function headOf(path, e) { // an arrow's head of fixed size on the screen, at two thirds of the way
  const t = 0.66, [cx, cy] = controlOf(e), [r0, c0] = nodes.position[edges.source[e]], [r1, c1] = nodes.position[edges.target[e]];
  const x = (1 - t) ** 2 * c0 + 2 * t * (1 - t) * cx + t * t * c1, y = (1 - t) ** 2 * r0 + 2 * t * (1 - t) * cy + t * t * r1;
  const dx = (1 - t) * (cx - c0) + t * (c1 - cx), dy = (1 - t) * (cy - r0) + t * (r1 - cy), l = Math.hypot(dx, dy);
  if (l * view.s < 4) return;
  const h = 6 / view.s, u = dx / l * h, v = dy / l * h;
  path.moveTo(x - u + 0.55 * v, y - v - 0.55 * u); path.lineTo(x, y); path.lineTo(x - u - 0.55 * v, y - v + 0.55 * u);
}
function pathsFor(items, add) { // several paths, of at most CHUNK items each
  const paths = [];
  items.forEach((item, i) => { if (i % CHUNK === 0) paths.push(new Path2D()); add(paths.at(-1), item); });
  return paths;
}
const nodePaths = ids => ({ curves: pathsFor(ids, (p, i) => curveOf(p, nodes.shape[i])), dots: pathsFor(ids.filter(i => nodes.kind[i] === DOT), dotOf) });
let layers = null;
function gather() {
  const ways = data.relations.map(() => []), kinds = data.kinds.map(() => []);
  let n = 0;
  for (let e = 0; e < E; e++) if (isDrawn(e) && edgeShown(e)) { ways[edges.relation[e]].push(e); n++; }
  for (let i = 0; i < N; i++) if (shown[i]) kinds[nodes.kind[i]].push(i);
  const isCrowded = n > CROWDED, oneWay = ways.flat().filter(e => twin[e] < 0);
  layers = { isCrowded, isBusy: n + N > BUSY, edges: ways.map(es => pathsFor(es, (p, e) => edgeOf(p, e, isCrowded))), oneWay: oneWay.length > CROWDED / 2 ? [] : oneWay, kinds: kinds.map(nodePaths) };
}
let inks = null;
function inkOf(what, name) { const key = document.querySelector(`[data-key-${what}="${CSS.escape(name)}"]`); return key ? getComputedStyle(key).stroke : "#888"; }
function readInks() {
  const probe = document.createElement("i"); stage.append(probe);
  const [card, pick] = ["--card", "--pick"].map(name => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; });
  probe.remove();
  inks = { card, pick, kinds: data.kinds.map(k => inkOf("kind", k)), relations: data.relations.map(r => inkOf("relation", r.name)) };
}
function begin(c) { c.setTransform(1, 0, 0, 1, 0, 0); c.clearRect(0, 0, c.canvas.width, c.canvas.height); c.setTransform(dpr * view.s, 0, 0, dpr * view.s, dpr * view.x, dpr * view.y); c.lineCap = c.lineJoin = "round"; }
function stroke(c, paths, ink, pixels, dashes = []) {
  c.setLineDash(dashes.map(d => d / view.s)); c.lineWidth = pixels / view.s; c.strokeStyle = ink;
  for (const path of paths) c.stroke(path);
}
function strokeNodes(c, kind, { curves, dots }, pixels) {
  const thin = kind === DOT ? 0.7 * pixels : pixels;
  stroke(c, curves, inks.card, thin + 2.4); stroke(c, curves, inks.kinds[kind], thin);
  stroke(c, dots, inks.card, 2.6 * pixels + 3); stroke(c, dots, inks.kinds[kind], 2.6 * pixels);
}
const thickness = () => Math.min(3, Math.max(1.4, 3.4 - Math.log10(Math.max(N, 1)) / 1.6 + Math.log2(view.s * Math.max(data.width / width, data.height / height)) / 3));
let drawnAt = null, waiting = false, resting = 0;
function drawScene() {
  if (!inks) readInks();
  if (!layers) gather();
  begin(scene); drawnAt = { ...view }; place();
  if (!$("sparse").checked) {
    layers.edges.forEach((paths, r) => stroke(scene, paths, inks.relations[r], layers.isCrowded ? 1 : 1.5, layers.isCrowded ? [] : data.relations[r].dashes));
    const heads = data.relations.map(() => new Path2D());
    layers.oneWay.forEach(e => headOf(heads[edges.relation[e]], e));
    heads.forEach((path, r) => stroke(scene, [path], inks.relations[r], 1.5));
  }
  layers.kinds.forEach((paths, k) => strokeNodes(scene, k, paths, thickness()));
}
function place() { // the image, and what was drawn of the graph, where the view has them now
  const image = $("image").style, k = view.s / drawnAt.s;
  image.left = `${view.x - view.s / 2}px`; image.top = `${view.y - view.s / 2}px`; image.width = `${view.s * data.width}px`; image.height = `${view.s * data.height}px`;
  $("scene").style.transform = `translate(${view.x - k * drawnAt.x}px, ${view.y - k * drawnAt.y}px) scale(${k})`;
}
function draw() { // at the next frame
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; drawScene(); drawFront(); });
}
function move() { // draw, but a busy graph only once the view rests
  if (!drawnAt || !layers || !layers.isBusy) { draw(); return; }
  clearTimeout(resting); resting = setTimeout(draw, 160);
  requestAnimationFrame(() => { place(); drawFront(); });
}
function kept(id) { // nodes and edges within the chosen number of steps of a node
  let border = [id]; const found = new Set(border), ways = new Set();
  for (let hop = +$("hops").value; hop > 0; hop--) {
    const next = [];
    for (const i of border) for (const e of [...out[i], ...into[i]]) if (edgeShown(e)) {
      ways.add(e); const o = other(e, i);
      if (!found.has(o)) { found.add(o); next.push(o); }
    }
    border = next;
  }
  return { found, ways };
}
function drawFront() {
  if (!inks) return; // nothing was drawn yet
  begin(front);
  const id = current();
  $("scene").classList.toggle("is-faded", id !== null);
  if (id !== null) {
    const { found, ways } = kept(id);
    for (const e of ways) if (isDrawn(e) || !ways.has(twin[e])) { const p = new Path2D(); edgeOf(p, e); if (twin[e] < 0) headOf(p, e); const r = edges.relation[e]; stroke(front, [p], inks.relations[r], 2, data.relations[r].dashes); }
    const own = nodePaths([id]);
    front.globalAlpha = 0.45; stroke(front, [...own.curves, ...own.dots], inks.pick, nodes.kind[id] === DOT ? 19 : 13); front.globalAlpha = 1;
    for (const i of found) strokeNodes(front, nodes.kind[i], nodePaths([i]), Math.max(thickness(), i === id ? 3 : 2));
    drawAxes(id);
  }
  if (edgeUnder !== null) { const p = new Path2D(); edgeOf(p, edgeUnder); headOf(p, edgeUnder); stroke(front, [p], inks.pick, 3); }
}
function drawAxes(id) { // the node's frame: a long arrow along it, a short one to its left
  const turn = nodes.angle[id] * Math.PI / 180, [r, c] = nodes.position[id], path = new Path2D();
  for (const [pixels, x, y] of [[34, Math.cos(turn), Math.sin(turn)], [18, Math.sin(turn), -Math.cos(turn)]]) {
    const l = pixels / view.s, h = 5 / view.s, tx = c + l * x, ty = r + l * y;
    path.moveTo(c, r); path.lineTo(tx, ty);
    path.moveTo(tx - h * (x - 0.6 * y), ty - h * (y + 0.6 * x)); path.lineTo(tx, ty); path.lineTo(tx - h * (x + 0.6 * y), ty - h * (y - 0.6 * x));
  }
  stroke(front, [path], inks.card, 4); stroke(front, [path], inks.pick, 1.8);
}

// ---- what is under the pointer ----------------------------------------------------------------
let pinned = null, hovered = null, edgeUnder = null, walked = null, under = [];
const current = () => hovered ?? pinned;
function apart(x, y, [r0, c0], [r1, c1]) { // of a point and a piece of line
  const dx = c1 - c0, dy = r1 - r0, l = dx * dx + dy * dy, t = l ? Math.min(Math.max(((x - c0) * dx + (y - r0) * dy) / l, 0), 1) : 0;
  return Math.hypot(x - c0 - t * dx, y - r0 - t * dy);
}
function nodesAt(x, y) { // nearest first, of those within eight pixels of the screen
  const reach = 8 / view.s, found = [];
  for (let i = 0; i < N; i++) if (shown[i]) {
    const shape = nodes.shape[i]; let d = nodes.kind[i] === DOT ? apart(x, y, nodes.position[i], nodes.position[i]) - 4 / view.s : Infinity;
    for (let k = Math.max(shape.length - 2, 0); k >= 0 && d > 0; k--) d = Math.min(d, apart(x, y, shape[k], shape[Math.min(k + 1, shape.length - 1)]));
    if (d <= reach) found.push([d, i]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(f => f[1]);
}
function edgeAt(x, y) {
  const ways = pinned !== null ? kept(pinned).ways : $("sparse").checked ? [] : null;
  let best = null, least = 5 / view.s;
  const test = e => {
    const [r0, c0] = nodes.position[edges.source[e]], [r1, c1] = nodes.position[edges.target[e]], [cx, cy] = controlOf(e);
    if (x < Math.min(c0, c1, cx) - least || x > Math.max(c0, c1, cx) + least || y < Math.min(r0, r1, cy) - least || y > Math.max(r0, r1, cy) + least) return;
    let last = [r0, c0];
    for (let k = 1; k <= 12; k++) {
      const t = k / 12, p = [(1 - t) ** 2 * r0 + 2 * t * (1 - t) * cy + t * t * r1, (1 - t) ** 2 * c0 + 2 * t * (1 - t) * cx + t * t * c1], d = apart(x, y, last, p);
      if (d < least) { least = d; best = e; }
      last = p;
    }
  };
  if (ways) ways.forEach(test); else for (let e = 0; e < E; e++) if (isDrawn(e) && edgeShown(e)) test(e);
  return best;
}

// ---- words ------------------------------------------------------------------------------------
function make(tag, text, parent) { const e = document.createElement(tag); if (text !== null) e.textContent = text; parent.append(e); return e; }
const number = v => v === null ? "none" : `${+v.toPrecision(4)}`.replace("-", "−");
const words = name => name.replaceAll("_", " ").replace("nfa", "NFA");
const titleOf = id => `${nodes.form[id] && nodes.form[id] + " "}${data.kinds[nodes.kind[id]]} ${nodes.name[id]}`;
function rowsOf(id) {
  const [row, column] = nodes.position[id];
  return [["row, column", `${row.toFixed(1)}, ${column.toFixed(1)} px`], ["direction", `${number(nodes.angle[id])}°`],
    ...nodes.values[id].map(([j, v]) => [words(data.attributes[j].name), data.attributes[j].name === "log10_nfa" && v === 0 ? "none" : `${number(v)} ${data.attributes[j].unit}`.trim(), data.attributes[j].meaning])];
}
const poseOf = e => `along ${number(edges.along[e])}, left ${number(edges.left[e])} px, turn ${number(edges.turn[e])}°`;
const wayOf = e => `${nodes.name[edges.source[e]]} → ${nodes.name[edges.target[e]]}`;
function edgeText(e) {
  const one = d => `${wayOf(d)}: ${poseOf(d)}, ${number(Math.hypot(edges.along[d], edges.left[d]))} px away, rank ${edges.rank[d]}`;
  return [words(data.relations[edges.relation[e]].name), one(e), ...(twin[e] < 0 ? [] : [one(twin[e])])].join("\n");
}
function nodeText(id) { return [titleOf(id), ...rowsOf(id).map(([name, value]) => `${name} ${value}`)].join("\n"); }
function link(id, parent) { const b = make("button", nodes.name[id], parent); b.dataset.go = id; b.onclick = () => pin(id); return b; }
function addRelation(table, id, r) { // edges that leave in order of rank, then those that only enter
  const ways = [...out[id].filter(e => edges.relation[e] === r).sort((a, b) => edges.rank[a] - edges.rank[b]), ...into[id].filter(e => edges.relation[e] === r && twin[e] < 0)];
  if (!ways.length) return;
  const body = make("tbody", null, table), name = data.relations[r].name, title = make("th", `${words(name)} (${ways.length})${relationOn[r] ? "" : ", not drawn"}`, make("tr", null, body));
  title.colSpan = 6; title.scope = "rowgroup"; body.dataset.relation = name;
  ways.slice(0, MOST_ROWS).forEach(e => {
    const row = make("tr", null, body), leaves = edges.source[e] === id;
    make("td", leaves ? twin[e] < 0 ? "→" : "↔" : "←", row).title = leaves ? "seen from here" : `seen from ${nodes.name[edges.source[e]]}`;
    link(other(e, id), make("td", null, row));
    for (const text of [number(edges.along[e]), number(edges.left[e]), `${number(edges.turn[e])}°`, edges.rank[e]]) make("td", text, row);
  });
  if (ways.length > MOST_ROWS) { const cell = make("td", `and ${ways.length - MOST_ROWS} more`, make("tr", null, body)); cell.colSpan = 6; }
}
const MOST_ROWS = 24;
function show(id) {
  panel.replaceChildren();
  if (id === null) { panel.innerHTML = hint; return; }
  make("h3", titleOf(id), panel).dataset.node = id;
  const list = make("dl", null, panel);
  for (const [name, value, meaning] of rowsOf(id)) { make("dt", name, list).title = meaning || ""; make("dd", value, list); }
  make("dt", "curve", list); make("dd", `${nodes.curve[id]}${nodes.around[id] < 0 ? "" : `, inside ${nodes.around[id]}`}`, list);
  if (nodes.following[id] >= 0) { make("dt", "followed by", list); link(nodes.following[id], make("dd", null, list)); }
  const table = make("table", null, panel), head = make("tr", null, make("thead", null, table));
  ["", "", "along", "left", "turn", "rank"].forEach(name => make("th", name, head));
  [...data.relations.keys()].sort((a, b) => relationOn[b] - relationOn[a] || a - b).forEach(r => addRelation(table, id, r));
  if (!table.tBodies.length) table.remove();
  const overlapping = under.filter(n => n !== id);
  if (overlapping.length) { make("h4", "also under the pointer", panel); overlapping.slice(0, 12).forEach(o => link(o, panel)); }
}
function say(text, x, y) {
  tip.hidden = text === null; if (text === null) return;
  tip.textContent = text;
  tip.style.left = `${Math.min(x + 14, width - tip.offsetWidth - 6)}px`;
  tip.style.top = `${y + 18 + tip.offsetHeight > height ? Math.max(y - tip.offsetHeight - 10, 4) : y + 18}px`;
}
function refresh() { show(current()); requestAnimationFrame(drawFront); }
function pin(id) { pinned = walked = id; hovered = edgeUnder = null; say(null); refresh(); }

// ---- hands ------------------------------------------------------------------------------------
let drag = null, moved = false;
function point(event) { const box = stage.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; }
function look(event) {
  const [x, y] = point(event), column = (x - view.x) / view.s, row = (y - view.y) / view.s;
  under = nodesAt(column, row);
  const node = under.length && pinned === null ? under[0] : null, edge = under.length ? null : edgeAt(column, row);
  const changed = node !== hovered || edge !== edgeUnder;
  hovered = node; edgeUnder = edge;
  say(under.length ? under[0] === pinned ? null : nodeText(under[0]) : edge !== null ? edgeText(edge) : null, x, y);
  stage.style.cursor = under.length ? "pointer" : "";
  if (changed) refresh();
}
stage.addEventListener("pointerdown", e => { if (e.target.closest("#zoom")) return; drag = point(e); moved = false; stage.setPointerCapture(e.pointerId); });
stage.addEventListener("pointermove", e => {
  if (e.target.closest("#zoom")) return;
  if (!drag) { look(e); return; }
  const [x, y] = point(e);
  if (!moved && Math.hypot(x - drag[0], y - drag[1]) < 4) return;
  moved = true; view.x += x - drag[0]; view.y += y - drag[1]; drag = [x, y]; say(null); move();
});
stage.addEventListener("pointerup", e => {
  if (!drag) return;
  drag = null; if (moved) return;
  const [x, y] = point(e); under = nodesAt((x - view.x) / view.s, (y - view.y) / view.s);
  const at = under.indexOf(pinned); // clicking again goes through what lies on top of each other
  pin(under.length ? under[(at + 1) % under.length] : null);
});
stage.addEventListener("pointercancel", () => { drag = null; });
stage.addEventListener("pointerleave", () => { say(null); if (hovered !== null || edgeUnder !== null) { hovered = edgeUnder = null; refresh(); } });
stage.addEventListener("wheel", e => { e.preventDefault(); say(null); zoom(Math.exp(-e.deltaY * 0.0015), ...point(e)); }, { passive: false });
document.querySelectorAll("[data-zoom]").forEach(b => b.onclick = () => +b.dataset.zoom ? zoom(+b.dataset.zoom) : whole());

const ways = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
function walk(id) {
  if (id === null || id === undefined) return;
  walked = id; edgeUnder = null; under = [];
  if (pinned !== null) pinned = id; else hovered = id;
  const [x, y] = screenOf(...nodes.position[id]);
  if (x < 20 || y < 20 || x > width - 20 || y > height - 20) { view.x += width / 2 - x; view.y += height / 2 - y; move(); }
  say(null); refresh();
}
function towards(dx, dy) {
  const from = current() ?? walked;
  const [r, c] = from === null ? [data.height / 2, data.width / 2] : nodes.position[from];
  let best = null, least = Infinity;
  for (let i = 0; i < N; i++) if (shown[i] && i !== from) {
    const x = nodes.position[i][1] - c, y = nodes.position[i][0] - r, along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (from === null ? Math.hypot(x, y) < least : along > 0 && aside <= 2 * along && along + 2 * aside < least) { best = i; least = from === null ? Math.hypot(x, y) : along + 2 * aside; }
  }
  return best;
}
function numbered(step) {
  const from = current() ?? walked ?? (step > 0 ? -1 : 0);
  for (let k = 1; k <= N; k++) { const i = (((from + k * step) % N) + N) % N; if (shown[i]) return i; }
  return null;
}
stage.addEventListener("keydown", k => {
  if (k.target !== stage || k.ctrlKey || k.metaKey || k.altKey) return;
  if (ways[k.key]) walk(towards(...ways[k.key]));
  else if (k.key === "n" || k.key === "p") walk(numbered(k.key === "n" ? 1 : -1));
  else if ((k.key === "Enter" || k.key === " ") && current() !== null) pin(current());
  else if (k.key === "+" || k.key === "=") zoom(1.25);
  else if (k.key === "-") zoom(0.8);
  else if (k.key === "0") whole();
  else return;
  k.preventDefault();
});
document.addEventListener("keydown", k => {
  if (k.key === "Escape") pin(null);
  if (k.key === "/" && k.target !== $("find")) { k.preventDefault(); $("find").focus(); }
});
function matches(text) {
  const wanted = text.trim().toLowerCase();
  const fits = i => nodes.name[i].toLowerCase() === wanted || `${i}` === wanted || data.kinds[nodes.kind[i]] === wanted || (nodes.form[i] && nodes.form[i].toLowerCase() === wanted);
  return wanted ? nodes.name.map((_, i) => i).filter(fits) : [];
}
let found = 0;
$("find").oninput = e => {
  const all = matches(e.target.value), seen = all.filter(i => shown[i]);
  found = 0; under = []; pin(seen.length ? seen[0] : null);
  if (!seen.length && e.target.value.trim()) panel.replaceChildren(all.length ? "It is there, but not shown." : "No node is called so.");
};
$("find").onkeydown = e => { if (e.key !== "Enter") return; const all = matches(e.target.value).filter(i => shown[i]); if (all.length) { found = (found + 1) % all.length; walk(all[found]); } };

for (const box of [...kindBox.values(), ...relationBox]) box.onchange = filter;
$("nfa").oninput = filter;
$("hops").onchange = refresh;
$("sparse").onchange = draw;
$("fade").oninput = e => { $("image").style.opacity = e.target.value; };
$("image").style.opacity = $("fade").value;
const isDark = matchMedia("(prefers-color-scheme: dark)");
isDark.onchange = () => { inks = null; draw(); };
$("theme").onclick = () => { const root = document.documentElement.dataset; root.theme = (root.theme || (isDark.matches ? "dark" : "light")) === "dark" ? "light" : "dark"; inks = null; draw(); };
new ResizeObserver(resize).observe(stage);
filter();

/* For scripts: where a place of the image is on the page, and what is shown. */
window.inspector = {
  placeOf: (row, column) => { const box = stage.getBoundingClientRect(), [x, y] = screenOf(row, column); return { x: x + box.left, y: y + box.top }; },
  shown: () => [...shown.keys()].filter(i => shown[i]),
  kept: () => current() === null ? null : [...kept(current()).found].sort((a, b) => a - b),
  frame: () => { const start = performance.now(); drawScene(); drawFront(); return performance.now() - start; },
};
