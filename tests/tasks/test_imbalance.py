"""The experiment on imbalanced classes: equal training in every arm, test series apart, and a run that goes on where it was."""

import dataclasses
import gzip
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from variate.core.errors import DataFileError, PanelError, ParameterError, VariateError
from variate.core.panel import Panel
from variate.metrics.classification import accuracy, balanced_accuracy, macro_f1
from variate.metrics.comparison import paired
from variate.tasks import fcn, results
from variate.tasks import imbalance as task
from variate.tasks.fcn import FCNTraining, Standardiser, fit_and_test

TINY = FCNTraining(steps=3, batch=8, width=4, rate=3e-3)
TRAINS = [name for name, arm in task.ARMS.items() if not arm.members]
SIZES, TEST_SIZES = {"7": 12, "-1": 4, "3": 1}, {"7": 6, "3": 4}
MARK = 1e6


def lines_of(sizes, seed, marked=False):
    rng = np.random.default_rng(seed)
    rows = []
    for name, count in sizes.items():
        for _ in range(count):
            x = np.sin(np.arange(16) / (2 + abs(int(name)))) + rng.normal(0, 0.3, 16)
            rows.append("\t".join([name, *map(str, MARK + x if marked else x)]))
    return rows


def write(folder, name, train=None, test=None):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for part, rows in (("TRAIN", train or lines_of(SIZES, 0)), ("TEST", test or lines_of(TEST_SIZES, 1))):
        (folder / name / f"{name}_{part}.tsv.gz").write_bytes(gzip.compress(("\n".join(rows) + "\n").encode()))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ucr")
    for i, name in enumerate(("Tiny", "Other")):
        write(folder, name, lines_of(SIZES, 10 + i))
    return folder


@pytest.fixture
def calls(monkeypatch):
    """Return what each network was trained with, and what came of it: filled in as a run goes."""
    found, real = [], fit_and_test

    def spy(train, test, **options):
        steps = []
        outcome = real(train, test, **options, on_step=lambda: steps.append(1))
        found.append({"train": train, "test": test, **options, "outcome": outcome, "ticks": len(steps)})
        return outcome

    monkeypatch.setattr(task, "fit_and_test", spy)
    return found


@pytest.fixture
def learnt(monkeypatch):
    """Return the weights of each trained network, in bytes."""
    found, real = [], fcn.predict

    def spy(net, *rest):
        found.append(b"".join(value.numpy().tobytes() for value in net.state_dict().values()))
        return real(net, *rest)

    monkeypatch.setattr(fcn, "predict", spy)
    return found


def go(data, out, sets=("Tiny",), seeds=1, arms=tuple(task.ARMS), training=TINY):
    return task.run(data, out, sets, seeds, arms, training)


def lines(out):
    return [json.loads(line) for line in out.read_text().splitlines()]


def key(row):
    return row["set"], row["seed"], row["arm"], row["metric"]


def content(rows):
    """Return the rows by their key, without what no two runs share."""
    assert len({key(row) for row in rows}) == len(rows)
    return {key(row): {name: value for name, value in row.items() if name != "seconds"} for row in rows}


def test_a_line_for_each_set_seed_arm_and_metric(data, tmp_path, calls):
    """Breaks where a score is another metric's or network's, or labels of both files are numbered apart."""
    out = tmp_path / "new" / "imbalance.jsonl"
    go(data, out, ("Tiny", "Other"), seeds=2)
    rows = lines(out)
    assert [key(row) for row in rows] == [
        (name, seed, arm, metric)
        for seed in (0, 1)
        for name in ("Tiny", "Other")
        for arm in task.ARMS
        for metric in ("balanced_accuracy", "macro_f1", "accuracy")
    ]
    truth = calls[0]["test"].label
    assert calls[0]["train"].label.tolist() == [2] * 12 + [0] * 4 + [1]
    assert truth.tolist() == [2] * 6 + [1] * 4  # by the training series: alone, the file of the others has two classes
    predicted = [call["outcome"].predicted for call in calls]
    wanted = [score(truth, p) for p in predicted for score in (balanced_accuracy, macro_f1, accuracy)]
    assert [row["value"] for row in rows if row["arm"] != "ensemble"] == wanted
    assert {row["recipe"] for row in rows} == {"imbalance"}
    assert all(row["training"] == dataclasses.asdict(TINY) and row["seconds"] >= 0 for row in rows)
    assert all(set(row["versions"]) == {"variate", "torch", "numpy"} for row in rows)


