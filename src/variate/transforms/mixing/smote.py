"""Smote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.families.pool import Pool, hard
from variate.kernels.arrays import Array, concat, namespace, numpy_of, refuse_gradient
from variate.kernels.barycenter import weighted_barycenter
from variate.kernels.dtw import dtw_path
from variate.kernels.warping import beside

AROUND = 10  # of so many nearest series of all classes, fewer than half are of another where one is safe


@dataclass(frozen=True, kw_only=True)
class Smote(MixTransform):
    """Go a random part of the way from a series to one of its nearest neighbours in the class [chawla2002].

    One share δ for the whole series, uniform in (0, 1). With ``metric="dtw"`` neighbours are those in warped time, of any
    length, and the way is along the alignment: an average with the weights 1 - δ and δ, one iteration of DTW barycenter
    averaging, which is our decision. Series are compared as they are, so bring channels to one scale before.

    Two variants go elsewhere. With ``rivals`` the nearest are those of all classes, and δ is halved on the way to one of
    another class, so that the copy stays the nearer to its own, and keeps its label: Borderline-SMOTE2 [han2005]. With
    ``out_step`` a series that is safe, with fewer than half of its 10 nearest of another class, goes away from its neighbour
    in the class, x + δ·out_step·(x - z), and is not between the two: SVM-SMOTE [nguyen2011]. In warped time it goes back as
    far as it would have gone; class weights, gaps and events are then those of the way towards (our decision).

    It hurts where the classes overlap: what lies between two series of one may be in the other. To balance classes, pass it
    to :func:`variate.oversample`, for the whole of these variants with ``emphasis="borderline"`` or ``"svm"``.

    >>> import numpy as np, variate
    >>> known = np.array([[0.0, 0.0], [1.0, 2.0], [9.0, 9.0]])
    >>> y = variate.Smote(neighbours=1).fit(known)(known[:1], seed=0)
    >>> bool(np.isclose(y[0, 1], 2 * y[0, 0]) and 0 < y[0, 0] < 1)
    True
    """

    neighbours: int = param(5, about="of so many nearest series one is drawn", low=1)
    metric: str = param("euclidean", about="what is near", choices=("euclidean", "dtw"))
    band: float = param(0.1, about="half-width of the band of an alignment", low=0.01, high=1, unit="share")
    rivals: bool = param(False, about="the nearest are of any class; to one of another goes half the share, and no label")
    out_step: float = param(
        0.0, about="how far beyond itself a safe series goes at most; 0: never", low=0, high=1, unit="share"
    )

    differentiable = False
    preserves = ("length",)
    examples = (
        {},
        {"metric": "dtw", "neighbours": 3},
        {"p": 0.5, "across": True, "scope": "past"},
        {"rivals": True, "out_step": 0.5},
        {"rivals": True, "out_step": 0.5, "metric": "dtw"},
    )

    @property
    def stretches(self) -> bool:
        """By DTW partners may be of any length."""
        return self.metric == "dtw"

    @property
    def apart(self) -> bool:
        """By DTW steps move."""
        return self.metric == "dtw"

    @property
    def count(self) -> int:
        """One: in its place of three where it matters whether it is gone to, gone halfway to or gone away from."""
        return 3 if self.rivals or self.out_step else 1

    def within(self, panel: Panel) -> bool:
        """Whether neighbours are of the series' own class."""
        return super().within(panel) and not self.rivals

    def partners(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        """Return the row of one of the nearest for each series."""
        near = pool.near(panel, self.within(panel), self.neighbours, self.metric, self.band)
        chosen = numpy_of(rng.distinct("neighbour", (near >= 0).sum(axis=1), 1))
        rows = np.where(chosen >= 0, np.take_along_axis(near, np.maximum(chosen, 0), axis=1), -1)
        return rows if self.count == 1 else np.where(np.arange(3) == self._places(rows, panel, pool), rows, -1)

    def _places(self, rows: Any, panel: Panel, pool: Pool) -> Any:
        """Return for each series (n, 1): 0 to go to its neighbour, 1 halfway to it, 2 away from it."""
        strange = _strangers(rows, panel, pool)
        place = np.where(strange, int(self.rivals), 0)
        if not self.out_step:
            return place
        around = pool.near(panel, False, AROUND, self.metric, self.band)
        others = _strangers(around, panel, pool).sum(axis=1, keepdims=True)
        safe = 2 * others < (around >= 0).sum(axis=1, keepdims=True)
        return np.where(safe & ~strange, 2, place)

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return a point on the way from x to its neighbour, or behind x; a place that holds no neighbour holds x."""
        xp, z = namespace(x), others[:, 0]
        share = part = xp.astype(rng.uniform("share"), x.dtype)[:, None, None]
        if self.count > 1:
            half, back = (xp.any(others[:, k] != x, axis=(1, 2), keepdims=True) for k in (1, 2))
            z = xp.where(half, others[:, 1], xp.where(back, others[:, 2], z))
            part = xp.where(half, share / 2, xp.where(back, -self.out_step * share, share))
            share = xp.abs(part)
        weights = concat([1 - share, *[share] * self.count], axis=1)  # a place without a neighbour has none in the end
        if self.metric == "euclidean":
            return Mixed(x + part * (z - x), weights)
        refuse_gradient(x, type(self).__name__)
        pair = xp.stack([x, z], axis=1)
        lengths = np.full(tuple(pair.shape[:2]), x.shape[2])
        mean = weighted_barycenter(pair, lengths, weights[:, :2, 0], x, 1, self.band)

        def clocks() -> Array:
            own, theirs = (beside(dtw_path(mean, pair[:, k], self.band)[1], x.shape[2]) for k in range(2))
            return xp.stack([own, *[theirs] * self.count], axis=1)

        return Mixed(xp.where(part < 0, 2 * x - mean, mean) if self.out_step else mean, weights, clocks)


def _strangers(rows: Any, panel: Panel, pool: Pool) -> Any:
    """Return which rows of the pool (n, k) are of another class than each series; none without labels."""
    if panel.label is None:
        return np.zeros(rows.shape, bool)
    return (rows >= 0) & (hard(pool.label)[rows] != hard(numpy_of(panel.label))[:, None])
