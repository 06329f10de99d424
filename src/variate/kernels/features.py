"""What a series is like, in twelve numbers, and how far two series are from one another by them.

After [kegel2018], whose own set of features could not be read: these twelve, and their scales, are our choice. Tensors make a
round trip through NumPy, which has no gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, like, numpy_of
from variate.kernels.moments import spread
from variate.kernels.spectrum import rfft

FEATURES: tuple[str, ...] = (
    "trend_strength",
    "seasonal_strength",
    "slope",
    "linearity",
    "curvature",
    "spectral_entropy",
    "lag_1",
    "lag_period",
    "residual_lag_1",
    "residual_lag_period",
    "residual_deviation",
    "skewness",
)
ENTROPY = FEATURES.index("spectral_entropy")

FIXED_SCALES = np.array([0.3, 0.25, 1.6, 0.35, 0.25, 0.2, 0.4, 0.3, 0.3, 0.15, 0.2, 0.55])
"""What each feature differs by from series to series, for want of a data set to measure it on; read-only.

Our choice: rounded standard deviations over 1,200 synthetic series of 72, 144 and 288 steps with period 12. The trend is
none, a line, a parabola or a random walk, the season none, a sine or a random cycle, the noise AR(1), -0.5 < φ < 0.9, with
Gaussian or exponential innovations; strengths are log-normal about that of the noise. Each was decomposed by STL with
seasonal windows of 7, 13 and 101, since residual_lag_period, of which one window shows only a third of the spread, is
largely the window's doing.
"""
FIXED_SCALES.flags.writeable = False


def features(x: Array, trend: Array, seasonal: Array, period: int, scale: Array | None = None) -> Array:
    """Return the :data:`FEATURES` (n, 12), float64, of series x (n, c, t) with these parts (n, c, t), r = x - τ - s.

    trend_strength, seasonal_strength: max(0, 1 - var(r)/var(τ + r)) and the same with s for τ. slope: rise of the
    least-squares line of the trend, per step, times t. linearity: R² of that line. curvature: coefficient of the trend's
    parabola, the orthogonal polynomial of degree two with mean square 1. spectral_entropy: of the power of x above
    frequency 0, one for equal power everywhere. lag_1, lag_period: autocorrelations of x, and those of r.
    residual_deviation: standard deviation of r. skewness: of x. Variances and autocorrelations are divided by t.

    Slope, curvature and residual deviation are measured in ``scale`` (n, c or 1, 1), by default the standard deviation of
    each channel of x, so none feels the unit of x. To compare a series with the one it was made from, give both
    the scale of the original: by its own, a series with trend, season and residual all doubled would look the same.

    The features of a series are the means of those of its channels. ``period`` below 2 stands for no season: then the
    seasonal strength and the autocorrelations at that lag are 0, as those are at a lag of t or more. What is not
    defined is 0 (all features of a constant, a curvature of two readings, anything measured in a scale of 0), and a part
    is taken for constant where its deviation is no more than 8 units in the last place of the largest reading.
    """
    series, slow, season = (np.ascontiguousarray(numpy_of(part)) for part in (x, trend, seasonal))
    n, channels, length = series.shape
    found = np.zeros((n, channels, len(FEATURES)))
    if series.size:
        from variate.kernels.compiled import features as compiled

        value, flat = np.empty((n * channels, length)), found.reshape(-1, len(FEATURES))
        unit = np.ascontiguousarray(np.broadcast_to(_unit(series, scale), (n, channels, 1)), np.float64).reshape(-1)
        rows, trends, seasons = (part.reshape(-1, length) for part in (series, slow, season))
        epsilon = max(float(np.finfo(part.dtype).eps) for part in (series, slow, season))
        lag = period if period > 1 else 0
        compiled.describe_rows(rows, trends, seasons, lag, unit, epsilon, value, flat)
        compiled.entropy_rows(rfft(value), length % 2 == 0, flat[:, ENTROPY])
    total = np.zeros((n, len(FEATURES)))
    for channel in range(channels):
        total += found[:, channel]
    return like(total / max(channels, 1), x)


def _unit(series: Any, scale: Array | None) -> Any:
    return spread(series) if scale is None else numpy_of(scale)


def distance(a: Array, b: Array, scales: Array) -> Array:
    """Return the Euclidean distance (n,), float64, of features a and b (n, 12), each divided by its scale (12,).

    ``scales`` are the standard deviations of the features over a data set, or :data:`FIXED_SCALES` for want of one. A
    feature with scale 0 does not count.
    """
    scale = np.asarray(numpy_of(scales), np.float64)
    weight = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
    difference = (numpy_of(a) - numpy_of(b)) * weight
    total = np.zeros(difference.shape[0])
    for k in range(difference.shape[1]):  # one by one: the order of a sum over an axis may depend on the layout
        total += difference[:, k] ** 2
    return like(np.sqrt(total), a)
