"""The door to OpenCV: the same arrays from OpenCV 4 and 5."""

import numpy as np
import pytest

from perceptgraph.stages.detectors.opencv import rows, top_hat


@pytest.mark.parametrize("shape", [(3, 1, 4), (3, 4)])
def test_results_of_both_major_versions_have_one_shape(shape: tuple[int, ...]) -> None:
    assert rows(np.zeros(shape), 4).shape == (3, 4)


def test_nothing_is_an_empty_array() -> None:
    assert rows(None, 4).shape == (0, 4)


def test_top_hat_keeps_what_the_disc_does_not_fit_into() -> None:
    image = np.zeros((40, 40), np.float32)
    image[5:8] = image[15:35] = 1

    rise = top_hat(image, 9)

    assert (rise[5:8] == 1).all()
    assert (rise[18:32] == 0).all()
    assert (rise[image == 0] == 0).all()
