"""Compiled code is kept, and never outlives the sources it was compiled from."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from perceptgraph.stores.compiled import prepared

LEAF = """
from perceptgraph.stores.compiled import njit

@njit(cache=True)
def leaf(x: int) -> int:
    return x + {added}
"""
CALLER = """
from perceptgraph.leaf import leaf
from perceptgraph.stores.compiled import njit

@njit(cache=True)
def caller(x: int) -> int:
    return 10 * leaf(x)
"""
RUN = """
import sys, perceptgraph
perceptgraph.__path__ = [*perceptgraph.__path__, sys.argv[1]]
from perceptgraph.caller import caller
print(caller(1), sum(caller.stats.cache_hits.values()))
"""


def test_code_is_kept_until_a_module_it_calls_into_changes(tmp_path: Path) -> None:
    (tmp_path / "caller.py").write_text(CALLER)
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def run(added: int) -> str:
        (tmp_path / "leaf.py").write_text(LEAF.format(added=added))
        command = [sys.executable, "-B", "-c", RUN, str(tmp_path)]
        answer = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=True
        )
        return answer.stdout.strip()

    assert [run(1), run(1), run(2)] == ["20 0", "20 1", "30 0"]


def test_a_folder_that_cannot_be_made_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(OSError, match="set NUMBA_CACHE_DIR"):
        prepared(tmp_path / "file" / "below")
