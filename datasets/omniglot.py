"""Omniglot: handwritten characters, and 20 runs of 20-way one-shot classification.

Lake, Salakhutdinov, Tenenbaum, Science 350(6266), 2015. Drawings of the background alphabets are
the training and validation splits, labelled by character; the images of the runs are the test
split. A run shows one example of each of its 20 classes; each of its 20 queries is one of them.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from perceptgraph.datasets.archive import decode_image, fingerprint_of, member_names, read_member
from perceptgraph.datasets.catalog import DataFile, MissingData, locate
from perceptgraph.datasets.image_set import EXAMPLE, QUERY, Sample
from perceptgraph.datasets.splits import TEST, TRAIN, VAL, held_out

SOURCE = "https://github.com/brendenlake/omniglot/raw/master/python/"
IMAGES = (
    DataFile(
        "omniglot/omniglot_images.zip",
        SOURCE,
        "83dcb539b3080162336c3a425bc1509842540a66188779ad279d0e15e7533298",
        is_direct=False,  # both published archives in one
    ),
    DataFile(
        "omniglot/images_background.zip",
        SOURCE + "images_background.zip",
        "",
    ),
)
RUNS = DataFile(
    "omniglot/all_runs.zip",
    SOURCE + "one-shot-classification/all_runs.zip",
    "437c1eeab0af8484112e1b4cc0f3d541ec727f7c47b9b202da738af9dfd6c325",
)
N_RUNS, WAYS = 20, 20
OUTSIDE = {"episode/run": -1, "episode/role": -1, "episode/class": -1}


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where one image is and what it stands for."""

    archive: Path
    name: str
    image_id: str
    label: int
    split: int
    episode: tuple[int, int, int]
    """Run, role, class within the run; -1 outside of all runs."""


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """Omniglot as a Collection: background drawings, then the images of the runs."""

    class_names: tuple[str, ...]
    drawings: tuple[Drawing, ...]

    @property
    def extras(self) -> tuple[str, ...]:
        """The one-shot runs."""
        return ("episode",)

    @property
    def fingerprint(self) -> str:
        """Of the files and of the identity of every image."""
        return fingerprint_of(self, *sorted({d.archive for d in self.drawings}))

    def __len__(self) -> int:
        return len(self.drawings)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, label (-1 in the runs) and split."""
        drawing = self.drawings[index]
        return drawing.image_id, drawing.label, drawing.split

    def read(self, index: int) -> Sample:
        """Image `index`: black ink on white."""
        d = self.drawings[index]
        pixels = decode_image(read_member(d.archive, d.name), d.name, cv2.IMREAD_GRAYSCALE)
        extras: dict[str, Any] = {
            name: np.int32(value) for name, value in zip(OUTSIDE, d.episode, strict=True)
        }
        return Sample(pixels, d.label, d.image_id, d.split, extras)


def _background(val_share: float) -> tuple[tuple[str, ...], list[Drawing]]:
    archive = locate(*IMAGES)
    names = [
        name
        for name in member_names(archive)
        if "images_background/" in name and name.endswith(".png")
    ]
    characters = [PurePosixPath(name).parts[-3:-1] for name in names]
    class_names = tuple(sorted({"/".join(character) for character in characters}))
    label_of = {name: i for i, name in enumerate(class_names)}
    labels = [label_of["/".join(character)] for character in characters]
    ids = ["/".join(PurePosixPath(name).parts[-4:]) for name in names]
    held = held_out(ids, labels, val_share)
    outside = (-1, -1, -1)
    return class_names, [
        Drawing(archive, name, image_id, label, VAL if out else TRAIN, outside)
        for name, image_id, label, out in zip(names, ids, labels, held, strict=True)
    ]


def _runs() -> list[Drawing]:
    archive = locate(RUNS)
    found = []
    for run in range(N_RUNS):
        folder = f"run{run + 1:02d}"
        lines = read_member(archive, f"{folder}/class_labels.txt").decode().split("\n")
        pairs = [line.split() for line in lines if line.strip()]
        if len(pairs) != WAYS or any(len(pair) != 2 for pair in pairs):
            raise MissingData(f"{archive}: {folder}: expected {WAYS} pairs, found {len(pairs)}")
        for query, example in sorted(pairs):
            way = int(PurePosixPath(example).stem.removeprefix("class")) - 1
            found.append(Drawing(archive, query, query, -1, TEST, (run, QUERY, way)))
            found.append(Drawing(archive, example, example, -1, TEST, (run, EXAMPLE, way)))
    return sorted(found, key=lambda d: d.image_id)


def open_omniglot(*, val_share: float) -> Characters:
    """Open Omniglot; `val_share` of the drawings of each character are for validation."""
    class_names, background = _background(val_share)
    return Characters(class_names, (*background, *_runs()))
