"""Local regression and seasonal-trend decomposition, row by row, for NumPy arrays.

A table is a pair (edges, taps) that turns n readings into n numbers, or n + 2 that begin one place earlier. With w taps, those
at either end are sums of the first or the last w readings and have a column each in the matrix ``edges`` (w, …), here flat;
between them the taps move along the readings. Where every number has its column, w = n and the taps are not read.

Sums begin at given places of whole arrays, since a slice costs more than a short sum, and places are unsigned, without
which an index might be negative and loops would not vectorise.
"""

from __future__ import annotations

import numpy as np
from numba import njit, uintp


@njit(nogil=True, cache=True)
def _fill(value, out, start, count):
    for t in range(count):
        out[start + t] = value


@njit(nogil=True, cache=True)
def _copy(x, out):
    for t in range(out.shape[0]):
        out[t] = x[t]


@njit(nogil=True, cache=True)
def _add(x, y, shift, out, count):
    """out[t] = x[t] + y[t + shift]."""
    for t in range(count):
        out[t] = x[t] + y[t + shift]


@njit(nogil=True, cache=True)
def _accumulate(x, shift, out, count):
    """out[t] += x[t + shift]; where one array is in two places, a loop does not vectorise."""
    for t in range(count):
        out[t] += x[t + shift]


@njit(nogil=True, cache=True)
def _subtract(x, y, out):
    for t in range(out.shape[0]):
        out[t] = x[t] - y[t]


@njit(nogil=True, cache=True)
def _multiply(x, y, out):
    for t in range(out.shape[0]):
        out[t] = x[t] * y[t]


@njit(nogil=True, cache=True)
def _average_three(x, scale, out, count):
    one, two = uintp(1), uintp(2)
    for t in range(count):
        out[t] = (x[t] + x[t + one] + x[t + two]) * scale


@njit(nogil=True, cache=True)
def _centre(x, out):
    """out = x less its mean, exactly 0 where x is constant; return that mean."""
    level, total = np.float64(x[0]), 0.0
    for t in range(x.shape[0]):
        total += x[t] - level
    mean = x.dtype.type(level + total / x.shape[0])
    for t in range(x.shape[0]):
        out[t] = x[t] - mean
    return mean


@njit(nogil=True, cache=True)
def _lift(value, out):
    for t in range(out.shape[0]):
        out[t] += value


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _eight(x, b, step, weights, k, stride, out, start, count):
    c, d = b + step, b + step + step
    e, f = d + step, d + step + step
    g, h = f + step, f + step + step
    i = h + step
    weight_b, weight_c, weight_d = weights[k], weights[k + stride], weights[k + stride + stride]
    k += stride + stride + stride
    weight_e, weight_f, weight_g = weights[k], weights[k + stride], weights[k + stride + stride]
    k += stride + stride + stride
    weight_h, weight_i = weights[k], weights[k + stride]
    for t in range(count):
        low = (weight_b * x[b + t] + weight_c * x[c + t]) + (weight_d * x[d + t] + weight_e * x[e + t])
        high = (weight_f * x[f + t] + weight_g * x[g + t]) + (weight_h * x[h + t] + weight_i * x[i + t])
        out[start + t] += low + high


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _four(x, b, step, weights, k, stride, out, start, count):
    c, d, e = b + step, b + step + step, b + step + step + step
    weight_b, weight_c = weights[k], weights[k + stride]
    weight_d, weight_e = weights[k + stride + stride], weights[k + stride + stride + stride]
    for t in range(count):
        out[start + t] += (weight_b * x[b + t] + weight_c * x[c + t]) + (weight_d * x[d + t] + weight_e * x[e + t])


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _two(x, b, step, weights, k, stride, out, start, count):
    c, weight_b, weight_c = b + step, weights[k], weights[k + stride]
    for t in range(count):
        out[start + t] += weight_b * x[b + t] + weight_c * x[c + t]


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _one(x, b, weight, out, start, count):
    for t in range(count):
        out[start + t] += weight * x[b + t]


