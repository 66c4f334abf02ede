"""Stage detect: every image accounted for, the same store from any parts, drawn truth."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawings import SQUARE, STAR, strokes
from numpy.typing import NDArray
from pydantic import ValidationError

from perceptgraph.datasets.image_set import Sample, failed_record, image_layout, record_of
from perceptgraph.graphs.primitive_store import open_primitives, primitives_of
from perceptgraph.stages.detect import OUT, Params, Recipe, detect, run
from perceptgraph.stages.detectors.catalog import DETECTORS
from perceptgraph.stages.params import ParamsError
from perceptgraph.stores.mapper import TaskFailure, serial
from perceptgraph.stores.ragged import Record, StoreError, stack, write_store
from perceptgraph.stores.status import Status, decode_text

DRAWN = {
    "truth/segment": np.array(SQUARE, np.float32),
    "truth/arc": np.zeros((0, 5), np.float32),
    "truth/stroke_width": np.float32(3),
    "truth/clutter": np.zeros(4, np.uint8),
    "truth/junction": np.zeros((0, 2), np.float32),
    "truth/junction_kind": np.zeros(0, np.uint8),
    "truth/junction_degree": np.zeros(0, np.int32),
    "truth/branch_angle": np.zeros(0, np.float32),
}


def every_keyword(name: str) -> dict[str, Any]:
    """The keywords of a detector, with the defaults that it has by hand."""
    return dict(DETECTORS[name].find.__kwdefaults__)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Folder of a data set that the section below has a recipe for."""
    return tmp_path / "drawn"


def section(**changes: Any) -> dict[str, Any]:
    """A section of params.yaml with all keywords."""
    chosen = {name: every_keyword(name) for name in ("lines", "junctions")}
    return {
        "part_images": 2,
        "max_bad_share": 0.5,
        "ground_truth": False,
        "recipes": {"all": {"min_side": 112, "max_zoom": 4, "detectors": chosen}},
        "recipe_of": {"drawn": "all"},
    } | changes


def write_images(root: Path, records: Sequence[Record], extras: Sequence[str] = ()) -> None:
    root.mkdir(parents=True, exist_ok=True)
    layout = image_layout("u1", extras)
    block = stack(layout, records)

    def column(name: str) -> NDArray[Any]:
        level, _, what = name.partition("/")
        return block.counts[level] if what == "count" else block.columns[name]

    write_store(root / "images.zarr", layout, [column], {"class_names": ["a", "b"]})


def images() -> list[dict[str, Any]]:
    """A square, an unusable image, a colour star, a blank one, a row."""
    square = np.rint(strokes(64, SQUARE, 3) * 255).astype(np.uint8)
    star = np.repeat(np.rint(strokes(60, STAR, 3) * 255).astype(np.uint8)[:, :, None], 3, axis=2)
    blank, row = np.zeros((9, 7), np.uint8), np.zeros((1, 5000), np.uint8)
    good = [
        record_of(Sample(pixels, label, name, split, {}), "u1")
        for pixels, label, name, split in [
            (square, 0, "square", 0),
            (star, 1, "star", 2),
            (blank, -1, "blank", 1),
            (row, -1, "row", 1),
        ]
    ]
    failed = failed_record(("bad", 1, 0), Status.CORRUPT, "cut off", "u1")
    return [good[0], failed, *good[1:]]


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_image_is_there_with_its_primitives(root: Path) -> None:
    write_images(root, images())

    outcome = run(Params(**section()), root, serial)

    store = open_primitives(root / OUT)
    records = [store.record(i) for i in range(len(store))]
    names = [decode_text(r["image/id"]) for r in records]
    assert names == ["square", "bad", "star", "blank", "row"]
    assert [int(r["status/ok"]) for r in records] == [1, 0, 1, 1, 1]
    assert decode_text(records[1]["status/reason"]) == "cut off"
    assert (records[2]["image/height"], records[2]["image/width"]) == (60, 60)
    found = [primitives_of(r) for r in records]
    assert [len(p.junctions) for p in found] == [4, 0, 1, 0, 0]
    assert len(found[0].lines) == outcome.work["lines"] - len(found[2].lines)
    assert store.attributes["class_names"] == ["a", "b"]
    assert store.attributes["recipe"]["detectors"]["lines"]["density"] == 0.7
    assert outcome.work["images"] == 4
    assert outcome.bad == ()
    assert sorted(p.name for p in root.iterdir()) == ["images.zarr", OUT]


