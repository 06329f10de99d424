"""The layout of the UEA archive: header lines, then one case a line, its dimensions separated by colons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from variate.core.errors import DataFileError, suggest
from variate.core.panel import Panel
from variate.io import text
from variate.io.fields import check_fields, classes_of, label_texts, places_of
from variate.io.file import File
from variate.kernels.arrays import numpy_of

SPELLED = ("problemName", "timeStamps", "missing", "univariate", "dimensions", "equalLength", "seriesLength")
KEYS = {key.lower(): key for key in (*SPELLED, "classLabel", "targetLabel", "data")}
Line = tuple[str, str]
"""A header line: its key in small letters, empty for a comment, and the line itself."""


@dataclass
class _Header:
    path: Path
    lines: list[Line] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    def add(self, raw: str, number: int) -> None:
        """Take in one line before the data."""
        line = raw.strip()
        if line.startswith("#") or not line:
            self.lines.append(("", raw))
            return
        where = f"{self.path}, line {number}"
        if not line.startswith("@"):
            raise DataFileError(f"{where}: data before the line '@data'; the header ends with it")
        word, *rest = line[1:].split(maxsplit=1) or [""]
        key, value = word.lower(), rest[0].strip() if rest else ""
        if key not in KEYS:
            raise DataFileError(f"{where}: unknown header '@{word}'{suggest(word, KEYS.values())}")
        if key in self.facts:
            raise DataFileError(f"{where}: '@{word}' is there twice; keep one of them")
        self.facts[key] = value
        self.lines.append((key, raw))
        self._check(key, value, where)

    def says(self, key: str) -> bool:
        """Whether the header says ``true`` for a key."""
        return self.facts.get(key, "").lower().split()[:1] == ["true"]

    def number(self, key: str) -> int | None:
        """Return the whole number of a key, where the header has it."""
        return int(self.facts[key]) if key in self.facts else None

    def _check(self, key: str, value: str, where: str) -> None:
        if key == "timestamps" and self.says(key):
            raise DataFileError(f"{where}: the file has time stamps, which are not read; write evenly spaced values without")
        if key == "targetlabel" and self.says(key):
            raise DataFileError(f"{where}: the file is for regression (@targetLabel); series with classes or none are read")
        if key in ("dimensions", "serieslength") and not (value.isascii() and value.isdigit()):
            raise DataFileError(f"{where}: '@{KEYS[key]}' is {value!r}; it must be a whole number")
        flags = ("timestamps", "missing", "univariate", "equallength", "classlabel", "targetlabel")
        if key in flags and value.lower().split()[:1] not in (["true"], ["false"]):
            raise DataFileError(f"{where}: '@{KEYS[key]}' is {value!r}; it must be true or false")


def read(path: Path) -> File:
    """Return the cases of a UEA file as a panel (n, dimensions, t), or a ragged one; ``?`` is a missing reading.

    The classes keep the order of the header.

    Raises:
        DataFileError: time stamps, an unknown header line, a value that is no number, a case that the header forbids.
    """
    header, point = _Header(path), False
    values: list[text.Floats] = []
    labels: list[str] = []
    for number, raw in enumerate(text.lines(path), 1):
        line = raw.strip()
        if "data" not in header.facts:
            header.add(raw, number)
        elif line and not line.startswith("#"):
            where = f"{path}, line {number}"
            series, label = _case(line, header, values[0].shape[0] if values else header.number("dimensions"), where)
            values.append(series)
            labels.append(label)
            point = point or ".0," in line or ".0:" in line
    if "data" not in header.facts:
        raise DataFileError(f"{path}: has no line '@data', after which the cases begin")
    if not values:
        raise DataFileError(f"{path}: has no case after '@data'")
    about = {"format": "ts", "header": tuple(header.lines), "point": point}
    whole: Any = np.stack(values) if len({v.shape[1] for v in values}) == 1 else values
    if not header.says("classlabel"):
        return File(Panel(whole), None, about)
    classes = tuple(header.facts["classlabel"].split()[1:])
    places = places_of(labels, classes) if classes else None
    if places is None:
        classes, places = classes_of(labels)
    return File(Panel(whole, label=places), classes, about)


def write(file: File, stream: BinaryIO, target: Path) -> None:
    """Write a panel in the UEA layout, with the header that was read; lines that no longer hold are amended.

    Raises:
        DataFileError: soft labels, class names with spaces, or a field that the layout has no place for.
    """
    panel = file.panel
    check_fields(panel, target, kept=("label",))
    names = label_texts(file, target)
    classes = () if names is None else file.classes or classes_of(names)[0]
    odd = next((name for name in classes if not name or set(name) & set(" \t\r\n:")), None)
    if odd is not None:
        raise DataFileError(f"{target}: the class name {odd!r} holds a space or colon, which separate names; rename the class")
    values = [numpy_of(row) for row in panel.values]
    about = file.about if file.about.get("format") == "ts" else {}
    facts = _facts(values, None if names is None else classes, target)
    for line in _header(about.get("header"), facts):
        stream.write(f"{line}\n".encode())
    for i, row in enumerate(values):
        fields = [text.joined(channel, ",", "?", about.get("point", False)) for channel in row]
        stream.write((":".join(fields if names is None else [*fields, names[i]]) + "\n").encode())


def _case(line: str, header: _Header, dimensions: int | None, where: str) -> tuple[text.Floats, str]:
    """Return one case (dimensions, t) and its class."""
    if line.startswith("("):
        raise DataFileError(f"{where}: begins with '(', a time stamp; these are not read: write the values alone")
    parts = line.split(":")
    label = parts.pop().strip() if header.says("classlabel") else ""
    known = header.facts.get("classlabel", "").split()[1:]
    if not parts:
        raise DataFileError(f"{where}: has no values, or no class label after a colon")
    if known and label not in known:
        raise DataFileError(f"{where}: class {label!r} is not in the header's @classLabel{suggest(label, known)}")
    if header.says("classlabel") and not label:
        raise DataFileError(f"{where}: has no class label after the last colon")
    if header.says("univariate") and len(parts) > 1:
        raise DataFileError(f"{where}: has {len(parts)} dimensions and the header says '@univariate true'")
    if dimensions is not None and len(parts) != dimensions:
        raise DataFileError(f"{where}: has {len(parts)} dimensions and the header or the cases before have {dimensions}")
    rows = [_dimension(part, f"{where}, dimension {i}") for i, part in enumerate(parts, 1)]
    _check_lengths(rows, header, where)
    return np.stack(rows), label


def _dimension(part: str, where: str) -> text.Floats:
    if not part.strip():
        raise DataFileError(f"{where}: has no values; write ? for a missing reading")
    fields = part.split(",")
    if "?" in part:
        fields = ["nan" if f.strip() == "?" else f for f in fields]
    return text.numbers(fields, where, missing="?")


def _check_lengths(rows: Sequence[text.Floats], header: _Header, where: str) -> None:
    odd = next((i for i, row in enumerate(rows) if len(row) != len(rows[0])), None)
    if odd is not None:
        raise DataFileError(
            f"{where}: dimension {odd + 1} has {len(rows[odd])} values and dimension 1 has {len(rows[0])}; "
            "all dimensions of a case need as many: fill the shorter with ?"
        )
    if not header.says("equallength"):
        return
    length = header.number("serieslength")
    if length is None:
        header.facts["serieslength"] = str(len(rows[0]))
    elif len(rows[0]) != length:
        raise DataFileError(
            f"{where}: has {len(rows[0])} steps and the header or the first case has {length}; correct the case, "
            "or say '@equalLength false' and leave out '@seriesLength'"
        )


def _facts(values: Sequence[Any], classes: Sequence[str] | None, target: Path) -> dict[str, str | None]:
    """Return what is true of the series, by header key; None for a line that must not be there."""
    lengths = {v.shape[1] for v in values}
    channels = values[0].shape[0]
    return {
        "problemname": "".join(target.name.split(".")[0].split()) or "series",
        "timestamps": "false",
        "missing": _flag(any(np.isnan(v).any() for v in values)),
        "univariate": _flag(channels == 1),
        "dimensions": str(channels) if channels > 1 else None,
        "equallength": _flag(len(lengths) == 1),
        "serieslength": str(*lengths) if len(lengths) == 1 else None,
        "classlabel": "false" if classes is None else " ".join(["true", *classes]),
        "data": "",
    }


def _header(lines: Sequence[Line] | None, facts: Mapping[str, str | None]) -> list[str]:
    """Return the header lines: those read, amended where they no longer hold, or new ones."""
    if lines is None:
        return [f"@{KEYS[key]} {value}".rstrip() for key, value in facts.items() if value is not None]
    amended = []
    for key, line in lines:
        value = line.strip()[1:].split(maxsplit=1)[1:] if key else []
        if not key or key not in facts or _holds(key, value[0].split() if value else [], facts):
            amended.append(line)
        elif facts[key] is not None:
            amended.append(f"@{KEYS[key]} {facts[key]}")
    return amended


def _holds(key: str, words: Sequence[str], facts: Mapping[str, str | None]) -> bool:
    fact = facts[key]
    if key in ("problemname", "timestamps", "data"):
        return True
    if key == "missing":  # a header may announce more than there is
        return fact == "false" or words[0].lower() == "true"
    if key == "equallength":
        return fact == "true" or words[0].lower() == "false"
    if key == "dimensions":
        return words == [fact or "1"]
    return [words[0].lower(), *words[1:]] == (fact or "").split()


def _flag(value: bool) -> str:
    return "true" if value else "false"
