"""Curves of learning: the score of the validation part from look to look, a line for each arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from variate.core.errors import PanelError
from variate.plot import style
from variate.plot.style import AFTER, FAINT, INK, MIXED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

ACROSS = 4  # plots in a line
COLOURS = (*AFTER, MIXED)  # of the lines beside the base
SKIPPED = 0.25  # of the looks, the first ones, that the axis need not show


def curves(
    panels: Mapping[str, Mapping[str, Sequence[Sequence[float]]]],
    *,
    base: str = "none",
    label: str = "validation score",
    across: int = ACROSS,
) -> Figure:
    """Draw scores over looks, lower being better: a small plot for each set, a line for each arm, the mean over its seeds.

    The line of ``base`` is thick and dark. Of more arms than there are colours, those that end lowest on average have one,
    and the others are grey; a line ends where the first of its seeds does. The first quarter of the looks may be above the
    axis.

    Args:
        panels: for each plot its title, and for each arm the scores of its seeds, one sequence of looks a seed.
        base: the arm without augmentation.
        label: what a score is.
        across: plots in a line of plots.

    Raises:
        VariateError: matplotlib is missing.
        PanelError: there is nothing to draw.
    """
    means = {title: {arm: _mean(runs) for arm, runs in arms.items() if runs} for title, arms in panels.items()}
    means = {title: arms for title, arms in means.items() if any(len(line) for line in arms.values())}
    if not means:
        raise PanelError("curves has nothing to draw; give it at least one arm with a score of one look")
    colours = _colours(means, base)
    columns = min(across, len(means))
    lines = -(-len(means) // columns)
    figure = style.figure(max(6.4, 3.0 * columns), 0.7 + 2.3 * lines)
    grid = figure.subplots(lines, columns, squeeze=False)
    for axes, (title, arms) in zip(grid.flat, means.items(), strict=False):
        _draw(axes, arms, colours, base)
        style.title(axes, title)
    for axes in list(grid.flat)[len(means) :]:
        axes.set_visible(False)
    figure.supxlabel("look", fontsize=9, color=INK)
    figure.supylabel(label, fontsize=9, color=INK)
    _legend(figure, colours, base, {arm for arms in means.values() for arm in arms})
    return figure


def _mean(runs: Sequence[Sequence[float]]) -> Floats:
    """Return the mean over seeds of each look that all of them have; a look without a finite score is a gap."""
    shared = min(map(len, runs))
    held = np.array([run[:shared] for run in runs], float).reshape(len(runs), shared)
    return np.where(np.isfinite(held).all(axis=0), held.sum(axis=0) / len(runs), np.nan)


def _colours(means: Mapping[str, Mapping[str, Floats]], base: str) -> dict[str, str]:
    """Return the colour of the arms that have one; a rank within each plot makes scores of several sets comparable."""
    ranks: dict[str, list[float]] = {}
    for arms in means.values():
        ends = {arm: float(line[-1]) for arm, line in arms.items() if arm != base and len(line) and np.isfinite(line[-1])}
        for rank, arm in enumerate(sorted(ends, key=lambda arm: (ends[arm], arm))):
            ranks.setdefault(arm, []).append(rank)
    chosen = sorted(ranks, key=lambda arm: (np.mean(ranks[arm]), arm))[: len(COLOURS)]
    return dict(zip(chosen, COLOURS, strict=False))


def _draw(axes: Axes, arms: Mapping[str, Floats], colours: Mapping[str, str], base: str) -> None:
    style.plain(axes)
    for arm in sorted(arms, key=lambda arm: (arm == base, arm in colours, arm)):  # what counts is drawn last
        line = arms[arm]
        looks = np.arange(1, len(line) + 1)
        if arm == base:
            axes.plot(looks, line, color=INK, linewidth=2.6, label=arm)
        else:
            colour = colours.get(arm, FAINT)
            axes.plot(looks, line, color=colour, linewidth=1.5 if arm in colours else 1.0, marker=".", markersize=4, label=arm)
    kept = np.concatenate([line[int(len(line) * SKIPPED) :] for line in arms.values()])
    kept = kept[np.isfinite(kept)]
    if kept.size and np.ptp(kept) > 0:
        axes.set_ylim(kept.min() - 0.08 * np.ptp(kept), kept.max() + 0.15 * np.ptp(kept))
    axes.locator_params(axis="x", integer=True)


def _legend(figure: Figure, colours: Mapping[str, str], base: str, arms: set[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=INK, linewidth=2.6, label=base)] if base in arms else []
    handles += [Line2D([], [], color=colour, linewidth=1.5, marker=".", label=arm) for arm, colour in colours.items()]
    others = len(arms - set(colours) - {base})
    if others:
        handles.append(Line2D([], [], color=FAINT, linewidth=1.0, marker=".", label=f"{others} other arm{'s' * (others > 1)}"))
    figure.legend(handles=handles, loc="outside upper center", ncols=min(4, len(handles)), fontsize=8, frameon=False)
