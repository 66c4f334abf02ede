import numpy as np
import pytest

from perceptgraph.benchmarks.ours import families
from perceptgraph.benchmarks.speed import Photo, compared, digits_us, first_calls, measure
from perceptgraph.benchmarks.speed import milliseconds as times_of


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_time_is_the_median_over_images_of_the_best_call() -> None:
    calls: list[str] = []
    ticks = iter([0, 5, 10, 14, 20, 27, 30, 39, 40, 43, 50, 60] * 2)
    photos = [Photo(noise(4, 4), noise(4, 4)[..., 0])] * 2

    found = times_of(
        {"a": lambda photo: calls.append("a"), "b": lambda photo: calls.append("b")},
        photos,
        lambda: float(next(ticks)),
    )

    assert "".join(calls) == "ab" + "ababab" * 2  # once to compile, then in turns
    assert found == {"a": 1e3 * 3, "b": 1e3 * 4}


def test_ratio_is_the_peers_time_over_ours() -> None:
    found = compared("lines", {"ours": 4.0, "peer": 10.0})

    assert found == {
        "speed/lines/ms/ours": 4.0,
        "speed/lines/ms/peer": 10.0,
        "speed/lines/ratio/peer": 2.5,
    }


def test_bench_times_every_family_and_its_peers() -> None:
    found = measure([noise(60, 80)], [noise(40, 60)])

    assert all(value > 0 for value in found.values())
    assert {f"speed/{family}/ms/ours" for family in families()} <= set(found)
    for name in ("lines/ratio/opencv_lsd", "edges_colour/ratio/opencv_canny"):
        assert f"speed/{name}" in found
    assert "speed/junctions/ratio/skimage_harris" in found
    assert "speed/path_opening/ratio/diplib" in found


def test_digits_are_timed_where_their_detectors_are() -> None:
    digit = np.zeros((28, 28), np.uint8)
    digit[5:23, 12:15] = 255

    found = digits_us([digit] * 3)

    assert all(0 < value < 1e6 for value in found.values())


@pytest.mark.slow
def test_first_call_is_timed_in_a_new_process() -> None:
    found = first_calls()

    assert set(found) == {f"speed/{family}/first_call_s/ours" for family in families()}
    assert all(value > 0 for value in found.values())
