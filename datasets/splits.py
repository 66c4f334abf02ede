"""Deterministic splits: a function of the ids alone, so that a new image moves no other."""

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TRAIN, VAL, TEST = 0, 1, 2


def rank_of(image_id: str) -> int:
    """A number that looks random and depends on the id alone."""
    return int.from_bytes(hashlib.sha256(image_id.encode()).digest()[:8], "big")


def held_out(
    ids: Sequence[str], labels: Sequence[int], per_class: int | float
) -> NDArray[np.bool_]:
    """Which images are held out: in each class those of the lowest rank.

    Parameters
    ----------
    ids, labels : sequences of length N
        Image ids and classes.
    per_class : int or float
        How many of each class; a float in [0, 1) is a share, rounded to the nearest number.

    Returns
    -------
    (N,) bool

    Raises
    ------
    ValueError
        A class would have no image left.
    """
    held = np.zeros(len(ids), np.bool_)
    for label in sorted(set(labels)):
        members = sorted(
            (i for i, found in enumerate(labels) if found == label), key=lambda i: rank_of(ids[i])
        )
        n = per_class if isinstance(per_class, int) else round(per_class * len(members))
        if n >= len(members):
            raise ValueError(
                f"class {label}: cannot hold out {n} of {len(members)} images; "
                "expected fewer than there are"
            )
        held[members[:n]] = True
    return held
