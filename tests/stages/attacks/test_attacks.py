"""What holds for every attack, and how near each comes to the strongest one there can be."""

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from straight_victims import SIDE, StraightNet, lenet_victim, straight_victim

from perceptgraph.stages.attacks import ATTACKS
from perceptgraph.stages.attacks.gradients import descend, gradient
from perceptgraph.stages.attacks.sparse import n_moved
from perceptgraph.stages.attacks.square_l2 import hills, window_side
from perceptgraph.stages.attacks.victim import Victim, attack_of, attacked, check_attack, margins
from perceptgraph.stages.params import ParamsError

KEYWORDS: dict[str, dict[str, Any]] = {
    "pgd": {"eps": 0.1, "steps": 5, "restarts": 2},
    "transfer": {"eps": 0.1, "steps": 5, "source": "other"},
    "adaptive": {"eps": 0.1, "steps": 5, "restarts": 2, "source": "other"},
    "square_linf": {"eps": 0.1, "queries": 20},
    "square_l2": {"eps": 1.0, "queries": 20},
    "sparse": {"pixels": 12, "queries": 20},
}
"""A small budget of each attack."""


def weights(seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE)).astype(np.float32)


def pictures(n: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Grey pictures, so that no change is cut off at black or white."""
    return np.random.default_rng(seed).uniform(0.4, 0.6, (n, SIDE, SIDE)).astype(np.float32)


def victims(need: float) -> tuple[Victim, StraightNet]:
    """A straight victim whose fellow contender is a LeNet."""
    return straight_victim(weights(), need, lambda name: lenet_victim(1))


def change(name: str, images: Any, found: Any) -> float:
    """How much of the budget's norm the worst image needs."""
    off = (found - images).reshape(len(images), -1)
    if name == "sparse":
        return float((off != 0).sum(1).max())
    if name == "square_l2":
        return float(np.linalg.norm(off, axis=1).max())
    return float(np.abs(off).max())


@pytest.mark.parametrize("name", ATTACKS)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 99))
def test_pictures_stay_within_the_budget_and_are_told_right_as_the_victim_tells_them(
    name: str, seed: int
) -> None:
    images, labels = pictures(3, seed), np.array([0, 0, 1])
    victim, _ = victims(need=float((images[0] * weights()).sum()) - 0.5)

    found = attacked(victim, images, labels, np.random.default_rng(seed), {name: KEYWORDS[name]})

    budget = KEYWORDS[name].get("eps", KEYWORDS[name].get("pixels"))
    assert change(name, images, found.images) <= budget * (1 + 1e-5)
    assert found.images.min() >= 0
    assert found.images.max() <= 1
    np.testing.assert_array_equal(found.right, margins(victim.scores(found.images), labels) > 0)


@pytest.mark.parametrize("name", ["square_linf", "square_l2", "sparse", "pgd", "adaptive"])
def test_every_question_is_counted_and_none_is_asked_about_what_is_beaten(name: str) -> None:
    images, labels = pictures(4), np.array([0, 0, 0, 1])
    victim, net = victims(need=float((images * weights()).sum((1, 2)).mean()))
    other = {"source": "other"} if name == "adaptive" else {}

    found = attacked(victim, images, labels, np.random.default_rng(0), {name: KEYWORDS[name]})

    looks_itself = name == "pgd"
    assert looks_itself or found.queries.sum() == net.n_seen
    steps = KEYWORDS[name]["steps"] if other else 1
    budget = KEYWORDS[name].get("queries", KEYWORDS[name].get("restarts", 0) * steps + 1)
    assert found.queries.max() <= budget
    wrong = margins(victim.scores(images), labels) <= 0
    assert (found.queries[wrong] == 1).all()


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_a_function_of_its_generator_and_leaves_others_alone(name: str) -> None:
    images, labels = pictures(3), np.zeros(3, np.int64)
    victim, _ = victims(need=-20.0)
    before = np.random.get_state()[1].copy(), random.getstate()  # type: ignore[union-attr] # noqa: NPY002

    one, two = (
        attacked(victim, images, labels, np.random.default_rng(5), {name: KEYWORDS[name]}).images
        for _ in range(2)
    )

    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(before[0], np.random.get_state()[1])  # noqa: NPY002
    assert before[1] == random.getstate()


STRONGEST: Mapping[str, Any] = {
    "pgd": (np.abs(weights()).sum() * 0.1, {"eps": 0.1, "steps": 20, "restarts": 1}, 0.95),
    "square_linf": (np.abs(weights()).sum() * 0.1, {"eps": 0.1, "queries": 1500}, 0.6),
    "square_l2": (np.linalg.norm(weights()), {"eps": 1.0, "queries": 1500}, 0.5),
    "sparse": (
        0.5 * np.sort(np.abs(weights()).ravel())[-12:].sum(),
        {"pixels": 12, "queries": 1500},
        0.75,
    ),
}
"""Attack to how far it can lower the margin of a grey picture, keywords, and the share it must."""


