"""Writing files so that a crash, a full disk or an interruption leaves what was there before."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


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
