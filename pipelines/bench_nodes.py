"""Command `bench nodes`: node classification beside the published tables."""

from collections.abc import Sequence
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from tqdm import tqdm

from perceptgraph.benchmarks.nodes import GRIDS, Budget, figures_of, search, settings_of
from perceptgraph.datasets.node_graphs import node_graphs
from perceptgraph.pipelines.bench import write_figures
from perceptgraph.stages.params import check_choices


def bench_nodes(
    data: Path,
    graphs: Sequence[str],
    models: Sequence[str],
    budget: Budget,
    json_out: Path | None,
) -> None:
    """Search every model on every graph below `data`; print a table of each, write all figures.

    Raises
    ------
    MissingData
        `data` is no folder, or holds no graph.
    ParamsError
        An unknown graph or model.
    """
    found = node_graphs(data)
    check_choices("graph", graphs, found)
    check_choices("model", models, GRIDS)
    torch.set_num_threads(1)
    figures: dict[str, float] = {}
    for name in graphs or found:
        graph = found[name]()
        for model in models or GRIDS:
            n_trainings = len(settings_of(model)) * len(graph.splits["train"])
            with tqdm(total=n_trainings, desc=f"{name} {model}", leave=False, disable=None) as bar:
                score = search(graph, model, budget, on_training=bar.update)
            figures |= figures_of(name, model, score)
            write_figures(figures, json_out)  # after every model: all of them take long
        Console().print(table_of(name, len(graph.label), models or list(GRIDS), figures))


def table_of(name: str, n_nodes: int, models: Sequence[str], figures: dict[str, float]) -> Table:
    """Test accuracies of one graph in percent, and the published means."""
    table = Table("model", title=f"{name}, {n_nodes:,} nodes", title_justify="left")
    for column in ("mean", "sd", "published"):
        table.add_column(column, justify="right")
    for model in models:
        cells = (figures.get(f"{name}/{model}/{what}") for what in ("mean", "sd", "published"))
        table.add_row(model, *("" if value is None else f"{value:.2f}" for value in cells))
    return table
