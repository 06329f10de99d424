"""Statistics of each channel that skip missing readings."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, namespace


def spread(x: Array) -> Array:
    """Return the standard deviation (n, c, 1) of each channel of x (n, c, t): NaN skipped, 0 for a constant channel."""
    if is_torch(x):
        seen, known = ~x.isnan(), x.detach()
        largest = known.abs().where(seen, 0).amax(-1, keepdim=True).clamp(min=_smallest(x))
        size = (largest.frexp().exponent - 1).to(x.dtype).exp2()  # taken out, else squares leave the range; a power rounds not
        count = seen.sum(-1, keepdim=True).clamp(min=1)
        return size * ((_centred(known / size) ** 2).sum(-1, keepdim=True) / count).sqrt()
    from variate.kernels.compiled import moments

    out = empty((x.shape[0], x.shape[1], 1), x.dtype)
    if x.shape[2] == 0:
        out[:] = 0
        return out
    moments.spread_rows(np.ascontiguousarray(x).reshape(-1, x.shape[2]), out.reshape(-1))
    return out


def average(x: Array) -> Array:
    """Return the mean (n, c, 1) of each channel of x (n, c, t): NaN skipped, 0 where there is no reading."""
    xp = namespace(x)
    seen = ~xp.isnan(x)
    count = xp.sum(xp.astype(seen, xp.int64), axis=-1, keepdims=True)
    total = xp.sum(xp.where(seen, x, xp.zeros_like(x)), axis=-1, keepdims=True)
    return total / xp.astype(xp.clip(count, 1, None), x.dtype)


def _smallest(x: Array) -> float:
    return float(namespace(x).finfo(x.dtype).smallest_normal)


def _centred(x: Array) -> Array:
    seen, known = ~x.isnan(), x
    level = known.where(seen, float("inf")).amin(-1, keepdim=True)  # a reading: what is constant becomes exactly 0
    known = (known - level).where(seen, 0)
    mean = known.sum(-1, keepdim=True) / seen.sum(-1, keepdim=True).clamp(min=1)
    return (known - mean).where(seen, 0)


def median(x: Array) -> Array:
    """Return the median (..., 1) along time, NaN skipped; NaN where there is no reading."""
    xp = namespace(x)
    ordered = xp.sort(x, axis=-1)  # NaN last, in NumPy and in torch
    count = xp.sum(xp.astype(~xp.isnan(x), xp.int64), axis=-1, keepdims=True)
    low = xp.clip((count - 1) // 2, 0, x.shape[-1] - 1)
    high = xp.clip(count // 2, 0, x.shape[-1] - 1)
    return 0.5 * (xp.take_along_axis(ordered, low, axis=-1) + xp.take_along_axis(ordered, high, axis=-1))


def robust_spread(x: Array) -> Array:
    """Return 1.4826 times the median absolute deviation (n, c, 1), NaN skipped; the standard deviation where that is 0."""
    xp = namespace(x)
    scale = 1.4826 * median(xp.abs(x - median(x)))
    fallback = spread(x)
    return xp.where(scale > 0, scale, fallback)  # a NaN scale (no reading at all) is not > 0 either
