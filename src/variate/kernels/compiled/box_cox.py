"""Guerrero's choice of the Box-Cox power, row by row, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

LEAST = 1e-6  # a reading of at most such a share of the median is as good as 0
CELLS = 50  # of the grid on which the lowest place is looked for
TURNS = 40  # of the golden section, which leaves 5e-9 of a cell and its neighbour
FLAT = 1e-9  # a criterion that differs by less over the whole range tells nothing
GOLDEN = (math.sqrt(5.0) - 1) / 2


@njit(nogil=True, cache=True)
def _describe(x, size, levels, spreads):
    """Fill the logarithms of the means and the sample deviations of the last whole blocks, both about those of the row."""
    start, centre = x.shape[0] - size * levels.shape[0], 0.0
    for i in range(levels.shape[0]):
        first, total, squares = start + i * size, 0.0, 0.0
        for t in range(first, first + size):
            total += np.float64(x[t])
        mean = total / size
        for t in range(first, first + size):
            squares += (x[t] - mean) ** 2
        levels[i], spreads[i] = math.log(mean), math.sqrt(squares / (size - 1))
        centre += levels[i] / levels.shape[0]
    largest = spreads.max()
    for i in range(levels.shape[0]):
        levels[i] -= centre
        spreads[i] = spreads[i] / largest if largest > 0 else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def _variation(power, levels, spreads, ratios):
    """The coefficient of variation of spread/mean^(1 - power) over the blocks."""
    count, total, squares = levels.shape[0], 0.0, 0.0
    for i in range(count):
        ratios[i] = spreads[i] * math.exp((power - 1) * levels[i])
        total += ratios[i]
    mean = total / count
    for i in range(count):
        squares += (ratios[i] - mean) ** 2
    return math.sqrt(squares / (count - 1)) / mean


@njit(nogil=True, cache=True)
def _section(low, high, levels, spreads, ratios):
    """A minimum between low and high, by golden section."""
    width = GOLDEN * (high - low)
    a, b = high - width, low + width
    at_a, at_b = _variation(a, levels, spreads, ratios), _variation(b, levels, spreads, ratios)
    for _ in range(TURNS):
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - GOLDEN * (high - low)
            at_a = _variation(a, levels, spreads, ratios)
        else:
            low, a, at_a = a, b, at_b
            b = low + GOLDEN * (high - low)
            at_b = _variation(b, levels, spreads, ratios)
    return a if at_a <= at_b else b


@njit(nogil=True, cache=True)
def _best(low, high, levels, spreads, ratios):
    """The power of least variation, or 1 where all are alike."""
    width, best, lowest, highest = (high - low) / CELLS, low, math.inf, 0.0
    for k in range(CELLS + 1):
        power = min(low + k * width, high)
        found = _variation(power, levels, spreads, ratios)
        highest = max(highest, found)
        if found < lowest:
            best, lowest = power, found
    if not highest - lowest > FLAT:  # nor where no block has a spread, which is NaN
        return 1.0
    inner = _section(max(best - width, low), min(best + width, high), levels, spreads, ratios)
    return inner if _variation(inner, levels, spreads, ratios) < lowest else best


@njit(nogil=True, cache=True)
def guerrero_rows(x, size, low, high, out):
    """out[r] = the power for x[r], which has two blocks at least; where there is none, ``out`` stays as it is."""
    count = x.shape[1] // size
    levels, spreads, ratios = np.empty(count), np.empty(count), np.empty(count)
    for r in range(x.shape[0]):
        if x[r].min() > LEAST * np.median(x[r]):  # true of no row with a reading below 0: the median is no lower
            _describe(x[r], size, levels, spreads)
            out[r] = _best(low, high, levels, spreads, ratios)
