"""Saving a picture: whole or not at all."""

from __future__ import annotations

import numpy as np
import pytest

import variate
from variate import plot
from variate.core.errors import DataFileError

MAGIC = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF", ".PNG": b"\x89PNG"}


@pytest.mark.parametrize("ending", MAGIC)
def test_the_ending_tells_the_format_and_equal_pictures_are_equal_bytes(tmp_path, ending):
    # Breaks if a format is mistaken, or the time of day gets into the file.
    paths = [tmp_path / f"{name}{ending}" for name in "ab"]
    for path in paths:
        assert plot.save(plot.show(variate.Flip(), np.arange(9.0)), path) == path
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(MAGIC[ending])
    assert first == second


def test_refuses_what_would_be_lost_or_unreadable(tmp_path):
    # Breaks if a file is overwritten, or matplotlib's own error comes through.
    figure = plot.paired_scores([0.1], [0.2])
    path = plot.save(figure, tmp_path / "a.png")
    with pytest.raises(DataFileError, match=r"a.png: exists already; .*\(--force\)"):
        plot.save(figure, path)
    plot.save(figure, path, force=True)
    for name, words in (
        ("a.jpg", r"unknown ending '.jpg' \(pictures end in .png, .svg, .pdf\)"),
        ("a", "the name has no ending"),
        ("none/a.png", "there is no folder"),
        (".", "is a folder; name a file in it"),
        (f"{'x' * 300}.png", "cannot be written"),
    ):
        with pytest.raises(DataFileError, match=words):
            plot.save(figure, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]
