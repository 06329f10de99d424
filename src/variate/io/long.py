"""Long tables: one reading a row, in the columns unique_id (which series), ds (when) and y (the value)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from variate.core.errors import DataFileError
from variate.core.panel import Panel
from variate.io import columns, tables
from variate.io.fields import check_fields, check_one_channel
from variate.io.file import File
from variate.kernels.arrays import numpy_of

NEEDED = ("unique_id", "ds", "y")
EVENTS = "is_anomaly"
USUAL = {"unique_id": "series_id item_id id series name", "ds": "timestamp time date datetime t step", "y": "value target"}


def read(path: Path) -> File:
    """Return the series of a long table as a panel (n, 1, t), or a ragged one, in the order in which they appear.

    The rows of a series are sorted by ds. Further numeric columns are covariates, ``is_anomaly`` (booleans, or 0 and 1)
    gives the point labels; ids are the unique_id.

    Raises:
        DataFileError: columns that are missing or hold something else, the same time twice in a series, a damaged file.
    """
    table, from_csv = tables.load(path), tables.is_text_file(path)
    others = _check_names(table.column_names, path)
    if not table.num_rows:
        raise DataFileError(f"{path}: the table has no rows")
    return _file(table, others, path, from_csv)


def write(file: File, stream: BinaryIO, target: Path) -> None:
    """Write a panel of one channel as a long table, with the columns, types and times that were read.

    A row that ``expand`` made as copy k of series A is the series ``A#k`` at the times of A, or at the first of them if
    it is shorter. Without times from a long table, ds counts 1, 2, ….

    Raises:
        DataFileError: a series longer than its times, a name that is taken, or a field that a table has no place for.
    """
    pa = tables.arrow(target)
    panel = file.panel
    check_fields(panel, target, kept=("points", "covariates"))
    check_one_channel(panel, target)
    if panel.points is not None and panel.point_role != "event":
        raise DataFileError(f"{target}: the points are states, and {EVENTS!r} holds events; write to .npz")
    about = file.about if file.about.get("format") == "long" else {}
    sources, names = _names(file, target)
    lengths = np.array([v.shape[-1] for v in panel.values], dtype=np.int64)
    rows = np.repeat(np.arange(panel.n), lengths)
    cells = {"unique_id": pa.array(names).take(pa.array(rows)), "ds": _times(about, sources, names, lengths, target)}
    cells["y"] = _numbers("y", _flat(panel.values, 0), about, pa)
    count = 0 if panel.covariates is None else panel.covariates[0].shape[0]
    for i, name in enumerate(about.get("covariates") or [f"covariate_{i}" for i in range(count)]):
        cells[name] = _numbers(name, _flat(panel.covariates, i), about, pa)
    if panel.points is not None:
        cells[EVENTS] = _events(_flat(panel.points, None), about, target, pa)
    table = _typed(cells, about, target, pa)
    tables.save(table, stream, target, about.get("missing", {}), about.get("point", {}))


def _file(table: Any, others: list[str], path: Path, from_csv: bool) -> File:
    def where(row: int) -> str:
        return f"{path}, line {row + 2}" if from_csv else f"{path}, row {row + 1}"

    cells = {name: columns.decoded(table[name], path) for name in table.column_names}
    for name in ("unique_id", "ds"):
        columns.check_full(name, cells[name], path, where)
    ids, codes = _series(cells["unique_id"], path)
    key, clock = columns.order_of(cells["ds"], codes, path)
    order = np.lexsort((key, codes))
    _check_single(cells, codes[order], key[order], order, where)
    lengths = np.bincount(codes)
    floats = {n: columns.numbers(n, cells[n], path, where, from_csv) for n in ("y", *others)}
    about = {
        "format": "long",
        "ids": ids,
        "ds": cells["ds"].take(order),
        "clock": clock,
        "lengths": lengths,
        "schema": table.schema,
        "csv": from_csv,
        "categories": {n: d for n in ("unique_id", "ds") if (d := columns.categories(table[n], path)) is not None},
        "covariates": tuple(others),
        **_style(cells, floats, from_csv),
    }
    fields: dict[str, Any] = {}
    if EVENTS in cells:
        flags, about["flags"] = columns.flags(cells[EVENTS], path, where)
        fields["points"] = _cut(flags[order], lengths)
    if others:
        fields["covariates"] = _cut(np.stack([floats[n] for n in others])[:, order], lengths)
    return File(Panel(_cut(floats["y"][order][None], lengths), ids=np.array(ids.to_pylist()), **fields), None, about)


def _check_names(names: list[str], path: Path) -> list[str]:
    """Return the names of the covariates."""
    for needed in NEEDED:
        if needed not in names:
            usual = [n for n in names if n.strip().lower() in (needed, *USUAL[needed].split())]
            near = next(iter(usual or get_close_matches(needed, names, n=1)), None)
            hint = "" if near is None else f"; rename {near!r} to {needed!r}"
            if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
                hint = "; separate the columns by commas"
            raise DataFileError(
                f"{path}: has no column {needed!r}{hint} (a long table needs {', '.join(NEEDED)}; the file has "
                f"{', '.join(map(repr, names[:20]))}{', …' if len(names) > 20 else ''})"
            )
    index = next((n for n in names if not n or n.startswith(("Unnamed: ", "__index_level_"))), None)
    if index is not None:
        raise DataFileError(f"{path}: the column {index!r} is a table's row index; write the file without it (index=False)")
    return [n for n in names if n not in (*NEEDED, EVENTS)]


def _series(column: Any, path: Path) -> tuple[Any, Any]:
    """Return the names of the series in order of appearance, and the place of each row's among them."""
    pa = tables.arrow(path)
    if not (pa.types.is_integer(column.type) or columns.is_text(column)):
        raise DataFileError(f"{path}: 'unique_id' holds {column.type}; it must be text or whole numbers")
    coded = column.dictionary_encode()
    return coded.dictionary, np.asarray(coded.indices).astype(np.int64)


