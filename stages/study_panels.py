"""What stands in one panel of the figures of a study."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from perceptgraph.stages.report_figures import INK
from perceptgraph.stages.report_words import count
from perceptgraph.stages.study_views import AxisView, Cell
from perceptgraph.stages.target_views import Target

WIDE = 25.0  # values that span a larger factor are drawn on a logarithmic scale
NARROW = 4.0  # limits of an axis that differ by less are drawn on a linear one
DASHES = (4.0, 2.0)


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody is drawn."""

    ink: str
    mark: str
    """Of matplotlib; controls have others than subjects."""


Looks = Mapping[str, Look]
Costly = Cell | Target
"""What has an accuracy and its costs."""


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


def curves(axes: Axes, view: AxisView, looks: Looks) -> None:
    """Accuracy with its interval by level; dashed where a subject stands as it is."""
    for subject in view.subjects:
        placed = (cell for cell in view.of(subject) if math.isfinite(cell.value))
        cells = sorted(placed, key=lambda cell: cell.value)
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


def aligned(axes: Axes, view: AxisView, looks: Looks) -> None:
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


def forest(axes: Axes, view: AxisView, looks: Looks) -> None:
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


def pareto(
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


def rows_of(view: AxisView) -> float:
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


def legend(figure: Figure, panels: Iterable[Axes]) -> None:
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
