"""A killed worker or run loses no finished part, and any number of workers gives the same bytes.

The processes are real ones: the command line is started, killed with SIGKILL, and started again.
"""

import importlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from perceptgraph.pipelines.energy import is_incomplete, read_ledger
from perceptgraph.pipelines.metering import LEDGER
from perceptgraph.pipelines.parallel import DaskParams, open_mapper
from perceptgraph.pipelines.params import load_params, section_of
from perceptgraph.stores.mapper import Mapper, serial

STAGES = ("prepare", "detect", "relate")
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from perceptgraph.pipelines.cli import main; main()"]
SMALL = [
    "prepare.datasets.shapes.train_per_class=8",
    "prepare.datasets.shapes.val_per_class=1",
    "prepare.datasets.shapes.test_per_class=1",
    "prepare.part_images=10",
    "detect.part_images=2",
    "relate.part_images=20",
    "energy.heartbeat_s=0.2",
]
N_PARTS = 60  # of detect: 12 classes x 10 drawings, two a part


def arguments(stage: str, *sets: str) -> list[str]:
    overrides = [word for value in [*SMALL, *sets] for word in ("--set", value)]
    params = ["--params", str(ROOT / "params.yaml")]
    return [*COMMAND, "run", stage, "--dataset", "shapes", *params, *overrides]


def start(folder: Path, stage: str, *sets: str) -> subprocess.Popen[str]:
    """The stage in a session of its own, so that all of its processes can be killed at once."""
    return subprocess.Popen(
        arguments(stage, *sets),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has them ignore interrupts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 60
    while not holds():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < end
        time.sleep(0.002)


def parts(folder: Path) -> dict[Path, int]:
    """Finished parts of detect and their inodes: a part that is made again has another."""
    found = (folder / "outputs/shapes/parts/detect").glob("*/part-*.npz")
    return {path: path.stat().st_ino for path in found}


def content(folder: Path, store: str) -> dict[str, bytes]:
    root = folder / "outputs/shapes" / store
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


def take_images(whole: Path, folder: Path) -> Path:
    """A project in `folder` that starts from the images of another."""
    (folder / "outputs/shapes").mkdir(parents=True)
    (folder / "outputs/shapes/images.zarr").symlink_to(whole / "outputs/shapes/images.zarr")
    return folder


def climb(folder: Path, mapper: Mapper, recipe: str = "segments") -> Path:
    """Images, primitives and graphs of the rung, made in this process with a mapper."""
    sets = [f"{stage}.recipe_of.shapes={recipe}" for stage in ("detect", "relate")]
    values = load_params(ROOT / "params.yaml", [*SMALL, *sets])
    for name in STAGES:
        stage = importlib.import_module(f"perceptgraph.stages.{name}")
        stage.run(section_of(values, name, stage.Params), folder / "outputs/shapes", mapper)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rung as one process makes it without interruption."""
    return climb(tmp_path_factory.mktemp("whole"), serial)


@pytest.fixture(scope="module")
def by_recipe(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same by each recipe."""
    strokes = climb(tmp_path_factory.mktemp("strokes"), serial, "strokes")
    return {"segments": whole, "strokes": strokes}


@pytest.mark.parametrize(
    ("workers", "recipe"), [(1, "segments"), (2, "strokes"), (4, "segments"), (4, "strokes")]
)
def test_any_number_of_workers_gives_the_same_bytes(
    by_recipe: dict[str, Path], tmp_path: Path, workers: int, recipe: str
) -> None:
    values = load_params(ROOT / "params.yaml", [f"dask.workers={workers}"])
    with open_mapper(section_of(values, "dask", DaskParams)) as mapper:
        climb(tmp_path, mapper, recipe)

    for store in ("images.zarr", "primitives.zarr", "graphs.zarr"):
        assert content(tmp_path, store) == content(by_recipe[recipe], store)
    assert not (tmp_path / "outputs/shapes/parts").exists()


def test_a_killed_worker_costs_nothing_but_time(whole: Path, tmp_path: Path) -> None:
    folder = take_images(whole, tmp_path)
    process = start(folder, "detect", "dask.workers=2")
    wait_until(lambda: len(parts(folder)) >= 4, process)

    workers = [
        p for p in psutil.Process(process.pid).children() if "spawn_main" in str(p.cmdline())
    ]
    workers[0].send_signal(signal.SIGKILL)
    _, errors = process.communicate(timeout=120)

    assert process.returncode == 0, errors
    assert errors == ""
    assert content(folder, "primitives.zarr") == content(whole, "primitives.zarr")


def test_a_killed_run_goes_on_where_it_was(whole: Path, tmp_path: Path) -> None:
    folder = take_images(whole, tmp_path)
    process = start(folder, "detect", "dask.workers=2")
    wait_until(lambda: len(parts(folder)) >= 4, process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    before = parts(folder)
    assert 4 <= len(before) < N_PARTS
    assert not (folder / "outputs/shapes/primitives.zarr").exists()

    again = start(folder, "detect", "dask.workers=2")
    wait_until(lambda: len(parts(folder)) > len(before) + 2, again)
    meanwhile = parts(folder)
    _, errors = again.communicate(timeout=120)

    assert again.returncode == 0, errors
    assert before.items() <= meanwhile.items()
    assert content(folder, "primitives.zarr") == content(whole, "primitives.zarr")
    assert not (folder / "outputs/shapes/parts").exists()


def test_a_run_that_is_killed_leaves_an_incomplete_record(whole: Path, tmp_path: Path) -> None:
    folder = take_images(whole, tmp_path)
    ledger = folder / "outputs" / LEDGER
    process = start(folder, "detect", "dask.workers=1")
    wait_until(lambda: any(r.state == "running" for r in read_ledger(ledger)), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)

    (record,) = read_ledger(ledger)

    assert is_incomplete(record)
    assert (record.stage, record.dataset) == ("detect", "shapes")
    assert record.wall_s > 0
    assert not (folder / "outputs/shapes/energy").exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_asked_to_end_says_what_it_spent(
    whole: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder = take_images(whole, tmp_path)
    ledger = folder / "outputs" / LEDGER
    process = start(folder, "detect", "dask.workers=1")
    wait_until(lambda: bool(parts(folder)), process)
    os.killpg(process.pid, number)  # as a terminal and a batch system do: to all of its processes
    _, errors = process.communicate(timeout=60)

    (record,) = read_ledger(ledger)

    assert process.returncode == 128 + number
    assert errors == "interrupted; finished parts are kept, start again to go on\n"
    assert record.state == "failed"
    assert record.energy_kwh is not None
    assert record.energy_kwh > 0
    assert not (folder / "outputs/shapes/energy").exists()
