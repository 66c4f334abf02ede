"""Processor time per image, ours beside the peers in one run.

All see the same images one after the other, so that what disturbs one disturbs the other; the
clock counts only the time that this thread computes. The best of three calls on an image, the
median over images. Call it with one thread in every library.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.benchmarks.ours import families, found, found_by
from perceptgraph.benchmarks.peers import (
    EDGE_PEERS,
    JUNCTION_PEERS,
    LINE_PEERS,
    diplib_path_opening,
)
from perceptgraph.benchmarks.photographs import grey_levels
from perceptgraph.stages.detectors.catalog import DETECTORS
from perceptgraph.stages.detectors.path_openings import path_opening

CALLS = 3
PATH_LENGTH = 30
DIGIT = ("contours", "strokes", "stroke_junctions")
"""Detectors of what is drawn."""
FIRST_CALL = """
import time
import numpy as np
from perceptgraph.benchmarks.ours import found
image = np.random.default_rng(0).integers(0, 255, (240, 320), np.uint8)
start = time.process_time()
found(image, {family!r})
print(time.process_time() - start)
"""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photograph in colour and in grey, so that no one's time includes the conversion."""

    colour: NDArray[np.uint8]
    """(H, W, 3): red, green, blue."""
    grey: NDArray[np.uint8]
    """(H, W)."""


Finder = Callable[[Photo], Any]


def milliseconds(
    finders: Mapping[str, Finder],
    images: Sequence[Photo],
    clock: Callable[[], float] = time.thread_time,
) -> dict[str, float]:
    """Median over the images of the time of each finder's best call, in milliseconds."""
    for finder in finders.values():
        finder(images[0])  # compiles, or reads what was compiled
    times: dict[str, list[float]] = {name: [] for name in finders}
    for image in images:
        best = dict.fromkeys(finders, np.inf)
        for _ in range(CALLS):
            for name, finder in finders.items():
                start = clock()
                finder(image)
                best[name] = min(best[name], clock() - start)
        for name in finders:
            times[name].append(best[name])
    return {name: 1e3 * float(np.median(values)) for name, values in times.items()}


def measure(
    vga: Sequence[NDArray[np.uint8]], small: Sequence[NDArray[np.uint8]]
) -> dict[str, float]:
    """Times of ours and of the peers, and the peers' times over ours.

    Parameters
    ----------
    vga, small : colour photographs (H, W, 3)
        640 x 480 for lines and junctions; 481 x 321 for the other families.
    """
    on_vga: dict[str, dict[str, Finder]] = {
        "lines": {"ours": _ours("lines"), **_peers(LINE_PEERS)},
        "junctions": {"ours": _ours("junctions"), **_peers(JUNCTION_PEERS)},
    }
    on_small: dict[str, dict[str, Finder]] = {
        "edges": {"ours": _ours("edges"), **_peers(EDGE_PEERS)},
        "edges_colour": {"ours": lambda p: found(p.colour, "edges"), **_peers(EDGE_PEERS)},
        "path_opening": _path_openings(1),
        **{f: {"ours": _ours(f)} for f in families() if f in ("ridges", "blobs")},
    }
    vga_photos, small_photos = ([Photo(i, grey_levels(i)) for i in s] for s in (vga, small))
    figures: dict[str, float] = {}
    for what, finders in on_vga.items():
        figures |= compared(what, milliseconds(finders, vga_photos))
    for what, finders in on_small.items():
        figures |= compared(what, milliseconds(finders, small_photos))
    # A thread's clock does not see another thread: by the clock on the wall, on an idle machine.
    times = milliseconds(_path_openings(2), small_photos, time.perf_counter)
    return figures | compared("path_opening_2_threads_wall", times)


def _ours(family: str) -> Finder:
    return lambda photo: found(photo.grey, family)


def _peers(peers: Mapping[str, Callable[[NDArray[np.uint8]], Any]]) -> dict[str, Finder]:
    return {name: partial(_on_grey, peer) for name, peer in peers.items()}


def _on_grey(peer: Callable[[NDArray[np.uint8]], Any], photo: Photo) -> Any:
    return peer(photo.grey)


def _path_openings(threads: int) -> dict[str, Finder]:
    return {
        "ours": lambda photo: path_opening(photo.grey, length=PATH_LENGTH, threads=threads),
        "diplib": lambda photo: diplib_path_opening(photo.grey, PATH_LENGTH),
    }


def compared(what: str, times: Mapping[str, float]) -> dict[str, float]:
    """Milliseconds, one of them of "ours", and the others' times over ours, by name."""
    ratios = {name: value / times["ours"] for name, value in times.items() if name != "ours"}
    return {
        **{f"speed/{what}/ms/{name}": value for name, value in times.items()},
        **{f"speed/{what}/ratio/{name}": value for name, value in ratios.items()},
    }


def digits_us(digits: Sequence[NDArray[np.uint8]]) -> dict[str, float]:
    """Time of contours, strokes and their junctions of a digit (28, 28), in microseconds."""
    if not set(DIGIT) <= set(DETECTORS):
        return {}
    photos = [Photo(np.repeat(d[..., None], 3, axis=2), d) for d in digits]
    times = milliseconds({"ours": lambda photo: found_by(photo.grey, *DIGIT)}, photos)
    return {"speed/digit/us/ours": 1e3 * times["ours"]}


def first_calls() -> dict[str, float]:
    """Processor time of the first call of each family in a new process, compiled before."""
    figures = {}
    for family in families():
        command = [sys.executable, "-c", FIRST_CALL.format(family=family)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        figures[f"speed/{family}/first_call_s/ours"] = float(done.stdout)
    return figures
