"""Kernel ridge regression on oriented varifolds: what the embedding sees, and the closed form."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graph
from torch import Tensor

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models.kernel import KernelRidge
from perceptgraph.graphs.models.ridge import balanced, gaussian_kernel
from perceptgraph.graphs.models.varifold import VarifoldEmbedding, normalised_pose

LENGTH, TURNING = (list(ATTRIBUTES).index(name) for name in ("length", "turning"))
KEYWORDS = {"kinds": ["line", "arc"], "measures": ["length"], "scales": [0.5]}
KEYWORDS |= {"waves": 64, "harmonics": 2}
REST = {"gamma": 2.0, "ridge": 0.1, "copies": 3, "references": 40}


def batch_of(seed: int, n: int = 12) -> GraphBatch:
    rng = np.random.default_rng(seed)
    graphs = [random_graph(rng, 9, 0, i % 3) for i in range(n)]
    for graph in graphs:
        graph.frames.attributes[:, LENGTH] = rng.uniform(1, 6, 9)
    return graphs_in_memory(graphs, SCHEMA).batch(np.arange(n))


def embedding(**changed: object) -> VarifoldEmbedding:
    torch.manual_seed(0)
    return VarifoldEmbedding(**{**KEYWORDS, **changed})


def normalised(batch: GraphBatch) -> tuple[Tensor, Tensor, Tensor]:
    length = batch.attributes[:, LENGTH]
    return normalised_pose(batch.position, batch.direction, length, batch.batch, len(batch))


def test_moments_are_normal_after_normalisation() -> None:
    batch = batch_of(0)
    place, along, length = normalised(batch)
    weight = batch.attributes[:, LENGTH]

    for g in range(len(batch)):
        own = batch.batch == g
        w = weight[own] / weight[own].sum()
        p = place[own]
        torch.testing.assert_close(w @ p, torch.zeros(2), atol=1e-5, rtol=0)
        covariance = (p * w[:, None]).T @ p
        assert abs(covariance[0, 1]) < 1e-4
        assert covariance.trace() == pytest.approx(2, abs=1e-3)
    torch.testing.assert_close(along.norm(dim=1), torch.ones(len(along)))
    assert (length > 0).all()


def test_half_of_a_stretch_is_taken_away() -> None:
    batch = batch_of(1)
    stretch = torch.tensor([1.0, 1.5])
    along = batch.direction * stretch
    longer = along.norm(dim=1)
    length = torch.ones(len(batch.kind))  # weights that the stretch leaves alone

    def spreads(position: Tensor, direction: Tensor) -> Tensor:
        place, _, _ = normalised_pose(position, direction, length, batch.batch, len(batch))
        return torch.stack([place[batch.batch == g].std(dim=0) for g in range(len(batch))])

    here = spreads(batch.position, batch.direction)
    there = spreads(batch.position * stretch, along / longer[:, None])

    wider = (there[:, 1] / there[:, 0]) / (here[:, 1] / here[:, 0])
    # The shear of some is cut off, so that they keep a little more.
    torch.testing.assert_close(wider, torch.full((len(batch),), 1.5**0.5), atol=0.02, rtol=0)


def test_shift_scale_and_slant_are_not_seen() -> None:
    batch = batch_of(1)
    slant = torch.tensor([[1.0, 0.2], [0.0, 1.0]]) * 3  # (row, column) times this
    along = batch.direction @ slant
    stretch = along.norm(dim=1)
    attributes = batch.attributes.clone()
    attributes[:, LENGTH] *= stretch
    moved = replace(
        batch,
        position=batch.position @ slant + 50,
        direction=along / stretch[:, None],
        attributes=attributes,
    )
    # The weights are lengths, which a slant changes: so only nearly the same.
    here, there = (embedding()(b) for b in (batch, moved))

    assert ((here * there).sum(-1).mean(0) > 0.96).all()
    shifted = replace(batch, position=3 * batch.position + 50)
    shifted.attributes[:, LENGTH] *= 3
    torch.testing.assert_close(embedding()(shifted), here, atol=2e-3, rtol=0)


def test_embeddings_are_unit_vectors_or_nothing() -> None:
    batch = batch_of(2)
    only = replace(batch, kind=torch.full_like(batch.kind, NODE_KINDS.index("line")))

    found = embedding()(only)

    torch.testing.assert_close(found[:, 0].norm(dim=1), torch.ones(len(batch)))
    assert (found[:, 1] == 0).all()


def test_direction_is_seen_and_only_with_harmonics() -> None:
    batch = batch_of(3)
    turned = replace(batch, direction=-batch.direction)

    blind, seeing = embedding(harmonics=0), embedding(harmonics=1)

    torch.testing.assert_close(blind(batch), blind(turned), atol=1e-5, rtol=0)
    assert ((seeing(batch) * seeing(turned)).sum(-1) < 0.9).all()


def test_inner_product_is_that_of_smoothed_varifolds() -> None:
    """Over all pairs of pieces: a Gaussian of their distance times a sum of cosines of turns."""
    batch = batch_of(6, n=4)
    batch = replace(batch, kind=torch.zeros_like(batch.kind))
    place, along, length = normalised(batch)
    angle = torch.atan2(along[:, 0], along[:, 1])
    square = (place[:, None] - place).square().sum(-1)
    pairs = (-square / (2 * 0.5**2)).exp() * (1 + (angle[:, None] - angle).cos())
    pairs = pairs * length[:, None] * length
    owner = torch.nn.functional.one_hot(batch.batch).float()
    product = owner.T @ pairs @ owner
    norm = product.diagonal().sqrt()

    torch.manual_seed(0)
    found = VarifoldEmbedding(["line"], ["length"], [0.5], 8000, 1)(batch)[:, 0]

    torch.testing.assert_close(found @ found.T, product / norm / norm[:, None], atol=0.05, rtol=0)


def test_curvature_is_seen_with_its_sign_and_length_is_not_in_it() -> None:
    batch = batch_of(7)
    bent = replace(batch, attributes=batch.attributes.clone())
    bent.attributes[:, TURNING] *= -1
    both = embedding(kinds=["arc"], measures=["length", "turning"])

    here, there = both(batch), both(bent)

    torch.testing.assert_close(here[:, 0], there[:, 0])
    torch.testing.assert_close(here[:, 1], -there[:, 1])
    alone = embedding(kinds=["arc"], measures=["turning"])(batch)
    torch.testing.assert_close(here[:, 1:], alone)
    straight = replace(batch, attributes=batch.attributes.clone())
    straight.attributes[:, TURNING] = 0
    assert (both(straight)[:, 1] == 0).all()


def test_kernel_is_one_on_itself_and_falls_with_distance() -> None:
    features = embedding()(batch_of(4))

    kernel = gaussian_kernel(features, features, 2.0)

    torch.testing.assert_close(kernel.diagonal(), torch.ones(12), atol=1e-4, rtol=0)
    torch.testing.assert_close(kernel, kernel.T, atol=1e-5, rtol=0)
    assert (kernel < 1.001).all()
    assert (gaussian_kernel(features, features, 4.0) <= kernel + 1e-5).all()


def solved(ridge: float, n: int = 30, **changed: object) -> tuple[KernelRidge, GraphBatch, object]:
    rng = np.random.default_rng(5)
    graphs = [random_graph(rng, 9, 0, i % 3) for i in range(n)]
    store = graphs_in_memory(graphs, SCHEMA)
    torch.manual_seed(0)
    net = KernelRidge(SCHEMA, **{**KEYWORDS, **REST, **changed, "ridge": ridge})
    net.solve(store, np.arange(n), np.random.default_rng(0), None)
    return net, store.batch(np.arange(n)), store


def test_dual_solves_the_regularised_equations() -> None:
    net, batch, _ = solved(0.1)
    kernel = gaussian_kernel(net.reference, net.reference, net.gamma).double()
    target = 2 * torch.nn.functional.one_hot(batch.label, 3).double() - 1

    left = (kernel + 0.1 * torch.eye(len(kernel))) @ net.dual.double()

    torch.testing.assert_close(left, target, atol=1e-4, rtol=0)


def test_little_regularisation_remembers_the_training_set() -> None:
    net, batch, _ = solved(1e-4)

    assert (net.logits(batch).argmax(1) == batch.label).all()


def test_copies_are_drawn_as_long_as_there_is_room() -> None:
    net, _, store = solved(0.1)
    drawn = []

    def draw(indices: np.ndarray, rng: np.random.Generator) -> GraphBatch:
        drawn.append(len(indices))
        return store.batch(indices)

    net.solve(store, np.arange(10), np.random.default_rng(0), draw)

    assert drawn == [30]
    assert len(net.reference) == 40
    assert net.solving_macs > 40**2 * net.reference[0].numel()


def test_of_too_many_graphs_each_class_gives_as_many() -> None:
    label = np.repeat([0, 1, 2], [50, 30, 4])

    chosen = balanced(np.arange(84), label, 24, np.random.default_rng(0))

    assert np.bincount(label[chosen]).tolist() == [10, 10, 4]
    assert len(set(chosen.tolist())) == 24
    assert balanced(np.arange(9), label, 9, np.random.default_rng(0)).tolist() == list(range(9))


def test_references_that_do_not_fit_are_refused() -> None:
    state = solved(0.1)[0].state_dict()

    for name in ("reference", "dual"):
        for wrong in (state[name][:-1], state[name][..., :1]):
            with pytest.raises(RuntimeError, match="size mismatch"):
                KernelRidge(SCHEMA, **KEYWORDS, **REST).load_state_dict({**state, name: wrong})


def test_unknown_kind_and_no_ridge_are_refused() -> None:
    with pytest.raises(ValueError, match=r"kinds: expected some of .*, got"):
        KernelRidge(SCHEMA, **{**KEYWORDS, **REST, "kinds": ["lines"]})
    with pytest.raises(ValueError, match="measures: expected some of length, turning, got"):
        KernelRidge(SCHEMA, **{**KEYWORDS, **REST, "measures": ["width"]})
    with pytest.raises(ValueError, match="positive"):
        KernelRidge(SCHEMA, **{**KEYWORDS, **REST, "ridge": 0.0})
