"""Reverse."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.families.time import Pieces, TimeTransform, pieces
from variate.kernels.arrays import namespace


@dataclass(frozen=True, kw_only=True)
class Reverse(TimeTransform):
    """Play the series backwards; some libraries call it a flip in time.

    x'(t) = x(T-1-t), bit for bit; labels of single steps go along. It draws nothing: with ``p`` below 1 some samples are
    turned and others are not. An operation of the field, not of the survey.

    It hurts wherever time has a direction: heart beats, machines that start, demand that decays. It is refused on a
    forecast window.

    >>> import variate
    >>> variate.Reverse()([1.0, 2.0, 3.0]).tolist()
    [3.0, 2.0, 1.0]
    """

    monotone = False
    forecastable = False
    forecast_reason = "it would put the future before the past"
    lean = True
    preserves = ("length", "values", "range")
    examples = ({}, {"p": 0.5})

    def clock(self, panel: Panel, rng: Draws) -> Pieces:
        """Return one piece that runs back from the last step."""
        xp = namespace(panel.values)
        whole = xp.full((panel.n, 1), panel.length, dtype=xp.int64, device=panel.values.device)
        return pieces(whole - 1, whole, -1.0)
