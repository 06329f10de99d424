"""Mixup."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.elementwise import blend
from variate.kernels.shares import beta


@dataclass(frozen=True, kw_only=True)
class Mixup(MixTransform):
    """Lay another series over each, with random weights, and mix their labels by the same weights [zhang2018].

    The series has the weight λ and its partner 1 - λ, with λ from Beta(alpha, alpha): small ``alpha`` leaves most series
    nearly alone, 1 makes every λ as likely. Partners are of any class, so that class labels become class weights; with
    ``across=False`` they are of the same, and labels stay.

    It hurts where series are not aligned: a mixture of two phases of one rhythm is neither.

    >>> import numpy as np, variate
    >>> known = variate.Panel(np.stack([np.zeros(4), np.ones(4)]), label=[0, 1])
    >>> out = variate.Mixup(alpha=1.0).fit(known)(known, seed=0)
    >>> bool(np.allclose(out.values[:, 0, 0], out.label[:, 1]))
    True
    """

    alpha: float = param(0.2, about="of the distribution of the weights", low=0.01, high=100, search=(0.05, 1.0), log=True)
    across: bool = param(True, about="partners may be of another class; class labels become class weights")

    preserves = ("length",)
    examples = ({}, {"alpha": 1.0, "across": False}, {"alpha": 0.5, "p": 0.5, "scope": "past"})

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return the weighted mean of x and its partner."""
        xp = namespace(x)
        own = xp.astype(beta(rng.uniform("share"), self.alpha), x.dtype)[:, None, None]
        return Mixed(blend(x, others[:, 0], own), concat([own, 1 - own], axis=1))
