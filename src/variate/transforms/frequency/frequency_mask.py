"""FrequencyMask."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.filtering import filtered


@dataclass(frozen=True, kw_only=True)
class FrequencyMask(ValueTransform):
    """Remove a random share of the frequencies, the same from past and target [chen2023].

    Each bin of the spectrum but DC is set to 0 with probability ``ratio``, in all channels alike, or in each on its own with
    ``per_channel=True``. The mean is kept. Leaving DC out is our decision: without it a series would lose its level.

    It hurts where one frequency is the class, which the mask may take. Labels of single steps stay, although what is removed
    of a peak is spread over the series.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> gone = np.abs(np.fft.rfft(variate.FrequencyMask(ratio=0.5)(x, seed=0))) < 1e-9
    >>> bool(10 < gone.sum() < 40)
    True
    """

    ratio: float = param(0.1, about="chance of a frequency to go", low=0, high=1, identity=0, search=(0.02, 0.5), unit="share")
    per_channel: bool = param(False, about="each channel loses its own frequencies")

    bridges = True
    shortest = 3
    preserves = ("length",)
    examples = ({}, {"ratio": 0.5, "per_channel": True}, {"p": 0.5, "scope": "past"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x without some frequencies."""
        gone = rng.chance("gone", self.ratio, (x.shape[1] if self.per_channel else 1, x.shape[2] // 2))
        return filtered(x, ~gone)
