"""Slope."""

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
class Slope(ValueTransform):
    """Add a straight rise or fall, as a drifting sensor or a growing demand would show [wen2019].

    The line goes from 0 at step l to ±U(low, high) times the channel's standard deviation at step r, and stays there; up or
    down alike for all channels. The stretch [l, r] is the whole series, or with ``where="random"`` any pair l < r. Readings
    before l stay bit for bit. With ``mark=True`` the steps of [l, r] become events in the point labels: pass a Panel, since
    bare arrays have no place for them.

    The survey says "a linear trend" and no more: the sizes are our decision. It does nothing to models that remove the
    trend, and hurts where the trend is the class. A constant channel has no spread and gets no slope. On a forecast window
    the line goes on through the target.

    >>> import numpy as np, variate
    >>> x = np.sin(np.arange(100.0))
    >>> line = variate.Slope()(x, seed=0) - x
    >>> bool(np.allclose(np.diff(line), line[-1] / 99))
    True
    """

    low: float = param(0.5, about="smallest rise in all", low=0, unit="channel std")
    high: float = param(3.0, about="largest rise in all", low=0, identity=0, search=(1.0, 6.0), unit="channel std")
    where: str = param("whole", about="the line's stretch: the whole series, or a random part", choices=("whole", "random"))
    mark: bool = param(False, about="label the stretch as an event in the point labels")

    label_rule = "class and point labels stay; mark=True labels the stretch of the rise"
    shortest = 2
    lean = True
    preserves = ("length",)
    examples = ({}, {"where": "random", "mark": True}, {"where": "random", "scope": "past", "p": 0.5})

    @property
    def marks(self) -> bool:
        """Whether the stretch is labelled."""
        return self.mark

    def change(self, x: Array, rng: Draws) -> Array | tuple[Array, Array]:
        """Return x with a line, and the steps of its rise if they are to be marked."""
        xp = namespace(x)
        rise = (rng.sign("direction", 1) * between(rng.uniform("size", 1), self.low, self.high))[:, None, :] * spread(x)
        ends = self._ends(x, rng)
        slope = rise / xp.astype(ends[:, 1:] - ends[:, :1], rise.dtype)[:, None, :]
        nothing = xp.zeros_like(rise)
        sloped = add_lines(x, ends, concat([nothing, rise], axis=2), concat([slope, nothing], axis=2))
        return (sloped, stretch(x, ends, rise[:, :, 0] != 0)) if self.mark else sloped

    def _ends(self, x: Array, rng: Draws) -> Array:
        xp = namespace(x)
        if self.where == "random":
            return xp.sort(rng.distinct("stretch", x.shape[2], 2), axis=1)
        first = xp.zeros((x.shape[0], 1), dtype=xp.int64, device=x.device)
        return concat([first, first + (x.shape[2] - 1)], axis=1)
