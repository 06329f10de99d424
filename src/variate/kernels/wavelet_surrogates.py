"""Surrogates of each wavelet level, put back to where they fit best: WIAAFT [keylock2006]."""

from __future__ import annotations

from variate.kernels.arrays import Array, namespace, placed
from variate.kernels.modwt import imodwt, levels, modwt
from variate.kernels.ranks import ascending, order, reorder
from variate.kernels.spectrum import irfft, rfft
from variate.kernels.surrogates import iaaft, impose


def wiaaft(x: Array, start: Array, most: int, *, wavelet: str, pinned: float, spectrum_last: bool) -> Array:
    """Return series with the readings of x (n, c, t), nearly its spectrum, and nearly its local mean and variance.

    The MODWT details of each level become surrogates with exactly their spectrum, turned round in time and circularly to
    where they fit the old details best; the smooth stays; then spectrum and readings of x are imposed.

    Args:
        x: series without gaps, of 16 readings or more.
        start: for each level a permutation of the steps, (n, c, most levels, t).
        most: most rounds of each imposition.
        wavelet: of the MODWT.
        pinned: the largest details stay that hold this share of the energy of all levels.
        spectrum_last: whether the spectrum is exact at the end, or the readings.
    """
    details, smooth = modwt(x, wavelet, levels(x.shape[2], wavelet))
    fixed = _largest(details, pinned) if pinned > 0 else None
    made = []
    for j in range(details.shape[2]):
        level = details[:, :, j]
        surrogate = _matched(level, iaaft(level, start[:, :, j], most, spectrum_last=True))
        made.append(surrogate if fixed is None else _kept(level, surrogate, fixed[:, :, j]))
    begin = imodwt(namespace(x).stack(made, axis=2), smooth, wavelet)
    return impose(x, begin, most, spectrum_last=spectrum_last)[0]


def _matched(level: Array, surrogate: Array) -> Array:
    """Return the circular rotation of the surrogate, or of its mirror image, that correlates best with the level."""
    xp, length = namespace(level), level.shape[2]
    mirror = xp.flip(surrogate, axis=-1)
    forward, backward = _correlations(level, surrogate), _correlations(level, mirror)
    turned = xp.max(backward, axis=2, keepdims=True) > xp.max(forward, axis=2, keepdims=True)
    shift = xp.argmax(xp.where(turned, backward, forward), axis=2, keepdims=True)
    place = (xp.arange(length, device=level.device)[None, None, :] - shift) % length
    return xp.take_along_axis(xp.where(turned, mirror, surrogate), place, axis=2)


def _correlations(a: Array, b: Array) -> Array:
    """Return Σ a(t)·b(t - s) for every rotation s (n, c, t)."""
    xp = namespace(a)
    return irfft(rfft(a) * xp.conj(rfft(b)), a.shape[2])


def _largest(details: Array, share: float) -> Array:
    """Return which details (n, c, level, t) are the largest that hold ``share`` of the energy of a channel."""
    xp = namespace(details)
    n, channels, level, length = details.shape
    energy = xp.reshape(details**2, (n, channels, level * length))
    place = xp.flip(order(energy), axis=-1)
    held = xp.cumulative_sum(xp.take_along_axis(energy, place, axis=2), axis=2)
    before = held - xp.take_along_axis(energy, place, axis=2)
    inside = (before < share * held[..., -1:]) | (share >= 1)
    return xp.reshape(placed(xp.zeros_like(inside), place, inside), details.shape)


def _kept(level: Array, surrogate: Array, fixed: Array) -> Array:
    """Return the level with its other details put to the ranks that the surrogate has where they are."""
    xp = namespace(level)
    away = xp.full_like(level, float("inf"))
    others = ascending(xp.where(fixed, away, level))  # those that move first, in order, then infinities
    placed = reorder(others, xp.where(fixed, away, surrogate))
    return xp.where(fixed, level, placed)
