"""Domain: what every invertible view is."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from inspect import isabstract
from typing import Any, ClassVar

from variate.core.errors import ParameterError, suggest
from variate.core.param import params
from variate.kernels.arrays import Array

Parts = dict[str, list[Array]]
"""Part → its arrays (n, channels, time): one, or one for each level, the finest first."""


@dataclass(frozen=True, kw_only=True)
class Domain(ABC):
    """An invertible view of series (n, c, t): frozen parameters, :meth:`forward` and :meth:`inverse`.

    ``parts`` names what it consists of; ``keeps_time`` those parts that have as many steps as the series, at the same times,
    so that transforms of time and of labels may enter them.
    """

    name: ClassVar[str] = ""
    parts: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    def __post_init__(self) -> None:
        for key, declared in params(type(self)).items():
            object.__setattr__(self, key, declared.check(getattr(self, key), f"In({self.name!r})"))

    @property
    def keeps_time(self) -> tuple[str, ...]:
        """The parts with a step for each step of the series."""
        return ()

    @property
    def shortest(self) -> int:
        """The least number of steps that it can be taken of; a shorter series passes unchanged."""
        return 1

    def found(self, rest: Any) -> dict[str, Any]:
        """Return what :meth:`forward` found out about each series, (n,) arrays, for what enters a part to know."""
        return {}

    @abstractmethod
    def forward(self, x: Array) -> tuple[Parts, Any]:
        """Return the parts of series x without gaps, and what the way back needs besides."""

    @abstractmethod
    def inverse(self, parts: Parts, rest: Any) -> Array:
        """Return the series (n, c, t) of these parts: of those of :meth:`forward` the series itself, to rounding."""


def make(name: Any, options: dict[str, Any]) -> Domain:
    """Return a domain by its name; raise ParameterError where there is none such, or it has no such option."""
    known = domains()
    if not isinstance(name, str) or name not in known:
        raise ParameterError(f"In({name!r}): there is no such domain{suggest(str(name), known)}; there are {', '.join(known)}")
    cls = known[name]
    unknown = next((key for key in options if key not in params(cls)), None)
    if unknown is not None:
        choices = [*cls.parts, *params(cls)]
        raise ParameterError(
            f"In({name!r}) has no part or option {unknown!r}{suggest(unknown, choices)}; it has the parts "
            f"{', '.join(cls.parts)}" + (f" and the options {', '.join(params(cls))}" if params(cls) else "")
        )
    return cls(**options)


@cache
def domains() -> dict[str, type[Domain]]:
    """Return the domains by name: every file of this package defines one, or what some share."""
    import importlib
    import pkgutil

    import variate.domains as package

    found: dict[str, type[Domain]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for value in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(value, type) and issubclass(value, Domain) and not isabstract(value):
                found[value.name] = value
    return dict(sorted(found.items()))
