"""Detection: parts that share no step, windows around anomalies, and a threshold that never saw the test."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from tasks.toys import Watching, cell, measured, recipe
from variate.core.errors import ParameterError
from variate.imbalance.weights import label_weights, value_weights
from variate.metrics.detection import best_threshold, f1, precision, recall, relaxed
from variate.pipeline.decompose import decompose
from variate.tasks import detection
from variate.tasks.detection import DetectionArm, Part, Parts
from variate.tasks.run import run
from variate.tasks.sources import Detection, Series
from variate.tasks.task import Place
from variate.torch import nets

DAY, MARKER = 12, 1e6
PLAN = {
    "task": "detection",
    "data": ["nab/within"],
    "models": [{"name": "u_net", "width": 2, "levels": 2, "pool": 2}],
    "training": {"steps": 4, "batch": 6, "rate": 0.01, "looks": 2},
    "options": {"window": 16},
    "arms": {},
}
LENGTHS = (100, 120, 90, 140, 180, 130, 150, 160, 170, 110)


def series(length, i=0, marked=None, every=17):
    """Return a series with a season and a spike at every anomalous step."""
    rng = np.random.default_rng(i)
    points = np.arange(length) % every == every - 1
    values = np.sin(np.arange(length) * 2 * np.pi / DAY) + 0.1 * rng.normal(size=length) + 6.0 * points
    return Series(f"s{i}", values, points, np.ones(length, bool), 7200, DAY)


@pytest.fixture
def put(monkeypatch):
    """Return a function that puts series in place of a source."""

    def now(found):
        detection._part.cache_clear()
        monkeypatch.setattr(detection, "load", lambda name, kind: Detection(tuple(found)))
        return found

    now([series(length, i) for i, length in enumerate(LENGTHS[:3])])
    yield now
    detection._part.cache_clear()


def each(parts):
    """Return the parts by name."""
    return {name: getattr(parts, name) for name in ("train", "validation", "test")}


def changed(one, part, **how):
    """Return a series of which a part, as the split within has it, has other values or labels."""
    borders = {"train": (0, 0.5), "validation": (0.5, 0.7), "test": (0.7, 1)}[part]
    where = slice(*(round(share * len(one.values)) for share in borders))
    found = {"values": one.values.copy(), "points": one.points.copy()}
    for field, value in how.items():
        found[field][where] = value
    return dataclasses.replace(one, **found)


# --- parts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [90, 91, 97, 100])
def test_parts_within_are_the_series_cut_in_three(put, length):
    """Breaks where a step is in two parts or in none, parts are in another order, or have other shares."""
    one = series(length)
    put([one, series(120, 1)])
    parts = Parts.of("nab/within", "raw", 0)
    lengths = [len(part[0].values) for part in each(parts).values()]
    assert sum(lengths) == length
    assert lengths == pytest.approx([0.5 * length, 0.2 * length, 0.3 * length], abs=1)
    np.testing.assert_array_equal(np.concatenate([part[0].points for part in each(parts).values()]), one.points)
    assert all(len(part) == 2 for part in each(parts).values())
    start = 0
    for part in each(parts).values():
        stretch = one.values[start : start + len(part[0].values)]
        np.testing.assert_array_equal(np.argsort(part[0].values), np.argsort(stretch))  # units keep the order of readings
        start += len(stretch)
    assert Parts.of("nab/within", "raw", 1).train[0] is parts.train[0]  # a seed draws no other split


def test_parts_across_are_whole_series_drawn_for_each_seed(put):
    """Breaks where a series is in two parts or in none, is cut, or each seed has the same split."""
    put([series(length, i) for i, length in enumerate(LENGTHS)])
    splits = []
    for seed in range(4):
        found = {name: [len(part.values) for part in some] for name, some in each(Parts.of("nab/across", "raw", seed)).items()}
        assert [len(some) for some in found.values()] == [5, 2, 3]
        assert sorted(itertools.chain(*found.values())) == sorted(LENGTHS)
        splits.append(tuple(tuple(sorted(some)) for some in found.values()))
    assert len(set(splits)) == 4
    again = Parts.of("nab/across", "raw", 2)
    assert tuple(tuple(sorted(len(p.values) for p in some)) for some in each(again).values()) == splits[2]


@pytest.mark.parametrize("seen", ["raw", "remainder"])
@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_a_part_is_decomposed_and_measured_by_itself(put, seen, part):
    """Breaks where trend, season, median or spread of one part reach into another."""
    one = series(100)
    put([one])
    before = each(Parts.of("nab/within", seen, 0))
    put([changed(one, part, values=np.linspace(5, MARKER, {"train": 50, "validation": 20, "test": 30}[part]))])
    after = each(Parts.of("nab/within", seen, 0))
    for name in before:
        assert (before[name][0].values == after[name][0].values).all() == (name != part)


def test_the_remainder_is_that_of_the_stretch_where_it_has_two_periods(put):
    """Breaks where another decomposition or period is taken, or a stretch without a season ends the run."""
    one = series(100)
    put([one])
    parts = Parts.of("nab/within", "remainder", 0)
    for part, (a, b) in zip(each(parts).values(), ((0, 50), (50, 70), (70, 100)), strict=True):
        stretch = one.values[a:b]
        expected = decompose(stretch, "robust_stl", period=DAY).remainder if b - a >= 2 * DAY else stretch
        np.testing.assert_array_equal(part[0].values, detection._in_units(expected))
    raw = Parts.of("nab/within", "raw", 0)
    assert (raw.validation[0].values == parts.validation[0].values).all()  # 20 steps: no season to take off
    assert (raw.train[0].values != parts.train[0].values).any()


def test_units_by_hand():
    """Breaks where the unit is not the MAD, its floor is gone, or far values are not held back."""
    values = np.array([0.0, 1, 2, 3, 4, 5, 100])
    unit = 1.4826 * 2
    np.testing.assert_allclose(np.sinh(detection._in_units(values)) * unit, values - 3, atol=1e-12)
    spiky = np.where(np.arange(100) == 7, 50.0, 0.0)
    np.testing.assert_allclose(detection._in_units(spiky)[7], np.arcsinh(50 / (0.01 * spiky.std())))
    assert detection._in_units(np.full(9, 4.0)).tolist() == [0.0] * 9
    np.testing.assert_allclose(detection._in_units(10 * values + 3), detection._in_units(values))


# --- batches ---------------------------------------------------------------------------------------------------------


def parts_of(*trains):
    """Return parts whose training series tell their number and step; ``trains`` are labels."""
    made = [Part(1000.0 * i + np.arange(len(points)), np.asarray(points, bool)) for i, points in enumerate(trains)]
    return Parts(made, [], [])


def at(length, *places):
    return np.isin(np.arange(length), places)


def test_half_of_a_batch_is_drawn_around_anomalies():
    """Breaks where rare anomalies are hardly seen, windows leave their series, or labels are not those of the readings."""
    parts = parts_of(at(40, 0, 20, 39), at(60), at(10, 3))
    starts = {0: set(), 1: set()}
    for step in range(60):
        batch = parts.batch(7, 12, 5, step)
        assert batch.values.shape == (7, 1, 12)
        assert batch.values.dtype == np.float32
        for k, (row, points, name) in enumerate(zip(batch.values[:, 0], batch.points, batch.ids.tolist(), strict=True)):
            i, start = divmod(int(row[0]), 1000)
            np.testing.assert_array_equal(row, 1000 * i + start + np.arange(12))
            np.testing.assert_array_equal(points, parts.train[i].points[start : start + 12])
            assert name == (i << 32) | start
            assert points.any() or k >= 3
            starts[i].add(start)
    assert starts[0] == set(range(29))  # around each of three anomalies, at both ends of the series too
    assert len(starts[1]) > 35  # of 49, none of them around an anomaly


def test_windows_of_a_step_follow_from_seed_and_step():
    """Breaks where windows hang on the steps before, or each step has the same."""
    parts = parts_of(at(40, 20), at(60))
    ids = {(seed, step): tuple(parts.batch(8, 12, seed, step).ids.tolist()) for seed in (0, 1) for step in (0, 1)}
    assert len(set(ids.values())) == 4
    assert tuple(parts.batch(8, 12, 1, 1).ids.tolist()) == ids[1, 1]


def test_without_an_anomaly_windows_come_from_anywhere():
    """Breaks where a training part without anomalies, or with all of them in a series too short, ends the run."""
    batch = parts_of(at(30), at(5, 2)).batch(6, 12, 0, 0)
    assert not batch.points.any()
    assert batch.values.max() < 30


# --- training and scores ---------------------------------------------------------------------------------------------


class Noting(nn.Module):
    """A network that answers readings with themselves, and notes what it is trained on and asked of."""

    def __init__(self, channels, **parameters):
        super().__init__()
        self.weight = nn.Parameter(1 + 0.1 * torch.rand(()))
        self.trained, self.asked = [], []

    def forward(self, x):
        (self.trained if self.training else self.asked).append(x[:, 0].detach().numpy().copy())
        return x[:, 0] * self.weight


@pytest.fixture
def noting(monkeypatch):
    """Put the noting network in place of the U-Net; return a list of those that are made."""
    there = []
    monkeypatch.setattr(nets, "UNet", lambda *a, **k: there.append(Noting(*a, **k)) or there[-1])
    return there


def test_a_detector_that_sees_spikes_finds_them_all(put, noting):
    """Breaks where the threshold is not used as it was chosen, parts are mixed up, or labels are shifted by a step."""
    put([dataclasses.replace(one, values=one.values + 6 * one.points * _late(one)) for one in (series(100), series(120, 1))])
    found = measured(**PLAN)
    assert {score.metric: score.value for score in found.scores} == {"precision": 1, "recall": 1, "f1": 1, "relaxed_f1": 1}
    assert found.facts["looks"] == [0, 0]
    parts = each(Parts.of("nab/within", "raw", 0))
    for share, some in zip(found.facts["anomalous"], parts.values(), strict=True):
        assert share == pytest.approx(np.mean(np.concatenate([part.points for part in some])), abs=1e-4)


def _late(one):
    return np.arange(len(one.values)) >= 0.7 * len(one.values)


def test_scores_are_those_of_the_test_at_the_threshold_of_validation(put, noting):
    """Breaks where a metric stands under another's name, is of another part, or takes a threshold of its own."""
    put([changed(series(n, i), "test", points=np.arange(round(0.3 * n)) % 4 < 2) for i, n in ((0, 100), (1, 120))])
    found = measured(**PLAN)
    parts, (net,) = Parts.of("nab/within", "raw", 0), noting
    weight = float(net.weight.detach())
    logits = {
        name: [part.values.astype(np.float32) * np.float32(weight) for part in some] for name, some in each(parts).items()
    }
    threshold = best_threshold([part.points for part in parts.validation], logits["validation"])
    assert found.facts["threshold"] == threshold
    truth, flagged = [part.points for part in parts.test], [values >= threshold for values in logits["test"]]
    expected = {
        "precision": precision(truth, flagged),
        "recall": recall(truth, flagged),
        "f1": f1(truth, flagged),
        "relaxed_f1": relaxed(truth, flagged, 3).f1,
    }
    assert {score.metric: score.value for score in found.scores} == expected
    assert len(set(expected.values())) == 4


