"""Changes of single readings in one pass over the data."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch


def scale(x: Array, factor: Array) -> Array:
    """Return x (n, c, t) times factors (n, c or 1, 1), in x's dtype."""
    if is_torch(x):
        return x * factor.to(x.dtype)
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.scale_rows(x, np.ascontiguousarray(factor[:, :, 0], dtype=x.dtype), out)
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
