"""Figures of a study: accuracy along an axis, differences by level, and what accuracy costs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from perceptgraph.stages.report_figures import INKS, drawn
from perceptgraph.stages.study_panels import (
    Costly,
    Look,
    Looks,
    aligned,
    curves,
    forest,
    legend,
    pareto,
    rows_of,
)
from perceptgraph.stages.study_views import AxisView, Cell, StudyView
from perceptgraph.stages.target_views import Target

MOST_COLUMNS = 3  # panels side by side
SUBJECT_MARKS, CONTROL_MARKS = "oX*", "s^Dv"
PAPER_INK, PAPER = "#1d1f22", "#ffffff"
LEARNED = ("ablate_data", "ablate_model")
PARETO: Mapping[str, Callable[[Cell], float]] = {
    "joules to learn": lambda cell: cell.costs.joules,
    "parameters": lambda cell: cell.parameters,
    "images of a class": lambda cell: float(cell.per_class) if cell.per_class.isdigit() else np.nan,
}
"""Title of a panel to what accuracy is drawn against; NaN is left out."""
TARGET_COSTS: Mapping[str, Callable[[Target], float]] = {
    "joules to learn": lambda target: target.joules,
    "parameters": lambda target: target.parameters,
    "images": lambda target: target.images,
    "joules an image": lambda target: target.score_joules,
}


def study_looks(studies: Sequence[StudyView], targets: Sequence[Target] = ()) -> dict[str, Look]:
    """How all who were measured are drawn, the same in all figures of a data set."""
    everyone: list[Costly] = [*(cell for study in studies for cell in study.everyone), *targets]
    is_control = {cell.subject: cell.is_control for cell in everyone}
    inks = (*INKS[1:], INKS[0])
    subjects = [name for name, control in is_control.items() if not control]
    controls = [name for name, control in is_control.items() if control]

    def look(place: int, marks: str) -> Look:
        return Look(inks[place % len(inks)], marks[place // len(inks) % len(marks)])

    return {name: look(i, SUBJECT_MARKS) for i, name in enumerate(subjects)} | {
        name: look(i, CONTROL_MARKS) for i, name in enumerate(controls, start=len(subjects))
    }


def axis_figure(view: AxisView, looks: Looks) -> str:
    """SVG of one axis: a curve where levels are numbers, else differences from what is as it is."""
    if view.is_numeric:
        width, height = 5.4, 3.1
    else:
        width, height = 6.6, 1.1 + rows_of(view)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        (curves if view.is_numeric else forest)(axes, view, looks)
        legend(figure, [axes])

    return drawn(draw, width, height, f"{view.title}: what it changes")


def curves_figure(study: StudyView, looks: Looks) -> str | None:
    """SVG with a panel for each axis whose levels are numbers."""
    views = [view for view in study.axes if view.is_numeric]
    if not views:
        return None
    n_columns = min(len(views), MOST_COLUMNS)
    n_rows = -(-len(views) // n_columns)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(n_rows, n_columns, squeeze=False)
        for axes in grid.ravel()[len(views) :]:
            axes.set_axis_off()
        for axes, view in zip(grid.ravel(), views, strict=False):
            curves(axes, view, looks)
            axes.set(title=view.title, xlabel="", ylabel="")
        for axes in grid[:, 0]:
            axes.set_ylabel("accuracy, %")
        legend(figure, grid.ravel())

    title = f"Accuracy along the axes of {study.stage} on {study.dataset}"
    return drawn(draw, 2.5 * n_columns + 0.4, 2.1 * n_rows + 0.8, title)


def alignment_figure(views: Sequence[AxisView], looks: Looks) -> str | None:
    """SVG with a panel of accuracy against alignment for each axis where that was measured."""
    measured = [view for view in views if len(view.alignment) > 1]
    if not measured:
        return None

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, len(measured), squeeze=False, sharey=True)
        for axes, view in zip(grid[0], measured, strict=True):
            aligned(axes, view, looks)
        grid[0, 0].set_ylabel("accuracy, %")
        legend(figure, grid[0])

    return drawn(draw, 3.0 * len(measured) + 0.6, 3.2, "Accuracy against subspace alignment")


def forests_figure(study: StudyView, looks: Looks) -> str | None:
    """SVG with the differences of each axis whose levels are names, one above the other."""
    views = [view for view in study.axes if not view.is_numeric and view.has_differences]
    if not views:
        return None
    heights = [rows_of(view) + 0.5 for view in views]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(len(views), 1, squeeze=False, sharex=True, height_ratios=heights)
        for axes, view in zip(grid[:, 0], views, strict=True):
            forest(axes, view, looks)
            axes.set(title=view.title, xlabel="")
        grid[-1, 0].set_xlabel("points of accuracy, against the same as is")
        legend(figure, grid[:, 0])

    title = f"What the levels of {study.stage} change on {study.dataset}"
    return drawn(draw, 7.4, 0.9 + sum(heights), title)


def pareto_figure(studies: Sequence[StudyView], looks: Looks) -> str | None:
    """SVG of accuracy against what it costs; a step joins what nothing cheaper exceeds.

    Of studies that change what is learned from or how; scores of changed images alone, as those of
    stage robustness, have no place there.
    """
    learned = [study for study in studies if study.stage in LEARNED]
    cells = [cell for study in learned for cell in study.cells()]
    # Whoever stands in two studies is the same cell in both.
    everyone = {cell.subject: cell for study in learned for cell in study.everyone}
    return cost_figure(cells, list(everyone.values()), PARETO, looks)


def target_figure(targets: Sequence[Target], looks: Looks) -> str | None:
    """SVG of the cheapest ways to target accuracies; small marks are other trials of the front."""
    reached = [target for target in targets if target.is_reached]
    return cost_figure(targets, reached, TARGET_COSTS, looks)


def cost_figure(
    points: Sequence[Costly],
    named: Sequence[Costly],
    costs: Mapping[str, Callable[[Any], float]],
    looks: Looks,
) -> str | None:
    """SVG with a panel of accuracy against each of the costs of which there are two values.

    Parameters
    ----------
    points : sequence
        All, as small marks.
    named : sequence
        Those that are drawn large and stand in the legend.
    costs : mapping
        Title of a panel to the cost of a point; what is not above 0 is left out.
    looks : mapping
        Of each subject.
    """
    panels = {title: cost for title, cost in costs.items() if _is_told(map(cost, points))}
    if not panels:
        return None
    n_rows = -(-len(panels) // MOST_COLUMNS)
    n_columns = -(-len(panels) // n_rows)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(n_rows, n_columns, squeeze=False, sharey=True)
        for axes in grid.ravel()[len(panels) :]:
            axes.set_axis_off()
        for axes, (title, cost) in zip(grid.ravel(), panels.items(), strict=False):
            pareto(axes, points, named, cost, looks)
            axes.set_xlabel(title)
        for axes in grid[:, 0]:
            axes.set_ylabel("accuracy, %")
        legend(figure, grid.ravel())

    return drawn(
        draw, 3.0 * n_columns + 0.6, 2.9 * n_rows + 0.8, f"Accuracy against {', '.join(panels)}"
    )


def on_paper(svg: str) -> str:
    """A figure as a file of its own: dark on white, wherever it is shown."""
    inked = svg.replace("currentColor", PAPER_INK)
    return inked.replace("<svg ", f'<svg style="background: {PAPER}" ', 1) + "\n"


def _is_told(values: Iterable[float]) -> bool:
    """Whether there are two different values to draw against."""
    return len({value for value in values if value > 0}) > 1
