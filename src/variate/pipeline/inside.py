"""In: transforms inside a domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from variate.core.draws import Draws
from variate.core.errors import ContractError, ParameterError, SpecError
from variate.core.panel import Panel
from variate.core.param import params
from variate.core.transform import Transform
from variate.domains.domain import Domain, make
from variate.kernels.arrays import Array, namespace
from variate.kernels.missing import fill_parts, has_nan, put_back
from variate.pipeline.parts import Pipeline, checked_parts

Place = tuple[str, int | None]
"""A part, and its level (1 is the finest) where only that is meant."""


@dataclass(frozen=True, init=False)
class In(Pipeline):
    """Take the series apart, let transforms change the parts, and put it together again.

    ``In("spectrum", phase=Jitter(...))`` shakes the phases of the Fourier transform; ``In("modwt", details={1: Flip()})``
    turns over the finest wavelet level, ``details=Flip()`` all of them. Transforms of values may enter any part; one of time
    or of labels only a part with a step for each step of the series, and then an event is where one was or where one went.
    What forgets when something was refuses point labels in such a part, or drops them, as it does outside. In the other parts
    there are no labels, and past and target are one, so on a forecast window ``scope="past"`` is refused there. A level that a
    series is too short for is passed over. Gaps are filled by linear interpolation first, and come back at the end. What a
    transform would mark has no place in a part, so ``mark=True`` is refused.

    It hurts where the parts of two kinds of series look alike, and as the transforms inside do.

    Args:
        domain: the name of a domain.
        parts_and_options: for parts of the domain a transform, or a dict from level to transform; and its options.

    >>> import numpy as np, variate
    >>> aug = variate.In("spectrum", phase=variate.Jitter(sigma=0.2))
    >>> aug(np.ones((2, 3, 50)), seed=0).shape
    (2, 3, 50)
    """

    examples: ClassVar[Any] = ()
    label_rule: ClassVar[str] = "labels stay; events stay and follow a transform of time as well"

    inside: tuple[Transform, ...]
    places: tuple[Place, ...]
    domain: Domain

    def __new__(cls, *args: Any, **kwargs: Any) -> In:
        """Make one: which keywords there are depends on the domain."""
        return object.__new__(cls)

    def __init__(self, domain: str, **parts_and_options: Any) -> None:
        known = _part_names(domain)
        given = {k: v for k, v in parts_and_options.items() if k in known}
        view = make(domain, {k: v for k, v in parts_and_options.items() if k not in given})
        placed = [entry for name, value in given.items() for entry in _placed(domain, name, value)]
        object.__setattr__(self, "inside", checked_parts(tuple(t for _, t in placed), f"In({domain!r})"))
        object.__setattr__(self, "places", tuple(place for place, _ in placed))
        object.__setattr__(self, "domain", view)
        for (name, _), transform in placed:
            _check_enters(view, name, transform)

    @classmethod
    def of(cls, *parts: Transform) -> Transform:
        """Return one with the first of these parts in the details of a wavelet transform."""
        return cls("modwt", details=parts[0])

    @property
    def scores(self) -> bool:
        """Whether a transform inside makes scores of point labels."""
        return any(t.scores for t in self.inside)

    @property
    def drops(self) -> bool:
        """Whether a transform drops point labels of a part that has the steps of the series."""
        entering = zip(self.places, self.inside, strict=True)
        return any(t.drops for (name, _), t in entering if name in self.domain.keeps_time)

    def place(self, rng: Draws, i: int) -> Draws:
        """Return the draws of transform i."""
        name, level = self.places[i]
        return rng.at(f"{name}{'' if level is None else level}:{self.inside[i].op}")

    def run(self, panel: Panel, rng: Draws) -> Panel:
        """Run on series that are long enough for the domain."""
        self.check_horizon(panel)
        return panel if panel.length < self.domain.shortest else self.work(panel, rng)

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Run the transforms inside, and put the parts together again."""
        border = panel.length - panel.horizon if panel.horizon else None
        seen = None if panel.mask is None else panel.mask[:, None, :]
        x = panel.values if seen is None else put_back(panel.values, ~seen)
        gaps = has_nan(x)
        parts, rest = self.domain.forward(fill_parts(x, border) if gaps else x)
        points, known = panel.points, panel.replace(extra=self.domain.found(rest))
        for i, (name, level) in enumerate(self.places):
            points = self._enter(parts[name], level, known, i, points, self.place(rng, i))
        y = self.domain.inverse(parts, rest)
        xp = namespace(y)
        y = put_back(y, xp.isnan(x)) if gaps else y
        return panel.replace(values=y if seen is None else xp.where(seen, y, panel.values), points=points)

    def _enter(self, arrays: list[Array], level: int | None, panel: Panel, i: int, points: Any, rng: Draws) -> Any:
        """Change one part, or one level of it, in ``arrays``; return ``points`` with the labels that come of it."""
        transform, name = self.inside[i], self.places[i][0]
        timed = name in self.domain.keeps_time
        if panel.horizon and not timed:
            _check_scope(self.domain, name, transform)
        for k in range(len(arrays)) if level is None else range(level - 1, min(level, len(arrays))):
            _check_length(self.domain, name, transform, arrays[k].shape[2])
            part = panel.replace(values=arrays[k], label=None, covariates=None, mask=None)
            part = part.replace(points=panel.points if timed else None, horizon=panel.horizon if timed else 0)
            out = transform.run(part, rng.at(str(k + 1)) if level is None and len(arrays) > 1 else rng)
            arrays[k] = out.values
            if out.points is not None and points is not None and panel.point_role == "event":
                points = _stronger(points, out.points)
        return points

    def mapped(self, change: Callable[[Transform], Transform]) -> In:
        """Return this transform with every one inside changed."""
        new = object.__new__(In)
        new.__dict__.update(self.__dict__, inside=tuple(change(t) for t in self.inside))
        return new

    def to_spec(self, plain: Callable[[Any], Any]) -> dict[str, Any]:
        """Return the plain data of a policy: the domain, its options, and a list of what enters where."""
        options = {k: getattr(self.domain, k) for k in params(type(self.domain))}
        entries = [
            {"part": name, **({} if level is None else {"level": level}), "transform": plain(t)}
            for (name, level), t in zip(self.places, self.inside, strict=True)
        ]
        return {"domain": self.domain.name, **options, "inside": entries}

    @classmethod
    def from_spec(cls, values: Mapping[str, Any], build: Callable[[Any, str], Transform]) -> In:
        """Return the transform that plain data describes."""
        listed = values.get("inside")
        if not isinstance(listed, list) or "domain" not in values:
            raise SpecError("in needs a 'domain' and a list under 'inside'")
        given: dict[str, Any] = {k: v for k, v in values.items() if k not in ("domain", "inside")}
        for i, entry in enumerate(listed):
            name, level = _entry(entry, i)
            transform = build(entry["transform"], f"inside[{i}]")
            taken = given.get(name)
            if name in given and (level is None or not isinstance(taken, dict) or level in taken):
                raise SpecError(f"inside[{i}]: something enters {name!r} already there; join them with compose")
            if level is None:
                given[name] = transform
            else:
                given.setdefault(name, {})[level] = transform
        if not all(isinstance(key, str) for key in given):
            raise SpecError(f"in has no option {next(key for key in given if not isinstance(key, str))!r}")
        return cls(values["domain"], **given)

    def __repr__(self) -> str:
        shown = [f"{k}={getattr(self.domain, k)!r}" for k, p in params(type(self.domain)).items() if _told(self.domain, k, p)]
        grouped: dict[str, Any] = {}
        for (name, level), transform in zip(self.places, self.inside, strict=True):
            if level is None:
                grouped[name] = transform
            else:
                grouped.setdefault(name, {})[level] = transform
        return f"In({', '.join([repr(self.domain.name), *(f'{k}={v!r}' for k, v in grouped.items()), *shown])})"


