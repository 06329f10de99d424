"""Endings, and writing safely. Broken by: half a file, a lost file, a temporary file left behind, bytes that vary."""

from __future__ import annotations

import errno
import gzip
import os
import time

import numpy as np
import pytest

import variate
from variate import Panel
from variate.core.errors import DataFileError
from variate.io import ENDINGS, File, check_target, read, write

PLAIN = Panel(np.arange(6.0).reshape(2, 3))
LABELLED = Panel(np.arange(6.0).reshape(2, 3), label=[0, 1])


def panel_for(ending: str) -> Panel:
    return LABELLED if ending.startswith((".ts", ".tsv")) else PLAIN


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_reads_what_it_wrote_and_the_clock_leaves_no_trace(tmp_path, monkeypatch, ending):
    write(tmp_path / f"a{ending}", File(panel_for(ending)))
    monkeypatch.setattr(time, "time", lambda: 2e9)
    write(tmp_path / f"b{ending}", File(panel_for(ending)))
    first, second = (tmp_path / f"{n}{ending}" for n in "ab")
    # the UEA header names the problem after the file
    strip = (lambda data: data.replace(b"Name a", b"Name b")) if ending.startswith(".ts") and ending != ".tsv" else bytes
    unpack = gzip.decompress if ending.endswith(".gz") else bytes
    assert strip(unpack(first.read_bytes())) == unpack(second.read_bytes())
    np.testing.assert_array_equal(read(first).panel.values, PLAIN.values)


def test_gzip_holds_neither_time_nor_name(tmp_path):
    write(tmp_path / "a.tsv.gz", File(LABELLED))
    head = (tmp_path / "a.tsv.gz").read_bytes()[:10]
    assert head[3] == 0  # no name
    assert head[4:8] == bytes(4)  # no time


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a.parqet", "unknown ending '.parqet'; did you mean '.parquet'? (data files end in .npz, .tsv, .tsv.gz, .ts,"),
        ("a.npz.gz", "unknown ending '.npz.gz'"),
        ("a.xlsx", "unknown ending '.xlsx' (data files end in"),
        ("a", "the name has no ending (data files end in"),
    ],
)
def test_unknown_endings(tmp_path, refusal, name, sentence):
    assert sentence in refusal(tmp_path / name)
    with pytest.raises(DataFileError) as caught:
        write(tmp_path / name, File(PLAIN))
    assert sentence in str(caught.value)


def test_endings_in_capitals(put):
    assert read(put("A.TSV", "1\t2\n")).panel.n == 1


def test_missing_files_and_folders(tmp_path, put, refusal):
    put("train.tsv", "1\t2\n")
    assert "there is no such file; did you mean 'train.tsv'?" in refusal(tmp_path / "trian.tsv")
    assert "there is no such file; there is no folder" in refusal(tmp_path / "none" / "a.tsv")
    (tmp_path / "folder.npz").mkdir()
    (tmp_path / "folder").mkdir()
    assert "is a folder; name a file in it" in refusal(tmp_path / "folder.npz")
    assert "is a folder; name a file in it" in refusal(tmp_path / "folder")


def test_gzip_that_is_cut_off_damaged_or_misnamed(tmp_path, refusal):
    packed = gzip.compress(b"1\t2\t3\n" * 1000)
    for name, data, sentence in (
        ("cut.tsv.gz", packed[:-12], "is cut off or damaged"),
        ("crc.tsv.gz", packed[:-8] + bytes(8), "is cut off or damaged"),
        ("plain.tsv.gz", b"1\t2\n", "is not compressed; take .gz off its name"),
        ("packed.tsv", packed, "is compressed; add .gz to its name"),
        ("empty.tsv.gz", gzip.compress(b""), "the file is empty"),
        ("latin.tsv", "Bär\t1\n".encode("latin-1"), "is not a text file in UTF-8 (byte 2)"),
        ("latin.csv", "ünique_id,ds,y\nBär,1,1\n".encode("latin-1"), "is not a text file in UTF-8"),
    ):
        (tmp_path / name).write_bytes(data)
        assert sentence in refusal(tmp_path / name)


def test_an_existing_file_is_replaced_by_force_alone(tmp_path):
    path = tmp_path / "a.npz"
    write(path, File(PLAIN))
    before = path.read_bytes()
    with pytest.raises(DataFileError, match="exists already; choose another name, or replace it with force"):
        write(path, File(LABELLED))
    assert path.read_bytes() == before
    path.chmod(0o640)
    write(path, File(LABELLED), force=True)
    assert read(path).panel.label.tolist() == [0, 1]
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_and_its_file_is_replaced(tmp_path):
    (tmp_path / "data").mkdir()
    write(tmp_path / "data" / "a.npz", File(PLAIN))
    (tmp_path / "link.npz").symlink_to(tmp_path / "data" / "a.npz")
    write(tmp_path / "link.npz", File(LABELLED), force=True)
    assert (tmp_path / "link.npz").is_symlink()
    assert read(tmp_path / "data" / "a.npz").panel.label is not None


