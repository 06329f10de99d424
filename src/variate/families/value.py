"""Value: x'(t) = f(x)(t). What is at a time changes, never when it is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.kernels.arrays import Array, concat, namespace, solid
from variate.kernels.missing import fill_parts, has_nan, put_back


def scope(default: str) -> Any:
    """Declare which part of a forecast window a Value transform changes."""
    about = "with a forecast horizon: change past and target alike, or the past alone"
    return param(default, choices=("all", "past"), about=about)


def on_points() -> Any:
    """Declare what a Value transform that forgets when something was does about point labels."""
    about = "with point labels, which would mean nothing any more: refuse, or drop them"
    return param("refuse", choices=("refuse", "drop"), about=about)


@dataclass(frozen=True, kw_only=True)
class ValueTransform(Transform):
    """A change of values. The author writes :meth:`change`; labels, mask and covariates stay as they are.

    ``bridges`` says that a reading depends on others, so that gaps are filled by linear interpolation before ``change`` and
    come back after it. ``apart`` says that it depends on its neighbours in time: past and target of a forecast window are
    then changed each on its own, else the target would leak into the last readings of the past. ``local = False`` says
    that it forgets *when* something was; such a class has a parameter ``on_points`` (:func:`on_points`).
    """

    family: ClassVar[str] = "value"
    label_rule: ClassVar[str] = "class and point labels stay"
    bridges: ClassVar[bool] = False
    apart: ClassVar[bool] = False
    local: ClassVar[bool] = True

    scope: str = scope("all")
    p: float = param(1.0, low=0, high=1, about="chance that a sample is changed at all")

    @abstractmethod
    def change(self, x: Array, rng: Draws) -> Array | tuple[Array, Array]:
        """Return x (n, c, t) changed, of the same shape and dtype, without writing to it.

        Unobserved steps come as NaN, so statistics that skip NaN skip them too. A transform that can mark what it did
        returns a pair, with the touched steps as booleans (n, t); they are OR-ed into the points.
        """

    @property
    def drops(self) -> bool:
        """Whether point labels are dropped."""
        return not self.local and getattr(self, "on_points", "refuse") == "drop"

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Change the values that the scope, the mask and the gate leave to change."""
        if panel.points is not None and not self.local:
            panel = self._without_points(panel)
        x = panel.values
        split = panel.length - panel.horizon if self.scope == "past" else panel.length
        if split < self.shortest:
            return panel
        inside = x if split == panel.length else solid(x[..., :split])
        seen = None if panel.mask is None else panel.mask[:, None, :split]
        border = panel.length - panel.horizon if panel.horizon and split == panel.length else 0
        changed, touched = self._changed(inside if seen is None else put_back(inside, ~seen), border, rng)
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
        return panel if touched is None or panel.points is None else self._marked(panel, touched)

    def _without_points(self, panel: Panel) -> Panel:
        if self.drops:
            return panel.replace(points=None)
        raise ContractError(
            f"{type(self).__name__} forgets when something was, so point labels would mean nothing any more; use "
            f"{type(self).__name__}(on_points='drop') to go on without them, or an operation that keeps them in place"
        )

    def _changed(self, x: Array, border: int, rng: Draws) -> tuple[Array, Array | None]:
        """Return x changed and what was touched, gaps bridged where the class asks for it; the target starts at ``border``."""
        if border and self.apart:
            parts = [(solid(x[..., :border]), rng.at("past")), (solid(x[..., border:]), rng.at("target"))]
            done = [self._changed(part, 0, place) for part, place in parts]
            touched = [t for _, t in done if t is not None]
            return concat([y for y, _ in done], axis=-1), concat(touched, axis=-1) if touched else None
        gaps = self.bridges and has_nan(x)
        found = self.change(fill_parts(x, border) if gaps else x, rng)
        changed, touched = found if isinstance(found, tuple) else (found, None)
        return put_back(changed, namespace(x).isnan(x)) if gaps else changed, touched

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
