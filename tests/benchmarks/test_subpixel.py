import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.benchmarks.subpixel import (
    SIZE,
    edge_image,
    errors,
    measure,
    points_of_segments,
)

TURNS = np.arange(12) * math.pi / 6 + 0.1
MIDDLES = np.full((12, 2), (SIZE - 1) / 2)


def exact(shift: tuple[float, float] = (0.0, 0.0), spread: float = 0.0) -> list[np.ndarray]:
    """Points on the edges, moved by a vector, and across by plus and minus `spread`."""
    points = []
    for middle, turn in zip(MIDDLES, TURNS, strict=True):
        along = np.array([math.sin(turn), math.cos(turn)])
        across = np.array([-along[1], along[0]])
        at = middle + np.linspace(-40, 40, 20)[:, None] * along + np.array(shift)
        points.append(at + spread * np.where(np.arange(20) % 2, 1, -1)[:, None] * across)
    return points


def test_points_on_the_edges_have_no_error() -> None:
    found = errors(exact(), MIDDLES, TURNS)

    np.testing.assert_allclose((found["rms_px"], found["shift_px"]), 0, atol=1e-9)
    assert found["found"] == 1


@given(row=st.floats(-0.5, 0.5), column=st.floats(-0.5, 0.5))
def test_a_shift_of_all_points_is_told(row: float, column: float) -> None:
    found = errors(exact((row, column)), MIDDLES, TURNS)

    np.testing.assert_allclose(found["shift_px"], math.hypot(row, column), atol=1e-9)
    np.testing.assert_allclose(
        found["rms_px"], math.hypot(row, column) / math.sqrt(2), rtol=0.05, atol=1e-9
    )


def test_scatter_is_error_but_no_shift() -> None:
    found = errors(exact(spread=0.2), MIDDLES, TURNS)

    np.testing.assert_allclose(found["rms_px"], 0.2)
    np.testing.assert_allclose(found["shift_px"], 0, atol=1e-9)


def test_nothing_found_is_no_number() -> None:
    found = errors([np.zeros((0, 2))] * 12, MIDDLES, TURNS)

    assert math.isnan(found["rms_px"])
    assert found["found"] == 0


@pytest.mark.parametrize("turn", [0.0, 0.3, math.pi / 4, 2.0])
def test_the_drawn_edge_is_where_it_should_be(turn: float) -> None:
    """Its levels, summed over the image, tell the area on its bright side exactly."""
    middle = np.array([60.3, 64.8])
    rng = np.random.default_rng(5)

    images = [edge_image(middle, turn, rng).astype(float) for _ in range(20)]

    sine, cosine = math.sin(turn), math.cos(turn)
    fine = (np.arange(SIZE * 8) + 0.5) / 8 - 0.5
    left = (fine[:, None] - middle[0]) * -cosine + (fine - middle[1]) * sine
    inside = (left > 0).reshape(SIZE, 8, SIZE, 8).mean(axis=(1, 3))
    left = left.reshape(SIZE, 8, SIZE, 8).mean(axis=(1, 3))
    near = np.abs(left) < 20
    offsets = []
    for image in images:
        low, high = (np.median(image[side]) for side in (left < -30, left > 30))
        share = (image - low) / (high - low)
        offsets.append((share - inside)[near].mean() * 40)
    assert abs(np.mean(offsets)) < 0.05


def test_points_of_a_segment_reach_from_end_to_end() -> None:
    points = points_of_segments(np.array([[[0.0, 0.0], [3.0, 4.0]]]))

    assert points[0].tolist() == [0, 0]
    assert points[-1].tolist() == [3, 4]
    assert points_of_segments(np.zeros((0, 2, 2))).shape == (0, 2)


def test_the_bench_names_ours_and_the_peers() -> None:
    found = measure(8)

    assert {"subpixel/rms_px/ours", "subpixel/shift_px/ours"} <= set(found)
    assert 0.005 < found["subpixel/rms_px/opencv_lsd"] < 0.06
    assert found["subpixel/rms_px/ours"] < 0.06
    assert found["subpixel/found/ours"] == 1
