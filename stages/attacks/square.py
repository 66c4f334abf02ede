"""The Square attack in the maximum norm, as the Adversarial Robustness Toolbox has it."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.attacks.victim import Attacked, Images, Victim, margins

FIRST_SHARE = 0.8
"""Share of the picture that the first squares cover, as in the paper for digits."""


def square_linf(
    victim: Victim,
    images: Images,
    labels: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    eps: float,
    queries: int,
) -> Attacked:
    """Square attack [1]_ in the maximum norm: squares of pixels go up or down by the whole budget.

    Parameters
    ----------
    eps : float
        Most that a pixel changes by, share of full scale.
    queries : int
        Times that the victim is asked about an image, at most; at least 3.

    Raises
    ------
    ModuleNotFoundError
        Without the extra `attack`.

    References
    ----------
    .. [1] M. Andriushchenko, F. Croce, N. Flammarion, M. Hein, "Square attack: a query-efficient
           black-box adversarial attack via random search", ECCV 2020, algorithm 2.
    """
    if queries < 3:
        raise ValueError(f"queries: expected at least 3, got {queries}")
    try:
        from art.attacks.evasion import SquareAttack
        from art.estimators.classification import BlackBoxClassifierNeuralNetwork
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "square_linf needs the extra `attack`: pip install 'perceptgraph[attack]'"
        ) from error
    asked = Asked(victim, images, labels)
    estimator = BlackBoxClassifierNeuralNetwork(
        asked,
        input_shape=(1, *images.shape[1:]),
        nb_classes=asked.n_classes,
        channels_first=True,
        clip_values=(0.0, 1.0),
    )
    attack = SquareAttack(
        estimator,
        norm="inf",
        max_iter=queries - 2,  # after the images as they are, and stripes
        eps=eps,
        p_init=FIRST_SHARE,
        batch_size=len(images),
        verbose=False,
    )
    with _seeded(rng):
        last = attack.generate(images[:, None], np.eye(asked.n_classes)[labels])[:, 0]
    right = margins(asked(last[:, None]), labels) > 0
    return Attacked(np.asarray(last, np.float32), right, asked.queries)


class Asked:
    """The answers of a victim in the toolbox's form, counted.

    The toolbox asks three times about the same pictures at each step: once about all, twice about
    those that still get their label. The victim is asked about a picture once only.
    """

    def __init__(self, victim: Victim, images: Images, labels: NDArray[np.int64]) -> None:
        self.victim, self.labels = victim, labels
        self.queries = np.zeros(len(images), np.int64)
        self.which = np.arange(len(images))
        self._answers: dict[bytes, NDArray[np.float32]] = {}
        self.n_classes = self(images[:, None]).shape[1]

    def __call__(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        """Scores (M, C) of pictures (M, 1, H, W) of all images, or of those that still stand."""
        is_all = len(pictures) == len(self.labels)
        which = np.arange(len(self.labels)) if is_all else self.which
        keys = [picture.tobytes() for picture in pictures]
        new = np.array([i for i, key in enumerate(keys) if key not in self._answers], np.int64)
        if len(new):
            answers = self.victim.scores(pictures[new, 0])
            self.queries[which[new]] += 1
            self._answers |= {keys[i]: scores for i, scores in zip(new, answers, strict=True)}
        # What was asked last stands last; what is older than three calls is not asked again.
        for key in keys:
            self._answers[key] = self._answers.pop(key)
        for old in list(self._answers)[: -4 * len(self.labels)]:
            del self._answers[old]
        scores = np.stack([self._answers[key] for key in keys])
        if is_all:
            self.which = np.flatnonzero(margins(scores, self.labels) > 0)
        return scores


@contextmanager
def _seeded(rng: np.random.Generator) -> Iterator[None]:
    """The global generators, which the toolbox draws from, as a function of `rng`; put back."""
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002
    seed = int(rng.integers(2**32))
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002
        random.setstate(python_state)
