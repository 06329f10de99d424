"""Dropout."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, scope
from variate.kernels.arrays import Array, namespace
from variate.kernels.elementwise import replace_where
from variate.kernels.missing import carry_forward
from variate.kernels.moments import average


@dataclass(frozen=True, kw_only=True)
class Dropout(ValueTransform):
    """Lose single steps at random, as a bad connection would.

    Each step is lost with probability ``ratio``, in all channels at once, or channel by channel with
    ``per_channel=True``. What stands in its place is ``fill``: 0, the channel's mean, the last reading that was not
    lost, or NaN (a missing reading). An operation of the field, not of the survey.

    It hurts detectors of single-step events, which may be lost; point labels stay. On a forecast window only the past
    loses readings; with ``scope="all"`` past and target lose them each on its own.

    >>> import numpy as np, variate
    >>> x = np.ones((1, 1, 1000))
    >>> bool(40 < 1000 - variate.Dropout(ratio=0.1)(x, seed=0).sum() < 160)
    True
    """

    ratio: float = param(
        0.05, about="chance of a step to be lost", low=0, high=1, identity=0, search=(0.01, 0.3), log=True, unit="share"
    )
    fill: str = param("zero", about="what stands in place of a lost reading", choices=("zero", "mean", "last", "nan"))
    per_channel: bool = param(False, about="each channel loses its own steps")
    scope: str = scope("past")

    apart = True
    lean = True
    preserves = ("length",)
    examples = ({}, {"ratio": 0.2, "fill": "last", "per_channel": True}, {"fill": "mean"}, {"fill": "nan", "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with steps lost."""
        lost = rng.chance("lost", self.ratio, (x.shape[1] if self.per_channel else 1, x.shape[2]))
        if self.fill == "last":
            return carry_forward(x, lost)
        xp = namespace(x)
        nothing = xp.zeros_like(x[:, :, :1])
        fill = average(x) if self.fill == "mean" else nothing + (float("nan") if self.fill == "nan" else 0.0)
        return replace_where(x, lost, fill)
