"""Sparse products against dense ones, forth and back."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.graphs.models.sparse import SparseMatrix


def drawn(seed: int, n_rows: int, n_columns: int, n_entries: int) -> tuple[SparseMatrix, Tensor]:
    """A sparse matrix, some of whose entries share a place, and the dense one."""
    rng = torch.Generator().manual_seed(seed)
    rows = torch.randint(0, n_rows, (n_entries,), generator=rng)
    columns = torch.randint(0, n_columns, (n_entries,), generator=rng)
    index, weight = torch.stack([rows, columns]), torch.randn(n_entries, generator=rng)
    dense = torch.zeros(n_rows, n_columns).index_put((rows, columns), weight, accumulate=True)
    return SparseMatrix(index, weight, n_rows), dense


@given(
    seed=st.integers(0, 2**32),
    n_rows=st.integers(1, 9),
    n_columns=st.integers(1, 9),
    n_entries=st.integers(0, 30),
)
def test_product_and_its_derivative_are_those_of_the_dense_matrix(
    seed: int, n_rows: int, n_columns: int, n_entries: int
) -> None:
    sparse, dense = drawn(seed, n_rows, n_columns, n_entries)
    x = torch.randn(n_columns, 4, generator=torch.Generator().manual_seed(seed))
    to = torch.randn(n_rows, 4, generator=torch.Generator().manual_seed(seed + 1))
    here, there = (x.clone().requires_grad_() for _ in range(2))

    found, expected = sparse @ here, dense @ there

    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    (found * to).sum().backward()
    (expected * to).sum().backward()
    torch.testing.assert_close(here.grad, there.grad, rtol=1e-4, atol=1e-4)


def test_a_transposed_operand_is_read_as_it_is() -> None:
    sparse, dense = drawn(0, 5, 6, 12)
    x = torch.randn(3, 6).T

    torch.testing.assert_close(sparse @ x, dense @ x)
