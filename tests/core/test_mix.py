"""What the Mix family does for those who write for it: partners, gates, labels, gaps, targets, and the pool that stays."""

from __future__ import annotations

import contextlib
import itertools
import pickle
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

import variate
from kernels.oracles import as_body, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import FrequencyMix, Panel, WaveMix
from variate.core import engine
from variate.core.draws import Draws
from variate.core.errors import ContractError, PanelError, ParameterError
from variate.families import MixTransform
from variate.kernels.arrays import concat, namespace

REAL = [FrequencyMix(ratio=0.5), WaveMix(details=0.5, approximation=0.5)]
FULL = ("values", "label", "points", "mask", "covariates", "weight", "ids")


@dataclass(frozen=True, kw_only=True)
class Swap(MixTransform):
    """Gives the partner itself, so that the values show who it was."""

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        xp = namespace(x)
        all_of_it = xp.ones((x.shape[0], 1, 1), dtype=x.dtype)
        return others[:, 0], concat([0 * all_of_it, all_of_it], axis=1)


@dataclass(frozen=True, kw_only=True)
class Blend(MixTransform):
    """Two partners, of which one comes and one goes: weights share·(1, t) with nothing of one at either end."""

    count = 2

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        xp = namespace(x)
        share = xp.astype(rng.uniform("share", (2, 1)), x.dtype) / 2
        up = xp.astype(xp.arange(x.shape[2]), x.dtype) / max(x.shape[2] - 1, 1)
        weights = share * xp.stack([up, 1 - up])[None]
        weights = concat([1 - xp.sum(weights, axis=1, keepdims=True), weights], axis=1)
        both = xp.sum(weights[:, 1:, None] * others, axis=1)
        return weights[:, :1] * x + both, weights


@dataclass(frozen=True, kw_only=True)
class Half(MixTransform):
    """Half of the series and half of a partner; it looks at what it is given."""

    def mix(self, x: Any, others: Any, rng: Draws) -> Any:
        xp = namespace(x)
        assert not xp.any(xp.isnan(x))
        assert not xp.any(xp.isnan(others))
        return (x + others[:, 0]) / 2, xp.full((x.shape[0], 2, 1), 0.5, dtype=x.dtype)


def classes(n: int = 12, size: int = 3) -> Any:
    return np.arange(n) // size


def blend_weights(share: Any, length: int, split: int | None = None, there: int = 2) -> Any:
    """Return the weights (3, length) of Blend for one row: nothing after the split, nor of a partner that is none."""
    split = length if split is None else split
    up = np.arange(split) / max(split - 1, 1)
    weights = np.zeros((3, length))
    weights[1:, :split] = share.astype(np.float64) / 2 * np.stack([up, 1 - up])
    weights[1 + there :] = 0
    weights[0] = 1 - weights[1:].sum(axis=0)
    return weights


def swapped(panel: Panel, pool: Any, seed: int = 0, body: str = "numba", **parameters: Any) -> Any:
    """Return the rows of the pool (n,) that Swap gives, told by what they hold; -1 where a series stayed as it was."""
    values = pool.values if isinstance(pool, Panel) else pool
    out = run(body, Swap(**parameters).fit(pool), panel, seed)[0].values
    same = (out[:, None] == values[None]).all(axis=(2, 3))
    stayed = (out == panel.values).all(axis=(1, 2))
    assert (same.any(axis=1) | stayed).all()
    return np.where(stayed, -1, same.argmax(axis=1))


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


# ---------------------------------------------------------------------------------------------------- weights, labels