def test_the_store_does_not_depend_on_the_order_of_the_parts(tmp_path: Path) -> None:
    def backwards(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [function(item) for item in reversed(items)][::-1]

    write_images(tmp_path / "a" / "drawn", images())
    write_images(tmp_path / "b" / "drawn", images())

    run(Params(**section()), tmp_path / "a" / "drawn", serial)
    run(Params(**section()), tmp_path / "b" / "drawn", backwards)

    assert digests(tmp_path / "a" / "drawn" / OUT) == digests(tmp_path / "b" / "drawn" / OUT)


def test_an_image_that_kills_its_process_is_quarantined(root: Path) -> None:
    def deadly(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
        return [TaskFailure("killed") if a <= 2 < b else function((a, b)) for a, b in items]

    write_images(root, images())

    outcome = run(Params(**section(max_bad_share=0.1)), root, deadly)

    assert outcome.bad == (("star", "detect: killed"),)
    assert outcome.too_many_bad
    record = open_primitives(root / OUT).record(2)
    assert record["status/error_code"] == Status.CRASHED


def test_an_image_that_a_detector_refuses_is_quarantined(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(image: NDArray[np.float32], **keywords: Any) -> Any:
        if image.max() == 0:
            raise ValueError("too dark")
        return lines.find(image, **keywords)

    lines = DETECTORS["lines"]
    write_images(root, images())
    params = Params(**section())
    monkeypatch.setitem(DETECTORS, "lines", replace(lines, find=picky))

    outcome = run(params, root, serial)

    assert outcome.bad == (("blank", "detect: too dark"), ("row", "detect: too dark"))
    assert not outcome.too_many_bad


def test_drawn_truth_replaces_detection(root: Path) -> None:
    blank = np.zeros((64, 64), np.uint8)
    write_images(root, [record_of(Sample(blank, 0, "x", 0, DRAWN), "u1")], ("drawing",))

    run(Params(**section(ground_truth=True)), root, serial)

    found = primitives_of(open_primitives(root / OUT).record(0))
    np.testing.assert_array_equal(found.lines.endpoints, np.array(SQUARE, np.float32))


def test_truth_of_photographs_is_an_error(root: Path) -> None:
    write_images(root, images())

    with pytest.raises(StoreError, match="ground_truth: false"):
        run(Params(**section(ground_truth=True)), root, serial)


@pytest.mark.parametrize(
    ("detectors", "message"),
    [
        ({"line": {}}, "did you mean 'lines'"),
        ({"lines": {}}, "missing angle_tolerance_deg"),
        ({"junctions": every_keyword("junctions")}, "needs lines"),
        (
            {"lines": every_keyword("lines") | {"densit": 1}},
            "did you mean 'density'",
        ),
    ],
)
def test_params_name_what_is_wrong(detectors: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Recipe(min_side=112, max_zoom=4, detectors=detectors)


def test_a_data_set_without_a_recipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match=r"recipe_of: no 'drwan'; did you mean 'drawn'\?"):
        run(Params(**section()), tmp_path / "drwan", serial)


def test_each_data_set_is_looked_at_by_its_own_recipe(tmp_path: Path) -> None:
    finds = {"edges": "contours", "ridges": "strokes"}
    recipes = {
        family: {"min_side": 1, "max_zoom": 1, "detectors": {name: every_keyword(name)}}
        for family, name in finds.items()
    }
    params = Params(**section(recipes=recipes, recipe_of={family: family for family in finds}))

    for family, name in finds.items():
        write_images(tmp_path / family, images())
        found = run(params, tmp_path / family, serial).work

        assert found[family] == found["primitives"] > 0
        attributes = open_primitives(tmp_path / family / OUT).attributes
        assert list(attributes["recipe"]["detectors"]) == [name]
        assert attributes["families"] == [family]


@pytest.mark.parametrize("name", DETECTORS)
def test_each_detector_takes_degenerate_and_coloured_images(name: str) -> None:
    rng = np.random.default_rng(0)
    only = partial(detect, detectors={name: {}})

    for shape in [(1, 1), (1, 2), (2, 2), (1, 5000), (5000, 1), (40, 40, 3), (40, 40, 4)]:
        assert len(only(np.zeros(shape, np.uint8))) == 0
        only((rng.random(shape) * 255).astype(np.uint8))
    for image in (strokes(64, SQUARE, 4), strokes(64, STAR, 3)):
        found = only(image)
        assert len(getattr(found, DETECTORS[name].family)) == len(found) > 0


@pytest.mark.parametrize("name", DETECTORS)
def test_grey_depth_does_not_matter(name: str) -> None:
    image = np.rint(strokes(64, STAR, 3) * 255).astype(np.uint8)

    counts = {
        len(detect(same, {name: {}}))
        for same in (image, image.astype(np.uint16) * 257, image / 255)
    }

    assert len(counts) == 1


def test_an_unknown_detector_is_named() -> None:
    with pytest.raises(ValueError, match="did you mean 'ridges'"):
        detect(np.zeros((9, 9)), {"ridge": {}})


def test_a_large_image_is_looked_at_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    image = np.tile(np.rint(strokes(128, SQUARE, 4) * 255).astype(np.uint8), (18, 18))
    whole = detect(image, {"lines": {}})

    monkeypatch.setattr("perceptgraph.stages.detect.TILED_ABOVE", 1_000_000)
    tiled = detect(image, {"lines": {}})

    assert len(tiled.lines) == pytest.approx(len(whole.lines), rel=0.02)
    assert tiled.lines.length.sum() == pytest.approx(whole.lines.length.sum(), rel=0.02)


@pytest.mark.parametrize("name", DETECTORS)
@pytest.mark.parametrize("level", [0.0027, 0.8132702, 9e-5, 6e-9])
def test_a_constant_image_has_nothing_however_it_is_rounded(name: str, level: float) -> None:
    image = np.full((68, 51, 3), level, np.float32) * np.float32([1, 0.5, 0.3])

    for pixels in (image, image[:4, :6, 0], image[:, :, 1]):
        assert len(getattr(detect(pixels, {name: {}}), DETECTORS[name].family)) == 0
