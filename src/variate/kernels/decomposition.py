"""Trend, seasonal and remainder: one way to take series apart by any method, each with a period of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, like, namespace, refuse_gradient
from variate.kernels.period import estimate_period
from variate.kernels.robust_stl import robust_stl
from variate.kernels.robust_trend import robust_trend
from variate.kernels.stl import loess, stl

METHODS = ("stl", "robust_stl", "robust_trend")
PERIOD = "decomposition: period"
"""The name under which what enters a part finds the period of each series."""
LEAST = 2  # steps in a season
SPAN = 6  # readings that the trend of a series without season is smoothed over, as in R's bld.mbb.bootstrap


class Decomposition(NamedTuple):
    """Trend, seasonal and remainder (n, c, t), which add up to the series."""

    trend: Array
    seasonal: Array
    remainder: Array


def short(x: Array, period: int | str) -> bool:
    """Whether series have fewer steps than two of a period that is given."""
    return period != "auto" and x.shape[2] < 2 * int(period)


def periods(x: Array, period: int | str) -> Any:
    """Return the period of each series of x (n, c, t), (n,) in NumPy; 0 where none is found or it is too short for one.

    ``"auto"`` looks for it; a series needs two periods.
    """
    found = estimate_period(x) if period == "auto" else np.full(len(x), int(period))
    return np.where((found >= LEAST) & (2 * found <= x.shape[2]), found, 0)


def decomposed(x: Array, method: str, period: Any, **options: Any) -> Decomposition:
    """Return series x (n, c, t) without gaps taken apart, each by its period (n,), as :func:`periods` gives it.

    Where the period is 0 there is no seasonal part: the trend is then a local regression over six readings for ``"stl"``,
    and RobustTrend for the robust methods. The remainder is the difference, so that the sum is exact to rounding.

    Raises ValueError for a tensor with a gradient, unless the method is "stl".
    """
    if method != "stl":
        refuse_gradient(x, method)
    distinct = np.unique(period)
    if len(distinct) == 1:
        return _apart(x, method, int(distinct[0]), options)
    xp = namespace(x)
    trend, seasonal = xp.zeros_like(x), xp.zeros_like(x)
    for p in distinct:
        rows = np.flatnonzero(period == p)
        index = like(rows, x)
        part = _apart(x[index], method, int(p), options)
        trend[index], seasonal[index] = part.trend, part.seasonal
    return Decomposition(trend, seasonal, x - trend - seasonal)


def _apart(x: Array, method: str, period: int, options: dict[str, Any]) -> Decomposition:
    if method == "robust_trend" or (method == "robust_stl" and not period):
        trend, seasonal = robust_trend(x), namespace(x).zeros_like(x)
    elif not period:
        trend, seasonal = loess(x, SPAN), namespace(x).zeros_like(x)
    else:
        trend, seasonal = (
            stl(x, period, **options) if method == "stl" else robust_stl(x, period, trend_penalty=_penalty(period))
        )
    return Decomposition(trend, seasonal, x - trend - seasonal)


def _penalty(period: int) -> float:
    """Return RobustSTL's λ1: that of its authors, whose season has 50 steps, and in proportion for shorter ones.

    A season of no more steps than λ1 makes the trend constant.
    """
    return min(10.0, period / 5)
