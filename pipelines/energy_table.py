"""Tables of what the stages cost: what was spent now, what was inherited, what killed runs took."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from perceptgraph.pipelines.energy import (
    JOULES_PER_KWH,
    EnergyRecord,
    is_incomplete,
    read_ledger,
    read_record,
)
from perceptgraph.pipelines.metering import LEDGER

PAGE_WIDTH = 160
"""Columns of text where the output is no terminal."""
MODELLED = "modelled: order of magnitude only"
NO_CO2 = (
    "CO2 is left blank: no grid is declared; set energy.country (FRA, ..., WORLD) or "
    "energy.intensity_g_per_kwh in params.yaml."
)


@dataclass(frozen=True, slots=True)
class Costs:
    """Records of the cells as they stand, and of runs that left no result."""

    now: tuple[EnergyRecord, ...]
    """Cells that the newest pipeline run executed."""
    inherited: tuple[EnergyRecord, ...]
    """Cells that an older run executed: their results were restored or still hold."""
    incomplete: tuple[EnergyRecord, ...]
    """Runs that were killed, failed, or are still at work."""
    replaced: tuple[EnergyRecord, ...]
    """Complete runs whose results a later run replaced."""


def costs_of(outputs: Path) -> Costs:
    """What the ledger and the records beside the results in `outputs` say together."""
    ledger = read_ledger(outputs / LEDGER)
    paths = sorted(outputs.glob("*/energy/*.json"))
    paths += [p for p in [outputs.parent / "report" / "energy.json"] if p.exists()]
    cells = [read_record(path) for path in paths]
    cells.sort(key=lambda record: record.started)
    newest = ledger[-1].session if ledger else None
    kept = {record.run_id for record in cells}
    return Costs(
        now=tuple(r for r in cells if r.session == newest),
        inherited=tuple(r for r in cells if r.session != newest),
        incomplete=tuple(r for r in ledger if is_incomplete(r)),
        replaced=tuple(r for r in ledger if not is_incomplete(r) and r.run_id not in kept),
    )


def print_ledger(outputs: Path) -> None:
    """Print the tables of all that was run below `outputs`."""
    costs = costs_of(outputs)
    console = Console(width=None if sys.stdout.isatty() else PAGE_WIDTH)
    rows = [
        *(("now", r) for r in costs.now),
        *(("inherited", r) for r in costs.inherited),
        *(("incomplete", r) for r in costs.incomplete),
    ]
    if not rows:
        console.print(f"{outputs}: nothing has run yet; `make run` or `perceptgraph run` starts it")
        return
    console.print(_work_table(rows))
    console.print(_energy_table(rows))
    console.print(_totals(costs))
    if all(record.co2_kg is None for _, record in rows):
        console.print(NO_CO2)


def two_digits(value: float | None) -> str:
    """A figure to two significant digits, more would be a claim; empty for none."""
    if value is None:
        return ""
    rounded = float(f"{value:.2g}")
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.2g}"


def joules_text(record: EnergyRecord) -> tuple[str, str]:
    """Joules of a record and their band; empty where nothing was read before the run was killed."""
    if record.energy_kwh is None:
        return "", ""
    low, high = (
        two_digits(None if kwh is None else kwh * JOULES_PER_KWH)
        for kwh in (record.energy_low_kwh, record.energy_high_kwh)
    )
    return two_digits(record.energy_kwh * JOULES_PER_KWH), f"{low} - {high}"


def method_text(record: EnergyRecord) -> str:
    """Whether a sensor was read, in words."""
    if record.is_measured:
        return f"measured ({record.method.removeprefix('measured-')})"
    return MODELLED if record.method != "none" else "none"


def _cell(record: EnergyRecord) -> str:
    return " / ".join(part for part in (record.dataset, record.stage, record.model) if part)


def _work_table(rows: Sequence[tuple[str, EnergyRecord]]) -> Table:
    table = Table("cell", "run", title="Work", title_justify="left")
    table.add_column("wall s", justify="right")
    table.add_column("CPU s", justify="right")
    table.add_column("work")
    for run, record in rows:
        work = ", ".join(f"{name} {n:,}" for name, n in record.work.items() if n)
        table.add_row(_cell(record), run, two_digits(record.wall_s), two_digits(record.cpu_s), work)
    return table


def _energy_table(rows: Sequence[tuple[str, EnergyRecord]]) -> Table:
    table = Table("cell", "run", title="Energy", title_justify="left")
    for name in ("J", "J, low - high", "CO2 g", "Strubell kWh", "Strubell CO2 g"):
        table.add_column(name, justify="right")
    table.add_column("how the joules were had")
    for run, record in rows:
        table.add_row(
            _cell(record),
            run,
            *joules_text(record),
            two_digits(None if record.co2_kg is None else record.co2_kg * 1000),
            two_digits(record.strubell_kwh),
            two_digits(record.strubell_co2_kg * 1000),
            method_text(record) if record.energy_kwh is not None else "",
        )
    return table


def _totals(costs: Costs) -> Table:
    table = Table("what", title="Totals", title_justify="left")
    for name in ("runs", "wall s", "CPU s", "J", "Strubell kWh"):
        table.add_column(name, justify="right")
    for what, records in (
        ("spent now", costs.now),
        ("inherited: spent by earlier runs", costs.inherited),
        ("killed, failed or still running", costs.incomplete),
        ("complete, but replaced since", costs.replaced),
    ):
        table.add_row(
            what,
            str(len(records)),
            two_digits(sum(r.wall_s for r in records)),
            two_digits(sum(r.cpu_s for r in records)),
            _joules_of(records),
            two_digits(sum(r.strubell_kwh for r in records)),
        )
    return table


def _joules_of(records: Sequence[EnergyRecord]) -> str:
    """Joules of all records; "at least" where a killed run left none."""
    known = [r.energy_kwh for r in records if r.energy_kwh is not None]
    total = two_digits(sum(known) * JOULES_PER_KWH)
    return total if len(known) == len(records) else f"at least {total}"
