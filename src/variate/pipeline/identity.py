"""Identity: the baseline that every policy has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.transform import Transform


@dataclass(frozen=True, kw_only=True)
class Identity(Transform):
    """Leave everything as it is.

    >>> import variate
    >>> variate.Identity()([1.0, 2.0]).tolist()
    [1.0, 2.0]
    """

    family: ClassVar[str] = "pipeline"
    label_rule: ClassVar[str] = "everything stays"
    lean: ClassVar[bool] = True
    preserves: ClassVar[tuple[str, ...]] = ("series", "length", "values", "order")

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Return the panel."""
        return panel
