"""Poses see two nodes, never where the picture lies."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from perceptgraph.graphs.encoding import (
    ENCODINGS,
    SCALE_FREE,
    FourierPose,
    RawPose,
    complete_pairs,
    relative_pose,
    scale_free,
)
from perceptgraph.graphs.frames import ATTRIBUTES, Frames, lone_nodes
from perceptgraph.graphs.pose import CLOSEST, POSE, poses_between

seeds = st.integers(0, 2**32)
angles = st.floats(-np.pi, np.pi)
U, V, COS, SIN, LOG = range(len(POSE))


def random_frames(seed: int, n: int = 7) -> Frames:
    """Nodes of which the last two lie on each other."""
    rng = np.random.default_rng(seed)
    angle, position = rng.uniform(-np.pi, np.pi, n), rng.uniform(0, 64, (n, 2))
    position[-1] = position[-2]
    return lone_nodes(
        np.zeros(n, np.uint8),
        position.astype(np.float32),
        np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32),
        np.zeros((n, len(ATTRIBUTES)), np.float32),
    )


def every_pair(n: int = 7) -> Tensor:
    return complete_pairs(torch.tensor([0, n]))


def poses(frames: Frames, pairs: Tensor | None = None) -> Tensor:
    pairs = every_pair() if pairs is None else pairs
    return relative_pose(
        torch.from_numpy(frames.position), torch.from_numpy(frames.direction), pairs
    )


def moved(frames: Frames, turn: float, shift: tuple[float, float], scale: float) -> Frames:
    """The picture turned, shifted and scaled."""
    cos, sin = np.cos(turn), np.sin(turn)
    rotation = np.array([[cos, -sin], [sin, cos]])
    return replace(
        frames,
        position=(scale * frames.position @ rotation.T + shift).astype(np.float32),
        direction=(frames.direction @ rotation.T).astype(np.float32),
    )


@given(seed=seeds, turn=angles, row=st.floats(-99, 99), column=st.floats(-99, 99))
def test_a_rigid_motion_of_the_picture_changes_no_pose(
    seed: int, turn: float, row: float, column: float
) -> None:
    frames = random_frames(seed)

    here, there = poses(frames), poses(moved(frames, turn, (row, column), 1))

    torch.testing.assert_close(there[:, :LOG], here[:, :LOG], rtol=0, atol=1e-3)
    far = here[:, LOG] > 0  # where positions in float32 settle the logarithm
    torch.testing.assert_close(there[far, LOG], here[far, LOG], rtol=0, atol=1e-3)


@given(seed=seeds, scale=st.floats(0.5, 4))
def test_scale_multiplies_lengths_alone(seed: int, scale: float) -> None:
    frames = random_frames(seed)
    factor = torch.tensor([scale, scale, 1, 1])

    here, there = poses(frames), poses(moved(frames, 0, (0, 0), scale))

    torch.testing.assert_close(there[:, :LOG], here[:, :LOG] * factor, rtol=1e-4, atol=1e-3)
    apart = here[:, LOG] > np.log(2 * CLOSEST)
    grown = here[apart, LOG] + np.log(scale)
    torch.testing.assert_close(there[apart, LOG], grown, rtol=1e-4, atol=1e-3)


@given(seed=seeds)
def test_pose_seen_from_the_target_is_the_inverse_motion(seed: int) -> None:
    frames = random_frames(seed)

    there = poses(frames).double()
    back = poses(frames, every_pair().flip(0)).double()

    motion = torch.complex(there[:, COS], there[:, SIN])
    place = torch.complex(there[:, U], there[:, V])
    inverse = -place * motion.conj()
    torch.testing.assert_close(back[:, U], inverse.real, rtol=0, atol=1e-4)
    torch.testing.assert_close(back[:, V], inverse.imag, rtol=0, atol=1e-4)
    torch.testing.assert_close(back[:, COS], there[:, COS], rtol=0, atol=1e-6)
    torch.testing.assert_close(back[:, SIN], -there[:, SIN], rtol=0, atol=1e-6)
    torch.testing.assert_close(back[:, LOG], there[:, LOG])


@given(seed=seeds)
def test_mirrored_picture_swaps_left_and_right(seed: int) -> None:
    frames = random_frames(seed)
    flip = np.array([1, -1], np.float32)
    mirrored = replace(frames, position=frames.position * flip, direction=frames.direction * flip)

    expected = poses(frames) * torch.tensor([1, -1, 1, -1, 1])

    torch.testing.assert_close(poses(mirrored), expected, rtol=0, atol=1e-5)


def test_pose_of_a_drawn_pair_is_what_one_sees() -> None:
    """From a node that looks right, the target lies ahead and above, and looks up: to the left."""
    position = np.array([[10, 10], [6, 13]], np.float32)
    direction = np.array([[0, 1], [-1, 0]], np.float32)

    (pose,) = poses_between(position, direction, np.array([0]), np.array([1]))

    np.testing.assert_allclose(pose, [3, 4, 0, 1, np.log(5)], atol=1e-6)


@given(seed=seeds)
def test_u_and_v_are_steps_along_the_frame_and_its_left(seed: int) -> None:
    frames = random_frames(seed)
    source, target = every_pair().numpy()
    step = frames.position[target].astype(np.float64) - frames.position[source]

    pose = poses(frames).numpy()

    rebuilt = pose[:, [U]] * frames.direction[source] + pose[:, [V]] * frames.left[source]
    np.testing.assert_allclose(rebuilt, step, atol=1e-4)
    distance = np.hypot(*step.T)
    np.testing.assert_allclose(pose[:, LOG], np.log(np.maximum(distance, CLOSEST)), atol=1e-4)
    np.testing.assert_allclose(np.hypot(pose[:, COS], pose[:, SIN]), 1, atol=1e-5)


@given(seed=seeds)
def test_compiled_poses_are_those_of_tensor_operations(seed: int) -> None:
    frames = random_frames(seed)
    position = torch.from_numpy(frames.position).requires_grad_()

    by_tensors = relative_pose(position, torch.from_numpy(frames.direction), every_pair())

    assert by_tensors.requires_grad
    torch.testing.assert_close(poses(frames), by_tensors.detach(), rtol=1e-5, atol=1e-5)


def test_poses_have_the_precision_of_the_frames() -> None:
    frames = random_frames(0)
    double = (torch.from_numpy(a).double() for a in (frames.position, frames.direction))

    found = relative_pose(*double, every_pair())

    assert found.dtype == torch.float64
    torch.testing.assert_close(poses(frames), found.float(), rtol=1e-5, atol=1e-5)


def test_no_pair_has_no_pose() -> None:
    nothing = torch.zeros(2, 0, dtype=torch.int64)

    assert poses(random_frames(0), nothing).shape == (0, len(POSE))
    for encoding in (RawPose(10.0), FourierPose(4, 2, 8.0, np.random.default_rng(0))):
        assert encoding(torch.zeros(0, 5)).shape == (0, encoding.width)


@given(sizes=st.lists(st.integers(0, 9), max_size=6), limit=st.integers(0, 9))
def test_complete_graph_has_every_pair_of_the_small_graphs(sizes: list[int], limit: int) -> None:
    ptr = np.cumsum([0, *sizes])
    expected = [
        (int(first) + i, int(first) + j)
        for first, n in zip(ptr, sizes, strict=False)
        if n <= limit
        for i in range(n)
        for j in range(n)
        if i != j
    ]

    found = complete_pairs(torch.from_numpy(ptr), limit)

    assert found.dtype == torch.int64
    assert list(map(tuple, found.T.tolist())) == expected


@given(seed=seeds, turn=angles, scale=st.floats(0.5, 4))
def test_scale_free_poses_see_neither_motion_nor_scale(
    seed: int, turn: float, scale: float
) -> None:
    frames = random_frames(seed)
    size = torch.rand(2, 42, generator=torch.Generator().manual_seed(seed % 2**31)) * 9 + 1

    here = scale_free(poses(frames), *size)
    there = scale_free(poses(moved(frames, turn, (3, -5), scale)), *(size * scale))

    assert here.shape == (42, len(SCALE_FREE))
    torch.testing.assert_close(there, here, rtol=0, atol=2e-3)


def test_scale_free_pose_of_a_drawn_pair() -> None:
    pose = torch.tensor([[-6.0, 8.0, -0.6, 0.8, float(np.log(10.0))]])

    found = scale_free(pose, torch.tensor([2.0]), torch.tensor([6.0]))

    expected = [np.log1p(1.5), np.log1p(2), np.arctan2(0.8, 0.6), -0.6, np.log(3), np.log1p(2.5)]
    torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float32))


def random_poses(seed: int, n: int = 20) -> Tensor:
    rng = np.random.default_rng(seed)
    u, v, turn = rng.uniform(-9, 9, n), rng.uniform(-9, 9, n), rng.uniform(-np.pi, np.pi, n)
    columns = (u, v, np.cos(turn), np.sin(turn), np.log(np.hypot(u, v)))
    return torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))


@given(seed=seeds)
def test_fourier_encoding_has_length_one(seed: int) -> None:
    encode = FourierPose(5, 3, 4.0, np.random.default_rng(seed))

    found = encode(random_poses(seed))

    assert found.shape == (20, encode.width) == (20, 2 * 5 * 7)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(20))


@given(seed=seeds, u=st.floats(-9, 9), v=st.floats(-9, 9), turn=angles)
def test_fourier_encodings_compare_by_the_difference_of_poses(
    seed: int, u: float, v: float, turn: float
) -> None:
    encode = FourierPose(5, 3, 4.0, np.random.default_rng(seed))
    here = random_poses(seed).double()
    motion = torch.polar(torch.ones(20, dtype=torch.float64), torch.full((20,), turn).double())
    turned = torch.complex(here[:, COS], here[:, SIN]) * motion
    there = torch.stack([here[:, U] + u, here[:, V] + v, turned.real, turned.imag, here[:, LOG]], 1)

    a, b = encode(here.float()), encode(there.float())

    torch.testing.assert_close(b @ b.T, a @ a.T, rtol=0, atol=1e-4)


@settings(max_examples=10)
@given(seed=seeds)
def test_many_waves_give_the_gaussian_kernel(seed: int) -> None:
    encode = FourierPose(4096, 2, 4.0, np.random.default_rng(seed))
    pose = random_poses(seed)
    turn = torch.atan2(pose[:, SIN], pose[:, COS])
    delta = turn[:, None] - turn

    found = encode(pose) @ encode(pose).T

    square = torch.cdist(pose[:, :2], pose[:, :2]).square()
    kernel = (-square / 32).exp() * (1 + delta.cos() + (2 * delta).cos()) / 3
    # The mean of 4096 cosines has a standard deviation of at most 1 / sqrt(2 * 4096) = 0.011.
    torch.testing.assert_close(found, kernel, rtol=0, atol=0.06)


@given(seed=seeds)
def test_raw_encoding_does_not_see_the_unit_of_length(seed: int) -> None:
    pose = random_poses(seed)
    double = pose * torch.tensor([2, 2, 1, 1, 1]) + torch.tensor([0, 0, 0, 0, np.log(2)])

    torch.testing.assert_close(RawPose(6.0)(double.float()), RawPose(3.0)(pose))


def test_wave_vectors_are_a_function_of_the_generator_and_survive_saving() -> None:
    first, again, other = (
        FourierPose(4, 1, 8.0, np.random.default_rng(seed)) for seed in (0, 0, 1)
    )

    assert torch.equal(first.wave, again.wave)
    assert not torch.equal(first.wave, other.wave)
    other.load_state_dict(first.state_dict())
    assert torch.equal(first.wave, other.wave)


@pytest.mark.parametrize("bad", [(0, 1, 1.0), (1, -1, 1.0), (1, 1, 0.0)])
def test_an_encoding_of_nothing_is_refused(bad: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="expected waves >= 1"):
        FourierPose(*bad, np.random.default_rng(0))


def test_encodings_are_named() -> None:
    assert set(ENCODINGS) == {"raw", "fourier"}
