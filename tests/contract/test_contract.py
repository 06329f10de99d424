"""Every operation of the registry, every example, every backend, every rule."""

from __future__ import annotations

import pytest

from contract import families, rules
from contract.cases import Case, cases
from variate.core.transform import PRESERVED


@pytest.mark.parametrize("case", cases(), ids=str)
@pytest.mark.parametrize("name", rules.RULES)
def test_rule(name: str, case: Case) -> None:
    rules.RULES[name](case)


def test_every_promise_has_a_check() -> None:
    """A word in `preserves` that nothing tests would be a claim without evidence."""
    assert set(families.CHECKS) == set(PRESERVED)
