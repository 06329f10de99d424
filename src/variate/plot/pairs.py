"""Pictures of pairs: series before and after an augmentation, and two arms side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from variate.core.errors import PanelError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.plot import style
from variate.plot.style import AFTER, BEFORE, FAINT, INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def before_after(
    panel: Panel,
    aug: Transform,
    *,
    rows: Sequence[int] = (0,),
    channels: Sequence[int] | None = None,
    copies: int = 1,
    seed: int = 0,
    rate: float | None = None,
    channel_names: Sequence[str] | None = None,
    row_names: Sequence[str] | None = None,
) -> Figure:
    """Draw some series in grey and ``copies`` augmented versions of each over it, one small plot a series and channel.

    Args:
        panel: where the series are from; one length.
        aug: what is done to them, with ``seed`` at epochs 1 … copies.
        rows: positions of the series in the panel, one column of plots each.
        channels: positions of the channels, one line of plots each; by default the first three.
        copies: versions drawn over each series, at most 5.
        seed: of the augmentation.
        rate: readings a second, for a time axis in seconds; without it the axis counts steps.
        channel_names: names (with units) of the chosen channels, for the axes.
        row_names: names of the chosen series, above the columns.

    Raises:
        VariateError: matplotlib is missing.
        PanelError: names that are not as many as what they name, or more copies than colours.
    """
    channels = list(range(min(3, panel.channels))) if channels is None else list(channels)
    names = _names(channel_names, [f"channel {c}" for c in channels], "channel_names")
    titles = _names(row_names, [f"series {r}" for r in rows], "row_names")
    if not 1 <= copies <= len(AFTER):
        raise PanelError(f"before_after(copies={copies}): copies must be 1 … {len(AFTER)}, one colour each")
    shown = panel.rows(np.asarray(rows))
    made = [aug(shown, seed=seed, epoch=epoch) for epoch in range(1, copies + 1)]
    figure = style.figure(0.6 + 3.2 * len(rows), 0.8 + 1.5 * len(channels))
    grid = figure.subplots(len(channels), len(rows), squeeze=False, sharex="col", sharey="row")
    for j, title in enumerate(titles):
        style.title(grid[0, j], title)
        grid[-1, j].set_xlabel("time (s)" if rate else "time (steps)", fontsize=9, color=INK)
        for i, channel in enumerate(channels):
            _draw(grid[i, j], shown.values[j], [m.values[j] for m in made], channel, rate)
    for i, name in enumerate(names):
        grid[i, 0].set_ylabel(name, fontsize=9, color=INK)
    _legend(figure, grid[0, 0], 1 + copies)
    return figure


def paired_scores(
    without: Sequence[float], with_: Sequence[float], *, names: Sequence[str] | None = None, label: str = "accuracy"
) -> Figure:
    """Draw one line of dots for each pair: the arm without augmentation in grey, the arm with it in blue."""
    titles = _names(names, [f"seed {k}" for k in range(len(without))], "names")
    figure = style.figure(10.2, 1.2 + 0.36 * len(titles))
    axes = figure.subplots()
    places = np.arange(len(titles))[::-1]
    axes.hlines(places, without, with_, color=FAINT, linewidth=3, zorder=1)
    axes.scatter(without, places, color=BEFORE, s=95, zorder=2, label="without augmentation")
    axes.scatter(with_, places, color=AFTER[0], s=34, marker="D", zorder=3, label="with augmentation")
    axes.set_yticks(places, titles, fontsize=9, color=INK)
    axes.set_ylim(-0.7, len(titles) - 0.3)
    axes.set_xlabel(label, fontsize=9, color=INK)
    style.plain(axes)
    axes.grid(axis="y", visible=False)
    _legend(figure, axes, 2)
    return figure


def _draw(axes: Axes, before: Any, after: Sequence[Any], channel: int, rate: float | None) -> None:
    def line(series: Any, **look: Any) -> None:
        axes.plot(np.arange(series.shape[-1]) / (rate or 1.0), np.asarray(series[channel]), **look)

    line(before, color=BEFORE, linewidth=2.4, label="original")
    for k, series in enumerate(after):
        line(series, color=AFTER[k], linewidth=1.2, label="augmented" if len(after) == 1 else f"augmented, copy {k + 1}")
    style.plain(axes)


def _legend(figure: Figure, axes: Axes, columns: int) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=columns, fontsize=9, frameon=False)


def _names(given: Sequence[str] | None, default: list[str], parameter: str) -> list[str]:
    if given is None:
        return default
    if len(given) != len(default):
        raise PanelError(f"{parameter} has {len(given)} names for {len(default)}: {', '.join(default)}")
    return list(given)
