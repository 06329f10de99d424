"""MagnitudeWarp."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.spline import warp_magnitude


@dataclass(frozen=True, kw_only=True)
class MagnitudeWarp(ValueTransform):
    """Multiply the series by a smooth random curve around 1, so that its strength swells and fades [um2017].

    x'(t) = x(t)·v(t), v the cubic spline through ``knots`` inner knots and both ends, with values ~ N(1, sigma²); one
    curve for each channel, or one for all with ``per_channel=False``. Zeros stay zeros; the curve does not look at x.

    It hurts where the envelope is the class, and on series with a large offset, which it turns into a trend.

    >>> import numpy as np, variate
    >>> curve = variate.MagnitudeWarp()(np.ones(200), seed=0)
    >>> bool(np.abs(np.diff(curve)).max() < 0.05)
    True
    """

    sigma: float = param(0.2, about="spread of the knots around 1", low=0, identity=0, search=(0.05, 0.6), unit="factor")
    knots: int = param(4, about="inner knots of the curve", low=1, high=64)
    per_channel: bool = param(True, about="one curve for each channel, or one for all")

    lean = True
    preserves = ("length", "zeros")
    examples = ({}, {"sigma": 0.4, "knots": 9, "per_channel": False}, {"knots": 1, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x times its curves."""
        channels = x.shape[1] if self.per_channel else 1
        return warp_magnitude(x, self.sigma * rng.normal("knots", (channels, self.knots + 2)))
