"""A network on bags of vectors: the deep set."""

from torch import Tensor, nn

from perceptgraph.graphs.models.graph_net import readout


class SetNetwork(nn.Module):
    r"""Logits of bags of vectors [1]_: two layers on each vector, pooling, two layers on the bag.

    .. math:: y = \rho(\mathrm{pool}_v\, \phi(x_v))

    References
    ----------
    .. [1] M. Zaheer et al., "Deep sets", NeurIPS 2017.
    """

    def __init__(self, width: int, hidden: int, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.phi = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU()
        )
        self.rho = nn.Sequential(
            nn.Linear(2 * hidden + 1, hidden),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, n_classes),
        )
        self.macs_per_vector = hidden * (width + hidden)
        self.macs_per_bag = hidden * (2 * hidden + 1 + n_classes)

    def forward(self, x: Tensor, batch: Tensor, n_graphs: int) -> Tensor:
        """Logits (G, C) from x (N, F) and the bag of each vector (N,)."""
        logits: Tensor = self.rho(readout(self.phi(x), batch, n_graphs))
        return logits

    def macs(self, n_vectors: int, n_bags: int) -> int:
        """Multiply-adds of the layers."""
        return n_vectors * self.macs_per_vector + n_bags * self.macs_per_bag
