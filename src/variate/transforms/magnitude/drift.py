"""Drift."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.moments import spread
from variate.kernels.spline import add_curve


@dataclass(frozen=True, kw_only=True)
class Drift(ValueTransform):
    """Let the level wander off smoothly, as a sensor that warms up would.

    x'(t) = x(t) + g(t), g the cubic spline that is 0 at the first reading and ~ N(0, (strength·s)²) at ``knots`` inner
    knots and the last one, s the channel's standard deviation; one curve for each channel, or with ``per_channel=False``
    one for all, in units of their own s. An operation of the field, not of the survey.

    It hurts where slow trends are the class, and does nothing to a constant channel, which has no spread.

    >>> import numpy as np, variate
    >>> x = np.sin(np.arange(200.0))
    >>> curve = variate.Drift()(x, seed=0) - x
    >>> bool(curve[0] == 0 and np.abs(np.diff(curve)).max() < 0.05)
    True
    """

    strength: float = param(0.3, about="spread of the knots", low=0, identity=0, search=(0.1, 1.0), unit="channel std")
    knots: int = param(4, about="inner knots of the curve", low=1, high=64)
    per_channel: bool = param(True, about="one curve for each channel, or one for all")

    lean = True
    preserves = ("length",)
    examples = ({}, {"strength": 0.8, "knots": 9, "per_channel": False}, {"knots": 1, "p": 0.5, "scope": "past"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x plus its curves."""
        drawn = rng.normal("knots", (x.shape[1] if self.per_channel else 1, self.knots + 1))
        knots = self.strength * drawn * spread(x)
        return add_curve(x, concat([namespace(knots).zeros_like(knots[:, :, :1]), knots], axis=2))
