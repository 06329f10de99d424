"""Turning the bins of a spectrum, row by row, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

QUARTERS = 2 / math.pi
QUARTER_HIGH = 1.57079632673412561417  # 33 bits of π/2, so that its small multiples are exact, and what is left of it
QUARTER_LOW = 6.07710050650619224932e-11


@njit(inline="always")
def _sine_cosine(angle):
    """Sine and cosine, error 1e-15, of angles up to a million: nearest quarter turn, then two series."""
    quarter = np.floor(angle * QUARTERS + 0.5)
    a = (angle - quarter * QUARTER_HIGH) - quarter * QUARTER_LOW
    z = a * a
    s = 2.75573137070700676789e-06 + z * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10)
    s = a + a * z * (-1.66666666666666324348e-01 + z * (8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * s)))
    c = -2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11)
    c = 4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * (2.48015872894767294178e-05 + z * c))
    c = 1.0 - 0.5 * z + z * z * c
    turns = np.int32(quarter)
    odd = (turns & np.int32(1)) != 0
    sine = c if odd else s
    cosine = s if odd else c
    sine = -sine if (turns & np.int32(2)) != 0 else sine
    cosine = -cosine if ((turns + np.int32(1)) & np.int32(2)) != 0 else cosine
    return sine, cosine


@njit(nogil=True, cache=True, error_model="numpy")
def _sines(phase, sine, cosine):
    for k in range(sine.shape[0]):
        sine[k], cosine[k] = _sine_cosine(np.float64(phase[k]))


@njit(nogil=True, cache=True, error_model="numpy")
def _turn(parts, sine, cosine, out):
    """Real and imaginary parts alternate."""
    for k in range(sine.shape[0]):
        a, b = parts[2 * k], parts[2 * k + 1]
        out[2 * k] = a * cosine[k] - b * sine[k]
        out[2 * k + 1] = a * sine[k] + b * cosine[k]


@njit(nogil=True, cache=True)
def turn_rows(parts, phase, last, out):
    """out[n, c] = bins 1 … last of parts[n, c] turned by phase[n, c], or by phase[n, 0] where that has one channel.

    The parts of a bin are two neighbouring numbers; ``out`` may be ``parts`` itself. Angles are float64 throughout: so an
    amplitude keeps the precision of its own dtype.
    """
    shared = phase.shape[1] == 1
    sine, cosine = np.empty(last), np.empty(last)
    for i in range(parts.shape[0]):
        for c in range(parts.shape[1]):
            if c == 0 or not shared:
                _sines(phase[i, c, 1:], sine, cosine)
            out[i, c, :2] = parts[i, c, :2]
            _turn(parts[i, c, 2:], sine, cosine, out[i, c, 2:])
            out[i, c, 2 * last + 2 :] = parts[i, c, 2 * last + 2 :]
