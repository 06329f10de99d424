"""Local regression (loess), and by it the decomposition of series into trend, season and remainder.

On a regular clock without missing readings a loess is a linear filter: its weights depend on the place alone, so they are
made once and kept. STL [cleveland1990] is a chain of such filters. The conventions are those of its Fortran code and of
statsmodels, with every place fitted (no jumps).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, like, numpy_of, refuse_gradient

LOOPS = 5  # rounds of season and trend
ROBUST_LOOPS, ROBUST_ROUNDS = 2, 15  # the same, and how often readings are weighed anew
LONGEST = 4096  # up to here tensors go through one matrix (t, 2·t)

Table = tuple[Any, Any]
"""How each number of a smoothed series comes from the readings: edges and taps, as told in ``compiled.stl``."""


class _Plan(NamedTuple):
    """What all series of one length have in common.

    ``cycles`` is for the cycle-subseries: the table for the longer ones, that for the shorter ones, whether they are the
    same. ``low`` is of the low-pass, ``slow`` of the trend. Where readings weigh, ``cycles`` and ``slow`` are three each.
    """

    cycles: Any
    low: Table
    slow: Any


def _odd(number: float) -> int:
    """Return the first odd integer from ``number`` on."""
    return math.ceil(number) | 1


def _bells(length: int, span: int, reach: int, whole: bool) -> tuple[Any, Any]:
    """Return how far the readings lie from each place, and their tricube weights there, both (places, width).

    Places run from -reach to the middle of the series, with all its readings each, or unless ``whole`` over the ends that have
    weights of their own and one place more, with the ``span`` readings nearest to each. The weights reach as far as the
    farthest of these, and by half of what the span is longer than the series.
    """
    places = np.arange(-reach, (length + 1) // 2 if whole else span // 2 + 1)
    start = np.clip(places - span // 2, 0, max(length - span, 0))
    stop = np.minimum(start + span, length) - 1
    bandwidth = np.maximum(places - start, stop - places) + max(span - length, 0) // 2
    away = np.arange(length if whole else span) - places[:, None]
    share = np.abs(away) / np.maximum(bandwidth, 1)[:, None]
    fall = 1 - share * share * share
    return away, np.where(share <= 0.001, 1.0, np.where(share <= 0.999, fall * fall * fall, 0.0))


def _packed(rows: Any, mirrored: int, whole: bool, dtype: Any) -> Table:
    """Return the table of these rows and of the first ``mirrored`` of them mirrored for the other end."""
    edges = np.concatenate([rows if whole else rows[:-1], rows[:mirrored][::-1, ::-1]])
    return np.ascontiguousarray(edges.T, dtype).reshape(-1), rows[-1].astype(dtype)


def _lines(length: int, span: int, degree: int, reach: int, whole: bool, dtype: Any) -> Table:
    """Return the table of local lines, or of local means where ``degree`` is 0 or the readings lie too near together."""
    away, weights = _bells(length, span, reach, whole)
    weights /= weights.sum(axis=1, keepdims=True)
    if degree:
        mean = (weights * away).sum(axis=1, keepdims=True)
        spread = (weights * away * away).sum(axis=1, keepdims=True) - mean * mean
        sloped = spread > (0.001 * max(length - 1, 1)) ** 2
        weights *= 1 - np.where(sloped, mean / np.where(sloped, spread, 1), 0) * (away - mean)
    return _packed(weights, _mirrored(length, span, reach, whole), whole, dtype)


def _mirrored(length: int, span: int, reach: int, whole: bool) -> int:
    return length // 2 + reach if whole else span // 2 + reach


def _moments(length: int, span: int, degree: int, reach: int, whole: bool) -> tuple[Table, Table, Table]:
    """Return the tables of w, w·u and w·u², where u is the way from a place to a reading; of means, the last two are 0.

    At the far end u runs backwards, which a line through the place does not mind.
    """
    away, weights = _bells(length, span, reach, whole)
    ends = _mirrored(length, span, reach, whole)
    zeroth, first, second = (_packed(weights * (away * degree) ** power, ends, whole, np.float64) for power in range(3))
    return zeroth, first, second


@lru_cache(maxsize=16)
def _loess_table(length: int, span: int, degree: int, dtype: Any) -> Table:
    return _lines(length, span, degree, 0, length <= span, dtype)


@lru_cache(maxsize=8)
def _plan(length: int, period: int, window: int, trend_window: int, dtype: Any) -> _Plan:
    degree, span = _season(length, window)
    more, fewer = -(-length // period), max(length // period, 1)
    long, short = (_lines(k, span, degree, 1, more <= span, dtype) for k in (more, fewer))
    low = _lines(length, _odd(period + 1), 1, 0, length <= _odd(period + 1), dtype)
    slow = _lines(length, trend_window, 1, 0, length <= trend_window, dtype)
    return _Plan((long, short, np.array_equal(long[0], short[0])), low, slow)


@lru_cache(maxsize=8)
def _robust_plan(length: int, period: int, window: int, trend_window: int) -> _Plan:
    degree, span = _season(length, window)
    more, fewer = -(-length // period), max(length // period, 1)
    long, short = (_moments(k, span, degree, 1, more <= span) for k in (more, fewer))
    cycles = tuple((a, b, np.array_equal(a[0], b[0])) for a, b in zip(long, short, strict=True))
    low = _lines(length, _odd(period + 1), 1, 0, length <= _odd(period + 1), np.float64)
    return _Plan(cycles, low, _moments(length, trend_window, 1, 0, length <= trend_window))


def _season(length: int, window: int) -> tuple[int, int]:
    """Return degree and span of the season's loess."""
    return (1, window) if window else (0, 10 * length + 1)


