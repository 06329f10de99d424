"""Series with labelled anomalies, laid on an even grid.

How a series is regularised, all of it our decision:

1. Readings are sorted by time. The step is the median of the differences of times that differ, in whole seconds.
2. Each reading goes to the nearest step, counted from the first reading; so clocks that are a second late do no harm.
   Readings of one step are averaged (missing ones do not count), and the step is labelled where any of them is.
3. A step so fine that a day had more than 300 becomes the smallest multiple of it that gives no more and, if there is one
   below twice that, divides the day: minutes become 5 minutes. Steps are averaged and labelled by the same rule, in blocks
   from the first on.
4. Steps without a reading are interpolated linearly, and said to be not ``observed``. Those of a gap shorter than half a day
   are labelled where the steps on both sides are, so that it does not cut an anomaly in two; others are not.
5. The period is a day: 288 steps of 5 minutes, or 24 hours.
6. Series of fewer than two days, or of one value only, are left out and named. Series without an anomaly stay: they tell
   of false alarms.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from variate.core.errors import DataFileError, ParameterError, suggest
from variate.tasks.sources.files import located
from variate.tasks.sources.kinds import Detection, Series

DAY = 86400
MOST = 300
"""Steps that a day has at most."""

POINTS = MappingProxyType({"windows": "is_anomaly", "instants": "is_anomaly_point"})
"""What may be asked for as the labels of NAB, and the column that has it."""

Array = np.ndarray[Any, Any]


def cloud_monitoring(name: str, root: Path | None) -> Detection:
    """Return the telemetry of cloud services, hourly or at steps of 5 minutes; labels are those of its experts."""
    return _detection(name, root, "is_anomaly")


def nab(name: str, root: Path | None, points: str = "windows") -> Detection:
    """Return the Numenta Anomaly Benchmark.

    Args:
        name: ``"nab"``.
        root: the folder of the data.
        points: ``"windows"`` labels the whole window around each anomaly, as the benchmark scores it, about a tenth of a
            series; ``"instants"`` labels the moments themselves.
    """
    if points not in POINTS:
        raise ParameterError(f"nab(points={points!r}): it must be 'windows' or 'instants'{suggest(str(points), POINTS)}")
    return _detection(name, root, POINTS[points])


class Grid(NamedTuple):
    """Readings on even steps: values (time,), NaN where there is none, labels (time,), and seconds from step to step."""

    values: Array
    points: Array
    step: int


def _detection(name: str, root: Path | None, labels: str) -> Detection:
    (path,) = located(name, root)
    kept, left_out = [], []
    for key, times, values, points in _read(path, labels):
        found = regular(key, times, values, points)
        if found is None:
            left_out.append(key)
        else:
            kept.append(found)
    return Detection(tuple(kept), tuple(left_out))


def regular(name: str, times: Array, values: Array, points: Array) -> Series | None:
    """Return readings as a series on an even grid, or None where it would be too short or constant.

    Args:
        name: of the series.
        times: ``(n,)`` seconds, in any order, some of them perhaps twice.
        values: ``(n,)``, NaN where a reading is missing.
        points: ``(n,)`` booleans.

    >>> hours = 3600.0 * np.delete(np.arange(60), 30)
    >>> found = regular("a", hours, np.arange(59.0), np.arange(59) == 7)
    >>> found.period, len(found.values), int(found.points.argmax()), found.observed[29:32].tolist()
    (24, 60, 7, [True, False, True])
    """
    apart = np.diff(np.unique(times))
    if not apart.size:
        return None
    step = max(1, round(float(np.median(apart))))
    place = np.floor((times - times.min()) / step + 0.5).astype(np.int64)
    grid = coarser(Grid(*_pooled(place, values, points), step))
    observed = ~np.isnan(grid.values)
    period = max(1, round(DAY / grid.step))
    if len(grid.values) < 2 * period or len(np.unique(grid.values[observed])) < 2:
        return None
    steps = np.arange(len(observed))
    filled = np.interp(steps, steps[observed], grid.values[observed])
    return Series(name, filled, bridged(grid.points, observed, period // 2), observed, grid.step, period)


def coarser(grid: Grid) -> Grid:
    """Return a grid with at most 300 steps a day; one that has no more stays as it is."""
    fewest = -(-DAY // (MOST * grid.step))
    block = next((k for k in range(fewest, 2 * fewest) if DAY % (k * grid.step) == 0), fewest)
    if block == 1:
        return grid
    return Grid(*_pooled(np.arange(len(grid.values)) // block, grid.values, grid.points), grid.step * block)


def bridged(points: Array, observed: Array, longest: int) -> Array:
    """Return labels that go on through a gap of fewer than ``longest`` steps where both its sides are labelled.

    >>> seen = np.array([1, 0, 0, 1, 0, 1, 0, 0, 0, 1], bool)
    >>> bridged(np.array([1, 0, 0, 1, 0, 0, 0, 0, 0, 1], bool), seen, 3).astype(int).tolist()
    [1, 1, 1, 1, 0, 0, 0, 0, 0, 1]
    """
    held, known = points.copy(), np.flatnonzero(observed | points)
    for before, after in itertools.pairwise(known.tolist()):
        if after - before <= longest and points[before] and points[after]:
            held[before:after] = True
    return held


def _pooled(place: Array, values: Array, points: Array) -> tuple[Array, Array]:
    """Return the mean of the values at each place, NaN where there is none, and whether any of them is labelled."""
    length, there = int(place.max()) + 1, ~np.isnan(values)
    counts = np.bincount(place[there], minlength=length)
    sums = np.bincount(place[there], values[there], minlength=length)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    return means, np.bincount(place[points], minlength=length) > 0


def _read(path: Path, labels: str) -> list[tuple[str, Array, Array, Array]]:
    """Return name, times in seconds, values and labels of each series, in the order of the file."""
    from variate.io import columns, tables

    def where(row: int) -> str:
        return f"{path}, row {row + 1}"

    pa, table = tables.arrow(path), tables.load(path)
    missing = next((name for name in ("series_id", "timestamp", "value", labels) if name not in table.column_names), None)
    if missing is not None:
        raise DataFileError(f"{path}: has no column {missing!r}; it needs series_id, timestamp, value and {labels}")
    cells = {name: columns.decoded(table[name], path) for name in table.column_names}
    if not pa.types.is_timestamp(cells["timestamp"].type):
        raise DataFileError(f"{path}: 'timestamp' holds {cells['timestamp'].type}; it must be times")
    for name in ("series_id", "timestamp"):
        columns.check_full(name, cells[name], path, where)
    names = np.array(cells["series_id"].to_pylist(), dtype=object)
    times = np.asarray(cells["timestamp"].cast(pa.timestamp("us")).cast(pa.int64())) / 1e6
    values = np.asarray(columns.numbers("value", cells["value"], path, where, from_csv=False), np.float64)
    points, _ = columns.flags(cells[labels], path, where)
    parts = [(str(key), np.flatnonzero(names == key)) for key in dict.fromkeys(names.tolist())]
    return [(key, times[rows], values[rows], points[rows]) for key, rows in parts]
