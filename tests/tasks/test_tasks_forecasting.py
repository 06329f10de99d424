"""Forecasting, short and long: windows that end before the test begins, scores by the book, and views of a joint window."""

import dataclasses
import gzip
import math

import numpy as np
import pytest
import torch
from torch import nn

from tasks.toys import cell, m4, measured, recipe
from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.metrics.forecasting import mase, quantile_loss, smape
from variate.tasks import forecasting, long_forecasting
from variate.tasks.run import run
from variate.tasks.sources import Forecasting, LongForecasting, load, loader
from variate.tasks.task import Place
from variate.tasks.training import made
from variate.tasks.window_arm import WindowArm
from variate.torch import nets
from variate.transforms.magnitude.jitter import Jitter

MARKER = 1e6
H = 13
SHORT = {"task": "forecasting", "data": ["m4_weekly"], "options": {"past": 1, "samples": 5}}
SHORT |= {"models": [{"name": "mqrnn"}], "training": {"steps": 6, "batch": 4, "rate": 0.01, "looks": 2}, "arms": {}}
LONG = {"task": "long_forecasting", "data": ["etth1/4"], "models": [{"name": "d_linear", "past": 6, "kernel": 3}]}
LONG |= {"training": {"epochs": 2, "batch": 5, "rate": 0.01, "looks": 2}, "arms": {}}


class Watching(Jitter):
    """A Jitter that notes what it is fitted to and called with."""

    def fit(self, panel, seed=0):
        FITTED.append((panel, seed))
        return self

    def __call__(self, x, *args, **kwargs):
        CALLED.append((x, kwargs))
        return super().__call__(x, *args, **kwargs)


FITTED: list = []
CALLED: list = []


@pytest.fixture(autouse=True)
def _nothing_noted():
    FITTED.clear()
    CALLED.clear()


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


class Noting(nn.Module):
    """A network that notes the windows it is trained on and asked of, and forecasts what ``told`` says of each past."""

    lengths = 1

    def __init__(self, past, horizon, **parameters):
        super().__init__()
        self.past, self.horizon, self.parameters_ = past, horizon, parameters
        self.bias = nn.Parameter(torch.randn(()))
        self.trained, self.scored, self.asked = [], [], []

    def loss(self, values):
        (self.trained if self.training else self.scored).append(values.numpy().copy())
        return (values[..., self.past :] - self.bias).square().mean()

    def quantiles(self, past, levels, **how):
        self.asked.append((past.numpy().copy(), tuple(levels), how))
        return torch.stack([self.told(row[0].double()) for row in past])

    def told(self, row):
        return torch.zeros(3, self.horizon, dtype=torch.float64)

    def forecast(self, past):
        self.asked.append(past.numpy().copy())
        return past[..., -1:].repeat(1, 1, self.horizon) + self.bias.detach()


@pytest.fixture
def noting(monkeypatch):
    """Put the noting network in place of MQRNN and DLinear; return a list of those that are made."""
    there = []

    def make(*args, **kwargs):
        there.append(Noting(*args, **kwargs))
        return there[-1]

    monkeypatch.setattr(nets, "MQRNN", make)
    monkeypatch.setattr(nets, "DLinear", make)
    return there


# --- forecasting -----------------------------------------------------------------------------------------------------


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
    """Breaks where long series are drawn more often. 2000 fair draws with bounds at 5 standard deviations: 1 false alarm in 10⁶."""
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
        shown = [*net.trained, *net.scored, *(panel.values for panel, _ in FITTED), *(panel.values for panel, _ in CALLED)]
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
    ((panel, seed),) = FITTED
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
    assert [how for _, how in CALLED] == [{"seed": 1, "epoch": step} for step in range(6)]
    for step, values in enumerate(trained):
        expected = windows.batch(4, 1, step).values
        assert values.shape == (8, 1, 2 * H)
        np.testing.assert_array_equal(values[:4], expected)
        np.testing.assert_array_equal(CALLED[step][0].values, expected)
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
    monkeypatch.setattr(Noting, "told", lambda self, row: naive_of(row, season))
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

    monkeypatch.setattr(Noting, "told", told)
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
    monkeypatch.setattr(Noting, "told", lambda self, row: torch.full((3, H), 2.0, dtype=torch.float64))
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


