"""Cutting series into frames and adding frames up, row by row, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def _reflect(x, reach, longer):
    """longer = x from reading -reach on, mirrored about its end readings (… c b | a b c | b a …) as often as it takes."""
    length = x.shape[0]
    period = max(2 * (length - 1), 1)
    after = min(reach + length, longer.shape[0])
    for k in range(reach):
        place = (k - reach) % period
        longer[k] = x[min(place, period - place) if length > 1 else 0]
    for k in range(reach, after):
        longer[k] = x[k - reach]
    for k in range(after, longer.shape[0]):
        place = (k - reach) % period
        longer[k] = x[min(place, period - place) if length > 1 else 0]


@njit(nogil=True, cache=True)
def _product(x, window, out):
    for k in range(out.shape[0]):
        out[k] = x[k] * window[k]


@njit(nogil=True, cache=True)
def _add_product(x, window, out):
    for k in range(x.shape[0]):
        out[k] += x[k] * window[k]


@njit(nogil=True, cache=True)
def frame_rows(x, window, hop, out):
    """out[r, f] = the stretch of x[r] around reading f·hop, times the window; x is mirrored at its ends."""
    count, size = out.shape[1], window.shape[0]
    longer = np.empty((count - 1) * hop + size, x.dtype)
    for r in range(x.shape[0]):
        _reflect(x[r], size // 2, longer)
        for f in range(count):
            _product(longer[f * hop :], window, out[r, f])


@njit(nogil=True, cache=True)
def overlap_rows(pieces, window, hop, gain, out):
    """out[r] = the frames pieces[r] times the window, each added where it was cut out, times the gain of each reading."""
    count, size = pieces.shape[1], window.shape[0]
    total = np.empty((count - 1) * hop + size, out.dtype)
    for r in range(out.shape[0]):
        total[:] = 0
        for f in range(count):
            _add_product(pieces[r, f], window, total[f * hop :])
        _product(total[size // 2 :], gain, out[r])
