"""TemporalPatchShuffle."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, on_points
from variate.kernels.arrays import Array
from variate.kernels.patches import number_of_patches, shuffle_quietest


@dataclass(frozen=True, kw_only=True)
class TemporalPatchShuffle(ValueTransform):
    """Exchange the quietest stretches of the series among themselves, and let them overlap smoothly [bakhshaliyev2026].

    Overlapping patches of ``patch`` readings start every ``stride``. The ``share`` of them that vary least are put in each
    other's places in a random order, all channels together, and every reading becomes the average of the patches over it.
    Past and target of a forecast window are one series to it, so patches cross the border; the paper finds no gain without
    that (``scope="past"``).

    As shares of the series, the defaults are 32 and 5 of the 432 readings of the paper's shortest window; (32, 5, 0.8) is
    one of its settings, which it chose for each set and horizon. Our decisions: a share gives a patch of two readings or
    more and a stride of one or more; channels are compared by variance as a share of their own; readings that no patch
    covers, as at the end, stay, where the published code makes them 0. A series of one patch passes unchanged.

    It keeps each channel's range and shortens its memory to a patch: it hurts where order is the class, or where a quiet
    stretch matters at its place. Labels of single steps are refused, or dropped with ``on_points="drop"``.

    >>> import numpy as np, variate
    >>> x = np.repeat([1.0, 2.0, 3.0, 4.0], 5)
    >>> y = variate.TemporalPatchShuffle(patch=5, stride=5, share=1.0)(x, seed=0)
    >>> sorted(y[::5].tolist())
    [1.0, 2.0, 3.0, 4.0]
    """

    patch: float = param(0.075, about="length of a patch", size=True, search=(0.25, 0.03), log=True)
    stride: float = param(0.0125, about="from the start of a patch to that of the next", size=True)
    share: float = param(0.8, about="how many of the patches", low=0, high=1, identity=0, search=(0.2, 1.0), unit="share")
    on_points: str = on_points()

    local = False
    bridges = True
    preserves = ("length", "range")
    examples = (
        {"on_points": "drop"},
        {"patch": 12, "stride": 5, "share": 1.0, "on_points": "drop"},
        {"patch": 0.25, "stride": 0.25, "share": 0.5, "p": 0.5, "on_points": "drop"},
    )

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with its quietest patches exchanged."""
        size, stride = _steps(self.patch, x.shape[2], 2), _steps(self.stride, x.shape[2], 1)
        number = int(self.share * number_of_patches(x.shape[2], size, stride) + 1e-9)
        if number < 2:
            return x
        return shuffle_quietest(x, rng.order("order", number), size, stride)


def _steps(wanted: float, length: int, least: int) -> int:
    """Return a number of steps, or a share of ``length`` as one, at least ``least``."""
    return wanted if isinstance(wanted, int) else max(round(wanted * length), least)
