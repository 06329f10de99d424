"""The UCR layout. Broken by: rounding a value, renaming a class, taking a gap for an end or an end for a gap."""

from __future__ import annotations

import numpy as np
import pytest

from variate import Panel
from variate.core.errors import DataFileError
from variate.io import File, read, write

TINY = "1\t0.1\t-2\t8.8469162e-05\t1e+300\n-1\t5\tNaN\t7\tNaN\n1\t1\t2\tNaN\tNaN\n"


@pytest.mark.parametrize("ending", [".tsv", ".tsv.gz"])
def test_a_file_is_written_back_byte_for_byte(put, tmp_path, ending):
    first, second = tmp_path / f"a{ending}", tmp_path / f"b{ending}"
    write(first, read(put("source.tsv", TINY)))
    write(second, read(first))
    assert first.read_bytes() == second.read_bytes()
    write(tmp_path / "plain.tsv", read(first))
    assert (tmp_path / "plain.tsv").read_text() == TINY


def test_padding_is_an_end_and_nan_inside_is_a_gap(put):
    panel = read(put("a.tsv", TINY)).panel
    assert [v.shape for v in panel.values] == [(1, 4), (1, 3), (1, 2)]
    np.testing.assert_array_equal(panel.values[1], [[5, np.nan, 7]])


def test_series_of_one_length_make_one_array(put):
    assert read(put("a.tsv", "0\t1\t2\n0\t3\t4\n")).panel.values.shape == (2, 1, 2)


def test_a_width_beyond_the_longest_series_stays(put, tmp_path):
    text = "0\t1\t2\tNaN\n0\t3\t4\tNaN\n"
    file = read(put("a.tsv", text))
    assert file.panel.values.shape == (2, 1, 2)
    write(tmp_path / "b.tsv", file)
    assert (tmp_path / "b.tsv").read_text() == text


def test_a_series_without_a_reading_keeps_its_length(put, tmp_path):
    text = "0\tNaN\tNaN\n0\t3\t4\n"
    file = read(put("a.tsv", text))
    assert file.panel.values.shape == (2, 1, 2)
    write(tmp_path / "b.tsv", file)
    assert (tmp_path / "b.tsv").read_text() == text


@pytest.mark.parametrize(
    ("labels", "classes"),
    [("10 9 -1", ("-1", "9", "10")), ("b cat 1", ("1", "b", "cat")), ("1.0 01 2", ("01", "1.0", "2")), ("2 nan", ("2", "nan"))],
)
def test_classes_keep_their_text_and_sort_as_numbers_where_all_are(put, labels, classes):
    file = read(put("a.tsv", "".join(f"{label}\t1\t2\n" for label in labels.split())))
    assert file.classes == classes
    assert [file.classes[i] for i in file.panel.label] == labels.split()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_survive_bit_for_bit(tmp_path, dtype):
    values = np.random.default_rng(0).standard_normal((20, 1, 30)).astype(dtype)
    values[0, 0, :6] = [0.1, -0.0, 1e-30, 16777216, 123456792, np.nan]
    write(tmp_path / "a.tsv", File(Panel(values, label=np.arange(20) % 3)))
    back = read(tmp_path / "a.tsv").panel.values.astype(dtype)
    np.testing.assert_array_equal(back.view(f"u{back.itemsize}"), values.view(f"u{back.itemsize}"))


def test_whole_numbers_keep_their_style(put, tmp_path):
    text = "0\t1.0\t2.5\t3.0\n"
    write(tmp_path / "b.tsv", read(put("a.tsv", text)))
    assert (tmp_path / "b.tsv").read_text() == text


def test_windows_line_ends_a_mark_and_blank_lines_are_read(put):
    file = read(put("a.tsv", "\ufeffcat\t1\t2\r\n\r\ndog\t3\t4\r\n"))
    assert file.classes == ("cat", "dog")
    assert file.panel.values[1].tolist() == [[3, 4]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("1\t2\t3\n1\t2\tx\n", "line 2, column 3: is 'x'; it must be a number, or NaN for a missing reading"),
        ("1\t2\t1_000\n", "line 1, column 3: is '1_000'"),
        ("1\t2\t\n", "line 1, column 3: is empty"),
        ("1\t2\t3\n2\n", "line 2: has a class label and no values, or no tabs"),
        ("1,2,3\n", "it begins with '1,2,3'; separate label and values by tabs"),
        ("1\t2\t3\n1\t2\n", "line 2: has 1 values and the lines before have 2; pad shorter series with NaN"),
        ("\t2\t3\n", "line 1: has no class label"),
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(put, refusal, text, sentence):
    assert sentence in refusal(put("a.tsv", text))


@pytest.mark.parametrize(
    ("fields", "classes", "sentence"),
    [
        (
            {"values": np.zeros((2, 6, 4)), "label": [0, 1]},
            None,
            "have 6 channels and a .tsv file holds one; write to .ts or .npz",
        ),
        (
            {"values": np.zeros((2, 4))},
            None,
            "no class labels, and each line of a .tsv file begins with one; write to .ts or .npz",
        ),
        ({"values": np.zeros((2, 4)), "label": np.full((2, 2), 0.5)}, None, "class weights of shape (2, 2)"),
        ({"values": np.zeros((2, 4)), "label": [0, 3]}, ("a", "b"), "label 3 of row 1 has no name: there are 2 classes"),
        ({"values": np.zeros((2, 4)), "label": [0, 1]}, ("a", "b\tc"), "class name 'b\\tc' cannot begin a line"),
        (
            {"values": np.zeros((2, 4)), "label": [0, 1], "points": np.zeros((2, 4))},
            None,
            "has points, and a .tsv file has no place",
        ),
        ({"values": np.zeros((2, 4)), "label": [0, 1], "extra": {"who": [1, 2]}}, None, "has extra['who']"),
    ],
)
def test_what_the_layout_cannot_hold_is_refused_and_nothing_is_written(tmp_path, fields, classes, sentence):
    with pytest.raises(DataFileError) as caught:
        write(tmp_path / "a.tsv", File(Panel(**fields), classes))
    assert sentence in str(caught.value)
    assert not list(tmp_path.iterdir())
