"""GuidedWarp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.mix import Mixed, MixTransform
from variate.families.pool import Pool
from variate.kernels.arrays import Array, concat, namespace, refuse_gradient
from variate.kernels.dtw import dtw_matrix, dtw_path
from variate.kernels.reading import read
from variate.kernels.warping import along

FEW = 3  # candidates of its own class, and as many of others, as in the published code


@dataclass(frozen=True, kw_only=True)
class GuidedWarp(MixTransform):
    """Warp the time of a series as another of its class has it: the values stay its own [iwana2020].

    DTW, or with a ``width`` above 1 shapeDTW, aligns the series with a teacher; it is read along the path at an even pace.
    The ``random`` teacher is any of its class. The ``discriminative`` one is, of three, the one that is farthest from three
    series of other classes and nearest to the others of its own, on average. Labels stay, and events follow the clock;
    teachers of other lengths are stretched first. Past and target of a forecast window are aligned each on its own.

    It hurts where speed is the class, as in gaits: a walk is taught the pace of another walk, but the classes may differ in
    nothing else. The published method also slices a strongly warped series, which this does not.

    >>> import numpy as np, variate
    >>> t = np.arange(60)
    >>> known = np.stack([np.sin(t / 5), np.sin(t / 6)])
    >>> variate.GuidedWarp().fit(known)(known, seed=0).shape
    (2, 60)
    """

    teacher: str = param("random", about="which series of the class guides", choices=("random", "discriminative"))
    width: int = param(1, about="steps in the shape that steps are compared by; 1: single readings", low=1, unit="steps")
    band: float = param(0.1, about="half-width of the band of an alignment", low=0.01, high=1, unit="share")

    apart = True
    differentiable = False
    shortest = 4
    preserves = ("length", "range")
    examples = ({}, {"width": 5, "band": 0.3, "p": 0.5})

    @property
    def stretches(self) -> bool:
        """Teachers may be of any length."""
        return True

    def partners(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        """Return the row of the teacher of each series."""
        if self.teacher == "random":
            return super().partners(panel, pool, rng)
        if panel.label is None:
            raise ContractError(
                "GuidedWarp(teacher='discriminative') compares classes, and these series have no labels; pass labels, or use "
                "teacher='random'"
            )
        own = pool.draw(panel, True, FEW, rng, True)
        rivals = pool.draw_rivals(panel, FEW, rng, True)
        rows = np.concatenate([own, rivals], axis=1)
        distance = dtw_matrix(pool.full[np.maximum(rows, 0)], pool.lengths[np.maximum(rows, 0)], self.band)
        there = np.where((rows[:, None] >= 0) & ~np.eye(2 * FEW, dtype=bool), 1.0, 0.0)[:, :FEW]
        totals = [(distance[:, :FEW, part] * there[..., part]).sum(axis=2) for part in (slice(FEW), slice(FEW, None))]
        numbers = [np.maximum(there[..., part].sum(axis=2), 1) for part in (slice(FEW), slice(FEW, None))]
        score = np.where(own >= 0, totals[1] / numbers[1] - totals[0] / numbers[0], -np.inf)
        return np.take_along_axis(own, score.argmax(axis=1)[:, None], axis=1)

    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return x read along the path, which nothing of the teacher is in."""
        refuse_gradient(x, type(self).__name__)
        xp = namespace(x)
        _, path = dtw_path(x, others[:, 0], self.band, self.width)
        own, theirs = along(path, x.shape[2])
        alone = xp.ones((x.shape[0], 1, 1), dtype=x.dtype, device=x.device)
        return Mixed(read(x, own), concat([alone, xp.zeros_like(alone)], axis=1), lambda: xp.stack([own, theirs], axis=1))