def blended(panel: Panel, pool: Panel, i: int, partners: tuple[int, ...], share: Any, split: int) -> dict[str, Any]:
    """Return the fields of row i mixed with these rows of the pool, step by step as the family promises them."""
    length, border = panel.length, panel.length - panel.horizon
    weights = blend_weights(share, length, split, len(partners))
    seen = np.ones(length, bool) if panel.mask is None else panel.mask[i]
    x = panel.values[i]
    y = weights[0] * bridged(np.where(seen, x, np.nan)[:, :split], border, length)
    mask, points = seen.copy(), panel.points[i].copy()
    lost = np.isnan(x)
    for k, j in enumerate(partners, start=1):
        used = weights[k] > 0
        there = np.ones(length, bool) if pool.mask is None else pool.mask[j]
        theirs = pool.values[j]
        y += weights[k] * bridged(np.where(there, theirs, np.nan)[:, :split], border, length)
        lost |= used & np.isnan(theirs)
        if panel.mask is None:
            lost |= used & ~there
        mask &= there | ~used
        points = np.where(used, np.maximum(points, pool.points[j]), points)
    y = np.where(lost, np.nan, y)
    y = np.where(seen & (np.arange(length) < split), y, x)
    share_of = weights.mean(axis=1)
    label = share_of[0] * np.eye(4)[panel.label[i]]
    for k, j in enumerate(partners, start=1):
        label += share_of[k] * np.eye(4)[pool.label[j]]
    return {"values": y, "points": points, "mask": mask, "label": label}


def bridged(x: Any, border: int, length: int) -> Any:
    """Return x (c, split) with its gaps filled, past and target apart, and zeros up to the length."""
    parts = [fill_gaps(part) if part.size else part for part in np.split(x, [border], axis=-1)]
    filled = np.concatenate(parts, axis=-1)
    return np.concatenate([filled, np.zeros((len(x), length - filled.shape[1]))], axis=1)


def blemished(masked: bool, gaps: bool, seed: int = 0, horizon: int = 0) -> Panel:
    """Return twelve series of four classes with events, perhaps with unobserved steps that hold nonsense, and with gaps."""
    rng = np.random.default_rng(seed)
    x, mask = series(n=12, seed=seed), rng.random((12, 60)) < 0.8
    mask[0, 36:45] = False
    if gaps:
        x[rng.random(x.shape) < 0.1] = np.nan
        x[3, 0, 37:44] = np.nan
        x[6, 1, :4] = x[6, 1, -4:] = np.nan
    if masked:
        x = np.where(mask[:, None], x, 1e6)
    fields = {"mask": mask} if masked else {}
    return Panel(x, label=classes(), points=rng.random((12, 60)) < 0.2, horizon=horizon, **fields)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scope", ["all", "past"])
@pytest.mark.parametrize("horizon", [0, 20])
@pytest.mark.parametrize(("masks", "gaps"), [
    ((False, False), (False, False)),
    ((True, True), (False, False)),
    ((True, False), (False, True)),
    ((False, True), (True, False)),
    ((False, False), (True, True)),
    ((True, True), (True, True)),
])  # fmt: skip
def test_a_blend_is_what_its_weights_say_at_each_step(body, scope, horizon, masks, gaps):
    """Breaks where a gap or an event comes of a partner that has no weight there, or an observed step of one unobserved.

    Of a class there are three, so both partners of a series are known; a class with one in the pool lacks the second.
    """
    panel, known = (blemished(masks[k], gaps[k], seed=k, horizon=horizon) for k in (0, 1))
    known = known.rows(np.r_[0, 3, 4, 6, 7, 9, 10])
    op = Blend(scope=scope).fit(known)
    y, drawn = run(body, op, panel)
    soft = run(body, Blend(scope=scope, across=True).fit(known), panel)[0]
    split = 60 - horizon if scope == "past" else 60
    assert same_bits(y.label, panel.label)
    for i in range(12):
        partners = np.flatnonzero(known.label == panel.label[i]).tolist()
        share = drawn["/blend"]["share"][i]
        options = [blended(panel, known, i, order, share, split) for order in itertools.permutations(partners)]
        fits = [o for o in options if np.allclose(y.values[i], o["values"], rtol=0, atol=1e-9, equal_nan=True)]
        assert len(fits) == 1
        np.testing.assert_array_equal(y.points[i], fits[0]["points"])
        if panel.mask is not None:
            np.testing.assert_array_equal(y.mask[i], fits[0]["mask"])
        anyone = itertools.permutations(range(7), 2)
        options = (blended(panel, known, i, order, share, split) for order in anyone)
        fits = [o for o in options if np.allclose(soft.values[i], o["values"], rtol=0, atol=1e-9, equal_nan=True)]
        assert len(fits) == 1
        np.testing.assert_allclose(soft.label[i], fits[0]["label"], rtol=0, atol=1e-6)
    assert (y.mask is None) == (not masks[0])
    if masks[0]:
        assert same_bits(y.values[~np.repeat(panel.mask[:, None], 2, 1)], panel.values[~np.repeat(panel.mask[:, None], 2, 1)])
    if masks == (True, True) and not any(gaps):
        assert (y.mask < panel.mask).any()
        assert np.isfinite(y.values).all()


