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
