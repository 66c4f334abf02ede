"""ImageSet: the contract of images.zarr. Images differ in size, so pixels are one flat array."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import ContractError, check_array, check_offsets, offsets_of
from perceptgraph.stores.ragged import IMAGE, Block, Column, Layout, RaggedStore
from perceptgraph.stores.status import IDENTITY_COLUMNS, Status, identity_record, texts_of

FORMAT = "perceptgraph.images"
VERSION = 1
PIXEL_DTYPES = ("u1", "u2", "f4")
"""From narrow to wide; a store has one, the widest of its images."""

IMAGE_COLUMNS = {
    "image/height": Column(IMAGE, "i4", unit="pixels"),
    "image/width": Column(IMAGE, "i4", unit="pixels"),
    "image/channels": Column(IMAGE, "i4", meaning="1 grey, 3 red, green, blue"),
}
DRAWING_COLUMNS = {
    "truth/segment": Column("truth_segment", "f4", (2, 2), "pixels", "ends, (row, column)"),
    "truth/arc": Column(
        "truth_arc",
        "f4",
        (5,),
        "pixels, radians",
        "centre row, centre column, radius, start, sweep",
    ),
    "truth/stroke_width": Column(IMAGE, "f4", unit="pixels"),
    "truth/clutter": Column("truth_segment", "u1", meaning="1 where the segment is clutter"),
    "truth/junction": Column("truth_junction", "f4", (2,), "pixels", "position, (row, column)"),
    "truth/junction_kind": Column("truth_junction", "u1", meaning="0 L, 1 T, 2 Y, 3 X"),
    "truth/junction_degree": Column("truth_junction", "i4", meaning="branches of the junction"),
    "truth/branch_angle": Column("truth_branch", "f4", (), "radians", "outward, by junction"),
}
BOUNDARY_COLUMNS = {
    "truth/boundary": Column("truth_boundary", "u1", meaning="annotators x height x width, 0 or 1"),
}
EPISODE_COLUMNS = {
    "episode/run": Column(IMAGE, "i4", meaning="one-shot run, -1 outside of all runs"),
    "episode/role": Column(IMAGE, "i4", meaning="0 the one example of its class, 1 query, -1"),
    "episode/class": Column(IMAGE, "i4", meaning="class within the run, -1 outside"),
}
EXTRAS = {
    "drawing": DRAWING_COLUMNS,
    "boundaries": BOUNDARY_COLUMNS,
    "episode": EPISODE_COLUMNS,
}
"""Optional groups of columns; a data set names those it fills."""
EXAMPLE, QUERY = 0, 1
"""Values of `episode/role`."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One image as a data set gives it."""

    pixels: NDArray[Any]
    """(H, W) grey or (H, W, 3) red, green, blue; u1, u2, or f4 in [0, 1]."""
    label: int
    """Index into the data set's class names; -1 for none."""
    image_id: str
    split: int
    """0 train, 1 validation, 2 test."""
    extras: Mapping[str, NDArray[Any]]
    """The columns of the data set's extras (EXTRAS); empty for most data sets."""