def stl(x: Array, period: int, *, window: int = 7, trend_window: int = 0, robust: bool = False) -> tuple[Array, Array]:
    """Return trend and season (n, c, t) of x (n, c, t), each in x's dtype and unit; what they leave is the remainder.

    ``window`` is the loess span of the season, an odd number of cycles from 7 on; 0 makes it periodic as in R: span 10·t + 1,
    local means, and in the end each cycle the mean of all. ``trend_window`` is the span of the trend, an odd number of
    readings larger than ``period``; 0 is the first odd number from 1.5·period / (1 - 1.5/window) on, with 10·t + 1 for a
    periodic season. The low-pass has the first odd span longer than the period. Season and trend are smoothed in turn five
    times, or where ``robust`` twice, and fifteen times so with readings far from their fit weighing less: all as statsmodels
    has them (R goes twice; robust, once in each of 16 rounds) [cleveland1990].

    Adding a constant to x changes the trend alone. Two whole periods at least are assumed; with fewer the season is little
    else than x, and of a series shorter than one period the season is 0 and the trend is its loess.

    A tensor of at most 4096 steps goes through one matrix, which is kept for the next call; it has a gradient. Longer and
    robust ones make a round trip through NumPy, and raise ValueError where a gradient is wanted.
    """
    length = x.shape[2]
    trend_window = trend_window or _odd(1.5 * period / (1 - 1.5 / _season(length, window)[1]))
    if length < period:
        trend = loess(x, trend_window)
        return trend, trend * 0
    if not is_torch(x):
        return _stl(x, period, window, trend_window, robust)
    if robust or length > LONGEST:
        refuse_gradient(x, "robust STL" if robust else f"STL of more than {LONGEST} steps")
        trend, season = _stl(numpy_of(x), period, window, trend_window, robust)
        return like(trend, x), like(season, x)
    centre = x[..., :1].detach()  # what is taken off is put back, so it has no say in the gradient
    both = (x - centre) @ _stl_matrix(length, period, window, trend_window, x.dtype, x.device)
    return both[..., :length] + centre, both[..., length:]


def _stl(x: Any, period: int, window: int, trend_window: int, robust: bool) -> tuple[Any, Any]:
    from variate.kernels.compiled import stl as compiled

    length, dtype = x.shape[2], np.dtype(np.float64) if robust else x.dtype
    trend, season = empty(x.shape, dtype), empty(x.shape, dtype)
    if x.size:
        rows = np.ascontiguousarray(x, dtype).reshape(-1, length)
        out = trend.reshape(rows.shape), season.reshape(rows.shape)
        if robust:
            plan = _robust_plan(length, period, window, trend_window)
            compiled.robust_rows(rows, period, *plan, ROBUST_LOOPS, ROBUST_ROUNDS, window == 0, *out)
        else:
            plan = _plan(length, period, window, trend_window, dtype)
            compiled.stl_rows(rows, period, *plan, LOOPS, window == 0, *out)
    return trend.astype(x.dtype, copy=False), season.astype(x.dtype, copy=False)


