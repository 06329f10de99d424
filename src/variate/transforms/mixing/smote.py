"""Smote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.families.pool import Pool
from variate.kernels.arrays import Array, concat, namespace, numpy_of, refuse_gradient
from variate.kernels.barycenter import weighted_barycenter
from variate.kernels.dtw import dtw_path
from variate.kernels.warping import beside


@dataclass(frozen=True, kw_only=True)
class Smote(MixTransform):
    """Go a random part of the way from a series to one of its nearest neighbours in the class [chawla2002].

    One share δ for the whole series, uniform in (0, 1). With ``metric="dtw"`` neighbours are those in warped time, of any
    length, and the way is along the alignment: an average with the weights 1 - δ and δ, one iteration of DTW barycenter
    averaging, which is our decision. Series are compared as they are, so bring channels to one scale before.

    It hurts where the classes overlap: what lies between two series of one may be in the other. To balance classes, pass it
    to :func:`variate.oversample`.

    >>> import numpy as np, variate
    >>> known = np.array([[0.0, 0.0], [1.0, 2.0], [9.0, 9.0]])
    >>> y = variate.Smote(neighbours=1).fit(known)(known[:1], seed=0)
    >>> bool(np.isclose(y[0, 1], 2 * y[0, 0]) and 0 < y[0, 0] < 1)
    True
    """

    neighbours: int = param(5, about="of so many nearest series one is drawn", low=1)
    metric: str = param("euclidean", about="what is near", choices=("euclidean", "dtw"))
    band: float = param(0.1, about="half-width of the band of an alignment", low=0.01, high=1, unit="share")

    differentiable = False
    preserves = ("length",)
    examples = ({}, {"metric": "dtw", "neighbours": 3}, {"p": 0.5, "across": True, "scope": "past"})

    @property
    def stretches(self) -> bool:
        """By DTW partners may be of any length."""
        return self.metric == "dtw"

    @property
    def apart(self) -> bool:
        """By DTW steps move."""
        return self.metric == "dtw"

    def partners(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        """Return the row of one of the nearest for each series."""
        near = pool.near(panel, self.within(panel), self.neighbours, self.metric, self.band)
        chosen = numpy_of(rng.distinct("neighbour", (near >= 0).sum(axis=1), 1))
        return np.where(chosen >= 0, np.take_along_axis(near, np.maximum(chosen, 0), axis=1), -1)

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return a point on the way from x to its neighbour."""
        xp = namespace(x)
        share = xp.astype(rng.uniform("share"), x.dtype)[:, None, None]
        weights = concat([1 - share, share], axis=1)
        if self.metric == "euclidean":
            return Mixed(x + share * (others[:, 0] - x), weights)
        refuse_gradient(x, type(self).__name__)
        every = concat([x[:, None], others], axis=1)
        lengths = np.full(tuple(every.shape[:2]), x.shape[2])
        mean = weighted_barycenter(every, lengths, weights[:, :, 0], x, 1, self.band)

        def clocks() -> Array:
            return xp.stack([beside(dtw_path(mean, every[:, k], self.band)[1], x.shape[2]) for k in range(2)], axis=1)

        return Mixed(mean, weights, clocks)
