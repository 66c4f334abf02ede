"""Sparse matrices times embeddings: sums over the neighbours of each node.

Compiled for the processor, forth and back, in no more memory than the result takes; by tensor
operations on other devices, which hold what every entry brings.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceptgraph.stores.compiled import njit


@dataclass(frozen=True, slots=True, eq=False)
class SparseMatrix:
    """A matrix of which R entries are not 0; entries of the same place add up."""

    index: Tensor
    """(2, R) int64: row and column of each entry."""
    weight: Tensor
    """(R,): the entries, of which no derivative is taken."""
    n_rows: int

    def __matmul__(self, x: Tensor) -> Tensor:
        """Product (n_rows, D) with x (n_columns, D)."""
        if x.device.type == "cpu":
            found: Tensor = _Product.apply(x, self.index, self.weight, self.n_rows)  # type: ignore[no-untyped-call]
            return found
        row, column = self.index
        zeros = x.new_zeros(self.n_rows, x.shape[1])
        return zeros.index_add(0, row, x[column] * self.weight[:, None])


Matrix = SparseMatrix | Tensor
"""What embeddings are multiplied with from the left: sparse or dense."""


class _Product(torch.autograd.Function):
    """The product with its derivative by x, for which rows and columns are exchanged."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, index: Tensor, weight: Tensor, n_rows: int) -> Tensor:
        """The product."""
        rows, columns = index.numpy()
        ctx.entries = rows, columns, weight.detach().numpy()
        ctx.n_columns = len(x)
        return _product(rows, columns, weight.detach().numpy(), x.detach(), n_rows)

    @staticmethod
    def backward(ctx: Any, of_product: Tensor) -> tuple[Tensor, None, None, None]:
        """Derivative by x."""
        rows, columns, weight = ctx.entries
        return _product(columns, rows, weight, of_product, ctx.n_columns), None, None, None


def _product(rows: Any, columns: Any, weight: Any, x: Tensor, n_rows: int) -> Tensor:
    given = x.contiguous().numpy()
    found = np.zeros((n_rows, given.shape[1]), given.dtype)
    _add_entries(rows, columns, weight, given, found)
    return torch.from_numpy(found)


@njit(cache=True, nogil=True)
def _add_entries(rows, columns, weight, x, found):  # type: ignore[no-untyped-def]
    for r in range(len(rows)):
        i, j, w = rows[r], columns[r], weight[r]
        for d in range(x.shape[1]):
            found[i, d] += w * x[j, d]
