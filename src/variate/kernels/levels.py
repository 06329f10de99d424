"""Levels of a channel, and readings put on them."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, like, namespace


def uniform_levels(x: Array, count: int) -> Array:
    """Return ``count`` levels (n, c, count) spaced evenly from each channel's minimum to its maximum, NaN skipped."""
    xp = namespace(x)
    low, high = _range(x)
    share = like(np.linspace(0, 1, count), x, dtype=x.dtype)
    return xp.where(share < 1, low + (high - low) * share, high)


def _range(x: Array) -> tuple[Array, Array]:
    """Return the minimum and maximum (n, c, 1) of each channel, NaN skipped; 0 where there is no reading."""
    if is_torch(x):
        missing = x.isnan()
        dead = missing.all(-1, keepdim=True)
        low, high = x.where(~missing, float("inf")).amin(-1, True), x.where(~missing, float("-inf")).amax(-1, True)
        return low.where(~dead, 0), high.where(~dead, 0)
    low, high = np.fmin.reduce(x, axis=2, keepdims=True), np.fmax.reduce(x, axis=2, keepdims=True)
    return np.nan_to_num(low), np.nan_to_num(high)


def quantile_levels(x: Array, count: int) -> Array:
    """Return the quantiles (n, c, count) of each channel at shares spaced evenly from 0 to 1, NaN skipped.

    Linear between order statistics; 0 where a channel has no reading.
    """
    xp = namespace(x)
    number = xp.sum(xp.astype(~xp.isnan(x), xp.int64), axis=2, keepdims=True)
    ordered = xp.sort(x, axis=2)  # NaN last, in NumPy and in torch
    share = like(np.linspace(0, 1, count), x, dtype=xp.float64)
    place = share * xp.astype(xp.clip(number - 1, 0, None), xp.float64)
    below = xp.astype(xp.floor(place), xp.int64)
    above = xp.minimum(below + 1, xp.clip(number - 1, 0, None))
    part = xp.astype(place - xp.astype(below, xp.float64), x.dtype)
    a, b = xp.take_along_axis(ordered, below, axis=2), xp.take_along_axis(ordered, above, axis=2)
    return xp.where(number > 0, a + part * (b - a), xp.zeros_like(a))


def snap(x: Array, levels: Array) -> Array:
    """Return x (n, c, t) with each reading put on the nearest of its channel's rising levels (n, c, k); NaN stays.

    Half-way between two levels the upper one is taken.
    """
    middles = 0.5 * levels[..., 1:] + 0.5 * levels[..., :-1]
    if is_torch(x):
        import torch

        index = torch.searchsorted(middles.contiguous(), x.contiguous(), right=True)
        return x.where(x.isnan(), levels.gather(2, index))
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.snap_rows(x, np.ascontiguousarray(levels), np.ascontiguousarray(middles), out)
    return out
