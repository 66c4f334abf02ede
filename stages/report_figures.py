"""Figures of the report, as SVG that takes its ink from the page: light and dark both read well."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from perceptgraph.datasets.image_set import image_set
from perceptgraph.graphs.primitive_store import primitives_of
from perceptgraph.stages.drawing import data_uri, draw_primitives, png_bytes, svg_bytes
from perceptgraph.stages.report_facts import Rung, Table, open_store
from perceptgraph.stores.status import SPLITS

INK = "#010203"  # stands for the page's ink until the figure is SVG
INKS = ("#8d9096", "#e69f00", "#1f9e79", "#2a80c4", "#d55e00", "#b0549a", "#56b4e9")
"""Colour of each model in turn, of Okabe and Ito, readable on light and on dark paper."""
SHADE = LinearSegmentedColormap.from_list("shade", [(0.1, 0.45, 0.75, 0.0), (0.1, 0.45, 0.75, 1.0)])
MOST_CLASSES = 40  # rows that a figure of one page can name
SAMPLE_DPI = 56  # 6 inches: 336 pixels, sharp at the width at which the page shows them

STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    **{f"{key}.color": INK for key in ("text", "xtick", "ytick")},
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
}


def ink_of(models: Sequence[str]) -> dict[str, str]:
    """Model to its colour."""
    return {model: INKS[i % len(INKS)] for i, model in enumerate(models)}


def drawn(draw: Callable[[Figure], None], width: float, height: float, title: str) -> str:
    """SVG element of a figure of this size in inches, named `title` for who cannot see it."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        figure.patch.set_alpha(0)
        draw(figure)
        for axes in figure.axes:
            axes.patch.set_alpha(0)
        text = svg_bytes(figure).decode()
    text = text[text.index("<svg") :].replace(INK, "currentColor")
    # What names and clips parts of one figure must not be found by another on the same page.
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' id="[A-Za-z0-9]+_[0-9.]+"', "", text)
    return text.replace("<svg ", f'<svg role="img" aria-label="{title}" ', 1)


def confusion_figure(rung: Rung) -> str | None:
    """Confusion matrices of all models that have one, shaded by the share of the true class."""
    tables = _tables(rung, "confusion")
    if not tables or rung.metrics is None:
        return None
    names = rung.metrics.class_names
    few = len(names) <= 20

    def draw(figure: Figure) -> None:
        grid = figure.subplots(1, len(tables), squeeze=False, sharey=True)
        for axes, (model, table) in zip(grid[0], tables.items(), strict=True):
            shares = confusion_matrix(table, names)
            axes.pcolormesh(shares, cmap=SHADE, vmin=0, vmax=1, rasterized=len(names) > 30)
            axes.set(title=model, aspect="equal", xlim=(0, len(names)), ylim=(len(names), 0))
            axes.spines[["top", "right"]].set_visible(True)
            _name_axes(axes, names if few else ())
        grid[0, 0].set_ylabel("truth")
        grid[0, 0].set_xlabel("predicted")

    return drawn(draw, 2.3 * len(tables) + 0.7, 3.1, f"Confusion matrices on {rung.name}")


def confusion_matrix(table: Table, names: Sequence[str]) -> NDArray[np.float64]:
    """Share (C, C) of each true class, by row, that was taken for each class, by column."""
    counts = np.zeros((len(names), len(names)))
    place = {name: i for i, name in enumerate(names)}
    columns = (table[name] for name in ("truth", "predicted", "count"))
    for truth, predicted, count in zip(*columns, strict=True):
        counts[place[str(truth)], place[str(predicted)]] += count
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def per_class_figure(rung: Rung) -> str | None:
    """Accuracy of each class under each model; of the hardest where there are too many classes."""
    metrics = rung.metrics
    if metrics is None:
        return None
    models = [m for m in rung.models if m in metrics.models and metrics.models[m].per_class]
    if not models:
        return None
    # As floats the None of a class without test images is NaN.
    values = np.array(
        [[metrics.models[m].per_class.get(name) for name in metrics.class_names] for m in models],
        np.float64,
    )
    order = np.arange(values.shape[1])
    if len(order) > MOST_CLASSES:
        order = np.argsort(np.nan_to_num(values, nan=2).mean(axis=0), kind="stable")[:MOST_CLASSES]
    inks = ink_of(rung.models)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        rows = np.arange(len(order))
        axes.hlines(rows, 0, 1, color=INK, alpha=0.12, linewidth=0.6)
        for model, row in zip(models, values, strict=True):
            axes.plot(
                row[order], rows, "o", color=inks[model], markersize=5, alpha=0.9, label=model
            )
        _rates(axes.axvline, metrics.chance, metrics.group_rate)
        axes.set(xlim=(-0.02, 1.02), ylim=(len(order) - 0.5, -0.5), xlabel="accuracy")
        axes.set_yticks(rows, [metrics.class_names[i] for i in order])
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        figure.legend(loc="outside upper left", ncols=6, handletextpad=0.2, columnspacing=1.2)

    return drawn(draw, 6.2, 0.9 + 0.21 * len(order), f"Accuracy by class on {rung.name}")


