"""From the name of a source to its data."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, overload

from variate.core.errors import ParameterError, suggest
from variate.tasks.sources import classification, detection, forecasting, seasonal
from variate.tasks.sources.catalogue import CATALOGUE
from variate.tasks.sources.files import folder

Loader = Callable[..., Any]
LOADERS: Mapping[str, Loader] = MappingProxyType(
    {
        "ucr": classification.ucr,
        "watch": classification.watch,
        "seasonal": seasonal.weeks,
        **dict.fromkeys(("m4_hourly", "m4_daily", "m4_weekly"), forecasting.m4),
        "electricity": forecasting.electricity,
        "traffic": forecasting.traffic,
        "etth1": forecasting.etth1,
        "cloud_monitoring": detection.cloud_monitoring,
        "nab": detection.nab,
    }
)
"""The function of each source: ``(name, root, **options)``, the name of ``ucr`` being what is after the slash."""

KEPT = 16
"""How many sources a process keeps."""

K = TypeVar("K")


@overload
def load(name: str, kind: None = None, **options: Hashable) -> Any: ...
@overload
def load(name: str, kind: type[K], **options: Hashable) -> K: ...
def load(name: str, kind: type[Any] | None = None, **options: Hashable) -> Any:
    """Return the data of a source, read once in a process.

    Args:
        name: of :data:`CATALOGUE`; ``"ucr/ECG200"`` for a set of the UCR archive.
        kind: what it must be, such as :class:`Forecasting`; so that a type checker knows, and a recipe that names data
            of another task is told. By default it may be any.
        options: of the source: ``person`` of ``"watch"``, ``n``, ``steps`` and ``seed`` of ``"seasonal"``, ``points`` of
            ``"nab"``.

    Raises:
        ParameterError: there is no such source, it has no such option, or it is for another task.
        DataFileError: its files are missing or damaged.
    """
    source, _, part = name.partition("/")
    if source not in LOADERS or (part and source != "ucr"):
        raise ParameterError(f"there is no source {name!r}{suggest(name, CATALOGUE)}")
    root = folder() if CATALOGUE[source].files else None
    found = _load(source, part if source == "ucr" else source, root, _bound(source, options))
    if kind is not None and not isinstance(found, kind):
        raise ParameterError(f"source {name!r} is {type(found).__name__}, and {kind.__name__} is needed; name another source")
    return found


def _bound(source: str, options: Mapping[str, Hashable]) -> tuple[tuple[str, Hashable], ...]:
    """Return the options with the defaults of those not given, in one order."""
    declared = list(inspect.signature(LOADERS[source]).parameters.values())[2:]
    known = {parameter.name: parameter.default for parameter in declared}
    for option, value in options.items():
        if option not in known:
            raise ParameterError(f"source {source!r} has no option {option!r}{suggest(option, known) or '; it has none'}")
        if not isinstance(value, Hashable):
            raise ParameterError(f"source {source!r}: {option} is {value!r}; give a number or a text")
    return tuple({**known, **options}.items())


@functools.lru_cache(KEPT, typed=True)
def _load(source: str, name: str, root: Path | None, options: tuple[tuple[str, Hashable], ...]) -> Any:
    return LOADERS[source](name, root, **dict(options))
