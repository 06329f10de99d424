"""Spectrum: amplitudes and phases."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array, namespace
from variate.kernels.filtering import polar, with_angles
from variate.kernels.spectrum import irfft, rfft


@dataclass(frozen=True, kw_only=True)
class Spectrum(Domain):
    """The discrete Fourier transform of a whole series: ``amplitude`` and ``phase`` in radians, T // 2 + 1 bins each.

    The bins of DC and, for an even T, of Nyquist stay real: of their phase only the old sign counts.
    """

    parts = ("amplitude", "phase")

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return amplitude and phase."""
        spectrum = rfft(x)
        size, angle = polar(spectrum)
        return {"amplitude": [size], "phase": [angle]}, (x.shape[2], angle)

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series of an amplitude and a phase."""
        length, old = rest
        (size,), (angle,) = parts["amplitude"], parts["phase"]
        xp = namespace(old)
        bins = xp.arange(old.shape[2], device=old.device)
        free = (bins > 0) & (2 * bins != length)
        return irfft(with_angles(size, xp.where(free, angle, old)), length)
