"""Changes of single frequencies, by way of the spectrum and back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, is_torch, namespace, placed
from variate.kernels.spectrum import irfft, rfft, turn, turning


def filtered(x: Array, keep: Array) -> Array:
    """Return x (n, c, t) with the bins above DC where ``keep`` (n, c or 1, t // 2) is False set to 0."""
    spectrum = rfft(x)
    above = namespace(x).where(keep, spectrum[..., 1:], namespace(x).zeros_like(spectrum[..., :1]))
    return irfft(concat([spectrum[..., :1], above], axis=-1), x.shape[-1])


def exchanged(x: Array, other: Array, taken: Array) -> Array:
    """Return x (n, c, t) with the bins above DC where ``taken`` (n, c or 1, t // 2) is True those of ``other`` (n, c, t)."""
    own, theirs = rfft(x), rfft(other)
    above = namespace(x).where(taken, theirs[..., 1:], own[..., 1:])
    return irfft(concat([own[..., :1], above], axis=-1), x.shape[-1])


def interpolated(x: Array, other: Array, share: Array, towards: Array) -> Array:
    """Return x (n, c, t) with amplitudes that are ``share`` (n, 1, 1) of the way to those of ``other`` (n, c, t).

    Phases go ``towards`` (n, 1, 1) of the way, along the shorter arc. DC and the Nyquist bin, which have no phase, go
    ``share`` of the way as numbers.
    """
    xp, length = namespace(x), x.shape[-1]
    own, theirs = rfft(x), rfft(other)
    straight = own + share * (theirs - own)
    (size, angle), (their_size, their_angle) = polar(own), polar(theirs)
    angle = xp.where(size > 1e-5 * xp.max(size, axis=-1, keepdims=True), angle, their_angle)  # else that of a rounding
    turn_by = their_angle - angle
    turn_by = turn_by - 2 * math.pi * xp.floor(turn_by / (2 * math.pi) + 0.5)
    turned = with_angles(size + share * (their_size - size), angle + towards * turn_by)
    last = turning(length) + 1
    return irfft(concat([straight[..., :1], turned[..., 1:last], straight[..., last:]], axis=-1), length)


def shifted(x: Array, shift: Array) -> Array:
    """Return x (n, c, t) with its frequencies, DC excepted, moved by ``shift`` (n, 1, 1) cycles per step."""
    xp, length = namespace(x), x.shape[-1]
    spectrum = rfft(x)
    level = spectrum[..., :1].real / length
    steps = xp.astype(xp.arange(length, device=x.device), xp.float64)
    turns = xp.astype(shift, xp.float64) * steps
    angle = 2 * math.pi * (turns - xp.floor(turns))
    return level + turn(_analytic(x - level), angle, 2 * length - 1).real  # all of its entries but the first, at angle 0


def _analytic(x: Array) -> Array:
    """Return the analytic signal (n, c, t), complex, of x: its spectrum without negative frequencies, doubled."""
    length = x.shape[-1]
    spectrum = rfft(x)
    paired = turning(length)
    parts = [spectrum[..., :1], 2 * spectrum[..., 1 : paired + 1], spectrum[..., paired + 1 :]]
    rest = namespace(x).zeros_like(spectrum[..., :1])
    nothing = namespace(x).repeat(rest, length - spectrum.shape[-1], axis=-1)
    return _ifft(concat([*parts, nothing], axis=-1))


def _ifft(spectrum: Array) -> Any:
    if is_torch(spectrum):
        import torch

        return torch.fft.ifft(spectrum)
    from scipy import fft

    return fft.ifft(spectrum, axis=-1, workers=1)


def shuffle_strongest(x: Array, order: Array) -> Array:
    """Return x (n, c, t) with its k strongest bins exchanged: the one of rank r gets that of rank order[n, r] (n, k).

    DC and the Nyquist bin, which have no partner of negative frequency, do not take part.
    """
    xp = namespace(x)
    spectrum = rfft(x)
    paired = spectrum[..., 1 : turning(x.shape[-1]) + 1]
    ranked = _strongest(xp.abs(paired), order.shape[1])
    source = xp.take_along_axis(ranked, xp.broadcast_to(order[:, None, :], ranked.shape), axis=-1)
    moved = placed(paired, ranked, xp.take_along_axis(paired, source, axis=-1))
    return irfft(concat([spectrum[..., :1], moved, spectrum[..., paired.shape[-1] + 1 :]], axis=-1), x.shape[-1])


def _strongest(size: Array, count: int) -> Array:
    """Return the places (n, c, count) of the largest of each channel, the largest first; of equal ones the earlier."""
    if is_torch(size):
        return size.argsort(dim=-1, descending=True, stable=True)[..., :count]
    least = np.partition(size, -count, axis=-1)[..., -count, None]
    ranked = np.where(size >= least, -size, np.inf)
    return np.argsort(ranked, axis=-1, stable=True)[..., :count]


def polar(spectrum: Array) -> tuple[Array, Array]:
    """Return the amplitudes and the phases, in radians, of complex numbers."""
    if is_torch(spectrum):
        return spectrum.abs(), spectrum.angle()
    return np.abs(spectrum), np.arctan2(spectrum.imag, spectrum.real)


def with_angles(size: Array, angle: Array) -> Array:
    """Return complex numbers of these amplitudes, which may be negative, and phases."""
    xp = namespace(size)
    real, imaginary = size * xp.cos(angle), size * xp.sin(angle)
    if is_torch(size):
        import torch

        return torch.complex(real, imaginary)
    return real + 1j * imaginary
