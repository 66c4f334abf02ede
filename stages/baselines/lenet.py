"""LeNet-5 on pixels: the control that looks at the picture itself."""

from torch import Tensor, nn

from perceptgraph.stages.baselines.pixel_net import PixelNet
from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.views import check_view

KERNEL, FIRST, SECOND, DENSE = 5, 6, 16, (120, 84)


class LeNet(PixelNet):
    """LeNet-5 [1]_ with rectified units and maximum pooling, on grey squares.

    Two convolutions of 5 x 5 without padding, each followed by pooling over 2 x 2; two dense
    layers of 120 and 84; logits.

    Parameters
    ----------
    side : int
        Of the squares that it sees, in pixels; at least 16.
    view : str
        How it sees them: a name of `views.VIEWS`.
    dropout : float
        Share of the last hidden units that are left out in training.

    References
    ----------
    .. [1] Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-based learning applied to document
           recognition", Proceedings of the IEEE 86(11), 1998.
    """

    def __init__(
        self, class_names: tuple[str, ...], *, side: int, view: str, dropout: float
    ) -> None:
        super().__init__()
        check_view(view)
        if side < 16:
            raise ValueError(f"side: expected at least 16 pixels, got {side}")
        inner = (side - KERNEL + 1) // 2
        self.sides = (side - KERNEL + 1, inner - KERNEL + 1)
        flat = SECOND * (self.sides[1] // 2) ** 2
        self.features = nn.Sequential(
            nn.Conv2d(1, FIRST, KERNEL),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(FIRST, SECOND, KERNEL),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classify = nn.Sequential(
            nn.Linear(flat, DENSE[0]),
            nn.ReLU(),
            nn.Linear(DENSE[0], DENSE[1]),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(DENSE[1], len(class_names)),
        )

    def logits(self, batch: PixelBatch) -> Tensor:
        """Logits (G, C) of pixels (G, 1, S, S)."""
        logits: Tensor = self.classify(self.features(self.standardised(batch)))
        return logits

    def macs(self, batch: PixelBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on."""
        first = self.sides[0] ** 2 * FIRST * KERNEL**2
        second = self.sides[1] ** 2 * SECOND * FIRST * KERNEL**2
        dense = sum(m.weight.numel() for m in self.classify if isinstance(m, nn.Linear))
        return len(batch) * (first + second + dense)
