"""The invariant net: classes do not see how a picture is turned, and its angle tells."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph, random_graphs
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import angles

from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models.fitting import Recipe, fit
from perceptgraph.graphs.models.invariant import InvariantNet, upright

KINDS = ["line", "arc", "junction"]


def net_of(seed: int = 0, frames: int = 5, angle_weight: float = 0.5) -> InvariantNet:
    torch.manual_seed(seed)
    return InvariantNet(
        SCHEMA,
        hidden=8,
        rounds=1,
        frames=frames,
        dropout=0.0,
        kinds=KINDS,
        angle_weight=angle_weight,
    ).eval()


def batch_of(seed: int) -> GraphBatch:
    graphs = random_graphs(seed)[2:]
    return graphs_in_memory(graphs, SCHEMA).batch(np.arange(len(graphs)))


def turned(batch: GraphBatch, turn: float) -> GraphBatch:
    """The picture turned and shifted."""
    c, s = math.cos(turn), math.sin(turn)
    matrix = torch.tensor([[c, -s], [s, c]])
    return replace(batch, position=batch.position @ matrix + 7, direction=batch.direction @ matrix)


def apart(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Angles between angles."""
    return torch.atan2((a - b).sin(), (a - b).cos()).abs()


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**31), turn=angles())
def test_classes_stay_and_the_angle_turns_with_the_picture(seed: int, turn: float) -> None:
    net, batch = net_of(seed), batch_of(seed)
    with torch.no_grad():
        here, there = net.views(batch), net.views(turned(batch, turn))
        angle = apart(net.angle(turned(batch, turn)), net.angle(batch) + turn)
        logits = net.logits(batch), net.logits(turned(batch, turn))

    assert (apart(there.turn, here.turn + turn) < 5e-3).all()
    torch.testing.assert_close(there.logits, here.logits, atol=2e-2, rtol=2e-2)
    torch.testing.assert_close(*logits, atol=2e-2, rtol=2e-2)
    assert angle.median() < 1e-2  # two frames may be as likely as each other


@given(turn=angles(), n_frames=st.integers(3, 24))
def test_upright_is_between_the_two_frames_next_to_it(turn: float, n_frames: int) -> None:
    turns = turn + torch.arange(n_frames) * (2 * math.pi / n_frames)

    shares = upright(turns[None])[0]

    assert shares.sum() == pytest.approx(1, abs=1e-4)
    assert (shares > 0).sum() <= 3
    signed = torch.atan2(turns.sin(), turns.cos())
    assert float((shares * signed).sum()) == pytest.approx(0, abs=1e-3)


def test_classes_have_the_sum_of_their_probabilities_over_the_frames() -> None:
    net, batch = net_of(), batch_of(0)

    with torch.no_grad():
        joint = net.views(batch).logits.flatten(1).softmax(1).view(len(batch), 5, -1)
        logits = net.logits(batch)

    torch.testing.assert_close(logits.softmax(1), joint.sum(1))


def test_many_nodes_hear_the_nearest_ones() -> None:
    graph = random_graph(np.random.default_rng(0), 150, 0)
    batch = graphs_in_memory([graph], SCHEMA).batch(np.array([0]))
    net = net_of()

    assert net.logits(batch).isfinite().all()
    per_pair = 34 * 8
    assert net.macs(batch) < 150 * 63 * per_pair + 150 * 5 * 100 * 8 + 150 * 5000


def test_too_few_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="frames: expected 3 or more"):
        net_of(frames=2)


def test_upright_pictures_teach_how_turned_ones_are_turned() -> None:
    rng = np.random.default_rng(0)
    # An arrow: a long node that points right, a short one across, at places that hardly vary.
    graphs = []
    for i in range(60):
        graph = random_graph(rng, 4, 0, i % 3)
        place = np.array([[0, 0], [0, 10], [5 * (i % 3), 12], [-4, 3]]) + rng.normal(0, 0.3, (4, 2))
        theta = np.array([0.0, 0.5, 1.5, -1.0]) + rng.normal(0, 0.05, 4)
        graph.frames.position[:] = place
        graph.frames.direction[:] = np.stack([np.sin(theta), np.cos(theta)], axis=1)
        graph.frames.kind[:] = 0
        graph.frames.attributes[:] = 0
        graphs.append(graph)
    samples = graphs_in_memory(graphs, SCHEMA)
    net, everything = net_of(frames=8), np.arange(60)
    recipe = Recipe(30, 150, 150, 1, 0.01, 0.0)

    fit(net, samples, everything, everything[:0], np.random.default_rng(0), recipe)
    batch = samples.batch(everything)
    net.eval()

    for turn in (0.0, 1.0, 2.5, -2.0):
        with torch.no_grad():
            there = turned(batch, turn)
            right = net.logits(there).argmax(1) == batch.label
            off = apart(net.angle(there), torch.tensor(turn))
        assert right.float().mean() > 0.95
        assert off.median() < math.radians(8)
