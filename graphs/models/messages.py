"""Messages along edges and what a node takes of them, without an array of all messages.

Compiled for the processor, forth and back; by tensor operations on other devices, which hold the
messages of all edges at a time.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceptgraph.stores.compiled import njit


def gathered(
    here: Tensor, there: Tensor, said: Tensor, slot: Tensor, kind: Tensor, edges: Tensor
) -> tuple[Tensor, Tensor]:
    r"""Mean and maximum (N, D) of the messages that the edges of each node bring.

    .. math:: m_e = \mathrm{relu}(a_{s(e)} + b_{t(e)} + c_e + d_{k(e)})

    for edge e from node s to node t; zeros for a node without edges.

    Parameters
    ----------
    here, there : (N, D)
        a and b: what source and target add to a message.
    said : (E, D)
        c: what the edge adds.
    slot : (K, D)
        d: what each kind of edge adds.
    kind : (E,) int64
        Kind k of each edge.
    edges : (2, E) int64
        Source and target.
    """
    if here.device.type == "cpu":
        mean, most = _Gathered.apply(here, there, said, slot, kind, edges)  # type: ignore[no-untyped-call]
        return mean, most
    source, target = edges
    message = (here[source] + there[target] + said + slot[kind]).relu()
    count = torch.bincount(source, minlength=len(here)).to(here.dtype)[:, None]
    zeros = torch.zeros_like(here)
    mean = zeros.index_add(0, source, message) / count.clamp(min=1)
    place = source[:, None].expand_as(message)
    return mean, zeros.scatter_reduce(0, place, message, "amax")


class _Gathered(torch.autograd.Function):
    """`gathered` with its derivatives. At a maximum that several edges share, the first has it."""

    @staticmethod
    def forward(ctx: Any, *given: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and maximum."""
        arrays = [t.detach().contiguous().numpy() for t in given]
        here, edges = arrays[0], arrays[5]
        count = np.bincount(edges[0], minlength=len(here))
        share = (1 / np.maximum(count, 1)).astype(here.dtype)
        mean, most = np.zeros_like(here), np.zeros_like(here)
        best = np.full(here.shape, -1, np.int32)
        _gather(*arrays, share, mean, most, best)
        ctx.arrays, ctx.share, ctx.best = arrays, share, best
        return torch.from_numpy(mean), torch.from_numpy(most)

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor, of_most: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by the first four."""
        found = [np.zeros_like(array) for array in ctx.arrays[:4]]
        of = [t.contiguous().numpy() for t in (of_mean, of_most)]
        _spread_back(*ctx.arrays, ctx.share, ctx.best, *of, *found)
        return (*(torch.from_numpy(array) for array in found), None, None)


@njit(cache=True, nogil=True)
def _gather(here, there, said, slot, kind, edges, share, mean, most, best):  # type: ignore[no-untyped-def]
    zero = mean.dtype.type(0)
    for e in range(len(kind)):
        s, t, k = edges[0, e], edges[1, e], kind[e]
        weight = share[s]
        # No branch, so that several numbers are worked on at once.
        for d in range(here.shape[1]):
            message = max(here[s, d] + there[t, d] + said[e, d] + slot[k, d], zero)
            mean[s, d] += weight * message
            best[s, d] = e if message > most[s, d] else best[s, d]
            most[s, d] = max(message, most[s, d])


@njit(cache=True, nogil=True)
def _spread_back(  # type: ignore[no-untyped-def]
    here,
    there,
    said,
    slot,
    kind,
    edges,
    share,
    best,
    of_mean,
    of_most,
    by_here,
    by_there,
    by_said,
    by_slot,
):
    zero = of_mean.dtype.type(0)
    for e in range(len(kind)):
        s, t, k = edges[0, e], edges[1, e], kind[e]
        weight = share[s]
        for d in range(here.shape[1]):
            message = here[s, d] + there[t, d] + said[e, d] + slot[k, d]
            of_it = of_most[s, d] if best[s, d] == e else zero
            by_said[e, d] = weight * of_mean[s, d] + of_it if message > zero else zero
        # One array at a time: with all four at once the compiler must fear that they overlap.
        for d in range(here.shape[1]):
            by_here[s, d] += by_said[e, d]
        for d in range(here.shape[1]):
            by_there[t, d] += by_said[e, d]
        for d in range(here.shape[1]):
            by_slot[k, d] += by_said[e, d]
