"""RobustTrend by an interior point method, row by row, for NumPy arrays.

The objective is a sum of terms max over |u| ≤ bound of u·z - curved·u²/2: the Huber losses of z = trend - y, with bound γ and
curved 1, and the absolute first and second differences of the trend, with bounds λ1 and λ2 and curved 0. These three kinds
are the rows of each array of a :class:`Point`; differences of order k have t - k entries, then zeros. A force u has room up
to its bound and down to it; z - curved·u is over - under, neither negative. The optimum is where over·up = under·down = 0
and the forces on each reading add up to 0. Each step is one of Newton towards it, with Mehrotra's corrector [mehrotra1992],
and solves a pentadiagonal system, so that it costs the same for every reading.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numba import njit

REACH = 3  # readings on either side in the running median that tells noise from shape
HUBER = 1.345 * 1.4826  # of a median absolute deviation: 95 % as efficient as least squares where noise is normal
QUIET = 0.2  # noise below this share of the series' own deviation counts as so much
ROUNDING = 1e-9  # a median deviation of such a share of the mean one is rounding
CLOSE = 1e-10  # at most so far from the optimum, as a share of the objective
NOTHING = 1e-14  # an objective of such a share of that of a constant is none
SHORT = 0.99  # of the way to the border


class Point(NamedTuple):
    """Where the method stands, where it is to go, and between them what Newton's equations are made of: all (3, t)."""

    z: Any
    up: Any
    down: Any
    over: Any
    under: Any
    weight: Any
    residual: Any
    aim_over: Any
    aim_under: Any
    force: Any
    move: Any
    move_over: Any
    move_under: Any


@njit(nogil=True, cache=True)
def _median_about(x, t, reach, window):
    """The median of the 2·reach + 1 readings about t, sorted by insertion."""
    for k in range(2 * reach + 1):
        value, place = x[t - reach + k], k
        while place > 0 and window[place - 1] > value:
            window[place] = window[place - 1]
            place -= 1
        window[place] = value
    return window[reach]


@njit(nogil=True, cache=True)
def _noise(y, deviation):
    """The median absolute deviation of y from its running median, whose window narrows towards the ends."""
    length, window = y.shape[0], np.empty(2 * REACH + 1)
    for t in range(length):
        deviation[t] = abs(y[t] - _median_about(y, t, min(REACH, t, length - 1 - t), window))
    return np.median(deviation)


@njit(nogil=True, cache=True)
def _standardise(y, deviation):
    """Take off y its median and divide it by its median absolute deviation, or the mean one where that is 0; return both."""
    level = np.median(y)
    for t in range(y.shape[0]):
        y[t] -= level
        deviation[t] = abs(y[t])
    scale, mean = np.median(deviation), np.mean(deviation)
    if scale <= ROUNDING * mean:
        scale = mean
    for t in range(y.shape[0]):
        y[t] = y[t] / scale if scale > 0 else 0.0
    return level, scale


@njit(nogil=True, cache=True)
def _differences(x, out):
    """out = x, its first and its second differences."""
    length = x.shape[0]
    for t in range(length):
        out[0, t] = x[t]
    for t in range(length - 1):
        out[1, t] = x[t + 1] - x[t]
    for t in range(length - 2):
        out[2, t] = (x[t + 2] - x[t + 1]) - (x[t + 1] - x[t])


@njit(nogil=True, cache=True)
def _gather(v, out):
    """out = the transpose of :func:`_differences`, on v."""
    length = out.shape[0]
    for t in range(length):
        out[t] = v[0, t]
    for t in range(length - 1):
        out[t] -= v[1, t]
        out[t + 1] += v[1, t]
    for t in range(length - 2):
        out[t] += v[2, t]
        out[t + 1] -= 2 * v[2, t]
        out[t + 2] += v[2, t]