@njit(nogil=True, cache=True)
def _weigh(x, first, step, weights, place, stride, taps, out, start, count):
    """out[start + t] = Σ weights[place + k·stride]·x[first + k·step + t] over ``taps`` k, for ``count`` t."""
    begin, size = uintp(start), uintp(count)
    _fill(out.dtype.type(0), out, begin, size)
    for k in range(0, taps - 7, 8):
        _eight(x, uintp(first + k * step), uintp(step), weights, uintp(place + k * stride), uintp(stride), out, begin, size)
    for k in range(taps - taps % 8, taps - 3, 4):
        _four(x, uintp(first + k * step), uintp(step), weights, uintp(place + k * stride), uintp(stride), out, begin, size)
    for k in range(taps - taps % 4, taps - 1, 2):
        _two(x, uintp(first + k * step), uintp(step), weights, uintp(place + k * stride), uintp(stride), out, begin, size)
    if taps % 2:
        _one(x, uintp(first + (taps - 1) * step), weights[place + (taps - 1) * stride], out, begin, size)


@njit(nogil=True, cache=True)
def _apply(x, length, table, out, count):
    """out[:count] = the table times x[:length], the ends as sums of columns' parts, which vectorise where products do not."""
    edges, taps = table
    width = taps.shape[0]
    columns = edges.shape[0] // width
    zero, one = np.int64(0), np.int64(1)  # of plain numbers, each would have a version compiled for itself
    if columns == count:
        _weigh(edges, zero, columns, x, zero, one, width, out, zero, count)
        return
    ends = columns // 2
    _weigh(edges, zero, columns, x, zero, one, width, out, zero, ends)
    _weigh(x, zero, one, taps, zero, one, width, out, ends, count - columns)
    _weigh(edges, ends, columns, x, length - width, one, width, out, count - ends, ends)


@njit(nogil=True, cache=True)
def _apply_to_ends(x, first, last, size, period, table, out):
    """Write the ends of ``size`` cycle-subseries, whose first readings begin at ``first`` and whose last ones at ``last``."""
    edges, taps = table
    width = taps.shape[0]
    columns = edges.shape[0] // width
    late = columns // 2
    for m in range(columns - late):
        _weigh(x, first, period, edges, m, columns, width, out, m * period + first, size)
    for m in range(late):
        start = last + (2 + m + 1 - late) * period
        _weigh(x, last - (width - 1) * period, period, edges, columns - late + m, columns, width, out, start, size)


@njit(nogil=True, cache=True)
def _apply_in_turn(x, period, long, short, series, smooth, out):
    for j in range(period):
        count = (x.shape[0] - j - 1) // period + 1
        for k in range(count):
            series[k] = x[k * period + j]
        _apply(series, count, long if j <= (x.shape[0] - 1) % period else short, smooth, count + 2)
        for k in range(count + 2):
            out[k * period + j] = smooth[k]


