"""The recipe of bagging: a line for each series and arm, and a run that goes on where it was."""

import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
from typer.testing import CliRunner

from variate import Panel, bagging, bld_mbb
from variate.core.errors import DataFileError, VariateError
from variate.metrics.comparison import paired
from variate.metrics.forecasting import mase
from variate.tasks import bagging as task

ARMS = ("base", "mean", "median")
HORIZON = 5


def series(frequency, i):
    """Return the readings of a series, its future included."""
    rng = np.random.default_rng([i, len(frequency)])
    t = np.arange(60 + 7 * i + HORIZON)
    return 20 + 5 * np.sin(2 * np.pi * t / 24) + rng.normal(size=t.size)


def write(folder, frequency, count):
    """Write the files of a frequency as M4 has them; those of the test set in another order."""
    for part, order in (("train", range(count)), ("test", reversed(range(count)))):
        rows = []
        for i in order:
            x = series(frequency, i)
            x = x[:-HORIZON] if part == "train" else x[-HORIZON:]
            rows += [(f"{frequency[0].upper()}{i + 1}", step, value) for step, value in enumerate(x, 1)]
        names, steps, values = zip(*rows, strict=True)
        table = pa.table({"unique_id": names, "ds": np.array(steps), "y": np.array(values)})
        pq.write_table(table, folder / f"m4_{frequency}_{part}.parquet")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("m4")
    for frequency in task.SEASON:
        write(folder, frequency, 4)
    return folder


@pytest.fixture
def asked(monkeypatch):
    """Put a toy in the place of exponential smoothing; return the (season, steps of history, horizon) it was asked for."""
    calls = []

    def model(season):
        def forecast(history, horizon):
            calls.append((season, history.size, horizon))
            return np.repeat(history[-season:].mean(), horizon)

        return forecast

    monkeypatch.setattr(task, "_model", model)
    return calls


def lines(out):
    return [json.loads(line) for line in out.read_text().splitlines()]


def test_a_line_for_each_series_and_arm(data, tmp_path, asked):
    """Breaks where a target is another series', a score is scaled by another season, or the arms are exchanged."""
    out = tmp_path / "new" / "bagging.jsonl"
    task.run(data, out, series=2, members=3, seed=4)
    rows = lines(out)
    assert [(r["frequency"], r["series"], r["arm"]) for r in rows] == [
        (f, f"{f[0].upper()}{i}", arm) for f in ("hourly", "weekly") for i in (1, 2) for arm in ARMS
    ]
    for row in rows:
        season, x = task.SEASON[row["frequency"]], series(row["frequency"], int(row["series"][1:]) - 1)
        history, target = x[:-HORIZON], x[-HORIZON:]
        aug = bld_mbb(period=season) if season > 1 else bld_mbb()
        made = bagging(
            Panel(history[None], ids=[row["series"]]),
            lambda y, h, season=season: np.repeat(y[-season:].mean(), h),
            3,
            horizon=HORIZON,
            aug=aug,
            seed=4,
        )
        assert row["value"] == pytest.approx(float(mase(target, getattr(made, row["arm"])[0, 0], history, season)), rel=1e-9)
        assert row["pipeline"] == repr(aug)
        assert (row["metric"], row["members"], row["seed"], row["recipe"]) == ("mase", 3, 4, "bagging")
        assert {"variate", "statsforecast", "numpy"} == set(row["versions"])
        assert row["seconds"] >= 0
    assert {season for season, _, _ in asked} == {1, 24}
    assert {horizon for _, _, horizon in asked} == {HORIZON}
    assert len(asked) == 4 * 3


def test_a_run_goes_on_where_it_was(data, tmp_path, asked):
    """Breaks where a series is forecast twice, a line is lost or written again, or other members count as done."""
    out = tmp_path / "bagging.jsonl"
    task.run(data, out, series=2, members=3)
    first = out.read_text()
    asked.clear()
    task.run(data, out, series=2, members=3)
    assert out.read_text() == first
    assert not asked
    task.run(data, out, series=3, members=3)
    assert out.read_text().startswith(first)
    assert len(asked) == 2 * 3
    whole = tmp_path / "whole.jsonl"
    task.run(data, whole, series=3, members=3)
    key = ("frequency", "series", "arm", "value", "seed", "members")
    found, wanted = ({tuple(row[k] for k in key) for row in lines(path)} for path in (out, whole))
    assert found == wanted
    assert len(lines(out)) == len(wanted) == 3 * 2 * 3
    asked.clear()
    task.run(data, out, series=3, members=2)
    assert len(asked) == 6 * 2
    asked.clear()
    task.run(data, out, series=3, members=2, seed=1)
    assert len(asked) == 6 * 2


def test_a_run_that_stops_leaves_whole_series(data, tmp_path, asked, monkeypatch):
    """Breaks where a series has some of its arms, or what was done before an error is not kept."""
    out = tmp_path / "bagging.jsonl"
    rows = task._rows

    def stops(frequency, known, *rest):
        if str(known.ids[0]) == "H2":
            raise KeyboardInterrupt
        return rows(frequency, known, *rest)

    monkeypatch.setattr(task, "_rows", stops)
    with pytest.raises(KeyboardInterrupt):
        task.run(data, out, series=3, members=2)
    assert [(row["series"], row["arm"]) for row in lines(out)] == [("H1", arm) for arm in ARMS]
    monkeypatch.setattr(task, "_rows", rows)
    asked.clear()
    task.run(data, out, series=3, members=2)
    assert len(lines(out)) == 3 * 2 * 3
    assert len(asked) == 5 * 2


