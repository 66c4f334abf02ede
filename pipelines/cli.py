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

from perceptgraph.pipelines.cli_bench import bench_app
from perceptgraph.pipelines.cli_options import (
    KINDS,
    OUTPUTS,
    PARAMS,
    RESULTS,
    Images,
    JsonOut,
    Kinds,
    Outputs,
    Params,
    Results,
    Sets,
)

app = typer.Typer(
    name="perceptgraph",
    help="Images to perceptual primitives, primitives to relation graphs, graphs to small models.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)
app.add_typer(bench_app, name="bench")

USAGE, FAILED = 2, 1
INTERRUPTED = (130, 143)
"""128 and the number of the signal: SIGINT, for which typer ends the command, and SIGTERM."""

KNOWN = (OSError, ValueError)
"""Errors whose message is enough; all of ours are among them."""


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
    override: Sets = None,
    params: Params = PARAMS,
    outputs: Outputs = OUTPUTS,
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
    override: Sets = None,
    params: Params = PARAMS,
    outputs: Outputs = OUTPUTS,
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
    outputs: Outputs = OUTPUTS,
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
    outputs: Outputs = OUTPUTS,
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
