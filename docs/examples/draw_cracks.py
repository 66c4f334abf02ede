"""Draw the pictures of the README's example: materials that are sound, scratched or cracked.

Run it as `python docs/examples/draw_cracks.py FOLDER`. It writes FOLDER/sound, FOLDER/scratched and
FOLDER/cracked: crops of the brick, gravel and grass of scikit-image. A crack is a chain of straight
pieces from one side to the other; scratches are such pieces scattered and turned at random. The
pieces are the same, so what tells a dangerous crack from harmless scratches is how they relate.
"""

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage import data

SIDE = 160
CLASSES = ("sound", "scratched", "cracked")
TEXTURES = (data.brick, data.gravel, data.grass)
N_PIECES = 6


def crack(rng: np.random.Generator) -> NDArray[np.float64]:
    """Pieces (N, 2, 2) of a crack, end to end: piece, end, (row, column), in pixels."""
    column = np.linspace(8, SIDE - 8, N_PIECES + 1)
    row = SIDE / 2 + rng.normal(0, 12, N_PIECES + 1).cumsum()
    corners = np.stack([row - row.mean() + SIDE / 2, column], axis=1)
    return np.stack([corners[:-1], corners[1:]], axis=1)


def scattered(rng: np.random.Generator, pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same pieces (N, 2, 2), each put somewhere else and turned."""
    turn = rng.uniform(0, np.pi, len(pieces))
    half = np.linalg.norm(pieces[:, 1] - pieces[:, 0], axis=1) / 2
    step = half[:, None] * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    middle = rng.uniform(20, SIDE - 20, (len(pieces), 2))
    return np.stack([middle - step, middle + step], axis=1)


def material(rng: np.random.Generator, texture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop (SIDE, SIDE) of a texture, smoothed and of low contrast."""
    top, left = (int(rng.integers(0, n - SIDE)) for n in texture.shape)
    crop = cv2.GaussianBlur(texture[top : top + SIDE, left : left + SIDE], (0, 0), 1.5)
    grey = 128 + 0.4 * (crop.astype(np.float32) - crop.mean())
    return np.asarray(np.clip(grey, 0, 255), np.uint8)


def picture(rng: np.random.Generator, texture: NDArray[np.uint8], name: str) -> NDArray[np.uint8]:
    """A picture (SIDE, SIDE) of the class `name`, grey, turned by a random right angle."""
    image = material(rng, texture)
    pieces = crack(rng)
    if name == "scratched":
        pieces = scattered(rng, pieces)
    if name != "sound":
        corners = np.round(pieces[:, :, ::-1] * 16).astype(np.int32)
        cv2.polylines(image, list(corners), False, 60, 2, cv2.LINE_AA, shift=4)
    return np.ascontiguousarray(np.rot90(image, int(rng.integers(4))))


def draw(folder: Path, per_class: int, seed: int = 0) -> None:
    """Write `per_class` pictures of each class below `folder`."""
    textures = [np.asarray(load()) for load in TEXTURES]
    for label, name in enumerate(CLASSES):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(per_class):
            rng = np.random.default_rng([seed, label, i])
            image = picture(rng, textures[i % len(textures)], name)
            cv2.imwrite(str(folder / name / f"{name}-{i:03d}.png"), image)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), per_class=200)
