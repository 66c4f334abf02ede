"""BSDS500: 500 natural images in colour, each with the boundaries that several people drew.

Arbelaez, Maire, Fowlkes, Malik, IEEE TPAMI 33(5), 2011. The images have no classes.
"""

import io
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from perceptgraph.datasets.archive import decode_image, fingerprint_of, member_names, read_member
from perceptgraph.datasets.catalog import DataFile, MissingData, locate
from perceptgraph.datasets.image_set import Sample
from perceptgraph.stores.status import SPLITS, BadImage, Status

PAGE = "https://www2.eecs.berkeley.edu/Research/Projects/CS/vision/grouping/resources.html"
FILES = (
    DataFile(
        "bsds500/bsds500.zip",
        PAGE,
        "b1a0fa8b345065b66714654ae5532fbd44adc4ed0599d05ef25e65d4fc5588e0",
        is_direct=False,  # BSDS500/data of the published archive, as a zip file
    ),
    DataFile("bsds500/BSR", PAGE, ""),
)


def boundaries_of(encoded: bytes, name: str) -> NDArray[np.uint8]:
    """Boundary maps (K, H, W), 0 or 1, of the K people of a ground-truth file."""
    try:
        cells = loadmat(io.BytesIO(encoded))["groundTruth"]
        maps = [cells[0, k][0, 0]["Boundaries"] for k in range(cells.shape[1])]
    except (ValueError, KeyError, IndexError, NotImplementedError) as error:
        raise BadImage(Status.CORRUPT, f"{name}: no ground truth: {error}") from error
    return np.stack(maps).astype(np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Boundaries:
    """BSDS500 as a Collection: train, val, test, in the order of their ids."""

    archive: Path
    images: tuple[str, ...]
    truths: tuple[str, ...]

    @property
    def class_names(self) -> tuple[str, ...]:
        """None: the images have no classes."""
        return ()

    @property
    def extras(self) -> tuple[str, ...]:
        """The human boundaries."""
        return ("boundaries",)

    @property
    def fingerprint(self) -> str:
        """Of the files and of the identity of every image."""
        return fingerprint_of(self, self.archive)

    def __len__(self) -> int:
        return len(self.images)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, no label, official split."""
        path = PurePosixPath(self.images[index])
        return f"{path.parent.name}/{path.stem}", -1, SPLITS.index(path.parent.name)

    def read(self, index: int) -> Sample:
        """Image `index` in colour, with its boundary maps."""
        image_id, label, split = self.identify(index)
        name, truth = self.images[index], self.truths[index]
        bgr = decode_image(read_member(self.archive, name), name, cv2.IMREAD_COLOR)
        maps = boundaries_of(read_member(self.archive, truth), truth)
        if maps.shape[1:] != bgr.shape[:2]:
            raise BadImage(
                Status.CORRUPT,
                f"{truth}: expected maps of {bgr.shape[:2]}, found {maps.shape[1:]}",
            )
        extras = {"truth/boundary": maps.reshape(-1)}
        return Sample(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), label, image_id, split, extras)


def open_bsds500() -> Boundaries:
    """Open BSDS500 with its official split."""
    return boundaries_in(locate(*FILES))


def boundaries_in(archive: Path) -> Boundaries:
    """BSDS500 of an archive, a zip file or a folder, its content not checked."""
    names = member_names(archive)
    order = {split: i for i, split in enumerate(SPLITS)}
    images = sorted(
        (
            n
            for n in names
            if "/images/" in n and n.endswith(".jpg") and PurePosixPath(n).parent.name in order
        ),
        key=lambda n: (order[PurePosixPath(n).parent.name], n),
    )
    truths = [n.replace("/images/", "/groundTruth/").removesuffix("jpg") + "mat" for n in images]
    if not images or not set(truths) <= set(names):
        raise MissingData(f"{archive}: expected images and a ground truth for each, found others")
    return Boundaries(archive, tuple(images), tuple(truths))
