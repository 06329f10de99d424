"""Running a recipe: the same lines whatever the order, the workers and the interruptions, and a planted effect is found."""

import errno
import itertools
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from tasks.toys import recipe, rocket, rows, toy, ucr
from variate.core.errors import DataFileError, ParameterError, VariateError
from variate.metrics.comparison import paired
from variate.tasks import classification, results
from variate.tasks.recipe import recipe_of
from variate.tasks.results import read
from variate.tasks.run import Ran, _uninterrupted, run
from variate.tasks.task import NONE

JITTER, FLIP = {"op": "jitter", "sigma": 0.2}, {"op": "flip"}
ARMS = {
    "jitter": {"pipeline": JITTER},
    "twin": {"pipeline": JITTER, "against": "jitter"},
    "flip": {"pipeline": FLIP, "copies": 1},
}
ROCKETS = {"models": [{"name": "mini_rocket"}], "arms": {"jitter": {"pipeline": JITTER, "copies": 1}}}


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return a folder with a small set that VARIATE_DATA names."""
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    toy(tmp_path)
    return tmp_path


@pytest.fixture
def rockets(data, monkeypatch):
    """Return a function that makes recipes of models which are trained in no time."""
    monkeypatch.syspath_prepend(str(rocket(data)))
    return lambda **changes: recipe(**{**ROCKETS, **changes})


@pytest.fixture
def trained(monkeypatch):
    """Note which cells are trained; what ``trained.before`` does comes before each."""

    class Trained(list):
        def before(self, cell):
            pass

    noted, real = Trained(), classification.measure

    def measure(cell, place):
        noted.before(cell)
        found = real(cell, place)
        noted.append((cell.arm_name, cell.seed))
        return found

    monkeypatch.setattr(classification, "TASK", classification.TASK._replace(measure=measure))
    return noted


def values(path, arm, metric="accuracy"):
    """Return the scores of an arm, seed by seed."""
    held = [row for row in rows(path) if (row["arm"], row["metric"]) == (arm, metric)]
    return [row["value"] for row in sorted(held, key=lambda row: row["seed"])]


def test_neither_order_nor_workers_change_a_line(data):
    """Breaks where a cell's numbers hang on the cells before it, on the process that trains it, or on a shared generator."""
    one, two = data / "one.jsonl", data / "new" / "two.jsonl"
    seen = []
    assert run(recipe(arms=ARMS), one, on_cell=lambda done, total: seen.append((done, total))) == Ran(0, 8, [])
    assert seen == [(k, 8) for k in range(1, 9)]
    assert run(recipe(arms=dict(reversed(ARMS.items()))), two, workers=2) == Ran(0, 8, [])
    assert rows(one) == rows(two)
    assert len(rows(one)) == 8 * 3
    assert multiprocessing.active_children() == []
    assert not list(data.rglob(".*checkpoints"))
    held = rows(one)
    for seed in (0, 1):  # fair arms: the same first weights, and as many steps
        assert len({row["start"] for row in held if row["seed"] == seed}) == 1
    assert len({row["start"] for row in held}) == 2
    assert {(row["steps"], row["best"]) for row in held} == {(3, 3)}
    assert {row["series"] for row in held if row["arm"] == "flip"} == {24}


def test_arms_that_are_the_same_differ_by_nothing(data):
    """Breaks where an arm's name, place or partner has a part in its numbers; and where no arm differs, nothing is tested."""
    out = data / "one.jsonl"
    run(recipe(arms=ARMS, training={"steps": 10, "batch": 4, "rate": 0.02}, seeds=3), out)
    for metric in ("accuracy", "balanced_accuracy", "macro_f1"):
        assert values(out, "jitter", metric) == values(out, "twin", metric)
    assert paired(values(out, "jitter"), values(out, "twin")).difference == 0
    assert any(values(out, arm) != values(out, NONE) for arm in ("jitter", "flip"))


