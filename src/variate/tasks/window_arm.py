"""The arms of forecasting: what a pipeline sees of a joint window, and what a batch is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.tasks.task import Arm

VIEWS = ("window", "past", "whole")


@dataclass(frozen=True, kw_only=True)
class WindowArm(Arm):
    """An arm on windows.

    Args:
        originals: whether a batch holds its windows as they are beside the augmented ones.
        view: what the pipeline sees: a ``"window"`` of past and target, the ``"past"`` alone, or past and target as one
            series without a border, the ``"whole"``.
    """

    originals: bool = True
    view: str = "window"

    def __post_init__(self) -> None:
        if not isinstance(self.originals, bool):
            raise ParameterError(f"originals is {self.originals!r}; it must be true or false")
        if self.view not in VIEWS:
            raise ParameterError(f"view is {self.view!r}; it must be one of {', '.join(VIEWS)}")

    def seen(self, panel: Panel) -> Panel:
        """Return what the pipeline sees of joint windows."""
        if self.view == "past":
            return panel.steps(0, panel.length - panel.horizon).replace(horizon=0)
        return panel.replace(horizon=0) if self.view == "whole" else panel

    def batch(self, panel: Panel, pipeline: Transform | None, seed: int, epoch: int) -> np.ndarray[Any, Any]:
        """Return the joint windows that a network is trained on in a step."""
        values: np.ndarray[Any, Any] = panel.values
        if pipeline is None:
            return values
        changed = pipeline(self.seen(panel), seed=seed, epoch=epoch).values
        changed = np.concatenate([changed, values[..., changed.shape[-1] :]], axis=-1)
        return np.concatenate([values, changed]) if self.originals else changed
