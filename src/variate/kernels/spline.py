"""Cubic splines through equally spaced knots, as a cached basis times the knots.

A spline is linear in its knots: with B[k] the spline through the k-th unit vector, the curve through knots v is
Σ v[k]·B[k]. The basis comes from SciPy's not-a-knot ``CubicSpline`` once per (length, knots).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, like

SLOWEST = 0.05  # smallest speed of a warped clock: our decision, so that time never stops or runs back
KEPT = 2**19  # numbers in a basis that is worth keeping: a few megabytes; larger ones are made anew
LONG = 2**12  # up to here a clock's detour is computed in float32


class Basis(NamedTuple):
    """What splines of one length and number of knots have in common, as float64 arrays.

    ``curves`` (knots + 2, length) is the basis. For clocks: ``detours`` is its running integral (trapezoids) less the
    straight line to its end, so it is 0 at both ends, and ``rises`` (knots + 2) is that line's slope. ``coarse``
    samples the basis and ``bend`` bounds how far a curve can dip between two samples.
    """

    curves: Any
    detours: Any
    rises: Any
    coarse: Any
    bend: Any


@lru_cache(maxsize=32)
def _unit_splines(knots: int) -> Any:
    """Return the splines through the unit vectors at 0, 1, …, knots + 1: the same for every length, and slow to make."""
    from scipy.interpolate import CubicSpline

    return CubicSpline(np.arange(knots + 2), np.eye(knots + 2))


def basis(length: int, knots: int) -> Basis:
    """Return the basis for knots at ``linspace(0, length - 1, knots + 2)``: both ends and ``knots`` inner ones."""
    return (_kept_basis if length * (knots + 2) <= KEPT else _basis)(length, knots)


def _basis(length: int, knots: int) -> Basis:
    splines, end = _unit_splines(knots), knots + 1
    steps = np.arange(length)
    curves = splines(steps * (end / max(length - 1, 1))).T
    running = np.zeros_like(curves)
    np.cumsum(0.5 * (curves[:, 1:] + curves[:, :-1]), axis=1, out=running[:, 1:])
    rises = running[:, -1] / max(length - 1, 1)
    samples = np.arange(4 * end + 1) / 4
    bend = np.abs(splines(np.arange(end + 1), 2)).max(axis=0) / (8 * 4**2)  # a second derivative peaks at a knot
    return Basis(curves, running - rises[:, None] * steps, rises, splines(samples).T, bend)


_kept_basis = lru_cache(maxsize=32)(_basis)


def _compiled_basis(length: int, knots: int, dtype: Any) -> Basis:
    """The basis as the compiled bodies want it: six rows at least, curves and detours in ``dtype``."""
    return (_kept_compiled if length * (knots + 2) <= KEPT else _compiled)(length, knots, dtype)


def _compiled(length: int, knots: int, dtype: Any) -> Basis:
    curves, detours, rises, coarse, bend = (_six(array) for array in basis(length, knots))
    return Basis(curves.astype(dtype), detours.astype(dtype), rises, coarse, bend)


_kept_compiled = lru_cache(maxsize=32)(_compiled)


def _six(array: Any) -> Any:
    return np.concatenate([array, np.zeros((max(6 - len(array), 0), *array.shape[1:]))])


def _six_knots(deviations: Any, dtype: Any) -> Any:
    missing = max(6 - deviations.shape[-1], 0)
    if missing:
        deviations = np.pad(deviations, [(0, 0)] * (deviations.ndim - 1) + [(0, missing)])
    return np.ascontiguousarray(deviations, dtype=dtype)


def warp_magnitude(x: Array, deviations: Array) -> Array:
    """Return x (n, c, t) times the spline curve through 1 + deviations (n, c or 1, knots + 2), in x's dtype."""
    length, knots = x.shape[-1], deviations.shape[-1] - 2
    if is_torch(x):
        return x * (1 + _torch_curve(deviations.to(x.dtype), basis(length, knots).curves))
    from variate.kernels.compiled import spline

    out = empty(x.shape, x.dtype)
    curves = _compiled_basis(length, knots, x.dtype).curves
    spline.warp_magnitude(x, _six_knots(deviations, x.dtype), curves, out)
    return out


def add_curve(x: Array, knots: Array) -> Array:
    """Return x (n, c, t) plus the spline curve through ``knots`` (n, c, knots + 2), in x's dtype."""
    length, inner = x.shape[-1], knots.shape[-1] - 2
    if is_torch(x):
        return x + _torch_curve(knots.to(x.dtype), basis(length, inner).curves)
    from variate.kernels.compiled import spline

    out = empty(x.shape, x.dtype)
    spline.add_curve(x, _six_knots(knots, x.dtype), _compiled_basis(length, inner, x.dtype).curves, out)
    return out


def warped_clock(deviations: Array, length: int) -> Array:
    """Return clocks (n, length) in float64 whose speed is the spline through 1 + deviations (n, knots + 2).

    The speed is kept at ``SLOWEST`` or more, integrated by trapezoids from 0 and scaled to end at ``length - 1``, so a
    clock rises strictly, and zero deviations give the identity exactly.
    """
    knots = deviations.shape[-1] - 2
    if is_torch(deviations):
        return _torch_clock(deviations, basis(length, knots).curves, length)
    from variate.kernels.compiled import spline

    out = empty((len(deviations), length))
    # the integral is a short detour from the straight clock, so float32 places it to about 1e-7 of that detour
    b = _compiled_basis(length, knots, np.float32 if length <= LONG else np.float64)
    curves = _compiled_basis(length, knots, np.float64).curves
    deviations = _six_knots(deviations, np.float64)
    spline.warped_clock(deviations, curves, b.detours, b.rises, b.coarse, b.bend, SLOWEST, out)
    return out


def _torch_curve(deviations: Any, curves: Any) -> Any:
    """deviations·curves, knot by knot: a matrix product rounds differently in batches of different size."""
    rows = like(curves, deviations, dtype=deviations.dtype)
    curve = deviations[..., :1] * rows[0]
    for k in range(1, len(rows)):
        curve = curve + deviations[..., k : k + 1] * rows[k]
    return curve


def _torch_clock(deviations: Any, curves: Any, length: int) -> Any:
    import torch

    speed = (1 + _torch_curve(deviations.double(), curves)).clamp(min=SLOWEST)
    clock = torch.nn.functional.pad(torch.cumsum(0.5 * (speed[:, 1:] + speed[:, :-1]), dim=1), (1, 0))
    if length > 1:
        clock = clock * (length - 1) / clock[:, -1:]
        clock[:, -1] = length - 1
    return clock
