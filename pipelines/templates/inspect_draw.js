// Where things are on the screen, and how they are drawn: x = view.x + view.s * column.
// The image, the graph, and what is pointed at lie on top of each other; each is drawn on its own.

const stage = $("stage"), [scene, front] = ["scene", "front"].map(id => $(id).getContext("2d"));
const CHUNK = 128; // curves in one path: the cost of a stroke grows faster than their number
const CROWDED = 5000; // more edges than this are straight and solid
const BUSY = 2500; // more nodes and edges are moved as a picture, and drawn anew when the hand rests
const REST = 160; // milliseconds
const view = { s: 1, x: 0, y: 0 };
let width = 0, height = 0, dpr = 1;
let layers = null, inks = null, drawnAt = null, waiting = false, resting = 0;

const screenOf = (row, column) => [view.x + view.s * column, view.y + view.s * row];
const fit = () => Math.min(width / data.width, height / data.height);
function whole() {
  view.s = fit() * 0.94;
  view.x = (width - (data.width - 1) * view.s) / 2;
  view.y = (height - (data.height - 1) * view.s) / 2;
  draw();
}
function zoom(factor, x = width / 2, y = height / 2) {
  const s = Math.min(Math.max(view.s * factor, fit() / 4), fit() * 80);
  view.x = x - (x - view.x) * s / view.s;
  view.y = y - (y - view.y) * s / view.s;
  view.s = s;
  move();
}
function resize() {
  const isFirst = width === 0;
  dpr = window.devicePixelRatio || 1;
  width = stage.clientWidth;
  height = stage.clientHeight;
  for (const { canvas } of [scene, front]) {
    canvas.width = Math.round(width * dpr);
    canvas.height = Math.round(height * dpr);
  }
  if (isFirst) whole(); else draw();
}

const endsOf = e => [...nodes.position[edges.source[e]], ...nodes.position[edges.target[e]]];
function controlOf(e) { // of the quadratic curve of an edge, (column, row)
  const [r0, c0, r1, c1] = endsOf(e), bend = 2 * data.relations[edges.relation[e]].bend;
  return [(c0 + c1) / 2 - bend * (r1 - r0), (r0 + r1) / 2 + bend * (c1 - c0)];
}
function placeOn(e, t) { // (column, row) of an edge at a share of its way
  const [r0, c0, r1, c1] = endsOf(e), [cx, cy] = controlOf(e), s = 1 - t;
  return [s * s * c0 + 2 * s * t * cx + t * t * c1, s * s * r0 + 2 * s * t * cy + t * t * r1];
}
function edgeOf(path, e, isStraight = false) {
  const [r0, c0, r1, c1] = endsOf(e);
  path.moveTo(c0, r0);
  if (isStraight) path.lineTo(c1, r1); else path.quadraticCurveTo(...controlOf(e), c1, r1);
}
function tipOf(path, x, y, dx, dy, pixels) { // two strokes back from a point, against a unit step
  const h = pixels / view.s;
  path.moveTo(x - h * (dx - 0.6 * dy), y - h * (dy + 0.6 * dx));
  path.lineTo(x, y);
  path.lineTo(x - h * (dx + 0.6 * dy), y - h * (dy - 0.6 * dx));
}
function headOf(path, e) { // of an edge, at two thirds of its way
  const [x0, y0] = placeOn(e, 0.6), [x, y] = placeOn(e, 0.66), l = Math.hypot(x - x0, y - y0);
  if (l * view.s > 0.5) tipOf(path, x, y, (x - x0) / l, (y - y0) / l, 6);
}
function curveOf(path, shape) {
  shape.forEach(([r, c], i) => i ? path.lineTo(c, r) : path.moveTo(c, r));
}
function dotOf(path, id) {
  const [r, c] = nodes.position[id];
  path.moveTo(c, r);
  path.lineTo(c + 1e-3, r);
}

function pathsFor(items, add) { // several paths, of at most CHUNK items each
  const paths = [];
  items.forEach((item, i) => {
    if (i % CHUNK === 0) paths.push(new Path2D());
    add(paths.at(-1), item);
  });
  return paths;
}
const nodePaths = ids => ({
  curves: pathsFor(ids, (path, i) => curveOf(path, nodes.shape[i])),
  dots: pathsFor(ids.filter(i => nodes.kind[i] === DOT), dotOf),
});
function gather() {
  const ways = data.relations.map(() => []), kinds = data.kinds.map(() => []);
  for (let e = 0; e < E; e++) if (isDrawn(e) && edgeShown(e)) ways[edges.relation[e]].push(e);
  for (let i = 0; i < N; i++) if (shown[i]) kinds[nodes.kind[i]].push(i);
  const all = ways.flat(), isCrowded = all.length > CROWDED, oneWay = all.filter(e => twin[e] < 0);
  layers = {
    isCrowded,
    isBusy: all.length + N > BUSY,
    edges: ways.map(some => pathsFor(some, (path, e) => edgeOf(path, e, isCrowded))),
    oneWay: oneWay.length > CROWDED / 2 ? [] : oneWay,
    kinds: kinds.map(nodePaths),
  };
}

