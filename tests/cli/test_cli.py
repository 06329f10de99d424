"""The command line, as a person would use it: real processes, and one sentence for every mistake."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import variate
from variate import io

DATA = Path(os.environ.get("VARIATE_DATA", Path(__file__).parents[3] / "shared" / "data"))
POLICY = variate.Compose(variate.Jitter(sigma=0.1), variate.TimeWarp(), variate.Crop(size=0.8))


def variate_command(*args, cwd=None, env=None):
    command = [sys.executable, "-m", "variate", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env={**os.environ, **(env or {})}, timeout=120)


def ucr_lines(rows=12, length=40):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(rows, length)).round(4)
    return "".join(f"{'ab'[i % 2]}\t" + "\t".join(map(repr, row)) + "\n" for i, row in enumerate(values.tolist()))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "train.tsv").write_text(ucr_lines())
    variate.save(POLICY, tmp_path / "policy.yaml")
    return tmp_path


def test_augment_grows_a_file_and_keeps_class_names(folder):
    run = variate_command("augment", "train.tsv", "big.tsv", "--policy", "policy.yaml", "--copies", "9", cwd=folder)
    assert run.returncode == 0, run.stderr
    assert "120 series (12 originals + 9 × 12 copies)" in run.stdout
    lines = (folder / "big.tsv").read_text().splitlines()
    assert "".join(line + "\n" for line in lines[:12]) == (folder / "train.tsv").read_text()
    assert [line.split("\t")[0] for line in lines] == ["a", "b"] * 60
    again = io.read(folder / "big.tsv").panel.values[24:36]
    source = io.read(folder / "train.tsv").panel
    assert np.allclose(again, POLICY(source, seed=0, epoch=2).values)


def test_augment_gives_the_same_bytes_for_any_number_of_threads(folder):
    (folder / "large.tsv").write_text(ucr_lines(300, 1000))  # 2.4 MB: enough that two threads are used
    for threads in (1, 2):
        target = f"big{threads}.tsv.gz"
        run = variate_command(
            "augment", "large.tsv", target, "--policy", "policy.yaml", "--copies", 2, "--threads", threads, cwd=folder
        )
        assert run.returncode == 0, run.stderr
    assert (folder / "big1.tsv.gz").read_bytes() == (folder / "big2.tsv.gz").read_bytes()


def test_augment_refuses_to_overwrite(folder):
    (folder / "out.npz").write_text("precious")
    args = ("augment", "train.tsv", "out.npz", "--policy", "flip")
    run = variate_command(*args, cwd=folder)
    assert run.returncode == 1
    assert "exists already" in run.stderr
    assert (folder / "out.npz").read_text() == "precious"
    assert variate_command(*args, "--force", cwd=folder).returncode == 0
    with np.load(folder / "out.npz") as arrays:
        assert arrays["values"].shape == (24, 1, 40)
    twice = variate_command("augment", "out.npz", "more.npz", "--policy", "flip", cwd=folder)
    assert twice.returncode == 1
    assert "augment the original file" in twice.stderr


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("none.tsv", "out.tsv", "--policy", "flip"), "there is no such file"),
        (("train.tsv", "out.xyz", "--policy", "flip"), "unknown ending '.xyz'"),
        (("train.tsv", "no/folder/out.tsv", "--policy", "flip"), "there is no folder"),
        (("train.tsv", "out.tsv", "--policy", "flop"), "did you mean 'flip'?"),
        (("train.tsv", "out.tsv", "--policy", "none.yaml"), "none.yaml: cannot be read"),
        (("train.tsv", "out.tsv", "--policy", "bad.yaml"), "unknown op 'jiter'; did you mean 'jitter'?"),
        (("short.tsv", "out.tsv", "--policy", "flip"), "short.tsv, line 2"),
        (("cut.tsv.gz", "out.tsv", "--policy", "flip"), "cut.tsv.gz"),
        (("infinite.tsv", "out.tsv", "--policy", "flip"), "row 1, channel 0, step 2"),
    ],
)
def test_mistakes_become_one_sentence_and_leave_no_file(folder, args, words):
    (folder / "bad.yaml").write_text("variate: 1\npolicy: {op: jiter}\n")
    (folder / "short.tsv").write_text("a\t1\t2\nb\t1\n")
    (folder / "cut.tsv.gz").write_bytes(gzip.compress(ucr_lines().encode())[:200])
    (folder / "infinite.tsv").write_text("a\t1\t2\t3\nb\t1\t2\tinf\n")
    before = sorted(p.name for p in folder.iterdir())
    run = variate_command("augment", *args, cwd=folder)
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert sorted(p.name for p in folder.iterdir()) == before


def test_a_series_without_readings_is_mentioned_and_kept(folder):
    (folder / "dead.tsv").write_text("a\t1.5\t2.0\t3.0\nb\tNaN\tNaN\tNaN\n")
    run = variate_command("augment", "dead.tsv", "out.tsv", "--policy", "jitter", cwd=folder)
    assert run.returncode == 0
    assert run.stderr.count("channel 0 of row 1 has no reading") == 1
    assert "warnings.warn" not in run.stderr
    assert (folder / "out.tsv").read_text().splitlines()[3] == "b\tNaN\tNaN\tNaN"


def test_ops_lists_every_operation_with_its_parameters():
    out = variate_command("ops").stdout
    assert all(name in out for name in variate.ops)
    assert "sigma (0.03)" in out


def test_help_says_what_there_is():
    out = variate_command("--help").stdout
    assert all(word in out for word in ("demo", "augment", "ops"))


NAMES = ("GunPoint", "GesturePebbleZ1", "DodgerLoopWeekend")
SOURCES = [p for name in NAMES if (p := DATA / "ucr" / name / f"{name}_TRAIN.tsv.gz").exists()]


@pytest.mark.parametrize("source", SOURCES, ids=lambda p: p.name)
def test_real_files_grow_tenfold(source, tmp_path):
    """On the archive's own files where they are at hand (unequal lengths and missing values among them)."""
    variate.save(variate.Compose(variate.Jitter(), variate.TimeWarp()), tmp_path / "policy.yaml")
    outputs = []
    for threads in (1, 2):
        target = tmp_path / f"big{threads}.tsv.gz"
        run = variate_command(
            "augment", source, target, "--policy", tmp_path / "policy.yaml", "--copies", "9", "--threads", threads
        )
        assert run.returncode == 0, run.stderr
        outputs.append(gzip.decompress(target.read_bytes()))
    assert outputs[0] == outputs[1]
    original = gzip.decompress(source.read_bytes())
    assert outputs[0].startswith(original)
    assert outputs[0].count(b"\n") == 10 * original.count(b"\n")
