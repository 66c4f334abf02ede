"""What every store says of each image: who it is, what became of it, and why in words."""

from enum import IntEnum
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.arrays import offsets_of
from perceptgraph.stores.ragged import IMAGE, Block, Column, RaggedStore, Record

SPLITS = ("train", "val", "test")

IDENTITY_COLUMNS = {
    "image/id": Column("id", "u1", meaning="UTF-8 text, unique in the store"),
    "image/label": Column(IMAGE, "i4", meaning="index into class_names, -1 for none"),
    "image/split": Column(IMAGE, "u1", meaning="0 train, 1 validation, 2 test"),
    "status/ok": Column(IMAGE, "u1", meaning="1 where the image was processed"),
    "status/error_code": Column(IMAGE, "u1", meaning="see perceptgraph.stores.status.Status"),
    "status/reason": Column("reason", "u1", meaning="UTF-8 text, empty where ok"),
}
"""Columns that images.zarr, primitives.zarr and graphs.zarr have in common, image for image."""


class Status(IntEnum):
    """Error code of an image; kept in `status/error_code` of every store."""

    OK = 0
    UNREADABLE = 1
    """The file is missing, is a folder, or may not be read."""
    EMPTY = 2
    """The file holds no bytes."""
    NOT_AN_IMAGE = 3
    """The bytes are not those of an image format that can be decoded."""
    CORRUPT = 4
    """An image format, but damaged or cut off."""
    NOT_FINITE = 5
    """NaN or infinite pixels."""
    OUT_OF_RANGE = 6
    """Floating-point pixels outside [0, 1]."""
    UNSUPPORTED = 7
    """A size, type or number of channels that no stage accepts."""
    CRASHED = 8
    """The process that worked on the image died."""


class BadImage(ValueError):
    """An image that cannot be used; the run goes on without it."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason

    def __reduce__(self) -> tuple[type["BadImage"], tuple[Status, str]]:
        """Survive the trip between processes, which rebuilds from `args` by default."""
        return BadImage, (self.status, self.reason)


def encode_text(text: str) -> NDArray[np.uint8]:
    """Text as the UTF-8 bytes (N,) that stores keep."""
    return np.frombuffer(text.encode(), np.uint8)


def decode_text(encoded: NDArray[np.uint8]) -> str:
    """Text of the UTF-8 bytes (N,) that stores keep."""
    return encoded.tobytes().decode()


def texts_of(block: Block, name: str) -> tuple[str, ...]:
    """The texts of a column of a block, one per image."""
    offsets = offsets_of(block.counts[block.layout.columns[name].level])
    return tuple(decode_text(block.columns[name][a:b]) for a, b in pairwise(offsets))


def identity_record(
    image_id: str, label: int, split: int, status: Status = Status.OK, reason: str = ""
) -> dict[str, Any]:
    """The record of IDENTITY_COLUMNS."""
    return {
        "image/id": encode_text(image_id),
        "image/label": label,
        "image/split": split,
        "status/ok": int(status is Status.OK),
        "status/error_code": int(status),
        "status/reason": encode_text(reason),
    }


def carried_identity(record: Record) -> dict[str, Any]:
    """IDENTITY_COLUMNS of a record, to hand on to the next store."""
    return {name: record[name] for name in IDENTITY_COLUMNS}


def failed_identity(record: Record, status: Status, reason: str) -> dict[str, Any]:
    """IDENTITY_COLUMNS of a record of the store before, for an image that this stage lost."""
    return carried_identity(record) | {
        "status/ok": 0,
        "status/error_code": int(status),
        "status/reason": encode_text(reason),
    }


def reasons_of(store: RaggedStore, indices: NDArray[np.int64]) -> tuple[tuple[str, str], ...]:
    """Image id and reason of these images."""
    records = (store.record(int(i)) for i in indices)
    return tuple((decode_text(r["image/id"]), decode_text(r["status/reason"])) for r in records)
