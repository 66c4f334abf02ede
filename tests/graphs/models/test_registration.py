"""Drawings laid onto drawings: what is no difference, what is one, and what the parts mean."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from graph_samples import SCHEMA
from hypothesis import given, settings
from hypothesis import strategies as st

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS, lone_nodes
from perceptgraph.graphs.loader import GraphBatch, graphs_in_memory
from perceptgraph.graphs.models import registration
from perceptgraph.graphs.models.registration import (
    CONTEXT,
    DART,
    FARTHEST,
    MOST,
    NEAREST,
    RINGS,
    SECTORS,
    WAYS,
    Settings,
    Shapes,
    contexts,
    dissimilarity,
    pair_macs,
    shapes_of,
)
from perceptgraph.graphs.relation_graph import RelationGraph

ARC = NODE_KINDS.index("arc")
LENGTH = list(ATTRIBUTES).index("length")
SETTINGS = Settings(
    rounds=8,
    coarse=0.6,
    fine=0.15,
    tolerance=0.25,
    direction=0.7,
    context=1.0,
    outlier=0.001,
    elastic=0.15,
    reach=1.0,
    bending=0.02,
)


def curve(seed: int, n: int = 14) -> np.ndarray:
    """Points (n + 1, 2) of a smooth random curve about 60 pixels wide."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0, 1, n + 1)[:, None]
    wave = rng.normal(0, 1, (3, 2)) / np.arange(1, 4)[:, None]
    phase = rng.uniform(0, 2 * np.pi, (3, 2))
    return 50 + 25 * sum(wave[k] * np.sin(np.pi * (k + 1) * t + phase[k]) for k in range(3))


def graph_of(points: np.ndarray, kind: int = ARC) -> RelationGraph:
    """The pieces between the points; of darts one in either direction."""
    step = np.diff(points, axis=0)
    length = np.linalg.norm(step, axis=1)
    place, along = (points[1:] + points[:-1]) / 2, step / length[:, None]
    if kind == DART:
        place, along = np.concatenate([place, place]), np.concatenate([along, -along])
        length = np.concatenate([length, length])
    attributes = np.zeros((len(place), len(ATTRIBUTES)), np.float32)
    attributes[:, LENGTH] = length
    frames = lone_nodes(
        np.full(len(place), kind, np.uint8),
        place.astype(np.float32),
        along.astype(np.float32),
        attributes,
    )
    none, zero = np.zeros(0, np.int32), np.zeros(0, np.uint8)
    return RelationGraph(frames, SCHEMA.relations, none, none, zero, zero, 0)


def batch_of(*drawings: np.ndarray, kind: int = ARC) -> GraphBatch:
    graphs = [graph_of(points, kind) for points in drawings]
    return graphs_in_memory(graphs, SCHEMA).batch(np.arange(len(graphs)))