def with_arm(one, **keys):
    """Return a cell with an arm that no recipe could name."""
    Watching.fitted.clear()
    Watching.called.clear()
    return dataclasses.replace(one, arm=DetectionArm(**keys))


@pytest.mark.parametrize("seen", ["raw", "remainder"])
def test_the_test_part_reaches_nothing_but_the_scores(put, noting, monkeypatch, seen):
    """Breaks where values or labels of the test enter a fit, a batch, the choice of weights or the threshold."""
    put([series(100), series(120, 1)])
    parts, real, chosen = Parts.of("nab/within", seen, 0), best_threshold, []
    monkeypatch.setattr(detection, "best_threshold", lambda truth, s: chosen.append((truth, s)) or real(truth, s))
    facts, scores = [], []
    for value, label in ((0, False), (MARKER, False), (MARKER, True)):
        test = [Part(np.full(30, value), np.full(30, label)), Part(np.full(36, value), np.full(36, label))]
        monkeypatch.setattr(Parts, "of", classmethod(lambda cls, *_, test=test: dataclasses.replace(parts, test=test)))
        found = detection.measure(with_arm(cell(**PLAN), pipeline=Watching(sigma=0.1), input=seen, weights=True), Place())
        net = noting[-1]
        assert (
            max(np.abs(x).max() for x in (*net.trained, *(panel.values for panel, _ in Watching.fitted + Watching.called))) < 20
        )
        assert len(net.asked) == 2 * (2 + 1 + 1)  # two looks, the threshold and the test, of two series each
        for k, x in enumerate(net.asked):
            part = (parts.validation if k < 6 else test)[k % 2]
            np.testing.assert_array_equal(x[0], part.values.astype(np.float32))
        assert len(chosen) == 3
        for truth, logits in chosen:
            assert all(points is part.points for points, part in zip(truth, parts.validation, strict=True))
            assert [len(x) for x in logits] == [20, 24]
        chosen.clear()
        facts.append({key: found.facts[key] for key in ("start", "steps", "best", "looks", "threshold")})
        facts[-1]["anomalous"] = found.facts["anomalous"][:2]
        scores.append(found.scores)
    assert facts[0] == facts[1] == facts[2]
    assert scores[0] != scores[2]


