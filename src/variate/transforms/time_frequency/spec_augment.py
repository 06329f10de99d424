"""SpecAugment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.composite import CompositeTransform
from variate.families.time import TimeTransform
from variate.families.value import ValueTransform, scope
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.elementwise import windows
from variate.kernels.moments import average
from variate.kernels.reading import Clock
from variate.kernels.spectrogram import bent_clock, masked_series
from variate.kernels.stft import default_size, frames

POLICIES = {  # warp, frequency, frequency masks, time, share, time masks: in frames and bins, as published
    "LB": (80, 27, 1, 100, 1.0, 1),
    "LD": (80, 27, 2, 100, 1.0, 2),
    "SM": (40, 15, 2, 70, 0.2, 2),
    "SS": (40, 27, 2, 70, 0.2, 2),
}


@dataclass(frozen=True, kw_only=True)
class SpecAugment(CompositeTransform):
    """Bend time a little, and blank out bands of frequency and stretches of time in the spectrogram [park2019].

    A point of the time axis moves by up to ``warp``, the ends stay, and time runs evenly between (piecewise linear, as in
    Google's own code; never more than a quarter of the axis). Then come ``frequency_masks`` bands of up to ``frequency`` bins
    and ``time_masks`` stretches of up to ``time`` frames, the same for all channels; a width is U{0, …, most}. With
    ``on="series"`` a series goes through its short-time Fourier transform (Hann, three quarters of overlap) and back; with
    ``on="spectrogram"`` the panel holds spectrograms, its channels the bins and its steps the frames, and ``fill`` may be 0
    or each bin's mean.

    ``policy`` "LB", "LD", "SM" or "SS" takes the published sizes in frames and bins in place of the shares; they are for speech
    with 80 bins and frames of 10 ms, and cover all of a short spectrogram. The relative sizes are our decision.

    Class labels stay; labels of single steps follow the bent time, and stay under a mask. On a forecast window only the past
    is changed. It hurts where a short event or a narrow band is the class, since a mask may cover all of it.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=(2, 3, 256))
    >>> variate.SpecAugment()(x, seed=0).shape
    (2, 3, 256)
    """

    label_rule: ClassVar[str] = "class label stays; point labels follow the bent time, and stay under masks"

    warp: float = param(0.05, about="most that a point of time moves", low=0, high=0.25, search=(0.0, 0.2), unit="share")
    frequency: float = param(0.15, about="widest band", low=0, high=1, search=(0.0, 0.4), unit="share of the bins")
    frequency_masks: int = param(1, about="number of bands", low=0)
    time: float = param(0.1, about="longest stretch", low=0, high=1, search=(0.0, 0.3), unit="share of the frames")
    time_masks: int = param(1, about="number of stretches", low=0)
    policy: str = param("relative", about="sizes: the shares here, or a published policy", choices=("relative", *POLICIES))
    on: str = param("series", about="what the panel holds", choices=("series", "spectrogram"))
    fill: str = param("zero", about="what stands in a mask of a spectrogram", choices=("zero", "mean"))
    size: int = param(0, about="steps in a window of the transform; 0: the power of two nearest to T/8, in 8 … 1024", low=0)

    preserves: ClassVar[tuple[str, ...]] = ("length",)
    examples = ({}, {"policy": "SM", "on": "spectrogram", "fill": "mean"}, {"frequency_masks": 3, "time": 0.3, "size": 16})

    @property
    def parts(self) -> tuple[_Warp, _Masks]:
        """The two steps: one changes time, the other values."""
        return (_Warp(of=self.policy, warp=self.warp, hop=self._hop), _Masks(of=self))

    @property
    def _hop(self) -> int:
        """Steps from frame to frame; 0 where that depends on the length."""
        return 1 if self.on == "spectrogram" else max(self.size // 4, 1) if self.size else 0


@dataclass(frozen=True, kw_only=True)
class _Warp(TimeTransform):
    """The bent time; on a forecast window that of the past."""

    of: str = "relative"
    warp: float = 0.05
    hop: int = 0

    @property
    def keeps_boundary(self) -> bool:
        """Whether the clock keeps past and target apart by itself."""
        return True

    def clock(self, panel: Panel, rng: Draws) -> Clock:
        """Return one rising clock for each sample."""
        past = panel.length - panel.horizon
        hop = self.hop or max(default_size(past) // 4, 1)
        most = round(self.warp * past) if self.of == "relative" else POLICIES[self.of][0] * hop
        most = min(most, past // 4)
        xp = namespace(panel.values)
        point = rng.integers("point", past - 2 * most, (1,)) + most
        bent = bent_clock(point, rng.integers("move", 2 * most + 1, (1,)) - most, past)
        after = xp.astype(xp.arange(past, panel.length, device=bent.device), xp.float64)
        return concat([bent, after[None, :] + xp.zeros_like(bent[:, :1])], axis=1)


@dataclass(frozen=True, kw_only=True)
class _Masks(ValueTransform):
    """The masks."""

    of: SpecAugment = SpecAugment()
    scope: str = scope("past")

    bridges = True

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x masked."""
        op, length = self.of, x.shape[2]
        size = max(op.size or default_size(length), 2)
        spectrogram = op.on == "spectrogram"
        bins, steps = (x.shape[1], length) if spectrogram else (size // 2 + 1, frames(length, size))
        band, stretch, bands, stretches = self._sizes(bins, steps)
        keep = _kept(rng, "band", bins, band, bands), _kept(rng, "stretch", steps, stretch, stretches)
        if not spectrogram:
            return masked_series(x, size, *keep)
        xp = namespace(x)
        inside = keep[0][:, :, None] & keep[1][:, None, :]
        return xp.where(inside, x, average(x) if op.fill == "mean" else xp.zeros_like(x[:, :, :1]))

    def _sizes(self, bins: int, steps: int) -> tuple[int, int, int, int]:
        """Return the widest band, the longest stretch, and how many there are of either."""
        op = self.of
        if op.policy == "relative":
            return round(op.frequency * bins), round(op.time * steps), op.frequency_masks, op.time_masks
        _, band, bands, stretch, share, stretches = POLICIES[op.policy]
        return min(band, bins), min(stretch, int(share * steps)), bands, stretches


def _kept(rng: Draws, name: str, length: int, most: int, count: int) -> Array:
    """Return which of ``length`` places (n, length) are in none of ``count`` masks of U{0, …, most} places."""
    width = rng.integers(f"{name}_width", most + 1, (count,))
    start = rng.integers(f"{name}_start", length - width + 1, (count,))
    return ~windows(start, width, length)
