"""Nearest example by bending: what is kept, what is answered."""

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphStore, graphs_in_memory
from perceptgraph.graphs.models.matching import UNSEEN, Matching
from perceptgraph.graphs.models.registration import dissimilarity, shapes_of

KEYWORDS = {"kinds": ["arc", "dart"], "references": 10, "pieces": 32, "rounds": 5}
KEYWORDS |= {"coarse": 0.6, "fine": 0.2, "tolerance": 0.25, "direction": 0.7, "context": 1.0}
KEYWORDS |= {"outlier": 0.001, "elastic": 0.15, "reach": 1.0, "bending": 0.02}


def store(n: int = 9) -> GraphStore:
    rng = np.random.default_rng(0)
    graphs = [random_graph(rng, 12, 0, i % 3) for i in range(n)]
    for graph in graphs:
        graph.frames.attributes[:, list(ATTRIBUTES).index("length")] = rng.uniform(1, 6, 12)
    return graphs_in_memory(graphs, SCHEMA)


def solved(samples: GraphStore, train: NDArray[np.int64], **changed: object) -> Matching:
    net = Matching(SCHEMA, **{**KEYWORDS, **changed})
    net.solve(samples, train, np.random.default_rng(0), None)
    return net


def test_examples_are_known_again() -> None:
    samples = store()
    net = solved(samples, np.arange(9))

    logits = net.logits(samples.batch(np.arange(9)))

    assert logits.argmax(1).tolist() == samples.label.tolist()


def test_logits_are_those_of_the_nearest_example_of_each_class() -> None:
    samples = store()
    net = solved(samples, np.arange(6))
    queries, examples = samples.batch(np.arange(6, 9)), samples.batch(np.arange(6))

    want = torch.zeros(3, 6)
    for name in ("arc", "dart"):
        kind = NODE_KINDS.index(name)
        shapes = (shapes_of(batch, kind, 32) for batch in (queries, examples))
        want += dissimilarity(*shapes, net.settings, axial=name == "dart") / 2

    nearest = torch.stack([want[:, c::3].amin(1) for c in range(3)], dim=1)
    torch.testing.assert_close(net.logits(queries)[:, :3], -nearest, rtol=1e-3, atol=1e-3)


def test_a_class_without_examples_is_never_answered() -> None:
    samples = store()
    net = solved(samples, np.array([0, 1, 3, 4]))  # classes 0 and 1

    logits = net.logits(samples.batch(np.arange(9)))

    assert (logits[:, 2] == UNSEEN).all()
    assert (logits[:, :2] > UNSEEN).all()


def test_of_too_many_examples_some_of_each_class_are_kept() -> None:
    net = solved(store(), np.arange(9), references=3)

    assert sorted(net.label.tolist()) == [0, 1, 2]


def test_examples_that_are_saved_are_taken_up_again_and_those_that_do_not_fit_are_refused() -> None:
    samples = store()
    net, batch = solved(samples, np.arange(4)), samples.batch(np.arange(9))
    state = net.state_dict()
    again = Matching(SCHEMA, **KEYWORDS)

    again.load_state_dict(state)

    assert torch.equal(again.logits(batch), net.logits(batch))
    cut: dict[str, Tensor] = {name: values[:-1] for name, values in state.items()}
    cut |= {"all of a row": state["place_1"][..., :1], "no pieces": state["weight_0"][:, :-1]}
    for wrong, name in zip(cut.values(), [*state, "place_1", "weight_0"], strict=True):
        with pytest.raises(RuntimeError, match="size mismatch"):
            Matching(SCHEMA, **KEYWORDS).load_state_dict({**state, name: wrong})


def test_what_cannot_be_compared_is_refused() -> None:
    for changed in ({"kinds": ["stroke"]}, {"kinds": []}, {"pieces": 0}, {"references": 0}):
        with pytest.raises(ValueError, match="expected"):
            Matching(SCHEMA, **{**KEYWORDS, **changed})
