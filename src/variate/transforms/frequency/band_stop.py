"""BandStop."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.filtering import filtered


@dataclass(frozen=True, kw_only=True)
class BandStop(ValueTransform):
    """Remove one band of frequencies, as a filter against a disturbance would.

    The band has width·n of the n bins above DC (one at least), starts at any of them where it fits, and is the same for all
    channels; its bins become 0. The mean is kept. An operation of the field, not of the survey.

    It hurts where the band of the class is narrow, since the filter may take all of it. Labels of single steps stay, although
    what is removed of a peak is spread over the series.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> int((np.abs(np.fft.rfft(variate.BandStop(width=0.2)(x, seed=0))) < 1e-9).sum())
    10
    """

    width: float = param(0.1, about="width of the band", low=0, high=1, identity=0, search=(0.02, 0.4), unit="share")

    bridges = True
    shortest = 3
    preserves = ("length",)
    examples = ({}, {"width": 0.4, "p": 0.5}, {"scope": "past"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x without a band."""
        if self.width == 0:
            return x
        bins = x.shape[2] // 2
        width = max(round(self.width * bins), 1)
        start = rng.integers("start", bins - width + 1, (1, 1))
        place = namespace(start).arange(bins, device=start.device)[None, None, :]
        return filtered(x, (place < start) | (place >= start + width))
