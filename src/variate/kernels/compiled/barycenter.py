"""Weighted averages under dynamic time warping, row by row, for NumPy arrays."""

from __future__ import annotations

import numpy as np
from numba import njit

from variate.kernels.compiled.dtw import accumulate, lay, previous, radius_of, room, workspace


@njit(nogil=True, cache=True)
def _gather(x, mean, weight, steps, offsets, i, j, pull, mass):
    """Add to ``pull`` how far the steps of x that are aligned with a step of the mean are from it, by weight, to (i, j)."""
    while True:
        for c in range(mean.shape[0]):
            pull[c, i] += weight * (x[c, j] - mean[c, i])
        mass[i] += weight
        if i == 0 and j == 0:
            return
        i, j = previous(steps, offsets, i, j)


@njit(nogil=True, cache=True)
def _equal(x, t, mean):
    """Whether t steps of x are the mean itself, step by step: then they are aligned as they stand, and pull nothing."""
    if t != mean.shape[1]:
        return False
    for c in range(mean.shape[0]):
        for i in range(t):
            if x[c, i] != mean[c, i]:
                return False
    return True


@njit(nogil=True, cache=True)
def _move(mean, pull, mass):
    """Move the mean to the average of what is aligned with it; return whether that is another one."""
    moved = False
    for c in range(mean.shape[0]):
        for i in range(mean.shape[1]):
            value = mean[c, i] + pull[c, i] / mass[i]
            moved |= value != mean[c, i]
            mean[c, i] = value
    return moved


@njit(nogil=True, cache=True)
def _improve(series, lengths, weights, band, work, mean, pull, mass):
    """One iteration: align every series that has a weight with the mean, then average. Return whether the mean moved."""
    channels, s = mean.shape
    pull[:] = 0
    mass[:] = 0
    lay(mean, 0, s, 0, False, work[0])
    for k in range(series.shape[0]):
        t, weight = lengths[k], weights[k]
        if weight > 0 and _equal(series[k], t, mean):
            mass += weight
        elif weight > 0 and t > 0:
            lay(series[k], 0, t, 0, True, work[1])
            accumulate(channels, s, t, radius_of(band, s, t), 0, work, True, np.inf)
            _gather(series[k], mean, weight, work[4], work[5], s - 1, t - 1, pull, mass)
    return mass[0] > 0 and _move(mean, pull, mass)


@njit(nogil=True, cache=True)
def barycenter_rows(series, lengths, weights, start, iterations, band, out):
    """out[r] = the weighted barycenter of series[r], from start[r] on; it stops early where an iteration changes nothing."""
    (n, count, channels, longest), s = series.shape, start.shape[2]
    cells = 0
    for r in range(n):
        for k in range(count):
            cells = max(cells, room(s, lengths[r, k], radius_of(band, s, lengths[r, k])))
    work = workspace(channels, s, longest, 0, cells)
    mean, pull, mass = np.empty((channels, s)), np.empty((channels, s)), np.empty(s)
    for r in range(n):
        mean[:] = start[r]
        for _ in range(iterations):
            if not _improve(series[r], lengths[r], weights[r], band, work, mean, pull, mass):
                break
        out[r] = mean
