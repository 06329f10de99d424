"""Running averages and block values, row by row, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _mirror(x, reach, longer):
    """longer = x with ``reach`` readings more on either side, mirrored (… b a | a b …) as often as it takes."""
    length = x.shape[0]
    for t in range(length):
        longer[reach + t] = x[t]
    for k in range(reach):
        before, after = (-1 - k) % (2 * length), (length + k) % (2 * length)
        longer[reach - 1 - k] = x[before if before < length else 2 * length - 1 - before]
        longer[reach + length + k] = x[after if after < length else 2 * length - 1 - after]


@njit(nogil=True, cache=True)
def _start(x, weight, out):
    for t in range(out.shape[0]):
        out[t] = weight * x[t]


@njit(nogil=True, cache=True)
def _add_pair(x, y, weight, out):
    for t in range(out.shape[0]):
        out[t] += weight * (x[t] + y[t])


@njit(nogil=True, cache=True)
def smooth_rows(x, kernel, out):
    """out[r] = x[r] convolved with a symmetric kernel of odd length, the ends mirrored."""
    length, reach = x.shape[1], kernel.shape[0] // 2
    longer = np.empty(length + 2 * reach, x.dtype)
    for r in range(x.shape[0]):
        _mirror(x[r], reach, longer)
        _start(longer[reach:], kernel[reach], out[r])
        for k in range(reach):
            _add_pair(longer[k:], longer[2 * reach - k :], kernel[k], out[r])


@njit(nogil=True, cache=True, error_model="numpy")
def _mean(x, start, stop):
    count, total = 0, 0.0
    for t in range(start, stop):
        if x[t] == x[t]:
            count += 1
            total += x[t]
    return total / count if count > 0 else math.nan


@njit(nogil=True, cache=True)
def _extreme(x, start, stop, sign):
    top = -math.inf
    for t in range(start, stop):
        if sign * x[t] > top:  # never true of a missing reading
            top = sign * x[t]
    return sign * top


@njit(nogil=True, cache=True)
def _pool(x, size, sign, out):
    """Blocks by their first and last step: a slice for each would cost more than the work on it."""
    for start in range(0, x.shape[0], size):
        stop = min(start + size, x.shape[0])
        value = _mean(x, start, stop) if sign == 0 else _extreme(x, start, stop, sign)
        for t in range(start, stop):
            out[t] = value if x[t] == x[t] else x[t]


@njit(nogil=True, cache=True)
def pool_rows(x, size, sign, out):
    """out[r] = x[r] with each block of ``size`` readings replaced by its mean (sign 0), maximum (1) or minimum (-1)."""
    for r in range(x.shape[0]):
        _pool(x[r], size, sign, out[r])


@njit(nogil=True, cache=True)
def _block_means(x, size, out):
    for k in range(out.shape[0]):
        out[k] = _mean(x, k * size, k * size + size)


@njit(nogil=True, cache=True)
def mean_rows(x, size, out):
    """out[r, k] = the mean of block k of x[r], NaN where it has no reading."""
    for r in range(x.shape[0]):
        _block_means(x[r], size, out[r])
