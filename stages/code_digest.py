"""Digest of the code that a result depends on: other words about it change nothing."""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

OURS = "perceptgraph."


def code_digest(modules: Iterable[str], alone: Iterable[str] = ()) -> str:
    """Digest of these modules and of all of ours that they import as they are loaded.

    Those that stand `alone` count without what they import.

    What a function imports when it is called is not among them: who calls it names it here.
    Comments, docstrings and the look of the code play no part.
    """
    return _digest_of_all(tuple(sorted(modules)), tuple(alone))


@cache
def _digest_of_all(modules: tuple[str, ...], alone: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name in sorted(closure(modules) | set(alone)):
        digest.update(f"{name} {_digest_of(name)}".encode())
    return digest.hexdigest()[:16]


def closure(modules: Iterable[str]) -> set[str]:
    """Names of these modules and of all of ours that they import, directly or not."""
    found: set[str] = set()
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _imported_by(name)
    return found


@cache
def _tree_of(module: str) -> ast.Module:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise ValueError(f"expected a module of ours, found no source of {module}")
    return ast.parse(Path(spec.origin).read_text())


@cache
def _imported_by(module: str) -> tuple[str, ...]:
    """Our modules that a module imports at its top."""
    found = []
    for node in _tree_of(module).body:
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [node.module, *_modules_in(node.module, [a.name for a in node.names])]
    return tuple(name for name in found if name.startswith(OURS))


def _modules_in(package: str, names: list[str]) -> list[str]:
    """Those of the names that are modules in the package; none where it is itself a module."""
    if not f"{package}.".startswith(OURS):
        return []
    spec = find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        return []
    return [f"{package}.{name}" for name in names if find_spec(f"{package}.{name}")]


@cache
def _digest_of(module: str) -> str:
    text = ast.unparse(_WithoutWords().visit(_tree_of(module)))
    return hashlib.sha256(text.encode()).hexdigest()


class _WithoutWords(ast.NodeTransformer):
    """Takes texts that stand for themselves out of a tree."""

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        """None for a docstring."""
        is_text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if is_text else node
