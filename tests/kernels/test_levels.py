"""Levels against np.linspace and np.nanquantile; readings on the nearest of them, by looking at all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few, with_gaps
from variate.kernels import levels

LENGTHS = st.sampled_from((1, 2, 3, 8, 13, 100))
SHARES = st.sampled_from((0.0, 0.2, 0.9, 1.0))
COUNTS = st.integers(2, 30)


def readings(dtype, length, share, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 2, length)) * 10.0 ** rng.integers(-3, 4, (3, 2, 1)) + rng.normal(size=(3, 2, 1))
    x[0] = x[0].round()  # ties among the readings
    return with_gaps(rng, x.astype(dtype), share)


def by_channel(function, x, count):
    """Apply a NumPy function to the readings of each channel, in float64; zeros where there is none."""
    rows = [row[~np.isnan(row)].astype(np.float64) for row in x.reshape(-1, x.shape[-1])]
    return np.array([function(row) if row.size else np.zeros(count) for row in rows]).reshape(*x.shape[:2], count)


def size_of(x):
    return np.nan_to_num(np.abs(x)).max(axis=-1, keepdims=True).astype(np.float64)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-7), (np.float64, 1e-15)])
@given(length=LENGTHS, share=SHARES, count=COUNTS, seed=st.integers(0, 99))
@few
def test_uniform_levels_are_linspace_from_the_lowest_to_the_highest(body, dtype, close, length, share, count, seed):
    """Breaks where a NaN is an end, the highest level misses the highest reading by a rounding, or all-NaN gives infinity."""
    x = readings(dtype, length, share, seed)
    y = as_numpy(levels.uniform_levels(as_body(body, x), count))
    assert y.dtype == dtype
    expected = by_channel(lambda row: np.linspace(row.min(), row.max(), count), x, count)
    assert (np.abs(y - expected) <= 2 * close * size_of(x)).all()
    np.testing.assert_array_equal(y[..., 0], by_channel(lambda row: [row.min()], x, 1)[..., 0])
    np.testing.assert_array_equal(y[..., -1], by_channel(lambda row: [row.max()], x, 1)[..., 0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-7), (np.float64, 1e-15)])
@given(length=LENGTHS, share=SHARES, count=COUNTS, seed=st.integers(0, 99))
@few
def test_quantile_levels_are_nanquantile(body, dtype, close, length, share, count, seed):
    """Breaks where a NaN is counted, a quantile is not the linear one, or the ends are not readings."""
    x = readings(dtype, length, share, seed)
    y = as_numpy(levels.quantile_levels(as_body(body, x), count))
    assert y.dtype == dtype
    expected = by_channel(lambda row: np.quantile(row, np.linspace(0, 1, count)), x, count)
    assert (np.abs(y - expected) <= 2 * close * size_of(x)).all()
    np.testing.assert_array_equal(y[..., 0], by_channel(lambda row: [row.min()], x, 1)[..., 0])
    np.testing.assert_array_equal(y[..., -1], by_channel(lambda row: [row.max()], x, 1)[..., 0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(length=LENGTHS, share=SHARES, count=COUNTS, seed=st.integers(0, 99))
@few
def test_snap_takes_the_nearest_level(body, dtype, length, share, count, seed):
    """Breaks where a nearer level is passed over, another channel's is taken, or what comes out is none of them.

    A level is given to several places, and readings lie outside; half-way, to a rounding, either neighbour is the nearest.
    """
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, (3 * rng.normal(size=(3, 2, length))).astype(dtype), share)
    given_levels = np.sort(rng.normal(size=(3, 2, count)), axis=-1).astype(dtype)
    given_levels[0] = given_levels[0].round()
    before = x.copy()
    y = as_numpy(levels.snap(as_body(body, x), as_body(body, given_levels)))
    assert y.dtype == dtype
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    for i, c, t in np.argwhere(~np.isnan(x)):
        assert y[i, c, t] in given_levels[i, c]
        away = np.abs(given_levels[i, c].astype(np.float64) - np.float64(x[i, c, t]))
        assert abs(np.float64(y[i, c, t]) - np.float64(x[i, c, t])) <= away.min() + 4 * np.finfo(dtype).eps
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_half_way_goes_up_and_outside_to_the_end(body, dtype):
    """Breaks where a tie goes down, a level given twice is lost, or a reading beyond the last level has none.

    All numbers are whole or halves, so nothing is rounded.
    """
    x = np.array([[[-9, 0, 0.5, 1, 1.5, 2, 3, 3.5, 4, 9, np.nan]]], dtype)
    y = as_numpy(levels.snap(as_body(body, x), as_body(body, np.array([[[0, 1, 3, 3, 4]]], dtype))))
    np.testing.assert_array_equal(y, np.array([[[0, 0, 1, 1, 1, 3, 3, 4, 4, 4, np.nan]]], dtype))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0.0, 0.1, -1 / 3, 1e6 + 0.1])
def test_a_constant_channel_has_one_level_bit_for_bit(body, dtype, level):
    """Breaks where low + 0·share, or a quantile between equal readings, is another number."""
    x = np.full((1, 2, 17), level, dtype)
    x[0, 1, ::3] = np.nan
    for function in (levels.uniform_levels, levels.quantile_levels):
        found = function(as_body(body, x), 7)
        np.testing.assert_array_equal(as_numpy(found), np.full((1, 2, 7), level, dtype))
        np.testing.assert_array_equal(as_numpy(levels.snap(as_body(body, x), found)), x)
