"""Members of an archive, a zip file or a folder of the same content, read one by one."""

import hashlib
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.image_set import Collection
from perceptgraph.stores.status import BadImage, Status


@lru_cache(maxsize=8)
def _zip(path: Path) -> zipfile.ZipFile:
    """Opened once in each process: the directory of a large zip takes long to read."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise MissingData(f"{path}: expected a zip file, found none: {error}") from error


def fingerprint_of(collection: Collection, *paths: Path) -> str:
    """Digest of the files of a data set, and of the identity of each of its images."""
    identities = [collection.identify(i) for i in range(len(collection))]
    return hashlib.sha256(f"{digest_of(*paths)} {identities}".encode()).hexdigest()


def digest_of(*paths: Path) -> str:
    """Digest of files by their content, of folders by the names and sizes of what they hold."""
    digest = hashlib.sha256()
    for path in paths:
        if path.is_dir():
            listed = (f"{name} {(path / name).stat().st_size}" for name in member_names(path))
            digest.update("\n".join(listed).encode())
        else:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def member_names(path: Path) -> list[str]:
    """Names of the files in the archive, sorted, with "/"; without those that systems add."""
    if path.is_dir():
        names = [p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file()]
    else:
        names = [name for name in _zip(path).namelist() if not name.endswith("/")]
    return sorted(n for n in names if "__MACOSX" not in n and not n.endswith(".DS_Store"))


def read_member(path: Path, name: str) -> bytes:
    """Bytes of one file; BadImage where the archive is damaged there."""
    try:
        return (path / name).read_bytes() if path.is_dir() else _zip(path).read(name)
    except (OSError, zipfile.BadZipFile, zlib.error, KeyError) as error:
        raise BadImage(Status.UNREADABLE, f"{name}: cannot be read: {error}") from error


def decode_image(encoded: bytes, name: str, flag: int) -> NDArray[np.uint8]:
    """Pixels of an encoded image; BadImage where it is damaged."""
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), flag) if encoded else None
    except cv2.error as error:
        raise BadImage(Status.UNSUPPORTED, f"{name}: OpenCV refuses it: {error.err}") from error
    if pixels is None:
        raise BadImage(Status.CORRUPT, f"{name}: cannot be decoded")
    return np.asarray(pixels)
