"""Slope: a line from 0 at l to ±U(low, high) stds at r, which stays there."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Panel, Slope


def stretch_of(drawn, i, length):
    return sorted(drawn["stretch"][i].tolist()) if "stretch" in drawn else (0, length - 1)


def rises_of(drawn, x, low=0.5, high=3.0):
    """Return d·k·σ (n, c) in float64."""
    size = low + (high - low) * drawn["size"].astype(np.float64)
    return drawn["direction"] * size * np.nanstd(x.astype(np.float64), axis=-1)


def lines_of(drawn, x):
    """Return g (n, c, t) of METHODS 1.9, by np.interp, which holds the ends."""
    rise, steps = rises_of(drawn, x), np.arange(x.shape[-1])
    g = np.zeros(x.shape)
    for i, c in np.ndindex(*x.shape[:2]):
        g[i, c] = np.interp(steps, stretch_of(drawn, i, x.shape[-1]), [0, rise[i, c]])
    return g


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 2e-6)])
@pytest.mark.parametrize("where", ["whole", "random"])
@pytest.mark.parametrize("length", [2, 3, 60])
def test_the_line_is_what_was_drawn(body, dtype, close, where, length):
    """Breaks where a channel takes another's std or a sample another's stretch, or the line does not stay after r."""
    x = series(n=20, length=length, dtype=dtype)
    y, drawn = draw(body, Slope(where=where), x)
    assert ("stretch" in drawn) == (where == "random")
    assert drawn["direction"].shape == (20, 1)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x + lines_of(drawn, x), rtol=0, atol=close * max(1, np.abs(x).max()))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("where", ["whole", "random"])
def test_it_is_a_straight_line_that_least_squares_find_again(body, where):
    """Breaks where the line bends, is not 0 at l or not d·k·σ at r, or its slope is that of r - l + 1 steps."""
    x = series(n=40)
    y, drawn = draw(body, Slope(where=where), x)
    g, rise = y - x, rises_of(drawn, x)
    rounding = 1e-13 * (1 + np.abs(x).max())
    for i, c in np.ndindex(40, 2):
        l, r = stretch_of(drawn, i, 60)  # noqa: E741 - as METHODS calls it
        line = g[i, c, l : r + 1]
        assert not g[i, c, : l + 1].any()
        np.testing.assert_allclose(np.diff(line, 2), 0, rtol=0, atol=8 * rounding)
        np.testing.assert_allclose(g[i, c, r:], line[-1], rtol=0, atol=4 * rounding)
        np.testing.assert_allclose(line[-1], rise[i, c], rtol=1e-6, atol=rounding)
        assert abs(np.polyfit(np.arange(l, r + 1), line, 1)[0] - line[-1] / (r - l)) < 1e-10


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_before_l_every_bit_stays(body, dtype):
    """Breaks where 0 is added to a -0.0."""
    x = series(n=50, dtype=dtype)
    x[..., ::3] = -0.0
    y, drawn = draw(body, Slope(where="random"), x)
    for i in range(50):
        l = min(drawn["stretch"][i])  # noqa: E741
        assert same_bits(y[i, :, :l].copy(), x[i, :, :l].copy())
        assert (y[i, :, l + 1] != x[i, :, l + 1]).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
@pytest.mark.parametrize("where", ["whole", "random"])
def test_exactly_l_to_r_is_marked(body, dtype, where):
    """Breaks where the level after r is marked, an end is left out, or an old label is lost."""
    x = series(n=30)
    points = np.zeros((30, 60), dtype)
    points[:, 10:13] = 1
    y, drawn = draw(body, Slope(mark=True, where=where), Panel(x, points=points))
    expected = points.copy()
    for i in range(30):
        l, r = stretch_of(drawn, i, 60)  # noqa: E741
        expected[i, l : r + 1] = 1
    assert same_bits(y.points, expected)
    assert same_bits(run(body, Slope(where=where), Panel(x, points=points))[0].points, points)
    assert same_bits(y.values, run(body, Slope(where=where), x)[0])


def test_stretch_direction_and_size_have_their_laws():
    """Breaks where pairs l < r or directions are not equally likely; false-alarm rate as stated."""
    _, drawn = draw("numba", Slope(where="random"), series(n=15000, channels=1, length=6))
    pairs = np.unique(np.sort(drawn["stretch"], axis=1), axis=0, return_counts=True)
    assert pairs[0].tolist() == [list(pair) for pair in combinations(range(6), 2)]
    assert stats.chisquare(pairs[1]).pvalue > FALSE_ALARM
    assert stats.binomtest(int((drawn["direction"] > 0).sum()), 15000).pvalue > FALSE_ALARM
    assert stats.kstest(drawn["size"].ravel(), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("low", "high"), [(0.5, 3.0), (2.0, 2.0), (5.0, 1.0)])
def test_rises_lie_between_low_and_high(body, low, high):
    """Breaks where a rise exceeds high·std, also where ``high`` was moved below ``low``."""
    x = series(n=100)
    y = run(body, Slope(low=low, high=high), x)[0]
    size = np.abs(y - x)[..., -1] / x.std(axis=-1)
    assert size.max() <= high * (1 + 1e-6)
    assert size.min() >= min(low, high) * (1 - 1e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("where", ["whole", "random"])
def test_what_has_no_spread_or_no_height_stays_and_is_not_marked(body, dtype, where):
    """Breaks where rounding passes for a spread, or a rise of height 0 is called an event."""
    flat = np.full((3, 2, 50), 1e6 + 0.1, dtype)
    y = run(body, Slope(mark=True, where=where), Panel(flat))[0]
    assert same_bits(y.values, flat)
    assert not y.points.any()
    x = series(dtype=dtype)
    x[..., ::4] = -0.0
    y = run(body, Slope(mark=True, where=where, high=0), Panel(x))[0]
    assert same_bits(y.values, x)
    assert not y.points.any()
    x[:, 0] = 1e6 + 0.1
    y = run(body, Slope(mark=True, where=where), Panel(x))[0]
    assert same_bits(y.values[:, 0].copy(), x[:, 0].copy())
    assert (y.values[:, 1, -1] != x[:, 1, -1]).all()
    assert y.points.any(axis=1).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("where", ["whole", "random"])
def test_missing_readings_stay_missing_do_not_count_and_are_not_marked(body, where):
    """Breaks where a NaN gets into the std, or a step where nothing was measured is called an event."""
    x = series(n=20, length=30)
    x[:, :, ::4] = np.nan
    x[:, 0, 1::4] = np.nan
    y, drawn = draw(body, Slope(mark=True, where=where), Panel(x))
    np.testing.assert_allclose(y.values, x + lines_of(drawn, x), rtol=0, atol=1e-5)
    for i in range(20):
        l, r = stretch_of(drawn, i, 30)  # noqa: E741
        inside = (np.arange(30) >= l) & (np.arange(30) <= r)
        np.testing.assert_array_equal(y.points[i], inside & (np.arange(30) % 4 != 0))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("where", ["whole", "random"])
def test_one_reading_is_left_alone(body, where):
    """Breaks where a series, or the past of a forecast window, of one step makes a line of no length: 0/0."""
    x = series(length=1)
    assert same_bits(run(body, Slope(where=where), x)[0], x)
    x = series(length=8)
    y = run(body, Slope(scope="past", where=where, mark=True), Panel(x, horizon=7))[0]
    assert same_bits(y.values, x)
    assert not y.points.any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("where", ["whole", "random"])
def test_the_line_goes_on_through_the_target(body, where):
    """Breaks where past and target get lines of their own."""
    x = series(n=20)
    assert same_bits(run(body, Slope(where=where), Panel(x, horizon=20))[0].values, run(body, Slope(where=where), x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("where", ["whole", "random"])
def test_mask_and_target(body, where):
    """Breaks where what stands at an unobserved step counts or is marked, or the past's line knows of the target."""
    assert_unobserved_steps_do_not_count(body, Slope(where=where))
    assert_past_alone(body, Slope(where=where, scope="past"))
    mask = np.random.default_rng(0).random((20, 60)) < 0.7
    panel = Panel(series(n=20), horizon=20, mask=mask)
    y, drawn = draw(body, Slope(where=where, scope="past", mark=True), panel)
    assert not y.points[:, 40:].any()
    for i in range(20):
        l, r = stretch_of(drawn, i, 40)  # noqa: E741
        inside = (np.arange(60) >= l) & (np.arange(60) <= r)
        np.testing.assert_array_equal(y.points[i], inside & mask[i])
