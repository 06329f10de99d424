"""The trend whose seasonal differences fit in least absolute deviations: a linear programme, by an interior point method.

With the trend itself as unknown each row of the programme has two or three entries: minimise Σ|b - A·trend| for
A = [seasonal differences; λ1·first differences; λ2·second differences] and b = [g; 0; 0]. A residual is over - under,
neither negative, and has a sign in -1 … 1, which leaves it room up and room down. The optimum is where
over·up = under·down = 0 and Aᵀ·sign = 0. Each step is one of Newton towards it, with Mehrotra's corrector, and solves a
system AᵀWA, which has a band.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from variate.kernels.compiled import banded

CLOSE = 1e-8  # at most so far from the optimum, as a share of the objective
NOTHING = 1e-13  # an objective of such a share of Σ|g| is none
MOST = 60  # steps; 8 to 20 are usual
SHORT = 0.99  # of the way to the border


class Programme(NamedTuple):
    """What A is made of, and the place of each step in AᵀWA."""

    period: Any
    first: Any
    second: Any
    places: Any


class Point(NamedTuple):
    """Where the method stands: arrays (t,) and, for each row of A, (m,)."""

    trend: Any
    over: Any
    under: Any
    up: Any
    down: Any


class Move(NamedTuple):
    """How a point is to change; ``up`` falls and ``down`` rises with the sign."""

    trend: Any
    over: Any
    under: Any
    sign: Any


@njit(nogil=True, cache=True)
def order(length, period):
    """Return a place for each step, and how far apart those are at most that meet in a row of the programme.

    Either places are steps, or all steps of a phase lie together and the circle of phases is folded flat, which is nearer
    where seasons are long and few.
    """
    steps, folded, count = np.arange(length), np.empty(length, np.int64), 0
    for k in range(period):
        phase = k // 2 if k % 2 == 0 else period - 1 - k // 2
        for t in range(phase, length, period):
            folded[t] = count
            count += 1
    distance = 0
    for lag in (1, 2, period):
        for t in range(length - lag):
            distance = max(distance, abs(folded[t + lag] - folded[t]))
    if distance < max(period, 2):
        return folded, distance
    return steps, max(period, 2)


@njit(nogil=True, cache=True)
def _differences(x, programme, out):
    """out (m,) = A·x."""
    period, length = programme.period, x.shape[0]
    later, seasonal = x[period:], out[: length - period]
    for i in range(seasonal.shape[0]):
        seasonal[i] = later[i] - x[i]
    later, rises = x[1:], out[length - period : 2 * length - period - 1]
    for i in range(rises.shape[0]):
        rises[i] = programme.first * (later[i] - x[i])
    bends = out[2 * length - period - 1 :]
    for i in range(bends.shape[0]):
        bends[i] = programme.second * (x[i] - 2 * x[i + 1] + x[i + 2])


@njit(nogil=True, cache=True)
def _gather(v, programme, out):
    """out (t,) = Aᵀ·v."""
    period, length = programme.period, out.shape[0]
    out[:] = 0
    for i in range(length - period):
        out[i] -= v[i]
        out[i + period] += v[i]
    rises = v[length - period :]
    for i in range(length - 1):
        out[i] -= programme.first * rises[i]
        out[i + 1] += programme.first * rises[i]
    bends = rises[length - 1 :]
    for i in range(length - 2):
        out[i] += programme.second * bends[i]
        out[i + 1] -= 2 * programme.second * bends[i]
        out[i + 2] += programme.second * bends[i]


@njit(inline="always")
def _add(matrix, i, j, value):
    matrix[min(i, j), abs(i - j)] += value


@njit(nogil=True, cache=True)
def _assemble(weights, programme, matrix):
    """matrix = AᵀWA, the first step held: a constant is in no row of A."""
    period, places, length = programme.period, programme.places, programme.places.shape[0]
    matrix[:] = 0
    for lag, start, factor in ((period, 0, 1.0), (1, length - period, programme.first**2)):
        for t in range(length - lag):
            weight, i, j = factor * weights[start + t], places[t], places[t + lag]
            matrix[i, 0] += weight
            matrix[j, 0] += weight
            _add(matrix, i, j, -weight)
    bends = weights[2 * length - period - 1 :]
    for t in range(length - 2):
        weight, i, j, k = programme.second**2 * bends[t], places[t], places[t + 1], places[t + 2]
        matrix[i, 0] += weight
        matrix[j, 0] += 4 * weight
        matrix[k, 0] += weight
        _add(matrix, i, j, -2 * weight)
        _add(matrix, j, k, -2 * weight)
        _add(matrix, i, k, weight)
    matrix[places[0], 0] *= 2


@njit(nogil=True, cache=True, error_model="numpy")
def _weigh(point, weights):
    for i in range(weights.shape[0]):
        weights[i] = 1 / (point.over[i] / point.up[i] + point.under[i] / point.down[i])


@njit(nogil=True, cache=True, error_model="numpy")
def _newton(point, centre, weights, factors, programme, spare, right, move):
    """Replace the move by that to where all products are ``centre``, if those of the old move are left in them."""
    over, under, up, down, sign = point.over, point.under, point.up, point.down, move.sign
    for i in range(sign.shape[0]):
        move.over[i] = centre - over[i] * up[i] + move.over[i] * sign[i]
        move.under[i] = centre - under[i] * down[i] - move.under[i] * sign[i]
        sign[i] = move.over[i] / up[i] - move.under[i] / down[i]
        spare[i] = (down[i] - up[i]) / 2 - weights[i] * sign[i]
    _gather(spare, programme, move.trend)
    right[:] = 0
    for t in range(move.trend.shape[0]):
        right[programme.places[t]] = move.trend[t]
    banded.solve(factors, right)
    for t in range(move.trend.shape[0]):
        move.trend[t] = right[programme.places[t]]
    _differences(move.trend, programme, spare)
    for i in range(sign.shape[0]):
        sign[i] = -weights[i] * (spare[i] + sign[i])
        move.over[i] = (move.over[i] + over[i] * sign[i]) / up[i]
        move.under[i] = (move.under[i] - under[i] * sign[i]) / down[i]


@njit(nogil=True, cache=True, error_model="numpy")
def _steps(point, move):
    """Return how far residuals and signs may go before one reaches its border, at most the whole move."""
    residual, sign = SHORT, SHORT
    for i in range(move.sign.shape[0]):
        residual = max(residual, -move.over[i] / point.over[i], -move.under[i] / point.under[i])
        sign = max(sign, move.sign[i] / point.up[i], -move.sign[i] / point.down[i])
    return SHORT / residual, SHORT / sign


@njit(nogil=True, cache=True)
def _gap(point, move, residual, sign):
    """Return how far from the optimum a point would be: the sum of its products."""
    total = 0.0
    for i in range(move.sign.shape[0]):
        turn = sign * move.sign[i]
        total += (point.over[i] + residual * move.over[i]) * (point.up[i] - turn)
        total += (point.under[i] + residual * move.under[i]) * (point.down[i] + turn)
    return total


@njit(nogil=True, cache=True)
def _go(move, residual, sign, point):
    for i in range(move.sign.shape[0]):
        point.over[i] += residual * move.over[i]
        point.under[i] += residual * move.under[i]
        point.up[i] -= sign * move.sign[i]
        point.down[i] += sign * move.sign[i]
    for t in range(move.trend.shape[0]):
        point.trend[t] += residual * move.trend[t]


@njit(nogil=True, cache=True)
def _objective(point):
    total = 0.0
    for i in range(point.over.shape[0]):
        total += abs(point.over[i] - point.under[i])
    return total


@njit(nogil=True, cache=True)
def _begin(x, programme, trend):
    """Return the point of no trend and its objective; all signs are 0, both parts of a residual larger by the mean one."""
    seasonal = x.shape[0] - programme.period
    count = seasonal + 2 * x.shape[0] - 3
    point = Point(trend, np.empty(count), np.empty(count), np.empty(count), np.empty(count))
    size = 0.0
    for i in range(seasonal):
        size += abs(x[i + programme.period] - x[i])
    for i in range(count):
        residual = x[i + programme.period] - x[i] if i < seasonal else 0.0
        point.over[i] = max(residual, 0.0) + size / count
        point.under[i] = max(-residual, 0.0) + size / count
        point.up[i] = point.down[i] = 1.0
    trend[:] = 0.0
    return point, size


@njit(nogil=True, cache=True)
def _solve(x, programme, matrix, trend):
    point, size = _begin(x, programme, trend)
    count, length = point.over.shape[0], x.shape[0]
    weights, spare, right = np.empty(count), np.empty(count), np.empty(matrix.shape[0])
    move = Move(np.zeros(length), np.empty(count), np.empty(count), np.empty(count))
    for _ in range(MOST if size > 0 else 0):
        move.over[:], move.under[:], move.sign[:] = 0.0, 0.0, 0.0
        gap = _gap(point, move, 0.0, 0.0)
        if gap <= CLOSE * _objective(point) + NOTHING * size:
            break
        _weigh(point, weights)
        _assemble(weights, programme, matrix)
        banded.factor(matrix)
        _newton(point, 0.0, weights, matrix, programme, spare, right, move)
        residual, sign = _steps(point, move)
        ahead = _gap(point, move, residual, sign)
        _newton(point, (ahead / gap) ** 3 * gap / (2 * count), weights, matrix, programme, spare, right, move)
        residual, sign = _steps(point, move)
        _go(move, residual, sign, point)
    first = trend[0]
    for t in range(length):
        trend[t] -= first
    if _objective(point) >= size:
        trend[:] = 0  # which is the optimum, to the bit, under a large penalty


@njit(nogil=True, cache=True)
def trend_rows(x, period, first, second, out):
    """out[r] = the relative trend of x[r] (t > period), which starts at 0."""
    places, band = order(x.shape[1], period)
    programme, matrix = Programme(period, first, second, places), banded.blank(x.shape[1], band)
    for r in range(x.shape[0]):
        _solve(x[r], programme, matrix, out[r])
