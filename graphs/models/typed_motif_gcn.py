"""Motif-GCN on the motifs that perception groups: corners, ribbons, loops, chains."""

from typing import ClassVar

from perceptgraph.graphs.models.motif_net import MotifNet


class TypedMotifGCN(MotifNet):
    """Motif-GCN on typed motifs, the non-accidental groups of `typed_motifs`.

    L, T, X, Y and arrow junctions with what meets there, ribbons, parallel and symmetric pairs,
    closed loops and collinear chains: those that the relations of the graphs allow. Two nodes share
    a motif as often as one of its instances contains both.
    """

    READS_MOTIFS: ClassVar[str] = "typed"
