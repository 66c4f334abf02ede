import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import generators

from perceptgraph.graphs.enclosure import enclosing


def circle(row: float, column: float, radius: float, n: int = 24) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.stack([row + radius * np.sin(t), column + radius * np.cos(t)], axis=1)


def around(polygons, position, curve, image=None, first_curve=None) -> list[int]:
    """Polygon q is curve q; other curves are points."""
    n_curves = max([*curve, len(polygons) - 1]) + 1
    return enclosing(
        np.asarray(position, np.float32).reshape(-1, 2),
        np.asarray(curve, np.int64),
        np.concatenate([np.zeros((0, 2)), *polygons]).astype(np.float32),
        np.cumsum([0, *(len(polygon) for polygon in polygons)]).astype(np.int64),
        np.arange(len(polygons), dtype=np.int64),
        np.zeros(len(polygons), np.int64) if image is None else np.asarray(image, np.int64),
        np.array([0, n_curves] if first_curve is None else first_curve, np.int64),
    ).tolist()


def turns_around(polygon: np.ndarray, point: np.ndarray) -> bool:
    """Whether the sides, seen from the point, turn once altogether."""
    seen = (polygon[:, 1] - point[1]) + 1j * (polygon[:, 0] - point[0])
    return abs(np.angle(np.roll(seen, -1) / seen).sum()) > np.pi


def test_nested_circles_and_what_lies_between_them() -> None:
    polygons = [circle(0, 0, 9), circle(0, 0, 5), circle(0, 2, 1)]
    position = [(0, 9), (0, 5), (0, 3), (0, 0), (7, 0), (20, 0)]

    assert around(polygons, position, [0, 1, 2, 3, 4, 5]) == [-1, 0, 1, 1, 0, -1]


def test_a_curve_that_sticks_out_is_not_enclosed() -> None:
    assert around([circle(0, 0, 9)], [(0, 0), (0, 20), (1, 1)], [1, 1, 2]) == [-1, -1, 0]


def test_two_equal_polygons_do_not_enclose_each_other() -> None:
    assert around([circle(0, 0, 9)] * 2, [(0, 8.9), (0, 8.9)], [0, 1]) == [-1, -1]


@given(rng=generators(), n_polygons=st.integers(0, 5), n_curves=st.integers(1, 5))
def test_around_is_the_smallest_polygon_about_all_nodes_of_a_curve(
    rng, n_polygons, n_curves
) -> None:
    radius = rng.uniform(1, 15, n_polygons)
    polygons = [circle(*rng.uniform(0, 20, 2), r).astype(np.float32) for r in radius]
    # Nodes of polygons lie on them; the others are anywhere.
    curve = rng.integers(0, n_polygons + n_curves, 12)
    position = np.array(
        [polygons[c][rng.integers(24)] if c < n_polygons else rng.uniform(0, 20, 2) for c in curve]
    ).astype(np.float32)

    found = around(polygons, position, curve)

    for i, c in enumerate(curve):
        inside = [
            q
            for q, polygon in enumerate(polygons)
            if q != c
            and (c >= n_polygons or radius[c] < radius[q])
            and all(turns_around(polygon, point) for point in position[curve == c])
        ]
        assert found[i] == min(inside, key=lambda q: radius[q], default=-1)


def test_images_do_not_enclose_each_other() -> None:
    polygons = [circle(0, 0, 9), circle(0, 0, 5)]

    both = around(polygons, [(0, 0), (0, 0), (0, 5)], [0, 1, 1], [0, 1], [0, 1, 2])
    nothing = around([], [(0, 0)], [0])

    assert both == [-1, -1, -1]
    assert nothing == [-1]
