"""Published numbers, from docs/published.yaml, with results of variate beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from variate.tasks.comparisons import PROFILES, Comparison, OverSets, Versus, over
from variate.tasks.task import NONE
from variate.tasks.verdicts import MARKS, change, number, percent, places

FILE = Path(__file__).parent / "published.yaml"
INTRODUCTION = (
    "What papers print, and what the recipes came to. Data, networks and lengths of training differ, so a number is no target; "
    "what compares is the sign of a difference, and its size. “–” marks what no arm of ours stands for."
)
LOOKS = ("head", "shows", "values")


def tables(found: Sequence[Comparison]) -> Iterator[str]:
    """Go through the tables of the file as Markdown, each with its source and what differs."""
    for entry in yaml.safe_load(FILE.read_text(encoding="utf-8")):
        own, ours = _own(entry, found)
        parts = [f"### {entry['title']}", f"Published: {entry['source']} {entry.get('differs', '')}".strip(), ours]
        yield "\n\n".join([*parts, _table(entry, own)])


def _own(entry: Mapping[str, Any], found: Sequence[Comparison]) -> tuple[list[Comparison], str]:
    """Return the comparisons of the recipe that stands beside a table, of one profile, and a sentence about them."""
    if entry["recipe"] is None:
        return [], "Ours: no recipe of ours."
    held = [one for one in found if one.recipe == entry["recipe"] and one.against == NONE]
    profile = next((name for name in PROFILES if any(one.profile == name for one in held)), None)
    if profile is None:
        return [], f"Ours: recipe `{entry['recipe']}`, which has no results yet."
    return [one for one in held if one.profile == profile], f"Ours: recipe `{entry['recipe']}`, profile {profile}."


def _table(entry: Mapping[str, Any], own: Sequence[Comparison]) -> str:
    heads = [""]
    for column in entry["columns"]:
        heads += [column["head"], *(["ours"] if own else [])]
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for row in entry["rows"]:
        if len(row["values"]) != len(entry["columns"]):
            raise ValueError(f"docs/published.yaml: {entry['title']}, {row['head']}: a value for each column, please")
        cells = [row["head"]]
        for column, value in zip(entry["columns"], row["values"], strict=True):
            cells += [value, *([_beside(entry, column, row, own)] if own else [])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _beside(entry: Mapping[str, Any], column: Mapping[str, Any], row: Mapping[str, Any], own: Sequence[Comparison]) -> str:
    """Return what of ours stands beside a value."""
    names = {
        **entry.get("ours", {}),
        **{key: value for part in (column, row) for key, value in part.items() if key not in LOOKS},
    }
    if "arm" not in names:
        return "–"
    base = names["arm"] == NONE
    wanted = {key: value for key, value in names.items() if not (base and key == "arm")}
    among: Sequence[Versus] = own if "data" in names else over(own)
    matching = [one for one in among if all(fnmatchcase(getattr(one, key), value) for key, value in wanted.items())]
    if not matching:
        return "none yet"
    shows = column.get("shows", "entry")
    if base:
        return number(matching[0].without, places(matching)) if shows == "entry" else ""
    return _shown(matching[0], shows, places(matching))


def _shown(one: Versus, shows: str, digits: int) -> str:
    if shows == "relative":
        mark = MARKS[one.verdict]
        return " ".join(filter(None, ["" if one.relative is None else percent(one.relative), mark]))
    if shows in ("tally", "median"):
        counts = f"{one.paired.wins}, {one.paired.ties}, {one.paired.losses}"
        return counts if shows == "tally" else number(_median(one), digits, sign=True)
    plain = {"without": number(one.without, digits), "with": number(one.with_, digits), "difference": change(one, digits)}
    return plain.get(shows) or f"{number(one.with_, digits)} {change(one, digits)}"


def _median(one: Versus) -> float:
    """Return the median of the differences of the sets."""
    return median(part.difference for part in one.sets) if isinstance(one, OverSets) else one.difference
