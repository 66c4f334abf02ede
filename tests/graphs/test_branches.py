import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from strategies import angles, generators

from perceptgraph.graphs.branches import N_RANKED, branch_frames


@given(rng=generators(), degrees=st.lists(st.integers(0, 6), max_size=5))
def test_turns_lead_from_the_frame_to_the_branches_one_after_the_other(rng, degrees) -> None:
    angle = rng.uniform(-np.pi, np.pi, sum(degrees)).astype(np.float32)
    offsets = np.cumsum([0, *degrees]).astype(np.int64)

    widest, turns = branch_frames(angle, offsets)

    for i, degree in enumerate(degrees):
        ranked = turns[i, : min(degree, N_RANKED)]
        assert (np.diff(ranked) > 0).all()
        assert ((ranked > 0) & (ranked < 2 * np.pi)).all()
        assert (turns[i, degree:] == 0).all()
        # To the left is against the angles of the picture.
        branches = np.exp(1j * angle[offsets[i] : offsets[i + 1]].astype(float))
        reached = np.exp(1j * (widest[i] - ranked))
        assert (np.abs(reached[:, None] - branches).min(axis=1, initial=9) < 1e-5).all()


@given(rng=generators(), degree=st.integers(1, 5))
def test_no_gap_is_wider_than_the_one_the_frame_points_along(rng, degree) -> None:
    angle = rng.uniform(-np.pi, np.pi, degree).astype(np.float32)

    widest, _ = branch_frames(angle, np.array([0, degree], np.int64))

    sweep = np.linspace(-np.pi, np.pi, 3601)
    free = np.abs(np.angle(np.exp(1j * (sweep[:, None] - angle)))).min(axis=1)
    here = np.abs(np.angle(np.exp(1j * (widest[0] - angle.astype(float))))).min()
    assert here >= free.max() - 1e-5


@given(rng=generators(), turn=angles())
def test_turns_do_not_see_the_pose_of_the_picture(rng, turn) -> None:
    angle = rng.uniform(-np.pi, np.pi, 4)
    offsets = np.array([0, 4], np.int64)

    widest, turns = branch_frames(angle.astype(np.float32), offsets)
    posed, seen = branch_frames(np.angle(np.exp(1j * (angle + turn))).astype(np.float32), offsets)

    np.testing.assert_allclose(seen, turns, atol=1e-4)
    np.testing.assert_allclose(np.exp(1j * posed), np.exp(1j * (widest + turn)), atol=1e-4)
