"""The pages of docs/ and the scripts that draw their figures."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(DOCS.glob("*.md"))
IMAGE = re.compile(r"!\[[^\]]+\]\(([^)\s]+)\)")  # one without a text for who cannot see it is none


def images_of(page: Path) -> set[str]:
    """Paths of the images of a page, relative to it."""
    return set(IMAGE.findall(page.read_text()))


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"examples/{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_images_of_a_page_exist_and_have_a_text(page: Path) -> None:
    named = images_of(page)

    assert page.read_text().count("![") == len(IMAGE.findall(page.read_text()))
    assert [name for name in sorted(named) if not (page.parent / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_can_be_found(page: Path) -> None:
    assert page.name in (DOCS.parent / "mkdocs.yml").read_text()
    assert page.name == "index.md" or page.name in (DOCS / "index.md").read_text()


def test_script_draws_the_figures_that_the_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example("helmholtz").main([str(tmp_path / "new"), "1"])

    drawn = {path.name for path in (tmp_path / "new").iterdir()}
    assert drawn == {Path(name).name for name in images_of(DOCS / "helmholtz.md")}
    assert all(path.stat().st_size > 5000 for path in (tmp_path / "new").iterdir())
    assert "noise blurred by 2 pixels, ours: 0" in capsys.readouterr().out
