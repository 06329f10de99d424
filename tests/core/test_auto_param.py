"""A parameter that is an integer or "auto": what it takes, what it says, and its way through a file."""

import dataclasses

import numpy as np
import pytest
import yaml

import variate
from variate.core.draws import Draws, assemble, samples_of
from variate.core.errors import ParameterError
from variate.core.param import Param, param, params
from variate.core.spec import from_dict, registry, to_dict
from variate.domains.domain import domains

PERIOD = Param("period", "auto", "auto", low=2, high=500)
DECLARED = [
    (cls, name, declared)
    for cls in (*registry.values(), *domains().values())
    for name, declared in params(cls).items()
    if declared.kind == "auto"
]


@pytest.mark.parametrize("value", ["auto", 2, 12, 500, 12.0, np.int64(12), np.float32(12)])
def test_it_takes_auto_or_an_integer(value):
    """Breaks where a number stays what NumPy made it, or "auto" is taken for one."""
    found = PERIOD.check(value, "Owner")
    assert found == value
    assert type(found) is (str if isinstance(value, str) else int)


@pytest.mark.parametrize(("value", "sentence"), [
    ("Auto", r"^Owner\(period='Auto'\): period must be 'auto' or an integer$"),
    ("12", "must be 'auto' or an integer"),
    ("", "must be 'auto' or an integer"),
    (None, "must be 'auto' or an integer"),
    (True, "must be 'auto' or an integer"),
    (np.nan, "must be 'auto' or an integer"),
    (np.inf, "must be 'auto' or an integer"),
    ([12], "must be 'auto' or an integer"),
    (12.5, "must be an integer"),
    (1, r"^Owner\(period=1\): period must be at least 2$"),
    (-12, "must be at least 2"),
    (501, "must be at most 500"),
])  # fmt: skip
def test_it_refuses_what_is_neither(value, sentence):
    """Breaks where another word passes, or a limit is forgotten beside "auto"."""
    with pytest.raises(ParameterError, match=sentence):
        PERIOD.check(value, "Owner")


@pytest.mark.parametrize("kind", ["int", "float", "bool", "size"])
def test_auto_is_no_value_of_other_parameters(kind):
    """Breaks where the word passes every check."""
    with pytest.raises(ParameterError):
        Param("size", kind, 1).check("auto", "Owner")


def test_it_is_declared_in_one_place():
    """Breaks where ``auto`` or ``size`` does not reach the declaration, or a plain parameter becomes one of them."""

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Toy:
        period: int | str = param("auto", low=2, auto=True)
        share: float = param(0.5, size=True)
        count: int = param(3)
        name: str = param("a", choices=("a", "auto"))

    kinds = {name: declared.kind for name, declared in params(Toy).items()}
    assert kinds == {"period": "auto", "share": "size", "count": "int", "name": "str"}
    assert params(Toy)["period"].default == "auto"
    assert params(Toy)["name"].check("auto", "Toy") == "auto"
    assert PERIOD.range == "'auto' or ≥ 2"


def test_every_period_of_the_library_is_one():
    """Breaks where a period is a plain integer, or takes one step for a season."""
    found = {(cls.__name__, name) for cls, name, _ in DECLARED}
    owners = ("Component", "Recombine", "StlMix", "Stl", "RobustStl", "BoxCox")
    assert found >= {(owner, "period") for owner in owners}
    for _, _, declared in DECLARED:
        assert (declared.default, declared.low, declared.search) == ("auto", 2, None)
        assert declared.at(0.0) == declared.at(1.0) == "auto"
        for value in declared.invalid():
            with pytest.raises(ParameterError):
                declared.check(value, "Owner")
        assert {1, "text", None} <= set(declared.invalid())


@pytest.mark.parametrize("value", ["auto", 12, 12.0, np.int32(12)])
def test_it_goes_through_a_file(value):
    """Breaks where a number or the word is written as something that YAML reads otherwise."""
    for made in (variate.Component(period=value), variate.StlMix(period=value), variate.Recombine(period=value)):
        again = from_dict(yaml.safe_load(yaml.safe_dump(to_dict(made))))
        assert again == made
        assert type(again.period) is (str if value == "auto" else int)
        assert ("period" in repr(made)) == (value != "auto")


def test_a_note_is_written_like_a_draw():
    """Breaks where what a transform found is not recorded at its rows, is an alias of its array, or is recorded unasked."""
    log, ids = [], samples_of(np.arange(5))
    rng = Draws(0, 0, ids, "/op", log, np.arange(5))
    found = np.array([True, False, True])
    rng.at("deep").rows(np.array([0, 3, 4])).note("accepted", found)
    found[:] = False
    record = assemble(log, 5)
    assert record["/op/deep"]["accepted"].tolist() == [True, False, False, False, True]
    rng.note("accepted", np.ones(5, bool))
    rng.note("accepted", np.zeros(5, bool))  # it is no draw, so its name is not used up
    assert not assemble(log, 5)["/op"]["accepted"].any()
    Draws(0, 0, ids, "/op").note("accepted", found)
