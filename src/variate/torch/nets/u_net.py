"""U-Net: a logit for every step, from short and long contexts together."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from variate.core.errors import PanelError
from variate.torch.nets.checks import check_sizes


class UNet(nn.Module):
    """The encoder and decoder with skip connections that finds anomalous steps [gao2020], [wen2019].

    Level i has ``width·2^i`` channels in two times convolution (3 steps, the length kept), batch norm and ReLU. Going
    down, each level reads the maxima of ``pool`` steps of the level above; going up, each step is repeated ``pool`` times,
    a convolution halves the channels, and the level's own features from the way down are joined on before its second
    pair of convolutions. A convolution of one step gives one logit per step; the sigmoid is in the loss:
    ``torch.nn.functional.binary_cross_entropy_with_logits(net(x), y)``.

    The shape of the net is that of [ronneberger2015]; the layer table of [gao2020] could not be read, and the sizes are
    those of a public rebuilding of [wen2019]. That the convolution after the repeated steps has neither batch norm nor
    ReLU is our decision.

    Any length works, T = 1 too. Where ``pool`` does not divide a length, the last maximum is that of the steps left over
    and the surplus of the way up is cut off. In evaluation this equals zeros put at the end, up to a multiple of
    ``pool^(levels-1)``, and masked; but no padding enters the statistics of the batch norm, as it would in training.

    A mask, as :class:`variate.torch.Collate` returns it for padded batches, sets unobserved steps to zero before each
    convolution, at lower levels those with no observed step; so in evaluation a padded series gets the logits that it
    would get alone. (In training the statistics of the batch norm see the padding.)

    Args:
        channels: of the series.
        width: channels of the first level.
        levels: of the net; the deepest sees ``pool^(levels-1)`` steps as one.
        pool: steps that become one at the next level; 2 suits short windows.

    Raises:
        ParameterError: a size below 1.

    >>> import torch
    >>> net = UNet(channels=1)
    >>> net(torch.zeros(4, 1, 300)).shape
    torch.Size([4, 300])
    """

    def __init__(self, channels: int, width: int = 16, levels: int = 5, pool: int = 4) -> None:
        check_sizes("UNet", channels=channels, width=width, levels=levels, pool=pool)
        super().__init__()
        self.channels = channels
        self.pool = pool
        widths = [width * 2**level for level in range(levels)]
        self.down = nn.ModuleList([_Pair(*sizes) for sizes in pairwise([channels, *widths])])
        self.rise = nn.ModuleList([nn.Conv1d(2 * w, w, 3, padding=1) for w in widths[:-1]])
        self.up = nn.ModuleList([_Pair(2 * w, w) for w in widths[:-1]])
        self.head = nn.Conv1d(width, 1, 1)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return logits (n, time) of x (n, channels, time), or (n, time) where there is one channel.

        Args:
            x: the series.
            mask: booleans (n, time), True where a step was observed. The other steps get the bias.

        Raises:
            PanelError: x or mask of another shape, or training on a batch that leaves batch norm a single value.
        """
        x = x[:, None] if x.ndim == 2 and self.channels == 1 else x
        self._check(x, mask)
        observed = self._observed(mask)
        skips = [self.down[0](_hide(x, observed[0]), observed[0])]
        for pair, seen in zip(self.down[1:], observed[1:], strict=True):
            skips.append(pair(functional.max_pool1d(skips[-1], self.pool, ceil_mode=True), seen))
        x = skips.pop()
        for rise, pair in zip(reversed(self.rise), reversed(self.up), strict=True):
            skip, seen = skips.pop(), observed[len(skips)]
            x = functional.interpolate(x, scale_factor=self.pool, mode="nearest")[..., : skip.shape[2]]
            x = _hide(rise(_hide(x, seen)), seen)
            x = pair(torch.cat([skip, x], dim=1), seen)
        logits: Tensor = self.head(x)[:, 0]
        return logits

    def _check(self, x: Tensor, mask: Tensor | None) -> None:
        if x.ndim != 3 or x.shape[1] != self.channels or x.shape[2] < 1:
            raise PanelError(f"x has shape {tuple(x.shape)}; this UNet needs (n, {self.channels}, time), time at least 1")
        if mask is not None and mask.shape != (x.shape[0], x.shape[2]):
            raise PanelError(f"mask has shape {tuple(mask.shape)}; x {tuple(x.shape)} needs {(x.shape[0], x.shape[2])}")
        if self.training and x.shape[0] == 1 and x.shape[2] <= self.pool ** (len(self.down) - 1):
            raise PanelError(
                f"one series of {x.shape[2]} steps leaves one value per channel at the deepest level, of which batch norm "
                "cannot take a variance; train on larger batches, or with fewer levels or a smaller pool"
            )

    def _observed(self, mask: Tensor | None) -> list[Tensor | None]:
        """Return which steps (n, 1, time of the level) were observed, for each level."""
        if mask is None:
            return [None] * len(self.down)
        observed = [mask.bool()[:, None].float()]
        for _ in self.down[1:]:
            observed.append(functional.max_pool1d(observed[-1], self.pool, ceil_mode=True))
        return [level.bool() for level in observed]


class _Pair(nn.Module):
    """Two times convolution, batch norm and ReLU; what was not observed stays zero."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([_layer(channels, filters), _layer(filters, filters)])

    def forward(self, x: Tensor, observed: Tensor | None) -> Tensor:
        for layer in self.layers:
            x = _hide(layer(x), observed)
        return x


def _layer(channels: int, filters: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv1d(channels, filters, 3, padding=1), nn.BatchNorm1d(filters), nn.ReLU())


def _hide(x: Tensor, observed: Tensor | None) -> Tensor:
    return x if observed is None else x.masked_fill(~observed, 0)
