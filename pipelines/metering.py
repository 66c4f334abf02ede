"""Meter one stage: lines in the append-only ledger while it runs, one record at its end.

The ledger gets a line when the stage starts, one at each heartbeat and one at the end, each flushed
to disk, so that a run that is killed leaves what it had spent.
"""

import logging
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psutil

from perceptgraph.pipelines.energy import (
    JOULES_PER_KWH,
    EnergyParams,
    EnergyRecord,
    Method,
    State,
    band,
    host_digest,
    strubell,
    to_json,
)

LEDGER = "ledger.jsonl"
RAPL = Path("/sys/class/powercap/intel-rapl:0/energy_uj")
GENERIC_WATTS_PER_THREAD = 4.0  # codecarbon's fallback for a processor that it does not know
GENERIC_RAM_WATTS = 10.0  # its model of the memory of one process


@dataclass(frozen=True, slots=True)
class Reading:
    """Energy since the start of a meter, in kWh."""

    cpu_kwh: float
    ram_kwh: float
    gpu_kwh: float


class Meter(Protocol):
    """What joules come from."""

    name: str
    method: Method

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> Reading:
        """End, and say what was used."""
        ...


class CodecarbonMeter:
    """codecarbon's offline tracker in process mode, every setting given, nothing written."""

    def __init__(self, params: EnergyParams) -> None:
        from importlib.metadata import version

        self.name = f"codecarbon {version('codecarbon')}, process"
        has_rapl = os.access(RAPL, os.R_OK)
        self.method: Method = "measured-rapl" if has_rapl else method_of(params)
        self._forced: dict[str, Any] = {}
        if params.cpu_watts and not has_rapl:
            self._forced["force_cpu_power"] = params.cpu_watts
        if params.ram_watts:
            self._forced["force_ram_power"] = params.ram_watts
        self._tracker: Any = None

    def start(self) -> None:
        """Begin; takes a second or two, in which codecarbon looks at the machine."""
        import codecarbon

        # It logs two lines before its own log level applies.
        logging.getLogger("codecarbon").disabled = True
        self._tracker = codecarbon.OfflineEmissionsTracker(
            # Its CO2 is not used: without a country it would silently take a world average.
            country_iso_code="USA",
            tracking_mode="process",
            output_methods=[],
            log_level="critical",
            measure_power_secs=5,
            allow_multiple_runs=True,
            pue=1.0,
            **self._forced,
        )
        self._tracker.start()

    def stop(self) -> Reading:
        """End, before the cluster closes: workers that are gone are not counted."""
        self._tracker.stop()
        data = self._tracker.final_emissions_data
        return Reading(data.cpu_energy, data.ram_energy, data.gpu_energy)


@dataclass(slots=True)
class Metering:
    """Handed to the code that is metered, to say what it did."""

    work: dict[str, int]


class _Clock:
    """Wall and CPU seconds of this process and its children since the start."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._wall = time.monotonic()
        self._self, self._children = 0.0, 0.0
        self._most = 0.0
        self._self, self._children = self._cpu()

    def _cpu(self) -> tuple[float, float]:
        own = self._process.cpu_times()
        children = own.children_user + own.children_system  # those that ended
        for child in self._process.children(recursive=True):
            try:
                times = child.cpu_times()
            except psutil.Error:
                continue
            children += times.user + times.system
        return own.user + own.system, children

    def read(self) -> tuple[float, float, float]:
        """Wall, own and children's CPU seconds."""
        own, children = self._cpu()
        # A killed worker is reaped by its own parent: what was seen once must not be lost.
        self._most = max(self._most, children - self._children)
        return time.monotonic() - self._wall, own - self._self, self._most


def intensity_of(params: EnergyParams) -> float | None:
    """Grams of CO2 equivalent per kWh of the declared grid; None where none is declared."""
    if params.intensity_g_per_kwh is not None or params.country is None:
        return params.intensity_g_per_kwh
    from codecarbon.input import DataSource

    if params.country == "WORLD":
        return float(DataSource().get_carbon_intensity_per_source_data()["world_average"])
    return float(DataSource().get_global_energy_mix_data()[params.country]["carbon_intensity"])


def session() -> str:
    """Which pipeline run this process belongs to: its `dvc` ancestor, or itself."""
    me = psutil.Process()
    for process in me.parents():
        if process.name().startswith("dvc"):
            me = process
            break
    return f"{me.pid}-{me.create_time():.0f}"


def _append(ledger: Path, record: EnergyRecord) -> None:
    ledger.parent.mkdir(parents=True, exist_ok=True)
    line = (to_json(record) + "\n").encode()
    # One write to a file opened for appending: lines of stages that run at once do not mix.
    handle = os.open(ledger, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)


