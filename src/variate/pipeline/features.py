"""Features of the time-frequency domain, as plain functions: spectrogram, scalogram, modwt and its inverse."""

from __future__ import annotations

from typing import Any

from variate.core.check import as_values
from variate.core.errors import PanelError, ParameterError
from variate.core.param import Param
from variate.kernels import cwt as _cwt
from variate.kernels import modwt as _modwt
from variate.kernels import stft as _stft
from variate.kernels.arrays import Array, is_torch, like
from variate.kernels.missing import has_nan

SIZE, MEL, LEVEL = (Param(name, "int", 0, low=0) for name in ("size", "mel", "level"))
SPACING = Param("spacing", "float", 0.125, low=0.01, high=1)


def spectrogram(x: Any, mel: int | None = None, size: int = 0) -> Array:
    """Return the magnitudes of the short-time Fourier transform: how strong each frequency is, and when.

    Args:
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor without missing readings.
        mel: so many bands of the mel scale in place of the bins, as for speech at 16,000 readings a second.
        size: steps in a window (Hann, a quarter of it from frame to frame); 0 is the power of two nearest to time/8.

    Returns:
        ``(n, channels, size // 2 + 1 or mel, frames)``.

    Raises:
        PanelError: missing readings, or series of different lengths.
        ParameterError: a size, or a number of bands, that is none.

    >>> import numpy as np, variate
    >>> variate.spectrogram(np.ones((2, 3, 256))).shape
    (2, 3, 17, 33)
    """
    values = _whole(x, "spectrogram")
    size = SIZE.check(size, "spectrogram") or _stft.default_size(values.shape[2])
    magnitude = abs(_stft.stft(values, max(size, 2)))
    if mel is None:
        return magnitude
    try:
        bands = like(_stft.mel_filters(magnitude.shape[2], MEL.check(mel, "spectrogram")), magnitude, dtype=magnitude.dtype)
    except ValueError as error:
        raise ParameterError(f"spectrogram(mel={mel!r}): {error}") from None
    return (bands[None, None, :, :, None] * magnitude[:, :, None]).sum(3)


def scalogram(x: Any, wavelet: str = "morlet", spacing: float = 0.125) -> Array:
    """Return the magnitudes of the continuous wavelet transform: how strong each scale is at each step [torrence1998].

    Args:
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor without missing readings.
        wavelet: ``"morlet"`` or ``"ricker"``.
        spacing: octaves from scale to scale; the smallest is 2 steps, the largest the length.

    Returns:
        ``(n, channels, scales, time)``, the smallest scale first.

    Raises:
        PanelError: missing readings, or series of different lengths.
        ParameterError: another wavelet, or a spacing out of 0.01 … 1.

    >>> import numpy as np, variate
    >>> variate.scalogram(np.ones((2, 3, 256))).shape
    (2, 3, 57, 256)
    """
    Param("wavelet", "str", "morlet", choices=("morlet", "ricker")).check(wavelet, "scalogram")
    return abs(_cwt.cwt(_whole(x, "scalogram"), wavelet, SPACING.check(spacing, "scalogram")))


def modwt(x: Any, wavelet: str = "la8", level: int = 0, boundary: str = "periodic") -> tuple[Array, Array]:
    """Return (details, smooth) of the maximal overlap discrete wavelet transform [percival2000].

    Args:
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor without missing readings.
        wavelet: ``"haar"``, ``"la8"``, ``"la16"`` or another orthogonal wavelet of PyWavelets.
        level: number of levels; 0 is floor(log2((T - 1)/(L - 1) + 1)) for a filter of L taps.
        boundary: ``"periodic"``, or ``"reflection"``, which mirrors the series and returns twice as many coefficients.

    Returns:
        Details ``(n, channels, level, time)``, the finest level first, and the smooth ``(n, channels, time)``.

    Raises:
        PanelError: missing readings, or series of different lengths.
        ParameterError: a wavelet, level or boundary that is none.

    >>> import numpy as np, variate
    >>> details, smooth = variate.modwt(np.arange(8.0), wavelet="haar", level=1)
    >>> details[0, 0, 0].tolist()
    [-3.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """
    values = _whole(x, "modwt")
    try:
        count = LEVEL.check(level, "modwt") or _modwt.levels(values.shape[2], wavelet)
        return _modwt.modwt(values, wavelet, count, boundary)
    except ValueError as error:
        raise ParameterError(f"modwt: {error}") from None


def imodwt(details: Array, smooth: Array, wavelet: str = "la8", boundary: str = "periodic") -> Array:
    """Return the series (n, channels, time) of what :func:`modwt` returned; of changed parts the nearest.

    Raises:
        ParameterError: a wavelet or boundary that is none.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=(1, 1, 50))
    >>> bool(np.allclose(variate.imodwt(*variate.modwt(x)), x))
    True
    """
    try:
        return _modwt.imodwt(details, smooth, wavelet, boundary)
    except ValueError as error:
        raise ParameterError(f"imodwt: {error}") from None


def _whole(x: Any, owner: str) -> Array:
    """Return series (n, c, t) of one length without gaps, as they compute best."""
    values = as_values(x, "x")
    if isinstance(values, list):
        raise PanelError(f"{owner} needs series of one length; it was given a list: call it for each, or pad them")
    if has_nan(values):
        raise PanelError(f"{owner} was given missing readings (NaN), which would spread over the whole; fill them first")
    if is_torch(values):
        return values.float() if values.dtype.itemsize == 2 else values
    return values.astype("float32") if values.dtype.itemsize == 2 else values
