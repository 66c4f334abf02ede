"""Kernel ridge regression on oriented varifolds: primitives compared whole, nothing trained."""

from collections.abc import Sequence

from perceptgraph.graphs.loader import GraphSchema
from perceptgraph.graphs.models.graph_net import GraphModel
from perceptgraph.graphs.models.ridge import KernelMachine
from perceptgraph.graphs.models.varifold import VarifoldEmbedding


class KernelRidge(GraphModel, KernelMachine):
    r"""Ridge regression in closed form on a Gaussian kernel of varifold embeddings [1]_.

    The channels of the embedding are the kinds of nodes, each with each measure; the rest is
    `ridge.KernelMachine`. It sees no relation: where things are is in the embedding.

    Parameters
    ----------
    kinds : sequence of str
        Kinds of nodes that are compared: names of NODE_KINDS that have a length.
    measures : sequence of str
        What their pieces are weighted by: names of `varifold.MEASURES`.
    scales : sequence of float
        Of the embedding, in units of the picture's size.
    waves, harmonics : int
        Of the embedding.
    gamma, ridge, copies, references
        See `ridge.KernelMachine`.

    References
    ----------
    .. [1] I. Kaltenmark, B. Charlier, N. Charon, "A general framework for curve and surface
           comparison and registration with oriented varifolds", CVPR 2017.
    """

    def __init__(
        self,
        schema: GraphSchema,
        *,
        kinds: Sequence[str],
        measures: Sequence[str],
        scales: Sequence[float],
        waves: int,
        harmonics: int,
        gamma: float,
        ridge: float,
        copies: int,
        references: int,
    ) -> None:
        super().__init__(
            VarifoldEmbedding(kinds, measures, scales, waves, harmonics),
            len(schema.class_names),
            gamma=gamma,
            ridge=ridge,
            copies=copies,
            references=references,
        )