def test_a_planted_effect_is_found(data):
    """Breaks where augmentation does not reach training, reaches the test, or arms are mixed up.

    The three training series are without noise, the 60 test series are the same with noise as strong as the signal. A
    network that never saw noise has no reason to look past it; jitter of that strength makes the training series as the
    test series are, so it must help: by 0.42 here, in 5 of 5 seeds, where chance is 0.33.
    """
    rng = np.random.default_rng(0)
    time_, waves = np.arange(24) / 24, np.zeros((3, 24))
    for k, order in itertools.product(range(3), (1, 2, 3)):
        waves[k] += rng.normal() / order * np.sin(2 * np.pi * order * time_ + rng.uniform(0, 6))
    waves = (waves - waves.mean(axis=1, keepdims=True)) / waves.std(axis=1, keepdims=True)
    known, asked = [k % 3 for k in range(6)], [k % 3 for k in range(60)]
    ucr(data, "Planted", train=(waves[known], known), test=(waves[asked] + rng.normal(0, 1, (60, 24)), asked))
    plan = recipe(
        data=["ucr/Planted"],
        models=[{"name": "fcn", "width": 6}],
        training={"steps": 80, "batch": 6, "rate": 0.01},
        arms={"jitter": {"pipeline": {"op": "jitter", "sigma": 1.0}}},
        seeds=5,
    )
    out = data / "planted.jsonl"
    run(plan, out)
    found = paired(values(out, NONE), values(out, "jitter"))
    assert found.verdict == "helped", found.summary()
    assert found.difference > 0.15


def test_a_run_that_was_stopped_goes_on_and_trains_nothing_twice(data, trained):
    """Breaks where finished cells are trained again, lines of a stopped run differ or are lost, or Ctrl-C is swallowed."""
    plan, whole, out = recipe(arms=ARMS), data / "whole.jsonl", data / "out.jsonl"
    run(plan, whole)
    order = list(trained)
    trained.clear()

    def stop(_cell):
        if len(trained) == 3:
            raise KeyboardInterrupt

    trained.before = stop
    with pytest.raises(KeyboardInterrupt):
        run(plan, out)
    assert len(read(out)) == 3 * 3
    assert out.read_bytes().endswith(b"\n")
    trained.before = lambda _cell: None
    seen = []
    assert run(plan, out, on_cell=lambda *counts: seen.append(counts)) == Ran(3, 5, [])
    assert trained == order
    assert seen == [(k, 8) for k in range(4, 9)]
    assert rows(out) == rows(whole)
    assert run(plan, out) == Ran(8, 0, [])
    assert len(trained) == 8
    assert run(recipe(arms=ARMS, seeds=3), out) == Ran(8, 4, [])
    assert trained[8:] == [("none", 2), ("jitter", 2), ("twin", 2), ("flip", 2)]


def test_ctrl_c_between_cells_keeps_what_was_added(data, trained):
    """Breaks where an interruption while the bar is drawn loses the cell before it."""

    def stop(done, _total):
        if done == 2:
            raise KeyboardInterrupt

    out = data / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        run(recipe(), out, on_cell=stop)
    assert len(read(out)) == 2 * 3
    assert run(recipe(), out) == Ran(2, 2, [])


def test_profiles_and_recipes_in_one_file_have_lines_of_their_own(rockets, data):
    """Breaks where the arm without augmentation of one recipe or profile stands for another's, whose arms then have no pair."""
    out = data / "out.jsonl"
    plain = {**ROCKETS, "name": "a", "task": "classification", "data": ["ucr/Toy"], "seeds": 1, "profiles": {"quick": {}}}
    assert run(recipe_of(plain), out) == Ran(0, 2, [])
    assert run(recipe_of(plain, "quick"), out) == Ran(0, 2, [])
    assert run(recipe_of({**plain, "name": "b"}), out) == Ran(0, 2, [])
    assert run(recipe_of({**plain, "name": "b"}), out) == Ran(2, 0, [])
    assert run(recipe_of({**plain, "models": [{"name": "mini_rocket", "n_kernels": 2}]}), out) == Ran(0, 2, [])
    arms = {(row["recipe"], row["profile"], row["arm"]) for row in read(out)}
    assert arms == {(r, p, arm) for r, p in (("a", "cpu"), ("a", "quick"), ("b", "cpu")) for arm in (NONE, "jitter")}


def test_cells_that_fail_are_told_and_the_others_finish(rockets, data):
    """Breaks where one cell ends the run, leaves half its lines, or is taken for done."""
    arms = {"lazy": {"pipeline": JITTER}, "jitter": {"pipeline": JITTER, "copies": 1}}
    out = data / "out.jsonl"
    ran = run(rockets(arms=arms), out)
    assert (ran.before, ran.done) == (0, 4)
    assert [(cell.arm_name, cell.seed) for cell, _ in ran.failed] == [("lazy", 0), ("lazy", 1)]
    assert {sentence for _, sentence in ran.failed} == {
        "arm lazy: MiniRocket is trained in one go; give the arm copies of at least 1"
    }
    assert {row["arm"] for row in read(out)} == {NONE, "jitter"}
    again = run(rockets(arms=arms), out)
    assert (again.before, again.done, len(again.failed)) == (4, 0, 2)


