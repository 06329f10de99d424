"""Recombine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from variate.core.draws import Draws
from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.spec import state
from variate.families.value import ValueTransform, on_points
from variate.kernels.arrays import Array, like, numpy_of, refuse_gradient
from variate.kernels.autoregression import fit_ar, residuals_ar, simulate_ar
from variate.kernels.decomposition import Decomposition, decomposed, periods, short
from variate.kernels.features import FIXED_SCALES, distance, features
from variate.kernels.missing import fill
from variate.kernels.moments import spread

BURN = 100  # simulated readings before those that are kept
LEAST_SCALE = 0.1  # of the fixed scale: a feature that hardly varies in a panel would decide alone


@dataclass(frozen=True, kw_only=True)
class Recombine(ValueTransform):
    """Weigh level, trend and season anew, and make another remainder of the same kind [kegel2018].

    STL takes the series apart; the level, what the trend does around it, and the season get weights of 1 ± ``base``,
    ``trend`` and ``season``; the remainder is simulated by an autoregressive model of the old one, with ``normal`` or
    ``resampled`` innovations, or ``kept``. A candidate counts if its features (strength of trend and season, slope, entropy,
    autocorrelations and others) are between ``nearest`` and ``farthest`` away from the series'; else it is drawn again, at
    most ``attempts`` times, and the one that came closest to that is taken. ``record=True`` says which rows succeeded,
    under ``"accepted"``. A series without a period has no season; one of fewer than two given periods stays as it is.

    Distances are measured by the spread of each feature over the panel that ``fit`` was given, else by fixed scales. The
    paper's features, weights and limits could not be read: all of them are our decision. It forgets when something
    happened, so it refuses point labels, or drops them with ``on_points="drop"``. It hurts where single events are the
    class.

    >>> import numpy as np, variate
    >>> x = np.sin(np.arange(96) * np.pi / 6) + np.arange(96) / 48
    >>> variate.Recombine(period=12)(x, seed=0).shape
    (96,)
    """

    base: float = param(0.2, about="the weight of the level is 1 ± this", low=0, high=1, search=(0.02, 0.5), unit="share")
    trend: float = param(0.2, about="the weight of the trend is 1 ± this", low=0, high=1, search=(0.02, 0.5), unit="share")
    season: float = param(0.2, about="the weight of the season is 1 ± this", low=0, high=1, search=(0.02, 0.5), unit="share")
    remainder: str = param("normal", about="how its innovations come about", choices=("normal", "resampled", "kept"))
    nearest: float = param(0.05, about="least distance of the features", low=0)
    farthest: float = param(1.0, about="largest distance of the features", low=0)
    attempts: int = param(20, about="most candidates for each series", low=1)
    period: int | str = param("auto", about="steps in a season; 'auto' looks for it in each series", low=2, auto=True)
    on_points: str = on_points()
    feature_scales: Any = state()

    bridges = True
    local = False
    differentiable = False
    shortest = 8
    preserves = ("length",)
    examples = ({"on_points": "drop"}, {"remainder": "resampled", "season": 0.5, "period": 7, "on_points": "drop"})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nearest > self.farthest:
            raise ParameterError(f"Recombine(nearest={self.nearest:g}, farthest={self.farthest:g}): no distance is in between")

    def fit(self, panel: Panel, seed: int = 0) -> Self:
        """Return this transform with distances measured by the spread of each feature over a panel."""
        panel = panel if isinstance(panel, Panel) else Panel(panel)
        rows = []
        for _, part in panel.groups():
            if part.length >= self.shortest:
                x = fill(numpy_of(part.bare)).astype(np.float64)
                period = periods(x, self.period)
                rows.append(_features(x, decomposed(x, "stl", period), period, x))
        if sum(map(len, rows)) < 2:
            return self
        measured = np.maximum(np.concatenate(rows).std(axis=0), LEAST_SCALE * FIXED_SCALES)
        return dataclasses.replace(self, feature_scales=measured)

    def change(self, x: Array, rng: Draws) -> Array:
        """Return the accepted candidates, or those that came closest."""
        refuse_gradient(x, type(self).__name__)
        old = numpy_of(x).astype(np.float64)
        if short(old, self.period):
            return x
        period = periods(old, self.period)
        parts = decomposed(old, "stl", period)
        own, best, gap = _features(old, parts, period, old), old.copy(), np.full(len(old), np.inf)
        left = np.flatnonzero((old != old[..., :1]).any(axis=(1, 2)))  # a constant has nothing to be weighed against
        for k in range(self.attempts if len(left) else 0):
            some = Decomposition(*(part[left] for part in parts))
            made = self._candidate(some, rng.rows(left), k)
            theirs = _features(made, decomposed(made, "stl", period[left]), period[left], old[left])
            away = distance(own[left], theirs, FIXED_SCALES if self.feature_scales is None else self.feature_scales)
            miss = np.maximum(np.maximum(self.nearest - away, away - self.farthest), 0)
            better = miss < gap[left]
            best[left[better]], gap[left[better]] = made[better], miss[better]
            left = left[miss > 0]
            if not len(left):
                break
        rng.note("accepted", gap == 0)
        return like(best, x, x.dtype)

    def _candidate(self, parts: Decomposition, rng: Draws, attempt: int) -> Any:
        """Return one candidate for each of some series."""
        level = parts.trend.mean(axis=2, keepdims=True)
        reach = np.array([self.base, self.trend, self.season])
        weight = 1 + reach * (2 * numpy_of(rng.uniform(f"weights{attempt}", (3,))).astype(np.float64) - 1)
        base, trend, season = weight.T[:, :, None, None]
        return base * level + trend * (parts.trend - level) + season * parts.seasonal + self._noise(parts, rng, attempt)

    def _noise(self, parts: Decomposition, rng: Draws, attempt: int) -> Any:
        old = parts.remainder
        if self.remainder == "kept":
            return old
        channels, length = old.shape[1:]
        mean = old.mean(axis=2, keepdims=True)
        coefficients, deviation = fit_ar(old)
        shape = (channels, BURN + length)
        if self.remainder == "normal":
            drawn = deviation * numpy_of(rng.normal(f"innovations{attempt}", shape))
        else:
            known = residuals_ar(old - mean, coefficients)
            known = known - known.mean(axis=2, keepdims=True)
            place = numpy_of(rng.integers(f"innovations{attempt}", length, (BURN + length,)))
            drawn = np.take_along_axis(known, np.broadcast_to(place[:, None], (len(old), *shape)), axis=2)
        return mean + simulate_ar(coefficients, drawn, BURN)


def _features(x: Any, parts: Decomposition, period: Any, reference: Any) -> Any:
    """Return the features (n, features) of series, each by its own period, in units of the spread of a reference."""
    out, scale = np.empty((len(x), len(FIXED_SCALES))), spread(reference)
    for p in np.unique(period):
        rows = period == p
        out[rows] = features(x[rows], parts.trend[rows], parts.seasonal[rows], int(p), scale[rows])
    return out
