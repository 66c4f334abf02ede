"""Stage evaluate: figures in closed form, and the same bytes on every run."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceptgraph.datasets.shape_classes import GROUPS, SHAPES
from perceptgraph.graphs.models.saved import ModelError
from perceptgraph.stages.evaluate import (
    FOLDERS,
    METRICS,
    Params,
    calibration,
    confusion,
    group_rate,
    one_shot_accuracy,
    run,
    scores,
)
from perceptgraph.stores.mapper import serial

PARAMS = Params(models=("h2gcn",), baselines=("lenet",), calibration_bins=5)
NAMES = ("a", "b", "c")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=30))
def test_confusion_counts_every_image_once(pairs: list[tuple[int, int]]) -> None:
    truth, predicted = np.array(pairs, np.int64).reshape(-1, 2).T

    counts = confusion(truth, predicted, 4)

    assert counts.sum() == len(pairs)
    np.testing.assert_array_equal(counts.sum(1), np.bincount(truth, minlength=4))
    np.testing.assert_array_equal(counts.sum(0), np.bincount(predicted, minlength=4))
    assert all(counts[i, j] == pairs.count((i, j)) for i in range(4) for j in range(4))


def test_predictor_that_is_right_as_often_as_it_says_has_no_calibration_error() -> None:
    shares = np.array([0.125, 0.25, 0.5, 0.75, 1.0])
    confidence = np.repeat(shares, 8)
    right = np.concatenate([np.arange(8) < round(8 * share) for share in shares])

    rows, error = calibration(confidence, right, 10)

    assert error == pytest.approx(0, abs=1e-12)
    np.testing.assert_allclose(rows[rows[:, 2] > 0, 0], shares)
    np.testing.assert_allclose(rows[:, 0], rows[:, 1])
    assert rows[:, 2].sum() == 40


def test_calibration_error_is_the_gap_between_confidence_and_accuracy() -> None:
    rows, error = calibration(np.array([0.9, 0.9, 0.3]), np.array([True, False, False]), 2)

    assert error == pytest.approx((2 * abs(0.5 - 0.9) + abs(0 - 0.3)) / 3)
    np.testing.assert_allclose(rows, [[0.3, 0, 1], [0.9, 0.5, 2]])


def test_confidence_of_one_falls_into_the_last_bin() -> None:
    rows, error = calibration(np.ones(3), np.ones(3, bool), 4)

    assert rows[:, 2].tolist() == [0, 0, 0, 3]
    assert error == 0


@given(st.integers(0, 2**32), st.integers(1, 20))
def test_calibration_error_is_a_share(seed: int, n_bins: int) -> None:
    rng = np.random.default_rng(seed)

    rows, error = calibration(rng.random(30), rng.random(30) < 0.5, n_bins)

    assert 0 <= error <= 1
    assert rows[:, 2].sum() == 30


def test_scores_of_logits_by_hand() -> None:
    # Three of class a, one of them called b; one of class b, right; none of class c.
    logits = np.log([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25], [0.25, 0.5, 0.25]])

    figures, tables = scores(logits + 100, np.array([0, 0, 0, 1]), NAMES, 10)

    assert figures["accuracy"] == 0.75
    assert figures["accuracy_se"] == pytest.approx((0.75 * 0.25 / 4) ** 0.5, abs=1e-6)
    assert figures["per_class"] == {"a": pytest.approx(2 / 3, abs=1e-6), "b": 1.0}
    assert figures["mean_per_class"] == pytest.approx(5 / 6, abs=1e-6)
    assert figures["calibration_error"] == pytest.approx(0.25)
    assert tables["confusion"].tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    np.testing.assert_allclose(tables["confidence"], 0.5)
    assert tables["predicted"].tolist() == [0, 0, 1, 1]


def test_huge_logits_are_no_trouble() -> None:
    figures, tables = scores(np.array([[1e4, -1e4], [-1e4, 1e4]]), np.array([0, 1]), ("a", "b"), 5)

    assert figures["accuracy"] == 1.0
    assert figures["accuracy_se"] == figures["calibration_error"] == 0.0
    np.testing.assert_array_equal(tables["confidence"], 1.0)


def one_shot_runs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Run, role and class of two runs of three ways with two queries each; the last is in none."""
    way = np.tile([0, 1, 2], 6).astype(np.int32)
    role = np.tile([0] * 3 + [1] * 6, 2).astype(np.int32)
    number = np.repeat([0, 1], 9).astype(np.int32)
    none = np.array([-1], np.int32)
    return np.append(number, none), np.append(role, none), np.append(way, none)


