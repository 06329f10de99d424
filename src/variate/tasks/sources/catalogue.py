"""The sources that have a name: what each is, where it comes from, under which licence, and in which files it lies."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

LONG = "a long table with the columns unique_id, ds and y"
LABELLED = "a table with the columns series_id, timestamp, value and is_anomaly"


class Source(NamedTuple):
    """One row of the catalogue.

    Args:
        about: what it is, in a sentence.
        origin: whom to get it from.
        licence: as stated there.
        files: where they lie under the folder of ``VARIATE_DATA``; a ``.gz`` file may lie there unpacked. None: the
            source comes with the package.
        layout: what the files look like.
    """

    about: str
    origin: str
    licence: str
    files: tuple[str, ...] = ()
    layout: str = ""


def _m4(frequency: str, about: str) -> Source:
    files = tuple(f"m4/m4_{frequency}_{part}.parquet" for part in ("train", "test"))
    origin = "the M4 competition's repository (Mcompetitions/M4-methods)"
    return Source(about, origin, "none stated", files, LONG)


CATALOGUE = MappingProxyType(
    {
        "ucr": Source(
            "The UCR archive of labelled series with its official splits, a set by its name: ucr/ECG200.",
            "the UCR archive (timeseriesclassification.com)",
            "none stated",
            ("ucr/{set}/{set}_TRAIN.tsv.gz", "ucr/{set}/{set}_TEST.tsv.gz"),
            "lines of a class label and values, with tabs between",
        ),
        "watch": Source(
            "Windows of seven shoulder exercises, a smartwatch on the wrist of six people.",
            "seglearn; it comes with the package",
            "BSD",
        ),
        "seasonal": Source(
            "Made weeks of 5-minute readings, half of them with a daily season.",
            "variate, which makes it",
            "that of the package",
        ),
        "m4_hourly": _m4("hourly", "The hourly series of the M4 competition, 48 steps to forecast."),
        "m4_daily": _m4("daily", "Daily series of the M4 competition, 14 steps to forecast."),
        "m4_weekly": _m4("weekly", "The weekly series of the M4 competition, 13 steps to forecast."),
        "electricity": Source(
            "Hourly load of six zones of the PJM grid and of one client of the UCI electricity set, which they stand in for.",
            "robikscube/hourly-energy-consumption (Kaggle; also in salesforce/Merlion) and jingw2/demand_forecast",
            "none stated for the data; Merlion is under BSD-3-Clause",
            ("electricity/pjm_hourly.parquet", "electricity/uci_mt200_hourly.parquet"),
            LONG,
        ),
        "traffic": Source(
            "Hourly occupancy of a freeway at 56 stations, which stands in for the UCI traffic set.",
            "cvxgrp/low_rank_forecasting_code",
            "none stated",
            ("traffic/traffic_occupancy_hourly.parquet",),
            LONG,
        ),
        "etth1": Source(
            "Six loads and the oil temperature of an electricity transformer, hourly over two years.",
            "zhouhaoyi/ETDataset",
            "CC BY-ND 4.0",
            ("electricity/ETTh1.csv.gz",),
            "the CSV file as it is there",
        ),
        "cloud_monitoring": Source(
            "Telemetry of Microsoft's cloud services, with anomalies that experts labelled.",
            "microsoft/cloud-monitoring-dataset",
            "MIT",
            ("anomaly/cloud_monitoring.parquet",),
            LABELLED,
        ),
        "nab": Source(
            "The Numenta Anomaly Benchmark: series of servers, tweets, traffic, adverts and machines.",
            "numenta/NAB",
            "MIT",
            ("anomaly/nab.parquet",),
            f"{LABELLED}, and is_anomaly_point",
        ),
    }
)
"""All sources by name."""
