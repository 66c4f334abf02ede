"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

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
Sets = Annotated[
    list[str] | None, typer.Option("--set", help="section.key=value, may be repeated.")
]
Outputs = Annotated[Path, typer.Option(help="Folder of all results.")]
OUTPUTS = Path("outputs")
