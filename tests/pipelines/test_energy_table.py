from dataclasses import replace
from pathlib import Path

import pytest

from perceptgraph.pipelines.energy import EnergyRecord, to_json
from perceptgraph.pipelines.energy_table import (
    MODELLED,
    costs_of,
    joules_text,
    method_text,
    print_ledger,
    two_digits,
)

RECORD = EnergyRecord(
    run_id="old",
    session="yesterday",
    stage="detect",
    dataset="shapes",
    model="",
    state="complete",
    started="2026-01-01T00:00:00+00:00",
    wall_s=2.0,
    cpu_s_self=1.0,
    cpu_s_children=3.0,
    work={"images": 1234},
    method="modelled-generic",
    cpu_watts=None,
    ram_watts=None,
    energy_kwh=1e-5,
    energy_low_kwh=1e-6,
    energy_high_kwh=1e-4,
    gpu_kwh=0.0,
    co2_kg=None,
    country=None,
    intensity_g_per_kwh=None,
    pue=1.0,
    strubell_kwh=2e-5,
    strubell_co2_kg=1e-5,
    host="0123",
    load_at_start=0.5,
    meter="fake 1",
)
NEW = replace(RECORD, run_id="new", session="today", stage="relate")
KILLED = replace(
    NEW, run_id="killed", state="running", energy_kwh=None, energy_low_kwh=None, work={}
)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    (folder / "shapes/energy").mkdir(parents=True)
    (folder / "shapes/energy/detect.json").write_text(to_json(RECORD))
    (folder / "shapes/energy/relate.json").write_text(to_json(NEW))
    first = replace(RECORD, run_id="first")
    lines = [to_json(record) for record in (first, RECORD, KILLED, NEW)]
    (folder / "ledger.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def test_cells_are_told_apart_by_the_run_that_executed_them(outputs: Path) -> None:
    costs = costs_of(outputs)

    assert [r.run_id for r in costs.now] == ["new"]
    assert [r.run_id for r in costs.inherited] == ["old"]
    assert [r.run_id for r in costs.incomplete] == ["killed"]
    assert [r.run_id for r in costs.replaced] == ["first"]


def test_records_without_a_ledger_were_all_inherited(outputs: Path) -> None:
    (outputs / "ledger.jsonl").unlink()

    costs = costs_of(outputs)

    assert len(costs.inherited) == 2
    assert not costs.now


def test_tables_say_what_was_modelled_and_why_co2_is_blank(
    outputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    print_ledger(outputs)

    out = capsys.readouterr().out
    assert out.count(MODELLED) == 2
    assert "images 1,234" in out
    assert "36" in out
    assert "3.6 - 360" in out
    assert "at least 0" in out
    assert "CO2 is left blank" in out


def test_figures_claim_two_digits() -> None:
    assert [two_digits(v) for v in (None, 0, 0.01234, 9.96, 12345.0)] == [
        "",
        "0",
        "0.012",
        "10",
        "12,000",
    ]


def test_killed_run_has_no_joules_and_a_sensor_is_named() -> None:
    assert joules_text(KILLED) == ("", "")
    assert method_text(replace(RECORD, method="measured-rapl")) == "measured (rapl)"
