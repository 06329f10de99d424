"""What a source gives: series ready for one kind of task. Arrays cannot be written to, since all users share them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from variate.core.errors import PanelError
from variate.core.panel import Panel

Array = np.ndarray[Any, Any]


def locked(array: Any) -> Array:
    """Return an array that cannot be written to; one that can be is copied, so that its owner keeps it as it is."""
    found = np.asarray(array)
    if found.flags.writeable:
        found = found.copy()
        found.flags.writeable = False
    return found


def locked_panel(panel: Panel) -> Panel:
    """Return a panel whose arrays cannot be written to."""
    fields = {name: locked(value) for name, value in panel.present() if isinstance(value, np.ndarray)}
    return panel.replace(**fields, extra={name: locked(value) for name, value in panel.extra.items()})


@dataclass(frozen=True, eq=False)
class Classification:
    """Labelled series, split once and for all.

    Args:
        train: series with labels ``(n,)``, positions in ``classes``.
        test: the series to score on, labels by the same classes.
        classes: the names of the classes of the training series.
    """

    train: Panel
    test: Panel
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        for name in ("train", "test"):
            object.__setattr__(self, name, locked_panel(getattr(self, name)))


class Window(NamedTuple):
    """A task of forecasting: all that was known ``(…, time)``, and what came next ``(…, horizon)``."""

    past: Array
    target: Array


@dataclass(frozen=True, eq=False)
class Forecasting:
    """Series whose last ``windows · horizon`` steps are the test: that many forecasts, one after the other.

    Args:
        name: of the source.
        series: ``(time,)`` or ``(channels, time)`` float64 each, without gaps, history and test in one.
        horizon: steps of a forecast.
        season: steps of a season, as MASE counts it; 1 is none.
        windows: how many forecasts of a series are scored; each begins where the one before ends, and knows all before it.
        ids: the names of the series.

    Raises:
        PanelError: a series that is not longer than its test part, or has a gap.

    >>> data = Forecasting("counts", (np.arange(10.0),), horizon=2, season=1, windows=3, ids=("a",))
    >>> data.history(0).tolist()
    [0.0, 1.0, 2.0, 3.0]
    >>> [window.target.tolist() for window in data.rolling(0)]
    [[4.0, 5.0], [6.0, 7.0], [8.0, 9.0]]
    """

    name: str
    series: tuple[Array, ...]
    horizon: int
    season: int
    windows: int = 1
    ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "series", tuple(locked(np.asarray(values, np.float64)) for values in self.series))
        object.__setattr__(self, "ids", self.ids or tuple(map(str, range(len(self.series)))))
        for name, values in zip(self.ids, self.series, strict=True):
            if values.shape[-1] <= self.test:
                raise PanelError(f"{self.name}: series {name!r} has {values.shape[-1]} steps; more than {self.test} are needed")
            if not np.isfinite(values).all():
                raise PanelError(f"{self.name}: series {name!r} has a gap; fill it first")

    @property
    def test(self) -> int:
        """How many steps at the end of each series are the test part."""
        return self.windows * self.horizon

    def history(self, i: int) -> Array:
        """Return the training part of a series: everything before its test part."""
        return self.series[i][..., : -self.test]

    def rolling(self, i: int) -> Iterator[Window]:
        """Go through the test windows of a series in the order of time."""
        values = self.series[i]
        for start in range(values.shape[-1] - self.test, values.shape[-1], self.horizon):
            yield Window(values[..., :start], values[..., start : start + self.horizon])


@dataclass(frozen=True, eq=False)
class LongForecasting:
    """One table of channels, cut by time into training, validation and test.

    Args:
        values: ``(channels, time)`` float64, without gaps.
        train: where the training part ends; it begins at 0.
        validation: where the targets of validation end, the first being at ``train``.
        test: where the targets of the test end, the first being at ``validation``. Pasts may reach into the part before.
        channels: their names.
    """

    values: Array
    train: int
    validation: int
    test: int
    channels: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", locked(np.asarray(self.values, np.float64)))
        if not 0 < self.train < self.validation < self.test <= self.values.shape[-1]:
            borders = (self.train, self.validation, self.test)
            raise PanelError(f"the borders {borders} must rise, the last being at most {self.values.shape[-1]}")
        if not np.isfinite(self.values).all():
            raise PanelError("the table has gaps; fill them first")


@dataclass(frozen=True, eq=False)
class Series:
    """A series with labelled anomalies, on an even grid.

    Args:
        name: as in the source.
        values: ``(time,)`` float64; where there was no reading they are interpolated.
        points: ``(time,)`` booleans, True where an anomaly is.
        observed: ``(time,)`` booleans, False where there was no reading.
        step: seconds from one to the next.
        period: steps of a day.
    """

    name: str
    values: Array
    points: Array
    observed: Array
    step: int
    period: int

    def __post_init__(self) -> None:
        for name in ("values", "points", "observed"):
            object.__setattr__(self, name, locked(getattr(self, name)))


@dataclass(frozen=True, eq=False)
class Detection:
    """Series with labelled anomalies, and the names of those that were left out: too short, or constant."""

    series: tuple[Series, ...]
    left_out: tuple[str, ...] = field(default=())
