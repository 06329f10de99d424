"""Decomposing: what the decompositions into trend, seasonal and remainder share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.param import param
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array
from variate.kernels.decomposition import PERIOD, decomposed, periods

PARTS = ("trend", "seasonal", "remainder")


@dataclass(frozen=True, kw_only=True)
class Decomposing(Domain):
    """A sum of ``trend``, ``seasonal`` and ``remainder``; what enters a part knows the period that was found."""

    period: int | str = param("auto", about="steps in a season; 'auto' looks for it in each series", low=2, auto=True)

    parts = PARTS

    @property
    def keeps_time(self) -> tuple[str, ...]:
        """All parts."""
        return PARTS

    @property
    def shortest(self) -> int:
        """Two periods, where they are given."""
        return 1 if isinstance(self.period, str) else 2 * self.period

    def found(self, rest: Any) -> dict[str, Any]:
        """Return the period of each series, 0 where there is none."""
        return {PERIOD: rest}

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the sum."""
        return parts["trend"][0] + parts["seasonal"][0] + parts["remainder"][0]

    def _apart(self, x: Array, method: str, **options: Any) -> tuple[Parts, Any]:
        period = periods(x, self.period)
        found = decomposed(x, method, period, **options)
        return {name: [part] for name, part in zip(PARTS, found, strict=True)}, period
