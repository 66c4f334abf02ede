"""Command `bench nodes`: a table for people, figures for machines."""

import json
from pathlib import Path

import numpy as np
import pytest

from perceptgraph.benchmarks.nodes import Budget
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.pipelines.bench_nodes import bench_nodes
from perceptgraph.stages.params import ParamsError


@pytest.fixture
def texas(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    part = np.arange(30) % 3
    masks = {f"{p}_masks": (part == i)[None] for i, p in enumerate(("train", "val", "test"))}
    np.savez(
        tmp_path / "texas.npz",
        node_features=rng.random((30, 4), np.float32),
        node_labels=rng.integers(0, 2, 30),
        edges=rng.integers(0, 30, (40, 2)),
        **masks,
    )
    return tmp_path


def test_figures_stand_beside_the_published_ones(
    texas: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = texas / "figures" / "nodes.json"

    bench_nodes(texas, [], ["gcn", "h2gcn2"], Budget(2, 2), out)

    figures = json.loads(out.read_text())
    assert set(figures) == {
        f"texas/{model}/{what}"
        for model in ("gcn", "h2gcn2")
        for what in ("mean", "sd", "published")
    }
    assert figures["texas/h2gcn2/published"] == 82.16
    assert 0 <= figures["texas/gcn/mean"] <= 100
    assert "texas, 30 nodes" in capsys.readouterr().out


def test_unknown_names_and_missing_folders_are_refused(texas: Path) -> None:
    with pytest.raises(ParamsError, match="did you mean 'texas'"):
        bench_nodes(texas, ["texs"], [], Budget(2, 2), None)
    with pytest.raises(ParamsError, match="did you mean 'h2gcn"):
        bench_nodes(texas, [], ["h2gcn"], Budget(2, 2), None)
    with pytest.raises(MissingData, match="expected a folder"):
        bench_nodes(texas / "nowhere", [], [], Budget(2, 2), None)
