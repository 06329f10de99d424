"""The continuous wavelet transform with Morlet and Ricker wavelets, and its inverse.

As [torrence1998] define it, the unit of time being one reading: W(s, t) = Σ_k x̂_k ψ̂*(s ω_k) exp(i ω_k t), with the
wavelets of unit energy at every scale. The paper could not be read; the formulas of ψ̂, of the Fourier period and
of the reconstruction are derived again in the tests, from the wavelets' shape in time.

The mean of a series is taken out first and is not in the coefficients, nor is what varies faster than the smallest
scale sees. So that nothing of x is lost, a change of coefficients is best made as x + icwt(changed - cwt(x)), which
leaves x as it is where nothing changed: the transform is linear.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, like

OMEGA0 = 6.0  # the Morlet wavelet's radians per reading at scale 1
SMALLEST, SPACING = 2.0, 1 / 8
REACH = math.sqrt(2)  # in scales: e-folding time of what an end of the series does to the energy


class Wavelet(NamedTuple):
    """What is known of a wavelet: readings per cycle at scale 1, its value at 0, and C_δ of the reconstruction."""

    period: float
    middle: float
    constant: float


def _shape(wavelet: str, u: Any) -> Any:
    """Return ψ̂(u) / √(2π) of u = s·ω ≥ 0 at scale 1; it is 0 at 0."""
    if wavelet == "morlet":
        return np.pi**-0.25 * np.exp(-((u - OMEGA0) ** 2) / 2) * (u > 0)
    return u**2 * np.exp(-(u**2) / 2) / math.sqrt(math.gamma(2.5))


@lru_cache(maxsize=2)
def properties(wavelet: str) -> Wavelet:
    """Return what is known of a "morlet" or "ricker" wavelet; a ValueError says that there is no other.

    C_δ makes the reconstruction of a sine exact for closely spaced scales without end. It is the delta reconstruction of
    [torrence1998] in the limit of all scales, an integral over u = s·ω: 0.7784 for Morlet and 3.6163 for Ricker. The
    printed 0.776 and 3.541 would make a sine 0.3 % and 2 % too large.
    """
    if wavelet not in ("morlet", "ricker"):
        raise ValueError(f"wavelet is {wavelet!r}; it must be 'morlet' or 'ricker'")
    u, step = np.linspace(0, 20, 20001, retstep=True)
    integral = float((_shape(wavelet, u[1:]) / u[1:]).sum() * step) * math.sqrt(2 * math.pi) / math.log(2)
    if wavelet == "morlet":  # half of a sine is at the negative frequency, which this wavelet does not see
        middle = math.pi**-0.25
        return Wavelet(4 * math.pi / (OMEGA0 + math.sqrt(2 + OMEGA0**2)), middle, integral / 2 / middle)
    middle = 2 / (math.sqrt(3) * math.pi**0.25)
    return Wavelet(2 * math.pi / math.sqrt(2.5), middle, integral / middle)


def scales(length: int, spacing: float = SPACING, smallest: float = SMALLEST) -> Any:
    """Return the scales, in readings, for series of ``length`` readings: smallest · 2^(j · spacing) up to the length.

    At least one. A ValueError says where the spacing, in octaves, or the smallest scale is not more than 0.
    """
    if not (spacing > 0 and smallest > 0):
        raise ValueError(f"spacing is {spacing} and smallest is {smallest}; both must be more than 0")
    last = math.floor(math.log2(max(length, 1) / smallest) / spacing + 1e-9)
    return smallest * 2.0 ** (np.arange(max(last, 0) + 1) * spacing)


def periods(length: int, wavelet: str = "morlet", spacing: float = SPACING, smallest: float = SMALLEST) -> Any:
    """Return the Fourier period of each scale: the readings per cycle of the sine that it answers to most."""
    return properties(wavelet).period * scales(length, spacing, smallest)


def cone(length: int, wavelet: str = "morlet", spacing: float = SPACING, smallest: float = SMALLEST) -> Any:
    """Return where (scales, length) coefficients can be trusted: √2 scales or more away from both ends of the series.

    Over that time what the end of the series does to a coefficient's energy falls e-fold, for either wavelet.
    """
    properties(wavelet)  # both have √2: only says where it is neither
    steps = np.arange(length)
    return np.minimum(steps, steps[::-1]) >= REACH * scales(length, spacing, smallest)[:, None]


def _padded(length: int) -> int:
    """Return the length with zeros, a power of two at least 1.4 times as long: the rule of [torrence1998]'s program."""
    return 1 << (int(math.log2(max(length, 1)) + 0.4999) + 1)


