"""Modwt: wavelet levels that keep every step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from variate.core.param import param
from variate.domains.domain import Domain, Parts
from variate.kernels.arrays import Array, namespace
from variate.kernels.modwt import BOUNDARIES, imodwt, levels, modwt


@dataclass(frozen=True, kw_only=True)
class Modwt(Domain):
    """The maximal overlap discrete wavelet transform [percival2000]: ``details`` of each level, and the ``smooth`` rest.

    Every part has a reading for each step, or with ``boundary="reflection"`` two, of which no step is told. ``level=0`` takes
    as many levels as the length allows without much wrapping round, floor(log2((T - 1)/(L - 1) + 1)) for a filter of L taps.
    The parts of a changed series need not fit together exactly; the way back takes the series that comes nearest.
    """

    wavelet: str = param("la8", about="the filter", choices=("haar", "la8", "la16"))
    level: int = param(0, about="number of levels; 0: as the length allows", low=0)
    boundary: str = param("periodic", about="what is beyond the ends", choices=BOUNDARIES)

    parts = ("details", "smooth")

    @property
    def keeps_time(self) -> tuple[str, ...]:
        """The parts with a step for each step of the series: none where it is mirrored to twice its length."""
        return () if self.boundary == "reflection" else self.parts

    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return the details, the finest level first, and the smooth."""
        length = x.shape[2]
        level = self.level or max(levels(length, self.wavelet), 0)
        details, smooth = modwt(x, self.wavelet, level, self.boundary)
        return {"details": [details[:, :, j] for j in range(level)], "smooth": [smooth]}, length

    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series that comes nearest to these parts."""
        (smooth,) = parts["smooth"]
        if not parts["details"]:
            return smooth[..., :rest]
        details = namespace(smooth).stack(parts["details"], axis=2)
        return imodwt(details, smooth, self.wavelet, self.boundary)
