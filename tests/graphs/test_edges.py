import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.graphs.edges import closest_first, edges_of

PAIRS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 300)))


def columns(rows):
    source, target, value = np.array(rows, np.int64).reshape(-1, 3).T
    return source.astype(np.int32), target.astype(np.int32), value


@given(rows=PAIRS)
def test_edges_come_in_order_and_the_first_of_equal_pairs_stays(rows) -> None:
    first = {}
    for i, j, rank in rows:
        first.setdefault((i, j), rank % 256)

    source, target, rank = columns(rows)
    found = edges_of(source, target, rank % 256, 7)

    assert [tuple(pair) for pair in found.pairs.tolist()] == sorted(first)
    assert found.rank.tolist() == [first[pair] for pair in sorted(first)]


@given(rows=PAIRS)
def test_rank_counts_what_is_closer_to_the_same_source(rows) -> None:
    closeness = {(i, j): value for i, j, value in rows}
    same = [(i, j, closeness[i, j]) for i, j, _ in rows]

    source, target, value = columns(same)
    found = closest_first(source, target, value.astype(np.float64), 7)

    for (i, j), rank in zip(found.pairs.tolist(), found.rank.tolist(), strict=True):
        before = [(v, b) for (a, b), v in closeness.items() if a == i]
        assert rank == sorted(before).index((closeness[i, j], j))


def test_the_last_rank_is_that_of_all_further_edges() -> None:
    target = np.arange(1, 301, dtype=np.int32)

    found = closest_first(np.zeros(300, np.int32), target, np.arange(300.0), 301)

    assert found.rank[:255].tolist() == list(range(255))
    assert (found.rank[255:] == 255).all()
