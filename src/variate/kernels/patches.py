"""Overlapping patches of a series: which of them vary least, and a series put together again from them in other places.

Patch k is the ``size`` readings from k·stride on; there are as many as fit. Readings after the last one belong to none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_torch, like, namespace, placed


def number_of_patches(length: int, size: int, stride: int) -> int:
    """Return how many patches of ``size`` readings, one every ``stride``, a series of ``length`` readings has room for."""
    return (length - size) // stride + 1 if size <= length else 0


def variances(x: Array, size: int, stride: int) -> Array:
    """Return the variance (n, c, k) of each patch of x (n, c, t), in float64, without a gradient.

    Every library does the same operations in the same order, so that all of them rank patches alike. A patch is measured
    from its own first reading: a constant one has exactly 0.
    """
    if is_torch(x):
        return _torch_variances(x.detach().double(), size, stride)
    from variate.kernels.compiled import patches as compiled

    out = empty((*x.shape[:2], number_of_patches(x.shape[2], size, stride)))
    compiled.variance_rows(np.ascontiguousarray(x).reshape(-1, x.shape[2]), size, stride, out.reshape(-1, out.shape[2]))
    return out


def _torch_variances(x: Any, size: int, stride: int) -> Any:
    span = stride * (number_of_patches(x.shape[2], size, stride) - 1) + 1
    level = x[..., :span:stride]
    total = squares = level - level
    for step in range(1, size):
        apart = x[..., step : step + span : stride] - level
        total = total + apart
        squares = squares + apart * apart
    mean = total / size
    return squares / size - mean * mean


def quietest(x: Array, size: int, stride: int, number: int) -> Array:
    """Return the ``number`` patches of x (n, c, t) that vary least, (n, number): the least first, of equal ones the earlier.

    A patch has one place for all channels: what counts is the sum of their variances, each as a share of all the patches of
    its channel, so that the unit of a channel does not matter. A constant channel has no say.
    """
    found = variances(x, size, stride)
    xp, whole = namespace(found), _total(found)
    shares = found / xp.where(whole > 0, whole, xp.ones_like(whole))
    score = shares[:, 0]
    for channel in range(1, shares.shape[1]):
        score = score + shares[:, channel]
    return xp.argsort(score, axis=1, stable=True)[:, :number]


def _total(v: Array) -> Array:
    """Return the sum (..., 1) along the last axis, by halves: sums of the libraries' own round each in another way."""
    while v.shape[-1] > 1:
        half = v.shape[-1] // 2
        v = concat([v[..., :half] + v[..., half : 2 * half], v[..., 2 * half :]], axis=-1)
    return v


def reassembled(x: Array, source: Array, size: int, stride: int) -> Array:
    """Return x (n, c, t) with patch source[n, k] at the place of patch k, where patches overlap their average.

    A reading that no patch covers stays. Where all patches agree, the result is what they agree on, bit for bit.
    """
    if is_torch(x):
        return _torch_reassembled(x, source, size, stride)
    from variate.kernels.compiled import patches as compiled

    out = empty(x.shape, x.dtype)
    first, last = _covering(x.shape[2], source.shape[1], size, stride)
    number = np.maximum(last - first + 1, 1).astype(x.dtype)
    compiled.reassemble_rows(np.ascontiguousarray(x), np.ascontiguousarray(source), size, stride, number, out)
    return out


def _covering(length: int, count: int, size: int, stride: int) -> tuple[Any, Any]:
    """Return the first and the last of ``count`` patches over each step, (t,); the last is before the first where none is."""
    steps = np.arange(length)
    return np.maximum((steps - size) // stride + 1, 0), np.minimum(steps // stride, count - 1)


def _torch_reassembled(x: Any, source: Any, size: int, stride: int) -> Any:
    first, last = _covering(x.shape[2], source.shape[1], size, stride)
    base = _read(x, source, first, first <= last, stride)
    total = base - base
    for later in range(1, -(-size // stride)):
        inside = first + later <= last
        more = _read(x, source, first + later, inside, stride) - base
        total = total + more.where(like(inside, x), 0)
    return base + total / like(np.maximum(last - first + 1, 1), x, x.dtype)


def _read(x: Any, source: Any, patch: Any, inside: Any, stride: int) -> Any:
    """Return what the patches that come to the places ``patch`` (t,) have at each step; x itself where not ``inside``."""
    place = like(np.where(inside, patch, 0), x)
    moved = like(inside, x) * (source[:, place] - place) * stride
    at = like(np.arange(x.shape[2]), x) + moved
    return x.gather(2, at[:, None, :].expand(x.shape))


def shuffle_quietest(x: Array, order: Array, size: int, stride: int) -> Array:
    """Return x (n, c, t) with its m patches that vary least exchanged: that of rank r is replaced by that of rank order[n, r].

    ``order`` is (n, m). Patches move in all channels alike.
    """
    ranked = quietest(x, size, stride, order.shape[1])
    xp, count = namespace(order), number_of_patches(x.shape[2], size, stride)
    own = xp.zeros_like(order[:, :1]) + xp.arange(count, device=order.device)
    return reassembled(x, placed(own, ranked, xp.take_along_axis(ranked, order, axis=1)), size, stride)
