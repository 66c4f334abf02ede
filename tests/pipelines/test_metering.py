import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from perceptgraph.pipelines import metering
from perceptgraph.pipelines.energy import EnergyParams, read_ledger, read_record, strubell
from perceptgraph.pipelines.metering import (
    LEDGER,
    CodecarbonMeter,
    Reading,
    core_band,
    declared_watts,
    intensity_of,
    metered,
    watts_per_core,
)

PARAMS = EnergyParams(
    cpu_watts=20.0,
    ram_watts=5.0,
    gpu_watts=None,
    country=None,
    intensity_g_per_kwh=None,
    pue=1.0,
    heartbeat_s=60.0,
)
HOST_ONLY = Reading(cpu_kwh=2e-6, ram_kwh=1e-6, gpu_kwh=0.0)
BURN = "import time\nwhile time.process_time() < 0.3: pass"


@dataclass
class FakeMeter:
    """A meter that reads what it is told, in place of sensors that this machine lacks."""

    reading: Reading = field(default_factory=lambda: Reading(2e-6, 1e-6, 0.0))
    method: str = "modelled-declared-tdp"
    name: str = "fake 1"
    started: bool = False

    def start(self) -> None:
        self.started = True

    def stop(self) -> Reading:
        assert self.started
        return self.reading


def run(folder: Path, meter: FakeMeter | None = None, params=PARAMS, **keywords):
    path = folder / "shapes/energy/detect.json"
    meter = meter or FakeMeter()
    with metered(params, folder, path, "detect", "shapes", meter=meter, **keywords) as metering:
        metering.work["images"] = 7
    return read_record(path)


def test_the_record_says_what_was_done_and_what_it_cost(tmp_path: Path) -> None:
    record = run(tmp_path)

    assert (record.stage, record.dataset, record.state) == ("detect", "shapes", "complete")
    assert record.work == {"images": 7}
    assert record.energy_kwh == pytest.approx(3e-6)
    assert (record.energy_low_kwh, record.energy_high_kwh) == pytest.approx((1.5e-6, 6e-6))
    assert record.strubell_kwh == pytest.approx(strubell(record.wall_s / 3600, 20, 5)[0], rel=0.01)
    assert read_ledger(tmp_path / LEDGER) == [record]


def test_the_ledger_has_a_first_line_and_a_last_one(tmp_path: Path) -> None:
    run(tmp_path)

    states = [json.loads(s)["state"] for s in (tmp_path / LEDGER).read_text().splitlines()]

    assert states == ["started", "complete"]


def test_the_first_line_is_there_before_the_meter_starts(tmp_path: Path) -> None:
    class Killed(FakeMeter):
        def start(self) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, Killed())

    (record,) = read_ledger(tmp_path / LEDGER)
    assert record.state == "started"


def test_a_running_stage_says_now_and_then_what_it_spent(tmp_path: Path) -> None:
    params = PARAMS.model_copy(update={"heartbeat_s": 0.05})

    with metered(params, tmp_path, tmp_path / "r.json", "detect", meter=FakeMeter()):
        time.sleep(0.3)
        (record,) = read_ledger(tmp_path / LEDGER)

    assert record.state == "running"
    assert 0 < record.wall_s < 5


def test_a_failed_stage_has_a_last_line_and_no_record(tmp_path: Path) -> None:
    path = tmp_path / "detect.json"

    with (
        pytest.raises(OSError, match="disk full"),
        metered(PARAMS, tmp_path, path, "detect", meter=FakeMeter()),
    ):
        raise OSError("disk full")

    (record,) = read_ledger(tmp_path / LEDGER)
    assert record.state == "failed"
    assert record.energy_kwh is not None
    assert not path.exists()


def test_two_runs_have_two_identities_of_one_session(tmp_path: Path) -> None:
    first, second = run(tmp_path), run(tmp_path)

    assert first.run_id != second.run_id
    assert (first.session, first.host) == (second.session, second.host)
    assert len(read_ledger(tmp_path / LEDGER)) == 2


def test_cpu_seconds_of_children_are_counted_also_of_killed_ones(tmp_path: Path) -> None:
    path = tmp_path / "detect.json"

    with metered(PARAMS, tmp_path, path, "detect", meter=FakeMeter()):
        subprocess.run([sys.executable, "-c", BURN], check=True)
        with subprocess.Popen([sys.executable, "-c", BURN + "\ntime.sleep(60)"]) as child:
            time.sleep(1.0)
            child.send_signal(signal.SIGKILL)

    assert 0.4 < read_record(path).cpu_s_children < 3


