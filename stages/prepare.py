"""Stage `prepare`: a data set, whatever its files, to images.zarr."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from perceptgraph import datasets, stages, stores
from perceptgraph.datasets.catalog import DATASETS, open_dataset, opener
from perceptgraph.datasets.image_set import (
    PIXEL_DTYPES,
    VERSION,
    failed_record,
    image_layout,
    open_images,
    record_of,
    widen,
)
from perceptgraph.stages.outcome import Outcome
from perceptgraph.stages.params import ParamsError, StageParams, check_choices, check_keywords
from perceptgraph.stores.mapper import Mapper
from perceptgraph.stores.parts import (
    Span,
    dtype_of,
    key_of,
    make_parts,
    merge_parts,
    remove_parts,
    spans,
)
from perceptgraph.stores.ragged import Layout, Record
from perceptgraph.stores.status import BadImage, Status, reasons_of

OUT = "images.zarr"
PIXELS = "pixel/value"


class Params(StageParams):
    """Section `prepare` of params.yaml."""

    part_images: int = Field(gt=0)
    max_bad_share: float = Field(ge=0, le=1)
    """A larger share of unusable images makes the run a failure."""
    datasets: dict[str, dict[str, Any]]
    """Name of DATASETS to the keywords of its opener."""

    @model_validator(mode="after")
    def _datasets_are_known(self) -> Self:
        check_choices("datasets", self.datasets, DATASETS)
        return self


def keywords_of(params: Params, name: str) -> dict[str, Any]:
    """Keywords of the data set `name`, all there; ParamsError otherwise."""
    if name not in params.datasets:
        check_choices("--dataset", [name], params.datasets)
    check_keywords(f"prepare.datasets.{name}", opener(name), params.datasets[name])
    return params.datasets[name]


def prepare_span(
    span: Span, name: str, keywords: dict[str, Any], fingerprint: str
) -> list[dict[str, Any]]:
    """Records of the images `span`; one that cannot be used has a reason in place of pixels."""
    collection = open_dataset(name, keywords, fingerprint)
    records = []
    for index in range(*span):
        try:
            sample = collection.read(index)
        except BadImage as error:
            identity = collection.identify(index)
            records.append(
                failed_record(
                    identity, error.status, error.reason, PIXEL_DTYPES[0], collection.extras
                )
            )
        else:
            records.append(record_of(sample, sample.pixels.dtype.str[1:]))
    return records


def crashed_record(
    index: int, reason: str, name: str, keywords: dict[str, Any], fingerprint: str
) -> dict[str, Any]:
    """The record of an image whose reading killed its process."""
    collection = open_dataset(name, keywords, fingerprint)
    identity, dtype = collection.identify(index), PIXEL_DTYPES[0]
    return failed_record(identity, Status.CRASHED, reason, dtype, collection.extras)


def widest(dtypes: Sequence[str]) -> str:
    """The widest of PIXEL_DTYPES among these, the narrowest if there is none."""
    return PIXEL_DTYPES[max((PIXEL_DTYPES.index(dtype) for dtype in dtypes), default=0)]


def part_layout(records: Sequence[Record], extras: Sequence[str]) -> Layout:
    """Layout of a part: its pixels are as wide as its widest image, not as the whole store's."""
    return image_layout(widest([r[PIXELS].dtype.str[1:] for r in records]), extras)


def widened_part(
    span: Span, name: str, keywords: dict[str, Any], fingerprint: str
) -> list[dict[str, Any]]:
    """Records of `span`, their pixels all as wide as the widest."""
    records = prepare_span(span, name, keywords, fingerprint)
    dtype = widest([r[PIXELS].dtype.str[1:] for r in records])
    return [r | {PIXELS: widen(r[PIXELS], dtype)} for r in records]


def _convert(name: str, column: NDArray[Any], dtype: str) -> NDArray[Any]:
    return widen(column, dtype) if name == PIXELS else column


def run(params: Params, root: Path, mapper: Mapper) -> Outcome:
    """Open the data set that `root` is named after, write `root/images.zarr`."""
    name = root.name
    keywords = keywords_of(params, name)
    try:
        collection = opener(name)(**keywords)
    except ValueError as error:
        raise ParamsError(f"prepare.datasets.{name}: {error}") from error
    fingerprint = collection.fingerprint
    facts = {
        "dataset": name,
        "keywords": keywords,
        "fingerprint": fingerprint,
        "version": VERSION,
    }
    code = [Path(package.__path__[0]) for package in (datasets, stages, stores)]
    folder = root / "parts" / "prepare" / key_of(facts, code)
    paths = make_parts(
        folder,
        partial(part_layout, extras=collection.extras),
        spans(len(collection), params.part_images),
        partial(widened_part, name=name, keywords=keywords, fingerprint=fingerprint),
        partial(crashed_record, name=name, keywords=keywords, fingerprint=fingerprint),
        mapper,
    )
    dtype = widest([dtype_of(path, PIXELS) for path in paths])
    attributes = {
        "class_names": list(collection.class_names),
        "dataset": name,
        "params": keywords,
        "fingerprint": fingerprint,
    }
    layout = image_layout(dtype, collection.extras)
    merge_parts(paths, root / OUT, layout, attributes, partial(_convert, dtype=dtype))
    remove_parts(root, "prepare")
    return outcome(root / OUT, params.max_bad_share)


def outcome(images: Path, max_bad_share: float) -> Outcome:
    """Counts of the finished store, and its bad images by name."""
    store = open_images(images)
    failed = np.flatnonzero(store.column("status/ok") == 0)
    height, width = (store.column(f"image/{n}").astype(np.int64) for n in ("height", "width"))
    return Outcome(
        work={"images": len(store) - len(failed), "pixels": int(height @ width)},
        bad=reasons_of(store, failed),
        too_many_bad=len(failed) > max_bad_share * max(len(store), 1),
    )
