import math

import numpy as np
import pytest
from scipy import stats

from variate.core.errors import PanelError
from variate.metrics.comparison import Paired, paired


def test_by_hand():
    # Breaks if the sign turns (without − with), the spread is the population's, or a tie counts as a win.
    result = paired([0.5, 0.6, 0.7, 0.4], [0.6, 0.6, 0.9, 0.3])
    assert (result.pairs, result.wins, result.ties, result.losses) == (4, 2, 1, 1)
    assert result.without == pytest.approx(0.55)
    assert result.with_ == pytest.approx(0.6)
    assert result.difference == pytest.approx(0.05)
    # Differences 0.1, 0, 0.2, -0.1 about 0.05: squares 0.0025, 0.0025, 0.0225, 0.0225 sum to 0.05; over 3.
    assert result.spread == pytest.approx(math.sqrt(0.05 / 3))


def test_interval_of_equal_differences_is_that_difference():
    # Breaks if the arms are drawn separately, which would bring the spread between seeds into the interval.
    result = paired([0.25, 0.5, 0.75], [0.5, 0.75, 1.0])
    assert (result.low, result.high, result.spread) == (0.25, 0.25, 0.0)
    assert (result.boot_low, result.boot_high) == (0.25, 0.25)


def test_interval_of_two_pairs_is_exact():
    # Two pairs with differences 0 and 1 have bootstrap means 0, 1/2, 1 with chances 1/4, 1/2, 1/4: 95 % reach both ends.
    result = paired([0.0, 0.0], [0.0, 1.0])
    assert (result.boot_low, result.boot_high) == (0.0, 1.0)


def test_interval_is_near_the_normal_one_for_many_pairs():
    # Breaks if the level is not 95 %: with 400 pairs the bootstrap is mean ± 1.96·sd/√n, up to the noise of 10 000 draws.
    change = np.random.default_rng(1).normal(0.02, 0.1, 400)
    result = paired(np.zeros(400), change)
    half = 1.96 * result.spread / math.sqrt(400)
    for low, high in ((result.low, result.high), (result.boot_low, result.boot_high)):
        assert high - result.difference == pytest.approx(half, rel=0.08)
        assert result.difference - low == pytest.approx(half, rel=0.08)


def test_same_numbers_same_interval_and_global_generator_untouched():
    # Breaks if the bootstrap draws from the global generator.
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the state that must not move
    assert paired([0, 1, 2], [1, 1, 5]) == paired([0, 1, 2], [1, 1, 5])
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (0.01, 0.03, "helped"),
        (-0.03, -0.01, "hurt"),
        (-0.01, 0.03, "undecided"),
        (0.0, 0.03, "undecided"),
        (-0.03, 0.0, "undecided"),
        (math.nan, math.nan, "undecided"),
    ],
)
def test_verdict_follows_from_the_interval_alone(low, high, verdict):
    # Breaks if the verdict looks at the mean or the wins, or lets an interval that touches 0 count.
    result = Paired(5, 0.5, 0.9, 0.4, 0.1, low, high, 0.01, 0.02, 5, 0, 0)
    assert result.verdict == verdict
    assert verdict in result.sentence().lower()


def test_one_pair_decides_nothing():
    # Breaks if a single lucky seed is reported as a gain.
    result = paired([0.1], [0.9])
    assert math.isnan(result.spread)
    assert result.verdict == "undecided"
    assert "one pair" in result.sentence()
    assert "nan" not in result.summary() + result.sentence()


def test_interval_agrees_with_scipy():
    # Breaks if the degrees of freedom or the level are off.
    change = np.array([0.02, -0.01, 0.05, 0.03])
    expected = stats.ttest_1samp(change, 0).confidence_interval(0.95)
    result = paired(np.zeros(4), change)
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))


def test_a_gain_that_only_the_narrower_interval_sees_is_undecided():
    # Breaks if the verdict rests on the bootstrap, which three pairs make far too narrow.
    result = paired([0, 0, 0], [0.01, 0.02, 0.05])
    assert result.boot_low > 0
    assert result.verdict == "undecided"
    assert paired([0, 0, 0], [0.04, 0.05, 0.05]).verdict == "helped"


@pytest.mark.parametrize(("a", "b"), [([], []), ([0.1], [0.1, 0.2]), ([0.1, math.nan], [0.1, 0.2])])
def test_what_cannot_be_paired_is_refused(a, b):
    # Breaks if a failed seed (NaN) or a missing one slips into the mean.
    with pytest.raises(PanelError, match="paired needs two arrays"):
        paired(a, b)
