"""What pipelines share: checked parts, their places, and running some of the rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from variate.core.draws import Draws
from variate.core.errors import ContractError, ParameterError
from variate.core.panel import Panel
from variate.core.param import params
from variate.core.transform import Transform
from variate.families.composite import CompositeTransform
from variate.kernels.arrays import Array, numpy_of


@dataclass(frozen=True, kw_only=True)
class Pipeline(CompositeTransform):
    """A Transform made of parts, which are its first field."""

    label_rule: ClassVar[str] = "as its parts"
    takes_parts: ClassVar[bool] = True

    @property
    def parts(self) -> tuple[Transform, ...]:
        """The transforms this one is made of."""
        found: tuple[Transform, ...] = getattr(self, dataclasses.fields(self)[0].name)
        return found

    def place(self, rng: Draws, i: int) -> Draws:
        """Return the draws of part i."""
        return rng.at(f"{i}:{self.parts[i].op}")

    @classmethod
    def of(cls, *parts: Transform) -> Transform:
        """Return one of this kind made of these parts, for pictures and pages."""
        return cls(*parts)

    def mapped(self, change: Callable[[Transform], Transform]) -> Self:
        """Return this pipeline with every part changed."""
        new = object.__new__(type(self))
        name = dataclasses.fields(self)[0].name
        new.__dict__.update(self.__dict__, **{name: tuple(change(part) for part in self.parts)})
        return new

    def fit(self, panel: Panel, seed: int = 0) -> Self:
        """Return the pipeline with every part fitted to the real panel; where a part marks, one without labels has none."""
        panel = panel if isinstance(panel, Panel) else Panel(panel)
        panel = panel.with_points() if self.marks else panel
        return self.mapped(lambda part: part.fit(panel, seed))

    def at(self, magnitude: float) -> Self:
        """Return the pipeline with every part at a strength in 0 … 1."""
        self.check_magnitude(magnitude)
        return self.mapped(lambda part: part.at(magnitude))

    def __repr__(self) -> str:
        declared = params(type(self)).items()
        shown = [f"{k}={getattr(self, k)!r}" for k, p in declared if getattr(self, k) != p.default]
        return f"{type(self).__name__}({', '.join([*map(repr, self.parts), *shown])})"


def checked_parts(parts: tuple[Any, ...], owner: str, least: int = 0) -> tuple[Transform, ...]:
    """Return the parts; raise ParameterError where one is no transform."""
    if len(parts) == 1 and isinstance(parts[0], (list, tuple)):
        raise ParameterError(f"{owner}([...]) was given a list; pass its parts one by one: {owner}(*parts)")
    for i, part in enumerate(parts):
        if isinstance(part, type) and issubclass(part, Transform):
            raise ParameterError(f"{owner}: part {i} is the class {part.__name__}; make one: {part.__name__}()")
        if not isinstance(part, Transform):
            raise ParameterError(f"{owner}: part {i} is {part!r}; it must be a transform")
    if len(parts) < least:
        raise ParameterError(f"{owner} needs at least {least} transform{'s' * (least > 1)}, and has {len(parts)}")
    return parts


Run = Callable[[Panel, Draws], Panel]


def run_rows(run: Run, panel: Panel, rng: Draws, chosen: Array) -> Panel:
    """Return the panel with ``run`` applied to the rows where ``chosen`` (n,) is True.

    The branch announces the panel's own length, unless it takes all rows.
    """
    index = np.nonzero(numpy_of(chosen))[0]
    if len(index) == 0:
        return panel
    if len(index) == panel.n:
        return run(panel, rng)
    return panel.with_rows(index, run(panel.rows(index), rng.rows(index)))


def one_length(lengths: set[int], length: int, owner: str) -> int:
    """Return the one length that all branches announce for ``length`` steps; raise ContractError where they differ."""
    if len(lengths) > 1:
        raise ContractError(
            f"{owner}: its branches turn {length} steps into {' or '.join(map(str, sorted(lengths)))}; all rows of a "
            "batch need one length: use Crop(resize=True), or the same length in every branch"
        )
    return min(lengths)
