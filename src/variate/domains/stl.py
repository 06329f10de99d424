"""Stl: trend, seasonal and remainder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.errors import ParameterError
from variate.core.param import param
from variate.domains.decomposing import Decomposing
from variate.domains.domain import Parts
from variate.kernels.arrays import Array


@dataclass(frozen=True, kw_only=True)
class Stl(Decomposing):
    """STL, the seasonal-trend decomposition by loess [cleveland1990].

    ``window`` is the number of seasons that the seasonal part is smoothed over, odd; 0 keeps it periodic. ``robust`` holds
    outliers out of trend and season. A series without a period has no seasonal part, and a local line over six readings for
    a trend.
    """

    window: int = param(7, about="seasons smoothed over, odd and 7 or more; 0: strictly periodic", low=0)
    robust: bool = param(False, about="leave outliers to the remainder")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.window and (self.window < 7 or self.window % 2 == 0):
            raise ParameterError(
                f"In('stl', window={self.window}): window must be odd and at least 7, or 0 for a periodic season"
            )

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return trend, seasonal and remainder, and the periods."""
        return self._apart(x, "stl", window=self.window, robust=self.robust)
