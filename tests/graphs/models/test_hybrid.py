"""The hybrid: kernel where images are few, relative-pose net where they are many."""

from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph

from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphStore, graphs_in_memory
from perceptgraph.graphs.models.hybrid import Hybrid

KERNEL = {"kinds": ["line", "arc"], "measures": ["length"], "scales": [0.5], "waves": 8}
KERNEL |= {"harmonics": 1, "gamma": 2.0, "ridge": 0.1, "copies": 0, "references": 40}
NET: dict[str, Any] = {"hidden": 8, "rounds": 1, "dropout": 0.2, "kinds": list(NODE_KINDS)}
NET |= {"pose": "absolute", "waves": 2, "harmonics": 1, "left_out": []}
STEPS = {"steps": 4, "batch_size": 8, "learning_rate": 0.01, "weight_decay": 0.0}
N = 12


def store() -> GraphStore:
    rng = np.random.default_rng(3)
    return graphs_in_memory([random_graph(rng, 7, 9, i % 3) for i in range(N)], SCHEMA)


def solved(**changed: Any) -> Hybrid:
    torch.manual_seed(0)
    keywords = {"kernel": KERNEL, "net": NET, "sharpness": 5.0, "even": 10.0, **STEPS, **changed}
    net = Hybrid(SCHEMA, **keywords)
    net.solve(store(), np.arange(N), np.random.default_rng(1), None)
    return net


def test_gate_is_half_where_both_are_even_and_opens_with_images() -> None:
    assert float(solved(even=4.0).gate) == pytest.approx(0.5)  # 12 graphs of 3 classes
    assert float(solved(even=1.0).gate) == pytest.approx(0.8)


def test_hybrid_is_the_kernel_for_few_images_and_the_net_for_many() -> None:
    batch = store().batch(np.arange(N))

    few, many = solved(even=1e9), solved(even=1e-9)

    with torch.no_grad():
        torch.testing.assert_close(
            few.logits(batch), (5 * few.kernel.logits(batch)).log_softmax(1), rtol=1e-4, atol=1e-4
        )
        torch.testing.assert_close(
            many.logits(batch), many.net.logits(batch).log_softmax(1), rtol=1e-4, atol=1e-4
        )


def test_result_is_a_function_of_the_seed() -> None:
    first, again = solved(), solved()

    for name, values in first.state_dict().items():
        assert torch.equal(values, again.state_dict()[name])


def test_every_part_learns_and_is_counted() -> None:
    net = solved()
    batch = store().batch(np.arange(N))

    assert len(net.kernel.reference) == N
    assert net.solving_macs > net.kernel.solving_macs > 0
    assert net.macs(batch) == net.kernel.macs(batch) + net.net.macs(batch)


def test_factors_that_are_not_positive_are_refused() -> None:
    with pytest.raises(ValueError, match="positive sharpness and even"):
        solved(even=0.0)
