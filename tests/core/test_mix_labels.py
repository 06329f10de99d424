"""What mixtures of the Mix family are told to be: weights, class and point labels, gaps and masks."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.mixtures import FULL, REAL, Blend, Half, Swap, blend_weights, classes, swapped
from kernels.oracles import fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import FrequencyMix, Panel, WaveMix
from variate.core.errors import ContractError, PanelError

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