def test_every_arm_starts_alike_and_takes_as_many_steps(data, tmp_path, calls):
    """Breaks where an arm has other weights to begin with, more steps or larger batches, or another standardisation."""
    go(data, tmp_path / "out.jsonl", seeds=2)
    rows = lines(tmp_path / "out.jsonl")
    (first,), (second,) = ({row["start"] for row in rows if row["seed"] == seed} for seed in (0, 1))
    assert first != second
    assert len(calls) == 2 * len(TRAINS)
    known = Standardiser.of(calls[0]["train"])
    for call in calls:
        assert (call["ticks"], call["training"], call["classes"]) == (TINY.steps, TINY, 3)
        assert (call["standard"].mean, call["standard"].std) == (known.mean, known.std)


def test_classes_grow_or_weigh_as_the_arm_says(data, tmp_path, calls):
    """Breaks where copies are too few, weights are missing or make up twice for what was grown, or a line tells otherwise."""
    go(data, tmp_path / "out.jsonl")
    sizes = {arm: np.bincount(call["train"].label).tolist() for arm, call in zip(TRAINS, calls, strict=True)}
    weights = {arm: call["weights"] for arm, call in zip(TRAINS, calls, strict=True)}
    assert sizes == {
        **{arm: [4, 1, 12] for arm in ("none", "weights")},
        **{arm: [12, 12, 12] for arm in ("duplicate", "smote", "weighted_dba", "guided_warp")},
        "smote_weights": [7, 4, 12],
    }
    for arm in TRAINS:
        assert (weights[arm] is not None) == arm.endswith("weights")
        if weights[arm]:  # every class counts as much as any other
            np.testing.assert_allclose(np.multiply(weights[arm], sizes[arm]), sizes[arm][2] * weights[arm][2])
    told = {row["arm"]: row for row in lines(tmp_path / "out.jsonl")}
    assert all((told[arm]["weights"], told[arm]["series"]) == (weights[arm], sum(sizes[arm])) for arm in TRAINS)
    assert [(row["pipeline"], row["target"]) for row in told.values()] == [
        (None, None),
        ("Identity()", "equal"),
        ("Smote()", "equal"),
        ("WeightedDBA(scheme='as')", "equal"),
        ("GuidedWarp()", "equal"),
        (None, None),
        ("Smote()", "halfway"),
        ("WeightedDBA(scheme='as')", "equal"),
    ]
    assert [row["members"] for row in told.values()] == [[]] * 7 + [["none", "weighted_dba"]]


def test_copies_are_what_they_are_called_and_new_for_each_seed(data, tmp_path, calls):
    """Breaks where an arm uses another's transform, the copies stand still over seeds, or a lonely series stops the run."""
    go(data, tmp_path / "out.jsonl", seeds=2)
    arms = [dict(zip(TRAINS, calls[i : i + 7], strict=True)) for i in (0, 7)]
    made = [{arm: call["train"].values[17:] for arm, call in each.items()} for each in arms]
    source = arms[0]["duplicate"]["train"]
    np.testing.assert_array_equal(source.values, source.values[source.extra["source"]])
    np.testing.assert_array_equal(made[0]["duplicate"], made[1]["duplicate"])
    for arm in ("smote", "weighted_dba", "guided_warp"):
        assert arms[0][arm]["train"].label.tolist() == source.label.tolist()
        moved = np.abs(made[0][arm] - made[0]["duplicate"]).max(axis=(1, 2)) > 1e-9
        assert moved.tolist() == (source.label[17:] == 0).tolist()  # the class of one has nobody to be mixed with
        assert (made[0][arm] != made[1][arm]).any()


