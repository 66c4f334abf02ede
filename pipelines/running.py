"""Run one stage: its parameters, its workers, its meter."""

import importlib
import inspect
import logging
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from perceptgraph.pipelines.energy import EnergyParams, host_digest
from perceptgraph.pipelines.metering import metered, method_of, watts_per_core
from perceptgraph.pipelines.parallel import DaskParams, open_mapper
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stages.given import Given
from perceptgraph.stages.outcome import Outcome, Power
from perceptgraph.stages.params import ParamsError, check_choices

GRIDS = ("ablate_data", "ablate_model", "robustness")
"""Stages that measure a grid of cells."""
STAGES = ("prepare", "detect", "relate", "train", "evaluate", *GRIDS, "report")
SERIAL = ("train", "evaluate", "report")
"""Stages that map over nothing: they start no workers."""
ON_DEVICE = ("train", "evaluate")
"""Stages that run nets, on the device that is asked for."""

log = logging.getLogger(__name__)


def run_stage(
    stage: str,
    *,
    dataset: str = "",
    model: str = "",
    overrides: Sequence[str] = (),
    params_path: Path = Path("params.yaml"),
    outputs: Path = Path("outputs"),
    device: str = "auto",
    results: Path = Path("results"),
    axes: Sequence[str] = (),
) -> Outcome:
    """Run a stage of a rung (of all rungs: `report`) and meter it.

    Parameters
    ----------
    stage, dataset, model : str
        Which cell; `dataset` is empty for `report`, `model` for all but `train`.
    overrides : sequence of str
        "section.key=value".
    params_path, outputs : Path
        Parameters of the run; folder of all results.
    device : {"auto", "cpu", "cuda"}
        Where nets run.
    results : Path
        Folder of landed tables, from which grids are resumed.
    axes : sequence of str
        Of a grid, those that are measured; all if none is named.

    Raises
    ------
    ParamsError
        An unknown stage, a missing argument, or a value that params.yaml should not hold.
    """
    check_choices("run", [stage], dict.fromkeys(STAGES))
    values = load_params(params_path, overrides)
    _check_cell(stage, dataset, model, axes)
    module = importlib.import_module(f"perceptgraph.stages.{stage}")
    params = section_of(values, stage, module.Params)
    dask = section_of(values, "dask", DaskParams)
    if stage in SERIAL:
        dask = dask.model_copy(update={"mode": "sync"})
    energy = section_of(values, "energy", EnergyParams)
    # Workers on other machines may stand in another folder.
    outputs = outputs.absolute()
    root = outputs / dataset if dataset else outputs
    record = _record_path(stage, root, model)
    uses_gpu = stage in ON_DEVICE and runs_on_cuda(device)
    described = " ".join(part for part in (stage, dataset, model) if part)
    log.info("%s: starting", described)
    with (
        open_mapper(dask, described) as mapper,
        metered(energy, outputs, record, stage, dataset, model, uses_gpu=uses_gpu) as metering,
    ):
        with _progress(described) as progress:
            offered = {
                "model": model,
                "device": device,
                "progress": progress,
                "given": Given(
                    partial(section_of, values), power_of(energy), results.absolute(), axes
                ),
            }
            outcome: Outcome = module.run(params, root, mapper, **_taken(module.run, offered))
        metering.work.update(outcome.work)
    log.info("%s: done, %s", described, dict(outcome.work))
    return outcome


def power_of(energy: EnergyParams) -> Power:
    """What turns the CPU-seconds of one core into joules: watts declared, else generic ones."""
    return Power(watts_per_core(energy), method_of(energy), host_digest())


def runs_on_cuda(device: str) -> bool:
    """Whether nets run on a GPU when `device` is asked for."""
    from perceptgraph.stages.train import device_of

    return device_of(device).type == "cuda"


def _check_cell(stage: str, dataset: str, model: str, axes: Sequence[str]) -> None:
    if (stage == "report") == bool(dataset):
        raise ParamsError(
            "run report: expected no --dataset, it spans all rungs"
            if dataset
            else f"run {stage}: expected --dataset, the rung to work on"
        )
    if (stage == "train") != bool(model):
        raise ParamsError(f"run {stage}: --model is for stage train, which needs it")
    if axes and stage not in GRIDS:
        raise ParamsError(f"run {stage}: --axis is for the stages {', '.join(GRIDS)}")


def _taken(function: Any, offered: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the offered arguments that the stage's run takes."""
    return {k: v for k, v in offered.items() if k in inspect.signature(function).parameters}


@contextmanager
def _progress(described: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for stages that tell how far they are; it appears with the first word of it."""
    from tqdm import tqdm

    bars: list[Any] = []

    def tell(done: int, most: int) -> None:
        if not bars:
            bars.append(tqdm(total=most, desc=described, disable=None, file=sys.stderr))
        bars[0].update(done - bars[0].n)

    try:
        yield tell
    finally:
        for bar in bars:
            bar.close()


def _record_path(stage: str, root: Path, model: str) -> Path:
    """Where the record of this cell lies: within the stage's own outputs."""
    if stage == "report":
        return root.parent / "report" / "energy.json"
    return root / "energy" / (f"{stage}-{model}.json" if model else f"{stage}.json")
