from dataclasses import replace

import numpy as np
import pytest
from drawn_nodes import drawn_nodes, lines
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.graphs.alterations import ALTERATIONS, altered, check_alterations
from perceptgraph.graphs.augmented import augmented_batch, related_anew
from perceptgraph.graphs.fragments import other_darts
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, Frames
from perceptgraph.graphs.loader import (
    EDGE_FIELDS,
    NODE_FIELDS,
    GraphSchema,
    GraphStore,
    graphs_in_memory,
)
from perceptgraph.graphs.push_forward import image_of
from perceptgraph.graphs.relation_graph import related

RELATIONS = {
    "next": {},
    "previous": {},
    "near": {"k": 3},
    "parallel": {"tolerance_deg": 30.0, "min_overlap": 0.1, "reach": 5.0, "k": 3},
}
SCHEMA = GraphSchema(tuple(RELATIONS), ("a", "b"))
NEAR = GraphSchema(("near",), ("a",))
KEYWORDS = {
    "strongest": {"count": 2},
    "only_kinds": {"kinds": ["line", "arc"]},
    "without_kinds": {"kinds": ["dart"]},
    "without_attributes": {"names": ["length", "log10_nfa"]},
    "without_edges": {},
    "only_relations": {"names": ["near"]},
    "without_relations": {"names": ["near", "next"]},
    "shuffled_edges": {"share": 0.7},
    "shuffled_attributes": {"share": 0.7},
    "shuffled_poses": {"share": 0.7},
    "shuffled_nodes": {"share": 0.7},
    "quantised": {"bits": 2},
}
SHUFFLES = [name for name, keywords in KEYWORDS.items() if "share" in keywords]
COLUMNS = NODE_FIELDS + EDGE_FIELDS


@st.composite
def stores(draw: st.DrawFn) -> GraphStore:
    """Related nodes of up to four images, the last of them to be scored."""
    graphs = [
        related(draw(drawn_nodes()), RELATIONS, i % 2) for i in range(draw(st.integers(1, 4)))
    ]
    store = graphs_in_memory(graphs, SCHEMA)
    split = np.zeros(len(graphs), np.uint8)
    split[1:][-1:] = 2
    return replace(store, split=split, facts={"relate": {"relations": RELATIONS}})


def some_lines(rng: np.random.Generator, n: int) -> Frames:
    return lines(*rng.uniform(0, 64, (n, 2, 2)).tolist())


def joined_nodes(graphs: GraphStore) -> set[tuple[int, int]]:
    """Pairs of related nodes, counted through all images, the smaller number first."""
    first = np.repeat(graphs.node_offsets[:-1], np.diff(graphs.edges.offsets))
    return {(min(pair), max(pair)) for pair in (graphs.edges.index + first).T.tolist()}


def same(one: GraphStore, other: GraphStore, names: tuple[str, ...]) -> None:
    for name in names:
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("name", ALTERATIONS)
@settings(max_examples=30)
@given(graphs=stores(), seed=st.integers(0, 2**32 - 1))
def test_an_alteration_keeps_images_in_place_and_is_a_function_of_the_seed(
    name: str, graphs: GraphStore, seed: int
) -> None:
    found, again = (
        altered(graphs, np.random.default_rng(seed), {name: KEYWORDS[name]}) for _ in range(2)
    )

    same(found, again, (*NODE_FIELDS, *EDGE_FIELDS, "node_offsets"))
    same(found, graphs, ("label", "split", "ok", "image_id"))
    assert len(found.batch(np.arange(len(graphs)))) == len(graphs)
    assert found.schema == graphs.schema
    assert all(getattr(found, name).dtype == getattr(graphs, name).dtype for name in COLUMNS)
    assert found.edges.index.dtype == np.int32
    n_nodes = np.repeat(np.diff(found.node_offsets), np.diff(found.edges.offsets))
    assert (found.edges.index >= 0).all()
    assert (found.edges.index < n_nodes).all()
    assert (found.edges.index[0] != found.edges.index[1]).all()


@pytest.mark.parametrize("name", ALTERATIONS)
@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_edges_stay_in_order_of_relation_source_target(
    name: str, graphs: GraphStore, rng: np.random.Generator
) -> None:
    found = altered(graphs, rng, {name: KEYWORDS[name]})

    graph = np.repeat(np.arange(len(found)), np.diff(found.edges.offsets))
    order = np.lexsort((*found.edges.index[::-1], found.relation, graph))
    np.testing.assert_array_equal(order, np.arange(len(order)))


