"""The page of evidence, docs/evidence.md, and the README's table of it: from the lines of results, never typed.

Every sentence about a result follows from numbers. What was published is in docs/published.yaml, with its sources.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import published
import yaml

from variate.tasks.comparisons import MAIN, Group, comparisons, current, experiments, facts, grouped, natural, tally
from variate.tasks.results import Row, read
from variate.tasks.tables import ALONE, NOTHING, markdown, summary, tables
from variate.tasks.tables import short as in_short
from variate.tasks.task import NONE
from variate.tasks.verdicts import counted, in_words, lasted, overview, places, said

ROOT = Path(__file__).parents[1]
QUICK = "quick"
TITLE = "# Does augmentation help? The evidence"
READ_IT = """\
The networks of all arms of a recipe begin with the same weights and take as many steps as those of the arm `none`, which has
no augmentation; what counts is the difference within a pair of one seed. **Helped** and **hurt** mean that Student's 95 %
interval of the mean difference leaves out 0. All else is **undecided**, which is not the same as no effect. ± is half of the
interval, ✓ marks helped, ✗ hurt. Over sets, the means of a set are one pair, and Wilcoxon's signed-rank test stands beside
the interval. An interval tells how a result varies with the seed, not what would come of other data. Every arm that was run
is here, and so is every loss. `variate report` makes a page with pictures of the same lines."""
SHORT_NOTE = (
    "Counts are comparisons with training without augmentation: one for each arm, set, test and model. Best and worst are over "
    "the sets where there are three, picked after the fact, ± half of the 95 % interval; ✓ helped, ✗ hurt. [All of it]"
    "(docs/evidence.md), beside published numbers."
)
COUNTED = {"data": "set", "arms": "arm"}
NESTED = ("training", "options")
CHANGED = ("data", "models", "arms", "seeds", *NESTED)


def rows() -> list[Row]:
    """Return the lines of all results files."""
    return [row for path in sorted((ROOT / "results").glob("*.jsonl")) for row in read(path)]


def recipes() -> dict[str, dict[str, Any]]:
    """Return the recipes that come along, by name, as they are written."""
    found = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "recipes").glob("*.yaml")))
    return {recipe["name"]: recipe for recipe in found}


def page(rows: Iterable[Row]) -> str:
    """Return docs/evidence.md: what each recipe came to, and published numbers beside it."""
    held, known = _shown(rows), recipes()
    runs: dict[str, list[tuple[str, list[Row]]]] = {name: [] for name in known}
    for recipe, profile, own in experiments(held):
        runs.setdefault(recipe, []).append((profile, own))
    parts = [TITLE, READ_IT, "## In short", short(held, note="")]
    for recipe in sorted(runs, key=natural):
        parts += _recipe(recipe, known.get(recipe, {}), runs[recipe])
    parts += ["## Beside published numbers", published.INTRODUCTION, *published.tables(comparisons(held))]
    return "\n\n".join(parts) + "\n"


def short(rows: Iterable[Row], note: str = SHORT_NOTE) -> str:
    """Return a table with a line for each recipe; recipes without results are named."""
    held = _shown(rows)
    made, done = in_short(comparisons(held)), {row["recipe"] for row in held}
    missing = ", ".join(f"`{name}`" for name in sorted(recipes(), key=natural) if name not in done)
    if not made.rows:
        return NOTHING
    parts = [markdown(made._replace(title="")), f"No results yet: {missing}." if missing else "", note]
    return "\n\n".join(filter(None, parts))


def _shown(rows: Iterable[Row]) -> list[Row]:
    """Return the rows that hold, without those of a quick trial where there are others of the recipe."""
    held = current(rows)
    more = {row["recipe"] for row in held if row["profile"] != QUICK}
    return [row for row in held if row["profile"] != QUICK or row["recipe"] not in more]


def _recipe(name: str, recipe: Mapping[str, Any], profiles: list[tuple[str, list[Row]]]) -> Iterator[str]:
    yield f"## {name}"
    yield " ".join(str(recipe.get("about", "")).split()) or "This recipe does not come along."
    if not profiles:
        yield f"No results yet; `variate run {name}` measures."
    for profile, rows in profiles:
        yield f"**Profile {profile}.** {_run(rows)} {_cut(recipe, profile)}{_missing(recipe, profile, rows)}".strip()
        groups = list(grouped(comparisons(rows)))
        yield from (part for group in groups if _is_main(group) for part in _results(group))
        if not groups:
            yield ALONE
        rest = [_tallied(group) for group in groups if not _is_main(group)]
        if rest:
            yield f"By the other metrics, of the same comparisons: {'; '.join(rest)}."


def _is_main(group: Group) -> bool:
    return group.found[0].metric == MAIN.get(group.found[0].task)


def _results(group: Group) -> Iterator[str]:
    """Go through what a group came to: sentences, each arm in words where the table is not over sets alone, and tables."""
    yield f"`{group.found[0].model}`. {overview(group)}"
    made = tables(group)
    yield from map(markdown, made)
    if made != [summary(group)] and len({one.data for one in group.found}) > 1:
        test = len({one.test for one in group.over}) > 1
        lines = [
            f"- `{one.name}`{f' ({one.test})' if test else ''}: {in_words(one.sets, one, places(group.found))}"
            for one in group.over
        ]
        yield "\n".join(lines)


def _tallied(group: Group) -> str:
    plain = [one for one in group.found if one.against == NONE]
    counts, name = tally(plain), f"{said(group.found[0].metric)} of `{group.found[0].model}`"
    return f"{name}, {counts.helped} helped, {counts.hurt} hurt, {counts.undecided} undecided"


def _run(rows: list[Row]) -> str:
    known = facts(rows)
    lost = f" {counted(known.not_finite, 'score')} without a finite number, left out." if known.not_finite else ""
    where = f" on {', '.join(known.devices)}" if known.devices else ""
    runs = f"{counted(known.cells, 'training run')}, {counted(known.seeds, 'seed')}"
    return f"{runs}, {lasted(known.seconds)} of computing in all{where}.{lost}"


def _cut(recipe: Mapping[str, Any], profile: str) -> str:
    """Say what a profile has less than the profile full, by the recipe's file."""
    if not recipe or profile == "full":
        return ""
    own, full = _resolved(recipe, profile), _resolved(recipe, "full")
    parts = [
        f"{counted(len(own[key]), word)} instead of {len(full[key])}"
        for key, word in COUNTED.items()
        if len(own[key]) != len(full[key])
    ]
    parts += [f"{_models(own)} instead of {_models(full)}"] if own["models"] != full["models"] else []
    for name, ours, theirs in [("seeds", own, full), *((name, own[key], full[key]) for key in NESTED for name in full[key])]:
        if ours.get(name) != theirs.get(name):
            parts.append(f"{name} {ours.get(name, 'by default')} instead of {theirs.get(name)}")
    return f"Cut from the profile full: {'; '.join(parts)}." if parts else "The profile full is the same."


def _resolved(recipe: Mapping[str, Any], profile: str) -> dict[str, Any]:
    changed = (recipe.get("profiles") or {}).get(profile) or {}
    held = {key: recipe.get(key, {}) for key in CHANGED} | {"seeds": recipe.get("seeds", 5)}
    return {key: {**held[key], **changed.get(key, {})} if key in NESTED else changed.get(key, held[key]) for key in CHANGED}


def _models(held: Mapping[str, Any]) -> str:
    named = []
    for model in held["models"]:
        parameters = ", ".join(f"{key} {value}" for key, value in model.items() if key != "name")
        named.append(f"`{model['name']}`" + (f" ({parameters})" if parameters else ""))
    return ", ".join(named)


def _missing(recipe: Mapping[str, Any], profile: str, rows: list[Row]) -> str:
    """Say how many training runs of a profile are not there yet."""
    if not recipe:
        return ""
    held = _resolved(recipe, profile)
    models, arms = [model["name"] for model in held["models"]], {NONE, *held["arms"]}
    wanted = set(product(held["data"], models, arms, range(held["seeds"])))
    left = len(wanted - {(row["data"], row["model"], row["arm"], row["seed"]) for row in rows})
    return f" {left} of {len(wanted)} training runs are not there yet." if left else ""
