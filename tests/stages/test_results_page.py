"""docs/results.md: every number is in the line of the table that it leads to."""

import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from study_samples import AXES, CONTROLS, SUBJECTS, write_study, write_targets

from perceptgraph.stages import tables
from perceptgraph.stages.results_page import COMPARISONS, NoResultsError, write_results

SETS = {"shapes": ("ablate_model",), "mnist": ("ablate_data", "robustness")}
LINK = re.compile(r"\[([^\]]*)\]\((\.\./results/[^)#]*\.csv)#L(\d+)(?:-L(\d+))?\)")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with landed tables, their page, and a figure of an older one."""
    folder = tmp_path_factory.mktemp("project")
    for dataset, stages in SETS.items():
        for seed, stage in enumerate(stages):
            write_study(folder / "results" / dataset / stage, seed)
    write_targets(folder / "results" / "mnist")
    stale = folder / "docs" / "images" / "results" / "old.svg"
    stale.parent.mkdir(parents=True)
    stale.touch()
    write_results(folder / "results", folder / "docs")
    return folder


@pytest.fixture(scope="module")
def page(project: Path) -> str:
    return (project / "docs" / "results.md").read_text(encoding="utf-8")


def test_every_accuracy_is_the_mean_of_the_lines_that_it_leads_to(project: Path, page: str) -> None:
    found = [link for link in LINK.findall(page) if link[1].endswith(tables.RESULTS)]

    places = len(AXES["noise"]) + len(AXES["relations"]) + 2
    assert len(found) >= sum(map(len, SETS.values())) * places * (len(SUBJECTS) + 1)
    for shown, path, first, last in found:
        table = tables.read_results((project / "docs" / path).parent)
        rows = table.iloc[int(first) - 2 : int(last) - 1]
        assert f"{rows['accuracy'].mean():.1f}" == shown
        assert rows["seed"].tolist() == list(range(len(rows)))


def test_every_difference_is_that_of_the_line_that_it_leads_to(project: Path, page: str) -> None:
    found = [link for link in LINK.findall(page) if link[1].endswith(COMPARISONS)]
    numbers = [link for link in found if link[0] != "comparisons"]

    assert len(numbers) == sum(map(len, SETS.values())) * len(SUBJECTS) * len(CONTROLS)
    for shown, path, first, _ in numbers:
        row = pd.read_csv(project / "docs" / path).iloc[int(first) - 2]
        assert float(shown.replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            row["difference"], abs=0.051
        )


def test_every_other_link_leads_to_lines_that_are_there(project: Path, page: str) -> None:
    for _, path, first, last in LINK.findall(page):
        n_lines = len((project / "docs" / path).read_text().splitlines())
        assert 2 <= int(first) <= int(last or first) <= n_lines


def test_every_axis_has_its_sentences_its_controls_and_its_command(page: str) -> None:
    for dataset, stages in SETS.items():
        for stage in stages:
            assert f"perceptgraph run {stage} --dataset {dataset} --set ablate=full" in page
        for axis in AXES:
            assert page.count(f"#### {axis.capitalize()} ({dataset})") == len(stages)
    assert page.count("Controls as they are: `no_edges`") == 3 * len(AXES)
    assert page.count("([comparisons](") == 3 * len(AXES)


def test_targets_stand_with_their_costs(page: str) -> None:
    rows = [line for line in page.splitlines() if line.startswith(("| 95 |", "| resnet |"))]

    assert len(rows) == 3
    assert "[95.4](../results/mnist/to_target.csv#L2) (95.0 to 95.8)" in rows[0]
    assert "`lenet_augmented`, control" in rows[1]
    assert "[not reached](../results/mnist/to_target.csv#L4), 91.0 at best" in rows[2]


def test_machine_and_method_of_the_costs_are_said(page: str) -> None:
    assert page.count("All costs are of one machine; joules: modelled-generic.") == 3


def test_sets_are_in_the_order_of_the_ladder(page: str) -> None:
    assert page.index("\n## mnist") < page.index("\n## shapes")


def test_figures_are_those_of_the_page(project: Path, page: str) -> None:
    shown = set(re.findall(r"!\[[^\]]+\]\(images/results/([^)]*)\)", page))

    assert {path.name for path in (project / "docs/images/results").iterdir()} == shown
    assert {
        f"{name}.svg" for name in ("mnist-targets", "mnist-costs", "mnist-ablate_data-alignment")
    } <= shown


def test_tables_have_as_many_cells_in_each_row(page: str) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        _, rule, *rows = table.splitlines()
        assert rows
        assert {row.count("|") for row in rows} == {rule.count("|")}
        assert set(rule) == {"|", "-"}
    assert not re.search(r"\bnan\b", page)


def test_page_and_tables_are_the_same_twice(project: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(project / "results", again / "results")

    for path in write_results(again / "results", again / "docs"):
        assert path.read_bytes() == (project / path.relative_to(again)).read_bytes()


def test_a_folder_without_tables_is_an_error_that_helps(tmp_path: Path) -> None:
    with pytest.raises(NoResultsError, match="perceptgraph land"):
        write_results(tmp_path / "results", tmp_path / "docs")
