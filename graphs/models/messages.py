"""Messages along edges and what a node takes of them.

Compiled for the processor, forth and back; by tensor operations on other devices, and where
somebody asks how the messages change with what edges say.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceptgraph.stores.compiled import njit


def gathered(
    here: Tensor,
    there: Tensor,
    slot: Tensor,
    weight: Tensor,
    said: Tensor,
    kind: Tensor,
    edges: Tensor,
) -> tuple[Tensor, Tensor]:
    r"""Mean and maximum (N, D) of the messages that the edges of each node bring.

    .. math:: m_e = \mathrm{relu}(a_{s(e)} + b_{t(e)} + d_{k(e)} + W p_e)

    for edge e from node s to node t; zeros for a node without edges.

    Parameters
    ----------
    here, there : (N, D)
        a and b: what source and target add to a message.
    slot : (K, D)
        d: what each kind of edge adds.
    weight : (D, P)
        W: what is made of what edges say.
    said : (E, P)
        p: what the edge says.
    kind : (E,) int64
        Kind k of each edge.
    edges : (2, E) int64
        Source and target.
    """
    if here.device.type == "cpu" and not said.requires_grad:
        mean, most = _Gathered.apply(here, there, slot, weight, said, kind, edges)  # type: ignore[no-untyped-call]
        return mean, most
    source, target = edges
    message = (here[source] + there[target] + slot[kind] + said @ weight.T).relu()
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
        here, there, slot, weight, said, kind, edges = (t.detach().contiguous() for t in given)
        ends = edges.numpy()
        message, total, most = said @ weight.T, torch.zeros_like(here), torch.zeros_like(here)
        floats = [t.numpy() for t in (here, there, slot, message, total, most)]
        _gather(kind.numpy(), ends, *floats)
        count = np.bincount(ends[0], minlength=len(here))[:, None]
        ctx.share = torch.from_numpy((1 / np.maximum(count, 1)).astype(floats[0].dtype))
        ctx.save_for_backward(slot, said, kind, edges, message, most)
        return total * ctx.share, most

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor, of_most: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by the first four."""
        slot, said, kind, edges, message, most = ctx.saved_tensors
        here, there, by_slot = (torch.zeros_like(t) for t in (most, most, slot))
        back = torch.empty_like(message)
        floats = (message, most, of_mean * ctx.share, of_most.clone(), back, here, there, by_slot)
        _spread_back(kind.numpy(), edges.numpy(), *(t.numpy() for t in floats))
        # In this order of factors the product takes a fifth of the time of the other.
        return here, there, by_slot, (said.T @ back).T, None, None, None


@njit(cache=True, nogil=True)
def _gather(kind, edges, here, there, slot, message, total, most):  # type: ignore[no-untyped-def]
    zero = message.dtype.type(0)
    # Loops with one output and no branch: several numbers are worked on at once. Adding nothing
    # keeps the compiler from branching where the maximum stays.
    for e in range(len(kind)):
        s, t, k = edges[0, e], edges[1, e], kind[e]
        for d in range(here.shape[1]):
            message[e, d] = max(message[e, d] + here[s, d] + there[t, d] + slot[k, d], zero)
        for d in range(here.shape[1]):
            total[s, d] += message[e, d]
        for d in range(here.shape[1]):
            most[s, d] = max(message[e, d], most[s, d]) + zero


@njit(cache=True, nogil=True)
def _spread_back(  # type: ignore[no-untyped-def]
    kind, edges, message, most, of_total, of_most, back, by_here, by_there, by_slot
):
    zero = message.dtype.type(0)
    for e in range(len(kind)):
        s, t, k = edges[0, e], edges[1, e], kind[e]
        for d in range(back.shape[1]):
            of_it = of_most[s, d] if message[e, d] == most[s, d] else zero
            back[e, d] = of_total[s, d] + of_it if message[e, d] > zero else zero
        # Of a maximum, what the first edge has taken is not there for the others.
        for d in range(back.shape[1]):
            left = zero if message[e, d] == most[s, d] else of_most[s, d]
            of_most[s, d] = left + zero
        for d in range(back.shape[1]):
            by_here[s, d] += back[e, d]
        for d in range(back.shape[1]):
            by_there[t, d] += back[e, d]
        for d in range(back.shape[1]):
            by_slot[k, d] += back[e, d]
