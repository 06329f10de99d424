"""The three panes of :func:`variate.plot.show`: a series, its amplitude spectrum, its histogram, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from variate.core.panel import Panel
from variate.kernels.arrays import is_torch, numpy_of
from variate.kernels.missing import fill
from variate.plot import style
from variate.plot.style import AFTER, BEFORE, CLASSES, INK, MARK, MIXED, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_CHANNELS = 3
CHANNEL_NAMES = ("after", "after, second channel", "after, third channel")
BINS = 36
DEPTH = 1e-4  # amplitudes below this share of the largest are left to the floor of the axis
LANES = {"before": 0.085, "after": 0.02}  # where the strips of point labels begin, and how high they are, as shares
LANE = 0.055


@dataclass(frozen=True, eq=False)
class Side:
    """One series as it is drawn: ``values (channels, steps)``, NaN where nothing was read, and what belongs to it.

    ``points (steps,)`` are scores of events or classes of segments (``states``); ``border`` is the target's first step;
    ``partners (k, channels, steps)`` are mixed into it.
    """

    values: Any
    points: Any = None
    states: bool = False
    border: int | None = None
    partners: Any = None

    @classmethod
    def of(cls, panel: Panel) -> Side:
        """Return the first series of a panel, from whichever library and in whatever float."""
        x = panel.values[0]
        values = numpy_of(x.double() if is_torch(x) else x).astype(np.float64)
        if panel.mask is not None:
            values = np.where(numpy_of(panel.mask[0]), values, np.nan)
        points = None if panel.points is None else numpy_of(panel.points[0])
        border = values.shape[1] - panel.horizon if panel.horizon else None
        return cls(values, points, panel.point_role == "state", border)

    @property
    def steps(self) -> int:
        """The number of steps."""
        return int(self.values.shape[1])

    @property
    def channels(self) -> int:
        """The number of channels, drawn or not."""
        return len(self.values)

    @property
    def drawn(self) -> Any:
        """The channels that are drawn."""
        return self.values[:MOST_CHANNELS]


def series(axes: Axes, before: Side, after: Side, rate: float) -> None:
    """Draw the readings over time, point labels as strips below them, and where a forecast horizon begins."""
    style.plain(axes)
    style.label(axes, y="value")
    mixed_in = np.empty(0) if before.partners is None else before.partners[:, :MOST_CHANNELS].reshape(-1, before.steps)
    for values in mixed_in:
        axes.plot(np.arange(values.size) / rate, values, color=MIXED, linewidth=0.7, alpha=0.8, label="mixed in")
    for values, look in _looks(before, after):
        axes.plot(np.arange(values.size) / rate, values, **look)
        lonely = _lonely(values)
        if lonely.size:  # no line leads there
            axes.plot(lonely / rate, values[lonely], ".", markersize=4, color=look["color"], label="_lonely")
    labelled = {lane: side for lane, side in (("before", before), ("after", after)) if side.points is not None}
    drawn = [before.drawn.ravel(), after.drawn.ravel(), mixed_in.ravel()]
    _limit(axes, np.concatenate(drawn), room=0.2 if labelled else 0.0)
    for lane, side in labelled.items():
        _strip(axes, side, lane, rate)
    for side, colour in ((before, BEFORE), (after, INK)):
        if side.border is not None:
            axes.axvline((side.border - 0.5) / rate, color=colour, linewidth=1, linestyle=(0, (4, 3)), label="target begins")
    longest = max(before.steps, after.steps, 2)
    axes.set_xlim(-0.01 * longest / rate, 1.005 * longest / rate)
    axes.locator_params(axis="x", integer=rate == 1)


def spectrum(axes: Axes, before: Side, after: Side, rate: float) -> None:
    """Draw the amplitude of each frequency; the scale is logarithmic."""
    style.plain(axes)
    style.label(axes, y="amplitude")
    axes.set_xlim(0, 0.505 * rate)
    curves = [(*amplitudes(values), look) for values, look in _looks(before, after)]
    positive = np.concatenate([sizes[sizes > 0] for _, sizes, _ in curves])
    if positive.size == 0:
        why = "constant" if max(before.steps, after.steps) > 1 else "one step"
        axes.text(0.5, 0.5, f"no spectrum: {why}", transform=axes.transAxes, ha="center", va="center", fontsize=9, color=SOFT)
        axes.set_yticks([])
        return
    for frequencies, sizes, look in curves:
        look |= {"linewidth": 0.3 + 0.6 * look["linewidth"], "marker": "." if sizes.size == 1 else ""}  # denser than a series
        axes.plot(frequencies * rate, sizes, **look)
    axes.set_yscale("log")
    axes.set_ylim(max(positive.min() / 1.5, DEPTH * positive.max()), 2 * positive.max())
    axes.yaxis.set_major_locator(_decades())
    axes.minorticks_off()


def histogram(axes: Axes, before: Side, after: Side, rate: float) -> None:
    """Draw how often which value occurs, as steps over bins that both sides share; ``rate`` plays no part."""
    style.plain(axes)
    style.label(axes, y="share of readings")
    edges = _bins(np.concatenate([before.drawn.ravel(), after.drawn.ravel()]))
    for values, look in _looks(before, after):
        seen = values[np.isfinite(values)]
        shares = np.histogram(seen, edges)[0] / max(seen.size, 1)
        old = look["color"] == BEFORE
        colour, width = (BEFORE, 0.0) if old else (look["color"], look["linewidth"])
        axes.stairs(shares, edges, color=colour, linewidth=width, fill=old, alpha=0.45 if old else 1, label=look["label"])


def amplitudes(values: Any) -> tuple[Any, Any]:
    """Return (frequencies in cycles per step, amplitudes) of values (steps,), without the mean's frequency 0.

    Gaps are filled linearly. What is rounding error beside the values counts as 0.
    """
    x = fill(values[None])[0]
    sizes = np.abs(np.fft.rfft(x - x.mean()))[1:] * 2 / x.size
    if x.size % 2 == 0:
        sizes[-1:] /= 2  # half the sampling rate is its own mirror image
    frequencies = np.fft.rfftfreq(x.size)[1:]
    return frequencies, np.where(sizes > 1e-12 * np.abs(x).max(), sizes, 0.0)


def _looks(before: Side, after: Side) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Go through what is drawn in each pane: the values (steps,) of a channel, and the look of its line."""
    for values in before.drawn:
        yield values, {"color": BEFORE, "linewidth": 2.2, "alpha": 0.75, "label": "before"}
    for values, colour, name in zip(after.drawn, AFTER, CHANNEL_NAMES, strict=False):
        yield values, {"color": colour, "linewidth": 1.1, "label": name}


