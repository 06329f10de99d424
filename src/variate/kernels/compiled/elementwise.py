"""Changes of single readings, row by row, for NumPy arrays."""

from __future__ import annotations

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
