"""IAAFT."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, on_points
from variate.kernels.arrays import Array
from variate.kernels.ranks import order
from variate.kernels.surrogates import iaaft


@dataclass(frozen=True, kw_only=True)
class IAAFT(ValueTransform):
    """Put the same readings in another order whose spectrum is as near as it gets: iterated surrogate [schreiber1996].

    From a random order on, the spectrum of x and the readings of x are imposed in turns, until the order repeats or after
    ``most`` rounds. With ``output="values"`` every reading is kept, bit for bit, and the spectrum to about a percent; with
    ``output="spectrum"`` the spectrum to rounding, and the readings nearly. ``channels="joint"`` keeps the phases between
    channels [schreiber2000]; that rule is from memory. The 200 rounds are our decision; most series need about 20 to 80.

    It hurts wherever the time course matters. Labels of single steps are refused, or dropped with ``on_points="drop"``. A
    forecast window is one series to it, so its border has no meaning afterwards. NumPy and torch need not walk the same way,
    only keep the same promises; no gradient flows through ranks.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=50).cumsum()
    >>> bool((np.sort(variate.IAAFT()(x, seed=0)) == np.sort(x)).all())
    True
    """

    most: int = param(200, about="most rounds", low=0)
    output: str = param("values", about="what is kept exactly", choices=("values", "spectrum"))
    channels: str = param("each", about="each channel on its own, or with the phases between them", choices=("each", "joint"))
    on_points: str = on_points()

    local = False
    bridges = True
    differentiable = False
    iterated = True
    shortest = 3
    preserves = ("length",)
    examples = (
        {"on_points": "drop"},
        {"output": "spectrum", "most": 20, "on_points": "drop"},
        {"channels": "joint", "p": 0.5, "on_points": "drop"},
    )

    def change(self, x: Array, rng: Draws) -> Array:
        """Return the readings of x in another order."""
        start = order(rng.uniform("start", x.shape[1:]))
        return iaaft(x, start, self.most, spectrum_last=self.output == "spectrum", joint=self.channels == "joint")
