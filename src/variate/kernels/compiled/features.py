"""What a series is like, in numbers, row by row, for NumPy arrays.

A part counts as constant where it varies no more than the rounding of its readings could make it: by ``floor`` at most.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

ROUNDING = 8.0  # units in the last place of the largest reading


@njit(nogil=True, cache=True)
def _largest(x):
    top = 0.0
    for t in range(x.shape[0]):
        top = max(top, abs(np.float64(x[t])))
    return top


@njit(nogil=True, cache=True)
def _copy(x, out):
    for t in range(out.shape[0]):
        out[t] = x[t]


@njit(nogil=True, cache=True)
def _take_off(x, out):
    for t in range(out.shape[0]):
        out[t] -= x[t]


@njit(nogil=True, cache=True)
def _centre(x, floor):
    """Take the mean off x, in place, and return the variance; both become 0 where x varies by ``floor`` at most.

    The first reading is taken off first: the rounded mean of a constant would leave a variance.
    """
    length, level, total, squares = x.shape[0], x[0], 0.0, 0.0
    for t in range(length):
        x[t] -= level
        total += x[t]
    mean = total / length
    for t in range(length):
        x[t] -= mean
        squares += x[t] * x[t]
    if squares <= length * floor * floor:
        x[:] = 0.0
        return 0.0
    return squares / length


@njit(nogil=True, cache=True)
def _strength(rest, both):
    """The share of the variance ``both`` that a part explains which leaves ``rest``."""
    return max(0.0, 1.0 - rest / both) if both > 0.0 else 0.0


@njit(nogil=True, cache=True)
def _autocorrelation(x, lag, variance):
    """Σ x(t)·x(t + lag) / Σ x² of a centred x; lag 0 stands for none and gives 0, as a lag does that x is too short for."""
    if variance == 0.0 or lag == 0:
        return 0.0
    total = 0.0
    for t in range(x.shape[0] - lag):
        total += x[t] * x[t + lag]
    return total / (x.shape[0] * variance)


@njit(nogil=True, cache=True)
def _skewness(x, variance):
    if variance == 0.0:
        return 0.0
    total = 0.0
    for t in range(x.shape[0]):
        total += x[t] * x[t] * x[t]
    return total / (x.shape[0] * variance * math.sqrt(variance))


@njit(nogil=True, cache=True)
def _shape(trend, variance, unit, out):
    """Fill slope, linearity and curvature of a centred trend; ``unit`` is not 0 unless the slope and curvature are to be."""
    length = trend.shape[0]
    out[:] = 0.0
    if variance == 0.0:
        return
    middle, spread = (length - 1) / 2, (length * length - 1) / 12  # of the steps: their mean and variance
    along, across = 0.0, 0.0
    for t in range(length):
        step = t - middle
        along += step * trend[t]
        across += (step * step - spread) * trend[t]
    slope = along / (length * spread)
    out[1] = min(slope * slope * spread / variance, 1.0)
    bend = spread * (length * length - 4) / 15  # the variance of the parabola, step² - spread
    if unit > 0.0:
        out[0] = slope * length / unit
        out[2] = across / (length * math.sqrt(bend) * unit) if bend > 0.0 else 0.0


@njit(nogil=True, cache=True)
def _describe(x, trend, seasonal, period, unit, epsilon, value, work, out):
    """Fill out (12,), all but the entropy, and value (t,) with x centred; ``work`` (2, t) is room to work in."""
    floor = ROUNDING * epsilon * max(_largest(x), _largest(trend), _largest(seasonal))
    rest, other = work[0], work[1]
    _copy(x, value)
    variance = _centre(value, floor)
    _copy(trend, other)
    _shape(other, _centre(other, floor), unit, out[2:5])
    _copy(x, other)
    _take_off(seasonal, other)
    trended = _centre(other, floor)
    _copy(x, rest)
    _take_off(trend, rest)
    _copy(rest, other)
    seasoned = _centre(other, floor)
    _take_off(seasonal, rest)
    left = _centre(rest, floor)
    out[0] = _strength(left, trended)
    out[1] = _strength(left, seasoned) if period > 0 else 0.0
    out[6], out[7] = _autocorrelation(value, 1, variance), _autocorrelation(value, period, variance)
    out[8], out[9] = _autocorrelation(rest, 1, left), _autocorrelation(rest, period, left)
    out[10] = math.sqrt(left) / unit if unit > 0.0 else 0.0
    out[11] = _skewness(value, variance)


@njit(nogil=True, cache=True)
def describe_rows(x, trend, seasonal, period, unit, epsilon, value, out):
    """Fill out (rows, 12), all but the entropy, and value (rows, t) with x centred.

    ``unit`` (rows,) is what slope, curvature and residual deviation are measured in; where it is 0 they are 0.
    ``epsilon`` is the relative rounding of the readings, ``period`` 0 stands for none.
    """
    work = np.empty((2, x.shape[1]))
    for r in range(x.shape[0]):
        _describe(x[r], trend[r], seasonal[r], period, unit[r], epsilon, value[r], work, out[r])


@njit(nogil=True, cache=True)
def _entropy(spectrum, even, power):
    """The entropy of the power in the bins above 0, over that of equal power in all of them."""
    count, total = power.shape[0], 0.0
    for k in range(count):
        bin_ = spectrum[k + 1]
        once = even and k == count - 1  # Nyquist's bin stands for itself, the others for two
        power[k] = (bin_.real * bin_.real + bin_.imag * bin_.imag) * (1.0 if once else 2.0)
        total += power[k]
    if total == 0.0 or count < 2:
        return 0.0
    entropy = 0.0
    for k in range(count):
        if power[k] > 0.0:
            entropy -= power[k] / total * math.log(power[k] / total)
    return min(entropy / math.log(count), 1.0)


@njit(nogil=True, cache=True)
def entropy_rows(spectrum, even, out):
    """out[r] = the spectral entropy, 0 … 1, of the row with that spectrum; ``even`` is whether it has an even length."""
    power = np.empty(spectrum.shape[1] - 1)
    for r in range(spectrum.shape[0]):
        out[r] = _entropy(spectrum[r], even, power)
