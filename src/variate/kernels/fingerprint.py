"""Fingerprints of series: equal series have equal ones, so that a series is found in a pool without a comparison with each."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from variate.kernels import counter
from variate.kernels.arrays import Array, is_torch, numpy_of

_KEY = 0x5EED  # of the multipliers; any will do


def fingerprints(x: Array) -> Any:
    """Return a 64-bit number (n,), uint64 in NumPy, for each series of x (n, c, t): two sums of its bits in float32.

    Series that are equal in float32 have the same one, where -0 is 0 and every NaN the same; of two that differ, one pair
    in 2^64 has the same one, or in 2^32 if they differ in very few bits.
    """
    low, high = _multipliers(x.shape[1] * x.shape[2])
    if is_torch(x):
        return _torch_fingerprints(x, low, high)
    from variate.kernels.compiled import fingerprint

    flat = np.ascontiguousarray(x, np.float32).reshape(len(x), -1)
    out = np.empty(len(x), np.uint64)
    fingerprint.fingerprint_rows(flat.view(np.uint32), low, high, out)
    return out


@lru_cache(maxsize=16)
def _multipliers(count: int) -> tuple[Any, Any]:
    """Return two odd 32-bit multipliers for each reading."""
    words = counter.words(_KEY, np.arange(2, dtype=np.uint64), count) | np.uint32(1)
    return words[0], words[1]


def _torch_fingerprints(x: Any, low: Any, high: Any) -> Any:
    import torch

    bits = x.detach().float().contiguous().reshape(len(x), -1).view(torch.int32).long() & 0xFFFFFFFF
    bits = torch.where(bits == 0x80000000, 0, torch.where(bits & 0x7FFFFFFF > 0x7F800000, 0x7FC00000, bits))
    bits = bits ^ (bits >> 15)
    sums = [(bits * torch.from_numpy(m.astype(np.int64)).to(x.device)).sum(dim=1) & 0xFFFFFFFF for m in (low, high)]
    first, second = (numpy_of(s).astype(np.uint64) for s in sums)
    return first | second << np.uint64(32)