def _blank(
    stage: str, dataset: str, model: str, params: EnergyParams, meter: Meter
) -> EnergyRecord:
    return EnergyRecord(
        run_id=uuid.uuid4().hex,
        session=session(),
        stage=stage,
        dataset=dataset,
        model=model,
        state="started",
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        wall_s=0.0,
        cpu_s_self=0.0,
        cpu_s_children=0.0,
        work={},
        method=meter.method,
        cpu_watts=params.cpu_watts,
        ram_watts=params.ram_watts,
        energy_kwh=None,
        energy_low_kwh=None,
        energy_high_kwh=None,
        gpu_kwh=None,
        co2_kg=None,
        country=params.country,
        intensity_g_per_kwh=intensity_of(params),
        pue=params.pue,
        strubell_kwh=0.0,
        strubell_co2_kg=0.0,
        host=host_digest(),
        load_at_start=os.getloadavg()[0],
        meter=meter.name,
    )


def _at(
    record: EnergyRecord, clock: _Clock, params: EnergyParams, state: State, gpu_watts: float
) -> EnergyRecord:
    """The record with times and Strubell's estimate as of now."""
    wall, own, children = clock.read()
    kwh, kg = strubell(wall / 3600, *declared_watts(params), gpu_watts)
    return replace(
        record,
        state=state,
        wall_s=wall,
        cpu_s_self=own,
        cpu_s_children=children,
        strubell_kwh=kwh,
        strubell_co2_kg=kg,
    )


def declared_watts(params: EnergyParams) -> tuple[float, float]:
    """Watts of processor and memory: as declared, else codecarbon's generic ones."""
    threads = psutil.cpu_count() or 1
    return (
        params.cpu_watts or GENERIC_WATTS_PER_THREAD * threads,
        params.ram_watts or GENERIC_RAM_WATTS,
    )


def method_of(params: EnergyParams) -> Method:
    """Where the joules of CPU-seconds come from."""
    return "modelled-declared-tdp" if params.cpu_watts else "modelled-generic"


def watts_per_core(params: EnergyParams) -> float:
    """Modelled watts of one busy core: those declared for all, shared out, else generic ones."""
    return declared_watts(params)[0] / (psutil.cpu_count() or 1)


def core_band(params: EnergyParams) -> tuple[float, float]:
    """Watts of one busy core at least and at most, by the `band` of a modelled figure."""
    a_second = watts_per_core(params) / JOULES_PER_KWH
    low, high = band(method_of(params), a_second, 1.0, 1.0, sum(declared_watts(params)))
    return low * JOULES_PER_KWH, high * JOULES_PER_KWH


def _with_reading(record: EnergyRecord, reading: Reading, params: EnergyParams) -> EnergyRecord:
    """The record with its joules, named after what most of them came from."""
    host, gpu = (reading.cpu_kwh + reading.ram_kwh) * params.pue, reading.gpu_kwh * params.pue
    times = record.cpu_s, record.wall_s, sum(declared_watts(params))
    low, high = band(record.method, host, *times)
    gpu_low, gpu_high = band("measured-nvml", gpu, *times)
    total, intensity = host + gpu, record.intensity_g_per_kwh
    return replace(
        record,
        method="measured-nvml" if gpu > host else record.method,
        energy_kwh=total,
        energy_low_kwh=low + gpu_low,
        energy_high_kwh=high + gpu_high,
        gpu_kwh=gpu,
        co2_kg=None if intensity is None else total * intensity / 1000,
    )


@contextmanager
def metered(
    params: EnergyParams,
    outputs: Path,
    record_path: Path,
    stage: str,
    dataset: str = "",
    model: str = "",
    meter: Meter | None = None,
    uses_gpu: bool = False,
) -> Iterator[Metering]:
    """Meter the block: lines in `outputs/ledger.jsonl`; its record at `record_path` if it succeeds.

    Enter it inside of the cluster's context, so that workers are still there when it ends. What
    GPUs draw is counted where `uses_gpu`: a block that leaves them idle does not pay for them.
    """
    meter = meter or CodecarbonMeter(params)
    gpu_watts = (params.gpu_watts or 0.0) if uses_gpu else 0.0
    record = _blank(stage, dataset, model, params, meter)
    ledger, done = outputs / LEDGER, threading.Event()
    _append(ledger, record)  # before the meter, which takes seconds to start
    meter.start()
    clock = _Clock()

    def beat() -> None:
        while not done.wait(params.heartbeat_s):
            _append(ledger, _at(record, clock, params, "running", gpu_watts))

    heart = threading.Thread(target=beat, daemon=True)
    heart.start()
    metering, state = Metering({}), "failed"
    try:
        yield metering
        state = "complete"
    finally:
        done.set()
        heart.join()
        record = _at(record, clock, params, state, gpu_watts)  # type: ignore[arg-type]
        reading = meter.stop()
        reading = reading if uses_gpu else replace(reading, gpu_kwh=0.0)
        record = _with_reading(replace(record, work=metering.work), reading, params)
        _append(ledger, record)
        if state == "complete":
            record_path.parent.mkdir(parents=True, exist_ok=True)
            partial = record_path.with_suffix(".partial")
            partial.write_text(to_json(record, indent=2) + "\n")
            partial.replace(record_path)