def _check_single(cells: Any, codes: Any, key: Any, order: Any, where: columns.Where) -> None:
    twice = (np.diff(codes) == 0) & (np.diff(key) == 0)
    if twice.any():
        first = int(np.argmax(twice))
        row = int(max(order[first], order[first + 1]))
        raise DataFileError(
            f"{where(row)}: series {cells['unique_id'][row].as_py()!r} has the time {str(cells['ds'][row].as_py())!r} twice; "
            "keep one reading a time, or average them"
        )


def _style(cells: Any, floats: Any, from_csv: bool) -> dict[str, Any]:
    """Return how missing and whole numbers are written, by column."""
    if not from_csv:
        return {"nulls": {n for n in floats if cells[n].null_count}}
    texts = {n: cells[n].to_pylist() for n in floats}
    gaps = {n: int(np.argmax(np.isnan(v))) for n, v in floats.items() if np.isnan(v).any()}
    return {
        "missing": {n: texts[n][i] for n, i in gaps.items()},
        "point": {n: any(cell.endswith(".0") for cell in cells) for n, cells in texts.items()},
    }


def _cut(array: Any, lengths: Any) -> Any:
    """Return (…, rows) as (n, …, t), or as a list of (…, t_i)."""
    if len(set(lengths.tolist())) > 1:
        return np.split(array, np.cumsum(lengths)[:-1], axis=-1)
    parts = array.reshape(*array.shape[:-1], len(lengths), lengths[0])
    return np.ascontiguousarray(np.moveaxis(parts, -2, 0))


def _flat(field: Any, channel: int | None) -> Any:
    """Return one channel of a time field, the series one after the other."""
    parts = [numpy_of(row) if channel is None else numpy_of(row)[channel] for row in field]
    return np.concatenate(parts)


def _names(file: File, target: Path) -> tuple[Any, list[Any]]:
    """Return the source of each row, and its unique_id."""
    panel, known = file.panel, file.about.get("ids")
    read_ids = None if known is None else list(known.tolist())
    if {"source", "copy"} <= set(panel.extra):
        sources, copies = (numpy_of(panel.extra[name]).tolist() for name in ("source", "copy"))
        read_ids = read_ids or list(range(1 + max(sources, default=-1)))
        if any(not 0 <= s < len(read_ids) for s in sources):
            raise DataFileError(f"{target}: extra['source'] names a row beyond the {len(read_ids)} of the file that was read")
        names = [f"{read_ids[s]}#{k}" if k else read_ids[s] for s, k in zip(sources, copies, strict=True)]
    else:
        names = panel.ids.tolist()
        place = {name: i for i, name in enumerate(names if read_ids is None else read_ids)}
        odd = next((name for name in names if name not in place), None)
        if odd is not None:
            raise DataFileError(f"{target}: no series {odd!r} was read, so its times are unknown; keep the ids of the panel")
        sources = [place[name] for name in names]
    if any(isinstance(name, str) for name in names):
        names = [str(name) for name in names]
    seen: set[Any] = set()
    for name in names:
        if name in seen:
            raise DataFileError(f"{target}: two series would be named {name!r}; rename the series of that name before")
        seen.add(name)
    return np.array(sources, dtype=np.int64), names


