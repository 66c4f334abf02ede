"""Rays that leave a point along edges: how strong they are under the noise of the image.

The strength of a ray is the sum of the gradient's component across it, a matched filter: under
the background model a Gaussian variable of known variance.
"""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.detectors.noise import Noise
from perceptgraph.stores.compiled import njit

NEAR = 2
"""First sample of a ray, pixels from its origin: before it all branches are one blur."""
RADII = (6, 8, 11, 15, 20)
"""Lengths tried, pixels: the short ones see branches that end early."""
N_SAMPLES = RADII[-1] - NEAR + 1
"""Of the longest ray, a pixel apart."""
PAD = RADII[-1] + 6
"""Empty margin of the gradient field, pixels: no ray and no search beside it leaves the field."""
N_DIRECTIONS = 60
"""Of the first look around a point: at the longest radius, rays are less than 2 pixels apart."""
MAX_BRANCHES = 5
MIN_TURN = math.radians(25.0)
"""Directions closer than this are one branch; this close to opposite, one straight line."""
EVEN = 0.35
"""Every third of a branch has at least this share of its mean strength."""
ALONG = 0.7
"""Largest gradient along a branch, share of that across: what runs by at 45 degrees has 1."""
ENOUGH_Z, ENOUGH_RADIUS = 25.0, 11
"""A branch this strong, this long, is placed to a twentieth of a pixel: it is not followed on, lest
it pass the next junction."""
BLOCK, N_LOOKS = 32, 8
"""Least side of the blocks in which texture is measured, pixels, and how many of its rows and
columns are looked at: edges cover less than half of such a block, texture more."""
LENT = 1.5
"""Factor on what a branch may owe to a stronger one beside it: 1 is the law for a straight edge,
one half more its error."""
ANGLE, Z, RADIUS, LONGEST = range(4)
"""Columns of a branch: direction; strength in standard deviations; radius at which it is enough;
radius to which it goes on."""


