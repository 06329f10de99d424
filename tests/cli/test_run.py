"""``variate run`` as a person would use it: sentences, exit statuses, and interruptions that leave nothing behind."""

import os
import signal
import subprocess
import sys
import time

import pytest
import yaml

from tasks.toys import document, rocket, rows, toy
from variate.cli import main
from variate.tasks.results import read

JITTER = {"jitter": {"pipeline": {"op": "jitter"}, "copies": 1}}
LONG = 300_000  # milliseconds for which a cell after seed 0 is trained: longer than any test waits


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a working folder with data, a stand-in for aeon, and recipes that take no time, or far too long."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VARIATE_DATA", str(tmp_path))
    toy(tmp_path)
    monkeypatch.syspath_prepend(str(rocket(tmp_path)))
    quick = document(models=[{"name": "mini_rocket"}], arms=JITTER, profiles={"quick": {"seeds": 1}})
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(quick))
    slow = document(models=[{"name": "mini_rocket", "n_kernels": LONG}], arms=JITTER, seeds=4)
    (tmp_path / "slow.yaml").write_text(yaml.safe_dump(slow))
    return tmp_path


@pytest.fixture
def variate(capsys, monkeypatch):
    """Return a function that runs a command in this process: exit status, output and errors."""

    def command(*args):
        monkeypatch.setattr(sys, "argv", ["variate", *map(str, args)])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out.strip(), told.err.strip()

    return command


def test_a_run_says_what_it_did_and_the_next_one_does_nothing(folder, variate):
    """Breaks where lines land elsewhere, are made again, or counts are wrong."""
    said = "results/toy.jsonl: {} trained now, {} before, 0 failed"
    assert variate("run", "toy.yaml", "--profile", "quick") == (0, said.format(2, 0), "")
    assert variate("run", "toy.yaml") == (0, said.format(4, 0), "")
    assert variate("run", "toy.yaml") == (0, said.format(0, 4), "")
    found = rows(folder / "results" / "toy.jsonl")
    assert {(row["profile"], row["seed"]) for row in found} == {("quick", 0), ("cpu", 0), ("cpu", 1)}
    assert len(found) == 6 * 3
    status, out, _ = variate("run", "toy.yaml", "--out", "other/place.jsonl")
    assert (status, out) == (0, "other/place.jsonl: 4 trained now, 0 before, 0 failed")
    ours = [row for row in found if row["profile"] == "cpu"]
    assert rows(folder / "other" / "place.jsonl") == ours


def test_failed_cells_are_told_by_name(folder, variate):
    """Breaks where a failure is hidden in the file, ends the others, or leaves the exit status of success."""
    plan = document(models=[{"name": "mini_rocket"}], arms={**JITTER, "lazy": {"pipeline": {"op": "jitter"}}}, seeds=1)
    (folder / "half.yaml").write_text(yaml.safe_dump(plan))
    status, out, err = variate("run", "half.yaml", "--out", "half.jsonl")
    assert (status, out) == (1, "half.jsonl: 2 trained now, 0 before, 1 failed")
    assert err == (
        "variate: ucr/Toy, mini_rocket, lazy, seed 0: arm lazy: MiniRocket is trained in one go; "
        "give the arm copies of at least 1"
    )
    assert len(read(folder / "half.jsonl")) == 2 * 3


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nothing"], "recipe nothing: no file (.yaml), and none of that name comes along"),
        (["no.yaml"], "no.yaml: cannot be read (No such file or directory)"),
        (["typo.yaml"], "typo.yaml: arms → a: has no key 'pipelin'; did you mean 'pipeline'?"),
        (["toy.yaml", "--profile", "full"], "toy.yaml: has no profile 'full'; known: cpu, quick"),
        (["toy.yaml", "--profile", "fast"], "toy.yaml: has no profile 'fast'"),
        (["lost.yaml"], "Lost_TRAIN.tsv.gz: is not there; get it from the UCR archive"),
        (["toy.yaml", "--out", "ucr"], "ucr: cannot be written: Is a directory"),
        (["toy.yaml", "--out", "toy.yaml/out.jsonl"], "toy.yaml/out.jsonl: cannot be written"),
        (["toy.yaml", "--device", "cuda:99"], "device 'cuda:99' cannot be used"),
    ],
    ids=str,
)
def test_mistakes_become_one_sentence(folder, variate, args, told):
    """Breaks where a mistake ends in a traceback, in several lines, with status 0, or after training began."""
    (folder / "typo.yaml").write_text(yaml.safe_dump(document(arms={"a": {"pipelin": {}}})))
    (folder / "lost.yaml").write_text(yaml.safe_dump(document(data=["ucr/Lost"])))
    status, out, err = variate("run", *args)
    assert (status, out) == (1, "")
    assert told in err
    assert err.startswith("variate: ")
    assert len(err.splitlines()) == 1
    assert not (folder / "results").exists() or not read(folder / "results" / "toy.jsonl")


def test_ctrl_c_says_where_to_go_on(folder, variate, monkeypatch):
    """Breaks where an interruption loses finished lines, or ends in a traceback or in the status of success."""
    from variate.tasks import classification

    done, real = [], classification.measure

    def measure(cell, place):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(cell)
        return real(cell, place)

    with monkeypatch.context() as patch:
        patch.setattr(classification, "TASK", classification.TASK._replace(measure=measure))
        status, out, err = variate("run", "toy.yaml")
    assert (status, out) == (130, "")
    assert err == "variate: stopped; finished lines are in results/toy.jsonl, and the same command goes on from there"
    assert len(read(folder / "results" / "toy.jsonl")) == 3 * 3
    assert variate("run", "toy.yaml")[1] == "results/toy.jsonl: 1 trained now, 3 before, 0 failed"


def started(folder):
    """Start a run with two workers, in a group of its own as a terminal does, with two workers on cells that never end."""
    path = os.pathsep.join([str(folder / "stand_in"), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "variate", "run", "slow.yaml", "--out", "slow.jsonl", "--workers", "2"]
    pipe = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, start_new_session=True, **pipe)


def wait_for(what, running):
    """Wait until something is there; the test fails where the run ends before."""
    until = time.monotonic() + 240
    while not what():
        assert running.poll() is None, running.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("when", ["early", "late"])
def test_an_interrupted_run_stops_its_workers_at_once(folder, when):
    """Breaks where Ctrl-C waits for cells that are trained, workers tell of it too, or one of them lives on.

    The pipes end when the last process that has them does, so that all are gone is what ``communicate`` waits for.
    """
    running, out = started(folder), folder / "slow.jsonl"
    wait_for(lambda: out.exists() and (when == "early" or len(read(out)) == 2 * 3), running)
    time.sleep(0.5)  # by now workers are being started, or are busy
    os.killpg(running.pid, signal.SIGINT)
    told, error = running.communicate(timeout=120)
    assert running.returncode == 130, error
    assert told.strip() == ""
    assert error.strip() == "variate: stopped; finished lines are in slow.jsonl, and the same command goes on from there"
    assert out.read_text() == "" or out.read_text().endswith("\n")
    assert {row["seed"] for row in read(out)} <= {0}


def test_workers_do_not_outlive_a_run_that_was_killed(folder):
    """Breaks where a scheduler that kills a run leaves its workers behind, which then train or wait for ever."""
    running, out = started(folder), folder / "slow.jsonl"
    wait_for(lambda: out.exists() and len(read(out)) == 2 * 3, running)
    running.kill()
    running.communicate(timeout=120)
    assert running.returncode == -signal.SIGKILL
    assert len(read(out)) == 2 * 3
