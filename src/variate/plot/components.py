"""Trend, season and remainder of a series, before and after: what pictures of decompositions show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from variate.core.transform import Transform
from variate.domains.decomposing import PARTS
from variate.kernels.decomposition import decomposed, periods
from variate.kernels.missing import fill, put_back
from variate.pipeline.inside import In
from variate.plot.panes import Side

NAMES = ("trend", "season", "remainder")


def decomposition(aug: Transform) -> tuple[str, int | str] | None:
    """Return the method and the period by which a transform, or a part of it, takes series apart; None where none does."""
    if isinstance(aug, In) and set(aug.domain.parts) == set(PARTS):
        return _method(aug.domain.name), getattr(aug.domain, "period", "auto")
    if ".decomposition." in type(aug).__module__:
        return _method(getattr(aug, "method", "stl")), getattr(aug, "period", "auto")
    found = (decomposition(part) for part in getattr(aug, "parts", ()))
    return next((one for one in found if one is not None), None)


def apart(by: tuple[str, int | str], before: Side, after: Side) -> Iterator[tuple[Side, Side]]:
    """Go through trend, season and remainder of both sides, by the period of the first; without point labels."""
    method, wanted = by
    period = periods(fill(before.values)[None], wanted)
    for old, new in zip(_parts(before, method, period), _parts(after, method, period), strict=True):
        yield replace(before, values=old, points=None, partners=None), replace(after, values=new, points=None)


def _parts(side: Side, method: str, period: Any) -> Any:
    values = fill(side.values)[None]
    fits = np.where(2 * period <= side.steps, period, 0)
    return [put_back(part[0], np.isnan(side.values)) for part in decomposed(values, method, fits)]


def _method(name: str) -> str:
    return name if name in ("robust_stl", "robust_trend") else "stl"