class Collection(Protocol):
    """An open data set: it counts its images and reads each on its own, in any process."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the labels, in order; empty where images have none."""
        ...

    @property
    def extras(self) -> tuple[str, ...]:
        """Which of EXTRAS its samples fill."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes when its images do: a digest of parameters and files."""
        ...

    def __len__(self) -> int: ...

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, label and split of image `index`, known without reading its pixels."""
        ...

    def read(self, index: int) -> Sample:
        """Image `index`; BadImage if it cannot be used."""
        ...


def image_layout(dtype: str, extras: Sequence[str] = ()) -> Layout:
    """Columns of images.zarr with these pixels ("u1", "u2" or "f4") and optional groups."""
    columns = IDENTITY_COLUMNS | IMAGE_COLUMNS | {"pixel/value": Column("pixel", dtype)}
    for name in extras:
        columns |= EXTRAS[name]
    return Layout(FORMAT, VERSION, columns)


def open_images(path: Path) -> RaggedStore:
    """Open images.zarr with the type of pixels and the extras that it was written with."""
    schema = RaggedStore(path, image_layout(PIXEL_DTYPES[0])).attributes["schema"]
    extras = [name for name, columns in EXTRAS.items() if columns.keys() <= schema.keys()]
    return RaggedStore(path, image_layout(schema["pixel/value"]["dtype"], extras))


def widen(pixels: NDArray[Any], dtype: str) -> NDArray[Any]:
    """Pixels as a wider type of PIXEL_DTYPES, with the same share of full scale; float in [0, 1].

    Widening in steps gives the same values as at once: 257 v / 65535 is v / 255.
    """
    have, want = PIXEL_DTYPES.index(pixels.dtype.str[1:]), PIXEL_DTYPES.index(dtype)
    if want < have:
        raise ContractError(f"expected pixels no wider than {dtype}, got {pixels.dtype}")
    if want == have:
        return pixels
    if dtype == "u2":
        return pixels.astype(np.uint16) * np.uint16(257)
    return (pixels / np.float64(255 if have == 0 else 65535)).astype(np.float32)


def _empty_extras(extras: Sequence[str]) -> dict[str, NDArray[Any]]:
    columns = {name: column for extra in extras for name, column in EXTRAS[extra].items()}
    return {
        name: np.zeros((() if c.level == IMAGE else (0,)) + c.shape, c.dtype)
        for name, c in columns.items()
    }


def record_of(sample: Sample, dtype: str) -> dict[str, Any]:
    """The record of a good image, its pixels widened to `dtype`."""
    height, width = sample.pixels.shape[:2]
    return {
        **identity_record(sample.image_id, sample.label, sample.split),
        "image/height": height,
        "image/width": width,
        "image/channels": 1 if sample.pixels.ndim == 2 else sample.pixels.shape[2],
        "pixel/value": widen(sample.pixels, dtype).reshape(-1),
        **sample.extras,
    }


def failed_record(
    identity: tuple[str, int, int],
    status: Status,
    reason: str,
    dtype: str,
    extras: Sequence[str] = (),
) -> dict[str, Any]:
    """The record of an image that could not be used: it has no pixels, but a reason."""
    return {
        **identity_record(*identity, status, reason),
        "image/height": 0,
        "image/width": 0,
        "image/channels": 1,
        "pixel/value": np.zeros(0, dtype),
        **_empty_extras(extras),
    }


@dataclass(frozen=True, slots=True, eq=False)
class ImageSet:
    """I images of different sizes, flat, with labels and splits."""

    pixels: NDArray[Any]
    """(P,): row by row, channels last; u1, u2, or f4 in [0, 1]."""
    offsets: NDArray[np.int64]
    """(I + 1,): where the pixels of each image begin."""
    size: NDArray[np.int32]
    """(I, 3): height, width, channels; 0 0 1 where the image could not be used."""
    label: NDArray[np.int32]
    """(I,): -1 for none."""
    split: NDArray[np.uint8]
    """(I,): 0 train, 1 validation, 2 test."""
    ok: NDArray[np.bool_]
    """(I,): False where the image could not be used."""
    error_code: NDArray[np.uint8]
    """(I,): Status."""
    image_id: tuple[str, ...]
    reason: tuple[str, ...]
    """Why an image could not be used; empty text where it could."""
    extras: Mapping[str, NDArray[Any]]
    """Columns of the optional groups, flat."""

    def __post_init__(self) -> None:
        n = len(self.label)
        if self.pixels.dtype.str[1:] not in PIXEL_DTYPES:
            raise ContractError(f"pixels: expected one of {PIXEL_DTYPES}, got {self.pixels.dtype}")
        check_offsets("offsets", self.offsets, n, len(self.pixels))
        check_array("size", self.size, (n, 3), np.int32)
        check_array("label", self.label, (n,), np.int32)
        check_array("split", self.split, (n,), np.uint8)
        check_array("ok", self.ok, (n,), np.bool_)
        check_array("error_code", self.error_code, (n,), np.uint8)

    def __len__(self) -> int:
        return len(self.label)

    def image(self, index: int) -> NDArray[Any]:
        """Pixels (H, W) or (H, W, 3) of image `index`, in the type of the store."""
        height, width, channels = (int(n) for n in self.size[index])
        flat = self.pixels[self.offsets[index] : self.offsets[index + 1]]
        shape = (height, width) if channels == 1 else (height, width, channels)
        return flat.reshape(shape)


def image_set(block: Block) -> ImageSet:
    """The ImageSet of a block read from images.zarr."""
    columns = block.columns
    return ImageSet(
        pixels=columns["pixel/value"],
        offsets=offsets_of(block.counts["pixel"]),
        size=np.column_stack([columns[f"image/{n}"] for n in ("height", "width", "channels")]),
        label=columns["image/label"],
        split=columns["image/split"],
        ok=columns["status/ok"].astype(bool),
        error_code=columns["status/error_code"],
        image_id=texts_of(block, "image/id"),
        reason=texts_of(block, "status/reason"),
        extras={
            name: columns[name] for group in EXTRAS.values() for name in group if name in columns
        },
    )
