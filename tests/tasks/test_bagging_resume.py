"""A run of the bagging study that was cut off goes on as if nothing had been."""

from __future__ import annotations

import json

from variate.tasks import bagging as task


def rows(series, arms=task.ARMS, members=2, value=1.0):
    return [
        {"frequency": "weekly", "series": series, "arm": arm, "members": members, "seed": 0, "value": value} for arm in arms
    ]


def written(out, lines, cut=0):
    text = "".join(json.dumps(row) + "\n" for row in lines)
    out.write_text(text[: len(text) - cut])


def test_a_series_with_some_of_its_arms_is_done_again(tmp_path):
    """Breaks where half a line is written on, or a series that has some of its lines counts as done."""
    out = tmp_path / "rows.jsonl"
    for cut, left in ((1, rows("W1") + rows("W2")), (20, rows("W1")), (120, rows("W1")), (200, rows("W1"))):
        written(out, rows("W1") + rows("W2"), cut)
        task._mend(out)
        assert task.read(out) == left
        assert out.read_text().endswith("\n")


def test_whole_files_stay_as_they_are(tmp_path):
    out = tmp_path / "rows.jsonl"
    task._mend(out)
    assert not out.exists()
    written(out, rows("W1") + rows("W1", members=3))
    before = out.read_bytes()
    task._mend(out)
    assert out.read_bytes() == before


def test_a_summary_is_of_one_number_of_members():
    """Breaks where lines of another run on the same file count."""
    every = rows("W1") + rows("W2") + rows("W1", members=3, value=9.0) + rows("W2", members=3, value=9.0)
    assert task.summary(task._of(every, 2, 0))["weekly"]["mean"].without == -1.0
