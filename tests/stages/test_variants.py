"""Variants: the images that are wanted, each as it would be alone, made by the stages' own code."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from study_rungs import sections

from perceptgraph.datasets.image_set import ImageSet, image_set, open_images
from perceptgraph.datasets.perturb import perturbed
from perceptgraph.graphs.loader import read_graphs
from perceptgraph.stages import detect, prepare, relate, variants
from perceptgraph.stages.params import ParamsError
from perceptgraph.stages.study import Change
from perceptgraph.stages.variants import (
    Recipes,
    Variant,
    View,
    make,
    prepared,
    remove_others,
    view_learned,
    view_scored,
)

AS_IS = View({}, (), 0, {}, {}, {}, of_graphs=True)
NOISE = {"noise": {"deviation": 0.1}}
POOL = np.array([1, 4, 7, 30, 31])


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variants, "TIMED", 2)


@pytest.fixture(scope="module")
def recipes() -> Recipes:
    section = sections()
    return Recipes(
        section("prepare", prepare.Params),
        section("detect", detect.Params),
        section("relate", relate.Params),
    )


def made(
    view: View, climbed: Path, folder: Path, recipes: Recipes, pool: Any = POOL, copied: Any = ()
) -> Variant:
    variant = Variant(view, climbed, folder, pool, np.array(copied, np.int64))
    make(variant, recipes.of("shapes", view))
    return variant


def images_of(root: Path) -> ImageSet:
    return image_set(open_images(root / "images.zarr").block())


def test_as_is_it_holds_the_images_and_graphs_of_the_pool(
    climbed: Path, tmp_path: Path, recipes: Recipes
) -> None:
    there = made(AS_IS, climbed, tmp_path, recipes)
    images, whole = images_of(there.root), images_of(climbed)
    graphs, every_graph = (
        read_graphs(there.root / "graphs.zarr"),
        read_graphs(climbed / "graphs.zarr"),
    )

    assert there.root.name == "shapes"
    assert images.image_id == tuple(whole.image_id[i] for i in POOL)
    for place, index in enumerate(POOL):
        np.testing.assert_array_equal(images.image(place), whole.image(index))
    expected = every_graph.taken(POOL)
    np.testing.assert_array_equal(graphs.position, expected.position)
    np.testing.assert_array_equal(graphs.edges.index, expected.edges.index)
    np.testing.assert_array_equal(graphs.label, expected.label)
    assert graphs.facts["relate"] == every_graph.facts["relate"]
    assert json.loads((tmp_path / "extraction.json").read_text())["cpu_s"] > 0


def test_perturbations_are_those_of_each_image_alone(
    climbed: Path, tmp_path: Path, recipes: Recipes
) -> None:
    view = replace(AS_IS, images=(NOISE, {"blur": {"sigma": 1.0}}), of_graphs=False)
    few = made(view, climbed, tmp_path / "few", recipes, POOL[2:4])
    many = made(view, climbed, tmp_path / "many", recipes)
    here, there, whole = images_of(few.root), images_of(many.root), images_of(climbed)

    by_hand = whole.image(7)
    for number, recipe in enumerate(view.images):
        by_hand = perturbed(by_hand, np.random.default_rng([7, 0, number]), recipe)

    np.testing.assert_array_equal(here.image(0), by_hand)
    np.testing.assert_array_equal(here.image(0), there.image(2))
    np.testing.assert_array_equal(here.image(1), there.image(3))
    assert not (few.root / "graphs.zarr").exists()


def test_copies_stand_behind_the_images(climbed: Path, tmp_path: Path, recipes: Recipes) -> None:
    view = replace(AS_IS, copies=2, noisy=NOISE)
    variant = made(view, climbed, tmp_path, recipes, copied=[4, 30])
    images, graphs = images_of(variant.root), read_graphs(variant.root / "graphs.zarr")
    whole = images_of(climbed)

    places = variant.places_with_copies(np.array([4, 30]))

    assert len(images) == len(graphs) == len(POOL) + 2 * 2
    assert places.tolist() == [1, 3, 5, 6, 7, 8]
    assert images.label[places].tolist() == [whole.label[i] for i in (4, 30)] * 3
    assert len(set(images.image_id)) == len(images)
    np.testing.assert_array_equal(images.image(1), whole.image(4))
    assert (images.image(5) != images.image(1)).any()
    assert (images.image(5) != images.image(7)).any()


def test_changed_recipes_are_those_of_the_stages(
    climbed: Path, tmp_path: Path, recipes: Recipes
) -> None:
    view = replace(
        AS_IS,
        detect={"detectors": {"lines": {"density": 0.8}}},
        relate={"relations": dict.fromkeys(("near", "parallel"))},
    )
    graphs = read_graphs(made(view, climbed, tmp_path, recipes).root / "graphs.zarr")

    assert graphs.facts["detect"]["detectors"]["lines"]["density"] == 0.8
    assert graphs.facts["detect"]["detectors"]["lines"]["max_offset"] == 1.0
    assert "near" not in graphs.schema.relations
    assert "perpendicular" in graphs.schema.relations


def test_what_is_there_is_not_made_again(
    climbed: Path, tmp_path: Path, recipes: Recipes, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(AS_IS, climbed, tmp_path, recipes)
    monkeypatch.setattr(variants, "_write_images", lambda _: pytest.fail("made again"))

    made(AS_IS, climbed, tmp_path, recipes)


def test_another_preparation_is_a_rung_of_its_own(tmp_path: Path, recipes: Recipes) -> None:
    view = replace(AS_IS, prepare={"side": 80, "test_per_class": 1})

    root = prepared(Path("shapes"), tmp_path, recipes.of("shapes", view))
    images = images_of(root)

    assert len(images) == 12 * (3 + 1 + 1)
    assert set(images.size[:, 0]) == {80}


def test_unseen_perturbations_are_those_of_what_is_scored() -> None:
    change = Change(images={"blur": {"sigma": 1.0}}, copies=1, noisy=NOISE, unseen=NOISE)

    learned, scored = view_learned(change, True), view_scored(change, True)

    assert learned.images == ({"blur": {"sigma": 1.0}},)
    assert (learned.copies, learned.noisy) == (1, NOISE)
    assert scored.images == ({"blur": {"sigma": 1.0}}, NOISE)
    assert (scored.copies, scored.noisy) == (0, {})
    assert view_scored(Change(copies=1, noisy=NOISE), True) == view_learned(
        Change(copies=1, noisy=NOISE), True
    )


def test_cuts_at_random_phases_are_refused(climbed: Path, tmp_path: Path, recipes: Recipes) -> None:
    view = replace(AS_IS, relate={"cut": "phase"})

    with pytest.raises(ParamsError, match="found cut: phase"):
        made(view, climbed, tmp_path, recipes)


def test_variants_that_are_not_needed_are_removed(tmp_path: Path) -> None:
    for name in ("kept", "old"):
        (tmp_path / name / "shapes").mkdir(parents=True)

    remove_others(tmp_path, {"kept"})
    remove_others(tmp_path / "nothing", set())

    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
