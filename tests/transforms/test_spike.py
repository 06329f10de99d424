"""Spike: n_s single steps move by ±U(low, high) times the channel's std."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, Spike


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 2e-6)])
@pytest.mark.parametrize("count", [1, 5, 0.1])
def test_spikes_are_what_was_drawn(body, dtype, close, count):
    """Breaks where a spike takes another channel's std, or size and direction are not those of its place."""
    x = series(dtype=dtype)
    y, drawn = draw(body, Spike(count=count), x)
    spread, expected = x.astype(np.float64).std(axis=-1), x.astype(np.float64)
    for i, c, k in np.ndindex(4, 2, drawn["position"].shape[1]):
        expected[i, c, drawn["position"][i, k]] += drawn["direction"][i, k] * (0.5 + 2.5 * drawn["size"][i, k]) * spread[i, c]
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=close)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("count", "length", "number"), [(1, 60, 1), (7, 60, 7), (0.005, 60, 1), (0.1, 60, 6), (9, 4, 4), (0.005, 1000, 5)]
)
def test_exactly_so_many_readings_differ(body, count, length, number):
    """Breaks where a step is drawn twice, a share is rounded to none, or another reading loses a bit."""
    x = series(length=length, dtype=np.float32)
    x[..., ::3] = -0.0
    y, _ = run(body, Spike(count=count), x)
    differs = y.view(np.int32) != x.view(np.int32)
    np.testing.assert_array_equal(differs.sum(axis=-1), number)
    np.testing.assert_array_equal(differs[:, 0], differs[:, 1])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("low", "high"), [(0.5, 3.0), (2.0, 2.0), (5.0, 1.0)])
def test_sizes_lie_between_low_and_high(body, low, high):
    """Breaks where |y - x| exceeds high·std, also where ``high`` was moved below ``low``."""
    x = series(n=200)
    y, _ = run(body, Spike(count=20, low=low, high=high), x)
    size = np.abs(y - x) / x.std(axis=-1, keepdims=True)
    size = size[size > 0]
    assert size.max() <= high * (1 + 1e-6)
    assert size.min() >= min(low, high) * (1 - 1e-6)


def test_places_directions_and_sizes_have_their_laws():
    """Breaks where an end is never hit, or the coin is not fair; false-alarm rate as stated."""
    _, drawn = draw("numba", Spike(count=1), series(n=6000, channels=1, length=12))
    assert stats.chisquare(np.bincount(drawn["position"].ravel(), minlength=12)).pvalue > FALSE_ALARM
    assert stats.binomtest(int((drawn["direction"] > 0).sum()), 6000).pvalue > FALSE_ALARM
    assert set(np.unique(drawn["direction"])) == {-1, 1}
    assert stats.kstest(drawn["size"].ravel(), "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_series_is_unchanged_and_not_marked(body, dtype):
    """Breaks where rounding passes for a spread, or a spike of height 0 is called an anomaly."""
    x = np.full((3, 2, 50), 1e6 + 0.1, dtype)
    y, _ = run(body, Spike(count=5, mark=True), Panel(x, points=np.zeros((3, 50), bool)))
    assert same_bits(y.values, x)
    assert not y.points.any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
def test_marked_spikes_become_events_beside_the_old_ones(body, dtype):
    """Breaks where an old label is lost, or the label is not where the spike is."""
    x = series()
    points = np.zeros((4, 60), dtype)
    points[:, 10:13] = 1
    y, drawn = draw(body, Spike(count=4, mark=True), Panel(x, points=points))
    expected = points.copy()
    np.put_along_axis(expected, drawn["position"], np.ones_like(points[:, :4]), axis=1)
    assert same_bits(y.points, expected)
    unmarked, _ = run(body, Spike(count=4), Panel(x, points=points))
    assert same_bits(unmarked.points, points)


@pytest.mark.parametrize("body", BODIES)
def test_only_the_past_is_hit(body):
    """Breaks where a spike, or its label, falls on a forecast target."""
    panel = Panel(series(n=100), horizon=45, points=np.zeros((100, 60), bool))
    y, _ = run(body, Spike(count=5, mark=True), panel)
    assert same_bits(y.values[..., 15:].copy(), panel.values[..., 15:].copy())
    assert not y.points[:, 15:].any()
    np.testing.assert_array_equal(y.points.sum(axis=1), 5)


@pytest.mark.parametrize("body", BODIES)
def test_missing_readings_stay_missing_and_do_not_count(body):
    """Breaks where a NaN gets into the std and with it into every spike."""
    x = series(length=30)
    x[:, :, ::2] = np.nan
    y, _ = run(body, Spike(count=30), x)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    assert (np.abs(y - x)[..., 1::2] <= 3 * np.nanstd(x, axis=-1, keepdims=True) * (1 + 1e-6)).all()
    assert (y != x)[..., 1::2].all()
