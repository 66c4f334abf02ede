"""Smooth maps of the plane, one for each image, with their Jacobians: affine and elastic."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.graphs.push_forward import Floats, ImageMap
from perceptgraph.stores.compiled import njit

MOST_STRAIN = 0.8  # of an elastic map: below 1 it folds nothing, and nothing shrinks to a fifth


def affine_map(linear: Floats, shift: Floats) -> ImageMap:
    r"""Maps :math:`x \mapsto A_g x + b_g`.

    Parameters
    ----------
    linear : (G, 2, 2) float64
        A of each image, for columns (row, column); not singular.
    shift : (G, 2) float64
        b of each image, in pixels.

    Examples
    --------
    >>> quarter = affine_map(np.array([[[0.0, 1.0], [-1.0, 0.0]]]), np.zeros((1, 2)))
    >>> there, _ = quarter(np.array([[[3.0, 4.0]]]), np.array([0]))
    >>> there.tolist()
    [[[4.0, -3.0]]]
    """

    def image_map(points: Floats, image: NDArray[np.int64]) -> tuple[Floats, Floats]:
        return _linear(points, image, linear, shift)

    return image_map


def elastic_map(control: Floats, corner: Floats, spacing: float) -> ImageMap:
    r"""Maps :math:`x \mapsto x + u_g(x)`, u a uniform cubic B-spline.

    .. math:: u(x) = \sum_{k, l} c_{kl} \, B(r / h - k) \, B(s / h - l), \quad
        (r, s) = x - \text{corner}

    with B the cubic B-spline on [0, 4]. Where the strain (Frobenius norm of the gradient of u) at
    one of the points of an image passes 0.8, u is made smaller for the whole image, so that
    nothing folds.

    Parameters
    ----------
    control : (G, R, C, 2) float64
        Displacements c, (row, column), in pixels; at least 4 x 4 of them.
    corner : (G, 2) float64
        Where the support of the first one begins, in pixels. Points outside of the grid move like
        the next point of it.
    spacing : float
        Grid step h, in pixels.

    References
    ----------
    .. [1] D. Rueckert et al., "Nonrigid registration using free-form deformations", IEEE
           Transactions on Medical Imaging 18(8), 1999.
    """
    if min(control.shape[1:3]) < 4:
        raise ValueError(f"control must be 4 x 4 at least, got {control.shape[1:3]}")
    if not spacing > 0:
        raise ValueError(f"spacing must be positive, got {spacing}")

    def image_map(points: Floats, image: NDArray[np.int64]) -> tuple[Floats, Floats]:
        return _displaced(points, image, control, corner, spacing)

    return image_map


@njit(cache=True, nogil=True)
def _linear(
    points: Floats, image: NDArray[np.int64], linear: Floats, shift: Floats
) -> tuple[Floats, Floats]:
    """Points (N, P, 2) and Jacobians (N, P, 2, 2) after the affine maps."""
    n, n_points = points.shape[:2]
    moved, jacobian = np.empty((n, n_points, 2)), np.empty((n, n_points, 2, 2))
    for i in range(n):
        g = image[i]
        for p in range(n_points):
            row, column = points[i, p, 0], points[i, p, 1]
            for a in range(2):
                moved[i, p, a] = linear[g, a, 0] * row + linear[g, a, 1] * column + shift[g, a]
                jacobian[i, p, a, 0], jacobian[i, p, a, 1] = linear[g, a, 0], linear[g, a, 1]
    return moved, jacobian


@njit(cache=True, nogil=True)
def _displaced(
    points: Floats, image: NDArray[np.int64], control: Floats, corner: Floats, spacing: float
) -> tuple[Floats, Floats]:
    """Points (N, P, 2) and Jacobians (N, P, 2, 2) after the elastic maps."""
    n, n_points = points.shape[:2]
    moved, jacobian = np.empty((n, n_points, 2)), np.empty((n, n_points, 2, 2))
    strain, basis = np.zeros(len(control)), np.empty((2, 2, 4))
    for i in range(n):
        g, most = image[i], 0.0
        for p in range(n_points):
            row = (points[i, p, 0] - corner[g, 0]) / spacing
            column = (points[i, p, 1] - corner[g, 1]) / spacing
            most = max(most, _spline(row, column, control, g, basis, moved, jacobian, i, p))
        strain[g] = max(strain[g], np.sqrt(most) / spacing)
    for i in range(n):
        share = MOST_STRAIN / max(strain[image[i]], MOST_STRAIN)
        for p in range(n_points):
            for a in range(2):
                moved[i, p, a] = points[i, p, a] + share * moved[i, p, a]
                for b in range(2):
                    one = 1.0 if a == b else 0.0
                    jacobian[i, p, a, b] = one + share / spacing * jacobian[i, p, a, b]
    return moved, jacobian


@njit(cache=True, nogil=True)
def _spline(
    row: float,
    column: float,
    control: Floats,
    g: int,
    basis: Floats,
    value: Floats,
    gradient: Floats,
    i: int,
    p: int,
) -> float:
    """Displacement by the controls of image g at a place in grid steps, and its gradient by these.

    They go into `value` and `gradient` at [i, p]; the sum of the gradient's squares is returned.
    `basis` (axis, weight or slope, 4) is overwritten.
    """
    r, c = _cell(row, control.shape[1], basis, 0), _cell(column, control.shape[2], basis, 1)
    squares = 0.0
    for a in range(2):
        moved, by_row, by_column = 0.0, 0.0, 0.0
        for k in range(4):
            along, change = 0.0, 0.0
            for m in range(4):
                along += basis[1, 0, m] * control[g, r + k, c + m, a]
                change += basis[1, 1, m] * control[g, r + k, c + m, a]
            moved += basis[0, 0, k] * along
            by_row += basis[0, 1, k] * along
            by_column += basis[0, 0, k] * change
        value[i, p, a] = moved
        gradient[i, p, a, 0], gradient[i, p, a, 1] = by_row, by_column
        squares += by_row * by_row + by_column * by_column
    return squares


@njit(cache=True, nogil=True)
def _cell(place: float, n_controls: int, basis: Floats, axis: int) -> int:
    """First of the four controls that act at a place; their weights and slopes into `basis`."""
    inside = min(max(place, 3.0), float(n_controls))
    cell = min(int(inside), n_controls - 1)
    t = inside - cell
    s = 1 - t
    basis[axis, 0, 0], basis[axis, 0, 3] = s * s * s / 6, t * t * t / 6
    basis[axis, 0, 1] = (4 - 6 * t * t + 3 * t * t * t) / 6
    basis[axis, 0, 2] = (4 - 6 * s * s + 3 * s * s * s) / 6
    within = 1.0 if inside == place else 0.0
    basis[axis, 1, 0], basis[axis, 1, 3] = -within * s * s / 2, within * t * t / 2
    basis[axis, 1, 1] = within * (3 * t - 4) * t / 2
    basis[axis, 1, 2] = within * (4 - 3 * s) * s / 2
    return cell - 3
