import json
from dataclasses import replace
from pathlib import Path

import pytest
from energy_samples import RECORD
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from perceptgraph.pipelines.energy import (
    EnergyParams,
    band,
    is_incomplete,
    read_ledger,
    read_record,
    strubell,
    to_json,
)

PARAMS = {
    "cpu_watts": None,
    "ram_watts": None,
    "gpu_watts": None,
    "country": None,
    "intensity_g_per_kwh": None,
    "pue": 1.0,
    "heartbeat_s": 15.0,
}
watts = st.floats(0, 1000)


def test_strubell_gives_the_worked_example() -> None:
    kwh, kg = strubell(1.0, cpu_watts=8.0, ram_watts=20.0)

    assert kwh == pytest.approx(0.04424, abs=1e-9)
    assert kg == pytest.approx(0.01914, abs=5e-6)


@given(hours=st.floats(0, 1000), cpu=watts, ram=watts, gpu=watts)
def test_strubell_counts_every_watt_alike(hours: float, cpu: float, ram: float, gpu: float) -> None:
    kwh, kg = strubell(hours, cpu, ram, gpu)

    assert kwh == pytest.approx(strubell(hours, 0.0, cpu + ram + gpu)[0])
    assert kg == pytest.approx(0.4327 * kwh, rel=1e-3)


@pytest.mark.parametrize(
    "method", ["measured-rapl", "measured-nvml", "modelled-declared-tdp", "modelled-generic"]
)
@given(kwh=st.floats(0, 1), cpu_s=st.floats(0, 1e5), wall_s=st.floats(0, 1e5))
def test_a_band_holds_its_figure(method: str, kwh: float, cpu_s: float, wall_s: float) -> None:
    low, high = band(method, kwh, cpu_s, wall_s, machine_watts=28.0)  # type: ignore[arg-type]

    assert 0 <= low <= kwh <= high


def test_the_generic_band_reaches_from_one_watt_a_core_to_the_whole_machine() -> None:
    low, high = band("modelled-generic", 1e-5, cpu_s=3.6, wall_s=36.0, machine_watts=100.0)

    assert low == pytest.approx(1e-6)
    assert high == pytest.approx(1e-3 * 1.58)


@pytest.mark.parametrize("country", ["FR", "XXX", "fra", "France", ""])
def test_an_unknown_country_is_refused_and_never_a_world_average(country: str) -> None:
    with pytest.raises(ValidationError, match="three letters"):
        EnergyParams(**PARAMS | {"country": country})


@pytest.mark.parametrize("country", ["FRA", "USA", "WORLD", None])
def test_a_known_country_is_taken(country: str | None) -> None:
    assert EnergyParams(**PARAMS | {"country": country}).country == country


def test_a_record_survives_the_trip_through_json(tmp_path: Path) -> None:
    path = tmp_path / "detect.json"
    path.write_text(to_json(RECORD, indent=2))

    assert read_record(path) == RECORD


def test_figures_are_written_to_four_digits() -> None:
    written = json.loads(to_json(replace(RECORD, wall_s=1.23456789)))

    assert written["wall_s"] == 1.235


def test_the_ledger_keeps_the_last_line_of_each_run(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.jsonl"
    lines = [
        replace(RECORD, state="started", wall_s=0.0),
        replace(RECORD, run_id="b", state="running", wall_s=5.0),
        RECORD,
    ]
    ledger.write_text("".join(to_json(line) + "\n" for line in lines) + '{"run_id": "c", "sta')

    first, second = read_ledger(ledger)

    assert first == RECORD
    assert second.wall_s == 5.0
    assert [is_incomplete(r) for r in (first, second)] == [False, True]


def test_no_ledger_is_an_empty_one(tmp_path: Path) -> None:
    assert read_ledger(tmp_path / "ledger.jsonl") == []
