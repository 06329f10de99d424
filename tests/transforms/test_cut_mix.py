"""CutMix step by step: whose reading, whose event, and how much of the label."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import CutMix, Panel


def piece_of(drawn, alpha, length):
    """Return where the partner's piece is (n, length), from the recorded draws."""
    share = 1 - stats.beta.ppf(drawn["share"].astype(np.float64), alpha, alpha)
    size, start = np.floor(share * length + 0.5).astype(int), drawn["start"]
    assert ((start >= 0) & (start + size <= length)).all()
    steps = np.arange(length)
    return (steps >= start[:, None]) & (steps < (start + size)[:, None])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [2, 3, 60, 61])
@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_the_piece_is_the_partner_s_to_the_bit_and_the_rest_the_series_own(body, dtype, length, alpha):
    """Breaks where a piece is off by a step, blended, of other steps of the partner, or weighs other than its length."""
    x, label = series(n=20, channels=3, length=length, dtype=dtype), np.arange(20) % 4
    panel = Panel(x, label=label)
    op = CutMix(alpha=alpha).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner", "share", "start"}
    inside, partner = piece_of(drawn, alpha, length), op.mixed_with(panel, 0)[:, 0]
    assert same_bits(y.values, np.where(inside[:, None], x[partner], x))
    share = inside.mean(axis=1)[:, None]
    np.testing.assert_allclose(y.label, (1 - share) * np.eye(4)[label] + share * np.eye(4)[label[partner]], rtol=0, atol=1e-6)
    assert inside.any(axis=1).sum() > 5
    assert (~inside).any(axis=1).sum() > 5


def test_every_piece_of_a_size_is_as_likely_and_sizes_are_rounded_shares():
    """Breaks where the ends are out of reach, or a size has not the chance of its share; false-alarm rate as stated."""
    y = CutMix(alpha=1.0).fit(np.ones((1, 1, 6)))(np.zeros((12_000, 1, 6)), seed=0)[:, 0]
    size = y.sum(axis=1).astype(int)
    expected = np.array([0.5, 1, 1, 1, 1, 1, 0.5]) / 6 * 12_000
    assert stats.chisquare(np.bincount(size, minlength=7), expected).pvalue > FALSE_ALARM
    for k in range(1, 6):
        start = y[size == k].argmax(axis=1)
        assert stats.chisquare(np.bincount(start, minlength=7 - k)).pvalue > FALSE_ALARM
        assert (np.diff(np.flatnonzero(y[size == k][0])) == 1).all()


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_have_their_distribution(alpha):
    """Breaks where alpha decides nothing, or λ is the share of the piece with a skew; false-alarm rate as stated."""
    y = CutMix(alpha=alpha).fit(np.ones((1, 1, 1000)))(np.zeros((3000, 1, 1000)), seed=0)[:, 0]
    jitter = np.random.default_rng(0).uniform(-0.5, 0.5, 3000)  # what rounding to whole steps has taken away
    share = np.clip((y.sum(axis=1) + jitter) / 1000, 0, 1)
    inner = (share > 0.01) & (share < 0.99)
    low, high = stats.beta.cdf([0.01, 0.99], alpha, alpha)
    assert stats.binomtest(int(inner.sum()), 3000, high - low).pvalue > FALSE_ALARM
    uniform = (stats.beta.cdf(share[inner], alpha, alpha) - low) / (high - low)
    assert stats.kstest(uniform, "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_of_two_steps_none_one_or_both_are_the_partner_s(body):
    """Breaks at T = 2, where a piece is nothing or all."""
    y = run(body, CutMix().fit(np.ones((1, 1, 2))), np.zeros((400, 1, 2)))[0][:, 0]
    kinds, counts = np.unique(y, axis=0, return_counts=True)
    np.testing.assert_array_equal(kinds, [[0, 0], [0, 1], [1, 0], [1, 1]])
    assert (counts > 60).all()


@pytest.mark.parametrize("body", BODIES)
def test_what_belongs_to_a_step_comes_with_the_piece_and_only_with_it(body):
    """Breaks where events, gaps or unobserved steps of the partner come from outside its piece."""
    rng = np.random.default_rng(0)
    x, other = series(n=20), series(n=1, seed=1)
    other[0, 0, rng.random(60) < 0.3] = np.nan
    points, seen = rng.random((1, 60)) < 0.3, rng.random((1, 60)) < 0.7
    own = rng.random((20, 60)) < 0.9
    known = Panel(other, points=points, mask=seen)
    covariates = rng.normal(size=(20, 1, 60))
    panel = Panel(x, points=np.zeros((20, 60), bool), mask=own, covariates=covariates)
    y, drawn = draw(body, CutMix().fit(known), panel)
    inside = piece_of(drawn, 1.0, 60)
    np.testing.assert_array_equal(y.points, inside & points)
    np.testing.assert_array_equal(y.mask, own & (seen | ~inside))
    np.testing.assert_array_equal(np.isnan(y.values), np.isnan(other) & (inside & own)[:, None])
    assert same_bits(y.covariates, covariates)
    outside = np.broadcast_to(~inside[:, None], x.shape)
    assert same_bits(y.values[outside], x[outside])


@pytest.mark.parametrize("body", BODIES)
def test_within_a_class_labels_stay(body):
    panel = Panel(series(n=12), label=np.arange(12) // 3)
    op = CutMix(across=False).fit(panel)
    y = run(body, op, panel)[0]
    assert same_bits(y.label, panel.label)
    partner = op.mixed_with(panel, 0)[:, 0]
    assert (panel.label[partner] == panel.label).all()
    assert ((y.values == panel.values) | (y.values == panel.values[partner])).all()


@pytest.mark.parametrize("body", BODIES)
def test_with_scope_past_a_piece_lies_in_the_past(body):
    """Breaks where a target is cut, or a piece has its share of the past alone in the label."""
    x = series(n=30)
    panel = Panel(x, label=np.arange(30) % 2, horizon=20)
    op = CutMix(scope="past").fit(panel)
    y, drawn = draw(body, op, panel)
    inside, partner = piece_of(drawn, 1.0, 40), op.mixed_with(panel, 0)[:, 0]
    assert same_bits(y.values[..., 40:].copy(), x[..., 40:].copy())
    np.testing.assert_array_equal(y.values[..., :40], np.where(inside[:, None], x[partner, :, :40], x[..., :40]))
    share = (inside.sum(axis=1) / 60)[:, None]
    expected = (1 - share) * np.eye(2)[panel.label] + share * np.eye(2)[panel.label[partner]]
    np.testing.assert_allclose(y.label, expected, rtol=0, atol=1e-6)
