"""Axes of worse images and of attacks."""

import inspect
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.datasets.perturb import PERTURBATIONS, check_perturbation
from perceptgraph.stages.degradations import STRENGTHS, axes_of, degraded
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.robustness import AXES, attacked


@pytest.mark.parametrize("axis", STRENGTHS)
@given(strength=st.floats(0.01, 1))
def test_a_number_stands_for_a_perturbation_of_that_strength(axis: str, strength: float) -> None:
    seen, unseen = axes_of("images")[axis](strength), AXES[axis](strength)

    assert seen.name == unseen.name
    assert seen.value == unseen.value == strength
    assert seen.change.images == unseen.change.unseen
    assert not seen.change.unseen
    assert not unseen.change.images
    check_perturbation(seen.change.images)


def test_levels_that_differ_are_called_otherwise() -> None:
    for axis in STRENGTHS:
        names = {degraded(axis, "unseen", value).name for value in (0.1, 0.2, 0.5, 0.9, 1)}

        assert len(names) == 5


def test_keywords_go_over_those_that_stand_with_the_strength() -> None:
    level = degraded("rotation", "unseen", {"turn_deg": 30, "mirrored": True})

    assert level.change.unseen == {"turn": {"turn_deg": 30, "spread_deg": 0.0, "mirrored": True}}
    assert level.value == 30


def test_contrast_is_lowered_around_middle_grey() -> None:
    level = degraded("contrast", "unseen", 0.4)

    keywords = level.change.unseen["contrast"]
    assert 0.4 * 0.5 + keywords["offset"] == pytest.approx(0.5)


def test_a_turn_by_any_angle_stands_at_none() -> None:
    level = degraded("rotation", "unseen", {"turn_deg": 0, "spread_deg": 180})

    assert level.value is None
    assert level.name == "turned by any angle"


def test_a_spread_of_turns_is_in_the_name_of_its_level() -> None:
    level = degraded("rotation", "unseen", {"turn_deg": 90, "spread_deg": 10})

    assert (level.name, level.value) == ("turned by 90° ± 10°", 90.0)


def test_every_perturbation_is_an_axis_with_defaults_that_it_has() -> None:
    assert {name for name, *_ in STRENGTHS.values()} == set(PERTURBATIONS)
    for name, strength, _, others in STRENGTHS.values():
        known = inspect.signature(PERTURBATIONS[name]).parameters
        assert {strength, *others} <= set(known)


@pytest.mark.parametrize("value", ["0.5", True, None, {"mirrored": True}, {"turn_deg": 3, "x": 1}])
def test_what_is_no_strength_is_told(value: Any) -> None:
    with pytest.raises(ParamsError, match=r"axes.rotation: .*"):
        degraded("rotation", "unseen", value)


@pytest.mark.parametrize("axis", ["noise", "blur", "scale", "occlusion", "resolution"])
def test_a_strength_that_cannot_be_is_told_before_anything_is_learned(axis: str) -> None:
    with pytest.raises(ParamsError, match=rf"axes.{axis}: \w+: expected .*-1"):
        degraded(axis, "unseen", -1)


def test_an_attack_is_scored_on_its_images() -> None:
    level = attacked("sparse", {"pixels": 30, "queries": 1000, "images": 20})

    assert level.change.attack == {"sparse": {"pixels": 30, "queries": 1000}}
    assert level.change.scored == 20
    assert level.value == 30


def test_without_a_budget_nothing_is_attacked() -> None:
    level = attacked("square_linf", {"eps": 0, "images": 200})

    assert level.change.attack == {}
    assert level.change.scored == 200
    assert level.value == 0


@pytest.mark.parametrize(
    "value",
    [
        0.3,
        {"pixels": 3},
        {"images": 3},
        {"pixels": 3, "images": 9},
        {"pixels": "three", "queries": 5, "images": 9},
        {"pixels": 0, "images": None},
    ],
)
def test_an_attack_that_cannot_be_is_told(value: Any) -> None:
    with pytest.raises(ParamsError, match="sparse"):
        attacked("sparse", value)
