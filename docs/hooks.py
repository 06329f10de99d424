"""What MkDocs calls while it builds the site: it adds the pages that follow from the code; none of them is committed.

- a page and a picture for each operation, an overview of all, the references and the command line;
- text that lives elsewhere in the repository, where a page asks for it: ``<!-- insert: name -->``;
- links for reference keys such as ``[wen2021]``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bibliography
import cli_page
import docstrings
import op_pages
import pictures
from mkdocs.structure.files import File, Files

import variate
from variate.plot.catalogue import grouped

ROOT = Path(__file__).parents[1]
INSERT = re.compile(r"^<!-- insert: ([\w-]+) -->$", re.M)


def on_config(config: Any) -> Any:
    """Put the pages of operations into the navigation, below their overview."""
    groups = [{op_pages.title(name): [f"ops/{c.op}.md" for c in classes]} for name, classes in grouped().items()]
    config.nav = [{"Operations": ["ops/index.md", *groups]} if "Operations" in entry else entry for entry in config.nav]
    config.watch += [str(ROOT / "src"), str(ROOT / "docs")]
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add the generated files."""
    made: dict[str, str | bytes] = {
        "ops/index.md": op_pages.overview(),
        "project/references.md": bibliography.page(op_pages.citing()),
        "api/cli.md": cli_page.page(),
        "overview.png": (ROOT / "docs" / "overview.png").read_bytes(),
        "guide/labels.png": pictures.moved_label(ROOT / "docs" / "site" / "guide" / "labels.md"),
    }
    for cls in variate.ops.values():
        made[f"ops/{cls.op}.md"] = op_pages.page(cls)
        made[f"ops/{cls.op}.png"] = pictures.of(cls)
        made[f"ops/{cls.op}.small.png"] = pictures.thumbnail(cls)
    for uri, content in made.items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Fill in what a hand-written page asks for, and link its reference keys."""
    if page.file.generated_by is not None:
        return markdown
    return docstrings.outside_code(INSERT.sub(lambda found: INSERTS[found[1]](), markdown), docstrings.linked)


def section(path: str, heading: str) -> str:
    """Return what stands under a heading of a Markdown file of the repository, without the heading."""
    text = (ROOT / path).read_text(encoding="utf-8")
    found = re.search(rf"^(#+) {re.escape(heading)}\n(.*?)(?=^#{{1,2}} |\Z)", text, re.S | re.M)
    if found is None:
        raise ValueError(f"{path} has no heading {heading!r}, which the site shows; name the new one in docs/hooks.py")
    return re.sub(r"^ {3}(?=[ \S])", "    ", found[2].strip(), flags=re.M)  # lists nest by four spaces here, by three there


INSERTS: dict[str, Callable[[], str]] = {
    "strength": op_pages.strength_table,
    "evidence": lambda: (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8").partition("\n")[2].strip(),
    "speed": lambda: section("docs/benchmarks.md", "Speed"),
    "adding": lambda: section("CONTRIBUTING.md", "Add an operation: one file"),
    "style": lambda: section("CONTRIBUTING.md", "Style"),
    "promise": lambda: section("README.md", "The promise"),
    "changelog": lambda: (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").strip(),
}
