"""Scaling."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.elementwise import scale


@dataclass(frozen=True, kw_only=True)
class Scaling(ValueTransform):
    """Multiply each channel by one random factor near 1, as a changed gain or a looser strap would [um2017].

    x'(t) = α·x(t), α ~ N(1, sigma²) per channel, or exp(N(0, sigma²)) with ``distribution="lognormal"``, which never
    turns a channel over. Zeros stay zeros, shape and phase are kept.

    It does nothing to models that normalise each series, and hurts where the absolute level is the class. A normal
    factor is negative with probability Φ(-1/sigma): 3e-7 at 0.2, 0.02 at 0.5.

    >>> import numpy as np, variate
    >>> y = variate.Scaling(sigma=0.2)(np.arange(1.0, 5.0), seed=0)
    >>> np.allclose(y / y[0], [1, 2, 3, 4])
    True
    """

    sigma: float = param(
        0.1, about="spread of the factor around 1", low=0, identity=0, search=(0.03, 0.5), log=True, unit="factor"
    )
    per_channel: bool = param(True, about="one factor for each channel, or one for the whole series")
    distribution: str = param("normal", about="law of the factor", choices=("normal", "lognormal"))

    lean = True
    preserves = ("length", "zeros")
    examples = ({}, {"sigma": 0.3, "per_channel": False, "distribution": "lognormal"}, {"p": 0.5, "scope": "past"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x times its factors."""
        deviation = self.sigma * rng.normal("factor", (x.shape[1] if self.per_channel else 1, 1))
        return scale(x, 1 + deviation if self.distribution == "normal" else namespace(deviation).exp(deviation))
