"""From uniform numbers to shares: how much of a mixture each series is."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, like, numpy_of

NODES = 4097  # of the table of quantiles, even in the arc sine of the root, where they are smooth at both ends


def beta(u: Array, alpha: float) -> Array:
    """Return shares of the distribution Beta(alpha, alpha) for uniforms u, in float64, like u; to 1e-6 for usual alphas."""
    if alpha == 1:
        return like(_precise(u), u)
    return like(np.interp(np.arcsin(np.sqrt(_precise(u))), *_quantiles(alpha)), u)


@lru_cache(maxsize=16)
def _quantiles(alpha: float) -> tuple[Any, Any]:
    from scipy.special import betaincinv

    nodes = np.linspace(0, np.pi / 2, NODES)
    return nodes, betaincinv(alpha, alpha, np.sin(nodes) ** 2)


def dirichlet(u: Array, alpha: float, number: Array) -> Array:
    """Return shares (n, k) of the distribution Dirichlet(alpha) for uniforms u (n, k), in float64, like u.

    Of row i only the first number[i] take part; the others are 0.
    """
    from scipy.special import gammaincinv

    gamma = np.maximum(gammaincinv(alpha, _precise(u)), np.finfo(np.float64).tiny)  # a small alpha may round all to 0
    part = np.where(np.arange(gamma.shape[1]) < numpy_of(number)[:, None], gamma, 0.0)
    return like(part / part.sum(axis=1, keepdims=True), u)


def _precise(u: Array) -> Any:
    return numpy_of(u).astype(np.float64)
