import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from perceptgraph.benchmarks.line_truth import TRUTH_OFFSETS
from perceptgraph.benchmarks.photographs import photographs
from perceptgraph.benchmarks.suites import SUITES
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines import bench_detectors as command
from perceptgraph.pipelines.bench_detectors import bench_detectors, offsets_of
from perceptgraph.stages.params import ParamsError


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERCEPTGRAPH_DATA", "")  # the command sets it; the patch puts it back
    photographs.cache_clear()


def test_suites_named_are_printed_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results" / "detectors.json"

    bench_detectors(["subpixel", "junctions"], None, 2, [], out)

    figures = json.loads(out.read_text())
    assert {name.split("/")[0] for name in figures} == {"subpixel", "junctions"}
    printed = capsys.readouterr().out
    assert "opencv_lsd" in printed
    assert "junctions/f/noise2" in printed


def test_lines_of_a_folder_are_scored_at_their_offset(tmp_path: Path) -> None:
    folder = tmp_path / "P1"
    folder.mkdir()
    image = np.full((120, 160, 3), 60, np.uint8)
    image[30:91, 40:111] = 200
    cv2.imwrite(str(folder / "P1.png"), image)
    sides = [(39.5, 29.5, 110.5, 29.5), (110.5, 29.5, 110.5, 90.5)]
    sides += [(110.5, 90.5, 39.5, 90.5), (39.5, 90.5, 39.5, 29.5)]
    text = [" ".join(str(x + 3.0) for x in side) for side in sides]
    (folder / "P1_gt.txt").write_text("\n".join(text))
    right, wrong = tmp_path / "right.json", tmp_path / "wrong.json"

    bench_detectors(["lines"], tmp_path, 1, ["dense=3.0"], right)
    bench_detectors(["lines"], tmp_path, 1, [], wrong)

    assert json.loads(right.read_text())["lines/l50/ours"] > 0.9
    assert json.loads(wrong.read_text())["lines/l50/ours"] == 0
    assert "lines/o50/ours" not in json.loads(right.read_text())


def test_offsets_have_defaults_and_errors() -> None:
    assert offsets_of([]) == TRUTH_OFFSETS
    assert offsets_of(["original=0.25"]) == {**TRUTH_OFFSETS, "original": 0.25}
    for wrong in ("dens=1", "dense=a", "dense"):
        with pytest.raises(ParamsError, match="truth-offset"):
            offsets_of([wrong])


def test_an_unknown_suite_is_an_error() -> None:
    with pytest.raises(ParamsError, match="lines"):
        bench_detectors(["line"], None, 1, [], None)


def test_a_suite_without_its_data_is_an_error_only_when_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "SUITES", {"bsds": SUITES["bsds"], "one": lambda s: {"a/ours": 1}})

    with pytest.raises(MissingData, match="bsds"):
        bench_detectors(["bsds"], tmp_path, 1, [], None)
    bench_detectors([], tmp_path, 1, [], tmp_path / "all.json")

    assert "left out bsds" in capsys.readouterr().err
    assert json.loads((tmp_path / "all.json").read_text()) == {"a/ours": 1}


def test_data_must_be_a_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingData, match="nowhere"):
        bench_detectors(["lines"], tmp_path / "nowhere", 1, [], None)
