"""Averages of series under dynamic time warping: what happens in all of them is averaged, wherever in time it does."""

from __future__ import annotations

import numpy as np

from variate.kernels.arrays import Array, empty, like, numpy_of


def weighted_barycenter(
    series: Array, lengths: Array, weights: Array, start: Array, iterations: int, band: float = 1.0
) -> Array:
    """Return weighted DTW barycenters (n, c, t0) of the series (n, k, c, t) of each row, in their dtype and unit.

    DTW barycenter averaging [petitjean2011], with weights [forestier2017]: an iteration aligns every series of a row with the
    mean, as ``dtw_path(mean, series, band)`` does, and moves each step of the mean to the weighted average of all readings that
    are aligned with it. So the weighted sum of squared distances never grows. Iterations end early where the mean does not
    move. Readings are averaged as differences from the mean: one that all series equal stays as it is, to the bit.

    A tensor makes a round trip through NumPy, and what comes out has no gradient.

    Args:
        series: without gaps; what comes after the end of a shorter one is never read.
        lengths: how many steps they have (n, k).
        weights: (n, k), at least 0. Only their proportions matter. Where a row has none above 0, its start is the result.
        start: the means to begin with (n, c, t0).
        iterations: how many at most.
        band: half-width of the Sakoe–Chiba band as a fraction of the longer length, as in :mod:`variate.kernels.dtw`.
    """
    known = np.ascontiguousarray(numpy_of(series))
    first = np.ascontiguousarray(numpy_of(start), dtype=known.dtype)
    out = empty(first.shape, known.dtype)
    if known.size and out.size:
        from variate.kernels.compiled import barycenter as compiled

        steps, shares = (np.ascontiguousarray(numpy_of(x), dtype=t) for x, t in ((lengths, np.int64), (weights, np.float64)))
        compiled.barycenter_rows(known, steps, shares, first, iterations, float(band), out)
    else:
        out[...] = first
    return like(out, series)