@pytest.mark.parametrize("body", BODIES)
def test_of_partners_that_are_none_the_series_has_the_weight(body):
    """Breaks where weights of a mixture no longer sum to 1, or a partner that is none brings a label."""
    x = series(n=2)
    panel = Panel(x, label=[2, 0], points=np.array([[0] * 60, [3] * 60]))
    y, drawn = draw(body, Blend(across=True).fit(panel), panel)
    for i in (0, 1):
        weights = blend_weights(drawn["share"][i], 60, there=1)
        np.testing.assert_allclose(y.values[i], weights[0] * x[i] + weights[1] * x[1 - i], rtol=0, atol=1e-12)
        mean = weights.mean(axis=1)
        expected = mean[0] * np.eye(3)[panel.label[i]] + mean[1] * np.eye(3)[panel.label[1 - i]]
        np.testing.assert_allclose(y.label[i], expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(y.points[0], [0] + [3] * 59)  # at step 0 the one partner has no weight yet


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64])
def test_hard_labels_stay_hard(body, dtype):
    """Breaks where labels become weights, or wider, although all partners are of the class."""
    panel = Panel(series(n=12), label=classes().astype(dtype))
    for op in (Swap(), Blend(), *REAL):
        assert same_bits(run(body, op.fit(panel), panel)[0].label, panel.label)
        assert not op.softens


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("pool_soft", [True, False])
def test_class_weights_come_in_and_go_out(body, dtype, pool_soft):
    """Breaks where soft labels lose their dtype, a partner's are taken for its heaviest class, or hard ones are none."""
    x, rng = series(n=12), np.random.default_rng(0)
    soft = rng.dirichlet(np.ones(4), 12).astype(dtype)
    label = soft if pool_soft else soft.argmax(axis=1)
    for across in (False, True):
        panel = Panel(x, label=soft)
        op = Swap(across=across).fit(Panel(x, label=label))
        y = run(body, op, panel)[0]
        rows = swapped(panel, Panel(x, label=label), across=across, body=body)
        expected = np.where(rows[:, None] < 0, soft, (soft if pool_soft else np.eye(4, dtype=dtype)[label])[rows])
        assert y.label.dtype == dtype
        np.testing.assert_allclose(y.label, expected, rtol=0, atol=1e-7)
        assert across or (soft[rows].argmax(axis=1) == soft.argmax(axis=1))[rows >= 0].all()


@pytest.mark.parametrize("body", BODIES)
def test_rows_that_are_not_mixed_have_all_of_their_own_class(body):
    """Breaks where labels are of one kind in some rows and of another in others, or too few classes are counted."""
    x = series(n=40)
    panel = Panel(x, label=np.arange(40) % 2)
    known = Panel(x, label=np.where(np.arange(40) == 7, 4, np.arange(40) % 2))
    op = Swap(across=True, p=0.3).fit(known)
    assert (op.softens, op.classes) == (True, 5)
    y, drawn = draw(body, op, panel)
    assert y.label.shape == (40, 5)
    assert y.label.dtype == np.float32
    np.testing.assert_array_equal(y.label[~drawn["gate"]], np.eye(5)[panel.label[~drawn["gate"]]])
    np.testing.assert_array_equal(y.label.sum(axis=1), 1)
    pair = op(x, panel.label, seed=0)[1]
    np.testing.assert_array_equal(pair, y.label)
    short = run(body, FrequencyMix(across=True).fit(Panel(x[..., :2], label=panel.label)), Panel(x[..., :2], label=panel.label))
    np.testing.assert_array_equal(short[0].label, np.eye(2)[panel.label])


