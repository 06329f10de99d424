"""Imports run one way (DESIGN §1); this test is the law's arm."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SRC = Path(__file__).parents[1] / "src" / "variate"
LAYERS = [
    {"kernels"},
    {"core"},
    {"families"},
    {"transforms", "domains"},
    {"pipeline"},
    {"imbalance", "metrics"},
    {"io", "torch", "sklearn", "tasks", "plot", "cli"},
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}
WITHIN_ADAPTERS = {("cli", "io"), ("cli", "tasks"), ("tasks", "io"), ("tasks", "torch"), ("tasks", "plot"), ("cli", "plot")}
OP_MAY_IMPORT = (
    "variate.families",
    "variate.kernels",
    "variate.core.param",
    "variate.core.draws",
    "variate.core.panel",
    "variate.core.errors",
    "variate.core.spec.state",
)
FILES = sorted(p for p in SRC.rglob("*.py") if p.parent != SRC or p.stem in RANK)


def room(path: Path) -> str:
    parts = path.relative_to(SRC).parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if name.split(".")[0] == "variate"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_imports_run_one_way(path):
    own = room(path)
    for name in imports(path):
        other = name.split(".")[1] if "." in name else ""
        if other == own or other not in RANK:
            continue
        allowed = RANK[other] < RANK[own] or (own, other) in WITHIN_ADAPTERS
        assert allowed, f"{path.relative_to(SRC)} imports {name}: {own} may not know {other}"


@pytest.mark.parametrize("path", [p for p in FILES if room(p) == "transforms"], ids=lambda p: p.stem)
def test_an_operation_knows_its_family_and_kernels_only(path):
    for name in imports(path):
        assert name.startswith(OP_MAY_IMPORT), f"{path.name} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(SRC)))
def test_files_and_functions_stay_readable(path):
    text = path.read_text()
    assert len(text.splitlines()) <= 400, "split the file"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = node.end_lineno - node.lineno + 1 - len((ast.get_docstring(node) or "").splitlines())
            assert body <= 45, f"{node.name} has {body} lines"
