"""StlMix."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, namespace, refuse_gradient
from variate.kernels.decomposition import Decomposition, decomposed, periods, short


@dataclass(frozen=True, kw_only=True)
class StlMix(MixTransform):
    """Keep the trend, and take the season from another series and the remainder from a third [kegel2018].

    Each is taken apart by STL, or with ``method="robust_stl"`` by RobustSTL, by its own period. With ``rescale`` a part that
    comes from elsewhere is made as large as the series is around its trend, compared with that of the other. Where a class
    has only two series the remainder stays. All three have the same weight in labels. That the trend stays, and the
    rescaling, are our decisions.

    It hurts where season and trend go together, as in demand that grows with its level; mix logarithms then,
    or what ``In("box_cox", ...)`` makes. A series of fewer than two given periods stays as it is.

    >>> import numpy as np, variate
    >>> t = np.arange(96)
    >>> x = np.stack([np.sin(t * np.pi / 6), 2 * np.cos(t * np.pi / 6), t / 48 + np.sin(t * np.pi / 3)])
    >>> variate.StlMix(period=12).fit(x)(x, seed=0).shape
    (3, 96)
    """

    method: str = param("stl", about="how series are taken apart", choices=("stl", "robust_stl"))
    rescale: bool = param(True, about="make parts from elsewhere as large as the series is around its trend")
    period: int | str = param("auto", about="steps in a season; 'auto' looks for it in each series", low=2, auto=True)

    differentiable = False
    shortest = 8
    preserves = ("length",)
    examples = ({}, {"method": "robust_stl", "period": 6, "p": 0.5}, {"across": True, "rescale": False})

    @property
    def count(self) -> int:
        """One for the season, one for the remainder."""
        return 2

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return the trend of x with the season of one partner and the remainder of the other."""
        refuse_gradient(x, type(self).__name__)
        xp = namespace(x)
        weights = xp.full((x.shape[0], 3, 1), 1 / 3, dtype=x.dtype, device=x.device)
        if short(x, self.period):
            weights[:, 0], weights[:, 1:] = 1, 0
            return Mixed(x, weights)
        own, *theirs = (self._apart(series) for series in (x, others[:, 0], others[:, 1]))
        seasonal, remainder = theirs[0].seasonal, theirs[1].remainder
        if self.rescale:
            size = _spread(own)
            seasonal = seasonal * _ratio(size, _spread(theirs[0]))
            remainder = remainder * _ratio(size, _spread(theirs[1]))
        return Mixed(own.trend + seasonal + remainder, weights)

    def _apart(self, x: Array) -> Decomposition:
        return decomposed(x, self.method, periods(x, self.period))


def _spread(parts: Decomposition) -> Array:
    """Return the standard deviation (n, c, 1) around the trend."""
    xp = namespace(parts.trend)
    return xp.std(parts.seasonal + parts.remainder, axis=2, keepdims=True)


def _ratio(size: Array, other: Array) -> Array:
    xp = namespace(size)
    return xp.where(other > 0, size / xp.where(other > 0, other, xp.ones_like(other)), xp.zeros_like(size))
