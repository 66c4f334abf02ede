"""Draw the figures of docs/helmholtz.md, and print every number that the page names.

Run it as `python docs/examples/helmholtz.py FOLDER [N_IMAGES]`. It writes FOLDER/helmholtz-*.png.
N_IMAGES is how many images of noise stand behind each point of a curve: 30 unless told.
"""

import math
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter
from skimage import data

from perceptgraph.benchmarks.false_alarms import demosaiced, jpeg
from perceptgraph.benchmarks.ours import families, found, found_lines
from perceptgraph.benchmarks.peers import opencv_lsd
from perceptgraph.graphs.primitives import LineSegments
from perceptgraph.stages.detectors.level_lines import level_line_field
from perceptgraph.stages.detectors.lines import CORNER_BLUR, LEAST_SMOOTHING
from perceptgraph.stages.detectors.nfa import log10_binomial_tail, log10_gaussian_tail
from perceptgraph.stages.detectors.noise import Noise, measure_noise
from perceptgraph.stages.detectors.rectangles import (
    N_PRECISIONS,
    Rectangle,
    alignment_log10_nfa,
    count_inside,
    make_test,
    strength_log10_nfa,
)

Grey = NDArray[np.uint8]
SIDE = 256  # pixels, of images of noise
MEAN, STD = 127.5, 50.0  # of their grey levels, of 255
FAINT_STD = 25.0  # of the noise around a faint square
BLURS = np.arange(0.0, 2.51, 0.25)  # sigmas of the blur of noise, pixels
LIMITS = (0, -3, -10, -30)  # of log10(NFA)
INK, OURS, PEER = "#222222", "#0072b2", "#d55e00"
STYLES = {
    "lines": ("#0072b2", "o"),
    "edges": ("#009e73", "s"),
    "junctions": ("#cc79a7", "^"),
    "ridges": ("#e69f00", "D"),
    "blobs": ("#56b4e9", "v"),
}
"""Family to its colour, of Okabe and Ito, and its marker."""
N_COLOURS = 128  # of a plot
N_GREYS = 40  # of a picture; with more, the palette's nearest colour to white is not white
EPSILON = "\N{GREEK SMALL LETTER EPSILON}"
SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
LOG10_NFA = "log\N{SUBSCRIPT ONE}\N{SUBSCRIPT ZERO} NFA"
APART = 0.02  # pixels, between the points of two families
BOXES_PER_IMAGE = 1000
BOX_LENGTH, BOX_WIDTH = 20.0, 3.0  # pixels, of the rectangles thrown at noise


def noise(rng: np.random.Generator, blur: float, side: int = SIDE) -> Grey:
    """Gaussian noise (side, side), stationary, after a Gaussian of `blur` pixels."""
    field = rng.normal(0, 1, (side, side))
    return grey_levels(gaussian_filter(field, blur, mode="wrap") if blur else field)


def grey_levels(field: NDArray[np.float64], std: float = STD) -> Grey:
    """A field (H, W) with mean MEAN and standard deviation `std`, clipped, in 8 bits."""
    field = (field - field.mean()) / field.std()
    return np.clip(np.rint(MEAN + std * field), 0, 255).astype(np.uint8)


def say(what: str, value: object) -> None:
    """Print a number that the page names."""
    print(f"{what}: {value}")


