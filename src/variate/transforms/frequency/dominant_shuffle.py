"""DominantShuffle."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.filtering import shuffle_strongest
from variate.kernels.spectrum import turning


@dataclass(frozen=True, kw_only=True)
class DominantShuffle(ValueTransform):
    """Exchange the strongest frequencies among themselves [zhao2024].

    The ``count`` bins of largest amplitude, DC excepted, get each other's amplitudes and phases in a random order, each
    channel its own bins and one order of ranks for all. What is weak stays as it is, so the result stays near the data. The
    mean is kept, and the variance (with even length up to the Nyquist bin, which is left out).

    It hurts where the strongest frequency is the class: period and strength trade places.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=101)
    >>> before, after = (np.sort(np.abs(np.fft.rfft(v))) for v in (x, variate.DominantShuffle()(x, seed=0)))
    >>> bool(np.allclose(before, after))
    True
    """

    count: int = param(4, about="how many of the strongest frequencies", low=1, identity=1, search=(2, 12))

    bridges = True
    shortest = 5
    preserves = ("length",)
    examples = ({}, {"count": 9, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with its strongest frequencies exchanged."""
        return shuffle_strongest(x, rng.order("order", min(self.count, turning(x.shape[2]))))
