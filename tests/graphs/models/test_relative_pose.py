"""Relative-pose net: the nodes that it reads, and where they lie."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graphs

from perceptgraph.graphs.encoding import PlaceWaves
from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models.features import node_attributes, of_kinds
from perceptgraph.graphs.models.poses import N_POSE, canonical, n_slots, radius, where
from perceptgraph.graphs.models.relative_pose import RelativePoseNet
from perceptgraph.graphs.models.saved import n_parameters


def net_of(**keywords: Any) -> RelativePoseNet:
    torch.manual_seed(0)
    known = {"kinds": [*NODE_KINDS], "pose": "absolute", "waves": 2, "harmonics": 1}
    known |= {"hidden": 8, "rounds": 2, "dropout": 0.1}
    return RelativePoseNet(SCHEMA, **(known | keywords)).eval()


def batch_of(seed: int) -> GraphBatch:
    store = graphs_in_memory(random_graphs(seed), SCHEMA)
    return store.batch(np.arange(len(store)))


@pytest.mark.parametrize("kinds", [["arc"], ["line", "dart"], list(NODE_KINDS), []])
def test_batch_of_kinds_has_their_nodes_and_what_joins_them(kinds: list[str]) -> None:
    batch = batch_of(0)
    numbers = [NODE_KINDS.index(kind) for kind in kinds]
    kept = [n for n, kind in enumerate(batch.kind.tolist()) if kind in numbers]
    ends = [e for e, pair in enumerate(batch.edge_index.T.tolist()) if set(pair) <= set(kept)]

    found = of_kinds(batch, kinds)

    torch.testing.assert_close(found.position, batch.position[kept])
    torch.testing.assert_close(found.rank, batch.rank[ends])
    assert [[kept[n] for n in pair] for pair in found.edge_index.tolist()] == (
        batch.edge_index[:, ends].tolist()
    )
    assert found.batch.bincount(minlength=len(batch)).tolist() == found.ptr.diff().tolist()


def test_net_of_arcs_does_not_see_other_nodes() -> None:
    net, batch = net_of(kinds=["arc"]), batch_of(1)

    whole, arcs = net.logits(batch), net.logits(of_kinds(batch, ["arc"]))

    assert not torch.equal(whole, net_of().logits(batch))
    torch.testing.assert_close(whole, arcs)
    assert net.macs(batch) == net.macs(of_kinds(batch, ["arc"])) < net_of().macs(batch)


def test_unknown_kinds_and_poses_are_named() -> None:
    with pytest.raises(ValueError, match="curve"):
        net_of(kinds=["curve"])
    with pytest.raises(ValueError, match="pose"):
        net_of(pose="polar")
    with pytest.raises(ValueError, match="waves"):
        net_of(waves=-1)


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"edges": ["length"]}, "edges"),
        ({"aggregate": ["median"]}, "mean or sum"),
        ({"kept": "first"}, "kept"),
        ({"read_out": []}, "readout"),
    ],
    ids=str,
)
def test_parts_that_are_unknown_are_named(keywords: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        net_of(**keywords)


def test_edges_say_no_more_than_they_may() -> None:
    batch, rng = batch_of(5), np.random.default_rng(0)
    other_kinds = replace(batch, relation=batch.relation.flip(0), rank=torch.zeros_like(batch.rank))
    other_poses = replace(
        batch, position=torch.from_numpy(rng.normal(0, 9, batch.position.shape)).float()
    )

    for edges, (sees_kinds, sees_poses) in {
        ("relation", "pose"): (True, True),
        ("pose",): (False, True),
        ("relation",): (True, False),
        (): (False, False),
    }.items():
        net = net_of(pose="free", edges=edges)
        known = net.logits(batch)
        assert sees_kinds == (not torch.allclose(net.logits(other_kinds), known, atol=1e-5))
        assert sees_poses == (not torch.allclose(net.logits(other_poses), known, atol=1e-5))


H, C, N_SLOTS = 8, len(SCHEMA.class_names), n_slots(SCHEMA)


@pytest.mark.parametrize(
    ("keywords", "fewer", "by_node", "by_edge", "by_graph"),
    [
        ({"edges": ["pose"]}, 2 * (N_SLOTS - 1) * H, 0, 0, 0),
        ({"edges": ["relation"]}, 2 * N_POSE * H, 0, 2 * N_POSE * H, 0),
        ({"aggregate": ["mean"]}, 2 * H * H, 2 * H * H, 0, 0),
        ({"aggregate": ["max"]}, 2 * H * H, 2 * H * H, 2 * H, 0),
        ({"aggregate": ["sum", "max"]}, 0, 0, 0, 0),
        ({"kept": "last"}, 4 * H * C, 2 * H, 0, 4 * H * C),
        ({"read_out": ["max"]}, 3 * H * C, 3 * H, 0, 3 * H * C),
        ({"read_out": ["mean"]}, 3 * H * C, 0, 0, 3 * H * C),
        ({"weighted": False}, 0, 3 * H, 0, 0),
    ],
    ids=str,
)
def test_a_part_that_is_left_out_costs_nothing(
    keywords: dict[str, Any], fewer: int, by_node: int, by_edge: int, by_graph: int
) -> None:
    batch, whole, part = batch_of(6), net_of(), net_of(**keywords)
    counts = len(batch.kind), batch.edge_index.shape[1], len(batch)

    assert n_parameters(whole) - n_parameters(part) == fewer
    assert whole.macs(batch) - part.macs(batch) == np.dot(counts, (by_node, by_edge, by_graph))
    assert not torch.allclose(part.logits(batch), whole.logits(batch), atol=1e-4)


@pytest.mark.parametrize("aggregate", [["mean", "max"], ["sum"], ["max"]], ids=str)
@pytest.mark.parametrize("edges", [["relation", "pose"], []], ids=str)
@pytest.mark.parametrize("kept", ["all", "last"])
def test_every_parameter_of_what_is_left_learns(
    aggregate: list[str], edges: list[str], kept: str
) -> None:
    net = net_of(aggregate=aggregate, edges=edges, kept=kept, dropout=0.0)
    net.loss(batch_of(7)).backward()  # type: ignore[no-untyped-call]

    for name, values in net.named_parameters():
        assert values.grad is not None, name
        assert values.grad.isfinite().all(), name
        assert values.grad.any() or not values.numel(), name


def test_net_without_rounds_sees_no_edge() -> None:
    net, batch = net_of(rounds=0), batch_of(8)
    rewired = replace(batch, edge_index=batch.edge_index.flip(1))

    assert torch.equal(net.logits(batch), net.logits(rewired))


def test_canonical_graphs_are_centred_and_upright() -> None:
    batch = batch_of(9)
    length = node_attributes(batch, ("length",))[:, 0].nan_to_num(0.0).clamp(min=0)

    found = canonical(batch)

    weight = length / length.new_zeros(len(batch)).index_add(0, batch.batch, length)[batch.batch]
    weight, size = weight.nan_to_num(0.0)[:, None], radius(batch)[1]
    sums = length.new_zeros(len(batch), 2)
    torch.testing.assert_close(
        sums.index_add(0, batch.batch, weight * found.position) / size[:, None],
        sums,
        atol=1e-3,
        rtol=0,
    )
    torch.testing.assert_close(found.direction.norm(dim=1), torch.ones(len(batch.kind)))


def test_canonical_net_sees_neither_place_nor_slant() -> None:
    """Nodes of one length whose directions are along the rows, which a shear of columns keeps."""
    batch, net = batch_of(10), net_of(pose="canonical", kinds=["line"])
    attributes = batch.attributes.clone()
    attributes[:, list(ATTRIBUTES).index("length")] = 5
    along = torch.tensor([0.0, 1.0]).expand_as(batch.direction)
    row, column = batch.position.T
    batch = replace(batch, attributes=attributes, direction=along)
    slanted = torch.stack([row + 3, column + 0.05 * row], dim=1)

    known = net.logits(batch)

    torch.testing.assert_close(
        net.logits(replace(batch, position=slanted)), known, atol=2e-2, rtol=2e-2
    )
    assert not torch.allclose(net_of(kinds=["line"]).logits(batch), known, atol=1e-2)


@pytest.mark.parametrize(("waves", "harmonics"), [(0, 0), (0, 2)])
def test_without_waves_harmonics_stand_alone(waves: int, harmonics: int) -> None:
    pose = where(batch_of(3))
    theta = torch.atan2(pose[:, 2], pose[:, 3])
    turns = [part(m * theta) for m in range(1, harmonics + 1) for part in (torch.cos, torch.sin)]

    found = PlaceWaves(waves, harmonics)(pose)

    assert PlaceWaves(waves, harmonics).width == len(turns)
    torch.testing.assert_close(
        found, torch.stack([theta, *turns], dim=1)[:, 1:], atol=1e-5, rtol=1e-5
    )


def test_absolute_poses_cost_what_they_are() -> None:
    batch, hidden, width = batch_of(2), 8, 8 * 2 * 3

    free, absolute = net_of(pose="free"), net_of()

    assert n_parameters(absolute) - n_parameters(free) == (4 + width) * hidden
    assert absolute.macs(batch) - free.macs(batch) == len(batch.kind) * (
        (4 + width) * hidden + 2 * 8 + width
    )


@pytest.mark.parametrize("harmonics", [0, 2])
def test_waves_are_products_of_waves_and_harmonics(harmonics: int) -> None:
    pose = where(batch_of(3))
    waves = PlaceWaves(2, harmonics)

    found = waves(pose)

    theta = torch.atan2(pose[:, 2], pose[:, 3])
    m = torch.arange(1, harmonics + 1)
    turns = [torch.ones_like(theta)]
    for k in m:
        turns += [(k * theta).cos(), (k * theta).sin()]
    columns = []
    for part in (torch.cos, torch.sin):
        for length in (1, 2):
            for angle in range(4):
                step = torch.tensor(angle * torch.pi / 4)
                along = pose[:, 0] * step.sin() + pose[:, 1] * step.cos()
                columns += [part(along * length * torch.pi / 2) * turn for turn in turns]
    assert waves.width == len(columns)
    torch.testing.assert_close(found, torch.stack(columns, dim=1), atol=1e-5, rtol=1e-5)


def test_absolute_net_sees_turns_and_no_shifts() -> None:
    net, batch = net_of(), batch_of(4)
    turned = replace(batch, direction=batch.direction.flip(1), position=batch.position.flip(1))

    torch.testing.assert_close(
        net.logits(replace(batch, position=batch.position + 5)),
        net.logits(batch),
        atol=1e-4,
        rtol=1e-4,
    )
    assert not torch.allclose(net.logits(turned), net.logits(batch), atol=1e-3)
