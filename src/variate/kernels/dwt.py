"""The discrete wavelet transform: each level has half as many coefficients as the one before [mallat1989].

Its conventions, phase and signs are PyWavelets' own, which does the work for NumPy arrays. A row's first reading is
taken off before filtering and put back on the approximation: the details of a constant are exactly 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, is_torch, like
from variate.kernels.modwt import wavelet_of

MODES = ("periodization", "periodic", "symmetric")
"""How a series goes on past its ends: from its start again, with no more coefficients than readings; from its start
again; or mirrored (… b a | a b …). The last two have about L/2 coefficients more to a level, for L taps."""


def max_level(length: int, wavelet: str) -> int:
    """Return the most levels at which a coefficient does not feel the ends: ⌊log2(length / (L - 1))⌋, or 0."""
    import pywt

    return int(pywt.dwt_max_level(length, wavelet_of(wavelet).dec_len))


def dwt(x: Array, wavelet: str, level: int, mode: str = "periodization") -> list[Array]:
    """Return [approximation, details of level ``level``, …, details of level 1] of x (n, c, t), in x's dtype and unit.

    Each is (n, c, its own length): that of a level is half that of the one below, rounded up, or (that + L - 1) // 2
    in the other modes. The default keeps the energy where 2^level divides t; at an odd length the last reading counts
    twice. Any level from 0 on will do. Raises ValueError for a wavelet, level or mode that does not exist.
    """
    if level < 0:
        raise ValueError(f"level must be at least 0, not {level}")
    _check(mode)
    low, details = x.clone() if is_torch(x) else x.copy(), []
    if level == 0 or not x.shape[-1]:
        return [low, *[low] * level]
    centre = x[..., :1].detach() if is_torch(x) else x[..., :1]  # put back below, so it has no say in the gradient
    low = low - centre
    for _ in range(level):
        low, high = _split(low, wavelet, mode)
        details.append(high)
    return [low + 2 ** (level / 2) * centre, *reversed(details)]


def idwt(coefficients: list[Array], wavelet: str, length: int, mode: str = "periodization") -> Array:
    """Return the series (n, c, length) of coefficients as :func:`dwt` gives them: its inverse, at any length.

    ``mode`` is that of the transform. Raises ValueError for a wavelet or mode that does not exist.
    """
    _check(mode)
    low, *details = coefficients
    for high in details if length else []:
        low = _join(low[..., : high.shape[-1]], high, wavelet, mode)
    low = low[..., :length]
    if is_torch(low):
        return low if details else low.clone()
    return np.ascontiguousarray(low) if details else low.copy()


def _check(mode: str) -> None:
    if mode not in MODES:
        raise ValueError(f"mode must be one of {', '.join(MODES)}, not {mode!r}")


def _split(x: Array, wavelet: str, mode: str) -> tuple[Array, Array]:
    """Return the approximation and the details of one level."""
    bank = wavelet_of(wavelet)
    if not is_torch(x):
        import pywt

        low, high = pywt.dwt(x, bank, mode, axis=-1)
        return low, high
    count = len(bank.dec_lo)
    first, half = _first(count, mode), _half(x.shape[-1], count, mode)
    longer = x[..., like(_places(first - count + 1, 2 * half + count - 2, x.shape[-1], mode), x)]
    return _decimated(longer, bank.dec_lo, half), _decimated(longer, bank.dec_hi, half)


def _join(low: Array, high: Array, wavelet: str, mode: str) -> Array:
    """Return what one level's approximation and details were made of, and a reading more where that was odd."""
    bank = wavelet_of(wavelet)
    if not is_torch(low):
        import pywt

        return pywt.idwt(low, high, bank, mode, axis=-1)
    import torch

    even, odd = (
        _interleaved(low, bank.dec_lo, parity, mode) + _interleaved(high, bank.dec_hi, parity, mode) for parity in (0, 1)
    )
    return torch.stack([even, odd], dim=-1).flatten(-2)


def _first(count: int, mode: str) -> int:
    """Where the first coefficient reads with the first tap: C[n] = Σ taps[j]·x[2n + first - j]."""
    return count // 2 if mode == "periodization" else 1


def _half(length: int, count: int, mode: str) -> int:
    return (length + 1) // 2 if mode == "periodization" else (length + count - 1) // 2


def _places(start: int, size: int, length: int, mode: str) -> Any:
    """Return which readings stand at ``size`` steps from ``start`` on, both of which may lie past the ends."""
    steps = np.arange(start, start + size)
    if mode == "symmetric":
        steps = steps % (2 * length)
        return np.minimum(steps, 2 * length - 1 - steps)
    if mode == "periodic":
        return steps % length
    return np.minimum(steps % (length + length % 2), length - 1)


def _decimated(longer: Any, taps: list[float], half: int) -> Any:
    """Every second output of the filter. Tap by tap: a convolution may round differently by size of batch."""
    total = longer.new_zeros((*longer.shape[:-1], half))
    for j, tap in enumerate(reversed(taps)):
        total = total + tap * longer[..., j : j + 2 * half - 1 : 2]
    return total


def _interleaved(coefficients: Any, taps: list[float], parity: int, mode: str) -> Any:
    """The readings at even or odd steps: x[2p + r] = Σ taps[j]·C[p + (j + r - first)/2], over the j that make it whole."""
    count, half = len(taps), coefficients.shape[-1]
    first = _first(count, mode)
    size = half if mode == "periodization" else half - count // 2 + 1
    twice = concat([coefficients, coefficients], axis=-1)
    total = coefficients.new_zeros((*coefficients.shape[:-1], size))
    for j in range((first - parity) % 2, count, 2):
        shift = (j + parity - first) // 2 % half
        total = total + taps[j] * twice[..., shift : shift + size]
    return total
