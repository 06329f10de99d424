"""Dynamic time warping, pair by pair, for NumPy arrays.

Cells are taken anti-diagonal by anti-diagonal: those of one do not depend on each other, so it vectorises. A loop runs over
the hundred cells or so of a narrow band, two thousand times for a pair, hence its three habits: offsets in place of slices,
unsigned ones, which need no check for a negative index, and bodies that are inlined, which spares counting references.
Costs are float64 whatever the series are.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

CHECK = 31  # of every 32 anti-diagonals, two are searched for a cell that is within the limit
ONE = np.uintp(1)


@njit(nogil=True, cache=True)
def radius_of(band, s, t):
    """The half-width of the band in steps; the product may be a rounding above a whole number."""
    return int(math.ceil(band * max(s, t) - 1e-9))


@njit(nogil=True, cache=True)
def band_of(s, t, radius):
    """The least and the largest j - i inside the band: ``radius`` beyond the straight lines from either corner."""
    return -radius - max(s - t, 0), radius + max(t - s, 0)


@njit(nogil=True, cache=True)
def room(s, t, radius):
    """How many cells the band of a pair has at most: as many steps are kept to trace a path."""
    low, high = band_of(s, t, radius)
    return (s + t - 1) * min(min(s, t), (high - low) // 2 + 1)


@njit(nogil=True, cache=True)
def workspace(channels, s, t, reach, cells):
    """Memory for pairs of up to s and t steps: both series, three lines of least and local costs, steps and their offsets."""
    a, b = np.empty(channels * (s + 2 * reach + 1)), np.empty(channels * (t + 2 * reach + 1))
    return a, b, np.empty(3 * (s + 2)), np.empty(3 * (s + 2)), np.empty(cells, np.uint8), np.empty(s + t, np.int64)


@njit(nogil=True, cache=True)
def lay(x, start, stop, reach, backwards, out):
    """out = steps start … stop - 1 of x (c, t), the ends held reach + 1 and ``reach`` steps longer, perhaps backwards."""
    size = stop - start + 2 * reach + 1
    for c in range(x.shape[0]):
        for k in range(size):
            value = x[c, start + min(max(k - reach - 1, 0), stop - start - 1)]
            out[c * size + (size - 1 - k if backwards else k)] = value


@njit(nogil=True, cache=True, inline="always")
def _set(a, b, i, j, costs, at, count):
    for k in range(count):
        gap = a[i + k] - b[j + k]
        costs[at + k] = gap * gap


@njit(nogil=True, cache=True, inline="always")
def _set_two(a, b, i, further_i, j, further_j, costs, at, count):
    for k in range(count):
        gap, next_gap = a[i + k] - b[j + k], a[i + further_i + k] - b[j + further_j + k]
        costs[at + k] = gap * gap + next_gap * next_gap


@njit(nogil=True, cache=True, inline="always")
def _add_two(a, b, i, further_i, j, further_j, costs, at, count):
    for k in range(count):
        gap, next_gap = a[i + k] - b[j + k], a[i + further_i + k] - b[j + further_j + k]
        costs[at + k] = costs[at + k] + gap * gap + next_gap * next_gap


@njit(nogil=True, cache=True)
def _slide(a, b, i, j, ahead, costs, at, count):
    """costs += what comes into a window that moves one step on both series, less what leaves it."""
    for k in range(count):
        into, out = a[i + ahead + k] - b[j + k], a[i + k] - b[j + ahead + k]
        costs[at + k] += into * into - out * out


@njit(nogil=True, cache=True)
def _carry(costs, before, at, count):
    for k in range(count):
        costs[at + k] = costs[before + k]


@njit(nogil=True, cache=True)
def _clip(costs, at, count):
    """What is left of a sum from which as much was taken may be a rounding below 0."""
    for k in range(count):
        costs[at + k] = max(costs[at + k], 0.0)


@njit(nogil=True, cache=True)
def _window(a, b, channels, i, j, s, t, reach):
    """The cost of cell (i, j) of descriptors: the squared distance of the windows around both."""
    total = 0.0
    for c in range(channels):
        left, right = c * (s + 2 * reach + 1) + i + 1, (c + 1) * (t + 2 * reach + 1) - 2 - j
        for w in range(2 * reach + 1):
            gap = a[left + w] - b[right - w]
            total += gap * gap
    return total


@njit(nogil=True, cache=True, inline="always")
def _cost(a, b, channels, s, t, d, i, count, costs, line):
    """costs[line + i + 1 …] = the local costs of ``count`` cells of anti-diagonal d from (i, d - i) on.

    Channels are added in their order, two in a loop.
    """
    at, number, left, right = np.uintp(line + i + 1), np.uintp(count), i + 1, t - 1 - d + i
    further_a, further_b = np.uintp(s + 1), np.uintp(t + 1)
    if channels % 2:
        _set(a, b, np.uintp(left), np.uintp(right), costs, at, number)
    else:
        _set_two(a, b, np.uintp(left), further_a, np.uintp(right), further_b, costs, at, number)
    for c in range(2 - channels % 2, channels, 2):
        places = np.uintp(c * (s + 1) + left), np.uintp(c * (t + 1) + right)
        _add_two(a, b, places[0], further_a, places[1], further_b, costs, at, number)


@njit(nogil=True, cache=True)
def _descriptor_cost(a, b, channels, s, t, reach, d, i, count, costs, before, line):
    """The same for descriptors, from the costs of the anti-diagonal two before."""
    wide_a, wide_b = s + 2 * reach + 1, t + 2 * reach + 1
    at, number = np.uintp(line + i + 1), np.uintp(count)
    _carry(costs, np.uintp(before + i), at, number)
    for c in range(channels):
        left, right = np.uintp(c * wide_a + i), np.uintp(c * wide_b + t - 1 - d + i)
        _slide(a, b, left, right, np.uintp(2 * reach + 1), costs, at, number)
    _clip(costs, at, number)
    if i == 0:
        costs[line + 1] = _window(a, b, channels, 0, d, s, t, reach)
    if i + count - 1 == d:
        costs[line + d + 1] = _window(a, b, channels, d, 0, s, t, reach)


@njit(nogil=True, cache=True, inline="always")
def _least(costs, lines, before, last, line, count):
    for k in range(count):
        best = min(lines[before + k], min(lines[last + k], lines[last + k + ONE]))
        lines[line + k + ONE] = costs[line + k + ONE] + best


@njit(nogil=True, cache=True, inline="always")
def _least_and_step(costs, lines, before, last, line, count, steps, at):
    """As above, and where the least came from: 0 both series, 1 the first, 2 the second was a step earlier.

    0 where nothing is less, not even as infinities and missing readings go: then the way back stays in the band.
    """
    for k in range(count):
        first, second, both = lines[last + k], lines[last + k + ONE], lines[before + k]
        side = min(first, second)
        way = np.uint8(2) if second < first else np.uint8(1)
        steps[at + k] = way if side < both else np.uint8(0)
        lines[line + k + ONE] = costs[line + k + ONE] + min(both, side)


@njit(nogil=True, cache=True, inline="always")
def _least_alone(a, b, i, j, lines, before, last, line, count):
    """Both loops in one for a single channel, whose local costs then need not be kept."""
    for k in range(count):
        gap = a[i + k] - b[j + k]
        best = min(lines[before + k], min(lines[last + k], lines[last + k + ONE]))
        lines[line + k + ONE] = gap * gap + best


@njit(nogil=True, cache=True, inline="always")
def _least_and_step_alone(a, b, i, j, lines, before, last, line, count, steps, at):
    for k in range(count):
        gap = a[i + k] - b[j + k]
        first, second, both = lines[last + k], lines[last + k + ONE], lines[before + k]
        side = min(first, second)
        way = np.uint8(2) if second < first else np.uint8(1)
        steps[at + k] = way if side < both else np.uint8(0)
        lines[line + k + ONE] = gap * gap + min(both, side)


@njit(nogil=True, cache=True)
def _lowest(lines, start, stop):
    lowest = np.inf
    for k in range(start, stop):
        lowest = min(lowest, lines[k])
    return lowest


def _accumulator(alone):
    """Return :func:`accumulate` for one channel alone, or for any: in a body that has both, neither loop is as fast."""

    @njit(nogil=True, cache=True)
    def run(channels, s, t, radius, reach, work, traced, limit):
        a, b, lines, costs, steps, offsets = work
        low, high = band_of(s, t, radius)
        before, last, line = 0, s + 2, 2 * (s + 2)
        lines[: 3 * (s + 2)] = np.inf
        lines[before] = 0.0  # the path comes from a cell before the first
        at, given_up = 0, False
        for d in range(s + t - 1):
            i = max(max(0, d - t + 1), (d - high + 1) >> 1)
            count = min(min(s - 1, d), (d - low) >> 1) - i + 1
            left, right, number = np.uintp(i + 1), np.uintp(t - 1 - d + i), np.uintp(count)
            old, new, here = np.uintp(before + i), np.uintp(last + i), np.uintp(line + i)
            if not alone and reach:
                _descriptor_cost(a, b, channels, s, t, reach, d, i, count, costs, before, line)
            elif not alone:
                _cost(a, b, channels, s, t, d, i, count, costs, line)
            if alone and traced:
                _least_and_step_alone(a, b, left, right, lines, old, new, here, number, steps, np.uintp(at))
            elif alone:
                _least_alone(a, b, left, right, lines, old, new, here, number)
            elif traced:
                _least_and_step(costs, lines, old, new, here, number, steps, np.uintp(at))
            else:
                _least(costs, lines, old, new, here, number)
            if traced:
                offsets[np.uintp(d)] = at - i
                at += count
            lines[here] = lines[here + number + ONE] = np.inf
            if limit < np.inf and d & CHECK < 2:
                hopeless = _lowest(lines, line + i + 1, line + i + 1 + count) > limit
                if given_up and hopeless and d & CHECK == 1:  # a path may jump one anti-diagonal, not two
                    return np.inf
                given_up = hopeless
            before, last, line = last, line, before
        return lines[last + s]

    return run


_accumulate_alone, _accumulate_any = _accumulator(True), _accumulator(False)


@njit(nogil=True, cache=True)
def accumulate(channels, s, t, radius, reach, work, traced, limit):
    """Return the cost of the best path through the pair that was laid into ``work``, b backwards.

    Where the path is to be ``traced``, the steps of the work are filled. Over the limit, it may be infinite.
    """
    if s < 1 or t < 1:
        return np.inf
    if channels == 1 and reach == 0:
        return _accumulate_alone(channels, s, t, radius, reach, work, traced, limit)
    return _accumulate_any(channels, s, t, radius, reach, work, traced, limit)


@njit(nogil=True, cache=True)
def distance_rows(a, b, band, reach, out):
    """out[r] = the distance of a[r] and b[r]."""
    (n, channels, s), t = a.shape, b.shape[2]
    radius = radius_of(band, s, t)
    work = workspace(channels, s, t, reach, 0)
    for r in range(n):
        lay(a[r], 0, s, reach, False, work[0])
        lay(b[r], 0, t, reach, True, work[1])
        out[r] = math.sqrt(accumulate(channels, s, t, radius, reach, work, False, np.inf))


@njit(nogil=True, cache=True)
def matrix_rows(series, lengths, band, out):
    """out[r, p, q] = the distance of series p and q of row r, which have so many steps."""
    n, count, channels, longest = series.shape
    work = workspace(channels, longest, longest, 0, 0)
    for r in range(n):
        for p in range(count):
            s = lengths[r, p]
            out[r, p, p] = 0
            lay(series[r, p], 0, s, 0, False, work[0])
            for q in range(p):
                t = lengths[r, q]
                lay(series[r, q], 0, t, 0, True, work[1])
                cost = accumulate(channels, s, t, radius_of(band, s, t), 0, work, False, np.inf)
                out[r, p, q] = out[r, q, p] = math.sqrt(cost)


@njit(nogil=True, cache=True)
def previous(steps, offsets, i, j):
    """The cell before (i, j) on the best path."""
    step = steps[offsets[i + j] + i]
    if j == 0 or (i > 0 and step == 1):
        return i - 1, j
    if i == 0 or step == 2:
        return i, j - 1
    return i - 1, j - 1


@njit(nogil=True, cache=True)
def _trace(work, i, j, i0, j0, first, second, place):
    """Write the path to cell (i, j) of a part that begins at (i0, j0), ending before ``place``; return where it begins."""
    steps, offsets = work[4], work[5]
    while True:
        place -= 1
        first[place] = i + i0
        second[place] = j + j0
        if i == 0 and j == 0:
            return place
        i, j = previous(steps, offsets, i, j)


@njit(nogil=True, cache=True)
def _part(a, b, i0, i1, j0, j1, radius, reach, work, first, second, place):
    """The cost of the best path from cell (i0, j0) to (i1, j1) and, for :func:`_trace`, where it begins."""
    lay(a, i0, i1 + 1, reach, False, work[0])
    lay(b, j0, j1 + 1, reach, True, work[1])
    s, t = i1 - i0 + 1, j1 - j0 + 1
    cost = accumulate(a.shape[0], s, t, radius, reach, work, True, np.inf)
    return cost, _trace(work, i1 - i0, j1 - j0, i0, j0, first, second, place)


@njit(nogil=True, cache=True)
def _forward(path, place, size):
    """Move what stands from ``place`` on to the front, and hold its last entry behind it."""
    for k in range(size):
        path[k] = path[place + k]
    for k in range(size, path.shape[0]):
        path[k] = path[size - 1]


@njit(nogil=True, cache=True)
def path_rows(a, b, i, j, band, reach, distance, first, second, length):
    """The best path of a[r] and b[r] through cell (i[r], j[r]) and its distance: one path to the cell, one from it.

    Through the first cell that is the best path of all.
    """
    (n, channels, s), t = a.shape, b.shape[2]
    radius, cells = radius_of(band, s, t), 0
    for r in range(n):
        cells = max(cells, room(i[r] + 1, j[r] + 1, radius), room(s - i[r], t - j[r], radius))
    work = workspace(channels, s, t, reach, cells)
    for r in range(n):
        cost, place = _part(a[r], b[r], i[r], s - 1, j[r], t - 1, radius, reach, work, first[r], second[r], s + t - 1)
        head, place = _part(a[r], b[r], 0, i[r], 0, j[r], radius, reach, work, first[r], second[r], place + 1)
        head -= _window(work[0], work[1], channels, i[r], j[r], i[r] + 1, j[r] + 1, reach)  # counted on either side
        distance[r] = math.sqrt(cost + head)
        length[r] = s + t - 1 - place
        _forward(first[r], place, length[r])
        _forward(second[r], place, length[r])
