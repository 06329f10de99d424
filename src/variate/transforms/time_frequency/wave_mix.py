"""WaveMix."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.dwt import dwt, idwt


@dataclass(frozen=True, kw_only=True)
class WaveMix(MixTransform):
    """Take a random share of the wavelet coefficients from another series, with a rate for each kind of level [arabi2024].

    The discrete wavelet transform with ``level`` levels of the filter db1; each detail comes from a partner with
    probability ``details``, each coefficient of the approximation with ``approximation``, the same for all channels; then
    back. The published method has a rate for every level, chosen by search: two rates and their values are our decision. A
    partner's weight in labels is the share of the coefficients that came from it.

    It hurts where series differ in level: a coefficient of the approximation taken from elsewhere is a step.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=(8, 1, 64))
    >>> y = variate.WaveMix(details=0.5).fit(x)(x, seed=0)
    >>> bool(np.allclose(y.reshape(8, 16, 4).mean(-1), x.reshape(8, 16, 4).mean(-1)) and (y != x).any())
    True
    """

    details: float = param(0.2, about="chance of a detail to be taken", low=0, high=1, search=(0.0, 0.5), unit="share")
    approximation: float = param(0.0, about="chance of a coefficient of the rest to be taken", low=0, high=1, unit="share")
    level: int = param(2, about="number of levels", low=0, identity=0)

    shortest = 4
    preserves = ("length",)
    examples = ({}, {"details": 0.5, "approximation": 0.1, "level": 4}, {"across": True, "p": 0.5}, {"scope": "past"})

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return x with some coefficients of its partner, and the share of each."""
        xp, mixed, taken = namespace(x), [], []
        own, theirs = dwt(x, "db1", self.level), dwt(others[:, 0], "db1", self.level)
        for j, (a, b) in enumerate(zip(own, theirs, strict=True)):
            share = (self.details if j else self.approximation) if self.level else 0.0
            taken.append(rng.chance(f"taken{j}", share, (1, a.shape[2])))
            mixed.append(xp.where(taken[-1], b, a))
        share = xp.mean(xp.astype(concat(taken, axis=2), x.dtype), axis=2, keepdims=True)
        return Mixed(idwt(mixed, "db1", x.shape[2]), concat([1 - share, share], axis=1))
