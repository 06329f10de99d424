"""RobustStl: trend, seasonal and remainder, where the trend may jump."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.domains.decomposing import Decomposing
from variate.domains.domain import Parts
from variate.kernels.arrays import Array


@dataclass(frozen=True, kw_only=True)
class RobustStl(Decomposing):
    """RobustSTL, which keeps jumps in the trend and outliers in the remainder [wen2019stl].

    The weight of the trend's changes is the authors' 10 for a season of 50 steps or more, and period/5 for a shorter one,
    where 10 would leave no trend: our decision. A series without a period is taken apart by RobustTrend [wen2019trend] and
    has no seasonal part.
    """

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return trend, seasonal and remainder, and the periods."""
        return self._apart(x, "robust_stl")