def test_test_series_never_reach_training(data, tmp_path, calls, learnt):
    """Breaks where test series are fitted, copied, standardised by or trained on: their marker would change the networks."""
    for folder, marked in (("plain", False), ("marked", True)):
        write(tmp_path / folder, "Tiny", test=lines_of(TEST_SIZES, 1, marked))
        go(tmp_path / folder, tmp_path / f"{folder}.jsonl")
    half = len(TRAINS)
    assert learnt[:half] == learnt[half:]
    assert len(set(learnt)) == half  # arms differ, and all of them are the same without the marker
    for call in calls[half:]:
        assert call["test"].values.min() > MARK / 2
        assert call["train"].values.max() < 10


def test_the_ensemble_is_the_mean_of_two_networks_that_are_there(data, tmp_path, calls):
    """Breaks where other networks are averaged, votes instead of probabilities are, or networks are trained anew for it."""
    go(data, tmp_path / "out.jsonl")
    assert len(calls) == len(TRAINS)
    outcomes = {arm: call["outcome"] for arm, call in zip(TRAINS, calls, strict=True)}
    predicted = (outcomes["none"].probabilities + outcomes["weighted_dba"].probabilities).argmax(axis=1)
    rows = {row["metric"]: row["value"] for row in lines(tmp_path / "out.jsonl") if row["arm"] == "ensemble"}
    truth = calls[0]["test"].label
    assert rows["macro_f1"] == macro_f1(truth, predicted)
    assert rows["balanced_accuracy"] == balanced_accuracy(truth, predicted)


def test_networks_that_disagree_are_settled_by_their_probabilities(data):
    """Breaks where the members vote, the first member wins, or the sure one is not heard."""
    split = task.load(data, "Tiny")
    cell = task.Cell(split, 0, TINY)
    right, wrong = (np.eye(3)[label] for label in (split.test.label, (split.test.label + 1) % 3))
    for name, odds in (("none", 0.6 * wrong + 0.4 * right), ("weighted_dba", 0.9 * right + 0.1 * wrong)):
        outcome = dataclasses.replace(cell("none").outcome, probabilities=odds)
        cell.trained[name] = task.Trained(outcome, 17, None, 1.0)
    (row,) = task._rows("Tiny", "ensemble", ["accuracy"], cell)
    assert (row["value"], row["seconds"]) == (1.0, 2.0)


def test_neither_the_order_of_arms_nor_a_stop_changes_a_line(data, tmp_path, calls):
    """Breaks where an arm depends on what ran before it, or what is done is done again."""
    whole = tmp_path / "whole.jsonl"
    go(data, whole, ("Tiny", "Other"), seeds=2)
    wanted = content(lines(whole))
    turned = tmp_path / "turned.jsonl"
    go(data, turned, ("Other", "Tiny"), seeds=2, arms=tuple(reversed(task.ARMS)))
    assert content(lines(turned)) == wanted

    parts = tmp_path / "parts.jsonl"
    go(data, parts, ("Other",), seeds=1, arms=("smote", "none"))
    first = parts.read_text()
    go(data, parts, ("Tiny",), seeds=2)
    calls.clear()
    go(data, parts, ("Tiny", "Other"), seeds=2)
    assert len(calls) == 5 + 7 + 1  # the ensemble's networks are trained once for it, though one had its lines already
    assert parts.read_text().startswith(first)
    assert content(lines(parts)) == wanted
    calls.clear()
    go(data, parts, ("Tiny", "Other"), seeds=2)
    assert not calls


def test_another_training_is_another_run(data, tmp_path, calls):
    """Breaks where lines of other steps or widths count as done, or those of them or of other seeds come into the summary."""
    out, arms = tmp_path / "out.jsonl", ("none", "smote")
    found = go(data, out, seeds=2, arms=arms)
    calls.clear()
    go(data, out, seeds=2, arms=arms, training=dataclasses.replace(TINY, steps=40, rate=1e-2))
    assert len(calls) == 4
    assert go(data, out, seeds=3, arms=arms)["Tiny"]["accuracy"]["smote"].pairs == 3
    assert len(calls) == 4 + 2
    assert go(data, out, seeds=2, arms=arms) == found


