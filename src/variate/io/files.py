"""Which format a path means, and writing that never leaves half a file."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import BinaryIO, Protocol

from variate.core.atomic import check_place, replacing, unwritable
from variate.core.errors import DataFileError, PanelError
from variate.io import long, npz, ts, ucr
from variate.io.fields import did_you_mean
from variate.io.file import File, ending_of


class Format(Protocol):
    """A module that reads and writes one layout."""

    def read(self, path: Path) -> File:
        """Return what the file holds."""

    def write(self, file: File, stream: BinaryIO, target: Path) -> None:
        """Write a file's content to a stream; ``target`` tells the ending and is named in messages."""


FORMATS: dict[str, Format] = {
    ".npz": npz,
    ".tsv": ucr,
    ".tsv.gz": ucr,
    ".ts": ts,
    ".ts.gz": ts,
    ".parquet": long,
    ".csv": long,
    ".csv.gz": long,
}
ENDINGS = tuple(FORMATS)
"""The endings of the files that variate reads and writes."""


def read(path: str | os.PathLike[str]) -> File:
    """Return what a data file holds; its ending tells the format.

    ``.npz`` holds arrays named as the fields of a Panel, ``.tsv`` the UCR layout, ``.ts`` the UEA layout, ``.parquet``
    and ``.csv`` a long table with the columns unique_id, ds and y; the three text formats may be gzip-compressed.
    Values of text files are float64, so that nothing is rounded.

    Raises:
        DataFileError: a file that is missing, of no known format, damaged or malformed, with the line where there is one.
    """
    source = Path(path)
    form = _format_of(source)
    try:
        if source.is_dir():
            raise DataFileError(f"{source}: is a folder; name a file in it")
        return form.read(source)
    except FileNotFoundError:
        raise DataFileError(f"{source}: there is no such file{_neighbour(source)}") from None
    except OSError as error:
        raise DataFileError(f"{source}: cannot be read ({error.strerror or error})") from None
    except PanelError as error:
        raise DataFileError(f"{source}: {error}") from None


def write(path: str | os.PathLike[str], file: File, force: bool = False) -> None:
    """Write a data file; the ending of ``path`` tells the format, which may differ from the one that was read.

    The file is written beside its place and then moved there, so that a failure leaves what was there before. Equal
    content gives equal bytes.

    Args:
        path: where to; its folder must exist.
        file: what to write.
        force: whether an existing file is replaced.

    Raises:
        DataFileError: a target that exists or cannot be written, or a panel with something the format has no place for.
    """
    target = check_target(path, force)
    form = _format_of(target)
    try:
        with replacing(target) as stream:
            if target.suffix.lower() == ".gz":
                with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=stream, mtime=0) as packed:
                    form.write(file, packed, target)  # type: ignore[arg-type]
            else:
                form.write(file, stream, target)
    except OSError as error:
        raise unwritable(target, error) from None


def check_target(path: str | os.PathLike[str], force: bool = False) -> Path:
    """Return the path if a data file may be written there: a check to make before long work.

    Raises:
        DataFileError: an unknown ending, a missing folder, or a file that is there while ``force`` is False.
    """
    target = Path(path)
    _format_of(target)
    check_place(target, force)
    return target


def _format_of(path: Path) -> Format:
    ending = ending_of(path)
    if ending in FORMATS:
        return FORMATS[ending]
    seen = f"unknown ending {ending!r}{did_you_mean(ending, ENDINGS)}" if ending else "the name has no ending"
    if path.is_dir():
        seen = "is a folder; name a file in it"
    raise DataFileError(f"{path}: {seen} (data files end in {', '.join(ENDINGS)})")


def _neighbour(path: Path) -> str:
    try:
        return did_you_mean(path.name, [p.name for p in path.parent.iterdir() if ending_of(p) in FORMATS])
    except OSError:
        return f"; there is no folder {str(path.parent)!r}"
