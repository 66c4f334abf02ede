from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from perceptgraph.datasets.catalog import DATASETS
from perceptgraph.pipelines.energy import EnergyParams
from perceptgraph.pipelines.parallel import DaskParams
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages import detect, relate
from perceptgraph.stages.params import ParamsError

PARAMS = Path(__file__).parents[2] / "params.yaml"


class Colours(BaseModel):
    model_config = ConfigDict(extra="forbid")

    red: int
    green: float
    models: tuple[str, ...]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text("models: [set, gcn]\ncolours: {red: 1, green: 2.5}\ntables:\n  a: {x: 1}\n")
    return path


def test_section_is_what_the_file_says(written: Path) -> None:
    section = section_of(load_params(written), "colours", Colours)

    assert section == Colours(red=1, green=2.5, models=("set", "gcn"))


def test_override_wins_over_the_file(written: Path) -> None:
    values = load_params(written, ["colours.red=7", "models=[set]", "tables.b.y=2"])

    assert section_of(values, "colours", Colours) == Colours(red=7, green=2.5, models=("set",))
    assert values["tables"] == {"a": {"x": 1}, "b": {"y": 2}}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("colour.red=7", "did you mean 'colours'"),
        ("colours.red", "expected section.key=value"),
    ],
)
def test_override_of_nothing_is_refused(written: Path, override: str, message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        load_params(written, [override])


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["colours.redd=7"], r"^colours\.redd: no such key; did you mean 'red'\?$"),
        (["colours.red=blue"], r"^colours\.red: .*integer.*, found 'blue'$"),
    ],
)
def test_wrong_value_is_named_with_what_was_expected(
    written: Path, overrides: list[str], message: str
) -> None:
    with pytest.raises(ParamsError, match=message):
        section_of(load_params(written, overrides), "colours", Colours)


def test_missing_value_is_named(written: Path) -> None:
    written.write_text("models: [set]\ncolours: {red: 1}\n")

    with pytest.raises(ParamsError, match=r"^colours\.green: missing; params.yaml must name every"):
        section_of(load_params(written), "colours", Colours)


def test_missing_section_lists_those_that_are_there(written: Path) -> None:
    with pytest.raises(ParamsError, match=r"no section 'shapes'.*colours"):
        section_of(load_params(written), "shapes", Colours)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "recipe_of.mnist=stroks",
            r"^detect\.recipe_of\.mnist: no 'stroks'; did you mean 'strokes'",
        ),
        ("recipes.strokes.max_zom=2", r"^detect\.recipes\.strokes\.max_zom: .* mean 'max_zoom'\?$"),
        ("recipes.strokes.max_zoom=0", r"^detect\.recipes\.strokes\.max_zoom: .*, found 0$"),
        ("recipes.strokes.detectors.line={}", r"^detect\.recipes\.strokes\.detectors: no 'line'"),
        ("recipes.pen={}", r"^detect\.recipes\.pen\.min_side: missing"),
    ],
)
def test_place_of_a_wrong_value_in_a_recipe_is_named(override: str, message: str) -> None:
    values = load_params(PARAMS, [f"detect.{override}"])

    with pytest.raises(ParamsError, match=message):
        section_of(values, "detect", detect.Params)


@pytest.mark.parametrize("stage", [detect, relate])
def test_every_data_set_with_classes_has_a_recipe(stage: ModuleType) -> None:
    section = section_of(load_params(PARAMS), stage.__name__.rpartition(".")[2], stage.Params)

    assert section.recipe_of.keys() == DATASETS.keys() - {"bsds500"}


@pytest.mark.parametrize("text", ["a: [1,", "- 1\n- 2"])
def test_file_that_is_no_yaml_of_sections_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text)

    with pytest.raises(ParamsError, match=r"params\.yaml"):
        load_params(path)


@pytest.mark.parametrize(("name", "model"), [("energy", EnergyParams), ("dask", DaskParams)])
def test_params_of_this_project_are_complete(name: str, model: Any) -> None:
    assert section_of(load_params(PARAMS), name, model)
