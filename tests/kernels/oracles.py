"""Slow, literal versions of the kernels, written from DESIGN.md and METHODS.md and from nothing else."""

from __future__ import annotations

import math

import numpy as np
import torch
from hypothesis import settings
from scipy.integrate import cumulative_trapezoid
from scipy.interpolate import CubicSpline

BODIES = ("numba", "torch")
FALSE_ALARM = 1e-5
"""Chance that one statistical test fails a right library, over seeds. The seeds are fixed, so a run is no lottery."""

few = settings(max_examples=40, deadline=None, database=None, derandomize=True)


def as_body(body, array):
    """Return an array as the body under test takes it; 64-bit ids keep their bits."""
    array = np.asarray(array)
    if body == "numba":
        return array
    return torch.from_numpy((array.view(np.int64) if array.dtype == np.uint64 else array).copy())


def as_numpy(array):
    return array.numpy() if isinstance(array, torch.Tensor) else array


def philox(counter, key):
    """One block of Philox-4x32-10, with Python's integers, as Salmon et al. 2011 print it."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def stream(key, sample, count):
    """Word j of a sample is word j % 4 of the block with counter (j // 4, 0, sample low, sample high)."""
    key = (key % 2**32, key // 2**32)
    return [philox((j // 4, 0, sample % 2**32, sample // 2**32), key)[j % 4] for j in range(count)]


def speed(deviations, length, slowest=None):
    """Return splines (n, length) through 1 + deviations, by SciPy, clipped from below where asked."""
    deviations = np.asarray(deviations, np.float64)
    positions = np.linspace(0, length - 1, deviations.shape[-1])
    curve = CubicSpline(positions, 1 + deviations, axis=-1)(np.arange(length))
    return curve if slowest is None else np.maximum(curve, slowest)


def clock_of(deviations, length, slowest=0.05):
    """Return the warped clock of METHODS 1.13."""
    clock = cumulative_trapezoid(speed(deviations, length, slowest), axis=-1, initial=0)
    return clock * (length - 1) / clock[:, -1:]


def read_at(x, clock):
    """Return x (n, c, t) at the clock, by np.interp."""
    steps = np.arange(x.shape[-1])
    return np.array([[np.interp(tau, steps, channel) for channel in row] for row, tau in zip(x, clock, strict=True)])


def nearest_index(position, length):
    """The old reading nearest to a position; halves go up."""
    return min(max(math.floor(position + 0.5), 0), length - 1)


def nearest_at(x, clock):
    length = x.shape[-1]
    index = np.array([[nearest_index(position, length) for position in tau] for tau in clock])
    return np.stack([row[:, i] for row, i in zip(x, index, strict=True)])


def strongest_at(points, clock):
    """The maximum over the closed stretch from midpoint to midpoint, and over the nearest old reading."""
    out = np.empty(clock.shape, points.dtype)
    for i, tau in enumerate(clock):
        for t, here in enumerate(tau):
            low = here if t == 0 else (tau[t - 1] + here) / 2
            high = here if t == len(tau) - 1 else (here + tau[t + 1]) / 2
            inside = [points[i, k] for k in range(points.shape[1]) if low <= k <= high]
            out[i, t] = max([*inside, points[i, nearest_index(here, points.shape[1])]])
    return out


def fill_gaps(x):
    """NaN replaced along the last axis by np.interp over the readings that are there, which holds the ends."""
    flat = np.array(x, np.float64).reshape(-1, x.shape[-1])
    for row in flat:
        seen = ~np.isnan(row)
        row[:] = np.interp(np.arange(row.size), np.flatnonzero(seen), row[seen]) if seen.any() else 0
    return flat.reshape(x.shape)


def read_with_gaps(x, clock, boundary=None):
    """Bridge the gaps, before the boundary and after it, read, and put NaN where the nearest reading is missing."""
    parts = [x] if boundary is None else [x[..., :boundary], x[..., boundary:]]
    y = read_at(np.concatenate([fill_gaps(part) for part in parts], axis=-1), clock)
    return np.where(nearest_at(np.isnan(x), clock), np.nan, y)


def rising_clocks(rng, n, steps, length):
    """Return clocks (n, steps) that rise strictly from 0 to length - 1, some steps long and some short."""
    if steps == 1:
        return np.zeros((n, 1))
    clock = np.cumsum(rng.exponential(size=(n, steps)) ** 2 + 1e-6, axis=1)
    clock -= clock[:, :1]
    clock *= (length - 1) / clock[:, -1:]
    clock[:, -1] = length - 1
    return clock


def with_gaps(rng, x, share):
    """Return x with so large a share of its readings missing."""
    return np.where(rng.random(x.shape) < share, np.nan, x).astype(x.dtype)
