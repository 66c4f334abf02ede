"""The distilled kernel: what the small net takes from labels, teacher and copies."""

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph
from torch import Tensor

from perceptgraph.graphs.loader import GraphBatch, GraphStore, graphs_in_memory
from perceptgraph.graphs.models.distilled import Distilled
from perceptgraph.graphs.models.kernel import KernelRidge
from perceptgraph.graphs.models.saved import n_parameters

EMBEDDING = {"kinds": ["line", "arc"], "measures": ["length"], "scales": [0.5], "waves": 16}
TEACHER = {"harmonics": 1, "gamma": 2.0, "ridge": 0.001, "references": 40}
EXAMPLES = {"copies": 3, "examples": 80, "taught": 0.5, "sharpness": 5.0}
NET = {"hidden": 16, "dropout": 0.0, "steps": 150, "batch_size": 16}
STEPS = {"learning_rate": 0.02, "weight_decay": 0.0}


def distilled(**changed: object) -> Distilled:
    torch.manual_seed(0)
    return Distilled(SCHEMA, **{**EMBEDDING, **TEACHER, **EXAMPLES, **NET, **STEPS, **changed})


def store_of(n: int) -> GraphStore:
    rng = np.random.default_rng(3)
    return graphs_in_memory([random_graph(rng, 9, 0, i % 3) for i in range(n)], SCHEMA)


def solved(store: GraphStore, **changed: object) -> Distilled:
    net = distilled(**changed)
    net.solve(store, np.arange(len(store)), np.random.default_rng(1), None)
    return net


@pytest.mark.parametrize("taught", [0.0, 0.5, 1.0])
def test_training_graphs_are_remembered_with_and_without_a_teacher(taught: float) -> None:
    store = store_of(30)
    batch = store.batch(np.arange(30))

    found = solved(store, taught=taught).logits(batch).argmax(1)

    assert (found == batch.label).float().mean() > 0.9


def test_net_learns_what_a_wrong_teacher_takes_graphs_for(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(30)
    batch = store.batch(np.arange(30))
    wrong = torch.nn.functional.one_hot((batch.label + 1) % 3, 3).float()
    monkeypatch.setattr(Distilled, "_scores", lambda self, features, label, known: wrong)

    found = solved(store, taught=1.0).logits(batch).argmax(1)

    assert (found == (batch.label + 1) % 3).float().mean() > 0.9


def test_teacher_is_the_kernel_machine() -> None:
    store = store_of(30)
    batch = store.batch(np.arange(30))
    net = distilled()
    torch.manual_seed(0)
    rest = {"gamma": 2.0, "ridge": 0.001, "copies": 0, "references": 30}
    machine = KernelRidge(SCHEMA, **EMBEDDING, harmonics=1, **rest)
    machine.solve(store, np.arange(30), np.random.default_rng(0), None)

    scores = net._scores(net.embed(batch), batch.label, np.arange(30))

    torch.testing.assert_close(scores, machine.logits(batch))


def test_teacher_of_too_many_graphs_knows_every_class(monkeypatch: pytest.MonkeyPatch) -> None:
    store = store_of(30)
    in_order = np.argsort(store.label, kind="stable")
    found = []

    def scores(self: Distilled, features: Tensor, label: Tensor, known: np.ndarray) -> Tensor:
        found.append(np.bincount(label[known]).tolist())
        return torch.zeros(len(features), 3)

    monkeypatch.setattr(Distilled, "_scores", scores)
    for references in (9, 40):
        net = distilled(references=references)
        net.solve(store, in_order, np.random.default_rng(0), lambda i, rng: store.batch(i))

    assert found == [[3, 3, 3], [20, 10, 10]]  # 30 graphs, then the copies of the first class


def test_copies_are_drawn_as_long_as_there_is_room() -> None:
    store = store_of(30)
    drawn = []

    def draw(indices: np.ndarray, rng: np.random.Generator) -> GraphBatch:
        drawn.extend(indices)
        return store.batch(indices)

    distilled().solve(store, np.arange(30), np.random.default_rng(0), draw)

    assert drawn == list(range(30))  # 80 examples have room for one copy of each


def test_net_does_not_grow_with_what_it_learns_from() -> None:
    few, many = solved(store_of(12)), solved(store_of(30))
    batch = store_of(12).batch(np.arange(12))

    assert n_parameters(few) == n_parameters(many)
    assert few.macs(batch) == many.macs(batch)
    assert 0 < few.solving_macs < many.solving_macs


def test_a_teacher_costs_what_its_kernels_and_its_equations_cost() -> None:
    store, n, m = store_of(30), 30, 9

    taught, alone = (solved(store, taught=share, references=m) for share in (0.5, 0.0))

    kernels = (n + m) * m * taught.embed.channels * taught.embed.width
    equations = m**3 // 6 + m * m * 3  # of 3 classes
    assert taught.solving_macs - alone.solving_macs == kernels + equations + n * m * 3


def test_result_is_a_function_of_the_seed() -> None:
    store = store_of(12)

    first, again = solved(store, dropout=0.5), solved(store, dropout=0.5)

    for name, values in first.state_dict().items():
        assert torch.equal(values, again.state_dict()[name])


def test_shares_and_factors_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="taught: expected a share"):
        distilled(taught=1.5)
    with pytest.raises(ValueError, match="positive"):
        distilled(sharpness=0.0)
