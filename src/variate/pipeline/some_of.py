"""SomeOf: a few transforms out of many for each sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from variate.core.draws import Draws
from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.kernels.arrays import numpy_of
from variate.pipeline.parts import Pipeline, checked_parts, one_length, run_rows


@dataclass(frozen=True, init=False)
class SomeOf(Pipeline):
    """Apply ``count`` different transforms to each sample, drawn without replacement, in the order given here.

    Args:
        choices: the transforms to draw from; each must keep the length.
        count: how many of them a sample gets.

    >>> import numpy as np, variate
    >>> aug = variate.SomeOf(variate.Flip(), variate.Scaling(), variate.Jitter(), count=2)
    >>> aug(np.ones((4, 1, 8)), seed=0).shape
    (4, 1, 8)
    """

    examples: ClassVar[Any] = ()

    choices: tuple[Transform, ...] = ()
    count: int = param(2, low=0, about="transforms for each sample")

    def __init__(self, *choices: Transform, count: int = 2) -> None:
        object.__setattr__(self, "choices", checked_parts(choices, "SomeOf", least=1))
        object.__setattr__(self, "count", count)
        self.__post_init__()
        if self.count > len(choices):
            raise ParameterError(f"SomeOf(count={count}): there are only {len(choices)} choices")

    def length(self, length: int) -> int:
        """Return the number of steps, which every choice must keep."""
        everyone = self.count == len(self.choices)
        if everyone:
            for choice in self.choices:
                length = choice.length(length)
            return length
        return one_length({length, *(c.length(length) for c in self.choices)}, length, "SomeOf")

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Draw an order for each row; its first ``count`` choices are used."""
        self.length(panel.length)
        order = numpy_of(rng.order("order", len(self.choices)))
        for i, transform in enumerate(self.choices):
            chosen = (order[:, : self.count] == i).any(axis=1)
            panel = run_rows(transform.run, panel, self.place(rng, i), chosen)
        return panel
