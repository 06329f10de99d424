"""The filters of RobustSTL, row by row, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

NORMAL_MEDIAN, NORMAL_MEAN = 1.4826, 1.2533  # standard deviations of a normal per median, and per mean, absolute deviation
ROUNDING = 1e-6  # a median of such a share of the mean is rounding: more than half are 0
LEAST_NOISE = 1e-3  # as a share of the spread of the readings
FARTHEST = 1e300  # a distance squared that is not yet infinite


@njit(nogil=True, cache=True)
def _deviation(sizes):
    """Return the standard deviation of normal readings of such sizes, by their median; by their mean where that is 0."""
    median, total = np.median(sizes), 0.0
    for size in sizes:
        total += size
    mean = total / sizes.shape[0]
    return NORMAL_MEDIAN * median if median > ROUNDING * mean else NORMAL_MEAN * mean


@njit(nogil=True, cache=True)
def _noise(x, period):
    """Return the standard deviation of white noise: of jumps and seasons little is left in differences of both lags."""
    count = x.shape[0] - period - 1
    if count < 1:
        return 0.0
    sizes = np.empty(count)
    for i in range(count):
        sizes[i] = abs((x[i + period + 1] - x[i + period]) - (x[i + 1] - x[i]))
    return _deviation(sizes) / 2


@njit(nogil=True, cache=True)
def unit_rows(x, period, noise, centre, unit):
    """centre[r] = the median of a row, unit[r] = the unit in which its noise is ``noise``; 1 for a constant row."""
    for r in range(x.shape[0]):
        centre[r] = np.median(x[r])
        least = LEAST_NOISE * _deviation(np.abs(x[r] - centre[r]))
        unit[r] = max(_noise(x[r], period), least) / noise
        if unit[r] == 0:
            unit[r] = 1


@njit(nogil=True, cache=True)
def _decay(reach, width):
    """Return the exponents ½(h/width)² for h = -reach … reach."""
    exponents = np.empty(2 * reach + 1)
    for h in range(-reach, reach + 1):
        exponents[h + reach] = 0.5 * (h / width) ** 2
    return exponents


@njit(nogil=True, cache=True)
def _bilateral(x, far, narrow, out):
    length, reach = x.shape[0], far.shape[0] // 2
    for t in range(length):
        total, weights = 0.0, 0.0
        for j in range(max(t - reach, 0), min(t + reach + 1, length)):
            apart = (x[j] - x[t]) * narrow
            weight = math.exp(-far[j - t + reach] - 0.5 * apart * apart)
            total += weight * (x[j] - x[t])
            weights += weight
        out[t] = x[t] + total / weights


@njit(nogil=True, cache=True)
def bilateral_rows(x, reach, time, value, out):
    """out[r] = x[r] averaged over ``reach`` readings on either side, near in time and in value."""
    far = _decay(reach, time)
    for r in range(x.shape[0]):
        _bilateral(x[r], far, 1 / value, out[r])


@njit(nogil=True, cache=True)
def _around(x, place, reference, far, narrow, count, exponents, values):
    """Note the readings around a place behind the ``count`` that are noted; return how many there are then."""
    reach = far.shape[0] // 2
    for j in range(max(place - reach, 0), min(place + reach + 1, x.shape[0])):
        apart = (x[j] - reference) * narrow
        exponents[count], values[count] = far[j - place + reach] + min(0.5 * apart * apart, FARTHEST), x[j]
        count += 1
    return count


@njit(nogil=True, cache=True, error_model="numpy")
def _average(exponents, values):
    """Return the average of the values by exp(-exponent), told against the heaviest: a lone outlier is near to none."""
    nearest, total, weights = 0, 0.0, 0.0
    for i in range(values.shape[0]):
        if exponents[i] < exponents[nearest]:
            nearest = i
    for i in range(values.shape[0]):
        weight = math.exp(exponents[nearest] - exponents[i])
        total += weight * (values[i] - values[nearest])
        weights += weight
    return values[nearest] + total / weights


@njit(nogil=True, cache=True)
def _seasonal(x, period, seasons, ahead, own, far, narrow, out):
    length, most = x.shape[0], (2 * seasons + 1) * far.shape[0]
    exponents, values = np.empty(most), np.empty(most)
    for t in range(length):
        count = 0
        for k in range(-seasons, seasons + 1 if ahead else 0):
            place = t + k * period
            if k != 0 and 0 <= place < length:
                count = _around(x, place, x[t if own else place], far, narrow, count, exponents, values)
        if count == 0:
            count = _around(x, t, x[t], far, narrow, 0, exponents, values)
        out[t] = _average(exponents[:count], values[:count])


@njit(nogil=True, cache=True)
def seasonal_rows(x, period, seasons, reach, time, value, ahead, own, out):
    """out[r] = x[r] averaged over the readings around the same phase of other seasons, near in time and in value.

    Those are the ``seasons`` before and, if ``ahead``, the ones after; around t itself where there is none. Values are
    compared with the reading's ``own`` or with that in the middle of those averaged.
    """
    far = _decay(reach, time)
    for r in range(x.shape[0]):
        _seasonal(x[r], period, seasons, ahead, own, far, 1 / value, out[r])


@njit(nogil=True, cache=True)
def level_rows(x, period, out):
    """out[r] = the mean of x[r] over its whole periods."""
    whole = x.shape[1] // period * period
    for r in range(x.shape[0]):
        total = 0.0
        for t in range(whole):
            total += x[r, t] - x[r, 0]
        out[r] = x[r, 0] + total / whole


@njit(nogil=True, cache=True)
def _shrink(x, trend, seasonal, most, out):
    remainder = x - trend - seasonal
    bound = most * NORMAL_MEDIAN * np.median(np.abs(remainder))
    for t in range(x.shape[0]):
        out[t] = trend[t] + seasonal[t] + min(max(remainder[t], -bound), bound)


@njit(nogil=True, cache=True)
def shrink_rows(x, trend, seasonal, most, out):
    """out[r] = x[r] with remainders of more than ``most`` standard deviations, told by the median, cut down to that."""
    for r in range(x.shape[0]):
        _shrink(x[r], trend[r], seasonal[r], most, out[r])
