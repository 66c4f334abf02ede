"""Gabor cells: their filters, what they answer to, and their noise."""

import numpy as np
import pytest
import torch
from torch import Tensor

from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.v1_cnn import CELLS, V1CNN, gabor_pairs


def a_net(noise: float = 0.0, **keywords: object) -> V1CNN:
    torch.manual_seed(0)
    given = {
        "side": 32,
        "view": "raw",
        "orientations": 4,
        "wavelengths": [6.0],
        "dropout": 0.0,
        **keywords,
    }
    return V1CNN(("a", "b"), noise=noise, **given)


def grating(angle: float, phase: float = 0.0, wavelength: float = 6.0) -> Tensor:
    """Stripes (1, 1, 32, 32) along `angle`, from the +column axis towards +row."""
    row, column = np.mgrid[:32, :32] - 15.5
    across = column * np.sin(angle) - row * np.cos(angle)
    wave = np.cos(2 * np.pi * across / wavelength + phase)
    return torch.from_numpy(wave.astype(np.float32))[None, None]


def in_the_middle(cells: Tensor) -> Tensor:
    """Cells (CELLS, orientations) at the place nearest to the middle."""
    return cells[0, :, 8, 8].view(CELLS, -1)


def test_filters_have_mean_0_and_norm_1() -> None:
    bank = gabor_pairs(5, [4.0, 7.0])

    assert bank.shape[:3] == (2, 10, 1)
    torch.testing.assert_close(bank.sum((-1, -2)), torch.zeros(2, 10, 1), rtol=0, atol=1e-5)
    torch.testing.assert_close(bank.square().sum((-1, -2)), torch.ones(2, 10, 1))


def test_even_filters_are_even_and_odd_ones_odd() -> None:
    even, odd = gabor_pairs(3, [5.0])

    torch.testing.assert_close(even, even.flip(-1, -2))
    torch.testing.assert_close(odd, -odd.flip(-1, -2))


def test_even_ground_gives_nothing() -> None:
    cells = a_net().cells(torch.full((1, 1, 32, 32), 0.7))

    assert cells.max() < 1e-4


@pytest.mark.parametrize("number", range(4))
def test_cells_prefer_their_orientation(number: int) -> None:
    cells = in_the_middle(a_net().cells(grating(number * np.pi / 4)))

    assert cells[-1].argmax() == number


def test_complex_cells_do_not_see_the_phase_and_simple_ones_do() -> None:
    net = a_net()
    phases = np.linspace(0, 2 * np.pi, 12, endpoint=False)

    cells = torch.stack([in_the_middle(net.cells(grating(0.0, phase)))[:, 0] for phase in phases])

    simple, energy = cells[:, :-1], cells[:, -1]
    assert energy.std() < 0.05 * energy.mean()
    assert (simple.std(0) > 0.5 * simple.mean(0)).all()


def test_noise_is_there_while_it_learns_and_only_then() -> None:
    net = a_net(noise=0.5)
    batch = PixelBatch(grating(0.3), torch.zeros(1, dtype=torch.int64))

    net.train()
    assert not torch.equal(net.logits(batch), net.logits(batch))
    torch.manual_seed(1)
    once = net.logits(batch)
    torch.manual_seed(1)
    assert torch.equal(net.logits(batch), once)

    net.eval()
    assert torch.equal(net.logits(batch), net.logits(batch))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"view": "askew"}, "view: expected"),
        ({"side": 15}, "side: expected at least 16 pixels, got 15"),
        ({"orientations": 0}, "expected orientations >= 1"),
        ({"wavelengths": [4.0, 1.0]}, "wavelengths of at least 2 pixels"),
        ({"wavelengths": []}, "wavelengths of at least 2 pixels"),
        ({"noise": -0.1}, "noise: expected at least 0"),
    ],
)
def test_what_cannot_be_is_named(keywords: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_net(**keywords)
