"""What a stage cost: one record per run, with a flag that says whether joules were measured.

Without a power sensor a joule is seconds times a constant. Such figures are called modelled; the
CPU-seconds and the counts of work beside them are what can be compared. Bands are our convention,
not a finding: measured figures of software meters stray by up to 40 % from wall meters (Fischer,
arXiv 2509.22092), declared watts by a factor of two either way, and without any declared watts
between 1 W for each busy CPU-second and the whole machine's draw over the wall time.
"""

import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

JOULES_PER_KWH = 3.6e6
STRUBELL_PUE = 1.58
STRUBELL_LB_PER_KWH = 0.954  # pounds, not kilograms: the US grid of the paper
KG_PER_LB = 0.45359237

Method = Literal[
    "measured-rapl", "measured-nvml", "modelled-declared-tdp", "modelled-generic", "none"
]
State = Literal["started", "running", "complete", "failed"]


class EnergyParams(BaseModel):
    """Section `energy` of params.yaml; it invalidates no stage."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cpu_watts: float | None = Field(gt=0)
    """Draw of all CPU sockets under full load; null where it is not known."""
    ram_watts: float | None = Field(gt=0)
    """Draw of the memory; null where it is not known."""
    gpu_watts: float | None = Field(gt=0)
    """Draw of one GPU, for the estimate of Strubell et al.; null where there is none."""
    country: str | None
    """ISO 3166 code of three letters for the grid, "WORLD", or null: CO2 is then left blank."""
    intensity_g_per_kwh: float | None = Field(gt=0)
    """Of the grid; wins over `country`."""
    pue: float = Field(ge=1)
    """Power usage effectiveness of the machine's room; 1 for none."""
    heartbeat_s: float = Field(gt=0)
    """Seconds between two lines of a running stage in the ledger."""

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str | None) -> str | None:
        # Asked of codecarbon's own table: an unknown code would silently be a world average.
        if value is None or value == "WORLD":
            return value
        from codecarbon.input import DataSource

        known = DataSource().get_global_energy_mix_data()
        if value not in known:
            raise ValueError(
                f"expected an ISO 3166 code of three letters such as FRA, WORLD or null; no "
                f"figure for {value!r}"
            )
        return value


@dataclass(frozen=True, slots=True)
class EnergyRecord:
    """What one run of one stage cost, so far or in all."""

    run_id: str
    """Of this execution; a record of an older one was restored, not spent now."""
    session: str
    """Of the pipeline run that it belongs to; one for all stages of one `dvc repro`."""
    stage: str
    dataset: str
    model: str
    """Empty for stages without one."""
    state: State
    started: str
    """UTC, ISO 8601."""
    wall_s: float
    cpu_s_self: float
    cpu_s_children: float
    work: Mapping[str, int]
    method: Method
    """What most of the joules came from; "measured-nvml": a GPU's counter, the rest modelled."""
    cpu_watts: float | None
    ram_watts: float | None
    energy_kwh: float | None
    energy_low_kwh: float | None
    energy_high_kwh: float | None
    gpu_kwh: float | None
    co2_kg: float | None
    country: str | None
    intensity_g_per_kwh: float | None
    pue: float
    strubell_kwh: float
    strubell_co2_kg: float
    host: str
    """Digest of the machine's name, processor and cores: records of one host can be compared."""
    load_at_start: float
    meter: str
    """Name and version of what measured or modelled."""

    @property
    def cpu_s(self) -> float:
        """CPU-seconds of the process and its children."""
        return self.cpu_s_self + self.cpu_s_children

    @property
    def is_measured(self) -> bool:
        """A power sensor was read."""
        return self.method.startswith("measured")


def strubell(
    hours: float, cpu_watts: float, ram_watts: float, gpu_watts: float = 0.0
) -> tuple[float, float]:
    """Energy and CO2 after Strubell et al.: `1.58 t (p_c + p_r + g p_g) / 1000`.

    Parameters
    ----------
    hours : float
        Wall time.
    cpu_watts, ram_watts, gpu_watts : float
        Average draw of all sockets, of the memory, and of all GPUs together.

    Returns
    -------
    (float, float)
        kWh with the power usage effectiveness 1.58, and kg of CO2 equivalent on the US grid of the
        paper (0.954 pounds per kWh).

    References
    ----------
    .. [1] E. Strubell, A. Ganesh, A. McCallum, "Energy and policy considerations for deep learning
           in NLP", ACL 2019, equation 1.

    Examples
    --------
    >>> kwh, kg = strubell(1.0, cpu_watts=8.0, ram_watts=20.0)
    >>> round(kwh, 5), round(kg, 5)
    (0.04424, 0.01914)
    """
    kwh = STRUBELL_PUE * hours * (cpu_watts + ram_watts + gpu_watts) / 1000
    return kwh, kwh * STRUBELL_LB_PER_KWH * KG_PER_LB


def band(
    method: Method, energy_kwh: float, cpu_s: float, wall_s: float, machine_watts: float
) -> tuple[float, float]:
    """Low and high of a figure, in kWh; see the module for where they come from."""
    if method.startswith("measured"):
        return 0.6 * energy_kwh, 1.4 * energy_kwh
    if method == "modelled-declared-tdp":
        return 0.5 * energy_kwh, 2 * energy_kwh
    low = cpu_s * 1.0 / JOULES_PER_KWH
    high = wall_s * machine_watts * STRUBELL_PUE / JOULES_PER_KWH
    return min(low, energy_kwh), max(high, energy_kwh)


def host_digest() -> str:
    """Digest of this machine: its name, processor and cores."""
    import psutil

    facts = (platform.node(), platform.machine(), platform.processor(), psutil.cpu_count())
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]


def read_record(path: Path) -> EnergyRecord:
    """The record in `energy/<stage>.json`."""
    return _record(json.loads(path.read_text()))


def _record(values: Mapping[str, Any]) -> EnergyRecord:
    names = {field.name for field in fields(EnergyRecord)}
    return EnergyRecord(**{name: value for name, value in values.items() if name in names})


def to_json(record: EnergyRecord, indent: int | None = None) -> str:
    """The record as JSON; floats to four significant digits, more would be noise."""
    rounded = {
        k: float(f"{v:.4g}") if isinstance(v, float) else v for k, v in asdict(record).items()
    }
    return json.dumps(rounded, indent=indent)


def read_ledger(path: Path) -> list[EnergyRecord]:
    """The last line of each run in the ledger, in the order in which they started.

    A run without a last word was killed: its record holds what it had spent at its last heartbeat
    and keeps the state "started" or "running".
    """
    last: dict[str, EnergyRecord] = {}
    if path.exists():
        for line in path.read_text().splitlines():
            try:
                record = _record(json.loads(line))
            except (json.JSONDecodeError, TypeError):
                continue  # the line that a power cut left half written
            last[record.run_id] = record
    return list(last.values())


def is_incomplete(record: EnergyRecord) -> bool:
    """The run was killed or failed."""
    return record.state != "complete"
