"""WindowWarp."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Pieces, TimeTransform
from variate.kernels.arrays import concat, namespace
from variate.kernels.reading import part_of, stretched


@dataclass(frozen=True, kw_only=True)
class WindowWarp(TimeTransform):
    """Play a random window of the series at another speed: half or double as a rule [leguennec2016].

    A window of w = ceil(window·T) steps (two at least), anywhere in the series, is read at w/scale or w·scale positions, each
    with chance ½, its first and last reading kept; what is outside follows bit for bit. So the series becomes shorter or
    longer, and ``fitting`` says what then: "resize" stretches it back to T, "crop", which is the survey's, keeps a random part
    of the length that the faster window leaves, T - w + w/scale. Window 0.1 and scale 2 are those of [iwana2021]'s code.

    It hurts where speed is the class, and where events are so short that a faster window skips them; labels of single steps
    are never skipped. A series of fewer than four steps passes unchanged. On a forecast window "resize" maps past and target
    each onto itself; with "crop" the window lies in the past and the target stays as it is.

    >>> import numpy as np, variate
    >>> variate.WindowWarp(window=0.5, fitting="crop")(np.arange(100.0), seed=0).shape
    (75,)
    """

    window: float = param(0.1, about="length of the window", size=True, search=(0.05, 0.5))
    scale: float = param(2.0, about="how much faster or slower", low=1, identity=1, search=(1.1, 4.0), unit="factor")
    fitting: str = param("resize", about="back to one length: stretch all, or cut a part", choices=("resize", "crop"))

    shortest = 4
    lean = True
    preserves = ("range",)
    examples = ({}, {"window": 0.4, "scale": 3.0, "p": 0.5}, {"window": 0.3, "fitting": "crop"}, {"window": 12, "scale": 1.5})

    @property
    def keeps_boundary(self) -> bool:
        """Whether the clock keeps past and target apart by itself."""
        return self.fitting == "crop"

    def length(self, length: int) -> int:
        """Return the number of steps of the output."""
        if self.fitting == "resize" or length < self.shortest:
            return length
        return length - self._width(length) + self._widths(length)[0]

    def clock(self, panel: Panel, rng: Draws) -> Pieces:
        """Return the warped clock of each sample, stretched or cut to one length."""
        warped = self.warped(panel, rng)
        new, long = self.length(panel.length), namespace(warped.length).sum(warped.length, axis=1, keepdims=True)
        if self.fitting == "resize":
            return stretched(warped, new)
        cut = rng.integers("cut", long - new + 1, (1,))
        return part_of(warped, long - new if panel.horizon else cut, new)

    def warped(self, panel: Panel, rng: Draws) -> Pieces:
        """Return the clock before it is fitted: the series before the window, the window, the series after it."""
        width = self._width(panel.length)
        room = panel.length
        if self.fitting == "crop" and panel.horizon:
            room = panel.length - panel.horizon
            if width > room or self.length(panel.length) <= panel.horizon:
                raise ContractError(
                    f"WindowWarp(window={self.window!r}, fitting='crop') warps {width} steps of the past and keeps "
                    f"{self.length(panel.length)} in all; the past has {room} steps and the horizon {panel.horizon}. "
                    "Take a shorter window, or fitting='resize'"
                )
        start = rng.integers("start", room - width + 1, (1,))
        xp = namespace(start)
        fast, slow = self._widths(panel.length)
        count = xp.where(rng.chance("faster", 0.5, (1,)), xp.full_like(start, fast), xp.full_like(start, slow))
        step = (width - 1) / xp.astype(count - 1, xp.float64)
        whole = xp.ones_like(step)
        return Pieces(
            concat([xp.zeros_like(start), start, start + width], axis=1),
            concat([whole, step, whole], axis=1),
            concat([start, count, panel.length - width - start], axis=1),
        )

    def _width(self, length: int) -> int:
        wanted = self.window if isinstance(self.window, int) else math.ceil(self.window * length - 1e-9)
        return min(max(int(wanted), 2), length)

    def _widths(self, length: int) -> tuple[int, int]:
        """Return the new lengths of a faster and of a slower window."""
        width = self._width(length)
        return max(round(width / self.scale), 2), max(round(width * self.scale), 2)
