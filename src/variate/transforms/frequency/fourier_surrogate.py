"""FourierSurrogate."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, on_points
from variate.kernels.arrays import Array
from variate.kernels.spectrum import bins, randomise_phases


@dataclass(frozen=True, kw_only=True)
class FourierSurrogate(ValueTransform):
    """Keep how strong each frequency is, and forget when it peaks: the Fourier transform surrogate [theiler1992].

    To the phase of every frequency is added strength·U(0, 2π), DC and Nyquist excepted. The amplitude spectrum, and with it
    mean, variance and circular autocorrelation, are kept to rounding; the distribution of the readings becomes like a
    Gaussian one. The same is added in all channels, which keeps their cross-spectra [prichard1994]; with
    ``channels="each"`` every channel has its own. A ``strength`` below 1 is braindecode's, not the surrogate's.

    It hurts wherever the time course matters: transients, trends and bursts are spread over the whole series. Ends that do
    not meet leak into all frequencies. Labels of single steps are refused, or dropped with ``on_points="drop"``. A forecast
    window is one series to it, so its border has no meaning afterwards: use it to pre-train.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=100)
    >>> y = variate.FourierSurrogate()(x, seed=0)
    >>> bool(np.allclose(np.abs(np.fft.rfft(x)), np.abs(np.fft.rfft(y))))
    True
    """

    strength: float = param(1.0, about="share of the circle", low=0, high=1, identity=0, search=(0.1, 1.0), unit="turns")
    channels: str = param("joint", about="one set of phases for all channels, or one for each", choices=("joint", "each"))
    on_points: str = on_points()

    local = False
    bridges = True
    shortest = 3
    preserves = ("length",)
    examples = ({"on_points": "drop"}, {"channels": "each", "strength": 0.5, "p": 0.5, "on_points": "drop"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with other phases."""
        channels = 1 if self.channels == "joint" else x.shape[1]
        turn = rng.uniform("phase", (channels, bins(x.shape[2])), high=2 * math.pi)
        return randomise_phases(x, self.strength * turn)
