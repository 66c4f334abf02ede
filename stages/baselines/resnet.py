"""A small residual network on pixels: the control of natural scenes."""

from torch import Tensor, nn

from perceptgraph.stages.baselines.pixel_net import PixelNet
from perceptgraph.stages.baselines.pixels import PixelBatch
from perceptgraph.stages.baselines.views import check_view

STAGES = 4
"""Of blocks; each after the first halves the side and doubles the channels."""


def conv(n_in: int, n_out: int, kernel: int, stride: int) -> nn.Sequential:
    """A convolution that keeps the side but for the stride, and batch normalisation."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(n_out)
    )


class Block(nn.Module):
    """Two convolutions of 3 x 3 beside the identity, or a convolution of 1 x 1 in its place."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.first, self.second = conv(n_in, n_out, 3, stride), conv(n_out, n_out, 3, 1)
        same = n_in == n_out and stride == 1
        self.beside = nn.Identity() if same else conv(n_in, n_out, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(G, n_out, S', S') of (G, n_in, S, S), S' = ceil(S / stride)."""
        inner: Tensor = self.second(self.first(x).relu())
        return (inner + self.beside(x)).relu()


class ResNet(PixelNet):
    """Residual blocks [1]_ in four stages, on grey squares.

    A convolution of 3 x 3 at every second pixel, four stages of blocks, the mean over all places,
    dropout, logits.

    Parameters
    ----------
    side : int
        Of the squares that it sees, in pixels; at least 16.
    view : str
        How it sees them: a name of `views.VIEWS`.
    width : int
        Channels of the first stage.
    blocks : int
        Of each stage.
    dropout : float
        Share of the mean's channels that are left out in training.

    References
    ----------
    .. [1] K. He, X. Zhang, S. Ren, J. Sun, "Deep residual learning for image recognition", CVPR
           2016.
    """

    def __init__(
        self,
        class_names: tuple[str, ...],
        *,
        side: int,
        view: str,
        width: int,
        blocks: int,
        dropout: float,
    ) -> None:
        super().__init__()
        check_view(view)
        if side < 16:
            raise ValueError(f"side: expected at least 16 pixels, got {side}")
        self.side = side
        self.stem = conv(1, width, 3, 2)
        self.blocks = nn.Sequential()
        self.strides: list[int] = []
        n = width
        for stage in range(STAGES):
            self.blocks.append(Block(n, 2 * n, 2) if stage else Block(n, n, 1))
            n = width << stage
            self.blocks.extend(Block(n, n, 1) for _ in range(blocks - 1))
            self.strides += [2 if stage else 1, *[1] * (blocks - 1)]
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(n, len(class_names))

    def logits(self, batch: PixelBatch) -> Tensor:
        """Logits (G, C) of pixels (G, 1, S, S)."""
        places = self.blocks(self.stem(self.standardised(batch)).relu())
        logits: Tensor = self.classify(self.dropout(places.mean((2, 3))))
        return logits

    def macs(self, batch: PixelBatch) -> int:
        """Multiply-adds of the logits, from the standardised input on, without normalisation."""
        side = (self.side + 1) // 2
        total = side**2 * weights(self.stem)
        for block, stride in zip(self.blocks, self.strides, strict=True):
            side = -(-side // stride)
            total += side**2 * weights(block)
        return len(batch) * (total + self.classify.weight.numel())


def weights(part: nn.Module) -> int:
    """Weights of the convolutions in a part of the network."""
    return sum(m.weight.numel() for m in part.modules() if isinstance(m, nn.Conv2d))
