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
        out[t] = fill if where[t] else x[t]


@njit(nogil=True, cache=True)
def replace_rows(x, where, fill, out):
    """out[n, c] = x[n, c], with fill[n, c] where the booleans of the row (or of its channel) are True."""
    shared = where.shape[1] == 1
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _replace(x[i, c], where[i, 0 if shared else c], fill[i, c], out[i, c])


@njit(nogil=True, cache=True)
def carry_rows(x, lost, out):
    """out[n, c] = x[n, c], with the last reading that was not lost at lost steps; a first one lost takes the next kept."""
    n, channels, length = x.shape
    shared = lost.shape[1] == 1
    for i in range(n):
        for c in range(channels):
            gone = lost[i, 0 if shared else c]
            first = 0
            while first < length and gone[first]:
                first += 1
            last = x[i, c, first] if first < length else x[i, c, 0]
            for t in range(length):
                if not gone[t]:
                    last = x[i, c, t]
                out[i, c, t] = last
