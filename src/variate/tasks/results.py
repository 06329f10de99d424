"""Files of results: a line of JSON for each number that was measured, added to and never changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from variate.core.atomic import unwritable
from variate.core.errors import DataFileError

Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    """Return the lines of a results file, none where there is no file; a line that was cut off is left out.

    Raises:
        DataFileError: the file cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    except OSError as error:
        raise DataFileError(f"{path}: cannot be read ({error.strerror or error})") from None
    found = []
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return found


def gathered(paths: Sequence[Path]) -> list[Row]:
    """Return the lines of several files; a folder stands for the ``.jsonl`` files in it.

    Raises:
        DataFileError: there is no such file or folder, or no file in it.
    """
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not inside or not inside[0].is_file():
            raise DataFileError(f"{path}: has no results; name a .jsonl file that variate run wrote, or a folder of them")
        files += inside
    return [row for file in files for row in read(file)]


def add(path: Path, rows: Iterable[Row]) -> None:
    """Add lines to the end of a file, wherever that is by then; a line that was cut off before is ended first.

    Either all lines get there or none: what a full disk let through is taken back. Without lines it is made certain that
    the file can be written.

    Raises:
        DataFileError: the file cannot be written.
    """
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a+b", buffering=0) as stream:
            size = stream.seek(0, os.SEEK_END)
            if size:
                stream.seek(-1, os.SEEK_END)
                lines = lines if stream.read(1) == b"\n" else "\n" + lines
            try:
                _write(stream, lines.encode())
            except BaseException:
                stream.truncate(size)
                raise
    except OSError as error:
        raise unwritable(path, error) from None


def _write(stream: Any, data: bytes) -> None:
    while data:  # a raw stream may take a part only
        data = data[stream.write(data) :]
