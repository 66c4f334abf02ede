"""The picture of the DAG: boxes of each rung's cells and the wires between them, in pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

from perceptgraph.stages.report_facts import STORE_STAGES, STUDY_STAGES, Energy, Rung

COLUMN, BOX, ROW, GAP = 148, 112, 30, 26  # pixels: column pitch, box width, row pitch, rung gap
LABEL, HEAD = 138, 34  # pixels: room for the names of rungs and of stages
STAGES = (*STORE_STAGES, "train, studies", "evaluate", "report")


@dataclass(frozen=True, slots=True)
class Box:
    """One cell; x and y are the left end and the middle, in pixels."""

    x: float
    y: float
    label: str
    state: str
    """"executed", "restored", "unfinished" or "not run"."""


@dataclass(frozen=True, slots=True)
class Dag:
    """Boxes and wires of all rungs."""

    width: float
    height: float
    box: float
    """Width of a box, pixels."""
    boxes: tuple[Box, ...]
    wires: tuple[str, ...]
    """SVG paths."""
    rungs: tuple[tuple[str, float], ...]
    """Name and middle."""
    stages: tuple[tuple[str, float], ...]
    """Name and middle of its column."""


def state_of(record: Energy | None, session: str) -> str:
    """What became of a cell in the pipeline run `session`."""
    if record is None:
        return "not run"
    if record.state != "complete":
        return "unfinished"
    return "executed" if record.session == session else "restored"


def newest_session(rungs: Sequence[Rung]) -> str:
    """Session of the record that started last; empty where nothing ran."""
    records = [r for rung in rungs for r in rung.energy.values() if r is not None]
    return max(records, key=lambda r: r.started).session if records else ""


def dag_of(rungs: Sequence[Rung], session: str) -> Dag:
    """Place the cells of all rungs, one above the other, and the report at the right."""
    boxes: list[Box] = []
    wires: list[str] = []
    names: list[tuple[str, float]] = []
    top = float(HEAD)
    x = [LABEL + COLUMN * i for i in range(len(STAGES))]
    ends: list[tuple[float, float]] = []
    for rung in rungs:
        height = ROW * (max(len(rung.models), 1) + len(STUDY_STAGES))
        # Graph models are fed by relate, at their middle; pixel models by prepare, from below.
        n_graph = len(rung.models) - len(rung.baselines)
        middle = top + ROW * max(n_graph, 1) / 2
        names.append((rung.name, middle))
        for i, stage in enumerate(STORE_STAGES):
            boxes.append(Box(x[i], middle, stage, state_of(rung.energy[stage], session)))
        wires += [_wire(x[i] + BOX, middle, x[i + 1], middle) for i in range(2)]
        for i, model in enumerate(rung.models):
            y = top + ROW * (i + 0.5)
            boxes.append(Box(x[3], y, model, state_of(rung.energy[f"train-{model}"], session)))
            wires.append(_wire(x[3] + BOX, y, x[4], middle))
            if model in rung.baselines:
                wires.append(_under(x[0] + BOX / 2, middle + 11, x[3], y))
            else:
                wires.append(_wire(x[2] + BOX, middle, x[3], y))
        for i, stage in enumerate(STUDY_STAGES):
            y = top + ROW * (max(len(rung.models), 1) + i + 0.5)
            boxes.append(Box(x[3], y, stage, state_of(rung.energy[stage], session)))
            wires.append(_wire(x[2] + BOX, middle, x[3], y))
            ends.append((x[3] + BOX, y))
        boxes.append(Box(x[4], middle, "evaluate", state_of(rung.energy["evaluate"], session)))
        ends.append((x[4] + BOX, middle))
        top += height + GAP
    middle = sum(y for _, y in ends) / max(len(ends), 1)
    boxes.append(Box(x[5], middle, "report", "executed"))
    wires += [_wire(start, y, x[5], middle) for start, y in ends]
    return Dag(
        width=x[-1] + BOX + 2,
        height=top - GAP + 8,
        box=BOX,
        boxes=tuple(boxes),
        wires=tuple(wires),
        rungs=tuple(names),
        stages=tuple((name, x[i] + BOX / 2) for i, name in enumerate(STAGES)),
    )


def _wire(x0: float, y0: float, x1: float, y1: float) -> str:
    middle = (x0 + x1) / 2
    return f"M{x0:g} {y0:g}C{middle:g} {y0:g} {middle:g} {y1:g} {x1:g} {y1:g}"


def _under(x0: float, y0: float, x1: float, y1: float) -> str:
    """Down from a box and along below its neighbours."""
    return f"M{x0:g} {y0:g}V{y1 - 10:g}Q{x0:g} {y1:g} {x0 + 10:g} {y1:g}H{x1:g}"
