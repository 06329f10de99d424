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


def distinct(words: Array, high: int | Array, number: Array | None = None) -> Array:
    """Return k different integers of 0 … high - 1 for each row of 32-bit words (n, k), int64.

    ``high`` may differ by row (n,), and so may how many there are, ``number`` (n,): -1 comes after those, and where a row
    has them all. (The first few of k would not do for that: they are no even choice.)

    Floyd's method: number j is drawn from 0 … high - k + j, and taken as high - k + j where it was drawn before. It needs
    k words, and no shuffle of all ``high``.
    """
    if is_torch(words):  # each number depends on those before it: a short trip to the CPU, exact in integers
        number = None if number is None else numpy_of(number)
        return like(distinct(numpy_of(words).astype(np.uint32), numpy_of(high), number), words)
    from variate.kernels.compiled import sampling

    out = empty(words.shape, np.int64)
    if len(words):
        most, wanted = (
            np.broadcast_to(np.asarray(a, np.int64), len(words)) for a in (high, words.shape[1] if number is None else number)
        )
        sampling.distinct_rows(words, most, wanted, out)
    return out


def between(share: Array, low: float, high: float) -> Array:
    """Return numbers from ``low`` (or from ``high``, where that is lower) to ``high``, for shares in 0 … 1."""
    low = min(low, high)
    return low + (high - low) * share


def shuffled(order: Array, chosen: Array) -> Array:
    """Return 0 … k - 1 for each row (n, k) with the ``chosen`` numbers in the random ``order`` among themselves.

    ``order`` (n, k) is a random order of all numbers; the others stay where they are.
    """
    xp = namespace(order)
    own = xp.argsort(xp.astype(~chosen, xp.int64), axis=1, stable=True)  # places of the chosen, then of the others
    picked = xp.take_along_axis(chosen, order, axis=1)
    drawn = xp.take_along_axis(order, xp.argsort(xp.astype(~picked, xp.int64), axis=1, stable=True), axis=1)
    number = xp.sum(xp.astype(chosen, xp.int64), axis=1, keepdims=True)
    rank = xp.arange(order.shape[1], device=order.device)[None, :]
    source = xp.where(rank < number, drawn, own)
    return xp.take_along_axis(source, xp.argsort(own, axis=1, stable=True), axis=1)
