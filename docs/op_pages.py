"""Pages of operations, as Markdown that follows from the classes: what a class does not say, no page says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docstrings
import yaml
from generate import survey_table
from pictures import STRENGTH

import variate
from variate.core.param import Param, params
from variate.core.spec import to_dict
from variate.core.transform import Transform
from variate.plot import facts, sample
from variate.plot.catalogue import about_group, call, grouped

ROOT = Path(__file__).parents[1]
WIDE = ("---", "hide: [toc]", "---", "")  # the pictures need the room
Op = type[Transform]


def overview() -> str:
    """Return the page of all operations, each with a thumbnail."""
    lines = [*WIDE, "# Operations", ""]
    lines += ["Each folder of the package is a part of the survey's taxonomy, and each file in it is one operation. The"]
    lines += [f"pictures here show strong ones, `.at({STRENGTH:g})`: grey is before, coloured after. Strips below a"]
    lines += ["series are its point labels. The page of an operation shows it at its defaults, on four series.", ""]
    for name, classes in grouped().items():
        lines += [f"## {title(name)}", "", docstrings.first_paragraph(about_group(classes[0])), ""]
        lines += ['<div class="ops" markdown>', ""]
        for cls in classes:
            small = f"![before and after]({cls.op}.small.png){{ loading=lazy }}"
            lines += ['<div class="op" markdown>', "", f"**[{cls.__name__}]({cls.op}.md)**  ", short(cls), ""]
            lines += [f"[{small}]({cls.op}.md)", "", "</div>", ""]
        lines += ["</div>", ""]
    lines += ["## The survey's methods", "", "What the survey [wen2021] names, and what is here of it.", "", survey_table(), ""]
    return docstrings.outside_code("\n".join(lines), docstrings.linked)


def title(name: str) -> str:
    """Return a folder's name as a heading."""
    return name.replace("_", "-").capitalize()


def short(cls: Op) -> str:
    """Return the first sentence of a class without its references."""
    return docstrings.KEY.sub("", " ".join(docstrings.paragraphs(cls.__doc__ or "")[0].split())).replace(" .", ".").strip()


def page(cls: Op) -> str:
    """Return the page of one operation, whose picture is ``<op>.png``."""
    lines = [*WIDE, f"# {cls.__name__}", "", docstrings.first_paragraph(cls.__doc__), "", '<figure markdown="span">']
    shown = f"![{cls.__name__}: four series before and after, with spectrum and histogram]({cls.op}.png)"
    lines += [f"[{shown}]({cls.op}.png)"]
    lines += [f"<figcaption markdown>`{call(sample(cls))}`; grey is before, coloured after.</figcaption>", "</figure>", ""]
    lines += [docstrings.page_body(cls.__doc__ or ""), "", "## What it promises", ""]
    lines += ['<div class="facts" markdown>', "", *promises(cls), "", "</div>", ""]
    lines += ["## Parameters", "", *parameters(cls), "", "## In a policy file", "", *policy(cls), ""]
    return "\n".join([*lines, *source(cls), ""])


def promises(cls: Op) -> Iterator[str]:
    """Give the table of what follows what."""
    said = facts(cls)
    yield "| | |"
    yield "|---|---|"
    yield f"| Family | {said.family} |"
    yield f"| Labels | {docstrings.markdown(said.labels)} |"
    yield f"| Forecast window | {said.forecast} |"
    yield f"| Keeps | {'; '.join(said.keeps) or 'nothing exactly'} |"
    if cls.shortest > 1:
        yield f"| Shortest series | {cls.shortest} steps; a shorter one passes unchanged |"
    if cls.family in ("value", "time"):
        yield f"| Gradients | {'flow through it' if cls.differentiable else 'do not flow through it'} |"


def parameters(cls: Op) -> Iterator[str]:
    """Give the table of parameters."""
    declared = params(cls)
    if not declared:
        yield "None."
        return
    yield "| parameter | default | allowed | weak … strong | what it is |"
    yield "|---|---|---|---|---|"
    for p in declared.values():
        unit = f" ({p.unit})" if p.unit else ""
        yield f"| `{p.name}` | `{p.default!r}` | {allowed(p)} | {search_range(p)} | {docstrings.markdown(p.about)}{unit} |"


def allowed(p: Param) -> str:
    """Return what values a parameter may take."""
    if p.choices is not None:
        return ", ".join(f"`{choice!r}`" for choice in p.choices)
    return "`True`, `False`" if p.kind == "bool" else p.range


def search_range(p: Param) -> str:
    """Return the ends that ``at`` and a search move between."""
    return "" if p.search is None else f"{p.search[0]:g} … {p.search[1]:g}"


def policy(cls: Op) -> Iterator[str]:
    """Give the operation as YAML, every parameter written."""
    shown = sample(cls) if cls.takes_parts else cls()
    yield "```yaml"
    yield yaml.safe_dump({"variate": 1, "policy": to_dict(shown)}, sort_keys=False).rstrip()
    yield "```"


def source(cls: Op) -> Iterator[str]:
    """Give the file, folded away."""
    path = Path(inspect.getfile(cls))
    yield "<div data-search-exclude markdown>\n"
    yield f'??? abstract "Source: {path.relative_to(ROOT)}"'
    yield "    ```python"
    for line in path.read_text(encoding="utf-8").splitlines():
        yield f"    {line}".rstrip()
    yield "    ```\n\n</div>"


def strength_table() -> str:
    """Return the table of strengths: what a parameter does nothing at, its range and default, and when the op hurts."""
    heads = ("operation", "parameter", "does nothing", "weak", "default", "strong", "when it hurts")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for classes in grouped().values():
        for cls in classes:
            said = (f"[{cls.__name__}](../ops/{cls.op}.md)", docstrings.sentences_with(cls.__doc__, r"\bhurts?\b|does nothing"))
            for p in params(cls).values():
                if p.search is not None:
                    name = f"`{p.name}` {p.unit}".strip()
                    numbers = [_number(value) for value in (p.identity, p.search[0], p.default, p.search[1])]
                    lines.append(f"| {' | '.join((said[0], name, *numbers, said[1].replace('|', chr(92) + '|')))} |")
                    said = ("", "")  # once for each operation
    return "\n".join(lines)


def _number(value: Any) -> str:
    return "" if value is None else f"{value:g}"


def citing() -> dict[str, list[str]]:
    """Return for each reference key the operations and functions that name it, as links from the page of references."""
    links = {cls: f"[{cls.__name__}](../ops/{cls.op}.md)" for cls in variate.ops.values()}
    public = (getattr(variate, name) for name in variate.__all__)
    links |= {f: f"[{f.__name__}][{f.__module__}.{f.__name__}]" for f in public if inspect.isfunction(f)}
    found: dict[str, list[str]] = {}
    for named, link in sorted(links.items(), key=lambda item: item[0].__name__.lower()):
        for key in dict.fromkeys(docstrings.KEY.findall(named.__doc__ or "")):
            found.setdefault(key, []).append(link)
    return found
