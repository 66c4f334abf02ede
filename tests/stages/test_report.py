"""The report: all that ran is shown, what did not run is said, and the page stands alone."""

import csv
import json
import math
import os
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from perceptgraph.graphs.relations import RELATIONS
from perceptgraph.stages import detect, prepare, relate
from perceptgraph.stages.report import Params, describe_environment, page_of, run
from perceptgraph.stages.report_control import control_sentences
from perceptgraph.stages.report_dag import dag_of, newest_session, state_of
from perceptgraph.stages.report_facts import Energy, Metrics, Result, read_rung, read_table
from perceptgraph.stages.report_figures import confusion_matrix, spread
from perceptgraph.stages.report_words import joules
from perceptgraph.stores.arrays import ContractError
from perceptgraph.stores.mapper import serial

RUNG = "shapes"
MODELS, BASELINES = ("segment_set", "set", "h2gcn"), ("lenet",)
ACCURACY = {"segment_set": 0.25, "set": 0.4, "h2gcn": 0.9, "lenet": 0.6}
SHAPES = {
    "train_per_class": 1,
    "val_per_class": 1,
    "test_per_class": 2,
    "side": 96,
    "length": [28.0, 36.0],
    "stroke_width": [2.5, 3.5],
    "gap": [5.0, 6.0],
    "turn_deg": [0.0, 360.0],
    "jitter_deg": 2.0,
    "jitter": 0.5,
    "n_clutter": [0, 2],
    "margin": 7.0,
    "background": [0.1, 0.9],
    "contrast": [0.3, 0.4],
    "noise": 0.02,
    "seed": 0,
}
SAVED = {"format": "perceptgraph.model", "version": 1, "model": "h2gcn", "rounds": 2}


def record(stage: str, **changes: Any) -> dict[str, Any]:
    return {
        "run_id": "a",
        "session": "new",
        "stage": stage,
        "started": "2026-01-02T00:00:00+00:00",
        "state": "complete",
        "wall_s": 10.0,
        "cpu_s_self": 1.0,
        "cpu_s_children": 16.5,
        "work": {"images": 48},
        "method": "modelled-generic",
        "energy_kwh": 4.854e-05,
        "energy_low_kwh": 5e-06,
        "energy_high_kwh": 8e-05,
        "co2_kg": None,
        "country": None,
        "intensity_g_per_kwh": None,
        "strubell_kwh": 8e-05,
        "strubell_co2_kg": 3.5e-05,
        "meter": "codecarbon 3.3.2, process",
    } | changes


def result(accuracy: float, **changes: Any) -> dict[str, Any]:
    return {
        "accuracy": accuracy,
        "accuracy_se": math.sqrt(accuracy * (1 - accuracy) / 400),
        "mean_per_class": accuracy,
        "per_class": {},
        "calibration_error": 0.05,
        "parameters": 12345,
        "macs": 2_300_000,
        "steps": 200,
        "reads": "graphs",
    } | changes


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images, primitives and graphs of a few shapes, written by their stages."""
    root = tmp_path_factory.mktemp("stores") / RUNG
    datasets = {"shapes": SHAPES}
    prepare.run(prepare.Params(part_images=100, max_bad_share=0, datasets=datasets), root, serial)
    detectors = detect.Params(
        part_images=100,
        max_bad_share=0,
        ground_truth=True,
        recipes={},
        recipe_of={},
    )
    detect.run(detectors, root, serial)
    relations = {"near": {"k": 3}}
    assert relations.keys() <= RELATIONS.keys()
    recipe = relate.Recipe(
        kinds=("lines", "junctions"),
        piece_length=12.0,
        cut="canonical",
        cut_seed=0,
        ray_reach=48.0,
        relations=relations,
    )
    params = relate.Params(
        part_images=100, counted_per_class=50, recipes={"all": recipe}, recipe_of={RUNG: "all"}
    )
    relate.run(params, root, serial)
    return root


@pytest.fixture
def outputs(stores: Path, tmp_path: Path) -> Path:
    """A rung where all ran but h2gcn's training record, and gcn is not asked for."""
    root = tmp_path / "outputs" / RUNG
    shutil.copytree(stores, root)
    names = [f"class {i}" for i in range(12)]
    for model, accuracy in ACCURACY.items():
        steps = np.arange(0, 300, 100)
        rows = [(step, 2 - step / 200, 2.1 - step / 200, accuracy * step / 200) for step in steps]
        header = ("step", "train_loss", "val_loss", "val_accuracy")
        write_csv(root / "models" / model / "history.csv", header, rows)
        cells = [(t, p, 20 if t == p else 1) for t in names for p in names]
        write_csv(root / "confusion" / f"{model}.csv", ("truth", "predicted", "count"), cells)
        bins = [(0.25, 0.2, 10), (0.0, 0.0, 0), (0.75, 0.8, 30)]
        write_csv(root / "calibration" / f"{model}.csv", ("confidence", "accuracy", "count"), bins)
    (root / "models" / "h2gcn" / "model.json").write_text(json.dumps(SAVED))
    metrics = {
        "class_names": names,
        "n_test": 400,
        "chance": 1 / 12,
        "group_rate": 0.25,
        "models": {
            model: result(accuracy, per_class=dict.fromkeys(names[1:], accuracy))
            for model, accuracy in ACCURACY.items()
        },
    }
    (root / "metrics.json").write_text(json.dumps(metrics))
    cells = ("prepare", "detect", "relate", "train-set", "train-lenet", "evaluate")
    (root / "energy").mkdir()
    for cell in cells:
        old = {"session": "old", "started": "2026-01-01T00:00:00+00:00"}
        changes = old if cell == "prepare" else {}
        (root / "energy" / f"{cell}.json").write_text(json.dumps(record(cell, **changes)))
    return root.parent