@pytest.mark.parametrize("label", [[0, 1, 3], [-1, 0, 1]])
def test_a_class_that_the_pool_does_not_know_cannot_be_weighed(label):
    """Breaks where a weight is left out, or laid on another class."""
    x = series(n=3)
    op = Swap(across=True).fit(Panel(x, label=[0, 1, 2]))
    with pytest.raises(PanelError, match=r"class weights need 0 … 2, the classes that the transform was fitted on") as error:
        op(Panel(x, label=label), seed=0)
    assert str(error.value).startswith(f"label has classes from {min(label)} to {max(label)}")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int32, np.float32])
def test_events_are_the_strongest_of_all_that_is_mixed(body, dtype):
    """Breaks where events of what has a weight are lost, those of what has none stay, or their kind changes."""
    x, rng = series(n=2), np.random.default_rng(0)
    points = (rng.random((2, 60)) * 3 if dtype is np.float32 else rng.integers(0, 2 if dtype is bool else 5, (2, 60))).astype(
        dtype
    )
    expected = np.maximum(points[0], points[1])
    for op, made in ((Half(), np.stack([expected, expected])), (Swap(), points[::-1])):
        y = run(body, op.fit(Panel(x, points=points)), Panel(x, points=points))[0]
        assert same_bits(y.points, np.ascontiguousarray(made))
    kinds = Panel(x, points=points.astype(np.int64))
    y = run(body, Half().fit(kinds), Panel(x, points=points))[0]
    assert y.points.dtype == dtype


def test_states_are_refused():
    """Breaks where a step is said to be in the higher numbered of two states."""
    panel = Panel(series(n=3), points=np.ones((3, 60), int), point_role="state")
    for op in (Half(), *REAL):
        with pytest.raises(ContractError) as error:
            op.fit(panel)(panel, seed=0)
        assert str(error.value) == (
            f"{type(op).__name__} mixes series, and a step of a mixture has no one state (segment class); leave it out, "
            "or drop the points"
        )


@pytest.mark.parametrize("body", BODIES)
def test_what_is_the_series_own_stays(body):
    """Breaks where covariates, weights, names or other fields are mixed as well, or handed on from a partner."""
    rng = np.random.default_rng(0)
    panel = Panel(
        series(n=12), label=classes(), mask=rng.random((12, 60)) < 0.9, covariates=rng.normal(size=(12, 2, 60)),
        weight=rng.random(12), ids=np.arange(50, 62), extra={"name": np.array([f"s{i}" for i in range(12)])},
    )  # fmt: skip
    before = {k: v.copy() for k, v in panel.present()}
    for op in (Swap(across=True), Blend(), *REAL):
        y = run(body, op.fit(panel), panel)[0]
        for name in ("covariates", "weight", "ids"):
            assert same_bits(getattr(y, name), before[name])
        np.testing.assert_array_equal(y.extra["name"], panel.extra["name"])
        assert {k for k, _ in y.present()} == {k for k, _ in panel.present()}
        for name in FULL:
            assert before.get(name) is None or same_bits(getattr(panel, name), before[name])


