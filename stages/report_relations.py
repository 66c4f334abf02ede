"""Figures of the report on what the graphs are made of: relations and motifs, class by class."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from perceptgraph.stages.report_facts import Rung, Table
from perceptgraph.stages.report_figures import INK, MOST_CLASSES, drawn

Floats = NDArray[np.float64]

BLUE, ORANGE = (0.13, 0.44, 0.71), (0.90, 0.48, 0.0)
CONTRAST = LinearSegmentedColormap.from_list(
    "contrast", [(*BLUE, 0.65), (*BLUE, 0.0), (*ORANGE, 0.0), (*ORANGE, 0.65)]
)
"""Fewer in blue, more in orange; what is usual has the colour of the paper."""
FULL_COLOUR = 1.5  # standard deviations within a class
TITLES = {
    "size": "",
    "relation": "relations",
    "typed motif": "perceptual motifs",
    "motif": "untyped motifs",
}


def classes_figure(rung: Rung) -> str | None:
    """How many of each relation and motif an image has, by class.

    Numbers are means per image. Colours tell what the number of nodes does not: counts per node,
    as standard deviations within a class from the mean of the classes.
    """
    table = rung.table("counts", "classes")
    if table is None or not len(table["class"]):
        return None
    classes, columns, counts, unusual = class_matrix(table)

    def draw(figure: Figure) -> None:
        groups = [group for group in TITLES if group in {g for g, _ in columns}]
        widths = [sum(g == group for g, _ in columns) for group in groups]
        grid = figure.subplots(1, len(groups), squeeze=False, sharey=True, width_ratios=widths)
        for axes, group in zip(grid[0], groups, strict=True):
            mine = [i for i, (g, _) in enumerate(columns) if g == group]
            names = [columns[i][1].replace("_", " ") for i in mine]
            _shade(axes, counts[:, mine], unusual[:, mine], names)
            axes.set_title(TITLES[group])
        grid[0, 0].set_yticks(np.arange(len(classes)) + 0.5, classes)

    width, height = 1.2 + 0.36 * len(columns), 1.4 + 0.24 * len(classes)
    return drawn(draw, width, height, f"Relations and motifs by class on {rung.name}")


def class_matrix(table: Table) -> tuple[list[str], list[tuple[str, str]], Floats, Floats]:
    """Classes, columns (group and name), mean counts (K, C) and how unusual they are (K, C).

    Columns of which no class has any are left out; of many classes some, evenly apart.
    """
    rows = list(zip(table["class"], table["group"], table["name"], strict=True))
    classes = list(dict.fromkeys(str(row[0]) for row in rows))
    columns = list(dict.fromkeys((str(row[1]), str(row[2])) for row in rows))
    counts, count_sd, per_node, per_node_sd = (
        np.reshape(table[name], (len(classes), len(columns)))
        for name in ("count", "count_sd", "per_node", "per_node_sd")
    )
    # Nodes per node are always one: of them the number itself is compared.
    is_size = np.array([group == "size" for group, _ in columns])
    means, sd = np.where(is_size, counts, per_node), np.where(is_size, count_sd, per_node_sd)
    apart = means - means.mean(axis=0)
    within = np.sqrt((sd**2).mean(axis=0))
    # Without scatter within the classes any difference is a large one.
    unusual = np.divide(apart, within, out=FULL_COLOUR * np.sign(apart.round(9)), where=within > 0)
    some = np.flatnonzero(counts.any(axis=0))
    chosen = np.unique(
        np.linspace(0, len(classes) - 1, min(len(classes), MOST_CLASSES)).astype(int)
    )
    return (
        [classes[i] for i in chosen],
        [columns[i] for i in some],
        counts[np.ix_(chosen, some)],
        unusual[np.ix_(chosen, some)],
    )


def degrees_figure(rung: Rung) -> str | None:
    """Histogram of the degrees of each relation, with the homophily of its edges by node kind."""
    table = rung.table("counts", "relations")
    if table is None or not np.any(table["edges"]):
        return None
    shown = np.flatnonzero(np.asarray(table["edges"]) > 0)
    degrees = [name for name in table if name.startswith("degree_")]
    n_columns = min(len(shown), 6)
    n_rows = -(-len(shown) // n_columns)

    def draw(figure: Figure) -> None:
        grid = figure.subplots(n_rows, n_columns, squeeze=False, sharex=True, sharey=True)
        for axes in grid.ravel()[len(shown) :]:
            axes.set_axis_off()
        for axes, i in zip(grid.ravel(), shown, strict=False):
            shares = [table[name][i] for name in degrees]
            axes.bar(np.arange(len(shares)), shares, width=0.8, color=BLUE, alpha=0.75)
            axes.set_title(str(table["relation"][i]).replace("_", " "))
            axes.text(
                *(0.97, 0.94),
                f"{table['edges'][i]:.3g} edges\nlike to like {table['homophily'][i]:.0%}\n"
                f"by chance {table['chance'][i]:.0%}",
                transform=axes.transAxes,
                ha="right",
                va="top",
                fontsize=6.5,
            )
        last = len(degrees) - 1
        grid[0, 0].set_xticks([0, last // 2, last], ["0", str(last // 2), f"{last}+"])
        grid[0, 0].set(ylim=(0, 1.02))
        figure.supylabel("share of the nodes", fontsize=8.5, color=INK)
        figure.supxlabel("edges that leave a node", fontsize=8.5, color=INK)

    return drawn(draw, 0.5 + 1.6 * n_columns, 0.5 + 1.5 * n_rows, f"Degrees on {rung.name}")


def _shade(axes: Axes, counts: Floats, unusual: Floats, names: Sequence[str]) -> None:
    """One block of columns: numbers on cells that are coloured where they are unusual."""
    axes.pcolormesh(unusual, cmap=CONTRAST, vmin=-FULL_COLOUR, vmax=FULL_COLOUR)
    for (row, column), count in np.ndenumerate(counts):
        axes.text(column + 0.5, row + 0.5, _short(count), ha="center", va="center", fontsize=6.5)
    axes.set_xticks(np.arange(len(names)) + 0.5, names, rotation=90, fontsize=7)
    axes.tick_params(length=0)
    axes.set(ylim=(len(counts), 0))
    for side in axes.spines.values():
        side.set_visible(False)


def _short(count: float) -> str:
    """Three characters or about so: .42, 7.1, 53, 1.2k, 15k, 3.1M."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if count >= 0.9995 * size:
            share = count / size
            return f"{share:.1f}{unit}" if share < 9.95 else f"{share:.0f}{unit}"
    if count >= 9.95 or count == 0:
        return f"{count:.0f}"
    return f"{count:.1f}" if count >= 0.995 else f"{count:.2f}".removeprefix("0")
