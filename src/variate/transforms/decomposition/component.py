"""Component."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.decomposition import decomposed, periods, short


@dataclass(frozen=True, kw_only=True)
class Component(ValueTransform):
    """Leave one part of a series only: its trend, its season, or what remains without both [gao2020].

    RobustSTL by default, STL or RobustTrend with ``method``. Nothing is drawn: it prepares series, such as the remainders
    that a detector of anomalies is trained on. A series without a period has no season; one of fewer than two given periods
    stays as it is. It is refused on a forecast window, where the parts of the past would be made of the target too.

    It hurts where the trend or the season that it drops is the class.

    >>> import numpy as np, variate
    >>> x = np.sin(np.arange(96) * np.pi / 6)
    >>> bool(np.abs(variate.Component(method="stl", period=12)(x)).max() < 1e-6)
    True
    """

    part: str = param("remainder", about="what is left", choices=("trend", "seasonal", "remainder"))
    method: str = param("robust_stl", about="how series are taken apart", choices=("stl", "robust_stl", "robust_trend"))
    period: int | str = param("auto", about="steps in a season; 'auto' looks for it in each series", low=2, auto=True)

    bridges = True
    differentiable = False
    forecastable = False
    forecast_reason = "the parts of the past would be made of the target too"
    shortest = 4
    preserves = ("length",)
    examples = ({}, {"part": "trend", "method": "robust_trend"}, {"part": "seasonal", "method": "stl", "period": 7, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return the part."""
        if self.method != "robust_trend" and short(x, self.period):
            return x
        found: Array = getattr(decomposed(x, self.method, periods(x, self.period)), self.part)
        return found