# --------------------------------------------------------------------------------------------------- gaps and masks


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Swap(), Half(), *REAL], ids=repr)
def test_gaps_of_what_is_mixed_are_gaps_of_the_mixture(body, op):
    """Breaks where a missing reading is made up; the gaps of a partner that the gate left out are none of its business."""
    x = series(n=2)
    x[0, 0, 5:9] = x[1, 1, 40] = np.nan
    both = np.isnan(x).any(axis=0)
    y = run(body, op.fit(x), x)[0]
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x[::-1]) if isinstance(op, Swap) else [both, both])
    assert same_bits(run(body, replace(op, p=0.0).fit(x), x)[0], x)
    whole = series(n=2, seed=1)
    y = run(body, replace(op, p=0.5).fit(np.concatenate([whole[:1], x[:1]])), np.repeat(whole[:1], 30, 0))[0]
    gate = np.isnan(y).any(axis=(1, 2))
    assert 0 < gate.sum() < 30
    assert same_bits(y[~gate], np.repeat(whole[:1], 30, 0)[~gate])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Swap(), Half(), *REAL], ids=repr)
def test_unobserved_steps_of_a_partner(body, op):
    """Breaks where what stands there comes in: with a mask they are unobserved in the mixture, and finite, else missing."""
    x, mask = series(n=2), np.ones((2, 60), bool)
    mask[1, 20:30] = False
    wild = np.where(mask[:, None], x, 1e9)
    known, own = Panel(wild[1:], mask=mask[1:]), np.ones((1, 60), bool)
    y = run(body, op.fit(known), Panel(x[:1], mask=own))[0]
    np.testing.assert_array_equal(y.mask, mask[1:])
    assert (np.abs(y.values) < 1e3).all()
    bare = run(body, op.fit(known), x[:1])[0]
    np.testing.assert_array_equal(np.isnan(bare), np.repeat(~mask[1:, None], 2, axis=1))
    np.testing.assert_allclose(bare, np.where(np.isnan(bare), np.nan, y.values), rtol=0, atol=1e-12)
    kept = run(body, op.fit(Panel(x[1:])), Panel(wild, mask=mask))[0]
    np.testing.assert_array_equal(kept.mask, mask)  # a partner without a mask was seen throughout
    hidden = np.broadcast_to(~mask[:, None], x.shape)
    assert same_bits(kept.values[hidden], wild[hidden])


@pytest.mark.parametrize("op", [FrequencyMix(ratio=0.0), WaveMix(details=0.0), WaveMix(level=0, details=1.0)], ids=repr)
@pytest.mark.parametrize("body", BODIES)
def test_a_partner_without_weight_brings_nothing(body, op):
    """Breaks where gaps, events, unobserved steps or classes come of one that no part was taken of."""
    x, rng = series(n=6), np.random.default_rng(0)
    gaps = x.copy()
    gaps[rng.random(x.shape) < 0.2] = np.nan
    known = Panel(gaps, label=np.arange(6) % 3, points=np.ones((6, 60), bool), mask=rng.random((6, 60)) < 0.8)
    panel = Panel(x, label=np.zeros(6, int), points=np.zeros((6, 60), bool), mask=np.ones((6, 60), bool))
    y = run(body, replace(op, across=True).fit(known), panel)[0]
    np.testing.assert_allclose(y.values, x, rtol=0, atol=1e-13 * np.abs(x).max())
    assert same_bits(y.points, panel.points)
    assert same_bits(y.mask, panel.mask)
    np.testing.assert_array_equal(y.label, np.eye(3)[panel.label])