def test_a_loss_that_is_no_number_fails_its_cell(data, trained):
    """Breaks where a rate that is far too large ends in a traceback, or in scores of weights that are no numbers."""
    out = data / "out.jsonl"
    ran = run(recipe(training={"steps": 9, "batch": 4, "rate": 1e30}, seeds=1), out)
    assert (ran.done, trained, read(out)) == (0, [], [])
    for cell, sentence in ran.failed:
        assert cell.arm_name in (NONE, "jitter")
        assert sentence.startswith("the loss is nan in step ")
        assert sentence.endswith("; lower the rate, or look at the data")
    assert not list(data.glob(".*"))


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"data": ["ucr/Toy", "ucr/Toi"]}, DataFileError, r"Toi_TRAIN\.tsv\.gz: is not there; .*did you mean ucr/Toy"),
        ({"data": ["m4_daily"]}, DataFileError, r"m4_daily_train\.parquet: is not there"),
        ({"data": ["etth1"]}, DataFileError, r"ETTh1\.csv\.gz: is not there"),
        ({"data": ["seasonal/x"]}, ParameterError, "data 'seasonal/x': give how many series after the slash"),
        ({"data": ["seasonal/3"]}, ParameterError, "n must be an integer of at least 10"),
        ({"data": ["watch/2"]}, ParameterError, "there is no source 'watch/2'"),
        ({"data": ["nothing"]}, ParameterError, "there is no source 'nothing'"),
        ({"training": {"looks": 3}}, ParameterError, "training: looks must be 0; classifiers have no validation part"),
    ],
    ids=str,
)
def test_what_is_missing_is_told_before_anything_is_trained(data, trained, changes, error, told):
    """Breaks where a missing file is found out of hours into a run, or by Python's own error."""
    out = data / "out.jsonl"
    with pytest.raises(error, match=told):
        run(recipe(**changes), out)
    assert trained == []
    assert not out.exists()


def test_data_without_a_folder_is_told(data, trained, monkeypatch):
    """Breaks where a run without VARIATE_DATA does not say so."""
    monkeypatch.delenv("VARIATE_DATA")
    with pytest.raises(DataFileError, match="VARIATE_DATA is not set"):
        run(recipe(), data / "out.jsonl")
    assert trained == []


def test_a_device_that_is_not_there_is_told_before_anything_is_trained(data, trained):
    """Breaks where each cell fails for itself, or torch's own error comes through."""
    with pytest.raises(VariateError, match=r"device 'cuda:99' cannot be used"):
        run(recipe(), data / "out.jsonl", device="cuda:99")
    assert trained == []


@pytest.mark.parametrize("place", ["folder", "file/out.jsonl"])
def test_a_place_that_cannot_be_written_is_told_before_anything_is_trained(data, trained, place):
    """Breaks where the first cell is trained for nothing."""
    (data / "folder").mkdir()
    (data / "file").touch()
    with pytest.raises(DataFileError, match="cannot be written"):
        run(recipe(), data / place)
    assert trained == []


def _full_after(monkeypatch, calls):
    """Let the disk be full in the middle of a write, after so many that went well."""
    real, count = results._write, itertools.count()

    def write(stream, content):
        if next(count) < calls:
            return real(stream, content)
        stream.write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(results, "_write", write)


def test_a_full_disk_leaves_finished_lines_and_the_run_goes_on_later(data, monkeypatch):
    """Breaks where half a cell stays in the file, lines before it are lost, or the sentence is not clear."""
    plan, whole, out = recipe(), data / "whole.jsonl", data / "out.jsonl"
    run(plan, whole)
    with monkeypatch.context() as patch:
        _full_after(patch, 3)  # the first is the trial before training
        with pytest.raises(DataFileError, match=r"out\.jsonl: cannot be written: the disk is full; make room"):
            run(plan, out)
    assert [(row["arm"], row["metric"]) for row in read(out)] == list(
        itertools.product((NONE, "jitter"), ("accuracy", "balanced_accuracy", "macro_f1"))
    )
    assert out.read_bytes().endswith(b"\n")
    assert run(plan, out) == Ran(2, 2, [])
    assert rows(out) == rows(whole)


