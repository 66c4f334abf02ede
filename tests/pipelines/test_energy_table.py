from dataclasses import replace
from pathlib import Path

import pytest
from energy_samples import RECORD

from perceptgraph.pipelines.energy import to_json
from perceptgraph.pipelines.energy_table import (
    MODELLED,
    costs_of,
    joules_text,
    method_text,
    print_ledger,
    two_digits,
)

OLD = replace(RECORD, run_id="old", session="yesterday", work={"images": 1234})
NEW = replace(OLD, run_id="new", session="today", stage="relate")
KILLED = replace(
    NEW, run_id="killed", state="running", energy_kwh=None, energy_low_kwh=None, work={}
)


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    folder = tmp_path / "outputs"
    (folder / "shapes/energy").mkdir(parents=True)
    (folder / "shapes/energy/detect.json").write_text(to_json(OLD))
    (folder / "shapes/energy/relate.json").write_text(to_json(NEW))
    first = replace(OLD, run_id="first")
    lines = [to_json(record) for record in (first, OLD, KILLED, NEW)]
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
    assert method_text(replace(OLD, method="measured-rapl")) == "measured (rapl)"
