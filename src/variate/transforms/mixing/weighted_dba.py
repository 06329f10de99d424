"""WeightedDBA."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.families.pool import Pool
from variate.kernels.arrays import Array, concat, like, namespace, numpy_of, refuse_gradient
from variate.kernels.barycenter import weighted_barycenter
from variate.kernels.dtw import dtw, dtw_path
from variate.kernels.shares import dirichlet
from variate.kernels.warping import beside

NEAR, CHOSEN = 5, 2  # of the nearest neighbours so many are chosen


@dataclass(frozen=True, kw_only=True)
class WeightedDBA(MixTransform):
    """Average a series with others of its class in warped time, with weights that make each average new [forestier2017].

    DTW barycenter averaging [petitjean2011] starts from the series, the centre, and aligns ``series`` - 1 others with the mean,
    ``iterations`` times. The weights, with ``scheme``:

    - ``"asd"``, average selected with distance: 1 for the centre, 0.5 for the nearest of the others, and falling
      exponentially with the distance;
    - ``"as"``, average selected: 0.5 for the centre, 0.15 for each of two of its five nearest neighbours in the class, and
      0.2 for the others together [ismailfawaz2018];
    - ``"aa"``, average all: from a flat Dirichlet distribution, the largest for the centre.

    That only a few others of a class take part is our decision for "as" and "aa", as it is that of public code for "asd".
    Partners of other lengths are stretched first. Past and target of a forecast window are averaged each on its own.

    It hurts where amplitudes differ within a class, which an average makes alike, and where timing is the class.

    >>> import numpy as np, variate
    >>> t = np.arange(60)
    >>> known = np.stack([np.sin(t / 5), np.sin(t / 6), np.sin(t / 5.5)])
    >>> variate.WeightedDBA().fit(known)(known, seed=0).shape
    (3, 60)
    """

    scheme: str = param("asd", about="how the weights come about", choices=("asd", "as", "aa"))
    series: int = param(6, about="most series in an average, the centre among them", low=2, high=64)
    iterations: int = param(5, about="most rounds of averaging", low=1)
    band: float = param(1.0, about="half-width of the band of an alignment", low=0.01, high=1, unit="share")

    apart = True
    differentiable = False
    shortest = 2
    preserves = ("length",)
    examples = ({"band": 0.2}, {"scheme": "as", "iterations": 2}, {"scheme": "aa", "series": 3, "band": 0.1, "p": 0.5})

    @property
    def count(self) -> int:
        """All but the centre."""
        return self.series - 1

    @property
    def stretches(self) -> bool:
        """Partners may be of any length."""
        return True

    def partners(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        """Return the rows of the others; with "as" two of the nearest come first."""
        if self.scheme != "as":
            return super().partners(panel, pool, rng)
        others = pool.draw(panel, self.within(panel), self.count + CHOSEN, rng, True)
        near = pool.near(panel, self.within(panel), NEAR, "dtw", self.band)
        chosen = numpy_of(rng.distinct("near", (near >= 0).sum(axis=1), min(CHOSEN, self.count)))
        first = np.where(chosen >= 0, np.take_along_axis(near, np.maximum(chosen, 0), axis=1), -1)
        twice = (others[:, :, None] == first[:, None, :]).any(axis=2)
        others = np.take_along_axis(
            np.where(twice, -1, others), np.argsort(twice | (others < 0), axis=1, kind="stable"), axis=1
        )
        return np.concatenate([first, others[:, : self.count - first.shape[1]]], axis=1)

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return the average, and the weights."""
        refuse_gradient(x, type(self).__name__)
        xp, length = namespace(x), x.shape[2]
        every = concat([x[:, None], others], axis=1)
        weights = self._weights(x, others, rng)
        lengths = np.full(tuple(every.shape[:2]), length)
        mean = weighted_barycenter(every, lengths, weights, x, self.iterations, self.band)
        shares = weights / xp.sum(weights, axis=1, keepdims=True)

        def clocks() -> Array:
            found = [beside(dtw_path(mean, every[:, k], self.band)[1], length) for k in range(every.shape[1])]
            return xp.stack(found, axis=1)

        return Mixed(mean, shares[:, :, None], clocks)

    def _weights(self, x: Array, others: Array, rng: Draws) -> Array:
        """Return the weights (n, series) in float64, the centre's first; a partner that is none, x in its place, has 0."""
        n, count = others.shape[:2]
        there = numpy_of(namespace(x).any(others != x[:, None], axis=(2, 3))).astype(np.float64)
        centre = np.ones((n, 1))
        if self.scheme == "aa":
            number = 1 + there.sum(axis=1).astype(np.int64)
            ranked = -np.sort(-numpy_of(dirichlet(rng.uniform("weights", (self.series,)), 1.0, number)), axis=1)
            order = np.argsort(numpy_of(rng.order("order", count)) + count * (1 - there), axis=1)
            rest = np.zeros((n, count))
            np.put_along_axis(rest, order, ranked[:, 1:], axis=1)
            return like(np.concatenate([ranked[:, :1], rest], axis=1), x)
        if self.scheme == "as":
            near, far = there[:, :CHOSEN] * 0.15, there[:, CHOSEN:]
            far = far * 0.2 / np.maximum(far.sum(axis=1, keepdims=True), 1)
            return like(np.concatenate([0.5 * centre, near, far], axis=1), x)
        pairs = [numpy_of(dtw(x, others[:, k], self.band)).astype(np.float64) for k in range(count)]
        distance = np.stack(pairs, axis=1)
        away = np.where(distance > 0, distance, np.inf).min(axis=1, keepdims=True)
        return like(np.concatenate([centre, there * np.exp(math.log(0.5) * distance / away)], axis=1), x)
