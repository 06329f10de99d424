"""AmplitudePhasePerturbation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.perturbation import edges_kept, perturbed
from variate.kernels.spectrum import turning


@dataclass(frozen=True, kw_only=True)
class AmplitudePhasePerturbation(ValueTransform):
    """Redraw the amplitudes of a few stretches of the spectrum, and shake their phases: APP [gao2020].

    ``segments`` stretches of width·n of the n bins between DC and the Nyquist bin start at random, at least half a stretch
    apart (fewer where so many do not fit). In them amplitudes become |N(m, amplitude·v)|, m and v the mean and variance of
    the channel's amplitudes, and to the phases is added N(0, phase). All other bins, and with them the mean, are kept;
    ``mode`` does one or both. The largest bins, keep_top·n of them and five at least, stay as they were unless
    ``keep_top=0``. Stretches are the same for all channels, what is drawn in them is not. ``APP`` is another name.

    Rule and defaults follow the code of the authors' group; what [gao2020] itself used could not be found. It keeps five
    or more of the largest bins, which the survey does not mention. Per-channel noise is our decision, and so is
    ``keep_edges=0``: the code puts the first and last readings back, which makes jumps. With ``statistics="segment"`` m and v
    are those of each stretch.

    It hurts where a narrow band is the class, and, as amplitudes become like the average, where the spectrum is steep.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=200)
    >>> y = variate.AmplitudePhasePerturbation(mode="phase", phase=1.0)(x, seed=0)
    >>> bool(np.allclose((x**2).sum(), (y**2).sum()))
    True
    """

    mode: str = param("both", about="what is perturbed", choices=("both", "amplitude", "phase"))
    segments: int = param(2, about="number of stretches", low=0, identity=0, search=(1, 6))
    width: float = param(0.1, about="width of a stretch", low=0, high=1, search=(0.05, 0.3), unit="share")
    amplitude: float = param(1.0, about="variance of the new amplitudes", low=0, unit="variance of the amplitudes")
    phase: float = param(0.1, about="variance of what is added to phases", low=0, search=(0.01, 1.0), log=True, unit="rad²")
    mean: str = param("mean", about="mean of the new amplitudes: that of the old ones, or 0", choices=("mean", "zero"))
    statistics: str = param("whole", about="amplitudes that count for mean and variance", choices=("whole", "segment"))
    keep_top: float = param(0.1, about="largest bins that stay as they were", low=0, high=1, unit="share")
    keep_edges: float = param(0.0, about="readings at both ends that stay as they were", low=0, high=1, unit="share")

    bridges = True
    shortest = 8
    preserves = ("length",)
    examples = ({}, {"mode": "phase", "keep_top": 0.0}, {"mode": "amplitude", "statistics": "segment", "segments": 4, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with a perturbed spectrum."""
        if self.segments == 0:
            return x
        bins = turning(x.shape[2])
        width = max(math.floor(self.width * bins), 1)
        starts = self._starts(bins, width, rng)
        shape = (x.shape[1], starts.shape[1] * width)
        new = perturbed(
            x,
            starts,
            width,
            amplitude=None if self.mode == "phase" else math.sqrt(self.amplitude) * rng.normal("amplitude", shape),
            phase=None if self.mode == "amplitude" else math.sqrt(self.phase) * rng.normal("phase", shape),
            centred=self.mean == "mean",
            whole=self.statistics == "whole",
            kept=min(max(5, math.ceil(self.keep_top * bins)), bins) if self.keep_top > 0 else 0,
        )
        return edges_kept(x, new, max(2, round(self.keep_edges * x.shape[2] / 2))) if self.keep_edges > 0 else new

    def _starts(self, bins: int, width: int, rng: Draws) -> Array:
        """Return the first bins (n, stretches), rising and at least half a stretch apart, every such choice equally likely.

        A choice of different places among fewer, spread out again by the least distance, is such a choice.
        """
        apart = math.ceil(width / 2)
        count = min(self.segments, (bins - width) // apart + 1)
        places = rng.distinct("start", bins - width + 1 - (count - 1) * (apart - 1), count)
        xp = namespace(places)
        return xp.sort(places, axis=1) + (apart - 1) * xp.arange(count, device=places.device)[None, :]


APP = AmplitudePhasePerturbation
