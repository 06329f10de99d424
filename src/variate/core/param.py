"""One declaration per parameter: its check, its sentence, its row in the docs, its range for a search.

Nothing else in the package holds a table of parameters or magnitudes.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.errors import ParameterError


@dataclass(frozen=True)
class Param:
    """What may be said about one parameter; made by :func:`param`, read through :func:`params`."""

    name: str
    kind: str
    default: Any
    about: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None
    identity: Any = None
    search: tuple[Any, Any] | None = None
    log: bool = False
    unit: str = ""

    def check(self, value: Any, owner: str) -> Any:
        """Return the value, an integral float made an int where that is meant; raise ParameterError otherwise."""
        if self.choices is not None:
            return self._check_choice(value, owner)
        if self.kind == "auto" and isinstance(value, str) and value == "auto":
            return value
        if self.kind == "bool":
            if not isinstance(value, bool):
                raise self.error(value, owner, "must be True or False")
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not math.isfinite(value):
            kinds = {"int": "an integer", "auto": "'auto' or an integer"}
            raise self.error(value, owner, f"must be {kinds.get(self.kind, 'a finite number')}")
        if self.kind in ("int", "auto"):
            if value != int(value):
                raise self.error(value, owner, "must be an integer")
        elif self.kind == "size":
            return self._check_size(value, owner)
        if self.low is not None and value < self.low:
            raise self.error(value, owner, f"must be at least {self.low:g}")
        if self.high is not None and value > self.high:
            raise self.error(value, owner, f"must be at most {self.high:g}")
        return int(value) if self.kind in ("int", "auto") else float(value)

    def _check_choice(self, value: Any, owner: str) -> Any:
        choices = self.choices or ()
        if not any(value is c or (type(value) is type(c) and value == c) for c in choices):
            raise self.error(value, owner, f"must be one of {', '.join(map(repr, choices))}")
        return value

    def _check_size(self, value: Any, owner: str) -> Any:
        if isinstance(value, (int, np.integer)):
            if value < 1:
                raise self.error(value, owner, "must be a share in (0, 1] or a number of steps of at least 1")
            return int(value)
        if not 0 < value <= 1:
            raise self.error(value, owner, "must be a share in (0, 1] or a whole number of steps")
        return float(value)

    def error(self, value: Any, owner: str, must: str) -> ParameterError:
        """Return the error for a value: ``Jitter(sigma=-1): sigma must be at least 0``."""
        return ParameterError(f"{owner}({self.name}={value!r}): {self.name} {must}")

    @property
    def range(self) -> str:
        """The allowed values, for tables."""
        if self.choices is not None:
            return " | ".join(repr(c) for c in self.choices)
        if self.kind == "bool":
            return "True | False"
        if self.kind == "size":
            return "share in (0, 1] or steps"
        if self.kind == "auto":
            return f"'auto' or ≥ {self.low or 0:g}"
        if self.low is not None and self.high is not None:
            return f"{self.low:g} … {self.high:g}"
        return f"≥ {self.low:g}" if self.low is not None else f"≤ {self.high:g}" if self.high is not None else "any"

    def invalid(self) -> list[Any]:
        """Values that must be refused: what the contract tests feed to every transform."""
        if self.choices is not None:
            return ["no such choice"]
        bad: list[Any] = ["text", None, math.nan]
        if self.kind == "bool":
            return [*bad, 2]
        if self.kind == "size":
            return [*bad, 0, -1, 1.5, 0.0]
        if self.low is not None:
            bad.append(self.low - 1)
        if self.high is not None:
            bad.append(self.high + 1)
        return bad

    def at(self, magnitude: float) -> Any:
        """Return the value at ``magnitude`` in 0…1: from the identity, else the weak end of ``search``, to the strong.

        Without an identity a ``log`` parameter moves geometrically; a path that starts at an identity is linear,
        since an identity is mostly 0.
        """
        if self.search is None:
            return self.default
        weak, strong = self.search
        if self.identity is not None:
            value = self.identity + magnitude * (strong - self.identity)
        elif self.log:
            value = weak * (strong / weak) ** magnitude
        else:
            value = weak + magnitude * (strong - weak)
        whole = self.kind == "int" or (self.kind == "size" and isinstance(strong, int))
        return round(value) if whole else float(value)


def param(
    default: Any,
    *,
    about: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] | None = None,
    identity: Any = None,
    search: tuple[Any, Any] | None = None,
    log: bool = False,
    size: bool = False,
    auto: bool = False,
    unit: str = "",
) -> Any:
    """Declare a parameter of a transform, as the default of a dataclass field.

    ``low`` and ``high`` are inclusive limits; ``choices`` the closed set of values; ``identity`` the value that does
    nothing; ``search`` the (weak, strong) ends that a search or :meth:`Transform.at` may use, ``log`` its scale;
    ``size`` marks a share of the series (float) or a number of steps (int), ``auto`` an integer or "auto"; ``unit`` is for
    people.
    """
    facts = dict(about=about, low=low, high=high, choices=choices, identity=identity, search=search, log=log, unit=unit)
    return dataclasses.field(default=default, metadata={"param": facts, "kind": "size" if size else "auto" if auto else ""})


def params(cls: type) -> dict[str, Param]:
    """Return the declared parameters of a transform class, in order, by name."""
    found = cls.__dict__.get("_params")
    if found is None:
        found = {f.name: _declared(f) for f in own_first(cls) if "param" in f.metadata}
        setattr(cls, "_params", found)  # noqa: B010 - a plain assignment would not type-check on `type`
    return dict(found)


def own_first(cls: type) -> list[dataclasses.Field[Any]]:
    """Return the dataclass fields in the order people read them: a class's own before those of its family."""
    inherited = {f.name for base in cls.__mro__[1:] if dataclasses.is_dataclass(base) for f in dataclasses.fields(base)}
    return sorted(dataclasses.fields(cls), key=lambda f: f.name in inherited)


def _declared(field: dataclasses.Field[Any]) -> Param:
    default = field.default
    kind = field.metadata["kind"] or type(default).__name__
    return Param(name=field.name, kind=kind, default=default, **field.metadata["param"])
