"""MNIST: 70,000 handwritten digits, 28 x 28 (LeCun, Bottou, Bengio, Haffner, Proc. IEEE 1998)."""

import gzip
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.archive import fingerprint_of
from perceptgraph.datasets.catalog import DataFile, MissingData, locate
from perceptgraph.datasets.image_set import Sample
from perceptgraph.datasets.splits import TEST, TRAIN, VAL

MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
SHA256 = {
    "train-images-idx3-ubyte.gz": (
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"
    ),
    "train-labels-idx1-ubyte.gz": (
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"
    ),
    "t10k-images-idx3-ubyte.gz": (
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"
    ),
    "t10k-labels-idx1-ubyte.gz": (
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"
    ),
}
IMAGES_MAGIC, LABELS_MAGIC = 2051, 2049


def read_idx(path: Path, magic: int) -> NDArray[np.uint8]:
    """Bytes of an IDX file as an array; MissingData where it is no such file."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise MissingData(f"{path}: expected a gzip file, found none: {error}") from error
    n_header = 16 if magic == IMAGES_MAGIC else 8
    header = np.frombuffer(content[:n_header].ljust(n_header, b"\0"), ">i4")
    shape = tuple(int(n) for n in header[1:])
    if header[0] != magic or len(content) != n_header + int(np.prod(shape)):
        raise MissingData(
            f"{path}: expected an IDX file of magic number {magic}, found {header[0]} and "
            f"{len(content)} bytes"
        )
    return np.frombuffer(content, np.uint8, offset=n_header).reshape(shape)


@lru_cache(maxsize=4)
def _images(path: Path) -> NDArray[np.uint8]:
    """Read once in each process."""
    return read_idx(path, IMAGES_MAGIC)


@dataclass(frozen=True, slots=True, eq=False)
class Digits:
    """MNIST as a Collection: training images first, in the official order."""

    train_images: Path
    test_images: Path
    label: NDArray[np.uint8]
    """(N,)."""
    n_train: int
    val_from: int

    @property
    def class_names(self) -> tuple[str, ...]:
        """The ten digits."""
        return tuple("0123456789")

    @property
    def extras(self) -> tuple[str, ...]:
        """None."""
        return ()

    @property
    def fingerprint(self) -> str:
        """Of the files and of the identity of every image."""
        return fingerprint_of(self, self.train_images, self.test_images)

    def __len__(self) -> int:
        return len(self.label)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Image id, label and split."""
        label = int(self.label[index])
        if index >= self.n_train:
            return f"test/{index - self.n_train:05d}", label, TEST
        return f"train/{index:05d}", label, TRAIN if index < self.val_from else VAL

    def read(self, index: int) -> Sample:
        """Image `index`, bright ink on dark ground."""
        image_id, label, split = self.identify(index)
        inside = index if index < self.n_train else index - self.n_train
        pixels = _images(self.train_images if index < self.n_train else self.test_images)[inside]
        return Sample(pixels, label, image_id, split, {})


def open_mnist(*, val_from: int) -> Digits:
    """Open MNIST; training images from `val_from` on are the validation split."""
    paths = {
        name: locate(DataFile(f"mnist/{name}", MIRROR + name, sha256))
        for name, sha256 in SHA256.items()
    }
    train = read_idx(paths["train-labels-idx1-ubyte.gz"], LABELS_MAGIC)
    test = read_idx(paths["t10k-labels-idx1-ubyte.gz"], LABELS_MAGIC)
    if not 0 < val_from < len(train):
        raise ValueError(f"val_from: expected 1 to {len(train) - 1}, got {val_from}")
    return Digits(
        paths["train-images-idx3-ubyte.gz"],
        paths["t10k-images-idx3-ubyte.gz"],
        np.concatenate([train, test]),
        len(train),
        val_from,
    )
