"""Stable orders and ranks of readings, and values put to given ranks."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch


def order(x: Array) -> Array:
    """Return the places (n, c, t), int64, of the readings of x (n, c, t) from the smallest to the largest.

    Of equal readings the earlier comes first; -0.0 and 0.0 are equal.
    """
    if is_torch(x):
        return x.argsort(dim=-1, stable=True)
    from variate.kernels.compiled import ranks as compiled

    return _rows(compiled.order_rows, np.int64, x)


def ranks(x: Array) -> Array:
    """Return the ranks (n, c, t), int64, of the readings of x (n, c, t): 0 for the smallest.

    Of equal readings the earlier has the lower rank.
    """
    if is_torch(x):
        import torch

        places = order(x)
        steps = torch.arange(x.shape[-1], device=x.device).expand(x.shape)
        return torch.empty_like(places).scatter_(-1, places, steps)
    from variate.kernels.compiled import ranks as compiled

    return _rows(compiled.rank_rows, np.int64, x)


def ascending(x: Array) -> Array:
    """Return the readings of x (n, c, t) in ascending order, equal ones as they came (so 0.0 and -0.0)."""
    if is_torch(x):
        return x.gather(-1, order(x))
    from variate.kernels.compiled import ranks as compiled

    return _rows(compiled.ascend_rows, x.dtype, x)


def reorder(sorted_values: Array, like: Array) -> Array:
    """Return ascending values (n, c, t) in such an order that they have the stable ranks of ``like`` (n, c, t)."""
    if is_torch(sorted_values):
        return sorted_values.gather(-1, ranks(like))
    from variate.kernels.compiled import ranks as compiled

    return _rows(compiled.reorder_rows, sorted_values.dtype, sorted_values, like)


def _rows(fill: Any, dtype: Any, *arrays: Any) -> Any:
    """Return what ``fill`` makes of the rows of arrays of one shape."""
    shape = arrays[0].shape
    out = empty(shape, dtype)
    fill(*(np.ascontiguousarray(array).reshape(-1, shape[-1]) for array in arrays), out.reshape(-1, shape[-1]))
    return out
