"""ChannelDropout."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.elementwise import replace_where
from variate.kernels.moments import average


@dataclass(frozen=True, kw_only=True)
class ChannelDropout(ValueTransform):
    """Lose whole channels at random, as a sensor that fell off would.

    Each channel is lost with probability ``ratio``; where that would take all of them, one stays (our decision), so a
    series of one channel passes unchanged. What stands there is ``fill``: 0, the channel's mean, or NaN (missing
    readings). An operation of the field, not of the survey.

    It hurts where one channel alone tells the classes apart. On a forecast window a channel is lost in past and target alike,
    and a mean is that of both; take ``scope="past"`` to forecast the channel that fell out.

    >>> import numpy as np, variate
    >>> y = variate.ChannelDropout(ratio=0.5)(np.ones((1, 8, 20)), seed=0)
    >>> sorted(set(y.mean(axis=2)[0].tolist()))
    [0.0, 1.0]
    """

    ratio: float = param(
        0.2, about="chance of a channel to be lost", low=0, high=1, identity=0, search=(0.05, 0.5), unit="share"
    )
    fill: str = param("zero", about="what stands in place of a lost channel", choices=("zero", "mean", "nan"))

    lean = True
    preserves = ("length",)
    examples = ({}, {"ratio": 0.7, "fill": "mean"}, {"ratio": 1.0, "p": 0.5}, {"fill": "nan"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with channels lost."""
        xp = namespace(x)
        u = rng.uniform("lost", x.shape[1])
        lost = (u < self.ratio) & (u < xp.max(u, axis=1, keepdims=True))
        fill = average(x) if self.fill == "mean" else xp.full_like(x[:, :, :1], float("nan") if self.fill == "nan" else 0.0)
        return replace_where(x, xp.repeat(lost[:, :, None], x.shape[2], axis=2), fill)
