"""The short-time Fourier transform, its exact inverse, and mel filters.

A frame f is the stretch of ``size`` readings around reading f·hop, times a periodic Hann window; beyond its ends the
series is mirrored about its end readings (… c b | a b c | b a …). There are as many frames as it takes for every
reading to lie between the centres of two, so the window never comes near zero at a reading and the inverse, the frames
added up and divided by Σ window² [griffin1984], is exact to rounding at any length. Missing readings must be filled
before: a NaN spreads as far as a frame reaches.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, like

SHORTEST, LONGEST = 3, 10  # powers of two: enough bins to tell tones apart, enough frames to tell times apart
BLOCK = 2**19  # bytes of frames that are cut out and transformed at a time, so that they stay in the cache
RATE = 16000.0  # readings per second for which the mel scale bends: that of speech


def default_size(length: int) -> int:
    """Return a window for series of so many readings: the power of two nearest to length / 8, within 8 … 1024.

    With the default hop that gives about 32 frames: our decision, for short series of sensors.
    """
    return 1 << min(max(round(math.log2(max(length, 1) / 8)), SHORTEST), LONGEST)


def frames(length: int, size: int, hop: int | None = None) -> int:
    """Return the number of frames of a series of ``length`` readings: one each ``hop``, up to or past the last reading."""
    return 1 + -(-max(length - 1, 0) // _hop(size, hop))


def _hop(size: int, hop: int | None) -> int:
    """Return the hop, by default a quarter of the window, or say why there is no inverse."""
    if size < 2:
        raise ValueError(f"size is {size}; a window needs at least 2 readings")
    hop = max(size // 4, 1) if hop is None else hop
    if not 1 <= hop <= size // 2:
        raise ValueError(f"hop is {hop}; a window of {size} readings needs a hop of 1 to {size // 2}")
    return hop


@lru_cache(maxsize=64)
def _window(size: int, dtype: Any = np.float64) -> Any:
    """Return the periodic Hann window, the first of its readings 0."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(size) / size)).astype(dtype)


