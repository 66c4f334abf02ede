"""Pages of studies: every axis has its figure, table, verdict and controls, and stands alone."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from study_samples import AXES, CONTROLS, SUBJECTS, write_study, write_targets

from perceptgraph.stages.report import Params, run
from perceptgraph.stages.report_studies import TITLES, studies_page
from perceptgraph.stages.studied import read_studied
from perceptgraph.stores.mapper import serial

RUNG = "shapes"
STAGES = ("ablate_data", "robustness")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report on a rung of which two studies ran, written over that of an older run."""
    folder = tmp_path_factory.mktemp("project")
    for seed, stage in enumerate(STAGES):
        write_study(folder / "outputs" / RUNG / stage, seed)
    write_targets(folder / "outputs" / RUNG)
    stale = folder / "report" / "studies" / "old.html"
    stale.parent.mkdir(parents=True)
    stale.touch()
    params = Params(ladder=(RUNG, "mnist"), models=(), baselines=(), samples=0)
    run(params, folder / "outputs", serial)
    return folder / "report"


@pytest.fixture(scope="module")
def page(report: Path) -> str:
    return (report / "studies" / f"{RUNG}.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def index(report: Path) -> str:
    return (report / "index.html").read_text(encoding="utf-8")


def test_a_page_has_every_axis_with_its_controls(page: str) -> None:
    for stage in STAGES:
        assert TITLES[stage] in page
        for axis in AXES:
            start = page.index(f'<article class="axis" id="{stage}-{axis}"')
            article = page[start : page.index("</article>", start)]
            assert "<aside>" in article
            assert "<svg" in article
            assert all(name in article for name in (*SUBJECTS, *CONTROLS, *AXES[axis]))
            assert all(label in article for label in ("joules", "effect, h"))


def test_links_of_the_report_lead_to_places_of_the_page(page: str, index: str) -> None:
    links = re.findall(r'href="studies/([^"#]*)#?([^"]*)"', index)

    assert len(links) == 1 + len(STAGES) * len(AXES)
    assert {name for name, _ in links} == {f"{RUNG}.html"}
    assert [place for _, place in links if place and f'id="{place}"' not in page] == []
    back = re.findall(r'href="\.\./index\.html#([^"]*)"', page)
    assert back == [RUNG]
    assert f'id="{RUNG}"' in index


def test_alignment_stands_beside_the_axes_where_it_was_measured(page: str) -> None:
    assert page.count("subspace alignment measure</text>") == 1


def test_targets_stand_with_what_they_cost_or_are_not_reached(page: str) -> None:
    section = page[page.index('<section id="targets">') :]

    assert "25 images, 600 steps" in section
    assert "not reached: 91.0 at best in validation" in section


def test_links_within_a_page_lead_to_one_place(page: str) -> None:
    places = re.findall(r'<a href="#([^"]*)"', page)

    assert len(places) > len(STAGES)
    assert all(page.count(f'id="{place}"') == 1 for place in places)


def test_a_study_that_did_not_run_is_said_so(report: Path, index: str) -> None:
    assert index.count("ablate_data, ablate_model, robustness: not run") == 1  # of mnist
    assert [path.name for path in (report / "studies").iterdir()] == [f"{RUNG}.html"]


def test_a_page_is_the_same_twice_and_loads_nothing(report: Path, page: str) -> None:
    studied = read_studied(report.parent / "outputs" / RUNG)

    assert studies_page(studied, f"../index.html#{RUNG}") == page
    assert not re.findall(r"src=|@import|<script|https?://(?!www\.w3\.org)", page)
    assert len(page) < 1e6


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_needs_no_network_and_fits_screen_and_paper(
    report: Path, scheme: Any, open_page: Callable[..., Any]
) -> None:
    page = open_page(
        report / "studies" / f"{RUNG}.html",
        color_scheme=scheme,
        viewport={"width": 1000, "height": 800},
    )
    sideways = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    page.set_viewport_size({"width": 1030, "height": 700})  # A4 across, less its margins
    page.emulate_media(media="print")
    off_paper = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert sideways <= 0
    assert off_paper <= 0
