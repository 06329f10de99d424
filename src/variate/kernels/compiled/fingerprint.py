"""Sums of the bits of series, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _sums(bits, low, high):
    """Both sums modulo 2^32, so that a lane holds one; the shift brings what round numbers have above into play below."""
    first, second = np.uint32(0), np.uint32(0)
    for t in range(bits.shape[0]):
        b = bits[t]
        b = np.uint32(0x7FC00000) if b & np.uint32(0x7FFFFFFF) > np.uint32(0x7F800000) else b
        b = np.uint32(0) if b == np.uint32(0x80000000) else b
        b = np.uint32(b ^ (b >> np.uint32(15)))
        first = np.uint32(first + np.uint32(b * low[t]))
        second = np.uint32(second + np.uint32(b * high[t]))
    return first, second


@njit(nogil=True, cache=True)
def fingerprint_rows(bits, low, high, out):
    """out[r] = the two sums of row r, one above the other."""
    for r in range(bits.shape[0]):
        first, second = _sums(bits[r], low, high)
        out[r] = np.uint64(first) | np.uint64(second) << np.uint64(32)