def test_no_declared_grid_leaves_co2_blank(tmp_path: Path) -> None:
    assert run(tmp_path).co2_kg is None


@pytest.mark.parametrize(
    ("changes", "grams"),
    [
        ({"intensity_g_per_kwh": 100.0}, 100.0),
        ({"country": "FRA", "intensity_g_per_kwh": 100.0}, 100.0),
    ],
)
def test_co2_follows_the_declared_grid(
    tmp_path: Path, changes: dict[str, object], grams: float
) -> None:
    record = run(tmp_path, params=PARAMS.model_copy(update=changes))

    assert record.co2_kg == pytest.approx(3e-6 * grams / 1000)


def test_a_country_stands_for_the_intensity_of_its_grid() -> None:
    france, world = (
        intensity_of(PARAMS.model_copy(update={"country": c})) for c in ("FRA", "WORLD")
    )

    assert 20 < france < 100 < 300 < world < 700


def test_the_room_counts_by_its_usage_effectiveness(tmp_path: Path) -> None:
    record = run(tmp_path, params=PARAMS.model_copy(update={"pue": 1.5}))

    assert record.energy_kwh == pytest.approx(4.5e-6)


def test_a_gpu_that_is_used_is_measured_by_its_own_counter(tmp_path: Path) -> None:
    meter = FakeMeter(Reading(cpu_kwh=2e-6, ram_kwh=1e-6, gpu_kwh=1e-5))

    record = run(tmp_path, meter, uses_gpu=True)

    assert record.method == "measured-nvml"
    assert record.is_measured
    assert record.energy_kwh == pytest.approx(1.3e-5)
    assert record.gpu_kwh == pytest.approx(1e-5)
    assert record.energy_low_kwh == pytest.approx(1.5e-6 + 6e-6)
    assert record.energy_high_kwh == pytest.approx(6e-6 + 1.4e-5)


def test_a_stage_that_leaves_the_gpu_idle_does_not_pay_for_it(tmp_path: Path) -> None:
    meter = FakeMeter(Reading(cpu_kwh=2e-6, ram_kwh=1e-6, gpu_kwh=1e-5))

    record = run(tmp_path, meter, PARAMS.model_copy(update={"gpu_watts": 300.0}))

    assert record.energy_kwh == pytest.approx(3e-6)
    assert record.gpu_kwh == 0
    assert record.method == "modelled-declared-tdp"
    assert record.strubell_kwh == pytest.approx(strubell(record.wall_s / 3600, 20, 5)[0], rel=0.01)


def test_undeclared_watts_are_generic_ones() -> None:
    cpu_watts, ram_watts = declared_watts(
        PARAMS.model_copy(update={"cpu_watts": None, "ram_watts": None})
    )

    assert cpu_watts % 4 == 0
    assert ram_watts == 10


def test_the_watts_of_a_core_have_the_band_of_modelled_figures() -> None:
    generic = PARAMS.model_copy(update={"cpu_watts": None, "ram_watts": None})
    declared, (low, high) = watts_per_core(PARAMS), core_band(PARAMS)
    least, most = core_band(generic)

    assert (low, high) == pytest.approx((declared / 2, declared * 2))
    assert least == pytest.approx(1)
    assert most == pytest.approx(1.58 * sum(declared_watts(generic)))
    assert least < watts_per_core(generic) < most


@pytest.mark.parametrize(
    ("watts", "has_counter", "method"),
    [
        (None, False, "modelled-generic"),
        (20.0, False, "modelled-declared-tdp"),
        (20.0, True, "measured-rapl"),
        (None, True, "measured-rapl"),
    ],
)
def test_the_flag_says_where_the_joules_come_from(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    watts: float | None,
    has_counter: bool,
    method: str,
) -> None:
    counter = tmp_path / "energy_uj"
    if has_counter:
        counter.write_text("1")
    monkeypatch.setattr(metering, "RAPL", counter)

    meter = CodecarbonMeter(PARAMS.model_copy(update={"cpu_watts": watts}))

    assert meter.method == method


def test_codecarbon_models_declared_watts_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(metering, "RAPL", tmp_path / "none")
    meter = CodecarbonMeter(PARAMS)

    meter.start()
    end = time.process_time() + 0.5
    while time.process_time() < end:
        pass
    reading = meter.stop()

    assert reading.cpu_kwh > 0
    assert reading.ram_kwh > 0
    assert list(tmp_path.iterdir()) == []
    assert capfd.readouterr() == ("", "")
