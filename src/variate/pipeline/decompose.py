"""decompose and estimate_period: what the decompositions find, as plain functions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from variate.core.check import as_values
from variate.core.errors import PanelError, ParameterError
from variate.core.param import Param
from variate.kernels import period as _period
from variate.kernels.arrays import Array, is_torch
from variate.kernels.decomposition import METHODS, decomposed
from variate.kernels.missing import fill, has_nan, put_back
from variate.kernels.stl import mstl

METHOD = Param("method", "str", "stl", choices=(*METHODS, "mstl"))
PERIOD = Param("period", "auto", "auto", low=2)


class Parts(NamedTuple):
    """What :func:`decompose` returns: three arrays in the form of the series; with "mstl", ``seasonal`` is a list of them."""

    trend: Any
    seasonal: Any
    remainder: Any


def decompose(x: Any, method: str = "stl", period: int | str | tuple[int, ...] = "auto", robust: bool = False) -> Parts:
    """Return trend, seasonal and remainder of series; they add up to it.

    A missing reading is bridged by a line, and missing in the remainder.

    Args:
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor.
        method: ``"stl"`` [cleveland1990]; ``"mstl"``, for several periods [bandara2021]; ``"robust_stl"``, whose trend may
            jump [wen2019stl]; ``"robust_trend"``, for series without season [wen2019trend].
        period: steps in a season; ``"auto"`` looks for it in each series (:func:`estimate_period`); a tuple for "mstl".
        robust: with "stl" and "mstl", hold outliers out of trend and season.

    Returns:
        Arrays like x, of half precision in single. The seasonal part of "robust_trend" is 0; that of "mstl" is a list, the
        shortest season first.

    Raises:
        PanelError: series of different lengths, or of fewer steps than two periods.
        ParameterError: another method, no period, or a series in which ``"auto"`` finds none.

    >>> import numpy as np, variate
    >>> t = np.arange(120)
    >>> trend, seasonal, remainder = variate.decompose(t / 60 + np.sin(t * np.pi / 6), period=12)
    >>> bool(np.abs(remainder).max() < 0.05)
    True
    """
    METHOD.check(method, "decompose")
    values = _series(x, "decompose")
    gaps = has_nan(values)
    whole = fill(values) if gaps else values
    if method == "mstl":
        trend, seasonal = mstl(whole, _several(period, whole), robust=robust)
        total = sum(seasonal)
    else:
        options = {"robust": robust} if method == "stl" else {}
        found = decomposed(whole, method, _one(period, whole, method), **options)
        trend, seasonal, total = found.trend, found.seasonal, found.seasonal
    rest = whole - trend - total
    rest = put_back(rest, values != values) if gaps else rest
    back = _back(x)
    return Parts(back(trend), [back(s) for s in seasonal] if method == "mstl" else back(seasonal), back(rest))


def estimate_period(x: Any, most: int | None = None) -> Any:
    """Return the number of steps in the strongest season of each series, 0 where there is none.

    The peaks of the autocorrelation of the series without its trend, outliers held back; that of all channels together.

    Args:
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor; gaps are bridged by a line.
        most: the longest season looked for; by default as long as two of them fit.

    Returns:
        Integers ``(n,)`` in NumPy, or one for ``(time,)``.

    >>> import numpy as np, variate
    >>> variate.estimate_period(np.sin(np.arange(100) * 2 * np.pi / 14))
    14
    """
    values = _series(x, "estimate_period")
    if most is not None:
        most = Param("most", "int", 0, low=2).check(most, "estimate_period")
    found = _period.estimate_period(fill(values) if has_nan(values) else values, most)
    return int(found[0]) if np.ndim(x) == 1 else found


def _series(x: Any, owner: str) -> Array:
    values = as_values(x, "x")
    if isinstance(values, list):
        raise PanelError(f"{owner} needs series of one length; it was given a list: call it for each")
    if is_torch(values):
        return values.float() if values.dtype.itemsize == 2 else values
    return values.astype("float32") if values.dtype.itemsize == 2 else values


def _one(period: Any, x: Array, method: str) -> Any:
    """Return the period of each series (n,); raise where there is none."""
    if method == "robust_trend":
        return np.zeros(len(x), np.int64)
    if isinstance(period, (tuple, list)):
        raise ParameterError(f"decompose(period={period!r}): several periods need method='mstl'")
    period = PERIOD.check(period, "decompose")
    if period != "auto":
        _check_length(int(period), x)
        return np.full(len(x), period)
    found = _period.estimate_period(x)
    none = np.flatnonzero(found == 0)
    if len(none):
        raise ParameterError(
            f"decompose(period='auto'): series {none[0]} has no season that could be found; pass period=, if you know it, or "
            "use method='robust_trend', which needs none"
        )
    return found


def _several(period: Any, x: Array) -> tuple[int, ...]:
    if not isinstance(period, (tuple, list)) or not period or "auto" in period:
        raise ParameterError(f"decompose(method='mstl', period={period!r}): it needs the periods, such as period=(24, 168)")
    several = tuple(sorted({int(PERIOD.check(p, "decompose")) for p in period}))
    _check_length(max(several), x)
    return several


def _check_length(period: int, x: Array) -> None:
    if x.shape[2] < 2 * period:
        raise PanelError(
            f"decompose(period={period}) needs at least {2 * period} steps, two periods, and the series have {x.shape[2]}; "
            "pass a shorter period, or use method='robust_trend'"
        )


def _back(x: Any) -> Any:
    ndim = np.ndim(x)
    return {1: lambda v: v[0, 0], 2: lambda v: v[:, 0]}.get(ndim, lambda v: v)
