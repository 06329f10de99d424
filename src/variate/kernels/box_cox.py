"""The Box-Cox transformation [box1964], which makes the spread the same at every level, and its power by [guerrero1993]."""

from __future__ import annotations

import math

import numpy as np

from variate.kernels.arrays import Array, empty, like, namespace, numpy_of

SMALL = 1e-4
"""Below it four terms of a power series are exact to rounding, and so is their slope, which a quotient would not be."""


def box_cox(x: Array, lam: Array | float) -> Array:
    """Return (sign(x)·|x|^λ - 1)/λ, or ln x where λ = 0, of x (n, c, t), in its dtype; λ is a number or (n, c, 1).

    The sign makes it rise through readings below 0 as well, with a step of 2/λ at 0. λ = 1 takes off 1. Small λ lose no
    digits: they go over into the logarithm. Where λ = 0 a reading not above 0 becomes -∞, as does 0 where λ < 0; what would
    overflow stays finite.
    """
    xp, power = namespace(x), like(lam, x, x.dtype)
    logarithm = xp.log(xp.where(x == 0, xp.ones_like(x), xp.abs(x)))
    exponent = _held(power * logarithm)
    divisor = xp.where(power == 0, xp.ones_like(power), power)
    other = (xp.sign(x) * xp.exp(exponent) - 1) / divisor
    defined = (power > 0) | ((power < 0) & (x < 0))
    other = xp.where(defined, other, xp.full_like(x, -math.inf))
    return xp.where(power == 1, x - 1, xp.where(x > 0, logarithm * _growth(exponent), other))


def inverse_box_cox(x: Array, lam: Array | float) -> Array:
    """Return the series whose :func:`box_cox` is x (n, c, t), in its dtype: sign(u)·|u|^(1/λ), u = λ·x + 1, or exp(x).

    Any number has an inverse: u is below 0 where x is less than -1/λ, which no positive reading becomes, but a changed one
    may. What would overflow stays finite.
    """
    xp, power = namespace(x), like(lam, x, x.dtype)
    product = power * x
    inside = product > -1
    growing = _held(x * _shrinkage(xp.where(inside, product, xp.zeros_like(product))))
    rest = xp.where(inside | (product == -1), xp.ones_like(product), product + 1)
    divisor = xp.where(power == 0, xp.ones_like(power), power)
    turned = xp.sign(product + 1) * xp.exp(_held(xp.log(xp.abs(rest)) / divisor))
    return xp.where(power == 1, x + 1, xp.where(inside, xp.exp(growing), turned))


def guerrero(x: Array, period: int, low: float = 0.0, high: float = 1.0) -> Array:
    """Return Guerrero's λ (n, c, 1) of x (n, c, t), in x's dtype: that which makes spread and level least related.

    The last whole blocks of ``period`` readings, of two at least, have means and sample deviations; λ from ``low`` to
    ``high`` minimises the coefficient of variation of deviation/mean^(1-λ) over the blocks [guerrero1993]. It has more than
    one minimum at times: a grid comes first.

    λ is 1, whatever the range, where it tells nothing or makes no sense: in a channel with fewer than two blocks, with
    readings not above a millionth of the median (our decision; R has 10⁻⁶, in the unit of the data), without spread, or with
    blocks of one level. A factor to x does not change λ. A tensor makes a round trip through NumPy; λ has no gradient.
    """
    series = np.ascontiguousarray(numpy_of(x))
    size = max(int(period), 2)
    power = empty((*series.shape[:2], 1), series.dtype)
    power[:] = 1
    if series.shape[2] >= 2 * size and power.size:
        from variate.kernels.compiled import box_cox as compiled

        compiled.guerrero_rows(series.reshape(-1, series.shape[2]), size, float(low), float(high), power.reshape(-1))
    return like(power, x)


def _held(exponent: Array) -> Array:
    """Return what exp does not take beyond the largest number."""
    xp = namespace(exponent)
    return xp.clip(exponent, None, math.log(float(xp.finfo(exponent.dtype).max)) - 1)


def _growth(v: Array) -> Array:
    """Return (exp(v) - 1)/v, 1 at 0."""
    xp = namespace(v)
    small = xp.abs(v) < SMALL
    safe = xp.where(small, xp.ones_like(v), v)
    return xp.where(small, 1 + v / 2 * (1 + v / 3 * (1 + v / 4)), xp.expm1(safe) / safe)


def _shrinkage(v: Array) -> Array:
    """Return ln(1 + v)/v, 1 at 0, of v above -1."""
    xp = namespace(v)
    small = xp.abs(v) < SMALL
    safe = xp.where(small, xp.ones_like(v), v)
    return xp.where(small, 1 - v * (1 / 2 - v * (1 / 3 - v / 4)), xp.log1p(safe) / safe)
