"""Data by name: official splits, test parts at the end, labels that stay where they are, and sentences for what is missing."""

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from variate.core.errors import DataFileError, PanelError, ParameterError
from variate.tasks.sources import CATALOGUE, Classification, Detection, Forecasting, LongForecasting, load
from variate.tasks.sources.classification import people
from variate.tasks.sources.detection import Grid, coarser, regular
from variate.tasks.sources.loader import LOADERS
from variate.tasks.sources.seasonal import OTHERS, row
from variate.tasks.watch import load as watch

REAL = Path(os.environ.get("VARIATE_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return an empty folder that VARIATE_DATA names."""
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    return tmp_path


def long(path, series, start=1):
    """Write a long table; ``series`` maps names to values, ``start`` is the first step, for all or by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    first = start if isinstance(start, dict) else dict.fromkeys(series, start)
    parts = [pd.DataFrame({"unique_id": k, "ds": first[k] + np.arange(len(v)), "y": v}) for k, v in series.items()]
    pd.concat(parts).to_parquet(path, index=False)


def labelled(path, series, **more):
    """Write a table of labelled readings; ``series`` maps names to (times in seconds, values, labels)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    origin = pd.Timestamp("2020-01-01 00:07:31")
    parts = [
        pd.DataFrame({"series_id": k, "timestamp": origin + pd.to_timedelta(t, unit="s"), "value": v, "is_anomaly": p})
        for k, (t, v, p) in series.items()
    ]
    pd.concat(parts).assign(**more).to_parquet(path, index=False)


def ucr(folder, name, train, test, ending=".tsv.gz"):
    place = folder / "ucr" / name
    place.mkdir(parents=True, exist_ok=True)
    for part, lines in (("TRAIN", train), ("TEST", test)):
        text = "".join(f"{line}\n" for line in lines).encode()
        (place / f"{name}_{part}{ending}").write_bytes(gzip.compress(text) if ending == ".tsv.gz" else text)


def test_m4_joins_the_official_test_by_name(data):
    """Breaks where tests are joined by their place in the file, come first, or are part of the history."""
    rng = np.random.default_rng(0)
    known = {f"W{i}": rng.normal(size=80 + i) for i in range(3)}
    target = {name: 100 + i + np.arange(13.0) for i, name in enumerate(known)}
    steps = {name: 1 + len(values) for name, values in known.items()}
    long(data / "m4/m4_weekly_train.parquet", known)
    long(data / "m4/m4_weekly_test.parquet", dict(reversed(target.items())), steps)
    found = load("m4_weekly", Forecasting)
    assert (found.name, found.horizon, found.season, found.windows, found.test) == ("m4_weekly", 13, 1, 1, 13)
    assert found.ids == tuple(known)
    for i, name in enumerate(known):
        np.testing.assert_array_equal(found.history(i), known[name])
        (window,) = found.rolling(i)
        np.testing.assert_array_equal(window.past, known[name])
        np.testing.assert_array_equal(window.target, target[name])
        assert found.series[i].dtype == np.float64


@pytest.mark.parametrize(("frequency", "horizon", "season"), [("hourly", 48, 24), ("daily", 14, 1), ("weekly", 13, 1)])
def test_m4_has_the_horizons_and_seasons_of_its_organisers(data, frequency, horizon, season):
    """Breaks where a horizon or season is another, or a test of another length passes."""
    long(data / f"m4/m4_{frequency}_train.parquet", {"A": np.arange(60.0), "B": np.arange(50.0)})
    long(data / f"m4/m4_{frequency}_test.parquet", {"A": np.arange(horizon), "B": np.arange(horizon)})
    found = load(f"m4_{frequency}", Forecasting)
    assert (found.horizon, found.season, found.windows) == (horizon, season, 1)
    long(data / f"m4/m4_{frequency}_test.parquet", {"A": np.arange(horizon), "B": np.arange(horizon - 1)})
    with pytest.raises(DataFileError, match=rf"'B' has {horizon - 1} steps; the official test has {horizon}"):
        LOADERS[f"m4_{frequency}"](f"m4_{frequency}", data)
    long(data / f"m4/m4_{frequency}_test.parquet", {"A": np.arange(horizon)})
    with pytest.raises(DataFileError, match="series 'B' is in one of the files only"):
        LOADERS[f"m4_{frequency}"](f"m4_{frequency}", data)
    long(data / f"m4/m4_{frequency}_train.parquet", {"A": np.where(np.arange(60) == 7, np.nan, 1.0)})
    with pytest.raises(DataFileError, match="series 'A' has a gap"):
        LOADERS[f"m4_{frequency}"](f"m4_{frequency}", data)


@pytest.mark.parametrize("name", ["electricity", "traffic"])
def test_the_last_week_is_forecast_day_by_day(data, name):
    """Breaks where windows overlap, leave steps out, do not know the days before, or files or series are lost."""
    made = {}
    for k, file in enumerate(CATALOGUE[name].files):
        part = {f"{k}{letter}": 1000.0 * k + np.arange(200 + k, dtype=np.float32) for letter in "ab"}
        long(data / file, part)
        made |= part
    found = load(name, Forecasting)
    assert found.ids == tuple(made)
    assert (found.horizon, found.season, found.windows, found.test) == (24, 24, 7, 168)
    for i, values in enumerate(made.values()):
        windows = list(found.rolling(i))
        assert [len(w.past) for w in windows] == [len(values) - 168 + 24 * k for k in range(7)]
        np.testing.assert_array_equal(np.concatenate([w.target for w in windows]), values[-168:])
        np.testing.assert_array_equal(found.history(i), values[:-168])
        for window in windows:
            np.testing.assert_array_equal(np.concatenate(window)[: len(values)], values[: len(window.past) + 24])


def test_forecasting_takes_channels_and_refuses_what_it_cannot_cut():
    """Breaks where time is not the last axis, or a series that is all test or has a gap passes."""
    both = Forecasting("two", (np.arange(20.0).reshape(2, 10),), horizon=2, season=1, windows=2)
    assert both.history(0).shape == (2, 6)
    assert [w.target[:, 0].tolist() for w in both.rolling(0)] == [[6.0, 16.0], [8.0, 18.0]]
    assert both.ids == ("0",)
    with pytest.raises(PanelError, match="series 'a' has 4 steps; more than 4 are needed"):
        Forecasting("short", (np.arange(4.0),), horizon=2, season=1, windows=2, ids=("a",))
    with pytest.raises(PanelError, match="has a gap"):
        Forecasting("gap", (np.array([1, np.nan, 2.0]),), horizon=1, season=1)


def etth1(path, rows):
    path.parent.mkdir(exist_ok=True)
    lines = ["date,HUFL,OT", *(f"2016-07-01 {i},{i}.5,{-i}" for i in range(rows))]
    path.write_bytes(gzip.compress("\n".join(lines).encode()))


def test_etth1_has_its_customary_borders(data):
    """Breaks where a month is not 30 days, channels are rows, the date is a channel, or a short file passes."""
    etth1(data / "electricity/ETTh1.csv.gz", 14500)
    found = load("etth1", LongForecasting)
    assert (found.train, found.validation, found.test) == (8640, 11520, 14400)
    assert found.values.shape == (2, 14500)
    assert found.channels == ("HUFL", "OT")
    np.testing.assert_array_equal(found.values[:, 3], [3.5, -3])
    etth1(data / "electricity/ETTh1.csv.gz", 14399)
    with pytest.raises(DataFileError, match="has 14399 rows; its customary split needs 14400"):
        LOADERS["etth1"]("etth1", data)
    (data / "electricity/ETTh1.csv.gz").write_bytes(gzip.compress(b"date,OT\n1,x\n"))
    with pytest.raises(DataFileError, match="holds something else than numbers"):
        LOADERS["etth1"]("etth1", data)
    with pytest.raises(PanelError, match="must rise"):
        LongForecasting(np.zeros((1, 10)), 4, 8, 11)
    with pytest.raises(PanelError, match="has gaps"):
        LongForecasting(np.full((1, 10), np.nan), 4, 8, 10)


def test_minutes_become_five_and_a_lone_label_survives_anywhere():
    """Breaks where labels of a block are averaged away or moved, or values are not means of five minutes."""
    minute = np.arange(2880)
    for at in (*range(10), *range(10, 2870, 97), *range(2870, 2880)):
        found = regular("a", 60.0 * minute, 1440.0 - minute, minute == at)
        assert (found.step, found.period, found.values.size) == (300, 288, 576)
        assert np.flatnonzero(found.points).tolist() == [at // 5]
        np.testing.assert_allclose(found.values, 1440 - minute.reshape(-1, 5).mean(axis=1))
        assert found.observed.all()


@pytest.mark.parametrize(
    ("step", "wanted"), [(1, 288), (10, 300), (60, 300), (290, 290), (300, 300), (420, 420), (3600, 3600), (7, 294)]
)
def test_a_day_has_300_steps_at_most(step, wanted):
    """Breaks where a step is coarser than need be, does not divide the day though one would, or coarse ones are changed."""
    length = 2000
    found = coarser(Grid(np.arange(length, dtype=float), np.arange(length) == length - 1, step))
    assert found.step == wanted
    assert found.values.size == found.points.size == -(-length * step // wanted)
    assert found.points[-1]
    assert found.points.sum() == 1


def test_readings_go_to_the_nearest_step_in_the_order_of_time():
    """Breaks where order, clocks that are late, or two readings of one time move a value or a label."""
    rng = np.random.default_rng(1)
    hour = np.r_[np.arange(60), 20]
    late = rng.integers(0, 20, 61) * np.r_[0, np.ones(60)]
    times, values, points = 3600.0 * hour + late, np.r_[np.arange(60.0), 30.0], np.r_[np.arange(60) == 41, True]
    for order in (np.arange(61), rng.permutation(61)):
        found = regular("a", times[order], values[order], points[order])
        assert abs(found.step - 3600) < 10
        assert found.period == 24
        np.testing.assert_allclose(found.values, np.where(np.arange(60) == 20, 25.0, np.arange(60)))
        assert np.flatnonzero(found.points).tolist() == [20, 41]


def test_gaps_are_filled_and_only_those_inside_an_anomaly_labelled():
    """Breaks where a gap ends an anomaly, begins one, or a long one is labelled; or filled steps count as observed."""
    there = np.setdiff1d(np.arange(96), [*range(10, 15), 20, *range(40, 60), 71, 95])
    marked = {8, 9, 15, 19, 39, 60, 72}
    values = there.astype(float)
    values[there == 70] = np.nan
    found = regular("a", 3600.0 * there, values, np.isin(there, [*marked, 70]))
    np.testing.assert_allclose(found.values, np.arange(95.0))
    assert np.flatnonzero(~found.observed).tolist() == [*range(10, 15), 20, *range(40, 60), 70, 71]
    assert np.flatnonzero(found.points).tolist() == [
        *range(8, 16),
        19,
        39,
        60,
        70,
        71,
        72,
    ]  # 70: labelled, though its value is lost
    edge = regular("a", 3600.0 * np.arange(50), np.r_[np.nan, np.arange(1.0, 49), np.nan], np.zeros(50, bool))
    assert (edge.values[0], edge.values[-1]) == (1, 48)


def test_series_that_tell_nothing_are_left_out_and_named(data):
    """Breaks where a constant or short series stays, one without anomalies goes, or the order of series changes."""
    t, flat = 3600.0 * np.arange(60), np.zeros(60, bool)
    rising = np.arange(60.0)
    series = {
        "z": (t, rising, flat),
        "constant": (t, np.where(rising == 5, np.nan, 3.0), flat),
        "short": (t[:47], rising[:47], ~flat[:47]),
        "one": (t[:1], rising[:1], flat[:1]),
        "empty": (t, np.full(60, np.nan), flat),
        "a": (t[:48], rising[:48], rising[:48] == 4),
    }
    labelled(data / "anomaly/cloud_monitoring.parquet", series)
    found = load("cloud_monitoring", Detection)
    assert [s.name for s in found.series] == ["z", "a"]
    assert found.left_out == ("constant", "short", "one", "empty")
    assert [int(s.points.sum()) for s in found.series] == [0, 1]
    np.testing.assert_array_equal(found.series[1].values, rising[:48])


def test_nab_has_windows_and_instants(data):
    """Breaks where one kind of labels is taken for the other, or a kind that is not there passes."""
    hour = np.arange(60)
    labelled(
        data / "anomaly/nab.parquet",
        {"x": (3600.0 * hour, np.sin(hour), (hour > 20) & (hour < 30))},
        is_anomaly_point=hour == 25,
    )
    windows, instants = load("nab"), load("nab", points="instants")
    assert np.flatnonzero(windows.series[0].points).tolist() == list(range(21, 30))
    assert np.flatnonzero(instants.series[0].points).tolist() == [25]
    assert load("nab", points="windows") is windows
    with pytest.raises(ParameterError, match="must be 'windows' or 'instants'; did you mean 'instants'"):
        load("nab", points="instant")
    table = pd.read_parquet(data / "anomaly/nab.parquet")
    for changed, told in (
        (table.drop(columns="is_anomaly_point"), "has no column 'is_anomaly_point'"),
        (table.assign(timestamp=hour), "'timestamp' holds int64; it must be times"),
        (table.assign(timestamp=table["timestamp"].where(hour != 7)), "row 8: 'timestamp' is empty"),
        (table.assign(value="x"), "the column 'value' holds"),
    ):
        changed.to_parquet(data / "anomaly/nab.parquet")
        with pytest.raises(DataFileError, match=told):
            LOADERS["nab"]("nab", data, "instants")


@pytest.mark.parametrize("ending", [".tsv.gz", ".tsv"])
def test_ucr_keeps_the_official_split_and_numbers_classes_by_training(data, ending):
    """Breaks where parts are swapped, labels of the test are numbered apart, values change, or unpacked files are not seen."""
    ucr(data, "Tiny", ["7\t1.5\t2", "-1\t3\t4", "3\t5\t6"], ["7\t-1\t0", "3\t9\t9"], ending)
    found = load("ucr/Tiny", Classification)
    assert set(found.classes) == {"7", "-1", "3"}
    assert [found.classes[k] for k in found.train.label] == ["7", "-1", "3"]
    assert [found.classes[k] for k in found.test.label] == ["7", "3"]
    np.testing.assert_array_equal(found.train.values[:, 0], [[1.5, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(found.test.values[:, 0], [[-1, 0], [9, 9]])


def test_ucr_refuses_sets_that_no_network_here_is_trained_on(data):
    """Breaks where gaps, unequal lengths, unknown classes or names that leave the folder pass."""
    good = ["1\t1\t2\t3"]
    for name, train, test in (
        ("Gap", ["1\t1\tNaN\t3"], good),
        ("Ragged", [*good, "1\t1\t2\tNaN"], good),
        ("Gap2", good, ["1\t1\tNaN\t3"]),
    ):
        ucr(data, name, train, test)
        part = "TEST" if name == "Gap2" else "TRAIN"
        with pytest.raises(DataFileError, match=rf"{name}_{part}\.tsv\.gz: has series of different lengths, or with gaps"):
            load(f"ucr/{name}")
    ucr(data, "New", good, ["2\t1\t2\t3"])
    with pytest.raises(DataFileError, match=r"New_TEST\.tsv\.gz: has the classes \['2'\], which no training series has"):
        load("ucr/New")
    for name in ("ucr", "ucr/", "ucr/../ucr/New", "ucr/New/x"):
        with pytest.raises(ParameterError, match="names no set of the archive"):
            load(name)
    with pytest.raises(DataFileError, match=r"Raged_TRAIN.*or did you mean ucr/Ragged\?"):
        load("ucr/Raged")


def test_watch_trains_on_one_person():
    """Breaks where a person is on both sides, windows are lost, or nobody is chosen silently."""
    panel, classes = watch()
    for person in people():
        found = load("watch", Classification, person=person)
        assert set(found.train.extra["subject"]) == {person}
        assert set(found.test.extra["subject"]) == set(people()) - {person}
        assert sorted([*found.train.ids, *found.test.ids]) == sorted(panel.ids)
        assert found.classes == tuple(classes)
    for wrong in ({}, {"person": 3}):
        with pytest.raises(ParameterError, match="must be one of 2, 4, 5, 6, 7, 9"):
            load("watch", **wrong)


def everything(n, **options):
    """Return values and labels of made series in the order of their ids."""
    found = load("seasonal", Classification, n=n, **options)
    ids = np.concatenate([found.train.ids, found.test.ids])
    assert sorted(ids) == list(range(n))
    order = np.argsort(ids)
    return [np.concatenate([getattr(found.train, f), getattr(found.test, f)])[order] for f in ("values", "label")]


def test_seasonal_rows_do_not_feel_how_many_there_are():
    """Breaks where rows share a stream, a smaller n is another set, the split moves rows, or the seed does nothing."""
    small, large = (load("seasonal", Classification, n=n) for n in (25, 60))
    for a, b in ((small.train, large.train), (small.test, large.test)):
        np.testing.assert_array_equal(a.values, b.values[: a.n])
        np.testing.assert_array_equal(a.ids, b.ids[: a.n])
        np.testing.assert_array_equal(a.label, b.label[: a.n])
    values, _ = everything(60)
    other, _ = everything(60, seed=2)
    assert len(np.unique(np.concatenate([values, other]).round(4), axis=0)) == 120
    np.testing.assert_array_equal(values[7, 0], row(7, 2016, 0).astype(np.float32))


def test_seasonal_is_balanced_and_split_four_to_one():
    """Breaks where a part has more of a class, or the test is another share."""
    found = load("seasonal", Classification, n=100)
    assert (found.train.n, found.test.n) == (80, 20)
    assert found.train.label.mean() == found.test.label.mean() == 0.5
    assert found.classes == ("other", "seasonal")
    assert found.train.values.dtype == np.float32


def test_a_season_is_what_tells_the_classes_apart():
    """Breaks where seasonal rows lack the day, others have it, or noise drowns it."""
    values, label = everything(600)
    x = values[:, 0].astype(float)
    np.testing.assert_allclose(x.mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(x.std(axis=1), 1, atol=1e-5)
    day = (x[:, 288:] * x[:, :-288]).mean(axis=1)
    assert day[label == 1].min() > 0.6
    # Slow walks and slopes are like themselves a day before too, but less like than half a day before.
    assert np.mean((day > 0.73) == (label == 1)) > 0.98
    assert np.quantile(day[label == 0], 0.3) < 0.1


@pytest.mark.parametrize("make", OTHERS, ids=lambda make: make.__name__.strip("_"))
def test_every_kind_of_series_without_a_season_varies(make):
    """Breaks where a kind is constant, not finite, or the same in every row, at any length."""
    for steps in (576, 2016):
        rows = np.array([make(np.random.default_rng(seed), steps) for seed in range(40)])
        assert np.isfinite(rows).all()
        assert (rows.std(axis=1) > 0).all()
        assert (rows[0] != rows[1]).any()
    unit = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    assert np.median((unit[:, 288:] * unit[:, :-288]).mean(axis=1)) < 0.6  # of seasonal rows 0.97


@pytest.mark.parametrize("options", [{"n": 9}, {"n": 20.0}, {"steps": 575}, {"seed": -1}, {"n": True}])
def test_seasonal_refuses_what_it_cannot_make(options):
    """Breaks where an option out of range ends in a traceback or in data."""
    with pytest.raises(ParameterError, match=rf"seasonal\({next(iter(options))}=.*must be an integer of at least"):
        load("seasonal", **options)


@pytest.mark.parametrize("name", [name for name, source in CATALOGUE.items() if source.files])
def test_a_missing_file_is_told_with_its_cure(tmp_path, monkeypatch, name):
    """Breaks where the sentence does not name the file, the variable and the origin, for each file of a source."""
    asked = f"{name}/Tiny" if name == "ucr" else name
    files = [file.format(set="Tiny") for file in CATALOGUE[name].files]
    monkeypatch.delenv("VARIATE_DATA", raising=False)
    with pytest.raises(DataFileError) as error:
        load(asked)
    assert str(error.value).startswith(f"VARIATE_DATA is not set, so {files[0]} cannot be found; get it from ")
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    for file in files:
        with pytest.raises(DataFileError) as error:
            load(asked)
        told = str(error.value)
        assert told.startswith(f"{tmp_path / file}: is not there; get it from {CATALOGUE[name].origin}")
        assert f"let VARIATE_DATA name the folder that has it as {file} ({CATALOGUE[name].layout})" in told
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    with pytest.raises(DataFileError, match=r"empty|has no|no Parquet"):
        load(asked)


def test_names_options_and_kinds_are_closed(data):
    """Breaks where an unknown name, option or kind ends in a traceback or passes."""
    for name, told in (
        ("m4_hourli", "there is no source 'm4_hourli'; did you mean 'm4_hourly'"),
        ("xyz", "there is no source 'xyz'; known: cloud_monitoring, electricity"),
        ("etth1/96", "there is no source 'etth1/96'; did you mean 'etth1'"),
    ):
        with pytest.raises(ParameterError, match=told):
            load(name)
    for options, told in (
        ({"size": 5}, "has no option 'size'"),
        ({"step": 5}, "has no option 'step'; did you mean 'steps'"),
        ({"n": [5]}, r"n is \[5\]; give a number or a text"),
    ):
        with pytest.raises(ParameterError, match=told):
            load("seasonal", **options)
    with pytest.raises(ParameterError, match="source 'etth1' has no option 'n'; it has none"):
        load("etth1", n=3)
    with pytest.raises(ParameterError, match="source 'seasonal' is Classification, and Forecasting is needed"):
        load("seasonal", Forecasting, n=10)
    assert LOADERS.keys() == CATALOGUE.keys()
    assert all(s.about.endswith(".") and s.origin and s.licence for s in CATALOGUE.values())


def test_a_source_is_read_once_for_a_folder_and_its_options(tmp_path, monkeypatch):
    """Breaks where a file is read twice, or another folder or option gives what was read before."""
    for k in (1, 2):
        ucr(tmp_path / str(k), "Tiny", [f"1\t{k}\t2"], ["1\t0\t0"])
    found = {}
    for k in (1, 2, 1):
        monkeypatch.setenv("VARIATE_DATA", str(tmp_path / str(k)))
        now = load("ucr/Tiny")
        assert found.setdefault(k, now) is now
        assert now.train.values[0, 0, 0] == k
    assert load("seasonal", n=10) is load("seasonal", seed=0, n=10)
    assert load("seasonal", n=10) is not load("seasonal", n=10, seed=1)
    monkeypatch.chdir(tmp_path)
    for k in (1, 2):
        monkeypatch.chdir(tmp_path / str(k))
        monkeypatch.setenv("VARIATE_DATA", ".")
        assert load("ucr/Tiny") is found[k]


def arrays(found):
    """Return every array of what a source gave."""
    if isinstance(found, Classification):
        panels = (found.train, found.test)
        return [a for p in panels for a in (p.values, p.label, p.ids, *p.extra.values())]
    if isinstance(found, Detection):
        return [a for s in found.series for a in (s.values, s.points, s.observed)]
    if isinstance(found, LongForecasting):
        return [found.values]
    return [a for i, series in enumerate(found.series) for a in (series, found.history(i), *next(found.rolling(i)))]


def test_nobody_writes_to_what_all_share(data):
    """Breaks where an array of a source can be changed for the next user, or a caller's own array is locked."""
    ucr(data, "Tiny", ["1\t1\t2"], ["1\t0\t0"])
    etth1(data / "electricity/ETTh1.csv.gz", 14400)
    hour = np.arange(60)
    labelled(data / "anomaly/cloud_monitoring.parquet", {"x": (3600.0 * hour, np.sin(hour), hour == 9)})
    long(data / "traffic/traffic_occupancy_hourly.parquet", {"a": np.arange(200.0)})
    asked = [("ucr/Tiny", {}), ("etth1", {}), ("cloud_monitoring", {}), ("traffic", {}), ("watch", {"person": 2})]
    for name, options in [*asked, ("seasonal", {"n": 10})]:
        assert not any(array.flags.writeable for array in arrays(load(name, **options))), name
    mine = np.arange(5.0)
    Forecasting("mine", (mine,), horizon=1, season=1)
    mine[0] = 7


def test_real_sources_are_what_their_origins_say(monkeypatch):
    """Breaks where a file that is there is read otherwise than its origin describes it."""
    monkeypatch.setenv("VARIATE_DATA", str(REAL))
    known = {
        "m4_hourly": lambda d: (len(d.series), {v.size for v in d.series} <= set(range(748, 1009))) == (414, True),
        "m4_weekly": lambda d: len(d.series) == 359,
        "electricity": lambda d: sorted(v.size for v in d.series) == [31440] * 6 + [35064],
        "traffic": lambda d: {v.shape for v in d.series} == {(2000,)},
        "etth1": lambda d: d.values.shape == (7, 17420) and d.channels[-1] == "OT",
        "nab": lambda d: {s.period for s in d.series} == {24, 288},
        "cloud_monitoring": lambda d: {s.period for s in d.series} == {24, 288},
        "ucr/ECG200": lambda d: (d.train.values.shape, d.test.n, d.classes) == ((100, 1, 96), 100, ("-1", "1")),
    }
    there = {n: check for n, check in known.items() if _there(n)}
    assert all(check(load(name)) for name, check in there.items())


def _there(name):
    source, _, part = name.partition("/")
    return all((REAL / file.format(set=part)).exists() for file in CATALOGUE[source].files)