@njit(nogil=True, cache=True, error_model="numpy")
def _factor(weight, pivot, one, two):
    """Factor (differences transposed)·weight·(differences) into L·D·Lᵀ: ``pivot`` is 1 / D, ``one`` and ``two`` are in L."""
    before = earlier = 0.0  # the last two entries of D
    for t in range(pivot.shape[0]):
        step, bend = weight[1, t], weight[2, t]
        diagonal, beside = weight[0, t] + step + bend, -step - 2 * bend
        if t > 0:
            diagonal += weight[1, t - 1] + 4 * weight[2, t - 1] - one[t - 1] * one[t - 1] * before
            beside -= 2 * weight[2, t - 1] + one[t - 1] * two[t - 1] * before
        if t > 1:
            diagonal += weight[2, t - 2] - two[t - 2] * two[t - 2] * earlier
        pivot[t], one[t], two[t] = 1 / diagonal, beside / diagonal, bend / diagonal
        earlier, before = before, diagonal


@njit(nogil=True, cache=True)
def _solve(pivot, one, two, right):
    """Replace the right side by the solution."""
    near = far = 0.0  # what was found for the two readings before
    for t in range(right.shape[0]):
        value = right[t]
        if t > 0:
            value -= one[t - 1] * near
        if t > 1:
            value -= two[t - 2] * far
        right[t] = value
        near, far = value, near
    near = far = 0.0
    for t in range(right.shape[0] - 1, -1, -1):
        value = pivot[t] * right[t] - one[t] * near - two[t] * far
        right[t] = value
        near, far = value, near


@njit(nogil=True, cache=True)
def _look(trend, y, bounds, z):
    """Set z to how far the trend is from y and to its own differences; return the objective."""
    _differences(trend, z)
    total, gamma = 0.0, bounds[0]
    for t in range(y.shape[0]):
        z[0, t] -= y[t]
        size = abs(z[0, t])
        total += 0.5 * size * size if size <= gamma else gamma * (size - 0.5 * gamma)
        total += bounds[1] * abs(z[1, t]) + bounds[2] * abs(z[2, t])
    return total


@njit(nogil=True, cache=True)
def _begin(k, count, bound, product, p):
    """Set all forces to 0, and both parts of z larger by what makes the products as equal as can be."""
    for t in range(count):
        p.up[k, t] = p.down[k, t] = bound
        p.over[k, t] = max(p.z[k, t], 0.0) + product / bound
        p.under[k, t] = max(-p.z[k, t], 0.0) + product / bound


@njit(nogil=True, cache=True)
def _gap(counts, p, share):
    """Return how far from the optimum a point would be, a share of the move on: the sum of its products."""
    total = 0.0
    for k in range(3):
        for t in range(counts[k]):
            move = share * p.move[k, t]
            total += (p.over[k, t] + share * p.move_over[k, t]) * (p.up[k, t] - move)
            total += (p.under[k, t] + share * p.move_under[k, t]) * (p.down[k, t] + move)
    return total


@njit(nogil=True, cache=True, error_model="numpy")
def _weigh(k, count, p):
    """Set the weights of Newton's equations; the prediction aims at products of 0."""
    curved = 1.0 if k == 0 else 0.0
    for t in range(count):
        p.weight[k, t] = 1 / (curved + p.over[k, t] / p.up[k, t] + p.under[k, t] / p.down[k, t])
        p.aim_over[k, t] = p.aim_under[k, t] = 0.0


@njit(nogil=True, cache=True)
def _correct(k, count, product, p):
    """Aim at equal products, less what the prediction leaves in them."""
    for t in range(count):
        p.aim_over[k, t] = product + p.move_over[k, t] * p.move[k, t]
        p.aim_under[k, t] = product - p.move_under[k, t] * p.move[k, t]


@njit(nogil=True, cache=True, error_model="numpy")
def _push(k, count, p):
    """Set the residuals of Newton's equations, and the forces that they come to for a trend that stays."""
    curved = 1.0 if k == 0 else 0.0
    for t in range(count):
        force = 0.5 * (p.down[k, t] - p.up[k, t])
        aim = p.aim_over[k, t] / p.up[k, t] - p.aim_under[k, t] / p.down[k, t]
        p.residual[k, t] = p.z[k, t] - curved * force - aim
        p.force[k, t] = -force - p.weight[k, t] * p.residual[k, t]


