"""Step: the level jumps once or a few times inside [l, r], by ±U(low, high) times the channel's std."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Panel, Step


def jumps_of(drawn, i, low=0.5, high=3.0):
    """Return l, r, the steps of the jumps and their sizes in stds, as METHODS 1.8 reads the draws of sample i."""
    l, r = sorted(drawn["stretch"][i].tolist())  # noqa: E741 - as METHODS calls it
    others = [l + 1 + p for p in drawn["position"][i].tolist() if p >= 0]
    assert len(others) == min(drawn["number"][i], r - l)
    places = sorted([l, *others])
    size = low + (high - low) * drawn["size"][i, : len(places)].astype(np.float64)
    return l, r, places, drawn["direction"][i, : len(places)] * size


def levels_of(drawn, x, hold, low=0.5, high=3.0):
    """Return g (n, c, t): the cumulative sum of the jumps, back at 0 after r unless it holds."""
    g = np.zeros(x.shape)
    spread = np.nanstd(x.astype(np.float64), axis=-1)
    for i in range(len(x)):
        _, r, places, size = jumps_of(drawn, i, low, high)
        g[i][:, places] = size * spread[i][:, None]
        g[i] = np.cumsum(g[i], axis=-1)
        if not hold:
            g[i][:, r + 1 :] = 0
    return g


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-5), (np.float64, 5e-6)])
@pytest.mark.parametrize("hold", [True, False])
@pytest.mark.parametrize(("count", "length"), [(1, 60), (3, 60), (8, 60), (5, 4), (3, 2)])
def test_the_level_is_the_sum_of_what_was_drawn(body, dtype, close, hold, count, length):
    """Breaks where a jump is not at its place, does not add up, takes another channel's std, or outlasts r unasked."""
    x = series(n=20, length=length, dtype=dtype)
    y, drawn = draw(body, Step(count=count, hold=hold), x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x + levels_of(drawn, x, hold), rtol=0, atol=close * max(1, np.abs(x).max()))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("count", [1, 3, 6])
def test_the_difference_is_flat_except_at_the_jumps(body, count):
    """Breaks where the level drifts between jumps, a jump is outside [l, r], or the first is not at l."""
    x = series(n=50)
    y, drawn = draw(body, Step(count=count), x)
    rise = np.diff(y - x, axis=-1, prepend=0)
    flat = 1e-12 * np.abs(x).max()
    for i, c in np.ndindex(50, 2):
        l, r, places, size = jumps_of(drawn, i)  # noqa: E741
        assert np.flatnonzero(np.abs(rise[i, c]) > flat).tolist() == places
        assert places[0] == l
        assert places[-1] <= r
        assert 1 <= len(places) <= count
        np.testing.assert_allclose(rise[i, c, places], size * x[i, c].std(), rtol=2e-6, atol=flat)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_before_l_every_bit_stays_and_so_it_does_after_r_where_the_level_falls_back(body, dtype):
    """Breaks where 0 is added to a -0.0, or a level goes on for a step."""
    x = series(n=50, dtype=dtype)
    x[..., ::3] = -0.0
    for hold in (True, False):
        y, drawn = draw(body, Step(hold=hold), x)
        for i in range(50):
            l, r = sorted(drawn["stretch"][i])  # noqa: E741
            assert same_bits(y[i, :, :l].copy(), x[i, :, :l].copy())
            assert (y[i, :, l] != x[i, :, l]).all()
            if not hold:
                assert same_bits(y[i, :, r + 1 :].copy(), x[i, :, r + 1 :].copy())


@pytest.mark.parametrize("body", BODIES)
def test_a_single_step_has_two_levels(body):
    """Breaks where count=1 jumps twice: with one jump y - x is a function of two values."""
    x = series(n=30)
    g = run(body, Step(count=1), x)[0] - x
    assert {len(np.unique(row.round(9))) for row in g.reshape(-1, 60)} <= {1, 2}  # one level where l = 0
    assert (np.abs(g[..., -1]) >= 0.5 * x.std(axis=-1) * (1 - 1e-6)).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
@pytest.mark.parametrize("hold", [True, False])
def test_exactly_l_to_r_is_marked(body, dtype, hold):
    """Breaks where a held level is marked beyond r, an end is left out, or an old label is lost."""
    x = series(n=30)
    points = np.zeros((30, 60), dtype)
    points[:, 10:13] = 1
    y, drawn = draw(body, Step(mark=True, hold=hold), Panel(x, points=points))
    expected = points.copy()
    for i in range(30):
        l, r = sorted(drawn["stretch"][i])  # noqa: E741
        expected[i, l : r + 1] = 1
    assert same_bits(y.points, expected)
    assert same_bits(run(body, Step(hold=hold), Panel(x, points=points))[0].points, points)
    assert same_bits(y.values, run(body, Step(hold=hold), x)[0])