def _entry(entry: Any, i: int) -> Place:
    """Return the part and the level that an entry of a policy names."""
    if not isinstance(entry, Mapping) or not {"part", "transform"} <= set(entry) <= {"part", "transform", "level"}:
        raise SpecError(f"inside[{i}] needs 'part' and 'transform', and 'level' for a single one, and nothing else")
    name, level = entry["part"], entry.get("level")
    if not isinstance(name, str) or name in ("domain", "inside"):
        raise SpecError(f"inside[{i}]: part is {name!r}; it must be the name of a part of the domain")
    if level is not None and (isinstance(level, bool) or not isinstance(level, int) or level < 1):
        raise SpecError(f"inside[{i}]: level is {level!r}; it must be an integer of at least 1, the finest")
    return name, level


def _told(domain: Any, name: str, declared: Any) -> bool:
    return bool(getattr(domain, name) != declared.default)


def _part_names(domain: Any) -> tuple[str, ...]:
    from variate.domains.domain import domains

    known = domains()
    return known[domain].parts if isinstance(domain, str) and domain in known else ()


def _placed(domain: str, name: str, value: Any) -> list[tuple[Place, Any]]:
    if not isinstance(value, Mapping):
        return [((name, None), value)]
    for level in value:
        if isinstance(level, bool) or not isinstance(level, int) or level < 1:
            raise ParameterError(f"In({domain!r}, {name}={{{level!r}: …}}): a level is an integer of at least 1, the finest")
    return [((name, level), transform) for level, transform in sorted(value.items())]


