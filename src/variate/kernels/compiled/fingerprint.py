"""Sums of the bits of series, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _single(bits, low, high):
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
def _double(bits, low, high):
    """As :func:`_single`, the lower halves of all readings before the upper ones."""
    length = bits.shape[0]
    first, second = np.uint32(0), np.uint32(0)
    for t in range(length):
        b = bits[t]
        b = np.uint64(0x7FF8000000000000) if b & np.uint64(0x7FFFFFFFFFFFFFFF) > np.uint64(0x7FF0000000000000) else b
        b = np.uint64(0) if b == np.uint64(0x8000000000000000) else b
        lower, upper = np.uint32(b & np.uint64(0xFFFFFFFF)), np.uint32(b >> np.uint64(32))
        lower, upper = np.uint32(lower ^ (lower >> np.uint32(15))), np.uint32(upper ^ (upper >> np.uint32(15)))
        first = np.uint32(first + np.uint32(lower * low[t]) + np.uint32(upper * low[length + t]))
        second = np.uint32(second + np.uint32(lower * high[t]) + np.uint32(upper * high[length + t]))
    return first, second


@njit(nogil=True, cache=True)
def single_rows(bits, low, high, out):
    """out[r] = the two sums of row r, one above the other, of bits of float32."""
    for r in range(bits.shape[0]):
        first, second = _single(bits[r], low, high)
        out[r] = np.uint64(first) | np.uint64(second) << np.uint64(32)


@njit(nogil=True, cache=True)
def double_rows(bits, low, high, out):
    """out[r] = the two sums of row r, one above the other, of bits of float64."""
    for r in range(bits.shape[0]):
        first, second = _double(bits[r], low, high)
        out[r] = np.uint64(first) | np.uint64(second) << np.uint64(32)