# --- arms on windows -------------------------------------------------------------------------------------------------


def joint(n=3, past=8, horizon=4):
    """Return joint windows of two channels."""
    values = np.random.default_rng(0).normal(size=(n, 2, past + horizon)).astype(np.float32)
    return Panel(values, horizon=horizon, ids=np.arange(n) + 50)


def test_views_of_a_joint_window():
    """Breaks where a view sees the border, steps or ids otherwise than it says."""
    panel = joint()
    seen = {view: WindowArm(view=view).seen(panel) for view in ("window", "past", "whole")}
    assert [(seen[v].length, seen[v].horizon) for v in ("window", "past", "whole")] == [(12, 4), (8, 0), (12, 0)]
    np.testing.assert_array_equal(seen["past"].values, panel.values[..., :8])
    np.testing.assert_array_equal(seen["whole"].values, panel.values)
    assert seen["window"] is panel
    assert all((part.ids == panel.ids).all() for part in seen.values())


@pytest.mark.parametrize("view", ["window", "past", "whole"])
@pytest.mark.parametrize("originals", [True, False])
def test_what_a_batch_is_made_of(view, originals):
    """Breaks where a view of the past moves targets, whole windows do not move, or originals are lost or come twice."""
    panel, arm = joint(), WindowArm(view=view, originals=originals)
    pipeline = Jitter(sigma=0.5, scope="all")
    values = arm.batch(panel, pipeline, 3, 7)
    changed = values[3:] if originals else values
    assert len(values) == (6 if originals else 3)
    np.testing.assert_array_equal(changed, _changed(arm, pipeline, panel))
    assert (changed[..., :8] != panel.values[..., :8]).all()
    same = changed[..., 8:] == panel.values[..., 8:]
    assert same.all() if view == "past" else not same.any()
    if originals:
        np.testing.assert_array_equal(values[:3], panel.values)
    assert arm.batch(panel, None, 3, 7) is panel.values


def _changed(arm, pipeline, panel):
    out = pipeline(arm.seen(panel), seed=3, epoch=7).values
    return np.concatenate([out, panel.values[..., out.shape[-1] :]], axis=-1)


def test_whole_sees_no_border():
    """Breaks where an operation that must respect the border still does: a crop of the whole moves the target's steps."""
    from variate.transforms.time.reverse import Reverse

    panel = joint()
    whole = WindowArm(view="whole", originals=False).batch(panel, Reverse(), 0, 0)
    np.testing.assert_array_equal(whole, panel.values[..., ::-1])
    past = WindowArm(view="past", originals=False).batch(panel, Reverse(), 0, 0)
    np.testing.assert_array_equal(past[..., :8], panel.values[..., 7::-1])
    np.testing.assert_array_equal(past[..., 8:], panel.values[..., 8:])


# --- long forecasting ------------------------------------------------------------------------------------------------


def table(channels=2, time=100, borders=(50, 70, 90), seed=0):
    """Return a tiny table of channels that differ in level and spread."""
    rng = np.random.default_rng(seed)
    level, size = np.array([[3.0], [-20.0], [0.0]])[:channels], np.array([[1.0], [9.0], [0.1]])[:channels]
    return LongForecasting(level + size * np.cumsum(rng.normal(size=(channels, time)), axis=1) / 4, *borders)


@pytest.fixture
def tiny(monkeypatch):
    """Put a tiny table in place of ETTh1; return a function that sets another."""

    def put(found):
        monkeypatch.setattr(long_forecasting, "load", lambda name, kind: found)
        return found

    put(table())
    return put


