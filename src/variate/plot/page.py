"""The gallery: a folder with a page of all operations, and a picture of each."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from string import Template

from variate.core.errors import DataFileError, VariateError
from variate.core.param import Param
from variate.core.transform import Transform
from variate.plot.catalogue import SEED, about_group, call, facts, grouped, picture, sample
from variate.plot.files import make_folder, put, rendered
from variate.plot.style import needs_matplotlib

INDEX = "index.html"
MARK = '<meta name="generator" content="variate gallery">'
DPI = 110
Drawn = dict[str, bytes | str]
"""Operation → its picture as a PNG file, or the sentence with which it refused the example series."""


def gallery(out: str | os.PathLike[str], *, force: bool = False, on_picture: Callable[[], None] | None = None) -> Path:
    """Write the folder ``out``: ``index.html`` with every operation of the registry, and ``<op>.png`` for each.

    The page needs nothing else and works offline. Nothing is written before all pictures are drawn, and the page comes
    last. An older gallery is replaced; other files in its folder are left alone.

    Args:
        out: the folder; it is made where it is missing.
        force: whether a folder that holds other things is written into.
        on_picture: called after each picture, for a progress bar.

    Returns:
        The path of the page.

    Raises:
        VariateError: matplotlib is missing.
        DataFileError: a folder that holds other things and no gallery, or that cannot be written to.
    """
    needs_matplotlib()
    folder = _checked(Path(out), force)
    drawn: Drawn = {}
    for group in grouped().values():
        for cls in group:
            drawn[cls.op] = _drawn(cls)
            if on_picture is not None:
                on_picture()
    page = folder / INDEX
    make_folder(folder)
    for op, content in drawn.items():
        if isinstance(content, bytes):
            put(folder / f"{op}.png", content)
    put(page, _page(drawn).encode())
    return page


def _checked(folder: Path, force: bool) -> Path:
    """Return the folder if a gallery may be written there; raise DataFileError otherwise."""
    try:
        known = {path.name for path in folder.iterdir()} if folder.exists() else set()
        page = (folder / INDEX).read_text(encoding="utf-8", errors="replace") if INDEX in known else ""
    except NotADirectoryError:
        raise DataFileError(f"{folder}: is a file; name a folder") from None
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be read ({error.strerror or error}); choose another folder") from None
    if known and MARK not in page and not force:
        raise DataFileError(
            f"{folder}: is not empty and no gallery; choose another folder, or write into it with force (--force)"
        )
    return folder


def _drawn(cls: type[Transform]) -> bytes | str:
    """Return the picture of an operation; one that refuses is said to, so that the others have their page."""
    try:
        return rendered(picture(cls), dpi=DPI)
    except VariateError as error:
        return str(error)


def _page(drawn: Drawn) -> str:
    from variate import __version__

    groups = grouped()
    template = resources.files("variate.plot").joinpath("page.html.tmpl").read_text(encoding="utf-8")
    return Template(template).substitute(
        mark=MARK,
        contents="\n".join(_links(name, group) for name, group in groups.items()),
        groups="\n".join(_group(name, group, drawn) for name, group in groups.items()),
        count=len(drawn),
        version=html.escape(__version__),
    )


def _links(name: str, group: list[type[Transform]]) -> str:
    links = " ".join(f'<a href="#{cls.op}">{cls.__name__}</a>' for cls in group)
    return f'<p><b><a href="#group-{name}">{_title(name)}</a></b> <span>{links}</span></p>'


def _group(name: str, group: list[type[Transform]], drawn: Drawn) -> str:
    sections = "\n".join(_section(cls, drawn[cls.op]) for cls in group)
    return f'<h2 id="group-{name}">{_title(name)}</h2>\n<p class="soft">{_words(about_group(group[0]))}</p>\n{sections}'


def _title(group: str) -> str:
    return html.escape(group.replace("_", "-").capitalize())


def _section(cls: type[Transform], content: bytes | str) -> str:
    said = facts(cls)
    keeps = "<br>".join(map(_words, said.keeps)) or "nothing that would be exact"
    rows = "\n".join(map(_row, said.parameters))
    heads = "".join(f"<th>{name}</th>" for name in ("parameter", "default", "allowed", "unit", "what it is"))
    table = f'<div class="wide"><table>\n<tr>{heads}</tr>\n{rows}\n</table></div>' if rows else "<p>No parameters.</p>"
    return f"""<section id="{said.op}">
<h3>{said.name} <code>{said.op}</code></h3>
<p>{_words(said.summary)}</p>
{_figure(cls, content)}
<dl>
<dt>labels</dt><dd>{_words(said.labels)}</dd>
<dt>forecast window</dt><dd>{_words(said.forecast)}</dd>
<dt>keeps</dt><dd>{keeps}</dd>
</dl>
{table}
</section>"""


def _figure(cls: type[Transform], content: bytes | str) -> str:
    if isinstance(content, str):
        return f'<p class="none">No picture: {html.escape(content)}</p>'
    width, height = (int.from_bytes(content[i : i + 4], "big") for i in (16, 20))  # where a PNG file says its size
    said = html.escape(f"{call(sample(cls))}, seed {SEED}")
    size = f'width="{width}" height="{height}" loading="lazy"'
    image = f'<img src="{cls.op}.png" alt="{cls.__name__}: four series before and after" {size}>'
    return f'<figure><a href="{cls.op}.png">{image}</a>\n<figcaption><code>{said}</code></figcaption></figure>'


def _row(p: Param) -> str:
    name, default = (f'<td class="value"><code>{html.escape(text)}</code></td>' for text in (p.name, repr(p.default)))
    return f"<tr>{name}{default}<td>{html.escape(p.range)}</td><td>{_words(p.unit)}</td><td>{_words(p.about)}</td></tr>"


def _words(text: str) -> str:
    """Return text of a docstring as HTML: what is between double backticks is code."""
    return re.sub(r"``(.+?)``|`(.+?)`", lambda found: f"<code>{found[1] or found[2]}</code>", html.escape(text))
