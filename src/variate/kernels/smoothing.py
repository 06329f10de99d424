"""Averages of neighbouring readings: running ones and blocks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_torch, like, namespace
from variate.kernels.missing import put_back
from variate.kernels.moments import average


@lru_cache(maxsize=64)
def weights(window: int, kind: str) -> Any:
    """Return the weights of an odd window of ``window`` steps, or one more, that add up to 1: "hann" or "flat"."""
    size = window + 1 - window % 2
    shape = np.hanning(size + 2)[1:-1] if kind == "hann" else np.ones(size)
    return shape / shape.sum()


def smooth(x: Array, kernel: Any) -> Array:
    """Return x (n, c, t) convolved with a symmetric kernel of odd length, the ends mirrored (… b a | a b …).

    So mirrored, the mean of a channel is kept to rounding.
    """
    if is_torch(x):
        return _torch_smooth(x, kernel)
    from variate.kernels.compiled import smoothing

    out = empty(x.shape, x.dtype)
    smoothing.smooth_rows(x.reshape(-1, x.shape[2]), kernel.astype(x.dtype), out.reshape(-1, x.shape[2]))
    return out


def _torch_smooth(x: Any, kernel: Any) -> Any:
    """Shift by shift: a convolution may round differently in batches of different size."""
    length, reach = x.shape[2], len(kernel) // 2
    places = np.arange(-reach, length + reach) % (2 * length)
    longer = x[..., like(np.minimum(places, 2 * length - 1 - places), x)]
    total = x.new_zeros(x.shape)
    for k, weight in enumerate(kernel.tolist()):
        total = total + weight * longer[..., k : k + length]
    return total


def pool(x: Array, size: int, kind: str) -> Array:
    """Return x (n, c, t) with each block of ``size`` readings replaced by its "mean", "max" or "min"; the last is shorter.

    Missing readings do not count and stay missing.
    """
    if is_torch(x):
        return _torch_pool(x, size, kind)
    from variate.kernels.compiled import smoothing

    out = empty(x.shape, x.dtype)
    sign = {"mean": 0, "max": 1, "min": -1}[kind]
    smoothing.pool_rows(np.ascontiguousarray(x).reshape(-1, x.shape[2]), size, sign, out.reshape(-1, x.shape[2]))
    return out


def block_means(x: Array, size: int) -> Array:
    """Return the mean (n, c, t // size) of each whole block of ``size`` readings, at least one block; NaN skipped.

    A block without a reading is NaN.
    """
    if not is_torch(x):
        from variate.kernels.compiled import smoothing

        size = min(size, x.shape[2])
        out = empty((*x.shape[:2], x.shape[2] // size), x.dtype)
        smoothing.mean_rows(np.ascontiguousarray(x).reshape(-1, x.shape[2]), size, out.reshape(-1, out.shape[2]))
        return out
    xp, folded = namespace(x), _folded(x, size)
    return put_back(average(folded)[..., 0], xp.all(xp.isnan(folded), axis=3))


def window_means(x: Array, size: int, stride: int, count: int) -> Array:
    """Return the means (n, c, count) of windows of ``size`` readings, a window every ``stride``; NaN skipped."""
    xp = namespace(x)
    windows = xp.stack([x[..., k : k + stride * (count - 1) + 1 : stride] for k in range(size)], axis=-1)
    return put_back(average(windows)[..., 0], xp.all(xp.isnan(windows), axis=-1))


def window_maxima(x: Array, size: int, stride: int, count: int) -> Array:
    """Return the maxima (n, count) of windows of ``size`` entries of x (n, t), a window every ``stride``."""
    windows = namespace(x).stack([x[:, k : k + stride * (count - 1) + 1 : stride] for k in range(size)], axis=-1)
    return windows.amax(-1) if is_torch(x) else windows.max(-1)


def block_maxima(x: Array, size: int) -> Array:
    """Return the maximum (n, t // size) of each whole block of ``size`` entries of x (n, t), at least one block."""
    if is_torch(x):
        return _folded(x, size).amax(-1)
    return _folded(x, size).max(-1)


def _folded(x: Array, size: int) -> Array:
    """Return the whole blocks (…, blocks, size) of x (…, t); a shorter x is one block."""
    size = min(size, x.shape[-1])
    blocks = x.shape[-1] // size
    return namespace(x).reshape(x[..., : blocks * size], (*x.shape[:-1], blocks, size))


def _torch_pool(x: Any, size: int, kind: str) -> Any:
    n, channels, length = x.shape
    size = min(size, length)  # a longer block would only be padding
    blocks = -(-length // max(size, 1))
    tail = x.new_full((n, channels, blocks * size - length), float("nan"))
    folded = concat([x, tail], axis=2).reshape(n, channels, blocks, size)
    seen = ~folded.isnan()
    if kind == "mean":
        value = folded.where(seen, 0).sum(3) / seen.sum(3).clamp(min=1)
    elif kind == "max":
        value = folded.where(seen, float("-inf")).amax(3)
    else:
        value = folded.where(seen, float("inf")).amin(3)
    return x.where(x.isnan(), value.repeat_interleave(size, dim=2)[:, :, :length])
