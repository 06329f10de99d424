"""Statistics of a row and checks on its bits, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def top_magnitude32(bits):
    """Largest magnitude pattern of float32 bits seen as int32: ordered as the numbers are, NaN above infinity."""
    top = np.int32(0)
    for i in range(bits.shape[0]):
        top = max(top, np.int32(bits[i] & np.int32(0x7FFFFFFF)))
    return top


@njit(nogil=True, cache=True)
def top_magnitude64(bits):
    """As :func:`top_magnitude32`, for float64."""
    top = np.int64(0)
    for i in range(bits.shape[0]):
        top = max(top, np.int64(bits[i] & np.int64(0x7FFFFFFFFFFFFFFF)))
    return top


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc"})
def _sum(x, level):
    total = 0.0
    for t in range(x.shape[0]):
        total += np.float64(x[t]) - level
    return total


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc"})
def _sum_squares(x, level, mean):
    total = 0.0
    for t in range(x.shape[0]):
        d = (np.float64(x[t]) - level) - mean
        total += d * d
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def _spread_with_gaps(x):
    count, total, level = 0, 0.0, 0.0
    for t in range(x.shape[0]):
        if not math.isnan(x[t]):
            if count == 0:
                level = np.float64(x[t])
            count += 1
            total += x[t] - level
    if count == 0:
        return 0.0
    mean, squares = total / count, 0.0
    for t in range(x.shape[0]):
        if not math.isnan(x[t]):
            squares += (x[t] - level - mean) ** 2
    return math.sqrt(squares / count)


BLOCK = 4096  # readings summed up in their own precision before float64 takes over


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc"})
def _block_sums(x, level):
    """The sum and the sum of squares of x - level, in x's own precision: twice as fast for float32."""
    total = squares = level - level
    for t in range(x.shape[0]):
        d = x[t] - level
        total += d
        squares += d * d
    return total, squares


@njit(nogil=True, cache=True, error_model="numpy")
def _quick_spread(x):
    """The standard deviation of a row in one pass, or NaN where that would lose digits, overflow, or meet a NaN."""
    total, squares = 0.0, 0.0
    for start in range(0, x.shape[0], BLOCK):
        part_total, part_squares = _block_sums(x[start : start + BLOCK], x[0])
        total += part_total
        squares += part_squares
    mean = total / x.shape[0]
    variance = squares / x.shape[0] - mean * mean
    return math.sqrt(variance) if 0.1 * mean * mean < variance and 1e-30 < variance < 1e30 else math.nan


@njit(nogil=True, cache=True, error_model="numpy")
def _careful_spread(x):
    """The standard deviation of a row in two passes; NaN where it has a NaN."""
    level = np.float64(x[0])  # taken off first: the rounded mean of a constant row would leave a spread
    mean = _sum(x, level) / x.shape[0]
    return math.sqrt(_sum_squares(x, level, mean) / x.shape[0])


@njit(nogil=True, cache=True, error_model="numpy")
def spread_rows(x, out):
    """out[r] = standard deviation (divisor: the number of readings) of x[r], NaN skipped, 0 where nothing varies."""
    for r in range(x.shape[0]):
        found = _quick_spread(x[r])
        if math.isnan(found):
            found = _careful_spread(x[r])
        out[r] = _spread_with_gaps(x[r]) if math.isnan(found) else found
