"""Crop."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import TimeTransform, pieces
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.reading import Clock


@dataclass(frozen=True, kw_only=True)
class Crop(TimeTransform):
    """Keep a random contiguous part of the series, and stretch it to full length: window slicing [leguennec2016].

    The part has S = ceil(size·T) steps, or ``size`` steps where that is an integer, and starts anywhere in 0 … T - S.
    ``resize=True`` reads it at T equally spaced positions, first and last reading kept: x'(t) = x(a + t·(S-1)/(T-1)).
    With ``resize=False`` the output has S steps and is an exact slice. The default 0.9 is the paper's.

    On a forecast window, ``resize=False`` slices past and target as one, and the last ``horizon`` steps of the slice are
    the target. With ``resize=True`` the border between past and target has to stay where it is, so the start cannot
    vary: the piece around the border is drawn in size instead, between ``size`` and all, the same share of the past
    before it and of the target after it (our decision).

    One random slice a call: ``variate.slices`` gives them all, and ``variate.vote`` classifies by them. ``Upsample`` is
    another name of this class, after [semenoglou2023].

    It hurts where the class sits at one place of the series that a crop can miss, or in its speed.

    >>> import variate
    >>> y = variate.Crop(size=3, resize=False)([0.0, 1.0, 2.0, 3.0], seed=0)
    >>> (y[1] - y[0], len(y))
    (np.float64(1.0), 3)
    """

    size: float = param(0.9, about="how much is kept", size=True, identity=1.0, search=(0.95, 0.5))
    resize: bool = param(True, about="stretch the part to full length")

    lean = True
    preserves = ("range",)
    examples = ({}, {"size": 0.5, "p": 0.5}, {"size": 0.8, "resize": False})

    @property
    def keeps_boundary(self) -> bool:
        """Whether the clock keeps past and target apart by itself."""
        return True

    def kept(self, length: int) -> int:
        """Return the number of steps that are kept of so many."""
        wanted = self.size if isinstance(self.size, int) else math.ceil(self.size * length - 1e-9)
        return max(min(int(wanted), length), min(length, 1))

    def length(self, length: int) -> int:
        """Return the number of steps of the output."""
        return length if self.resize else self.kept(length)

    def clock(self, panel: Panel, rng: Draws) -> Clock:
        """Return one piece for each sample."""
        kept = self.kept(panel.length)
        if panel.horizon and self.resize:
            return self._around_the_border(panel, rng.uniform("size", low=kept / panel.length))
        if panel.horizon >= kept:
            raise ContractError(
                f"Crop(size={self.size!r}, resize=False) keeps {kept} steps, and the horizon alone has {panel.horizon}; "
                "keep more steps than the horizon"
            )
        start = rng.integers("start", panel.length - kept + 1, (1,))
        xp = namespace(start)
        new = self.length(panel.length)
        step = (kept - 1) / (new - 1) if new > kept else 1.0
        return pieces(start, xp.full_like(start, new), step)

    def _around_the_border(self, panel: Panel, share: Array) -> Array:
        """Return a dense clock: the last share of the past over the past, the first share of the target over it."""
        xp = namespace(share)
        share = xp.astype(share, xp.float64)[:, None]
        past = panel.length - panel.horizon
        steps = xp.astype(xp.arange(panel.length, device=share.device), xp.float64)[None, :]
        before = (past - 1) - (past - 1 - steps[:, :past]) * share
        after = past + (steps[:, past:] - past) * share
        return concat([before, after], axis=1)


Upsample = Crop
