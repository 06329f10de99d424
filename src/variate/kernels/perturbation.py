"""Perturbing amplitudes and phases in stretches of a spectrum."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, is_torch
from variate.kernels.elementwise import windows
from variate.kernels.spectrum import irfft, rfft, turning


def perturbed(
    x: Array,
    start: Array,
    width: int,
    *,
    amplitude: Array | None,
    phase: Array | None,
    centred: bool,
    whole: bool,
    kept: int,
) -> Array:
    """Return x (n, c, t) with its spectrum perturbed in stretches of ``width`` bins; bin 0 here is the first above DC.

    Args:
        x: series without gaps.
        start: first bins (n, stretches).
        width: bins in a stretch.
        amplitude: noise (n, c, stretches·width): an amplitude becomes the size of m + s·noise; None leaves them alone.
        phase: angles (n, c, stretches·width) that are added; None leaves phases alone.
        centred: whether m is the mean of the amplitudes, or 0; s is their standard deviation.
        whole: whether mean and deviation are those of all bins, or of the stretch.
        kept: so many of the largest bins stay as they were.
    """
    spectrum = rfft(x)
    body = _torch_perturbed if is_torch(x) else _perturbed
    changed = body(spectrum, turning(x.shape[-1]), start, width, amplitude, phase, centred, whole, kept)
    return irfft(changed, x.shape[-1])


def _perturbed(
    spectrum: Any, bins: int, start: Any, width: int, amplitude: Any, phase: Any, centred: bool, whole: bool, kept: int
) -> Any:
    """Perturb the spectrum in place and return it."""
    from variate.kernels.compiled import perturbation

    single = spectrum.dtype == np.complex64
    size = np.empty(bins, np.float32 if single else np.float64)
    bits = size.view(np.int32 if single else np.int64)
    nothing = np.empty((0, 0, 0), np.float32)
    noise, angle = nothing if amplitude is None else amplitude, nothing if phase is None else phase
    parts = np.ascontiguousarray(spectrum).view(size.dtype)
    perturbation.perturb_rows(parts, np.ascontiguousarray(start), width, size, bits, kept, noise, angle, centred, whole)
    return parts.view(spectrum.dtype)


def _torch_perturbed(
    spectrum: Any, bins: int, start: Any, width: int, amplitude: Any, phase: Any, centred: bool, whole: bool, kept: int
) -> Any:
    import torch

    old = spectrum[..., 1 : bins + 1]
    inside, size = windows(start, width, bins)[:, None, :], old.abs()
    if kept:
        inside = inside & (size < size.sort(dim=-1).values[..., -kept, None])
    new = old
    if amplitude is not None:
        mean, spread = _of_all(size) if whole else _of_stretches(size, start, width)
        level = ((mean if centred else 0) + spread * _spread_out(amplitude, start, size)).abs()
        new = (old * (level / size.clamp(min=1e-37))).where(size > 1e-37, level.to(old.dtype))
    if phase is not None:
        new = new * torch.polar(torch.ones_like(size), _spread_out(phase, start, size))
    return torch.cat([spectrum[..., :1], new.where(inside, old), spectrum[..., bins + 1 :]], dim=-1)


def _spread_out(noise: Any, start: Any, size: Any) -> Any:
    """Return noise (n, c, stretches·width) at the bins (n, c, bins) of its stretches, 0 elsewhere; the later stretch counts."""
    import torch

    width = noise.shape[2] // start.shape[1]
    out = size.new_zeros(size.shape)
    for k in range(start.shape[1]):
        place = (start[:, k, None] + torch.arange(width, device=start.device))[:, None, :].expand(-1, size.shape[1], -1)
        out = out.scatter(-1, place, noise[..., k * width : (k + 1) * width].to(size.dtype))
    return out


def _of_all(size: Any) -> tuple[Any, Any]:
    return size.mean(-1, keepdim=True), size.std(-1, keepdim=True, correction=0)


def _of_stretches(size: Any, start: Any, width: int) -> tuple[Any, Any]:
    """Return the mean and deviation (n, c, bins) of the stretch each bin is in, the later one where two overlap."""
    mean = spread = size.new_zeros(size.shape)
    for k in range(start.shape[1]):
        inside = windows(start[:, k : k + 1], width, size.shape[-1])[:, None, :]
        level = size.where(inside, 0).sum(-1, keepdim=True) / width
        deviation = (((size - level).where(inside, 0) ** 2).sum(-1, keepdim=True) / width).sqrt()
        mean, spread = level.where(inside, mean), deviation.where(inside, spread)
    return mean, spread


def edges_kept(old: Array, new: Array, count: int) -> Array:
    """Return ``new`` (n, c, t) with the first and last ``count`` readings of ``old``."""
    count = min(count, old.shape[-1] // 2)
    return concat([old[..., :count], new[..., count : new.shape[-1] - count], old[..., old.shape[-1] - count :]], axis=-1)
