"""The picture of an augmentation: each series, its spectrum and its histogram, before and after."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from variate.core.errors import PanelError, ParameterError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.families.mix import MixTransform
from variate.kernels.arrays import numpy_of
from variate.pipeline.parts import checked_parts
from variate.plot import panes, style
from variate.plot.components import NAMES, apart, decomposition
from variate.plot.panes import MOST_CHANNELS, Side
from variate.plot.series import examples, kin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_ROWS = 4
ORDER = ("before", "mixed in", "after", "labelled before", "labelled after", "segment", "target")  # of the legend


def show(
    aug: Transform,
    panel: Any = None,
    *,
    seed: int | None = 0,
    rate: float | None = None,
    classes: Sequence[str] | None = None,
) -> Figure:
    """Draw what an augmentation does: one line of plots a series, with the series, its spectrum and its histogram.

    Of an augmentation that takes series apart: the series, its trend, its season and its remainder.

    Before is grey, after is coloured, a series that is mixed in is thin. Point labels are strips below the series, the
    border of a forecast horizon is a dashed line, a missing or unobserved reading a gap. For the spectrum gaps are filled
    linearly, and the mean is taken off; a sine of amplitude a at one of its frequencies has the amplitude a there. Both
    histograms have the same bins.

    Args:
        aug: what is done to the series.
        panel: a :class:`Panel`, or what one can be made of; its first four series are drawn, and the first three channels
            of each. By default the four series of :func:`examples`. A transform that has learned nothing yet is fitted to
            it, or to two more series of the example's kind.
        seed: of the augmentation; None draws fresh randomness.
        rate: readings a second, for axes in seconds and hertz; without it they count steps.
        classes: names of the classes, for titles.

    Raises:
        VariateError: matplotlib is missing, or whatever the augmentation itself refuses.
        ParameterError: ``aug`` is no transform, or ``rate`` no positive number.
        PanelError: a panel without series.

    >>> import numpy as np, variate
    >>> figure = show(variate.Jitter(sigma=0.1), np.sin(np.arange(100) / 5), rate=20.0)
    >>> [axes.get_xlabel() for axes in figure.axes]
    ['time (s)', 'frequency (Hz)', 'value']
    """
    checked_parts((aug,), "show")
    if rate is not None and not rate > 0:
        raise ParameterError(f"show(rate={rate!r}): rate must be above 0: readings a second")
    lines = list(_examples(aug, seed) if panel is None else _rows(aug, panel, seed, classes))
    by = decomposition(aug)
    draw = _in_parts if by else _in_panes
    figure = style.figure(15 if by else 13, 1.15 + 2.0 * len(lines))
    figure.suptitle(_heading(repr(aug)), x=0.008, ha="left", fontsize=13, color=style.INK)
    draw(figure, lines, rate, by)
    figure.align_ylabels(list(figure.axes))
    _legend(figure)
    return figure


Lines = list[tuple[str, Side, Side]]


def _in_panes(figure: Figure, lines: Lines, rate: float | None, by: Any) -> None:
    """Draw series, spectrum and histogram."""
    grid = figure.subplots(len(lines), 3, squeeze=False, width_ratios=(2.7, 1, 1), gridspec_kw={"wspace": 0.05})
    for row, (name, before, after) in zip(grid, lines, strict=True):
        for draw, axes in zip((panes.series, panes.spectrum, panes.histogram), row, strict=True):
            draw(axes, before, after, rate or 1.0)
        style.title(row[0], name)
    style.title(grid[0, 1], "amplitude spectrum")
    style.title(grid[0, 2], "histogram")
    units = ("time (s)", "frequency (Hz)") if rate else ("time (steps)", "frequency (cycles per step)")
    for axes, unit in zip(grid[-1], (*units, "value"), strict=True):
        axes.set_xlabel(unit, fontsize=9, color=style.INK)


def _in_parts(figure: Figure, lines: Lines, rate: float | None, by: Any) -> None:
    """Draw series, trend, season and remainder."""
    grid = figure.subplots(len(lines), 4, squeeze=False, width_ratios=(1.5, 1, 1, 1), gridspec_kw={"wspace": 0.09})
    for row, (name, before, after) in zip(grid, lines, strict=True):
        panes.series(row[0], before, after, rate or 1.0)
        style.title(row[0], name)
        for axes, (old, new) in zip(row[1:], apart(by, before, after), strict=True):
            panes.series(axes, old, new, rate or 1.0)
            axes.set_ylabel("")
            if not (old.values.any() or new.values.any()):
                axes.text(0.5, 0.6, "none found", transform=axes.transAxes, ha="center", fontsize=9, color=style.SOFT)
    for axes, part in zip(grid[0, 1:], NAMES, strict=True):
        style.title(axes, part)
    for axes in grid[-1]:
        axes.set_xlabel("time (s)" if rate else "time (steps)", fontsize=9, color=style.INK)


def _examples(aug: Transform, seed: int | None) -> Iterator[tuple[str, Side, Side]]:
    for name, panel in examples().items():
        fitted = aug if aug.fitted else aug.fit(kin()[name])
        yield _line(name, panel, fitted(panel, seed=seed), None, _partners(fitted, panel, seed))


def _rows(aug: Transform, panel: Any, seed: int | None, classes: Sequence[str] | None) -> Iterator[tuple[str, Side, Side]]:
    panel = panel if isinstance(panel, Panel) else Panel(panel)
    if panel.n == 0:
        raise PanelError("show: the panel has no series; pass at least one")
    before = panel.rows(slice(0, MOST_ROWS))
    aug = aug if aug.fitted else aug.fit(panel)
    after = aug(before, seed=seed)
    for i in range(before.n):
        row = slice(i, i + 1)
        partners = _partners(aug, next(part for _, part in before.rows(row).groups()), seed)
        yield _line(f"series {before.ids[i]}", before.rows(row), after.rows(row), classes, partners)


def _partners(aug: Transform, panel: Panel, seed: int | None) -> Any:
    """Return the series (k, channels, steps) that a transform mixes into the one of the panel, None where that is unknown."""
    if not isinstance(aug, MixTransform) or aug.pool == "batch" or seed is None:
        return None
    rows = aug.mixed_with(panel, seed)[0]
    return aug.known.values[rows[rows >= 0], :, : panel.length]


def _line(
    name: str, before: Panel, after: Panel, classes: Sequence[str] | None, partners: Any = None
) -> tuple[str, Side, Side]:
    """Return the title of a line of plots and its two sides; each panel holds one series."""
    old, new = replace(Side.of(before), partners=partners), Side.of(after)
    said = [name]
    if before.label is not None:
        labels = [_class(numpy_of(p.label[0]), classes) for p in (before, after)]
        said.append(f"class {' → '.join(dict.fromkeys(labels))}")
    if old.steps != new.steps:
        said.append(f"{old.steps} → {new.steps} steps")
    if old.channels > MOST_CHANNELS:
        said.append(f"the first {MOST_CHANNELS} of {old.channels} channels")
    return " · ".join(said), old, new


def _class(label: Any, classes: Sequence[str] | None) -> str:
    """Return a class's name, or those of a soft label with their weights."""
    if label.ndim:
        return " + ".join(f"{label[k]:.2g} of {_class(k, classes)}" for k in np.flatnonzero(label))
    return str(classes[int(label)]) if classes is not None else str(int(label))


def _heading(text: str) -> str:
    """Return the title, broken where it is too long for a line and cut where it is too long for three."""
    return textwrap.fill(text, 120, max_lines=3, placeholder=" …")


def _legend(figure: Figure) -> None:
    """Put one legend for all plots below them, each entry once."""
    entries: dict[str, Any] = {}
    for axes in figure.axes:
        handles, labels = axes.get_legend_handles_labels()
        entries = {**dict(zip(labels, handles, strict=True)), **entries}
    order = sorted(entries, key=lambda name: next((i for i, kind in enumerate(ORDER) if name.startswith(kind)), len(ORDER)))
    handles = [entries[name] for name in order]
    columns = len(order) if len(order) <= 8 else -(-len(order) // 2)
    figure.legend(handles, order, loc="outside lower center", ncols=columns, fontsize=9, frameon=False, labelcolor=style.INK)
