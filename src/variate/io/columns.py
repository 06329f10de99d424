"""Columns of a long table as arrays: numbers, flags, and the order of times."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.core.errors import DataFileError
from variate.io import text
from variate.io.tables import arrow

Where = Callable[[int], str]
"""From a row to the words that tell where it stands in the file."""

FLAGS = {"0": False, "1": True, "0.0": False, "1.0": True, "false": False, "true": True}


def decoded(column: Any, path: Path) -> Any:
    """Return a column as one array, categories as what they stand for."""
    pa = arrow(path)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.combine_chunks()


def categories(column: Any, path: Path) -> Any:
    """Return what the codes of a column of categories stand for, in order; None for another column."""
    if not arrow(path).types.is_dictionary(column.type) or not column.num_chunks:
        return None
    return column.unify_dictionaries().chunk(0).dictionary


def is_text(column: Any) -> bool:
    """Whether a column holds text."""
    return str(column.type) in ("string", "large_string", "string_view")


def check_full(name: str, column: Any, path: Path, where: Where) -> None:
    """Raise DataFileError where a cell is missing."""
    empty = np.asarray(column.is_null(nan_is_null=True))
    if is_text(column):
        empty = empty | np.asarray(arrow(path).compute.equal(column, "").fill_null(True))
    if empty.any():
        raise DataFileError(f"{where(int(np.argmax(empty)))}: {name!r} is empty; every row needs one")


def numbers(name: str, column: Any, path: Path, where: Where, from_csv: bool) -> Any:
    """Return a column as floats (rows,), NaN where it is missing.

    Raises:
        DataFileError: a column that holds no numbers, or a text of a CSV file that is none.
    """
    pa = arrow(path)
    kind = column.type
    if from_csv:
        return _parsed(name, column.to_pylist(), where)
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        column = column.cast(pa.float64())
    elif not pa.types.is_floating(kind):
        raise DataFileError(
            f"{path}: the column {name!r} holds {kind}, not numbers; drop it, or turn it into numbers "
            "(besides unique_id, ds and y a long table holds covariates and is_anomaly)"
        )
    return column.to_numpy(zero_copy_only=False)


def flags(column: Any, path: Path, where: Where) -> tuple[npt.NDArray[np.bool_], tuple[str, str]]:
    """Return a column of yes and no as booleans (rows,), and how a CSV file spelled False and True.

    Raises:
        DataFileError: a cell that is neither true, false, 0 nor 1.
    """
    cells: list[Any] = column.to_pylist()
    texts = {cell: str(cell).strip() for cell in set(cells)}
    meaning = {cell: FLAGS.get(word.lower()) for cell, word in texts.items()}
    odd = next((i for i, cell in enumerate(cells) if meaning[cell] is None), None)
    if odd is not None:
        raise DataFileError(f"{where(odd)}: 'is_anomaly' is {cells[odd]!r}; it must be 0 or 1, or false or true")
    spelled = next(iter(texts.values()), "0")
    pairs = (("0", "1"), ("0.0", "1.0"), ("False", "True"), ("false", "true"), ("FALSE", "TRUE"))
    return np.array([meaning[c] for c in cells], dtype=bool), next((p for p in pairs if spelled in p), ("0", "1"))


def order_of(column: Any, codes: Any, path: Path) -> tuple[Any, Any]:
    """Return numbers (rows,) that order the times of a column, and the Arrow type that the texts of a column spell.

    Text is read as whole numbers or as dates of ISO 8601; other text must stand in its own order within each series.

    Raises:
        DataFileError: other text out of order, or times of a type that has none.
    """
    pa = arrow(path)
    types = pa.types
    if is_text(column):
        for kind in (pa.int64(), pa.timestamp("us"), pa.timestamp("us", "UTC")):
            try:
                return np.asarray(column.cast(kind).cast(pa.int64())), kind
            except pa.ArrowInvalid:
                continue
        return _rank_of_texts(column, codes, path), None
    if types.is_timestamp(column.type) or types.is_date64(column.type) or types.is_time64(column.type):
        return np.asarray(column.cast(pa.int64())), None
    if types.is_date32(column.type) or types.is_time32(column.type):
        return np.asarray(column.cast(pa.int32())), None
    if types.is_integer(column.type) or types.is_floating(column.type):
        return np.asarray(column), None
    raise DataFileError(f"{path}: 'ds' holds {column.type}; it must be whole numbers, times, or text")


def _rank_of_texts(column: Any, codes: Any, path: Path) -> Any:
    texts: list[str] = column.to_pylist()
    place = {word: i for i, word in enumerate(sorted(set(texts)))}
    rank = np.array([place[word] for word in texts])
    order = np.argsort(codes, kind="stable")
    back = (np.diff(rank[order]) < 0) & (np.diff(codes[order]) == 0)
    if back.any():
        later, earlier = texts[order[int(np.argmax(back))]], texts[order[int(np.argmax(back)) + 1]]
        raise DataFileError(
            f"{path}: 'ds' is text whose order cannot be told ({earlier!r} comes after {later!r}); "
            "write dates as 2012-01-31 or 2012-01-31 12:00:00, or steps as whole numbers"
        )
    return rank


def _parsed(name: str, cells: list[str], where: Where) -> text.Floats:
    try:
        found = np.array([cell or "nan" for cell in cells], dtype=np.float64)
    except ValueError:
        found = None
    if found is None or any("_" in cell for cell in cells):
        odd = next(i for i, cell in enumerate(cells) if cell and not text.is_number(cell))
        raise DataFileError(
            f"{where(odd)}: the column {name!r} holds {cells[odd]!r}, which is no number; correct it, leave the cell empty "
            "for a missing reading, or drop the column if it holds no numbers"
        )
    return found
