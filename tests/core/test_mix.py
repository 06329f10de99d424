"""What the Mix family does for those who write for it: partners, gates, the batch as a pool, and torch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

import variate
from core.mixtures import REAL, Blend, Half, Swap, classes, swapped
from kernels.oracles import as_body
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import FrequencyMix, Panel, WaveMix
from variate.core import engine
from variate.core.draws import Draws

# ----------------------------------------------------------------------------------------------------- who is mixed


@pytest.mark.parametrize("body", BODIES)
def test_partners_are_of_the_class_unless_across(body):
    """Breaks where `across` is not asked, or a panel without labels is given none."""
    x, label = series(n=12), classes()
    pool = Panel(x, label=label)
    apart = np.stack([swapped(pool, pool, seed, body) for seed in range(20)])
    assert (label[apart] == label).all()
    assert (apart != np.arange(12)).all()
    for across, panel in ((True, pool), (False, Panel(x)), (True, Panel(x))):
        rows = np.stack([swapped(panel, pool, seed, body, across=across) for seed in range(20)])
        assert (rows != np.arange(12)).all()
        assert (label[rows] != label).any(axis=0).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Swap(), Blend(), Half(), *REAL], ids=repr)
def test_who_has_no_partner_keeps_every_bit(body, op):
    """Breaks where a class of one, or a pool of nothing but its copies, is mixed with itself and so rounded."""
    x = series(n=5, dtype=np.float32)
    x[2, 0, 3:6] = np.nan
    alone = Panel(x, label=np.arange(5))
    assert same_bits(run(body, op.fit(alone), alone)[0].values, x)
    copies = np.repeat(x[:1], 5, axis=0)
    assert same_bits(run(body, op.fit(copies), copies)[0], copies)
    one = Panel(x, label=[0, 0, 0, 0, 1])
    y = run(body, op.fit(one), one)[0].values
    assert same_bits(y[4], x[4])
    assert (np.nan_to_num(y[:4]) != np.nan_to_num(x[:4])).any(axis=(1, 2)).all()
    unknown = one.replace(label=np.array([0, 0, 7, 0, 1]))
    assert same_bits(run(body, op.fit(one), unknown)[0].values[2], x[2])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Blend(across=True), *(replace(op, across=True) for op in REAL)], ids=repr)
def test_the_order_of_the_pool_does_not_matter(body, op):
    x, label = series(n=20), np.arange(20) % 3
    panel = Panel(x[:12], label=label[:12])
    first = run(body, op.fit(Panel(x, label=label)), panel)[0]
    order = np.random.default_rng(0).permutation(20)
    again = run(body, op.fit(Panel(x[order], label=label[order])), panel)[0]
    assert same_bits(first.values, again.values)
    assert same_bits(first.label, again.label)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Swap(), Blend(), *REAL], ids=repr)
def test_the_gate_shifts_no_other_draw(body, op):
    """Breaks where `p` decides what is drawn, or a row that the gate leaves alone is rounded."""
    x = series(n=40)
    always, drawn = run(body, op.fit(x), x)
    y, gated = run(body, replace(op.fit(x), p=0.4), x)
    gate = gated[f"/{op.op}"].pop("gate")
    assert 5 < gate.sum() < 30
    assert same_bits(y[gate], always[gate])
    assert same_bits(y[~gate], x[~gate])
    assert (y[gate] != x[gate]).any(axis=(1, 2)).all()
    assert set(gated[f"/{op.op}"]) == set(drawn[f"/{op.op}"])
    for name, numbers in gated[f"/{op.op}"].items():
        np.testing.assert_array_equal(numbers, drawn[f"/{op.op}"][name])
    assert same_bits(run(body, replace(op.fit(x), p=0.0), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_a_row_does_not_feel_its_batch(body):
    """Breaks where rows share a draw, or one without a partner stops what is done for the others."""
    panel = Panel(series(n=13), label=[*classes(), 9])
    op = Blend(across=True).fit(panel)
    whole = run(body, op, panel)[0]
    for index in ([3], [12], [12, 0, 5], list(range(13))[::-1]):
        some = run(body, op, panel.rows(np.array(index)))[0]
        assert same_bits(some.values, whole.values[index])
        assert same_bits(some.label, whole.label[index])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Swap(), Swap(across=True), Swap(p=0.5)], ids=repr)
def test_who_is_mixed_in_can_be_asked(body, op):
    """Breaks where the answer is of another seed, epoch or sample, forgets the gate, or is not what a call does."""
    x, label = series(n=20), np.arange(20) % 3
    label[4] = 9
    panel = Panel(x, label=label, ids=np.arange(20) + 70)
    op = op.fit(panel)
    answers = set()
    for seed, epoch in ((0, 0), (1, 0), (0, 3)):
        rows = op.mixed_with(panel, seed, epoch)
        assert rows.shape == (20, 1)
        answers.add(rows.tobytes())
        assert same_bits(op(panel, seed=seed, epoch=epoch).values, np.where(rows[:, :, None] < 0, x, x[rows[:, 0]]))
    assert len(answers) == 3
    assert op.mixed_with(panel.replace(ids=np.arange(20)), 0).tobytes() not in answers
    tensors = panel.replace(values=as_body(body, x), label=as_body(body, label))
    np.testing.assert_array_equal(op.mixed_with(tensors, 0, 3), rows)
    pairs = Blend().fit(panel).mixed_with(panel, 0)
    assert pairs.shape == (20, 2)
    assert (pairs[4] == -1).all()


@dataclass(frozen=True, kw_only=True)
class Next(Swap):
    """Mixes each series with the one of the pool that its id says, if there is one."""

    def partners(self, panel: Panel, pool: Any, rng: Draws) -> Any:
        rows = panel.ids[:, None]
        return np.where(rows < len(pool.values), rows, -1)


@pytest.mark.parametrize("body", BODIES)
def test_an_author_may_choose_the_partners(body):
    """Breaks where `partners` is not asked, or what it gives escapes the gate."""
    x, known = series(n=30), series(n=20, seed=1)
    panel = Panel(x, ids=np.random.default_rng(0).permutation(30))
    y = run(body, Next().fit(known), panel)[0].values
    assert same_bits(y, np.where(panel.ids[:, None, None] < 20, known[panel.ids % 20], x))
    gated, drawn = draw(body, Next(p=0.5).fit(known), panel)
    assert same_bits(gated.values, np.where(drawn["gate"][:, None, None], y, x))


# --------------------------------------------------------------------------------------------------------- the batch


@pytest.mark.parametrize("body", BODIES)
def test_of_the_batch_partners_need_no_fit(body):
    """Breaks where a pool that was fitted takes part all the same, or labels are left out."""
    panel = Panel(series(n=12), label=classes())
    op = Swap(pool="batch")
    y = run(body, op, panel)[0]
    assert (y.values != panel.values).any(axis=(1, 2)).all()
    same = (y.values[:, None] == panel.values[None]).all(axis=(2, 3))
    np.testing.assert_array_equal(panel.label[same.argmax(axis=1)], panel.label)
    assert same_bits(run(body, Swap(pool="batch").fit(series(n=4, channels=1)), panel)[0].values, y.values)
    assert same_bits(run(body, Swap().fit(panel), panel)[0].values, y.values)
    soft = run(body, Swap(pool="batch", across=True), panel)[0]
    same = (soft.values[:, None] == panel.values[None]).all(axis=(2, 3))
    np.testing.assert_array_equal(soft.label, np.eye(4)[panel.label[same.argmax(axis=1)]])
    assert same_bits(run(body, op, panel.rows(slice(0, 1)))[0].values, panel.values[:1])


@pytest.mark.parametrize("op", [
    Swap(pool="batch", across=True),
    WaveMix(pool="batch", details=0.5, p=0.7),
    variate.Compose(variate.Jitter(), FrequencyMix(pool="batch", across=True), variate.Flip()),
    variate.OneOf(variate.Jitter(), variate.Compose(FrequencyMix(pool="batch"))),
], ids=repr)  # fmt: skip
def test_chunks_and_threads_do_not_part_a_batch(op, monkeypatch):
    """Breaks where a chunk is taken for the batch, be the transform inside a pipeline or not."""
    assert op.barrier
    panel = Panel(series(n=40, dtype=np.float32), label=np.arange(40) % 4)
    whole = op(panel, seed=4)
    monkeypatch.setattr(engine, "CHUNK_BYTES", 3 * 480)
    monkeypatch.setattr(engine, "WORTH_A_THREAD", 480)
    try:
        for count in (1, 2, 5):
            variate.set_threads(count)
            out = op(panel, seed=4)
            assert same_bits(out.values, whole.values)
            assert same_bits(out.label, whole.label)
    finally:
        variate.set_threads(None)
    assert (op(panel.rows(slice(0, 8)), seed=4).values != whole.values[:8]).any()  # the explicit exception: it feels its batch


def test_chunks_and_threads_change_nothing_of_a_fitted_one(monkeypatch):
    panel = Panel(series(n=40, dtype=np.float32), label=np.arange(40) % 4, points=np.zeros((40, 60), bool))
    op = Blend(across=True, p=0.7).fit(panel)
    assert not op.barrier
    whole = op(panel, seed=4)
    monkeypatch.setattr(engine, "CHUNK_BYTES", 3 * 480)
    monkeypatch.setattr(engine, "WORTH_A_THREAD", 480)
    try:
        for count in (1, 3):
            variate.set_threads(count)
            out = op(panel, seed=4)
            assert same_bits(out.values, whole.values)
            assert same_bits(out.label, whole.label)
    finally:
        variate.set_threads(None)


# ------------------------------------------------------------------------------------------------------------ torch


@pytest.mark.parametrize("op", [Swap(across=True), Blend(across=True, p=0.6), Half(scope="past"), *REAL], ids=repr)
def test_torch_does_what_numpy_does(op):
    rng = np.random.default_rng(0)
    x = series(n=20)
    x[rng.random(x.shape) < 0.05] = np.nan
    panel = Panel(x, label=np.arange(20) % 4, points=rng.random((20, 60)) < 0.1, mask=rng.random((20, 60)) < 0.9, horizon=10)
    op = op.fit(panel)
    (a, drawn), (b, again) = (run(body, op, panel) for body in BODIES)
    np.testing.assert_allclose(a.values, b.values, rtol=0, atol=1e-12 * np.nanmax(np.abs(x)))
    np.testing.assert_allclose(a.label, b.label, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(a.points, b.points)
    np.testing.assert_array_equal(a.mask, b.mask)
    assert a.label.dtype == b.label.dtype
    for name, numbers in drawn[f"/{op.op}"].items():
        np.testing.assert_array_equal(numbers, again[f"/{op.op}"][name])


@pytest.mark.parametrize("op", [Half(), Blend(), *REAL], ids=repr)
def test_a_gradient_is_the_share_that_was_left(op):
    """Breaks where the graph is cut: a mixture is linear in the series, so its derivative along any line is a difference."""
    x = series(n=4)
    x[1, 0, 3:5] = np.nan
    op = op.fit(series(n=6, seed=1))
    line = np.random.default_rng(2).normal(size=x.shape)
    weight = np.random.default_rng(3).normal(size=x.shape)
    tensor = torch.tensor(x, requires_grad=True)
    (op(tensor, seed=0) * torch.from_numpy(weight)).nansum().backward()
    moved = np.nansum((op(x + line, seed=0) - op(x, seed=0)) * weight)
    np.testing.assert_allclose(np.nansum(tensor.grad.numpy() * np.where(np.isnan(x), 0, line)), moved, rtol=1e-9)
    assert (tensor.grad != 0).any()


def test_local_ops_stay_out_of_the_registry():
    assert not {"swap", "blend", "half", "next"} & set(variate.ops)
