"""Writing pictures and pages so that a stop leaves what was there before."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from variate.core.atomic import check_place, replacing, unwritable
from variate.core.errors import DataFileError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNDATED: dict[str, dict[str, Any]] = {".png": {}, ".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
"""The endings of pictures, and what keeps the time of day out of each kind: equal pictures give equal bytes."""


def save(figure: Figure, path: str | os.PathLike[str], force: bool = False) -> Path:
    """Write a figure to ``.png``, ``.svg`` or ``.pdf`` and return the path.

    Args:
        figure: what to write.
        path: where to; its folder must exist.
        force: whether an existing file is replaced.

    Raises:
        DataFileError: an unknown ending, a missing folder, a file that is there while ``force`` is False, or a place that
            cannot be written to.
    """
    target = check_target(path, force)
    put(target, rendered(figure, target.suffix.lower()))
    return target


def rendered(figure: Figure, ending: str = ".png", dpi: int = 150) -> bytes:
    """Return the content of the picture's file."""
    from matplotlib import rc_context

    stream = io.BytesIO()
    with rc_context({"svg.hashsalt": "variate"}):  # else the names inside an SVG differ from run to run
        figure.savefig(stream, format=ending[1:], dpi=dpi, metadata=UNDATED[ending])
    return stream.getvalue()


def check_target(path: str | os.PathLike[str], force: bool = False) -> Path:
    """Return the path if a picture may be written there: a check to make before long work.

    Raises:
        DataFileError: as :func:`save` does.
    """
    target = Path(path)
    check_place(target, force)
    ending = target.suffix.lower()
    if ending not in UNDATED:
        seen = f"unknown ending {target.suffix!r}" if ending else "the name has no ending"
        raise DataFileError(f"{target}: {seen} (pictures end in {', '.join(UNDATED)})")
    return target


def put(target: Path, content: bytes) -> None:
    """Write a file whole or not at all; raise DataFileError where it cannot be written."""
    try:
        with replacing(target) as stream:
            stream.write(content)
    except OSError as error:
        raise unwritable(target, error) from None


def make_folder(folder: Path) -> None:
    """Make a folder, and those above it, where it is missing; raise DataFileError where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from None