function inkOf(what, name) {
  const key = document.querySelector(`[data-key-${what}="${CSS.escape(name)}"]`);
  return key ? getComputedStyle(key).stroke : "";
}
function readInks() { // as the style has them now, light or dark
  const probe = document.createElement("i");
  stage.append(probe);
  const [card, pick] = ["--card", "--pick"].map(name => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  });
  probe.remove();
  const kinds = data.kinds.map(name => inkOf("kind", name));
  inks = { card, pick, kinds, relations: data.relations.map(r => inkOf("relation", r.name)) };
}
function begin(c) {
  c.setTransform(1, 0, 0, 1, 0, 0);
  c.clearRect(0, 0, c.canvas.width, c.canvas.height);
  c.setTransform(dpr * view.s, 0, 0, dpr * view.s, dpr * view.x, dpr * view.y);
  c.lineCap = c.lineJoin = "round";
}
function stroke(c, paths, ink, pixels, dashes = []) {
  c.setLineDash(dashes.map(d => d / view.s));
  c.lineWidth = pixels / view.s;
  c.strokeStyle = ink;
  for (const path of paths) c.stroke(path);
}
function strokeNodes(c, kind, { curves, dots }, pixels) {
  const thin = kind === DOT ? 0.7 * pixels : pixels;
  stroke(c, curves, inks.card, thin + 2.4);
  stroke(c, curves, inks.kinds[kind], thin);
  stroke(c, dots, inks.card, 2.6 * pixels + 3);
  stroke(c, dots, inks.kinds[kind], 2.6 * pixels);
}
function thickness() { // of a node, in pixels of the screen: less where there are many, more from near
  const wanted = 3.4 - Math.log10(Math.max(N, 1)) / 1.6 + Math.log2(view.s / fit()) / 3;
  return Math.min(3, Math.max(1.4, wanted));
}

function drawScene() {
  if (!inks) readInks();
  if (!layers) gather();
  drawnAt = { ...view };
  place();
  begin(scene);
  if (!$("sparse").checked) {
    const { isCrowded } = layers, heads = data.relations.map(() => new Path2D());
    layers.edges.forEach((paths, r) => {
      const dashes = isCrowded ? [] : data.relations[r].dashes;
      stroke(scene, paths, inks.relations[r], isCrowded ? 1 : 1.5, dashes);
    });
    layers.oneWay.forEach(e => headOf(heads[edges.relation[e]], e));
    heads.forEach((path, r) => stroke(scene, [path], inks.relations[r], 1.5));
  }
  layers.kinds.forEach((paths, k) => strokeNodes(scene, k, paths, thickness()));
}
function place() { // the image, and what was drawn of the graph, where the view has them now
  const k = view.s / drawnAt.s, image = $("image").style;
  image.left = `${view.x - view.s / 2}px`;
  image.top = `${view.y - view.s / 2}px`;
  image.width = `${view.s * data.width}px`;
  image.height = `${view.s * data.height}px`;
  const x = view.x - k * drawnAt.x, y = view.y - k * drawnAt.y;
  $("scene").style.transform = `translate(${x}px, ${y}px) scale(${k})`;
}
function drawFront() {
  if (!inks) return; // nothing was drawn yet
  const id = current();
  begin(front);
  $("scene").classList.toggle("is-faded", id !== null);
  if (id !== null) drawKept(id);
  if (edgeUnder !== null) {
    const path = new Path2D();
    edgeOf(path, edgeUnder);
    headOf(path, edgeUnder);
    stroke(front, [path], inks.pick, 3);
  }
}
function drawKept(id) {
  const { found, ways } = kept(id), own = nodePaths([id]);
  for (const e of ways) {
    if (!isDrawn(e) && ways.has(twin[e])) continue;
    const path = new Path2D(), relation = edges.relation[e];
    edgeOf(path, e);
    stroke(front, [path], inks.relations[relation], 2, data.relations[relation].dashes);
    if (twin[e] >= 0) continue;
    const head = new Path2D();
    headOf(head, e);
    stroke(front, [head], inks.relations[relation], 2);
  }
  front.globalAlpha = 0.45;
  stroke(front, [...own.curves, ...own.dots], inks.pick, nodes.kind[id] === DOT ? 19 : 13);
  front.globalAlpha = 1;
  for (const i of found) {
    strokeNodes(front, nodes.kind[i], nodePaths([i]), Math.max(thickness(), i === id ? 3 : 2));
  }
  drawAxes(id);
}
function drawAxes(id) { // the node's frame: a long arrow along it, a short one to its left
  const turn = nodes.angle[id] * Math.PI / 180, [r, c] = nodes.position[id], path = new Path2D();
  for (const [pixels, dx, dy] of [
    [34, Math.cos(turn), Math.sin(turn)],
    [18, Math.sin(turn), -Math.cos(turn)],
  ]) {
    const x = c + dx * pixels / view.s, y = r + dy * pixels / view.s;
    path.moveTo(c, r);
    path.lineTo(x, y);
    tipOf(path, x, y, dx, dy, 5);
  }
  stroke(front, [path], inks.card, 4);
  stroke(front, [path], inks.pick, 1.8);
}

function draw() { // at the next frame
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; drawScene(); drawFront(); });
}
function move() { // draw, but a busy graph only once the view rests
  if (!drawnAt || !layers || !layers.isBusy) { draw(); return; }
  clearTimeout(resting);
  resting = setTimeout(draw, REST);
  requestAnimationFrame(() => { place(); drawFront(); });
}
