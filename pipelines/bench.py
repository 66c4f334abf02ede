"""Command `bench`: measures of the benchmarks package as tables and JSON."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table


def bench_loader(n_graphs: int, json_out: Path | None) -> None:
    """Measure our loader beside the stock one on `n_graphs` synthetic graphs, and print both."""
    from perceptgraph.benchmarks.loader import measure

    figures = measure(n_graphs)
    if json_out is not None:
        json_out.parent.mkdir(parents=True, exist_ok=True)
        json_out.write_text(json.dumps(figures, indent=2) + "\n")
    table = Table("measure", title=f"Loader, {n_graphs:,} graphs", title_justify="left")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.4g}" if abs(value) < 1000 else f"{value:,.0f}")
    Console().print(table)