def _check_scope(domain: Domain, name: str, transform: Transform) -> None:
    """Raise ContractError where a transform that is to leave the target alone enters a part that does not know it."""
    for inner in getattr(transform, "parts", (transform,)):
        if inner is not transform:
            _check_scope(domain, name, inner)
        elif getattr(inner, "scope", "") == "past":
            raise ContractError(
                f"In({domain.name!r}, {name}={inner!r}): in this part past and target are one, so the target cannot be left "
                f"alone; use {type(inner).__name__}(scope='all') to change both, or drop the horizon"
            )


def _check_length(domain: Domain, name: str, transform: Transform, length: int) -> None:
    """Raise ContractError where a part would become longer or shorter."""
    if transform.length(length) != length:
        raise ContractError(
            f"In({domain.name!r}, {name}={transform!r}): it turns the {length} steps of a part into "
            f"{transform.length(length)}, and parts of another length cannot be put together; use one that keeps it, such as "
            "Crop(resize=True)"
        )


def _check_enters(domain: Domain, name: str, transform: Transform) -> None:
    """Raise ParameterError where a transform may not enter a part."""
    if transform.marks:
        raise ParameterError(
            f"In({domain.name!r}, {name}={transform!r}): what it marks would have no place in a part; use mark=False"
        )
    if "mix" in _families(transform):
        raise ParameterError(
            f"In({domain.name!r}, {name}={transform!r}): partners are known as series, and would have to be known as parts; "
            "mix before or after, or by an operation that mixes parts itself, such as FrequencyMix or WaveMix"
        )
    if _families(transform) <= {"value"} or name in domain.keeps_time:
        return
    raise ParameterError(
        f"In({domain.name!r}, {name}={transform!r}): {name} has no step for each step of the series, so only transforms of "
        "values may enter it"
    )


def _families(transform: Transform) -> set[str]:
    parts: tuple[Transform, ...] | None = getattr(transform, "parts", None)
    if parts is not None:
        return {family for part in parts for family in _families(part)}
    return {transform.family} - {"pipeline"}


def _stronger(old: Array, moved: Array) -> Array:
    """Return at each step the stronger of two point labels."""
    return namespace(old).where(moved > old, moved, old)
