"""Policies as files: round trips, old versions, and every way a file can be wrong."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import variate
from variate.core import spec
from variate.core.errors import SpecError
from variate.families import ValueTransform

GOLDEN = Path(__file__).parents[1] / "golden"
POLICY = variate.Compose(variate.Jitter(sigma=0.1), variate.OneOf(variate.Flip(), variate.Crop(size=30), weights=(1, 2)), p=0.5)


@pytest.mark.parametrize("ending", ["yaml", "yml", "json"])
def test_round_trip(tmp_path, ending):
    target = tmp_path / f"policy.{ending}"
    variate.save(POLICY, target)
    again = variate.load(target)
    x = np.random.default_rng(0).normal(size=(4, 2, 50))
    assert again == POLICY
    assert np.array_equal(again(x, seed=1), POLICY(x, seed=1))
    assert [p.name for p in tmp_path.iterdir()] == [target.name]


def test_files_of_old_versions_load_for_ever():
    for path in sorted(GOLDEN.glob("policy-v*.yaml")):
        loaded = variate.load(path)
        assert loaded.op == "compose"
        loaded(np.ones((2, 1, 40)), seed=0)
    assert sorted(p.name for p in GOLDEN.glob("policy-v*.yaml"))[0] == "policy-v1.yaml"


def test_migrations_are_applied_in_order(tmp_path, monkeypatch):
    """A format that renames a parameter must still read the files of before."""
    monkeypatch.setattr(spec, "VERSION", 3)
    monkeypatch.setitem(spec.MIGRATIONS, 1, lambda d: {**d, "policy": {"op": "jitter", "sd": d["policy"]["s"]}})
    monkeypatch.setitem(spec.MIGRATIONS, 2, lambda d: {**d, "policy": {"op": "jitter", "sigma": d["policy"]["sd"]}})
    target = tmp_path / "old.yaml"
    target.write_text("variate: 1\npolicy: {op: jitter, s: 0.7}\n")
    assert variate.load(target) == variate.Jitter(sigma=0.7)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("variate: 1\npolicy: {op: jiter}", "unknown op 'jiter'; did you mean 'jitter'?"),
        ("variate: 1\npolicy: {op: jitter, sgima: 1}", "jitter has no parameter 'sgima'; did you mean 'sigma'?"),
        ("variate: 1\npolicy: {op: jitter, sigma: -1}", r"Jitter\(sigma=-1\): sigma must be at least 0"),
        ("variate: 1\npolicy: {op: jitter, sigma: high}", "sigma must be a finite number"),
        ("variate: 1\npolicy: {op: os.system}", "unknown op 'os.system'"),
        ("variate: 1\npolicy: {op: [1]}", "unknown op"),
        ("variate: 1\npolicy: !!python/object/apply:os.system [ls]", "not well-formed YAML"),
        ("variate: 1\npolicy: {op: compose, steps: {op: flip}}", "needs a list of operations under 'steps'"),
        ("variate: 1\npolicy: {op: compose, steps: [{op: flip}, {op: flop}]}", r"steps\[1\]: unknown op 'flop'"),
        ("variate: 1\npolicy: {op: one_of, choices: []}", "needs at least 1 transform"),
        ("variate: 1\npolicy: jitter", "expected an operation such as"),
        ("variate: 99\npolicy: {op: flip}", "has format version 99, and this variate reads up to 1; upgrade"),
        ("variate: yes\npolicy: {op: flip}", "the format version is True"),
        ("policy: {op: flip}", "is no policy file"),
        ("just text", "is no policy file"),
        ("", "is no policy file"),
        ("variate: 1\npolicy: {op: flip", "is not well-formed YAML"),
        ("variate: 1\npolicy: &a {op: compose, steps: [*a]}", "the policy contains itself"),
    ],
)
def test_wrong_files_are_refused_in_a_sentence(tmp_path, text, words):
    target = tmp_path / "policy.yaml"
    target.write_text(text)
    with pytest.raises(SpecError, match=words) as caught:
        variate.load(target)
    assert str(target) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_cannot_be_read_or_written(tmp_path):
    with pytest.raises(SpecError, match="cannot be read"):
        variate.load(tmp_path / "none.yaml")
    with pytest.raises(SpecError, match=r"ends in \.yaml, \.yml or \.json"):
        variate.load(tmp_path / "policy.pkl")
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x9f")
    with pytest.raises(SpecError, match="is not a text file"):
        variate.load(tmp_path / "binary.yaml")
    with pytest.raises(SpecError, match="cannot be written"):
        variate.save(POLICY, tmp_path / "no" / "folder" / "policy.yaml")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(SpecError, match="is not well-formed JSON"):
        variate.load(tmp_path / "bad.json")


def test_a_failed_save_keeps_the_old_file(tmp_path, monkeypatch):
    target = tmp_path / "policy.yaml"
    variate.save(variate.Flip(), target)

    def full(number):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)  # where a file system that delays its writes tells of a full disk
    with pytest.raises(SpecError, match="No space left on device"):
        variate.save(POLICY, target)
    monkeypatch.undo()
    assert variate.load(target) == variate.Flip()
    assert len(list(tmp_path.iterdir())) == 1


@dataclass(frozen=True, kw_only=True)
class Centring(ValueTransform):
    """A toy that learns a level, to show how learned arrays travel."""

    level: Any = spec.state()

    def fit(self, panel, seed=0):
        return spec.with_state(self, {"level": panel.values.mean(axis=(0, 2))})

    def change(self, x, rng):
        return x - self.level[:, None].astype(x.dtype)


@pytest.fixture
def centring():
    spec.register(Centring)
    yield Centring
    del spec.registry["centring"]


def test_a_name_is_registered_once(centring):
    with pytest.raises(SpecError, match=r"Centring already; rename one"):
        spec.register(type("Centring", (ValueTransform,), {"change": lambda self, x, rng: x}))


def test_learned_arrays_travel_beside_the_policy(tmp_path, centring):
    panel = variate.Panel(np.arange(12.0).reshape(2, 1, 6))
    fitted = variate.Compose(variate.Flip(), centring()).fit(panel)
    assert fitted == variate.Compose(variate.Flip(), centring())  # what was learned is outside ==
    target = tmp_path / "policy.yaml"
    variate.save(fitted, target)
    document = yaml.safe_load(target.read_text())
    assert document["state"]["file"] == "policy.safetensors"
    assert "level" not in json.dumps(document["policy"])
    again = variate.load(target)
    assert np.array_equal(again(panel, seed=0).values, fitted(panel, seed=0).values)
    for key in ("sigma", "steps.7.level", "steps.1.sigma", "steps.one.level"):
        with pytest.raises(SpecError, match="learns nothing that is called"):
            spec.with_state(again, {key: np.zeros(1)})
    (tmp_path / "policy.safetensors").write_bytes(b"other data")
    with pytest.raises(SpecError, match="SHA-256 differs"):
        variate.load(target)
    (tmp_path / "policy.safetensors").unlink()
    assert variate.load(target).steps[1].level is None
