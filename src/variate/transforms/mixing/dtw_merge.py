"""DtwMerge."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, namespace, refuse_gradient
from variate.kernels.dtw import dtw_path
from variate.kernels.reading import read


@dataclass(frozen=True, kw_only=True)
class DtwMerge(MixTransform):
    """Begin with a series and end with another of its class, from where both are at the same point of it [akyash2021].

    DTW aligns the two; a pair of aligned steps is drawn, each as likely; what comes before it in the one and after it in the
    other is put together and stretched to the old length. Event labels, and class weights with ``across=True``, are those of
    whoever has the step. Partners of other lengths are stretched first. Past and target of a forecast window are merged each
    on its own.

    It hurts where beginning and end of a series belong together, as in a drift that goes on.

    >>> import numpy as np, variate
    >>> t = np.arange(60)
    >>> known = np.stack([np.sin(t / 5), np.sin(t / 6)])
    >>> variate.DtwMerge().fit(known)(known, seed=0).shape
    (2, 60)
    """

    band: float = param(0.1, about="half-width of the band of an alignment", low=0.01, high=1, unit="share")

    apart = True
    differentiable = False
    shortest = 4
    preserves = ("length",)
    examples = ({}, {"band": 0.5, "p": 0.5})

    @property
    def stretches(self) -> bool:
        """Partners may be of any length."""
        return True

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return the beginning of x with the end of its partner."""
        refuse_gradient(x, type(self).__name__)
        xp, length = namespace(x), x.shape[2]
        _, path = dtw_path(x, others[:, 0], self.band)
        place = rng.integers("cut", path.length)[:, None]
        last, first = (xp.astype(xp.take_along_axis(p, place, axis=1), xp.float64) for p in (path.first, path.second))
        steps = xp.astype(xp.arange(length, device=x.device), xp.float64)[None, :]
        merged = steps * (last + length - 1 - first) / max(length - 1, 1)  # where each new step is in what is put together
        theirs = xp.clip(merged - last, 0.0, 1.0)
        end = xp.full_like(first, length - 1)
        their_clock = xp.clip(first + merged - last, xp.minimum(first + 1, end), end)
        own = read(x, xp.minimum(merged, last))
        mixed = own * (1 - theirs)[:, None] + read(others[:, 0], their_clock) * theirs[:, None]
        weights = xp.stack([1 - theirs, theirs], axis=1)
        # beyond the cut nothing is read from the series, and time goes on in it
        pace = (end - last) / xp.maximum(end - first, xp.ones_like(first))
        own_clock = xp.where(merged > last, xp.minimum(last + pace * (merged - last), end), merged)
        return Mixed(xp.astype(mixed, x.dtype), weights, lambda: xp.stack([own_clock, their_clock], axis=1))
