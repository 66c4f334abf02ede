"""Command `doctor`: what this machine offers, and what must be mended before a run."""

import os
import platform
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.markup import escape

from perceptgraph.pipelines.metering import RAPL
from perceptgraph.pipelines.parallel import ADDRESS_VARIABLE
from perceptgraph.stages.params import ParamsError
from perceptgraph.stores.compiled import kept_in

Level = Literal["ok", "note", "mend"]
PACKAGES = (
    "perceptgraph",
    "numpy",
    "numba",
    "scipy",
    "scikit-image",
    "zarr",
    "torch",
    "torch-geometric",
    "dask",
    "distributed",
    "dvc",
    "codecarbon",
)
COLOURS: dict[Level, str] = {"ok": "green", "note": "yellow", "mend": "red"}
CONNECT_SECONDS = 3.0
FOLDERS = {
    "mnist": "mnist",
    "ot8": "scene15",
    "scene15": "scene15",
    "omniglot": "omniglot",
    "bsds500": "bsds500",
}
"""Data set to the folder of its files; a data set that is not named needs none."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    level: Level
    """mend: it stops a run; note: worth knowing."""
    subject: str
    text: str


def print_findings() -> bool:
    """Print all findings; False when something must be mended."""
    console = Console()
    fine = True
    for finding in findings():
        fine = fine and finding.level != "mend"
        colour = COLOURS[finding.level]
        console.print(
            f"[{colour}]{finding.level:4}[/{colour}] {finding.subject}: {escape(finding.text)}",
            highlight=False,
            soft_wrap=True,
        )
    return fine


def findings() -> Iterator[Finding]:
    """All findings, cheap ones first."""
    yield _versions()
    yield Finding("ok", "machine", f"{platform.machine()}, {os.cpu_count()} cores")
    yield opencv_variant(sorted(_installed()))
    yield opencv_import()
    yield torch_threads()
    yield rapl()
    yield nvml()
    yield from data_sets()
    yield parameters(Path("params.yaml"))
    yield dask_scheduler(os.environ.get(ADDRESS_VARIABLE))
    yield writable("outputs", Path("outputs"))
    yield writable("compiled code", kept_in())


def _installed() -> Iterator[str]:
    """Names of the distributions in this environment that bring `cv2`."""
    for distribution in metadata.distributions():
        name = (distribution.metadata["Name"] or "").lower().replace("_", "-")
        if name.startswith("opencv"):
            yield f"{name} {distribution.version}"


def _versions() -> Finding:
    found, missing = [f"python {platform.python_version()}"], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return Finding("mend", "versions", f"{', '.join(missing)} missing; pip install -e .")
    return Finding("ok", "versions", ", ".join(found))


def opencv_variant(installed: list[str]) -> Finding:
    """Whether exactly one distribution brings `cv2`: two overwrite each other's files."""
    if len(installed) == 1:
        return Finding("ok", "OpenCV", installed[0])
    if not installed:
        return Finding("mend", "OpenCV", "none is installed; pip install opencv-python")
    names = " ".join(entry.split()[0] for entry in installed)
    return Finding(
        "mend",
        "OpenCV",
        f"expected one distribution, found {', '.join(installed)}, which overwrite each other; "
        f"pip uninstall -y {names}, then pip install opencv-python (in a container without a "
        "display: opencv-python-headless)",
    )


def opencv_import() -> Finding:
    """Whether `cv2` can be imported, and what to install where it cannot."""
    try:
        import cv2
    except ImportError as error:
        hint = "pip install --force-reinstall opencv-python"
        if ".so" in str(error):
            hint = (
                "a system library is missing: install libgl1 and libglib2.0-0, or "
                "opencv-python-headless in place of opencv-python"
            )
        return Finding("mend", "cv2", f"{error}; {hint}")
    if not hasattr(cv2, "createLineSegmentDetector"):
        return Finding(
            "mend",
            "cv2",
            "it is empty: another OpenCV distribution was removed; "
            "pip install --force-reinstall opencv-python",
        )
    return Finding("ok", "cv2", f"{cv2.__version__}, {cv2.getNumThreads()} threads by default")


