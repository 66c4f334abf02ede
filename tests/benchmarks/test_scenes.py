"""Random splits of scenes, and the figures of a small rung."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from graph_samples import write_learnable_store

from perceptgraph.benchmarks import scenes
from perceptgraph.benchmarks.few_shot import Costs
from perceptgraph.benchmarks.scenes import VARIANTS, measure, random_split, rates
from perceptgraph.graphs.loader import read_graphs

KEYWORDS: dict[str, Any] = {
    "kinds": ["line", "arc", "junction"],
    "nodes": 20,
    "radii": [20.0, 90.0],
    "rings": 1,
    "sectors": 2,
    "harmonics": 2,
    "components": 3,
    "gaussians": 3,
    "strips": 2,
    "costs": [1.0],
    "dealt": False,
}
COSTS = Costs({"graphs.zarr": 0.01}, watts=4.0)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rung of three classes that differ in the relative directions of nodes."""
    folder = tmp_path_factory.mktemp("tiny")
    write_learnable_store(folder / "graphs.zarr", 360)
    return folder


def test_random_splits_are_balanced_and_share_no_image() -> None:
    label = np.repeat([0, 1, 2], [120, 130, 140])
    pool = np.arange(390)[::-1]

    train, test = random_split(label, pool, 3)

    assert (np.bincount(label[train]) == 100).all()
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(390))
    np.testing.assert_array_equal(train, random_split(label, pool, 3)[0])
    assert (train != random_split(label, pool, 4)[0]).any()
    with pytest.raises(ValueError, match="expected 100 training images of class 2, found 90"):
        random_split(label, pool[50:], 3)


def test_rates_weigh_images_and_classes() -> None:
    label = np.array([0, 0, 0, 1])

    assert rates(np.array([0, 0, 0, 0]), label) == (75.0, 50.0)


@pytest.mark.parametrize("label", VARIANTS)
def test_figures_of_a_small_rung(label: str, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenes, "PER_CLASS", 40)

    first, second = measure(root, KEYWORDS, label, COSTS, draws=3)

    name = f"{root.name}/40/{label}"
    assert {key.removeprefix(name) for key in first} == {
        "/accuracy",
        "/mean_per_class",
        "/params",
        "/macs",
        "/cpu_s",
        "/joules",
    }
    assert first[f"{name}/cpu_s"] > 0.01 * 3 * 90
    assert first[f"{name}/joules"] == pytest.approx(4 * first[f"{name}/cpu_s"])
    assert set(second) == {
        f"{name}/{m}" for m in ("random_accuracy", "random_mean_per_class", "sd")
    }
    assert second[f"{name}/sd"] > 0
    if label == "fisher":  # chance is a third
        assert first[f"{name}/accuracy"] > 60


def test_development_leaves_the_test_split_alone(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    real = scenes.Fisher.vectors

    def watched(self: Any, batch: Any) -> torch.Tensor:
        seen.append(int(batch.ptr[-1]))
        return real(self, batch)

    monkeypatch.setattr(scenes.Fisher, "vectors", watched)

    figures = list(measure(root, KEYWORDS, "fisher", COSTS, draws=3, in_development=True))

    graphs = read_graphs(root / "graphs.zarr")
    counts = np.diff(graphs.node_offsets)
    assert len(figures) == 1
    assert sum(seen) == counts[(graphs.split < 2) & graphs.ok].sum()
