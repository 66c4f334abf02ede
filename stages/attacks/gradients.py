"""Attacks that follow gradients: of the victim itself, of another model, of a soft front end."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from perceptgraph.stages.attacks.search import Standing
from perceptgraph.stages.attacks.soft_views import soft_squares
from perceptgraph.stages.attacks.victim import Attacked, Images, Victim
from perceptgraph.stages.baselines.pixel_net import PixelNet, seen_by
from perceptgraph.stages.baselines.pixels import PixelBatch

REACH = 2.5
"""Budgets that all steps together could go."""


def gradient(model: Victim, images: Images, labels: NDArray[np.int64]) -> Images:
    """How the margin of each image changes with its pixels, (N, H, W).

    The margin, unlike the cross-entropy, has a slope where the model is sure, too [1]_.

    Raises
    ------
    ValueError
        A model that is no network on pixels.

    References
    ----------
    .. [1] N. Carlini, D. Wagner, "Towards evaluating the robustness of neural networks", IEEE
           Symposium on Security and Privacy 2017, section V.
    """
    if not isinstance(model.net, PixelNet):
        raise ValueError(
            f"expected a network on pixels to follow the gradients of, got "
            f"{type(model.net).__name__}; choose square_linf, square_l2, sparse, or another model "
            "as the source"
        )
    pixels = torch.from_numpy(images).requires_grad_()
    label = torch.from_numpy(labels)
    model.net.eval()
    seen = soft_squares(pixels, **seen_by(model.keywords))
    logits = model.net.logits(PixelBatch(seen, label))
    is_own = functional.one_hot(label, logits.shape[1]).bool()
    others = logits.masked_fill(is_own, -torch.inf).amax(1)
    (found,) = torch.autograd.grad((logits[is_own] - others).sum(), pixels)
    return np.asarray(found.numpy())


def descend(
    model: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    eps: float,
    steps: int,
) -> Iterator[Images]:
    """Pictures within `eps` of the images, each of a lower margin for the model, if all goes well.

    Projected gradient descent [1]_ from a random start; a step takes REACH / steps of the budget.

    References
    ----------
    .. [1] A. Madry, A. Makelov, L. Schmidt, D. Tsipras, A. Vladu, "Towards deep learning models
           resistant to adversarial attacks", ICLR 2018.
    """
    low, high = np.maximum(images - eps, 0), np.minimum(images + eps, 1)
    there = (images + rng.uniform(-eps, eps, images.shape)).astype(np.float32)
    there = np.clip(there, low, high, dtype=np.float32)
    for _ in range(steps):
        step = np.float32(REACH * eps / steps) * np.sign(gradient(model, there, labels))
        there = np.clip(there - step, low, high, dtype=np.float32)
        yield there


def pgd(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    eps: float,
    steps: int,
    restarts: int,
) -> Attacked:
    """White box: descend the victim's own margin, and look where each start ends.

    Parameters
    ----------
    eps : float
        Most that a pixel changes by, share of full scale.
    steps : int
        From a random start.
    restarts : int
        Random starts.

    Raises
    ------
    ValueError
        A victim that is no network on pixels.
    """
    standing = Standing(victim, images, labels)
    for _ in range(restarts):
        which = standing.which
        if not len(which):
            break
        *_, last = descend(victim, images[which], labels[which], rng, eps, steps)
        standing.try_out(which, last)
    return standing.outcome()


def transfer(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    source: str,
    eps: float,
    steps: int,
) -> Attacked:
    """Descend the margin of another contender, and show the victim where that ends.

    As in all attacks, an image that is wrong to begin with is beaten.

    Parameters
    ----------
    source : str
        The contender, a network on pixels.
    eps, steps
        As of `pgd`.
    """
    other, standing = victim.other(source), Standing(victim, images, labels)
    which = standing.which
    if len(which):
        *_, last = descend(other, images[which], labels[which], rng, eps, steps)
        standing.try_out(which, last)
    return standing.outcome()


def adaptive(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    source: str,
    eps: float,
    steps: int,
    restarts: int,
) -> Attacked:
    """Descend the margin of a differentiable stand-in, and ask the victim at every step [1]_.

    The victim's front end has no derivative; that of soft primitives, a contender that learned from
    the same images, has. What counts is the victim's answer alone.

    Parameters
    ----------
    source : str
        The stand-in: a contender, a network on pixels.
    eps, steps, restarts
        As of `pgd`.

    References
    ----------
    .. [1] A. Athalye, N. Carlini, D. Wagner, "Obfuscated gradients give a false sense of security:
           circumventing defenses to adversarial examples", ICML 2018, section 4.1.
    """
    model = victim.other(source)
    standing = Standing(victim, images, labels)
    for _ in range(restarts):
        begun = standing.which
        if not len(begun):
            break
        for there in descend(model, images[begun], labels[begun], rng, eps, steps):
            still = np.flatnonzero(standing.margin[begun] > 0)
            if not len(still):
                break
            standing.try_out(begun[still], there[still])
    return standing.outcome()