def torch_threads() -> Finding:
    """Threads of torch, and the GPU it sees."""
    try:
        import torch
    except ImportError as error:
        return Finding("mend", "torch", f"{error}; pip install -e .")
    threads = f"{torch.get_num_threads()} threads by default, stages set one per process"
    if not torch.cuda.is_available():
        return Finding("ok", "torch", f"no CUDA, {threads}")
    return Finding("ok", "torch", f"CUDA {torch.version.cuda}, {threads}")


def rapl(path: Path = RAPL) -> Finding:
    """Whether the processor's power counter can be read."""
    if os.access(path, os.R_OK):
        return Finding("ok", "RAPL", "readable: joules of the processor are measured")
    if path.exists():
        return Finding(
            "note",
            "RAPL",
            f"{path} is there but may not be read: joules are modelled; let your user read it",
        )
    return Finding("note", "RAPL", "none: joules of the processor are modelled, not measured")


def nvml() -> Finding:
    """Whether a GPU's power can be read."""
    try:
        import pynvml

        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        pynvml.nvmlShutdown()
    except ImportError:
        return Finding("note", "NVML", "no Python binding: no GPU is metered")
    except pynvml.NVMLError as error:
        return Finding("note", "NVML", f"no GPU is metered: {error}")
    return Finding("ok", "NVML", f"{count} GPU metered")


def data_sets() -> Iterator[Finding]:
    """Which of the data sets that need files have some here."""
    from perceptgraph.datasets.catalog import DATASETS, FOLDER_VARIABLE, cache_folder

    named = os.environ.get(FOLDER_VARIABLE)
    if named is None:
        yield Finding("note", FOLDER_VARIABLE, "not set: data files are downloaded when needed")
    elif not Path(named).is_dir():
        yield Finding("mend", FOLDER_VARIABLE, f"{named}: expected a folder, found none; unset it")
    else:
        yield Finding("ok", FOLDER_VARIABLE, named)
    folders = [Path(named)] if named else []
    folders.append(cache_folder())
    here: list[str] = []
    absent: list[str] = []
    for name in DATASETS:
        below = FOLDERS.get(name)
        is_here = below is None or any((folder / below).is_dir() for folder in folders)
        (here if is_here else absent).append(name)
    text = f"here: {', '.join(here)}; without files: {', '.join(absent) or 'none'}"
    yield Finding("ok", "data sets", text)


def parameters(path: Path) -> Finding:
    """Whether each rung of the ladder has a recipe for its kind of images."""
    from perceptgraph.pipelines.recipes import recipes_of_ladder

    if not path.is_file():
        return Finding("note", "parameters", f"no {path} here: name it with --params")
    try:
        rungs = [f"{rung} by {recipes}" for rung, recipes in recipes_of_ladder(path)]
    except ParamsError as error:
        return Finding("mend", "parameters", str(error))
    return Finding("ok", "parameters", f"{path}, {', '.join(rungs)}")


def dask_scheduler(address: str | None, timeout: float = CONNECT_SECONDS) -> Finding:
    """Whether the scheduler that the environment names answers."""
    if not address:
        return Finding("ok", "Dask", f"{ADDRESS_VARIABLE} not set: work is done on this machine")
    from distributed import Client

    try:
        with Client(address, timeout=timeout, set_as_default=False) as client:
            n_workers = len(client.scheduler_info(n_workers=-1)["workers"])
    except (OSError, ValueError) as error:
        return Finding(
            "mend", "Dask", f"no scheduler at {address} ({error}); start it, or unset the variable"
        )
    if not n_workers:
        return Finding("mend", "Dask", f"{address} has no workers; start `dask worker {address}`")
    return Finding("ok", "Dask", f"{address}, {n_workers} workers")


def writable(what: str, folder: Path) -> Finding:
    """Whether something can be written to `folder`."""
    nearest = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            return Finding("ok", what, f"{folder.absolute()} can be written")
    except OSError as error:
        return Finding(
            "mend", what, f"{nearest} cannot be written ({error.strerror}); change its owner"
        )
