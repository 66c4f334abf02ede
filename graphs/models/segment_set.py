"""Segment set: the bag of line segments alone, the strictest control without relations."""

from collections.abc import Iterable
from dataclasses import replace

import torch
from torch import Tensor

from perceptgraph.graphs.frames import NODE_KINDS
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.bag import SetNetwork
from perceptgraph.graphs.models.features import NodeInput
from perceptgraph.graphs.models.graph_net import GraphNet

MEASURES = ("length", "width", "contrast", "log10_nfa")
"""Of a segment by itself: no pose, and nothing of its neighbours."""


def segments_of(batch: GraphBatch) -> GraphBatch:
    """The line segments of each graph, without any edge."""
    chosen = batch.kind == NODE_KINDS.index("line")
    counts = torch.bincount(batch.batch[chosen], minlength=len(batch))
    no_pairs = batch.edge_index[:, :0]
    return replace(
        batch,
        kind=batch.kind[chosen],
        position=batch.position[chosen],
        direction=batch.direction[chosen],
        attributes=batch.attributes[chosen],
        edge_index=no_pairs,
        relation=batch.relation[:0],
        rank=batch.rank[:0],
        batch=batch.batch[chosen],
        ptr=torch.cat([counts.new_zeros(1), counts.cumsum(0)]),
        one_hop=no_pairs,
        two_hop=no_pairs,
    )


class SegmentSet(GraphNet):
    """Length, width, contrast and NFA of the line segments of an image, as a bag.

    No pose and no junction: what it cannot tell apart, only relations can. Where classes hold the
    same segments it stays at the group rate, one over the number of such classes.
    """

    def __init__(self, schema: GraphSchema, *, hidden: int, dropout: float) -> None:
        super().__init__(NodeInput(MEASURES, None))
        self.net = SetNetwork(self.read.width, hidden, len(schema.class_names), dropout)

    def prepare(self, batches: Iterable[GraphBatch]) -> None:
        """Take the statistics of the segments of the training set."""
        super().prepare(map(segments_of, batches))

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        segments = segments_of(batch)
        logits: Tensor = self.net(self.read(segments), segments.batch, len(segments))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        return self.net.macs(len(segments_of(batch).kind), len(batch))
