"""What variate raises: one root, and a name for each kind of mistake.

Every message says what is wrong, the value seen, what would be right and how to get there.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class VariateError(ValueError):
    """The root of all errors that variate raises on purpose."""


class ParameterError(VariateError):
    """A parameter of a transform has a value outside what its declaration allows."""


class PanelError(VariateError):
    """Arrays that do not fit together, or hold what no series can hold."""


class DrawError(VariateError):
    """A random draw was asked for in a way that would break reproducibility."""


class ContractError(VariateError):
    """A transform was asked for something that its family cannot promise."""


class SpecError(VariateError):
    """A policy that cannot be read, or names something outside the registry."""


class DataFileError(VariateError):
    """A data file that cannot be read or written."""


class AllMissingWarning(UserWarning):
    """A channel without a single reading: it passes unchanged."""


def suggest(word: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` for the nearest known word, or the list of all where none is near."""
    known = sorted(known)
    near = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]!r}?"
    return f"; known: {', '.join(known)}" if known else ""