def test_one_shot_accuracy_is_one_where_classes_have_directions_of_their_own() -> None:
    number, role, way = one_shot_runs()
    lengths = np.random.default_rng(0).uniform(0.1, 9, len(way))
    # Classes of the second run point elsewhere: runs must not be mixed.
    logits = np.eye(3)[(way + np.maximum(number, 0)) % 3] * lengths[:, None]

    assert one_shot_accuracy(logits, number, role, way) == 1.0


def test_one_shot_accuracy_is_the_mean_over_runs() -> None:
    number, role, way = one_shot_runs()
    logits = np.eye(3)[way]
    wrong = (number == 1) & (role == 1)
    logits[wrong] = np.eye(3)[(way[wrong] + 1) % 3]

    assert one_shot_accuracy(logits, number, role, way) == 0.5


def test_one_shot_accuracy_of_one_who_sees_nothing_is_chance() -> None:
    number, role, way = one_shot_runs()

    assert one_shot_accuracy(np.zeros((len(way), 3)), number, role, way) == pytest.approx(1 / 3)


def test_group_rate_is_one_in_four_for_the_shapes() -> None:
    assert group_rate(tuple(SHAPES)) == 0.25


def test_group_rate_of_some_shapes_is_groups_by_classes() -> None:
    first = [shape.__name__ for shape in GROUPS[0]]

    assert group_rate(first[:2]) == 0.5
    assert group_rate([first[0], GROUPS[1][0].__name__]) == 1.0


@pytest.mark.parametrize("names", [tuple("0123456789"), ("square", "cat")])
def test_other_classes_have_no_group_rate(names: tuple[str, ...]) -> None:
    assert group_rate(names) is None


@pytest.fixture
def root(climbed: Path, tmp_path: Path) -> Path:
    """The rung that was climbed, to be written to."""
    return Path(shutil.copytree(climbed, tmp_path / "shapes"))


def content(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for kind in (METRICS, *FOLDERS)
        for path in ([root / kind] if kind == METRICS else (root / kind).iterdir())
    }


def test_two_runs_write_the_same_bytes(root: Path) -> None:
    before = {path.name for path in root.iterdir()}

    run(PARAMS, root, serial, "cpu")
    first = content(root)
    run(PARAMS, root, serial, "cpu")

    assert content(root) == first
    tables = {f"{kind}/{model}.csv" for kind in FOLDERS for model in ("h2gcn", "lenet")}
    assert set(first) == {METRICS, *tables}
    assert {path.name for path in root.iterdir()} == before | {METRICS, *FOLDERS}


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_metrics_are_those_of_the_tables(root: Path) -> None:
    outcome = run(PARAMS, root, serial, "cpu")

    metrics = json.loads((root / METRICS).read_text())
    assert metrics["class_names"] == list(SHAPES)
    assert metrics["n_test"] == outcome.work["images"] == 24
    assert metrics["chance"] == pytest.approx(1 / 12, abs=1e-6)
    assert metrics["group_rate"] == 0.25
    assert list(metrics["models"]) == ["h2gcn", "lenet"]
    for model, figures in metrics["models"].items():
        predicted = read_csv(root / "predictions" / f"{model}.csv")
        right = [row["truth"] == row["predicted"] for row in predicted]
        assert len({row["image_id"] for row in predicted}) == 24
        assert figures["accuracy"] == pytest.approx(np.mean(right), abs=1e-6)
        counts = read_csv(root / "confusion" / f"{model}.csv")
        assert sum(int(row["count"]) for row in counts) == 24
        assert sum(int(r["count"]) for r in counts if r["truth"] == r["predicted"]) == sum(right)
        bins = read_csv(root / "calibration" / f"{model}.csv")
        assert [sum(int(float(row["count"])) for row in bins), len(bins)] == [24, 5]
        assert figures["one_shot_accuracy"] is None
        assert figures["parameters"] > 0
        assert figures["macs"] > 0
    assert [metrics["models"][m]["reads"] for m in ("h2gcn", "lenet")] == ["graphs", "images"]


def test_model_that_was_not_trained_is_named(root: Path) -> None:
    params = Params(models=("gcn",), baselines=(), calibration_bins=5)

    with pytest.raises(ModelError, match=r"models/gcn: expected a trained model"):
        run(params, root, serial, "cpu")

    assert not (root / METRICS).exists()
