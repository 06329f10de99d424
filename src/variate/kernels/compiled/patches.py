"""Variances of overlapping patches, and series made of them, row by row, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _add_step(x, step, stride, level, total, squares):
    """Reading ``step`` of all patches at once: one patch after the other would wait for each of its sums."""
    for k in range(level.shape[0]):
        apart = np.float64(x[step + k * stride]) - level[k]
        total[k] += apart
        squares[k] += apart * apart


@njit(nogil=True, cache=True, error_model="numpy")
def variance_rows(x, size, stride, out):
    """out[r, k] = variance of patch k of x[r], measured from the first reading of the patch."""
    level, total, squares = np.empty(out.shape[1]), np.empty(out.shape[1]), np.empty(out.shape[1])
    for r in range(x.shape[0]):
        for k in range(level.shape[0]):
            level[k], total[k], squares[k] = x[r, k * stride], 0.0, 0.0
        for step in range(1, size):
            _add_step(x[r], step, stride, level, total, squares)
        for k in range(level.shape[0]):
            mean = total[k] / size
            out[r, k] = squares[k] / size - mean * mean


@njit(nogil=True, cache=True)
def _copy(x, start, stop, shift, out):
    for t in range(start, stop):
        out[t] = x[t + shift]


@njit(nogil=True, cache=True)
def _add_apart(x, start, stop, shift, base, total):
    for t in range(start, stop):
        total[t] += x[t + shift] - base[t]


@njit(nogil=True, cache=True, error_model="numpy")
def _add_mean(total, number, out):
    for t in range(out.shape[0]):
        out[t] += total[t] / number[t]


@njit(nogil=True, cache=True)
def _reassemble(x, source, size, stride, number, total, out):
    """The first patch over a step gives its level, later ones what they are apart from it."""
    _copy(x, 0, x.shape[0], 0, out)
    total[:] = 0
    end = 0
    for k in range(source.shape[0]):
        start, shift = k * stride, (source[k] - k) * stride
        _add_apart(x, start, end, shift, out, total)
        _copy(x, max(start, end), start + size, shift, out)
        end = start + size
    _add_mean(total, number, out)


@njit(nogil=True, cache=True)
def reassemble_rows(x, source, size, stride, number, out):
    """out[n, c] = x[n, c] with patch source[n, k] in place k, averaged over the ``number`` of patches at each step."""
    total = np.empty(x.shape[2], x.dtype)
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _reassemble(x[i, c], source[i], size, stride, number, total, out[i, c])
