"""What a data file holds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from variate.core.panel import Panel


class File(NamedTuple):
    """The content of a data file.

    Args:
        panel: the series and what belongs to them.
        classes: the names of the classes, ``panel.label`` being the position of a row's class among them; None where
            the file names none.
        about: what the file's format needs to write it back as it was (header lines, names and types of columns, the
            times of a long table, …). ``about["format"]`` says whose it is; another format leaves it aside.
    """

    panel: Panel
    classes: tuple[str, ...] | None = None
    about: Mapping[str, Any] = MappingProxyType({})


def ending_of(path: Path) -> str:
    """Return the ending that tells the format, in small letters: ``.npz``, ``.tsv.gz``, …"""
    endings = [e.lower() for e in path.suffixes]
    return "".join(endings[-2:]) if endings[-1:] == [".gz"] else "".join(endings[-1:])
