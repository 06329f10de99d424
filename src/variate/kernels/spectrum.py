"""Discrete Fourier transforms of real series, and turning their phases.

Forward without a factor, as NumPy has it. A series of t readings has t // 2 + 1 bins: the mean's bin 0, the complex bins
1 … (t - 1) // 2, and for an even t a last one, Nyquist's, which is real.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch


def bins(length: int) -> int:
    """Return how many bins the spectrum of a real series of ``length`` readings has."""
    return length // 2 + 1


def turning(length: int) -> int:
    """Return the last bin that has a free phase, 0 where none has: all but bin 0 and Nyquist's."""
    return (length - 1) // 2


def rfft(x: Array) -> Array:
    """Return the spectrum (…, t // 2 + 1) of real series x (…, t): complex64 of float32, complex128 of float64."""
    if is_torch(x):
        import torch

        if x.shape[:-1].numel() == 0:  # MKL knows no empty batch
            return x.new_zeros((*x.shape[:-1], bins(x.shape[-1])), dtype=x.dtype.to_complex())
        return torch.fft.rfft(x)
    from scipy import fft

    return fft.rfft(x, workers=1)


def irfft(spectrum: Array, length: int) -> Array:
    """Return the real series (…, length) of a spectrum (…, length // 2 + 1).

    ``length`` cannot be told from the spectrum, which is the same for 2k and 2k + 1. The imaginary parts of bin 0 and
    Nyquist's are not read.
    """
    if is_torch(spectrum):
        import torch

        if spectrum.shape[:-1].numel() == 0:
            return spectrum.new_zeros((*spectrum.shape[:-1], length), dtype=spectrum.dtype.to_real())
        return torch.fft.irfft(spectrum, n=length)
    from scipy import fft

    return fft.irfft(spectrum, length, workers=1)


def turn(spectrum: Array, phase: Array, length: int) -> Array:
    """Return a spectrum (n, c, bins) with ``phase`` (n, c or 1, bins) added to the phases of its bins 1 … (length - 1) // 2.

    Bin 0 and Nyquist's stay as they are, since a real series leaves them no phase but 0 and π; so does, bit for bit, a bin
    turned by 0. Phases are in radians, at most a million.
    """
    if is_torch(spectrum):
        return _torch_turn(spectrum, phase, length)
    return _turned(spectrum, phase, length, empty(spectrum.shape, spectrum.dtype))


def randomise_phases(x: Array, phase: Array) -> Array:
    """Return x (n, c, t) with ``phase`` (n, c or 1, t // 2 + 1) added to the phases of its spectrum, in x's dtype.

    With phases even over a turn this is the Fourier surrogate [theiler1992]: each amplitude is kept, hence the mean, the
    variance and the circular autocorrelation. Phases that all channels share also keep the cross-spectra
    [prichard1994]. Of two readings or one there is nothing to turn.
    """
    length = x.shape[2]
    if turning(length) == 0:
        return x.clone() if is_torch(x) else x.copy()
    spectrum = rfft(x)
    if is_torch(x):
        return irfft(_torch_turn(spectrum, phase, length), length)
    return irfft(_turned(spectrum, phase, length, spectrum), length)


def _turned(spectrum: Any, phase: Any, length: int, out: Any) -> Any:
    """Fill ``out``, which may be the spectrum itself."""
    from variate.kernels.compiled import spectrum as compiled

    part = np.float32 if spectrum.dtype == np.complex64 else np.float64
    compiled.turn_rows(np.ascontiguousarray(spectrum).view(part), np.ascontiguousarray(phase), turning(length), out.view(part))
    return out


def _torch_turn(spectrum: Any, phase: Any, length: int) -> Any:
    import torch

    angle = phase.to(spectrum.real.dtype)[..., 1 : turning(length) + 1]
    turned = spectrum[..., 1 : turning(length) + 1] * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([spectrum[..., :1], turned, spectrum[..., turning(length) + 1 :]], dim=-1)