def gradient_field(image: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gradient (H + 2 PAD, W + 2 PAD, 2) of the image (H, W) at `sigma`, 0 in the margin.

    And 0 near the border, where the mirrored image would make noise look like structure.
    """
    height, width = image.shape
    field = np.zeros((height + 2 * PAD, width + 2 * PAD, 2), np.float32)
    border = math.ceil(1.5 * sigma)
    if min(height, width) > 2 * border:
        smooth = cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
        _differences(smooth, border, field)
    return field


@njit(cache=True, nogil=True)  # fmt: skip
def _differences(smooth, border, field):  # type: ignore[no-untyped-def]
    """Central differences of (H, W) into the padded field, but for a border."""
    for i in range(border, smooth.shape[0] - border):
        for j in range(border, smooth.shape[1] - border):
            down = smooth[i + 1, j] - smooth[i - 1, j]
            right = smooth[i, j + 1] - smooth[i, j - 1]
            field[i + PAD, j + PAD, 0] = np.float32(0.5) * down
            field[i + PAD, j + PAD, 1] = np.float32(0.5) * right


def difference_std(noise: Noise, sigma: float) -> float:
    r"""Standard deviation of the noise's central differences at `sigma`.

    .. math:: \sigma_u \sqrt{(1 - e^{-1/t^2}) / 2}

    for levels of standard deviation :math:`\sigma_u` correlated by :math:`e^{-d^2/4t^2}`: a little
    less than that of the derivative.
    """
    t = noise.total_blur(sigma)
    return noise.level_std(sigma) * math.sqrt(-math.expm1(-1 / t**2) / 2)


def ray_std(total_blur: float) -> NDArray[np.float64]:
    r"""Standard deviation of a ray's strength (n,) by its number of samples, a pixel apart.

    .. math:: \sigma_g \Bigl(n + 2 \sum_{d=1}^{n-1} (n - d)\, e^{-d^2 / 4 t^2}\Bigr)^{1/2}

    since the gradient's component across a line, at distance d along it, is correlated by that
    exponential for noise of total blur t.

    Examples
    --------
    >>> ray_std(0.01)[[1, 4, 9]].tolist()
    [1.0, 2.0, 3.0]
    """
    n = np.arange(N_SAMPLES + 1)
    rho = np.exp(-(n**2) / (4 * total_blur**2))
    lags = np.maximum(n[:, None] - n[None, 1:], 0) * rho[None, 1:]
    std = np.sqrt(n + 2 * lags.sum(axis=1))
    std[0] = 1.0  # a ray without samples: never asked for, never divided by zero
    return np.asarray(std, np.float64)


@njit(cache=True, nogil=True)  # fmt: skip
def ground(field, gradient_std):  # type: ignore[no-untyped-def]
    """Standard deviation of the gradient's components without the edges, by equal blocks.

    That of the noise, or of the texture where that is more: from the median norm of the block,
    which for Gaussian components of standard deviation s is s sqrt(2 log 2).
    """
    rows, columns = _looked_at(field.shape[0] - 2 * PAD), _looked_at(field.shape[1] - 2 * PAD)
    out = np.empty((len(rows) // N_LOOKS, len(columns) // N_LOOKS))
    norms = np.empty(N_LOOKS**2)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            n = 0
            for r in rows[i * N_LOOKS : (i + 1) * N_LOOKS]:
                for c in columns[j * N_LOOKS : (j + 1) * N_LOOKS]:
                    at = field[PAD + r, PAD + c]
                    norms[n] = at[0] * at[0] + at[1] * at[1]
                    n += 1
            middle = np.partition(norms, n // 2)[n // 2]
            out[i, j] = max(gradient_std, math.sqrt(middle / (2 * math.log(2))))
    return out


@njit(cache=True, nogil=True)  # fmt: skip
def _looked_at(n):  # type: ignore[no-untyped-def]
    """Which of n rows or columns are looked at, the same from either end; N_LOOKS of each block."""
    n_looks = max(n // BLOCK, 1) * N_LOOKS
    at = np.empty(n_looks, np.int64)
    for k in range(n_looks // 2):
        at[k] = k * n // n_looks
        at[n_looks - 1 - k] = n - 1 - at[k]
    return at


@njit(cache=True, nogil=True)  # fmt: skip
def ground_at(blocks, size, row, column):  # type: ignore[no-untyped-def]
    """The value of `ground` at a point of an image of this size."""
    i = min(int((row + 0.5) * blocks.shape[0] / size[0]), blocks.shape[0] - 1)
    j = min(int((column + 0.5) * blocks.shape[1] / size[1]), blocks.shape[1] - 1)
    return blocks[i, j]


@njit(cache=True, nogil=True)  # fmt: skip
def component(field, row, column, along_row, along_column):  # type: ignore[no-untyped-def]
    """Component of the padded field along a unit vector at a point of the image, bilinear."""
    r = row + PAD
    c = column + PAD
    i = int(r)
    j = int(c)
    a = r - i
    b = c - j
    up = (1 - b) * (field[i, j, 0] * along_row + field[i, j, 1] * along_column) + b * (
        field[i, j + 1, 0] * along_row + field[i, j + 1, 1] * along_column
    )
    down = (1 - b) * (field[i + 1, j, 0] * along_row + field[i + 1, j, 1] * along_column) + b * (
        field[i + 1, j + 1, 0] * along_row + field[i + 1, j + 1, 1] * along_column
    )
    return (1 - a) * up + a * down


@njit(cache=True, nogil=True)  # fmt: skip
def _is_even(sums, n):  # type: ignore[no-untyped-def]
    """Whether every third of n samples has its share of their sum, from their running sums."""
    first = n // 3
    second = 2 * n // 3
    total = sums[n]
    least = EVEN * abs(total) / n
    sign = 1.0 if total > 0 else -1.0
    return (
        sign * sums[first] >= least * first
        and sign * (sums[second] - sums[first]) >= least * (second - first)
        and sign * (total - sums[second]) >= least * (n - second)
    )


@njit(cache=True, nogil=True)  # fmt: skip
def _grade(across, along, n_samples, std, branch):  # type: ignore[no-untyped-def]
    """Strength and radii of one ray from running sums across and along it, into `branch`."""
    branch[Z] = 0.0
    branch[RADIUS] = RADII[0]
    branch[LONGEST] = RADII[0]
    for tier in range(len(RADII)):
        n = RADII[tier] - NEAR + 1
        if n > n_samples:
            break
        z = abs(across[n]) / std[n]
        if z > branch[Z] and abs(along[n]) < ALONG * abs(across[n]) and _is_even(across, n):
            if branch[Z] < ENOUGH_Z or branch[RADIUS] < ENOUGH_RADIUS:
                branch[RADIUS] = RADII[tier]
            branch[Z] = z
            branch[LONGEST] = RADII[tier]


@njit(cache=True, nogil=True)  # fmt: skip
def measure(field, row, column, angle, std, across, along, branch):  # type: ignore[no-untyped-def]
    """The branch along one ray, sampled between pixels."""
    dr = math.sin(angle)
    dc = math.cos(angle)
    for s in range(N_SAMPLES):
        r = row + (s + NEAR) * dr
        c = column + (s + NEAR) * dc
        across[s + 1] = across[s] + component(field, r, c, dc, -dr)
        along[s + 1] = along[s] + component(field, r, c, dr, dc)
    branch[ANGLE] = angle
    _grade(across, along, N_SAMPLES, std, branch)


@njit(cache=True, nogil=True)  # fmt: skip
def look(field, row, column, steps, min_z, std, across, along, around, branches):  # type: ignore[no-untyped-def]
    """Branches around a point, at whole pixels, strongest first; their number.

    A direction is a branch if it is stronger than its neighbours and no stronger one is near.
    """
    i0 = round(row) + PAD
    j0 = round(column) + PAD
    first_look = RADII[0] - NEAR + 1
    for k in range(N_DIRECTIONS):
        angle = 2 * math.pi * k / N_DIRECTIONS
        dr = math.sin(angle)
        dc = math.cos(angle)
        n = first_look
        s = 0
        while s < n:
            at = field[i0 + steps[k, s, 0], j0 + steps[k, s, 1]]
            across[s + 1] = across[s] + dc * at[0] - dr * at[1]
            along[s + 1] = along[s] + dr * at[0] + dc * at[1]
            s += 1
            if s == first_look and abs(across[s]) > 0.5 * min_z * std[s]:
                n = N_SAMPLES
        around[k, ANGLE] = angle
        _grade(across, along, n, std, around[k])
    return _peaks(around, min_z, branches)


@njit(cache=True, nogil=True)  # fmt: skip
def _peaks(around, min_z, branches):  # type: ignore[no-untyped-def]
    """Strongest directions, MIN_TURN apart, into `branches`; their number."""
    n = len(around)
    apart = int(MIN_TURN / (2 * math.pi) * n)
    taken = np.zeros(n, np.bool_)
    found = 0
    while found < MAX_BRANCHES:
        best = -1
        for k in range(n):
            z = around[k, Z]
            if not taken[k] and z >= min_z and (best < 0 or z > around[best, Z]):
                best = k
        if best < 0:
            break
        z = around[best, Z]
        taken[best] = True
        if z >= around[best - 1, Z] and z >= around[(best + 1) % n, Z]:
            for d in range(-apart, apart + 1):
                taken[(best + d) % n] = True
            branches[found] = around[best]
            found += 1
    return found


def steps_around() -> NDArray[np.int64]:
    """(N_DIRECTIONS, samples, 2): nearest whole pixels of the rays around a pixel.

    Each quarter is the one before, turned; halves, of which 30 degrees have many, are rounded up
    in the first.
    """
    angle = 2 * np.pi * np.arange(N_DIRECTIONS // 4)[:, None] / N_DIRECTIONS
    reach = np.arange(NEAR, RADII[-1] + 1)
    down, right = (np.rint(reach * f(angle) + 1e-9).astype(np.int64) for f in (np.sin, np.cos))
    quarters = (down, right), (right, -down), (-down, -right), (-right, down)
    return np.concatenate([np.stack(steps, axis=2) for steps in quarters])


@njit(cache=True, nogil=True)  # fmt: skip
def turn(a, b):  # type: ignore[no-untyped-def]
    """Angle between two directions, in [0, pi]."""
    return abs((a - b + math.pi) % (2 * math.pi) - math.pi)


@njit(cache=True, nogil=True)  # fmt: skip
def own(branches, n, std, spread, min_z):  # type: ignore[no-untyped-def]
    """Keep, in place, branches that are strong without what others lend them; their number.

    An edge of gradient a, at angle phi, gives the ray a cos(phi) exp(-(s sin(phi))^2 / 2 w^2) at
    distance s, where w is the spread of the gradient across an edge.
    """
    mean = np.empty(n)
    for k in range(n):
        count = int(branches[k, RADIUS]) - NEAR + 1
        mean[k] = branches[k, Z] * std[count] / count
    strong = np.zeros(n, np.bool_)
    for k in range(n):
        radius = int(branches[k, RADIUS])
        lent = 0.0
        for m in range(n):
            angle = turn(branches[k, ANGLE], branches[m, ANGLE])
            if m != k and angle < 0.5 * math.pi and mean[m] >= mean[k]:
                # the sum over s = NEAR ... radius, as an integral
                slope = math.sin(angle) / (spread * math.sqrt(2))
                far = math.erf((radius + 0.5) * slope) - math.erf((NEAR - 0.5) * slope)
                lent += mean[m] * math.cos(angle) * 0.5 * math.sqrt(math.pi) * far / slope
        strong[k] = branches[k, Z] - LENT * lent / std[radius - NEAR + 1] >= min_z
    kept = 0
    for k in range(n):
        if strong[k]:
            branches[kept] = branches[k]
            kept += 1
    return kept
