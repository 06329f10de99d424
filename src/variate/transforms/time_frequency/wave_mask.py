"""WaveMask."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.dwt import dwt, idwt


@dataclass(frozen=True, kw_only=True)
class WaveMask(ValueTransform):
    """Remove a random share of the wavelet coefficients, with a rate for each kind of level [arabi2024].

    The discrete wavelet transform with ``level`` levels of the filter db1; each detail becomes 0 with probability
    ``details``, each coefficient of the approximation with ``approximation``, the same for all channels; then back. The
    published method has a rate for every level, chosen by search: two rates and their values are our decision.

    It hurts where short events are the class, since a detail at the right time may be all there is of them. Labels of single
    steps stay.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=64)
    >>> bool((variate.WaveMask(details=0.5)(x, seed=0) ** 2).sum() < (x**2).sum())
    True
    """

    details: float = param(0.1, about="chance of a detail to go", low=0, high=1, search=(0.0, 0.5), unit="share")
    approximation: float = param(0.0, about="chance of a coefficient of the rest to go", low=0, high=1, unit="share")
    level: int = param(2, about="number of levels", low=0, identity=0)

    bridges = True
    shortest = 4
    preserves = ("length",)
    examples = ({}, {"details": 0.5, "approximation": 0.1, "level": 4}, {"p": 0.5, "scope": "past"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x without some of its coefficients."""
        if self.level == 0:
            return x
        coefficients = dwt(x, "db1", self.level)
        kept = []
        for j, array in enumerate(coefficients):
            share = self.details if j else self.approximation
            gone = rng.chance(f"gone{j}", share, (1, array.shape[2]))
            kept.append(namespace(array).where(gone, namespace(array).zeros_like(array), array))
        return idwt(kept, "db1", x.shape[2])
