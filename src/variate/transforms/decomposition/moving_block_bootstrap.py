"""MovingBlockBootstrap."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Pieces, TimeTransform, pieces
from variate.kernels.arrays import Array, concat, like, namespace
from variate.kernels.decomposition import PERIOD


@dataclass(frozen=True, kw_only=True)
class MovingBlockBootstrap(TimeTransform):
    """Put a series together anew from blocks of itself, which may overlap and come again [kunsch1989].

    Blocks start anywhere; a random number of readings is dropped before the first, so that borders fall anywhere too. Every
    reading is one of the series, bit for bit, and inside a block the order stays. Past and target of a forecast window are
    each made of their own blocks. Without a ``block`` there are two periods in one where the decomposition that it enters
    knows the period, else eight readings, at most half of the series [bergmeir2016].

    It is meant for a remainder, ``In("stl", remainder=MovingBlockBootstrap())``: what has a trend or a season loses both,
    which hurts.

    >>> import numpy as np, variate
    >>> y = variate.MovingBlockBootstrap(block=3)(np.arange(9.0), seed=0)
    >>> bool(np.isin(y, np.arange(9.0)).all() and (np.diff(y) == 1).sum() >= 5)
    True
    """

    block: int = param(0, about="readings in a block; 0: two periods, else 8", low=0, search=(48, 4), unit="steps")

    monotone = False
    lean = True
    preserves = ("length", "range")
    examples = ({}, {"block": 1}, {"block": 20, "p": 0.5})

    @property
    def keeps_boundary(self) -> bool:
        """Past and target have blocks of their own."""
        return True

    def clock(self, panel: Panel, rng: Draws) -> Pieces:
        """Return the blocks of each sample."""
        border = panel.length - panel.horizon
        parts = [self._blocks(panel, 0, border, rng)] if border else []
        if panel.horizon:
            parts.append(self._blocks(panel, border, panel.horizon, rng.at("target")))
        return pieces(*(concat(list(both), axis=1) for both in zip(*parts, strict=True)))

    def _blocks(self, panel: Panel, first: int, length: int, rng: Draws) -> tuple[Array, Array]:
        """Return where the blocks of ``length`` readings from ``first`` on start, and how long they are."""
        size = self._size(panel, length)
        xp, count = namespace(size), length // int(size.min()) + 2 if len(size) else 2
        start = rng.integers("start", length - size[:, None] + 1, (count,))
        skip = rng.integers("skip", size)
        whole = xp.broadcast_to(size[:, None], start.shape)
        ends = xp.clip(xp.cumulative_sum(whole, axis=1) - skip[:, None], 0, length)
        long = concat([ends[:, :1], ends[:, 1:] - ends[:, :-1]], axis=1)
        begin = concat([start[:, :1] + skip[:, None], start[:, 1:]], axis=1)
        return first + begin, long

    def _size(self, panel: Panel, length: int) -> Array:
        """Return the readings in a block of each sample, (n,), on the device of the panel."""
        xp, x = namespace(panel.values), panel.values
        size = xp.zeros(panel.n, dtype=xp.int64, device=x.device) + (self.block or max(min(8, length // 2), 1))
        if not self.block and PERIOD in panel.extra:
            period = like(panel.extra[PERIOD], x)
            size = xp.where(period > 0, 2 * period, size)
        return xp.clip(size, 1, length)