def test_the_pipeline_and_the_weights_reach_training(put, noting, monkeypatch):
    """Breaks where the pipeline learns from other parts, is the same in each step, or weights are taken before it."""
    from variate.imbalance import losses

    given, real = [], losses.pointwise
    monkeypatch.setattr(losses, "pointwise", lambda *args: given.append(args) or real(*args))
    parts = Parts.of("nab/within", "raw", 1)
    labels = np.concatenate([part.points for part in parts.train])
    for weights in (False, True):
        detection.measure(
            with_arm(cell(seed=1, **PLAN), pipeline=Watching(sigma=0.1), weights=weights),
            Place(),
        )
        ((panel, seed),) = Watching.fitted
        assert (panel.n, seed) == (256, 1)
        np.testing.assert_array_equal(panel.values, parts.batch(256, 16, 1, 0).values)
        assert [how for _, how in Watching.called] == [{"seed": 1, "epoch": step} for step in range(4)]
        for step, ((before, how), trained, (_, points, factor)) in enumerate(
            zip(Watching.called, noting[-1].trained, given, strict=True)
        ):
            np.testing.assert_array_equal(before.values, parts.batch(6, 16, 1, step).values)
            after = Watching.__base__.__call__(Watching(sigma=0.1), before, **how)
            np.testing.assert_array_equal(trained, after.values[:, 0])
            np.testing.assert_array_equal(points, before.points)
            if weights:
                ratio = (~labels).sum() / labels.sum()
                expected = label_weights(before.points, ratio=ratio) * value_weights(after.values)
                np.testing.assert_array_equal(factor, expected.astype(np.float32))
            else:
                assert factor is None
        given.clear()


