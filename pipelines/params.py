"""params.yaml and `--set key=value` to the Params of one stage."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ValidationError
from yaml import YAMLError

from perceptgraph.stages.params import ParamsError, suggest

TOP = ("ladder", "models", "baselines", "ablate")
"""Values at the top; a stage whose Params has a field of such a name is given it."""

Section = TypeVar("Section", bound=BaseModel)


def load_params(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """All values of params.yaml, with `overrides` ("section.key=value") in their place.

    An override may change a value or add an entry to a table of operators; a section that does not
    exist is refused here, an unknown key where the section is read.
    """
    if not path.is_file():
        raise ParamsError(
            f"{path}: expected the parameters of the run, found no such file; run this in the "
            "folder of the project, or name the file with --params"
        )
    try:
        values = OmegaConf.load(path)
        if not OmegaConf.is_dict(values):
            raise ParamsError(f"{path}: expected sections of keys, found none")
        for override in overrides:
            key = override.partition("=")[0]
            if "=" not in override or key.split(".")[0] not in values:
                hint = suggest(key, map(str, values))
                raise ParamsError(f"--set {override}: expected section.key=value; {hint}")
        merged = OmegaConf.merge(values, OmegaConf.from_dotlist(list(overrides)))
        plain = OmegaConf.to_container(merged, resolve=True)
    except (YAMLError, OmegaConfBaseException) as error:
        raise ParamsError(f"{path}: {error}") from error
    return {str(key): value for key, value in dict(plain).items()}  # type: ignore[arg-type]


def section_of(values: Mapping[str, Any], name: str, model: type[Section]) -> Section:
    """Section `name` as its model; ParamsError that names key, value and what was expected."""
    if name not in values:
        raise ParamsError(f"params.yaml: no section {name!r}; it has {sorted(values)}")
    section = dict(values[name] or {})
    section |= {key: values[key] for key in TOP if key in model.model_fields and key in values}
    try:
        return model(**section)
    except ValidationError as error:
        raise ParamsError(_one_line(error, name, model)) from error


def _one_line(error: ValidationError, section: str, model: type[BaseModel]) -> str:
    lines = []
    for problem in error.errors():
        place = ".".join([section, *map(str, problem["loc"])])
        if problem["type"] == "extra_forbidden":
            hint = suggest(str(problem["loc"][-1]), _keys_at(model, problem["loc"][:-1]))
            lines.append(f"{place}: no such key; {hint}")
        elif problem["type"] == "missing":
            lines.append(f"{place}: missing; params.yaml must name every value")
        elif problem["type"] == "value_error" and isinstance(problem["input"], Mapping):
            lines.append(f"{place}.{problem['msg'].removeprefix('Value error, ')}")
        else:
            lines.append(f"{place}: {problem['msg']}, found {problem['input']!r}")
    return "; ".join(lines)


def _keys_at(model: type[BaseModel], place: Iterable[int | str]) -> Iterable[str]:
    """Keys of the model that a place in another leads to, through tables of models."""
    for key in place:
        field = model.model_fields.get(str(key))
        for inner in () if field is None else (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                model = inner
    return model.model_fields
