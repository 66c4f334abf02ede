"""Motif-GCN: graph convolutions over the motifs that nodes share, not over their edges alone."""

from typing import ClassVar

from perceptgraph.graphs.models.motif_net import MotifNet


class MotifGCN(MotifNet):
    """Motif-GCN on untyped motifs: the induced subgraphs of three and four nodes.

    Which relation an edge is of does not matter (`motifs.MOTIFS`). That motifs weight the
    aggregation of a graph convolution is the idea of [1]_, whose formula is not public; the
    fusions, of which the first stands for it, are in `motif_fusion`.

    References
    ----------
    .. [1] L. Wang et al., Scientific Reports, 2022, DOI 10.1038/s41598-022-13277-z.
    """

    READS_MOTIFS: ClassVar[str] = "untyped"
