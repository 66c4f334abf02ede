"use strict";
// What is joined to what, and what of it is shown.

const $ = id => document.getElementById(id);
const data = JSON.parse($("data").textContent), nodes = data.nodes, edges = data.edges;
const N = nodes.kind.length, E = edges.source.length;
const DOT = data.kinds.indexOf("junction");

const out = Array.from({ length: N }, () => []), into = Array.from({ length: N }, () => []);
const twin = new Int32Array(E).fill(-1); // the edge of the same relation that leads back; -1 for none
{
  const seen = new Map();
  for (let e = 0; e < E; e++) {
    const a = edges.source[e], b = edges.target[e], r = edges.relation[e];
    out[a].push(e);
    into[b].push(e);
    const back = seen.get((r * N + b) * N + a);
    if (back !== undefined) { twin[e] = back; twin[back] = e; }
    seen.set((r * N + a) * N + b, e);
  }
}
const other = (e, id) => edges.source[e] === id ? edges.target[e] : edges.source[e];
const isDrawn = e => twin[e] < 0 || edges.source[e] < edges.target[e]; // one edge of a pair

// The slider goes through the values there are, two hundred of them at most.
const values = [...new Set(nodes.log10_nfa.filter(v => v !== 0))].sort((a, b) => a - b);
const STEPS = 200;
const spread = (_, i) => values[Math.round(i * (values.length - 1) / (STEPS - 1))];
const steps = values.length > STEPS ? Array.from({ length: STEPS }, spread) : values;
$("nfa").max = Math.max(steps.length - 1, 0);
$("nfa").value = $("nfa").max;
$("nfa-row").hidden = steps.length < 2;

const boxes = name => [...document.querySelectorAll(`[data-toggle-${name}]`)];
const kindBox = new Map(boxes("kind").map(box => [data.kinds.indexOf(box.dataset.toggleKind), box]));
const relationBox = boxes("relation");
const shown = new Uint8Array(N).fill(1);
let relationOn = [];
const edgeFits = e => shown[edges.source[e]] && shown[edges.target[e]];
const edgeShown = e => relationOn[edges.relation[e]] && edgeFits(e);

let pinned = null, hovered = null, edgeUnder = null, walked = null, under = [];
const current = () => hovered ?? pinned;

function filter() {
  const most = steps.length > 1 ? steps[+$("nfa").value] : Infinity;
  $("nfa-value").textContent = steps.length > 1 ? `≤ ${most.toFixed(1)}`.replace("-", "−") : "";
  for (let i = 0; i < N; i++) {
    const nfa = nodes.log10_nfa[i];
    shown[i] = +(kindBox.get(nodes.kind[i]).checked && (nfa === 0 || nfa <= most));
  }
  relationOn = relationBox.map(box => box.checked);
  if (pinned !== null && !shown[pinned]) pinned = null;
  layers = hovered = edgeUnder = null;
  count();
  refresh();
  draw();
}

function count() {
  const tally = n => Array.from({ length: n }, () => [0, 0]);
  const kinds = tally(data.kinds.length), relations = tally(data.relations.length);
  const add = (pair, is) => { pair[0] += is ? 1 : 0; pair[1]++; };
  for (let i = 0; i < N; i++) add(kinds[nodes.kind[i]], shown[i]);
  for (let e = 0; e < E; e++) if (isDrawn(e)) add(relations[edges.relation[e]], edgeFits(e));
  const say = (what, name, [some, all]) => {
    const box = document.querySelector(`[data-count-${what}="${CSS.escape(name)}"]`);
    if (box) box.textContent = some === all ? `${all}` : `${some} of ${all}`;
  };
  data.kinds.forEach((name, k) => say("kind", name, kinds[k]));
  data.relations.forEach((relation, r) => say("relation", relation.name, relations[r]));
}

function kept(id) { // nodes and edges within the chosen number of steps of a node
  const found = new Set([id]), ways = new Set();
  let border = [id];
  for (let hop = +$("hops").value; hop > 0; hop--) {
    const next = [];
    for (const i of border) {
      for (const e of [...out[i], ...into[i]].filter(edgeShown)) {
        const o = other(e, i);
        ways.add(e);
        if (!found.has(o)) { found.add(o); next.push(o); }
      }
    }
    border = next;
  }
  return { found, ways };
}
