"""``variate show`` and ``variate gallery`` as a person would use them; the gallery's content is tested with the pictures."""

from __future__ import annotations

import subprocess
import sys

import pytest

import variate


def variate_command(*args, cwd):
    command = [sys.executable, "-m", "variate", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120)


@pytest.fixture
def folder(tmp_path):
    rows = ["a\t1.0\t2.0\t4.0\t3.0\t1.0", "b\t2.0\t1.0\t0.0\t1.0\tNaN", "a\t2.0\t1.0\t0.0\t1.0\t2.0"]
    (tmp_path / "train.tsv").write_text("\n".join(rows) + "\n")
    variate.save(variate.Compose(variate.Jitter(sigma=0.1), variate.TimeWarp()), tmp_path / "policy.yaml")
    return tmp_path


def test_show_draws_an_operation_or_a_policy(folder):
    # Breaks if the policy, the data with their class names, or the seed do not reach the picture.
    def drawn(*args):
        run = variate_command("show", *args, "--out", "p.svg", "--force", cwd=folder)
        assert run.returncode == 0, run.stderr
        assert run.stdout.strip() == "p.svg"
        return (folder / "p.svg").read_text()

    examples = drawn("policy.yaml")
    assert "Compose(Jitter(sigma=0.1), TimeWarp())" in examples
    assert "random walk" in examples
    assert "Permutation(segments=4" in drawn("um2017")
    assert "Crop()" in drawn("upsample")  # another name of it
    first = drawn("jitter", "--data", "train.tsv", "--seed", "1", "--rate", "2")
    assert "series 1 · class b" in first
    assert "time (s)" in first
    assert first == drawn("jitter", "--data", "train.tsv", "--seed", "1", "--rate", "2")
    assert first != drawn("jitter", "--data", "train.tsv", "--seed", "2", "--rate", "2")


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("show", "flop", "--out", "p.png"), "show flop: no policy file (.yaml, .json), operation or preset; did you mean"),
        (("show", "compose", "--out", "p.png"), "show compose: is made of other operations"),
        (("show", "flip", "--out", "p.jpg"), "unknown ending '.jpg' (pictures end in .png, .svg, .pdf)"),
        (("show", "flip", "--out", "no/p.png"), "there is no folder"),
        (("show", "flip", "--out", "old.png"), "exists already"),
        (("show", "flip", "--out", "p.png", "--data", "none.tsv"), "there is no such file"),
        (("show", "none.yaml", "--out", "p.png"), "none.yaml: cannot be read"),
        (("show", "flip", "--out", "p.png", "--rate", "-1"), "rate must be above 0"),
        (("gallery", "--out", "."), "is not empty and no gallery"),
        (("gallery", "--out", "old.png"), "is a file; name a folder"),
    ],
)
def test_mistakes_become_one_sentence_and_leave_no_file(folder, args, words):
    (folder / "old.png").write_text("precious")
    before = sorted(p.name for p in folder.iterdir())
    run = variate_command(*args, cwd=folder)
    assert run.returncode == 1
    assert words in run.stderr
    assert len(run.stderr.strip().splitlines()) == 1
    assert sorted(p.name for p in folder.iterdir()) == before
    assert (folder / "old.png").read_text() == "precious"
