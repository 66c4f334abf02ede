"""Commands on image files: find primitives, predict classes."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceptgraph.datasets.decode import decode
from perceptgraph.datasets.folder import read_bytes
from perceptgraph.graphs.primitives import Primitives
from perceptgraph.stages.detect import check_families, detect
from perceptgraph.stages.detectors.catalog import DETECTORS
from perceptgraph.stages.params import ParamsError, check_choices
from perceptgraph.stores.status import BadImage

Writer = Callable[[NDArray[Any], Primitives], bytes]


class FailedImages(ValueError):
    """Some of several images could not be used; each was named before."""


def read_image(path: Path) -> NDArray[Any]:
    """Pixels of an image file, decoded as the data set `folder` does; BadImage if it is none."""
    return decode(read_bytes(path))


def _as_json(image: NDArray[Any], found: Primitives) -> bytes:
    from perceptgraph.stages.drawing import primitives_json

    values = primitives_json(found, (image.shape[0], image.shape[1]))
    return (json.dumps(values, indent=1, allow_nan=False) + "\n").encode()


def _as_svg(image: NDArray[Any], found: Primitives) -> bytes:
    from perceptgraph.stages.drawing import draw_primitives, svg_bytes

    return svg_bytes(draw_primitives(image, found))


def _as_png(image: NDArray[Any], found: Primitives) -> bytes:
    from perceptgraph.stages.drawing import draw_primitives, png_bytes

    return png_bytes(draw_primitives(image, found))


WRITERS: dict[str, Writer] = {"json": _as_json, "svg": _as_svg, "png": _as_png}
"""Ending of a file to the function that makes its bytes."""


def detect_images(
    images: Sequence[Path],
    detectors: Mapping[str, Mapping[str, Any]],
    *,
    min_side: int = 112,
    max_zoom: int = 4,
    json_out: Path | None = None,
    svg: Path | None = None,
    png: Path | None = None,
) -> Iterator[str]:
    """Find primitives of image files, write what is asked for, and yield one line per image.

    Parameters
    ----------
    images : sequence of Path
        Image files.
    detectors : mapping
        Names of DETECTORS to keywords.
    min_side, max_zoom : int
        Which images are enlarged before, and how far, as for
        `perceptgraph.stages.detect.detect`.
    json_out, svg, png : Path, optional
        Where to write; a file for one image, for several a folder that gets one file per image,
        named after it.

    Raises
    ------
    ParamsError
        An unknown detector, two of one family, or two images whose files would have the same name.
    FailedImages
        At the end, where some image could not be used; the others are written.
    """
    check_choices("--kinds", detectors, DETECTORS)
    check_families("--kinds", detectors)
    asked = {"json": json_out, "svg": svg, "png": png}
    targets = _targets(images, {ending: p for ending, p in asked.items() if p is not None})
    n_failed = 0
    for path, wanted in zip(images, targets, strict=True):
        start = time.perf_counter()
        try:
            image = read_image(path)
            found = detect(image, detectors, min_side=min_side, max_zoom=max_zoom)
        except ValueError as error:
            n_failed += 1
            yield f"{path}: left out: {error}"
            continue
        seconds = time.perf_counter() - start
        for ending, target in wanted.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(WRITERS[ending](image, found))
        yield f"{path}: {_facts(image, found, detectors)}, {seconds:.2g} s"
    if n_failed:
        raise FailedImages(f"{n_failed} of {len(images)} images could not be used")


def _facts(image: NDArray[Any], found: Primitives, kinds: Iterable[str]) -> str:
    height, width = image.shape[:2]
    counts = [f"{len(getattr(found, DETECTORS[kind].family))} {kind}" for kind in kinds]
    return f"{height} x {width} pixels, {', '.join(counts)}"


def _targets(images: Sequence[Path], asked: Mapping[str, Path]) -> list[dict[str, Path]]:
    """Files to write for each image."""
    if len(images) == 1:
        return [dict(asked)]
    stems = [path.stem for path in images]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice and asked:
        raise ParamsError(
            f"expected images whose names differ, as outputs are named after them; {twice[0]!r} "
            "is there twice, call the command once for each"
        )
    for folder in asked.values():
        if folder.is_file():
            raise ParamsError(f"{folder}: expected a folder for the outputs of several images")
    return [{e: folder / f"{stem}.{e}" for e, folder in asked.items()} for stem in stems]


def predict_images(
    model: Path, images: Sequence[Path], json_out: Path | None = None
) -> tuple[list[str], int]:
    """Classify image files with the model in a folder.

    Parameters
    ----------
    model : Path
        Folder that stage `train` wrote.
    images : sequence of Path
        Image files.
    json_out : Path, optional
        Where to write all probabilities, as JSON.

    Returns
    -------
    (list of str, int)
        One line per image, and the number of images that could not be used.
    """
    from perceptgraph.stages.predict import predict

    good: list[tuple[Path, NDArray[Any]]] = []
    failures: dict[Path, str] = {}
    for path in images:
        try:
            good.append((path, read_image(path)))
        except BadImage as error:
            failures[path] = error.reason
    names: Sequence[str] = ()
    found: dict[Path, NDArray[Any]] = {}
    if good:
        names, shares = predict(model, [image for _, image in good])
        found = dict(zip((path for path, _ in good), shares, strict=True))
    if json_out is not None:
        values = {
            "model": str(model),
            "images": [
                _prediction(path, names, found.get(path), failures.get(path, "")) for path in images
            ],
        }
        json_out.parent.mkdir(parents=True, exist_ok=True)
        json_out.write_text(json.dumps(values, indent=1) + "\n")
    lines = [
        f"{path}: left out: {failures[path]}"
        if path in failures
        else f"{path}: {names[int(np.argmax(found[path]))]} ({found[path].max():.0%})"
        for path in images
    ]
    return lines, len(failures)


def _prediction(
    path: Path, names: Sequence[str], shares: NDArray[Any] | None, reason: str
) -> dict[str, Any]:
    if shares is None:
        return {"image": str(path), "error": reason}
    return {
        "image": str(path),
        "class": names[int(np.argmax(shares))],
        "probabilities": {n: round(float(p), 6) for n, p in zip(names, shares, strict=True)},
    }
