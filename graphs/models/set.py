"""Set: the bag of primitives, without any relation between them."""

from torch import Tensor

from perceptgraph.graphs.frames import ATTRIBUTES
from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.bag import SetNetwork
from perceptgraph.graphs.models.features import NodeInput
from perceptgraph.graphs.models.graph_net import GraphNet


class DeepSet(GraphNet):
    """All primitives of an image, free of pose, as a bag: the control without edges.

    It sees relations only in the attributes of junctions, which are relations in disguise.
    """

    def __init__(self, schema: GraphSchema, *, hidden: int, dropout: float) -> None:
        super().__init__(NodeInput(tuple(ATTRIBUTES), None))
        self.net = SetNetwork(self.read.width, hidden, len(schema.class_names), dropout)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        logits: Tensor = self.net(self.read(batch), batch.batch, len(batch))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        return self.net.macs(len(batch.kind), len(batch))
