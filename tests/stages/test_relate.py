import numpy as np
import pytest
from pydantic import ValidationError

from perceptgraph.graphs.primitive_store import PRIMITIVE_LAYOUT, primitive_record
from perceptgraph.graphs.primitives import LineSegments, primitives
from perceptgraph.graphs.relation_graph import relate
from perceptgraph.graphs.store import graph_of, open_graphs, relation_names
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.relate import OUT, Params, Recipe, relate_many, relate_one, run
from perceptgraph.stores.mapper import TaskFailure, serial
from perceptgraph.stores.parts import make_parts, merge_parts, spans
from perceptgraph.stores.ragged import StoreError
from perceptgraph.stores.status import Status, identity_record, texts_of

RECIPE = {
    "kinds": ["lines", "junctions"],
    "piece_length": 12.0,
    "cut": "canonical",
    "cut_seed": 0,
    "ray_reach": 48.0,
    "relations": {"near": {"k": 3}, "incidence": {"reach": 1.0}},
}
SECTION = {
    "part_images": 2,
    "counted_per_class": 100,
    "recipes": {"all": RECIPE},
    "recipe_of": {"drawn": "all"},
}
PARAMS = Params(**SECTION)


def picture(seed: int):
    rng = np.random.default_rng(seed)
    n = seed + 2
    one = np.ones(n, np.float32)
    ends = rng.uniform(0, 50, (n, 2, 2)).astype(np.float32)
    return primitives(lines=LineSegments(ends, one, np.ones(n, np.int8), one, -one))


@pytest.fixture
def root(tmp_path):
    """Five images; the third could not be read."""
    root = tmp_path / "drawn"
    records = [
        primitive_record(picture(i), identity_record(f"image {i}", i % 3, i % 2), 50, 60)
        for i in range(5)
    ]
    unreadable = identity_record("image 2", 2, 0, Status.CORRUPT, "cut off")
    records[2] = primitive_record(primitives(), unreadable, 0, 0)
    paths = make_parts(
        root / "parts" / "detect" / "key",
        PRIMITIVE_LAYOUT,
        spans(5, 5),
        lambda span: records[slice(*span)],
        lambda index, reason: records[index],
        serial,
    )
    attributes = {
        "class_names": ["a", "b", "c"],
        "dataset": "drawn",
        "recipe": {"detectors": {}},
        "families": ["lines", "junctions"],
    }
    merge_parts(paths, root / "primitives.zarr", PRIMITIVE_LAYOUT, attributes)
    (root / "parts" / "detect").rmdir()
    return root


