"""Bytes of an image file to pixels, or to the exact reason why not."""

import struct
import zlib
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.stores.status import BadImage, Status

SIGNATURES: tuple[tuple[str, bytes], ...] = (
    ("JPEG", b"\xff\xd8\xff"),
    ("PNG", b"\x89PNG\r\n\x1a\n"),
    ("GIF", b"GIF8"),
    ("BMP", b"BM"),
    ("TIFF", b"II*\0"),
    ("TIFF", b"MM\0*"),
    ("WebP", b"RIFF"),
    ("JPEG 2000", b"\0\0\0\x0cjP  "),
    ("OpenEXR", b"v/1\x01"),
    ("Radiance", b"#?"),
    ("PNM", b"P1"),
    ("PNM", b"P2"),
    ("PNM", b"P3"),
    ("PNM", b"P4"),
    ("PNM", b"P5"),
    ("PNM", b"P6"),
)
"""Formats by their first bytes, to tell a damaged image from what never was one."""


def decode(data: bytes) -> NDArray[Any]:
    """Pixels of an image file.

    Colour becomes red, green, blue, whatever it was (palette, CMYK); opacity is left out; the
    EXIF orientation is applied; depth is kept.

    Returns
    -------
    (H, W) or (H, W, 3) array
        uint8, uint16, or float32 in [0, 1].

    Raises
    ------
    BadImage
        Empty, not an image, damaged or cut off, of an unsupported type, or with pixels that are
        NaN, infinite or outside [0, 1].
    """
    if not data:
        raise BadImage(Status.EMPTY, "the file is empty")
    name = next((name for name, start in SIGNATURES if data.startswith(start)), None)
    if name in WHOLE and (damage := WHOLE[name](data)):
        raise BadImage(Status.CORRUPT, f"{name}, but {damage}")
    try:
        # ANYDEPTH | ANYCOLOR, unlike UNCHANGED, turns the picture as its EXIF tag says.
        pixels = cv2.imdecode(
            np.frombuffer(data, np.uint8), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR
        )
    except cv2.error as error:
        raise BadImage(Status.UNSUPPORTED, f"OpenCV refuses it: {error.err}") from error
    if pixels is None and name is None:
        raise BadImage(Status.NOT_AN_IMAGE, "not an image of any known format")
    if pixels is None:
        raise BadImage(Status.CORRUPT, f"{name}, but it cannot be decoded")
    return checked_pixels(pixels)


def checked_pixels(pixels: NDArray[Any]) -> NDArray[Any]:
    """OpenCV's pixels as red, green, blue or grey of a type that stores take; BadImage else."""
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim == 3 and pixels.shape[2] != 3:
        raise BadImage(Status.UNSUPPORTED, f"expected 1 or 3 channels, got {pixels.shape[2]}")
    if pixels.ndim == 3:
        pixels = pixels[:, :, ::-1]
    if pixels.dtype == np.float64:
        pixels = pixels.astype(np.float32)
    if pixels.dtype not in (np.uint8, np.uint16, np.float32):
        raise BadImage(
            Status.UNSUPPORTED, f"expected uint8, uint16 or float pixels, got {pixels.dtype}"
        )
    if pixels.dtype == np.float32:
        bad = int(np.count_nonzero(~np.isfinite(pixels)))
        if bad:
            share = "all" if bad == pixels.size else f"{bad} of {pixels.size}"
            raise BadImage(Status.NOT_FINITE, f"{share} values are NaN or infinite")
        low, high = float(pixels.min()), float(pixels.max())
        if low < 0 or high > 1:
            raise BadImage(
                Status.OUT_OF_RANGE,
                f"floating-point pixels from {low:g} to {high:g}, expected [0, 1]",
            )
    return np.ascontiguousarray(pixels)


def _jpeg_damage(data: bytes) -> str:
    """What is wrong with the frame of a JPEG; OpenCV would fill what is missing with grey."""
    start_of_scan, end_of_image = data.rfind(b"\xff\xda"), data.rfind(b"\xff\xd9")
    if start_of_scan < 0 or end_of_image < start_of_scan:
        return "it is cut off: no end-of-image marker"
    return ""


def _png_damage(data: bytes) -> str:
    at = 8
    while at + 12 <= len(data):
        n_bytes, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + n_bytes
        if end > len(data):
            break
        (stored,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(data[at + 4 : end - 4]) != stored:
            return f"the checksum of its chunk {kind.decode('latin-1')!r} is wrong"
        if kind == b"IEND":
            return ""
        at = end
    return "it is cut off: no end chunk"


def _bmp_damage(data: bytes) -> str:
    stated = struct.unpack_from("<I", data, 2)[0] if len(data) >= 6 else 0
    return f"it is cut off: {len(data)} of {stated} bytes" if len(data) < stated else ""


def _webp_damage(data: bytes) -> str:
    stated = struct.unpack_from("<I", data, 4)[0] + 8 if len(data) >= 8 else 8
    return f"it is cut off: {len(data)} of {stated} bytes" if len(data) < stated else ""


def _gif_damage(data: bytes) -> str:
    return "" if data.rstrip(b"\0").endswith(b";") else "it is cut off: no trailer"


WHOLE: dict[str | None, Callable[[bytes], str]] = {
    "JPEG": _jpeg_damage,
    "PNG": _png_damage,
    "BMP": _bmp_damage,
    "WebP": _webp_damage,
    "GIF": _gif_damage,
}
"""Format to a function that says what is missing in a file; empty text if nothing is."""
