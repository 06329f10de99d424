"""Mstl: trend, two seasons and remainder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.param import param
from variate.domains.decomposing import PARTS
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array
from variate.kernels.stl import mstl


@dataclass(frozen=True, kw_only=True)
class Mstl(Domain):
    """MSTL: two seasons, such as a day and a week, each with a seasonal part of its own [bandara2021].

    ``seasonal`` has two levels, the shorter season first.
    """

    period: int = param(24, about="steps in the shorter season", low=2)
    longer: int = param(168, about="steps in the longer season", low=3)

    parts = PARTS

    @property
    def keeps_time(self) -> tuple[str, ...]:
        """All parts."""
        return PARTS

    @property
    def shortest(self) -> int:
        """Two of the longer period."""
        return 2 * max(self.longer, self.period)

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return trend, both seasonal parts and remainder."""
        trend, seasonal = mstl(x, tuple(sorted({self.period, self.longer})))
        return {"trend": [trend], "seasonal": list(seasonal), "remainder": [x - trend - sum(seasonal)]}, None

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the sum."""
        return parts["trend"][0] + sum(parts["seasonal"]) + parts["remainder"][0]
