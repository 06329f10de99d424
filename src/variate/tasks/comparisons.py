"""What lines of results say: each arm against training without it, set by set and over the sets."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from variate.core.errors import ParameterError, suggest
from variate.metrics.comparison import Paired, paired
from variate.tasks.results import Row
from variate.tasks.task import NONE

HIGHER = ("accuracy", "balanced_accuracy", "macro_f1", "f1", "relaxed_f1", "precision", "recall")
LOWER = ("mase", "smape", "quantile_loss", "crps", "mse", "mae")
METRICS = (*HIGHER, *LOWER)
MAIN = {"classification": "accuracy", "detection": "f1", "forecasting": "mase", "long_forecasting": "mse"}
"""The metric that verdicts of a task are given in; the others stand beside it."""
PROFILES = ("full", "cpu", "quick")
KEY = ("recipe", "profile", "data", "model", "arm", "seed", "test", "metric")
ALIKE = ("training", "parameters")
DRAWS = 1000  # of the bootstrap, which stands behind no verdict


@dataclass(frozen=True, kw_only=True)
class Versus:
    """An arm against another one by one metric.

    ``paired`` says it in the sense "higher is better". The properties have the metric's own sign: an error that fell has a
    negative difference, and its verdict is ``"helped"``.
    """

    recipe: str
    profile: str
    task: str
    model: str
    metric: str
    test: str
    arm: str
    against: str
    paired: Paired = field(repr=False)

    @property
    def name(self) -> str:
        """The arm, and the one that it is measured against where that is not ``none``."""
        return self.arm if self.against == NONE else f"{self.arm} against {self.against}"

    @property
    def lower(self) -> bool:
        """Whether lower is better."""
        return self.metric in LOWER

    @property
    def without(self) -> float:
        """The mean score of the arm that it is measured against."""
        return self._own(self.paired.without)

    @property
    def with_(self) -> float:
        """The mean score of the arm."""
        return self._own(self.paired.with_)

    @property
    def difference(self) -> float:
        """With − without, the mean over pairs."""
        return self._own(self.paired.difference)

    @property
    def low(self) -> float:
        """The lower end of Student's 95 % interval of the difference; NaN where there is one pair."""
        return self._own(self.paired.high if self.lower else self.paired.low)

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._own(self.paired.low if self.lower else self.paired.high)

    @property
    def half(self) -> float:
        """Half the width of the interval, which lies evenly about the difference; NaN where there is one pair."""
        return (self.high - self.low) / 2

    @property
    def verdict(self) -> str:
        """``"helped"``, ``"hurt"`` or ``"undecided"``: nothing but the interval decides it."""
        return self.paired.verdict

    @property
    def relative(self) -> float | None:
        """Without / with − 1, the survey's relative improvement of an error; None for other metrics.

        That the survey means this is an inference: its 115 % cannot be reached by 1 − with / without.
        """
        return self.without / self.with_ - 1 if self.lower and self.with_ > 0 else None

    def _own(self, score: float) -> float:
        return (-score if self.lower else score) + 0.0  # + 0.0 makes of −0.0 a plain 0


@dataclass(frozen=True, kw_only=True)
class Comparison(Versus):
    """An arm against another one on one set, a pair for each of the seeds."""

    data: str
    seeds: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class OverSets(Versus):
    """An arm against another one over several sets: the means over the seeds of each set are one pair."""

    sets: tuple[Comparison, ...]

    @property
    def relative(self) -> float | None:
        """The mean of the sets' relative improvements; None where one of them has none."""
        found = [one.relative for one in self.sets]
        known = [one for one in found if one is not None]
        return sum(known) / len(known) if len(known) == len(found) else None


class Group(NamedTuple):
    """The comparisons that belong together, of one recipe, profile, model and metric: on sets, and over them."""

    found: list[Comparison]
    over: list[OverSets]


class Tally(NamedTuple):
    """How many comparisons came to each verdict."""

    helped: int
    undecided: int
    hurt: int


class Facts(NamedTuple):
    """What was run: training runs, seeds, seconds in all, devices, versions of packages, and scores left out."""

    cells: int
    seeds: int
    seconds: float
    devices: tuple[str, ...]
    versions: tuple[str, ...]
    not_finite: int