def mstl(
    x: Array,
    periods: tuple[int, ...],
    *,
    window: int | tuple[int, ...] = (),
    robust: bool = False,
    iterations: int = 2,
) -> tuple[Array, list[Array]]:
    """Return the trend (n, c, t) of x (n, c, t) and a season (n, c, t) for each period, the shortest first [bandara2021].

    Each season is found by :func:`stl` in what the others leave, ``iterations`` times in turn (once where there is one
    season); the trend is that of the last. ``window`` is one span for all seasons, or one for each of ``periods``; () is 11,
    15, 19, … from the shortest period on, as in statsmodels. Without periods the trend is x. Periods of half the series or
    more are the caller's to leave out.
    """
    if isinstance(window, int):
        window = (window,) * len(periods)
    spans = window or tuple(11 + 4 * k for k in range(len(periods)))
    order = sorted(zip(periods, spans, strict=True)) if window else list(zip(sorted(periods), spans, strict=True))
    trend, rest, seasons = x + 0, x, [x * 0 for _ in order]
    for _ in range(iterations if len(order) > 1 else 1):
        for k, (period, span) in enumerate(order):
            rest = rest + seasons[k]
            trend, seasons[k] = stl(rest, period, window=span, robust=robust)
            rest = rest - seasons[k]
    return trend, seasons


def loess(x: Array, span: int, degree: int = 1) -> Array:
    """Return x (n, c, t) smoothed by a local line through the ``span`` readings nearest to each, in x's dtype and unit.

    Weights are tricubes (1 - u³)³ of the way to the farthest of these, which itself has weight 0; ``degree=0`` takes local
    means. A span longer than the series takes all of it and widens the weights' reach by half of what is too much
    [cleveland1990]. A span of 1 or 2 returns x. A straight line stays as it is where ``degree`` is 1. Tensors as in
    :func:`stl`.
    """
    length = x.shape[2]
    if not is_torch(x):
        return _loess(x, span, degree)
    if not x.numel():
        return x.clone()
    if length > LONGEST:
        refuse_gradient(x, f"loess of more than {LONGEST} steps")
        return like(_loess(numpy_of(x), span, degree), x)
    centre = x[..., :1].detach()
    return (x - centre) @ _loess_matrix(length, span, degree, x.dtype, x.device) + centre


def _loess(x: Any, span: int, degree: int) -> Any:
    from variate.kernels.compiled import stl as compiled

    out = empty(x.shape, x.dtype)
    if x.size:
        rows = np.ascontiguousarray(x).reshape(-1, x.shape[2])
        compiled.loess_rows(rows, _loess_table(x.shape[2], span, degree, x.dtype), out.reshape(rows.shape))
    return out


@lru_cache(maxsize=4)
def _stl_matrix(length: int, period: int, window: int, trend_window: int, dtype: Any, device: Any) -> Any:
    return _matrix(lambda units: _stl(units, period, window, trend_window, False), length, dtype, device)


@lru_cache(maxsize=4)
def _loess_matrix(length: int, span: int, degree: int, dtype: Any, device: Any) -> Any:
    return _matrix(lambda units: (_loess(units, span, degree),), length, dtype, device)


def _matrix(smoother: Callable[[Any], tuple[Any, ...]], length: int, dtype: Any, device: Any) -> Any:
    """Return what a linear smoother makes of the unit vectors, all its parts one after another, as rows of a tensor.

    A series run backwards comes to the same parts backwards, so that half the vectors will do.
    """
    import torch

    rows, half = [], -(-length // 2)
    with torch.inference_mode(False):  # what is kept from inference could not be used for a gradient
        for first in range(0, half, 256):
            units = np.eye(min(256, half - first), length, first)[:, None]
            rows.append(torch.from_numpy(np.concatenate(smoother(units), axis=1)).to(device=device, dtype=dtype))
        matrix = torch.cat([*rows, torch.cat(rows)[: length - half].flip(0, 2)])
    return matrix.reshape(length, -1)
