"""The Panel: arrays that travel together, batch first, each with a role."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import numpy as np

from variate.core.check import check_panel
from variate.core.errors import PanelError
from variate.kernels.arrays import Array, concat, is_floating, is_torch, namespace, solid

ROW_FIELDS = ("values", "label", "points", "mask", "covariates", "weight", "ids")
TIME_FIELDS = ("values", "points", "mask", "covariates")


@dataclass(frozen=True, eq=False, repr=False)
class Panel:
    """Series and everything that belongs to them.

    Args:
        values: ``(n, channels, time)`` floats; ``(n, time)`` and ``(time,)`` are read as one channel. Integers of up to
            16 bits become float32, wider ones float64. NaN is a missing reading. A list of ``(channels, t_i)`` or
            ``(t_i,)`` arrays makes a ragged panel, whose time fields are lists too.
        label: ``(n,)`` integer classes, or ``(n, classes)`` class weights.
        points: ``(n, time)`` labels of single readings, in the role ``point_role``.
        point_role: ``"event"`` (anomalies; the default) or ``"state"`` (classes of segments).
        mask: ``(n, time)`` booleans, True where a step was observed.
        covariates: ``(n, d, time)`` known inputs; they follow the clock, and no change of values.
        horizon: the last so many steps are the forecast target.
        weight: ``(n,)`` weights of the samples.
        ids: ``(n,)`` integers or strings that name the samples, by default 0, 1, …; draws depend on them.
        extra: further arrays with one entry a row, passed through.

    Raises:
        PanelError: arrays that do not fit together, with the shapes seen and needed.

    >>> Panel([[1.0, 2.0, 3.0]], label=[0]).values.shape
    (1, 1, 3)
    """

    values: Any
    _: KW_ONLY
    label: Any = None
    points: Any = None
    point_role: str = "event"
    mask: Any = None
    covariates: Any = None
    horizon: int = 0
    weight: Any = None
    ids: Any = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.__dict__.update(check_panel(self))

    @classmethod
    def from_ntc(cls, values: Array, **fields: Any) -> Panel:
        """Return a Panel from values (n, time, channels); covariates, if any, are (n, time, d)."""
        for name, array in (("values", values), ("covariates", fields.get("covariates"))):
            if array is not None and np.ndim(array) != 3:
                raise PanelError(f"{name} has shape {np.shape(array)}; from_ntc needs (n, time, channels)")
        if fields.get("covariates") is not None:
            fields["covariates"] = namespace(fields["covariates"]).permute_dims(fields["covariates"], (0, 2, 1))
        return cls(namespace(values).permute_dims(values, (0, 2, 1)), **fields)

    def __repr__(self) -> str:
        shapes = {
            k: "ragged" if isinstance(v, list) else f"{tuple(v.shape)} {v.dtype}" for k, v in self.present() if k != "ids"
        }
        horizon = [f"horizon={self.horizon}"] if self.horizon else []
        return f"Panel({', '.join([*(f'{k}: {v}' for k, v in shapes.items()), *horizon])}, n={self.n})"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def n(self) -> int:
        """The number of series."""
        return len(self.values)

    @property
    def ragged(self) -> bool:
        """Whether the series differ in length, held as lists."""
        return isinstance(self.values, list)

    @property
    def channels(self) -> int:
        """The number of channels."""
        return int(self.values[0].shape[0]) if self.ragged else int(self.values.shape[1])

    @property
    def length(self) -> int:
        """The number of steps; only where all series have as many."""
        if self.ragged:
            raise PanelError("the series of this panel have different lengths; use groups() to go through them")
        return int(self.values.shape[2])

    def replace(self, **fields: Any) -> Panel:
        """Return a panel with some fields exchanged, unchecked: for fields that a transform made."""
        new = object.__new__(Panel)
        new.__dict__.update(self.__dict__)
        new.__dict__.update(fields)
        return new

    def rows(self, index: Any) -> Panel:
        """Return the panel of some rows: a slice, or an array of positions."""
        fields = {name: _pick(array, index) for name, array in self.present()}
        return self.replace(**fields, extra={k: _pick(v, index) for k, v in self.extra.items()})

    def steps(self, start: int, stop: int) -> Panel:
        """Return the panel of some steps of each series; a horizon stays as far as it reaches into them."""
        if (start, stop) == (0, self.length):
            return self
        fields = {k: solid(v[..., start:stop]) for k, v in self.present() if k in TIME_FIELDS}
        return self.replace(**fields, horizon=max(0, min(stop - start, self.horizon - (self.length - stop))))

    @property
    def bare(self) -> Array:
        """The values with NaN at the steps that were not observed."""
        if self.mask is None:
            return self.values
        xp, x = namespace(self.values), self.values
        return xp.where(self.mask[:, None, :], x, xp.full_like(x[..., :1], float("nan")))

    def present(self) -> Iterator[tuple[str, Any]]:
        """Go through the per-row fields that are there, by name (without ``extra``)."""
        for name in ROW_FIELDS:
            array = self.__dict__[name]
            if array is not None:
                yield name, array

    def with_rows(self, index: Any, other: Panel) -> Panel:
        """Return this panel with the rows at ``index`` taken from ``other``, which has the same fields."""
        fields = {name: _put(array, index, getattr(other, name)) for name, array in self.present() if name != "ids"}
        return self.replace(**fields)

    def with_points(self) -> Panel:
        """Return this panel with point labels: its own, else False everywhere."""
        if self.points is not None:
            return self
        if self.ragged:
            return self.replace(points=[_no_points(v[None])[0] for v in self.values])
        return self.replace(points=_no_points(self.values))

    def with_scores(self) -> Panel:
        """Return this panel with its point labels, if it has any, as floats that can hold scores."""
        if self.points is None:
            return self
        return self.replace(points=list(map(_scores, self.points)) if self.ragged else _scores(self.points))

    def with_class_weights(self, classes: int = 0) -> Panel:
        """Return this panel with its class labels, if it has any, as class weights (n, classes); 0: as many as it needs."""
        if self.label is None or self.label.ndim == 2:
            return self
        if self.n == 0:
            return self.replace(label=np.zeros((0, classes), np.float32))
        xp, needed = namespace(self.label), int(self.label.max()) + 1
        if int(self.label.min()) < 0 or needed > (classes or needed):
            raise PanelError(
                f"label has classes from {int(self.label.min())} to {needed - 1}, and class weights need 0 … "
                f"{(classes or needed) - 1}, the classes that the transform was fitted on"
            )
        every = xp.arange(classes or needed, device=self.label.device)
        return self.replace(label=xp.astype(self.label[:, None] == every[None, :], xp.float32))

    def groups(self) -> Iterator[tuple[Any, Panel]]:
        """Go through the series by length and dtype: (positions, panel of those rows), each panel dense."""
        if not self.ragged:
            yield np.arange(self.n), self
            return
        places: dict[tuple[Any, ...], list[int]] = {}
        for i, series in enumerate(self.values):
            places.setdefault((tuple(series.shape), str(series.dtype)), []).append(i)
        for kind in sorted(places):
            index = np.array(places[kind])
            part = self.rows(index)
            yield index, part.replace(**{k: _stack(v) for k, v in part.present() if k in TIME_FIELDS})

    def unstacked(self) -> Panel:
        """Return the panel in its ragged form, time fields as lists."""
        return self.replace(**{k: list(v) for k, v in self.present() if k in TIME_FIELDS})


def concatenate(panels: list[Panel]) -> Panel:
    """Return the rows of several panels one after the other; they must have the same fields.

    Panels of different lengths give a ragged panel.
    """
    first = panels[0]
    if any(p.ragged for p in panels) or len({p.length for p in panels}) > 1:
        panels = [p if p.ragged else p.unstacked() for p in panels]
    fields = {name: _join([getattr(p, name) for p in panels]) for name, _ in panels[0].present()}
    return first.replace(**fields, extra={k: _join([p.extra[k] for p in panels]) for k in first.extra})


def _no_points(values: Array) -> Array:
    xp = namespace(values)
    return xp.zeros((values.shape[0], values.shape[2]), dtype=xp.bool, device=values.device)


def _scores(points: Array) -> Array:
    xp = namespace(points)
    return points if is_floating(points) else xp.astype(points, xp.float32)


def _pick(array: Any, index: Any) -> Any:
    if isinstance(array, list):
        return array[index] if isinstance(index, slice) else [array[i] for i in index]
    return array[index]


def _put(array: Any, index: Any, part: Any) -> Any:
    if array is part:
        return array
    new = array.clone() if is_torch(array) else array.copy()
    new[index] = part
    return new


def _stack(arrays: list[Any]) -> Any:
    return namespace(arrays[0]).stack(arrays)


def _join(arrays: list[Any]) -> Any:
    if isinstance(arrays[0], list):
        return [row for array in arrays for row in array]
    return concat(arrays, axis=0)