def pictures(n: int, side: int) -> tuple[Figure, list[Axes]]:
    """A figure 800 pixels wide with n square axes of `side` pixels, two or three in a row."""
    columns = min(n, 3) if n != 4 else 2
    rows = n // columns
    title, below = 44, 12
    height = rows * (side + title + below)
    figure = Figure(figsize=(8, height / 100), dpi=100)
    FigureCanvasAgg(figure)
    gap = (800 - columns * side) // (columns + 1)
    axes = []
    for i in range(n):
        left = gap + i % columns * (side + gap)
        bottom = height - (i // columns + 1) * (side + title + below) + below
        box = (left / 800, bottom / height, side / 800, side / height)
        axes.append(figure.add_axes(box))
    return figure, axes


def picture(axes: Axes, image: Grey, title: str, fade: float) -> None:
    """Show an image, faded to white by a share in [0, 1]."""
    pixels = 255 - (1 - fade) * (255 - image.astype(np.float32))
    axes.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    axes.autoscale(False)
    axes.set_title(title, fontsize=11, color=INK)
    axes.set_axis_off()


def segments(axes: Axes, ends: NDArray[Any], colour: str, width: float = 1.6) -> None:
    """Draw segments (N, 2, 2), (row, column)."""
    axes.add_collection(
        LineCollection(list(ends[:, :, ::-1]), colors=colour, linewidths=width, capstyle="round")
    )


def plot_frame(axes: Axes, x: str, y: str) -> None:
    """Name the axes, and leave out what is not needed."""
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#dddddd", linewidth=0.6)


def sheet(height: float, columns: int) -> tuple[Figure, list[Axes]]:
    """A figure 800 pixels wide, `height` inches high, and its axes side by side."""
    figure = Figure(figsize=(8, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, list(figure.subplots(1, columns, squeeze=False)[0])


def save(figure: Figure, folder: Path, name: str, palette: Image.Image | None = None) -> None:
    """Write a figure as a PNG of few colours, which is small."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg)
    canvas.draw()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[:, :, :3])
    few = pixels.quantize(N_COLOURS, palette=palette, dither=Image.Dither.NONE)
    few.save(folder / f"helmholtz-{name}.png", optimize=True)


def picture_palette() -> Image.Image:
    """Greys, and the two colours of segments as they are and mixed with greys at their rims."""
    greys = np.linspace(0, 255, N_GREYS)[:, None] * np.ones(3)
    strokes = 255 * np.array([to_rgb(OURS), to_rgb(PEER)])
    rims = [(1 - a) * strokes + a * ground for a in (0, 0.3, 0.6) for ground in (130, 190, 235)]
    colours = np.concatenate([greys, *rims]).round().astype(np.uint8)
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours.tobytes())
    return palette


def principle(folder: Path, rng: np.random.Generator) -> None:
    """A photograph, its own pixels in random order, the same blurred; and what is found."""
    photograph = np.asarray(data.camera())[60:316, 110:366]
    shuffled = rng.permutation(photograph.reshape(-1)).reshape(photograph.shape)
    blurred = grey_levels(gaussian_filter(shuffled.astype(np.float64), 1.5, mode="wrap"))
    names = ("a photograph", "its pixels in random order", "the same, blurred")
    figure, axes = pictures(3, SIDE)
    for axis, name, image in zip(axes, names, (photograph, shuffled, blurred), strict=True):
        ends = found_lines(image)
        picture(axis, image, f"{name}\n{len(ends)} line segments", fade=0.45)
        segments(axis, ends, OURS)
        say(f"principle, {name}, segments", len(ends))
    save(figure, folder, "principle", picture_palette())


def worked_number() -> None:
    """NFA of one rectangle, for the formula."""
    log10_tests = make_test((512, 512), 3, math.pi / 8, 1.0, 1.0).log10_tests
    say("worked number, log10 tests of 512 x 512", round(log10_tests, 1))
    for k in (15, 30, 40):
        tail = log10_binomial_tail(60, k, 1 / 8)
        say(f"worked number, {k} of 60: log10 tail, log10 NFA", _rounded(tail, tail + log10_tests))
    perfect = math.ceil(log10_tests / math.log10(8))
    say("worked number, shortest perfect run", perfect)
    z = next(z for z in np.arange(0, 40, 0.1) if log10_gaussian_tail(z) + log10_tests <= 0)
    say("worked number, standard deviations that a sum needs", round(z, 1))


def _rounded(*values: float) -> tuple[float, ...]:
    return tuple(round(float(v), 1) for v in values)


def faint(folder: Path, rng: np.random.Generator) -> None:
    """A square that stands out from the noise by less and less."""
    figure, axes = pictures(3, SIDE)
    field = rng.normal(0, 1, (SIDE, SIDE))
    square = np.zeros((SIDE, SIDE))
    square[64:192, 64:192] = 1
    for axis, contrast in zip(axes, (2.0, 1.0, 0.5), strict=True):
        levels = MEAN + FAINT_STD * (field + contrast * (square - 0.25))
        image = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
        answer = found(image, "lines").lines
        best = f", best {LOG10_NFA} {answer.log10_nfa[0]:.0f}" if len(answer) else ""
        title = f"step of {contrast:g} {SIGMA} of the noise\n{len(answer)} segments{best}"
        picture(axis, image, title, fade=0.3)
        segments(axis, answer.endpoints, OURS, 2.2)
        say(f"faint square, {contrast:g} std: log10 NFA", _rounded(*answer.log10_nfa))
    save(figure, folder, "faint", picture_palette())


def sliders(folder: Path) -> None:
    """The same image at four limits of the NFA."""
    photograph = np.asarray(data.camera())
    answer = found(photograph, "lines").lines
    figure, axes = pictures(4, 390)
    for axis, limit in zip(axes, LIMITS, strict=True):
        kept = answer.endpoints[answer.log10_nfa <= limit]
        picture(
            axis,
            photograph,
            f"{LOG10_NFA} \N{LESS-THAN OR EQUAL TO} {limit}\n{len(kept)} segments",
            fade=0.7,
        )
        segments(axis, kept, OURS, 1.5)
        say(f"slider, log10 NFA <= {limit}", len(kept))
    save(figure, folder, "sliders", picture_palette())


def blurred_noise(folder: Path, rng: np.random.Generator) -> None:
    """Segments of OpenCV's LSD and ours on one image of noise blurred by two pixels."""
    image = noise(rng, 2.0)
    figure, axes = pictures(2, 390)
    finders = (("LSD of OpenCV", opencv_lsd, PEER), ("ours", found_lines, OURS))
    for axis, (name, finder, colour) in zip(axes, finders, strict=True):
        ends = finder(image)
        picture(axis, image, f"{name}\n{len(ends)} line segments", fade=0.4)
        segments(axis, ends, colour, 2.0)
        say(f"noise blurred by 2 pixels, {name}", len(ends))
    save(figure, folder, "blurred-noise", picture_palette())


def false_alarms(folder: Path, rng: np.random.Generator, n_images: int) -> None:
    """Mean number of detections in noise of every blur, of LSD and of each of our families."""
    means = {"LSD of OpenCV": np.array([], float), **{f: np.array([], float) for f in families()}}
    for blur in BLURS:
        counts = _counts(noise(rng, float(blur)) for _ in range(n_images))
        means = {name: np.append(means[name], counts[name]) for name in means}
    figure, (axis,) = sheet(4.6, 1)
    for i, (name, values) in enumerate(means.items()):
        colour, marker = STYLES.get(name, (INK, "x"))
        label = f"ours: {name}" if name in STYLES else name
        aside = BLURS + APART * i  # so that equal means are seen beside each other
        axis.plot(aside, values, color=colour, marker=marker, markersize=6, label=label, zorder=3)
    axis.axhline(1, color=INK, linestyle="--", linewidth=1)
    axis.annotate(
        f"{EPSILON} = 1: what is promised", (2.6, 1.15), ha="right", va="bottom", fontsize=10
    )
    axis.set_yscale("symlog", linthresh=0.1, linscale=0.5)
    axis.set_ylim(-0.02, 600)
    axis.set_yticks([0, 0.1, 1, 10, 100], ["0", "0.1", "1", "10", "100"])
    plot_frame(axis, f"blur of the noise, {SIGMA} in pixels", "detections per image of noise")
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(0.0, 0.92))
    save(figure, folder, "false-alarms")
    for name, values in means.items():
        say(f"detections per image of noise, {name}", values.round(2).tolist())
        say(f"in all {n_images * len(BLURS)} images", round(float(values.sum()) * n_images))
    for name, draw_noise in (("JPEG", jpeg), ("demosaiced", demosaiced)):
        counts = _counts(draw_noise(SIDE, rng) for _ in range(n_images))
        say(f"detections per image of noise, {name}", {k: round(v, 2) for k, v in counts.items()})


def _counts(images: Iterable[NDArray[np.uint8]]) -> dict[str, float]:
    """Mean detections of LSD and of each family; an image may have colour."""
    rows = []
    for image in images:
        answer = found(image, *families())
        grey = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
        rows.append([len(opencv_lsd(grey)), *(len(getattr(answer, f)) for f in families())])
    names = ("LSD of OpenCV", *families())
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def measured_blur(folder: Path, rng: np.random.Generator, n_images: int) -> None:
    """Blur and strength of the noise as measured, against the truth."""
    blur, strength = [], []
    for sigma in BLURS:
        measured = [measure_noise(_unit(noise(rng, float(sigma)))) for _ in range(n_images)]
        true = Noise(_true_density(float(sigma)), float(sigma)).level_std(1.0)
        blur.append([found.blur for found in measured])
        strength.append([found.level_std(1.0) / true for found in measured])
    figure, axes = sheet(3.7, 2)
    axes[0].plot([0, 2.5], [0, 2.5], color=INK, linestyle="--", linewidth=1)
    axes[1].axhline(1, color=INK, linestyle="--", linewidth=1)
    for axis, values in zip(axes, (np.array(blur), np.array(strength)), strict=True):
        mean, std = values.mean(axis=1), values.std(axis=1)
        axis.errorbar(BLURS, mean, std, color=OURS, marker="o", markersize=5, linestyle="none")
    axes[1].set_ylim(0.8, 1.2)
    plot_frame(axes[0], f"true blur, {SIGMA} in pixels", "measured blur, pixels")
    plot_frame(axes[1], f"true blur, {SIGMA} in pixels", "measured / true strength")
    save(figure, folder, "measured-blur")
    say("measured blur at 0, 0.25, ... 2.5", np.mean(blur, axis=1).round(2).tolist())
    say("its standard deviation", np.std(blur, axis=1).round(2).tolist())
    say("measured over true strength", np.mean(strength, axis=1).round(2).tolist())


def _std(measured: Noise) -> float:
    """Standard deviation of the noise, as a Gaussian of a pixel leaves it, in grey levels."""
    return 255 * measured.level_std(1.0)


def _unit(image: Grey) -> NDArray[np.float32]:
    return (image / 255).astype(np.float32)


def _true_density(blur: float) -> float:
    """Density of noise of standard deviation STD after a Gaussian of `blur`, as it is sampled."""
    impulse = np.zeros((65, 65))
    impulse[32, 32] = 1
    kernel = gaussian_filter(impulse, blur) if blur else impulse
    return STD / 255 / math.sqrt(float((kernel**2).sum()))


def two_numbers(folder: Path, rng: np.random.Generator, n_images: int) -> None:
    """What the two numbers of a rectangle say of chance, against what chance does."""
    figure, axes = sheet(4.2, 2)
    names = ("alignment", "strength")
    claimed = np.linspace(-4, -0.3, 38)
    looks = ((0.0, OURS, "-"), (1.0, "#009e73", "--"), (2.0, PEER, ":"))
    for blur, colour, stroke in looks:
        tails = np.concatenate([_tails(noise(rng, blur), rng) for _ in range(n_images)])
        for axis, name, tail in zip(axes, names, tails.T, strict=True):
            share = (tail[:, None] <= claimed).mean(axis=0)
            seen = share > 10 / len(tail)
            label = f"noise blurred by {blur:g}" if blur else "white noise"
            x, y = 10 ** claimed[seen], share[seen]
            axis.plot(x, y, color=colour, linestyle=stroke, linewidth=2.2, label=label)
            say(f"{name}, blur {blur:g}: chance where 1e-3 is claimed", _share(tail, -3))
            say(f"{name}, blur {blur:g}: chance where 1e-4 is claimed", _share(tail, -4))
    for axis, name in zip(axes, names, strict=True):
        axis.plot([1e-4, 1], [1e-4, 1], color=INK, linewidth=1)
        axis.set(xscale="log", yscale="log", xlim=(1e-4, 1), ylim=(1e-4, 1), aspect="equal")
        axis.set_title(name, fontsize=11, color=INK)
        plot_frame(axis, "chance that the number claims", "share of rectangles in noise")
    axes[1].legend(frameon=False, loc="upper left")
    save(figure, folder, "two-numbers")


def _share(tail: NDArray[np.float64], limit: float) -> float:
    return float(f"{(tail <= limit).mean():.2g}")


def _tails(image: Grey, rng: np.random.Generator) -> NDArray[np.float64]:
    """log10 tails (BOXES_PER_IMAGE, 2), alignment and strength, of rectangles thrown at noise."""
    measured = measure_noise(_unit(image))
    smooth = cv2.GaussianBlur(_unit(image), (0, 0), LEAST_SMOOTHING)
    t = Noise(measured.density, measured.total_blur(LEAST_SMOOTHING))
    field, _ = level_line_field(smooth, 0.0)
    spread = t.gradient_std(CORNER_BLUR), t.total_blur(CORNER_BLUR)
    test = make_test(image.shape, 1, math.pi / 8, *spread)
    aligned = np.zeros(N_PRECISIONS, np.int64)
    tails = np.empty((BOXES_PER_IMAGE, 2))
    for i in range(BOXES_PER_IMAGE):
        turn = rng.uniform(0, 2 * math.pi)
        row, column = rng.uniform(BOX_LENGTH, SIDE - BOX_LENGTH, 2).tolist()
        ends = -BOX_LENGTH / 2, BOX_LENGTH / 2, -BOX_WIDTH / 2, BOX_WIDTH / 2
        box = Rectangle(row, column, math.sin(turn), math.cos(turn), *ends)
        n, total = count_inside(field, box, test.cosines, aligned)
        # Of several tolerances the best counts: that many tests.
        tails[i, 0] = alignment_log10_nfa(test, n, aligned) + math.log10(N_PRECISIONS)
        tails[i, 1] = strength_log10_nfa(test, box, n, total)
    return tails - test.log10_tests


def texture(folder: Path) -> None:
    """Segments found in textures, which are not noise."""
    figure, axes = pictures(2, 390)
    textures = (("grass", data.grass), ("gravel", data.gravel))
    for axis, (name, load) in zip(axes, textures, strict=True):
        image = np.asarray(load())[:SIDE, :SIDE]
        answer = found(image, "lines").lines
        picture(axis, image, f"{name}\n{len(answer)} line segments", fade=0.45)
        segments(axis, answer.endpoints, OURS)
        say(f"{name}, segments", len(answer))
        measured = measure_noise(_unit(image))
        values = _rounded(_std(measured), measured.blur)
        say(f"{name}, noise at scale 1: std in grey levels; blur", values)
        say(f"{name}, median length, median log10 NFA", _medians(answer))
    save(figure, folder, "texture", picture_palette())


def _medians(answer: LineSegments) -> tuple[float, ...]:
    return _rounded(float(np.median(answer.length)), float(np.median(answer.log10_nfa)))


def draw(folder: Path, n_images: int = 30, seed: int = 0) -> None:
    """Write all figures to `folder`, with `n_images` images behind each point of a curve."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    principle(folder, rng)
    worked_number()
    faint(folder, rng)
    sliders(folder)
    blurred_noise(folder, rng)
    false_alarms(folder, rng, n_images)
    measured_blur(folder, rng, n_images)
    two_numbers(folder, rng, n_images)
    texture(folder)


def main(arguments: Sequence[str]) -> None:
    """Draw into the folder that is named first, with the number of images named second."""
    draw(Path(arguments[0]), *(int(n) for n in arguments[1:2]))


if __name__ == "__main__":
    main(sys.argv[1:])
