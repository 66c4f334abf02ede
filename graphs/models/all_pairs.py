"""Messages between all nodes of a graph, compiled forth and back.

A graph of n nodes has n (n - 1) pairs. They lie in order of their source, so that what a node takes
is a sum over a run of them, and no array of all messages is kept but that of their derivatives.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.stores.compiled import njit


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """Whom each of N nodes hears, node after node."""

    offsets: NDArray[np.int64]
    """(N + 1,): where the neighbours of each node begin."""
    target: NDArray[np.int32]
    """(P,): the node that is heard."""


def neighbours(place: NDArray[np.float32], ptr: NDArray[np.int64], limit: int) -> Neighbours:
    """All other nodes of its graph for each node, but only the nearest where they are too many.

    Parameters
    ----------
    place : (N, 2)
        Positions.
    ptr : (G + 1,)
        Where the nodes of each graph begin.
    limit : int
        Most neighbours of a node.

    Examples
    --------
    >>> place = np.array([[0, 0], [0, 1], [0, 5]], np.float32)
    >>> neighbours(place, np.array([0, 3]), 2).target.tolist()
    [1, 2, 0, 2, 0, 1]
    >>> neighbours(place, np.array([0, 3]), 1).target.tolist()
    [1, 0, 1]
    """
    n_nodes = np.diff(ptr)
    offsets = np.zeros(len(place) + 1, np.int64)
    np.cumsum(np.repeat(np.clip(n_nodes - 1, 0, limit), n_nodes), out=offsets[1:])
    target = np.empty(offsets[-1], np.int32)
    _join(place, ptr, offsets, target)
    return Neighbours(offsets, target)


@njit(cache=True, nogil=True)
def _join(place, ptr, offsets, target):  # type: ignore[no-untyped-def]
    for g in range(len(ptr) - 1):
        first, n = ptr[g], ptr[g + 1] - ptr[g]
        away = np.empty(n, np.float32)
        for i in range(first, ptr[g + 1]):
            begin, count = offsets[i], offsets[i + 1] - offsets[i]
            if count == n - 1:
                for k in range(count):
                    target[begin + k] = first + k + (first + k >= i)
                continue
            for k in range(n):
                row = place[first + k, 0] - place[i, 0]
                column = place[first + k, 1] - place[i, 1]
                away[k] = row * row + column * column
            away[i - first] = -1  # so that the node itself comes first, and is left out
            nearest = np.argsort(away)
            for k in range(count):
                target[begin + k] = first + nearest[k + 1]


def heard(here: Tensor, there: Tensor, said: Tensor, pairs: Neighbours) -> tuple[Tensor, Tensor]:
    r"""Mean and maximum (N, D) of what each node hears from its neighbours.

    .. math:: m_{ij} = \mathrm{relu}(a_i + b_j + c_{ij})

    Zeros for a node without neighbours.

    Parameters
    ----------
    here, there : (N, D)
        a and b: what the node that hears and the one that is heard add to a message.
    said : (P, D)
        c: what the pair adds, in the order of `pairs`.
    pairs : Neighbours
        Of N nodes.
    """
    if here.device.type == "cpu":
        mean, most = _Heard.apply(here, there, said, pairs)  # type: ignore[no-untyped-call]
        return mean, most
    count = torch.from_numpy(np.diff(pairs.offsets)).to(here.device)
    target = torch.from_numpy(pairs.target).to(here.device).long()
    source = torch.arange(len(here), device=here.device).repeat_interleave(count)
    message = (here[source] + there[target] + said).relu()
    zeros = torch.zeros_like(here)
    mean = zeros.index_add(0, source, message) / count[:, None].clamp(min=1)
    return mean, zeros.scatter_reduce(0, source[:, None].expand_as(message), message, "amax")


class _Heard(torch.autograd.Function):
    """`heard` with its derivatives. At a maximum that several pairs share, the first has it."""

    @staticmethod
    def forward(
        ctx: Any, here: Tensor, there: Tensor, said: Tensor, pairs: Neighbours
    ) -> tuple[Tensor, Tensor]:
        """Mean and maximum."""
        arrays = [t.detach().contiguous().numpy() for t in (here, there, said)]
        mean, most = np.zeros_like(arrays[0]), np.zeros_like(arrays[0])
        best = np.full(mean.shape, -1, np.int32)
        _hear(*arrays, pairs.offsets, pairs.target, mean, most, best)
        ctx.arrays, ctx.pairs, ctx.best = arrays, pairs, best
        return torch.from_numpy(mean), torch.from_numpy(most)

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor, of_most: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by the first three."""
        here, there, said = ctx.arrays
        found = np.zeros_like(here), np.zeros_like(there), np.empty_like(said)
        of = [t.contiguous().numpy() for t in (of_mean, of_most)]
        _answer(*ctx.arrays, ctx.pairs.offsets, ctx.pairs.target, ctx.best, *of, *found)
        return (*(torch.from_numpy(array) for array in found), None)


@njit(cache=True, nogil=True)
def _hear(here, there, said, offsets, target, mean, most, best):  # type: ignore[no-untyped-def]
    zero = mean.dtype.type(0)
    for i in range(len(here)):
        for p in range(offsets[i], offsets[i + 1]):
            j = target[p]
            # No branch, so that several numbers are worked on at once.
            for d in range(here.shape[1]):
                message = max(here[i, d] + there[j, d] + said[p, d], zero)
                mean[i, d] += message
                best[i, d] = p if message > most[i, d] else best[i, d]
                most[i, d] = max(message, most[i, d])
        share = mean.dtype.type(1 / max(offsets[i + 1] - offsets[i], 1))
        for d in range(here.shape[1]):
            mean[i, d] *= share


@njit(cache=True, nogil=True)
def _answer(  # type: ignore[no-untyped-def]
    here, there, said, offsets, target, best, of_mean, of_most, by_here, by_there, by_said
):
    zero = of_mean.dtype.type(0)
    for i in range(len(here)):
        share = of_mean.dtype.type(1 / max(offsets[i + 1] - offsets[i], 1))
        for p in range(offsets[i], offsets[i + 1]):
            j = target[p]
            for d in range(here.shape[1]):
                message = here[i, d] + there[j, d] + said[p, d]
                of_it = share * of_mean[i, d] + (of_most[i, d] if best[i, d] == p else zero)
                by_said[p, d] = of_it if message > zero else zero
            # One array at a time: with all three the compiler must fear that they overlap.
            for d in range(here.shape[1]):
                by_here[i, d] += by_said[p, d]
            for d in range(here.shape[1]):
                by_there[j, d] += by_said[p, d]