def _lonely(values: Any) -> Any:
    """Return the steps whose reading has no reading beside it."""
    seen = np.pad(np.isfinite(values), 1)
    return np.flatnonzero(seen[1:-1] & ~seen[:-2] & ~seen[2:])


def _limit(axes: Axes, values: Any, room: float) -> None:
    """Fit the axis to the values, with so much room below them, a share of the axis."""
    low, high = _ends(values)
    height = (high - low) / (1 - room) * 1.1
    axes.set_ylim(high + 0.05 * height - height, high + 0.05 * height)
    axes.set_yticks([tick for tick in axes.get_yticks() if low - 0.02 * height <= tick <= high + 0.05 * height])


def _strip(axes: Axes, side: Side, lane: str, rate: float) -> None:
    """Draw point labels as a strip along the foot of the axes, the one before above the one after."""
    foot = LANES[lane]
    axes.broken_barh([(0, 1)], (foot, LANE), facecolors="#f1f1f1", transform=axes.transAxes, zorder=0.5)
    said = axes.text(1.004, foot + LANE / 2, lane, transform=axes.transAxes, fontsize=6.5, color=SOFT, va="center")
    said.set_in_layout(False)  # it fits in the gap to the next pane
    for name, group in _named_runs(side, lane).items():
        bars = [((start - 0.5) / rate, width / rate) for start, width, _ in group]
        colours = [_colour(value, side.states, lane) for *_, value in group]
        look: dict[str, Any] = {"facecolors": colours, "edgecolors": colours, "linewidth": 0.8, "label": name, "zorder": 3}
        axes.broken_barh(bars, (foot, LANE), transform=axes.get_xaxis_transform(), **look)


def _named_runs(side: Side, lane: str) -> dict[str, list[tuple[int, int, float]]]:
    """Return the runs of equal labels by the name that the legend has for them."""
    if side.states:
        return {f"segment class {k:g}": [run for run in _runs(side.points) if run[2] == k] for k in np.unique(side.points)}
    found = [run for run in _runs(side.points) if run[2] > 0]
    return {f"labelled {lane}": sorted(found, key=lambda run: -run[2])}  # the legend shows the first: the strongest


def _runs(points: Any) -> list[tuple[int, int, float]]:
    """Return (start, length, value) of each run of equal labels."""
    starts = np.flatnonzero(np.r_[True, points[1:] != points[:-1]])
    lengths = np.diff(np.r_[starts, points.size])
    return [(int(s), int(n), float(points[s])) for s, n in zip(starts, lengths, strict=True)]


def _colour(value: float, states: bool, lane: str) -> tuple[float, ...]:
    from matplotlib.colors import to_rgb

    if states:
        return to_rgb(CLASSES[int(value) % len(CLASSES)])
    share = 0.15 + 0.85 * min(value, 1.0)  # a score is a shade, mixed with white: what is transparent shows its edges
    return tuple(1 - share * (1 - part) for part in to_rgb(BEFORE if lane == "before" else MARK))


def _bins(values: Any) -> Any:
    low, high = _ends(values)
    return np.linspace(low, high, BINS + 1)


def _ends(values: Any) -> tuple[float, float]:
    """Return the smallest and the largest reading; a little around them where they are hardly apart."""
    seen = values[np.isfinite(values)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.0, 0.0)
    if high - low > 1e-9 * max(abs(low), abs(high)):
        return low, high
    around = max(0.5, 0.05 * abs(low))
    return low - around, high + around


def _decades() -> Any:
    from matplotlib.ticker import LogLocator

    return LogLocator(numticks=4)
