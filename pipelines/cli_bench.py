"""The commands `perceptgraph bench`. Heavy imports wait inside, so that --help is quick."""

from pathlib import Path
from typing import Annotated

import typer

from perceptgraph.pipelines.cli_options import (
    OUTPUTS,
    PARAMS,
    DataFolder,
    JsonOut,
    Outputs,
    Params,
    Sets,
)

bench_app = typer.Typer(help="Ratios against peers, in one run.", no_args_is_help=True)


@bench_app.command("graphs")
def bench_graphs(
    data: DataFolder = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            help="relate, loader, stream, augment, alignment, rotation, training or stores; may be "
            "repeated; all if none is named."
        ),
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="Real images of every measure.")] = None,
    graphs: Annotated[int | None, typer.Option(min=1, help="Graphs in synthetic stores.")] = None,
    params: Params = PARAMS,
    json_out: JsonOut = None,
) -> None:
    """Speed of relations, loader and stores; how relations align with classes."""
    from perceptgraph.pipelines.bench_graphs import Settings
    from perceptgraph.pipelines.bench_graphs import bench_graphs as measure

    measure(suite or [], data, Settings(images, graphs, params), json_out)


@bench_app.command("loader")
def bench_loader(
    json_out: JsonOut = None,
    n_graphs: Annotated[int, typer.Option(min=1, help="Graphs in the store.")] = 60_000,
) -> None:
    """Graphs per CPU-second: our loader beside the stock one of torch_geometric."""
    from perceptgraph.pipelines.bench_graphs import Settings
    from perceptgraph.pipelines.bench_graphs import bench_graphs as measure

    measure(["loader"], None, Settings(None, n_graphs, PARAMS), json_out)


@bench_app.command("detectors")
def bench_detectors(
    data: DataFolder = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            help="lines, subpixel, repeatability, noise, junctions, speed or bsds; may be "
            "repeated; all if none is named."
        ),
    ] = None,
    images: Annotated[int | None, typer.Option(min=1, help="Images of every measure.")] = None,
    truth_offset: Annotated[
        list[str] | None,
        typer.Option(
            help="dense=PIXELS or original=PIXELS: where true segments have the centre of the "
            "first pixel."
        ),
    ] = None,
    json_out: JsonOut = None,
) -> None:
    """Our detectors beside their peers: quality, false alarms on noise, processor time."""
    from perceptgraph.pipelines.bench_detectors import bench_detectors as measure

    measure(suite or [], data, images, truth_offset or [], json_out)


@bench_app.command("nodes")
def bench_nodes(
    data: Annotated[
        Path, typer.Option(envvar="PERCEPTGRAPH_DATA", help="Folder with graphs, at any depth.")
    ],
    graph: Annotated[
        list[str] | None, typer.Option(help="May be repeated; all that are found if none is named.")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(help="mlp, gcn, h2gcn1, h2gcn2 or motif_gcn; may be repeated; else all."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of one training, at most.")] = 1000,
    patience: Annotated[
        int, typer.Option(min=1, help="Epochs without a better validation accuracy.")
    ] = 100,
    json_out: JsonOut = None,
) -> None:
    """Classify the nodes of public graphs, as H2GCN's paper does, beside its table."""
    from perceptgraph.benchmarks.nodes import Budget
    from perceptgraph.pipelines.bench_nodes import bench_nodes as measure

    measure(data, graph or [], model or [], Budget(epochs, patience), json_out)


BenchModels = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="A label of few_shot in params.yaml, or of suite splits; may be repeated; all if none "
        "is named.",
    ),
]
PerClasses = Annotated[
    list[str] | None,
    typer.Option(
        "--per-class",
        help="Training images of each class, or all; may be repeated; as params.yaml.",
    ),
]
Draws = Annotated[int | None, typer.Option(min=1, help="Of each number; as params.yaml.")]
Validate = Annotated[
    bool,
    typer.Option(
        "--validate", help="Score on the validation split: for choices; the test split rests."
    ),
]


@bench_app.command("digits")
def bench_digits(
    data: DataFolder = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            help="few_shot, shapes, one_shot, rotated or all_data; may be repeated; all if none "
            "is named."
        ),
    ] = None,
    model: BenchModels = None,
    per_class: PerClasses = None,
    draws: Draws = None,
    validate: Validate = False,
    override: Sets = None,
    params: Params = PARAMS,
    outputs: Outputs = OUTPUTS,
    json_out: JsonOut = None,
) -> None:
    """What models learn from few digits and characters, beside pixel models."""
    from perceptgraph.pipelines.bench_digits import SUITES
    from perceptgraph.pipelines.bench_models import bench_models, settings_of

    chosen = settings_of(outputs, params, override, model, per_class, draws, validate)
    bench_models("digits", SUITES, suite or [], data, chosen, json_out)


@bench_app.command("scenes")
def bench_scenes(
    data: DataFolder = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(help="splits or few_shot; may be repeated; all if none is named."),
    ] = None,
    model: BenchModels = None,
    per_class: PerClasses = None,
    draws: Draws = None,
    validate: Validate = False,
    override: Sets = None,
    params: Params = PARAMS,
    outputs: Outputs = OUTPUTS,
    json_out: JsonOut = None,
) -> None:
    """Categories of natural scenes from a hundred images of each, beside pixel models."""
    from perceptgraph.benchmarks.scenes import VARIANTS
    from perceptgraph.pipelines.bench_models import bench_models, settings_of
    from perceptgraph.pipelines.bench_scenes import SUITES

    chosen = settings_of(outputs, params, override, model, per_class, draws, validate)
    bench_models("scenes", SUITES, suite or [], data, chosen, json_out, VARIANTS)


@bench_app.command("robustness")
def bench_robustness(
    data: DataFolder = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(help="curves, attacks or to_target; may be repeated; all if none is named."),
    ] = None,
    model: BenchModels = None,
    draws: Draws = None,
    validate: Validate = False,
    override: Sets = None,
    params: Params = PARAMS,
    outputs: Outputs = OUTPUTS,
    json_out: JsonOut = None,
) -> None:
    """Accuracy on worse images and under attack, and what it takes to reach an accuracy."""
    from perceptgraph.pipelines.bench_models import bench_models, settings_of
    from perceptgraph.pipelines.bench_robustness import SUITES, labels_of

    chosen = settings_of(outputs, params, override, model, None, draws, validate)
    bench_models("robustness", SUITES, suite or [], data, chosen, json_out, labels_of(chosen))
