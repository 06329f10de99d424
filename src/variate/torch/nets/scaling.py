"""How a window is brought to units, so that one network serves series of any size."""

from __future__ import annotations

import torch
from torch import Tensor

from variate.core.errors import ParameterError, suggest

HOW = ("mean", "standard")


def scaled(past: Tensor, how: str) -> tuple[Tensor, Tensor]:
    """Return the location and the scale of each window's past; its readings in units are ``(z - location) / scale``.

    ========== ======== ===========================================================================================
    how        location scale
    ========== ======== ===========================================================================================
    "mean"     0        the mean of \\|z\\|, and 1 where every reading is 0 [salinas2020]
    "standard" the mean the standard deviation; where the readings are all the same, the mean of \\|z\\|, and 1 where
                        that is 0 too
    ========== ======== ===========================================================================================

    [salinas2020] has 1 + mean \\|z\\| (from memory). The 1 is left out here: with it a forecast depends on the unit of
    the data, without it kilowatts and megawatts get the same one. "standard" is our decision, for series that are far
    from 0 compared with how they move: there a network that sees z / mean \\|z\\| sees a flat line. Where the readings of a
    past are all the same, nothing tells how the series moves, and the forecast follows a change of unit, not of level.

    Args:
        past: ``(..., time)`` what is known; the horizon has no say.
        how: one of the two.

    Returns:
        ``(..., 1)`` each, of past's dtype.

    Raises:
        ParameterError: another ``how``.

    >>> location, scale = scaled(torch.tensor([[1.0, -3.0], [0.0, 0.0]]), "mean")
    >>> location.tolist(), scale.tolist()
    ([[0.0], [0.0]], [[2.0], [1.0]])
    >>> location, scale = scaled(torch.tensor([[101.0, 103.0], [7.0, 7.0]]), "standard")
    >>> location.tolist(), scale.tolist()
    ([[102.0], [7.0]], [[1.0], [7.0]])
    """
    if how not in HOW:
        raise ParameterError(f"scale={how!r}: scale must be 'mean' or 'standard'{suggest(str(how), HOW)}")
    size = past.abs().mean(dim=-1, keepdim=True)
    size = torch.where(size > 0, size, 1)
    if how == "mean":
        return torch.zeros_like(size), size
    # measured from the first reading, a past that does not move has a deviation of 0 exactly, not of a rounding error
    first = past[..., :1]
    moved = past - first
    centre = moved.mean(dim=-1, keepdim=True)
    variance = (moved - centre).square().mean(dim=-1, keepdim=True)
    moves = variance > 0
    deviation = torch.where(moves, variance, 1).sqrt()  # a root of 0 would have no gradient
    return first + centre, torch.where(moves, deviation, size)
