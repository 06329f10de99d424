"""RobustSTL: trend and season of a series whose trend may jump and whose season may shift; outliers stay out [wen2019stl].

A bilateral filter takes off noise; the trend is the one whose seasonal differences fit in least absolute deviations; the
season is an average over like readings of other seasons; its mean goes to the trend. The four steps follow one another on
the CPU in float64. A tensor makes a round trip through NumPy, and what comes out has no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, like, numpy_of

NOISE = 0.1**0.5
"""The standard deviation of a series' noise in the unit of value widths: as in the paper's series, so its widths fit."""

REFERENCES = ("reading", "season")


def robust_stl(
    x: Array,
    period: int,
    *,
    trend_penalty: float = 10.0,
    difference_penalty: float = 0.5,
    seasons: int = 2,
    reach: int = 5,
    denoise: tuple[float, float] = (1.0, 1.0),
    season: tuple[float, float] = (50.0, 1.0),
    two_sided: bool = True,
    reference: str = "reading",
    iterations: int = 1,
    outlier: float = 3.0,
) -> tuple[Array, Array]:
    """Return trend and season (n, c, t) of x (n, c, t) in x's unit and dtype; what both leave is the remainder [wen2019stl].

    The season's mean over the whole periods is 0. What is added to x is added to the trend, and a factor goes to both. A
    series of less than two periods has no season, and is its own trend.

    Args:
        x: series without gaps.
        period: readings of a season.
        trend_penalty: λ1, on the trend's steps. A jump is in ``period`` seasonal differences: the trend is constant where
            λ1 is as much, however large the jumps.
        difference_penalty: λ2, on the differences of steps: the more, the fewer bends.
        seasons: K, how many seasons are averaged on either side.
        reach: H, how many readings are averaged on either side, in the first step and around each season's in the third.
        denoise: widths in steps and in value of the first step's weights. Values are in the unit of :func:`units`.
        season: the same for the third step.
        two_sided: whether seasons to come are averaged as well. Where not, the first season is only smoothed.
        reference: what values are compared with in the third step, "reading" or "season", see :func:`seasonal_average`.
        iterations: how often all steps are made; from the second time on outliers are cut down first. (Our decision: the
            paper starts again from the sum of all parts, which is x.)
        outlier: a larger remainder, in standard deviations told by the median, is cut down to so many.
    """
    y = np.array(numpy_of(x), dtype=np.float64)
    if x.shape[-1] < 2 * period or y.size == 0:
        return like(y, x, x.dtype), like(np.zeros_like(y), x, x.dtype)
    centre, unit = units(y, period)
    y = (y - centre) / unit
    trend, seasonal = y, np.zeros_like(y)
    for k in range(iterations):
        less = shrunk(y, trend, seasonal, outlier) if k > 0 else y
        smooth = bilateral(less, reach, *denoise)
        trend = lad_trend(smooth, period, trend_penalty, difference_penalty)
        seasonal = seasonal_average(smooth - trend, period, seasons, reach, *season, two_sided=two_sided, reference=reference)
        level = season_level(seasonal, period)
        trend, seasonal = trend + level, seasonal - level
    return like(trend * unit + centre, x, x.dtype), like(seasonal * unit, x, x.dtype)


def units(x: Array, period: int) -> tuple[Array, Array]:
    """Return the median of each channel and the unit in which its noise has a standard deviation of √0.1, both (n, c, 1).

    Noise is what lag 1 and lag ``period`` differences leave, which neither jumps nor seasons are much part of: its median
    size, or its mean one where more than half are 0, but at least a thousandth of the spread of the readings. (Our
    decision: the paper's widths are in the unit of its series, whose noise is of that size.) A constant has unit 1.
    """
    from variate.kernels.compiled import robust_stl as compiled

    rows = _rows(x)
    centre, unit = np.empty(len(rows)), np.empty(len(rows))
    compiled.unit_rows(rows, period, NOISE, centre, unit)
    return _like(centre[:, None], x), _like(unit[:, None], x)


def bilateral(x: Array, reach: int, time: float, value: float) -> Array:
    """Return x (n, c, t) averaged over ``reach`` readings on either side, by Gaussian weights of time and of value.

    The window is clipped at the ends. A ``value`` near 0 leaves x, an infinite one is Gaussian smoothing.
    """
    from variate.kernels.compiled import robust_stl as compiled

    rows = _rows(x)
    out = np.empty_like(rows)
    compiled.bilateral_rows(rows, reach, float(time), float(value), out)
    return _like(out, x)


def lad_trend(x: Array, period: int, trend_penalty: float, difference_penalty: float) -> Array:
    """Return the relative trend (n, c, t) of x (n, c, t), which starts at 0 [wen2019stl].

    It minimises Σ|g - seasonal differences| + λ1·Σ|first differences| + λ2·Σ|second differences| of the trend, where
    g(t) = x(t) - x(t - period), to about 1e-8 of the optimum for penalties of 1e-4 … 1e4. Its time and memory are as t·b²
    and t·b, where b is the period or four times the number of periods, whichever is less.
    """
    from variate.kernels.compiled import lad_trend as compiled

    rows = _rows(x)
    out = np.zeros_like(rows)
    if x.shape[-1] > period:
        compiled.trend_rows(rows, period, float(trend_penalty), float(difference_penalty), out)
    return _like(out, x)


def seasonal_average(
    x: Array,
    period: int,
    seasons: int,
    reach: int,
    time: float,
    value: float,
    *,
    two_sided: bool = True,
    reference: str = "reading",
) -> Array:
    """Return x (n, c, t) averaged over the readings around the same phase of other seasons, by weights of time and value.

    Those are the ``seasons`` before and, if ``two_sided``, after, as far as there are any; else those around t itself. In
    time they are weighed against the same phase, in value against x(t) or, with ``reference="season"``, against x at that
    phase of their season, as the paper prints [wen2019stl].
    """
    from variate.kernels.compiled import robust_stl as compiled

    rows = _rows(x)
    out = np.empty_like(rows)
    own = reference == "reading"
    compiled.seasonal_rows(rows, period, seasons, reach, float(time), float(value), two_sided, own, out)
    return _like(out, x)


def season_level(x: Array, period: int) -> Array:
    """Return the mean (n, c, 1) of x (n, c, t) over its whole periods."""
    from variate.kernels.compiled import robust_stl as compiled

    rows = _rows(x)
    out = np.empty(len(rows))
    compiled.level_rows(rows, period, out)
    return _like(out[:, None], x)


def shrunk(x: Array, trend: Array, seasonal: Array, most: float) -> Array:
    """Return x (n, c, t) with remainders of more than ``most`` standard deviations, told by the median, cut down to that."""
    from variate.kernels.compiled import robust_stl as compiled

    rows = _rows(x)
    out = np.empty_like(rows)
    compiled.shrink_rows(rows, _rows(trend), _rows(seasonal), float(most), out)
    return _like(out, x)


def _rows(x: Array) -> Any:
    """Return the channels (n·c, t) of x in float64, one after the other."""
    n, channels, length = x.shape
    return np.ascontiguousarray(numpy_of(x), dtype=np.float64).reshape(n * channels, length)


def _like(rows: Any, x: Array) -> Array:
    return like(rows.reshape(*x.shape[:2], rows.shape[1]), x, x.dtype)