@pytest.mark.parametrize(
    "end", ["middle of a line", "last line of a cell", "first line of a cell", "between lines", "last newline"]
)
def test_a_file_that_was_cut_off_is_completed(rockets, data, end):
    """Breaks where a cell of which a line is left counts as done, a cut line stops the run, or joins the next line."""
    whole, out = data / "whole.jsonl", data / "out.jsonl"
    run(rockets(seeds=3), whole)
    content = whole.read_bytes()
    places = [k + 1 for k, byte in enumerate(content) if byte == ord("\n")]
    cut = {
        "middle of a line": places[-2] - 100,
        "last line of a cell": places[-1] - 1 - 20,
        "first line of a cell": places[-4] + 30,
        "between lines": places[-2],
        "last newline": places[-1] - 1,
    }[end]
    out.write_bytes(content[:cut])
    lost = 0 if end == "last newline" else 1
    assert run(rockets(seeds=3), out) == Ran(6 - lost, lost, [])
    unique = {json.dumps(row, sort_keys=True): row for row in rows(out)}
    assert list(unique.values()) == rows(whole)
    assert run(rockets(seeds=3), out) == Ran(6, 0, [])


def test_a_line_tells_all_that_its_number_follows_from(rockets, data):
    """Breaks where a line cannot be traced: what was trained, how, on what, and with which versions."""
    out = data / "out.jsonl"
    plan = rockets(seeds=1)
    run(plan, out)
    held = read(out)
    assert [row["metric"] for row in held] == ["accuracy", "balanced_accuracy", "macro_f1"] * 2
    row, cell = held[3], list(plan.cells())[1]
    expected = {
        "recipe": "toy",
        "profile": "cpu",
        "task": "classification",
        "data": "ucr/Toy",
        "model": "mini_rocket",
        "arm": "jitter",
        "against": "none",
        "seed": 0,
        "test": "clean",
        "metric": "accuracy",
        "parameters": {},
        "pipeline": cell.arm.spec,
        "cell": cell.digest,
        "lines": 3,
        "device": "cpu",
        "series": 24,
    }
    assert expected.items() <= row.items()
    assert row["training"]["steps"] == 3
    assert {"variate", "numpy"} <= set(row["versions"])
    assert row["seconds"] >= 0


def test_a_worker_that_dies_is_told(rockets, data):
    """Breaks where a worker that was killed for want of memory ends in Python's own error, or loses finished lines."""
    out = data / "out.jsonl"
    with pytest.raises(VariateError, match="a worker process ended all of a sudden, perhaps for want of memory"):
        run(rockets(models=[{"name": "mini_rocket", "n_kernels": 1}], seeds=2), out, workers=2)
    assert {row["seed"] for row in read(out)} <= {0}
    assert multiprocessing.active_children() == []


def test_workers_do_not_go_on_for_nothing(rockets, data, monkeypatch):
    """Breaks where a full disk is told of only after all that waits was trained; each cell after seed 0 takes 5 minutes."""
    _full_after(monkeypatch, 1)
    slow = rockets(models=[{"name": "mini_rocket", "n_kernels": 300_000}], seeds=3)
    began = time.monotonic()
    with pytest.raises(DataFileError) as caught:
        run(slow, data / "out.jsonl", workers=2)
    assert multiprocessing.active_children() == []  # though the error, and what it came through, is still held
    assert "the disk is full" in str(caught.value)
    assert time.monotonic() - began < 200


def test_an_interruption_waits_until_the_workers_are_started():
    """Breaks where Ctrl-C loses a worker that was just being started, or where workers are interrupted while they import."""
    blocked = "import signal; print(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))"
    reached = []

    def started():
        with _uninterrupted():
            os.kill(os.getpid(), signal.SIGINT)
            reached.append(subprocess.run([sys.executable, "-c", blocked], capture_output=True, text=True).stdout.strip())

    before = signal.getsignal(signal.SIGINT)
    other = threading.Thread(target=time.sleep, args=(1,))  # which may get the signal, as the thread of a progress bar may
    other.start()
    with pytest.raises(KeyboardInterrupt):
        started()
    other.join()
    assert reached == ["True"]
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