def test_targets_that_are_no_files(tmp_path):
    (tmp_path / "a.npz").mkdir()
    os.mkfifo(tmp_path / "b.npz")
    for path, sentence in (
        (tmp_path / "a.npz", "is a folder; name a file in it"),
        (tmp_path / "b.npz", "is no regular file"),
        (tmp_path / "none" / "a.npz", "there is no folder"),
    ):
        with pytest.raises(DataFileError, match=sentence):
            check_target(path, force=True)
    assert check_target(tmp_path / "c.npz") == tmp_path / "c.npz"


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (errno.ENOSPC, "the disk is full; make room"),
        (errno.EROFS, "is read-only; write to another one"),
        (errno.EACCES, "is not permitted; write to another one"),
        (errno.EIO, "cannot be written: "),
    ],
)
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_failure_while_writing_leaves_what_was_there(tmp_path, monkeypatch, ending, code, sentence):
    path = tmp_path / f"a{ending}"
    write(path, File(panel_for(ending)))
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fail)  # where a file system that delays its writes tells of a full disk
    with pytest.raises(DataFileError) as caught:
        write(path, File(panel_for(ending)), force=True)
    assert sentence in str(caught.value)
    assert "Nothing was changed" in str(caught.value)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_disk_that_fills_up_in_the_middle(tmp_path, monkeypatch, ending):
    def on_a_full_disk(path: object, mode: str) -> object:
        open(path, "xb").close()  # the name is taken, the content finds no room
        return open("/dev/full", "wb", buffering=0)

    monkeypatch.setattr("variate.core.atomic.open", on_a_full_disk, raising=False)
    with pytest.raises(DataFileError, match="the disk is full"):
        write(tmp_path / f"a{ending}", File(panel_for(ending)))
    assert not list(tmp_path.iterdir())


def test_an_interruption_leaves_nothing_behind(tmp_path, monkeypatch):
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "a.npz", File(PLAIN))
    assert not list(tmp_path.iterdir())


def test_from_one_format_to_another(put, tmp_path):
    text = "cat\t1\t2.5\tNaN\n-1\t3\t4\t5\n"
    file = read(put("a.tsv", text))
    for step in ("b.npz", "c.ts", "d.ts.gz", "e.npz", "f.tsv.gz", "g.tsv"):
        write(tmp_path / step, file)
        file = read(tmp_path / step)
        assert file.classes == ("-1", "cat")
    assert (tmp_path / "g.tsv").read_text() == text
    with pytest.raises(DataFileError, match=r"has label, and a \.parquet file has no place for it"):
        write(tmp_path / "h.parquet", file)


def test_tables_from_one_format_to_another(put, tmp_path):
    text = "unique_id,ds,y,temp\nA,2020-01-01 00:00:00,1,5\nA,2020-01-01 01:00:00,2.5,6\nB,2020-01-01 00:00:00,3,7\n"
    file = read(put("a.csv", text))
    for step in ("b.parquet", "c.csv.gz", "d.parquet", "e.csv"):
        write(tmp_path / step, file)
        file = read(tmp_path / step)
    assert (tmp_path / "e.csv").read_text() == text
    assert str(read(tmp_path / "d.parquet").about["schema"].field("ds").type) == "timestamp[us]"
    write(tmp_path / "f.npz", file)
    write(tmp_path / "g.csv", read(tmp_path / "f.npz"))
    assert (tmp_path / "g.csv").read_text() == "unique_id,ds,y,covariate_0\nA,1,1,5\nA,2,2.5,6\nB,1,3,7\n"


def test_copies_of_an_archive_are_named_after_its_ids(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((2, 2)), ids=np.array(["u", "v"]))
    file = read(tmp_path / "a.npz")
    write(tmp_path / "b.csv", File(variate.expand(file.panel, variate.Jitter(), copies=1), None, file.about))
    assert read(tmp_path / "b.csv").panel.ids.tolist() == ["u", "v", "u#1", "v#1"]


def test_an_augmented_file_holds_its_original_first(put, tmp_path):
    text = "#c\n@problemName P\n@timeStamps false\n@univariate true\n@classLabel true b a\n@data\n1,2,3:a\n4,5,6:b\n"
    file = read(put("a.ts", text))
    write(tmp_path / "b.ts", File(variate.expand(file.panel, variate.Jitter(), copies=1), file.classes, file.about))
    lines = (tmp_path / "b.ts").read_text().splitlines()
    assert lines[:8] == text.splitlines()
    assert [line[-1] for line in lines[8:]] == ["a", "b"]