@pytest.mark.parametrize("name", STRONGEST)
def test_a_straight_margin_falls_by_most_of_what_can_be_and_by_no_more(name: str) -> None:
    most, keywords, share = STRONGEST[name]
    images = np.full((2, SIDE, SIDE), 0.5, np.float32)
    total = float((images[0] * weights()).sum())
    labels = np.zeros(2, np.int64)
    near, _ = straight_victim(weights(), total - share * most)
    far, _ = straight_victim(weights(), total - 1.02 * most - 0.3)

    found = attacked(near, images, labels, np.random.default_rng(0), {name: keywords})
    in_vain = attacked(far, images, labels, np.random.default_rng(0), {name: keywords})

    assert not found.right.any()
    assert in_vain.right.all()


def test_a_transferred_picture_is_the_one_that_the_source_descends_to() -> None:
    images, labels = pictures(4), np.array([0, 1, 0, 0])
    source = lenet_victim(1)
    victim, net = straight_victim(weights(), -100.0, lambda name: source)  # all are of class 0
    begun = np.array([0, 2, 3])
    keywords = {"eps": 0.1, "steps": 5}
    *_, last = descend(source, images[begun], labels[begun], np.random.default_rng(0), **keywords)

    found = attack_of("transfer")(
        victim, images, labels, np.random.default_rng(0), source="lenet", **keywords
    )

    assert net.n_seen == 4 + 3
    assert found.queries.tolist() == [2, 1, 2, 2]
    assert found.right.tolist() == [True, False, True, True]
    margin = margins(victim.scores(images), labels)[begun]
    is_lower = margins(victim.scores(last), labels[begun]) < margin
    np.testing.assert_array_equal(found.images[begun[is_lower]], last[is_lower])
    np.testing.assert_array_equal(found.images[begun[~is_lower]], images[begun[~is_lower]])


def test_what_is_wrong_from_the_start_withstands_no_attack() -> None:
    images, labels = pictures(4), np.ones(4, np.int64)
    total = (images * weights()).sum((1, 2))
    victim, _ = straight_victim(weights(), float(total.min()) - 0.1, lambda name: lenet_victim(1))

    for name in ATTACKS:
        found = attacked(victim, images, labels, np.random.default_rng(0), {name: KEYWORDS[name]})

        assert not found.right.any()


def test_what_stands_in_for_the_victim_need_not_be_right() -> None:
    images, labels = pictures(4), np.zeros(4, np.int64)
    need = float((images * weights()).sum((1, 2)).min()) - 1e-3
    keywords = {**KEYWORDS["adaptive"], "steps": 30}
    victim, _ = straight_victim(weights(), need, lambda name: lenet_victim(2))
    itself, _ = straight_victim(weights(), need - 5, lambda name: victims(0.0)[0])

    found = attacked(victim, images, labels, np.random.default_rng(0), {"adaptive": keywords})
    followed = attacked(itself, images, labels, np.random.default_rng(0), {"adaptive": keywords})

    assert not found.right.all()
    assert not followed.right.any()


def test_what_has_no_derivative_is_refused() -> None:
    class Graphs(Victim):
        pass

    victim = Graphs(None, {}, {}, lambda name: victim)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match="expected a network on pixels"):
        gradient(victim, pictures(1), np.zeros(1, np.int64))


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"bribe": {}}, "bribe"),
        ({"pgd": {"eps": 0.1}}, "missing restarts, steps"),
        ({"pgd": {}, "sparse": {}}, "one attack at a time"),
    ],
)
def test_an_attack_that_cannot_be_is_named(recipe: dict[str, Any], message: str) -> None:
    with pytest.raises(ParamsError, match=message):
        check_attack(recipe)


@pytest.mark.parametrize("pixels", [0, 256, 257])
def test_all_pixels_of_an_image_are_more_than_a_few(pixels: int) -> None:
    victim, _ = victims(0.0)

    with pytest.raises(ValueError, match="expected 1 to 255"):
        attack_of("sparse")(
            victim,
            pictures(1),
            np.zeros(1, np.int64),
            np.random.default_rng(0),
            pixels=pixels,
            queries=5,
        )


@given(query=st.integers(1, 999), pixels=st.integers(1, 400))
def test_fewer_and_fewer_pixels_move_and_windows_shrink(query: int, pixels: int) -> None:
    assert 1 <= n_moved(query + 1, 1000, pixels) <= n_moved(query, 1000, pixels) <= pixels
    sides = [window_side(q, 1000, 28 * 28) for q in (query, query + 1)]
    assert sides[1] <= sides[0]
    assert all(side % 2 == 1 for side in sides)


@given(height=st.integers(3, 20), width=st.integers(3, 20))
def test_a_hill_beside_a_valley_has_norm_one_and_both_signs(height: int, width: int) -> None:
    found = hills(height, width)

    assert np.linalg.norm(found) == pytest.approx(1)
    assert (found[: height // 2] > 0).all()
    assert (found[height // 2 :] < 0).all()
