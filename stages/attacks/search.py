"""Attacks that only ask for scores: random changes, of which those that help are kept."""

import numpy as np
from numpy.typing import NDArray

from perceptgraph.stages.attacks.victim import Attacked, Images, Victim, margins


class Standing:
    """The images of an attack, which of them still stand, and what was asked about each.

    An image that is beaten is asked about no more.
    """

    def __init__(self, victim: Victim, images: Images, labels: NDArray[np.int64]) -> None:
        self.victim, self.labels = victim, labels
        self.images = images.copy()
        self.margin = margins(victim.scores(images), labels)
        self.queries = np.ones(len(images), np.int64)

    @property
    def which(self) -> NDArray[np.int64]:
        """Images that still get their label."""
        return np.flatnonzero(self.margin > 0)

    def try_out(self, which: NDArray[np.int64], tried: Images) -> NDArray[np.bool_]:
        """Ask about other pictures of images `which`; those with a lower margin are kept.

        Returns which of them are.
        """
        found = margins(self.victim.scores(tried), self.labels[which])
        self.queries[which] += 1
        is_better = found < self.margin[which]
        self.margin[which[is_better]] = found[is_better]
        self.images[which[is_better]] = tried[is_better]
        return is_better

    def outcome(self) -> Attacked:
        """What came of it."""
        return Attacked(self.images, self.margin > 0, self.queries)