@lru_cache(maxsize=64)
def _gain(length: int, size: int, hop: int, dtype: Any = np.float64) -> Any:
    """Return 1 / Σ window² at each reading."""
    count = frames(length, size, hop)
    total = np.zeros((count - 1) * hop + size)
    for f in range(count):
        total[f * hop : f * hop + size] += _window(size) ** 2
    return (1 / total[size // 2 :][:length]).astype(dtype)


def stft(x: Array, size: int, hop: int | None = None) -> Array:
    """Return the spectrum (n, c, size // 2 + 1 bins, frames) of each stretch of x (n, c, t); hop is by default size // 4.

    Bin k is k / size cycles per reading, and not scaled: a constant of 1 has size / 2 in bin 0. float32 gives complex64,
    float64 complex128. The array is a view whose bins lie next to each other in memory. A ValueError says where a window
    is shorter than 2 readings or a hop is not in 1 … size // 2.
    """
    hop = _hop(size, hop)
    n, channels, length = x.shape
    count = frames(length, size, hop)
    if is_torch(x):
        return _torch_stft(x, size, hop, count)
    from scipy import fft

    from variate.kernels.compiled import stft as compiled

    rows = np.ascontiguousarray(x).reshape(-1, length)
    out = empty((n, channels, count, size // 2 + 1), np.result_type(x.dtype, np.complex64))
    into, window = out.reshape(-1, *out.shape[2:]), _window(size, x.dtype)
    for part in _parts(len(rows), count * size * x.itemsize):
        cut = empty((part.stop - part.start, count, size), x.dtype)
        compiled.frame_rows(rows[part], window, hop, cut)
        into[part] = fft.rfft(cut, overwrite_x=True, workers=1)
    return out.swapaxes(2, 3)


def istft(spectrum: Array, length: int, size: int, hop: int | None = None) -> Array:
    """Return the series (n, c, length) whose spectrum is nearest in the mean square to ``spectrum`` (n, c, bins, frames).

    Undoes :func:`stft` of the same size and hop to rounding. As in every real transform, the imaginary part of bin 0 and,
    if the size is even, of the last bin does not count. A ValueError says where the shape does not belong to the length.
    """
    hop = _hop(size, hop)
    n, channels = spectrum.shape[:2]
    expected = (size // 2 + 1, frames(length, size, hop))
    if tuple(spectrum.shape[2:]) != expected:
        found = tuple(spectrum.shape[2:])
        raise ValueError(f"spectrum has {found} bins and frames; length {length}, size {size} and hop {hop} have {expected}")
    if is_torch(spectrum):
        return _torch_istft(spectrum, length, size, hop)
    from scipy import fft

    from variate.kernels.compiled import stft as compiled

    out = empty((n, channels, length), spectrum.real.dtype)
    rows, into = spectrum.swapaxes(2, 3).reshape(-1, *expected[::-1]), out.reshape(-1, length)
    window, gain = _window(size, out.dtype), _gain(length, size, hop, out.dtype)
    for part in _parts(len(rows), expected[1] * size * out.itemsize):
        compiled.overlap_rows(fft.irfft(rows[part], size, workers=1), window, hop, gain, into[part])
    return out


def _parts(rows: int, bytes_of_a_row: int) -> list[slice]:
    """Return slices of rows that fit the cache."""
    step = max(BLOCK // max(bytes_of_a_row, 1), 1)
    return [slice(first, min(first + step, rows)) for first in range(0, rows, step)]


def _torch_stft(x: Any, size: int, hop: int, count: int) -> Any:
    import torch

    if not x.numel():  # of which MKL makes an error
        return x.new_zeros((*x.shape[:2], size // 2 + 1, count), dtype=x.dtype.to_complex())
    length = x.shape[-1]
    period = max(2 * (length - 1), 1)
    places = np.arange(-(size // 2), (count - 1) * hop + size - size // 2) % period
    longer = x[..., like(np.minimum(places, period - places) if length > 1 else places, x)]
    cut = longer.unfold(-1, size, hop) * like(_window(size), x, dtype=x.dtype)
    return torch.fft.rfft(cut).swapaxes(2, 3)


def _torch_istft(spectrum: Any, length: int, size: int, hop: int) -> Any:
    """Hop by hop: a frame is cut into pieces of one hop, and the k-th pieces of all frames lie side by side."""
    import torch

    if not spectrum.numel():
        return spectrum.real.new_zeros((*spectrum.shape[:2], length))
    pieces = torch.fft.irfft(spectrum.swapaxes(2, 3), size)
    count, overlap = pieces.shape[2], -(-size // hop)
    pieces = pieces * like(_window(size), pieces, dtype=pieces.dtype)
    pieces = torch.nn.functional.pad(pieces, (0, overlap * hop - size)).reshape(*pieces.shape[:3], overlap, hop)
    total = pieces.new_zeros((*pieces.shape[:2], count - 1 + overlap, hop))
    for k in range(overlap):
        total[:, :, k : k + count] += pieces[..., k, :]
    gain = like(_gain(length, size, hop), pieces, dtype=pieces.dtype)
    return total.flatten(2)[..., size // 2 : size // 2 + length] * gain


@lru_cache(maxsize=32)
def mel_filters(bins: int, count: int, rate: float = RATE) -> Any:
    """Return triangular filters (count, bins) in float64: mel spectrum = filters @ abs(stft) ** 2.

    Their corners are equally spaced in mel = 2595 log10(1 + hertz / 700) [stevens1937] [davis1980] from bin 0 to the last,
    which is the normalised frequency 0 … 0.5. A filter is 1 at its own corner and 0 at its neighbours', so that two
    neighbours add up to 1 between their corners. ``rate`` is the number of readings per second. The scale is one of human
    hearing, and of the true rate of a slow sensor it makes equally spaced filters: by default it bends as for speech at
    16000 readings per second, narrow at low frequencies and wide at high ones. Where that would make triangles narrower
    than a bin, and so empty, they are kept a bin apart: our decision. A ValueError says where there are too many of them.
    """
    if not 1 <= count <= bins - 2:
        raise ValueError(f"count is {count}; {bins} bins have room for 1 to {bins - 2} filters")
    if not rate > 0:
        raise ValueError(f"rate is {rate}; readings per second must be more than 0")
    mel = np.linspace(0, math.log1p(rate / 2 / 700), count + 2)
    corners = np.maximum(np.expm1(mel) * (700 / (rate / 2)) * (bins - 1), np.arange(count + 2.0))
    corners[-1] = bins - 1
    low, middle, high = (corners[k : k + count, None] for k in range(3))
    places = np.arange(bins)
    return np.maximum(np.minimum((places - low) / (middle - low), (high - places) / (high - middle)), 0)
