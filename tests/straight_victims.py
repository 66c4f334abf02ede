"""Victims whose margins are straight, so that what the strongest attack can do is known."""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.stages.attacks.victim import Victim
from perceptgraph.stages.baselines.lenet import LeNet
from perceptgraph.stages.baselines.pixel_net import PixelNet
from perceptgraph.stages.baselines.pixels import PixelBatch

SIDE = 16
NAMES = ("a", "b")


class StraightNet(PixelNet):
    """Logits of two classes: a weighted sum over the picture minus `need`, and 0."""

    def __init__(self, weight: NDArray[np.float32], need: float) -> None:
        super().__init__()
        self.weight, self.need = torch.from_numpy(weight), need
        self.n_seen = 0

    def logits(self, batch: PixelBatch) -> Tensor:
        """Logits (G, 2)."""
        self.n_seen += len(batch)
        total = (batch.pixels[:, 0] * self.weight).sum((1, 2)) - self.need
        return torch.stack([total, torch.zeros_like(total)], dim=1)

    def macs(self, batch: PixelBatch) -> int:
        """Multiply-adds."""
        return len(batch) * SIDE**2


def nobody(name: str) -> Victim:
    """There is no other contender."""
    raise ValueError(f"no {name}")


Other = Callable[[str], Victim]


def straight_victim(
    weight: NDArray[np.float32], need: float, other: Other = nobody
) -> tuple[Victim, StraightNet]:
    """A straight victim, and its net, which counts what it sees."""
    net = StraightNet(weight, need)
    return Victim(net, {"side": SIDE}, {"class_names": list(NAMES)}, other), net


def lenet_victim(seed: int = 0, other: Other = nobody) -> Victim:
    """An untrained LeNet with all that leads to it."""
    torch.manual_seed(seed)
    net = LeNet(NAMES, side=SIDE, view="raw", dropout=0.0).eval()
    return Victim(net, {"side": SIDE, "view": "raw"}, {"class_names": list(NAMES)}, other)