def current(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that hold: later ones replace earlier ones of the same number; those without ``cell`` are left out."""
    return list({tuple(row[name] for name in KEY): row for row in rows if "cell" in row}.values())


def comparisons(rows: Iterable[Row], against: str = NONE) -> list[Comparison]:
    """Compare each arm with the arm ``against``, and with the one that it names itself, over the seeds that both have.

    Two runs are a pair where they were trained alike, so a line that an older form of a recipe left behind is none. Scores
    that are no finite numbers are left out. The order of the rows changes nothing.

    >>> def row(arm, seed, value):
    ...     names = {"recipe": "r", "profile": "cpu", "task": "classification", "data": "watch", "model": "fcn", "cell": ""}
    ...     return {**names, "arm": arm, "seed": seed, "test": "", "metric": "accuracy", "value": value}
    >>> found = comparisons([row("none", 0, 0.5), row("none", 1, 0.5), row("flip", 0, 0.75), row("flip", 1, 0.25)])
    >>> [(one.name, one.difference, one.verdict, one.seeds) for one in found]
    [('flip', 0.0, 'undecided', (0, 1))]

    Raises:
        ParameterError: a metric of which it is not known whether lower is better.
    """
    groups: dict[tuple[str, ...], dict[str, dict[int, Row]]] = {}
    for row in current(rows):
        if math.isfinite(row["value"]):
            place = (
                row["recipe"],
                row["profile"],
                row["task"],
                row["model"],
                _checked(row["metric"]),
                row["test"],
                row["data"],
            )
            groups.setdefault(place, {}).setdefault(row["arm"], {})[row["seed"]] = row
    found = [one for place, arms in groups.items() for one in _compared(place, arms, against)]
    return sorted(found, key=_order)


def over_sets(rows: Iterable[Row], against: str = NONE) -> list[OverSets]:
    """Compare each arm with another over the sets: the means over seeds of each set are one pair of the comparison."""
    return over(comparisons(rows, against))


def over(found: Sequence[Comparison]) -> list[OverSets]:
    """Return comparisons on sets as comparisons over sets; the order is that of :func:`comparisons`."""
    names = ("recipe", "profile", "task", "model", "metric", "test", "arm", "against")
    groups: dict[tuple[str, ...], list[Comparison]] = {}
    for one in sorted(found, key=_order):
        groups.setdefault(tuple(getattr(one, name) for name in names), []).append(one)
    return [
        OverSets(
            **dict(zip(names, place, strict=True)),
            # two means of the same scores in another order are a tie, whatever their last bits
            paired=paired([round(s.paired.without, 12) for s in sets], [round(s.paired.with_, 12) for s in sets], draws=DRAWS),
            sets=tuple(sets),
        )
        for place, sets in groups.items()
    ]


def grouped(found: Sequence[Comparison]) -> Iterator[Group]:
    """Go through the groups of comparisons that belong together."""
    for _, group in groupby(sorted(found, key=_order), key=lambda one: (one.recipe, one.profile, one.model, one.metric)):
        held = list(group)
        yield Group(held, over(held))


def tally(found: Iterable[Versus]) -> Tally:
    """Count the verdicts.

    >>> tally([])
    Tally(helped=0, undecided=0, hurt=0)
    """
    verdicts = [one.verdict for one in found]
    return Tally(*(verdicts.count(name) for name in Tally._fields))


def experiments(rows: Iterable[Row]) -> Iterator[tuple[str, str, list[Row]]]:
    """Go through the recipes and their profiles: the name of each, and its rows."""
    for (recipe, profile), group in groupby(sorted(current(rows), key=_experiment), key=lambda r: (r["recipe"], r["profile"])):
        yield recipe, profile, list(group)


def facts(rows: Iterable[Row]) -> Facts:
    """Return what rows tell of how they were made; the seconds of a training run count once."""
    held = current(rows)
    runs = {(row["cell"], row["recipe"], row["profile"], row["arm"]): row for row in held}
    versions = {f"{name} {number}" for row in held for name, number in row.get("versions", {}).items()}
    return Facts(
        cells=len(runs),
        seeds=len({row["seed"] for row in held}),
        seconds=sum(row.get("seconds", 0.0) for row in runs.values()),
        devices=tuple(sorted({row["device"] for row in held if "device" in row})),
        versions=tuple(sorted(versions)),
        not_finite=sum(not math.isfinite(row["value"]) for row in held),
    )


def natural(name: str) -> list[Any]:
    """Return a key that sorts names as people do.

    >>> sorted(["etth1/192", "etth1/96"], key=natural)
    ['etth1/96', 'etth1/192']
    """
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def _compared(place: tuple[str, ...], arms: dict[str, dict[int, Row]], against: str) -> Iterator[Comparison]:
    recipe, profile, task, model, metric, test, data = place
    sign = -1 if metric in LOWER else 1
    for arm, runs in arms.items():
        own = {row.get("against", NONE) for row in runs.values()} - {NONE}
        for base in {against, *own} - {arm}:
            others = arms.get(base, {})
            seeds = sorted(seed for seed in runs if seed in others and _alike(runs[seed], others[seed]))
            if seeds:
                before, after = (sign * np.array([held[seed]["value"] for seed in seeds]) for held in (others, runs))
                yield Comparison(
                    recipe=recipe,
                    profile=profile,
                    task=task,
                    model=model,
                    metric=metric,
                    test=test,
                    arm=arm,
                    against=base,
                    paired=paired(before, after, draws=DRAWS),
                    data=data,
                    seeds=tuple(seeds),
                )


def _alike(one: Row, other: Row) -> bool:
    return all(one.get(name) == other.get(name) for name in ALIKE)


def _checked(metric: str) -> str:
    if metric not in METRICS:
        known = f"known are {', '.join(METRICS)}"
        raise ParameterError(f"metric {metric!r}: it is not known whether lower is better; {known}{suggest(metric, METRICS)}")
    return metric


def _order(one: Versus) -> tuple[Any, ...]:
    # tests on series as they are come first, and no arm's comparison with a third one comes before that with none
    test = (not one.test.startswith("clean"), natural(one.test))
    arm = (natural(one.arm), one.against != NONE, natural(one.against))
    where = natural(one.data) if isinstance(one, Comparison) else []
    return (*_place(one.recipe, one.profile), natural(one.model), METRICS.index(one.metric), test, arm, where)


def _experiment(row: Row) -> tuple[Any, ...]:
    return _place(row["recipe"], row["profile"])


def _place(recipe: str, profile: str) -> tuple[Any, ...]:
    return natural(recipe), PROFILES.index(profile) if profile in PROFILES else len(PROFILES), profile
