"""LabelExpansion."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.label import LabelTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.missing import put_back
from variate.kernels.moments import robust_spread


@dataclass(frozen=True, kw_only=True)
class LabelExpansion(LabelTransform):
    """Give the readings around a labelled anomaly its label too, where they are like it [gao2020].

    The borders of an anomaly are blurry, and one labelled step is hard to learn from. A step t takes the label of an
    anomalous step a if |t - a| ≤ ``reach`` and in every channel |x(t) - x(a)| ≤ ``tolerance``·s, s the channel's robust
    standard deviation (1.4826·MAD; the standard deviation where that is 0; 1 where both are). With ``soft=True`` it gets
    it times exp(-|t - a|/reach)·exp(-max|x(t) - x(a)|/(tolerance·s)). The largest over a counts, and only original labels
    spread. With ``connected=True`` the steps between t and a must be like a as well, or labelled.

    Values and class labels stay, and so does a panel without point labels. A missing reading is never labelled. The
    paper's thresholds could not be read: the rule and its defaults are our decision. It hurts where an anomaly is sharp
    and its neighbours are normal: precision falls.

    >>> import numpy as np, variate
    >>> panel = variate.Panel(np.ones(7), points=[[0, 0, 0, 1, 0, 0, 0]])
    >>> variate.LabelExpansion(reach=2)(panel).points.tolist()
    [[0, 1, 1, 1, 1, 1, 0]]
    """

    reach: int = param(3, about="how far a label spreads", low=0, identity=0, search=(1, 10), unit="steps")
    tolerance: float = param(1.0, about="how unlike a reading may be", low=0, search=(0.3, 3.0), log=True, unit="robust std")
    soft: bool = param(False, about="scores that fall off instead of labels")
    connected: bool = param(False, about="only without a gap between a step and its anomaly")

    forecastable = False
    forecast_reason = "it uses readings of the future to label the past"
    preserves = ("series", "length", "values", "order", "range")
    examples = ({}, {"reach": 5, "tolerance": 2.0, "soft": True}, {"connected": True, "p": 0.5}, {"soft": True, "p": 0.5})

    @property
    def scores(self) -> bool:
        """Whether point labels become scores."""
        return self.soft

    def relabel(self, panel: Panel, rng: Draws) -> Panel:
        """Return the panel with its events spread."""
        if panel.points is None:
            return panel
        if panel.point_role != "event":
            raise ContractError(
                "LabelExpansion spreads events (anomalies); these point labels are states. Leave it out of the pipeline"
            )
        xp = namespace(panel.values)
        x = panel.values if panel.mask is None else put_back(panel.values, ~panel.mask[:, None, :])
        scale = robust_spread(x)
        limit = self.tolerance * xp.where(scale > 0, scale, xp.ones_like(scale))
        spread = self._spread(x, limit, panel.points)
        return panel.replace(points=xp.where(spread > panel.points, spread, panel.points))

    def _spread(self, x: Array, limit: Array, points: Array) -> Array:
        """Return the label (n, t) that each step takes over from the anomalies within reach, 0 where there is none."""
        xp = namespace(x)
        event, best = points > 0, xp.zeros_like(points)
        unit = xp.where(limit > 0, limit, xp.ones_like(limit))
        for direction in (-1, 1):
            path = xp.ones_like(event, dtype=xp.bool)
            for d in range(1, min(self.reach, x.shape[2] - 1) + 1):
                gap = xp.abs(x - _shifted(x, direction * d, math.nan))  # NaN beyond the ends, where no reading is
                near = xp.all(gap <= limit, axis=1) & _shifted(event, direction * d, False)
                if self.connected:
                    near = near & path
                    path = _shifted((near | event) & path, direction, False)
                label = _shifted(points, direction * d, 0)
                if self.soft:
                    label = label * xp.astype(xp.exp(-xp.max(gap / unit, axis=1)) * math.exp(-d / self.reach), points.dtype)
                best = xp.where(near & (label > best), label, best)
        return best


def _shifted(x: Array, by: int, nothing: float) -> Array:
    """Return y(t) = x(t + by), and ``nothing`` where there is no such step."""
    y = namespace(x).full_like(x, nothing)
    if by > 0:
        y[..., :-by] = x[..., by:]
    else:
        y[..., -by:] = x[..., :by]
    return y