@settings(max_examples=30)
@given(graphs=stores(), rng=generators(), count=st.integers(1, 5))
def test_the_strongest_of_each_kind_are_kept_and_related_among_themselves(
    graphs: GraphStore, rng: np.random.Generator, count: int
) -> None:
    found = altered(graphs, rng, {"strongest": {"count": count}})

    nfa = list(ATTRIBUTES).index("log10_nfa")
    for g in range(len(graphs)):
        before, after = (store.taken(np.array([g])).frames for store in (graphs, found))
        for kind, name in enumerate(NODE_KINDS):
            there, kept = before.kind == kind, after.kind == kind
            pieces = 2 if name == "dart" else 1
            assert kept.sum() == min(there.sum(), pieces * count)
            best = np.sort(before.attributes[there, nfa])[: kept.sum()]
            np.testing.assert_array_equal(np.sort(after.attributes[kept, nfa]), best)
        assert ((other_darts(after) >= 0) == (after.kind == NODE_KINDS.index("dart"))).all()
    anew = related_anew(found, found.frames, RELATIONS)
    same(found, anew, EDGE_FIELDS)
    np.testing.assert_array_equal(found.edges.index, anew.edges.index)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_enough_of_the_strongest_are_all(graphs: GraphStore, rng: np.random.Generator) -> None:
    found = altered(graphs, rng, {"strongest": {"count": 1000}})

    same(found, graphs, COLUMNS)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_kinds_are_in_or_out(graphs: GraphStore, rng: np.random.Generator) -> None:
    inside = altered(graphs, rng, {"only_kinds": {"kinds": ["arc", "dart"]}})
    out = altered(graphs, rng, {"without_kinds": {"kinds": ["line", "junction", "blob"]}})

    same(inside, out, COLUMNS)
    assert set(inside.kind) <= {NODE_KINDS.index("arc"), NODE_KINDS.index("dart")}
    assert len(inside.kind) == np.isin(graphs.kind, [1, 3]).sum()


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_without_an_attribute_nodes_of_a_kind_do_not_differ_in_it(
    graphs: GraphStore, rng: np.random.Generator
) -> None:
    found = altered(graphs, rng, {"without_attributes": {"names": ["length"]}})

    length = list(ATTRIBUTES).index("length")
    is_learned = graphs.split[image_of(graphs.frames)] < 2
    for kind in np.unique(graphs.kind):
        of_kind = graphs.kind == kind
        known = of_kind & is_learned if (of_kind & is_learned).any() else of_kind
        mean = graphs.attributes[known, length].mean()
        np.testing.assert_allclose(found.attributes[of_kind, length], mean, rtol=1e-5)
    others = np.delete(np.arange(len(ATTRIBUTES)), length)
    np.testing.assert_array_equal(found.attributes[:, others], graphs.attributes[:, others])
    same(found, graphs, ("position", "direction", *EDGE_FIELDS))


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_relations_are_in_or_out(graphs: GraphStore, rng: np.random.Generator) -> None:
    inside = altered(graphs, rng, {"only_relations": {"names": ["near"]}})
    out = altered(graphs, rng, {"without_relations": {"names": ["near"]}})
    none = altered(graphs, rng, {"without_edges": {}})

    assert (inside.relation == 2).all()
    assert (out.relation != 2).all()
    assert not len(none.relation)
    assert len(inside.relation) + len(out.relation) == len(graphs.relation)
    one = graphs.edges.index[:, graphs.relation == 2]
    np.testing.assert_array_equal(inside.edges.index, one)
    same(none, graphs, NODE_FIELDS)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators(), share=st.floats(0, 1))
def test_shuffled_edges_leave_each_node_its_number_of_neighbours(
    graphs: GraphStore, rng: np.random.Generator, share: float
) -> None:
    found = altered(graphs, rng, {"shuffled_edges": {"share": share}})

    ends = [
        np.array(sorted(joined_nodes(store)), np.int64).reshape(-1, 2) for store in (graphs, found)
    ]
    n = len(graphs.kind)
    for kind in range(len(NODE_KINDS)):  # and of what kind they are
        neighbours = [
            np.bincount(
                np.concatenate([a[graphs.kind[b] == kind], b[graphs.kind[a] == kind]]), None, n
            )
            for a, b in (pairs.T for pairs in ends)
        ]
        np.testing.assert_array_equal(*neighbours)
    said = [np.lexsort((s.relation, s.rank)) for s in (graphs, found)]
    for name in EDGE_FIELDS:  # of all images together
        before, after = (getattr(s, name)[o] for s, o in zip((graphs, found), said, strict=True))
        np.testing.assert_array_equal(before, after)
    same(found, graphs, NODE_FIELDS)


def test_all_shuffled_edges_lead_to_any_node_of_the_kind() -> None:
    rng = np.random.default_rng(0)
    drawn = [related(some_lines(rng, 30), {"near": {"k": 3}}) for _ in range(40)]
    graphs = graphs_in_memory(drawn, NEAR)

    found = altered(graphs, rng, {"shuffled_edges": {"share": 1.0}})

    n_pairs = 30 * 29 / 2
    there, still = joined_nodes(graphs), joined_nodes(graphs) & joined_nodes(found)
    by_chance = len(there) / 40 / n_pairs
    assert abs(len(still) / len(there) - by_chance) < 0.06


