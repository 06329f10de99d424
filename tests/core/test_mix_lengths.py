"""Mixtures of the Mix family in forecast windows, of short and ragged series and of any dtype."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import numpy as np
import pytest

from core.mixtures import REAL, Blend, Half, Swap
from kernels.oracles import as_body
from transforms.helpers import BODIES, run, same_bits, series
from variate import FrequencyMix, Panel, WaveMix
from variate.core import engine
from variate.core.errors import ContractError, PanelError, ParameterError

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
