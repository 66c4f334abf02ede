"""Tables of a study as pages show them: nothing is lost, and every number keeps its line."""

from dataclasses import replace

import numpy as np
import pytest
from study_samples import (
    AXES,
    CONTROLS,
    SEEDS,
    SUBJECTS,
    alignment_table,
    statistics_of,
    study_tables,
    verdicts_of,
)

from perceptgraph.stages.results_page import results_page
from perceptgraph.stages.studied import Studied
from perceptgraph.stages.study_figures import (
    alignment_figure,
    axis_figure,
    curves_figure,
    forests_figure,
    on_paper,
    pareto_figure,
    study_looks,
)
from perceptgraph.stages.study_panels import frontier
from perceptgraph.stages.study_reading import study_view
from perceptgraph.stages.study_views import AxisView, StudyView


@pytest.fixture(scope="module")
def study() -> StudyView:
    table, costs = study_tables()
    accuracies, comparisons = statistics_of(table)
    verdicts = verdicts_of(list(AXES))
    facts = (accuracies, comparisons, verdicts, alignment_table())
    return study_view("mnist", "ablate_data", table, costs, *facts)


def axis(study: StudyView, name: str) -> AxisView:
    return next(view for view in study.axes if view.name == name)


def test_every_place_of_the_table_is_a_cell_with_its_mean(study: StudyView) -> None:
    groups = study.table.groupby(["axis", "level", "subject"])["accuracy"].mean()

    found = {
        (view.name, level, subject): cell.accuracy
        for view in study.axes
        for (level, subject), cell in view.cells.items()
    } | {("controls", "as is", cell.subject): cell.accuracy for cell in study.axes[0].controls}
    assert found == pytest.approx(groups.to_dict())


def test_axes_of_which_no_level_is_measured_wait_and_levels_may_lack_a_subject() -> None:
    table, costs = study_tables()
    name, other = list(AXES)[:2]
    levels = list(dict.fromkeys(table.loc[table["axis"] == other, "level"]))
    lacking = next(iter(SUBJECTS))
    is_as_is = table["level"] == "as is"
    is_lacking = (table["axis"] == other) & (table["level"] == levels[1])
    is_lacking &= table["subject"] == lacking
    few = table[((table["axis"] != name) | is_as_is) & ~is_lacking].reset_index(drop=True)
    facts = (*statistics_of(few), verdicts_of(list(AXES)), None)

    view = study_view("mnist", "ablate_data", few, costs, *facts)

    assert view.waiting == (name.replace("_", " "),)
    assert name not in {one.name for one in view.axes}
    assert (levels[1], lacking) not in axis(view, other).cells
    page = results_page([Studied("mnist", (view,), None)], "../results")
    assert "not measured yet: " + view.waiting[0] in page
    assert f"| {levels[1]} |  | [" in page


def test_lines_of_a_cell_are_those_of_its_seeds(study: StudyView) -> None:
    for cell in study.cells():
        first, last = cell.lines
        rows = study.table.iloc[first - 2 : last - 1]  # a header line, and lines count from 1

        assert len(rows) == cell.seeds == SEEDS
        assert set(rows["subject"]) == {cell.subject}
        assert set(rows["level"]) == {cell.level}


def test_line_of_a_difference_is_that_of_its_comparison(study: StudyView) -> None:
    for view in study.axes:
        for (level, subject), cell in view.cells.items():
            if cell.difference is None:
                assert level == "as is"
                continue
            row = study.comparisons.iloc[cell.difference.line - 2]
            assert (row["axis"], row["level"], row["subject"]) == (view.name, level, subject)
            assert row["difference"] == pytest.approx(cell.difference.points)
            assert view.lines[0] <= cell.difference.line <= view.lines[1]


def test_controls_stand_beside_every_axis(study: StudyView) -> None:
    for view in study.axes:
        assert {cell.subject for cell in view.controls} == set(CONTROLS)
        best = view.best_control()
        assert best is not None
        assert best.accuracy == max(cell.accuracy for cell in view.controls)


def test_subjects_as_they_are_come_before_the_controls_and_once(study: StudyView) -> None:
    assert [cell.subject for cell in study.everyone] == [*SUBJECTS, *CONTROLS]
    assert {(pair.subject, pair.control) for pair in study.contrasts} == {
        (subject, control) for subject in SUBJECTS for control in CONTROLS
    }


