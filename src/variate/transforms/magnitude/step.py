"""Step."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.elementwise import add_lines, stretch
from variate.kernels.moments import spread
from variate.kernels.sampling import between


@dataclass(frozen=True, kw_only=True)
class Step(ValueTransform):
    """Shift the level once or a few times inside a random stretch, as a recalibrated sensor would [wen2019].

    A stretch [l, r] is drawn, every pair l < r equally likely, and in it 1 … ``count`` jumps: the first at l, the others at
    random. A jump is ±U(low, high) times the channel's standard deviation, at the same steps in all channels; the jumps add
    up. The level stays after r, or falls back to 0 with ``hold=False``. Readings before l stay bit for bit. With
    ``mark=True`` the steps of [l, r] become events in the point labels: pass a Panel, since bare arrays have no place for
    them.

    The survey says "cumulative sum of spikes from a left to a right index" and no more: how many, how large, that the first
    jump is at l and what comes after r are our decisions. It hurts where the level itself is the class, and a detector
    that is to learn where a marked level ends: it stays after r without a label, unless ``hold=False``. A constant channel
    has no spread and does not jump. On a forecast window past and target shift together; a level that falls back is no
    forecastable event, so take ``scope="past"`` with ``hold=False``.

    >>> import numpy as np, variate
    >>> x = np.sin(np.arange(100.0))
    >>> jumps = np.diff(variate.Step(count=1)(x, seed=1) - x)
    >>> int((np.abs(jumps) > 1e-9).sum())
    1
    """

    count: int = param(3, about="the most jumps", low=1, search=(1, 5))
    low: float = param(0.5, about="smallest jump", low=0, unit="channel std")
    high: float = param(3.0, about="largest jump", low=0, identity=0, search=(1.0, 6.0), unit="channel std")
    hold: bool = param(True, about="keep the level after the stretch")
    mark: bool = param(False, about="label the stretch as an event in the point labels")

    label_rule = "class and point labels stay; mark=True labels the stretch of jumps"
    shortest = 2
    lean = True
    preserves = ("length",)
    examples = ({}, {"count": 1, "mark": True}, {"hold": False, "scope": "past", "p": 0.5}, {"hold": False, "mark": True})

    @property
    def marks(self) -> bool:
        """Whether the stretch is labelled."""
        return self.mark

    def change(self, x: Array, rng: Draws) -> Array | tuple[Array, Array]:
        """Return x with jumps, and the steps of the stretch if they are to be marked."""
        xp = namespace(x)
        ends = xp.sort(rng.distinct("stretch", x.shape[2], 2), axis=1)
        over = xp.full_like(ends[:, :1], x.shape[2]) if self.hold else ends[:, 1:] + 1  # where an unused jump is put
        start = self._starts(ends, over, rng)
        jump = rng.sign("direction", self.count) * between(rng.uniform("size", self.count), self.low, self.high)
        level = xp.cumulative_sum(jump, axis=1)[:, None, :] * spread(x)
        if not self.hold:
            start, level = concat([start, over], axis=1), concat([level, xp.zeros_like(level[:, :, :1])], axis=2)
        stepped = add_lines(x, start, level, xp.zeros_like(level))
        if not self.mark:
            return stepped
        return stepped, stretch(x, ends, xp.any(level != 0, axis=2))

    def _starts(self, ends: Array, over: Array, rng: Draws) -> Array:
        """Return the steps (n, count) of the jumps, rising; those not used are put ``over`` the stretch."""
        xp = namespace(ends)
        number = rng.integers("number", self.count)
        others = rng.distinct("position", ends[:, 1] - ends[:, 0], self.count - 1, number)
        others = xp.where(others >= 0, ends[:, :1] + 1 + others, over)
        return concat([ends[:, :1], xp.sort(others, axis=1)], axis=1)
