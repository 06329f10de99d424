"""Autoregressive models: fitted, run and taken off again, row by row, for NumPy arrays.

Everything is added up in float64. Where many products meet, the lags are the inner loop: it writes one number each, so it
vectorises without another order of adding up.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

STEPS = 4  # readings that go into the autocovariances together


@njit(nogil=True, cache=True)
def _centre(x, out):
    """out = x less its mean, exactly 0 where x is constant; what ``out`` has behind it becomes 0."""
    length, level, total = x.shape[0], np.float64(x[0]), 0.0
    for t in range(length):
        total += x[t] - level
    mean = total / length
    for t in range(length):
        out[t] = (x[t] - level) - mean
    for t in range(length, out.shape[0]):
        out[t] = 0.0


@njit(nogil=True, cache=True)
def _add_products(x, out):
    """out[k] += the first four readings of x, each times the one k steps on."""
    a, b, c, d = x[0], x[1], x[2], x[3]
    row_b, row_c, row_d = x[1:], x[2:], x[3:]
    for k in range(out.shape[0]):
        out[k] += (a * x[k] + b * row_b[k]) + (c * row_c[k] + d * row_d[k])


@njit(nogil=True, cache=True)
def _covariances(x, length, out):
    """out[k] = Σ x[t]·x[t + k] / length; x has ``length`` readings, then zeros."""
    for k in range(out.shape[0]):
        out[k] = 0.0
    for t in range(0, length, STEPS):
        _add_products(x[t:], out)
    for k in range(out.shape[0]):
        out[k] /= length


@njit(nogil=True, cache=True)
def _raise_order(order, reflection, coefficients):
    """Turn the coefficients of ``order - 1`` into those of ``order``, in place."""
    for k in range(order // 2):
        mirror = order - 2 - k
        near, far = coefficients[k], coefficients[mirror]
        coefficients[k] = near - reflection * far
        coefficients[mirror] = far - reflection * near
    coefficients[order - 1] = reflection


@njit(nogil=True, cache=True)
def _select(covariance, length, trial, best):
    """Put the coefficients of lowest AIC into ``best``, which is 0, and return the variance of the innovations."""
    variance = error = covariance[0]
    lowest = 0.0
    for order in range(1, covariance.shape[0]):
        total = covariance[order]
        for k in range(order - 1):
            total -= trial[k] * covariance[order - 1 - k]
        reflection = total / error
        error *= 1.0 - reflection * reflection
        if error <= 0.0:  # by rounding: of a smooth wave each order leaves hardly anything to the next
            break
        _raise_order(order, reflection, trial)
        criterion = length * math.log(error / covariance[0]) + 2.0 * order
        if criterion < lowest:
            lowest, variance = criterion, error
            best[:order] = trial[:order]
    return variance


@njit(nogil=True, cache=True)
def fit_rows(x, coefficients, deviation):
    """Fill the coefficients (rows, P) and the deviation (rows,) of the innovations, both given as zeros."""
    length, most = x.shape[1], coefficients.shape[1]
    row, covariance, trial = np.empty(length + most + STEPS), np.empty(most + 1), np.empty(most)
    for r in range(x.shape[0]):
        _centre(x[r], row)
        _covariances(row, length, covariance)
        if covariance[0] > 0:
            deviation[r] = math.sqrt(_select(covariance, length, trial, coefficients[r]))


@njit(nogil=True, cache=True)
def _order(coefficients):
    """The number of coefficients up to the last that is not 0."""
    order = coefficients.shape[0]
    while order > 0 and coefficients[order - 1] == 0:
        order -= 1
    return order


@njit(nogil=True, cache=True)
def _run(innovations, coefficients, order, row):
    for t in range(row.shape[0]):
        total = np.float64(innovations[t])
        for k in range(min(order, t)):
            total += coefficients[k] * row[t - 1 - k]
        row[t] = total


@njit(nogil=True, cache=True)
def simulate_rows(coefficients, innovations, burn, out):
    """out[r] = the series that the model makes of innovations[r] from zeros on, without its first ``burn`` readings."""
    row = np.empty(innovations.shape[1])
    for r in range(out.shape[0]):
        _run(innovations[r], coefficients[r], _order(coefficients[r]), row)
        out[r, :] = row[burn:]


@njit(nogil=True, cache=True)
def _take_off(x, weight, out):
    for t in range(out.shape[0]):
        out[t] -= weight * x[t]


@njit(nogil=True, cache=True)
def _lower_order(order, reflection, share, coefficients):
    """Turn the coefficients of ``order`` into those of ``order - 1``, in place; ``share`` is 1 - reflection²."""
    for k in range(order // 2):
        mirror = order - 2 - k
        near, far = coefficients[k], coefficients[mirror]
        coefficients[k] = (near + reflection * far) / share
        coefficients[mirror] = (far + reflection * near) / share


@njit(nogil=True, cache=True)
def _error(x, coefficients, t):
    error = x[t]
    for k in range(t):
        error -= coefficients[k] * x[t - 1 - k]
    return error


@njit(nogil=True, cache=True)
def _first_residuals(x, coefficients, order, out):
    """Fill out[:order], last first: reading t is predicted by the model of order t, its error scaled to the others'."""
    scale = 1.0
    for t in range(order - 1, -1, -1):
        reflection = coefficients[t]
        share = 1.0 - reflection * reflection
        if share <= 0.0:
            out[: t + 1] = 0.0
            return
        _lower_order(t + 1, reflection, share, coefficients)
        scale *= math.sqrt(share)
        if t < x.shape[0]:
            out[t] = scale * _error(x, coefficients, t)


@njit(nogil=True, cache=True)
def residual_rows(x, coefficients, out):
    """out[r] = what of x[r] its own past does not tell."""
    length = x.shape[1]
    row, rest, model = np.empty(length), np.empty(length), np.empty(coefficients.shape[1])
    for r in range(x.shape[0]):
        order = _order(coefficients[r])
        _centre(x[r], row)
        rest[:] = row
        for k in range(order):
            _take_off(row[order - 1 - k :], coefficients[r, k], rest[order:])
        model[:] = coefficients[r]
        _first_residuals(row, model, order, rest)
        out[r, :] = rest
