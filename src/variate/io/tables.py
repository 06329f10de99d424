"""Long tables as files: Parquet and CSV to Arrow tables and back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from variate.core.errors import DataFileError
from variate.io import text
from variate.io.file import ending_of

BLOCK = 65536
"""Rows of a CSV file that are turned into text at once."""


def arrow(path: Path) -> Any:
    """Return pyarrow; raise DataFileError where it is not installed."""
    try:
        import pyarrow
        import pyarrow.compute
        import pyarrow.csv
        import pyarrow.parquet
    except ImportError:
        raise DataFileError(
            f"{path}: a {ending_of(path)} file needs the package pyarrow; install it with pip install 'variate[io]'"
        ) from None
    return pyarrow


def is_text_file(path: Path) -> bool:
    """Whether a path means CSV, whose cells are all text."""
    return ending_of(path) != ".parquet"


def load(path: Path) -> Any:
    """Return the table of a file; all columns of a CSV file are text, as they stand there.

    Raises:
        DataFileError: a damaged file, or lines of different width.
    """
    pa = arrow(path)
    table = _load_csv(path, pa) if is_text_file(path) else _load_parquet(path, pa)
    twice = next((name for name in table.column_names if table.column_names.count(name) > 1), None)
    if twice is not None:
        raise DataFileError(f"{path}: has two columns {twice!r}; rename or drop one")
    return table


def save(table: Any, stream: BinaryIO, target: Path, missing: Mapping[str, str], point: Mapping[str, bool]) -> None:
    """Write a table to a stream.

    Args:
        table: the Arrow table.
        stream: where to.
        target: its ending tells the format.
        missing: what a CSV file writes for a missing number, by column; nothing by default.
        point: whether a CSV file writes 5.0, not 5, by column.
    """
    pa = arrow(target)
    if not is_text_file(target):
        pa.parquet.write_table(table, stream, compression="zstd")
        return
    stream.write(_csv_text([tuple(table.column_names)]))
    for start in range(0, table.num_rows, BLOCK):
        part = table.slice(start, BLOCK)
        cells = [_texts(part[n], missing.get(n, ""), point.get(n, False), pa) for n in table.column_names]
        stream.write(_csv_text(zip(*cells, strict=True)))


def described(table: Any, schema: Any) -> Any:
    """Return the table with what the schema it was read with says beside the columns, as far as it still holds."""
    notes = dict(schema.metadata or {})
    if b"pandas" in notes:
        known = json.loads(notes[b"pandas"])
        same = {f.name for f in table.schema if f.name in schema.names and f.type == schema.field(f.name).type}
        known["columns"] = [column for column in known["columns"] if column["name"] in same]
        known["index_columns"] = []  # an index says how many rows there were
        notes[b"pandas"] = json.dumps(known).encode()
    return table.replace_schema_metadata(notes or None)


def _load_parquet(path: Path, pa: Any) -> Any:
    if not path.stat().st_size:
        raise DataFileError(f"{path}: the file is empty")
    try:
        with pa.parquet.ParquetFile(path) as file:
            return file.read()
    except (pa.ArrowException, OSError) as error:
        raise DataFileError(f"{path}: is no Parquet file, or is cut off or damaged ({_first_line(error)})") from None


def _load_csv(path: Path, pa: Any) -> Any:
    data = text.content(path)
    try:
        header = next(csv.reader(io.StringIO(data.split(b"\n", 1)[0].decode("utf-8"))))
        return pa.csv.read_csv(
            pa.BufferReader(data),
            read_options=pa.csv.ReadOptions(use_threads=False, column_names=header, skip_rows=1),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(header) > 1),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False, quoted_strings_can_be_null=False
            ),
        )
    except UnicodeDecodeError:
        raise DataFileError(f"{path}: is not a text file in UTF-8; save it as UTF-8") from None
    except (pa.ArrowException, csv.Error) as error:
        raise DataFileError(f"{path}: is no well-formed CSV file ({_first_line(error)})") from None


def _texts(column: Any, missing: str, point: bool, pa: Any) -> list[str]:
    """Return the cells of a column as a CSV file shows them."""
    kind = column.type
    if pa.types.is_floating(kind):
        values = column.to_numpy()
        return text.joined(values, "\n", missing, point).split("\n")
    if pa.types.is_timestamp(kind):
        column = _seconds(column, pa)
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_boolean(kind):
        return ["" if v is None else str(v) for v in column.to_pylist()]
    cells: list[Any] = column.cast(pa.string()).to_pylist()
    return ["" if cell is None else cell for cell in cells]


def _seconds(column: Any, pa: Any) -> Any:
    """Return time stamps without the zeros of a finer unit, where they are zeros."""
    try:
        return column.cast(pa.timestamp("s", column.type.tz))
    except pa.ArrowInvalid:
        return column


def _csv_text(rows: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0][:200]
