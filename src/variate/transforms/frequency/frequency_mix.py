"""FrequencyMix."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.filtering import exchanged


@dataclass(frozen=True, kw_only=True)
class FrequencyMix(MixTransform):
    """Take a random share of the frequencies from another series, the same in past and target [chen2023].

    Each bin of the spectrum but DC comes from a partner with probability ``ratio``, in all channels alike, or in each on its
    own with ``per_channel=True``. The mean is kept. Leaving DC out is our decision: a series would take another's level. A
    partner's weight in labels is the share of the bins that came from it.

    It hurts where the phases of frequencies belong together, as in a sharp event: part of it comes from elsewhere.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=(8, 1, 64))
    >>> y = variate.FrequencyMix(ratio=0.5).fit(x)(x, seed=0)
    >>> own = np.abs(np.fft.rfft(y) - np.fft.rfft(x)) < 1e-9
    >>> bool(own[..., 0].all() and 0.3 < own.mean() < 0.7)
    True
    """

    ratio: float = param(
        0.2, about="chance of a frequency to be taken", low=0, high=1, identity=0, search=(0.05, 0.5), unit="share"
    )
    per_channel: bool = param(False, about="each channel takes its own frequencies")

    shortest = 3
    preserves = ("length",)
    examples = ({}, {"ratio": 0.5, "per_channel": True}, {"across": True, "p": 0.5}, {"scope": "past"})

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return x with some frequencies of its partner, and the share of each."""
        taken = rng.chance("taken", self.ratio, (x.shape[1] if self.per_channel else 1, x.shape[2] // 2))
        xp = namespace(x)
        share = xp.mean(xp.astype(taken, x.dtype), axis=(1, 2))[:, None, None]
        return Mixed(exchanged(x, others[:, 0], taken), concat([1 - share, share], axis=1))
