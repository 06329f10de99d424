"""Changes of single readings in one pass over the data."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, namespace


def scale(x: Array, factor: Array) -> Array:
    """Return x (n, c, t) times factors (n, c or 1, 1), in x's dtype."""
    if is_torch(x):
        return x * factor.to(x.dtype)
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.scale_rows(x, np.ascontiguousarray(factor[:, :, 0], dtype=x.dtype), out)
    return out


def blend(x: Array, other: Array, share: Array) -> Array:
    """Return ``other`` plus ``share`` (n, 1, 1) of the way from there to x, both (n, c, t), in x's dtype."""
    if is_torch(x):
        return other + share.to(x.dtype) * (x - other)
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.blend_rows(x, np.ascontiguousarray(other), np.ascontiguousarray(share[:, 0, 0], dtype=x.dtype), out)
    return out


def replace_where(x: Array, where: Array, fill: Array) -> Array:
    """Return x (n, c, t) with ``fill`` (n, c, 1) where the booleans (n, c or 1, t) are True; missing readings stay."""
    if is_torch(x):
        return x.where(~where | x.isnan(), fill)
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.replace_rows(x, where, np.ascontiguousarray(fill[:, :, 0], dtype=x.dtype), out)
    return out


def add_at(x: Array, where: Array, amount: Array) -> Array:
    """Return x (n, c, t) plus ``amount`` (n, c, k) at the distinct steps ``where`` (n, k); other readings bit for bit."""
    if is_torch(x):
        return x.scatter_add(-1, where[:, None, :].expand(amount.shape), amount.to(x.dtype))
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.add_rows(x, where, amount.astype(x.dtype), out)
    return out


def fill_windows(x: Array, start: Array, width: int, fill: Array) -> Array:
    """Return x (n, c, t) with ``fill`` (n, c, 1) in windows of ``width`` steps from ``start`` (n, k); NaN stays."""
    if is_torch(x):
        return replace_where(x, windows(start, width, x.shape[2])[:, None, :], fill)
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.fill_rows(x, start, width, np.ascontiguousarray(fill[:, :, 0], dtype=x.dtype), out)
    return out


def windows(start: Array, width: int | Array, length: int) -> Array:
    """Return booleans (n, length): the steps in any of the windows of ``width`` (or (n, k)) steps from ``start`` (n, k)."""
    xp = namespace(start)
    steps = xp.arange(length, device=start.device)[None, None, :]
    return xp.any((steps >= start[:, :, None]) & (steps < (start + width)[:, :, None]), axis=1)


def add_lines(x: Array, start: Array, level: Array, slope: Array) -> Array:
    """Return x (n, c, t) plus lines: ``level + slope·(t - start)`` (n, c, k) from each ``start`` (n, k) to the next one.

    The starts rise; the last line goes to the end. Readings before the first start, and under a line of zeros, stay bit
    for bit.
    """
    if is_torch(x):
        return _torch_add_lines(x, start, level.to(x.dtype), slope.to(x.dtype))
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    level, slope = (np.ascontiguousarray(a, dtype=x.dtype) for a in (level, slope))
    elementwise.add_line_rows(x, np.ascontiguousarray(start), level, slope, out)
    return out


def _torch_add_lines(x: Any, start: Any, level: Any, slope: Any) -> Any:
    import torch

    steps = torch.arange(x.shape[2], device=x.device).expand(len(x), -1).contiguous()
    line = torch.searchsorted(start.contiguous(), steps, right=True) - 1
    index = line.clamp(min=0)[:, None, :].expand(x.shape)
    since = (steps - start.gather(1, line.clamp(min=0)))[:, None, :].to(x.dtype)
    added = level.gather(2, index) + slope.gather(2, index) * since
    return x.where((line < 0)[:, None, :] | (added == 0), x + added)


def stretch(x: Array, ends: Array, moved: Array) -> Array:
    """Return booleans (n, t): the steps from ends[n, 0] to ends[n, 1] where a channel that ``moved`` (n, c) has a reading."""
    xp = namespace(x)
    steps = xp.arange(x.shape[2], device=x.device)[None, :]
    inside = (steps >= ends[:, :1]) & (steps <= ends[:, 1:])
    return inside & xp.any(moved[:, :, None] & ~xp.isnan(x), axis=1)


def changed(before: Array, after: Array) -> Array:
    """Return booleans (n, t): the steps at which a reading of some channel is another than before."""
    xp = namespace(before)
    return xp.any((after != before) & ~xp.isnan(before), axis=1)
