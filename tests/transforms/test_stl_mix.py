"""StlMix: trend, season and remainder of three series, taken apart by variate.decompose and put together by hand."""

import numpy as np
import pytest
import torch

import variate
from kernels.oracles import fill_gaps
from transforms.helpers import BODIES, run, same_bits, series
from transforms.promises import assert_unobserved_steps_do_not_count
from variate import Panel, StlMix, decompose
from variate.core.errors import ContractError
from variate.kernels.arrays import numpy_of

CLOSE = {np.float32: 5e-6, np.float64: 1e-11}
"""Of the largest reading."""


def mixed(base, second, third, method="stl", rescale=True, periods=(7, 7, 7)):
    """Return one series (c, t): the trend of the first with the season of the second and the remainder of the third."""
    apart = [decompose(x[None].astype(np.float64), method, p) for x, p in zip((base, second, third), periods, strict=True)]
    trend, season, rest = apart[0].trend[0], apart[1].seasonal[0], apart[2].remainder[0]
    if rescale:
        size = [np.std(parts.seasonal[0] + parts.remainder[0], axis=1, keepdims=True) for parts in apart]
        season, rest = season * size[0] / size[1], rest * size[0] / size[2]
    return trend + season + rest


def pooled(x, label=None, **fields):
    """Return a panel, and the rows that StlMix mixes into each of its series."""
    panel = Panel(x, label=label, **fields)
    return panel, lambda op: op.mixed_with(panel, 0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", ["stl", "robust_stl"])
@pytest.mark.parametrize("rescale", [True, False])
def test_it_is_the_trend_with_the_season_of_one_and_the_remainder_of_another(body, dtype, method, rescale):
    """Breaks where the partners are exchanged, a part is scaled by its own size, or a channel by another's."""
    x = series(n=9, channels=3, dtype=dtype)
    panel, partners = pooled(x, np.arange(9) // 3)
    op = StlMix(method=method, rescale=rescale, period=7).fit(panel)
    y = run(body, op, panel)[0]
    rows = partners(op)
    assert y.values.dtype == dtype
    assert same_bits(y.label, panel.label)
    for i, (second, third) in enumerate(rows):
        assert {i, second, third} == set(3 * (i // 3) + np.arange(3))
        wanted = mixed(x[i], x[second], x[third], method, rescale)
        np.testing.assert_allclose(y.values[i], wanted, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())
        other = mixed(x[i], x[third], x[second], method, rescale)
        assert np.abs(y.values[i] - other).max() > 1e-2


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("rescale", [True, False])
def test_in_a_class_of_two_the_remainder_stays(body, rescale):
    """Breaks where the third series is the second again, is of another class, or is missing altogether."""
    x = series(n=5)
    panel, partners = pooled(x, [0, 0, 1, 1, 2])
    op = StlMix(rescale=rescale, period=7).fit(panel)
    rows = partners(op)
    assert rows.tolist() == [[1, -1], [0, -1], [3, -1], [2, -1], [-1, -1]]
    y = run(body, op, panel)[0]
    for i in range(4):
        np.testing.assert_allclose(y.values[i], mixed(x[i], x[rows[i, 0]], x[i], rescale=rescale), rtol=0, atol=1e-10)
    assert same_bits(y.values[4], x[4])  # one that is alone of its class
    assert same_bits(y.label, panel.label)


@pytest.mark.parametrize("body", BODIES)
def test_all_three_weigh_the_same(body):
    """Breaks where a class label goes by another weight than a third, or does for a series that takes no part."""
    x, label = series(n=12), np.arange(12) % 4
    panel, partners = pooled(x, label)
    op = StlMix(across=True, period=7, p=0.7).fit(panel)
    y = run(body, op, panel)[0]
    gate = partners(op)[:, 0] >= 0
    assert 0 < gate.sum() < 12
    for i, rows in enumerate(partners(op)):
        shares = np.eye(4)[[label[i], *(label[rows] if gate[i] else [label[i]] * 2)]].mean(axis=0)
        np.testing.assert_allclose(y.label[i], shares, rtol=0, atol=1e-6)
        assert same_bits(y.values[i], x[i]) != gate[i]
    two, _ = pooled(x[:2], [0, 1])
    np.testing.assert_allclose(
        run(body, StlMix(across=True, period=7).fit(two), two)[0].label, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], atol=1e-6
    )


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("across", [True, False])
def test_too_short_a_series_passes_with_its_labels(body, across):
    """Breaks where labels are mixed though the series are not, or a pass loses a bit."""
    for length, period in ((7, "auto"), (13, 7), (20, 11)):
        x = series(n=6, length=length, dtype=np.float32)
        points = np.eye(6, length, dtype=bool)
        panel, _ = pooled(x, np.arange(6) % 2, points=points)
        y = run(body, StlMix(across=across, period=period).fit(panel), panel)[0]
        assert same_bits(y.values, x)
        assert same_bits(y.points, points)
        np.testing.assert_array_equal(y.label, np.eye(2)[panel.label] if across else panel.label)
    x = series(n=6, length=14)
    assert (run(body, StlMix(period=7).fit(x), x)[0] != x).any(axis=(1, 2)).all()


@pytest.mark.parametrize("body", BODIES)
def test_a_series_without_spread_gives_nothing_and_takes_nothing(body):
    """Breaks where a constant is blown up, or divided by the spread that it has not."""
    x = series(n=2, channels=1)
    for constant in (0.0, 7.3):
        x[0] = constant
        y = run(body, StlMix(period=7).fit(x), x)[0]
        np.testing.assert_allclose(y[0], constant, rtol=0, atol=1e-9)
        trend, season, rest = decompose(x[1], period=7)
        np.testing.assert_allclose(y[1], trend + rest, rtol=0, atol=1e-9)
        loose = run(body, StlMix(period=7, rescale=False).fit(x), x)[0]
        np.testing.assert_allclose(loose[0], constant + season, rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_each_series_is_taken_apart_by_its_own_period(monkeypatch, body):
    """Breaks where partners have the period of the series; alone, a row is what it is in the batch."""
    monkeypatch.setattr("variate.kernels.decomposition.estimate_period", lambda x: numpy_of(x)[:, 0, 0].astype(np.int64))
    wanted = np.array([6, 10, 6, 15, 20, 30])
    x = series(n=6)
    x[:, 0, 0] = wanted
    panel, partners = pooled(x)
    op = StlMix().fit(panel)
    y = run(body, op, panel)[0].values
    for i, rows in enumerate(partners(op)):
        made = mixed(x[i], *x[rows], periods=[int(p) for p in (wanted[i], *wanted[rows])])
        np.testing.assert_allclose(y[i], made, rtol=0, atol=1e-9)
        alone = op(x[i : i + 1], seed=0, ids=[i])
        assert same_bits(alone[0], y[i]) or body == "torch"
        np.testing.assert_allclose(alone[0], y[i], rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_gaps_points_masks_and_targets(body):
    """Breaks where a gap is not bridged before a series is taken apart, or a label of one of the three is lost."""
    x = series(n=3)
    gaps = x.copy()
    gaps[:, 0, 7:15] = np.nan
    op = StlMix(period=6)
    y = run(body, op.fit(gaps), Panel(gaps))[0].values
    whole = run(body, op.fit(fill_gaps(gaps)), Panel(fill_gaps(gaps)))[0].values
    rows = [op.fit(v).mixed_with(Panel(v), 0) for v in (gaps, fill_gaps(gaps))]
    for i in range(3):
        if (rows[0][i] == rows[1][i]).all():
            np.testing.assert_allclose(y[i][~np.isnan(gaps[i])], whole[i][~np.isnan(gaps[i])], rtol=0, atol=1e-9)
    assert (rows[0] == rows[1]).all(axis=1).any()
    assert same_bits(np.isnan(y), np.isnan(gaps))
    rng = np.random.default_rng(0)
    points, mask = rng.random((3, 60)) < 0.1, rng.random((3, 60)) < 0.8
    panel = Panel(x, points=points, mask=mask)
    out = run(body, op.fit(panel), panel)[0]
    assert same_bits(out.points, np.repeat(points.any(axis=0)[None], 3, axis=0))
    assert same_bits(out.mask, np.repeat(mask.all(axis=0)[None], 3, axis=0))
    known = series(n=5, channels=3, seed=3)
    assert_unobserved_steps_do_not_count(body, op.fit(known))
    window = Panel(x, horizon=20)
    assert same_bits(run(body, op.fit(x), window)[0].values, run(body, op.fit(x), x)[0])
    past = StlMix(period=7, scope="past").fit(x)
    out = run(body, past, window)[0].values
    assert same_bits(out[..., 40:].copy(), x[..., 40:].copy())
    for i, rows in enumerate(past.mixed_with(window, 0)):
        np.testing.assert_allclose(out[i, :, :40], mixed(x[i, :, :40], *x[rows][..., :40]), rtol=0, atol=1e-10)


def test_what_it_needs_is_told_in_a_sentence():
    """Breaks where it runs without known series, a gradient is cut in silence, or states are mixed."""
    x = series()
    with pytest.raises(ContractError, match=r"call StlMix\(\)\.fit\(panel\) first"):
        StlMix()(x, seed=0)
    with pytest.raises(ValueError, match="StlMix has no gradient"):
        StlMix(period=6).fit(x)(torch.from_numpy(x).requires_grad_(), seed=0)
    events, states = (Panel(x, points=np.zeros((4, 60), int), point_role=role) for role in ("event", "state"))
    with pytest.raises(ContractError, match="has no one state"):
        StlMix(period=6).fit(events)(states, seed=0)


def test_it_is_saved_with_its_pool(tmp_path):
    """Breaks where the pool or a parameter is lost on the way to a file."""
    x = series()
    op = StlMix(method="robust_stl", period=6, rescale=False, across=True).fit(Panel(x, label=[0, 1, 0, 1]))
    variate.save(op, tmp_path / "policy.yaml")
    again = variate.load(tmp_path / "policy.yaml")
    assert again == op
    panel = Panel(x, label=[0, 1, 0, 1])
    assert same_bits(again(panel, seed=0).values, op(panel, seed=0).values)
