"""Primitives of one family picked by index, or put one after the other."""

from dataclasses import fields, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.primitives import Blobs, EdgeChains, Junctions, LineSegments, Ridges
from perceptgraph.stores.arrays import offsets_of, ranges

Family = TypeVar("Family", LineSegments, EdgeChains, Junctions, Ridges, Blobs)


def chosen(found: Family, index: NDArray[np.integer]) -> Family:
    """The primitives of these indices, in this order."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    picked = {name: values[name][index] for name in values if name not in found.runs}
    for name, offsets in found.runs.items():
        counts = np.diff(values[offsets])[index]
        picked[name] = values[name][ranges(values[offsets][index], counts)]
        picked[offsets] = offsets_of(counts)
    return replace(found, **picked)


def concatenated(parts: list[Family]) -> Family:
    """The primitives of all parts, one after the other."""
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(parts[0])
    }
    for offsets in parts[0].runs.values():
        joined[offsets] = offsets_of(
            np.concatenate([np.diff(getattr(part, offsets)) for part in parts])
        )
    return replace(parts[0], **joined)
