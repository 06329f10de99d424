"""From random words to orders and to choices without replacement."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, namespace

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
    k words and k² comparisons, and no shuffle of all ``high``.
    """
    count = words.shape[1]
    if is_torch(words):
        import torch

        chosen: list[Array] = []
        for j in range(count):
            top = high - count + j
            value = (words[:, j] * (top + 1)) >> 32
            for earlier in chosen:
                value = torch.where(earlier == value, top, value)
            chosen.append(value)
        return torch.stack(chosen, dim=1) if chosen else words
    from variate.kernels.compiled import sampling

    out = empty(words.shape, np.int64)
    sampling.distinct_rows(words, high, out)
    return out
