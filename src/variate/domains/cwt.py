"""Cwt: a wavelet of every scale at every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.param import param
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array, namespace
from variate.kernels.cwt import cwt, icwt
from variate.kernels.filtering import polar, with_angles


@dataclass(frozen=True, kw_only=True)
class Cwt(Domain):
    """The continuous wavelet transform [torrence1998]: ``magnitude`` and ``phase`` in radians of scales and steps.

    A part has scales·channels channels, the scales of the first channel first, the smallest first. There are far more numbers
    than readings, so what is changed is no transform of any series. Back comes the series plus the inverse of what changed;
    the inverse of the whole would miss by 1 or 2 %, the mean and what varies fastest.
    """

    wavelet: str = param("morlet", about="the wavelet", choices=("morlet", "ricker"))
    spacing: float = param(0.125, about="distance of neighbouring scales", low=0.01, high=1, unit="octaves")

    parts = ("magnitude", "phase")

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return magnitude and phase."""
        found = cwt(x, self.wavelet, self.spacing)
        n, channels, scales, length = found.shape
        old = namespace(x).astype(found, (found[..., :1] * 1j).dtype).reshape(n, channels * scales, length)
        magnitude, phase = polar(old)
        return {"magnitude": [magnitude], "phase": [phase]}, (x, old)

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series with the inverse of what was changed added."""
        x, old = rest
        changed = with_angles(parts["magnitude"][0], parts["phase"][0]) - old
        n, rows, length = changed.shape
        changed = changed.reshape(n, x.shape[1], rows // x.shape[1], length)
        return x + icwt(changed if self.wavelet == "morlet" else changed.real, self.wavelet, self.spacing)
