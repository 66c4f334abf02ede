"""Shapes: the same strokes, other relations; the truth is where the pixels are."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from perceptgraph.datasets.image_set import DRAWING_COLUMNS
from perceptgraph.datasets.shape_classes import GROUPS, SHAPES
from perceptgraph.datasets.shapes import Shapes, draw_shape, open_shapes
from perceptgraph.datasets.strokes import KINDS, Drawing, distance, polar, posed, shortened
from perceptgraph.stores.arrays import offsets_of


def small(**keywords: object) -> Shapes:
    return open_shapes(train_per_class=2, val_per_class=1, test_per_class=1, **keywords)  # type: ignore[arg-type]


def strokes(drawing: Drawing) -> Counter[tuple[object, ...]]:
    """The multiset of strokes: what a bag of primitives knows, without clutter."""
    n = len(drawing.segments) - drawing.n_clutter
    lengths = np.linalg.norm(drawing.segments[:n, 1] - drawing.segments[:n, 0], axis=1)
    return Counter(
        [("segment", round(float(x), 6)) for x in lengths]
        + [("arc", round(float(a[2]), 6), round(float(a[4]), 6)) for a in drawing.arcs]
    )


def test_there_are_twelve_shapes_in_groups_of_four() -> None:
    assert [len(group) for group in GROUPS] == [4, 4, 4]
    assert len(SHAPES) == 12


@pytest.mark.parametrize("group", GROUPS, ids=["segments-4", "segments-3", "arcs-2"])
def test_all_shapes_of_a_group_have_the_same_strokes(group: tuple[object, ...]) -> None:
    bags = [strokes(SHAPES[shape.__name__]()) for shape in group]  # type: ignore[attr-defined]

    assert all(bag == bags[0] for bag in bags)


@pytest.mark.parametrize("group", GROUPS, ids=["segments-4", "segments-3", "arcs-2"])
def test_drawn_shapes_of_a_group_keep_the_same_strokes(group: tuple[object, ...]) -> None:
    style = small().style
    bags = [
        strokes(draw_shape(shape.__name__, style, np.random.default_rng(7))[0])  # type: ignore[attr-defined]
        for shape in group
    ]

    assert all(bag == bags[0] for bag in bags)


def test_groups_differ_in_their_strokes() -> None:
    bags = [strokes(group[0]()) for group in GROUPS]

    assert bags[0] != bags[1] != bags[2]


@pytest.mark.parametrize("name", SHAPES)
def test_strokes_of_a_shape_do_not_touch(name: str) -> None:
    style = small(n_clutter=(2, 2)).style
    drawing, width = draw_shape(name, style, np.random.default_rng(3))
    arcs = [a[:2] + a[2] * polar(a[3] + a[4] * np.linspace(0, 1, 50)) for a in drawing.arcs]
    lines = [s[0] + np.linspace(0, 1, 50)[:, None] * (s[1] - s[0]) for s in drawing.segments]

    paths = lines + arcs
    apart = min(
        np.linalg.norm(a[:, None] - b[None], axis=-1).min()
        for i, a in enumerate(paths)
        for b in paths[i + 1 :]
    )

    assert apart > width


@pytest.mark.parametrize("label", range(12))
def test_strokes_lie_where_the_truth_says(label: int) -> None:
    sample = small(noise=0.0, background=(0.1, 0.1), contrast=(0.8, 0.8)).read(label)
    truth = sample.extras
    drawing = Drawing(
        truth["truth/segment"].astype(float), truth["truth/arc"].astype(float), meetings=()
    )
    grid = np.indices(sample.pixels.shape).transpose(1, 2, 0).astype(float)
    away = distance(drawing, grid) - truth["truth/stroke_width"] / 2

    assert (sample.pixels[away < -0.51] == 230).all()
    assert (sample.pixels[away > 0.51] == 26).all()
    assert (away < -0.51).sum() > 100


def test_whole_shape_lies_within_the_image() -> None:
    shapes = small(n_clutter=(2, 2))
    for index in range(48):
        segments = shapes.read(index).extras["truth/segment"]

        assert segments.min() > 1
        assert segments.max() < shapes.style.side - 2


KINDS_OF = {
    "square": "LLLL",
    "cross": "X",
    "bars": "",
    "zigzag": "LLL",
    "triangle": "LLL",
    "star": "Y",
    "ladder": "TT",
    "cup": "LL",
    "stadium": "",
    "wave": "",
    "wheel": "",
    "spool": "",
}


@pytest.mark.parametrize("label", range(12))
def test_junctions_are_of_the_kind_that_the_shape_has(label: int) -> None:
    shapes = small()
    truth = shapes.read(label).extras

    kinds = "".join(KINDS[k] for k in truth["truth/junction_kind"])

    assert kinds == KINDS_OF[shapes.class_names[label]]


@pytest.mark.parametrize("label", range(12))
def test_each_branch_of_a_junction_runs_into_a_stroke(label: int) -> None:
    truth = small(jitter_deg=0.0, jitter=0.0, n_clutter=(0, 0)).read(label).extras
    drawing = Drawing(truth["truth/segment"].astype(float), np.zeros((0, 5)), meetings=())
    ends = offsets_of(truth["truth/junction_degree"])

    for at, span in zip(truth["truth/junction"], pairwise(ends), strict=True):
        angles = truth["truth/branch_angle"][slice(*span)].astype(float)
        # Eight pixels out: beyond the gap, before the end of the shortest stroke.
        assert distance(drawing, at + 8.0 * polar(angles)).max() < 0.01


@pytest.mark.parametrize("name", SHAPES)
def test_pose_turns_points_and_angles_alike(name: str) -> None:
    drawing = shortened(SHAPES[name](), 0.1)
    turned = posed(drawing, 2.0, 0.7, np.array([5.0, -3.0]))
    points = np.random.default_rng(0).uniform(-1, 1, (50, 2))
    c, s = np.cos(0.7), np.sin(0.7)
    there = 2.0 * points @ np.array([[c, s], [-s, c]]).T + [5.0, -3.0]

    np.testing.assert_allclose(distance(turned, there), 2.0 * distance(drawing, points), atol=1e-9)


def test_clutter_is_marked_and_clear_of_the_shape() -> None:
    shapes = small(n_clutter=(2, 2))
    truth = shapes.read(0).extras

    assert truth["truth/clutter"].tolist() == [0, 0, 0, 0, 1, 1]
    drawing = Drawing(truth["truth/segment"][:4].astype(float), np.zeros((0, 5)), meetings=())
    clutter = truth["truth/segment"][4:].astype(float)
    assert distance(drawing, clutter).min() >= shapes.style.margin - 1e-3


def test_an_image_depends_on_seed_and_index_alone() -> None:
    here, there, other = small(), small(), small(seed=1)

    late = here.read(20).pixels
    np.testing.assert_array_equal([there.read(i).pixels for i in (3, 20)][1], late)
    assert (other.read(20).pixels != late).any()


def test_classes_are_balanced_in_every_split() -> None:
    shapes = small()
    identities = [shapes.identify(i) for i in range(len(shapes))]

    assert len({image_id for image_id, _, _ in identities}) == 48
    assert Counter((label, split) for _, label, split in identities) == {
        (label, split): (2, 1, 1)[split] for label in range(12) for split in range(3)
    }


def test_samples_fill_the_columns_of_drawings() -> None:
    sample = small().read(0)

    assert sample.extras.keys() == DRAWING_COLUMNS.keys()
    assert sample.pixels.dtype == np.uint8


def test_a_range_has_two_ends_in_order() -> None:
    with pytest.raises(ValueError, match=r"length: expected \[lowest, highest\]"):
        small(length=(3, 2))


def test_shapes_differ_in_pixels_from_class_to_class() -> None:
    shapes = small(turn_deg=(0, 0), noise=0.0, n_clutter=(0, 0))
    pictures = {shapes.read(i).pixels.tobytes() for i in range(12)}

    assert len(pictures) == 12
