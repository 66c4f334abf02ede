"""Fisher vectors of own-frame relational contexts: a picture as statistics of what is near what."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from perceptgraph.graphs.frames import ATTRIBUTES, NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.classifier import ClosedForm, Drawn, Samples, learned
from perceptgraph.graphs.models.contexts import context_width, contexts, mirrored
from perceptgraph.graphs.models.features import check_kinds
from perceptgraph.graphs.models.gaussians import (
    Mixture,
    fisher_vectors,
    fitted,
    fitting_macs,
    powered,
)
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.support_vectors import best_cost, support, targets

CONTRAST, LENGTH = (list(ATTRIBUTES).index(name) for name in ("contrast", "length"))
SAMPLE = 40_000
"""Nodes, of all training pictures, from which components and Gaussians are learned."""
CHUNK = 16
"""Graphs gathered at a time."""
FAINT = 0.02
"""Contrast at which the weight of a neighbour turns from linear to logarithmic."""
NO_CONTRAST, NO_LENGTH = 1e-3, 1e-1
"""Added before a logarithm is taken: share of full scale, pixels."""
LONGEST = 1e6
MIRRORED = (1.0, -1.0, -1.0, 1.0, -1.0, 1.0, 1.0, 1.0)
"""Signs of what a node tells of itself, in a mirrored picture."""


class Fisher(GraphModel, ClosedForm):
    r"""A linear classifier of Fisher vectors of nodes and their own-frame contexts.

    A node is described by where it is in the box around all nodes, its direction, contrast and
    length, and by the principal components of its contexts (`contexts.contexts`), one for each
    radius: what its neighbours look like from its own frame. Descriptors of a picture become a
    Fisher vector (`gaussians.fisher_vectors`), one of all nodes and one of each of some horizontal
    strips, with signed square roots and unit length [1]_. Each node is described a second time as
    it is in the mirrored picture, so the mirrored picture has the same vector. Components and
    Gaussians are learned from the training pictures without labels, the classifier with them
    (`support_vectors`). It reads no relation of the graph: all that are nearer than a radius are
    neighbours.

    Parameters
    ----------
    kinds : sequence of str
        Kinds of nodes that are described and that are neighbours: names of NODE_KINDS.
    nodes : int
        Described in a picture at most, evenly from the faintest to the strongest; all are
        neighbours.
    radii : sequence of float
        Of the contexts, pixels; without any, nodes are described without their relations.
    rings, sectors, harmonics : int
        Of a context; an even number of sectors, so that they can be mirrored.
    components : int
        Principal components kept of a context.
    gaussians : int
        Of the mixture.
    strips : int
        Horizontal strips of that box, of equal height; 0 for the whole picture alone.
    costs : sequence of float
        Costs of the classifier, of which the best in cross-validation within the training pictures
        is taken.
    dealt : bool
        Each node has the context of some node of its picture, dealt at random: the control that
        keeps what patterns there are and takes away which node has which. The deal is a function
        of the number of nodes alone, so that a picture always gets the same answer.

    References
    ----------
    .. [1] J. Sanchez, F. Perronnin, T. Mensink, J. Verbeek, "Image classification with the Fisher
           vector: theory and practice", International Journal of Computer Vision 105(3), 2013.
    """

    columns: Tensor
    signs: Tensor
    own_signs: Tensor

    def __init__(
        self,
        schema: GraphSchema,
        *,
        kinds: Sequence[str],
        nodes: int,
        radii: Sequence[float],
        rings: int,
        sectors: int,
        harmonics: int,
        components: int,
        gaussians: int,
        strips: int,
        costs: Sequence[float],
        dealt: bool,
    ) -> None:
        super().__init__()
        if sectors % 2:
            raise ValueError(f"sectors: expected an even number, to be mirrored, got {sectors}")
        if not (all(radius > 0 for radius in radii) and costs and min(costs) > 0):
            raise ValueError(f"expected positive radii and costs, got {radii} and {costs}")
        shape = {"rings": rings, "sectors": sectors, "harmonics": harmonics}
        if components > context_width(**shape):
            raise ValueError(
                f"components: expected at most {context_width(**shape)}, the numbers of a context, "
                f"got {components}"
            )
        self.kinds = np.array([NODE_KINDS.index(kind) for kind in check_kinds(kinds)])
        self.nodes, self.strips, self.costs = nodes, strips, tuple(costs)
        self.shape, self.dealt = shape, dealt
        self.radii = np.array(radii, np.float32)
        self.n_classes = len(schema.class_names)
        columns, signs = mirrored(**shape)
        self.register_buffer("columns", torch.from_numpy(columns), persistent=False)
        self.register_buffer("signs", torch.from_numpy(signs), persistent=False)
        self.register_buffer("own_signs", torch.tensor(MIRRORED), persistent=False)
        width = len(MIRRORED) + len(radii) * components
        n_terms = context_width(**shape)
        self.centre = learned(torch.zeros(len(radii), 1, n_terms))
        self.basis = learned(torch.zeros(len(radii), n_terms, components))
        self.shift, self.scale = learned(torch.zeros(width)), learned(torch.ones(width))
        self.weight = learned(torch.full((gaussians,), 1 / gaussians))
        self.mean = learned(torch.zeros(gaussians, width))
        self.variance = learned(torch.ones(gaussians, width))
        self.classes = learned(torch.zeros((1 + strips) * self.mean.numel() * 2, self.n_classes))

    def solve(
        self,
        samples: Samples,
        train: NDArray[np.int64],
        rng: np.random.Generator,
        drawn: Drawn | None,
    ) -> None:
        """Learn from samples `train` as they are; their mirror images are seen in any case."""
        n_sampled = self.learn_codebook(samples, train, rng)
        vectors = self.vectors_of(samples, train)
        self.learn_classes(vectors, samples.label[train])
        few = train[:: -(-len(train) // CHUNK)]
        each = self.macs(samples.batch(few)) / len(few)
        codebook = n_sampled * len(self.centre) * self.centre.shape[2] ** 2
        codebook += fitting_macs(n_sampled, *self.mean.shape)
        self.solving_macs = round(len(train) * each) + len(train) * vectors.numel() + codebook

    def learn_classes(self, vectors: Tensor, label: NDArray[np.int64]) -> None:
        """Learn the classifier from Fisher vectors (G, D) with these labels (G,)."""
        products = (vectors @ vectors.T).double().cpu().numpy()
        cost = best_cost(products, label, self.n_classes, self.costs)
        found = support(products, targets(label, self.n_classes), cost)
        self.classes.copy_(vectors.T @ torch.from_numpy(found).to(vectors))

    def vectors_of(self, samples: Samples, indices: NDArray[np.int64]) -> Tensor:
        """Fisher vectors (G, D) of these samples."""
        chunks = [indices[i : i + CHUNK] for i in range(0, len(indices), CHUNK)]
        return torch.cat([self.vectors(samples.batch(chunk)) for chunk in chunks])

    def learn_codebook(
        self, samples: Samples, train: NDArray[np.int64], rng: np.random.Generator
    ) -> int:
        """Learn components, scales and Gaussians from some nodes of each sample; no labels.

        Returns the number of descriptors that they were learned from.
        """
        most = min(-(-SAMPLE // len(train)), self.nodes)
        parts = [
            self._both(*self._described(samples.batch(train[i : i + 1]), 0, most)[:2])
            for i in range(len(train))
        ]
        own, around = (torch.cat(part) for part in zip(*parts, strict=True))
        if not len(own):  # nothing to learn from: one node that tells nothing
            own, around = torch.zeros(1, len(MIRRORED)), torch.zeros(1, *around.shape[1:])
        for r in range(len(self.radii)):
            centred = around[:, r] - around[:, r].mean(0)
            _, axes = torch.linalg.eigh(centred.T.double() @ centred.double())
            self.centre[r].copy_(around[:, r].mean(0))
            self.basis[r].copy_(axes.flip(1)[:, : self.basis.shape[2]])
        self.shift.zero_()
        self.scale.fill_(1)
        raw = self._descriptors(own, around)
        self.shift.copy_(raw.mean(0))
        self.scale.copy_(raw.std(0, correction=0).clamp(min=1e-6))
        mixture = fitted(self._descriptors(own, around), len(self.weight), rng)
        for kept, found in zip((self.weight, self.mean, self.variance), mixture, strict=True):
            kept.copy_(found)
        return len(own)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Scores (G, C): about 1 for the class and -1 for the others; not calibrated."""
        return self.vectors(batch) @ self.classes

    def vectors(self, batch: GraphBatch) -> Tensor:
        """Fisher vectors (G, D) of pictures: that of the whole, then those of its strips."""
        return torch.stack([self._vector(batch, g) for g in range(len(batch))])

    def _vector(self, batch: GraphBatch, g: int) -> Tensor:
        own, around, _ = self._described(batch, g, self.nodes)
        strip = ((own[:, 0] + 0.5) * self.strips).long().clamp(max=max(self.strips - 1, 0))
        x = self._descriptors(*self._both(own, around))
        mixture = Mixture(self.weight, self.mean, self.variance)
        found = powered(fisher_vectors(x, strip.repeat(2), self.strips, mixture).flatten(1))
        # As much of the whole as of all strips together.
        found[1:] /= max(self.strips, 1) ** 0.5
        return found.flatten() / found.norm().clamp(min=1e-12)

    def _described(self, batch: GraphBatch, g: int, most: int) -> tuple[Tensor, Tensor, int]:
        """What at most so many nodes of picture g tell of themselves, (M, 8), their contexts.

        And how many neighbours were looked at.
        """
        begin, end = batch.ptr[g : g + 2].tolist()
        chosen = np.isin(batch.kind[begin:end].cpu().numpy(), self.kinds)
        position, direction, attributes = (
            values[begin:end].cpu().numpy()[chosen]
            for values in (batch.position, batch.direction, batch.attributes)
        )
        contrast = _finite(attributes[:, CONTRAST], 1.0)
        length = _finite(attributes[:, LENGTH], LONGEST)
        seen = np.lexsort((position[:, 1], position[:, 0], contrast))
        seen = seen[np.arange(min(most, len(seen))) * len(seen) // max(min(most, len(seen)), 1)]
        around, n_pairs = contexts(
            position,
            direction,
            np.log1p(contrast / FAINT),
            seen,
            radii=self.radii,
            **self.shape,
        )
        if self.dealt:
            around = around[np.random.default_rng(len(around)).permutation(len(around))]
        sine, cosine = direction[seen].T
        columns = [
            *_in_box(position)[seen].T,
            sine,
            cosine,
            2 * sine * cosine,
            cosine**2 - sine**2,
            np.log(contrast[seen] + NO_CONTRAST),
            np.log(length[seen] + NO_LENGTH),
        ]
        own = torch.from_numpy(np.stack(columns, axis=1).astype(np.float32))
        device = self.mean.device
        return own.to(device), torch.from_numpy(around).to(device), n_pairs

    def _both(self, own: Tensor, around: Tensor) -> tuple[Tensor, Tensor]:
        """Nodes as they are, then as they are in the mirrored picture."""
        turned = around[:, :, self.columns] * self.signs
        return torch.cat([own, own * self.own_signs]), torch.cat([around, turned])

    def _descriptors(self, own: Tensor, around: Tensor) -> Tensor:
        """Standardised descriptors (M, D)."""
        parts = (around.transpose(0, 1) - self.centre) @ self.basis
        x = torch.cat([own, parts.transpose(0, 1).flatten(1)], dim=1)
        return (x - self.shift) / self.scale

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the scores: contexts, components, probabilities, sums, classifier."""
        n_nodes = n_pairs = 0
        for g in range(len(batch)):
            own, _, pairs = self._described(batch, g, self.nodes)
            n_nodes, n_pairs = n_nodes + 2 * len(own), n_pairs + pairs
        terms = 2 * self.shape["harmonics"] + 1
        each = self.basis.numel() + 4 * self.mean.numel()
        return (
            n_pairs * len(self.radii) * terms + n_nodes * each + len(batch) * self.classes.numel()
        )


def _finite(values: NDArray[np.float32], most: float) -> NDArray[np.float32]:
    """Values in [0, most]; 0 for none."""
    return np.clip(np.nan_to_num(values, nan=0.0), 0, np.float32(most))


def _in_box(position: NDArray[np.float32]) -> NDArray[np.float32]:
    """Places (N, 2) within the box around all of them, in [-1/2, 1/2]."""
    if not len(position):
        return position
    low, high = position.min(axis=0), position.max(axis=0)
    return (position - low) / np.maximum(high - low, 1e-6) - np.float32(0.5)