def test_stretch_number_direction_and_size_have_their_laws():
    """Breaks where pairs l < r, numbers of jumps or directions are not equally likely; false-alarm rate as stated."""
    x = series(n=15000, channels=1, length=6)
    y, drawn = draw("numba", Step(count=3), x)
    pairs = np.unique(np.sort(drawn["stretch"], axis=1), axis=0, return_counts=True)
    assert pairs[0].tolist() == [list(pair) for pair in combinations(range(6), 2)]
    assert stats.chisquare(pairs[1]).pvalue > FALSE_ALARM
    number = (np.abs(np.diff(y - x, axis=-1, prepend=0)) > 1e-9).sum(axis=-1)[:, 0]
    enough = np.abs(np.diff(drawn["stretch"], axis=1))[:, 0] >= 2  # room for three jumps
    assert set(np.unique(number)) == {1, 2, 3}
    assert stats.chisquare(np.bincount(number[enough])[1:]).pvalue > FALSE_ALARM
    assert stats.binomtest(int((drawn["direction"] > 0).sum()), drawn["direction"].size).pvalue > FALSE_ALARM
    assert stats.kstest(drawn["size"].ravel(), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("others", [1, 2, 3])
def test_the_other_jumps_can_be_anywhere_after_l(others):
    """Breaks where some steps of the stretch are preferred: χ² over all sets, with the stated false-alarm rate.

    The sets are read from y where [l, r] is the whole series of 6 steps: ``others`` of its 5 later steps.
    """
    x = series(n=30000, channels=1, length=6)
    y, drawn = draw("numba", Step(count=4), x)
    rise = np.abs(np.diff(y - x, axis=-1))[:, 0] > 1e-9
    chosen = (np.abs(np.diff(drawn["stretch"], axis=1)[:, 0]) == 5) & (rise.sum(axis=1) == others)
    sets = {subset: 0 for subset in combinations(range(5), others)}
    for row in rise[chosen]:
        sets[tuple(np.flatnonzero(row).tolist())] += 1
    assert sum(sets.values()) > 400
    assert stats.chisquare(list(sets.values())).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("low", "high"), [(0.5, 3.0), (2.0, 2.0), (5.0, 1.0)])
def test_jumps_lie_between_low_and_high(body, low, high):
    """Breaks where a jump exceeds high·std, also where ``high`` was moved below ``low``."""
    x = series(n=100)
    y = run(body, Step(count=1, low=low, high=high), x)[0]
    size = np.abs(y - x).max(axis=-1) / x.std(axis=-1)
    assert size.max() <= high * (1 + 1e-6)
    assert size.min() >= min(low, high) * (1 - 1e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("hold", [True, False])
def test_a_constant_channel_does_not_jump_and_is_not_marked(body, dtype, hold):
    """Breaks where rounding passes for a spread, or a jump of height 0 is called an event; beside another it is as still."""
    x = np.full((3, 2, 50), 1e6 + 0.1, dtype)
    y = run(body, Step(mark=True, hold=hold), Panel(x))[0]
    assert same_bits(y.values, x)
    assert not y.points.any()
    x = series(dtype=dtype)
    x[:, 0] = 1e6 + 0.1
    y, drawn = draw(body, Step(mark=True, hold=hold), Panel(x))
    assert same_bits(y.values[:, 0].copy(), x[:, 0].copy())
    assert (y.values[:, 1] != x[:, 1]).any(axis=-1).all()
    np.testing.assert_array_equal(y.points.sum(axis=1), np.abs(np.diff(drawn["stretch"], axis=1))[:, 0] + 1)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("hold", [True, False])
def test_no_height_no_change_and_nothing_marked(body, hold):
    """Breaks where high=0 leaves a trace."""
    x = series(dtype=np.float32)
    x[..., ::4] = -0.0
    y = run(body, Step(high=0, mark=True, hold=hold), Panel(x))[0]
    assert same_bits(y.values, x)
    assert not y.points.any()


@pytest.mark.parametrize("body", BODIES)
def test_missing_readings_stay_missing_do_not_count_and_are_not_marked(body):
    """Breaks where a NaN gets into the std, or a step where nothing was measured is called an event."""
    x = series(n=20, length=30)
    x[:, :, ::4] = np.nan
    x[:, 0, 1::4] = np.nan
    y, drawn = draw(body, Step(mark=True), Panel(x))
    np.testing.assert_allclose(y.values, x + levels_of(drawn, x, hold=True), rtol=0, atol=2e-5)
    for i in range(20):
        l, r = sorted(drawn["stretch"][i])  # noqa: E741
        inside = (np.arange(30) >= l) & (np.arange(30) <= r)
        np.testing.assert_array_equal(y.points[i], inside & (np.arange(30) % 4 != 0))


@pytest.mark.parametrize("body", BODIES)
def test_one_reading_is_left_alone(body):
    """Breaks where a series, or the past of a forecast window, too short for l < r is touched or stops the program."""
    x = series(length=1)
    assert same_bits(run(body, Step(), x)[0], x)
    x = series(length=8)
    for hold in (True, False):
        y = run(body, Step(scope="past", hold=hold, mark=True), Panel(x, horizon=7))[0]
        assert same_bits(y.values, x)
        assert not y.points.any()


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_shift_together(body):
    """Breaks where a level ends at the border that METHODS 0.3 wants continued."""
    x = series(n=20)
    assert same_bits(run(body, Step(), Panel(x, horizon=20))[0].values, run(body, Step(), x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("hold", [True, False])
def test_mask_and_target(body, hold):
    """Breaks where what stands at an unobserved step counts, or the past's jumps know of the target."""
    assert_unobserved_steps_do_not_count(body, Step(hold=hold))
    assert_past_alone(body, Step(hold=hold, scope="past"))
    y, drawn = draw(body, Step(hold=hold, scope="past", mark=True), Panel(series(n=30), horizon=20))
    assert drawn["stretch"].max() < 40
    assert not y.points[:, 40:].any()


@pytest.mark.parametrize("body", BODIES)
def test_unobserved_steps_are_not_marked(body):
    """Breaks where a step that was not observed becomes an event."""
    mask = np.random.default_rng(0).random((20, 60)) < 0.7
    y, drawn = draw(body, Step(mark=True), Panel(series(n=20), mask=mask))
    for i in range(20):
        l, r = sorted(drawn["stretch"][i])  # noqa: E741
        inside = (np.arange(60) >= l) & (np.arange(60) <= r)
        np.testing.assert_array_equal(y.points[i], inside & mask[i])
