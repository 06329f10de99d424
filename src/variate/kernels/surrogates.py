"""Series of the same readings in another order, with nearly the same spectrum: AAFT and IAAFT.

Both are in exact algebra a walk between two sets: the series that have the readings of x, and those that have its
amplitude spectrum. Putting sorted readings to ranks, and amplitudes to phases, are the nearest points in either set.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, empty, is_torch, namespace
from variate.kernels.ranks import ascending, order, reorder
from variate.kernels.spectrum import irfft, randomise_phases, rfft

READINGS = 2**15  # of a block of rows that goes through the transforms together: it stays in the second cache
SHORTEST = 4  # a shorter series has no spectrum worth the name


def aaft(x: Array, normals: Array, phase: Array) -> Array:
    """Return the readings of x (n, c, t) in the ranks of a Gaussian series with turned phases [theiler1992].

    ``normals`` (n, c, t) are put to the ranks of x; ``phase`` (n, c or 1, t // 2 + 1) is added to the phases of that
    Gaussian series; the readings of x are put to the ranks of what comes out. So x is kept as a multiset, bit for bit,
    and its spectrum nearly (a little flatter).
    """
    gaussian = reorder(ascending(normals), x)
    return reorder(ascending(x), randomise_phases(gaussian, phase))


def iaaft(x: Array, start: Array, most: int, *, spectrum_last: bool = False, joint: bool = False) -> Array:
    """Return the readings of x (n, c, t) in an order that gives nearly x's amplitude spectrum [schreiber1996].

    ``start`` (n, c, t) is a permutation of each channel's steps, the order to begin with; the rest as in :func:`impose`.
    """
    begin = x.gather(-1, start) if is_torch(x) else np.take_along_axis(x, start, axis=-1)
    return impose(x, begin, most, spectrum_last=spectrum_last, joint=joint)[0]


def impose(x: Array, begin: Array, most: int, *, spectrum_last: bool = False, joint: bool = False) -> tuple[Array, Array]:
    """Impose the spectrum and the readings of x (n, c, t) on ``begin`` (n, c, t) in turns, until its ranks repeat.

    Return the series (n, c, t) and how many rounds each channel (n, c) took, at most ``most``. A round gives each bin the
    amplitude of x's and keeps its phase, then puts the sorted readings of x to the ranks of that, equal ones in the order
    of time. So the readings are exactly those of x; the spectrum comes nearer with each round, until it stays. With
    ``spectrum_last`` the result is the series before that last step: exactly the spectrum, nearly the readings.

    With ``joint`` the channels go together: each bin of all channels is turned by one angle against x, the circular mean of
    theirs, so that phases between channels are x's. (After [schreiber2000], from memory.) That mean weighs all channels alike
    and is no nearest point: the error may rise in a round, and of many channels the ranks may never repeat.

    A constant channel stays as it is. Of fewer than four readings, or with no round, the readings are put to the ranks of
    ``begin``.
    """
    n, channels, length = x.shape
    joint = joint and channels > 1
    values = ascending(x)
    if length < SHORTEST or most < 1 or n == 0:
        result = reorder(values, begin)
        return result, _zeros(result, n, channels)
    shape = (n, channels, length) if joint else (n * channels, 1, length)
    body: Any = _torch_impose if is_torch(x) else _impose
    series, count = body(*(array.reshape(shape) for array in (x, values, begin)), most, spectrum_last, joint)
    return series.reshape(x.shape), namespace(x).broadcast_to(count.reshape(n, -1), (n, channels))


def _zeros(like: Any, *shape: int) -> Any:
    """Return whole zeros in the library, and on the device, of ``like``."""
    return like.new_zeros(shape).long() if is_torch(like) else np.zeros(shape, np.int64)


# --- NumPy: blocks of rows; a finished one gives its place to the next -----------------------------------------------


def _impose(x: Any, values: Any, begin: Any, most: int, spectrum_last: bool, joint: bool) -> tuple[Any, Any]:
    """Return the series and the rounds of rows (n, c, t) whose channels go together; ``values`` are x sorted."""
    from variate.kernels.compiled import surrogates as compiled

    flat = (-1, x.shape[2])
    centred, factors, means = _standard(x)
    goal = rfft(centred)
    goal[..., 0] = 0  # the mean is no part of the walk
    goal = goal.view(x.dtype) if joint else abs(goal)
    places = np.empty(x.shape, np.int32)
    places[:] = np.arange(x.shape[2], dtype=np.int32)
    last = np.empty(x.shape if spectrum_last else (0, *x.shape[1:]), x.dtype)
    count = _walk(goal, ascending(centred), _standard(begin)[0], most, places, last)
    out = empty(x.shape, x.dtype)
    if spectrum_last:
        compiled.restore_rows(last.reshape(flat), factors, means, out.reshape(flat))
    else:
        compiled.put_rows(values.reshape(flat), places.reshape(flat), out.reshape(flat))
    return out, count


def _standard(x: Any) -> tuple[Any, Any, Any]:
    """Return x centred and of size 1, and by how much; that it keeps its order is all the walk asks for."""
    from variate.kernels.compiled import surrogates as compiled

    rows = np.ascontiguousarray(x).reshape(-1, x.shape[2])
    out, factors, means = np.empty(x.shape, x.dtype), np.empty((len(rows), 2)), np.empty(len(rows))
    compiled.standardise_rows(rows, out.reshape(rows.shape), factors, means)
    return out, factors, means


def _walk(goal: Any, values: Any, begin: Any, most: int, places: Any, last: Any) -> Any:
    """Fill ``places`` with the last orders of rows (n, c, t), and ``last`` with their last series; return the rounds."""
    from variate.kernels.compiled import surrogates as compiled

    n, channels, length = begin.shape
    size = min(n, max(1, READINGS // (channels * length)))
    block, rows, count = begin[:size].copy(), np.arange(size), np.zeros(n, np.int64)
    active, following = size, size
    impose = compiled.turn_rows if channels > 1 else compiled.impose_rows
    while active:
        spectrum = rfft(block[:active])
        impose(spectrum.view(goal.dtype), rows, goal)
        z = irfft(spectrum, length)
        kept = compiled.advance_rows(z, rows, most, values, places, count, block, last)
        active = min(size, kept + n - following)
        fresh = following + active - kept
        block[kept:active], rows[kept:active] = begin[following:fresh], np.arange(following, fresh)
        following = fresh
    return count


# --- torch: all unfinished rows at once, on their device --------------------------------------------------------------


def _torch_impose(x: Any, values: Any, begin: Any, most: int, spectrum_last: bool, joint: bool) -> tuple[Any, Any]:
    import torch

    with torch.no_grad():
        centred, factors, mean = _torch_standard(x)
        goal = rfft(centred)
        goal[..., 0] = 0
        start = _torch_standard(begin)[0].to(x.dtype)
        places, last, count = _torch_walk(goal, ascending(centred), start, most, joint)
    if spectrum_last:
        return ((last.double() + mean) / factors[0] / factors[1]).to(x.dtype), count
    return torch.empty_like(values).scatter(-1, places, values), count


def _torch_standard(x: Any) -> tuple[Any, tuple[Any, Any], Any]:
    import torch

    exponent = torch.frexp(x.double().abs().amax(-1, keepdim=True))[1]
    half = exponent.div(2, rounding_mode="floor")
    one = torch.ones(exponent.shape, dtype=torch.float64, device=x.device)
    factors = torch.ldexp(one, -half), torch.ldexp(one, half - exponent)
    scaled = x.double() * factors[0] * factors[1]
    first = scaled[..., :1]
    mean = torch.where((scaled != first).any(-1, keepdim=True), scaled.mean(-1, keepdim=True), first)
    return (scaled - mean).to(x.dtype), factors, mean


def _torch_walk(goal: Any, values: Any, series: Any, most: int, joint: bool) -> tuple[Any, Any, Any]:
    """Return the last orders, the last series and the rounds of rows (n, c, t) whose channels go together."""
    import torch

    length = series.shape[-1]
    rows = torch.arange(len(series), device=series.device)
    places, last = torch.zeros_like(values, dtype=torch.int64), torch.empty_like(values)
    count = torch.zeros_like(rows)
    for round_ in range(1, most + 1):
        spectrum = rfft(series)
        z = irfft(_torch_turn(spectrum, goal[rows]) if joint else _torch_amplitude(spectrum, goal[rows]), length)
        new = order(z)
        moved = (new != places[rows]).flatten(1).any(1) | (round_ == 1)
        places[rows], last[rows], count[rows] = new, z, round_
        rows = rows[moved]
        if len(rows) == 0:
            break
        series = torch.empty_like(z[moved]).scatter_(-1, new[moved], values[rows])
    return places, last, count


def _torch_units(spectrum: Any) -> Any:
    """Return the bins with amplitude 1, but 0 where they have no phase."""
    size = spectrum.abs()
    return spectrum / size.where(size > 0, 1)


def _torch_amplitude(spectrum: Any, goal: Any) -> Any:
    unit = _torch_units(spectrum)
    return unit.where(unit != 0, 1) * goal.abs()


def _torch_turn(spectrum: Any, goal: Any) -> Any:
    unit = _torch_units((_torch_units(spectrum) * _torch_units(goal).conj()).sum(1, keepdim=True))
    return unit.where(unit != 0, 1) * goal
