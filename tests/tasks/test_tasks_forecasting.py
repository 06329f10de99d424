"""Forecasting, short and long: windows that end before the test begins, scores by the book, and views of a joint window."""

import dataclasses
import math

import numpy as np
import pytest
import torch

from tasks.toys import NotingForecaster, Watching, cell, m4, measured, recipe
from variate.core.errors import ParameterError
from variate.metrics.forecasting import mase, quantile_loss, smape
from variate.tasks import forecasting
from variate.tasks.run import run
from variate.tasks.sources import Forecasting, load, loader
from variate.tasks.task import Place
from variate.tasks.window_arm import WindowArm
from variate.torch import nets

MARKER = 1e6
H = 13
SHORT = {"task": "forecasting", "data": ["m4_weekly"], "options": {"past": 1, "samples": 5}}
SHORT |= {"models": [{"name": "mqrnn"}], "training": {"steps": 6, "batch": 4, "rate": 0.01, "looks": 2}, "arms": {}}


@pytest.fixture(autouse=True)
def _nothing_noted():
    Watching.fitted.clear()
    Watching.called.clear()


def with_pipeline(one, **keys):
    """Return a cell with a pipeline that no policy file could name."""
    return dataclasses.replace(one, arm=WindowArm(pipeline=Watching(sigma=0.5, scope="all"), **keys))