def curves_figure(rung: Rung) -> str | None:
    """Learning curves: loss on training and validation images, accuracy on validation images."""
    tables = _tables(rung, "history")
    if not tables:
        return None
    inks = ink_of(rung.models)

    def draw(figure: Figure) -> None:
        loss, accuracy = figure.subplots(1, 2)
        for model, table in tables.items():
            step, ink = table["step"], inks[model]
            loss.plot(step, table["train_loss"], color=ink, linewidth=0.7, alpha=0.6)
            loss.plot(step, table["val_loss"], color=ink, linewidth=1.5)
            accuracy.plot(step, table["val_accuracy"], color=ink, linewidth=1.5, label=model)
        if rung.metrics:
            _rates(accuracy.axhline, rung.metrics.chance, rung.metrics.group_rate)
        loss.set(title="Loss (thin: training, thick: validation)", xlabel="step", ylim=(0, None))
        accuracy.set(title="Validation accuracy", xlabel="step", ylim=(0, 1.02))
        figure.legend(loc="outside lower left", ncols=6, columnspacing=1.4)

    return drawn(draw, 7.6, 3.1, f"Learning curves on {rung.name}")


def calibration_figure(rung: Rung) -> str | None:
    """Reliability diagram: accuracy of the predictions of each confidence."""
    tables = _tables(rung, "calibration")
    if not tables:
        return None
    inks = ink_of(rung.models)

    def draw(figure: Figure) -> None:
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color=INK, alpha=0.35, linewidth=0.8, dashes=(4, 3))
        for model, table in tables.items():
            filled = np.asarray(table["count"]) > 0
            axes.plot(
                table["confidence"][filled],
                table["accuracy"][filled],
                "o-",
                color=inks[model],
                markersize=3.5,
                linewidth=1.2,
                label=model,
            )
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="confidence", ylabel="accuracy", aspect="equal")
        figure.legend(loc="outside lower left", ncols=3, columnspacing=1.2)

    return drawn(draw, 3.8, 4.2, f"Calibration on {rung.name}")


def sample_pictures(rung: Rung, n_samples: int) -> list[tuple[str, str]]:
    """Class and PNG, as a URI, of test images with their primitives; from each class in turn."""
    images, found = open_store(rung.folder, "prepare"), open_store(rung.folder, "detect")
    if images is None or found is None:
        return []
    names = images.attributes["class_names"]
    pictures = []
    is_test = images.column("image/split") == SPLITS.index("test")
    good = np.flatnonzero(found.column("status/ok").astype(bool) & is_test)
    for index in spread(good, images.column("image/label")[good], n_samples):
        pixels = image_set(images.block(index, index + 1)).image(0)
        label = int(found.record(index)["image/label"])
        figure = draw_primitives(pixels, primitives_of(found.record(index)), fade=0.35)
        figure.set_dpi(SAMPLE_DPI)
        name = names[label] if label >= 0 else ""
        pictures.append((name, data_uri(png_bytes(figure), "image/png")))
    return pictures


def spread(indices: NDArray[np.int64], labels: NDArray[np.int32], n_wanted: int) -> list[int]:
    """The first image of every class, then the second, ..., of classes evenly apart; in order."""
    classes = np.unique(labels)
    if len(classes) > n_wanted:
        classes = classes[np.linspace(0, len(classes) - 1, n_wanted).astype(int)]
    turns = [
        (turn, int(label), int(index))
        for label in classes
        for turn, index in enumerate(indices[labels == label][:n_wanted])
    ]
    return [index for _, _, index in sorted(turns)[:n_wanted]]


def _tables(rung: Rung, kind: str) -> dict[str, Table]:
    found = {model: rung.table(kind, model) for model in rung.models}
    return {model: table for model, table in found.items() if table is not None}


def _name_axes(axes: Axes, names: Sequence[str]) -> None:
    middles = np.arange(len(names)) + 0.5
    axes.set_xticks(middles, names, rotation=90, fontsize=6.5)
    axes.set_yticks(middles, names, fontsize=6.5)
    axes.tick_params(length=0)


def _rates(line: Callable[..., object], chance: float, group_rate: float | None) -> None:
    """Chance dotted and group rate dashed, across a panel."""
    line(chance, color=INK, alpha=0.5, linewidth=0.8, linestyle=(0, (1, 2)))
    if group_rate is not None:
        line(group_rate, color=INK, alpha=0.6, linewidth=0.8, linestyle=(0, (5, 3)))
