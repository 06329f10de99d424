"""Quantize: each reading on the nearest of a few levels of its channel."""

import numpy as np
import pytest

from transforms.helpers import BODIES, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Panel, Quantize

HOWS = ("uniform", "quantile")


def levels_of(x, count, how):
    """Return the levels (n, c, count) by np.linspace or np.nanquantile."""
    if how == "quantile":
        return np.moveaxis(np.nanquantile(x.astype(np.float64), np.linspace(0, 1, count), axis=-1), 0, -1)
    return np.linspace(np.nanmin(x, axis=-1), np.nanmax(x, axis=-1), count, axis=-1)


def nearest(x, levels):
    """The nearest level by looking at them all; NaN stays."""
    away = np.abs(x[..., None].astype(np.float64) - levels[:, :, None, :])
    index = np.where(np.isnan(away), 0, away).argmin(axis=-1)
    return np.where(np.isnan(x), np.nan, np.take_along_axis(levels, index, axis=-1))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize(("count", "length"), [(2, 60), (5, 60), (10, 7), (64, 60), (3, 1), (4, 2)])
def test_each_reading_takes_the_nearest_level_of_its_channel(body, dtype, close, how, count, length):
    """Breaks where a level is rounded down to, belongs to another channel, or is not where how= puts it."""
    x = series(n=10, channels=3, length=length, dtype=dtype)
    y, drawn = run(body, Quantize(levels=count, how=how), x)
    assert not any(drawn.values())
    assert y.dtype == dtype
    np.testing.assert_allclose(y, nearest(x, levels_of(x, count, how)), rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("count", [2, 4, 9])
def test_few_values_are_left_and_the_extremes_are_among_them(body, dtype, how, count):
    """Breaks where the range shrinks or is left by a rounding: the lowest and the highest reading stay, bit for bit."""
    x = series(n=20, channels=3, dtype=dtype)
    y = run(body, Quantize(levels=count, how=how), x)[0]
    assert max(len(np.unique(row)) for row in y.reshape(60, 60)) <= count
    np.testing.assert_array_equal(y.min(axis=-1), x.min(axis=-1))
    np.testing.assert_array_equal(y.max(axis=-1), x.max(axis=-1))


@pytest.mark.parametrize("body", BODIES)
def test_a_reading_half_way_goes_up(body):
    """Breaks where a tie goes down, or to the even level."""
    x = np.array([[[0.0, 1, 2, 3, 4, 5, 6, 7, 8]]])
    np.testing.assert_array_equal(run(body, Quantize(levels=5), x)[0], [[[0, 2, 2, 4, 4, 6, 6, 8, 8]]])
    skewed = np.array([[[0.0, 0, 2, 16, 9]]])  # its quantiles at 0, 1/2 and 1 are 0, 2 and 16
    np.testing.assert_array_equal(run(body, Quantize(levels=3, how="quantile"), skewed)[0], [[[0, 0, 2, 16, 16]]])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_channel_stays(body, how, dtype):
    """Breaks where levels that are all alike come out of a division, or differ by a rounding."""
    x = series(dtype=dtype)
    x[:, 0] = 1e6 + 0.1
    y = run(body, Quantize(levels=7, how=how), x)[0]
    assert same_bits(y[:, 0].copy(), x[:, 0].copy())
    assert (y[:, 1] != x[:, 1]).any()


@pytest.mark.parametrize("body", BODIES)
def test_quantizing_twice_with_even_spacing_changes_nothing_more(body):
    """Breaks where a level is not its own nearest level."""
    once = run(body, Quantize(levels=6), series(n=10))[0]
    np.testing.assert_allclose(run(body, Quantize(levels=6), once)[0], once, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("how", HOWS)
def test_missing_readings_stay_missing_and_do_not_count(body, how):
    """Breaks where a NaN takes the highest level, or is counted among the order statistics."""
    x = series(n=10)
    x[:, :, ::3] = np.nan
    x[:, 0, :50] = np.nan
    y = run(body, Quantize(levels=5, how=how), x)[0]
    np.testing.assert_allclose(y, nearest(x, levels_of(x, 5, how)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("how", HOWS)
def test_mask_and_target(body, how):
    """Breaks where an unobserved reading is a level or stretches them, or the levels of the past know of the target."""
    assert_unobserved_steps_do_not_count(body, Quantize(levels=5, how=how))
    assert_past_alone(body, Quantize(levels=5, how=how, scope="past"))
    x, op = series(), Quantize(levels=5, how=how)
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])
