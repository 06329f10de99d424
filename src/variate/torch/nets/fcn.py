"""FCN: the convolutional classifier that an augmentation is measured with."""

from __future__ import annotations

from torch import Tensor, nn

from variate.core.errors import PanelError
from variate.torch.nets.checks import check_sizes


class FCN(nn.Module):
    """The fully convolutional network for time series classification [wang2017].

    Three blocks of convolution (``width`` filters of 8 steps, ``2·width`` of 5, ``width`` of 3; stride 1, the length
    kept), batch norm and ReLU; then the mean over time and a linear layer. The paper's softmax is in the loss:
    ``torch.nn.functional.cross_entropy(net(x), y)``. Any length works, T = 1 too.

    A mask, as :class:`variate.torch.Collate` returns it for padded batches, restricts the mean to observed steps and
    sets the others to zero before each convolution; so in evaluation a padded series gets the logits that it would get
    alone. (In training the statistics of the batch norm see the padding.)

    Args:
        channels: of the series.
        classes: to tell apart.
        width: filters of the first and last block; 128 in the paper.

    Raises:
        ParameterError: a size below 1.

    >>> import torch
    >>> net = FCN(channels=1, classes=2)
    >>> sum(p.numel() for p in net.parameters())
    264962
    >>> net(torch.zeros(4, 1, 30)).shape
    torch.Size([4, 2])
    """

    def __init__(self, channels: int, classes: int, width: int = 128) -> None:
        check_sizes("FCN", channels=channels, classes=classes, width=width)
        super().__init__()
        self.channels = channels
        self.blocks = nn.ModuleList([_block(channels, width, 8), _block(width, 2 * width, 5), _block(2 * width, width, 3)])
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return logits (n, classes) of x (n, channels, time), or (n, time) where there is one channel.

        Args:
            x: the series.
            mask: booleans (n, time), True where a step was observed. A series with no observed step gets the bias.

        Raises:
            PanelError: x or mask of another shape.
        """
        x = x[:, None] if x.ndim == 2 and self.channels == 1 else x
        if x.ndim != 3 or x.shape[1] != self.channels:
            raise PanelError(f"x has shape {tuple(x.shape)}; this FCN needs (n, {self.channels}, time)")
        if mask is None:
            for block in self.blocks:
                x = block(x)
            return self._logits(x.mean(dim=2))
        if mask.shape != (x.shape[0], x.shape[2]):
            raise PanelError(f"mask has shape {tuple(mask.shape)}; x {tuple(x.shape)} needs {(x.shape[0], x.shape[2])}")
        observed = mask.bool()[:, None]
        x = x.masked_fill(~observed, 0)
        for block in self.blocks:
            x = block(x).masked_fill(~observed, 0)
        return self._logits(x.sum(dim=2) / observed.sum(dim=2).clamp(min=1))

    def _logits(self, pooled: Tensor) -> Tensor:
        logits: Tensor = self.head(pooled)
        return logits


def _block(channels: int, filters: int, kernel: int) -> nn.Sequential:
    # padding="same" warns for even kernels; this is the same padding, the odd step at the end, written out
    before = (kernel - 1) // 2
    return nn.Sequential(
        nn.ZeroPad1d((before, kernel - 1 - before)),
        nn.Conv1d(channels, filters, kernel),
        nn.BatchNorm1d(filters),
        nn.ReLU(),
    )
