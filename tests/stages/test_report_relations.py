"""Figures of relations and motifs: what differs between classes is what is coloured."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from perceptgraph.stages.relation_counts import CLASS_FIELDS, RELATION_FIELDS
from perceptgraph.stages.report_facts import read_rung, read_table
from perceptgraph.stages.report_relations import (
    FULL_COLOUR,
    _short,
    class_matrix,
    classes_figure,
    degrees_figure,
)

COUNTS = {"square": (8.0, 8.0, 0.0), "cross": (8.0, 2.0, 0.0), "7": (16.0, 10.0, 0.0)}
"""Class to its nodes, parallel edges and ribbons: per node 1, 1/4 and 5/8 are parallel."""


def write_csv(path, fields, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([fields, *rows])


@pytest.fixture
def rung(tmp_path):
    """A rung with tables of counts and nothing else."""
    folder = tmp_path / "shapes" / "counts"
    rows = [
        (name, group, what, 20, count, 2.0, count / counts[0], sd)
        for name, counts in COUNTS.items()
        for (group, what, sd), count in zip(
            (("size", "nodes", 0), ("relation", "parallel", 0.1), ("typed motif", "ribbon", 0)),
            counts,
            strict=True,
        )
    ]
    write_csv(folder / "classes.csv", CLASS_FIELDS, rows)
    relations = [("near", 40.0, 0.5, 0.25, *[1 / 9] * 9), ("hole", 0.0, "nan", "nan", 1, *[0] * 8)]
    write_csv(folder / "relations.csv", RELATION_FIELDS, relations)
    return read_rung(folder.parent, (), ())


def test_counts_are_compared_per_node_in_standard_deviations(rung) -> None:
    classes, columns, counts, unusual = class_matrix(rung.table("counts", "classes"))

    assert classes == ["square", "cross", "7"]
    assert columns == [("size", "nodes"), ("relation", "parallel")]
    np.testing.assert_allclose(counts, [[8, 8], [8, 2], [16, 10]])
    np.testing.assert_allclose(unusual[:, 0], np.array([-8, -8, 16]) / 3 / 2)
    np.testing.assert_allclose(unusual[:, 1], np.array([0.375, -0.375, 0]) / 0.1)


def test_without_scatter_any_difference_is_a_large_one(rung) -> None:
    table = dict(rung.table("counts", "classes"))
    table["per_node_sd"] = np.zeros(len(table["class"]))

    *_, unusual = class_matrix(table)

    np.testing.assert_allclose(unusual[:, 1], [FULL_COLOUR, -FULL_COLOUR, 0])


NUMBERS = {0: "0", 0.001: ".00", 0.42: ".42", 0.999: "1.0", 7.13: "7.1", 53.4: "53"}
NUMBERS |= {999.7: "1.0k", 1234: "1.2k", 15432: "15k", 999_800: "1.0M", 3.1e6: "3.1M"}


@pytest.mark.parametrize(("count", "text"), NUMBERS.items())
def test_numbers_are_short(count, text) -> None:
    assert _short(count) == text


def test_figures_name_classes_relations_and_numbers(rung) -> None:
    classes, degrees = classes_figure(rung), degrees_figure(rung)

    assert classes is not None
    assert degrees is not None
    for word in ("square", "cross", "nodes", "parallel", "Relations and motifs by class on shapes"):
        assert word in classes
    assert "ribbon" not in classes  # no class has any
    assert "near" in degrees
    assert "hole" not in degrees
    assert "like to like 50%" in degrees


def test_of_many_classes_some_are_shown(rung, tmp_path) -> None:
    path = tmp_path / "many.csv"
    rows = [(f"c{i}", "size", "nodes", 1, 5.0, 1.0, 1.0, 0.0) for i in range(964)]
    write_csv(path, CLASS_FIELDS, rows)

    classes, *_ = class_matrix(read_table(path))

    assert len(classes) == 40
    assert (classes[0], classes[-1]) == ("c0", "c963")


def test_a_rung_that_was_not_counted_has_no_figure(rung, tmp_path) -> None:
    bare = replace(rung, folder=tmp_path / "mnist")

    assert classes_figure(bare) is None
    assert degrees_figure(bare) is None