def content(root) -> dict[str, bytes]:
    """Every file that the stage writes."""
    files = [path for out in (OUT, "counts") for path in (root / out).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_every_image_has_its_graph(root) -> None:
    outcome = run(PARAMS, root, serial)

    store = open_graphs(root / OUT)
    names = relation_names(store.attributes)
    graphs = [graph_of(record, names) for record in store.block().records()]
    assert [len(graph.frames) for graph in graphs] == [2, 3, 0, 5, 6]
    assert [graph.label for graph in graphs] == [0, 1, 2, 0, 1]
    again = relate(picture(4), relations=RECIPE["relations"])
    np.testing.assert_array_equal(graphs[4].rank, again.rank)
    np.testing.assert_array_equal(graphs[4].source, again.source)
    assert outcome.work == {"images": 4, "nodes": 16, "edges": int(store.offsets("edge")[-1])}
    assert outcome.bad == ()
    assert sorted(p.name for p in root.iterdir()) == ["counts", OUT, "primitives.zarr"]


def test_store_says_who_the_images_are_and_how_the_graphs_were_made(root) -> None:
    run(PARAMS, root, serial)

    store = open_graphs(root / OUT)
    block = store.block()
    assert texts_of(block, "image/id") == tuple(f"image {i}" for i in range(5))
    assert texts_of(block, "status/reason")[2] == "cut off"
    assert block.columns["status/ok"].tolist() == [1, 1, 0, 1, 1]
    assert store.attributes["class_names"] == ["a", "b", "c"]
    assert store.attributes["detect"] == {"detectors": {}}
    assert Recipe(**store.attributes["relate"]) == PARAMS.recipes["all"]


def test_images_related_together_are_as_they_are_alone() -> None:
    found, labels = [picture(i) for i in range(4)], [3, 1, 2, 0]
    recipe = Recipe(**RECIPE | {"cut": "phase"})

    together = relate_many(found, labels, recipe, first=7)

    for i, graph in enumerate(together):
        alone = relate_one(found[i], labels[i], recipe, index=7 + i)
        assert graph.label == alone.label
        assert graph.source.tobytes() == alone.source.tobytes()
        assert graph.target.tobytes() == alone.target.tobytes()
        assert graph.frames.attributes.tobytes() == alone.frames.attributes.tobytes()


@pytest.mark.parametrize("part_images", [1, 2, 3, 5, 100])
def test_graphs_do_not_depend_on_the_size_of_parts(root, part_images) -> None:
    run(PARAMS, root, serial)
    digest = open_graphs(root / OUT).digest

    run(Params(**SECTION | {"part_images": part_images}), root, serial)

    assert open_graphs(root / OUT).digest == digest


def test_a_run_that_is_repeated_writes_the_same_bytes(root) -> None:
    run(PARAMS, root, serial)
    first = content(root)

    run(PARAMS, root, lambda function, items: serial(function, items[::-1])[::-1])

    assert content(root) == first


def test_an_interrupted_run_goes_on_where_it_stopped(root) -> None:
    def killed(function, items):
        done = serial(function, items[:2])
        if len(items) > 2:
            raise KeyboardInterrupt
        return done

    with pytest.raises(KeyboardInterrupt):
        run(PARAMS, root, killed)
    kept = {path: path.stat().st_mtime_ns for path in root.rglob("part-*.npz")}
    seen = {}

    def watched(function, items):
        results = serial(function, items)
        seen.update({path: path.stat().st_mtime_ns for path in root.rglob("part-*.npz")})
        return results

    run(PARAMS, root, watched)

    assert len(kept) == 2
    assert kept.items() <= seen.items()
    assert len(open_graphs(root / OUT)) == 5


def test_an_image_that_kills_its_process_is_named_and_the_others_go_on(root) -> None:
    def fragile(function, items):
        return [TaskFailure("killed") if a <= 3 < b else function((a, b)) for a, b in items]

    outcome = run(PARAMS, root, fragile)

    assert outcome.bad == (("image 3", "relate: killed"),)
    assert open_graphs(root / OUT).column("status/error_code")[3] == Status.CRASHED
    assert np.diff(open_graphs(root / OUT).offsets("node")).tolist() == [2, 3, 0, 0, 6]


def test_without_primitives_the_stage_says_what_to_run(tmp_path) -> None:
    with pytest.raises(StoreError, match="run the stage that writes it first"):
        run(PARAMS, tmp_path / "drawn", serial)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"relations": {"nearr": {}}}, "did you mean 'near'"),
        ({"relations": {"near": {"k": 0}}}, "relations.near: k must be positive, got 0"),
        ({"relations": {"near": {"k": "six"}}}, "relations.near: "),
        ({"relations": {"incidence": {"reach": float("nan")}}}, "reach must be 0 or more, got nan"),
        ({"relations": {"near": {}}}, "relations.near: missing k"),
        ({"relations": {"near": {"k": 3, "kk": 1}}}, "relations.near.kk"),
        ({"kinds": ["line"]}, "did you mean 'lines'"),
        ({"kinds": ["lines", "lines"]}, "each family once"),
        ({"piece_length": 0}, "piece_length"),
        ({"cut": "equally"}, "did you mean 'equal'"),
        ({"ray_reach": -1}, "ray_reach"),
    ],
)
def test_params_that_cannot_be_meant_are_refused(change, message) -> None:
    with pytest.raises((ValidationError, ValueError), match=message):
        Recipe(**RECIPE | change)


def test_nodes_of_what_was_not_looked_for_are_refused(root) -> None:
    chains = RECIPE | {"kinds": ["edges", "junctions"]}

    with pytest.raises(ParamsError, match=r"makes nodes of edges, .* lines, junctions only"):
        run(Params(**SECTION | {"recipes": {"all": chains}}), root, serial)


def test_a_data_set_without_a_recipe_is_named(tmp_path) -> None:
    with pytest.raises(ParamsError, match=r"recipe_of: no 'other'; known are drawn"):
        run(PARAMS, tmp_path / "other", serial)
