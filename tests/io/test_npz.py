"""NumPy archives. Broken by: losing a field, its dtype or its name; unpickling; bytes that depend on the clock."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

import variate
from variate import Panel
from variate.core.errors import DataFileError
from variate.io import File, read, write

FULL = Panel(
    np.random.default_rng(0).standard_normal((3, 2, 5)).astype(np.float32),
    label=np.array([2, 0, 1], dtype=np.int8),
    points=np.eye(3, 5, dtype=bool),
    point_role="state",
    mask=np.ones((3, 5), dtype=bool),
    covariates=np.zeros((3, 1, 5)),
    horizon=2,
    weight=np.array([1.0, 2.0, 0.5]),
    ids=["a", "b", "c"],
    extra={"who": np.array([7, 8, 9]), "name": np.array(["x", "y", "zz"])},
)
RAGGED = Panel(
    [np.ones((2, 3)), np.full((2, 5), np.nan), np.zeros((2, 1))],
    label=[0, 1, 0],
    points=[np.zeros(3, bool), np.ones(5, bool), np.zeros(1, bool)],
    mask=[np.ones(3, bool), np.ones(5, bool), np.ones(1, bool)],
    covariates=[np.zeros((1, 3)), np.ones((1, 5)), np.zeros((1, 1))],
)


def same(a: Panel, b: Panel) -> None:
    assert (a.point_role, a.horizon, a.ragged) == (b.point_role, b.horizon, b.ragged)
    fields, others = dict(a.present()) | dict(a.extra), dict(b.present()) | dict(b.extra)
    assert list(fields) == list(others)
    for name, array in fields.items():
        for left, right in zip(array, others[name], strict=True):
            np.testing.assert_array_equal(left, right)
            assert np.asarray(left).dtype == np.asarray(right).dtype


@pytest.mark.parametrize("panel", [FULL, RAGGED], ids=["full", "ragged"])
def test_every_field_comes_back_and_equal_content_is_equal_bytes(tmp_path, panel):
    write(tmp_path / "a.npz", File(panel, ("u", "v", "w")))
    file = read(tmp_path / "a.npz")
    same(file.panel, panel)
    assert file.classes == ("u", "v", "w")
    write(tmp_path / "b.npz", file)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    assert {i.date_time for i in zipfile.ZipFile(tmp_path / "a.npz").infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_numpy_reads_a_ragged_file_without_pickle(tmp_path):
    write(tmp_path / "a.npz", File(RAGGED))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as archive:
        assert archive["values"].shape == (2, 9)
        assert archive["lengths"].tolist() == [3, 5, 1]


@pytest.mark.parametrize(("x", "y"), [("x", "y"), ("X", "Y"), ("values", "label")])
def test_aliases_and_two_dimensions_come_back_in_kind(tmp_path, x, y):
    np.savez(tmp_path / "a.npz", **{x: np.arange(6, dtype=np.float32).reshape(2, 3), y: np.array([5, -1])})
    file = read(tmp_path / "a.npz")
    assert file.panel.values.shape == (2, 1, 3)
    assert file.panel.label.tolist() == [5, -1]
    assert file.classes is None
    write(tmp_path / "b.npz", file)
    with np.load(tmp_path / "b.npz") as archive:
        assert {name: archive[name].shape for name in archive} == {x: (2, 3), y: (2,)}
        assert archive[x].dtype == np.float32


def test_a_single_series_comes_back_in_kind(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(4.0))
    file = read(tmp_path / "a.npz")
    write(tmp_path / "b.npz", file)
    write(tmp_path / "c.npz", File(variate.expand(file.panel, variate.Jitter(), copies=2), about=file.about))
    with np.load(tmp_path / "b.npz") as one, np.load(tmp_path / "c.npz") as more:
        assert one["x"].shape == (4,)
        assert more["x"].shape == (3, 4)
        assert more["extra.copy"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("kind", ["U", "S"])
def test_labels_of_text_become_classes_and_text_again(tmp_path, kind):
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 4)), y=np.array(["10", "9", "10"]).astype(kind))
    file = read(tmp_path / "a.npz")
    assert file.classes == ("9", "10")
    assert file.panel.label.tolist() == [1, 0, 1]
    write(tmp_path / "b.npz", file)
    with np.load(tmp_path / "b.npz") as archive:
        assert archive["y"].tolist() == ["10", "9", "10"]


def test_unknown_arrays_with_an_entry_a_row_are_extra_and_keep_their_name(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.zeros((3, 4)), subject=np.array([1, 2, 2]), **{"extra.site": np.array([0, 0, 1])})
    file = read(tmp_path / "a.npz")
    assert {k: v.tolist() for k, v in file.panel.extra.items()} == {"subject": [1, 2, 2], "site": [0, 0, 1]}
    write(tmp_path / "b.npz", file)
    with np.load(tmp_path / "b.npz") as archive:
        assert sorted(archive) == ["extra.site", "subject", "x"]


@pytest.mark.parametrize(
    ("arrays", "sentence"),
    [
        ({"z": np.zeros((2, 3))}, "has no array 'values' (or 'x'); it has z"),
        ({"x": np.zeros((2, 3)), "X": np.zeros((2, 3))}, "'x' and 'X' mean the same field; keep one"),
        ({"x": np.zeros((2, 3)), "labels": np.zeros(5)}, "unknown array 'labels'; did you mean 'label'?"),
        ({"x": np.array([1, None], dtype=object)}, "'x' holds Python objects, which are never loaded"),
        ({"x": np.zeros((2, 3)), "y": np.array([0.5, 1.5])}, "label has shape (2,) and dtype float64"),
        ({"x": np.zeros((2, 3)), "points": np.zeros((2, 4))}, "points has shape (2, 4); values (2, 1, 3) need (2, 3)"),
        ({"x": np.zeros((2, 3)), "horizon": np.zeros(2)}, "horizon has shape (2,); it must be a single value"),
        ({"x": np.zeros((1, 5)), "lengths": np.array([2, 2])}, "lengths adds up to 4, so it needs (…, 4)"),
        ({"x": np.zeros((1, 5)), "lengths": np.array([2.0, 3.0])}, "lengths has shape (2,) and dtype float64"),
        ({"x": np.zeros((2, 3)), "y": [0, 2], "classes": ["a", "b"]}, "label 2 of row 1 has no name: there are 2 classes"),
        ({"x": np.zeros((2, 3)), "y": ["a", "c"], "classes": ["a", "b"]}, "label 'c' is not among the classes"),
        (
            {"x": np.zeros((2, 3)), "y": np.zeros((2, 3)), "classes": ["a", "b"]},
            "label has shape (2, 3) and there are 2 classes",
        ),
        ({"x": np.zeros((2, 3)), "classes": np.array("a")}, "classes has shape (); it must be the names"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, refusal, arrays, sentence):
    np.savez(tmp_path / "a.npz", **arrays)
    assert sentence in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize("cut", [0, 1, 50, -30])
def test_a_damaged_archive(tmp_path, refusal, cut):
    np.savez(tmp_path / "a.npz", x=np.zeros((20, 30)))
    path = tmp_path / "b.npz"
    path.write_bytes((tmp_path / "a.npz").read_bytes()[:cut])
    assert refusal(path).startswith(f"{path}: the file is empty" if cut == 0 else f"{path}: is no NumPy archive")


def test_a_flipped_byte_is_noticed(tmp_path, refusal):
    np.savez(tmp_path / "a.npz", x=np.zeros((20, 30)))
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[2000] ^= 255
    (tmp_path / "a.npz").write_bytes(data)
    assert "cut off or damaged" in refusal(tmp_path / "a.npz")


def test_text_named_npz(put, refusal):
    assert "is no NumPy archive" in refusal(put("a.npz", "1\t2\t3\n"))


def test_objects_are_not_written(tmp_path):
    panel = Panel(np.zeros((2, 3)), extra={"what": np.array([{}, []], dtype=object)})
    with pytest.raises(DataFileError, match="what holds Python objects"):
        write(tmp_path / "a.npz", File(panel))
    assert not list(tmp_path.iterdir())
