"""What `perceptgraph bench detectors` measures: a suite is a function of the settings.

A suite gives a flat object of figures, `<what>/.../<who>`; who is `ours` or a peer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perceptgraph.benchmarks import (
    bsds_suite,
    false_alarms,
    junction_scores,
    repeatability,
    speed,
    subpixel,
)
from perceptgraph.benchmarks.drawn_scenes import drawn_scene
from perceptgraph.benchmarks.line_scores import f_at_shares
from perceptgraph.benchmarks.line_truth import LineScene, line_scenes, read_segments
from perceptgraph.benchmarks.ours import found_lines
from perceptgraph.benchmarks.peers import LINE_PEERS
from perceptgraph.benchmarks.photographs import BSDS, VGA, grey_levels, photographs
from perceptgraph.datasets.catalog import MissingData
from perceptgraph.datasets.mnist import open_mnist

Figures = dict[str, float]
Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Settings:
    """What the suites are told."""

    data: Path | None
    """Folder of data files. None: what is drawn, and the photographs of scikit-image."""
    images: int | None
    """Images of every measure. None: as many as the suite's goal is stated for."""
    truth_offsets: Mapping[str, float]
    """Kind of line truth to the position that it gives the centre of the first pixel."""

    def n_images(self, usual: int) -> int:
        """As asked, else `usual`."""
        return usual if self.images is None else self.images


def bsds(settings: Settings) -> Figures:
    """Edges on the test images of BSDS500, which nothing else here reads."""
    if settings.data is None:
        raise MissingData("bsds: expected --data or PERCEPTGRAPH_DATA, the folder of data files")
    return bsds_suite.measure(settings.data, settings.n_images(200))


def lines(settings: Settings) -> Figures:
    """Segments against the true ones, on York Urban if its folder is there, and on drawn scenes."""
    figures: Figures = {}
    scenes = york(settings)
    for kind, letter in (("dense", "l"), ("original", "o")):
        some = [scene for scene in scenes if kind in scene.truths]
        offset = settings.truth_offsets[kind]
        if some:
            truths = [read_segments(scene.truths[kind], offset) for scene in some]
            figures |= line_figures([grey_levels(s.read()) for s in some], truths, letter)
    drawn = [drawn_scene(np.random.default_rng(i)) for i in range(settings.n_images(30))]
    return figures | line_figures([d.image for d in drawn], [d.segments for d in drawn], "drawn")


def line_figures(images: list[Image], truths: list[NDArray[np.float64]], prefix: str) -> Figures:
    """F of ours and of the peers on grey images (H, W) and their true segments."""
    figures = {}
    for name, finder in {"ours": found_lines, **LINE_PEERS}.items():
        answers = [np.asarray(finder(image), np.float64) for image in images]
        for measure, value in f_at_shares(truths, answers, prefix).items():
            figures[f"lines/{measure}/{name}"] = value
        figures[f"lines/{prefix}_count/{name}"] = float(np.mean([len(a) for a in answers]))
    return figures


def york(settings: Settings) -> list[LineScene]:
    """The first photographs with true segments below the data folder."""
    scenes = [] if settings.data is None else line_scenes(settings.data)
    return scenes[: settings.images]


def vga(settings: Settings, usual: int) -> list[Image]:
    """Photographs of about 640 x 480 in colour: York Urban's if they are there."""
    n = settings.n_images(usual)
    return [scene.read() for scene in york(settings)[:n]] or photographs(n, VGA)


def subpixel_accuracy(settings: Settings) -> Figures:
    """Exactness of segments and chains on drawn edges."""
    return subpixel.measure(settings.n_images(36))


def repeated(settings: Settings) -> Figures:
    """Segments found again under a homography and under noise."""
    return repeatability.measure([grey_levels(image) for image in vga(settings, 50)])


def noise(settings: Settings) -> Figures:
    """False alarms of every family."""
    return false_alarms.measure(settings.n_images(200))


def junctions(settings: Settings) -> Figures:
    """Junctions of drawn partitions."""
    return junction_scores.measure(settings.n_images(12))


def timed(settings: Settings) -> Figures:
    """Processor time beside the peers; digits; first calls."""
    n = settings.n_images(50)
    figures = speed.measure(vga(settings, 50), photographs(n, BSDS)) | speed.first_calls()
    if settings.data is not None and (settings.data / "mnist").exists():
        mnist = open_mnist(val_from=50_000)
        figures |= speed.digits_us([mnist.read(i).pixels for i in range(n)])
    return figures


SUITES: dict[str, Callable[[Settings], Figures]] = {
    "lines": lines,
    "subpixel": subpixel_accuracy,
    "repeatability": repeated,
    "noise": noise,
    "junctions": junctions,
    "speed": timed,
    "bsds": bsds,
}
