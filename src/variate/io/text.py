"""Text files: their bytes, their lines, and numbers in them."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.core.errors import DataFileError

Floats = npt.NDArray[np.float64]

_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*([eE][-+]?\d+)?|\.\d+([eE][-+]?\d+)?|nan|inf|infinity)\s*", re.ASCII | re.IGNORECASE)
_MARK = b"\xef\xbb\xbf"  # some editors begin a UTF-8 file with this
_MAGIC = b"\x1f\x8b"  # a gzip file begins with this


def content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where its name ends in .gz; raise DataFileError for an empty or broken one."""
    data = path.read_bytes()
    packed = path.suffix.lower() == ".gz"
    if not data:
        raise DataFileError(f"{path}: the file is empty")
    if packed != data.startswith(_MAGIC):
        cure = "is not compressed; take .gz off its name" if packed else "is compressed; add .gz to its name"
        raise DataFileError(f"{path}: the file {cure}")
    if packed:
        try:
            data = gzip.decompress(data)
        except (EOFError, zlib.error, OSError) as error:
            raise DataFileError(f"{path}: the compressed file is cut off or damaged ({error}); fetch it again") from None
    data = data.removeprefix(_MARK)
    if not data.strip():
        raise DataFileError(f"{path}: the file is empty")
    return data


def lines(path: Path) -> list[str]:
    """Return the lines of a text file without their ends; line k is at place k − 1."""
    try:
        text = content(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataFileError(f"{path}: is not a text file in UTF-8 (byte {error.start + 1}); save it as UTF-8") from None
    return text.replace("\r\n", "\n").split("\n") if "\r" in text else text.split("\n")


def numbers(fields: Sequence[str], where: str, first: int = 1, missing: str = "NaN") -> Floats:
    """Return the numbers that the fields spell (t,).

    Args:
        fields: the texts of one line.
        where: the file and line, for the message.
        first: the column of the first field, for the message.
        missing: how the format spells a missing reading, for the message.

    Raises:
        DataFileError: a field that is no number, with its column.
    """
    try:
        found = np.array(fields, dtype=np.float64)
    except ValueError:
        found = None
    # Python reads 1_000 as a number, a data file does not mean one
    if found is None or any("_" in field for field in fields):
        column = next(i for i, field in enumerate(fields) if not _NUMBER.fullmatch(field))
        seen = repr(fields[column]) if fields[column].strip() else "empty"
        raise DataFileError(
            f"{where}, column {first + column}: is {seen}; it must be a number, or {missing} for a missing reading"
        )
    return found


def is_number(text: str) -> bool:
    """Whether a text spells a number, NaN and infinity among them."""
    return _NUMBER.fullmatch(text) is not None


def joined(values: Any, separator: str, missing: str, point: bool) -> str:
    """Return floats (t,) as one text, each with the fewest digits that give the same float back.

    Args:
        values: (t,) floats.
        separator: one character between them.
        missing: what is written for NaN.
        point: whether a whole number is written 5.0, not 5.
    """
    texts = map(repr, values.tolist()) if values.dtype == np.float64 else values.astype("U").tolist()
    line = separator.join(texts) + separator
    if not point:
        line = line.replace(f".0{separator}", separator)
    return line[:-1].replace("nan", missing)
