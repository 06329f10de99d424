"""Classification: what is trained on, what is tested, outliers and votes in the test alone, and test rows that stay out."""

import dataclasses
import sys
from types import ModuleType

import numpy as np
import pytest

from tasks.toys import cell, lines, measured, recipe, toy, ucr
from variate.core.errors import ParameterError, VariateError
from variate.pipeline.expand import expand
from variate.pipeline.outliers import inject_outliers
from variate.pipeline.vote import vote
from variate.tasks import classification, fcn
from variate.tasks.classification import ready
from variate.tasks.run import run
from variate.tasks.sources import Classification, load
from variate.tasks.study import person_for
from variate.tasks.task import Place
from variate.tasks.watch import load as watch
from variate.transforms.magnitude.jitter import Jitter

JITTER = {"op": "jitter", "sigma": 0.2}
MARKER = 1e6
FACTS = ("start", "steps", "best", "looks", "series")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a folder with a small set that VARIATE_DATA names."""
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    toy(tmp_path)
    return tmp_path


@pytest.fixture
def spied(monkeypatch):
    """Note the panels and arrays that reach fits, augmentation, standardising and training."""
    seen = {"fit": [], "augment": [], "standard": [], "train": [], "predict": []}

    class Watching(Jitter):
        """A Jitter that tells what it is fitted to and called with."""

        def fit(self, panel, seed=0):
            seen["fit"].append((panel, seed))
            return self

        def __call__(self, x, *args, **kwargs):
            seen["augment"].append((x, kwargs))
            return super().__call__(x, *args, **kwargs)

    of, optimise, predict = fcn.Standardiser.of, classification.optimise, classification.predict

    def train(net, series, *args, **kwargs):
        seen["train"].append((series, args, kwargs))
        return optimise(net, series, *args, **kwargs)

    def told(net, standard, values):
        seen["predict"].append(values)
        return predict(net, standard, values)

    monkeypatch.setattr(fcn.Standardiser, "of", classmethod(lambda cls, panel: seen["standard"].append(panel) or of(panel)))
    monkeypatch.setattr(classification, "optimise", train)
    monkeypatch.setattr(classification, "predict", told)
    return seen, Watching(sigma=0.2)


def with_pipeline(one, pipeline, **keys):
    """Return a cell with a pipeline that no policy file could name."""
    return dataclasses.replace(one, arm=dataclasses.replace(one.arm, pipeline=pipeline, **keys))


def by(found, metric="accuracy"):
    """Return the scores of a metric by test."""
    return {score.test: score.value for score in found.scores if score.metric == metric}


def test_each_batch_is_augmented_afresh(data, spied):
    """Breaks where the pipeline sees anything but batches of the training series, another seed, or passes that do not count."""
    seen, pipeline = spied
    known = load("ucr/Toy", Classification).train
    classification.measure(with_pipeline(cell("jitter", 1, training={"steps": 7, "batch": 4}), pipeline), Place())
    assert [(panel.n, seed) for panel, seed in seen["fit"]] == [(12, 1)]
    assert [how for _, how in seen["augment"]] == [{"seed": 1, "epoch": 1 + step // 3} for step in range(7)]
    assert {batch.n for batch, _ in seen["augment"]} == {4}
    for batch, _ in seen["augment"]:
        np.testing.assert_array_equal(batch.values, known.values[batch.ids])
    assert [len(values) for values in seen["predict"]] == [12]


def test_copies_are_made_once_and_not_augmented_again(data, spied):
    """Breaks where copies are not those of expand, batches are augmented besides, or units come from the copies."""
    seen, _ = spied
    known = load("ucr/Toy", Classification).train
    found = measured("j", 1, arms={"j": {"pipeline": JITTER, "copies": 2}})
    ((series, _, how),) = seen["train"]
    assert how["aug"] is None
    grown = expand(known, Jitter(sigma=0.2), 2, seed=1)
    np.testing.assert_array_equal(series.values, grown.values)
    np.testing.assert_array_equal(series.label, grown.label)
    assert found.facts["series"] == 36
    assert [panel.n for panel in seen["standard"]] == [12]


@pytest.mark.parametrize("training", [{"steps": 5, "batch": 4}, {"epochs": 2, "batch": 4}])
def test_every_arm_takes_as_many_steps_from_the_same_start(data, training):
    """Breaks where more series make more steps, so that an arm wins by training longer."""
    arms = {"grown": {"pipeline": JITTER, "copies": 3}, "each": {"pipeline": JITTER}}
    found = [measured(arm, 1, arms=arms, training=training).facts for arm in ("none", *arms)]
    assert {facts["steps"] for facts in found} == {5 if "steps" in training else 6}
    assert len({facts["start"] for facts in found}) == 1
    assert measured("none", 0, training=training).facts["start"] != found[0]["start"]


def test_outliers_are_in_the_test_alone(data, spied):
    """Breaks where training sees outliers, a condition tests other series, or the clean test gets some."""
    seen, _ = spied
    test = load("ucr/Toy", Classification).test
    found = measured(options={"outliers": ["spike", "step", "slope"]})
    assert list(by(found)) == ["clean", "spike", "step", "slope"]
    wanted = [test.values, *(inject_outliers(test, kind).values for kind in ("spike", "step", "slope"))]
    for values, expected in zip(seen["predict"], wanted, strict=True):
        np.testing.assert_array_equal(values, expected)
    plain = measured()
    assert by(plain)["clean"] == by(found)["clean"]
    assert plain.facts == found.facts


def test_votes_stand_beside_whole_series(data, monkeypatch):
    """Breaks where votes replace the prediction of whole series, are named otherwise, or slices have another size."""
    asked, real = [], vote

    def noted(guess, values, size):
        asked.append(size)
        return real(guess, values, size)

    monkeypatch.setattr(classification, "vote", noted)
    found = measured(options={"outliers": ["step"], "vote": 0.75})
    assert list(by(found)) == ["clean", "clean, voted", "step", "step, voted"]
    assert asked == [0.75, 0.75]
    assert {score.metric for score in found.scores} == {"accuracy", "balanced_accuracy", "macro_f1"}
    plain = by(measured())
    assert plain == {"clean": by(found)["clean"]}
    whole = measured(options={"vote": 1})
    assert asked[-1] == 1
    assert isinstance(asked[-1], float)  # 1 as an integer would be one step
    assert by(whole)["clean, voted"] == by(whole)["clean"]


def test_scores_are_those_of_the_predictions(data, monkeypatch):
    """Breaks where truth and predictions part ways, or a metric stands under another's name."""
    truth = np.asarray(load("ucr/Toy", Classification).test.label)
    guessed = truth.copy()
    guessed[truth == 1] = np.arange(6) % 3 != 0  # four of six right
    logits = np.log(np.eye(2)[guessed] + 0.1)
    import torch

    monkeypatch.setattr(classification, "predict", lambda net, standard, values: torch.from_numpy(logits))
    found = {score.metric: score.value for score in measured().scores}
    assert found == pytest.approx({"accuracy": 10 / 12, "balanced_accuracy": 5 / 6, "macro_f1": (12 / 14 + 8 / 10) / 2})


