"""AAFT."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, on_points
from variate.kernels.arrays import Array
from variate.kernels.spectrum import bins
from variate.kernels.surrogates import aaft


@dataclass(frozen=True, kw_only=True)
class AAFT(ValueTransform):
    """Put the same readings in another order with nearly the same spectrum: amplitude adjusted surrogate [theiler1992].

    A Gaussian series is put to the ranks of x, gets the phases of a Fourier surrogate, and the readings of x are put to its
    ranks. So every reading is kept, bit for bit, and the spectrum nearly: it becomes a little flatter. ``channels="joint"``
    turns the phases of all channels alike. Lee et al. extend training data ten- and hundredfold by it [lee2019].

    It hurts wherever the time course matters. Labels of single steps are refused, or dropped with ``on_points="drop"``. A
    forecast window is one series to it, so its border has no meaning afterwards. No gradient flows through ranks.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=50)
    >>> bool((np.sort(variate.AAFT()(x, seed=0)) == np.sort(x)).all())
    True
    """

    channels: str = param("joint", about="one set of phases for all channels, or one for each", choices=("joint", "each"))
    on_points: str = on_points()

    local = False
    bridges = True
    differentiable = False
    iterated = True
    shortest = 3
    preserves = ("length", "values", "range")
    examples = ({"on_points": "drop"}, {"channels": "each", "p": 0.5, "on_points": "drop"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return the readings of x in another order."""
        channels = 1 if self.channels == "joint" else x.shape[1]
        turn = rng.uniform("phase", (channels, bins(x.shape[2])), high=2 * math.pi)
        return aaft(x, rng.normal("gaussian", x.shape[1:]), turn)
