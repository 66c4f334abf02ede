import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import BSpline
from strategies import generators

from perceptgraph.graphs.image_maps import MOST_STRAIN, affine_map, elastic_map


def some_points(rng: np.random.Generator, n: int = 6) -> np.ndarray:
    return rng.uniform(0, 20, (n, 5, 2))


def an_elastic_map(rng: np.random.Generator, size: float):
    control = rng.normal(0, size, (2, 8, 7, 2))
    return elastic_map(control, np.array([[-18.0, -18.0], [-20.0, -19.0]]), 6.0), control


@given(rng=generators(), size=st.floats(0, 3), kind=st.sampled_from(["affine", "elastic"]))
def test_the_jacobian_is_the_slope_of_the_map(rng, size, kind) -> None:
    image_map = (
        an_elastic_map(rng, size)[0]
        if kind == "elastic"
        else affine_map(rng.normal(0, 1, (2, 2, 2)), rng.normal(0, 5, (2, 2)))
    )
    points, image = some_points(rng), np.array([0, 1, 0, 1, 1, 0])
    h = 1e-5

    there, jacobian = image_map(points, image)

    # The points themselves decide by how much an elastic map is made smaller: all go together.
    steps = np.array([[0, 0], [h, 0], [-h, 0], [0, h], [0, -h]])
    around = (points[:, :, None] + steps).reshape(6, 25, 2)
    moved = image_map(around, image)[0].reshape(6, 5, 5, 2)
    np.testing.assert_allclose(there, moved[:, :, 0], atol=1e-4)
    slope = np.stack([moved[:, :, 1] - moved[:, :, 2], moved[:, :, 3] - moved[:, :, 4]], -1)
    np.testing.assert_allclose(jacobian, slope / (2 * h), atol=2e-4)


@given(rng=generators())
def test_an_elastic_map_is_the_spline_of_its_controls(rng) -> None:
    image_map, control = an_elastic_map(rng, 0.2)
    points = some_points(rng)

    there, _ = image_map(points, np.zeros(6, int))

    weights = [
        np.stack(
            [
                BSpline.basis_element(np.arange(k, k + 5), extrapolate=False)(
                    (points[..., axis] + 18) / 6
                )
                for k in range(control.shape[1 + axis])
            ],
            axis=-1,
        )
        for axis in (0, 1)
    ]
    moved = np.einsum("npk,npm,kma->npa", *map(np.nan_to_num, weights), control[0])
    np.testing.assert_allclose(there - points, moved, atol=1e-9)


def test_controls_that_agree_shift_the_picture_and_points_outside_follow() -> None:
    control = np.broadcast_to([1.0, -2.0], (1, 4, 4, 2)).copy()
    points = np.array([[[0.0, 0.0], [100.0, -100.0]]])

    there, jacobian = elastic_map(control, np.array([[-9.0, -9.0]]), 3.0)(points, np.array([0]))

    np.testing.assert_allclose(there - points, [[(1, -2), (1, -2)]])
    np.testing.assert_allclose(jacobian, np.broadcast_to(np.eye(2), (1, 2, 2, 2)), atol=1e-12)


@given(rng=generators(), size=st.floats(0, 100))
def test_nothing_folds_however_large_the_displacements(rng, size) -> None:
    image_map, _ = an_elastic_map(rng, size)

    _, jacobian = image_map(some_points(rng), np.array([0, 1, 0, 1, 1, 0]))

    strain = np.sqrt(((jacobian - np.eye(2)) ** 2).sum(axis=(2, 3)))
    assert strain.max() <= MOST_STRAIN + 1e-9
    assert (np.linalg.det(jacobian) > 0).all()


def test_small_grids_and_spacings_are_refused() -> None:
    with pytest.raises(ValueError, match=r"4 x 4 at least, got \(3, 4\)"):
        elastic_map(np.zeros((1, 3, 4, 2)), np.zeros((1, 2)), 1.0)
    with pytest.raises(ValueError, match="spacing must be positive, got 0"):
        elastic_map(np.zeros((1, 4, 4, 2)), np.zeros((1, 2)), 0.0)
