"""CutMix."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.shares import beta


@dataclass(frozen=True, kw_only=True)
class CutMix(MixTransform):
    """Put a piece of another series in the place of the same steps, and mix labels by how long it is [yun2019].

    The piece has a share 1 - λ of the steps, with λ from Beta(alpha, alpha), and lies anywhere. Events are those of whoever
    has the step. Partners are of any class, so that class labels become class weights; with ``across=False`` they are of
    the same, and labels stay.

    It makes jumps at both ends of the piece, and hurts where those look like events, or where the piece that makes the class
    may be cut out: the weights say nothing of that.

    >>> import numpy as np, variate
    >>> known = variate.Panel(np.stack([np.zeros(8), np.ones(8)]), label=[0, 1])
    >>> out = variate.CutMix().fit(known)(known, seed=0)
    >>> bool(np.allclose(out.values[:, 0].mean(axis=1), out.label[:, 1]))
    True
    """

    alpha: float = param(1.0, about="of the distribution of the shares", low=0.01, high=100, search=(0.1, 2.0), log=True)
    across: bool = param(True, about="partners may be of another class; class labels become class weights")

    shortest = 2
    preserves = ("length",)
    examples = ({}, {"alpha": 0.3, "across": False}, {"p": 0.5, "scope": "past"})

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return x with a piece of its partner."""
        xp, length = namespace(x), x.shape[2]
        share = 1 - beta(rng.uniform("share"), self.alpha)
        size = xp.astype(xp.floor(share * length + 0.5), xp.int64)
        start = rng.integers("start", length - size + 1)
        steps = xp.arange(length, device=x.device)[None, None, :]
        inside = (steps >= start[:, None, None]) & (steps < (start + size)[:, None, None])
        theirs = xp.astype(inside, x.dtype)
        return Mixed(xp.where(inside, others[:, 0], x), concat([1 - theirs, theirs], axis=1))
