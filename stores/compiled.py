"""Compiled code is kept between runs, and never outlives its source.

numba keeps what it has compiled, and compiles a function anew when its own file changes, but not
when a file does from which it calls: old code would go on running. Here what is kept for a module
lies in a folder named after its source and the sources of all modules that it imports from.
"""

import hashlib
import os
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numba
import pooch

IMPORT = re.compile(r"^from (perceptgraph\.[\w.]+) import ", re.MULTILINE)


def njit(**options: Any) -> Callable[[Any], Any]:
    """Decorator `numba.njit(**options)`; what is compiled is kept as long as the sources stay.

    It is kept below NUMBA_CACHE_DIR, else in the user's cache folder; OSError where that cannot be
    written.
    """

    def compiled(function: Any) -> Any:
        config: Any = numba.config
        before = config.CACHE_DIR
        config.CACHE_DIR = prepared(kept_in() / digest_of(Path(function.__code__.co_filename)))
        try:
            return numba.njit(**options)(function)
        finally:
            config.CACHE_DIR = before

    return compiled


def kept_in() -> Path:
    """The folder below which compiled code is kept."""
    return Path(os.environ.get("NUMBA_CACHE_DIR") or pooch.os_cache("perceptgraph"))


@cache
def digest_of(path: Path) -> str:
    """Digest of a module's source and of those of our modules that it imports from."""
    source = path.read_text()
    digest = hashlib.sha256(source.encode())
    for name in sorted(set(IMPORT.findall(source))):
        imported = Path(str(sys.modules[name].__file__))
        if imported != Path(__file__):
            digest.update(digest_of(imported).encode())
    return digest.hexdigest()[:16]


@cache
def prepared(folder: Path) -> str:
    """The folder, made; OSError that says what to do where it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(
            f"{folder}: cannot keep compiled code there ({error.strerror}); set NUMBA_CACHE_DIR "
            "to a folder that can be written"
        ) from error
    return str(folder)
