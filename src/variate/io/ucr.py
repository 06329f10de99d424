"""The layout of the UCR archive: a class label and the values of one series a line, separated by tabs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from variate.core.errors import DataFileError
from variate.core.panel import Panel
from variate.io import text
from variate.io.fields import check_fields, check_one_channel, classes_of, label_texts
from variate.io.file import File, ending_of
from variate.kernels.arrays import numpy_of


def read(path: Path) -> File:
    """Return the series of a UCR file as a panel (n, 1, t), or a ragged one.

    NaN at the end of a line means that the series is shorter, NaN inside is a missing reading; a line of NaN alone is a
    series of full length without a reading. A class is named by its text exactly.

    Raises:
        DataFileError: no tabs, a line without values, lines of different width, a value that is no number.
    """
    labels: list[str] = []
    rows: list[text.Floats] = []
    point = False
    for number, line in enumerate(text.lines(path), 1):
        if not line.strip():
            continue
        label, *fields = line.split("\t")
        where = f"{path}, line {number}"
        _check_line(label, fields, len(rows[0]) if rows else None, where)
        rows.append(text.numbers(fields, where, first=2))
        labels.append(label)
        point = point or ".0\t" in line or line.endswith(".0")
    classes, places = classes_of(labels)
    table = np.stack(rows)
    about = {"format": "ucr", "width": table.shape[1], "point": point}
    return File(Panel(_series(table), label=places), classes, about)


def write(file: File, stream: BinaryIO, target: Path) -> None:
    """Write a panel of one channel in the UCR layout, shorter series padded with NaN to the width of the longest.

    Missing readings at the end of a series cannot be told from a shorter series in this layout.

    Raises:
        DataFileError: more than one channel, no or soft labels, or a field that the layout has no place for.
    """
    panel = file.panel
    check_fields(panel, target, kept=("label",))
    check_one_channel(panel, target)
    names = label_texts(file, target)
    if names is None:
        raise DataFileError(
            f"{target}: the series have no class labels, and each line of a {ending_of(target)} file begins with one; "
            "write to .ts or .npz"
        )
    odd = next((name for name in names if not name.strip() or set(name) & set("\t\r\n")), None)
    if odd is not None:
        raise DataFileError(f"{target}: the class name {odd!r} cannot begin a line separated by tabs; rename the class")
    about = file.about if file.about.get("format") == "ucr" else {}
    width = max([about.get("width", 0), *(row.shape[-1] for row in panel.values)])
    for name, row in zip(names, panel.values, strict=True):
        values = text.joined(numpy_of(row)[0], "\t", "NaN", about.get("point", False))
        padding = "\tNaN" * (width - row.shape[-1])
        stream.write(f"{name}\t{values}{padding}\n".encode())


def _check_line(label: str, fields: list[str], width: int | None, where: str) -> None:
    if not fields:
        found = f"it begins with {label[:30]!r}; separate label and values by tabs"
        raise DataFileError(f"{where}: has a class label and no values, or no tabs ({found})")
    if not label.strip():
        raise DataFileError(f"{where}: has no class label; the first column names the class")
    if width is not None and len(fields) != width:
        raise DataFileError(
            f"{where}: has {len(fields)} values and the lines before have {width}; "
            "pad shorter series with NaN at the end, or fetch the file again if it was cut off"
        )


def _series(table: text.Floats) -> Any:
    """Return (n, 1, t), or a list of (1, t_i) without the padding at the end."""
    seen = ~np.isnan(table)
    lengths = np.where(seen.any(axis=1), table.shape[1] - np.argmax(seen[:, ::-1], axis=1), table.shape[1])
    if len(set(lengths.tolist())) == 1:
        return np.ascontiguousarray(table[:, None, : lengths[0]])
    return [row[None, :length] for row, length in zip(table, lengths, strict=True)]
