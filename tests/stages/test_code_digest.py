"""Digests of code: they change with what is computed, not with words about it."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import grimp
import pytest

from perceptgraph import stages
from perceptgraph.graphs.models import MODELS
from perceptgraph.stages import code_digest as module
from perceptgraph.stages.code_digest import closure, code_digest

Write = Callable[..., str]
TOP = '''
    """What it does."""

    from perceptgraph.stages.lower_one import THREE


    def four() -> int:
        """Four."""
        # because
        return THREE + 1
    '''


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write the sources of modules of ours and get the digest of the first."""
    monkeypatch.setattr(stages, "__path__", [*stages.__path__, str(tmp_path)])
    caches = [module._tree_of, module._imported_by, module._digest_of, module._digest_of_all]

    def digest(**sources: str) -> str:
        for cache in caches:
            cache.cache_clear()
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        return code_digest([f"perceptgraph.stages.{next(iter(sources))}"])

    yield digest
    for cache in caches:
        cache.cache_clear()


def test_words_and_looks_change_nothing(write: Write) -> None:
    before = write(top_one=TOP, lower_one="THREE = 3\n")

    words = TOP.replace("What it does", "What is done").replace("# because", "# since")
    looks = words.replace("THREE + 1", "(THREE\n            + 1)")

    assert write(top_one=words, lower_one='THREE = 3\n"""Three."""\n') == before
    assert write(top_one=looks, lower_one="THREE = 3") == before


def test_code_changes_it_also_that_of_modules_below(write: Write) -> None:
    before = write(top_one=TOP, lower_one="THREE = 3\n")

    assert write(top_one=TOP, lower_one="THREE = 4\n") != before
    assert write(top_one=TOP.replace("THREE + 1", "THREE + 2"), lower_one="THREE = 3\n") != before


def test_what_stands_alone_counts_without_what_it_imports(write: Write) -> None:
    write(top_one=TOP, lower_one="THREE = 3\n")
    before = code_digest([], ["perceptgraph.stages.top_one"])
    write(top_one=TOP, lower_one="THREE = 4\n")

    assert code_digest([], ["perceptgraph.stages.top_one"]) == before


def test_what_a_function_imports_is_named_by_who_calls_it(write: Write) -> None:
    lazy = """
        def three() -> int:
            from perceptgraph.stages.lower_one import THREE

            return THREE
        """
    before = write(top_one=lazy, lower_one="THREE = 3\n")

    assert write(top_one=lazy, lower_one="THREE = 4\n") == before


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    packages = [f"perceptgraph.{name}" for name in ("graphs", "stages", "stores", "datasets")]
    return grimp.build_graph(*packages)


@pytest.mark.parametrize("model", MODELS)
def test_closure_is_that_of_the_import_graph(model: str, imports: grimp.ImportGraph) -> None:
    name = MODELS[model].partition(":")[0]

    found = closure([name])

    packages = {part for part in found if part.count(".") == 1}
    assert found - packages <= imports.find_upstream_modules(name) | {name}
    assert imports.find_upstream_modules(name) <= found | packages


def test_no_module_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no source of perceptgraph\.stages\.nothing"):
        code_digest(["perceptgraph.stages.nothing"])
