"""Finding, filling and putting back what is missing, against loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few, fill_gaps, with_gaps
from variate.kernels import missing

LENGTHS = st.sampled_from((1, 2, 3, 8, 31, 64))
SEEDS = st.integers(0, 999)
SHARES = st.sampled_from((0.0, 0.3, 0.8, 1.0))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-6), (np.float64, 1e-12)])
@given(length=LENGTHS, share=SHARES, seed=SEEDS)
@few
def test_fill_is_the_line_between_neighbours(body, dtype, close, length, share, seed):
    """Breaks where an end is extrapolated, a reading is touched, or float64 is bridged in float32."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(3, 2, length)).astype(dtype), share)
    y = as_numpy(missing.fill(as_body(body, x)))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, fill_gaps(x), rtol=0, atol=close)
    np.testing.assert_array_equal(y[~np.isnan(x)], x[~np.isnan(x)])


@pytest.mark.parametrize("body", BODIES)
@given(boundary=st.integers(1, 19), seed=SEEDS)
@few
def test_fill_parts_fills_each_part_alone(body, boundary, seed):
    """Breaks where the past is filled from the target."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(2, 2, 20)), 0.5)
    y = as_numpy(missing.fill_parts(as_body(body, x), boundary))
    expected = np.concatenate([fill_gaps(x[..., :boundary]), fill_gaps(x[..., boundary:])], axis=-1)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(as_numpy(missing.fill_parts(as_body(body, x), None)), fill_gaps(x), rtol=0, atol=1e-12)


def carried(x, lost):
    out = x.copy()
    for i, c in np.ndindex(x.shape[:2]):
        gone = lost[i, 0 if lost.shape[1] == 1 else c]
        kept = np.flatnonzero(~gone)
        for t in range(x.shape[2]):
            before = kept[kept <= t]
            out[i, c, t] = x[i, c, before[-1] if before.size else kept[0] if kept.size else 0]
    return out


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shared", [True, False])
@given(length=LENGTHS, share=SHARES, seed=SEEDS)
@few
def test_carry_forward_is_a_loop(body, shared, length, share, seed):
    """Breaks where a first step lost has nothing to stand in, or one channel's losses are used for all."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 2, length)).astype(np.float32)
    lost = rng.random((3, 1 if shared else 2, length)) < share
    y = as_numpy(missing.carry_forward(as_body(body, x), as_body(body, lost)))
    np.testing.assert_array_equal(y, carried(x, lost))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("value", [np.nan, -np.nan, np.inf, -np.inf, 1.0, -0.0, "largest"])
@pytest.mark.parametrize("beside", [None, np.nan, np.inf])
def test_extremes_sees_infinities_and_nan_apart(body, dtype, value, beside):
    """Breaks where the sign bit hides one, a NaN hides an infinity, or the largest finite number passes for one."""
    x = np.random.default_rng(0).normal(size=(2, 3, 41)).astype(dtype)
    x[1, 2, 40] = np.finfo(dtype).max if value == "largest" else value
    if beside is not None:
        x[0, 0, 0] = beside
    expected = bool(np.isinf(x).any()), bool(np.isnan(x).any())
    assert missing.extremes(as_body(body, x)) == expected
    assert missing.has_nan(as_body(body, x)) == expected[1]


@pytest.mark.parametrize("body", BODIES)
def test_extremes_of_strided_and_of_empty_arrays(body):
    """Breaks where only contiguous memory is looked at."""
    x = np.zeros((4, 2, 10))
    x[3, 1, 9] = np.nan
    view = as_body(body, x)[::3, :, 1::2]
    assert missing.extremes(view) == (False, True)
    assert missing.extremes(view[:0]) == (False, False)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_put_back_writes_nan_there_and_nowhere_else(body, dtype):
    """Breaks where the dtype widens or a reading is lost."""
    x = np.arange(12, dtype=dtype).reshape(2, 2, 3)
    where = np.array([[[True, False, True]], [[False, False, True]]])
    y = as_numpy(missing.put_back(as_body(body, x), as_body(body, where)))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.where(where, np.nan, x))
