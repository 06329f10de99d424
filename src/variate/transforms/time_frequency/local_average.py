"""LocalAverage."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Pieces, TimeTransform
from variate.kernels.arrays import concat, namespace
from variate.kernels.missing import put_back
from variate.kernels.smoothing import window_maxima, window_means


@dataclass(frozen=True, kw_only=True)
class LocalAverage(TimeTransform):
    """Append averages of neighbouring frames of a spectrogram, or of any feature vectors, at its end [steveneyobu2018].

    The panel holds feature vectors, one for each step. After its T steps come the means of ``size`` steps, every ``stride``
    steps one: floor((T - size)/stride) + 1 of them. The first T stay bit for bit; missing readings do not count. A new step is
    an event if any of its steps was, and covariates are read at its middle. It draws nothing.

    The series becomes longer, which the model has to allow. It hurts sequence models, to which the appended steps are a jump
    back in time, and is refused on a forecast window. Of the paper only the abstract could be read: its criterion for what is
    averaged is not known, and this one is our decision.

    >>> import variate
    >>> variate.LocalAverage()([0.0, 2.0, 4.0, 8.0]).tolist()
    [0.0, 2.0, 4.0, 8.0, 1.0, 6.0]
    """

    size: int = param(2, about="steps in an average", low=1, unit="steps")
    stride: int = param(2, about="steps from one average to the next", low=1, unit="steps")

    monotone = False
    forecastable = False
    forecast_reason = "it would append the past after the future"
    preserves = ("range",)
    examples = ({}, {"size": 5, "stride": 3})

    @property
    def averages(self) -> bool:
        """Whether it makes means of readings."""
        return True

    def length(self, length: int) -> int:
        """Return the number of steps of the output."""
        return length + self._count(length)

    def _count(self, length: int) -> int:
        return (length - self.size) // self.stride + 1 if length >= self.size else 0

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Read the panel at the clock, and put the means where they belong."""
        moved, count = super().work(panel, rng), self._count(panel.length)
        if count == 0:
            return moved
        x, mask = panel.values, panel.mask
        means = window_means(x if mask is None else put_back(x, ~mask[:, None, :]), self.size, self.stride, count)
        if moved.mask is not None:  # steps that were not observed keep what they hold
            seen = moved.mask[:, None, panel.length :]
            means = namespace(x).where(seen, means, moved.values[..., panel.length :])
        moved = moved.replace(values=concat([x, means], axis=2))
        if panel.points is None or panel.point_role != "event":
            return moved
        found = window_maxima(panel.points, self.size, self.stride, count)
        return moved.replace(points=concat([panel.points, found], axis=1))

    def clock(self, panel: Panel, rng: Draws) -> Pieces:
        """Return the series itself, and then the middles of the averaged windows."""
        xp = namespace(panel.values)
        one = xp.ones((panel.n, 1), dtype=xp.float64, device=panel.values.device)
        whole = xp.astype(one, xp.int64)
        start = concat([0 * one, (self.size - 1) / 2 * one], axis=1)
        count = concat([panel.length * whole, self._count(panel.length) * whole], axis=1)
        return Pieces(start, concat([one, self.stride * one], axis=1), count)
