"""Fingerprints of series: equal series have equal ones, so that a series is found in a pool without a comparison with each."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from variate.kernels import counter
from variate.kernels.arrays import Array, is_torch, numpy_of

_KEY = 0x5EED  # of the multipliers; any will do


def fingerprints(x: Array) -> Any:
    """Return a 64-bit number (n,), uint64 in NumPy, for each series of x (n, c, t) in float32 or float64: two sums of its bits.

    Series that are equal have the same one, where -0 is 0 and every NaN the same; of two that differ, one pair in 2^64 has
    the same one, or in 2^32 if they differ in very few bits.
    """
    double = x.dtype.itemsize == 8
    low, high = _multipliers(x.shape[1] * x.shape[2] * (1 + double))
    if is_torch(x):
        return _torch_fingerprints(x, low, high)
    from variate.kernels.compiled import fingerprint

    flat = np.ascontiguousarray(x).reshape(len(x), x.shape[1] * x.shape[2])
    out = np.empty(len(x), np.uint64)
    if double:
        fingerprint.double_rows(flat.view(np.uint64), low, high, out)
    else:
        fingerprint.single_rows(flat.view(np.uint32), low, high, out)
    return out


@lru_cache(maxsize=16)
def _multipliers(count: int) -> tuple[Any, Any]:
    """Return two odd 32-bit multipliers for each reading."""
    words = counter.words(_KEY, np.arange(2, dtype=np.uint64), count) | np.uint32(1)
    return words[0], words[1]


def _torch_fingerprints(x: Any, low: Any, high: Any) -> Any:
    import torch

    double = x.dtype.itemsize == 8
    flat = x.detach().contiguous().reshape(len(x), x.shape[1] * x.shape[2])
    flat = torch.where(flat == 0, 0, flat)
    bits = flat.view(torch.int64 if double else torch.int32).long()
    bits = torch.where(flat.isnan(), 0x7FF8000000000000 if double else 0x7FC00000, bits)
    words = torch.cat([bits & 0xFFFFFFFF, bits >> 32 & 0xFFFFFFFF], dim=1) if double else bits & 0xFFFFFFFF
    words = words ^ (words >> 15)
    sums = [(words * torch.from_numpy(m.astype(np.int64)).to(x.device)).sum(dim=1) & 0xFFFFFFFF for m in (low, high)]
    first, second = (numpy_of(s).astype(np.uint64) for s in sums)
    return first | second << np.uint64(32)
