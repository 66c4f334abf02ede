// Pointer, keys, boxes and sliders.

const NEAR_NODE = 8, NEAR_EDGE = 5; // pixels of the screen

function apart(x, y, [r0, c0], [r1, c1]) { // distance of a point from a piece of line
  const dx = c1 - c0, dy = r1 - r0, l = dx * dx + dy * dy;
  const t = l ? Math.min(Math.max(((x - c0) * dx + (y - r0) * dy) / l, 0), 1) : 0;
  return Math.hypot(x - c0 - t * dx, y - r0 - t * dy);
}
function nodesAt(x, y) { // the nearest first
  const found = [];
  for (let i = 0; i < N; i++) {
    if (!shown[i]) continue;
    const shape = nodes.shape[i], at = nodes.position[i];
    let d = nodes.kind[i] === DOT ? apart(x, y, at, at) - 4 / view.s : Infinity;
    for (let k = Math.max(shape.length - 2, 0); k >= 0; k--) {
      d = Math.min(d, apart(x, y, shape[k], shape[Math.min(k + 1, shape.length - 1)]));
    }
    if (d <= NEAR_NODE / view.s) found.push([d, i]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(pair => pair[1]);
}
function edgeAt(x, y) { // of those that are drawn now
  let best = null, least = NEAR_EDGE / view.s;
  const test = e => {
    const [r0, c0, r1, c1] = endsOf(e), [cx, cy] = controlOf(e);
    if (x < Math.min(c0, c1, cx) - least || x > Math.max(c0, c1, cx) + least) return;
    if (y < Math.min(r0, r1, cy) - least || y > Math.max(r0, r1, cy) + least) return;
    let last = [r0, c0];
    for (let k = 1; k <= 12; k++) {
      const [column, row] = placeOn(e, k / 12), d = apart(x, y, last, [row, column]);
      if (d < least) { least = d; best = e; }
      last = [row, column];
    }
  };
  if (pinned !== null) kept(pinned).ways.forEach(test);
  else if (!$("sparse").checked) for (let e = 0; e < E; e++) if (isDrawn(e) && edgeShown(e)) test(e);
  return best;
}

let drag = null, moved = false;
function point(event) {
  const box = stage.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
const inImage = (x, y) => [(x - view.x) / view.s, (y - view.y) / view.s];
function look(event) {
  const [x, y] = point(event), at = inImage(x, y);
  under = nodesAt(...at);
  const node = under.length && pinned === null ? under[0] : null;
  const edge = under.length ? null : edgeAt(...at);
  const hasChanged = node !== hovered || edge !== edgeUnder;
  hovered = node;
  edgeUnder = edge;
  stage.style.cursor = under.length ? "pointer" : "";
  if (under.length) say(under[0] === pinned ? null : nodeText(under[0]), x, y);
  else say(edge === null ? null : edgeText(edge), x, y);
  if (hasChanged) refresh();
}
stage.addEventListener("pointerdown", event => {
  if (event.target.closest("#zoom")) return;
  drag = point(event);
  moved = false;
  stage.setPointerCapture(event.pointerId);
});
stage.addEventListener("pointermove", event => {
  if (event.target.closest("#zoom")) return;
  if (!drag) { look(event); return; }
  const [x, y] = point(event);
  if (!moved && Math.hypot(x - drag[0], y - drag[1]) < 4) return;
  moved = true;
  view.x += x - drag[0];
  view.y += y - drag[1];
  drag = [x, y];
  say(null);
  move();
});
stage.addEventListener("pointerup", event => {
  if (!drag) return;
  drag = null;
  if (moved) return;
  under = nodesAt(...inImage(...point(event)));
  const at = under.indexOf(pinned); // clicking again goes through what lies on top of each other
  pin(under.length ? under[(at + 1) % under.length] : null);
});
stage.addEventListener("pointercancel", () => { drag = null; });
stage.addEventListener("pointerleave", () => {
  say(null);
  if (hovered === null && edgeUnder === null) return;
  hovered = edgeUnder = null;
  refresh();
});
stage.addEventListener("wheel", event => {
  event.preventDefault();
  say(null);
  zoom(Math.exp(-event.deltaY * 0.0015), ...point(event));
}, { passive: false });
document.querySelectorAll("[data-zoom]").forEach(button => {
  button.onclick = () => +button.dataset.zoom ? zoom(+button.dataset.zoom) : whole();
});

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
function walk(id) {
  if (id === null) return;
  walked = id;
  edgeUnder = null;
  under = [];
  if (pinned !== null) pinned = id; else hovered = id;
  const [x, y] = screenOf(...nodes.position[id]);
  if (x < 20 || y < 20 || x > width - 20 || y > height - 20) {
    view.x += width / 2 - x;
    view.y += height / 2 - y;
    move();
  }
  say(null);
  refresh();
}
function towards(dx, dy) { // the nearest node that way, or the one in the middle of the image
  const from = current() ?? walked, isFirst = from === null;
  const [r, c] = isFirst ? [data.height / 2, data.width / 2] : nodes.position[from];
  let best = null, least = Infinity;
  for (let i = 0; i < N; i++) {
    if (!shown[i] || i === from) continue;
    const x = nodes.position[i][1] - c, y = nodes.position[i][0] - r;
    const along = x * dx + y * dy, aside = Math.abs(x * dy) + Math.abs(y * dx);
    if (!isFirst && (along <= 0 || aside > 2 * along)) continue;
    const cost = isFirst ? Math.hypot(x, y) : along + 2 * aside;
    if (cost < least) { least = cost; best = i; }
  }
  return best;
}
function numbered(step) { // the next shown node in order of number
  const from = current() ?? walked ?? (step > 0 ? -1 : 0);
  for (let k = 1; k <= N; k++) {
    const i = (((from + k * step) % N) + N) % N;
    if (shown[i]) return i;
  }
  return null;
}
stage.addEventListener("keydown", event => {
  const key = event.key;
  if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
  if (WAYS[key]) walk(towards(...WAYS[key]));
  else if (key === "n" || key === "p") walk(numbered(key === "n" ? 1 : -1));
  else if ((key === "Enter" || key === " ") && current() !== null) pin(current());
  else if (key === "+" || key === "=") zoom(1.25);
  else if (key === "-") zoom(0.8);
  else if (key === "0") whole();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", event => {
  if (event.key === "Escape") pin(null);
  if (event.key !== "/" || event.target === $("find")) return;
  event.preventDefault();
  $("find").focus();
});

function matches(text) { // nodes by name, number, kind, or form of a junction
  const wanted = text.trim().toLowerCase();
  const names = i => [nodes.name[i].toLowerCase(), `${i}`, data.kinds[nodes.kind[i]], nodes.form[i].toLowerCase()];
  return wanted ? [...nodes.kind.keys()].filter(i => names(i).includes(wanted)) : [];
}
let matchAt = 0;
$("find").oninput = () => {
  const text = $("find").value, all = matches(text), seen = all.filter(i => shown[i]);
  matchAt = 0;
  under = [];
  pin(seen.length ? seen[0] : null);
  if (seen.length || !text.trim()) return;
  panel.replaceChildren(all.length ? "It is there, but not shown." : "No node is called so.");
};
$("find").onkeydown = event => {
  const seen = matches($("find").value).filter(i => shown[i]);
  if (event.key !== "Enter" || !seen.length) return;
  matchAt = (matchAt + 1) % seen.length;
  walk(seen[matchAt]);
};

for (const box of [...kindBox.values(), ...relationBox]) box.onchange = filter;
$("nfa").oninput = filter;
$("hops").onchange = refresh;
$("sparse").onchange = draw;
$("fade").oninput = () => { $("image").style.opacity = $("fade").value; };
$("fade").oninput();
const isDark = matchMedia("(prefers-color-scheme: dark)");
function relight() { inks = null; draw(); }
isDark.onchange = relight;
$("theme").onclick = () => {
  const root = document.documentElement.dataset, now = root.theme || (isDark.matches ? "dark" : "light");
  root.theme = now === "dark" ? "light" : "dark";
  relight();
};
new ResizeObserver(resize).observe(stage);
filter();

// For scripts: where a place of the image is on the page, and what is shown and kept.
window.inspector = {
  placeOf: (row, column) => {
    const box = stage.getBoundingClientRect(), [x, y] = screenOf(row, column);
    return { x: x + box.left, y: y + box.top };
  },
  shown: () => [...shown.keys()].filter(i => shown[i]),
  kept: () => current() === null ? null : [...kept(current()).found].sort((a, b) => a - b),
};