def params(*ladder: str, samples: int = 3) -> Params:
    return Params(ladder=ladder, models=MODELS, baselines=BASELINES, samples=samples)


def test_page_shows_the_figures_of_every_model(outputs: Path) -> None:
    outcome = run(params(RUNG), outputs, serial)

    page = (outputs.parent / "report" / "index.html").read_text(encoding="utf-8")
    assert outcome.work == {"rungs": 1, "results": 4, "cells": 0}
    assert "90.0\u202f%" in page
    assert "12\u202f345" in page
    assert "modelled, order of magnitude only" in page
    assert "no country is set" in page
    assert page.count("data:image/png;base64") >= 3
    assert "currentColor" in page


def test_what_did_not_run_is_said_so(outputs: Path) -> None:
    (outputs / RUNG / "metrics.json").unlink()

    run(params(RUNG, "mnist"), outputs, serial)

    page = (outputs.parent / "report" / "index.html").read_text(encoding="utf-8")
    assert "evaluate: not run" in page
    assert "prepare: not run" in page
    assert page.count(">not run<") > 2 * len(MODELS)


def test_page_of_nothing_is_a_page(tmp_path: Path) -> None:
    run(params("mnist"), tmp_path / "outputs", serial)

    assert "not run" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


def test_page_is_the_same_twice(outputs: Path) -> None:
    rungs = [read_rung(outputs / RUNG, MODELS, BASELINES)]

    assert page_of(rungs, 2, {}) == page_of(rungs, 2, {})


def test_page_names_no_address_to_load_from(outputs: Path) -> None:
    page = page_of([read_rung(outputs / RUNG, MODELS, BASELINES)], 1, {})

    loaded = re.findall(r'(?:src|href)="(?!data:|#)([^"]*)"|@import|<script', page)
    assert not loaded
    assert len(page) < 5e6


def test_names_of_classes_are_escaped(outputs: Path) -> None:
    path = outputs / RUNG / "metrics.json"
    path.write_text(path.read_text().replace("class 3", "<b>3"))
    for table in outputs.glob("*/confusion/*.csv"):
        table.write_text(table.read_text().replace("class 3", "<b>3"))

    assert "<b>" not in page_of([read_rung(outputs / RUNG, MODELS, BASELINES)], 1, {})


def test_cards_are_of_what_ran(outputs: Path) -> None:
    stale = outputs.parent / "report" / "cards" / "old.md"
    stale.parent.mkdir(parents=True)
    stale.touch()

    run(params(RUNG), outputs, serial)

    cards = {path.stem: path.read_text(encoding="utf-8") for path in stale.parent.iterdir()}
    assert set(cards) == {RUNG, *(f"{RUNG}-{model}" for model in (*MODELS, *BASELINES))}
    assert "| square | 4 |" in cards[RUNG]
    assert '"rounds": 2' in cards[f"{RUNG}-h2gcn"]
    assert "Not run, or its record is missing." in cards[f"{RUNG}-h2gcn"]
    assert "A control" not in cards[f"{RUNG}-h2gcn"]
    assert "without edges: a control" in cards[f"{RUNG}-set"]


def test_one_shot_runs_need_no_labelled_test_images(outputs: Path) -> None:
    path = outputs / RUNG / "metrics.json"
    metrics = json.loads(path.read_text())
    size = {"parameters": 1, "macs": 1, "steps": 1, "reads": "graphs", "one_shot_accuracy": 0.735}
    metrics["models"]["h2gcn"] = size
    path.write_text(json.dumps(metrics))

    page = page_of([read_rung(outputs / RUNG, MODELS, BASELINES)], 0, {})

    assert "73.5\u202f%" in page
    assert "no labelled test images" in page


