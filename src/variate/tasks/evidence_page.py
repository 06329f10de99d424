"""The page of evidence: what every recipe came to, as one HTML file that needs nothing else, pictures included."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING

from variate.core.atomic import check_place
from variate.metrics.comparison import Paired
from variate.plot.curves import curves
from variate.plot.files import put, rendered
from variate.plot.forest import ACROSS, forest
from variate.plot.style import needs_matplotlib
from variate.tasks.comparisons import MAIN, Group, comparisons, experiments, facts, grouped, natural
from variate.tasks.results import Row
from variate.tasks.tables import ALONE, NOTHING, Cell, Table, part, set_by_set, short, tables
from variate.tasks.verdicts import LEAST, counted, in_words, lasted, overview, places, said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NO_ABOUTS: Mapping[str, str] = MappingProxyType({})
DPI = 120
OVER = "over the sets"
CUT = MappingProxyType(
    {
        "quick": "The profile quick shows that a recipe runs; its training is far too short to tell what helps.",
        "cpu": "The profile cpu is what two cores can do: where it is cut down from full, networks are smaller, training "
        "is shorter or seeds are fewer, and what helps there need not help a network that is trained to the end.",
        "full": "The profile full is the experiment without cuts.",
    }
)
Panels = dict[str, dict[str, Paired]]


def write(rows: Iterable[Row], out: Path, force: bool = False, *, abouts: Mapping[str, str] = NO_ABOUTS) -> Path:
    """Write the page and return its path.

    Args:
        rows: of results files, in any order.
        out: the HTML file; its folder must exist.
        force: whether an existing file is replaced.
        abouts: what recipes are, by name.

    Raises:
        VariateError: matplotlib is missing.
        ParameterError: a metric that is not known.
        DataFileError: a file that is there while ``force`` is False, or a place that cannot be written to.
    """
    check_place(Path(out), force)
    needs_matplotlib()
    put(Path(out), page(rows, abouts).encode())
    return Path(out)


def page(rows: Iterable[Row], abouts: Mapping[str, str] = NO_ABOUTS) -> str:
    """Return the page; :func:`write` writes it."""
    from variate import __version__

    runs = list(experiments(rows))
    found = comparisons(row for _, _, own in runs for row in own)
    template = resources.files("variate.tasks").joinpath("evidence.html.tmpl").read_text(encoding="utf-8")
    return Template(template).substitute(
        links=" · ".join(_link(recipe, profile) for recipe, profile, _ in runs) or _words(NOTHING),
        short=_table(short(found), "In short, by the main metric of each task", "words") if found else "",
        sections="\n".join(_section(recipe, profile, own, abouts.get(recipe, "")) for recipe, profile, own in runs),
        version=html.escape(__version__),
    )


def _link(recipe: str, profile: str) -> str:
    return f'<a href="#{_id(recipe, profile)}">{html.escape(recipe)} ({html.escape(profile)})</a>'


def _section(recipe: str, profile: str, rows: list[Row], about: str) -> str:
    groups = list(grouped(comparisons(rows)))
    parts = [f'<h2 id="{_id(recipe, profile)}">{html.escape(recipe)} <span>profile {html.escape(profile)}</span></h2>']
    parts += [f"<p>{_words(about)}</p>"] if about else []
    for model in sorted({group.found[0].model for group in groups}, key=natural):
        parts.append(f"<h3>{html.escape(model)}</h3>")
        parts += _model([group for group in groups if group.found[0].model == model])
        parts += _curves([row for row in rows if row["model"] == model])
    parts += [] if groups else [f'<p class="verdict">{_words(ALONE)}</p>']
    return "\n".join([*parts, _notes(profile, rows)])


def _model(groups: Sequence[Group]) -> Iterator[str]:
    """Go through the parts of a model: verdicts, pictures and tables by the main metric, the rest folded away."""
    first = next((group for group in groups if group.found[0].metric == MAIN.get(group.found[0].task)), groups[0])
    metric = html.escape(said(first.found[0].metric))
    yield f'<p class="verdict">{_words(overview(first))}</p>'
    shown, folded = _panels(first)
    yield from (_forest(panels, first) for panels in shown)
    yield _table(_verdicts(first), f"Each arm in words, by {metric}", "words")
    made = tables(first)
    yield from map(_table, made)
    whole = [one for one in set_by_set(first) if one not in made]
    if folded or whole:
        yield _details(f"Set by set: {metric}", [*(_forest(panels, first) for panels in folded), *map(_table, whole)])
    rest = [one for group in groups if group is not first for one in tables(group)]
    if rest:
        yield _details("Other metrics", map(_table, rest))


def _panels(group: Group) -> tuple[list[Panels], list[Panels]]:
    """Return the pictures of a group, each as its plots: those in sight, and those folded away.

    One arm has a plot for each test, with the sets as lines. Several have a picture for each test with a plot for each set
    and the arms as lines, those on top that gained most; where there are many sets, that over the sets is in sight alone.
    """
    tests = list(dict.fromkeys(one.test for one in group.found))
    if len({one.name for one in group.found}) == 1:
        return [{test or group.found[0].name: _sets(part(group, "test", test)) for test in tests}], []
    shown: list[Panels] = []
    folded: list[Panels] = []
    for test in tests:
        over, sets = _arms(part(group, "test", test), f", {test}" if len(tests) > 1 else "")
        many = bool(over) and len(sets) >= ACROSS
        shown.append(over if many else over | sets)
        folded += [sets] if many else []
    return shown, folded


def _sets(group: Group) -> dict[str, Paired]:
    """Return the lines of the only arm of a group, the last one over the sets."""
    lines = {one.data: one.paired for one in group.found}
    (total,) = group.over
    return {**lines, OVER: total.paired} if len(total.sets) >= LEAST else lines


def _arms(group: Group, suffix: str) -> tuple[Panels, Panels]:
    """Return the plot over the sets, if there are enough of them, and those of the sets."""
    order = [one.name for one in sorted(group.over, key=lambda one: -one.paired.difference)]
    total = {one.name: one.paired for one in group.over if len(one.sets) >= LEAST}
    sets: Panels = {}
    for data in sorted({one.data for one in group.found}, key=natural):
        lines = {one.name: one.paired for one in group.found if one.data == data}
        sets[f"{data}{suffix}"] = {name: lines[name] for name in order if name in lines}
    over = {f"{OVER}{suffix}": {name: total[name] for name in order if name in total}} if total else {}
    return over, sets


def _forest(panels: Panels, group: Group) -> str:
    first = group.found[0]
    label = f"{'fall' if first.lower else 'rise'} of {said(first.metric)}"
    about = f"The {label} against training without augmentation, with Student’s 95 % interval; right of 0 the arm helped."
    return _figure(about, forest(panels, label=label))


def _curves(rows: Sequence[Row]) -> Iterator[str]:
    """Draw the validation scores of the arms of one model, if they have any; a training run counts once."""
    runs = {(row["data"], row["arm"], row["seed"]): row["looks"] for row in rows if row.get("looks")}
    panels: dict[str, dict[str, list[list[float]]]] = {}
    for data, arm, seed in sorted(runs, key=lambda key: (natural(key[0]), key[1], key[2])):
        panels.setdefault(data, {}).setdefault(arm, []).append(runs[data, arm, seed])
    if panels:
        about = "The score of the validation part from look to look, the mean over the seeds; lower is better."
        yield _details("Curves of training", [_figure(about, curves(panels, label="validation score"))], opened=True)


def _verdicts(group: Group) -> Table:
    test = ["test"] if len({one.test for one in group.over}) > 1 else []
    rows = []
    for one in group.over:
        words = in_words(one.sets, one, places(group.found))
        rows.append([Cell(one.name), *(Cell(one.test) for _ in test), Cell(words)])
    return Table("", ["arm", *test, "verdict"], rows)


def _notes(profile: str, rows: Sequence[Row]) -> str:
    """Say how much was run and where, and what was cut."""
    known = facts(rows)
    where = f" on {', '.join(known.devices)}" if known.devices else ""
    runs = f"{counted(known.cells, 'training run')}, {counted(known.seeds, 'seed')}"
    parts = [f"{runs}, {lasted(known.seconds)} of computing in all{where}.", CUT.get(profile, "")]
    parts += [f"{counted(known.not_finite, 'score')} without a finite number, left out."] if known.not_finite else []
    parts += [f"Versions: {', '.join(known.versions)}."] if known.versions else []
    return f'<p class="soft">{html.escape(" ".join(filter(None, parts)))}</p>'


def _table(made: Table, caption: str = "", kind: str = "") -> str:
    heads = "".join(f"<th>{html.escape(head)}</th>" for head in made.heads)
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in made.rows)
    head = f"<caption>{caption or _words(made.title)}</caption>\n<tr>{heads}</tr>"
    return f'<div class="wide"><table class="{kind}">{head}\n{rows}\n</table></div>'


def _cell(cell: Cell) -> str:
    return f'<td class="{cell.verdict}">{_words(cell.text)}</td>' if cell.verdict else f"<td>{_words(cell.text)}</td>"


def _figure(about: str, figure: Figure) -> str:
    content = rendered(figure, dpi=DPI)
    width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))  # where a PNG file says its size
    data, text = base64.b64encode(content).decode("ascii"), html.escape(about)
    size = f'width="{width * 96 // DPI}" height="{height * 96 // DPI}"'
    return f'<figure><img alt="{text}" {size} src="data:image/png;base64,{data}">\n<figcaption>{text}</figcaption></figure>'


def _details(head: str, parts: Iterable[str], *, opened: bool = False) -> str:
    shown = "\n".join(parts)
    return f"<details{' open' * opened}><summary>{html.escape(head)}</summary>\n{shown}</details>"


def _id(recipe: str, profile: str) -> str:
    return re.sub(r"[^\w-]+", "-", f"{recipe}-{profile}")


def _words(text: str) -> str:
    """Return text as HTML; what is between backticks is code."""
    return re.sub(r"``?(.+?)``?", r"<code>\1</code>", html.escape(text))
