"""Permutation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Pieces, TimeTransform, pieces
from variate.kernels.arrays import Array, concat, like, namespace


@dataclass(frozen=True, kw_only=True)
class Permutation(TimeTransform):
    """Cut the series into pieces and shuffle them [um2017].

    ``segments`` pieces of equal length (to one step), or with ``split="random"`` of random lengths of at least
    ``min_length`` steps, every such division equally likely. Readings are copied bit for bit, and the order inside a
    piece stays. A series of fewer than segments·min_length steps passes unchanged.

    It keeps the values and destroys long memory: it hurts where order is the class, and it makes jumps at the cuts. It
    is refused on a forecast window. Five segments is our decision; [um2017] has four.

    >>> import variate
    >>> sorted(variate.Permutation(segments=3)([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], seed=0).tolist())
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    """

    segments: int = param(5, about="number of pieces", low=1, identity=1, search=(2, 10))
    split: str = param("equal", about="pieces of equal or of random length", choices=("equal", "random"))
    min_length: int = param(1, about="least length of a piece", low=1, unit="steps")

    monotone = False
    forecastable = False
    forecast_reason = "it would move the future before the past"
    lean = True
    preserves = ("values", "length", "range")
    examples = ({}, {"segments": 7, "p": 0.5}, {"split": "random", "min_length": 4})

    def clock(self, panel: Panel, rng: Draws) -> Pieces:
        """Return the pieces of each sample, shuffled."""
        if panel.length < self.segments * self.min_length:
            start = rng.integers("stay", 1, (1,))
            return pieces(start, namespace(start).full_like(start, panel.length))
        order = rng.order("order", self.segments)  # (n, segments): one shuffle for each sample
        if self.split == "equal":
            edges = np.linspace(0, panel.length, self.segments + 1).astype(np.int64)
            return pieces(like(edges[:-1], order)[order], like(np.diff(edges), order)[order])
        drawn = self._drawn_edges(panel, rng, order)
        xp = namespace(order)
        start = xp.take_along_axis(drawn[:, :-1], order, axis=1)
        return pieces(start, xp.take_along_axis(drawn[:, 1:] - drawn[:, :-1], order, axis=1))

    def _drawn_edges(self, panel: Panel, rng: Draws, order: Array) -> Array:
        """Return where pieces of random length begin and end, (n, segments + 1).

        Stars and bars: cuts among the free steps and the borders between pieces make every division equally likely.
        """
        xp = namespace(order)
        free = panel.length - self.segments * self.min_length
        cuts = xp.sort(rng.distinct("cuts", free + self.segments - 1, self.segments - 1), axis=1)
        number = xp.arange(self.segments - 1, device=order.device)[None, :]
        inner = cuts - number + (number + 1) * self.min_length
        zero = xp.zeros_like(order[:, :1])
        return concat([zero, xp.astype(inner, order.dtype), zero + panel.length], axis=1)
