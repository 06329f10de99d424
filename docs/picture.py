"""Draw the README's picture: one series with a labelled anomaly, and what becomes of both. ``python docs/picture.py``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import variate

GREY, BLUE, RED, INK = "#b0b0b0", "#0072B2", "#D55E00", "#333333"


def series() -> variate.Panel:
    """Return a slow wave with a fast one on it, and one anomalous stretch of three steps."""
    t = np.arange(160)
    x = np.sin(t / 11) + 0.35 * np.sin(t / 2.7) * (t > 70)
    points = np.zeros(160, dtype=bool)
    points[112:115] = True
    x[112:115] += 1.6
    return variate.Panel(x, points=points)


def main() -> None:
    """Draw and save ``docs/overview.png``."""
    panel = series()
    shown = {
        "the series, and its labelled anomaly": variate.Identity(),
        "Jitter(sigma=0.15)": variate.Jitter(sigma=0.15),
        "MagnitudeWarp(sigma=0.4)": variate.MagnitudeWarp(sigma=0.4),
        "TimeWarp(sigma=0.4): the label follows": variate.TimeWarp(sigma=0.4),
        "Crop(size=0.6): the label follows": variate.Crop(size=0.6),
        "Spike(count=4, mark=True): new labels": variate.Spike(count=4, mark=True, low=2.0, high=3.0),
    }
    figure = Figure(figsize=(12, 4.6), layout="constrained")
    grid = figure.subplots(2, 3, sharex=True, sharey=True)
    for axes, (title, aug) in zip(grid.flat, shown.items(), strict=True):
        out = aug(panel, seed=4)
        before, after = panel.values[0, 0], out.values[0, 0]
        axes.plot(before, color=GREY, linewidth=1.4, label="before")
        if title.startswith("the series"):
            axes.plot(before, color=BLUE, linewidth=1.6)
        else:
            axes.plot(after, color=BLUE, linewidth=1.4, label="after")
        marked = np.flatnonzero(out.points[0])
        axes.plot(marked, after[marked], "o", color=RED, markersize=5, label="labelled anomalous")
        axes.set_title(title, fontsize=11, color=INK, loc="left")
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(labelsize=8, colors="#555555")
    for axes in grid[-1]:
        axes.set_xlabel("time (steps)", fontsize=9, color=INK)
    handles, labels = grid[0, 1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3, fontsize=10, frameon=False)
    figure.savefig(Path(__file__).parent / "overview.png", dpi=110)


if __name__ == "__main__":
    main()
