"""The maximal overlap discrete wavelet transform: every level has as many coefficients as the series has readings.

Filters are applied circularly, so any length will do, even one shorter than the filter [percival2000]. A row's first
reading is taken off before filtering and put back after: the details of a constant are exactly 0.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_torch, namespace

NAMES = {"la8": "sym4", "la16": "sym8"}
"""Names of the literature for the least asymmetric wavelets, and what PyWavelets calls them."""

BOUNDARIES = ("periodic", "reflection")


@lru_cache(maxsize=64)
def wavelet_of(name: str) -> Any:
    """Return the PyWavelets object of an orthogonal wavelet: "haar", "la8", "la16" or a name of PyWavelets.

    Raises ValueError for a name that PyWavelets does not know and for a wavelet that is not orthogonal; "dmey" is one,
    its 62 taps being an approximation.
    """
    import pywt

    known = str(NAMES.get(name.lower(), name)).lower()
    if known not in pywt.wavelist(kind="discrete"):
        choices = '"haar", "la8", "la16" or an orthogonal wavelet of PyWavelets such as "db4", "sym6" or "coif2"'
        raise ValueError(f"unknown wavelet {name!r}; use {choices}")
    wavelet = pywt.Wavelet(known)
    taps = np.array(wavelet.dec_lo)
    overlaps = np.correlate(taps, taps, mode="full")[len(taps) - 1 :: 2]  # 1, 0, 0, … for an orthogonal wavelet
    if not wavelet.orthogonal or abs(overlaps - np.eye(1, len(overlaps))[0]).max() > 1e-6:
        raise ValueError(f'wavelet {name!r} is not orthogonal; use one that is, such as "haar", "db4", "la8" or "coif2"')
    return wavelet


@lru_cache(maxsize=64)
def filters(wavelet: str) -> tuple[Any, Any]:
    """Return the scaling and the wavelet filter (L,) in float64, which add up to 1 and 0; read-only.

    They are those of the DWT over √2, the wavelet filter by h[l] = (-1)^l·g[L-1-l] [percival2000]. PyWavelets gives its
    ``dec_hi`` the other sign. Raises ValueError as :func:`wavelet_of`.
    """
    scaling = np.array(wavelet_of(wavelet).dec_lo) / np.sqrt(2)
    detail = scaling[::-1] * (-1.0) ** np.arange(len(scaling))
    scaling.flags.writeable = detail.flags.writeable = False
    return scaling, detail


def levels(length: int, wavelet: str) -> int:
    """Return the usual number of levels: as many as leave coefficients that do not feel the ends, 1 at least.

    That is ⌊log2((length - 1)/(L - 1) + 1)⌋ with L taps, and 0 for a single reading, which has no details.
    """
    if length < 2:
        return 0
    return max(((length - 1) // (len(filters(wavelet)[0]) - 1) + 1).bit_length() - 1, 1)


class _Plan(NamedTuple):
    """Both filters (L,) in the dtype of the work and where each tap reads a doubled row, (level, L): ahead or back."""

    scaling: Any
    wavelet: Any
    back: Any
    ahead: Any


@lru_cache(maxsize=64)
def _plan(wavelet: str, level: int, length: int, dtype: Any) -> _Plan:
    scaling, detail = filters(wavelet)
    shifts = [[2**j * tap % length for tap in range(len(scaling))] for j in range(level)]
    ahead = np.array(shifts, np.int64).reshape(level, len(scaling))
    return _Plan(scaling.astype(dtype), detail.astype(dtype), -ahead % length, ahead)


def modwt(x: Array, wavelet: str, level: int, boundary: str = "periodic") -> tuple[Array, Array]:
    """Return details (n, c, level, t), finest first, and smooth (n, c, t) of x (n, c, t), in x's dtype and unit.

    W_j[t] = Σ h[l]·V_{j-1}[t - 2^(j-1)·l], V_j the same with g, all indices modulo t [percival2000]. Energy adds up, the
    mean is in the smooth part alone, and a circular shift of x shifts every level as much. With ``boundary="reflection"``
    x is followed by its mirror image and all 2t coefficients are returned: those of the first half alone do not tell x.
    ``level`` may be any number from 0 on; beyond log2 t details are of hardly anything. Raises ValueError for a wavelet,
    level or boundary that does not exist; missing readings spread over the row.
    """
    if level < 0:
        raise ValueError(f"level must be at least 0, not {level}")
    if _reflects(boundary):
        x = concat([x, namespace(x).flip(x, axis=-1)], axis=-1)
    n, channels, length = x.shape
    if is_torch(x):
        return _torch_modwt(x, wavelet, level)
    details, smooth = empty((n, channels, level, length), x.dtype), empty(x.shape, x.dtype)
    if level == 0:
        smooth[...] = x
    elif x.size:
        from variate.kernels.compiled import modwt as compiled

        plan = _plan(wavelet, level, length, x.dtype)
        rows, parts = np.ascontiguousarray(x).reshape(-1, length), details.reshape(-1, level, length)
        compiled.modwt_rows(rows, plan.scaling, plan.wavelet, plan.back, parts, smooth.reshape(-1, length))
    return details, smooth


def imodwt(details: Array, smooth: Array, wavelet: str, boundary: str = "periodic") -> Array:
    """Return the series (n, c, t) of details (n, c, level, t) and smooth (n, c, t): the inverse of :func:`modwt`.

    Of coefficients that no series has, it makes the series with the nearest ones. With ``boundary="reflection"`` both
    come with 2t coefficients, and of the result the first half is returned. Raises ValueError as :func:`modwt`.
    """
    n, channels, level, length = details.shape
    kept = length // 2 if _reflects(boundary) else length
    if is_torch(smooth):
        return _torch_imodwt(details, smooth, wavelet)[..., :kept]
    out = empty((n, channels, kept), smooth.dtype)
    if level == 0:
        out[...] = smooth[..., :kept]
    elif smooth.size:
        from variate.kernels.compiled import modwt as compiled

        plan = _plan(wavelet, level, length, smooth.dtype)
        parts = np.ascontiguousarray(details, dtype=smooth.dtype).reshape(-1, level, length)
        low = np.ascontiguousarray(smooth).reshape(-1, length)
        compiled.imodwt_rows(parts, low, plan.scaling, plan.wavelet, plan.ahead, out.reshape(-1, kept))
    return out


def mra(x: Array, wavelet: str, level: int, boundary: str = "periodic") -> tuple[Array, Array]:
    """Return the multiresolution analysis of x (n, c, t): details (n, c, level, t) and smooth (n, c, t) that add up to x.

    Each is the inverse transform of one level alone, so it is in step with x: its filters have zero phase [percival2000].
    Both boundaries give parts of x's length. Raises ValueError as :func:`modwt`.
    """
    coefficients, smooth = modwt(x, wavelet, level, boundary)
    if level == 0:
        return coefficients[..., : x.shape[-1]], smooth[..., : x.shape[-1]]
    if is_torch(x):
        rough = [_torch_part(coefficients[:, :, j], wavelet, j + 1, 1) for j in range(level)]
        low = _torch_part(smooth, wavelet, level, 0)
        return namespace(x).stack(rough, axis=2)[..., : x.shape[-1]], low[..., : x.shape[-1]]
    details, trend = empty((*x.shape[:2], level, x.shape[-1]), x.dtype), empty(x.shape, x.dtype)
    for j in range(level):
        details[:, :, j] = _part(coefficients[:, :, j], wavelet, j + 1, 1, x.shape[-1])
    trend[...] = _part(smooth, wavelet, level, 0, x.shape[-1])
    return details, trend


def _part(coefficients: Any, wavelet: str, level: int, kind: int, kept: int) -> Any:
    """Return the first ``kept`` readings of what one level alone comes to: its smooth part (kind 0) or details (1)."""
    from variate.kernels.compiled import modwt as compiled

    length = coefficients.shape[-1]
    out = empty((*coefficients.shape[:2], kept), coefficients.dtype)
    if out.size:
        plan = _plan(wavelet, level, length, coefficients.dtype)
        rows = np.ascontiguousarray(coefficients).reshape(-1, length)
        compiled.part_rows(rows, plan.scaling, plan[kind], plan.ahead, kind == 0, out.reshape(-1, kept))
    return out


def _reflects(boundary: str) -> bool:
    if boundary not in BOUNDARIES:
        raise ValueError(f'boundary must be "periodic" or "reflection", not {boundary!r}')
    return boundary == "reflection"


def _torch_filter(x: Any, taps: Any, shifts: Any) -> Any:
    """Σ taps[l]·x[t + shifts[l]], circularly. Shift by shift: a convolution may round differently by size of batch."""
    twice, length = concat([x, x], axis=-1), x.shape[-1]
    total = x.new_zeros(x.shape)
    for tap, shift in zip(taps.tolist(), shifts.tolist(), strict=True):
        total = total + tap * twice[..., shift : shift + length]
    return total


def _torch_modwt(x: Any, wavelet: str, level: int) -> tuple[Any, Any]:
    if level == 0 or not x.numel():
        return x.new_zeros((*x.shape[:2], level, x.shape[2])), x.clone()
    import torch

    plan = _plan(wavelet, level, x.shape[-1], np.float64)
    centre = x[..., :1].detach()  # what is taken off is put back, so it has no say in the gradient
    low, details = x - centre, []
    for j in range(level):
        details.append(_torch_filter(low, plan.wavelet, plan.back[j]))
        low = _torch_filter(low, plan.scaling, plan.back[j])
    return torch.stack(details, dim=2), low + centre


def _torch_imodwt(details: Any, smooth: Any, wavelet: str) -> Any:
    level = details.shape[2]
    if level == 0 or not smooth.numel():
        return smooth.clone()
    plan = _plan(wavelet, level, smooth.shape[-1], np.float64)
    centre = smooth[..., :1].detach()
    low = smooth - centre
    for j in reversed(range(level)):
        high = _torch_filter(details[:, :, j], plan.wavelet, plan.ahead[j])
        low = high + _torch_filter(low, plan.scaling, plan.ahead[j])
    return low + centre


def _torch_part(coefficients: Any, wavelet: str, level: int, kind: int) -> Any:
    if not coefficients.numel():
        return coefficients.clone()
    plan = _plan(wavelet, level, coefficients.shape[-1], np.float64)
    centre = coefficients[..., :1].detach() * (1 - kind)  # details have nothing to take off: their filter sums to 0
    part = coefficients - centre
    for j in reversed(range(level)):
        part = _torch_filter(part, plan[kind] if j == level - 1 else plan.scaling, plan.ahead[j])
    return part + centre
