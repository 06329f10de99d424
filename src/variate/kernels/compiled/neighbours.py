"""The nearest of many known series, row by row, for NumPy arrays.

Under DTW every candidate has a bound first, after [keogh2005]: each of its steps is aligned with some step of x that the band
allows, so it costs at least what lies outside the envelope of those. The most promising is tried first, the others only as
far as they can still be nearer.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from variate.kernels.compiled.dtw import accumulate, band_of, lay, radius_of, workspace

SLACK = 1 + 1e-9  # a bound may be a rounding above what it bounds; float64 sums of any length are this good
LANES = 64  # sums that grow side by side: so a long one vectorises, and rounds less


@njit(nogil=True, cache=True)
def _equal(x, y):
    for c in range(x.shape[0]):
        for t in range(x.shape[1]):
            if x[c, t] != y[c, t]:
                return False
    return True


@njit(nogil=True, cache=True)
def _highest(x, sign, low, high, line, out):
    """out[i] = the largest of sign·x[i + low … i + high], as far as there are such steps; windows grow by doubling."""
    size, wide = out.shape[0], out.shape[0] + high - low
    for k in range(wide):
        line[k] = sign * x[k + low] if 0 <= k + low < x.shape[0] else -np.inf
    window = 1
    while 2 * window <= high - low + 1:
        for k in range(wide - window):
            line[k] = max(line[k], line[k + window])
        window *= 2
    for i in range(size):
        out[i] = max(line[i], line[i + high - low + 1 - window])


@njit(nogil=True, cache=True)
def _envelope(x, s, radius, line, envelope):
    """Fill the envelope (2, c, …) of x for a series of s steps: what they may be aligned with at most, and minus at least."""
    low, high = band_of(s, x.shape[1], radius)
    for c in range(x.shape[0]):
        _highest(x[c], 1, low, high, line, envelope[0, c, :s])
        _highest(x[c], -1, low, high, line, envelope[1, c, :s])


@njit(nogil=True, cache=True)
def _bound(y, s, envelope):
    """What s steps of y cost at least: the squares of how far they are outside the envelope."""
    total = 0.0
    for c in range(y.shape[0]):
        value, most, least = y[c], envelope[0, c], envelope[1, c]
        for i in range(s):
            gap = max(max(value[i] - most[i], -least[i] - value[i]), 0.0)
            total += gap * gap
    return total


@njit(nogil=True, cache=True)
def _add_gaps(x, y, lanes):
    whole = x.shape[0] - x.shape[0] % LANES
    for start in range(0, whole, LANES):
        at = np.uintp(start)
        for k in range(np.uintp(LANES)):
            gap = np.float64(x[at + k]) - y[at + k]
            lanes[k] += gap * gap
    for t in range(whole, x.shape[0]):
        gap = np.float64(x[t]) - y[t]
        lanes[t - whole] += gap * gap


@njit(nogil=True, cache=True)
def _euclidean(x, y, lanes):
    """The squared Euclidean distance of x and as many steps of y."""
    lanes[:LANES] = 0
    for c in range(x.shape[0]):
        _add_gaps(x[c], y[c], lanes)
    return lanes[:LANES].sum()


@njit(nogil=True, cache=True)
def _bounds(x, pool, lengths, candidates, band, warped, equals, line, envelope, bounds):
    """What each candidate costs at least, or without warping exactly; infinite for one that does not take part."""
    t, enveloped = x.shape[1], -1
    for q in range(candidates.shape[0]):
        p = candidates[q]
        s = lengths[p]
        if (s != t and not warped) or (s == t and not equals and _equal(x, pool[p])):
            bounds[q] = np.inf
        elif not warped:
            bounds[q] = _euclidean(x, pool[p], line)
        else:
            if s != enveloped:
                _envelope(x, s, radius_of(band, s, t), line, envelope)
                enveloped = s
            bounds[q] = _bound(pool[p], s, envelope)


@njit(nogil=True, cache=True)
def _insert(cost, q, costs, places):
    """Put a candidate among the nearest, of two that are as near the first in front, if it is one of them."""
    k = costs.shape[0]
    while k > 0 and (cost < costs[k - 1] or (cost == costs[k - 1] and q < places[k - 1])):
        if k < costs.shape[0]:
            costs[k], places[k] = costs[k - 1], places[k - 1]
        k -= 1
    if k < costs.shape[0]:
        costs[k], places[k] = cost, q


@njit(nogil=True, cache=True)
def _search(x, pool, lengths, candidates, band, warped, bounds, work, costs, places):
    """Fill the nearest of the candidates, trying the one with the least bound first, until no other can be nearer."""
    channels, t = x.shape
    lay(x, 0, t, 0, True, work[1])
    for q in np.argsort(bounds):
        limit = costs[-1] * SLACK
        if bounds[q] > limit or bounds[q] == np.inf:
            break
        cost, p = bounds[q], candidates[q]
        if warped:
            s = lengths[p]
            lay(pool[p], 0, s, 0, False, work[0])
            cost = accumulate(channels, s, t, radius_of(band, s, t), 0, work, False, limit)
        _insert(cost, q, costs, places)


@njit(nogil=True, cache=True)
def nearest_rows(x, pool, lengths, order, first, last, band, warped, equals, rows, distances):
    """Fill the nearest to x[r] among the rows order[first[r]] … order[last[r] - 1] of the pool, and their distances.

    Of two that are as near, the first in ``order`` comes first. Where there are too few, the row is -1.
    """
    (n, channels, t), longest, count = x.shape, pool.shape[2], rows.shape[1]
    work = workspace(channels, longest, t, 0, 0)
    line = np.empty(2 * (longest + t + radius_of(band, longest, t)) + LANES)
    envelope = np.empty((2, channels, longest))
    costs, places = np.empty(count), np.empty(count, np.int64)
    for r in range(n):
        candidates = order[first[r] : last[r]]
        bounds = np.empty(candidates.shape[0])
        _bounds(x[r], pool, lengths, candidates, band, warped, equals, line, envelope, bounds)
        costs[:] = np.inf
        places[:] = -1
        _search(x[r], pool, lengths, candidates, band, warped, bounds, work, costs, places)
        for k in range(count):
            rows[r, k] = candidates[places[k]] if places[k] >= 0 else -1
            distances[r, k] = math.sqrt(costs[k])
