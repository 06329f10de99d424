"""TimeMask."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, scope
from variate.kernels.arrays import Array, namespace
from variate.kernels.elementwise import fill_windows, windows
from variate.kernels.missing import carry_forward
from variate.kernels.moments import average


@dataclass(frozen=True, kw_only=True)
class TimeMask(ValueTransform):
    """Blank out whole windows of time, as a lost connection would; images know it as cutout.

    ``count`` windows of ratio·T steps each (one at least) start anywhere, may overlap, and are the same for all channels.
    What stands there is ``fill``: 0, the channel's mean, the last reading before the window (the first one after it where
    there is none before), or NaN (missing readings). An operation of the field, not of the survey.

    It hurts where a short event is the class, since a window may cover it all; point labels stay, also on what is covered.
    On a forecast window only the past is masked; with ``scope="all"`` past and target get windows of their own.

    >>> import numpy as np, variate
    >>> int((variate.TimeMask(ratio=0.2)(np.ones(100), seed=0) == 0).sum())
    20
    """

    ratio: float = param(0.1, about="length of a window", low=0, high=1, identity=0, search=(0.02, 0.4), unit="share")
    count: int = param(1, about="number of windows", low=1)
    fill: str = param("zero", about="what stands in a window", choices=("zero", "mean", "last", "nan"))
    scope: str = scope("past")

    apart = True
    lean = True
    preserves = ("length",)
    examples = ({}, {"ratio": 0.05, "count": 3, "fill": "mean"}, {"fill": "last"}, {"ratio": 0.2, "fill": "nan", "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with windows blanked out."""
        length = x.shape[2]
        width = max(round(self.ratio * length), 1) if self.ratio > 0 else 0
        start = rng.integers("start", length - width + 1, (self.count,))
        if self.fill == "last":
            return carry_forward(x, windows(start, width, length)[:, None, :])
        xp = namespace(x)
        fill = average(x) if self.fill == "mean" else xp.full_like(x[:, :, :1], float("nan") if self.fill == "nan" else 0.0)
        return fill_windows(x, start, width, fill)
