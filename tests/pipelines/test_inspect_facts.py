"""Facts of a relation graph, as values and as text."""

import json

from small_graphs import four_nodes, joined_by, node, together

from perceptgraph.pipelines.inspect_facts import facts_of, n_components, text_of


def test_facts_count_nodes_edges_and_pairs() -> None:
    facts = facts_of(four_nodes(), (40, 64), {"class": "cross"})

    assert facts["class"] == "cross"
    assert (facts["height"], facts["width"]) == (40, 64)
    assert facts["nodes_of"] == {"line": 2, "arc": 1, "junction": 1}
    assert facts["edges_of"] == {"near": 3, "parallel": 2}
    assert facts["pairs_of"] == {"near": 3, "parallel": 1}
    assert facts["degree"] == {"least": 1, "median": 2, "most": 5}
    assert (facts["isolated"], facts["components"]) == (0, 1)
    assert facts["log10_nfa"] == {"least": -30, "median": -10, "most": -3}
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts


def test_text_says_the_same() -> None:
    text = dict(text_of(facts_of(four_nodes(), (40, 64), {"class": "cross"})))

    assert text["class"] == "cross"
    assert text["size"] == "40 x 64 pixels"
    assert text["nodes"] == "4: 2 line, 1 arc, 1 junction"
    assert text["edges"] == "5: 3 near, 2 parallel"
    assert text["pairs"] == "3 near, 1 parallel"
    assert text["degree"] == "1 to 5, median 2; 0 nodes without edges"


def test_a_graph_of_nothing_and_of_one_node_have_facts() -> None:
    nothing = facts_of(joined_by(together()), (8, 8))
    one = facts_of(joined_by(node("line", 4, 4, length=3)), (8, 8))

    assert (nothing["nodes"], nothing["components"], nothing["degree"]) == (0, 0, {})
    assert dict(text_of(nothing))["nodes"] == "0: none"
    assert (one["nodes"], one["isolated"], one["components"]) == (1, 1, 1)


def test_components_take_edges_both_ways() -> None:
    lines = together(*(node("line", 4, c, length=3) for c in range(4)))

    assert n_components(joined_by(lines, near=[(1, 0), (2, 3)])) == 2
