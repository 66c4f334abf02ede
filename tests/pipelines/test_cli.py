import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from perceptgraph.pipelines import cli

PARAMS = Path(__file__).parents[2] / "params.yaml"
COMMANDS = (
    (),
    ("run",),
    ("detect",),
    ("inspect",),
    ("predict",),
    ("energy",),
    ("doctor",),
    ("land",),
    ("results",),
    ("bench", "loader"),
    ("bench", "detectors"),
    ("bench", "digits"),
    ("bench", "scenes"),
)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "square.png"
    image = np.zeros((64, 64), np.uint8)
    image[20:44, 20:44] = 255
    cv2.imwrite(str(path), image)
    return path


@pytest.fixture(autouse=True)
def quiet_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # --debug sets the variable in the process's environment; the patch puts it back.
    monkeypatch.setenv("PERCEPTGRAPH_DEBUG", "")


def exit_code(*arguments: object) -> int:
    with pytest.raises(SystemExit) as end:
        cli.main([str(a) for a in arguments])
    return int(end.value.code or 0)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    result = CliRunner().invoke(cli.app, [*command, "--help"])

    assert result.exit_code == 0
    assert "Usage" in result.output


def test_help_takes_under_half_a_second_of_processor_time() -> None:
    script = "from perceptgraph.pipelines.cli import main; main(['--help'])"

    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", script], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # The first of a fresh checkout compiles; processes that share a core slow each other.
    assert min(seconds() for _ in range(3)) < 0.5


def test_good_image_ends_with_0(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("detect", picture) == 0

    out, err = capsys.readouterr()
    assert "64 x 64 pixels, 4 lines, 4 junctions" in out
    assert err == ""


def test_one_bad_image_of_two_is_named_and_ends_with_1(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = tmp_path / "text.png"
    text.write_text("no image")

    code = exit_code("detect", text, picture, "--json", tmp_path / "found")

    out, err = capsys.readouterr()
    assert code == 1
    assert f"{text}: left out: not an image of any known format" in out
    assert err == "error: 1 of 2 images could not be used\n"
    assert len(json.loads((tmp_path / "found/square.json").read_text())["lines"]) == 4


def test_wrong_use_ends_with_2(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("detect") == 2
    assert exit_code("detect", picture, "--kinds", "line") == 2

    assert capsys.readouterr().err.endswith("no 'line'; did you mean 'lines'?\n")


def test_images_can_be_looked_at_by_a_recipe_of_params(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    params = "--params", PARAMS

    assert exit_code("detect", picture, "--recipe", "strokes", *params) == 0
    assert exit_code("detect", picture, "--recipe", "stroks", *params) == 2

    out, err = capsys.readouterr()
    assert "1 contours, 1 strokes, 0 stroke_junctions" in out
    assert err == "error: detect.recipes: no 'stroks'; did you mean 'strokes'?\n"


def test_two_detectors_of_one_family_are_a_wrong_use(
    picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("detect", picture, "--kinds", "edges,contours") == 2

    assert "expected one detector of edges, got edges and contours" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "detekt"], "run: no 'detekt'; did you mean 'detect'?"),
        (["run", "detect"], "expected --dataset"),
        (["run", "report", "--dataset", "shapes"], "it spans all rungs"),
        (["run", "train", "--dataset", "shapes"], "which needs it"),
        (["run", "relate", "--dataset", "shapes", "--axis", "noise"], "--axis is for the stages"),
        (["run", "detect", "--dataset", "x", "--set", "detect.part_image=3"], "part_images"),
        (["run", "detect", "--dataset", "x", "--params", "gone.yaml"], "no such file"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistake_is_one_line_that_helps(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # The last --params wins.
    where = ["--params", str(PARAMS)] if arguments[0] == "run" else []

    code = exit_code(arguments[0], *where, *arguments[1:])

    err = capsys.readouterr().err
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
    assert err.count("\n") == 1


def test_debug_shows_the_traceback(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = exit_code("--debug", "detect", picture, "--kinds", "line")

    err = capsys.readouterr().err
    assert code == 2
    assert "Traceback" in err
    assert "ParamsError" in err


def test_json_log_is_one_object_a_line(picture: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from perceptgraph.pipelines.cli import main; main()"]
    arguments = ["--json-log", "run", "detect", "--dataset", "mnist", "--params", str(PARAMS)]
    arguments += ["--set", "dask.mode=sync"]

    done = subprocess.run(
        [*command, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PERCEPTGRAPH_DEBUG": ""},
        check=False,
    )

    *logged, error = done.stderr.splitlines()
    assert done.returncode == 1
    assert error.startswith("error: ")
    assert "run the stage that writes it first" in error
    assert [json.loads(line)["message"] for line in logged] == ["detect mnist: starting"]


def test_several_images_need_names_that_differ(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = exit_code("detect", picture, picture, "--svg", tmp_path / "out")

    assert code == 2
    assert "'square' is there twice" in capsys.readouterr().err


def test_energy_of_nothing_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert exit_code("energy") == 0

    assert capsys.readouterr().out.startswith("outputs: nothing has run yet")


@pytest.mark.parametrize("ending", ["html", "json", "graphml", "png", "svg"])
def test_graph_of_an_image_can_be_looked_at(picture: Path, tmp_path: Path, ending: str) -> None:
    out = tmp_path / f"graph.{ending}"

    assert exit_code("inspect", picture, f"--{ending}", out) == 0

    assert out.stat().st_size > 500


def test_facts_of_a_graph_are_text(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("inspect", picture) == 0

    out = capsys.readouterr().out
    assert "nodes: 8: 4 line, 4 junction" in out
    assert "components: 1" in out
