"""The command line. Heavy imports wait inside the commands, so that --help is quick."""

import json
import logging
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

app = typer.Typer(
    name="perceptgraph",
    help="Images to perceptual primitives, primitives to relation graphs, graphs to small models.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
bench_app = typer.Typer(help="Ratios against peers, in one run.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")

USAGE, FAILED = 2, 1
INTERRUPTED = (130, 143)
"""128 and the number of the signal: SIGINT, for which typer ends the command, and SIGTERM."""

KNOWN = (OSError, ValueError)
"""Errors whose message is enough; all of ours are among them."""

Images = Annotated[list[Path], typer.Argument(help="Image files.")]
Params = Annotated[Path, typer.Option(help="Parameters of the run.")]
PARAMS = Path("params.yaml")
Results = Annotated[Path, typer.Option(help="Folder of the tables that were landed.")]
RESULTS = Path("results")
Kinds = Annotated[
    str,
    typer.Option(
        help="Detectors, with commas: lines, edges, junctions, ridges, blobs for photographs; "
        "contours, strokes, stroke_junctions for drawings and digits."
    ),
]
KINDS = "lines,junctions"
DataFolder = Annotated[
    Path | None, typer.Option(envvar="PERCEPTGRAPH_DATA", help="Folder of data files.")
]
JsonOut = Annotated[Path | None, typer.Option("--json", help="Write the figures here.")]


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        return json.dumps(
            {
                "time": self.formatTime(record),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
            }
        )


@app.callback()
def settings(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is done.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of errors.")] = False,
    json_log: Annotated[
        bool, typer.Option("--json-log", help="Log JSON lines to standard error.")
    ] = False,
) -> None:
    """Options of every command."""
    handler = logging.StreamHandler()
    if json_log:
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("perceptgraph")
    log.handlers = [handler]
    log.setLevel(logging.INFO if verbose or json_log else logging.WARNING)
    log.propagate = False
    if debug:
        os.environ["PERCEPTGRAPH_DEBUG"] = "1"


@app.command()
def run(
    stage: Annotated[
        str,
        typer.Argument(
            help="prepare, detect, relate, train, evaluate, ablate_data, ablate_model, robustness "
            "or report."
        ),
    ],
    dataset: Annotated[
        str, typer.Option(help="A rung of the ladder; none for report, which spans all.")
    ] = "",
    model: Annotated[str, typer.Option(help="Of stage train.")] = "",
    override: Annotated[
        list[str] | None, typer.Option("--set", help="section.key=value, may be repeated.")
    ] = None,
    params: Params = PARAMS,
    outputs: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("outputs"),
    workers: Annotated[int | None, typer.Option(min=1, help="Processes on this machine.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    results: Results = RESULTS,
    axis: Annotated[
        list[str] | None,
        typer.Option(help="Of a grid, what is measured; may be repeated; all if none is named."),
    ] = None,
) -> None:
    """Run one stage, with or without DVC."""
    from perceptgraph.pipelines.running import run_stage

    sets = [*(override or []), *([f"dask.workers={workers}"] if workers else [])]
    outcome = run_stage(
        stage,
        dataset=dataset,
        model=model,
        overrides=sets,
        params_path=params,
        outputs=outputs,
        device=device,
        results=results,
        axes=axis or (),
    )
    for image_id, reason in outcome.bad:
        typer.echo(f"left out {image_id}: {reason}", err=True)
    if outcome.too_many_bad:
        typer.echo(
            f"error: {stage}: {len(outcome.bad)} images could not be used, a larger share than "
            f"{stage}.max_bad_share allows; everything is written, mend them or raise the share",
            err=True,
        )
        raise typer.Exit(FAILED)


@app.command()
def land(
    dataset: Annotated[str, typer.Option(help="A rung whose grids were run.")],
    stage: Annotated[
        list[str] | None,
        typer.Option(help="ablate_data, ablate_model or robustness; may be repeated; else all."),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Also where cells are missing.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where landed cells of other code would go.")
    ] = False,
    override: Annotated[
        list[str] | None, typer.Option("--set", help="section.key=value, may be repeated.")
    ] = None,
    params: Params = PARAMS,
    outputs: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("outputs"),
    results: Results = RESULTS,
) -> None:
    """Write finished cells as small tables to commit, from which other runs go on."""
    from perceptgraph.pipelines.landing import land_stages

    chosen = {"unfinished": unfinished, "replace": replace}
    for line in land_stages(
        dataset, stage or (), override or (), params, outputs, results, **chosen
    ):
        typer.echo(line)


@app.command()
def results(
    tables: Annotated[Path, typer.Option("--results", help="Folder of landed tables.")] = RESULTS,
    docs: Annotated[Path, typer.Option(help="Folder of the page.")] = Path("docs"),
) -> None:
    """Write docs/results.md and its figures from the tables that were landed."""
    from perceptgraph.stages.results_page import write_results

    for path in write_results(tables, docs):
        typer.echo(path)


@app.command()
def detect(
    images: Images,
    kinds: Kinds = KINDS,
    recipe: Annotated[
        str, typer.Option(help="Of params.yaml: its detectors and their parameters, not --kinds.")
    ] = "",
    params: Params = PARAMS,
    json_out: Annotated[Path | None, typer.Option("--json", help="Primitives as JSON.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Picture with primitives drawn over.")] = None,
    png: Annotated[Path | None, typer.Option(help="The same as PNG.")] = None,
) -> None:
    """Find the perceptual primitives of images; several images need a folder for each output."""
    from perceptgraph.pipelines.images import detect_images
    from perceptgraph.pipelines.recipes import recipe_named

    if recipe:
        how = recipe_named("detect", recipe, params).model_dump()
    else:
        how = {"detectors": {kind: {} for kind in kinds.split(",")}}
    for line in detect_images(images, **how, json_out=json_out, svg=svg, png=png):
        typer.echo(line)


@app.command()
def inspect(
    what: Annotated[str, typer.Argument(help="An image file, or a rung of the ladder.")],
    images: Annotated[
        list[str] | None,
        typer.Argument(help="Images of the rung: numbers, ranges as 10:20, or all."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="One self-contained page; of several images a folder with an index."),
    ] = None,
    json_out: Annotated[
        Path | None, typer.Option("--json", help="Facts, and node-link JSON for networkx.")
    ] = None,
    graphml: Annotated[Path | None, typer.Option(help="GraphML.")] = None,
    png: Annotated[Path | None, typer.Option(help="Picture.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Picture.")] = None,
    kinds: Kinds = KINDS,
    recipe: Annotated[
        str,
        typer.Option(help="Of params.yaml, for an image file: as the stages do, not --kinds."),
    ] = "",
    params: Params = PARAMS,
    outputs: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("outputs"),
) -> None:
    """Look at the relation graph of an image: facts as text, and as page, picture or data."""
    from perceptgraph.pipelines.inspect import by_kinds, by_recipe, inspect_graphs

    asked = {"html": html, "json": json_out, "graphml": graphml, "png": png, "svg": svg}
    targets = {kind: path for kind, path in asked.items() if path is not None}
    find = by_recipe(recipe, params) if recipe else by_kinds(kinds.split(","))
    for line in inspect_graphs(what, images or [], targets, outputs, find):
        typer.echo(line)


@app.command()
def predict(
    model: Annotated[Path, typer.Argument(help="Folder of a trained model.")],
    images: Images,
    json_out: JsonOut = None,
) -> None:
    """Classify images with a trained model; its folder holds all that is needed."""
    from perceptgraph.pipelines.images import predict_images

    lines, failed = predict_images(model, images, json_out)
    for line in lines:
        typer.echo(line)
    if failed:
        raise typer.Exit(FAILED)


@app.command()
def energy(
    outputs: Annotated[Path, typer.Option(help="Folder of all results.")] = Path("outputs"),
) -> None:
    """Print what each stage cost: executed now or restored, measured or modelled."""
    from perceptgraph.pipelines.energy_table import print_ledger

    print_ledger(outputs)


@app.command()
def doctor() -> None:
    """Print versions, threads, OpenCV variant, sensors, data sets and Dask; mend hints."""
    from perceptgraph.pipelines.doctor import print_findings

    if not print_findings():
        raise typer.Exit(FAILED)


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
    params: Annotated[Path, typer.Option(help="Recipes.")] = Path("params.yaml"),
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

    measure(["loader"], None, Settings(None, n_graphs, Path("params.yaml")), json_out)


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
Sets = Annotated[
    list[str] | None, typer.Option("--set", help="section.key=value, may be repeated.")
]
Outputs = Annotated[Path, typer.Option(help="Folder of all results.")]


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
    outputs: Outputs = Path("outputs"),
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
    outputs: Outputs = Path("outputs"),
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
    outputs: Outputs = Path("outputs"),
    json_out: JsonOut = None,
) -> None:
    """Accuracy on worse images and under attack, and what it takes to reach an accuracy."""
    from perceptgraph.pipelines.bench_models import bench_models, settings_of
    from perceptgraph.pipelines.bench_robustness import SUITES, labels_of

    chosen = settings_of(outputs, params, override, model, None, draws, validate)
    bench_models("robustness", SUITES, suite or [], data, chosen, json_out, labels_of(chosen))


def _end(error: BaseException) -> NoReturn:
    from perceptgraph.stages.params import ParamsError

    if os.environ.get("PERCEPTGRAPH_DEBUG") or not isinstance(error, KNOWN):
        traceback.print_exception(error)
    else:
        typer.echo(f"error: {' '.join(str(error).split())}", err=True)
    sys.exit(USAGE if isinstance(error, ParamsError) else FAILED)


def _on_term(number: int, frame: FrameType | None) -> NoReturn:
    """Let what is open close, so that the ledger gets its last line."""
    sys.exit(128 + number)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors are one clear line unless --debug is given."""
    signal.signal(signal.SIGTERM, _on_term)
    # OpenCV tells of damaged files on its own; ours are named with the reason when all is read.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    try:
        return app(arguments)
    except SystemExit as end:
        if end.code in INTERRUPTED:
            typer.echo("interrupted; finished parts are kept, start again to go on", err=True)
        raise
    except Exception as error:
        _end(error)
