"""Stft: a spectrum for every stretch of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.param import param
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array
from variate.kernels.filtering import polar, with_angles
from variate.kernels.stft import default_size, istft, stft


@dataclass(frozen=True, kw_only=True)
class Stft(Domain):
    """The short-time Fourier transform with a Hann window: ``magnitude`` and ``phase`` in radians of bins and frames.

    A part has bins·channels channels, the bins of the first channel first, and a step for each frame. Frames overlap by three
    quarters. What is changed need not be the transform of any series; the way back takes the series that comes nearest.
    """

    size: int = param(0, about="steps in a window; 0: the power of two nearest to T/8, in 8 … 1024", low=0)

    parts = ("magnitude", "phase")

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return magnitude and phase."""
        size = max(self.size or default_size(x.shape[2]), 2)
        spectrum = stft(x, size)
        n, channels, bins, frames = spectrum.shape
        magnitude, phase = polar(spectrum.reshape(n, channels * bins, frames))
        return {"magnitude": [magnitude], "phase": [phase]}, (x.shape[2], size, channels)

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series that comes nearest to a magnitude and a phase."""
        length, size, channels = rest
        spectrum = with_angles(parts["magnitude"][0], parts["phase"][0])
        n, rows, frames = spectrum.shape
        return istft(spectrum.reshape(n, channels, rows // channels, frames), length, size)
