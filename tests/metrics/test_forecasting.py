"""Scores of forecasts, against numbers worked out by hand."""

import numpy as np
import pytest
from statsforecast.models import SeasonalNaive

from variate.core.errors import PanelError
from variate.metrics.forecasting import mase


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
