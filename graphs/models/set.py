"""Set: the bag of primitives, without any relation between them."""

from collections.abc import Sequence

from torch import Tensor

from perceptgraph.graphs.loader import GraphBatch, GraphSchema
from perceptgraph.graphs.models.bag import SetNetwork
from perceptgraph.graphs.models.features import NodeInput, attributes_but
from perceptgraph.graphs.models.graph_net import GraphNet


class DeepSet(GraphNet):
    """All primitives of an image, free of pose, as a bag: the control without edges.

    It sees relations only in the attributes of junctions, which are relations in disguise.

    Parameters
    ----------
    left_out : sequence of str
        Attributes of nodes that it does not read.
    """

    def __init__(
        self, schema: GraphSchema, *, hidden: int, dropout: float, left_out: Sequence[str] = ()
    ) -> None:
        super().__init__(NodeInput(attributes_but(left_out), None))
        self.net = SetNetwork(self.read.width, hidden, len(schema.class_names), dropout)

    def logits(self, batch: GraphBatch) -> Tensor:
        """Logits (G, C)."""
        logits: Tensor = self.net(self.read(batch), batch.batch, len(batch))
        return logits

    def macs(self, batch: GraphBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        return self.net.macs(len(batch.kind), len(batch))
