"""A forest plot: the interval of each comparison beside the line of no effect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from variate.core.errors import PanelError
from variate.metrics.comparison import Paired
from variate.plot import style
from variate.plot.style import AFTER, BEFORE, INK, SOFT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOOKS = MappingProxyType({"helped": (AFTER[0], ">"), "hurt": (AFTER[1], "<"), "undecided": (BEFORE, "o")})
"""Colour and shape of each verdict: either alone tells them apart."""
ACROSS = 5  # plots in a line
ROOM = 1.08  # of the axis beyond the widest interval that is drawn whole
FAR = 3.0  # times the middle reach of the intervals, beyond which they are cut at the edge


def forest(
    panels: Mapping[str, Mapping[str, Paired]], *, label: str = "difference in accuracy", across: int = ACROSS
) -> Figure:
    """Draw comparisons as dots with Student's 95 % intervals, a small plot for each set and a line for each arm.

    Right of the line at 0 augmentation helped: a triangle to the right is "helped", one to the left "hurt", a dot
    "undecided", and a ring one pair, which has no interval. All plots have one scale; an interval that is far wider than
    most is cut at the edge.

    Args:
        panels: for each plot its title, and for each line of it the name and the comparison, in the sense "higher is
            better". Lines go by their names: one that a plot does not have is empty there.
        label: what the axis counts.
        across: plots in a line of plots.

    Raises:
        VariateError: matplotlib is missing.
        PanelError: there is nothing to draw.
    """
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    if not names:
        raise PanelError("forest has nothing to draw; give it at least one comparison, as {title: {name: paired(...)}}")
    columns = min(across, len(panels))
    lines = -(-len(panels) // columns)
    wide = 0.075 * max(map(len, names))
    figure = style.figure(max(6.4, wide + 2.3 * columns), 0.55 + lines * (0.85 + 0.2 * len(names)))
    grid = figure.subplots(lines, columns, squeeze=False, sharey=True)
    limit = _limit([one for panel in panels.values() for one in panel.values()])
    for k, axes in enumerate(grid.flat):
        if k < len(panels):
            title = list(panels)[k]
            _draw(axes, panels[title], names, limit)
            axes.set_title(title, fontsize=9, color=INK, pad=15)
        else:
            axes.set_visible(False)
    for row in grid:
        row[0].set_yticks(range(len(names)), names, fontsize=8, color=INK)
        row[0].set_ylim(len(names) - 0.4, -0.6)
    figure.supxlabel(f"{label}, with 95 % interval", fontsize=9, color=INK)
    _legend(figure)
    return figure


def _draw(axes: Axes, panel: Mapping[str, Paired], names: Sequence[str], limit: float) -> None:
    style.plain(axes)
    axes.axvline(0, color=INK, linewidth=1, zorder=1)
    for verdict, (colour, shape) in LOOKS.items():
        held = {place: panel[name] for place, name in enumerate(names) if name in panel and panel[name].verdict == verdict}
        _dots(axes, {place: one for place, one in held.items() if one.pairs < 2}, limit, "o", colour, filled=False)
        several = {place: one for place, one in held.items() if one.pairs > 1}
        _intervals(axes, several, limit, colour)
        _dots(axes, several, limit, shape, colour, filled=True)
    axes.set_xlim(-limit, limit)
    axes.locator_params(axis="x", nbins=4)
    for text, x, side in (("◂ hurts", 0.49, "right"), ("helps ▸", 0.51, "left")):
        axes.text(x, 1.0, text, transform=axes.transAxes, ha=side, va="bottom", fontsize=7, color=SOFT)


def _dots(axes: Axes, held: Mapping[int, Paired], limit: float, shape: str, colour: str, *, filled: bool) -> None:
    inside = {place: one.difference for place, one in held.items() if abs(one.difference) <= limit}
    face = colour if filled else "white"
    if inside:
        axes.plot(list(inside.values()), list(inside), shape, color=colour, markersize=5.5, markerfacecolor=face, zorder=3)


def _intervals(axes: Axes, held: Mapping[int, Paired], limit: float, colour: str) -> None:
    """Draw intervals up to the edges, with an open mark where one goes on."""
    if not held:
        return
    low, high = ([getattr(one, end) for one in held.values()] for end in ("low", "high"))
    axes.hlines(list(held), np.maximum(low, -limit), np.minimum(high, limit), color=colour, linewidth=1.8, zorder=2)
    for edge, mark, cut in ((-limit, "<", np.array(low) < -limit), (limit, ">", np.array(high) > limit)):
        places = np.array(list(held))[cut]
        if places.size:
            ends = axes.plot(np.full(places.size, edge), places, mark, color=colour, markersize=4, zorder=3)
            ends[0].set(markerfacecolor="white", clip_on=False)


def _limit(found: Sequence[Paired]) -> float:
    """Return where the axis ends: at the widest interval, unless that is far wider than most."""
    reach = np.array([abs(one.difference) if one.pairs < 2 else max(abs(one.low), abs(one.high)) for one in found])
    middle = FAR * float(np.median(reach))
    furthest = float(reach.max())
    inside = furthest if furthest <= middle or not middle else max(middle, max(abs(one.difference) for one in found))
    return inside * ROOM if inside > 0 and math.isfinite(inside) else 1.0


def _legend(figure: Figure) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=shape, linewidth=1.8, markersize=5.5, label=verdict)
        for verdict, (colour, shape) in LOOKS.items()
    ]
    figure.legend(handles=handles, loc="outside upper right", ncols=len(handles), fontsize=8, frameon=False)