def test_a_last_line_that_was_cut_off_is_not_read(data, tmp_path, asked):
    """Breaks where half a line stops a run, or is taken for one."""
    out = tmp_path / "bagging.jsonl"
    assert task.read(out) == []
    task.run(data, out, series=2, members=2)
    whole = task.read(out)
    assert len(whole) == 12
    assert whole == lines(out)
    out.write_text(out.read_text()[:-1])
    assert task.read(out) == whole
    out.write_text(out.read_text()[:-20])
    assert task.read(out) == whole[:-1]


def test_the_summary_pairs_arms_by_series():
    """Breaks where a lower error counts as worse, series are paired by their place, or one without a score counts."""
    base = {"a": 1.0, "b": 2.0, "c": 4.0, "d": float("nan")}
    mean, median = {"d": 1.0, "c": 2.0, "a": 0.5, "b": 1.5}, {"b": 3.0, "a": 1.0, "c": 5.0, "d": 0.0}
    rows = [
        {"frequency": frequency, "arm": arm, "series": name, "value": value, "seed": 0, "members": 2}
        for frequency, sign in (("hourly", 1), ("weekly", 2))
        for arm, scores in (("base", base), ("mean", mean), ("median", median))
        for name, value in ((name, sign * value) for name, value in scores.items())
    ]
    found = task.summary(rows)
    assert list(found) == ["hourly", "weekly"]
    assert list(found["hourly"]) == ["mean", "median"]
    assert found["hourly"]["mean"] == paired([-1.0, -2.0, -4.0], [-0.5, -1.5, -2.0])
    assert found["hourly"]["mean"].difference == pytest.approx(1.0)
    assert (found["hourly"]["mean"].wins, found["hourly"]["mean"].losses) == (3, 0)
    assert (found["hourly"]["median"].wins, found["hourly"]["median"].ties, found["hourly"]["median"].losses) == (0, 1, 2)
    assert found["weekly"]["mean"].difference == pytest.approx(2.0)
    assert task.summary([]) == {}


def test_a_run_returns_the_summary_of_its_lines(data, tmp_path, asked):
    """Breaks where what is returned is not what was written."""
    out = tmp_path / "bagging.jsonl"
    found = task.run(data, out, series=3, members=3)
    assert found == task.summary(lines(out))
    for frequency in ("hourly", "weekly"):
        value = {(r["series"], r["arm"]): r["value"] for r in lines(out) if r["frequency"] == frequency}
        names = sorted({name for name, _ in value})
        gains = [value[name, "base"] - value[name, "mean"] for name in names]
        assert found[frequency]["mean"].pairs == 3
        assert found[frequency]["mean"].difference == pytest.approx(np.mean(gains))


def test_a_long_history_is_cut_for_the_model_and_not_for_the_score(data, tmp_path, asked, monkeypatch):
    """Breaks where the first readings are taken instead of the last, or errors are scaled by those alone."""
    monkeypatch.setattr(task, "LONGEST", 50)
    task.run(data, tmp_path / "bagging.jsonl", series=1, members=2)
    assert {size for _, size, _ in asked} == {50}
    row = lines(tmp_path / "bagging.jsonl")[0]
    x = series("hourly", 0)
    wanted = mase(x[-HORIZON:], np.repeat(x[:-HORIZON][-24:].mean(), HORIZON), x[:-HORIZON], 24)
    assert row["value"] == pytest.approx(float(wanted))


def test_what_is_missing_is_told_in_a_sentence(data, tmp_path, monkeypatch):
    """Breaks where a folder without data or a missing library ends in a traceback."""
    with pytest.raises(DataFileError, match=r"m4_hourly_train\.parquet: is not there; get the M4 data, or pass the folder"):
        task.run(tmp_path, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    monkeypatch.setitem(sys.modules, "statsforecast.models", None)
    with pytest.raises(VariateError, match=r"needs statsforecast, which is not installed; pip install 'variate\[forecast\]'"):
        task.run(data, tmp_path / "out.jsonl")


def test_the_model_is_exponential_smoothing_with_the_season_of_the_frequency(data, tmp_path):
    """Breaks where every frequency has one season, or another model is named in the lines than was run."""
    for frequency, season in task.SEASON.items():
        model = task._model(season)
        assert type(model).__name__ == "AutoETS"
        assert model.season_length == season
        assert frequency in ("hourly", "weekly")
    assert dict(task.SEASON) == {"hourly": 24, "weekly": 1}


def test_on_the_command_line(data, tmp_path, asked, monkeypatch):
    """Breaks where an option does not reach the run, the arms are not printed, or an error is a traceback."""
    app = typer.Typer()
    app.command()(task.main)
    monkeypatch.setenv("VARIATE_DATA", str(data.parent))
    (tmp_path / "m4").mkdir()
    for file in data.iterdir():
        (tmp_path / "m4" / file.name).write_bytes(file.read_bytes())
    out = tmp_path / "bagging.jsonl"
    told = CliRunner().invoke(app, ["--data", str(data), "--out", str(out), "--series", "2", "--members", "2"])
    assert told.exit_code == 0, told.output
    assert len(lines(out)) == 12
    for frequency in ("hourly", "weekly"):
        for arm in ("mean", "median"):
            assert (
                f"{frequency}, {arm} of members against base (-MASE): {task.run(data, out, 2, 2)[frequency][arm].summary()}"
                in told.output
            )
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    again = CliRunner().invoke(app, ["--out", str(out), "--series", "2", "--members", "2"])
    assert again.exit_code == 0, again.output
    assert len(lines(out)) == 12
    wrong = CliRunner().invoke(app, ["--data", str(tmp_path / "none"), "--out", str(tmp_path / "x.jsonl")])
    assert wrong.exit_code == 1
    assert "bagging: " in wrong.output
    assert "is not there" in wrong.output
