import io
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.io import loadmat, savemat

from perceptgraph.benchmarks.boundaries import (
    Counts,
    count_pixels,
    f_measure,
    score,
    thresholds,
)
from perceptgraph.benchmarks.bsds_suite import (
    OPENCV_RANGE,
    SKIMAGE_RANGE,
    boundary_detectors,
    chain_map,
    chosen,
    measure,
    open_boundaries,
    opencv_canny,
    skimage_canny,
)
from perceptgraph.benchmarks.thinning import thinned
from perceptgraph.datasets.bsds500 import boundaries_of
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.graphs.primitives import EdgeChains

REFERENCE = "bsds500/bsds500_bench_reference.zip"


def disc(radius: float = 44.0) -> NDArray[np.uint8]:
    """A bright disc (160, 200, 3) on a dark ground."""
    row, column = np.mgrid[:160, :200]
    inside = np.hypot(row - 80, column - 100) < radius
    return np.repeat(np.where(inside, 200, 60).astype(np.uint8)[:, :, None], 3, axis=2)


def drawing_of(image: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Where the grey level changes to the next row or column, (H, W)."""
    grey = np.pad(image[:, :, 0], ((0, 1), (0, 1)), "edge")
    corners = np.stack([grey[:-1, :-1], grey[1:, :-1], grey[:-1, 1:], grey[1:, 1:]])
    return (np.ptp(corners, axis=0) > 0).astype(np.uint8)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six drawn discs in the layout of BSDS500, four of them for test."""
    for i in range(6):
        split = "test" if i < 4 else "val"
        folder = tmp_path / "bsds500/BSR/BSDS500/data"
        image = disc(36.0 + 4 * i)
        (folder / "images" / split).mkdir(parents=True, exist_ok=True)
        (folder / "groundTruth" / split).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / "images" / split / f"{i}.jpg"), image)
        cells = np.empty((1, 2), object)
        for k in range(2):
            cells[0, k] = {"Boundaries": thinned(drawing_of(image) > 0)}
        savemat(folder / "groundTruth" / split / f"{i}.mat", {"groundTruth": cells})
    return tmp_path


def test_a_disc_is_found_by_ours_and_by_the_peers(data: Path) -> None:
    found = measure(data, 4, n_levels=5)

    peers = ("ours", "opencv_canny", "skimage_canny")
    graded = {f"bsds/{what}/{name}" for what in ("ods", "ois", "ap") for name in peers}
    free = {f"bsds/parameter_free_f/{name}" for name in ("ours", "skimage_canny_defaults")}
    assert set(found) == graded | free
    for name in peers:
        assert found[f"bsds/ods/{name}"] > 0.9, name
    assert all(0 <= value <= 1 for value in found.values())


def test_images_are_spread_over_the_split(data: Path) -> None:
    boundaries = open_boundaries(data)

    assert chosen(boundaries, "test", 2) == [2, 5]
    assert chosen(boundaries, "val", 9) == [0, 1]


def test_missing_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="bsds500"):
        measure(tmp_path, 1)


def test_a_chain_is_drawn_where_it_runs_and_the_surest_on_top() -> None:
    chains = EdgeChains(
        points=np.array([[4.5, 2.5], [4.5, 8.5], [1.5, 5.5], [8.5, 5.5]], np.float32),
        offsets=np.array([0, 2, 4]),
        closed=np.zeros(2, bool),
        polarity=np.ones(2, np.int8),
        contrast=np.ones(2, np.float32),
        log10_nfa=np.array([-9.0, -2.0], np.float32),
    )

    soft = chain_map(chains, (10, 11))

    np.testing.assert_array_equal(soft[4, 2:9], 20.0)
    np.testing.assert_array_equal(soft[[1, 2, 3, 5, 6, 7, 8], 5], 13.0)
    assert np.count_nonzero(soft) == 14


@pytest.mark.parametrize(
    ("canny", "limits"), [(opencv_canny, OPENCV_RANGE), (skimage_canny, SKIMAGE_RANGE)]
)
def test_maps_at_rising_thresholds_lie_in_one_another(
    canny: Callable[..., NDArray[np.float64]], limits: tuple[float, float]
) -> None:
    noise = np.random.default_rng(0).normal(0, 25, (160, 200, 1))
    image = np.clip(disc() + noise, 0, 255).astype(np.uint8)
    highs = np.geomspace(*limits, 7)

    soft = canny(image, highs)

    for k in range(7):
        np.testing.assert_array_equal(soft > k, canny(image, highs[k : k + 1]) > 0)


def test_levels_rise_and_ours_begin_at_one_false_alarm() -> None:
    detectors = boundary_detectors(33)

    assert all((np.diff(detector.levels) > 0).all() for detector in detectors.values())
    assert detectors["ours"].levels[0] == 1


def reference_cuts(archive: zipfile.ZipFile, kind: str, name: str) -> list[NDArray[np.bool_]]:
    """The boundary maps that the three reference runs scored, before they were thinned."""
    if kind == "png":
        encoded = np.frombuffer(archive.read(f"bench_data/png/{name}.png"), np.uint8)
        soft = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_GRAYSCALE)) / 255.0
        return [soft >= level for level in thresholds(5)]
    content = loadmat(io.BytesIO(archive.read(f"bench_data/{kind}/{name}.mat")))
    if kind == "ucm2":  # twice the size: the pixels of the image are every other one
        return [content["ucm2"][2::2, 2::2] >= level for level in thresholds(5)]
    labels = [cell.astype(np.int64) for cell in content["segs"].reshape(-1)]
    return [drawing_of(one[:, :, None]).astype(bool) for one in labels]


@pytest.mark.data
@pytest.mark.skipif("PERCEPTGRAPH_DATA" not in os.environ, reason="PERCEPTGRAPH_DATA is not set")
@pytest.mark.parametrize(("run", "kind"), [(1, "ucm2"), (2, "png"), (3, "segs")])
def test_the_official_figures_come_out(run: int, kind: str) -> None:
    archive = zipfile.ZipFile(Path(os.environ["PERCEPTGRAPH_DATA"]) / REFERENCE)
    names = ("2018", "3063", "5096", "6046", "8068")

    def published(name: str) -> NDArray[np.float64]:
        return np.loadtxt(io.BytesIO(archive.read(f"bench_data/test_{run}/{name}.txt")))

    def counted(name: str) -> Counts:
        drawn = boundaries_of(archive.read(f"bench_data/groundTruth/{name}.mat"), name)
        return count_pixels(reference_cuts(archive, kind, name), list(drawn))

    levels = thresholds(5) if kind != "segs" else np.arange(1.0, 6.0)
    scores = score(levels, [counted(name) for name in names])

    best, total = scores.best, scores.total
    own = (scores.ois_recall, scores.ois_precision, scores.ois, scores.ap)
    found = [best.threshold, best.recall, best.precision, best.f, *own]
    np.testing.assert_allclose(found, published("eval_bdry"), atol=1e-3)
    by_level = [total.recall, total.precision, f_measure(total.recall, total.precision)]
    np.testing.assert_allclose(np.transpose(by_level), published("eval_bdry_thr")[:, 1:], atol=1e-3)
    # The official matcher draws at random: on the same maps its own three runs differ by 1.4e-3.
    by_image = [[one.recall, one.precision, one.f] for one in scores.images]
    np.testing.assert_allclose(by_image, published("eval_bdry_img")[:, 2:], atol=1.5e-3)
