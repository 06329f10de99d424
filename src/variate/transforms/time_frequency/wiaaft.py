"""WIAAFT."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.modwt import levels
from variate.kernels.ranks import order
from variate.kernels.wavelet_surrogates import wiaaft


@dataclass(frozen=True, kw_only=True)
class WIAAFT(ValueTransform):
    """Put the same readings in another order that keeps where the series is high and where it is lively [keylock2006].

    An iterated surrogate (``IAAFT``) of each wavelet level, turned in time to where it fits the old level best, the slow
    rest as it was, and then the readings and the spectrum of the whole imposed in turns. So the readings are kept bit for
    bit, or the spectrum to rounding with ``output="spectrum"``, and the local mean and variance nearly, which ``IAAFT``
    loses. With ``pinned`` above 0 the largest details that hold this share of their energy stay in place [keylock2007], up
    to 1, which returns the series. The papers' text could not be read: the order of steps follows published code, and how
    details are pinned is our reconstruction. Least asymmetric filter of 16 taps; 200 rounds are our decision.

    Class labels stay, and point labels stay where they are: large events keep their place roughly, single steps do not, so
    it hurts detectors of single steps, and classes that differ in fine timing. No gradient flows through ranks. On a
    forecast window past and target are one series.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=256) * np.repeat([1.0, 5.0], 128)
    >>> y = variate.WIAAFT()(x, seed=0)
    >>> bool((np.sort(y) == np.sort(x)).all() and y[128:].std() > 1.5 * y[:128].std())
    True
    """

    pinned: float = param(0.0, about="share of the details' energy that stays", low=0, high=1, identity=1, search=(0.9, 0.0))
    most: int = param(200, about="most rounds", low=0)
    output: str = param("values", about="what is kept exactly", choices=("values", "spectrum"))

    label_rule = "class labels stay; point labels stay in place, where large events are roughly"
    bridges = True
    differentiable = False
    iterated = True
    shortest = 16
    preserves = ("length",)
    examples = ({}, {"pinned": 0.5}, {"output": "spectrum", "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return the readings of x in another order."""
        if self.pinned == 1:
            return x
        count = levels(x.shape[2], "la16")
        start = order(rng.uniform("start", (x.shape[1] * count, x.shape[2])))
        start = start.reshape(x.shape[0], x.shape[1], count, x.shape[2])
        return wiaaft(x, start, self.most, wavelet="la16", pinned=self.pinned, spectrum_last=self.output == "spectrum")
