"""TSMixup."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.shares import dirichlet


@dataclass(frozen=True, kw_only=True)
class TSMixup(MixTransform):
    """Lay up to ``series`` series over each other, each scaled to the same size, with random weights [ansari2024].

    Their number is 1 to ``series``, each as likely; the weights are from Dirichlet(alpha). The scale of a channel is its mean
    absolute value, and the mixture has that of the series itself, which is our decision: the paper leaves mixtures at scale
    1.

    It is meant for training forecasters on many series. It hurts where level or sign carry meaning, as in classes of
    demand.

    >>> import numpy as np, variate
    >>> x = np.abs(np.random.default_rng(0).normal(size=(6, 1, 50)))
    >>> y = variate.TSMixup().fit(x)(x, seed=0)
    >>> bool((y <= 3 * x.max()).all())
    True
    """

    series: int = param(3, about="most series in a mixture, the series itself among them", low=2, high=16, search=(2, 6))
    alpha: float = param(1.5, about="of the distribution of the weights", low=0.01, high=100)

    preserves = ("length",)
    examples = ({}, {"series": 5, "alpha": 0.5, "across": True}, {"series": 2, "p": 0.5, "scope": "past"})

    @property
    def count(self) -> int:
        """All but the series itself."""
        return self.series - 1

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return the weighted mean of x and its partners, in the scale of x."""
        xp = namespace(x)
        number = rng.integers("number", self.series) + 1
        weights = xp.astype(dirichlet(rng.uniform("weights", (self.series,)), self.alpha, number), x.dtype)[:, :, None]
        all_of_them = concat([x[:, None], others], axis=1)
        scale = xp.mean(xp.abs(all_of_them), axis=3, keepdims=True)
        unit = all_of_them / xp.where(scale > 0, scale, xp.ones_like(scale))
        return Mixed(scale[:, 0] * xp.sum(weights[:, :, None] * unit, axis=1), weights)
