import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from kernels.oracles import few
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
    # Breaks if the verdict looks at the mean, the wins or the p-value, or lets an interval that touches 0 count.
    result = Paired(5, 0.5, 0.9, 0.4, 0.1, low, high, 0.01, 0.02, 5, 0, 0, 0.01)
    assert result.verdict == verdict
    assert verdict in result.sentence().lower()


def test_one_pair_decides_nothing():
    # Breaks if a single lucky seed is reported as a gain.
    result = paired([0.1], [0.9])
    assert math.isnan(result.spread)
    assert math.isnan(result.wilcoxon)
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


def test_the_signed_rank_test_by_hand():
    # Breaks if ties count, equal sizes have ranks of their own, or 0.6 - 0.5 and 0.3 - 0.4 differ in size by their rounding.
    # Sizes 0.1, 0.2, 0.1 have ranks 1.5, 3, 1.5; gains sum to 4.5, as many or more in 3 of the 8 ways to toss the signs.
    assert paired([0.5, 0.6, 0.7, 0.4], [0.6, 0.6, 0.9, 0.3]).wilcoxon == 2 * 3 / 8
    assert paired(np.zeros(6), [1, 2, 3, 4, 5, 6]).wilcoxon == paired([1, 2, 3, 4, 5, 6], np.zeros(6)).wilcoxon == 2 / 2**6
    assert paired([0.1, 0.2], [0.1, 0.3]).wilcoxon == 1  # one pair is left


@given(change=st.lists(st.integers(-4, 4), min_size=2, max_size=9), scale=st.sampled_from((1, 1e-20, 0.1, 1e9 / 3)))
@few
def test_the_signed_rank_test_counts_all_signs(change, scale):
    # Breaks if equal sizes make it an approximation, or the unit of the scores matters.
    moved = np.array(change)[np.array(change) != 0]
    assume(len(moved))
    ranks = stats.rankdata(np.abs(moved))
    sums = np.array([np.dot(signs, ranks) for signs in itertools.product((0, 1), repeat=len(moved))])
    seen = ranks[moved > 0].sum()
    expected = min(1, 2 * min(np.mean(sums <= seen), np.mean(sums >= seen)))
    start = np.arange(len(change)) % 3
    arms = (scale * start, scale * (start + change)), (scale * np.array(change), np.zeros(len(change)))
    for without, with_ in arms:
        assert paired(without, with_, draws=1).wilcoxon == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("pairs", [2, 3, 6, 20, 50, 51, 300])
def test_the_signed_rank_test_agrees_with_scipy(pairs):
    # Breaks if ranks, sides or the end of the exact test are off; 50 is the last number that SciPy counts out.
    change = np.random.default_rng(pairs).normal(0.3, 1, pairs)
    right = stats.wilcoxon(change, method="exact" if pairs <= 50 else "asymptotic").pvalue
    assert paired(np.zeros(pairs), change).wilcoxon == pytest.approx(right, rel=1e-9)
    assert paired(change, np.zeros(pairs)).wilcoxon == pytest.approx(right, rel=1e-9)
    # Pairs that tie are left out before anything is counted.
    assert paired(np.zeros(pairs + 9), np.append(change, np.zeros(9))).wilcoxon == pytest.approx(right, rel=1e-9)


def test_changes_of_one_size_make_it_the_sign_test():
    # Breaks if equal sizes make it an approximation where SciPy's is one: 14 to 50 pairs.
    for pairs, gains in ((14, 3), (50, 33)):
        change = np.where(np.arange(pairs) < gains, 0.1, -0.1)
        assert paired(np.full(pairs, 0.7), 0.7 + change).wilcoxon == pytest.approx(stats.binomtest(gains, pairs).pvalue)


def test_the_signed_rank_test_errs_as_seldom_as_it_says():
    # Breaks if its p-values are too small: where nothing changes, one of at most 0.05 comes up in at most 5 % of the runs.
    rng = np.random.default_rng(0)
    small = sum(paired(np.zeros(8), rng.integers(-3, 4, 8), draws=1).wilcoxon <= 0.05 for _ in range(2000))
    assert small < stats.binom.isf(1e-5, 2000, 0.05)


def test_no_change_has_no_p_value():
    # Breaks if SciPy is asked about nothing, which warns, or NaN reaches a reader.
    result = paired([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert math.isnan(result.wilcoxon)
    assert "Wilcoxon" not in result.summary()
    assert "nan" not in result.summary()
    assert math.isnan(paired([0.0, 0.0], [0.0, 0.0]).wilcoxon)
    assert math.isnan(paired([0.1 + 0.2, 0.5], [0.3, 0.5]).wilcoxon)


def test_the_summary_has_the_p_value():
    # Breaks if it is rounded to an impossible 0.
    assert "), Wilcoxon p 0.031; wins 6, ties 0, losses 0" in paired(np.zeros(6), [1, 2, 3, 4, 5, 6]).summary()
    assert "Wilcoxon p < 0.001;" in paired(np.zeros(20), np.arange(1, 21)).summary()
    assert "Wilcoxon p 0.001;" not in paired(np.zeros(12), np.arange(1, 13)).summary()  # 0.0005