def _times(about: Mapping[str, Any], sources: Any, names: list[Any], lengths: Any, target: Path) -> Any:
    """Return the column ds."""
    pa = tables.arrow(target)
    steps = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    if not about:
        return pa.array(steps + 1)
    known = about["lengths"]
    long = np.flatnonzero(lengths > known[sources])
    if len(long):
        i = int(long[0])
        raise DataFileError(
            f"{target}: series {names[i]!r} has {lengths[i]} steps and its source {known[sources[i]]} times; for the further "
            "steps no ds is known: use transforms that do not lengthen the series, or write to .npz"
        )
    starts = np.cumsum(known) - known
    times = about["ds"].take(pa.array(np.repeat(starts[sources], lengths) + steps))
    from_csv_to_parquet = about["csv"] and not tables.is_text_file(target)
    return times.cast(about["clock"]) if from_csv_to_parquet and about["clock"] is not None else times


def _numbers(name: str, values: Any, about: Mapping[str, Any], pa: Any) -> Any:
    """Return a column of numbers in the type that was read; an integer column with fractions now becomes float64."""
    kind = about["schema"].field(name).type if about and not about["csv"] else pa.null()
    if pa.types.is_integer(kind):
        try:
            return pa.array(values, from_pandas=True).cast(kind)
        except pa.ArrowInvalid:  # a fraction, or beyond the range of the type
            values = values.astype(np.float64)
    elif pa.types.is_floating(kind):
        values = values.astype(kind.to_pandas_dtype(), copy=False)
    return pa.array(values, from_pandas=name in about.get("nulls", ()))


def _events(values: Any, about: Mapping[str, Any], target: Path, pa: Any) -> Any:
    if not np.isin(values, (0, 1)).all():
        raise DataFileError(f"{target}: the points are soft labels, and {EVENTS!r} holds 0 or 1; write to .npz")
    flags = values.astype(bool)
    if "flags" in about and tables.is_text_file(target):
        return pa.array(np.array(about["flags"])[flags.astype(int)])
    kind = about["schema"].field(EVENTS).type if "flags" in about and not about["csv"] else pa.bool_()
    if tables.is_text_file(target) or pa.types.is_boolean(kind):
        return pa.array(flags)
    return pa.array(flags.astype(np.int64)).cast(kind)


def _typed(cells: dict[str, Any], about: Mapping[str, Any], target: Path, pa: Any) -> Any:
    """Return the table in the order of the columns that were read, texts and times in their types."""
    order = [n for n in about["schema"].names if n in cells] if about else []
    names = [*order, *(n for n in cells if n not in order)]
    if about and not tables.is_text_file(target) and not about["csv"]:
        for name in ("unique_id", "ds"):
            cells[name] = _as(cells[name], about["schema"].field(name).type, about["categories"].get(name), pa)
    table = pa.table({name: cells[name] for name in names})
    return tables.described(table, about["schema"]) if about else table


def _as(column: Any, kind: Any, categories: Any, pa: Any) -> Any:
    """Return a column in a type: text as the kind of text it was, categories in their order with new ones behind."""
    if categories is None:
        return column if pa.types.is_integer(kind) else column.cast(kind)
    if pa.types.is_integer(categories.type) and not pa.types.is_integer(column.type):
        return column  # copies have names of text
    column = column.cast(categories.type)
    fresh = column.unique().filter(pa.compute.invert(pa.compute.is_in(column.unique(), value_set=categories)))
    known = pa.concat_arrays([categories, fresh])
    places = pa.compute.index_in(column, value_set=known)
    with suppress(pa.ArrowInvalid):  # copies may be more categories than a narrow index type can count
        places = places.cast(kind.index_type)
    return pa.DictionaryArray.from_arrays(places, known)
