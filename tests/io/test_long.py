"""Long tables. Broken by: a value at another series' time, a lost column or type, a copy under its source's name."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

import variate
from variate import Panel
from variate.core.errors import DataFileError
from variate.io import File, read, write

CSV = "unique_id,ds,y,temp,is_anomaly\nB,2020-01-01,1,10.5,0\nB,2020-01-02,,11,1\nA,2020-01-01,2.5,12,0\nA,2020-01-02,3,13,0\n"
TIMES = {
    "int32": np.array([1, 2, 3], dtype=np.int32),
    "int64": np.array([10, 20, 30]),
    "timestamp": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-04"]),
    "zone": pd.to_datetime(["2020-01-01", "2020-01-02", "2020-01-04"]).tz_localize("Europe/Berlin"),
    "text": ["2020-Q1", "2020-Q2", "2020-Q3"],
    "numbers as text": ["8", "9", "10"],
}


def table(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"unique_id": ["B", "B", "A"], "ds": np.arange(3), "y": [1.0, 2.0, 3.0], **columns})


@pytest.mark.parametrize("ending", [".csv", ".csv.gz"])
def test_csv_is_written_back_byte_for_byte(put, tmp_path, ending):
    write(tmp_path / f"b{ending}", read(put("a.csv", CSV)))
    write(tmp_path / "c.csv", read(tmp_path / f"b{ending}"))
    assert (tmp_path / "c.csv").read_text() == CSV


def test_columns_find_their_fields(put):
    panel = read(put("a.csv", CSV)).panel
    assert panel.ids.tolist() == ["B", "A"]
    np.testing.assert_array_equal(panel.values, [[[1, np.nan]], [[2.5, 3]]])
    np.testing.assert_array_equal(panel.covariates, [[[10.5, 11]], [[12, 13]]])
    np.testing.assert_array_equal(panel.points, [[False, True], [False, False]])


@pytest.mark.parametrize("times", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
def test_parquet_keeps_every_type(tmp_path, times, dtype):
    frame = pd.DataFrame({"unique_id": ["A"] * 3, "ds": times, "y": np.array([4, 5, 6], dtype=dtype)})
    frame["n"] = np.array([1, 2, 3], dtype=np.int64)
    frame["is_anomaly"] = [False, True, False]
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    write(tmp_path / "b.parquet", read(tmp_path / "a.parquet"))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "b.parquet"), frame)
    write(tmp_path / "c.parquet", read(tmp_path / "b.parquet"))
    assert (tmp_path / "b.parquet").read_bytes() == (tmp_path / "c.parquet").read_bytes()


def test_categories_integers_as_names_and_nulls_survive(tmp_path):
    frame = table(unique_id=pd.Categorical(["B", "B", "A"]), y=pd.array([1, None, 3], dtype="Int64"), is_anomaly=[0, 1, 0])
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    write(tmp_path / "b.parquet", read(tmp_path / "a.parquet"))
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "b.parquet"), pd.read_parquet(tmp_path / "a.parquet"))
    table(unique_id=[7, 7, 2]).to_parquet(tmp_path / "c.parquet", index=False)
    file = read(tmp_path / "c.parquet")
    assert file.panel.ids.tolist() == [7, 2]
    write(tmp_path / "d.parquet", file)
    assert pd.read_parquet(tmp_path / "d.parquet")["unique_id"].tolist() == [7, 7, 2]


def test_more_categories_than_their_codes_can_count(tmp_path):
    names = [f"s{i:03}" for i in range(100)]
    frame = pd.DataFrame({"unique_id": pd.Categorical(names), "ds": 1, "y": 0.5})
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    file = read(tmp_path / "a.parquet")
    write(tmp_path / "b.parquet", File(variate.expand(file.panel, variate.Jitter(), copies=2), None, file.about))
    back = pd.read_parquet(tmp_path / "b.parquet")["unique_id"]
    assert back.cat.categories[:100].tolist() == names
    assert back.tolist() == names + [f"{n}#1" for n in names] + [f"{n}#2" for n in names]


def test_integers_become_floats_only_where_a_value_is_no_integer(tmp_path):
    table(y=np.array([1, 2, 3])).to_parquet(tmp_path / "a.parquet", index=False)
    file = read(tmp_path / "a.parquet")
    half = file.panel.replace(values=[v + 0.5 for v in file.panel.values])
    write(tmp_path / "b.parquet", File(half, None, file.about))
    assert pd.read_parquet(tmp_path / "b.parquet")["y"].tolist() == [1.5, 2.5, 3.5]


def test_rows_out_of_order_are_sorted_within_their_series(put):
    file = read(put("a.csv", "unique_id,ds,y\nB,10,3\nA,2,5\nB,9,2\nA,1,4\nB,1,1\n"))
    assert file.panel.ids.tolist() == ["B", "A"]
    assert [v.tolist() for v in file.panel.values] == [[[1, 2, 3]], [[4, 5]]]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_copies_get_names_of_their_own_and_the_times_of_their_source(put, tmp_path, ending):
    file = read(
        put("a.csv", "unique_id,ds,y\nB,2020-01-01,1\nB,2020-01-05,2\nB,2020-01-06,4\nA,2021-01-01,3\nA,2021-02-01,5\n")
    )
    big = variate.expand(file.panel, variate.Jitter(), copies=2, seed=0)
    write(tmp_path / f"b{ending}", File(big, None, file.about))
    back = read(tmp_path / f"b{ending}")
    assert back.panel.ids.tolist() == ["B", "A", "B#1", "A#1", "B#2", "A#2"]
    for mine, theirs in zip(back.panel.values, big.values, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    frame = pd.read_csv(tmp_path / "b.csv") if ending == ".csv" else pd.read_parquet(tmp_path / "b.parquet")
    days = frame["ds"].astype(str).str.slice(0, 10)
    for name, series in days.groupby(frame["unique_id"]):
        expected = ["2020-01-01", "2020-01-05", "2020-01-06"] if name[0] == "B" else ["2021-01-01", "2021-02-01"]
        assert series.tolist() == expected


def test_shorter_copies_have_the_first_times_and_longer_ones_are_refused(put, tmp_path):
    file = read(put("a.csv", "unique_id,ds,y\nA,5,1\nA,6,2\nA,8,3\n"))
    origin = {"source": np.array([0]), "copy": np.array([1])}
    write(tmp_path / "b.csv", File(Panel([[7.0, 8.0]], extra=origin), None, file.about))
    assert (tmp_path / "b.csv").read_text() == "unique_id,ds,y\nA#1,5,7\nA#1,6,8\n"
    with pytest.raises(DataFileError, match="series 'A#1' has 4 steps and its source 3 times"):
        write(tmp_path / "c.csv", File(Panel([[1.0, 2, 3, 4]], extra=origin), None, file.about))
    assert not (tmp_path / "c.csv").exists()


def test_integer_names_become_text_where_copies_join_them(tmp_path):
    table(unique_id=[7, 7, 2]).to_parquet(tmp_path / "a.parquet", index=False)
    file = read(tmp_path / "a.parquet")
    write(tmp_path / "b.parquet", File(variate.expand(file.panel, variate.Jitter(), copies=1), None, file.about))
    assert pd.read_parquet(tmp_path / "b.parquet")["unique_id"].tolist() == ["7", "7", "2", "7#1", "7#1", "2#1"]


def test_some_rows_of_a_panel_keep_their_own_times(put, tmp_path):
    file = read(put("a.csv", CSV))
    write(tmp_path / "b.csv", File(file.panel.rows(np.array([1])), None, file.about))
    assert (tmp_path / "b.csv").read_text() == CSV.split("\n", 1)[0] + "\n" + "\n".join(CSV.split("\n")[3:])


def test_a_taken_name_and_an_unknown_id_are_refused(put, tmp_path):
    file = read(put("a.csv", "unique_id,ds,y\nA,1,1\nA#1,1,2\n"))
    with pytest.raises(DataFileError, match="two series would be named 'A#1'"):
        write(tmp_path / "b.csv", File(variate.expand(file.panel, variate.Jitter(), copies=1), None, file.about))
    with pytest.raises(DataFileError, match="no series 'Z' was read"):
        write(tmp_path / "b.csv", File(Panel([[1.0]], ids=["Z"]), None, file.about))
    extra = {"source": np.array([5]), "copy": np.array([0])}
    with pytest.raises(DataFileError, match="beyond the 2 of the file"):
        write(tmp_path / "b.csv", File(Panel([[1.0]], extra=extra), None, file.about))


def test_points_that_augmentation_added_are_a_new_column(put, tmp_path):
    file = read(put("a.csv", "unique_id,ds,y\nA,1,1\nA,2,2\n"))
    write(tmp_path / "b.csv", File(file.panel.replace(points=np.array([[False, True]])), None, file.about))
    assert (tmp_path / "b.csv").read_text() == "unique_id,ds,y,is_anomaly\nA,1,1,False\nA,2,2,True\n"


@pytest.mark.parametrize(("no", "yes"), [("0", "1"), ("False", "True"), ("false", "true"), ("0.0", "1.0")])
def test_flags_keep_their_spelling(put, tmp_path, no, yes):
    text = f"unique_id,ds,y,is_anomaly\nA,1,1,{no}\nA,2,2,{yes}\n"
    write(tmp_path / "b.csv", read(put("a.csv", text)))
    assert (tmp_path / "b.csv").read_text() == text


def test_quotes_and_line_ends(put, tmp_path):
    text = 'unique_id,ds,y\n"a,""b""",1,1\n"a,""b""",2,2\n'
    file = read(put("a.csv", "\ufeff" + text.replace("\n", "\r\n")))
    assert file.panel.ids.tolist() == ['a,"b"']
    write(tmp_path / "b.csv", file)
    assert (tmp_path / "b.csv").read_text() == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("series_id,ds,y\nA,1,1\n", "has no column 'unique_id'; rename 'series_id' to 'unique_id'"),
        ("unique_id,timestamp,y\nA,1,1\n", "has no column 'ds'; rename 'timestamp' to 'ds'"),
        ("uniqueid,ds,y\nA,1,1\n", "has no column 'unique_id'; rename 'uniqueid' to 'unique_id'"),
        ("unique_id, ds,y\nA,1,1\n", "has no column 'ds'; rename ' ds' to 'ds'"),
        ("unique_id;ds;y\nA;1;1\n", "separate the columns by commas"),
        ("unique_id,ds,y\n", "the table has no rows"),
        ("unique_id,ds,y,y\nA,1,1,1\n", "has two columns 'y'; rename or drop one"),
        (",unique_id,ds,y\n0,A,1,1\n", "the column '' is a table's row index"),
        ("unique_id,ds,y\nA,1,1\nA,2,x\n", "line 3: the column 'y' holds 'x', which is no number"),
        ("unique_id,ds,y\nA,1,1_0\n", "line 2: the column 'y' holds '1_0'"),
        ("unique_id,ds,y,town\nA,1,1,Ulm\n", "line 2: the column 'town' holds 'Ulm', which is no number"),
        ("unique_id,ds,y,is_anomaly\nA,1,1,2\n", "line 2: 'is_anomaly' is '2'; it must be 0 or 1, or false or true"),
        ("unique_id,ds,y,is_anomaly\nA,1,1,\n", "line 2: 'is_anomaly' is ''"),
        ("unique_id,ds,y\nA,1,1\n,2,2\n", "line 3: 'unique_id' is empty"),
        ("unique_id,ds,y\nA,1,1\nA,,2\n", "line 3: 'ds' is empty"),
        ("unique_id,ds,y\nA,1,1\nB,1,1\nA,1,2\n", "line 4: series 'A' has the time '1' twice"),
        ("unique_id,ds,y\nA,2020-01-01,1\nA,2020-01-01 00:00:00,2\n", "line 3: series 'A' has the time"),
        ("unique_id,ds,y\nA,9/1/2020,1\nA,10/1/2020,1\n", "'ds' is text whose order cannot be told ('10/1/2020' comes after"),
        ("unique_id,ds,y\nA,1\n", "is no well-formed CSV file"),
        ("", "the file is empty"),
    ],
)
def test_what_is_wrong_with_a_csv_file_is_named(put, refusal, text, sentence):
    assert sentence in refusal(put("a.csv", text))


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"town": ["x", "y", "z"]}, "the column 'town' holds"),
        ({"flag": [True, False, True]}, "the column 'flag' holds bool, not numbers"),
        ({"unique_id": [1.5, 1.5, 2.0]}, "'unique_id' holds double; it must be text or whole numbers"),
        ({"ds": [True, False, True]}, "'ds' holds bool; it must be whole numbers, times, or text"),
        ({"ds": [1.0, np.nan, 3.0]}, "row 2: 'ds' is empty"),
        ({"ds": [4, 4, 4]}, "row 2: series 'B' has the time '4' twice"),
        ({"is_anomaly": [0.0, 0.5, 1.0]}, "row 2: 'is_anomaly' is 0.5"),
    ],
)
def test_what_is_wrong_with_a_parquet_file_is_named(tmp_path, refusal, columns, sentence):
    table(**columns).to_parquet(tmp_path / "a.parquet", index=False)
    assert sentence in refusal(tmp_path / "a.parquet")


