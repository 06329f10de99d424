"""From random words to orders and to choices without replacement."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, like, namespace, numpy_of

FEW = 64  # up to here insertion beats a call of argsort


def order(words: Array) -> Array:
    """Return the stable ascending order of each row of words (n, k), int64: a random order of 0 … k - 1."""
    if is_torch(words) or words.shape[1] > FEW:
        return namespace(words).argsort(words, axis=1, stable=True)
    from variate.kernels.compiled import sampling

    out = empty(words.shape, np.int64)
    sampling.order_rows(words, out)
    return out


def distinct(words: Array, high: int) -> Array:
    """Return k different integers of 0 … high - 1 for each row of 32-bit words (n, k), int64.

    Floyd's method: number j is drawn from 0 … high - k + j, and taken as high - k + j where it was drawn before. It needs
    k words, and no shuffle of all ``high``.
    """
    if is_torch(words):  # each number depends on those before it: a short trip to the CPU, exact in integers
        return like(distinct(numpy_of(words).astype(np.uint32), high), words)
    from variate.kernels.compiled import sampling

    out = empty(words.shape, np.int64)
    sampling.distinct_rows(words, high, out)
    return out
