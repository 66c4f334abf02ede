"""The front end and the net on it: poses, what is learned, and that learning works."""

import numpy as np
import pytest
import torch
from soft_drawings import disc

from perceptgraph.graphs.encoding import complete_pairs, relative_pose
from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.soft_primitives import SoftPrimitives, about_middle, poses

SMALL = {
    "view": "raw",
    "directions": 8,
    "cell": 4,
    "nodes": 8,
    "hidden": 8,
    "rounds": 1,
    "dropout": 0.0,
}


def a_net(fitted: bool = True, **keywords: object) -> SoftPrimitives:
    torch.manual_seed(0)
    return SoftPrimitives(("a", "b"), **{"side": 16, **SMALL, "fitted": fitted, **keywords})


def drawings(n: int, seed: int = 0) -> PixelBatch:
    """Discs, and pairs of smaller ones, in 16 x 16 pixels."""
    rng = np.random.default_rng(seed)
    pictures, labels = [], []
    for i in range(n):
        row, column = rng.uniform(6, 9, 2)
        if i % 2:
            pictures.append(disc(row, column - 3.5, 2.5, 16) + disc(row, column + 3.5, 2.5, 16))
        else:
            pictures.append(disc(row, column, 4.0, 16))
        labels.append(i % 2)
    return PixelBatch(torch.cat(pictures).clamp(0, 1), torch.tensor(labels))


def test_poses_are_the_relative_poses_of_all_pairs() -> None:
    torch.manual_seed(0)
    position, angle = 10 * torch.rand(1, 5, 2), 6 * torch.rand(1, 5)
    direction = torch.stack([angle.sin(), angle.cos()], dim=2)

    found = poses(position, direction)[0]

    source, target = complete_pairs(torch.tensor([0, 5]))
    wanted = relative_pose(position[0], direction[0], torch.stack([source, target]))
    u, v, cosine, sine, log_distance = wanted.T
    own = found[source, target]
    torch.testing.assert_close(own[:, 0], u)
    torch.testing.assert_close(own[:, 1], v)
    torch.testing.assert_close(own[:, 2], (10 * u).asinh() / 3)
    torch.testing.assert_close(own[:, 4], log_distance, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(own[:, 5:], torch.stack([cosine, sine], dim=1))


def test_places_do_not_see_where_the_drawing_is_or_how_large() -> None:
    torch.manual_seed(0)
    position, weight = 9 * torch.rand(2, 6, 2), torch.rand(2, 6)

    found = about_middle(position, weight)

    torch.testing.assert_close(about_middle(2.5 * position + 3, weight), found, rtol=0, atol=1e-4)
    middle = (found * weight[..., None]).sum(1)
    torch.testing.assert_close(middle, torch.zeros(2, 2), rtol=0, atol=1e-4)
    spread = (found.square().sum(2) * weight).sum(1) / weight.sum(1)
    torch.testing.assert_close(spread, torch.ones(2), rtol=0, atol=1e-4)


def test_only_a_fitted_front_end_is_learned() -> None:
    batch = drawings(6)
    fitted, fixed = a_net(True), a_net(False)
    for net in (fitted, fixed):
        net.prepare([batch])

    fitted.loss(batch).backward()

    for name, values in fitted.front.named_parameters():
        assert values.grad is not None, name
        assert values.grad.any(), name
    assert not list(fixed.front.parameters())
    torch.testing.assert_close(fitted.logits(batch), fixed.logits(batch))


@pytest.mark.parametrize("fitted", [True, False])
def test_it_learns_what_its_primitives_tell(fitted: bool) -> None:
    net, batch, others = a_net(fitted), drawings(24), drawings(24, seed=1)
    net.prepare([batch])
    optimiser = torch.optim.Adam(net.parameters(), lr=0.01)
    for _ in range(40):
        optimiser.zero_grad()
        net.loss(batch).backward()
        optimiser.step()

    with torch.no_grad():
        right = net.eval().logits(others).argmax(1) == others.label

    assert right.float().mean() > 0.9


def test_a_blank_picture_has_finite_logits_and_derivatives() -> None:
    net = a_net()
    blank = PixelBatch(torch.zeros(2, 1, 16, 16), torch.tensor([0, 1]))

    net.loss(blank).backward()

    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"view": "askew"}, "view: expected"),
        ({"side": 15}, "side: expected at least 16 pixels, got 15"),
        ({"directions": 7}, "directions: expected a multiple of 2"),
        ({"nodes": 65}, "nodes: expected 1 to 64 in cells of 4 pixels, got 65"),
        ({"cell": 0}, "cell: expected at least 1 pixel, got 0"),
        ({"nodes": 0}, "nodes: expected 1 to 64"),
    ],
)
def test_what_cannot_be_is_named(keywords: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_net(**keywords)
