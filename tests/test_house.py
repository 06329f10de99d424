"""Rules of the house that no tool checks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import variate
from variate.core.param import params

ROOT = Path(__file__).parents[1]
CITED = re.compile(r"\[([a-z]+\d{4}[a-z]?)\]")
OPS = sorted(variate.ops.values(), key=lambda cls: cls.__name__)


def test_every_reference_is_in_the_bibliography():
    known = set(re.findall(r"@\w+\{(\w+),", (ROOT / "docs" / "references.bib").read_text(encoding="utf-8")))
    cited = {key for path in (ROOT / "src").rglob("*.py") for key in CITED.findall(path.read_text(encoding="utf-8"))}
    assert cited
    assert cited <= known, f"not in docs/references.bib: {sorted(cited - known)}"


@pytest.mark.parametrize("cls", OPS, ids=lambda c: c.__name__)
def test_every_operation_is_documented(cls):
    """The tables and pages are generated from these; an empty one would be an empty page."""
    text = cls.__doc__ or ""
    assert ">>>" in text, "a doctest shows how to use it"
    assert cls.label_rule
    if cls.family in ("value", "time", "label"):
        assert re.search(r"hurts|does nothing", text), "it says when it hurts"
    for declared in params(cls).values():
        assert declared.about, f"{declared.name} says what it is"


@pytest.mark.parametrize("cls", OPS, ids=lambda c: c.__name__)
def test_an_operation_is_found_where_its_name_says(cls):
    """One file, one augmentation: a reader finds TimeWarp in time_warp.py."""
    assert cls.__module__.rsplit(".", 1)[1] == {"in": "inside"}.get(cls.op, cls.op)  # "in" is no name for a module
    assert getattr(variate, cls.__name__) is cls
    assert cls.__name__ in variate.__all__