def test_metrics_that_lack_a_figure_are_refused(outputs: Path) -> None:
    path = outputs / RUNG / "metrics.json"
    path.write_text(path.read_text().replace('"macs"', '"flops"'))

    with pytest.raises(ContractError, match=r"models\.segment_set: missing macs"):
        read_rung(outputs / RUNG, MODELS, BASELINES)


def test_cells_of_an_older_session_were_restored(outputs: Path) -> None:
    rung = read_rung(outputs / RUNG, MODELS, BASELINES)
    session = newest_session([rung])

    states = {box.label: box.state for box in dag_of([rung], session).boxes}
    assert session == "new"
    assert states["prepare"] == "restored"
    assert states["detect"] == states["set"] == states["report"] == "executed"
    assert states["h2gcn"] == "not run"


def test_a_killed_stage_is_unfinished() -> None:
    fields = {name: record("detect", state="running")[name] for name in Energy.__slots__}

    assert state_of(Energy(**fields), "new") == "unfinished"


def metrics_of(group_rate: float | None, **accuracy: float) -> Metrics:
    models = {name: Result(**result(value)) for name, value in accuracy.items()}
    return Metrics(("a", "b"), 400, 1 / 12, group_rate, models)


@pytest.mark.parametrize(
    ("segment_set", "said"),
    [(0.26, "stays at the group rate"), (0.45, "20.0 points above"), (0.1, "stays below")],
)
def test_control_is_judged_by_the_group_rate(segment_set: float, said: str) -> None:
    sentences = control_sentences(metrics_of(0.25, segment_set=segment_set, gcn=0.9))

    assert said in sentences[0]
    assert "gcn, which sees relations, is clearly above segment_set" in sentences[1]


def test_every_relational_model_is_compared_not_the_best_on_test_images() -> None:
    sentences = control_sentences(metrics_of(0.25, segment_set=0.25, gcn=0.9, h2gcn=0.8))

    assert len(sentences) == 3
    assert "h2gcn, which sees relations, is clearly above" in sentences[2]


def test_a_model_that_reads_no_edges_is_not_said_to_see_relations() -> None:
    sentences = control_sentences(metrics_of(0.25, set=0.5, kernel=0.9))

    assert "kernel, which compares whole pictures, is clearly above set" in sentences[1]


def test_a_difference_within_the_error_is_no_difference() -> None:
    sentences = control_sentences(metrics_of(None, set=0.50, gcn=0.52))

    assert "chance is 8.3" in sentences[0]
    assert "cannot be told from set" in sentences[1]


def test_relations_that_harm_are_said_to() -> None:
    sentences = control_sentences(metrics_of(None, set=0.9, gcn=0.5))

    assert "gcn, which sees relations, is clearly below set (-40.0" in sentences[-1]


def test_class_may_be_called_by_a_number(tmp_path: Path) -> None:
    path = tmp_path / "confusion.csv"
    write_csv(path, ("truth", "predicted", "count"), [("7", "7", 3), ("7", "10", 1)])

    table = read_table(path)

    assert table is not None
    np.testing.assert_allclose(confusion_matrix(table, ("7", "10")), [[0.75, 0.25], [0, 0]])


def test_samples_take_turns_over_the_classes() -> None:
    labels = np.array([0, 0, 1, 2, 2], np.int32)

    assert spread(np.arange(5), labels, 4) == [0, 2, 3, 1]
    assert spread(np.arange(5), labels, 2) == [0, 3]
    assert spread(np.arange(0), labels[:0], 2) == []


def test_joules_have_two_digits() -> None:
    assert [joules(v) for v in (None, 4.854e-05, 3.3e-9, 1.0)] == [
        "\N{EN DASH}",
        "170",
        "0.012",
        "3.6\u202fM",
    ]


def test_environment_names_python_and_no_host() -> None:
    facts = describe_environment()

    assert facts["numpy"] == np.__version__
    assert os.uname().nodename not in facts.values()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_needs_no_network_and_fits_screen_and_paper(
    outputs: Path, scheme: Any, open_page: Callable[..., Any]
) -> None:
    run(params(RUNG), outputs, serial)

    page = open_page(
        outputs.parent / "report" / "index.html",
        color_scheme=scheme,
        viewport={"width": 1000, "height": 800},
    )
    broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).length")
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.set_viewport_size({"width": 1030, "height": 700})  # A4 across, less its margins
    page.emulate_media(media="print")
    off_paper = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert broken == 0
    assert sideways <= 0
    assert off_paper <= 0
