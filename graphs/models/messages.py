r"""A round of messages along typed edges with poses, and what nodes make of them.

.. math::

    m_e &= \mathrm{relu}(A h_{s(e)} + a + B h_{t(e)} + d_{k(e)} + W p_e) \\
    h_i' &= \mathrm{norm}(h_i + \mathrm{relu}(U [h_i \,\|\, \mathrm{mean}_e\, m_e \,\|\,
            \max_e m_e] + c))

over the edges e from node i = s(e) to nodes t(e), of kind k(e) and pose p_e; mean and maximum are 0
without edges, norm is layer normalisation. A node may hear the sum in place of the mean, or one of
them alone. Compiled for the processor, forth and back, in a few passes over memory; by tensor
operations on other devices, and where somebody asks how it changes with the poses.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from perceptgraph.stores.compiled import njit

REASSOCIATED = {"reassoc", "nsz", "contract"}
"""Sums may be taken in any order, so that several numbers are added at once."""


HEARD = ("mean", "sum", "max")
"""What nodes may hear of their messages."""


def check_heard(heard: Sequence[str]) -> tuple[str, ...]:
    """What is heard, in the order of HEARD; ValueError where it cannot be."""
    once = set(heard)
    if not once or not once <= set(HEARD) or {"mean", "sum"} <= once:
        raise ValueError(f"expected mean or sum, max, or one of both with max, got {list(heard)}")
    return tuple(name for name in HEARD if name in once)


class Round(nn.Module):
    """One round: embeddings (N, D) to embeddings (N, D).

    Parameters
    ----------
    hidden : int
        D.
    n_kinds : int
        Kinds of edges.
    n_pose : int
        Numbers of a pose; 0 for edges without.
    heard : sequence of str
        Of HEARD: the mean or the sum, the maximum, or one of both with it.
    """

    def __init__(
        self, hidden: int, n_kinds: int, n_pose: int, heard: Sequence[str] = ("mean", "max")
    ) -> None:
        super().__init__()
        self.heard = check_heard(heard)
        self.here = nn.Linear(hidden, hidden)
        self.there = nn.Linear(hidden, hidden, bias=False)
        self.pose = nn.Linear(max(n_pose, 1), hidden, bias=False)
        if not n_pose:  # made without inputs, a layer warns that it has nothing to begin with
            self.pose.weight = nn.Parameter(torch.zeros(hidden, 0))
        self.kind = nn.Embedding(n_kinds, hidden)
        self.update = nn.Linear((1 + len(self.heard)) * hidden, hidden)
        self.norm = nn.LayerNorm(hidden)

    def forward(self, nodes: Tensor, edges: Tensor, kind: Tensor, said: Tensor) -> Tensor:
        """Embeddings (N, D) from those before, edges (2, E), their kinds (E,), poses (E, P)."""
        if nodes.device.type != "cpu" or said.requires_grad:
            return self.by_tensors(nodes, edges, kind, said)
        learned = (
            self.here.weight,
            self.here.bias,
            self.there.weight,
            self.pose.weight,
            self.kind.weight,
            self._update_of_all(),
            self.update.bias,
            self.norm.weight,
            self.norm.bias,
        )
        sums = "sum" in self.heard
        found: Tensor = _Round.apply(nodes, *learned, edges, kind, said, self.norm.eps, sums)  # type: ignore[no-untyped-call]
        return found

    def _update_of_all(self) -> Tensor:
        """Weights (D, 3 D) of node, mean or sum, and maximum; 0 for what is not heard."""
        weight = self.update.weight
        if len(self.heard) > 1:
            return weight
        node, only = weight.chunk(2, dim=1)
        nothing = torch.zeros_like(only)
        heard = [nothing, only] if self.heard == ("max",) else [only, nothing]
        return torch.cat([node, *heard], dim=1)

    def macs(self, n_nodes: int, n_edges: int) -> int:
        """Multiply-adds of a call, scatter of the messages into a mean or a sum included."""
        hidden = len(self.update.bias)
        is_added = int(self.heard != ("max",))
        own = (3 + len(self.heard)) * hidden**2
        return n_nodes * own + n_edges * (self.pose.weight.shape[1] + is_added) * hidden

    def by_tensors(self, nodes: Tensor, edges: Tensor, kind: Tensor, said: Tensor) -> Tensor:
        """The same, whose messages (E, D) are all there at a time."""
        source, target = edges
        here, there = self.here(nodes), self.there(nodes)
        message = (here[source] + there[target] + self.pose(said) + self.kind(kind)).relu()
        count = torch.bincount(source, minlength=len(nodes)).to(nodes.dtype)[:, None]
        zeros = torch.zeros_like(nodes)
        total = zeros.index_add(0, source, message)
        place = source[:, None].expand_as(message)
        every = {
            "mean": total / count.clamp(min=1),
            "sum": total,
            "max": zeros.scatter_reduce(0, place, message, "amax"),
        }
        heard = [every[name] for name in self.heard]
        update = self.update(torch.cat([nodes, *heard], dim=1)).relu()
        normed: Tensor = self.norm(nodes + update)
        return normed


class _Round(torch.autograd.Function):
    """A round with its derivatives. Of edges that share a maximum, the first has it."""

    @staticmethod
    def forward(ctx: Any, *given: Any) -> Tensor:
        """Embeddings."""
        nodes, a, bias, b, w, slot, u, c, scale, shift, edges, kind, said, eps, sums = given
        nodes, edges = nodes.contiguous(), edges.contiguous()
        n, hidden = nodes.shape
        heard = nodes.new_zeros(n, 3 * hidden)
        heard[:, :hidden] = nodes
        count = torch.bincount(edges[0], minlength=n)
        share = nodes.new_ones(n) if sums else 1 / count.clamp(min=1).to(nodes.dtype)
        message = said @ w.T
        floats = (functional.linear(nodes, a, bias), nodes @ b.T, slot, share, message, heard)
        _gather(kind.numpy(), edges.numpy(), *_arrays(floats))
        update = functional.linear(heard, u, c)
        unit, size, found = (torch.empty_like(t) for t in (nodes, share, nodes))
        _normalise(*_arrays((nodes, update, scale, shift, unit, size, found)), eps)
        ctx.save_for_backward(
            a, b, u, slot, scale, edges, kind, said, share, heard, message, update, unit, size
        )
        return found

    @staticmethod
    def backward(ctx: Any, of_found: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by embeddings and all that is learned."""
        a, b, u, slot, scale, edges, kind, said, share, heard, message, update, unit, size = (
            ctx.saved_tensors
        )
        by_nodes, of_update = torch.empty_like(unit), torch.empty_like(unit)
        given = (unit, unit, slot, scale, scale)
        here, there, by_slot, by_scale, by_shift = (torch.zeros_like(t) for t in given)
        normalised = (of_found.contiguous(), update, scale, unit, size)
        _normalise_back(*_arrays((*normalised, by_nodes, of_update, by_scale, by_shift)))
        of_heard = of_update @ u
        back = torch.empty_like(message)
        floats = (share, message, heard, of_heard, back, here, there, by_slot)
        _spread_back(kind.numpy(), edges.numpy(), *_arrays(floats))
        nodes = heard[:, : unit.shape[1]]
        by_nodes += of_heard[:, : unit.shape[1]]
        by_nodes.addmm_(here, a).addmm_(there, b)
        # In this order of factors the product takes a fifth of the time of the other.
        by_w = (said.T @ back).T
        by_ends = (here.T @ nodes, here.sum(0), there.T @ nodes)
        by_update = (of_update.T @ heard, of_update.sum(0))
        learned = (*by_ends, by_w, by_slot, *by_update, by_scale, by_shift)
        return (by_nodes, *learned, None, None, None, None, None)