def test_etth1_has_the_windows_that_papers_count(tmp_path, monkeypatch):
    """Breaks where a border moves: 8640, 2880 and 2880 hours, with the numbers of windows that all papers have."""
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    (tmp_path / "electricity").mkdir()
    lines = ["date,HUFL,OT", *(f"2016-07-01 {i},{i}.5,{i % 24}" for i in range(14500))]
    (tmp_path / "electricity" / "ETTh1.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    for horizon in (96, 720):
        windows = long_forecasting.Windows.of(f"etth1/{horizon}", 336)
        assert {part: len(starts) for part, starts in windows.starts.items()} == {
            "train": 8640 - 336 - horizon + 1,
            "validation": 2880 - horizon + 1,
            "test": 2880 - horizon + 1,
        }
        assert windows.starts["train"][0] == 0
        assert [windows.starts[part][0] + 336 for part in ("validation", "test")] == [8640, 11520]
        assert [starts[-1] + 336 + horizon for starts in windows.starts.values()] == [8640, 11520, 14400]
    rising = windows.values[0]
    known = np.arange(8640) + 0.5
    np.testing.assert_allclose(rising, ((np.arange(14500) + 0.5) - known.mean()) / known.std(), rtol=1e-5, atol=1e-6)


def test_windows_are_cut_from_the_table_by_their_start(tiny):
    """Breaks where a window holds other steps, channels are mixed, or units are those of more than the training part."""
    source = table()
    windows = long_forecasting.Windows.of("etth1/4", 6)
    known = source.values[:, :50]
    units = (source.values - known.mean(axis=1, keepdims=True)) / known.std(axis=1, keepdims=True)
    np.testing.assert_allclose(windows.values, units, rtol=1e-5)
    panel = windows.panel(np.array([0, 7, 63]))
    assert (panel.values.shape, panel.horizon, panel.ids.tolist()) == ((3, 2, 10), 4, [0, 7, 63])
    for row, start in zip(panel.values, (0, 7, 63), strict=True):
        np.testing.assert_array_equal(row, windows.values[:, start : start + 10])


def test_a_constant_channel_stays_finite(tiny):
    """Breaks where a channel without spread is divided by 0."""
    values = table().values.copy()
    values[1, :50] = 7.0
    tiny(LongForecasting(values, 50, 70, 90))
    windows = long_forecasting.Windows.of("etth1/4", 6)
    assert np.isfinite(windows.values).all()
    assert (windows.values[1, :50] == 0).all()


def test_scores_are_those_of_a_literal_computation(tiny):
    """Breaks where windows, channels or steps weigh otherwise, chunks of unequal size count alike, or a part is another."""
    source = tiny(table(channels=3, time=700, borders=(200, 390, 694)))
    windows = long_forecasting.Windows.of("etth1/4", 6)
    net = made(lambda: nets.DLinear(6, 4, kernel=3), 0)
    known = source.values[:, :200]
    units = ((source.values - known.mean(axis=1, keepdims=True)) / known.std(axis=1, keepdims=True)).astype(np.float32)
    for part, first, end in (("validation", 200, 390), ("test", 390, 694)):
        squared, absolute = [], []
        for target in range(first, end - 4 + 1):
            past = torch.from_numpy(units[None, :, target - 6 : target].copy())
            error = units[:, target : target + 4].astype(np.float64) - net.forecast(past)[0].numpy()
            squared.append((error**2).mean())
            absolute.append(np.abs(error).mean())
        found = long_forecasting.errors(net, windows, part)
        assert found == pytest.approx({"mse": np.mean(squared), "mae": np.mean(absolute)}, rel=1e-6)
    assert len(squared) > long_forecasting.AT_ONCE
    assert len(squared) % 2


def test_long_training_sees_windows_of_the_training_part_only(tiny, noting):
    """Breaks where a batch, a fit or the augmentation sees a step after the training part, or a pass is not all its windows."""
    one = with_pipeline(cell("none", 1, **{**LONG, "seeds": 2}))
    found = long_forecasting.measure(one, Place())
    windows = long_forecasting.Windows.of("etth1/4", 6)
    (net,) = noting
    count = 50 - 10 + 1
    ((fitted, seed),) = FITTED
    assert (fitted.n, seed, fitted.horizon) == (count, 1, 4)
    np.testing.assert_array_equal(fitted.values, windows.panel(np.arange(count)).values)
    assert found.facts["steps"] == len(net.trained) == 2 * (count // 5)
    assert [how for _, how in CALLED] == [{"seed": 1, "epoch": 1 + step // 8} for step in range(16)]
    for step, (values, (panel, _)) in enumerate(zip(net.trained, CALLED, strict=True)):
        assert values.shape == (10, 2, 10)
        np.testing.assert_array_equal(values[:5], panel.values)
        np.testing.assert_array_equal(panel.values, windows.panel(panel.ids).values)
        assert panel.ids.max() + 10 <= 50, step
    for epoch in (0, 1):
        ids = np.concatenate([panel.ids for panel, _ in CALLED[8 * epoch : 8 * epoch + 8]])
        assert len(set(ids.tolist())) == 40


def test_long_test_steps_reach_nothing_but_the_scores(tiny, noting):
    """Breaks where the test enters units, batches, the choice of weights or early stopping: the marker in it would show."""
    facts, scores = [], []
    for marked in ("", "test", "validation"):
        values = table().values.copy()
        values[:, {"": 100, "test": 70, "validation": 50}[marked] :] = MARKER
        tiny(LongForecasting(values, 50, 70, 90))
        found = long_forecasting.measure(with_pipeline(cell(**LONG)), Place())
        net = noting[-1]
        shown = [*net.trained, *(panel.values for panel, _ in FITTED), *(panel.values for panel, _ in CALLED)]
        assert max(np.abs(values).max() for values in shown) < 100
        facts.append(found.facts)
        scores.append(found.scores[0].value)
    assert facts[0] == facts[1]
    assert scores[1] > 1e6 * scores[0]
    assert facts[2]["start"] == facts[0]["start"]
    assert facts[2]["looks"] != facts[0]["looks"]


def test_long_arms_start_alike_and_scores_are_of_the_test(tiny):
    """Breaks where arms begin apart, take other numbers of steps, or validation errors are reported as those of the test."""
    plan = {**LONG, "arms": {"jitter": {"pipeline": {"op": "jitter", "sigma": 0.5}}}}
    without, again, jitter = measured(**plan), measured(**plan), measured("jitter", **plan)
    assert without == again
    assert [score.metric for score in without.scores] == ["mse", "mae"]
    assert without.scores != jitter.scores
    for key in ("start", "steps"):
        assert without.facts[key] == jitter.facts[key]
    assert without.scores[0].value != pytest.approx(min(without.facts["looks"]))


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"data": ["etth1"]}, ParameterError, "data 'etth1': give the horizon after a slash, such as etth1/96"),
        ({"data": ["etth1/x"]}, ParameterError, "data 'etth1/x': give the horizon after a slash"),
        ({"data": ["etth1/²"]}, ParameterError, "give the horizon after a slash"),
        ({"data": ["etth1/0"]}, ParameterError, "give the horizon after a slash"),
        ({"data": ["etth1/21"]}, ParameterError, r"the validation part has no window of 6 \+ 21 steps"),
        ({"models": [{"name": "d_linear", "past": 47}]}, ParameterError, r"the train part has no window of 47 \+ 4 steps"),
        ({"models": [{"name": "d_linear", "past": 0}]}, ParameterError, "model d_linear: past is 0; it must be an integer"),
        ({"models": [{"name": "d_linear", "past": True}]}, ParameterError, "model d_linear: past is True"),
    ],
    ids=str,
)
def test_what_a_long_recipe_cannot_have_is_told_before_anything_is_trained(tiny, tmp_path, changes, error, told):
    """Breaks where it is found out of in the middle of a run, or by NumPy."""
    with pytest.raises(error, match=told):
        run(recipe(**{**LONG, **changes}), tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


def test_the_look_back_is_that_of_the_published_figures_unless_said(tiny):
    """Breaks where the default is another than 336."""
    with pytest.raises(ParameterError, match=r"no window of 336 \+ 4 steps"):
        measured(**{**LONG, "models": [{"name": "d_linear"}]})


def test_an_even_kernel_fails_with_a_sentence(tiny, tmp_path):
    """Breaks where a value that the network refuses ends the run."""
    ran = run(recipe(**{**LONG, "models": [{"name": "d_linear", "past": 6, "kernel": 4}], "seeds": 1}), tmp_path / "out.jsonl")
    assert [sentence.startswith("DLinear(kernel=4): kernel must be odd") for _, sentence in ran.failed] == [True]