@njit(nogil=True, cache=True, error_model="numpy")
def _follow(k, count, p):
    """Turn the move of z in ``move`` into that of the force, and set the others; return what share of a border they take."""
    taken = 0.0
    for t in range(count):
        up, down, over, under = p.up[k, t], p.down[k, t], p.over[k, t], p.under[k, t]
        move = p.weight[k, t] * (p.move[k, t] + p.residual[k, t])
        move_over = (p.aim_over[k, t] + over * move) / up - over
        move_under = (p.aim_under[k, t] - under * move) / down - under
        p.move[k, t], p.move_over[k, t], p.move_under[k, t] = move, move_over, move_under
        taken = max(taken, max(move / up, -move / down), max(-move_over / over, -move_under / under))
    return taken


@njit(nogil=True, cache=True)
def _newton(counts, p, pivot, one, two, change):
    """Solve Newton's equations for the change of the trend and all moves; return what share of a border they would take."""
    for k in range(3):
        _push(k, counts[k], p)
    _gather(p.force, change)
    _solve(pivot, one, two, change)
    _differences(change, p.move)
    taken = 0.0
    for k in range(3):
        taken = max(taken, _follow(k, counts[k], p))
    return taken


@njit(nogil=True, cache=True)
def _go(k, count, share, p):
    for t in range(count):
        p.up[k, t] -= share * p.move[k, t]
        p.down[k, t] += share * p.move[k, t]
        p.over[k, t] += share * p.move_over[k, t]
        p.under[k, t] += share * p.move_under[k, t]


@njit(nogil=True, cache=True)
def _minimise(y, bounds, most, p, bands, trend, best):
    """Put the trend of y with the lowest objective that was found into ``best``; p comes as zeros."""
    length, pivot, one, two, change = y.shape[0], bands[0], bands[1], bands[2], bands[3]
    counts = np.array([length, length - 1 if bounds[1] > 0 else 0, length - 2 if bounds[2] > 0 else 0])
    trend[:] = 0.0
    best[:] = 0.0
    lowest = constant = _look(trend, y, bounds, p.z)
    for k in range(3):
        _begin(k, counts[k], bounds[k], constant / length, p)
    for _ in range(most):
        gap = _gap(counts, p, 0.0)
        if gap <= CLOSE * lowest + NOTHING * constant:
            break
        for k in range(3):
            _weigh(k, counts[k], p)
        _factor(p.weight, pivot, one, two)
        ahead = _gap(counts, p, 1 / max(1.0, _newton(counts, p, pivot, one, two, change)))
        for k in range(3):
            _correct(k, counts[k], (ahead / gap) ** 3 * gap / (2 * counts.sum()), p)
        share = SHORT / max(SHORT, _newton(counts, p, pivot, one, two, change))
        for k in range(3):
            _go(k, counts[k], share, p)
        for t in range(length):
            trend[t] += share * change[t]
        loss = _look(trend, y, bounds, p.z)
        if not loss < math.inf:
            break
        if loss < lowest:
            lowest = loss
            best[:] = trend


@njit(nogil=True, cache=True)
def _straighten(trend, constant, straight):
    """Make a trend exactly constant, or straight, that is so but for rounding."""
    length, level = trend.shape[0], np.mean(trend)
    slope = (trend[length - 1] - trend[0]) / (length - 1) if length > 1 and not constant else 0.0
    for t in range(length if constant or straight else 0):
        trend[t] = level + slope * (t - 0.5 * (length - 1))


@njit(nogil=True, cache=True)
def robust_trend_rows(x, first, second, gamma, most, out):
    """out[r] = the trend of x[r] under the weights ``first`` and ``second``."""
    length = x.shape[1]
    a, bands = np.empty((13, 3, length)), np.empty((4, length))
    p = Point(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12])
    y, trend, best = np.empty(length), np.empty(length), np.empty(length)
    for r in range(x.shape[0]):
        y[:] = x[r]
        level, scale = _standardise(y, trend)
        bound = gamma if gamma > 0 else HUBER * max(_noise(y, trend), QUIET)
        level_from, line_from = 0.5 * bound * length, 0.25 * bound * length**2  # more weight would change nothing
        bounds = np.array([bound, min(first, 2 * level_from), min(second, 2 * line_from)])
        a[:] = 0.0
        _minimise(y, bounds, most, p, bands, trend, best)
        _straighten(best, first >= level_from, second >= line_from)
        for t in range(length):
            out[r, t] = level + scale * best[t]
