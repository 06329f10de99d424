"""Label: (x, y) → y'. What a series is called changes, never the series."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.kernels.arrays import numpy_of


@dataclass(frozen=True, kw_only=True)
class LabelTransform(Transform):
    """A change of labels. The author writes :meth:`relabel`; values, mask and covariates stay as they are."""

    family: ClassVar[str] = "label"
    label_rule: ClassVar[str] = "labels change, values stay"

    p: float = param(1.0, low=0, high=1, about="chance that a sample is changed at all")

    @abstractmethod
    def relabel(self, panel: Panel, rng: Draws) -> Panel:
        """Return the panel with new labels, by ``panel.replace(points=...)`` or ``panel.replace(label=...)``."""

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Relabel the samples that the gate leaves to change."""
        new = self.relabel(panel, rng)
        if self.p == 1:
            return new
        chosen = np.nonzero(numpy_of(rng.chance("gate", self.p)))[0]
        return panel.with_rows(chosen, new.rows(chosen))
