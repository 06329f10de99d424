"""Results as tables, for a terminal, for Markdown and for pages."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from variate.core.errors import ParameterError, suggest
from variate.tasks.comparisons import MAIN, Comparison, Group, Versus, comparisons, current, grouped, natural, over, tally
from variate.tasks.results import Row
from variate.tasks.task import NONE
from variate.tasks.verdicts import LEAST, chance, change, number, pairs, percent, places, said, where

Form = Literal["text", "markdown"]
FORMS = ("text", "markdown")
WIDTH = 160
FEW = 8  # columns of sets that a table may have
NOTHING = "There are no results to show: no training run has been measured yet. `variate run RECIPE` measures."
ALONE = "There is nothing to compare yet: no arm has a seed in common with the arm that it is measured against."
LEGEND = (
    "The mean with the arm, then its mean difference from training without augmentation ± half of Student's 95 % interval "
    "over the pairs; ✓ helped, ✗ hurt: 0 is outside the interval. Over sets, a set's means are one pair."
)


class Cell(NamedTuple):
    """An entry of a table, and the verdict that it stands for."""

    text: str
    verdict: str = ""


class Table(NamedTuple):
    """A table: what it is about, the heads of its columns, and its rows."""

    title: str
    heads: list[str]
    rows: list[list[Cell]]


def table(rows: Iterable[Row], form: Form = "text") -> str:
    """Return tables of what arms came to, one for each recipe, profile, model and metric.

    Arms are rows, sets and tests columns, and the last one is over the sets where there are at least three. Where there are
    too many sets for that, a table has the arms over the sets only.

    Args:
        rows: of results files, in any order.
        form: ``"text"``, in 160 columns, or ``"markdown"``.

    Raises:
        ParameterError: another form, or a metric that is not known.
    """
    if form not in FORMS:
        raise ParameterError(f"form is {form!r}; it must be one of {', '.join(FORMS)}{suggest(str(form), FORMS)}")
    held = current(rows)
    found = comparisons(held)
    if not found:
        return ALONE if held else NOTHING
    made = [one for group in grouped(found) for one in tables(group)]
    if form == "markdown":
        return "\n\n".join([*map(markdown, made), LEGEND])
    return "\n\n".join([*map(text, made), textwrap.fill(LEGEND, WIDTH)])


def tables(group: Group) -> list[Table]:
    """Return the tables of a group: sets as columns, or where they are too many the arms over the sets."""
    sets = {one.data for one in group.found}
    columns = {(one.data, one.test) for one in group.found}
    return [by_set(group)] if len(columns) <= FEW or len(sets) < LEAST else [summary(group)]


def by_set(group: Group) -> Table:
    """Return a table with arms as rows and sets and tests as columns, over the sets in the end where there are three."""
    sets, tests = _sets(group), list(dict.fromkeys(one.test for one in group.found))
    columns = [(data, test) for data in sets for test in tests] + [("", test) for test in tests if len(sets) >= LEAST]
    held: dict[str, dict[tuple[str, str], Versus]] = {}
    for one in group.found:
        held.setdefault(one.name, {})[one.data, one.test] = one
    for total in group.over:
        if len(total.sets) == len(sets):
            held[total.name]["", total.test] = total
    heads = [", ".join([data or f"over {len(sets)} sets", *([test] if len(tests) > 1 else [])]) for data, test in columns]
    shown = places(group.found)
    base = [_base([entries[column] for entries in held.values() if column in entries], shown) for column in columns]
    rows = [[Cell(NONE), *base]] if any(cell.text for cell in base) else []
    for name, entries in held.items():
        rows.append([Cell(name), *(_entry(entries.get(column), shown) for column in columns)])
    return Table(title(group), ["arm", *heads], rows)


def summary(group: Group) -> Table:
    """Return a table of the arms over the sets: means, their difference, what the sets came to, and the signed-rank test."""
    relative = ["relative improvement"] if group.found[0].lower else []
    test = ["test"] if len({one.test for one in group.over}) > 1 else []
    heads = ["arm", *test, "sets", "without", "with", "difference", *relative]
    shown, rows = places(group.found), []
    for one in group.over:
        p, counts = one.paired, tally(one.sets)
        cells = [Cell(one.name), *(Cell(one.test) for _ in test), Cell(str(len(one.sets)))]
        cells += [Cell(number(mean, shown)) for mean in (one.without, one.with_)]
        cells.append(Cell(change(one, shown), one.verdict))
        cells += [Cell("" if one.relative is None else percent(one.relative)) for _ in relative]
        cells += [Cell(f"{counts.helped}, {counts.undecided}, {counts.hurt}"), Cell(f"{p.wins}, {p.ties}, {p.losses}")]
        rows.append([*cells, Cell("" if math.isnan(p.wilcoxon) else chance(p.wilcoxon))])
    heads += ["sets helped, undecided, hurt", "won, even, lost", "Wilcoxon p"]
    return Table(f"{title(group)}, over the sets", heads, rows)


def set_by_set(group: Group) -> list[Table]:
    """Return tables of every set, however many: for each test arms by sets, or sets by tests where there are fewer arms."""
    names, tests = (list(dict.fromkeys(getattr(one, axis) for one in group.found)) for axis in ("name", "test"))
    if len(names) >= len(tests):
        made = [by_set(part(group, "test", test)) for test in tests]
        return [one._replace(title=", ".join(filter(None, [one.title, test]))) for one, test in zip(made, tests, strict=True)]
    shown, sets, made = places(group.found), _sets(group), []
    for name in names:
        entries = {(one.data, one.test): one for one in group.found if one.name == name}
        rows = [[Cell(data), *(_entry(entries.get((data, test)), shown) for test in tests)] for data in sets]
        made.append(Table(f"{title(group)}, {name}", ["set", *tests], rows))
    return made


def part(group: Group, name: str, value: str) -> Group:
    """Return the comparisons of a group whose attribute ``name`` is ``value``."""
    found = [one for one in group.found if getattr(one, name) == value]
    return Group(found, [one for one in group.over if getattr(one, name) == value])


def title(group: Group) -> str:
    """Return recipe, profile, model, metric and number of pairs of a group."""
    first = group.found[0]
    better = "lower is better" if first.lower else "higher is better"
    return f"{first.recipe} ({first.profile}), {first.model}: {said(first.metric)} ({better}), {pairs(group.found)}"


def text(made: Table) -> str:
    """Return a table as text of at most 160 columns; columns that do not fit follow below, with the first one again."""
    cells = [made.heads, *([cell.text for cell in row] for row in made.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    blocks: list[list[int]] = [[]]
    for column, width in enumerate(widths[1:], start=1):
        if blocks[-1] and widths[0] + sum(widths[c] + 2 for c in blocks[-1]) + 2 + width > WIDTH:
            blocks.append([])
        blocks[-1].append(column)
    parts = []
    for block in blocks:
        lines = ["  ".join(row[c].ljust(widths[c]) for c in (0, *block)).rstrip() for row in cells]
        parts.append("\n".join([lines[0], "─" * max(map(len, lines)), *lines[1:]]))
    return "\n\n".join([made.title, *parts]).replace("\n\n", "\n", 1)


def markdown(made: Table) -> str:
    """Return a table as Markdown, its title above it if it has one; names of arms are code."""
    lines = [f"| {' | '.join(made.heads)} |", "|---" * len(made.heads) + "|"]
    for first, *rest in made.rows:
        lines.append(f"| {' | '.join([f'`{first.text}`', *(cell.text for cell in rest)])} |")
    return "\n".join([*([f"**{made.title}**", ""] if made.title else []), *lines])


def short(found: Sequence[Comparison]) -> Table:
    """Return a line for each recipe and profile: what was run, the verdicts, and the arms that gained and lost most.

    It is of the main metric of each task. The last two columns are over the sets where there are three, else of one set.
    They are picked after the fact, so the one is too good on average, and the other too bad.
    """
    rows = []
    for (recipe, profile), own in groupby(main(found), key=lambda one: (one.recipe, one.profile)):
        held = list(own)
        sets, models = (sorted({getattr(one, axis) for one in held}, key=natural) for axis in ("data", "model"))
        what = f"{said(held[0].metric)} of {', '.join(models)} on {sets[0] if len(sets) == 1 else f'{len(sets)} sets'}"
        judged: list[Versus] = [*held] if len(sets) < LEAST else [*over(held)]
        ends = [pick(judged, key=lambda one: one.paired.difference) for pick in (max, min)]
        counts, shown = tally(held), places(held)
        cells = [f"{recipe} ({profile})", f"{what}, {pairs(held)}", str(len({one.arm for one in held}))]
        cells.append(f"{counts.helped}, {counts.undecided}, {counts.hurt}")
        rows.append([*map(Cell, cells), *(Cell(f"{where(one, judged)} {change(one, shown)}", one.verdict) for one in ends)])
    return Table("In short", ["recipe", "what", "arms", "helped, undecided, hurt", "best", "worst"], rows)


def main(found: Iterable[Comparison]) -> list[Comparison]:
    """Return the comparisons with training without augmentation by the main metric of each task."""
    return [one for one in found if one.metric == MAIN.get(one.task) and one.against == NONE]


def _sets(group: Group) -> list[str]:
    return sorted({one.data for one in group.found}, key=natural)


def _entry(one: Versus | None, shown: int) -> Cell:
    """Return the mean of an arm and its difference as an entry of a table, an empty one where there is nothing."""
    return Cell("") if one is None else Cell(f"{number(one.with_, shown)} {change(one, shown)}", one.verdict)


def _base(column: Sequence[Versus], shown: int) -> Cell:
    """Return the mean of training without augmentation, by the comparison that has most pairs."""
    found = [one for one in column if one.against == NONE]
    return Cell(number(max(found, key=lambda one: one.paired.pairs).without, shown)) if found else Cell("")