@pytest.mark.parametrize("copies", [0, 2])
def test_test_series_reach_nothing_but_the_prediction(data, spied, copies):
    """Breaks where test series enter a fit, the units, the augmentation or a batch: the marker in each of them would show."""
    seen, pipeline = spied
    values, labels = lines(2)
    ucr(data, "Marked", train=lines(1), test=(np.full_like(values, MARKER), labels))
    facts = []
    for name in ("Toy", "Marked"):
        one = with_pipeline(cell("jitter", data=[f"ucr/{name}"], options={"vote": 0.9}), pipeline, copies=copies)
        facts.append(classification.measure(one, Place()).facts)
        panels = (
            [panel for panel, _ in seen["fit"] + seen["augment"]] + seen["standard"] + [panel for panel, *_ in seen["train"]]
        )
        assert len(panels) >= 3
        assert all(np.abs(panel.values).max() < 10 for panel in panels)
        assert {np.abs(values).max() > 10 for values in seen["predict"]} == {name == "Marked"}
        for noted in seen.values():
            noted.clear()
    assert facts[0] == facts[1]
    assert set(FACTS) <= set(facts[0])


def test_watch_trains_on_the_seeds_person(monkeypatch, spied):
    """Breaks where people of training and test overlap, or a seed trains on somebody else than the study says."""
    seen, _ = spied
    people = np.unique(watch()[0].extra["subject"]).tolist()
    for seed in (0, 1):
        measured("none", seed, data=["watch"], training={"steps": 1, "batch": 4})
        assert set(seen["train"][-1][0].extra["subject"]) == {person_for(seed, people)}
        assert len(seen["predict"][-1]) == watch()[0].n - seen["train"][-1][0].n


def test_seasonal_is_made_as_large_as_asked(spied):
    """Breaks where the number after the slash is not looked at."""
    seen, _ = spied
    found = measured(data=["seasonal/20"], training={"steps": 1, "batch": 4})
    assert found.facts["series"] == 16
    assert [len(values) for values in seen["predict"]] == [4]


def test_soft_labels_train_a_network(data):
    """Breaks where a mixture's class weights are read as classes, or as another type than the loss takes."""
    for copies in (0, 1):
        found = measured("m", arms={"m": {"pipeline": {"op": "mixup"}, "copies": copies}})
        assert 0 <= by(found)["clean"] <= 1


