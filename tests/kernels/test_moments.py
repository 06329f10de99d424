"""Statistics of a channel against NumPy's nan-functions in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few, with_gaps
from variate.kernels import moments

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from((1, 2, 3, 8, 13, 100)))
CLOSE = {np.float32: 3e-6, np.float64: 1e-12}


def call(function, body, x):
    y = as_numpy(function(as_body(body, x)))
    assert y.dtype == x.dtype
    assert y.shape == (*x.shape[:2], 1)
    return y


def skipping(function, x, nothing):
    """Apply a NumPy function to the readings of each channel, in float64."""
    rows = [row[~np.isnan(row)].astype(np.float64) for row in x.reshape(-1, x.shape[-1])]
    return np.array([function(row) if row.size else nothing for row in rows]).reshape(*x.shape[:2], 1)


def robust(row):
    deviation = 1.4826 * np.median(np.abs(row - np.median(row)))
    return deviation if deviation > 0 else np.std(row)


CASES = [
    (moments.spread, np.std, 0.0),
    (moments.average, np.mean, 0.0),
    (moments.median, np.median, np.nan),
    (moments.robust_spread, robust, 0.0),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("function", "oracle", "nothing"), CASES)
@given(shape=SHAPES, share=st.sampled_from((0.0, 0.2, 0.9)), offset=st.sampled_from((0, 3, -40)), seed=st.integers(0, 99))
@few
def test_statistics_skip_what_is_missing(body, dtype, function, oracle, nothing, shape, share, offset, seed):
    """Breaks where a NaN is counted, the divisor is n - 1, or an even count takes one middle value."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, (rng.normal(size=shape) + offset).astype(dtype), share)
    expected = skipping(oracle, x, nothing)
    np.testing.assert_allclose(call(function, body, x), expected, rtol=0, atol=CLOSE[dtype] * (1 + abs(offset)))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gaps", ["none", "first", "some"])
@pytest.mark.parametrize("length", [1, 2, 3, 7, 100, 1013])
def test_a_constant_channel_has_no_spread_at_all(body, dtype, gaps, length):
    """Breaks where the rounding of a mean passes for a spread: then relative noise and spikes hit constant channels."""
    levels = np.array([0.0, 0.1, -1 / 3, 1e6 + 0.1, -1e-7, 123456.789])
    x = np.tile(levels[:, None, None], (1, 1, length)).astype(dtype)
    if gaps == "first":
        x[..., 0] = np.nan
    elif gaps == "some":
        x[..., 1::3] = np.nan
    np.testing.assert_array_equal(call(moments.spread, body, x), 0)
    np.testing.assert_array_equal(call(moments.robust_spread, body, x), 0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "relative"), [(np.float32, 1e-4), (np.float64, 1e-9)])
@pytest.mark.parametrize("first", [0.0, 1e4])
def test_a_large_offset_does_not_drown_the_spread(body, dtype, relative, first):
    """Breaks where the spread is made of Σx² - (Σx)²/n, or of distances to a first reading that is an outlier."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(2, 2, 500)) + 1e4).astype(dtype)
    x[..., 0] += first
    x[0, 0, 3:9] = np.nan
    np.testing.assert_allclose(call(moments.spread, body, x), skipping(np.std, x, 0), rtol=relative)


@pytest.mark.parametrize("body", BODIES)
def test_the_robust_spread_falls_back_on_the_spread(body):
    """Breaks where more than half of equal readings make the scale 0 although the channel varies."""
    x = np.array([[[1.0, 1, 1, 1, 1, 9, np.nan], [0, 1, 2, 3, 4, 100, 5]]])
    expected = [[[np.std([1, 1, 1, 1, 1, 9])], [1.4826 * 2]]]
    np.testing.assert_allclose(call(moments.robust_spread, body, x), expected, rtol=1e-12)
