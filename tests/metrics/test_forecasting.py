"""Scores of forecasts, against numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics
from statsforecast.models import SeasonalNaive

from kernels.oracles import FALSE_ALARM, few
from variate.core.errors import PanelError, ParameterError
from variate.metrics.forecasting import crps, mae, mase, mse, quantile_loss, smape


def test_mase_is_the_error_in_errors_of_the_naive_forecast():
    """Breaks where a mean is a sum, a square, or over the forecast's steps where it should be over the history's."""
    history = [10.0, 12.0, 11.0, 15.0]  # steps of 2, 1 and 4: the naive forecast is off by 7/3
    assert mase([14.0, 18.0], [15.0, 15.0], history) == pytest.approx((1 + 3) / 2 / (7 / 3))
    assert mase([15.0, 15.0], [15.0, 15.0], history) == 0
    seasonal = [1.0, 5.0, 3.0, 6.0, 2.0, 9.0]  # a season of two: off by 2, 1, 1 and 3
    assert mase([1.0, 2.0, 3.0], [2.0, 2.0, 5.0], seasonal, season=2) == pytest.approx(1 / (7 / 4))
    assert mase([1.0, 2.0, 3.0], [2.0, 2.0, 5.0], seasonal) == pytest.approx(1 / 4)


def test_the_naive_forecast_itself_scores_about_one():
    """Breaks where the season is shifted by a step: of a random walk it is as far off after the history as within it."""
    x = np.random.default_rng(0).normal(size=(4000, 40)).cumsum(axis=1)
    step = mase(x[:, -1:], x[:, -2:-1], x[:, :-1])
    assert step.shape == (4000,)
    assert 0.95 < step.mean() < 1.1
    history = np.tile([1.0, 4.0, 2.0], 5) + np.arange(15) / 3  # each season 1 higher
    forecast = SeasonalNaive(season_length=3).forecast(y=history, h=3)["mean"]
    assert mase(history[-3:] + 1, forecast, history, season=3) == pytest.approx(1)


def test_each_channel_of_each_series_has_a_score():
    """Breaks where leading axes are mixed up or averaged away, or whole numbers are divided as such."""
    rng = np.random.default_rng(0)
    actual, guess, history = rng.integers(0, 9, (3, 2, 4)), rng.integers(0, 9, (3, 2, 4)), rng.integers(0, 9, (3, 2, 20))
    found = mase(actual, guess, history, season=5)
    assert found.shape == (3, 2)
    for i, c in np.ndindex(3, 2):
        assert found[i, c] == pytest.approx(float(mase(actual[i, c], guess[i, c], history[i, c], season=5)))
    np.testing.assert_allclose(mase(1e3 * actual + 7, 1e3 * guess + 7, 1e3 * history + 7, season=5), found, rtol=1e-12)


def test_a_history_that_repeats_itself_gives_no_score():
    """Breaks where an error is divided by 0, or one such series takes the score of another."""
    history = np.stack([np.tile([1.0, 2.0, 3.0], 4), np.arange(12.0)])
    found = mase(np.ones((2, 2)), np.zeros((2, 2)), history, season=3)
    np.testing.assert_allclose(found, [np.nan, 1 / 3])
    assert np.isnan(mase([1.0], [1.0], np.full(9, 5.0)))
    assert mase([1.0], [2.0], np.tile([1.0, 2.0], 4), season=1) == 1


@pytest.mark.parametrize(("shapes", "season", "sentence"), [
    (((3,), (2,), (9,)), 1, r"actual has shape \(3,\), forecast \(2,\) and history \(9,\); the first two must be equal"),
    (((2, 3), (2, 3), (9,)), 1, "the third differ in the number of steps alone"),
    (((2, 3), (2, 3), (3, 9)), 1, "the third differ in the number of steps alone"),
    (((3,), (3,), (4,)), 4, "history has 4 steps; mase with season=4 needs more than 4"),
    (((3,), (3,), (0,)), 1, "history has 0 steps"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(shapes, season, sentence):
    """Breaks where arrays are broadcast in silence, or a mean is taken of nothing."""
    with pytest.raises(PanelError, match=sentence):
        mase(*map(np.ones, shapes), season=season)
    assert np.isfinite(mase([1.0], [1.0], [1.0, 2.0, 3.0, 4.0, 5.0], season=4))


def gaussian_crps(mean, sd, y):
    """The score of a normal forecast, in closed form [gneiting2007]."""
    z = (y - mean) / sd
    return sd * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))


def test_errors_by_hand():
    """Breaks where an error keeps its sign, a mean is a sum, or a percentage is one of the truth alone."""
    assert mae([1.0, 2.0, 6.0], [2.0, 2.0, 1.0]) == pytest.approx((1 + 0 + 5) / 3)
    assert mse([1.0, 2.0, 6.0], [2.0, 2.0, 1.0]) == pytest.approx((1 + 0 + 25) / 3)
    assert smape([1.0, 2.0, 6.0], [3.0, 2.0, 0.0]) == pytest.approx((200 * 2 / 4 + 0 + 200) / 3)
    assert smape([-1.0, 4.0], [3.0, -4.0]) == pytest.approx(200)  # of other sign: as wrong as can be
    assert smape([0.0, 0.0], [0.0, 1.0]) == 100  # 0/0 is no error, and the step counts


def test_errors_are_of_each_series_and_agree_with_scikit_learn():
    """Breaks where leading axes are mixed up or averaged away, or small whole numbers overflow."""
    rng = np.random.default_rng(0)
    y, guess = rng.integers(-100, 100, (2, 4, 3, 7)).astype(np.int8)
    for ours, theirs in ((mae, metrics.mean_absolute_error), (mse, metrics.mean_squared_error)):
        found = ours(y, guess)
        assert found.shape == (4, 3)
        for place in np.ndindex(4, 3):
            assert found[place] == pytest.approx(theirs(y[place].astype(float), guess[place].astype(float)))
    apart = np.abs(y.astype(float) - guess) / (np.abs(y.astype(float)) + np.abs(guess.astype(float)))
    np.testing.assert_allclose(smape(y, guess), 200 * apart.mean(axis=-1), rtol=1e-12)
    np.testing.assert_allclose(smape(3 * y.astype(float), 3 * guess.astype(float)), smape(y, guess), rtol=1e-12)


def test_a_missing_reading_gives_no_score():
    """Breaks where NaN counts as no error, or spreads to another series."""
    y = np.array([[1.0, np.nan], [1.0, 2.0]])
    for found in (mae(y, y), mse(y, y), smape(y, y), quantile_loss(y, y[:, None], [0.5]), crps(y, y[:, None])):
        np.testing.assert_array_equal(found, [np.nan, 0])


def test_the_quantile_loss_by_hand():
    """Breaks where an error above costs what one below should, or levels are summed."""
    assert quantile_loss([10.0], [[8.0]], [0.9]) == pytest.approx(0.9 * 2)
    assert quantile_loss([10.0], [[12.0]], [0.9]) == pytest.approx(0.1 * 2)
    assert quantile_loss([10.0, 10.0], [[8.0, 9.0], [12.0, 10.0]], [0.1, 0.5]) == pytest.approx((0.2 + 0.1 + 1 + 0) / 4)


def test_the_quantile_loss_agrees_with_scikit_learn():
    """Breaks where levels and steps change places, or series are averaged."""
    rng = np.random.default_rng(0)
    y, guess, levels = rng.normal(size=(3, 2, 5)), rng.normal(size=(3, 2, 5, 5)), [0.5, 0.1, 0.9, 0.3, 0.45]
    found = quantile_loss(y, guess, levels)
    assert found.shape == (3, 2)
    for i, c in np.ndindex(3, 2):
        each = [metrics.mean_pinball_loss(y[i, c], guess[i, c, k], alpha=q) for k, q in enumerate(levels)]
        assert found[i, c] == pytest.approx(np.mean(each))
    np.testing.assert_allclose(quantile_loss(y, guess[:, :, :1], [0.5]), mae(y, guess[:, :, 0]) / 2, rtol=1e-12)


def test_the_right_quantile_has_the_least_loss():
    """Breaks where q and 1 − q change places: the loss then asks for the other end of the distribution."""
    y = np.random.default_rng(0).normal(size=20_001)
    guesses = np.linspace(-3, 3, 601)
    for q in (0.1, 0.5, 0.8):
        losses = [quantile_loss(y, np.full((1, len(y)), guess), [q]) for guess in guesses]
        assert guesses[np.argmin(losses)] == pytest.approx(np.quantile(y, q), abs=0.006)


@given(count=st.integers(1, 9), seed=st.integers(0, 99), shift=st.sampled_from((0.0, 1e6)))
@few
def test_the_crps_is_that_of_all_pairs(count, seed, shift):
    """Breaks where sorting weighs a sample wrongly, steps are sorted together, or numbers far from 0 lose their digits."""
    rng = np.random.default_rng(seed)
    y, x = rng.integers(-3, 4, (2, 3, 4)) + shift, rng.integers(-3, 4, (2, 3, count, 4)) + shift
    before = x.copy()
    apart = np.abs(x[:, :, :, None] - x[:, :, None]).mean(axis=(2, 3))
    expected = (np.abs(x - y[:, :, None]).mean(axis=2) - apart / 2).mean(axis=-1)
    np.testing.assert_allclose(crps(y, x), expected, atol=1e-12)
    np.testing.assert_array_equal(x, before)
    if count == 1:
        np.testing.assert_allclose(crps(y, x), mae(y, x[:, :, 0]))
    # An empirical distribution's quantile is constant between two levels, so the mean over these levels is the integral.
    levels = (np.arange(count) + 0.5) / count
    np.testing.assert_allclose(2 * quantile_loss(y, np.sort(x, axis=2), levels), crps(y, x), atol=1e-9)


def test_the_crps_comes_near_that_of_the_distribution():
    """Breaks where the spread counts twice or not at all; the samples are even quantiles, so chance has no part."""
    even = stats.norm.ppf((np.arange(4000) + 0.5) / 4000)
    for mean, sd, y in ((0.0, 1.0, 0.0), (2.0, 0.5, 3.0), (-1.0, 3.0, 4.0)):
        assert crps([y], (mean + sd * even)[:, None]) == pytest.approx(gaussian_crps(mean, sd, y), rel=1e-3)


def test_few_samples_score_too_high_by_what_is_said():
    """Breaks where the estimator is the fair one, or what the docstring says of it is wrong."""
    count, draws = 4, 20_000
    scores = crps(np.full((draws, 1), 0.7), np.random.default_rng(0).normal(size=(draws, count, 1)))
    excess = scores - gaussian_crps(0, 1, 0.7) - 1 / (count * np.sqrt(np.pi))  # the mean of |x - x'| is 2/√π
    assert abs(excess.mean()) < stats.norm.isf(FALSE_ALARM / 2) * excess.std() / np.sqrt(draws)


@pytest.mark.parametrize(("score", "shapes", "sentence"), [
    (mae, ((3,), (2,)), r"actual has shape \(3,\) and forecast \(2,\); they must be \(..., horizon\) and the same"),
    (mse, ((2, 3), (3,)), "forecast"),
    (smape, ((1, 3), (2, 3)), "forecast"),
    (mae, ((), ()), "forecast"),
    (mae, ((2, 0), (2, 0)), "no empty axis at the end"),
    (crps, ((3,), (3,)), r"samples \(3,\); they must be \(..., horizon\) and \(..., samples, horizon\)"),
    (crps, ((2, 3), (5, 3)), "samples"),
    (crps, ((2, 3), (3, 5, 3)), "samples"),
    (crps, ((2, 3), (2, 0, 3)), "no empty axis at the end"),
    (crps, ((2, 3), (2, 3, 5)), "samples"),
    (crps, ((), (3,)), "samples"),
])  # fmt: skip
def test_forecasts_that_do_not_fit_are_refused(score, shapes, sentence):
    """Breaks where arrays are broadcast in silence, samples lie along the last axis, or a mean is taken of nothing."""
    with pytest.raises(PanelError, match=sentence):
        score(*map(np.ones, shapes))
    assert mae(np.ones((0, 3)), np.ones((0, 3))).shape == (0,)


def test_levels_that_do_not_fit_are_refused():
    """Breaks where per cent are taken for levels, or a level is broadcast over forecasts."""
    with pytest.raises(PanelError, match=r"quantiles have shape \(2, 3\); 1 levels need \(..., 1, horizon\)"):
        quantile_loss(np.ones(3), np.ones((2, 3)), [0.5])
    with pytest.raises(PanelError, match=r"quantiles \(3,\); they must be .* \(..., quantiles, horizon\)"):
        quantile_loss(np.ones(3), np.ones(3), [0.5])
    for levels in ([50.0], [0.0], [1.0], [np.nan], 0.5, [[0.5]]):
        with pytest.raises(ParameterError, match="numbers between 0 and 1"):
            quantile_loss(np.ones(3), np.ones((1, 3)), levels)
