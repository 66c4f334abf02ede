"""Numbers as codes of few bits: what a store that keeps no more of them gives back."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def check_bits(bits: int) -> None:
    """ValueError unless it is a whole number from 1 to 16."""
    if not (isinstance(bits, int) and 1 <= bits <= 16):
        raise ValueError(f"bits must be a whole number from 1 to 16, got {bits}")


def coded(values: Floats, known: Floats, bits: int) -> Floats:
    """Values (N,) by a code of 2^bits numbers that is made for the known ones.

    Where there are no more different known values than that, the code is these, and a value takes
    the nearest. Else the known values are put into as many equally full bins, and a value takes
    the mean of its bin [1]_. Not a number stays so.

    References
    ----------
    .. [1] J. Max, "Quantizing for minimum distortion", IRE Transactions on Information Theory
           6(1), 1960: a value of a code is the mean of what it stands for.

    Examples
    --------
    >>> x = np.array([0, 1, 5, 7, 20], np.float32)
    >>> coded(x, x[:4], bits=1).tolist()
    [0.5, 0.5, 6.0, 6.0, 6.0]
    >>> coded(x, x[:4], bits=2).tolist()
    [0.0, 1.0, 5.0, 7.0, 7.0]
    """
    check_bits(bits)
    finite = np.sort(known[np.isfinite(known)].astype(np.float64))
    if not len(finite):
        return values
    code = np.unique(finite)
    if len(code) <= 2**bits:
        edges = (code[1:] + code[:-1]) / 2
    else:
        cuts = finite[np.arange(1, 2**bits) * len(finite) // 2**bits]
        edges = np.unique(cuts[cuts > finite[0]])
        place = np.searchsorted(edges, finite, side="right")
        code = np.bincount(place, finite) / np.bincount(place)
    found = code[np.searchsorted(edges, values, side="right")]
    return np.where(np.isnan(values), values, found).astype(np.float32)


def coded_angle(direction: Floats, bits: int) -> Floats:
    """The nearest (N, 2) of 2^bits evenly turned directions (sin, cos), the first along (0, 1)."""
    check_bits(bits)
    step = 2 * np.pi / 2**bits
    angle = np.rint(np.arctan2(direction[:, 0], direction[:, 1]) / step) * step
    return np.stack([np.sin(angle), np.cos(angle)], axis=1).astype(np.float32)
