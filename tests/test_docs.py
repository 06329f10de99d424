"""What the documentation says runs, and what it names exists."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import variate

PAGES = Path(__file__).parents[1] / "docs" / "site"
WITH_CODE = sorted(page for page in PAGES.rglob("*.md") if "```python" in page.read_text(encoding="utf-8"))
MISSING = "not here yet"


def _name(page: Path) -> str:
    return str(page.relative_to(PAGES))


@pytest.mark.parametrize("page", WITH_CODE, ids=_name)
def test_every_python_block_runs(page, tmp_path, monkeypatch):
    """The blocks of a page run one after the other, as a reader would type them."""
    monkeypatch.chdir(tmp_path)
    given: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        exec(compile(block, _name(page), "exec"), given)


def _counterparts() -> list[str]:
    """Return our column of the tables whose middle head is ``variate``."""
    found = []
    for table in re.findall(r"(?:^\|.*\|\n)+", (PAGES / "guide" / "coming-from.md").read_text(encoding="utf-8"), re.M):
        rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table.splitlines()]
        if rows[0][1] == "variate":
            assert all(len(row) == 3 for row in rows), f"a row of the table {rows[0][0]} has not three cells"
            found += [row[1] for row in rows[2:]]
    return found


def test_every_counterpart_exists():
    """A name in our column can be called as it stands there; where there is none, the table says so."""
    cells = _counterparts()
    assert len(cells) > 100
    for cell in cells:
        written = re.fullmatch(r"`([^`]+)`", cell)
        assert written or cell == MISSING, f"{cell!r} is neither one expression nor {MISSING!r}"
        if written:
            _check(written[1])


def _check(expression: str) -> None:
    if expression.endswith(")"):
        x = np.ones((2, 3, 50))
        given = {"x": x, "aug": variate.Jitter(), "panel": variate.Panel(x)}
        eval(expression, given | {name: getattr(variate, name) for name in variate.__all__})
        return
    module, _, name = f"variate.{expression.removeprefix('variate.')}".rpartition(".")
    assert hasattr(importlib.import_module(module), name), f"{expression} does not exist"


def test_what_is_missing_is_missing():
    """A counterpart that has been written since must not be called missing."""
    text = (PAGES / "guide" / "coming-from.md").read_text(encoding="utf-8")
    for line in text.splitlines():
        theirs, _, rest = line.strip("|").partition("|")
        if rest.strip().startswith(MISSING):
            same = [name for name in re.findall(r"`(\w+)", theirs) if name in variate.__all__ and name not in rest]
            assert not same, f"{same[0]} exists; name it in {line!r}"
