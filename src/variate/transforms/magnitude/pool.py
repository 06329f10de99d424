"""Pool."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.smoothing import pool


@dataclass(frozen=True, kw_only=True)
class Pool(ValueTransform):
    """Replace each block of readings by one value, as a sensor that reports more rarely would; the length stays.

    Blocks of ``size`` steps follow one another from the first step, and the last may be shorter; the value is the mean,
    maximum or minimum of what is there. It draws nothing: with ``p`` below 1 some samples are pooled and others are not.
    ``Resample`` is the operation that also makes the series shorter. An operation of the field, not of the survey.

    It hurts where the class sits in fine detail. On a forecast window past and target are pooled each on its own.

    >>> import variate
    >>> variate.Pool(size=2)([0.0, 2.0, 5.0, 7.0, 9.0]).tolist()
    [1.0, 1.0, 6.0, 6.0, 9.0]
    """

    size: int = param(4, about="length of a block", low=1, identity=1, search=(2, 16), unit="steps")
    kind: str = param("mean", about="what a block becomes", choices=("mean", "max", "min"))

    apart = True
    preserves = ("length", "range")
    examples = ({}, {"size": 7, "kind": "max"}, {"kind": "min", "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x pooled."""
        return pool(x, self.size, self.kind)