def test_a_row_index_is_no_covariate(tmp_path, refusal):
    table().iloc[[2, 0, 1]].to_parquet(tmp_path / "a.parquet")
    assert "'__index_level_0__' is a table's row index" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize("cut", [0, 10, -20])
def test_a_damaged_parquet_file(tmp_path, refusal, cut):
    table().to_parquet(tmp_path / "a.parquet", index=False)
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:cut])
    assert ("the file is empty" if cut == 0 else "is no Parquet file") in refusal(tmp_path / "b.parquet")


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_without_pyarrow_the_cure_is_named(put, tmp_path, monkeypatch, refusal, name):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert "needs the package pyarrow; install it with pip install 'variate[io]'" in refusal(put(name, CSV))
    with pytest.raises(DataFileError, match=r"pip install 'variate\[io\]'"):
        write(tmp_path / f"b-{name}", File(Panel([[1.0]])))
    assert [p.name for p in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"values": np.zeros((1, 2, 3))}, "have 2 channels and a .csv file holds one"),
        ({"values": np.zeros((1, 3)), "label": [0]}, "has label, and a .csv file has no place for it"),
        ({"values": np.zeros((0, 1, 3))}, "the panel has no series, which a .csv file cannot show; write to .npz"),
        ({"values": [np.zeros(3), np.zeros(0)]}, "the panel has a series without a step, which a .csv file cannot show"),
        ({"values": np.zeros((1, 3)), "mask": np.ones((1, 3), bool)}, "has mask, and"),
        ({"values": np.zeros((1, 3)), "points": np.zeros((1, 3)), "point_role": "state"}, "the points are states"),
        ({"values": np.zeros((1, 3)), "points": np.full((1, 3), 0.5)}, "the points are soft labels"),
    ],
)
def test_what_a_table_cannot_hold_is_refused(tmp_path, fields, sentence):
    with pytest.raises(DataFileError) as caught:
        write(tmp_path / "a.csv", File(Panel(**fields)))
    assert sentence in str(caught.value)
    assert not list(tmp_path.iterdir())
