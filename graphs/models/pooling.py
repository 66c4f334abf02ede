"""What the nodes of a graph have in common: their mean and their maximum, column by column.

Compiled for the processor, forth and back; by tensor operations on other devices.
"""

from typing import Any

import torch
from torch import Tensor

from perceptgraph.stores.compiled import njit


def pooled(nodes: Tensor, batch: Tensor, n_graphs: int, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted mean and maximum (G, D) of the nodes of each graph; zeros where it has none.

    Parameters
    ----------
    nodes : (N, D)
        In any order.
    batch : (N,) int64
        Graph of each node.
    n_graphs : int
        G.
    weight : (N,)
        Of each node in the mean, positive; a constant: nothing is derived by it.
    """
    if nodes.device.type == "cpu":
        mean, most = _Pooled.apply(nodes, batch, n_graphs, weight)  # type: ignore[no-untyped-call]
        return mean, most
    zeros = nodes.new_zeros(n_graphs, nodes.shape[1])
    mean = zeros.index_add(0, batch, nodes * _shares(batch, n_graphs, weight)[:, None])
    place = batch[:, None].expand_as(nodes)
    return mean, zeros.scatter_reduce(0, place, nodes, "amax", include_self=False)


def _shares(batch: Tensor, n_graphs: int, weight: Tensor) -> Tensor:
    """Weights (N,) as shares of what those of the graph add up to."""
    total = weight.new_zeros(n_graphs).index_add(0, batch, weight)
    return weight / total[batch]


class _Pooled(torch.autograd.Function):
    """`pooled` with its derivatives. Of nodes that share a maximum, the first has it."""

    @staticmethod
    def forward(
        ctx: Any, nodes: Tensor, batch: Tensor, n_graphs: int, weight: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Mean and maximum."""
        nodes, share = nodes.detach().contiguous(), _shares(batch, n_graphs, weight.to(nodes))
        mean = nodes.new_zeros(n_graphs, nodes.shape[1])
        most = nodes.new_full((n_graphs, nodes.shape[1]), -torch.inf)
        _pool(*(t.numpy() for t in (batch, share, nodes, mean, most)))
        most[torch.bincount(batch, minlength=n_graphs) == 0] = 0
        ctx.save_for_backward(nodes, batch, share, most)
        return mean, most

    @staticmethod
    def backward(ctx: Any, of_mean: Tensor, of_most: Tensor) -> tuple[Tensor | None, ...]:
        """Derivatives by the nodes."""
        nodes, batch, share, most = ctx.saved_tensors
        back = torch.empty_like(nodes)
        arrays = (batch, share, nodes, most, of_mean.contiguous(), of_most.clone(), back)
        _spread_back(*(t.numpy() for t in arrays))
        return back, None, None, None


@njit(cache=True, nogil=True)
def _pool(batch, share, nodes, mean, most):  # type: ignore[no-untyped-def]
    zero = nodes.dtype.type(0)
    # Adding nothing keeps the compiler from branching where the maximum stays.
    for n in range(len(nodes)):
        g, part = batch[n], share[n]
        for d in range(nodes.shape[1]):
            mean[g, d] += part * nodes[n, d]
        for d in range(nodes.shape[1]):
            most[g, d] = max(nodes[n, d], most[g, d]) + zero


@njit(cache=True, nogil=True)
def _spread_back(batch, share, nodes, most, of_mean, of_most, back):  # type: ignore[no-untyped-def]
    zero = nodes.dtype.type(0)
    for n in range(len(nodes)):
        g, part = batch[n], share[n]
        for d in range(nodes.shape[1]):
            of_it = of_most[g, d] if nodes[n, d] == most[g, d] else zero
            back[n, d] = part * of_mean[g, d] + of_it
        # Of a maximum, what the first node has taken is not there for the others.
        for d in range(nodes.shape[1]):
            left = zero if nodes[n, d] == most[g, d] else of_most[g, d]
            of_most[g, d] = left + zero
