"""Relative-pose net: the nodes that it reads, and where they lie."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA, random_graphs

from perceptgraph.graphs.encoding import PlaceWaves
from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models.features import of_kinds
from perceptgraph.graphs.models.poses import where
from perceptgraph.graphs.models.relative_pose import RelativePoseNet
from perceptgraph.graphs.models.saved import n_parameters


def net_of(**keywords: Any) -> RelativePoseNet:
    torch.manual_seed(0)
    known = {"kinds": [*NODE_KINDS], "pose": "absolute", "waves": 2, "harmonics": 1}
    return RelativePoseNet(SCHEMA, hidden=8, rounds=2, dropout=0.1, **(known | keywords)).eval()


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
        net_of(waves=0)


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