def test_arms_are_trained_alike_and_the_same_each_time(put):
    """Breaks where arms begin apart or take other numbers of steps, or a run is another the second time."""
    pipeline = {"op": "compose", "steps": [{"op": "flip", "p": 0.5}, {"op": "label_expansion"}, {"op": "crop"}]}
    arms = {
        "remainder": {"input": "remainder"},
        "weights": {"weights": True},
        "all": {"input": "remainder", "weights": True, "pipeline": pipeline, "against": "remainder"},
    }
    found = {arm: measured(arm, **{**PLAN, "arms": arms}) for arm in ("none", *arms)}
    assert found["all"] == measured("all", **{**PLAN, "arms": arms})
    assert len({one.facts["start"] for one in found.values()}) == 1
    assert {one.facts["steps"] for one in found.values()} == {4}
    thresholds = [one.facts["threshold"] for one in found.values()]
    assert len(set(thresholds)) == 4
    assert measured(seed=1, **PLAN).facts["start"] != found["none"].facts["start"]


def test_without_an_anomaly_in_validation_nothing_is_flagged(put):
    """Breaks where there is no threshold to choose and the run ends, or the test is scored by its own."""
    put([changed(series(100), "validation", points=False)])
    found = measured(**PLAN)
    assert found.facts["threshold"] == float("inf")
    assert [score.value for score in found.scores] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"data": ["nab"]}, "data 'nab': say how it is split after a slash, such as nab/within"),
        ({"data": ["nab/with"]}, "data 'nab/with': say how it is split"),
        ({"options": {"window": 91}}, "data nab/within: the longest stretch to train on has 90 steps; window is 91, lower it"),
        ({"data": ["nab/across"], "options": {"window": 171}}, "the longest stretch to train on has 1.0 steps; window is 171"),
        ({"training": {"epochs": 2}}, "training: epochs must be 0; windows are drawn afresh in each step"),
    ],
    ids=str,
)
def test_what_a_recipe_cannot_have_is_told_before_anything_is_trained(put, noting, tmp_path, changes, told):
    """Breaks where it is found out of in the middle of a run; a split across has another longest series for each seed."""
    put([series(length, i) for i, length in enumerate(LENGTHS)])
    with pytest.raises(ParameterError, match=told):
        run(recipe(**{**PLAN, "seeds": 8, **changes}), tmp_path / "out.jsonl")
    assert noting == []


def test_too_few_series_to_split_across_are_told(put, tmp_path):
    """Breaks where a part without a series ends in an error of NumPy."""
    for count in (1, 2, 3):
        put([series(100, i) for i in range(count)])
        with pytest.raises(
            ParameterError, match="data nab/across: there are too few series to train, choose and test on apart"
        ):
            run(recipe(**{**PLAN, "data": ["nab/across"]}), tmp_path / "out.jsonl")


def test_a_value_that_the_network_refuses_fails_its_cell(put, tmp_path):
    """Breaks where it ends the run."""
    ran = run(recipe(**{**PLAN, "models": [{"name": "u_net", "pool": 0}], "seeds": 1}), tmp_path / "out.jsonl")
    assert [sentence for _, sentence in ran.failed] == ["UNet(pool=0): pool must be an integer of at least 1"]
