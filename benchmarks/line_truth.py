"""Photographs with their true line segments, as the York Urban data set is laid out.

`<id>/<id>.jpg` with `<id>LinesAndVP.mat`, key `lines`: two rows a segment, (x, y): the original
truth, lines of the three Manhattan directions only. `<id>_gt.txt` or `<id>.txt` anywhere below,
`x1 y1 x2 y2` a line: the dense truth.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from perceptgraph.datasets.catalog import MissingData

TRUTH_OFFSETS = {"dense": 0.5, "original": 1.0}
"""Position that each kind of truth gives the centre of the first pixel, on both axes, measured:
half a pixel costs 0.05 of the score."""
MAT = "LinesAndVP.mat"
SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True, slots=True)
class LineScene:
    """One photograph and where its truths are."""

    image: Path
    truths: dict[str, Path]
    """By kind, a key of TRUTH_OFFSETS."""

    def read(self) -> NDArray[np.uint8]:
        """The photograph (H, W, 3): red, green, blue."""
        pixels = cv2.imread(str(self.image), cv2.IMREAD_COLOR)
        if pixels is None:
            raise MissingData(f"{self.image}: cannot be decoded")
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)


def line_scenes(folder: Path) -> list[LineScene]:
    """The photographs below `folder` that have a truth, by name; none is an empty list."""
    texts = sorted(folder.rglob("*.txt"))
    return list(_scenes(folder, texts))


def _scenes(folder: Path, texts: list[Path]) -> Iterator[LineScene]:
    for image in sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES):
        name = image.stem
        mat = image.with_name(name + MAT)
        text = next((p for p in texts if p.stem == name or p.stem.startswith(f"{name}_")), None)
        truths = {
            **({"dense": text} if text is not None else {}),
            **({"original": mat} if mat.exists() else {}),
        }
        if truths:
            yield LineScene(image, truths)


def read_segments(path: Path, offset: float) -> NDArray[np.float64]:
    """True segments (N, 2, 2), (row, column), of a `.mat` or a text file.

    Parameters
    ----------
    path : Path
        See the module.
    offset : float
        What is taken from all coordinates: the file's position of the centre of the first pixel.

    Raises
    ------
    MissingData
        The file does not hold segments.
    """
    if path.suffix == ".mat":
        points = np.asarray(loadmat(path).get("lines", np.zeros(0)), np.float64)
        if points.ndim != 2 or points.shape[1] < 2 or len(points) % 2:
            raise MissingData(f"{path}: expected lines (2 N, 2), found {points.shape}")
        ends = points[:, :2].reshape(-1, 2, 2)
    else:
        rows = np.loadtxt(path, ndmin=2)
        if rows.ndim != 2 or rows.shape[1] < 4:
            raise MissingData(f"{path}: expected x1 y1 x2 y2 a line, found {rows.shape}")
        ends = rows[:, :4].reshape(-1, 2, 2)
    return np.ascontiguousarray(ends[:, :, ::-1]) - offset
