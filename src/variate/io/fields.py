"""What of a panel a format has a place for, and the names of classes."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from variate.core.errors import DataFileError, suggest
from variate.core.panel import Panel
from variate.io.file import File, ending_of
from variate.kernels.arrays import is_floating, numpy_of

ORIGIN = ("source", "copy")
"""The fields that ``expand`` adds: a file that has no place for them may leave them out."""


def check_fields(panel: Panel, target: Path, kept: Collection[str] = ()) -> None:
    """Raise DataFileError where the panel holds a field, or series without steps, that the target's format would lose."""
    ending = ending_of(target)
    if not panel.n or not all(row.shape[-1] for row in panel.values):
        what = "a series without a step" if panel.n else "no series"
        raise DataFileError(f"{target}: the panel has {what}, which a {ending} file cannot show; write to .npz")
    lost = [name for name in ("label", "points", "mask", "covariates", "weight") if getattr(panel, name) is not None]
    lost += [f"extra[{name!r}]" for name in panel.extra if name not in ORIGIN]
    for name in lost:
        if name not in kept:
            raise DataFileError(
                f"{target}: the panel has {name}, and a {ending} file has no place for it; "
                "write to .npz, which keeps everything, or leave the field out"
            )


def check_one_channel(panel: Panel, target: Path) -> None:
    """Raise DataFileError where the series have more than one channel."""
    if panel.channels != 1:
        raise DataFileError(
            f"{target}: the series have {panel.channels} channels and a {ending_of(target)} file holds one; "
            "write to .ts or .npz"
        )


def classes_of(texts: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the class names, sorted as numbers where all are numbers, and each row's place among them (n,)."""
    names = sorted(set(texts))
    numbers = [_number(name) for name in names]
    if all(math.isfinite(number) for number in numbers):
        names = [name for _, name in sorted(zip(numbers, names, strict=True))]
    return tuple(names), places_of(texts, names)


def places_of(texts: Sequence[str], names: Sequence[str]) -> npt.NDArray[np.int64]:
    """Return the place of each text among the names (n,); every text is one of them."""
    place = {name: i for i, name in enumerate(names)}
    return np.array([place[text] for text in texts], dtype=np.int64)


def label_texts(file: File, target: Path) -> list[str] | None:
    """Return the class name of each row, or None for a panel without labels; raise DataFileError for soft labels."""
    label = file.panel.label
    if label is None:
        return None
    if is_floating(label):
        raise DataFileError(
            f"{target}: the labels are class weights of shape {tuple(label.shape)}, and a {ending_of(target)} file holds "
            "one class a row; write to .npz"
        )
    numbers = numpy_of(label).astype(np.int64).tolist()
    if file.classes is None:
        return [str(number) for number in numbers]
    check_places(numbers, file.classes, str(target))
    return [file.classes[number] for number in numbers]


def check_places(numbers: Any, classes: Sequence[str], where: str) -> None:
    """Raise DataFileError where a label is no position among the classes."""
    for row, number in enumerate(numbers):
        if not 0 <= number < len(classes):
            raise DataFileError(
                f"{where}: label {number} of row {row} has no name: there are {len(classes)} classes, "
                f"numbered 0 to {len(classes) - 1}; name the new classes in File(classes=...), or pass classes=None"
            )


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return ``"; did you mean 'x'?"`` where a known word is near, else nothing."""
    hint = suggest(word, known)
    return hint if "did you mean" in hint else ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
