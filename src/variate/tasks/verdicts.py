"""What comparisons came to, in words and numbers; a sentence follows from the numbers alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from variate.tasks.comparisons import Comparison, Group, OverSets, Versus, tally
from variate.tasks.task import NONE

LEAST = 3  # sets over which something is said of sets
MANY = 20  # comparisons of which some are decided by chance
NAMED = 6  # arms that a sentence names
NAMES = MappingProxyType(
    {
        "balanced_accuracy": "balanced accuracy",
        "macro_f1": "macro-F1",
        "f1": "F1",
        "relaxed_f1": "relaxed F1",
        "mase": "MASE",
        "smape": "sMAPE",
        "quantile_loss": "quantile loss",
        "crps": "CRPS",
        "mse": "MSE",
        "mae": "MAE",
    }
)
MARKS = MappingProxyType({"helped": "✓", "hurt": "✗", "undecided": ""})


def in_words(found: Sequence[Comparison], total: OverSets | None, digits: int) -> str:
    """Return what one arm came to by one metric and test: on how many sets it helped, and over all of them.

    Args:
        found: its comparisons, one for each set.
        total: the same over the sets; it is told of from three sets on.
        digits: after the point.
    """
    if len(found) == 1:
        return f"{found[0].verdict}: {moved(found[0], digits)}, {pairs(found)}"
    words = _on_sets(tally(found)._asdict(), len(found))
    if total is None or len(found) < LEAST:
        return words
    return f"{words}; over the {len(found)} sets {moved(total, digits)} ({', '.join(_sure(total))})"


def overview(group: Group) -> str:
    """Return in sentences what a group came to: counts of verdicts, then which arms helped and which hurt.

    From three sets on arms are judged over the sets, else on each; the arms that moved most are named.
    """
    plain = [one for one in group.found if one.against == NONE]
    if not plain:
        return ""
    sets, total, metric = len({one.data for one in plain}), len(plain), said(plain[0].metric)
    first = (
        f"{metric[0].upper()}{metric[1:]} on {f'{sets} sets' if sets > 1 else plain[0].data}, {pairs(plain)}"
        f"{' each' if total > 1 else ''}: of {counted(total, 'comparison')} with training without augmentation"
    )
    able = sum(one.paired.pairs > 1 for one in plain)  # one pair has no interval that could leave out 0
    by_chance = f" Were there no effect at all, about {round(0.05 * able)} of them would be decided by chance."
    more = by_chance if able >= MANY else ""
    if sets < LEAST:
        return f"{first} {_judged(plain, places(group.found))}.{more}"
    counts = tally(plain)
    first = f"{first} {counts.helped} helped, {counts.hurt} hurt and {counts.undecided} are undecided.{more}"
    judged = [one for one in group.over if one.against == NONE]
    if len(judged) == 1:
        return f"{first} Over the sets {moved(judged[0], places(group.found))} ({', '.join(_sure(judged[0]))})."
    return f"{first} Over the sets {_judged(judged, places(group.found), f' of {len(judged)}')}."


def moved(one: Versus, digits: int) -> str:
    """Return in words by how much a metric changed."""
    if one.difference == 0:
        verb = "did not change"
    elif not round(one.difference, digits):
        verb = f"changed by less than {10.0**-digits:.{digits}f}"
    else:
        verb = f"{'rose' if one.difference > 0 else 'fell'} by {number(abs(one.difference), digits)}"
    return f"{said(one.metric)} {verb}" + ("" if one.paired.pairs < 2 else f" ± {number(one.half, digits)}")


def change(one: Versus, digits: int) -> str:
    """Return a difference with half of its interval and its mark; one pair is said to be one."""
    if one.paired.pairs < 2:
        return f"{number(one.difference, digits, sign=True)} (1 pair)"
    return f"{number(one.difference, digits, sign=True)} ±{number(one.half, digits)} {MARKS[one.verdict]}".rstrip()


def places(found: Sequence[Versus]) -> int:
    """Return how many digits after the point tell scores apart: three of a share, four in all of an error."""
    size = sorted(abs(one.without) for one in found)[len(found) // 2]
    return min(6, max(0, 3 - math.floor(math.log10(size)))) if found[0].lower and size > 0 else 3


def number(value: float, digits: int, *, sign: bool = False) -> str:
    """Return a number with a true minus; what is 0 to the digits shown has no sign.

    >>> number(-0.0214, 3, sign=True), number(-0.0001, 3, sign=True)
    ('−0.021', '0.000')
    """
    rounded = round(value, digits) + 0.0
    return f"{rounded:{'+' if sign and rounded else ''}.{digits}f}".replace("-", "−")


def percent(share: float) -> str:
    """Return a share as signed per cent.

    >>> percent(0.25)
    '+25.0 %'
    """
    return f"{number(100 * share, 1, sign=True)} %"


def chance(p: float) -> str:
    """Return a p-value."""
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"


def lasted(seconds: float) -> str:
    """Return seconds in the units that people count in.

    >>> lasted(20), lasted(150), lasted(9000)
    ('20 s', '2 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def said(metric: str) -> str:
    """Return a metric's name in prose."""
    return NAMES.get(metric, metric)


def pairs(found: Iterable[Comparison]) -> str:
    """Return how many pairs comparisons have, from the least to the most."""
    counts = sorted({one.paired.pairs for one in found})
    return f"{counts[0]} … {counts[-1]} pairs" if len(counts) > 1 else counted(counts[0], "pair")


def counted(number: int, name: str) -> str:
    """Return a number with what it counts.

    >>> counted(1, "pair"), counted(2, "pair")
    ('1 pair', '2 pairs')
    """
    return f"{number} {name}{'s' * (number != 1)}"


def where(one: Versus, among: Sequence[Versus]) -> str:
    """Name an arm, and the model, test and set where there are several."""
    several = [name for name in ("model", "test", "data") if len({getattr(other, name, "") for other in among}) > 1]
    return ", ".join([f"`{one.arm}`", *(str(getattr(one, name)) for name in several)])


def _sure(total: OverSets) -> list[str]:
    """Return the verdict over the sets, the signed-rank test, and the relative improvement of an error."""
    p = total.paired.wilcoxon
    found = [total.verdict, *([] if math.isnan(p) else [f"Wilcoxon p {chance(p)}"])]
    return found + ([] if total.relative is None else [f"relative improvement {percent(total.relative)}"])


def _judged(found: Sequence[Versus], digits: int, total: str = "") -> str:
    """Count verdicts, and name those that moved most."""
    parts: list[str] = []
    for verdict in ("helped", "hurt"):
        decided = sorted((one for one in found if one.verdict == verdict), key=lambda one: -abs(one.difference))
        named = [f"{where(one, found)} ({change(one, digits)[:-2]})" for one in decided[:NAMED]]
        more = f" and {len(decided) - NAMED} more" if len(decided) > NAMED else ""
        count = f"{len(decided) or 'none'}{'' if parts else total}"
        parts.append(f"{count} {verdict}" + (f": {', '.join(named)}{more}" if named else ""))
    left = tally(found).undecided
    return "; ".join([*parts, f"{left or 'none'} {'is' if left == 1 else 'are'} undecided"])


def _on_sets(counts: Mapping[str, int], total: int) -> str:
    order = [(name, counts[name]) for name in ("helped", "hurt", "undecided") if counts[name]]
    if len(order) == 1:
        return f"{order[0][0]} on {'both' if total == 2 else f'all {total}'} sets"
    (first, count), *rest = order
    return ", ".join([f"{first} on {count} of {total} sets", *(f"{name} on {k}" for name, k in rest)])