@pytest.fixture
def aeon(monkeypatch):
    """Put a stand-in for aeon into the table of modules; return what it was asked."""
    asked = []

    class MiniRocketClassifier:
        def __init__(self, **parameters):
            asked.append(("made", parameters))

        def fit(self, values, labels):
            asked.append(("fit", values, labels))
            self.values, self.labels = values, labels

        def predict(self, values):
            asked.append(("predict", values))
            return self.labels[np.square(values[:, None] - self.values[None]).sum(axis=(2, 3)).argmin(axis=1)]

    module = ModuleType("aeon.classification.convolution_based")
    module.MiniRocketClassifier = MiniRocketClassifier
    for name in ("aeon", "aeon.classification"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return asked


ROCKET = {"models": [{"name": "mini_rocket", "n_kernels": 84}]}
COPIED = {"j": {"pipeline": JITTER, "copies": 1}}


def test_mini_rocket_is_called_as_aeon_wants_it(data, aeon):
    """Breaks where seed, parameters, shapes, types or labels reach aeon otherwise, or its classes are read as columns."""
    source = load("ucr/Toy", Classification)
    found = measured("j", 3, arms=COPIED, seeds=4, **ROCKET)
    grown = expand(source.train, Jitter(sigma=0.2), 1, seed=3)
    made, fit, predict = aeon
    assert made == ("made", {"random_state": 3, "n_jobs": 1, "n_kernels": 84})
    np.testing.assert_array_equal(fit[1], grown.values.astype(np.float32))
    np.testing.assert_array_equal(fit[2], grown.label)
    assert (fit[1].shape, fit[1].dtype, fit[2].ndim) == ((24, 1, 16), np.float32, 1)
    assert predict[1].shape == (12, 1, 16)
    assert predict[1].dtype == np.float32
    nearest = np.square(source.test.values[:, None] - grown.values[None]).sum(axis=(2, 3)).argmin(axis=1)
    assert by(found) == {"clean": np.mean(np.asarray(grown.label)[nearest] == source.test.label)}
    assert found.facts == {"series": 24}


def test_mini_rocket_refuses_what_it_cannot_learn_from(data, aeon):
    """Breaks where it is trained on the series as they are under an arm's name, or dies inside aeon."""
    with pytest.raises(ParameterError, match="arm j: MiniRocket is trained in one go; give the arm copies of at least 1"):
        measured("j", arms={"j": {"pipeline": JITTER}}, **ROCKET)
    with pytest.raises(ParameterError, match="arm m: makes soft labels, which MiniRocket cannot learn from; set across: false"):
        measured("m", arms={"m": {"pipeline": {"op": "mixup"}, "copies": 1}}, **ROCKET)
    assert (
        measured("m", arms={"m": {"pipeline": {"op": "mixup", "across": False}, "copies": 1}}, **ROCKET).facts["series"] == 24
    )
    with pytest.raises(ParameterError, match="options: vote must be 0; MiniRocket cannot tell slices"):
        run(recipe(options={"vote": 0.9}, **ROCKET), data / "out.jsonl")
    aeon.clear()
    ready(list(recipe(arms=COPIED, **ROCKET).cells()))
    assert aeon == []


def test_mini_rocket_without_aeon_is_told_before_anything_is_trained(data, monkeypatch):
    """Breaks where a package that is missing is found out of in the middle of a run, or an ImportError comes through."""
    monkeypatch.setitem(sys.modules, "aeon", None)
    monkeypatch.setitem(sys.modules, "aeon.classification.convolution_based", None)
    models = [{"name": "fcn"}, {"name": "mini_rocket"}]
    with pytest.raises(VariateError, match=r"MiniRocket needs aeon, which is not installed; pip install 'variate\[rocket\]'"):
        run(recipe(models=models), data / "out.jsonl")
    assert not (data / "out.jsonl").exists()


def test_a_network_without_torch_is_told_before_anything_is_trained(data, monkeypatch):
    """Breaks where torch is imported before it is asked for."""
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(VariateError, match=r"needs PyTorch, which is not installed"):
        run(recipe(), data / "out.jsonl")


def test_columns_of_the_network_are_the_classes_of_the_training_series(data, monkeypatch):
    """Breaks where classes are counted in the test, which may lack some, or numbered by it."""
    values, _ = lines(1)
    ucr(data, "Three", train=(values, ["a", "b", "c"] * 4), test=(values[:4], ["c", "c", "a", "c"]))
    widths, real = [], classification.predict

    def always_c(net, standard, values):
        logits = real(net, standard, values)
        widths.append(logits.shape)
        return logits * 0 + logits.new_tensor([0.0, 1.0, 2.0])

    monkeypatch.setattr(classification, "predict", always_c)
    source = load("ucr/Three", Classification)
    assert source.classes == ("a", "b", "c")
    assert by(measured(data=["ucr/Three"])) == {"clean": 0.75}
    assert widths == [(4, 3)]
