"""From the alignment of two series to clocks: where in each of them a new series of so many steps is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import like, numpy_of
from variate.kernels.dtw import Path


def along(path: Path, steps: int) -> tuple[Any, Any]:
    """Return clocks (n, steps) of both series that go along a path at an even pace, from its beginning to its end."""
    length = numpy_of(path.length)[:, None]
    place = np.arange(steps) * ((length - 1) / max(steps - 1, 1))
    low = np.floor(place).astype(np.int64)
    high, share = np.minimum(low + 1, length - 1), place - low
    clocks = []
    for index in (path.first, path.second):
        old = numpy_of(index)
        before, after = np.take_along_axis(old, low, axis=1), np.take_along_axis(old, high, axis=1)
        clocks.append(like(before + share * (after - before), index))
    return clocks[0], clocks[1]


def beside(path: Path, steps: int) -> Any:
    """Return for each of the ``steps`` of the first series the mean of the steps of the second aligned with it, (n, steps)."""
    first, second, length = (numpy_of(array) for array in path)
    inside = np.arange(first.shape[1]) < length[:, None]
    place = (first + np.arange(len(first))[:, None] * steps)[inside]
    total = np.bincount(place, weights=second[inside], minlength=len(first) * steps)
    number = np.bincount(place, minlength=len(first) * steps)
    return like((total / np.maximum(number, 1)).reshape(len(first), steps), path.first)