def test_shuffled_edges_say_nothing_of_the_numbers_of_relations() -> None:
    rng = np.random.default_rng(0)
    names = ("near", "parallel")
    many, few = ({"near": {"k": 3}, "parallel": RELATIONS["parallel"] | {"k": k}} for k in (6, 1))
    drawn = [related(some_lines(rng, 30), (many, few)[i % 2]) for i in range(60)]
    graphs = graphs_in_memory(drawn, GraphSchema(names, ("a",)))

    found = altered(graphs, rng, {"shuffled_edges": {"share": 1.0}})

    for store, differ in ((graphs, True), (found, False)):
        graph = np.repeat(np.arange(60), np.diff(store.edges.offsets))
        parallel = np.bincount(graph, store.relation == 1, 60) / np.bincount(graph)
        apart = parallel[::2].mean() - parallel[1::2].mean()
        error = parallel.std() / np.sqrt(15)
        assert (apart > 5 * error) == differ


@pytest.mark.parametrize("name", SHUFFLES)
@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_nothing_is_shuffled_for_no_share(
    name: str, graphs: GraphStore, rng: np.random.Generator
) -> None:
    found = altered(graphs, rng, {name: {"share": 0.0}})

    same(found, graphs, (*COLUMNS, "node_offsets"))
    np.testing.assert_array_equal(found.edges.index, graphs.edges.index)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators(), share=st.floats(0, 1))
def test_shuffled_nodes_are_dealt_whole_within_their_kind(
    graphs: GraphStore, rng: np.random.Generator, share: float
) -> None:
    found = altered(graphs, rng, {"shuffled_nodes": {"share": share}})

    def rows(store: GraphStore) -> list[tuple[float, ...]]:
        columns = (store.kind[:, None], store.attributes, store.position, store.direction)
        return sorted(map(tuple, np.concatenate(columns, axis=1).tolist()))

    assert rows(found) == rows(graphs)
    same(found, graphs, ("kind", "following", "curve", "around", *EDGE_FIELDS))
    np.testing.assert_array_equal(found.edges.index, graphs.edges.index)


def test_shuffles_keep_what_they_do_not_name() -> None:
    rng = np.random.default_rng(1)
    graphs = graphs_in_memory([related(some_lines(rng, 30), {"near": {"k": 3}})], NEAR)

    said = altered(graphs, rng, {"shuffled_attributes": {"share": 1.0}})
    placed = altered(graphs, rng, {"shuffled_poses": {"share": 1.0}})

    same(said, graphs, ("position", "direction"))
    same(placed, graphs, ("attributes",))
    assert (said.attributes != graphs.attributes).any()
    assert (placed.position != graphs.position).any(axis=1).mean() > 0.8


@settings(max_examples=30)
@given(graphs=stores(), rng=generators(), bits=st.integers(1, 6))
def test_quantised_stores_have_few_values_and_twice_is_once(
    graphs: GraphStore, rng: np.random.Generator, bits: int
) -> None:
    recipe = {"quantised": {"bits": bits}}
    found = altered(graphs, rng, recipe)
    again = altered(found, rng, recipe)

    for kind in np.unique(graphs.kind):
        values = found.attributes[found.kind == kind]
        assert all(len(np.unique(column)) <= 2**bits for column in values.T)
    assert len(np.unique(found.direction.round(3), axis=0)) <= 2**bits
    np.testing.assert_allclose(again.attributes, found.attributes, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(np.hypot(*found.direction.T), 1, rtol=1e-6)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_with_many_bits_a_store_is_as_it_was(graphs: GraphStore, rng: np.random.Generator) -> None:
    learned = replace(graphs, split=np.zeros(len(graphs), np.uint8))

    found = altered(learned, rng, {"quantised": {"bits": 16}})

    same(found, graphs, ("attributes", "position"))
    np.testing.assert_allclose(found.direction, graphs.direction, atol=2**-14)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_relations_are_not_looked_for_again_where_edges_were_changed(
    graphs: GraphStore, rng: np.random.Generator
) -> None:
    found = altered(graphs, rng, {"without_edges": {}})

    with pytest.raises(ValueError, match="looked for anew"):
        augmented_batch(found, {"drop": {"share": 0.5}}, lambda s: s, np.arange(len(found)), rng)


@settings(max_examples=30)
@given(graphs=stores(), rng=generators())
def test_nodes_are_left_out_before_edges_are(graphs: GraphStore, rng: np.random.Generator) -> None:
    found = altered(graphs, rng, {"without_edges": {}, "strongest": {"count": 1}})

    assert not len(found.relation)
    assert len(found.kind) <= 6 * len(graphs)


def test_a_recipe_that_cannot_be_is_named() -> None:
    rng = np.random.default_rng(0)
    graphs = graphs_in_memory([related(some_lines(rng, 5), {"near": {"k": 3}})], NEAR)

    check_alterations({name: KEYWORDS[name] for name in ALTERATIONS})
    with pytest.raises(ValueError, match="expected some of strongest"):
        check_alterations({"weakest": {}})
    with pytest.raises(ValueError, match=r"strongest: expected count, got none"):
        check_alterations({"strongest": {}})
    with pytest.raises(ValueError, match="expected some of near"):
        altered(graphs, rng, {"only_relations": {"names": ["far"]}})
    with pytest.raises(ValueError, match=r"share must be in \[0, 1\]"):
        altered(graphs, rng, {"shuffled_edges": {"share": 1.5}})
    with pytest.raises(ValueError, match="looked for anew"):
        altered(graphs, rng, {"strongest": {"count": 1}})
