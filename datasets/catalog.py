"""Which data sets there are, where their files lie, and what to say when they do not."""

import hashlib
import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from perceptgraph.datasets.image_set import Collection

FOLDER_VARIABLE = "PERCEPTGRAPH_DATA"
"""Environment variable with the folder of data files; wins over a download."""


class MissingData(FileNotFoundError):
    """A data set's file that cannot be had, or is not what it should be."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a data set."""

    path: str
    """Below the folder of data files."""
    url: str
    """Where it is published."""
    sha256: str
    """Empty where no checksum was ever published: such a file is used as it is."""
    is_direct: bool = True
    """`url` gives this very file, and not a page or another packing of the same content."""


def locate(*choices: DataFile) -> Path:
    """Path of the first of `choices` that is there, its sha256 checked; else it is downloaded.

    Raises
    ------
    MissingData
        None is there or can be had; the message says which, where they are and what to do.
    """
    folder = os.environ.get(FOLDER_VARIABLE)
    for choice in choices:
        if folder and (Path(folder) / choice.path).exists():
            return _checked(Path(folder) / choice.path, choice)
    failures = []
    for choice in choices:
        if choice.sha256 and choice.is_direct:
            try:
                return _downloaded(choice)
            except (OSError, ValueError) as error:
                failures.append(f"{choice.url}: {error}")
    raise MissingData(_message(choices, folder, failures))


def _checked(path: Path, file: DataFile) -> Path:
    if file.sha256 and path.is_file():  # a folder stands for an archive that was unpacked
        with path.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
        if found != file.sha256:
            raise MissingData(
                f"{path}: expected sha256 {file.sha256}, found {found}; fetch it again from "
                f"{file.url} or remove it"
            )
    return path


def cache_folder() -> Path:
    """Where downloads are kept."""
    import pooch

    return Path(pooch.os_cache("perceptgraph"))


def _downloaded(file: DataFile) -> Path:
    import pooch

    path = cache_folder() / file.path
    found = pooch.retrieve(
        file.url,
        known_hash=f"sha256:{file.sha256}",
        fname=path.name,
        path=path.parent,
        progressbar=sys.stderr.isatty(),
    )
    return Path(found)


def _message(choices: Sequence[DataFile], folder: str | None, failures: Sequence[str]) -> str:
    wanted = " or ".join(
        f"{c.path} ({c.url}, sha256 {c.sha256 or 'not published'})" for c in choices
    )
    looked = f"{FOLDER_VARIABLE}={folder}" if folder else f"{FOLDER_VARIABLE} (not set)"
    why = f"; download failed: {'; '.join(failures)}" if failures else ""
    return (
        f"missing {wanted}: looked in {looked} and {cache_folder()}{why}. Fetch the file, put it "
        f"below a folder under the name given here, and set {FOLDER_VARIABLE} to that folder"
    )


def opener(name: str) -> Callable[..., Collection]:
    """The function of DATASETS that opens the data set `name`."""
    module, _, attribute = DATASETS[name].partition(":")
    function: Callable[..., Collection] = getattr(importlib.import_module(module), attribute)
    return function


def open_dataset(name: str, keywords: Mapping[str, Any], fingerprint: str) -> Collection:
    """The data set `name`; a process opens it once, however many parts it works on.

    And once more when it is told another `fingerprint`: the files have changed since.
    """
    return _opened(name, json.dumps(dict(keywords), sort_keys=True), fingerprint)


@lru_cache(maxsize=1)
def _opened(name: str, keywords: str, fingerprint: str) -> Collection:
    return opener(name)(**json.loads(keywords))


DATASETS: dict[str, str] = {
    "shapes": "perceptgraph.datasets.shapes:open_shapes",
    "shapes-in-scenes": "perceptgraph.datasets.composites:open_composites",
    "mnist": "perceptgraph.datasets.mnist:open_mnist",
    "ot8": "perceptgraph.datasets.scenes:open_ot8",
    "scene15": "perceptgraph.datasets.scenes:open_scene15",
    "omniglot": "perceptgraph.datasets.omniglot:open_omniglot",
    "bsds500": "perceptgraph.datasets.bsds500:open_bsds500",
    "folder": "perceptgraph.datasets.folder:open_folder",
}
"""Name to "module:function", imported when it is opened: reading digits needs no photographs."""
