"""Dynamic time warping: the alignment of two series, step by step, that costs least.

Aligning two steps costs the squared Euclidean distance of their readings, over all channels [sakoe1978]; a distance is the
root of what a path costs in all. A path begins with the first steps of both series, ends with the last, and goes on by one
step of either series or of both. Of paths that cost the same, the one is taken that, from its end, goes back by a step of both
series where it can, else by one of the first.

``band`` is the half-width of a Sakoe–Chiba band as a fraction of the longer length, in (0, 1]; 1 is no band. Step i of a, which
has s steps, may be aligned with step j of b, which has t, where -r - max(s - t, 0) ≤ j - i ≤ r + max(t - s, 0), with
r = ⌈band·max(s, t)⌉: so there is a path whatever the lengths are.

Costs are float64 whatever the series are, distances are of their dtype. All this has no gradient and no torch body: a tensor
makes a round trip through NumPy.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, like, numpy_of


class Path(NamedTuple):
    """The alignment of n pairs: step ``first[r, k]`` of a with step ``second[r, k]`` of b, for k < ``length[r]``.

    All are int32; ``first`` and ``second`` are (n, s + t - 1), and hold their last entry behind the end of a shorter path.
    """

    first: Array
    second: Array
    length: Array


def dtw(a: Array, b: Array, band: float = 1.0, width: int = 1) -> Array:
    """Return the distances (n,) of the pairs of a (n, c, s) and b (n, c, t), in their unit; with ``width``, of descriptors.

    They are those of :func:`dtw_path`, and the same whichever series comes first, both to the bit.
    """
    left = _series(a)
    out = np.zeros(len(left), left.dtype)
    if left.size and b.shape[2]:
        from variate.kernels.compiled import dtw as compiled

        compiled.distance_rows(left, _series(b, left.dtype), float(band), width // 2, out)
    return like(out, a)


def dtw_path(a: Array, b: Array, band: float = 1.0, width: int = 1) -> tuple[Array, Path]:
    """Return the distances (n,) of the pairs of a (n, c, s) and b (n, c, t), and the paths that have them.

    With a ``width`` above 1, steps are compared by shape: by the window of so many readings around each, one more if that is
    even, with the first and the last reading held beyond the ends. That is shapeDTW with raw subsequences as descriptors
    [zhao2018], whose distance is the result. It takes twice as long, at any width.
    """
    return _through(a, b, 0, 0, band, width // 2)


def path_through(a: Array, b: Array, i: Array, j: Array, band: float = 1.0) -> tuple[Array, Path]:
    """Return the best paths through step i (n,) of a (n, c, s) and step j (n,) of b (n, c, t), and their distances (n,).

    Such a path is the best one to there and the best one from there on: what SPAWNER averages along [kamycki2020]. Either half
    has a band of its own, as wide as that of the pair and wider by the difference of its lengths: so any i and j will do.
    """
    return _through(a, b, i, j, band, 0)


def dtw_matrix(series: Array, lengths: Array, band: float = 1.0) -> Array:
    """Return the distances (n, k, k) among the k series of each row of (n, k, c, t), which have ``lengths`` (n, k).

    What comes after the end of a shorter series is never read.
    """
    known = _series(series)
    out = np.zeros((*known.shape[:2], known.shape[1]), known.dtype)
    if known.size:
        from variate.kernels.compiled import dtw as compiled

        compiled.matrix_rows(known, _series(lengths, np.int64), float(band), out)
    return like(out, series)


def nearest(
    x: Array,
    pool: Array,
    lengths: Array,
    order: Array,
    first: Array,
    last: Array,
    count: int,
    *,
    band: float = 1.0,
    metric: str = "dtw",
    equals: bool = True,
) -> tuple[Array, Array]:
    """Return which rows of a pool are nearest to each series of x (n, c, t), int64 (n, count), and how far they are.

    The result is exact; of rows that are as near, the first in ``order`` comes first. Where there are too few, the row is -1
    and the distance infinite. Under DTW, a bound after [keogh2005] comes before the distance, and a distance that grows too
    large is given up: that saves up to nine tenths of the time among smooth series, and costs a tenth more among noise.

    Args:
        x: series without gaps.
        pool: known series (m, c, longest); what comes after the end of a shorter one is never read.
        lengths: how many steps they have (m,).
        order: rows of the pool in some order: order[first[i] : last[i]] are the candidates for series i.
        first: (n,).
        last: (n,).
        count: how many neighbours.
        band: as everywhere in this module.
        metric: "dtw" or "euclidean"; by the latter, series of another length than x's are no neighbours.
        equals: whether a series that equals x in every reading is a neighbour.
    """
    series = _series(x)
    rows = np.full((len(series), count), -1, np.int64)
    distances = np.full(rows.shape, np.inf, series.dtype)
    if series.size and rows.size and len(order):
        from variate.kernels.compiled import neighbours as compiled

        known = _series(pool, series.dtype)
        steps, places, start, stop = (_series(index, np.int64) for index in (lengths, order, first, last))
        warped = metric == "dtw"
        compiled.nearest_rows(series, known, steps, places, start, stop, float(band), warped, equals, rows, distances)
    return like(rows, x), like(distances, x)


def _series(x: Array, dtype: Any = None) -> Any:
    return np.ascontiguousarray(numpy_of(x), dtype=dtype)


def _through(a: Array, b: Array, i: Array, j: Array, band: float, reach: int) -> tuple[Array, Path]:
    left = _series(a)
    n, _, s = left.shape
    distance, length = np.zeros(n, left.dtype), np.zeros(n, np.int32)
    first, second = (np.zeros((n, max(s + b.shape[2] - 1, 0)), np.int32) for _ in range(2))
    if left.size and b.shape[2]:
        from variate.kernels.compiled import dtw as compiled

        right = _series(b, left.dtype)
        i, j = (np.array(np.broadcast_to(numpy_of(step), n), np.int64) for step in (i, j))
        compiled.path_rows(left, right, i, j, float(band), reach, distance, first, second, length)
    return like(distance, a), Path(like(first, a), like(second, a), like(length, a))
