"""Dwt: wavelet levels, each half as long as the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.param import param
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array
from variate.kernels.dwt import dwt, idwt, max_level


@dataclass(frozen=True, kw_only=True)
class Dwt(Domain):
    """The discrete wavelet transform [mallat1989]: ``details`` of each level, and the ``approximation`` that is left.

    Level j has about T/2ʲ coefficients. The filters and the mode are those of PyWavelets; periodization makes no more
    coefficients than readings. ``level=0`` takes as many levels as the length allows.
    """

    wavelet: str = param("db1", about="the filter", choices=("db1", "db2", "db4", "sym4", "sym8", "coif1"))
    level: int = param(0, about="number of levels; 0: as the length allows", low=0)

    parts = ("details", "approximation")

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return the details, the finest level first, and the approximation."""
        level = min(self.level or x.shape[2], max_level(x.shape[2], self.wavelet))
        approximation, *details = dwt(x, self.wavelet, level)
        return {"details": details[::-1], "approximation": [approximation]}, x.shape[2]

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series of these coefficients."""
        return idwt([parts["approximation"][0], *parts["details"][::-1]], self.wavelet, rest)
