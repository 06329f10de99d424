"""Compose: one transform after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.families.time import TimeTransform, fused
from variate.pipeline.parts import Pipeline, checked_parts, one_length, run_rows


@dataclass(frozen=True, init=False)
class Compose(Pipeline):
    """Apply transforms one after the other, each to what the one before gave.

    Adjacent Time transforms that keep the order of time are fused: their clocks compose and values are read once, so a
    series is smoothed by one interpolation and not by each. With ``p < 1`` a sample goes through all steps or none.

    Args:
        steps: transforms, in the order of use. None at all makes an identity.
        p: chance that a sample goes through.

    >>> import numpy as np, variate
    >>> aug = variate.Compose(variate.Jitter(sigma=0.1), variate.TimeWarp())
    >>> aug(np.zeros((2, 3, 50)), seed=0).shape
    (2, 3, 50)
    """

    examples: ClassVar[Any] = ({},)

    steps: tuple[Transform, ...] = ()
    p: float = param(1.0, low=0, high=1, about="chance that a sample goes through the steps at all")

    def __init__(self, *steps: Transform, p: float = 1.0) -> None:
        object.__setattr__(self, "steps", checked_parts(steps, "Compose"))
        object.__setattr__(self, "p", p)
        self.__post_init__()

    def length(self, length: int) -> int:
        """Return the number of steps after all transforms."""
        for step in self.steps:
            length = step.length(length)
        return length

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Run all steps, or for some rows none."""
        if self.p == 1:
            return self._through(panel, rng)
        one_length({panel.length, self.length(panel.length)}, panel.length, f"Compose(p={self.p:g})")
        return run_rows(self._through, panel, rng, rng.chance("gate", self.p))

    def _through(self, panel: Panel, rng: Draws) -> Panel:
        run: list[tuple[TimeTransform, Draws]] = []
        for i, step in enumerate(self.steps):
            place = self.place(rng, i)
            if isinstance(step, TimeTransform) and _fuses(step, panel):
                run.append((step, place))
                continue
            panel = step.run(_finish(run, panel), place)
            run = []
        return _finish(run, panel)


def _fuses(step: TimeTransform, panel: Panel) -> bool:
    """Whether a step can share a reading: a step that moves the border of a forecast target has to be read first."""
    return step.fuses and (panel.horizon == 0 or step.length(panel.length) == panel.length)


def _finish(run: list[tuple[TimeTransform, Draws]], panel: Panel) -> Panel:
    """Run the gathered Time transforms: one on its own, several as one."""
    if len(run) == 1:
        return run[0][0].run(panel, run[0][1])
    return fused(run, panel) if run else panel
