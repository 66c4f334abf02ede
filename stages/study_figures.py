"""Figures of a study: accuracy along an axis, differences by level, and what accuracy costs."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from perceptgraph.stages.report_figures import INK, INKS, drawn
from perceptgraph.stages.report_words import count
from perceptgraph.stages.study_views import AxisView, Cell, StudyView
from perceptgraph.stages.target_views import Target

WIDE = 20.0  # values that span a larger factor are drawn on a logarithmic scale
NARROW = 4.0  # limits of an axis that differ by less are drawn on a linear one
MOST_COLUMNS = 3  # panels side by side
CONTROL_MARKS = "s^Dv"
PAPER_INK, PAPER = "#1d1f22", "#ffffff"
DASHES = (4.0, 2.0)
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


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody is drawn."""

    ink: str
    mark: str
    """Of matplotlib; subjects are round, controls are not."""


Looks = Mapping[str, Look]
Costly = Cell | Target
"""What has an accuracy and its costs."""


def study_looks(studies: Sequence[StudyView], targets: Sequence[Target] = ()) -> dict[str, Look]:
    """How all who were measured are drawn, the same in all figures of a data set."""
    everyone: list[Costly] = [*(cell for study in studies for cell in study.everyone), *targets]
    is_control = {cell.subject: cell.is_control for cell in everyone}
    inks = (*INKS[1:], INKS[0])
    subjects = [name for name, control in is_control.items() if not control]
    controls = [name for name, control in is_control.items() if control]
    return {name: Look(inks[i % len(inks)], "o") for i, name in enumerate(subjects)} | {
        name: Look(inks[i % len(inks)], CONTROL_MARKS[i // len(inks) % len(CONTROL_MARKS)])
        for i, name in enumerate(controls, start=len(subjects))
    }


def axis_figure(view: AxisView, looks: Looks) -> str:
    """SVG of one axis: a curve where levels are numbers, else differences from what is as it is."""
    if view.is_numeric:
        width, height = 5.4, 3.1
    else:
        width, height = 6.6, 1.1 + _rows_of(view)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        (_curves if view.is_numeric else _forest)(axes, view, looks)
        _legend(figure, [axes])

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
            _curves(axes, view, looks)
            axes.set(title=view.title, xlabel="", ylabel="")
        for axes in grid[:, 0]:
            axes.set_ylabel("accuracy, %")
        _legend(figure, grid.ravel())

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
            _aligned(axes, view, looks)
        grid[0, 0].set_ylabel("accuracy, %")
        _legend(figure, grid[0])

    return drawn(draw, 3.0 * len(measured) + 0.6, 3.2, "Accuracy against subspace alignment")


def forests_figure(study: StudyView, looks: Looks) -> str | None:
    """SVG with the differences of each axis whose levels are names, one above the other."""
    views = [view for view in study.axes if not view.is_numeric and view.has_differences]
    if not views:
        return None
    heights = [_rows_of(view) + 0.5 for view in views]

    def draw(figure: Figure) -> None:
        grid = figure.subplots(len(views), 1, squeeze=False, sharex=True, height_ratios=heights)
        for axes, view in zip(grid[:, 0], views, strict=True):
            _forest(axes, view, looks)
            axes.set(title=view.title, xlabel="")
        grid[-1, 0].set_xlabel("points of accuracy, against the same as is")
        _legend(figure, grid[:, 0])

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
            _pareto(axes, points, named, cost, looks)
            axes.set_xlabel(title)
        for axes in grid[:, 0]:
            axes.set_ylabel("accuracy, %")
        _legend(figure, grid.ravel())

    return drawn(
        draw, 3.0 * n_columns + 0.6, 2.9 * n_rows + 0.8, f"Accuracy against {', '.join(panels)}"
    )


def on_paper(svg: str) -> str:
    """A figure as a file of its own: dark on white, wherever it is shown."""
    inked = svg.replace("currentColor", PAPER_INK)
    return inked.replace("<svg ", f'<svg style="background: {PAPER}" ', 1) + "\n"


def frontier(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Of points (cost, accuracy) those that no cheaper one equals, by cost.

    >>> frontier([(1, 50.0), (2, 40.0), (3, 60.0), (1, 45.0)])
    [(1, 50.0), (3, 60.0)]
    """
    best: list[tuple[float, float]] = []
    for cost, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if not best or accuracy > best[-1][1]:
            best.append((cost, accuracy))
    return best


def _curves(axes: Axes, view: AxisView, looks: Looks) -> None:
    """Accuracy with its interval by level; dashed where a subject stands as it is."""
    for subject in view.subjects:
        cells = sorted(view.of(subject), key=lambda cell: cell.value)
        if not cells:
            continue
        ink, is_control = looks[subject].ink, cells[0].is_control
        x, y = ([getattr(cell, name) for cell in cells] for name in ("value", "accuracy"))
        _bars(axes.vlines, x, cells, ink)
        axes.plot(
            *(x, y),
            color=ink,
            linewidth=1.3,
            marker=looks[subject].mark,
            markersize=4,
            linestyle=(0, DASHES) if is_control else "-",
            markerfacecolor="none" if is_control else ink,
            label=_label(cells[0]),
        )
        as_is = view.as_is(subject)
        if as_is is not None:
            axes.axhline(as_is.accuracy, color=ink, alpha=0.8, linewidth=0.8, dashes=(1, 2))
    best = view.best_control()
    if best is not None and not any(cell.is_control for cell in view.cells.values()):
        axes.axhline(
            *(best.accuracy,),
            color=INK,
            alpha=0.6,
            linewidth=0.8,
            dashes=(6, 3),
            label=f"best control as is: {best.subject}",
        )
    values = [cell.value for cell in view.cells.values() if math.isfinite(cell.value)]
    if min(values) > 0 and max(values) / min(values) > WIDE:
        _log_scale(axes)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set(xlabel=view.title.lower(), ylabel="accuracy, %")


def _aligned(axes: Axes, view: AxisView, looks: Looks) -> None:
    """Accuracy of each subject at the alignment of each level, what is as it is included."""
    for subject in view.subjects:
        cells = [
            cell
            for (level, who), cell in view.cells.items()
            if who == subject and level in view.alignment
        ]
        cells.sort(key=lambda cell: view.alignment[cell.level])
        if not cells:
            continue
        x, look = [view.alignment[cell.level] for cell in cells], looks[subject]
        _bars(axes.vlines, x, cells, look.ink)
        axes.plot(
            *(x, [cell.accuracy for cell in cells]),
            color=look.ink,
            linewidth=1.0,
            marker=look.mark,
            markersize=4,
            markerfacecolor="none" if cells[0].is_control else look.ink,
            label=_label(cells[0]),
        )
    axes.set(title=view.title, xlabel="subspace alignment measure")


def _forest(axes: Axes, view: AxisView, looks: Looks) -> None:
    """Difference of each level with its interval; filled where it outlives the correction."""
    levels = [level for level in view.levels if any(c.level == level for c in _changed(view))]
    subjects = [s for s in view.subjects if any(c.subject == s for c in _changed(view))]
    steps = (np.arange(len(subjects)) - (len(subjects) - 1) / 2) * 0.7 / max(len(subjects), 1)
    axes.axvline(0, color=INK, alpha=0.5, linewidth=0.7)
    for subject, step in zip(subjects, steps, strict=True):
        cells = [cell for cell in _changed(view) if cell.subject == subject]
        ink, mark = looks[subject].ink, looks[subject].mark
        for cell in cells:
            place, found = levels.index(cell.level) + step, cell.difference
            assert found is not None
            axes.hlines(place, found.low, found.high, color=ink, linewidth=1.2)
            axes.plot(
                *(found.points, place),
                marker=mark,
                color=ink,
                markersize=4.5,
                markerfacecolor=ink if found.is_sure else "none",
            )
        axes.plot([], [], mark, color=ink, markersize=4.5, label=_label(cells[0]))
    axes.set_yticks(range(len(levels)), levels)
    axes.set(ylim=(len(levels) - 0.4, -0.6), xlabel="points of accuracy, against the same as is")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _pareto(
    axes: Axes,
    cells: Sequence[Costly],
    everyone: Sequence[Costly],
    cost: Callable[[Any], float],
    looks: Looks,
) -> None:
    """All as faint points, some large and with a name in the legend, and the frontier."""
    known = [cell for cell in cells if cost(cell) > 0]
    for cell in known:
        axes.plot(cost(cell), cell.accuracy, ".", color=looks[cell.subject].ink, alpha=0.35)
    for cell in everyone:
        if cost(cell) > 0:
            ink = looks[cell.subject].ink
            axes.vlines(cost(cell), cell.low, cell.high, color=ink, linewidth=1.2)
            axes.plot(
                *(cost(cell), cell.accuracy),
                marker=looks[cell.subject].mark,
                linestyle="none",
                color=ink,
                markersize=6,
                markerfacecolor="none" if cell.is_control else ink,
                label=_label(cell),
            )
    best = frontier((cost(cell), cell.accuracy) for cell in known)
    axes.step(*zip(*best, strict=True), where="post", color=INK, alpha=0.5, linewidth=0.8, zorder=0)
    _log_scale(axes)


def _log_scale(axes: Axes) -> None:
    """A logarithmic axis whose numbers read as numbers; none where they hardly differ."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    if high / low < NARROW:
        axes.set_xscale("linear")
        return
    steps = (1.0,) if high / low > 200 else (1.0, 2.0, 5.0)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: count(value) if value >= 1 else f"{value:g}")


def _changed(view: AxisView) -> list[Cell]:
    return [cell for cell in view.cells.values() if cell.difference is not None]


def _rows_of(view: AxisView) -> float:
    """Height of the panel of differences, in inches."""
    subjects = len({cell.subject for cell in _changed(view)})
    return (0.16 + 0.08 * subjects) * max(len(view.levels) - 1, 1)


def _bars(
    lines: Callable[..., object], x: Sequence[float], cells: Sequence[Cell], ink: str
) -> None:
    lows, highs = [cell.low for cell in cells], [cell.high for cell in cells]
    lines(x, lows, highs, color=ink, linewidth=1.0, alpha=0.7)


def _label(cell: Costly) -> str:
    return f"{cell.subject} (control)" if cell.is_control else cell.subject


def _legend(figure: Figure, panels: Iterable[Axes]) -> None:
    """One legend above all panels, each name once."""
    found: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        found |= dict(zip(labels, handles, strict=True))
    columns = min(max(int(figure.get_figwidth() // 2), 1), len(found))
    if found:
        figure.legend(
            list(found.values()), list(found), loc="outside upper left", ncols=columns, fontsize=7.5
        )


def _is_told(values: Iterable[float]) -> bool:
    """Whether there are two different values to draw against."""
    return len({value for value in values if value > 0}) > 1
