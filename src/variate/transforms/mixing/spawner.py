"""Spawner."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, namespace, refuse_gradient
from variate.kernels.dtw import path_through
from variate.kernels.moments import spread
from variate.kernels.reading import read
from variate.kernels.warping import along


@dataclass(frozen=True, kw_only=True)
class Spawner(MixTransform):
    """Average a series with one of its class along an alignment that is forced through a random point [kamycki2020].

    DTW aligns the two, within a band, through a step drawn anywhere that is the same in both: a suboptimal path, and so a
    new series each time. It is read at an even pace, averaged, and gets a little noise. Partners of other lengths are
    stretched first. Past and target of a forecast window are aligned each on its own.

    It hurts where the timing inside a series is the class, since the average has the mean of both timings.

    >>> import numpy as np, variate
    >>> t = np.arange(60)
    >>> known = np.stack([np.sin(t / 5), np.sin(t / 6)])
    >>> variate.Spawner().fit(known)(known, seed=0).shape
    (2, 60)
    """

    sigma: float = param(0.05, about="noise", low=0, search=(0.0, 0.2), unit="channel std")
    band: float = param(0.1, about="half-width of the band of an alignment", low=0.01, high=1, unit="share")

    apart = True
    differentiable = False
    shortest = 4
    preserves = ("length",)
    examples = ({}, {"sigma": 0.0, "band": 1.0, "p": 0.5})

    @property
    def stretches(self) -> bool:
        """Partners may be of any length."""
        return True

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return the average along the path."""
        refuse_gradient(x, type(self).__name__)
        xp, length = namespace(x), x.shape[2]
        point = rng.integers("point", length)
        _, path = path_through(x, others[:, 0], point, point, self.band)
        own, theirs = along(path, length)
        mean = (read(x, own) + read(others[:, 0], theirs)) / 2
        noisy = rng.add_normal(mean, "noise", self.sigma * spread(x))
        half = xp.full((x.shape[0], 2, 1), 0.5, dtype=x.dtype, device=x.device)
        return Mixed(noisy, half, lambda: xp.stack([own, theirs], axis=1))
