"""Reading rows at a clock, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy")
def _locate(clock, last, index, share):
    """Split positions into the reading before and the share of the next; positions outside are held at the ends."""
    for t in range(clock.shape[0]):
        position = min(last, max(0.0, clock[t]))  # in this order a NaN becomes 0, and no address is read from it
        i = np.int32(position)
        index[t] = np.uint32(i)
        share[t] = position - np.float64(i)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _lerp(x, index, share, out):
    """x has one reading more than the clock reaches, so that the next one always exists; unsigned, so no wrap-around."""
    for t in range(index.shape[0]):
        i = index[t]
        a = x[i]
        rise = share[t] * (x[np.uint32(i + np.uint32(1))] - a)
        out[t] = a + rise if share[t] > 0 else a  # what has no weight has no say, be it far off or of another sign of 0


@njit(nogil=True, cache=True)
def _extend(x, longer):
    """Copy a row and repeat its last reading."""
    for t in range(x.shape[0]):  # a loop is vectorised, a slice assignment is not
        longer[t] = x[t]
    longer[x.shape[0]] = x[-1]


@njit(nogil=True, cache=True)
def read_rows(x, clock, out):
    """out[n, c, t] = x[n, c] at position clock[n, t], linear between readings, exact at them."""
    n, channels, length = x.shape
    index = np.empty(clock.shape[1], np.uint32)
    share = np.empty(clock.shape[1], x.dtype)
    longer = np.empty(length + 1, x.dtype)
    for i in range(n):
        _locate(clock[i], np.float64(length - 1), index, share)
        for c in range(channels):
            _extend(x[i, c], longer)
            _lerp(longer, index, share, out[i, c])


@njit(nogil=True, cache=True, error_model="numpy")
def _ramp(start, step, clock):
    for t in range(clock.shape[0]):
        clock[t] = start + step * t
    if clock.shape[0] > 0 and abs(clock[-1] - np.rint(clock[-1])) < 1e-9:
        clock[-1] = np.rint(clock[-1])  # a step such as 4/9 must not miss the last reading by a rounding


@njit(nogil=True, cache=True)
def dense_rows(start, step, count, out):
    """out[n] = the positions of all pieces, one after the other."""
    for i in range(out.shape[0]):
        done = 0
        for k in range(start.shape[1]):
            _ramp(start[i, k], step[i, k], out[i, done : done + count[i, k]])
            done += count[i, k]


@njit(nogil=True, cache=True)
def _copy(x, out):
    for k in range(x.shape[0]):
        out[k] = x[k]


@njit(nogil=True, cache=True)
def fits(start, step, count, length, new):
    """Whether every row reads ``new`` readings, all of them at positions in 0 … length - 1."""
    for i in range(start.shape[0]):
        total = 0
        for k in range(start.shape[1]):
            size = count[i, k]
            total += size
            if size < 0:
                return False
            if size > 0:
                first, last = start[i, k], start[i, k] + step[i, k] * (size - 1)
                if not (-1e-6 <= first <= length - 1 + 1e-6 and -1e-6 <= last <= length - 1 + 1e-6):  # nor is a NaN
                    return False
        if total != new:
            return False
    return True


@njit(nogil=True, cache=True)
def _copy_part(x, first, count, out, done):
    for k in range(count):
        out[np.uint64(done + k)] = x[np.uint64(first + k)]  # unsigned: no wrap-around that would keep it from vectorising


@njit(nogil=True, cache=True)
def _copy_back(x, first, count, out, done):
    for k in range(count):
        out[np.uint64(done + k)] = x[np.uint64(first - k)]


@njit(nogil=True, cache=True)
def copy_pieces(x, start, step, count, out):
    """out[n, c] = the slices of x[n, c] from start[n, k], count[n, k] long, one after the other; backwards at step -1."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            row, made, done = x[i, c], out[i, c], 0
            for k in range(start.shape[1]):
                if step[i, k] == 1:
                    _copy_part(row, start[i, k], count[i, k], made, done)
                else:
                    _copy_back(row, start[i, k], count[i, k], made, done)
                done += count[i, k]


@njit(nogil=True, cache=True)
def read_pieces(x, start, step, count, out):
    """out[n, c] = the pieces of x[n, c] one after the other; pieces of unit step from a whole start are slice copies."""
    n, channels, length = x.shape
    pieces = start.shape[1]
    clock = np.empty(out.shape[2], np.float64)
    index = np.empty(out.shape[2], np.uint32)
    share = np.empty(out.shape[2], x.dtype)
    longer = np.empty(length + 1, x.dtype)
    for i in range(n):
        done = 0
        for k in range(pieces):
            size = count[i, k]
            first = int(start[i, k])
            if step[i, k] == 1.0 and start[i, k] == first:
                for c in range(channels):
                    _copy(x[i, c, first : first + size], out[i, c, done : done + size])
            else:
                _ramp(start[i, k], step[i, k], clock[:size])
                _locate(clock[:size], np.float64(length - 1), index[:size], share[:size])
                for c in range(channels):
                    _extend(x[i, c], longer)
                    _lerp(longer, index[:size], share[:size], out[i, c, done : done + size])
            done += size


@njit(nogil=True, cache=True)
def nearest_rows(x, clock, out):
    """out[n, c, t] = the reading of x[n, c] nearest to clock[n, t]; halves go up."""
    n, channels, length = x.shape
    for i in range(n):
        for t in range(clock.shape[1]):
            j = int(min(length - 1.0, max(0.0, math.floor(clock[i, t] + 0.5))))
            for c in range(channels):
                out[i, c, t] = x[i, c, j]


@njit(nogil=True, cache=True)
def strongest_rows(points, clock, border, out):
    """out[n, t] = maximum of points[n] over the old readings in the stretch that new reading t stands for.

    The stretch goes half-way to the neighbours. What is exactly half-way counts for both, but for reading ``border``
    alone against the one before it: no event is in a past and in its target.
    """
    n, length = points.shape
    steps = clock.shape[1]
    for i in range(n):
        for t in range(steps):
            here = clock[i, t]
            low = here if t == 0 else 0.5 * (clock[i, t - 1] + here)
            high = here if t == steps - 1 else 0.5 * (here + clock[i, t + 1])
            j = int(min(length - 1.0, max(0.0, math.floor(here + 0.5))))
            value = points[i, j]
            first = int(min(length - 0.0, max(0.0, math.ceil(low))))
            last = int(min(length - 1.0, max(-1.0, math.ceil(high) - 1.0 if t == border - 1 else math.floor(high))))
            for k in range(first, last + 1):
                value = max(value, points[i, k])
            out[i, t] = value


@njit(nogil=True, cache=True)
def fill_rows(x, out):
    """out = x with every NaN replaced by the line between its neighbours, the ends held; all-NaN rows become 0."""
    rows, length = x.shape
    for r in range(rows):
        last = -1
        for t in range(length):
            value = x[r, t]
            if math.isnan(value):
                continue
            if last < 0:
                out[r, :t] = value
            elif last + 1 < t:
                slope = (value - x[r, last]) / (t - last)
                for k in range(last + 1, t):
                    out[r, k] = x[r, last] + slope * (k - last)
            out[r, t] = value
            last = t
        if last < 0:
            out[r, :] = 0
        else:
            out[r, last + 1 :] = x[r, last]
