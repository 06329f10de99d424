"""BoxCox: a scale on which the spread does not grow with the level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.param import param
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array, like, numpy_of
from variate.kernels.box_cox import box_cox, guerrero, inverse_box_cox
from variate.kernels.decomposition import periods


@dataclass(frozen=True, kw_only=True)
class BoxCox(Domain):
    """The Box-Cox transformation [box1964]: its ``transformed`` series, from the logarithm (λ = 0) to the series itself (1).

    λ is that of each series and channel, by Guerrero's method [guerrero1993] on blocks of a period, between 0 and 1. Series
    that are not all above 0 stay as they are, but for a shift by 1.
    """

    period: int | str = param("auto", about="steps in a season; 'auto' looks for it in each series", low=2, auto=True)

    parts = ("transformed",)

    @property
    def keeps_time(self) -> tuple[str, ...]:
        """Its one part."""
        return self.parts

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return the transformed series, and λ."""
        period = periods(x, self.period)
        power = np.empty((*x.shape[:2], 1))
        for p in np.unique(period):
            rows = np.flatnonzero(period == p)
            power[rows] = numpy_of(guerrero(x[like(rows, x)], max(int(p), 1)))
        found = like(power, x, x.dtype)
        return {"transformed": [box_cox(x, found)]}, found

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series on its own scale."""
        return inverse_box_cox(parts["transformed"][0], rest)
