"""Shift."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Pieces, TimeTransform, pieces
from variate.kernels.arrays import concat, namespace


@dataclass(frozen=True, kw_only=True)
class Shift(TimeTransform):
    """Move the series earlier or later by a random number of steps, as a window cut at another moment would.

    The number is U{-m, …, m}, m = round(ratio·T). What leaves at one end comes in at the other with ``fill="roll"``; with
    ``fill="edge"`` the first or last reading is held, and so are its labels. Readings are copied bit for bit. An operation
    of the field, not of the survey.

    Rolling makes a jump at the seam. It hurts where the moment of an event within the window is the class. It is refused on
    a forecast window.

    >>> import variate
    >>> sorted(variate.Shift(ratio=0.5)([1.0, 2.0, 3.0, 4.0], seed=0).tolist())
    [1.0, 2.0, 3.0, 4.0]
    """

    ratio: float = param(0.1, about="largest shift", low=0, high=1, identity=0, search=(0.02, 0.5), unit="share")
    fill: str = param("roll", about="what comes in: the other end, or the reading at the edge", choices=("roll", "edge"))

    monotone = False
    forecastable = False
    forecast_reason = "it would move readings across the border of the target"
    lean = True
    preserves = ("length", "range")
    examples = ({}, {"ratio": 0.4, "fill": "edge"}, {"ratio": 1.0, "p": 0.5})

    def clock(self, panel: Panel, rng: Draws) -> Pieces:
        """Return the pieces of each sample: one moved, and what fills its place."""
        length, most = panel.length, round(self.ratio * panel.length)
        later = rng.integers("steps", 2 * most + 1, (1,)) - most
        xp = namespace(later)
        if self.fill == "roll":
            later = later % max(length, 1)
            return pieces(concat([length - later, xp.zeros_like(later)], axis=1), concat([later, length - later], axis=1))
        before, after = xp.clip(later, 0, None), xp.clip(-later, 0, None)
        start = concat([xp.zeros_like(later), after, xp.full_like(later, length - 1)], axis=1)
        count = concat([before, length - before - after, after], axis=1)
        hold = xp.zeros_like(later, dtype=xp.float64)
        return Pieces(start, concat([hold, hold + 1, hold], axis=1), count)
