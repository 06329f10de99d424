"""Files of results: all lines of a cell or none, and damaged ones left out."""

import resource

import pytest

from variate.core.errors import DataFileError
from variate.tasks import results
from variate.tasks.results import add, read


def test_what_did_not_fit_is_taken_back(tmp_path):
    """Breaks where a write that the system cut short stays in part; a file size that is limited is as good as a full disk."""
    out = tmp_path / "out.jsonl"
    add(out, [{"k": 1}])
    before, limits = out.read_bytes(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 10, limits[1]))
    try:
        with pytest.raises(DataFileError, match=r"out\.jsonl: cannot be written: File too large"):
            add(out, [{"k": 2, "text": "x" * 100}])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert out.read_bytes() == before


def test_an_interruption_while_lines_are_added_takes_them_back(tmp_path, monkeypatch):
    """Breaks where Ctrl-C between two parts of a write leaves the first."""
    out = tmp_path / "out.jsonl"
    add(out, [{"k": 1}])
    before = out.read_bytes()

    def write(stream, content):
        stream.write(content[:5])
        raise KeyboardInterrupt

    monkeypatch.setattr(results, "_write", write)
    with pytest.raises(KeyboardInterrupt):
        add(out, [{"k": 2}])
    assert out.read_bytes() == before


def test_a_write_that_takes_a_part_only_goes_on():
    """Breaks where what a raw stream did not take is lost."""

    class Slow:
        def __init__(self):
            self.taken = b""

        def write(self, content):
            self.taken += content[:3]
            return len(content[:3])

    stream = Slow()
    results._write(stream, b"0123456789")
    assert stream.taken == b"0123456789"


def test_lines_that_cannot_be_read_are_left_out(tmp_path):
    """Breaks where a damaged or a foreign line makes all the others unreadable, or an unreadable file has none."""
    path = tmp_path / "out.jsonl"
    assert read(path) == []
    path.write_bytes(b'{"k": 1}\n\xff\xfe{"k"\n\n{"k": 2, "te\n{"k": 3}\n{"k": 4')
    assert read(path) == [{"k": 1}, {"k": 3}]
    add(path, [{"k": 5}])
    assert read(path) == [{"k": 1}, {"k": 3}, {"k": 5}]


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """Breaks where the system's own error comes through, or a file that is there but cannot be read counts as empty."""
    with pytest.raises(DataFileError, match=r"xxx: cannot be read \(File name too long\)"):
        read(tmp_path / ("x" * 300))