def _arrays(tensors: tuple[Tensor, ...]) -> list[Any]:
    return [tensor.detach().numpy() for tensor in tensors]


@njit(cache=True, nogil=True)
def _gather(kind, edges, here, there, slot, share, message, heard):  # type: ignore[no-untyped-def]
    n_columns = here.shape[1]
    zero = message.dtype.type(0)
    # Loops with one output and no branch: several numbers are worked on at once. Adding nothing
    # keeps the compiler from branching where the maximum stays.
    for e in range(len(kind)):
        s, t, k = edges[0, e], edges[1, e], kind[e]
        for d in range(n_columns):
            message[e, d] = max(message[e, d] + here[s, d] + there[t, d] + slot[k, d], zero)
        for d in range(n_columns):
            heard[s, n_columns + d] += message[e, d]
        for d in range(n_columns):
            most = heard[s, 2 * n_columns + d]
            heard[s, 2 * n_columns + d] = max(message[e, d], most) + zero
    for n in range(len(share)):
        for d in range(n_columns):
            heard[n, n_columns + d] *= share[n]


@njit(cache=True, nogil=True)
def _spread_back(  # type: ignore[no-untyped-def]
    kind, edges, share, message, heard, of_heard, back, by_here, by_there, by_slot
):
    n_columns = back.shape[1]
    zero = message.dtype.type(0)
    for e in range(len(kind)):
        s, t, k = edges[0, e], edges[1, e], kind[e]
        part = share[s]
        for d in range(n_columns):
            is_most = message[e, d] == heard[s, 2 * n_columns + d]
            of_it = of_heard[s, 2 * n_columns + d] if is_most else zero
            whole = part * of_heard[s, n_columns + d] + of_it
            back[e, d] = whole if message[e, d] > zero else zero
        # Of a maximum, what the first edge has taken is not there for the others.
        for d in range(n_columns):
            is_most = message[e, d] == heard[s, 2 * n_columns + d]
            left = zero if is_most else of_heard[s, 2 * n_columns + d]
            of_heard[s, 2 * n_columns + d] = left + zero
        for d in range(n_columns):
            by_here[s, d] += back[e, d]
        for d in range(n_columns):
            by_there[t, d] += back[e, d]
        for d in range(n_columns):
            by_slot[k, d] += back[e, d]


