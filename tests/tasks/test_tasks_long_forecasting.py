"""Long-horizon forecasting: the customary borders and scores, test steps that stay out, and views of a joint window."""

import dataclasses
import gzip

import numpy as np
import pytest
import torch

from tasks.toys import NotingForecaster, Watching, cell, measured, recipe
from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.tasks import long_forecasting
from variate.tasks.run import run
from variate.tasks.sources import LongForecasting
from variate.tasks.task import Place
from variate.tasks.training import made
from variate.tasks.window_arm import WindowArm
from variate.torch import nets
from variate.transforms.magnitude.jitter import Jitter
from variate.transforms.time.reverse import Reverse

MARKER = 1e6
LONG = {"task": "long_forecasting", "data": ["etth1/4"], "models": [{"name": "d_linear", "past": 6, "kernel": 3}]}
LONG |= {"training": {"epochs": 2, "batch": 5, "rate": 0.01, "looks": 2}, "arms": {}}


@pytest.fixture(autouse=True)
def _nothing_noted():
    Watching.fitted.clear()
    Watching.called.clear()


def with_pipeline(one, **keys):
    """Return a cell with a pipeline that no policy file could name."""
    return dataclasses.replace(one, arm=WindowArm(pipeline=Watching(sigma=0.5, scope="all"), **keys))


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
    ((fitted, seed),) = Watching.fitted
    assert (fitted.n, seed, fitted.horizon) == (count, 1, 4)
    np.testing.assert_array_equal(fitted.values, windows.panel(np.arange(count)).values)
    assert found.facts["steps"] == len(net.trained) == 2 * (count // 5)
    assert [how for _, how in Watching.called] == [{"seed": 1, "epoch": 1 + step // 8} for step in range(16)]
    for step, (values, (panel, _)) in enumerate(zip(net.trained, Watching.called, strict=True)):
        assert values.shape == (10, 2, 10)
        np.testing.assert_array_equal(values[:5], panel.values)
        np.testing.assert_array_equal(panel.values, windows.panel(panel.ids).values)
        assert panel.ids.max() + 10 <= 50, step
    for epoch in (0, 1):
        ids = np.concatenate([panel.ids for panel, _ in Watching.called[8 * epoch : 8 * epoch + 8]])
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
        shown = [*net.trained, *(panel.values for panel, _ in Watching.fitted), *(panel.values for panel, _ in Watching.called)]
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
