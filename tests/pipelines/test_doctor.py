import builtins
import sys
from pathlib import Path
from typing import Any

import pytest

from perceptgraph.pipelines import doctor
from perceptgraph.pipelines.parallel import ADDRESS_VARIABLE

PARAMS = Path(__file__).parents[2] / "params.yaml"


def test_one_opencv_distribution_is_right_and_any_other_number_is_to_be_mended() -> None:
    both = ["opencv-python 5.0.0", "opencv-python-headless 5.0.0"]

    found = [doctor.opencv_variant(installed) for installed in (both[:1], [], both)]

    assert [f.level for f in found] == ["ok", "mend", "mend"]
    assert "pip install opencv-python" in found[1].text
    assert "pip uninstall -y opencv-python opencv-python-headless" in found[2].text


def test_missing_system_library_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_libgl(name: str, *rest: Any, **named: Any) -> Any:
        if name == "cv2":
            raise ImportError("libGL.so.1: cannot open shared object file")
        return real(name, *rest, **named)

    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(builtins, "__import__", without_libgl)

    found = doctor.opencv_import()

    assert found.level == "mend"
    assert "libGL.so.1" in found.text
    assert "opencv-python-headless" in found.text


def test_readable_power_counter_is_found(tmp_path: Path) -> None:
    counter = tmp_path / "energy_uj"
    before = doctor.rapl(counter)
    counter.write_text("1")

    assert (before.level, doctor.rapl(counter).level) == ("note", "ok")


def test_scheduler_out_of_reach_is_to_be_mended() -> None:
    found = doctor.dask_scheduler("tcp://127.0.0.1:9", timeout=0.5)

    assert found.level == "mend"
    assert "tcp://127.0.0.1:9" in found.text


def test_outputs_need_not_exist_yet(tmp_path: Path) -> None:
    assert doctor.writable("outputs", tmp_path / "new" / "outputs").level == "ok"


def test_folder_of_data_that_is_gone_is_to_be_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERCEPTGRAPH_DATA", str(tmp_path / "gone"))

    first, second = doctor.data_sets()

    assert first.level == "mend"
    assert "shapes" in second.text


def test_rungs_without_a_recipe_are_to_be_mended(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    before = doctor.parameters(path)
    text = PARAMS.read_text()
    path.write_text(text)
    good = doctor.parameters(path)
    path.write_text(text.replace("ladder: [shapes", "ladder: [shape"))

    bad = doctor.parameters(path)

    assert (before.level, good.level, bad.level) == ("note", "ok", "mend")
    assert "shapes by segments" in good.text
    assert bad.text == "detect.recipe_of: no 'shape'; did you mean 'shapes'?"


def test_this_environment_is_fit_for_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PERCEPTGRAPH_DATA", raising=False)
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    assert doctor.print_findings()

    out = capsys.readouterr().out
    for subject in ("versions", "OpenCV", "RAPL", "NVML", "data sets", "Dask", "outputs"):
        assert f" {subject}: " in out