@njit(cache=True, nogil=True, fastmath=REASSOCIATED)
def _normalise(nodes, update, scale, shift, unit, size, found, eps):  # type: ignore[no-untyped-def]
    n_columns = nodes.shape[1]
    zero = nodes.dtype.type(0)
    one = nodes.dtype.type(1)
    for n in range(len(nodes)):
        total, square = zero, zero
        for d in range(n_columns):
            unit[n, d] = nodes[n, d] + max(update[n, d], zero)
        for d in range(n_columns):
            total += unit[n, d]
        mean = total / nodes.dtype.type(n_columns)
        for d in range(n_columns):
            unit[n, d] -= mean
        for d in range(n_columns):
            square += unit[n, d] * unit[n, d]
        size[n] = np.sqrt(square / nodes.dtype.type(n_columns) + nodes.dtype.type(eps))
        inverse = one / size[n]
        for d in range(n_columns):
            unit[n, d] *= inverse
        for d in range(n_columns):
            found[n, d] = unit[n, d] * scale[d] + shift[d]


@njit(cache=True, nogil=True, fastmath=REASSOCIATED)
def _normalise_back(  # type: ignore[no-untyped-def]
    of_found, update, scale, unit, size, by_nodes, of_update, by_scale, by_shift
):
    n_columns = unit.shape[1]
    zero = unit.dtype.type(0)
    one, width = unit.dtype.type(1), unit.dtype.type(n_columns)
    for n in range(len(unit)):
        mean, along = zero, zero
        for d in range(n_columns):
            mean += of_found[n, d] * scale[d]
        for d in range(n_columns):
            along += of_found[n, d] * scale[d] * unit[n, d]
        mean, along, inverse = mean / width, along / width, one / size[n]
        for d in range(n_columns):
            of_it = of_found[n, d] * scale[d] - mean - unit[n, d] * along
            by_nodes[n, d] = of_it * inverse
        for d in range(n_columns):
            of_update[n, d] = by_nodes[n, d] if update[n, d] > zero else zero
        for d in range(n_columns):
            by_scale[d] += of_found[n, d] * unit[n, d]
        for d in range(n_columns):
            by_shift[d] += of_found[n, d]
