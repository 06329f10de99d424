"""Spline curves from a basis, applied row by row, for NumPy arrays.

A basis has at least six rows, zeros where there are fewer knots, so that the common case is a single pass.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _combine(start, knots, curves, out):
    """out = start + the first six knots·curves; rows are taken apart here, where it costs nothing."""
    a, b, c, d, e, f = knots[0], knots[1], knots[2], knots[3], knots[4], knots[5]
    row_a, row_b, row_c, row_d, row_e, row_f = curves[0], curves[1], curves[2], curves[3], curves[4], curves[5]
    for t in range(out.shape[0]):
        low = a * row_a[t] + b * row_b[t] + c * row_c[t]
        out[t] = start[t] + (low + (d * row_d[t] + e * row_e[t] + f * row_f[t]))


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _add(knot, row, out):
    for t in range(out.shape[0]):
        out[t] += knot * row[t]


@njit(nogil=True, cache=True)
def _curve(start, knots, curves, out):
    """out = start + Σ knots[k]·curves[k]."""
    _combine(start, knots, curves, out)
    for k in range(6, knots.shape[0]):
        _add(knots[k], curves[k], out)


@njit(nogil=True, cache=True, error_model="numpy")
def _multiply(x, curve, out):
    for t in range(x.shape[0]):
        out[t] = x[t] * curve[t]


@njit(nogil=True, cache=True)
def warp_magnitude(x, deviations, curves, out):
    """out = x times (1 + deviations·curves), channel by channel, or one curve for all where there is one."""
    n, channels, length = x.shape
    shared = deviations.shape[1] == 1
    curve = np.empty(length, x.dtype)
    ones = np.ones(length, x.dtype)
    for i in range(n):
        for c in range(channels):
            if c == 0 or not shared:
                _curve(ones, deviations[i, c], curves, curve)
            _multiply(x[i, c], curve, out[i, c])


@njit(nogil=True, cache=True)
def add_curve(x, knots, curves, out):
    """out = x plus knots·curves, channel by channel."""
    for i in range(x.shape[0]):
        for c in range(x.shape[1]):
            _curve(x[i, c], knots[i, c], curves, out[i, c])


@njit(nogil=True, cache=True, error_model="numpy")
def _lowest(ones, deviations, coarse, bend, samples):
    """A bound from below on the speed 1 + Σ deviations·basis, from coarse samples and the curvature between them."""
    _curve(ones, deviations, coarse, samples)
    low = samples[0]
    for s in range(samples.shape[0]):
        low = min(low, samples[s])
    for k in range(deviations.shape[0]):
        low -= abs(deviations[k]) * bend[k]
    return low


@njit(nogil=True, cache=True, error_model="numpy")
def _integrate(speed, slowest, out):
    """Trapezoids under max(speed, slowest), scaled to end at the last step."""
    total = 0.0
    out[0] = 0.0
    for t in range(1, speed.shape[0]):
        total += 0.5 * (max(speed[t], slowest) + max(speed[t - 1], slowest))
        out[t] = total
    factor = (speed.shape[0] - 1) / total
    for t in range(speed.shape[0]):
        out[t] *= factor
    out[-1] = speed.shape[0] - 1


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract"})
def _depart(knots, detours, out):
    """out = t + the first six knots·detours: the detour in its own precision, the clock in float64."""
    a, b, c, d, e, f = knots[0], knots[1], knots[2], knots[3], knots[4], knots[5]
    row_a, row_b, row_c, row_d, row_e, row_f = detours[0], detours[1], detours[2], detours[3], detours[4], detours[5]
    for t in range(out.shape[0]):
        low = a * row_a[t] + b * row_b[t] + c * row_c[t]
        out[t] = np.float64(t) + np.float64(low + (d * row_d[t] + e * row_e[t] + f * row_f[t]))


@njit(nogil=True, cache=True)
def warped_clock(deviations, curves, detours, rises, coarse, bend, slowest, out):
    """Fill out (n, t) with rising clocks from 0 to t - 1: t + Σ deviations·detours, scaled, where no speed is lifted."""
    n, length = out.shape
    ones = np.ones(max(length, coarse.shape[1]))
    speed = np.empty(length)
    samples = np.empty(coarse.shape[1])
    knots = np.empty(deviations.shape[1], detours.dtype)
    for i in range(n):
        if _lowest(ones, deviations[i], coarse, bend, samples) < slowest:
            _curve(ones, deviations[i], curves, speed)
            _integrate(speed, slowest, out[i])
            continue
        gain = 1.0
        for k in range(deviations.shape[1]):
            gain += deviations[i, k] * rises[k]
        for k in range(deviations.shape[1]):
            knots[k] = deviations[i, k] / gain
        _depart(knots, detours, out[i])
        for k in range(6, deviations.shape[1]):
            _add(knots[k], detours[k], out[i])