def test_levels_are_a_scale_where_all_are_numbers_that_differ(study: StudyView) -> None:
    noise, relations = axis(study, "noise"), axis(study, "relations")
    same = {place: replace(cell, value=0.1) for place, cell in noise.cells.items()}

    assert noise.is_numeric
    assert not relations.is_numeric
    assert not replace(noise, cells=same).is_numeric


def test_alignment_is_the_mean_of_its_draws(study: StudyView) -> None:
    noise, relations = axis(study, "noise"), axis(study, "relations")

    assert noise.alignment == {"as is": 1.0, "0.1": 2.5, "0.2": 3.5, "0.3": 4.5}
    assert relations.alignment == {}
    assert alignment_figure([relations], study_looks([study])) is None


def test_nobody_is_drawn_like_another(study: StudyView) -> None:
    subject = next(cell for cell in study.everyone if not cell.is_control)
    control = next(cell for cell in study.everyone if cell.is_control)
    crowd = tuple(
        replace(cell, subject=f"{cell.subject}_{number}")
        for cell in (subject, control)
        for number in range(15)
    )

    looks = study_looks([replace(study, everyone=crowd)])

    assert len({(look.ink, look.mark) for look in looks.values()}) == len(looks) == 30


def test_a_cell_without_costs_has_none(study: StudyView) -> None:
    table, costs = study_tables()
    accuracies, comparisons = statistics_of(table)

    facts = (accuracies, comparisons, {}, None)
    without = study_view("mnist", "ablate_data", table, costs[:0], *facts)

    assert all(cell.costs.lines == (0, 0) for cell in without.cells())
    assert all(np.isnan(cell.costs.joules) for cell in without.cells())
    assert all(cell.costs.lines[0] > 1 for cell in study.cells())


def test_costs_of_two_machines_are_told(study: StudyView) -> None:
    table, costs = study_tables()
    costs.loc[0, "host"] = "other"

    two = study_view("mnist", "ablate_data", table, costs, *statistics_of(table), {}, None)

    assert study.machines == (("abc", "modelled-generic"),)
    assert two.machines == (("abc", "modelled-generic"), ("other", "modelled-generic"))


def test_figures_are_the_same_twice_and_name_everybody(study: StudyView) -> None:
    looks = study_looks([study])

    for view in study.axes:
        figure = axis_figure(view, looks)
        assert figure == axis_figure(view, looks)
        assert all(subject in figure for subject in view.subjects)
        assert "currentColor" in figure
    for figure in (
        curves_figure(study, looks),
        alignment_figure(study.axes, looks),
        forests_figure(study, looks),
        pareto_figure([study], looks),
    ):
        assert figure is not None
        assert figure.startswith("<svg ")


def test_a_figure_on_paper_takes_nothing_from_a_page(study: StudyView) -> None:
    figure = on_paper(axis_figure(study.axes[0], study_looks([study])))

    assert "currentColor" not in figure
    assert "background: #ffffff" in figure


def test_a_figure_of_nothing_is_none(study: StudyView) -> None:
    nothing = replace(study, axes=(), everyone=())

    assert curves_figure(nothing, {}) is None
    assert forests_figure(nothing, {}) is None
    assert pareto_figure([nothing], {}) is None
    assert pareto_figure([replace(study, stage="robustness")], {}) is None


def test_looks_go_by_the_subject_and_controls_are_told_apart(study: StudyView) -> None:
    other = replace(study, everyone=study.everyone[::-1])

    looks = study_looks([study, other])

    assert looks == study_looks([study])
    assert len({look.ink for look in looks.values()}) == len(looks) == len(SUBJECTS) + len(CONTROLS)
    assert all((look.mark == "o") == (name in SUBJECTS) for name, look in looks.items())


def test_nothing_cheaper_exceeds_the_frontier() -> None:
    rng = np.random.default_rng(0)
    points = [(float(cost), float(accuracy)) for cost, accuracy in rng.random((50, 2)).round(2)]

    best = frontier(points)

    for cost, accuracy in points:
        reached = max((a for c, a in best if c <= cost), default=-1.0)
        assert accuracy <= reached
    assert set(best) <= set(points)
