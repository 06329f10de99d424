"""Autoregressive models of each channel: fitting, running, and what they leave over.

y(t) = Σ φ(k)·y(t - k) + e(t), k = 1 … P, about the mean of the channel. Tensors make a round trip through NumPy: the
recursions go step by step, and have no gradient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, like, numpy_of


def largest_order(length: int) -> int:
    """Return the highest order that is tried for a series of ``length`` readings, ⌊min(10·log10 T, T/4)⌋: our choice."""
    return min(math.floor(10 * math.log10(max(length, 1))), length // 4)


def fit_ar(x: Array, most: int = 0) -> tuple[Array, Array]:
    """Return the coefficients (n, c, P) of x (n, c, t) and the standard deviation (n, c, 1) of its innovations.

    The Yule-Walker equations of the biased autocovariance about the mean are solved order by order (Levinson, Durbin), and
    that order is taken from 0 … P whose Akaike criterion T·ln σ² + 2·order is lowest; coefficients beyond it are 0. P is
    ``most``, or :func:`largest_order` where that is 0. Such models are stationary and have the variance of x; the search
    ends where an order would, by rounding, leave no variance at all. A constant channel has coefficients 0 and deviation
    0. The deviation is in x's unit and dtype. Coefficients are float64 whatever x is: rounded to float32, those of a long
    slow wave may leave the unit circle.
    """
    series = _rows(x)
    n, channels, length = series.shape
    orders = most or largest_order(length)
    coefficients, deviation = np.zeros((n, channels, orders)), np.zeros((n, channels, 1), series.dtype)
    if series.size:
        from variate.kernels.compiled import autoregression as compiled

        rows, model = series.reshape(-1, length), coefficients.reshape(n * channels, orders)
        compiled.fit_rows(rows, model, deviation.reshape(-1))
    return like(coefficients, x), like(deviation, x)


def simulate_ar(coefficients: Array, innovations: Array, burn: int = 0) -> Array:
    """Return series (n, c, t) that the models (n, c, P) make of innovations (n, c, burn + t), in their dtype and unit.

    The past before the first innovation is 0. ``burn`` readings are dropped from the beginning, so that the rest has
    forgotten that.
    """
    noise = _rows(innovations)
    n, channels, length = noise.shape
    out = empty((n, channels, max(length - burn, 0)), noise.dtype)
    if out.size:
        from variate.kernels.compiled import autoregression as compiled

        model = _models(coefficients)
        compiled.simulate_rows(model, noise.reshape(-1, length), burn, out.reshape(-1, out.shape[2]))
    return like(out, innovations)


def residuals_ar(x: Array, coefficients: Array) -> Array:
    """Return what the models (n, c, P) leave over of x (n, c, t) less its mean: the innovations, of x's dtype and unit.

    Reading t is predicted from the P before it. The first P have a shorter past, and are predicted by the best model of that
    past alone, as it follows from φ; its larger error is scaled down to the variance of the others. So all residuals
    of a process of that model have one variance and are uncorrelated, and may be drawn from alike. Their mean is near 0,
    not 0. Of a model that is not stationary, and so tells no variance, the first residuals are 0.
    """
    series = _rows(x)
    length = series.shape[2]
    out = empty(series.shape, series.dtype)
    if series.size:
        from variate.kernels.compiled import autoregression as compiled

        compiled.residual_rows(series.reshape(-1, length), _models(coefficients), out.reshape(-1, length))
    return like(out, x)


def _rows(x: Array) -> Any:
    return np.ascontiguousarray(numpy_of(x))


def _models(coefficients: Array) -> Any:
    """Return coefficients (n, c, P) as rows (n·c, P) of float64."""
    model = np.ascontiguousarray(numpy_of(coefficients), np.float64)
    return model.reshape(model.shape[0] * model.shape[1], model.shape[2])
