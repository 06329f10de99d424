"""TailoredMixup."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.filtering import interpolated
from variate.kernels.shares import beta


@dataclass(frozen=True, kw_only=True)
class TailoredMixup(MixTransform):
    """Mix the amplitudes of two series, and turn each phase a little towards that of the other [demirel2023].

    The series has the larger share of the amplitudes, of λ and 1 - λ, with λ from Beta(alpha, alpha). Phases go along the
    shorter arc, by at most ``phase`` of it: two rhythms out of step do not cancel, as they do in :class:`Mixup`. The mean,
    and at even lengths the highest frequency, which have no phase, are mixed as numbers. The larger share, and how far
    phases go, are our decisions after the paper, from memory.

    It hurts where a partner's phases make its shape, as in sharp events: only its amplitudes come over.

    >>> import numpy as np, variate
    >>> t = np.arange(100) * 2 * np.pi / 20
    >>> x = np.stack([np.sin(t), np.sin(t + 3)])
    >>> y = variate.TailoredMixup(alpha=1.0, across=False).fit(x)(x, seed=0)
    >>> bool(y.std() > 0.7)
    True
    """

    alpha: float = param(1.0, about="of the distribution of the weights", low=0.01, high=100, search=(0.1, 2.0), log=True)
    phase: float = param(0.1, about="most that a phase goes towards the other", low=0, high=1, search=(0.0, 0.5), unit="share")
    across: bool = param(True, about="partners may be of another class; class labels become class weights")

    shortest = 3
    preserves = ("length",)
    examples = ({}, {"alpha": 0.3, "phase": 0.5, "across": False}, {"p": 0.5, "scope": "past"})

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return x with amplitudes and phases between its own and those of its partner."""
        xp = namespace(x)
        share = beta(rng.uniform("share"), self.alpha)
        theirs = xp.astype(xp.minimum(share, 1 - share), x.dtype)[:, None, None]
        towards = xp.astype(self.phase * rng.uniform("phase"), x.dtype)[:, None, None]
        return Mixed(interpolated(x, others[:, 0], theirs, towards), concat([1 - theirs, theirs], axis=1))
