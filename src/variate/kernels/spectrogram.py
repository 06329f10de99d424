"""What SpecAugment does to time and to the short-time Fourier transform."""

from __future__ import annotations

from variate.kernels.arrays import Array, is_torch, namespace
from variate.kernels.stft import istft, stft


def bent_clock(point: Array, move: Array, length: int) -> Array:
    """Return clocks (n, length) in float64 that show old step ``point`` (n, 1) at step point + move, the ends kept.

    Time runs evenly on both sides. A point at an end stays there.
    """
    xp = namespace(point)
    steps = xp.astype(xp.arange(length, device=point.device), xp.float64)[None, :]
    old, new = xp.astype(point, xp.float64), xp.astype(point + move, xp.float64)
    last = float(max(length - 1, 0))
    left = steps * (old / xp.clip(new, 1.0, None))
    right = old + (steps - new) * ((last - old) / xp.clip(last - new, 1.0, None))
    return xp.where(move == 0, steps, xp.where(steps < new, left, right))


def masked_series(x: Array, size: int, bins: Array, frames: Array) -> Array:
    """Return x (n, c, t) with bins and frames of its short-time Fourier transform set to 0.

    ``bins`` (n, size // 2 + 1) and ``frames`` (n, frames) say which are kept.
    """
    xp = namespace(x)
    spectrum = stft(x, size)
    keep = xp.astype(frames[:, None, :, None] & bins[:, None, None, :], x.dtype)
    keep = xp.matrix_transpose(keep)  # frames lie one after the other in memory
    if is_torch(x):
        return istft(spectrum * keep, x.shape[2], size)
    spectrum *= keep  # our own, and large: another one would cost as much as the inverse
    return istft(spectrum, x.shape[2], size)
