"""Perturbing stretches of a spectrum, row by row, for NumPy arrays. Real and imaginary parts of a bin are neighbours."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from variate.kernels.compiled.spectrum import _sine_cosine


@njit(nogil=True, cache=True)
def _sizes(parts, size):
    for k in range(size.shape[0]):
        size[k] = math.sqrt(parts[2 * k] * parts[2 * k] + parts[2 * k + 1] * parts[2 * k + 1])


@njit(nogil=True, cache=True)
def _as_large(bits, least):
    count = 0
    for k in range(bits.shape[0]):
        count += bits[k] >= least
    return count


@njit(nogil=True, cache=True)
def _rank(bits, kept):
    """A bit pattern that the ``kept`` largest sizes reach and, but for equal ones, no other: by halving the patterns."""
    low, high = np.int64(0), np.int64(0)
    for k in range(bits.shape[0]):
        high = max(high, np.int64(bits[k]))
    while low < high:
        half = low + (high - low + 1) // 2
        count = _as_large(bits, bits.dtype.type(half))
        if count == kept:
            return half
        if count > kept:
            low = half
        else:
            high = half - 1
    return low


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"reassoc"})
def _statistics(size):
    """Mean and standard deviation in one pass: amplitudes spread as far as their mean, so no digits are lost."""
    total, squares = 0.0, 0.0
    for k in range(size.shape[0]):
        total += size[k]
        squares += np.float64(size[k]) * np.float64(size[k])
    mean = total / size.shape[0]
    return mean, math.sqrt(max(squares / size.shape[0] - mean * mean, 0.0))


@njit(nogil=True, cache=True, error_model="numpy")
def _redraw(parts, size, stays, level, spread, noise):
    for k in range(size.shape[0]):
        new = abs(level + spread * noise[k])
        silent = size[k] < 1e-37
        factor = 0.0 if silent else new / size[k]
        if not stays[k]:
            parts[2 * k] = new if silent else parts[2 * k] * factor
            parts[2 * k + 1] = 0.0 if silent else parts[2 * k + 1] * factor


@njit(nogil=True, cache=True, error_model="numpy")
def _shake(parts, stays, phase):
    for k in range(stays.shape[0]):
        sine, cosine = _sine_cosine(np.float64(phase[k]))
        a, b = parts[2 * k], parts[2 * k + 1]
        if not stays[k]:
            parts[2 * k] = a * cosine - b * sine
            parts[2 * k + 1] = a * sine + b * cosine


@njit(nogil=True, cache=True)
def perturb_rows(parts, start, width, size, bits, kept, amplitude, phase, centred, whole):
    """Perturb parts[n, c] in place; ``size`` is scratch for the amplitudes of a row, ``bits`` the same memory as integers.

    ``amplitude`` and ``phase`` have ``width`` numbers for each stretch, or none: then that is left alone.
    """
    stays = np.zeros(size.shape[0], np.bool_)
    level, spread = 0.0, 0.0
    for i in range(parts.shape[0]):
        for c in range(parts.shape[1]):
            row = parts[i, c, 2 : 2 + 2 * size.shape[0]]
            _sizes(row, size)
            if kept > 0:
                least = _rank(bits, kept)
                for k in range(stays.shape[0]):
                    stays[k] = bits[k] >= least
            if whole and amplitude.shape[2] > 0:
                level, spread = _statistics(size)
            for s in range(start.shape[1]):
                a = start[i, s]
                b = a + width
                if not whole:
                    level, spread = _statistics(size[a:b])
                if s + 1 < start.shape[1]:
                    b = min(b, start[i, s + 1])  # where two overlap, the later one counts
                if amplitude.shape[2] > 0:
                    middle = level if centred else 0.0
                    _redraw(row[2 * a : 2 * b], size[a:b], stays[a:b], middle, spread, amplitude[i, c, s * width :])
                if phase.shape[2] > 0:
                    _shake(row[2 * a : 2 * b], stays[a:b], phase[i, c, s * width :])
