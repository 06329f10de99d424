"""Changes of single readings, row by row, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _scale(x, factor, out):
    for t in range(x.shape[0]):
        out[t] = x[t] * factor


@njit(nogil=True, cache=True)
def scale_rows(x, factor, out):
    """out[n, c] = x[n, c] times factor[n, c], or factor[n, 0] where that has one column."""
    shared = factor.shape[1] == 1
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _scale(x[i, c], factor[i, 0 if shared else c], out[i, c])


@njit(nogil=True, cache=True)
def _blend(x, other, share, out):
    for t in range(x.shape[0]):
        out[t] = other[t] + share * (x[t] - other[t])


@njit(nogil=True, cache=True)
def blend_rows(x, other, share, out):
    """out[n, c] = other[n, c] and share[n] of the way from there to x[n, c]."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _blend(x[i, c], other[i, c], share[i], out[i, c])


@njit(nogil=True, cache=True)
def _replace(x, where, fill, out):
    for t in range(x.shape[0]):
        value = x[t]
        out[t] = fill if where[t] and value == value else value  # a missing reading is not lost again


@njit(nogil=True, cache=True)
def replace_rows(x, where, fill, out):
    """out[n, c] = x[n, c], with fill[n, c] where the booleans of the row (or of its channel) are True."""
    shared = where.shape[1] == 1
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _replace(x[i, c], where[i, 0 if shared else c], fill[i, c], out[i, c])


@njit(nogil=True, cache=True)
def _copy(x, out):
    for t in range(x.shape[0]):
        out[t] = x[t]


@njit(nogil=True, cache=True)
def add_rows(x, where, amount, out):
    """out[n, c] = x[n, c], plus amount[n, c, k] at step where[n, k]."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _copy(x[i, c], out[i, c])
            for k in range(where.shape[1]):
                out[i, c, where[i, k]] += amount[i, c, k]


@njit(nogil=True, cache=True)
def _fill(row, first, count, fill):
    for k in range(count):
        t = np.uint64(first + k)  # unsigned: no wrap-around that would keep the loop from being vectorised
        row[t] = fill if row[t] == row[t] else row[t]  # a missing reading is not lost again


@njit(nogil=True, cache=True)
def fill_rows(x, start, width, fill, out):
    """out[n, c] = x[n, c], with fill[n, c] in the windows of ``width`` steps from start[n, k]."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _copy(x[i, c], out[i, c])
            for k in range(start.shape[1]):
                _fill(out[i, c], start[i, k], width, fill[i, c])


@njit(nogil=True, cache=True)
def _add_line(x, first, count, level, slope, steps, out):
    for k in range(count):
        t = np.uint64(first + k)
        out[t] = x[t] + (level + slope * steps[k])


@njit(nogil=True, cache=True)
def _add_level(x, first, count, level, out):
    for k in range(count):
        t = np.uint64(first + k)
        out[t] = x[t] + level


@njit(nogil=True, cache=True)
def _copy_part(x, first, count, out):
    for k in range(count):
        t = np.uint64(first + k)
        out[t] = x[t]


@njit(nogil=True, cache=True)
def add_line_rows(x, start, level, slope, out):
    """out[n, c] = x[n, c], plus level[n, c, k] + slope[n, c, k]·(t - start[n, k]) from start[n, k] to the next start.

    Rows are handed on whole, with a first step and a count: slicing them would cost as much as the work.
    """
    length, last = x.shape[2], start.shape[1] - 1
    steps = np.arange(length).astype(x.dtype)  # read, for a whole number would be computed with in float64
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            row, made = x[i, c], out[i, c]
            _copy_part(row, 0, start[i, 0], made)
            for k in range(start.shape[1]):
                first = start[i, k]
                count = (start[i, k + 1] if k < last else length) - first
                if slope[i, c, k] != 0:
                    _add_line(row, first, count, level[i, c, k], slope[i, c, k], steps, made)
                elif level[i, c, k] != 0:
                    _add_level(row, first, count, level[i, c, k], made)
                else:
                    _copy_part(row, first, count, made)


@njit(nogil=True, cache=True)
def _first_kept(x, lost):
    """The first reading that is kept; where there is none, the first of all."""
    for t in range(x.shape[0]):
        if not lost[t] and x[t] == x[t]:
            return x[t]
    for t in range(x.shape[0]):
        if x[t] == x[t]:
            return x[t]
    return x[0]


@njit(nogil=True, cache=True)
def carry_rows(x, lost, out):
    """out[n, c] = x[n, c], with the last kept reading at lost steps; missing readings stay missing."""
    shared = lost.shape[1] == 1
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            gone = lost[i, 0 if shared else c]
            row = x[i, c]
            last = _first_kept(row, gone)
            for t in range(x.shape[2]):
                value = row[t]
                if not gone[t] and value == value:
                    last = value
                out[i, c, t] = last if value == value else value


@njit(nogil=True, cache=True)
def _raise(x, middle, level, out):
    for t in range(x.shape[0]):
        out[t] = level if x[t] >= middle else out[t]


@njit(nogil=True, cache=True)
def _ground(x, level, out):
    for t in range(x.shape[0]):
        out[t] = level if x[t] == x[t] else x[t]


@njit(nogil=True, cache=True)
def snap_rows(x, levels, middles, out):
    """out[n, c] = the level nearest to each reading of x[n, c]; missing readings stay missing.

    Level by level over the whole row: that is vectorised, where a search for each reading is not.
    """
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _ground(x[i, c], levels[i, c, 0], out[i, c])
            for k in range(middles.shape[2]):
                _raise(x[i, c], middles[i, c, k], levels[i, c, k + 1], out[i, c])
