"""What a stage tells the one who ran it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Outcome:
    """Work done and images that could not be used."""

    work: Mapping[str, int]
    """Counts for the energy ledger: images, pixels, primitives, nodes, edges, epochs, macs, ..."""
    bad: tuple[tuple[str, str], ...] = field(default=())
    """Image id and reason of each image that this stage could not use."""
    too_many_bad: bool = False
    """Their share is above the configured one: the run is a failure, though all is written."""


@dataclass(frozen=True, slots=True)
class Power:
    """What turns the CPU-seconds of this machine into joules."""

    watts: float
    """Of one busy core."""
    method: str
    """Where they come from: "modelled-...", for no sensor tells the cores apart."""
    host: str
    """Digest of the machine."""
