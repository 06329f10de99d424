"""Value: x'(t) = f(x)(t). What is at a time changes, never when it is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.kernels.arrays import Array, concat, is_torch, namespace
from variate.kernels.missing import put_back


def scope(default: str) -> Any:
    """Declare which part of a forecast window a Value transform changes."""
    about = "with a forecast horizon: change past and target alike, or the past alone"
    return param(default, choices=("all", "past"), about=about)


@dataclass(frozen=True, kw_only=True)
class ValueTransform(Transform):
    """A change of values. The author writes :meth:`change`; labels, mask and covariates stay as they are."""

    family: ClassVar[str] = "value"
    label_rule: ClassVar[str] = "class and point labels stay"

    scope: str = scope("all")
    p: float = param(1.0, low=0, high=1, about="chance that a sample is changed at all")

    @abstractmethod
    def change(self, x: Array, rng: Draws) -> Array | tuple[Array, Array]:
        """Return x (n, c, t) changed, of the same shape and dtype, without writing to it.

        Unobserved steps come as NaN, so statistics that skip NaN skip them too. A transform that can mark what it did
        returns a pair, with the touched steps as booleans (n, t); they are OR-ed into the points.
        """

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Change the values that the scope, the mask and the gate leave to change."""
        x = panel.values
        split = panel.length - panel.horizon if self.scope == "past" else panel.length
        inside = x if split == panel.length else _solid(x[..., :split])
        seen = None if panel.mask is None else panel.mask[:, None, :split]
        changed = self.change(inside if seen is None else put_back(inside, ~seen), rng)
        changed, touched = changed if isinstance(changed, tuple) else (changed, None)
        xp = namespace(x)
        if seen is not None:
            changed = xp.where(seen, changed, inside)
            touched = None if touched is None else touched & panel.mask[:, :split]
        if self.p < 1:
            chosen = rng.chance("gate", self.p)
            changed = xp.where(chosen[:, None, None], changed, inside)
            touched = None if touched is None else touched & chosen[:, None]
        if split < panel.length:
            changed = concat([changed, x[..., split:]], axis=-1)
        panel = panel.replace(values=changed)
        return panel if touched is None else self._marked(panel, touched)

    def _marked(self, panel: Panel, touched: Array) -> Panel:
        """Return the panel with the touched steps labelled as events; the steps after them keep their labels."""
        if panel.point_role != "event":
            raise ContractError(
                f"{type(self).__name__}(mark=True) labels events (anomalies), and these point labels are states; "
                "use mark=False, or a panel with point_role='event'"
            )
        xp = namespace(touched)
        inside, after = panel.points[:, : touched.shape[1]], panel.points[:, touched.shape[1] :]
        marked = xp.where(touched & (inside < 1), xp.ones_like(inside), inside)
        return panel.replace(points=concat([marked, after], axis=-1))


def _solid(x: Array) -> Array:
    return x.contiguous() if is_torch(x) else np.ascontiguousarray(x)  # a slice of time is not