# ---------------------------------------------------------------------------------------------------- past and target


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Swap(scope="past"), Half(scope="past"), *(replace(op, scope="past") for op in REAL)], ids=repr)
@pytest.mark.parametrize("horizon", [1, 20, 55])
def test_with_scope_past_the_target_is_left_alone(body, op, horizon):
    """Breaks where a target changes by a bit, or a partner's target or what is missing of it comes into the past.

    Each class has one series in the pool, which is none of the panel's: so everybody's partner is known.
    """
    past = 60 - horizon
    x, known = series(n=3), series(n=3, seed=1)
    x[0, 0, past - 2 : past + 1] = x[1, 1, -1] = known[2, 1, past - 2 : past] = np.nan
    other = known.copy()
    other[..., past:] = 1e6
    other[2, 0, -1] = np.nan
    points, theirs = np.zeros((3, 60), bool), np.ones((3, 60), bool)
    masks, seen = np.random.default_rng(0).random((2, 3, 60)) < 0.7, np.ones((3, 60), bool)
    seen[:, past:] = masks[0][:, past:]
    panel = Panel(x, label=np.arange(3), points=points, mask=seen, horizon=horizon)
    fits = [op.fit(Panel(v, label=np.arange(3), points=theirs, mask=m)) for v, m in zip((known, other), masks, strict=True)]
    y = run(body, fits[0], panel)[0]
    for name in ("values", "points", "mask"):
        assert same_bits(getattr(y, name)[..., past:].copy(), getattr(panel, name)[..., past:].copy())
    assert (y.values[..., :past] != x[..., :past]).any(axis=(1, 2)).all()
    assert y.points[:, :past].all()
    np.testing.assert_array_equal(y.mask[:, :past], masks[0][:, :past])
    masks[1][:, :past] = masks[0][:, :past]
    again = run(body, op.fit(Panel(other, label=np.arange(3), points=theirs, mask=masks[1])), panel)[0]
    assert same_bits(again.values, y.values)
    alone = run(body, op.fit(Panel(known[..., :past], label=np.arange(3), points=theirs[:, :past], mask=masks[0][:, :past])),
                Panel(x[..., :past], label=np.arange(3), points=points[:, :past], mask=seen[:, :past]))[0]  # fmt: skip
    assert same_bits(y.values[..., :past].copy(), alone.values)


@pytest.mark.parametrize("body", BODIES)
def test_with_scope_past_a_partner_weighs_as_much_as_there_is_of_it(body):
    """Breaks where a label is that of the past alone, although the target is the series' own."""
    x = series(n=2)
    panel = Panel(x, label=[0, 1], horizon=15)
    y = run(body, Swap(scope="past", across=True).fit(panel), panel)[0]
    np.testing.assert_allclose(y.label, [[0.25, 0.75], [0.75, 0.25]], rtol=0, atol=1e-7)
    assert same_bits(y.values[..., :45].copy(), x[::-1, :, :45].copy())
    y = run(body, Swap(scope="past", across=True).fit(panel), panel.replace(horizon=0))[0]
    np.testing.assert_array_equal(y.label, [[0, 1], [1, 0]])


@pytest.mark.parametrize("body", BODIES)
def test_a_past_too_short_passes(body):
    x = series(n=3, length=10)
    for horizon in (8, 9):
        panel = Panel(x, horizon=horizon, label=np.arange(3))
        y = run(body, FrequencyMix(ratio=1.0, scope="past", across=True).fit(panel), panel)[0]
        assert same_bits(y.values, x)
        np.testing.assert_array_equal(y.label, np.eye(3))


# ------------------------------------------------------------------------------------------------- lengths and shapes


