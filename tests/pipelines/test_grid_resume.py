"""A grid that is killed ends with the same table, and so does any number of workers.

The processes are real ones: the command line is started, killed with SIGKILL, and started again.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from study_rungs import ROOT, sections

from perceptgraph.stages import detect, prepare, relate
from perceptgraph.stages.tables import read_costs
from perceptgraph.stores.mapper import serial

COMMAND = [sys.executable, "-c", "from perceptgraph.pipelines.cli import main; main()"]
SETS = [
    "study.recipes.shapes.per_class=2",
    "study.recipes.shapes.optimisation={max_steps: 20, batch_size: 8}",
    "study.recipes.shapes.small={seeds: 2, scored: 12}",
    "robustness.axes.shapes={noise: {subjects: [relative_pose, h2gcn], small: [0.1], full: []}}",
]


def start(outputs: Path, workers: int) -> subprocess.Popen[str]:
    """The stage in a session of its own, so that all of its processes can be killed at once."""
    mode = f"dask.workers={workers}" if workers else "dask.mode=sync"
    sets = [word for value in [*SETS, mode] for word in ("--set", value)]
    where = ["--outputs", str(outputs), "--results", str(outputs / "landed")]
    return subprocess.Popen(
        [*COMMAND, "run", "robustness", "--dataset", "shapes", *where, *sets],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def table(outputs: Path) -> bytes:
    return (outputs / "shapes/robustness/results.csv").read_bytes()


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores") / "shapes"
    section = sections()
    prepare.run(section("prepare", prepare.Params), root, serial)
    detect.run(section("detect", detect.Params), root, serial)
    relate.run(section("relate", relate.Params), root, serial)
    return root


def linked(stores: Path, outputs: Path) -> Path:
    """A folder of outputs with the stores of the rung."""
    (outputs / "shapes").mkdir(parents=True)
    for store in stores.glob("*.zarr"):
        (outputs / "shapes" / store.name).symlink_to(store)
    return outputs


@pytest.mark.slow
def test_killed_run_and_any_workers_give_the_same_table(stores: Path, tmp_path: Path) -> None:
    whole, killed = (linked(stores, tmp_path / name) for name in ("whole", "killed"))
    process = start(whole, 0)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors

    process = start(killed, 2)
    cells = killed / "shapes" / "cells"
    while len(list(cells.glob("*.json"))) < 3:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    before = {path: path.stat().st_ino for path in cells.glob("*.json")}
    assert not (killed / "shapes/robustness").exists()
    process = start(killed, 2)
    _, errors = process.communicate(timeout=300)

    assert process.returncode == 0, errors
    after = {path: path.stat().st_ino for path in cells.glob("*.json")}
    assert before.items() <= after.items()
    assert len(before) < len(after) == len(read_costs(killed / "shapes/robustness"))
    assert table(killed) == table(whole)
