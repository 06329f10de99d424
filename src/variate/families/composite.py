"""Composite: an operation that the field knows as one, and that is two of different families."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.transform import Transform


@dataclass(frozen=True, kw_only=True)
class CompositeTransform(Transform):
    """Steps of different families under one name. The author writes :attr:`parts`; each step keeps the promise of its own."""

    family: ClassVar[str] = "pipeline"
    label_rule: ClassVar[str] = "as its steps"

    @property
    @abstractmethod
    def parts(self) -> tuple[Transform, ...]:
        """The steps, in order; they are no operations of their own, so their names begin with an underscore."""

    @property
    def marks(self) -> bool:
        """Whether a step labels what it does."""
        return any(part.marks for part in self.parts)

    @property
    def scores(self) -> bool:
        """Whether a step makes scores of point labels."""
        return any(part.scores for part in self.parts)

    @property
    def drops(self) -> bool:
        """Whether a step drops point labels."""
        return any(part.drops for part in self.parts)

    @property
    def softens(self) -> bool:
        """Whether a step makes class weights of class labels."""
        return any(part.softens for part in self.parts)

    @property
    def classes(self) -> int:
        """How many class weights its steps make."""
        return max((part.classes for part in self.parts if part.softens), default=0)

    @property
    def fitted(self) -> bool:
        """Whether all its steps can run as they are."""
        return all(part.fitted for part in self.parts)

    @property
    def barrier(self) -> bool:
        """Whether a step has to see a batch whole."""
        return any(part.barrier for part in self.parts)

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Run the steps one after the other."""
        for part in self.parts:
            panel = part.run(panel, rng.at(part.op.strip("_")))
        return panel