def test_a_run_that_stops_leaves_whole_arms(data, tmp_path, calls, monkeypatch):
    """Breaks where what was done before an error is not kept, or an arm has some of its metrics."""
    real = task._train

    def stops(arm, *rest):
        if arm is task.ARMS["weighted_dba"]:
            raise KeyboardInterrupt
        return real(arm, *rest)

    monkeypatch.setattr(task, "_train", stops)
    with pytest.raises(KeyboardInterrupt):
        go(data, tmp_path / "out.jsonl")
    assert [row["arm"] for row in lines(tmp_path / "out.jsonl")] == ["none"] * 3 + ["duplicate"] * 3 + ["smote"] * 3


@pytest.mark.parametrize(("cut", "whole"), [(0, 12), (1, 12), (20, 11), (700, 10)])
def test_a_last_line_that_was_cut_off_is_made_good(data, tmp_path, calls, cut, whole):
    """Breaks where half a line stops a run or swallows the next one, or lines of an arm that are there are written again."""
    out, arms = tmp_path / "out.jsonl", ("none", "weights")
    go(data, out, seeds=2, arms=arms)
    wanted, text = content(lines(out)), out.read_text()
    out.write_text(text[: len(text) - cut])
    assert len(task.read(out)) == whole
    calls.clear()
    go(data, out, seeds=2, arms=arms)
    assert content(task.read(out)) == wanted
    assert len(calls) == (whole < 12)
    go(data, out, seeds=3, arms=arms)
    assert len(content(task.read(out))) == 18


def test_lines_of_many_writers_stay_whole(tmp_path):
    """Breaks where lines are written piece by piece, or to where the end of the file was when it was opened."""
    out = tmp_path / "out.jsonl"
    rows = [{"writer": i, "text": "x" * 9000} for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda row: results.add(out, [row, row]), rows))
    assert sorted(row["writer"] for row in task.read(out)) == sorted(2 * list(range(40)))


def test_the_summary_pairs_arms_by_seed():
    """Breaks where seeds are paired by their place, one that an arm lacks counts, or the sign is turned."""
    scores = {"none": {0: 0.1, 1: 0.5, 2: 0.3, 9: 0.9}, "smote": {2: 0.4, 0: 0.3, 1: 0.4}, "weights": {3: 0.2}}
    rows = [
        {"set": name, "metric": metric, "arm": arm, "seed": seed, "value": value + plus}
        for name, plus in (("ECG5000", 0), ("MedicalImages", 1))
        for arm, values in reversed(scores.items())
        for metric in ("accuracy", "macro_f1")
        for seed, value in values.items()
    ]
    found = task.summary(rows)
    assert list(found) == ["MedicalImages", "ECG5000"]
    assert list(found["ECG5000"]) == ["macro_f1", "accuracy"]
    assert list(found["ECG5000"]["accuracy"]) == ["smote"]
    result = found["ECG5000"]["macro_f1"]["smote"]
    assert result == paired([0.1, 0.5, 0.3], [0.3, 0.4, 0.4])
    assert (result.wins, result.ties, result.losses) == (2, 0, 1)
    assert task.summary([]) == {}


def test_the_table_has_all_of_a_result():
    """Breaks where numbers change places, or a column is lost."""
    result = paired([0.1, 0.5, 0.3, 0.2], [0.3, 0.4, 0.4, 0.2])
    head, line = task.table({"ECG5000": {"macro_f1": {"smote": result}}}).splitlines()
    assert head.split() == [
        "set",
        "metric",
        "arm",
        "seeds",
        "none",
        "arm",
        "diff",
        "Student",
        "bootstrap",
        "win",
        "tie",
        "loss",
    ]
    numbers = ["0.275", "0.325", "+0.050", f"{result.low:+.3f}", "to", f"{result.high:+.3f}"]
    ends = [f"{result.boot_low:+.3f}", "to", f"{result.boot_high:+.3f}", "2", "1", "1"]
    assert line.split() == ["ECG5000", "macro_f1", "smote", "4", *numbers, *ends]


