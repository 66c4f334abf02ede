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
        there = points @ linear.transpose(0, 2, 1)[image] + shift[image, None]
        jacobian = np.broadcast_to(linear[image, None], (*points.shape, 2))
        return there, jacobian

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
def _displaced(
    points: Floats, image: NDArray[np.int64], control: Floats, corner: Floats, spacing: float
) -> tuple[Floats, Floats]:
    """Points (N, P, 2) and Jacobians (N, P, 2, 2) after the elastic maps."""
    n, n_points = points.shape[:2]
    moved, jacobian = np.empty((n, n_points, 2)), np.empty((n, n_points, 2, 2))
    strain, basis = np.zeros(len(control)), np.empty((2, 2, 4))
    for i in range(n):
        g = image[i]
        for p in range(n_points):
            u, gradient = moved[i, p], jacobian[i, p]
            _spline(points[i, p], control[g], corner[g], spacing, basis, u, gradient)
            strained = gradient[0, 0] ** 2 + gradient[0, 1] ** 2
            strained += gradient[1, 0] ** 2 + gradient[1, 1] ** 2
            strain[g] = max(strain[g], np.sqrt(strained))
    for i in range(n):
        share = MOST_STRAIN / max(strain[image[i]], MOST_STRAIN)
        for p in range(n_points):
            for a in range(2):
                moved[i, p, a] = points[i, p, a] + share * moved[i, p, a]
                for b in range(2):
                    jacobian[i, p, a, b] = share * jacobian[i, p, a, b] + (1.0 if a == b else 0.0)
    return moved, jacobian


@njit(cache=True, nogil=True)
def _spline(
    point: Floats,
    control: Floats,
    corner: Floats,
    spacing: float,
    basis: Floats,
    value: Floats,
    gradient: Floats,
) -> None:
    """Displacement (2,) and its gradient (2, 2) at a point, into the last two arguments.

    `basis` (axis, weight or slope, 4) is overwritten.
    """
    cell_row = _cell(point[0], corner[0], spacing, control.shape[0], basis[0])
    cell_column = _cell(point[1], corner[1], spacing, control.shape[1], basis[1])
    value[:], gradient[:] = 0.0, 0.0
    for k in range(4):
        for m in range(4):
            both = basis[0, 0, k] * basis[1, 0, m]
            by_row = basis[0, 1, k] * basis[1, 0, m] / spacing
            by_column = basis[0, 0, k] * basis[1, 1, m] / spacing
            for a in range(2):
                c = control[cell_row + k, cell_column + m, a]
                value[a] += both * c
                gradient[a, 0] += by_row * c
                gradient[a, 1] += by_column * c


@njit(cache=True, nogil=True)
def _cell(place: float, corner: float, spacing: float, n_controls: int, basis: Floats) -> int:
    """First of the four controls that act at a place; their weights and slopes into `basis`."""
    step = (place - corner) / spacing
    inside = min(max(step, 3.0), float(n_controls))
    cell = min(int(inside), n_controls - 1)
    _basis(inside - cell, basis[0], basis[1])
    if inside != step:
        basis[1] = 0.0
    return cell - 3


@njit(cache=True, nogil=True)
def _basis(t: float, weight: Floats, slope: Floats) -> None:
    """The four cubic B-splines that are not 0 at t in [0, 1] of a cell, and their slopes."""
    s = 1 - t
    weight[0], weight[3] = s * s * s / 6, t * t * t / 6
    weight[1], weight[2] = (4 - 6 * t * t + 3 * t**3) / 6, (4 - 6 * s * s + 3 * s**3) / 6
    slope[0], slope[3] = -s * s / 2, t * t / 2
    slope[1], slope[2] = (9 * t * t - 12 * t) / 6, (12 * s - 9 * s * s) / 6
