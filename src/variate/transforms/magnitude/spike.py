"""Spike."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform, scope
from variate.kernels.arrays import Array
from variate.kernels.elementwise import add_at, changed
from variate.kernels.moments import spread
from variate.kernels.sampling import between


@dataclass(frozen=True, kw_only=True)
class Spike(ValueTransform):
    """Add a few single-step spikes: as noise, or with ``mark=True`` as labelled anomalies [wen2019].

    ``count`` steps are drawn without replacement, the same for all channels; each gets ±U(low, high) times the
    channel's standard deviation. All other readings stay bit for bit. With ``mark=True`` the steps become events in the
    point labels, which is how to inject anomalies into unlabelled series: pass a Panel, since bare arrays have no place for
    them. Where ``high`` is below ``low``, all spikes have size ``high``.

    The survey gives the shape of the method and no numbers: counts and magnitudes are our decision. It hurts where real
    spikes are the class, and a detector trained on spikes alone learns spikes alone. A constant channel has no spread
    and gets no spike. On a forecast window only the past is hit.

    >>> import numpy as np, variate
    >>> panel = variate.Panel(np.sin(np.arange(100.0)), points=np.zeros((1, 100), bool))
    >>> int(variate.Spike(count=3, mark=True)(panel, seed=0).points.sum())
    3
    """

    count: float = param(
        0.005,
        about="number of spikes: a share of the series, at least one spike, or a number",
        size=True,
        search=(1, 10),
    )
    low: float = param(0.5, about="smallest spike", low=0, unit="channel std")
    high: float = param(3.0, about="largest spike", low=0, identity=0, search=(1.0, 6.0), unit="channel std")
    mark: bool = param(False, about="label the spikes as events in the point labels")
    scope: str = scope("past")

    label_rule = "class and point labels stay; mark=True labels the spikes"
    lean = True
    preserves = ("length",)
    examples = ({}, {"count": 3, "mark": True, "low": 2.0, "high": 5.0}, {"count": 0.1, "p": 0.5, "scope": "all"})

    @property
    def marks(self) -> bool:
        """Whether the spikes are labelled."""
        return self.mark

    def change(self, x: Array, rng: Draws) -> Array | tuple[Array, Array]:
        """Return x with spikes, and where they are if they are to be marked."""
        length = x.shape[2]
        count = self.count if isinstance(self.count, int) else max(1, round(self.count * length))
        count = min(count, length)
        where = rng.distinct("position", length, count)
        size = between(rng.uniform("size", count), self.low, self.high)
        height = (rng.sign("direction", count) * size)[:, None, :] * spread(x)
        spiked = add_at(x, where, height)
        return (spiked, changed(x, spiked)) if self.mark else spiked
