"""Choices without replacement, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def distinct_rows(words, high, number, out):
    """Fill out (n, k) with number[n] different integers of 0 … high[n] - 1 a row, by Floyd's method, and -1 after them."""
    n, most = words.shape
    taken = np.zeros(max(high.max(), 1), np.bool_)
    for i in range(n):
        count = min(most, min(number[i], high[i]))
        out[i, count:] = -1
        for j in range(count):
            top = high[i] - count + j
            value = np.int64((np.uint64(words[i, j]) * np.uint64(top + 1)) >> np.uint64(32))
            if taken[value]:
                value = top
            taken[value] = True
            out[i, j] = value
        for j in range(count):
            taken[out[i, j]] = False


@njit(nogil=True, cache=True)
def order_rows(words, out):
    """Fill out (n, k) with the stable ascending order of each row: insertion, for the few words that orders have."""
    n, count = words.shape
    for i in range(n):
        for j in range(count):
            word = words[i, j]
            place = j
            while place > 0 and words[i, out[i, place - 1]] > word:
                out[i, place] = out[i, place - 1]
                place -= 1
            out[i, place] = j
