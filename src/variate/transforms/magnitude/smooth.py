"""Smooth."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.smoothing import smooth, weights


@dataclass(frozen=True, kw_only=True)
class Smooth(ValueTransform):
    """Average each reading with its neighbours, as a slower sensor would.

    A convolution with a window of weights that add up to 1: a Hann bell or all alike. An even ``window`` is made one step
    longer, so that nothing shifts in time. The series is mirrored at its ends, which keeps its mean to rounding. It draws
    nothing: with ``p`` below 1 some samples are smoothed and others are not. An operation of the field, not of the survey.

    It hurts where the class sits in fine detail, and flattens the single steps of an anomaly whose labels stay. On a
    forecast window past and target are smoothed each on its own, so that the target does not leak into the past.

    >>> import variate
    >>> variate.Smooth(window=3, kind="flat")([0.0, 0.0, 3.0, 0.0, 0.0]).tolist()
    [0.0, 1.0, 1.0, 1.0, 0.0]
    """

    window: int = param(7, about="length of the window", low=1, identity=1, search=(3, 25), unit="steps")
    kind: str = param("hann", about="shape of the window", choices=("hann", "flat"))

    bridges = True
    apart = True
    preserves = ("length", "range")
    examples = ({}, {"window": 4, "kind": "flat"}, {"window": 21, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x smoothed."""
        return smooth(x, weights(self.window, self.kind))