def shapes(*drawings: np.ndarray, kind: int = ARC) -> Shapes:
    return shapes_of(batch_of(*drawings, kind=kind), kind, 64)


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from([ARC, DART]))
def test_place_and_size_of_a_drawing_do_not_matter(seed: int, kind: int) -> None:
    points = curve(seed)

    here, there = shapes(points, kind=kind), shapes(3 * points + [7, -20], kind=kind)

    torch.testing.assert_close(here.place, there.place, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(here.along, there.along, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(here.weight.sum(1), torch.ones(1))
    variance = (here.place.square().sum(2) * here.weight).sum(1) / 2
    torch.testing.assert_close(variance, torch.ones(1), atol=1e-4, rtol=0)


def test_a_stroke_has_no_sense_of_direction() -> None:
    points = curve(1)

    here, there = shapes(points, kind=DART), shapes(points[::-1].copy(), kind=DART)

    assert int((here.weight > 0).sum()) == len(points) - 1
    torch.testing.assert_close(here.along, there.along, atol=1e-5, rtol=0)


def test_the_longest_pieces_are_kept() -> None:
    points = np.cumsum([[0, 0], [0, 3], [5, 0], [0, 1], [4, 0]], axis=0).astype(float)

    kept = shapes_of(batch_of(points), ARC, 2)

    torch.testing.assert_close(kept.weight, torch.tensor([[5.0, 4.0]]) / 9)


def test_contexts_are_histograms_of_the_others() -> None:
    drawing = shapes(curve(2, n=6))
    found = contexts(drawing)[0].reshape(-1, WAYS + 1, RINGS, SECTORS)
    place, along, weight = (t[0].numpy() for t in (drawing.place, drawing.along, drawing.weight))

    want = torch.zeros_like(found)
    for i in range(len(place)):
        for j in range(len(place)):
            if i == j:
                continue
            row, column = place[j] - place[i]
            ring = np.log(np.hypot(row, column) / NEAREST) / np.log(FARTHEST / NEAREST)
            ring = float(np.clip(ring * (RINGS - 1), 0, RINGS - 1))
            sector = np.arctan2(row, column) / (2 * np.pi) * SECTORS
            for r in range(RINGS):
                for a in range(SECTORS):
                    apart = abs((sector - a + SECTORS / 2) % SECTORS - SECTORS / 2)
                    share = max(0, 1 - abs(ring - r)) * max(0, 1 - apart) * weight[j]
                    want[i, 0, r, a] += float(share)
                    for k in range(WAYS):
                        angle = np.arctan2(along[j, 0], along[j, 1]) - k * np.pi / 2
                        want[i, 1 + k, r, a] += float(share * (1 + np.cos(angle)) / 2)
    want = want.sqrt()
    want /= want.flatten(2).norm(dim=2)[:, :, None, None] * np.sqrt(1 + WAYS)

    torch.testing.assert_close(found, want, atol=2e-3, rtol=0)
    assert found[0].numel() == CONTEXT


@settings(max_examples=10)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from([ARC, DART]))
def test_dissimilarity_is_symmetric_and_does_not_depend_on_the_others(seed: int, kind: int) -> None:
    drawings = [curve(seed + i, n=6 + 2 * i) for i in range(4)]
    a, b = shapes(*drawings[:2], kind=kind), shapes(*drawings[2:], kind=kind)

    found = dissimilarity(a, b, SETTINGS, axial=kind == DART)

    back = dissimilarity(b, a, SETTINGS, axial=kind == DART)
    torch.testing.assert_close(found, back.T, rtol=1e-3, atol=1e-3)
    alone = shapes(drawings[0], kind=kind), shapes(drawings[3], kind=kind)
    one = dissimilarity(*alone, SETTINGS, axial=kind == DART)
    torch.testing.assert_close(found[0, 1], one[0, 0], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", [ARC, DART])
def test_what_was_bent_is_nearer_than_what_is_another(kind: int) -> None:
    drawings = [curve(seed) for seed in range(6)]
    middle = np.array([50.0, 50.0])
    bent = []
    for points in drawings:
        linear = np.array([[1.1, 0.15], [-0.1, 0.9]])
        wave = 3 * np.sin(points[:, ::-1] / 15)
        bent.append((points - middle) @ linear.T + wave + 60)

    away = dissimilarity(
        shapes(*bent, kind=kind), shapes(*drawings, kind=kind), SETTINGS, axial=kind == DART
    )

    assert away.argmin(1).tolist() == list(range(6))
    same = dissimilarity(
        shapes(*drawings, kind=kind), shapes(*drawings, kind=kind), SETTINGS, axial=kind == DART
    )
    assert (same.diagonal() < 0.1).all()


def test_a_stroke_that_is_missing_or_too_many_costs() -> None:
    whole = curve(3, n=20)
    half = whole[:11]

    there = dissimilarity(shapes(whole), shapes(whole, half), SETTINGS, axial=False)[0]

    assert there[1] > there[0] + 0.5


def test_nothing_is_like_nothing_and_unlike_something() -> None:
    empty = Shapes(torch.zeros(1, 14, 2), torch.zeros(1, 14, 2), torch.zeros(1, 14))

    found = dissimilarity(empty, empty, SETTINGS, axial=False)
    other = dissimilarity(empty, shapes(curve(0)), SETTINGS, axial=False)

    torch.testing.assert_close(found, torch.zeros(1, 1))
    torch.testing.assert_close(other, torch.full((1, 1), 2 * MOST), atol=1e-3, rtol=0)


def test_pairs_are_compared_in_parts_as_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = shapes(*(curve(i) for i in range(3))), shapes(*(curve(i) for i in range(3, 5)))
    at_once = dissimilarity(a, b, SETTINGS, axial=False)
    monkeypatch.setattr(registration, "PAIRS", 1)

    torch.testing.assert_close(dissimilarity(a, b, SETTINGS, axial=False), at_once)


@pytest.mark.parametrize("kind", [ARC, DART])
def test_empty_rows_change_nothing(kind: int) -> None:
    a, b = (shapes(curve(i, n=14), kind=kind) for i in range(2))
    there = dissimilarity(a, b, SETTINGS, axial=kind == DART)

    pad = torch.nn.functional.pad
    longer = (
        Shapes(*(pad(t, (0, 0, 0, 100)) for t in (s.place, s.along)), pad(s.weight, (0, 100)))
        for s in (a, b)
    )

    found = dissimilarity(*longer, SETTINGS, axial=kind == DART)
    torch.testing.assert_close(found, there, rtol=1e-4, atol=1e-4)


def test_settings_that_cannot_be_are_refused() -> None:
    for changed in ({"rounds": 0}, {"fine": 0.0}, {"elastic": 0.0}, {"bending": -1.0}):
        with pytest.raises(ValueError, match=r"expected positive|must not be negative"):
            replace(SETTINGS, **changed)


def test_pairs_cost_the_same_either_way() -> None:
    assert pair_macs(3, 5, 10) == pair_macs(5, 3, 10) > pair_macs(3, 5, 9)
