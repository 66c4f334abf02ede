"""Data set `folder`: the user's own images, one folder per class."""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.decode import decode
from perceptgraph.datasets.image_set import Sample
from perceptgraph.datasets.splits import TEST, TRAIN, VAL, held_out
from perceptgraph.stores.status import BadImage, Status


@dataclass(frozen=True, slots=True)
class Folder:
    """Entries of class folders, bad ones included, in order of their names."""

    class_names: tuple[str, ...]
    paths: tuple[Path, ...]
    image_ids: tuple[str, ...]
    labels: tuple[int, ...]
    """-1 for a file that lies beside the class folders."""
    splits: tuple[int, ...]
    fingerprint: str
    """Of names, sizes and times of change."""

    @property
    def extras(self) -> tuple[str, ...]:
        """Nothing but images."""
        return ()

    def __len__(self) -> int:
        return len(self.paths)

    def identify(self, index: int) -> tuple[str, int, int]:
        """Path below the folder, label and split of image `index`."""
        return self.image_ids[index], self.labels[index], self.splits[index]

    def read(self, index: int) -> Sample:
        """Decode image `index`; BadImage with the reason if that cannot be done."""
        image_id, label, split = self.identify(index)
        if label < 0:
            raise BadImage(Status.UNSUPPORTED, "it lies outside of any class folder")
        return Sample(decode(read_bytes(self.paths[index])), label, image_id, split, {})


def read_bytes(path: Path) -> bytes:
    """Contents of a regular file; BadImage where there is none to read."""
    if path.is_dir():
        raise BadImage(Status.UNREADABLE, "it is a folder, not a file")
    if path.exists() and not path.is_file():
        raise BadImage(Status.UNREADABLE, "it is a device or a pipe, not a file")
    try:
        return path.read_bytes()
    except OSError as error:
        reason = "it is a link to nothing" if path.is_symlink() else f"{error.strerror}"
        raise BadImage(Status.UNREADABLE, reason) from error


def text_of(path: Path) -> str:
    """Path as text with `/`; bytes that are no UTF-8 become escapes."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode()


def _entries(folder: Path) -> list[Path]:
    """What lies in `folder`, hidden files left out, in order of names on any machine."""
    entries = (p for p in folder.iterdir() if not p.name.startswith("."))
    return sorted(entries, key=lambda p: os.fsencode(p.name))


def _stamp(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        return f"error {error.errno}"
    return f"{found.st_size} {found.st_mtime_ns}"


def _split(
    image_ids: Sequence[str], labels: Sequence[int], val_share: float, test_share: float
) -> tuple[int, ...]:
    """Split of each image, with these shares of every class."""
    if not (val_share >= 0 and test_share >= 0 and val_share + test_share < 1):
        raise ValueError(
            f"val_share, test_share: expected shares that leave room for training, got {val_share} "
            f"and {test_share}"
        )
    test = held_out(image_ids, labels, test_share)
    # The lowest ranks are for testing; validation takes those above.
    either = held_out(image_ids, labels, val_share + test_share)
    return tuple(TEST if t else VAL if e else TRAIN for t, e in zip(test, either, strict=True))


def open_folder(*, path: str = "", val_share: float = 0.2, test_share: float = 0.2) -> Folder:
    """Images below `path`, one folder per class; these shares of each are held out, by name.

    A folder inside a class folder, and a file beside the class folders, is kept as a bad image,
    so that nothing is passed over in silence; hidden files are.
    """
    root = Path(path).expanduser()
    if not path or not root.is_dir():
        raise MissingData(
            f"folder {path!r}: expected a folder that holds one folder per class; set "
            "prepare.datasets.folder.path"
        )
    beside = [p for p in _entries(root) if not p.is_dir()]
    classes = [p for p in _entries(root) if p.is_dir()]
    if not classes:
        raise MissingData(
            f"{root}: expected one folder per class, found none; move the images into folders "
            "named after their classes"
        )
    listed = [(p, -1) for p in beside]
    listed += [(p, label) for label, c in enumerate(classes) for p in _entries(c)]
    paths = tuple(p for p, _ in listed)
    labels = tuple(label for _, label in listed)
    image_ids = tuple(text_of(p.relative_to(root)) for p in paths)
    split = _split(image_ids, labels, val_share, test_share)
    stamps = "\n".join(f"{i} {_stamp(p)}" for i, p in zip(image_ids, paths, strict=True))
    return Folder(
        class_names=tuple(text_of(c.relative_to(root)) for c in classes),
        paths=paths,
        image_ids=image_ids,
        labels=labels,
        splits=split,
        fingerprint=hashlib.sha256(stamps.encode()).hexdigest(),
    )
