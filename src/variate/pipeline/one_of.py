"""OneOf: a different transform for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from variate.core.draws import Draws
from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.kernels.arrays import numpy_of
from variate.pipeline.parts import Pipeline, checked_parts, one_length


@dataclass(frozen=True, init=False)
class OneOf(Pipeline):
    """Apply one of several transforms to each sample, chosen at random.

    Args:
        choices: the transforms to choose from; they must announce one length.
        weights: relative chances, one for each choice; equal by default.

    >>> import numpy as np, variate
    >>> aug = variate.OneOf(variate.Flip(), variate.Identity(), weights=(1, 3))
    >>> aug(np.ones((4, 1, 8)), seed=0).shape
    (4, 1, 8)
    """

    examples: ClassVar[Any] = ()

    choices: tuple[Transform, ...] = ()
    weights: tuple[float, ...] | None = param(None, about="relative chances, one for each choice; equal by default")

    def __init__(self, *choices: Transform, weights: Sequence[float] | None = None) -> None:
        object.__setattr__(self, "choices", checked_parts(choices, "OneOf", least=1))
        object.__setattr__(self, "weights", _checked_weights(weights, len(choices)))

    def length(self, length: int) -> int:
        """Return the number of steps that every choice gives."""
        return one_length({c.length(length) for c in self.choices}, length, "OneOf")

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Draw a choice for each row, and run each choice on its rows."""
        self.length(panel.length)
        weights = np.asarray(self.weights or [1.0] * len(self.choices))
        edges = np.cumsum(weights / weights.sum())[:-1]
        choice = np.searchsorted(edges, numpy_of(rng.uniform("choice")), side="right")
        out = None
        for i, transform in enumerate(self.choices):
            index = np.nonzero(choice == i)[0]
            if len(index):
                done = transform.run(panel.rows(index), self.place(rng, i).rows(index))
                out = _room(panel, done) if out is None else out
                out = out.with_rows(index, done)
        return panel if out is None else out


def _room(panel: Panel, done: Panel) -> Panel:
    """Return a panel with all rows and the length of ``done``; what it holds is written over."""
    if done.length == panel.length:
        return panel
    index = np.zeros(panel.n, dtype=np.int64)
    return done.rows(index).replace(ids=panel.ids, weight=panel.weight, extra=panel.extra)


def _checked_weights(weights: Sequence[float] | None, count: int) -> tuple[float, ...] | None:
    if weights is None:
        return None
    try:
        checked = tuple(float(w) for w in weights)
    except (TypeError, ValueError):
        raise ParameterError(f"OneOf(weights={weights!r}): weights must be numbers, one for each choice") from None
    if len(checked) != count:
        raise ParameterError(f"OneOf(weights={weights!r}): there are {count} choices and {len(checked)} weights")
    if not all(np.isfinite(checked)) or min(checked) < 0 or sum(checked) == 0:
        raise ParameterError(f"OneOf(weights={weights!r}): weights must be at least 0, and one of them above 0")
    return checked
