"""Transforms of the Mix family inside others, and what a fit leaves behind."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

import variate
from core.mixtures import REAL, Blend, Half, Swap, classes
from transforms.helpers import BODIES, run, same_bits, series
from variate import FrequencyMix, Panel, WaveMix
from variate.core.errors import ContractError, ParameterError

# --------------------------------------------------------------------------------------------------------- pipelines


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("aug", [
    variate.OneOf(Swap(across=True), variate.Jitter(), Swap()),
    variate.SomeOf(Swap(across=True), variate.Jitter(), variate.Flip(), count=1),
    variate.Compose(variate.Jitter(), Swap(across=True), p=0.5),
    variate.Compose(variate.OneOf(variate.Compose(Swap(across=True)), variate.Identity())),
], ids=repr)  # fmt: skip
def test_a_pipeline_with_a_softening_part_softens_every_row(body, aug):
    """Breaks where rows of one batch come with labels of two kinds, or the number of classes hangs on who was chosen."""
    panel = Panel(series(n=40), label=np.arange(40) % 3)
    known = Panel(series(n=40), label=np.arange(40) % 5)
    assert aug.softens
    fitted = aug.fit(known)
    assert (aug.fitted, fitted.fitted, fitted.classes) == (False, True, 5)
    for n in (40, 1):
        y = run(body, fitted, panel.rows(slice(0, n)))[0]
        assert y.label.shape == (n, 5)
        assert y.label.dtype == np.float32
        np.testing.assert_array_equal(y.label.sum(axis=1), 1)
    y = run(body, fitted, panel)[0]
    assert (y.label.argmax(axis=1) == panel.label).any()
    assert (y.label.argmax(axis=1) != panel.label).any()
    hard = variate.OneOf(Swap(), variate.Jitter()).fit(known)
    assert (hard.softens, hard.classes) == (False, 0)
    assert same_bits(run(body, hard, panel)[0].label, panel.label)


def test_in_a_pipeline_each_part_knows_the_real_series():
    """Breaks where a part is fitted to what came out of the one before it, or partners come changed."""
    x = series(n=6)
    aug = variate.Compose(variate.Flip(), Swap()).fit(Panel(x))
    y = aug(x, seed=0)
    assert all(any(np.array_equal(row, known) for known in x) for row in y)
    assert same_bits(aug.steps[1].known.values, x)


def test_expanded_the_originals_have_class_weights_too():
    """Breaks where originals and copies cannot be put below each other."""
    panel = Panel(series(n=6), label=np.arange(6) % 3)
    for op in (Swap(across=True), variate.Compose(variate.Jitter(), Swap(across=True), p=0.5)):
        big = variate.expand(panel, op.fit(panel), copies=2)
        assert big.label.shape == (18, 3)
        np.testing.assert_array_equal(big.label[:6], np.eye(3)[panel.label])
        assert same_bits(big.values[:6], panel.values)
        np.testing.assert_allclose(big.label.sum(axis=1), 1, rtol=0, atol=1e-6)
    hard = variate.expand(panel, Swap().fit(panel), copies=2)
    np.testing.assert_array_equal(hard.label, np.tile(panel.label, 3))
    assert hard.label.dtype == panel.label.dtype


@pytest.mark.parametrize("inner", [
    FrequencyMix(), variate.Compose(variate.Jitter(), WaveMix()), variate.OneOf(variate.Compose(WaveMix(pool="batch"))),
], ids=repr)  # fmt: skip
def test_no_domain_takes_a_mixture_in(inner):
    """Breaks where a part of a series would be mixed with whole ones."""
    for domain, part in (("spectrum", "amplitude"), ("modwt", "smooth")):
        with pytest.raises(ParameterError, match="partners are known as series, and would have to be known as parts") as error:
            variate.In(domain, **{part: inner})
        assert str(error.value).startswith(f"In({domain!r}, {part}={inner!r}): ")
    with pytest.raises(ParameterError, match="such as FrequencyMix or WaveMix"):
        variate.In("modwt", details={1: inner})


def test_scikit_learn_takes_what_keeps_labels_and_refuses_class_weights():
    """Breaks where class weights are handed on as targets, or a mixture within the class is refused."""
    from variate.sklearn import Augmenter

    x, y = series(n=12), np.array(["run", "walk", "sit", "lie"])[classes()]
    for aug in (Swap(across=True), variate.Compose(variate.Jitter(), WaveMix(across=True), p=0.1)):
        with pytest.raises(ContractError) as error:
            Augmenter(aug).fit_resample(x, y)
        assert str(error.value) == (
            f"{aug!r} makes class weights of labels, and y holds one target a series; use a transform that keeps labels, "
            "or train on class weights: aug(x, y) and variate.torch give them back"
        )
        assert Augmenter(aug).fit_resample(x)[0].shape == (24, 2, 60)
    more, targets = Augmenter(Swap(), copies=3).fit_resample(x, y)
    assert targets.tolist() == y.tolist() * 4
    for row, target in zip(more[12:], targets[12:], strict=True):
        same = [j for j in range(12) if np.array_equal(row, x[j])]
        assert y[same[0]] == target
    assert (more[12:24] != x).any(axis=(1, 2)).all()


# ----------------------------------------------------------------------------------------------- what a fit leaves behind


def test_fit_gives_another_transform_and_leaves_this_one():
    """Breaks where fitting writes to what it is called on, or shows in equality, hash or text."""
    op, x = Half(p=0.9), series(n=4)
    fitted = op.fit(x)
    assert type(fitted) is Half
    assert fitted == op
    assert hash(fitted) == hash(op)
    assert repr(fitted) == repr(op) == "Half(p=0.9)"
    assert (op.fitted, fitted.fitted, Half(pool="batch").fitted) == (False, True, True)
    with pytest.raises(ContractError, match="draws partners from known data"):
        op(x, seed=0)
    y = fitted(x, seed=0)
    assert (y != x).any()
    assert same_bits(fitted.fit(2 * x).pool_values, 2 * x)
    assert same_bits(fitted.pool_values, x)
    assert same_bits(fitted(x, seed=0), y)


@pytest.mark.parametrize("kind", ["array", "tensor", "ragged"])
def test_what_is_written_to_the_training_data_later_changes_nothing(kind):
    """Breaks where the pool is a view of what it was fitted to, or of memory that torch shares with NumPy."""
    x = series(n=6)
    rows = [*x[:, :, :50], *x]
    panel = {
        "array": lambda: Panel(x.copy(), label=classes(6, 2), points=np.zeros((6, 60), bool), mask=np.ones((6, 60), bool)),
        "tensor": lambda: Panel(
            torch.from_numpy(x.copy()), label=torch.from_numpy(classes(6, 2)), points=torch.zeros(6, 60).bool()
        ),
        "ragged": lambda: Panel(
            [v.copy() for v in rows], label=classes(12, 2), points=[np.zeros(v.shape[1], bool) for v in rows]
        ),
    }[kind]()
    op = Half(across=True).fit(panel)
    asked = Panel(x, label=classes(6, 2), points=np.zeros((6, 60), bool))
    before = op(asked, seed=0)
    for name in ("values", "label", "points", "mask"):
        field = getattr(panel, name)
        for array in field if isinstance(field, list) else [] if field is None else [field]:
            array[:] = True if "bool" in str(array.dtype) else 3
    after = op(asked, seed=0)
    for name in ("values", "label", "points"):
        assert same_bits(getattr(before, name), getattr(after, name))


def test_a_fitted_transform_holds_arrays_and_no_graph():
    """Breaks where a pool of tensors cannot be used for arrays, saved, or sent to another process."""
    x = torch.tensor(series(n=5), requires_grad=True)
    op = Half().fit(2 * x)
    for name in ("pool_values", "pool_lengths"):
        assert type(getattr(op, name)) is np.ndarray
    same = Half().fit(2 * series(n=5))
    assert same_bits(op(2 * series(n=5), seed=0), same(2 * series(n=5), seed=0))
    assert same_bits(op(2 * x, seed=0).detach().numpy(), same(2 * series(n=5), seed=0))


@pytest.mark.parametrize("op", [Blend(across=True), *REAL], ids=repr)
def test_the_pool_goes_where_the_transform_goes(op):
    """Breaks where another magnitude, a replaced parameter or a pickle leaves the pool behind."""
    x = series(n=6)
    fitted = op.fit(x)
    expected = fitted(x, seed=0)
    assert same_bits(pickle.loads(pickle.dumps(fitted))(x, seed=0), expected)
    assert same_bits(replace(replace(fitted, p=0.5), p=1.0)(x, seed=0), expected)
    stronger = fitted.at(1.0)
    assert same_bits(stronger.pool_values, x)
    assert same_bits(stronger(x, seed=0), op.at(1.0).fit(x)(x, seed=0))
    assert same_bits(variate.Compose(fitted).at(0.5).steps[0].pool_values, x)


@pytest.mark.parametrize("ending", ["yaml", "json"])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("aug", [
    FrequencyMix(ratio=0.5, across=True),
    variate.Compose(variate.Jitter(), WaveMix(details=0.5), variate.OneOf(FrequencyMix())),
], ids=repr)  # fmt: skip
def test_saved_and_loaded_it_mixes_as_before(tmp_path, ending, several, aug):
    """Breaks where a field of the pool is not written, or a policy without its data does not say what it lacks."""
    rng = np.random.default_rng(0)
    fields = {"values": series(n=12), "points": rng.random((12, 60)) < 0.2, "mask": rng.random((12, 60)) < 0.9}
    panel = Panel(**fields, label=classes())
    cut = {k: [row[..., :t] for row, t in zip(v, [60, 40] * 6, strict=True)] for k, v in fields.items()}
    known = Panel(**cut, label=classes()) if several else panel
    fitted = aug.fit(known)
    path = tmp_path / f"policy.{ending}"
    variate.save(fitted, path)
    loaded = variate.load(path)
    assert loaded == fitted
    a, b = fitted(panel, seed=0), loaded(panel, seed=0)
    for name in ("values", "label", "points", "mask"):
        assert same_bits(getattr(a, name), getattr(b, name))
    (tmp_path / "policy.safetensors").unlink()
    bare = variate.load(path)
    assert bare == aug
    with pytest.raises(ContractError, match=r"draws partners from known data; call \w+\(\)\.fit\(panel\) first"):
        bare(panel, seed=0)
    assert same_bits(bare.fit(known)(panel, seed=0).values, a.values)
