"""The UEA layout. Broken by: losing a header line or the order of classes, mixing dimensions up, rounding a value."""

from __future__ import annotations

import numpy as np
import pytest

from variate import Panel
from variate.core.errors import DataFileError
from variate.io import File, read, write

TINY = """#Two watches.
#
@problemName Tiny
@timeStamps false
@missing true
@univariate false
@dimensions 2
@equalLength false
@classLabel true walk Run 10
@data
1.5,2,?:-1e-05,0,3:walk
4,5:6,7:10
1,2,3,4:5,6,7,8:Run
"""
EQUAL = "@problemName E\n@timeStamps false\n@univariate true\n@equalLength true\n@seriesLength 3\n@classLabel true a b\n@data\n"


@pytest.mark.parametrize("ending", [".ts", ".ts.gz"])
def test_a_file_is_written_back_byte_for_byte(put, tmp_path, ending):
    write(tmp_path / f"b{ending}", read(put("a.ts", TINY)))
    file = read(tmp_path / f"b{ending}")
    write(tmp_path / "c.ts", file)
    assert (tmp_path / "c.ts").read_text() == TINY


def test_dimensions_gaps_and_header_order_of_classes(put):
    file = read(put("a.ts", TINY))
    assert file.classes == ("walk", "Run", "10")
    assert file.panel.label.tolist() == [0, 2, 1]
    np.testing.assert_array_equal(file.panel.values[0], [[1.5, 2, np.nan], [-1e-05, 0, 3]])
    assert [v.shape for v in file.panel.values] == [(2, 3), (2, 2), (2, 4)]


def test_headers_are_read_in_any_case(put):
    text = (
        TINY.replace("@problemName", "@PROBLEMNAME").replace("@classLabel true", "@classlabel TRUE").replace("@data", "@Data")
    )
    assert read(put("a.ts", text)).classes == ("walk", "Run", "10")


def test_a_file_without_classes(put, tmp_path):
    text = "@problemName N\n@timeStamps false\n@univariate true\n@classLabel false\n@data\n1,2\n3,4\n"
    file = read(put("a.ts", text))
    assert file.classes is None
    assert file.panel.label is None
    assert file.panel.values.shape == (2, 1, 2)
    write(tmp_path / "b.ts", file)
    assert (tmp_path / "b.ts").read_text() == text


def test_classes_that_the_header_does_not_list_are_collected(put):
    file = read(put("a.ts", "@classLabel true\n@data\n1,2:10\n3,4:9\n"))
    assert file.classes == ("9", "10")


def test_header_lines_that_no_longer_hold_are_amended(put, tmp_path):
    file = read(put("a.ts", "#kept\n" + EQUAL.replace("@univariate", "@missing false\n@univariate") + "1,2,3:a\n4,5,6:b\n"))
    ragged = Panel([np.array([[1.0, np.nan]]), np.array([[1.0, 2, 3]])], label=[1, 0])
    write(tmp_path / "b.ts", File(ragged, file.classes, file.about))
    assert (tmp_path / "b.ts").read_text() == (
        "#kept\n@problemName E\n@timeStamps false\n@missing true\n@univariate true\n@equalLength false\n"
        "@classLabel true a b\n@data\n1,?:b\n1,2,3:a\n"
    )
    shorter = Panel(np.ones((1, 1, 2)), label=[0])
    write(tmp_path / "c.ts", File(shorter, file.classes, file.about))
    assert "@equalLength true\n@seriesLength 2\n" in (tmp_path / "c.ts").read_text()


def test_a_panel_from_elsewhere_gets_a_header_that_is_true(tmp_path):
    values = np.random.default_rng(1).standard_normal((4, 3, 5))
    write(tmp_path / "My set.ts", File(Panel(values, label=[0, 1, 1, 0]), ("x", "a")))
    text = (tmp_path / "My set.ts").read_text()
    assert text.startswith(
        "@problemName Myset\n@timeStamps false\n@missing false\n@univariate false\n@dimensions 3\n"
        "@equalLength true\n@seriesLength 5\n@classLabel true x a\n@data\n"
    )
    back = read(tmp_path / "My set.ts")
    assert back.classes == ("x", "a")
    np.testing.assert_array_equal(back.panel.values, values)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("@timeStamps true\n@data\n", "line 1: the file has time stamps, which are not read"),
        ("@classLabel true a\n@data\n(0,1),(1,2):a\n", "line 3: begins with '(', a time stamp"),
        ("@targetLabel true\n@data\n", "line 1: the file is for regression"),
        ("@clasLabel true a\n@data\n", "line 1: unknown header '@clasLabel'; did you mean 'classLabel'?"),
        ("@\n", "line 1: unknown header '@'"),
        ("@missing false\n@missing true\n", "line 2: '@missing' is there twice"),
        ("@dimensions two\n", "line 1: '@dimensions' is 'two'; it must be a whole number"),
        ("@missing maybe\n", "line 1: '@missing' is 'maybe'; it must be true or false"),
        ("1,2:a\n", "line 1: data before the line '@data'"),
        ("@missing false\n", "has no line '@data'"),
        ("@data\n#nothing\n", "has no case after '@data'"),
        (EQUAL + "1,2,x:a\n", "line 8, dimension 1, column 3: is 'x'; it must be a number, or ? for a missing reading"),
        (EQUAL + "1,,3:a\n", "line 8, dimension 1, column 2: is empty"),
        (EQUAL + "1,2,3:c\n", "line 8: class 'c' is not in the header's @classLabel; known: a, b"),
        (EQUAL + "1,2,3\n", "line 8: has no values, or no class label after a colon"),
        (EQUAL + "1,2,3:1,2,3:a\n", "line 8: has 2 dimensions and the header says '@univariate true'"),
        (EQUAL + "1,2,3:a\n1,2:a\n", "line 9: has 2 steps and the header or the first case has 3"),
        (EQUAL.replace("@seriesLength 3\n", "") + "1,2,3:a\n1,2:a\n", "line 8: has 2 steps"),
        (TINY + "1,2:3:walk\n", "line 14: dimension 2 has 1 values and dimension 1 has 2"),
        (TINY + "1,2:walk\n", "line 14: has 1 dimensions and the header or the cases before have 2"),
        (TINY + "1,2::walk\n", "line 14, dimension 2: has no values"),
        ("@classLabel true\n@data\n1,2:\n", "line 3: has no class label after the last colon"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(put, refusal, text, sentence):
    assert sentence in refusal(put("a.ts", text))


def test_names_that_would_not_come_back_are_refused(tmp_path):
    with pytest.raises(DataFileError, match="class name 'a b' holds a space or colon"):
        write(tmp_path / "a.ts", File(Panel(np.zeros((1, 3)), label=[0]), ("a b",)))
    with pytest.raises(DataFileError, match="class weights of shape"):
        write(tmp_path / "a.ts", File(Panel(np.zeros((1, 3)), label=[[0.5, 0.5]]), ("a", "b")))
    assert not list(tmp_path.iterdir())