@njit(nogil=True, cache=True)
def _apply_to_cycles(x, period, tables, series, smooth, out):
    """out (t + 2·period) = the cycle-subseries of x (t), smoothed and prolonged by one at either end.

    Neighbours in a subseries lie a period apart, so what lies between them can be run through as one. Unless x has whole
    periods, its first ``longer`` subseries have a cycle more than the rest; tables are for these and for those.
    """
    long, short, same = tables
    zero, one = np.int64(0), np.int64(1)
    longer = (x.shape[0] - 1) % period + 1
    width, cycles = long[1].shape[0], (x.shape[0] - 1) // period + 1
    columns = long[0].shape[0] // width
    if columns == cycles + 2 and period < cycles:
        _apply_in_turn(x, period, long, short, series, smooth, out)
        return
    if same:
        _apply_to_ends(x, zero, x.shape[0] - period, period, period, long, out)
    else:
        last = x.shape[0] - longer
        _apply_to_ends(x, zero, last, longer, period, long, out)
        _apply_to_ends(x, longer, last - period + longer, period - longer, period, short, out)
    if columns < cycles + 2:
        _weigh(x, zero, period, long[1], zero, one, width, out, columns // 2 * period, out.shape[0] - columns * period)


@njit(nogil=True, cache=True)
def _sum_windows(x, length, size, spare, out):
    """out[t] = x[t] + … + x[t + size - 1], out of sums of 1, 2, 4, … readings: no running sum, so no drift. x is lost."""
    count = uintp(length - size + 1)
    _fill(x.dtype.type(0), out, uintp(0), count)
    here, there, reach, done = x, spare, 1, 0
    while True:
        if size & reach:
            _accumulate(here, uintp(done), out, count)
            done += reach
            if done == size:
                return
        length -= reach
        _add(here, here, uintp(reach), there, uintp(length))
        here, there, reach = there, here, 2 * reach


@njit(nogil=True, cache=True)
def _low_pass(cycle, period, table, one, two, out):
    """out (t) = cycle (t + 2·period) averaged over a period twice and three readings, and smoothed. cycle is lost."""
    size, length = cycle.shape[0], out.shape[0]
    _sum_windows(cycle, size, period, one, two)
    _sum_windows(two, size - period + 1, period, one, cycle)
    _average_three(cycle, cycle.dtype.type(1.0 / (3.0 * period * period)), one, uintp(length))
    _apply(one, length, table, out, length)


@njit(nogil=True, cache=True)
def _repeat(season, period):
    """Replace a season by the means of its cycle-subseries."""
    length = season.shape[0]
    for j in range(period):
        total = 0.0
        for t in range(j, length, period):
            total += season[t]
        mean = total / ((length - j - 1) // period + 1)
        for t in range(j, length, period):
            season[t] = mean


@njit(nogil=True, cache=True)
def stl_rows(x, period, tables, low, slow, loops, periodic, trend, season):
    """Fill trend and season (rows, t) after ``loops`` rounds of smoothing season and trend in turn."""
    length, size = x.shape[1], x.shape[1] + 2 * period
    y, rest, cycle = np.empty(length, x.dtype), np.empty(length, x.dtype), np.empty(size, x.dtype)
    one, two, smooth = np.empty(size, x.dtype), np.empty(size, x.dtype), np.empty(length, x.dtype)
    middle = cycle[period : period + length]
    for r in range(x.shape[0]):
        own_trend, own_season = trend[r], season[r]
        mean = _centre(x[r], y)
        _copy(y, rest)
        for _ in range(loops):
            _apply_to_cycles(rest, period, tables, one, two, cycle)
            _copy(middle, smooth)
            _low_pass(cycle, period, low, one, two, rest)
            _subtract(smooth, rest, own_season)
            _subtract(y, own_season, rest)
            _apply(rest, length, slow, own_trend, length)
            _subtract(y, own_trend, rest)
        if periodic:
            _repeat(own_season, period)
        _lift(mean, own_trend)


@njit(nogil=True, cache=True)
def loess_rows(x, table, out):
    """out[r] = x[r] smoothed."""
    y = np.empty(x.shape[1], x.dtype)
    for r in range(x.shape[0]):
        smooth = out[r]
        mean = _centre(x[r], y)
        _apply(y, y.shape[0], table, smooth, y.shape[0])
        _lift(mean, smooth)


@njit(nogil=True, cache=True, error_model="numpy")
def _settle(zeroth, first, second, limit, start, stop):
    """Turn moments of the weights around each place into what a local line there takes of Σ w·y and of Σ w·u·y.

    Where the weights spread over less than ``limit``, it is a constant; where none is left, both become 0.
    """
    for t in range(start, stop):
        weight = zeroth[t]
        if weight > 0:
            mean = first[t] / weight
            spread = second[t] / weight - mean * mean
            slope = mean / spread if spread > limit * limit else 0.0
            zeroth[t] = (1 + mean * slope) / weight
            first[t] = -slope / weight
        else:
            zeroth[t] = first[t] = 0.0


@njit(nogil=True, cache=True)
def _settle_cycles(weight, period, tables, series, smooth, zeroth, first, second):
    _apply_to_cycles(weight, period, tables[0], series, smooth, zeroth)
    _apply_to_cycles(weight, period, tables[1], series, smooth, first)
    _apply_to_cycles(weight, period, tables[2], series, smooth, second)
    longer, cycles = (weight.shape[0] - 1) % period + 1, (weight.shape[0] - 1) // period + 1
    for start in range(0, (cycles + 2) * period, period):
        _settle(zeroth, first, second, 0.001 * max(cycles - 1, 1), start, start + longer)
        if start <= cycles * period:
            _settle(zeroth, first, second, 0.001 * max(cycles - 2, 1), start + longer, start + period)


@njit(nogil=True, cache=True)
def _join(zeroth, first, x, reach, other, out):
    """out = zeroth·out + first·other; where no weight is left the reading itself, and beyond the ends what lies next."""
    for t in range(out.shape[0]):
        out[t] = zeroth[t] * out[t] + first[t] * other[t]
    for t in range(x.shape[0]):
        if zeroth[reach + t] == 0:
            out[reach + t] = x[t]
    for t in range(reach):
        if zeroth[t] == 0:
            out[t] = out[reach + t]
        if zeroth[out.shape[0] - 1 - t] == 0:
            out[out.shape[0] - 1 - t] = out[out.shape[0] - 1 - t - reach]


@njit(nogil=True, cache=True)
def _bisquare(y, trend, season, distance, weight):
    """weight = (1 - (d / 6m)²)² of each distance d of y from its fit, m their median; 1 everywhere where that is 0."""
    length = y.shape[0]
    for t in range(length):
        distance[t] = abs(y[t] - (trend[t] + season[t]))
    limit = 6 * np.median(distance)
    for t in range(length):
        if distance[t] <= 0.001 * limit:
            weight[t] = 1.0
        elif distance[t] <= 0.999 * limit:
            weight[t] = (1 - (distance[t] / limit) ** 2) ** 2
        else:
            weight[t] = 0.0 if limit > 0 else 1.0


@njit(nogil=True, cache=True)
def robust_rows(x, period, tables, low, slow, loops, rounds, periodic, trend, season):
    """Fill trend and season (rows, t): ``loops`` as above, and ``rounds`` times more with readings far off weighing less.

    All in float64. ``tables`` and ``slow`` are three each: of the plain weights w, of w·u and of w·u², where u is the way to
    the place. With other weights at each reading no line's table can be made beforehand, but its moments can.
    """
    length, size = x.shape[1], x.shape[1] + 2 * period
    y, rest, product, weight = np.empty(length), np.empty(length), np.empty(length), np.empty(length)
    smooth, near, near_first = np.empty(length), np.empty(length), np.empty(length)
    cycle, far, far_first = np.empty(size), np.empty(size), np.empty(size)
    one, two, three = np.empty(size), np.empty(size), np.empty(size)
    middle = cycle[period : period + length]
    for r in range(x.shape[0]):
        own_trend, own_season = trend[r], season[r]
        first = x[r, 0]  # rather than the mean: where most readings are the same, distances are exactly 0
        _copy(x[r], y)
        _lift(-first, y)
        _copy(y, rest)
        _fill(1.0, weight, uintp(0), uintp(length))
        for k in range(rounds + 1):
            if k > 0:
                _bisquare(y, own_trend, own_season, product, weight)
            _settle_cycles(weight, period, tables, one, two, far, far_first, three)
            _apply(weight, length, slow[0], near, length)
            _apply(weight, length, slow[1], near_first, length)
            _apply(weight, length, slow[2], smooth, length)
            _settle(near, near_first, smooth, 0.001 * max(length - 1, 1), 0, length)
            for _ in range(loops):
                _multiply(weight, rest, product)
                _apply_to_cycles(product, period, tables[1], one, two, three)
                _apply_to_cycles(product, period, tables[0], one, two, cycle)
                _join(far, far_first, rest, period, three, cycle)
                _copy(middle, smooth)
                _low_pass(cycle, period, low, one, two, rest)
                _subtract(smooth, rest, own_season)
                _subtract(y, own_season, rest)
                _multiply(weight, rest, product)
                _apply(product, length, slow[1], smooth, length)
                _apply(product, length, slow[0], own_trend, length)
                _join(near, near_first, rest, 0, smooth, own_trend)
                _subtract(y, own_trend, rest)
        if periodic:
            _repeat(own_season, period)
        _lift(first, own_trend)
