"""Real files, where they are at hand. Broken by: whatever the archives do that the tiny files here do not."""

from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from variate.io import read, write

DATA = Path(os.environ.get("VARIATE_DATA", Path(__file__).parents[2] / ".." / "shared" / "data"))
UCR = ("GesturePebbleZ1", "DodgerLoopWeekend", "MelbournePedestrian", "FordA", "ECG200", "Wafer")
UEA = ("BasicMotions", "JapaneseVowels", "NATOPS")
LONG = ("m4/m4_weekly_*", "electricity/*", "exchange_rate/*", "traffic/*")


@pytest.mark.parametrize("name", UCR)
def test_ucr_files_are_written_back_byte_for_byte(tmp_path, name):
    for path in sorted(DATA.glob(f"ucr/{name}/*_TRAIN.tsv.gz")):
        start = time.perf_counter()
        file = read(path)
        assert time.perf_counter() - start < 5
        write(tmp_path / "b.tsv", file, force=True)
        assert (tmp_path / "b.tsv").read_bytes() == gzip.decompress(path.read_bytes()), path
        table = pd.read_csv(path, sep="\t", header=None).to_numpy()
        for row, expected in zip(file.panel.values, table, strict=True):
            np.testing.assert_allclose(row[0], expected[1 : row.shape[1] + 1], rtol=1e-15)
            assert np.isnan(expected[row.shape[1] + 1 :]).all()


@pytest.mark.parametrize("name", UEA)
def test_uea_files_keep_header_classes_and_values(tmp_path, name):
    for path in sorted(DATA.glob(f"uea/{name}/*.ts.gz")):
        file = read(path)
        write(tmp_path / "b.ts", file, force=True)
        back = read(tmp_path / "b.ts")
        assert back.classes == file.classes
        np.testing.assert_array_equal(back.panel.label, file.panel.label)
        for mine, theirs in zip(back.panel.values, file.panel.values, strict=True):
            np.testing.assert_array_equal(mine, theirs)
        original = gzip.decompress(path.read_bytes()).decode().splitlines()
        header = original[: next(i for i, line in enumerate(original) if line.lower().startswith("@data")) + 1]
        assert (tmp_path / "b.ts").read_text().splitlines()[: len(header)] == header
        first = np.array([[float(v) for v in d.split(",")] for d in original[len(header)].split(":")[:-1]])
        np.testing.assert_array_equal(file.panel.values[0], first)


@pytest.mark.parametrize("name", LONG)
def test_tables_are_written_back_with_all_types(tmp_path, name):
    for path in sorted(DATA.glob(f"{name}.parquet")):
        file = read(path)
        write(tmp_path / "b.parquet", file, force=True)
        pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "b.parquet"), pd.read_parquet(path))
        write(tmp_path / "c.csv", file, force=True)
        for mine, theirs in zip(read(tmp_path / "c.csv").panel.values, file.panel.values, strict=True):
            np.testing.assert_array_equal(mine.astype(theirs.dtype), theirs)
