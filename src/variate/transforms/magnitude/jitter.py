"""Jitter."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, scope
from variate.kernels.arrays import Array, namespace
from variate.kernels.moments import spread


@dataclass(frozen=True, kw_only=True)
class Jitter(ValueTransform):
    """Add Gaussian noise to every reading, as a noisier sensor would [um2017].

    x'(t) = x(t) + ε(t) with ε ~ N(0, (sigma·s)²), independent over time and channels, where s is the channel's standard
    deviation, or 1 with ``relative=False``. The mean is kept up to sampling error.

    It hurts where the class sits in fine detail, and strong classifiers on clean series gain nothing from it. The
    default sigma with ``relative=True`` is our decision; 0.05 absolute on accelerometer data in g is [um2017]'s code,
    0.03 absolute on normalised data [iwana2021]'s. On a forecast window only the past is disturbed.

    A constant channel has no spread, so relative noise leaves it as it is.

    >>> import numpy as np, variate
    >>> x = np.sin(np.linspace(0, 6, 100))
    >>> bool(0.02 < np.std(variate.Jitter(sigma=0.05)(x, seed=0) - x) / np.std(x) < 0.08)
    True
    """

    sigma: float = param(0.03, about="size of the noise", low=0, identity=0, search=(0.01, 0.3), log=True, unit="channel std")
    relative: bool = param(True, about="sigma in units of the channel's standard deviation, or of the data")
    scope: str = scope("past")

    lean = True
    preserves = ("length",)
    examples = ({}, {"sigma": 0.1, "relative": False}, {"p": 0.5, "scope": "all"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x plus noise."""
        xp = namespace(x)
        scale = self.sigma * (spread(x) if self.relative else xp.ones_like(x[:, :, :1]))
        return rng.add_normal(x, "noise", scale)
