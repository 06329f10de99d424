"""Pictures for the site, as the bytes of PNG files; what they show and how is ``variate.plot``'s."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from variate.core.transform import Transform
from variate.plot import examples, picture, sample
from variate.plot.catalogue import SEED
from variate.plot.files import rendered
from variate.plot.panes import Side, series
from variate.plot.series import kin
from variate.plot.style import figure, title

STRENGTH = 0.7  # of thumbnails: at their defaults many operations are too gentle to be seen in one


def of(cls: type[Transform]) -> bytes:
    """Return the picture of an operation on the four example series."""
    return png(picture(cls))


def thumbnail(cls: type[Transform]) -> bytes:
    """Return a small picture of a strong operation on one series: the first of a few on which it shows."""
    aug, known = sample(cls).at(STRENGTH), examples()
    speaks_of_channels = "channels" in (cls.__doc__ or "").split("\n\n")[0]
    names = ("motion", "bursty") if speaks_of_channels else ("bursty", "motion")
    pairs = [(known[name], aug.fit(kin()[name])(known[name], seed=SEED)) for name in names]
    before, after = next((pair for pair in pairs if _differ(*pair)), pairs[0])
    drawn = figure(3.4, 1.5)
    axes = drawn.subplots()
    series(axes, Side.of(before), Side.of(after), 1.0)
    axes.set(xticks=[], yticks=[], ylabel="")
    for text in axes.texts:  # too small to be read
        text.set_visible(False)
    return png(drawn)


def moved_label(page: Path) -> bytes:
    """Return the picture of the page on labels, from the ``panel`` and the ``aug`` that its first Python block makes.

    It shows two copies that kept the labelled reading, and one that did not.
    """
    block = re.search(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    made: dict[str, Any] = {}
    exec(compile(block[1] if block else "", str(page), "exec"), made)
    panel, aug = made["panel"], made["aug"]
    copies = {epoch: aug(panel, seed=0, epoch=epoch) for epoch in range(1, 20)}
    kept = [epoch for epoch, out in copies.items() if out.points.any()]
    lost = [epoch for epoch in copies if epoch not in kept]
    drawn = figure(9, 5.2)
    for axes, epoch in zip(drawn.subplots(3, sharex=True), sorted([*kept[:2], *lost[:1]]), strict=True):
        series(axes, Side.of(panel), Side.of(copies[epoch]), 1.0)
        steps = np.flatnonzero(copies[epoch].points[0])
        said = f"labelled at {', '.join(map(str, steps))}" if steps.size else "cropped away, and its label with it"
        title(axes, f"copy {epoch}: the anomaly is {said}")
        for text in axes.texts:  # the legend says it
            text.set_visible(False)
    axes.set_xlabel("time (steps)")
    drawn.legend(*drawn.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, fontsize=9, frameon=False)
    return png(drawn)


def png(drawn: Any) -> bytes:
    """Return a figure as a PNG file with a palette, which has a third of the size."""
    stream = io.BytesIO()
    full = Image.open(io.BytesIO(rendered(drawn, dpi=100))).convert("RGB")
    full.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(stream, "png")
    return stream.getvalue()


def _differ(before: Any, after: Any) -> bool:
    fields = [(before.values, after.values), (before.points, after.points)]
    return any(a is not None and not np.array_equal(a, b, equal_nan=True) for a, b in fields if b is not None)
