"""Averages of neighbouring readings: running ones and blocks."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_torch, like, namespace
from variate.kernels.missing import put_back


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
    from scipy.ndimage import correlate1d

    out = empty(x.shape, x.dtype)
    if x.size:
        correlate1d(x, kernel, axis=-1, output=out, mode="reflect")
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
    xp = namespace(x)
    n, channels, length = x.shape
    blocks = -(-length // size)
    missing = xp.isnan(x)
    tail = xp.full((n, channels, blocks * size - length), float("nan"), dtype=x.dtype, device=x.device)
    folded = xp.reshape(concat([x, tail], axis=2), (n, channels, blocks, size))
    values = xp.repeat(_of_blocks(folded, kind), size, axis=2)[:, :, :length]
    return put_back(values, missing)


def _of_blocks(folded: Array, kind: str) -> Array:
    """Return the mean, maximum or minimum (n, c, blocks) of blocks (n, c, blocks, size), NaN skipped."""
    xp = namespace(folded)
    seen = ~xp.isnan(folded)
    if kind == "mean":
        count = xp.sum(xp.astype(seen, folded.dtype), axis=3)
        total = xp.sum(xp.where(seen, folded, xp.zeros_like(folded)), axis=3)
        return total / xp.clip(count, 1, None)
    away = float("-inf" if kind == "max" else "inf")
    known = xp.where(seen, folded, xp.full_like(folded, away))
    return xp.max(known, axis=3) if kind == "max" else xp.min(known, axis=3)
