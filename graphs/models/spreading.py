"""Weighted sums over neighbours in several graphs of the same nodes at a time.

Compiled for the processor, forth and back; by tensor operations on other devices.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceptgraph.stores.compiled import njit


def spread(x: Tensor, index: Tensor, channel: Tensor, weight: Tensor) -> Tensor:
    r"""Products (N, M, D) of one sparse matrix for each channel with x (N, M, D).

    .. math:: y_{i m} = \sum_{r:\, i_r = i,\, m_r = m} w_r\, x_{j_r m}

    Parameters
    ----------
    x : (N, M, D)
        Embeddings.
    index : (2, R) int64
        Row i and column j of each entry.
    channel : (R,) uint8
        Its channel m.
    weight : (R,)
        Its value w, of which no derivative is taken.
    """
    if x.device.type == "cpu":
        found: Tensor = _Spread.apply(x, index, channel, weight)  # type: ignore[no-untyped-call]
        return found
    n_channels = x.shape[1]
    here, there = (end * n_channels + channel.long() for end in index)
    flat = x.reshape(-1, x.shape[2])
    said = flat[there] * weight[:, None]
    return torch.zeros_like(flat).index_add(0, here, said).view_as(x)


class _Spread(torch.autograd.Function):
    """`spread` with its derivative by x, which is the same with rows and columns exchanged."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, channel: Tensor, weight: Tensor) -> Tensor:
        """The sums."""
        rows, columns = index.numpy()
        ctx.entries = rows, columns, channel.numpy(), weight.detach().numpy()
        return _summed(x.detach(), rows, columns, *ctx.entries[2:])

    @staticmethod
    def backward(ctx: Any, of_sums: Tensor) -> tuple[Tensor, None, None, None]:
        """Derivative by x."""
        rows, columns, channel, weight = ctx.entries
        return _summed(of_sums, columns, rows, channel, weight), None, None, None


def _summed(x: Tensor, rows: Any, columns: Any, channel: Any, weight: Any) -> Tensor:
    found = np.zeros(x.shape, x.numpy().dtype)
    _sum(np.ascontiguousarray(x.numpy()), rows, columns, channel, weight, found)
    return torch.from_numpy(found)


@njit(cache=True, nogil=True)
def _sum(x, rows, columns, channel, weight, found):  # type: ignore[no-untyped-def]
    for r in range(len(rows)):
        i, j, m, w = rows[r], columns[r], channel[r], weight[r]
        for d in range(x.shape[2]):
            found[i, m, d] += w * x[j, m, d]