def test_what_is_missing_is_told_in_a_sentence(data, tmp_path, monkeypatch):
    """Breaks where a folder without data, a wrong arm or a missing library ends in a traceback, or after some training."""
    out = tmp_path / "out.jsonl"
    with pytest.raises(DataFileError, match=r"None_TRAIN\.tsv\.gz: is not there; get the UCR archive, or pass the folder"):
        go(data, out, ("Tiny", "None"))
    with pytest.raises(ParameterError, match="there is no arm 'smot'; did you mean 'smote'"):
        go(data, out, arms=("none", "smot"))
    write(tmp_path, "New", test=lines_of({"7": 2, "8": 1}, 1))
    with pytest.raises(DataFileError, match=r"New_TEST\.tsv\.gz: has the classes \['8'\], which no training series has"):
        go(tmp_path, out, ("New",))
    for text in ("7\t1\tNaN\t2", "7\t1\t2\tNaN"):
        write(tmp_path, "Gaps", train=["7\t1\t2\t3", text], test=["7\t1\t2\t3"])
        with pytest.raises(DataFileError, match=r"Gaps_TRAIN\.tsv\.gz: has series of different lengths, or with gaps"):
            go(tmp_path, out, ("Gaps",))
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(VariateError, match="needs PyTorch, which is not installed"):
        go(data, out)
    assert not out.exists()


def test_on_the_command_line(data, tmp_path, monkeypatch):
    """Breaks where an option does not reach the run, the table is not printed, or an error is a traceback."""
    app = typer.Typer()
    app.command()(task.main)
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    monkeypatch.setattr(task, "ARMS", {name: task.ARMS[name] for name in ("none", "weights")})
    monkeypatch.setattr(task.run, "__defaults__", (*task.run.__defaults__[:2], ("none", "weights"), TINY))
    (tmp_path / "ucr").symlink_to(data)
    out = tmp_path / "out.jsonl"
    options = ["--out", str(out), "--seeds", "2", "--steps", "3", "--batch", "8", "--width", "4"]
    told = CliRunner().invoke(app, ["--sets", "Other, Tiny", *options])
    assert told.exit_code == 0, told.output
    assert len(lines(out)) == 2 * 2 * 2 * 3
    assert all(row["training"] == dataclasses.asdict(TINY) for row in lines(out))
    assert task.table(go(data, out, ("Other", "Tiny"), 2, ("none", "weights"))) in told.output
    wrong = CliRunner().invoke(app, ["--data", str(tmp_path / "none"), *options])
    assert wrong.exit_code == 1
    assert "imbalance: " in wrong.output
    assert "is not there" in wrong.output


def panel(seed=0):
    return Panel(np.random.default_rng(seed).normal(size=(20, 2, 12)), label=np.arange(20) % 3)


def test_weights_of_the_loss_count():
    """Breaks where class weights do not reach the loss, equal ones change it, or ones that do not fit pass."""
    arms = [fit_and_test(panel(), panel(1), training=TINY, weights=w) for w in (None, [2.0, 2.0, 2.0])]
    np.testing.assert_allclose(arms[0].probabilities, arms[1].probabilities, atol=1e-5)
    long = dataclasses.replace(TINY, steps=60, rate=1e-2)
    assert set(fit_and_test(panel(), panel(1), training=long, weights=[1e-6, 1e-6, 3.0]).predicted) == {2}
    with pytest.raises(PanelError, match=r"weights has shape \(2,\)"):
        fit_and_test(panel(), panel(1), training=TINY, weights=[1.0, 2.0])


def test_probabilities_and_the_standard():
    """Breaks where logits are given for probabilities, or the training series standardise though another standard was given."""
    own, flat = (
        fit_and_test(panel(), panel(1), training=TINY, standard=standard)
        for standard in (None, Standardiser(np.zeros((2, 1)), np.full((2, 1), 1e9)))
    )
    assert own.probabilities.shape == (20, 3)
    np.testing.assert_allclose(own.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert (own.probabilities > 0).all()
    assert (own.probabilities.argmax(axis=1) == own.predicted).all()
    assert np.ptp(flat.probabilities, axis=0).max() < 1e-3 < np.ptp(own.probabilities, axis=0).max()
