"""How good is a forecast? Scores as the field defines them; lower is better."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from variate.core.errors import PanelError, ParameterError


def mase(actual: ArrayLike, forecast: ArrayLike, history: ArrayLike, season: int = 1) -> Any:
    """Return the mean absolute scaled error: the error of a forecast in errors of the seasonal naive one [hyndman2006].

    Args:
        actual: ``(..., horizon)`` what came.
        forecast: ``(..., horizon)`` what was expected.
        history: ``(..., time)`` what was known, over which the naive forecast of one season before is scored.
        season: steps in a season.

    Returns:
        ``(...)``; NaN where the history repeats itself exactly, so that the naive forecast has no error.

    Raises:
        PanelError: shapes that do not fit, or a history of no more than a season.

    >>> float(mase([3.0, 5.0], [2.0, 2.0], [1.0, 2.0, 1.0, 2.0]))
    2.0
    """
    y, guess, known = (np.asarray(a, np.float64) for a in (actual, forecast, history))
    if y.shape != guess.shape or y.shape[:-1] != known.shape[:-1]:
        raise PanelError(
            f"actual has shape {y.shape}, forecast {guess.shape} and history {known.shape}; the first two must be equal, and "
            "the third differ in the number of steps alone"
        )
    if isinstance(season, bool) or season != int(season) or season < 1:
        raise ParameterError(f"mase(season={season!r}): season must be an integer of at least 1")
    if known.shape[-1] <= season:
        raise PanelError(f"history has {known.shape[-1]} steps; mase with season={season} needs more than {season}")
    naive = np.abs(known[..., season:] - known[..., :-season]).mean(axis=-1)
    error = np.abs(y - guess).mean(axis=-1)
    return np.divide(error, naive, out=np.full(np.shape(naive), np.nan), where=naive > 0)


def mae(actual: ArrayLike, forecast: ArrayLike) -> Any:
    """Return the mean absolute error over the steps of a forecast, in the unit of the series.

    Args:
        actual: ``(..., horizon)`` what came.
        forecast: ``(..., horizon)`` what was expected.

    Returns:
        ``(...)``; NaN where a reading is.

    Raises:
        PanelError: shapes that differ, or no step.

    >>> float(mae([3.0, 5.0], [2.0, 2.0]))
    2.0
    """
    y, guess = _checked(actual, forecast)
    return np.abs(y - guess).mean(axis=-1)


def mse(actual: ArrayLike, forecast: ArrayLike) -> Any:
    """Return the mean squared error over the steps of a forecast; arguments, shapes and errors are those of :func:`mae`.

    >>> float(mse([3.0, 5.0], [2.0, 2.0]))
    5.0
    """
    y, guess = _checked(actual, forecast)
    return np.square(y - guess).mean(axis=-1)


def smape(actual: ArrayLike, forecast: ArrayLike) -> Any:
    """Return the symmetric mean absolute percentage error: the mean of 200·|y − ŷ|/(|y| + |ŷ|), from 0 to 200.

    A step where both are 0 has no error (our decision for 0/0). Arguments, shapes and errors are those of :func:`mae`.

    >>> float(smape([3.0, 0.0], [1.0, 0.0]))
    50.0
    """
    y, guess = _checked(actual, forecast)
    error, size = np.abs(y - guess), np.abs(y) + np.abs(guess)
    return 200 * np.divide(error, size, out=np.zeros_like(error), where=size != 0).mean(axis=-1)


def quantile_loss(actual: ArrayLike, quantiles: ArrayLike, levels: ArrayLike) -> Any:
    """Return the mean pinball loss of forecast quantiles: an error costs q above the q-quantile and 1 − q below [koenker1978].

    The mean over levels and steps of q·max(y − ŷ, 0) + (1 − q)·max(ŷ − y, 0). That of the median alone is half the mean
    absolute error, and twice that of many evenly spaced levels comes near the :func:`crps`. Some authors report the double,
    or divide it by the sum of the series; here it is in the unit of the series.

    Args:
        actual: ``(..., horizon)`` what came.
        quantiles: ``(..., levels, horizon)`` what was expected at each level.
        levels: ``(levels,)`` in 0 … 1, both excluded.

    Returns:
        ``(...)``; NaN where a reading is.

    Raises:
        PanelError: shapes that do not fit.
        ParameterError: levels outside 0 … 1.

    >>> float(quantile_loss([3.0, 5.0], [[2.0, 2.0], [4.0, 4.0]], levels=[0.5, 0.9]))
    0.75
    """
    y, guess = _checked(actual, quantiles, "quantiles")
    q = np.asarray(levels, np.float64)
    if q.ndim != 1 or not ((q > 0) & (q < 1)).all():
        raise ParameterError(f"quantile_loss(levels={levels!r}): levels must be a list of numbers between 0 and 1")
    if guess.shape[-2] != len(q):
        raise PanelError(f"quantiles have shape {guess.shape}; {len(q)} levels need (..., {len(q)}, horizon)")
    error = y[..., None, :] - guess
    return np.maximum(q[:, None] * error, (q[:, None] - 1) * error).mean(axis=(-2, -1))


def crps(actual: ArrayLike, samples: ArrayLike) -> Any:
    """Return the continuous ranked probability score of forecasts given as samples, averaged over the steps [gneiting2007].

    The mean of |x − y| over the samples x, less half the mean of |x − x′| over all pairs of them, a sample with itself
    among the pairs. That is the score of the samples' own distribution, exactly: the absolute error of a single sample, and
    never negative. As a guess at the score of the distribution that was sampled it is too high, by half the mean of
    |x − x′| over the number of samples, so compare forecasts of equally many; the "fair" estimate leaves that out and may
    be negative. The cost is that of sorting.

    Args:
        actual: ``(..., horizon)`` what came.
        samples: ``(..., samples, horizon)`` what might have come; each step is scored by itself.

    Returns:
        ``(...)`` in the unit of the series; NaN where a reading is.

    Raises:
        PanelError: shapes that do not fit.

    >>> float(crps([2.0], [[1.0], [3.0]]))
    0.5
    """
    y, drawn = _checked(actual, samples, "samples")
    error = np.sort(drawn - y[..., None, :], axis=-2)
    count = error.shape[-2]
    weight = (2 * np.arange(count) + 1 - count) / count**2  # how often a sample is the larger of two, less the smaller
    return (np.abs(error).mean(axis=-2) - np.einsum("s,...sh->...h", weight, error)).mean(axis=-1)


def _checked(actual: ArrayLike, forecast: ArrayLike, several: str = "") -> tuple[Any, Any]:
    """Return both as float64; ``several`` names forecasts that have an axis of them before the horizon."""
    y, guess = np.asarray(actual, np.float64), np.asarray(forecast, np.float64)
    one = guess.shape[:-2] + guess.shape[-1:] if several else guess.shape
    if not y.ndim or guess.ndim != y.ndim + bool(several) or y.shape != one or 0 in guess.shape[y.ndim - 1 :]:
        raise PanelError(
            f"actual has shape {y.shape} and {several or 'forecast'} {guess.shape}; they must be (..., horizon) and "
            f"{f'(..., {several}, horizon)' if several else 'the same'}, with no empty axis at the end"
        )
    return y, guess