def waves(lengths, seed=0):
    """Return noisy waves by name."""
    rng = np.random.default_rng(seed)
    return {f"W{i}": 5 + np.sin(np.arange(n) / 3 + i) + 0.1 * rng.normal(size=n) for i, n in enumerate(lengths)}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a folder with three weekly series that VARIATE_DATA names; the second is too short for a window."""
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    m4(tmp_path, waves([60, 38, 71]), waves([H] * 3, seed=1))
    return tmp_path


@pytest.fixture
def noting(monkeypatch):
    """Put the noting network in place of MQRNN and DLinear; return a list of those that are made."""
    there = []

    def make(*args, **kwargs):
        there.append(NotingForecaster(*args, **kwargs))
        return there[-1]

    monkeypatch.setattr(nets, "MQRNN", make)
    monkeypatch.setattr(nets, "DLinear", make)
    return there


def ramps(lengths):
    """Return a source in which each reading tells its series and its step; history and test are one ramp."""
    series = tuple(1000.0 * i + np.arange(n + H) for i, n in enumerate(lengths))
    return Forecasting("ramps", series, horizon=H, season=1)


@pytest.mark.parametrize("past", [5, 13, 26])
def test_windows_hold_no_step_of_the_test_and_targets_none_of_validation(past):
    """Breaks where a window is drawn from the whole series, is cut otherwise, or trains on targets it is chosen by."""
    data = ramps([past + 2 * H, past + 2 * H - 1, past + 2 * H + 9])
    windows = forecasting.Windows(data, past)
    assert windows.used == [0, 2]
    seen = {0: set(), 2: set()}
    for step in range(60):
        batch = windows.batch(8, 3, step)
        assert (batch.horizon, batch.length, batch.values.dtype) == (H, past + H, np.float32)
        for row, name in zip(batch.values[:, 0], batch.ids.tolist(), strict=True):
            i, start = divmod(int(row[0]), 1000)
            np.testing.assert_array_equal(row, 1000 * i + start + np.arange(past + H))
            assert name == (i << 32) | start
            seen[i].add(start)
    assert seen == {0: {0}, 2: set(range(10))}  # the last may end where the targets of validation begin
    assert max(seen[2]) + past + H == len(data.history(2)) - H
    ends = [1000 * i + len(data.history(i)) - 1 for i in windows.used]
    assert windows.validation.values[:, 0, -1].tolist() == ends
    assert windows.validation.values.shape == (2, 1, past + H)


def test_windows_of_a_step_follow_from_seed_and_step():
    """Breaks where windows hang on the steps before, so that training that goes on sees others, or repeat themselves."""
    windows = forecasting.Windows(ramps([100, 90]), H)
    found = {step: windows.batch(16, 3, step).ids.tolist() for step in (0, 1, 2)}
    assert forecasting.Windows(ramps([100, 90]), H).batch(16, 3, 2).ids.tolist() == found[2]
    assert len({tuple(ids) for ids in found.values()} | {tuple(windows.batch(16, 4, 0).ids.tolist())}) == 4


def test_series_are_drawn_alike_whatever_their_length():
    """Breaks where long series are drawn more often. Of 2000 fair draws, 5 standard deviations: one false alarm in 10⁶ runs."""
    windows = forecasting.Windows(ramps([40, 400]), H)
    drawn = np.concatenate([windows.batch(100, 0, step).ids >> 32 for step in range(20)])
    assert abs((drawn == 0).sum() - 1000) < 5 * math.sqrt(2000) / 2


@pytest.mark.parametrize("arm", ["none", "jitter"])
def test_test_steps_reach_nothing_but_the_scores(data, noting, arm):
    """Breaks where the test enters a fit, a batch, the validation or early stopping: the marker in it would show."""
    facts = []
    for target in (0.0, MARKER):
        m4(data, waves([60, 38, 71]), {f"W{i}": np.full(14, target) for i in range(3)}, "daily")
        loader._load.cache_clear()
        one = cell(**{**SHORT, "data": ["m4_daily"]})
        one = one if arm == "none" else with_pipeline(one)
        found = forecasting.measure(one, Place())
        net = noting[-1]
        shown = [
            *net.trained,
            *net.scored,
            *(panel.values for panel, _ in Watching.fitted),
            *(panel.values for panel, _ in Watching.called),
        ]
        assert max(np.abs(values).max() for values in shown) < 10
        assert all(np.abs(past).max() < 10 for past, *_ in net.asked)
        facts.append(found.facts)
        assert found.scores[0].metric == "mase"
        assert (found.scores[0].value > 1e5) == (target == MARKER)
    for key in ("start", "steps", "best", "looks", "series"):
        assert facts[0][key] == facts[1][key]
    assert len(facts[0]["looks"]) == 2


def test_the_pipeline_is_fitted_to_training_windows_only(data, noting):
    """Breaks where it learns from validation, by which its own weights are then chosen, or from batches of its own."""
    forecasting.measure(with_pipeline(cell(seed=1, **SHORT)), Place())
    ((panel, seed),) = Watching.fitted
    assert seed == 1
    windows = forecasting.Windows(load("m4_weekly", Forecasting), H)
    assert panel.horizon == H
    starts = (panel.ids & 0xFFFFFFFF).tolist()
    rows = (panel.ids >> 32).tolist()
    lengths = [len(windows.data.history(i)) for i in rows]
    assert all(start + 2 * H <= length - H for start, length in zip(starts, lengths, strict=True))


def test_each_step_trains_on_its_windows_and_one_changed_copy(data, noting):
    """Breaks where the copy replaces its windows, is made of others, or is the same in each step."""
    forecasting.measure(with_pipeline(cell(seed=1, **SHORT)), Place())
    windows = forecasting.Windows(load("m4_weekly", Forecasting), H)
    trained = noting[-1].trained
    assert [how for _, how in Watching.called] == [{"seed": 1, "epoch": step} for step in range(6)]
    for step, values in enumerate(trained):
        expected = windows.batch(4, 1, step).values
        assert values.shape == (8, 1, 2 * H)
        np.testing.assert_array_equal(values[:4], expected)
        np.testing.assert_array_equal(Watching.called[step][0].values, expected)
        assert (values[4:] != expected).all()
    forecasting.measure(with_pipeline(cell(seed=1, **SHORT), originals=False), Place())
    for before, after in zip(trained, noting[-1].trained, strict=True):
        np.testing.assert_array_equal(before[4:], after)


def naive_of(row, season):
    """Return the last season over and over, for all quantiles."""
    return row[-season:].repeat(math.ceil(48 / season))[: 48 if season > 1 else H].expand(3, -1)


@pytest.mark.parametrize(("frequency", "horizon", "season"), [("weekly", H, 1), ("hourly", 48, 24)])
def test_the_naive_forecaster_gets_the_naive_score(data, noting, monkeypatch, frequency, horizon, season):
    """Breaks where scores are scaled by something else than the naive forecast of the history, or forecasts are mixed up."""
    m4(data, waves([200, 190, 230]), waves([horizon] * 3, seed=1), frequency)
    monkeypatch.setattr(NotingForecaster, "told", lambda self, row: naive_of(row, season))
    found = measured(**{**SHORT, "data": [f"m4_{frequency}"]})
    scores = {score.metric: score.value for score in found.scores}
    assert round(scores["mase"], 4) == found.facts["naive"]
    source = load(f"m4_{frequency}", Forecasting)
    expected = {"mase": [], "smape": [], "quantile_loss": []}
    for i in range(3):
        (window,) = source.rolling(i)
        guess = np.resize(window.past[-season:], horizon)
        known = source.history(i)
        unit = np.mean([abs(known[t] - known[t - season]) for t in range(season, len(known))])
        expected["mase"].append(mase(window.target, guess, known, season))
        expected["smape"].append(smape(window.target, guess))
        expected["quantile_loss"].append(quantile_loss(window.target, np.stack([guess] * 3), (0.1, 0.5, 0.9)) / unit)
    assert scores == pytest.approx({name: np.mean(values) for name, values in expected.items()}, rel=1e-6)


def test_a_perfect_forecaster_has_no_error(noting, monkeypatch):
    """Breaks where targets are shifted by a step, or the median is not the forecast that is scored."""
    source = Forecasting("ramps", tuple(np.cumsum(np.full(90, s)) for s in (1.0, -2.0)), horizon=6, season=1, windows=3)
    monkeypatch.setattr(forecasting, "load", lambda name, kind: source)

    def told(self, row):
        ahead = row[-1] + (row[-1] - row[-2]) * torch.arange(1, 7)
        return torch.stack([ahead - 1, ahead, ahead + 1])

    monkeypatch.setattr(NotingForecaster, "told", told)
    found = measured(**SHORT)
    scores = {score.metric: score.value for score in found.scores}
    assert scores["mase"] == scores["smape"] == 0
    assert scores["quantile_loss"] == pytest.approx(np.mean([0.2 / 3 / s for s in (1, 2)]))  # each outer one costs 0.1
    ((pasts, levels, how),) = noting[-1].asked
    assert levels == (0.1, 0.5, 0.9)
    assert how == {"seed": 0, "samples": 5}
    expected = [w.past[-6:] for i in range(2) for w in source.rolling(i)]  # each test window knows the days before it
    np.testing.assert_array_equal(pasts[:, 0], np.array(expected, np.float32))
    assert found.facts["naive"] == 3.5


def test_a_series_that_repeats_itself_has_no_share_in_scaled_scores(data, noting, monkeypatch):
    """Breaks where a series without a unit makes the mean infinite or no number."""
    known = {**waves([60, 60]), "flat": np.full(60, 2.0)}
    m4(data, known, {name: np.full(H, 3.0) for name in known})
    monkeypatch.setattr(NotingForecaster, "told", lambda self, row: torch.full((3, H), 2.0, dtype=torch.float64))
    found = {score.metric: score.value for score in measured(**SHORT).scores}
    units = [np.abs(np.diff(known[name])).mean() for name in ("W0", "W1")]
    assert found["mase"] == pytest.approx(np.mean([1 / unit for unit in units]))
    assert found["smape"] == pytest.approx(40.0)


def test_series_too_short_for_a_window_are_left_out_and_counted(data, noting):
    """Breaks where a short series ends the run, or a source without a long one does so within it."""
    found = measured(**SHORT)
    assert found.facts["series"] == 2
    assert len(noting[-1].asked[0][0]) == 2
    with pytest.raises(ParameterError, match="data m4_weekly: no series has 6 horizons of history; lower past"):
        run(recipe(**{**SHORT, "options": {"past": 4}}), data / "out.jsonl")
    with pytest.raises(ParameterError, match="training: epochs must be 0; windows are drawn afresh in each step"):
        run(recipe(**{**SHORT, "training": {"epochs": 4}}), data / "out.jsonl")
    assert noting[1:] == []


@pytest.mark.parametrize(
    "model",
    [
        {"name": "mqrnn", "hidden": 4, "forks": 2},
        {"name": "deep_ar", "hidden": 4, "layers": 2, "dropout": 0.3},
        {"name": "transformer", "width": 8, "heads": 2},
    ],
    ids=lambda model: model["name"],
)
def test_networks_are_trained_alike_and_the_same_each_time(data, model):
    """Breaks where sampling or dropout draws from outside the seed, arms start apart, or augmentation reaches nothing."""
    plan = {**SHORT, "models": [model], "arms": {"jitter": {"pipeline": {"op": "jitter", "sigma": 0.3}}}}
    without, again, jitter = measured(**plan), measured(**plan), measured("jitter", **plan)
    assert without == again
    assert [score.metric for score in without.scores] == ["mase", "smape", "quantile_loss"]
    assert all(math.isfinite(score.value) for score in without.scores)
    assert without.facts["start"] == jitter.facts["start"]
    assert without.facts["steps"] == jitter.facts["steps"] == 6
    assert without.scores != jitter.scores
    assert measured(seed=1, **plan).facts["start"] != without.facts["start"]


def test_the_season_is_a_lag_unless_the_recipe_says_others(data, noting):
    """Breaks where a network of a seasonal source does not see the season before, or a recipe's lags are overruled."""
    m4(data, waves([200] * 2), waves([48] * 2), "hourly")
    for name, parameters, lags in (
        ("m4_weekly", {}, ()),
        ("m4_hourly", {}, (24,)),
        ("m4_hourly", {"lags": [2, 7]}, [2, 7]),
    ):
        windows = forecasting.Windows(load(name, Forecasting), 96)
        net = forecasting.build(cell(**{**SHORT, "models": [{"name": "mqrnn", **parameters}]}).model, windows)
        assert net.parameters_["lags"] == lags


def test_a_model_with_a_wrong_value_fails_with_a_sentence(data):
    """Breaks where a value of a wrong kind ends a whole run in a traceback."""
    ran = run(recipe(**{**SHORT, "models": [{"name": "mqrnn", "lags": 24}]}), data / "out.jsonl")
    assert [sentence.startswith("model mqrnn: ") for _, sentence in ran.failed] == [True, True]
