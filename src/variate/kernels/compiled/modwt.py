"""Circular wavelet filters, row by row, for NumPy arrays.

A row is laid out twice, end to end, so that a circular shift is a slice. Filters run in blocks of eight taps, then two.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _twice(x, centre, out):
    """out = x - centre, and once more behind it."""
    length = x.shape[0]
    again = out[length:]
    for t in range(length):
        value = x[t] - centre
        out[t] = value
        again[t] = value


@njit(nogil=True, cache=True)
def _fill(value, out):
    for t in range(out.shape[0]):
        out[t] = value


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _eight(twice, taps, starts, out):
    """out += the first eight taps times their shifts of the row."""
    a, b, c, d, e, f, g, h = taps[0], taps[1], taps[2], taps[3], taps[4], taps[5], taps[6], taps[7]
    row_a, row_b, row_c, row_d = twice[starts[0] :], twice[starts[1] :], twice[starts[2] :], twice[starts[3] :]
    row_e, row_f, row_g, row_h = twice[starts[4] :], twice[starts[5] :], twice[starts[6] :], twice[starts[7] :]
    for t in range(out.shape[0]):
        low = (a * row_a[t] + b * row_b[t]) + (c * row_c[t] + d * row_d[t])
        out[t] += low + ((e * row_e[t] + f * row_f[t]) + (g * row_g[t] + h * row_h[t]))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _two(twice, taps, starts, out):
    a, b = taps[0], taps[1]
    row_a, row_b = twice[starts[0] :], twice[starts[1] :]
    for t in range(out.shape[0]):
        out[t] += a * row_a[t] + b * row_b[t]


@njit(nogil=True, cache=True)
def _filter(twice, taps, starts, out):
    """out += Σ taps[l]·row shifted to starts[l]; orthogonal wavelets have an even number of taps."""
    count = taps.shape[0]
    whole = count - count % 8
    for k in range(0, whole, 8):
        _eight(twice, taps[k:], starts[k:], out)
    for k in range(whole, count, 2):
        _two(twice, taps[k:], starts[k:], out)


@njit(nogil=True, cache=True)
def modwt_rows(x, scaling, wavelet, starts, details, smooth):
    """Fill details (rows, level, t) and smooth (rows, t); the row's first reading is taken off and put back on smooth."""
    length, level = x.shape[1], details.shape[1]
    twice = np.empty(2 * length, x.dtype)
    zero = x.dtype.type(0)
    for r in range(x.shape[0]):
        centre = x[r, 0]
        _twice(x[r], centre, twice)
        for j in range(level):
            last = j == level - 1
            _fill(zero, details[r, j])
            _filter(twice, wavelet, starts[j], details[r, j])
            _fill(centre if last else zero, smooth[r])
            _filter(twice, scaling, starts[j], smooth[r])
            if not last:
                _twice(smooth[r], zero, twice)


@njit(nogil=True, cache=True)
def imodwt_rows(details, smooth, scaling, wavelet, starts, out):
    """out[r] = the first out.shape[1] readings of the inverse."""
    level, length = details.shape[1:]
    low, high, row = np.empty(2 * length, out.dtype), np.empty(2 * length, out.dtype), np.empty(length, out.dtype)
    zero = out.dtype.type(0)
    for r in range(out.shape[0]):
        centre = smooth[r, 0]
        _twice(smooth[r], centre, low)
        for j in range(level - 1, -1, -1):
            _twice(details[r, j], zero, high)
            target = row if j else out[r]
            _fill(zero if j else centre, target)
            _filter(high, wavelet, starts[j], target)
            _filter(low, scaling, starts[j], target)
            if j:
                _twice(row, zero, low)


@njit(nogil=True, cache=True)
def part_rows(coefficients, scaling, first, starts, lifted, out):
    """out[r] = the inverse of one level alone: ``first`` is that level's filter, ``starts`` has it and those below.

    Where the row is ``lifted``, a smooth part, its first coefficient is taken off and put back at the end.
    """
    length = coefficients.shape[1]
    twice, row = np.empty(2 * length, out.dtype), np.empty(length, out.dtype)
    zero, level = out.dtype.type(0), starts.shape[0]
    for r in range(out.shape[0]):
        centre = coefficients[r, 0] if lifted else zero
        _twice(coefficients[r], centre, twice)
        for j in range(level - 1, -1, -1):
            target = row if j else out[r]
            _fill(zero if j else centre, target)
            _filter(twice, first if j == level - 1 else scaling, starts[j], target)
            if j:
                _twice(row, zero, twice)
