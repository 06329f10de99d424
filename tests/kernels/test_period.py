"""Periods of known seasons, and how often noise is given one."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kernels.oracles import few
from kernels.test_stl import AIR_PASSENGERS
from variate.kernels import period as kernel
from variate.kernels.period import estimate_period

SHAPES = {
    "sine": lambda u: np.sin(2 * np.pi * u),
    "square": lambda u: np.where(u % 1 < 0.5, 1.0, -1.0),
    "sawtooth": lambda u: u % 1,
    "pulse": lambda u: np.where(u % 1 < 0.2, 1.0, 0.0),
    "two humps": lambda u: np.exp(2 * np.cos(2 * np.pi * u)) + 3 * np.exp(4 * np.cos(2 * np.pi * (u - 0.4)) - 4),
}
PERIODS = (4, 7, 12, 24, 50, 144)


def season(shape, period, length, rng, rows=1):
    """Return seasons (rows, 1, length) of variance 1, each of its own phase."""
    x = SHAPES[shape](np.arange(length) / period + rng.random((rows, 1, 1)))
    return (x - x.mean()) / x.std()


def autoregression(rng, rows, length, factor):
    noise, x = rng.normal(size=(rows, length + 500)), np.zeros((rows, length + 500))
    for t in range(1, length + 500):
        x[:, t] = factor * x[:, t - 1] + noise[:, t]
    return x[:, None, 500:]


def found(x, **options):
    """Return the period of one series (t,)."""
    return int(estimate_period(np.asarray(x)[None, None], **options)[0])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("cycles", [3, 4.5, 8])
def test_clean_seasons(shape, period, cycles):
    """Breaks where a multiple, a fraction or a neighbour of the period is taken for it, or one seen often enough is missed.

    Three periods of some phases are not enough, where a parabola takes much of them for a trend; nor are 16 readings then.
    """
    length = int(np.ceil(period * cycles))
    if length < kernel.SHORTEST:
        return
    periods = estimate_period(season(shape, period, length, np.random.default_rng(0), rows=3))
    assert periods.any()
    seen = periods[periods > 0] if cycles == 3 else periods
    np.testing.assert_allclose(seen, period, rtol=0, atol=2 if period == 144 and cycles < 8 else 0)


def test_golden_series():
    """Breaks where a trend, a season that grows with it, or a logarithm matters, or a series must have three periods."""
    assert found(AIR_PASSENGERS) == 12
    assert found(np.log(AIR_PASSENGERS)) == 12
    assert found(AIR_PASSENGERS[:60]) == 12
    assert found(np.sin(np.arange(100) * 2 * np.pi / 14)) == 14
    assert found(np.sin(np.arange(7, 67) * 2 * np.pi / 24)) == 24


@pytest.mark.parametrize("period", [6.4, 7.3, 9.7, 12.4, 24.3, 30.44, 52.18])
def test_a_period_that_is_no_whole_number_is_rounded(period):
    """Breaks where only whole periods are tried: over a hundred of them, 12 and 12.4 come apart."""
    t = np.arange(600)
    assert found(np.sin(2 * np.pi * t / period + 1)) == round(period)
    assert found(np.sin(2 * np.pi * t / period) + 0.5 * np.sin(4 * np.pi * t / period + 1)) == round(period)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("period", [7, 12, 24, 50])
def test_seasons_in_noise_with_a_trend_and_outliers(shape, period):
    """Breaks where outliers or a trend enter: 30 periods with noise half the season, a line five times it, 2 % outliers."""
    rng, rows, length = np.random.default_rng(1), 30, 30 * period
    x = season(shape, period, length, rng, rows) + 0.5 * rng.normal(size=(rows, 1, length)) + np.linspace(0, 5, length)
    x += (rng.random(x.shape) < 0.02) * rng.normal(size=x.shape) * 10
    assert (estimate_period(x) == period).mean() >= 0.9


def test_many_outliers():
    """Breaks where readings are not held back: 5 % of them, 20 times the season."""
    rng, rows, length = np.random.default_rng(2), 40, 600
    x = season("sine", 24, length, rng, rows) + 0.3 * rng.normal(size=(rows, 1, length))
    x += (rng.random(x.shape) < 0.05) * rng.normal(size=x.shape) * 20
    assert (estimate_period(x) == 24).mean() > 0.95


def test_a_multiple_of_a_period_is_none():
    """Breaks where noise lifts the evidence for two periods over the threshold and that for one stays below."""
    rng, rows = np.random.default_rng(0), 400
    for period, length in ((4, 80), (7, 70)):
        x = season("sine", period, length, rng, rows) + 0.6 * rng.normal(size=(rows, 1, length))
        periods = estimate_period(x)
        assert (periods == period).sum() > 100
        assert ((periods > period) & (periods % period == 0)).sum() == 0


def test_rare_pulses_are_no_outliers():
    """Breaks where readings are only ever held back as in noise: a pulse every twelfth step, in little noise."""
    rng = np.random.default_rng(3)
    x = (np.arange(120) % 12 == 5) * 5.0 + 0.1 * rng.normal(size=(20, 1, 120))
    assert (estimate_period(x) == 12).all()


@pytest.mark.parametrize(("day", "week", "expected"), [(1, 0.3, 24), (1, 0.6, 24), (0.6, 1, 168), (0.3, 1, 168)])
def test_of_two_seasons_the_stronger(day, week, expected):
    """Breaks where the shortest or the longest is returned whatever its strength, or a multiple of the shorter."""
    rng, rows = np.random.default_rng(4), 20
    x = day * season("sine", 24, 1008, rng, rows) + week * season("sine", 168, 1008, rng, rows)
    np.testing.assert_allclose(estimate_period(x + 0.2 * rng.normal(size=x.shape)), expected, rtol=0, atol=expected // 100)


def test_hours_of_weeks():
    """Breaks where a day whose height changes with the weekday, as in electricity, loses its line."""
    rng, t = np.random.default_rng(5), np.arange(700)
    weekday = np.repeat([1, 1.02, 1.05, 1.02, 0.95, 0.8, 0.75], 24)[t % 168]
    shape = SHAPES["two humps"](t / 24)
    x = 1000 * weekday * (3 + shape / shape.std()) + 50 * rng.normal(size=(20, 1, 700)).cumsum(axis=2)
    assert (estimate_period(x) == 24).mean() > 0.9


NOISES = {
    "white": lambda rng, n, t: rng.normal(size=(n, 1, t)),
    "uniform": lambda rng, n, t: rng.random((n, 1, t)),
    "heavy tails": lambda rng, n, t: rng.standard_t(2, size=(n, 1, t)),
    "spikes": lambda rng, n, t: rng.normal(size=(n, 1, t)) + 30 * (rng.random((n, 1, t)) < 0.02),
    "line": lambda rng, n, t: rng.normal(size=(n, 1, t)) + np.arange(t) / 20,
    "red": lambda rng, n, t: autoregression(rng, n, t, 0.9),
    "blue": lambda rng, n, t: autoregression(rng, n, t, -0.6),
    "walk": lambda rng, n, t: rng.normal(size=(n, 1, t)).cumsum(axis=2),
    "twice summed": lambda rng, n, t: rng.normal(size=(n, 1, t)).cumsum(axis=2).cumsum(axis=2),
    "counts": lambda rng, n, t: rng.poisson(0.5, size=(n, 1, t)).astype(float),
    "three channels": lambda rng, n, t: rng.normal(size=(n, 3, t)),
    "mixed channels": lambda rng, n, t: (
        rng.normal(size=(n, 3, t)).cumsum(axis=2) * [[[1], [0], [0]]] + rng.normal(size=(n, 3, t))
    ),
    "copies": lambda rng, n, t: np.stack([np.roll(x, k, axis=1) for x in [rng.normal(size=(n, t))] for k in range(4)], axis=1),
}


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("length", [60, 200, 500])
def test_noise_has_no_season(noise, length):
    """Breaks where noise of any colour, or channels that are copies, delayed or not, pass for a season.

    At the rate of 1 in 100 that is promised, more than 6 of 150 are found with a chance of 1 in 1000.
    """
    assert stats.binom.sf(6, 150, 0.01) < 2e-3
    x = NOISES[noise](np.random.default_rng(7), 150, length)
    assert (estimate_period(x) > 0).sum() <= 6


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_does_not_vary_has_no_season(dtype):
    """Breaks where rounding is taken for a season: in float32 that of a line is periodic."""
    lines = [np.zeros(100), np.full(300, 12345.678), np.arange(300) * 0.1, np.arange(300) / 7 + 1e6, np.arange(300.0) ** 2]
    for x in lines:
        assert found(x.astype(dtype)) == 0
    assert found(np.eye(1, 300, 150, dtype=dtype)[0]) == 0
    assert found((np.arange(300) > 120).astype(dtype)) == 0
    assert found(np.exp(np.arange(300) / 50).astype(dtype)) == 0


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 7, 15, 16, 17, 23])
def test_short_series(length):
    """Breaks where there are fewer readings than tapers, or a period longer than half the series is returned."""
    x = np.sin(np.arange(length) * np.pi / 2)[None, None]
    assert estimate_period(x).tolist() == [4 if length >= 16 else 0]
    assert (estimate_period(np.random.default_rng(0).normal(size=(20, 2, length))) == 0).all()
    for n, channels in ((0, 1), (2, 0)):
        result = estimate_period(np.zeros((n, channels, length)))
        assert result.dtype == np.int64
        assert result.tolist() == [0] * n


@pytest.mark.parametrize("most", [1, 2, 20, 23, 24, 100, 10**6])
def test_a_longest_period_may_be_given(most):
    """Breaks where the limit is off by one, or a longer season shows up as its harmonics."""
    x = season("sine", 24, 480, np.random.default_rng(0))
    assert estimate_period(x, most) == (24 if most >= 24 else 0)


@given(period=st.integers(2, 60), shift=st.sampled_from((0, -5, 1e4)), scale=st.sampled_from((2.0**-60, 1, -3, 2.0**60)))
@few
def test_a_shift_and_a_scale_do_not_matter(period, shift, scale):
    """Breaks where a threshold is absolute."""
    x = season("two humps", period, 6 * period + 20, np.random.default_rng(period))
    x += 0.2 * np.random.default_rng(1).normal(size=x.shape)
    assert estimate_period((x + shift) * scale) == estimate_period(x)


def test_channels_have_one_clock():
    """Breaks where one channel alone decides, or a channel's unit matters: none of the four is enough by itself."""
    rng, rows = np.random.default_rng(9), 40
    weak = 0.55 * np.concatenate([season("sine", 24, 300, rng, rows) for _ in range(4)], axis=1) + rng.normal(
        size=(rows, 4, 300)
    )
    together = (estimate_period(weak * [[[1], [1e-3], [1e3], [1]]]) == 24).mean()
    assert together > 0.8
    assert (estimate_period(weak[:, :1]) == 24).mean() < 0.3
    loud = np.concatenate([weak * 1e-3, 1e3 * rng.normal(size=(rows, 1, 300)).cumsum(axis=2)], axis=1)
    assert (estimate_period(loud) == 24).mean() > together - 0.2
    with_constant = np.concatenate([weak, np.full_like(weak, 3.0)], axis=1)
    np.testing.assert_array_equal(estimate_period(with_constant), estimate_period(weak))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_does_not_feel_its_batch(dtype):
    """Breaks where rows are scaled or transformed together, or depend on their layout."""
    rng = np.random.default_rng(0)
    x = np.concatenate([season("sawtooth", p, 200, rng) + rng.normal(size=(1, 2, 200)) for p in (5, 9, 12, 30, 7, 61)]).astype(
        dtype
    )
    kept = x.copy()
    full = estimate_period(x)
    assert (full > 0).sum() >= 3
    for rows in ([0], [5], [4, 2], [5, 4, 3, 2, 1, 0]):
        np.testing.assert_array_equal(estimate_period(x[rows]), full[rows])
    np.testing.assert_array_equal(estimate_period(np.asfortranarray(x)), full)
    np.testing.assert_array_equal(estimate_period(torch.from_numpy(x).requires_grad_()), full)
    assert x.tobytes() == kept.tobytes()


def test_the_bound_of_joint_evidence_is_the_gamma_tail():
    """Breaks where the bound is below the tail, which lets noise pass, or far above it."""
    total = np.linspace(12, 80, 50)
    for count in (1, 1.5, 2, 5, 8.0):
        exact = -stats.gamma.logsf(total, count)
        assert (kernel._joint(total, count) <= exact + 1e-9).all()
        assert (kernel._joint(total[10:], count) >= exact[10:] - 0.3).all()
    needed = kernel._needed(1.7)
    np.testing.assert_allclose(kernel._joint(needed, 1.7 * np.arange(1, 33)), kernel.LEAST, atol=1e-9)
