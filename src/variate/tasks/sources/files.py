"""Where the files of a source are."""

from __future__ import annotations

import os
from pathlib import Path

from variate.core.errors import DataFileError
from variate.tasks.sources.catalogue import CATALOGUE

VARIABLE = "VARIATE_DATA"


def folder() -> Path | None:
    """Return the folder that the environment variable ``VARIATE_DATA`` names, None where it names none."""
    named = os.environ.get(VARIABLE, "")
    return Path(named).expanduser().resolve() if named else None


def located(name: str, root: Path | None, part: str = "", hint: str = "") -> tuple[Path, ...]:
    """Return the files of a source, packed or not.

    Args:
        name: of the source.
        root: the folder that they lie under.
        part: which set of the source, where it has several.
        hint: what else may have been meant, for the end of the sentence.

    Raises:
        DataFileError: one of them is missing; the sentence says which, where it is looked for, and whom to get it from.
    """
    source = CATALOGUE[name]
    wanted = [file.format(set=part) for file in source.files]
    if root is None:
        raise DataFileError(f"{VARIABLE} is not set, so {wanted[0]} cannot be found; {_cure(name, wanted[0])}")
    found = []
    for file in wanted:
        path = next((p for p in (root / file, root / file.removesuffix(".gz")) if p.is_file()), None)
        if path is None:
            raise DataFileError(f"{root / file}: is not there; {_cure(name, file)}{hint}")
        found.append(path)
    return tuple(found)


def _cure(name: str, file: str) -> str:
    source = CATALOGUE[name]
    return f"get it from {source.origin}, and let {VARIABLE} name the folder that has it as {file} ({source.layout})"
