"""A folder of bad images: the good ones come through, each bad one is named with its reason."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.decode import decode
from perceptgraph.datasets.folder import Folder, open_folder
from perceptgraph.datasets.image_set import image_set, open_images
from perceptgraph.stages.prepare import OUT, Params, run
from perceptgraph.stores.mapper import serial
from perceptgraph.stores.status import BadImage, Status

GREY = np.arange(0, 240, 5, dtype=np.uint8).reshape(6, 8)
COLOUR = np.stack([GREY, GREY // 2, 255 - GREY], axis=2)
"""Red, green, blue."""


def encoded(suffix: str, pixels: np.ndarray, *options: int) -> bytes:
    if pixels.ndim == 3:
        order = [2, 1, 0, 3][: pixels.shape[2]]
        pixels = pixels[:, :, order]
    ok, data = cv2.imencode(suffix, pixels, options)
    assert ok
    return data.tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(header: tuple[int, ...], raw: bytes, *extra: bytes) -> bytes:
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", *header))
        + b"".join(extra)
        + chunk(b"IDAT", zlib.compress(raw))
        + chunk(b"IEND", b"")
    )


def palette_png() -> bytes:
    """Two pixels side by side: red, then blue."""
    colours = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
    return png((2, 1, 8, 3, 0, 0, 0), b"\0\0\1", colours)


def turned_jpeg() -> bytes:
    """6 x 8, with a tag that says: turn by 90 degrees."""
    tag = b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0)
    body = b"Exif\0\0" + tag
    whole = encoded(".jpg", GREY, cv2.IMWRITE_JPEG_QUALITY, 100)
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + whole[2:]


def cmyk_tiff() -> bytes:
    """One pixel of full cyan: red 0, green 255, blue 255."""
    tags = [
        (256, 3, 1),
        (257, 3, 1),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 5),
        (273, 4, 8),
        (277, 3, 4),
        (278, 3, 1),
        (279, 4, 4),
    ]
    body = struct.pack("<H", len(tags))
    for tag, kind, value in tags:
        body += struct.pack("<HHII", tag, kind, 1, value)
    return b"II*\0" + struct.pack("<I", 12) + bytes([255, 0, 0, 0]) + body + b"\0" * 4


def with_bad_checksum(data: bytes) -> bytes:
    at = data.index(b"IDAT") + 6
    return data[:at] + bytes([data[at] ^ 255]) + data[at + 1 :]


GOOD: dict[str, Callable[[], bytes]] = {
    "one pixel.png": lambda: encoded(".png", np.full((1, 1), 7, np.uint8)),
    "long.png": lambda: encoded(".png", np.zeros((1, 5000), np.uint8)),
    "sixteen bit.png": lambda: encoded(".png", GREY.astype(np.uint16) * 257),
    "opacity.png": lambda: encoded(".png", np.dstack([COLOUR, GREY])),
    "cmyk.tiff": cmyk_tiff,
    "palette.png": palette_png,
    "turned.jpg": turned_jpeg,
    "float.tiff": lambda: encoded(".tiff", GREY.astype(np.float32) / 255),
    "one bit.png": lambda: png((8, 1, 1, 0, 0, 0, 0), b"\0\xf0"),
    "Gr\u00f6\u00dfe \u56fe \U0001f5bc.PNG": lambda: encoded(".png", GREY),
    "space in name .jpg": lambda: encoded(".jpg", GREY),
    "really a png.jpg": lambda: encoded(".png", GREY),
    "picture.bmp": lambda: encoded(".bmp", COLOUR),
    "picture.webp": lambda: encoded(".webp", COLOUR),
    "picture.pgm": lambda: encoded(".pgm", GREY),
    "no suffix": lambda: encoded(".png", GREY),
}
BAD: dict[str, tuple[Callable[[], bytes], Status, str]] = {
    "cut.jpg": (lambda: encoded(".jpg", COLOUR)[:-60], Status.CORRUPT, "JPEG, but it is cut off"),
    "head only.jpg": (lambda: b"\xff\xd8\xff\xe0", Status.CORRUPT, "JPEG, but it is cut off"),
    "cut.png": (lambda: encoded(".png", COLOUR)[:-20], Status.CORRUPT, "PNG, but it is cut off"),
    "cut.bmp": (lambda: encoded(".bmp", COLOUR)[:-9], Status.CORRUPT, "BMP, but it is cut off"),
    "cut.webp": (lambda: encoded(".webp", COLOUR)[:-9], Status.CORRUPT, "WebP, but it is cut off"),
    "cut.tiff": (lambda: encoded(".tiff", COLOUR)[:40], Status.CORRUPT, "TIFF, but it cannot be"),
    "flipped bit.png": (
        lambda: with_bad_checksum(encoded(".png", COLOUR)),
        Status.CORRUPT,
        "the checksum of its chunk 'IDAT' is wrong",
    ),
    "zero bytes.png": (lambda: b"", Status.EMPTY, "the file is empty"),
    "text.png": (lambda: b"hello, I am text", Status.NOT_AN_IMAGE, "not an image of any known"),
    "README.txt": (lambda: b"Pictures of cracks.", Status.NOT_AN_IMAGE, "not an image of any"),
    "archive.jpg": (lambda: b"PK\3\4" + bytes(50), Status.NOT_AN_IMAGE, "not an image of any"),
    "nul.png": (lambda: bytes(1000), Status.NOT_AN_IMAGE, "not an image of any known format"),
    "all nan.tiff": (
        lambda: encoded(".tiff", np.full((6, 8), np.nan, np.float32)),
        Status.NOT_FINITE,
        "all values are NaN or infinite",
    ),
    "one infinite.tiff": (
        lambda: encoded(".tiff", np.where(GREY == 5, np.inf, 0).astype(np.float32)),
        Status.NOT_FINITE,
        "1 of 48 values are NaN or infinite",
    ),
    "too bright.tiff": (
        lambda: encoded(".tiff", GREY.astype(np.float32)),
        Status.OUT_OF_RANGE,
        "floating-point pixels from 0 to 235, expected",
    ),
    "signed.tiff": (
        lambda: encoded(".tiff", GREY.astype(np.int32)),
        Status.UNSUPPORTED,
        "expected uint8, uint16 or float pixels, got int32",
    ),
}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes: good ones, and bad ones with a few that are no files."""
    good, bad = tmp_path / "pictures/good", tmp_path / "pictures/bad"
    good.mkdir(parents=True)
    bad.mkdir()
    for name, content in GOOD.items():
        (good / name).write_bytes(content())
    for name, (content, _, _) in BAD.items():
        (bad / name).write_bytes(content())
    (bad / "folder.png").mkdir()
    (bad / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    os.mkfifo(bad / "pipe.png")
    (good / ".DS_Store").write_bytes(b"hidden")
    (tmp_path / "pictures/beside.png").write_bytes(encoded(".png", GREY))
    return tmp_path / "pictures"


NO_FILES = {
    "bad/folder.png": "it is a folder, not a file",
    "bad/dangling.png": "it is a link to nothing",
    "bad/pipe.png": "it is a device or a pipe, not a file",
    "beside.png": "it lies outside of any class folder",
}


def test_a_folder_of_bad_images_goes_through(pictures: Path, tmp_path: Path) -> None:
    keywords = {"path": str(pictures), "val_share": 0.2, "test_share": 0.2}
    params = Params(part_images=10, max_bad_share=0.1, datasets={"folder": keywords})

    outcome = run(params, tmp_path / "folder", serial)

    images = image_set(open_images(tmp_path / "folder" / OUT).block())
    index = {image_id: i for i, image_id in enumerate(images.image_id)}
    reasons = dict(outcome.bad)
    assert len(images) == len(GOOD) + len(BAD) + len(NO_FILES)
    assert {i.removeprefix("good/") for i in index if images.ok[index[i]]} == set(GOOD)
    assert reasons.keys() == {f"bad/{name}" for name in BAD} | NO_FILES.keys()
    assert all(reasons[f"bad/{name}"].find(reason) >= 0 for name, (_, _, reason) in BAD.items())
    assert all(reasons[name] == reason for name, reason in NO_FILES.items())
    assert all(images.error_code[index[f"bad/{name}"]] == BAD[name][1] for name in BAD)
    assert outcome.too_many_bad


@pytest.mark.parametrize("name", BAD)
def test_a_bad_image_has_its_reason(name: str) -> None:
    content, status, reason = BAD[name]

    with pytest.raises(BadImage) as caught:
        decode(content())

    assert caught.value.status is status
    assert reason in caught.value.reason


def test_colour_comes_as_red_green_blue() -> None:
    np.testing.assert_array_equal(decode(encoded(".png", COLOUR)), COLOUR)
    np.testing.assert_array_equal(decode(palette_png()), [[[255, 0, 0], [0, 0, 255]]])
    cyan = decode(cmyk_tiff())[0, 0]
    assert cyan[0] < 50 < 200 < cyan[1]


def test_opacity_is_left_out() -> None:
    np.testing.assert_array_equal(decode(GOOD["opacity.png"]()), COLOUR)


def test_depth_is_kept() -> None:
    deep, floating = decode(GOOD["sixteen bit.png"]()), decode(GOOD["float.tiff"]())

    assert (deep.dtype, floating.dtype) == (np.uint16, np.float32)
    np.testing.assert_array_equal(deep, GREY.astype(np.uint16) * 257)


def test_orientation_tag_turns_the_picture() -> None:
    found = decode(turned_jpeg())

    assert found.shape == (8, 6)
    np.testing.assert_allclose(found, np.rot90(GREY, -1), atol=6)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    locked = tmp_path / "a/locked.png"
    locked.write_bytes(encoded(".png", GREY))
    locked.chmod(0)

    with pytest.raises(BadImage, match="Permission denied"):
        open_folder(path=str(tmp_path)).read(0)


def test_a_name_that_is_no_utf8_is_escaped(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    name = os.path.join(os.fsencode(tmp_path), b"a", b"caf\xe9.png")
    Path(os.fsdecode(name)).write_bytes(encoded(".png", GREY))

    folder = open_folder(path=str(tmp_path))

    assert folder.identify(0)[0] == "a/caf\\udce9.png"
    assert folder.read(0).pixels.shape == (6, 8)


def many(root: Path, n: int) -> Folder:
    for label in ("a", "b"):
        (root / label).mkdir(parents=True, exist_ok=True)
        for i in range(n):
            (root / label / f"{i}.png").write_bytes(encoded(".png", GREY))
    return open_folder(path=str(root), val_share=0.2, test_share=0.3)


def test_every_class_is_split_in_the_stated_shares(tmp_path: Path) -> None:
    folder = many(tmp_path, 10)

    for label in (0, 1):
        splits = [folder.splits[i] for i in range(20) if folder.labels[i] == label]
        assert [splits.count(s) for s in range(3)] == [5, 2, 3]
    assert folder.class_names == ("a", "b")


def test_fingerprint_changes_with_the_files(tmp_path: Path) -> None:
    before = many(tmp_path, 2)
    same = open_folder(path=str(tmp_path))
    (tmp_path / "a/0.png").write_bytes(encoded(".png", COLOUR))

    assert same.fingerprint == before.fingerprint
    assert open_folder(path=str(tmp_path)).fingerprint != before.fingerprint


@pytest.mark.parametrize("path", ["", "nowhere"])
def test_a_missing_folder_says_what_to_set(path: str) -> None:
    with pytest.raises(MissingData, match=r"set prepare\.datasets\.folder\.path"):
        open_folder(path=path)


def test_images_without_class_folders_say_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(encoded(".png", GREY))

    with pytest.raises(MissingData, match="named after their classes"):
        open_folder(path=str(tmp_path))
