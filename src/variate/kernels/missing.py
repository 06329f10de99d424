"""Missing readings: finding them, and filling them for operations that look at several readings at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_torch, namespace


class _Known(threading.local):
    """What this thread knows of one array already: a pass over the data is half as long as copying it."""

    array: Any = None
    nan = False


_known = _Known()


@contextlib.contextmanager
def known(x: Array, nan: bool) -> Iterator[None]:
    """Let :func:`has_nan` know until the end whether x, which nobody may write to meanwhile, holds NaN."""
    before = _known.array, _known.nan
    _known.array, _known.nan = x, nan
    try:
        yield
    finally:
        _known.array, _known.nan = before


def has_nan(x: Array) -> bool:
    """Whether any reading is NaN."""
    if x is _known.array:
        return _known.nan
    return bool(x.isnan().any()) if is_torch(x) else extremes(x)[1]


def extremes(x: Array) -> tuple[bool, bool]:
    """Return (any infinite, any NaN) in one pass over the bits of the array."""
    if is_torch(x):
        return bool(x.isinf().any()), bool(x.isnan().any())
    if x.dtype != np.float32 and x.dtype != np.float64:
        return bool(np.isinf(x).any()), bool(np.isnan(x).any())
    from variate.kernels.compiled import moments

    single = x.dtype == np.float32
    flat = np.ascontiguousarray(x).reshape(-1).view(np.int32 if single else np.int64)
    found = moments.top_magnitude32(flat) if single else moments.top_magnitude64(flat)
    infinity = 0x7F800000 if single else 0x7FF0000000000000
    if found > infinity:  # a NaN hides infinities below it: look again, slowly
        return bool(np.isinf(x).any()), True
    return bool(found == infinity), False


def fill(x: Array) -> Array:
    """Return x (..., t) with NaN replaced by linear interpolation along time, the ends held; all-NaN rows become 0."""
    if is_torch(x):
        return _torch_fill(x)
    from variate.kernels.compiled import reading

    flat = np.ascontiguousarray(x).reshape(-1, x.shape[-1])
    out = empty(flat.shape, flat.dtype)
    reading.fill_rows(flat, out)
    return out.reshape(x.shape)


def fill_parts(x: Array, boundary: int | None) -> Array:
    """Return :func:`fill` of the steps before ``boundary`` and of those from it on, each on its own."""
    if not boundary:
        return fill(x)
    return concat([fill(x[..., :boundary]), fill(x[..., boundary:])], axis=-1)


def _torch_fill(x: Any) -> Any:
    import torch

    length = x.shape[-1]
    steps = torch.arange(length, device=x.device).expand(x.shape)
    seen = ~x.isnan()
    before = torch.where(seen, steps, -1).cummax(dim=-1).values
    after = torch.where(seen, steps, length).flip(-1).cummin(dim=-1).values.flip(-1)
    left = torch.where(before < 0, after, before).clamp(0, length - 1)
    right = torch.where(after >= length, before, after).clamp(0, length - 1)
    known = torch.where(seen, x, 0)
    a, b = known.gather(-1, left), known.gather(-1, right)
    share = (steps - left).to(x.dtype) / (right - left).clamp(min=1)
    return torch.where(seen, known, a + share * (b - a))


def carry_forward(x: Array, lost: Array) -> Array:
    """Return x (n, c, t) with the last kept reading at the steps where ``lost`` (n, c or 1, t) is True.

    Before the first kept reading stands that reading; where nothing is kept, the first one. Missing readings stay.
    """
    if is_torch(x):
        return _torch_carry(x, lost)
    from variate.kernels.compiled import elementwise

    out = empty(x.shape, x.dtype)
    elementwise.carry_rows(x, lost, out)
    return out


def _torch_carry(x: Any, lost: Any) -> Any:
    import torch

    length = x.shape[-1]
    steps = torch.arange(length, device=x.device).expand(x.shape)
    seen = ~x.isnan()
    kept = seen & ~lost
    last = torch.where(kept, steps, -1).cummax(dim=-1).values
    first = torch.where(kept, steps, length).amin(dim=-1, keepdim=True)
    any_reading = torch.where(seen, steps, length).amin(dim=-1, keepdim=True)
    first = torch.where(first < length, first, any_reading).clamp(max=length - 1)
    return torch.where(seen, x.gather(-1, torch.where(last >= 0, last, first)), x)


def put_back(y: Array, missing: Array) -> Array:
    """Return y with NaN wherever ``missing`` is True."""
    xp = namespace(y)
    return xp.where(missing, xp.full_like(y[..., :1], float("nan")), y)
