// What is said of nodes and edges: beside the pointer, and in the panel.

const panel = $("panel"), tip = $("tip"), hint = panel.innerHTML;
const MOST_ROWS = 24; // of a relation in the panel

function make(tag, text, parent) {
  const element = document.createElement(tag);
  if (text !== null) element.textContent = text;
  parent.append(element);
  return element;
}
const number = v => v === null ? "none" : `${+v.toPrecision(4)}`.replace("-", "−");
const words = name => name.replaceAll("_", " ").replace("nfa", "NFA");
const titleOf = id => [nodes.form[id], data.kinds[nodes.kind[id]], nodes.name[id]].join(" ").trim();

function rowsOf(id) { // name, value, meaning
  const [row, column] = nodes.position[id];
  return [
    ["row, column", `${row.toFixed(1)}, ${column.toFixed(1)} px`, "of its middle"],
    ["direction", `${number(nodes.angle[id])}°`, "from the columns' axis towards the rows'"],
    ...nodes.values[id].map(([j, v]) => {
      const { name, unit, meaning } = data.attributes[j], isNone = name === "log10_nfa" && v === 0;
      return [words(name), isNone ? "none" : `${number(v)} ${unit}`.trim(), meaning];
    }),
  ];
}
function nodeText(id) {
  return [titleOf(id), ...rowsOf(id).map(([name, value]) => `${name} ${value}`)].join("\n");
}
function edgeText(e) {
  const one = d => {
    const way = `${nodes.name[edges.source[d]]} → ${nodes.name[edges.target[d]]}`;
    const pose = `along ${number(edges.along[d])}, left ${number(edges.left[d])} px`;
    const far = Math.hypot(edges.along[d], edges.left[d]);
    const rest = `turn ${number(edges.turn[d])}°, ${number(far)} px away, rank ${edges.rank[d]}`;
    return `${way}: ${pose}, ${rest}`;
  };
  const name = words(data.relations[edges.relation[e]].name);
  return [name, one(e), ...(twin[e] < 0 ? [] : [one(twin[e])])].join("\n");
}
function say(text, x, y) {
  tip.hidden = text === null;
  if (text === null) return;
  tip.textContent = text;
  const isLow = y + 18 + tip.offsetHeight > height;
  tip.style.left = `${Math.min(x + 14, width - tip.offsetWidth - 6)}px`;
  tip.style.top = `${isLow ? Math.max(y - tip.offsetHeight - 10, 4) : y + 18}px`;
}

function link(id, parent) {
  const button = make("button", nodes.name[id], parent);
  button.dataset.go = id;
  button.onclick = () => pin(id);
}
function show(id) {
  if (id === null) { panel.innerHTML = hint; return; }
  panel.replaceChildren();
  make("h3", titleOf(id), panel);
  const list = make("dl", null, panel);
  for (const [name, value, meaning] of rowsOf(id)) {
    make("dt", name, list).title = meaning;
    make("dd", value, list);
  }
  make("dt", "curve", list);
  make("dd", `${nodes.curve[id]}${nodes.around[id] < 0 ? "" : `, inside ${nodes.around[id]}`}`, list);
  if (nodes.following[id] >= 0) {
    make("dt", "followed by", list);
    link(nodes.following[id], make("dd", null, list));
  }
  showEdges(id);
  const beside = under.filter(n => n !== id).slice(0, 12);
  if (beside.length) make("h4", "also under the pointer", panel);
  beside.forEach(n => link(n, panel));
}
function showEdges(id) { // relations that are drawn come first
  const table = make("table", null, panel), head = make("tr", null, make("thead", null, table));
  ["", "", "along", "left", "turn", "rank"].forEach(name => make("th", name, head));
  const order = [...data.relations.keys()].sort((a, b) => relationOn[b] - relationOn[a] || a - b);
  order.forEach(r => addRelation(table, id, r));
  if (!table.tBodies.length) table.remove();
}
function addRelation(table, id, r) { // edges that leave in order of rank, then those that only enter
  const own = e => edges.relation[e] === r, byRank = (a, b) => edges.rank[a] - edges.rank[b];
  const ways = [...out[id].filter(own).sort(byRank), ...into[id].filter(e => own(e) && twin[e] < 0)];
  if (!ways.length) return;
  const body = make("tbody", null, table), name = data.relations[r].name;
  const text = `${words(name)} (${ways.length})${relationOn[r] ? "" : ", not drawn"}`;
  const title = make("th", text, make("tr", null, body));
  title.colSpan = 6;
  title.scope = "rowgroup";
  body.dataset.relation = name;
  ways.slice(0, MOST_ROWS).forEach(e => addEdge(body, id, e));
  if (ways.length > MOST_ROWS) {
    make("td", `and ${ways.length - MOST_ROWS} more`, make("tr", null, body)).colSpan = 6;
  }
}
function addEdge(body, id, e) {
  const row = make("tr", null, body), leaves = edges.source[e] === id;
  const arrow = make("td", leaves ? twin[e] < 0 ? "→" : "↔" : "←", row);
  arrow.title = leaves ? "seen from here" : `seen from ${nodes.name[edges.source[e]]}`;
  link(other(e, id), make("td", null, row));
  make("td", number(edges.along[e]), row);
  make("td", number(edges.left[e]), row);
  make("td", `${number(edges.turn[e])}°`, row);
  make("td", edges.rank[e], row);
}

function refresh() {
  show(current());
  requestAnimationFrame(drawFront);
}
function pin(id) {
  pinned = walked = id;
  hovered = edgeUnder = null;
  say(null);
  refresh();
}
