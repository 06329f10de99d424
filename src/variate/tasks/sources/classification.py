"""Labelled series: the UCR archive, and the packaged watch data."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import numpy as np

from variate.core.errors import DataFileError, ParameterError
from variate.tasks import watch as packaged
from variate.tasks.sources.files import located
from variate.tasks.sources.kinds import Classification

PLAIN = re.compile(r"[\w-]+")


def ucr(name: str, root: Path | None) -> Classification:
    """Return a set of the UCR archive by its official split, values as they are, ids counted in each part.

    Args:
        name: of the set, such as ``ECG200``.
        root: the folder that has the folder ``ucr``.

    Raises:
        ParameterError: the name is none that a set can have.
        DataFileError: a file is missing or damaged, the test has a class that no training series has, or series are of
            different lengths or have gaps, which the networks here cannot be trained on.
    """
    from variate.io import read

    if not PLAIN.fullmatch(name):
        raise ParameterError(f"{f'ucr/{name}'!r} names no set of the archive; put its name after one slash, such as ucr/ECG200")
    paths = located("ucr", root, name, _meant(name, root))
    train, test = (read(path) for path in paths)
    place = {text: i for i, text in enumerate(train.classes or ())}
    unknown = sorted(set(test.classes or ()) - set(place))
    if unknown:
        raise DataFileError(f"{paths[1]}: has the classes {unknown}, which no training series has; take another set")
    for file, path in ((train, paths[0]), (test, paths[1])):
        if file.panel.ragged or np.isnan(file.panel.values).any():
            raise DataFileError(f"{path}: has series of different lengths, or with gaps; take a set that has neither")
    label = np.array([place[text] for text in test.classes or ()])[test.panel.label]
    return Classification(train.panel, test.panel.replace(label=label), tuple(place))


def watch(name: str, root: Path | None, person: int | None = None) -> Classification:
    """Return one person's windows to train on and everyone else's to test on; the data comes with the package.

    Args:
        name: ``"watch"``.
        root: not looked at.
        person: whose windows to train on, one of :func:`people`; ``tasks.study.person_for`` chooses one by seed.

    Raises:
        ParameterError: nobody, or somebody who is not there.
    """

    if person not in people():
        raise ParameterError(f"watch(person={person!r}): it must be one of {', '.join(map(str, people()))}")
    panel, classes = packaged.load()
    own = panel.extra["subject"] == person
    return Classification(panel.rows(np.flatnonzero(own)), panel.rows(np.flatnonzero(~own)), tuple(classes))


def people() -> tuple[int, ...]:
    """Return the people of the watch data.

    >>> people()
    (2, 4, 5, 6, 7, 9)
    """
    return tuple(np.unique(packaged.load()[0].extra["subject"]).tolist())


def _meant(name: str, root: Path | None) -> str:
    """Return the set that may have been meant, of those that are there."""
    archive = Path() if root is None else root / "ucr"
    near = difflib.get_close_matches(name, [p.name for p in archive.glob("*/")], n=1) if root else []
    return f"; or did you mean ucr/{near[0]}?" if near else ""