@pytest.mark.parametrize("body", BODIES)
def test_ragged_series_are_mixed_with_those_of_their_length(body):
    """Breaks where a shorter one is drawn with the zeros after its end."""
    lengths = [20, 30, 20, 31, 30, 20, 31, 30]
    x = [series(n=1, length=t, seed=i)[0] for i, t in enumerate(lengths)]
    points, masks = ([np.arange(t) % 8 == (i + k) % 8 for i, t in enumerate(lengths)] for k in (0, 3))
    fields = {"points": points, "mask": [~m for m in masks], "label": np.arange(8) % 3}
    op = Swap(across=True).fit(Panel(x, **fields))
    fields["mask"] = [np.ones(t, bool) for t in lengths]
    for seed in range(5):
        panel = Panel([as_body(body, v) for v in x], **fields)
        with engine.torch_bodies() if body == "torch" else contextlib.nullcontext():
            y = op(panel, seed=seed)
        for i, t in enumerate(lengths):
            same = [
                j
                for j in range(8)
                if lengths[j] == t and np.array_equal(np.asarray(y.values[i])[:, ~masks[j]], x[j][:, ~masks[j]])
            ]
            assert len(same) == 1
            assert same[0] != i
            np.testing.assert_array_equal(np.asarray(y.label)[i], np.eye(3)[same[0] % 3])
            np.testing.assert_array_equal(np.asarray(y.points[i]), points[same[0]])
            np.testing.assert_array_equal(np.asarray(y.mask[i]), ~masks[same[0]])
    with pytest.raises(ContractError, match=r"the pool has no series of 19 steps \(it has some of 20, 30, 31\)"):
        op(series(n=2, length=19), seed=0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "op", [Swap(across=True), Blend(across=True), Half(), *REAL, *(replace(o, pool="batch") for o in REAL)]
)
def test_short_series_and_none_at_all(body, op):
    """Breaks at T = 1, 2, 3 or where there is no row."""
    for length in (1, 2, 3):
        x = series(n=5, length=length)
        panel = Panel(x, label=[0, 0, 0, 1, 1], points=np.zeros((5, length), bool), mask=np.ones((5, length), bool))
        y = run(body, op.fit(panel), panel)[0]
        assert y.values.shape == (5, 2, length)
        assert np.isfinite(y.values).all()
        if length >= op.shortest and not isinstance(op, WaveMix):
            assert (y.values != x).any()
        empty = run(body, op.fit(panel), panel.rows(slice(0, 0)))[0]
        assert empty.values.shape == (0, 2, length)
        assert op.fit(panel)([], seed=0) == []


@pytest.mark.parametrize("op", [Swap(), Blend(), Half(), *REAL], ids=repr)
@pytest.mark.parametrize("kept", [np.float16, np.float32, np.float64])
def test_dtypes_are_kept(op, kept):
    """Breaks where the pool's precision becomes that of the series, or decides who is drawn; half is computed in single."""
    x = series(n=6).astype(np.float16).astype(np.float64)
    fitted = op.fit(x.astype(kept))
    assert fitted.pool_values.dtype == max(kept, np.float32, key=lambda d: np.dtype(d).itemsize)
    exact = op.fit(x)(x, seed=0)
    for dtype, close in ((np.float64, 1e-14), (np.float32, 2e-6), (np.float16, 2e-3)):
        y = fitted(x.astype(dtype), seed=0)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, exact, rtol=0, atol=close * np.abs(x).max())
    whole = np.round(10 * x) + 0.0
    for dtype, wide in ((np.int16, np.float32), (np.int64, np.float64)):
        y = op.fit(whole.astype(kept))(whole.astype(dtype), seed=0)
        assert y.dtype == wide
        assert same_bits(y, op.fit(whole.astype(dtype))(whole.astype(dtype), seed=0))
        np.testing.assert_allclose(y, op.fit(whole)(whole, seed=0), rtol=0, atol=2e-6 * np.abs(whole).max())


def test_refusals_name_the_transform():
    x, label = series(n=3), np.arange(3)
    with pytest.raises(PanelError, match="Half was fitted on series with 2 channels, and these have 1; fit it anew"):
        Half().fit(x)(x[:, :1], seed=0)
    with pytest.raises(ContractError, match="Half was fitted on series without class labels, so partners of its class"):
        Half().fit(x)(Panel(x, label=label), seed=0)
    with pytest.raises(ContractError, match="Half was fitted on series without class labels, so the label of a mixture"):
        Half(across=True).fit(x)(Panel(x, label=label), seed=0)
    with pytest.raises(ContractError, match="Half was fitted on series without point labels"):
        Half().fit(x)(Panel(x, points=np.zeros((3, 60), bool)), seed=0)
    with pytest.raises(ContractError, match=r"Half draws partners from known data; call Half\(\)\.fit\(panel\) first"):
        Half()(x, seed=0)
    with pytest.raises(PanelError, match=r"Half\.fit: the panel has no series; partners need at least two"):
        Half().fit(x[:0])
    with pytest.raises(ParameterError, match=r"Half\(pool='train'\): pool must be"):
        Half(pool="train")


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
