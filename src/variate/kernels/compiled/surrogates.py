"""The steps of the iterated surrogates, row by row, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from variate.kernels.compiled import ranks


@njit(nogil=True, cache=True, error_model="numpy")
def _largest(x):
    top = 0.0
    for t in range(x.shape[0]):
        top = max(top, abs(np.float64(x[t])))
    return top


@njit(nogil=True, cache=True)
def _standard(x, factors, out):
    """out = (x times two powers of two) - mean; return that mean. Two, for one alone may overflow."""
    first, total, differ = np.float64(x[0]) * factors[0] * factors[1], 0.0, False
    for t in range(x.shape[0]):
        value = np.float64(x[t]) * factors[0] * factors[1]
        total += value
        differ |= value != first
    mean = total / x.shape[0] if differ else first  # so that a constant has no spectrum at all
    for t in range(x.shape[0]):
        out[t] = np.float64(x[t]) * factors[0] * factors[1] - mean
    return mean


@njit(nogil=True, cache=True)
def standardise_rows(x, out, factors, means):
    """out[r] = x[r] times a power of two, to a largest size of ½ … 1, and centred. Squares then stay in range."""
    for r in range(x.shape[0]):
        exponent = math.frexp(_largest(x[r]))[1]
        factors[r, 0], factors[r, 1] = math.ldexp(1.0, -(exponent // 2)), math.ldexp(1.0, exponent // 2 - exponent)
        means[r] = _standard(x[r], factors[r], out[r])


@njit(nogil=True, cache=True, error_model="numpy")
def _impose(parts, amplitude):
    """Give each bin its amplitude and leave its phase; a bin without a phase gets phase 0."""
    for k in range(amplitude.shape[0]):
        a, b = parts[2 * k], parts[2 * k + 1]
        size = np.sqrt(a * a + b * b)
        factor = amplitude[k] / size
        parts[2 * k] = a * factor if size > 0 else amplitude[k]
        parts[2 * k + 1] = b * factor if size > 0 else np.float32(0)


@njit(nogil=True, cache=True)
def impose_rows(parts, rows, amplitude):
    """parts[i, c] = the same phases with the amplitudes of its row: real and imaginary parts alternate."""
    for i in range(parts.shape[0]):
        for c in range(parts.shape[1]):
            _impose(parts[i, c], amplitude[rows[i], c])


@njit(nogil=True, cache=True, error_model="numpy")
def _add_turn(parts, goal, turn):
    """turn += the unit number by which a bin of ``parts`` is ahead of that of ``goal``; nothing where one has no phase."""
    for k in range(turn.shape[0] // 2):
        a, b, u, v = parts[2 * k], parts[2 * k + 1], goal[2 * k], goal[2 * k + 1]
        size = np.sqrt(a * a + b * b) * np.sqrt(u * u + v * v)
        turn[2 * k] += (a * u + b * v) / size if size > 0 else np.float32(0)
        turn[2 * k + 1] += (b * u - a * v) / size if size > 0 else np.float32(0)


@njit(nogil=True, cache=True, error_model="numpy")
def _turn(goal, turn, parts):
    for k in range(turn.shape[0] // 2):
        c, s = turn[2 * k], turn[2 * k + 1]
        parts[2 * k] = goal[2 * k] * c - goal[2 * k + 1] * s
        parts[2 * k + 1] = goal[2 * k] * s + goal[2 * k + 1] * c


@njit(nogil=True, cache=True)
def turn_rows(parts, rows, goal):
    """parts[i] = the spectra of its row, all channels of a bin turned by one angle: the mean of theirs to parts[i]."""
    turn, one = np.empty(goal.shape[2], goal.dtype), np.zeros(goal.shape[2] // 2, goal.dtype)
    one[:] = 1
    for i in range(parts.shape[0]):
        turn[:] = 0
        for c in range(parts.shape[1]):
            _add_turn(parts[i, c], goal[rows[i], c], turn)
        _impose(turn, one)
        for c in range(parts.shape[1]):
            _turn(goal[rows[i], c], turn, parts[i, c])


@njit(nogil=True, cache=True)
def advance_rows(z, rows, most, values, order, count, block, last):
    """Renew the orders of a block's rows, and move its unfinished rows, with values put to them, to its front.

    ``z`` (b, c, t) has the spectrum of the ``rows``; of the finished ones it goes to ``last``, unless that is empty.
    Return how many are unfinished: those of another order than before, and with less than ``most`` rounds counted.
    """
    length, kept = z.shape[2], 0
    keys, spare, level = np.empty(length, z.dtype), np.empty(length, order.dtype), np.empty(length, np.uint32)
    for i in range(z.shape[0]):
        row = rows[i]
        moved = count[row] == 0  # the first order has none before it
        count[row] += 1
        for c in range(z.shape[1]):
            moved |= ranks.renew(z[i, c], order[row, c], keys, spare, level)
        if moved and count[row] < most:
            for c in range(z.shape[1]):
                ranks.put(values[row, c], order[row, c], block[kept, c])
            rows[kept] = row
            kept += 1
        elif last.shape[0] > 0:
            last[row] = z[i]
    return kept


@njit(nogil=True, cache=True)
def restore_rows(z, factors, means, out):
    """out[r] = z[r] with the size and mean that a row had before it was standardised."""
    for r in range(z.shape[0]):
        for t in range(z.shape[1]):
            out[r, t] = (z[r, t] + means[r]) / factors[r, 0] / factors[r, 1]


@njit(nogil=True, cache=True)
def put_rows(values, order, out):
    """out[r, order[r, i]] = values[r, i]."""
    for r in range(values.shape[0]):
        ranks.put(values[r], order[r], out[r])
