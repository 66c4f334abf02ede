from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from perceptgraph.benchmarks.line_truth import line_scenes, read_segments
from perceptgraph.datasets.catalog import MissingData

ENDS = np.array([[10.0, 20.0], [30.0, 25.0], [5.0, 6.0], [7.0, 60.0]])  # x, y; two rows a segment


@pytest.fixture
def york(tmp_path: Path) -> Path:
    for name in ("P1", "P2", "P3"):
        folder = tmp_path / "york" / name
        folder.mkdir(parents=True)
        cv2.imwrite(str(folder / f"{name}.jpg"), np.full((48, 64, 3), (0, 0, 200), np.uint8))
        if name != "P3":
            savemat(folder / f"{name}LinesAndVP.mat", {"lines": ENDS})
    dense = tmp_path / "dense"
    dense.mkdir()
    (dense / "P2_gt.txt").write_text("11.5 20.5 30.5 25.5\n1 2 3 4\n")
    (dense / "P20_gt.txt").write_text("0 0 1 1\n")
    return tmp_path


def test_scenes_are_the_photographs_with_a_truth(york: Path) -> None:
    scenes = line_scenes(york)

    assert [scene.image.stem for scene in scenes] == ["P1", "P2"]
    assert [sorted(scene.truths) for scene in scenes] == [["original"], ["dense", "original"]]
    assert scenes[1].truths["dense"].name == "P2_gt.txt"
    pixels = scenes[0].read()
    assert pixels.shape == (48, 64, 3)
    assert pixels[0, 0, 0] > 190 > 10 > pixels[0, 0, 2]  # red first


def test_truths_become_row_and_column_with_the_first_pixel_at_zero(york: Path) -> None:
    truths = line_scenes(york)[1].truths

    original = read_segments(truths["original"], 1.0)
    dense = read_segments(truths["dense"], 0.5)

    np.testing.assert_allclose(original, [[[19, 9], [24, 29]], [[5, 4], [59, 6]]])
    np.testing.assert_allclose(dense[0], [[20, 11], [25, 30]])


def test_no_truth_is_no_scene(tmp_path: Path) -> None:
    assert line_scenes(tmp_path) == []


def test_what_holds_no_segments_is_named(tmp_path: Path) -> None:
    mat, text = tmp_path / "a.mat", tmp_path / "a.txt"
    savemat(mat, {"other": ENDS})
    text.write_text("1 2 3\n")

    for path in (mat, text):
        with pytest.raises(MissingData, match=path.name):
            read_segments(path, 0.0)
