"""Stage `detect`: images to perceptual primitives."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from perceptgraph import datasets, graphs, stages, stores
from perceptgraph.datasets.image_set import ImageSet, image_set, open_images
from perceptgraph.graphs.primitive_store import (
    PRIMITIVE_LAYOUT,
    open_primitives,
    primitive_record,
)
from perceptgraph.graphs.primitives import FAMILIES, Primitives, primitives
from perceptgraph.stages.detectors.catalog import DETECTORS
from perceptgraph.stages.detectors.grey import colour, grey
from perceptgraph.stages.detectors.ground_truth import drawn_primitives
from perceptgraph.stages.detectors.tiles import in_tiles
from perceptgraph.stages.detectors.zoom import enlarged, in_original_pixels, zoom_factor
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import (
    ByRecipe,
    ParamsError,
    StageParams,
    check_choices,
    check_keywords,
)
from perceptgraph.stores.arrays import ContractError
from perceptgraph.stores.mapper import Mapper
from perceptgraph.stores.parts import Span, key_of, make_parts, merge_parts, remove_parts, spans
from perceptgraph.stores.ragged import Record, StoreError
from perceptgraph.stores.status import (
    BadImage,
    Status,
    carried_identity,
    failed_identity,
    reasons_of,
)

IMAGES = "images.zarr"
OUT = "primitives.zarr"
BY_HAND: Mapping[str, Mapping[str, Any]] = {"lines": {}, "junctions": {}}
"""Detectors, with their own defaults, for people who call `detect` without saying which."""


TILED_ABOVE = 16_000_000
"""Pixels above which an image is looked at in tiles."""
IMAGES_OF: Mapping[str, Callable[[NDArray[Any]], NDArray[np.float32]]] = {
    "grey": grey,
    "colour": colour,
}
"""What a detector can take of an image, and the function that makes it."""


class Recipe(StageParams):
    """How primitives are found in images of a kind."""

    min_side: int = Field(gt=0)
    """Images whose shorter side is below are enlarged by a whole factor, pixels."""
    max_zoom: int = Field(gt=0)
    """Largest such factor."""
    detectors: dict[str, dict[str, Any]]

    @model_validator(mode="after")
    def _operators_are_known(self) -> Self:
        check_choices("detectors", self.detectors, DETECTORS)
        for name, keywords in self.detectors.items():
            check_keywords(f"detectors.{name}", DETECTORS[name].find, keywords)
        check_families("detectors", self.detectors)
        for name in self.detectors:
            for taken in DETECTORS[name].takes:
                if taken not in {*IMAGES_OF, *self.detectors}:
                    raise ParamsError(f"detectors: {name} needs {taken}, not chosen")
        return self

    @property
    def families(self) -> tuple[str, ...]:
        """What is looked for, of FAMILIES."""
        return tuple(DETECTORS[name].family for name in self.detectors)

    def find(self, image: NDArray[Any]) -> Primitives:
        """Find the primitives of one image, as `detect` does."""
        return detect(image, self.detectors, min_side=self.min_side, max_zoom=self.max_zoom)


class Params(ByRecipe[Recipe]):
    """Section `detect` of params.yaml."""

    part_images: int = Field(gt=0)
    max_bad_share: float = Field(ge=0, le=1)
    ground_truth: bool
    """Take the primitives of a drawing as it was drawn, where the data set knows them."""


def detect(
    image: NDArray[Any],
    detectors: Mapping[str, Mapping[str, Any]] = BY_HAND,
    *,
    min_side: int = 112,
    max_zoom: int = 4,
) -> Primitives:
    """Find the primitives of one image.

    Parameters
    ----------
    image : (H, W) grey, (H, W, 3) red, green, blue, or (H, W, 4) with opacity, which is left out
        uint8, uint16, or floating point in [0, 1].
    detectors : mapping
        Name of DETECTORS to its keywords; what is left out has the detector's default. A detector
        that works on what another finds, and that is not named, runs that one too.
    min_side, max_zoom : int
        An image whose shorter side is below `min_side` is enlarged by a whole factor, at most
        `max_zoom`, before detection. One of more than 16 million pixels is looked at in
        overlapping tiles, so that memory stays bounded (`perceptgraph.stages.detectors.tiles`).

    Returns
    -------
    Primitives
        In pixels of `image`. Families that were not asked for are empty.

    Raises
    ------
    ValueError
        Not an image, NaN, values outside [0, 1], or an unknown detector.

    Examples
    --------
    >>> image = np.zeros((64, 64), np.uint8)
    >>> image[20:44, 20:44] = 255
    >>> found = detect(image)
    >>> len(found.lines), len(found.junctions)
    (4, 4)
    """
    check_choices("detectors", detectors, DETECTORS)
    check_families("detectors", detectors)
    if image.ndim >= 2 and image.shape[0] * image.shape[1] > TILED_ABOVE:
        log10_eps = {DETECTORS[n].family: d.get("log10_eps", 0.0) for n, d in detectors.items()}
        return in_tiles(partial(_in_one_piece, detectors=detectors), image, log10_eps=log10_eps)
    return _in_one_piece(image, detectors, min_side, max_zoom)


def _in_one_piece(
    image: NDArray[Any],
    detectors: Mapping[str, Mapping[str, Any]],
    min_side: int = 1,
    max_zoom: int = 1,
) -> Primitives:
    """Primitives of an image that fits into memory, every array of a detector included."""
    wanted = set(detectors)
    for name in reversed(DETECTORS):  # a detector stands behind those it takes from
        if name in wanted:
            wanted.update(DETECTORS[name].takes)
    zoom = zoom_factor(image.shape[:2], min_side, max_zoom)
    small = {name: made(image) for name, made in IMAGES_OF.items() if name in wanted}
    if any(DETECTORS[name].enlarge for name in wanted - small.keys()):
        large = {name: enlarged(pixels, zoom) for name, pixels in small.items()}
    found: dict[str, Any] = {}
    for name, detector in DETECTORS.items():
        if name in wanted:
            have = (large if detector.enlarge else small) | found
            takes = (have[taken] for taken in detector.takes)
            found[name] = detector.find(*takes, **detectors.get(name, {}))
    families = {DETECTORS[name].family: found[name] for name in detectors}
    magnified = {DETECTORS[name].family for name in detectors if DETECTORS[name].enlarge}
    return in_original_pixels(primitives(**families), zoom, magnified)


def check_families(key: str, names: Iterable[str]) -> None:
    """ParamsError where two of the detectors find the same family."""
    finders: dict[str, str] = {}
    for name in names:
        other = finders.setdefault(DETECTORS[name].family, name)
        if other != name:
            raise ParamsError(
                f"{key}: expected one detector of {DETECTORS[name].family}, got {other} and {name}"
            )


def detect_one(images: ImageSet, index: int, truth: Record, recipe: Recipe | None) -> Primitives:
    """Primitives of image `index`, by a recipe or as drawn; BadImage if it has none."""
    if recipe is None:
        return drawn_primitives(truth)
    try:
        return recipe.find(images.image(index))
    except ContractError:
        raise  # what a detector returned is wrong: our error, not the image's
    except ValueError as error:
        raise BadImage(Status.UNSUPPORTED, f"detect: {error}") from error


def detect_span(span: Span, store: Path, recipe: Recipe | None) -> list[dict[str, Any]]:
    """Records of primitives of the images `span` of images.zarr at `store`."""
    block = open_images(store).block(*span)
    images = image_set(block)
    made = []
    for index, record in enumerate(block.records()):
        height, width, _ = (int(n) for n in images.size[index])
        identity, found = carried_identity(record), primitives()
        if images.ok[index]:
            try:
                found = detect_one(images, index, record, recipe)
            except BadImage as error:
                identity = failed_identity(record, error.status, error.reason)
        made.append(primitive_record(found, identity, height, width))
    return made


def crashed_record(index: int, reason: str, store: Path) -> dict[str, Any]:
    """The record of an image whose detection killed its process."""
    record = open_images(store).record(index)
    identity = failed_identity(record, Status.CRASHED, f"detect: {reason}")
    size = int(record["image/height"]), int(record["image/width"])
    return primitive_record(primitives(), identity, *size)


def run(params: Params, root: Path, mapper: Mapper) -> Outcome:
    """Read `root/images.zarr`, write `root/primitives.zarr` by the recipe of the set's name."""
    recipe = None if params.ground_truth else params.recipe(root.name)
    store = root / IMAGES
    images = open_images(store)
    if recipe is None and "truth/segment" not in images.layout.columns:
        raise StoreError(
            f"{store}: expected the truth of drawings, found none; set detect.ground_truth: false "
            "or choose a data set that is drawn"
        )
    if recipe is not None:
        _warm(recipe)
    made_by = None if recipe is None else recipe.model_dump()
    families = FAMILIES if recipe is None else recipe.families
    facts = {"recipe": made_by, "images": images.digest, "opencv": cv2.__version__}
    code = [Path(package.__path__[0]) for package in (datasets, graphs, stages, stores)]
    folder = root / "parts" / "detect" / key_of(facts, code)
    paths = make_parts(
        folder,
        PRIMITIVE_LAYOUT,
        spans(len(images), params.part_images),
        partial(detect_span, store=store, recipe=recipe),
        partial(crashed_record, store=store),
        mapper,
    )
    carried = {k: v for k, v in images.attributes.items() if k in ("class_names", "dataset")}
    merge_parts(
        paths,
        root / OUT,
        PRIMITIVE_LAYOUT,
        {
            **carried,
            "recipe": made_by,
            "families": list(families),
            "images_digest": images.digest,
        },
    )
    remove_parts(root, "detect")
    return outcome(store, root / OUT, params.max_bad_share)


def _warm(recipe: Recipe) -> None:
    """Compile what the detectors need, once, before several workers would each begin to."""
    drawing = np.zeros((64, 64, 3), np.uint8)
    drawing[16:48, 16:48] = 255
    recipe.find(drawing)


def outcome(images: Path, out: Path, max_bad_share: float) -> Outcome:
    """Counts of the finished store, and the images that were good before this stage."""
    before, after = open_images(images), open_primitives(out)
    was_good = before.column("status/ok").astype(bool)
    failed = np.flatnonzero(was_good & (after.column("status/ok") == 0))
    levels = dict(zip(FAMILIES, ("line", "edge", "junction", "ridge", "blob"), strict=True))
    counts = {family: int(after.offsets(level)[-1]) for family, level in levels.items()}
    height, width = (before.column(f"image/{n}").astype(np.int64) for n in ("height", "width"))
    return Outcome(
        work={
            "images": int(was_good.sum()),
            "pixels": int(height @ width),
            "primitives": sum(counts.values()),
            **counts,
        },
        bad=reasons_of(after, failed),
        too_many_bad=len(failed) > max_bad_share * max(int(was_good.sum()), 1),
    )
