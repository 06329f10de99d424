"""Flip."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.elementwise import scale
from variate.kernels.moments import average


@dataclass(frozen=True, kw_only=True)
class Flip(ValueTransform):
    """Turn the series upside down, as a sensor mounted the other way round would record it [wen2021].

    x'(t) = -x(t), or 2μ - x(t) with ``about="mean"``. With ``channels="each"`` every channel is turned with chance ½ on
    its own (our addition). Amplitude spectrum and magnitudes are kept. This is not the reversal of time, which some
    libraries call a flip.

    It hurts wherever up and down differ: heart beats, demand, counts. Around zero it makes positive data negative. On a
    forecast window ``about="mean"`` takes the mean of past and target together, unless ``scope="past"``.

    >>> import variate
    >>> variate.Flip()([1.0, -2.0, 0.5]).tolist()
    [-1.0, 2.0, -0.5]
    """

    about: str = param("zero", about="the level to turn around", choices=("zero", "mean"))
    channels: str = param("all", about="turn all channels together, or each with chance one half", choices=("all", "each"))

    lean = True
    preserves = ("length",)
    examples = ({}, {"about": "mean", "channels": "each"}, {"p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x turned over."""
        xp = namespace(x)
        sign = rng.sign("sign", (x.shape[1], 1)) if self.channels == "each" else -xp.ones_like(x[:, :1, :1])
        if self.about == "zero":
            return scale(x, sign)
        return scale(x, sign) + xp.astype(1 - sign, x.dtype) * average(x)
