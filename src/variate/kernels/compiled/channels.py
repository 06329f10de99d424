"""Linear combinations of channels, row by row, for NumPy arrays."""

from __future__ import annotations

from numba import njit


@njit(nogil=True, cache=True)
def _one(a, x, out):
    for t in range(x.shape[0]):
        out[t] = a * x[t]


@njit(nogil=True, cache=True)
def _three(a, x, b, y, c, z, out):
    for t in range(x.shape[0]):
        out[t] = a * x[t] + b * y[t] + c * z[t]


@njit(nogil=True, cache=True)
def _add(a, x, out):
    for t in range(x.shape[0]):
        out[t] += a * x[t]


@njit(nogil=True, cache=True)
def mix_rows(x, matrix, out):
    """out[n, c] = Σ matrix[n, c, k]·x[n, k]; three channels, the case of motion sensors, in one pass."""
    channels = x.shape[1]
    for i in range(x.shape[0]):
        for c in range(channels):
            weight = matrix[i, c]
            if channels == 3:
                _three(weight[0], x[i, 0], weight[1], x[i, 1], weight[2], x[i, 2], out[i, c])
                continue
            _one(weight[0], x[i, 0], out[i, c])
            for k in range(1, channels):
                if weight[k] != 0:  # groups of three leave most of a larger matrix empty
                    _add(weight[k], x[i, k], out[i, c])


@njit(nogil=True, cache=True)
def _copy(x, out):
    for t in range(x.shape[0]):
        out[t] = x[t]


@njit(nogil=True, cache=True)
def take_rows(x, source, out):
    """out[n, c] = x[n, source[n, c]]."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _copy(x[i, source[i, c]], out[i, c])
