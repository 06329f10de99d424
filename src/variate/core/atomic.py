"""Writing files so that a crash, a full disk or an interruption leaves what was there before."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from variate.core.errors import DataFileError


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[BinaryIO]:
    """Give a stream to a new file beside ``target``, and move it there when all is written.

    A link stays a link, and a file that was there keeps its mode.

    Raises:
        OSError: as opening, writing and moving do; then nothing was changed.
    """
    # the end of a link, so that the link itself stays; a short name, so that a long one fits too
    place = Path(os.path.realpath(target))
    part = place.with_name(f".variate-{os.getpid()}-{os.urandom(4).hex()}.part")
    try:
        with open(part, "xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if place.exists():
            shutil.copymode(place, part)
        os.replace(part, place)
    finally:
        part.unlink(missing_ok=True)


def check_place(target: Path, force: bool) -> None:
    """Raise DataFileError where a file may not be written: no folder, no regular file, or one that is there already."""
    try:
        if target.is_dir():
            raise DataFileError(f"{target}: is a folder; name a file in it")
        if not target.parent.is_dir():
            raise DataFileError(f"{target}: there is no folder {str(target.parent)!r}; make it first")
        if target.exists() and not target.is_file():
            raise DataFileError(f"{target}: is no regular file, and would be replaced by one; choose another name")
        if target.exists() and not force:
            raise DataFileError(f"{target}: exists already; choose another name, or replace it with force (--force)")
    except OSError as error:
        raise unwritable(target, error) from None


def unwritable(target: Path, error: OSError) -> DataFileError:
    """Return the error that says why a file could not be written, and what to do."""
    reasons: dict[Any, str] = {
        errno.ENOSPC: "the disk is full; make room, or write to another folder",
        errno.EDQUOT: "the quota of the disk is used up; make room, or write to another folder",
        errno.EROFS: f"the folder {str(target.parent)!r} is read-only; write to another one",
        errno.EACCES: f"writing in the folder {str(target.parent)!r} is not permitted; write to another one",
        errno.EPERM: f"writing in the folder {str(target.parent)!r} is not permitted; write to another one",
    }
    reason = reasons.get(error.errno, f"{error.strerror or error}")
    return DataFileError(f"{target}: cannot be written: {reason}. Nothing was changed")
