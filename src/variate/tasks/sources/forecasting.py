"""Series to forecast: M4, load, traffic, transformers."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from variate.core.errors import DataFileError
from variate.tasks.sources.files import located
from variate.tasks.sources.kinds import Forecasting, LongForecasting

HORIZON = MappingProxyType({"m4_hourly": 48, "m4_daily": 14, "m4_weekly": 13})
SEASON = MappingProxyType({"m4_hourly": 24, "m4_daily": 1, "m4_weekly": 1})
"""Steps in a season, as the organisers of M4 use it."""
MONTH = 30 * 24
"""Hours in a month, as the customary split of ETTh1 counts it."""

Named = dict[str, np.ndarray[Any, Any]]


def m4(name: str, root: Path | None) -> Forecasting:
    """Return a frequency of M4: each training series with its official test at the end, told by its name.

    Raises:
        DataFileError: a file is missing or damaged, or a series has no test of the official length.
    """
    paths = located(name, root)
    known, target = (_series(path) for path in paths)
    alone = sorted(known.keys() ^ target.keys())
    if alone:
        raise DataFileError(f"{paths[1]}: series {alone[0]!r} is in one of the files only; both need the same series")
    short = next((key for key in known if target[key].size != HORIZON[name]), None)
    if short is not None:
        raise DataFileError(
            f"{paths[1]}: series {short!r} has {target[short].size} steps; the official test has {HORIZON[name]}"
        )
    joined = tuple(np.concatenate([known[key], target[key]]) for key in known)
    return Forecasting(name, joined, HORIZON[name], SEASON[name], windows=1, ids=tuple(known))


def electricity(name: str, root: Path | None) -> Forecasting:
    """Return hourly load of six PJM zones and one UCI client; the last week is the test, a day a forecast.

    Stands in for the UCI electricity set of 370 clients (our decision). Units differ between the two files.
    """
    return _week_of_days(name, root)


def traffic(name: str, root: Path | None) -> Forecasting:
    """Return hourly occupancy, 0 to 1, of 56 freeway stations; the last week is the test, a day a forecast.

    Stands in for the UCI traffic set of 862 sensors (our decision).
    """
    return _week_of_days(name, root)


def etth1(name: str, root: Path | None) -> LongForecasting:
    """Return ETTh1 with its customary borders: 12 months of training, 4 of validation, 4 of test, 30 days each [zhou2021].

    Raises:
        DataFileError: the file is missing, damaged or too short.
    """
    from variate.io import tables

    (path,) = located(name, root)
    table = tables.load(path)
    channels = tuple(column for column in table.column_names if column != "date")
    try:
        values = np.array([table[column].to_pylist() for column in channels], np.float64)
    except ValueError as error:
        raise DataFileError(f"{path}: holds something else than numbers ({error}); fetch it again") from None
    borders = (12 * MONTH, 16 * MONTH, 20 * MONTH)
    if values.shape[1] < borders[-1]:
        raise DataFileError(f"{path}: has {values.shape[1]} rows; its customary split needs {borders[-1]}; fetch it again")
    return LongForecasting(values, *borders, channels=channels)


def _week_of_days(name: str, root: Path | None) -> Forecasting:
    """Return hourly series; seven windows of 24 steps are the convention of GluonTS for these sets."""
    series: Named = {}
    for path in located(name, root):
        series |= _series(path)
    return Forecasting(name, tuple(series.values()), horizon=24, season=24, windows=7, ids=tuple(series))


def _series(path: Path) -> Named:
    """Return the series of a long table by name, in the order of the file, (time,) float64."""
    from variate.io import read

    panel = read(path).panel
    found: Named = {str(name): np.asarray(row[0], np.float64) for name, row in zip(panel.ids, panel.values, strict=True)}
    gap = next((name for name, values in found.items() if np.isnan(values).any()), None)
    if gap is not None:
        raise DataFileError(f"{path}: series {gap!r} has a gap; fill it first")
    return found