@lru_cache(maxsize=16)
def _filters(length: int, wavelet: str, spacing: float, smallest: float, dtype: Any = np.float64) -> Any:
    """Return ψ̂ (scales, padded // 2 + 1) at the frequencies of a real transform; ψ̂ of both wavelets is real."""
    s = scales(length, spacing, smallest)[:, None]
    properties(wavelet)
    padded = _padded(length)
    u = s * (2 * np.pi / padded * np.arange(padded // 2 + 1))
    return (np.sqrt(2 * np.pi * s) * _shape(wavelet, u)).astype(dtype)


def cwt(x: Array, wavelet: str = "morlet", spacing: float = SPACING, smallest: float = SMALLEST) -> Array:
    """Return the coefficients (n, c, scales, t) of x (n, c, t): complex for "morlet", real for "ricker".

    x less its mean is padded with zeros. float32 gives complex64 or float32, float64 complex128 or float64. A NaN spreads
    over its whole channel: missing readings must be filled before. Errors are those of :func:`properties` and :func:`scales`.
    """
    n, channels, length = x.shape
    if is_torch(x):
        return _torch_cwt(x, wavelet, _filters(length, wavelet, spacing, smallest), _padded(length))
    filters, padded = _filters(length, wavelet, spacing, smallest, x.dtype), _padded(length)
    kind = np.result_type(x.dtype, np.complex64) if wavelet == "morlet" else x.dtype
    out = empty((n, channels, len(filters), length), kind)
    into = out.reshape(-1, len(filters), length)
    product = np.zeros((len(filters), padded), np.result_type(x.dtype, np.complex64))
    for r, row in enumerate(x.reshape(-1, length)):
        _transform_row(row, filters, padded, product, into[r])
    return out


def _transform_row(row: Any, filters: Any, padded: int, product: Any, out: Any) -> None:
    """One row at a time: all its scales stay in the cache, and its bits do not depend on other rows."""
    from scipy import fft

    row = row - row.mean(dtype=np.float64).astype(row.dtype)
    spectrum, bins, length = fft.rfft(row, padded, workers=1), filters.shape[1], len(row)
    if np.iscomplexobj(out):
        np.multiply(filters, spectrum, out=product[:, :bins])
        out[:] = fft.ifft(product, workers=1)[:, :length]
    else:
        out[:] = fft.irfft(np.multiply(filters, spectrum, out=product[:, :bins]), padded, workers=1)[:, :length]


def _torch_cwt(x: Any, wavelet: str, filters: Any, padded: int) -> Any:
    import torch

    if not x.numel():  # of which MKL makes an error
        kind = x.dtype.to_complex() if wavelet == "morlet" else x.dtype
        return x.new_zeros((*x.shape[:2], len(filters), x.shape[2]), dtype=kind)
    x = x - x.double().mean(-1, keepdim=True).to(x.dtype)
    product = torch.fft.rfft(x, padded)[..., None, :] * like(filters, x, dtype=x.dtype)
    back = torch.fft.ifft(product, padded) if wavelet == "morlet" else torch.fft.irfft(product, padded)
    return back[..., : x.shape[-1]]


def icwt(coefficients: Array, wavelet: str = "morlet", spacing: float = SPACING, smallest: float = SMALLEST) -> Array:
    """Return the series (n, c, t) without its mean: δj / (C_δ ψ(0)) Σ_j Re W(s_j, t) / √s_j [torrence1998].

    Away from the ends, periods from twice the smallest scale's to an eighth of the length come back within 1 % with Morlet.
    A Ricker wavelet sees so wide a band that of a period P only exp(-(2π s₀ / P)² / 2) comes back, s₀ being the smallest
    scale: use ``smallest=0.5`` where the reconstruction matters. A ValueError says where the number of scales does not
    belong to the length.
    """
    length = coefficients.shape[-1]
    s, known = scales(length, spacing, smallest), properties(wavelet)
    if coefficients.shape[2] != len(s):
        raise ValueError(f"coefficients have {coefficients.shape[2]} scales; length {length} and this spacing have {len(s)}")
    weights = spacing / (known.constant * known.middle) / np.sqrt(s)
    real = coefficients.real if wavelet == "morlet" else coefficients
    if is_torch(coefficients):
        return _torch_sum(real, weights)
    out = empty((*real.shape[:2], length), real.dtype)
    term = np.empty((len(s), length), real.dtype)
    weights = weights.astype(real.dtype)[:, None]
    for row, total in zip(real.reshape(-1, *term.shape), out.reshape(-1, length), strict=True):
        np.multiply(row, weights, out=term).sum(axis=0, out=total)
    return out


def _torch_sum(real: Any, weights: Any) -> Any:
    """Scale by scale: a matrix product or a sum may round differently in batches of different size."""
    total = real.new_zeros((*real.shape[:2], real.shape[-1]))
    for j, weight in enumerate(weights.tolist()):
        total = total + weight * real[:, :, j]
    return total
