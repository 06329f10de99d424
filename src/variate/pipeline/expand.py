"""expand: a data set grown by augmented copies of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from variate.core import engine
from variate.core.draws import checked_seed
from variate.core.errors import ParameterError
from variate.core.panel import Panel, concatenate
from variate.core.transform import Transform
from variate.pipeline.parts import checked_parts


def expand(panel: Any, aug: Transform, copies: int = 10, seed: int = 0) -> Panel:
    """Return the panel's rows followed by ``copies`` augmented copies of all of them.

    Copy k (1 … copies) is epoch k of ``seed``, so the result holds (copies + 1)·n rows. ``extra["source"]`` is the
    original row of each row (that of a panel of slices or copies stays what it was), ``extra["copy"]`` its k (0 for
    originals); ids are numbered afresh. A transform that changes the length gives a ragged panel.

    >>> import variate
    >>> big = variate.expand(variate.Panel([[1.0, 2.0, 3.0]], label=[1]), variate.Jitter(), copies=2)
    >>> big.values.shape, big.label.tolist(), big.extra["copy"].tolist()
    ((3, 1, 3), [1, 1, 1], [0, 1, 2])
    """
    if not isinstance(panel, Panel):
        panel = Panel(panel)
    if isinstance(copies, bool) or not isinstance(copies, (int, np.integer)) or copies < 0:
        raise ParameterError(f"expand(copies={copies!r}): copies must be an integer of at least 0")
    checked_parts((aug,), "expand")
    return joined(panel, aug, list(copies_of(panel, aug, int(copies), seed)))


def copies_of(panel: Panel, aug: Transform, copies: int, seed: int) -> Iterator[Panel]:
    """Go through the augmented copies 1 … copies of a panel, one panel each."""
    seed = checked_seed(seed)
    for k in range(1, copies + 1):
        out, _ = engine.run(aug, panel, seed, epoch=k)
        yield out


def joined(panel: Panel, aug: Transform, made: list[Panel]) -> Panel:
    """Return the originals and the copies as one panel that knows which is which."""
    source = panel.extra.get("source", np.arange(panel.n))
    parts = [
        part.replace(extra={**panel.extra, "source": source, "copy": np.full(panel.n, k)})
        for k, part in enumerate([engine.entering(aug, panel), *made])
    ]
    whole = concatenate(parts)
    return whole.replace(ids=np.arange(whole.n))
