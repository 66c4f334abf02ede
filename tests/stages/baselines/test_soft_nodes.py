"""Soft nodes: nothing is lost, they lie on the level line, and they have derivatives."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from soft_drawings import disc

from perceptgraph.stages.baselines.soft_nodes import SECTOR, on_level, soft_nodes
from perceptgraph.stages.baselines.soft_primitives import FrontEnd


@given(seed=st.integers(0, 2**31), cell=st.integers(1, 7))
def test_no_mass_is_lost_and_the_heaviest_come_first(seed: int, cell: int) -> None:
    torch.manual_seed(seed)
    weight = torch.rand(2, 6, 7, 7)
    n_nodes = (-(-7 // cell)) ** 2 * 6 // SECTOR

    found = soft_nodes(weight, [weight], cell, n_nodes)

    torch.testing.assert_close(found.mass.sum(1), weight.sum((1, 2, 3)))
    assert (found.mass.diff(dim=1) <= 0).all()


def test_one_pixel_is_one_node() -> None:
    weight = torch.zeros(1, 8, 12, 12)
    weight[0, 3, 7, 2] = 2.0
    measure = torch.arange(8.0)[:, None, None].expand(1, 8, 12, 12)

    found = soft_nodes(weight, [measure], 4, 2)

    torch.testing.assert_close(found.mass, torch.tensor([[2.0, 0.0]]))
    torch.testing.assert_close(found.position[0, 0], torch.tensor([7.0, 2.0]), rtol=0, atol=1e-4)
    angle = 3 * math.pi / 4
    wanted = torch.tensor([math.sin(angle), math.cos(angle)])
    torch.testing.assert_close(found.direction[0, 0], wanted, rtol=0, atol=1e-4)
    assert float(found.attributes[0, 0, 0]) == pytest.approx(3, abs=1e-4)


def test_derivatives_are_those_of_the_sums() -> None:
    torch.manual_seed(0)
    weight = torch.rand(1, 4, 4, 4, dtype=torch.float64, requires_grad=True)
    measure = torch.randn(1, 4, 4, 4, dtype=torch.float64, requires_grad=True)

    assert torch.autograd.gradcheck(lambda w, m: soft_nodes(w, [m], 2, 3), (weight, measure))


def test_level_line_is_as_long_as_the_circle_is() -> None:
    """Coarea formula: twice the radius, twice the length."""

    def length(radius: float) -> float:
        picture = disc(32, 32, radius, 64)
        row, column = torch.gradient(picture, dim=(2, 3))
        near = on_level(picture, torch.tensor(0.5), torch.tensor(0.1))
        return float((near * torch.hypot(row, column)).sum())

    assert length(24) == pytest.approx(2 * length(12), rel=0.02)


@pytest.mark.parametrize("radius", [6.0, 9.0])
def test_nodes_of_a_disc_lie_on_its_border_and_walk_around_it(radius: float) -> None:
    front = FrontEnd(16, 4, 24, fitted=False)
    picture = disc(13.3, 14.1, radius)

    found = front(picture, picture * 3)

    heavy = found.mass[0] > 0.3
    mass = found.mass[0, heavy]
    assert heavy.sum() >= 8
    off = found.position[0, heavy] - torch.tensor([13.3, 14.1])
    distance = off.norm(dim=1)
    # Corners of cells that cut the border off draw a node to themselves.
    assert ((distance - radius).abs() * mass).sum() / mass.sum() < 0.3
    direction = torch.nn.functional.normalize(found.direction[0, heavy], dim=1)
    # Bright to the left of the direction: v of the middle, seen from the node, is positive.
    left = (-off[:, 1] * direction[:, 0] + off[:, 0] * direction[:, 1]) / distance
    assert left.min() > 0.9


def test_nodes_move_with_what_they_are_of() -> None:
    front = FrontEnd(16, 28, 1, fitted=False)
    rows = np.arange(28)[:, None] * np.ones(28)

    def height(shift: float) -> float:
        edge = torch.from_numpy(np.clip((13.5 + shift - rows) / 3 + 0.5, 0, 1)[None, None]).float()
        return float(front(edge, edge * 3).position[0, 0, 0].detach())

    for shift in (0.2, 0.5, 0.9):
        assert height(shift) - height(0.0) == pytest.approx(shift, abs=0.1)


def test_a_blank_picture_has_nodes_without_mass() -> None:
    front = FrontEnd(8, 4, 5, fitted=True)
    blank = torch.zeros(1, 1, 16, 16)

    found = front(blank, blank)

    assert found.mass.abs().max() < 1e-6
    assert all(values.isfinite().all() for values in found)
