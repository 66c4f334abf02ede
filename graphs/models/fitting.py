"""Fit a network: a fixed budget of steps, early stopping, and a checkpoint that loses nothing.

Everything random is a function of the seed and the step alone: the order of the samples, their
augmentation and the masks of dropout. A run that is killed and starts again therefore ends with
the very same weights.
"""

import copy
import math
import os
from collections.abc import Callable
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from perceptgraph.graphs.models.classifier import Classifier, ClosedForm, Drawn, Network, Samples
from perceptgraph.graphs.shards import batches

EVALUATION_BATCH = 256
KEPT_BYTES = 30 << 20
"""A block of this size, freed once, lets the allocator of Linux keep twice as much (mallopt(3):
M_MMAP_THRESHOLD); else every step gets its memory anew, page by page, which takes up to a fifth of
its time. Larger blocks than 32 MiB teach it nothing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How long and how fast to learn."""

    batch_size: int
    max_steps: int
    evaluate_every: int
    """Steps from one evaluation on the validation set to the next."""
    patience: int
    """Evaluations without a lower validation loss after which it stops."""
    learning_rate: float
    """Of Adam at the first step; it falls to 0 at `max_steps` like a half cosine."""
    weight_decay: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One row of the learning curve."""

    step: int
    train_loss: float
    """Mean over the steps since the last evaluation, with dropout."""
    val_loss: float
    """NaN, like the accuracy, where there is nothing to validate on."""
    val_accuracy: float


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where the state of an unfinished fit is kept."""

    path: Path
    key: str
    """Digest of all that the fit depends on; a state of another key is not taken up."""

    def save(self, state: dict[str, Any]) -> None:
        """Write the state: whole and flushed to disk, or the one before stays."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_suffix(".partial")
        with temporary.open("wb") as file:
            torch.save({"key": self.key, **state}, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    def load(self, device: torch.device) -> dict[str, Any] | None:
        """The state, if there is one of this key; it holds numbers and tensors and runs no code."""
        if not self.path.exists():
            return None
        state: dict[str, Any] = torch.load(self.path, map_location=device, weights_only=True)
        return state if state["key"] == self.key else None


def logits_of(
    net: Classifier, samples: Samples, indices: NDArray[np.int64], device: torch.device
) -> Tensor:
    """Logits (len(indices), C) of these samples, on the CPU, without dropout."""
    net.eval()
    with torch.inference_mode():
        pieces = [
            net.logits(samples.batch(indices[i : i + EVALUATION_BATCH]).to(device)).cpu()
            for i in range(0, max(len(indices), 1), EVALUATION_BATCH)
        ]
    return torch.cat(pieces)


def _evaluate(
    net: Classifier,
    samples: Samples,
    val: NDArray[np.int64],
    device: torch.device,
    step: int,
    train_loss: float,
) -> Evaluation:
    if not len(val):
        return Evaluation(step, train_loss, math.nan, math.nan)
    logits = logits_of(net, samples, val, device)
    label = torch.from_numpy(samples.label[val])
    loss = float(functional.cross_entropy(logits, label))
    if not math.isfinite(loss):
        raise ValueError(
            f"expected a finite validation loss, got {loss} at step {step}; lower "
            "train.learning_rate"
        )
    return Evaluation(step, train_loss, loss, float((logits.argmax(1) == label).float().mean()))


def best_of(history: list[Evaluation]) -> int:
    """Index of the first evaluation of the lowest validation loss; the last one without any."""
    if math.isnan(history[-1].val_loss):
        return len(history) - 1
    return min(range(len(history)), key=lambda i: history[i].val_loss)


def is_over(history: list[Evaluation], recipe: Recipe) -> bool:
    """The budget is spent, or the validation loss has not fallen for `patience` evaluations."""
    if not history:
        return False
    waited = len(history) - 1 - best_of(history)
    return history[-1].step >= recipe.max_steps or waited >= recipe.patience


def fit(
    net: Classifier,
    samples: Samples,
    train: NDArray[np.int64],
    val: NDArray[np.int64],
    rng: np.random.Generator,
    recipe: Recipe,
    device: torch.device | None = None,
    checkpoint: Checkpoint | None = None,
    on_evaluation: Callable[[Evaluation], None] = lambda row: None,
    drawn: Drawn | None = None,
) -> list[Evaluation]:
    """Fit `net` on samples `train`; a network ends with its best weights on samples `val`.

    Without samples to validate on, as in few-shot runs, a network learns for all of the steps and
    keeps its last weights. A model with a closed form is solved, and evaluated once.

    Parameters
    ----------
    net : Classifier
        With its first weights; changed in place and left on `device`.
    samples : Samples
        Of which `train` and `val` are the indices, each with a label; `val` may be empty.
    rng : Generator
        The result is a function of its state.
    device : torch.device, optional
        The CPU by default.
    checkpoint : Checkpoint, optional
        Kept at each evaluation and taken up where there is one.
    on_evaluation : callable
        Told each new row of the learning curve, after the checkpoint is on disk.
    drawn : callable, optional
        Gives the batch of some samples to learn from; as `samples` has them by default. Its
        generator is a function of the seed and the step.

    Returns
    -------
    list of Evaluation
        The learning curve, rows of a former run included.
    """
    if not len(train):
        raise ValueError("expected samples to train on, got none")
    device = device or torch.device("cpu")
    if isinstance(net, ClosedForm):
        net.solve(samples, train, rng, drawn)
        net.to(device)
        row = _evaluate(net, samples, val, device, 1, 0.0)
        on_evaluation(row)
        return [row]
    if not isinstance(net, Network):
        raise TypeError(f"expected a Network or a ClosedForm, got {type(net).__name__}")
    seed = int(rng.integers(2**62))
    np.empty(KEPT_BYTES, np.uint8)
    net.prepare(samples.batch(train[i : i + 1024]) for i in range(0, len(train), 1024))
    net.to(device)
    # Fused: on the processor a fifth of the time of one operation after the other.
    optimiser = torch.optim.Adam(net.parameters(), weight_decay=recipe.weight_decay, fused=True)
    history: list[Evaluation] = []
    best = copy.deepcopy(net.state_dict())
    state = checkpoint.load(device) if checkpoint else None
    if state:
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        history, best = [Evaluation(*row) for row in state["history"]], state["best"]
    step, loss = history[-1].step if history else 0, 0.0
    drawn = drawn or (lambda indices, _: samples.batch(indices))
    order = batches(samples.shard[train], recipe.batch_size, seed, step)
    while not is_over(history, recipe):
        batch = drawn(train[next(order)], np.random.default_rng([seed, step, 1])).to(device)
        loss += _step(net, batch, optimiser, recipe, seed, step)
        step += 1
        if step % recipe.evaluate_every and step < recipe.max_steps:
            continue
        n_steps = step - (history[-1].step if history else 0)
        history.append(_evaluate(net, samples, val, device, step, loss / n_steps))
        loss = 0.0
        if best_of(history) == len(history) - 1:
            best = copy.deepcopy(net.state_dict())
        if checkpoint:
            checkpoint.save(
                {
                    "net": net.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "best": best,
                    "history": [astuple(row) for row in history],
                }
            )
        on_evaluation(history[-1])
    net.load_state_dict(best)
    return history


def _step(
    net: Network,
    batch: Any,
    optimiser: torch.optim.Optimizer,
    recipe: Recipe,
    seed: int,
    step: int,
) -> float:
    """One step of gradient descent; the loss before it."""
    # Seeded anew at each step, so that no state of a generator must survive a kill.
    torch.manual_seed(seed + step)
    rate = 0.5 * (1 + math.cos(math.pi * step / recipe.max_steps))
    for group in optimiser.param_groups:
        group["lr"] = recipe.learning_rate * rate
    net.train()
    loss = net.loss(batch)
    optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    return float(loss.detach())
