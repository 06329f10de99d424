"""Quantize."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.levels import quantile_levels, snap, uniform_levels


@dataclass(frozen=True, kw_only=True)
class Quantize(ValueTransform):
    """Round the readings to a few levels, as a coarser sensor would.

    Each channel gets ``levels`` levels, spaced evenly from its minimum to its maximum, or put at its quantiles with
    ``how="quantile"`` (the lowest and the highest reading among them); a reading takes the nearest. It draws nothing: with
    ``p`` below 1 some samples are rounded and others are not. An operation of the field, not of the survey.

    It hurts where the class sits in small amplitudes next to large ones. No gradient flows through rounding. On a forecast
    window the levels are those of past and target together, unless ``scope="past"``.

    >>> import variate
    >>> variate.Quantize(levels=3)([0.0, 1.0, 4.0, 6.0, 10.0]).tolist()
    [0.0, 0.0, 5.0, 5.0, 10.0]
    """

    levels: int = param(10, about="number of levels", low=2, high=1024, search=(64, 4), log=True)
    how: str = param("uniform", about="where the levels lie", choices=("uniform", "quantile"))

    differentiable = False
    preserves = ("length", "range")
    examples = ({}, {"levels": 4, "how": "quantile"}, {"levels": 2, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x on its levels."""
        levels = uniform_levels if self.how == "uniform" else quantile_levels
        return snap(x, levels(x, self.levels))
