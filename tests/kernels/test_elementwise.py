"""Changes of single readings against the same line of NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import elementwise

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from((1, 2, 5, 8, 37)))


def array(rng, *shape, dtype):
    return rng.normal(size=shape).astype(dtype)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(shape=SHAPES, shared=st.booleans(), seed=st.integers(0, 99))
@few
def test_scale_is_a_product(body, dtype, shape, shared, seed):
    """Breaks where a factor shared by all channels is read as one each, or the dtype widens."""
    rng = np.random.default_rng(seed)
    x, factor = array(rng, *shape, dtype=dtype), array(rng, shape[0], 1 if shared else shape[1], 1, dtype=dtype)
    y = as_numpy(elementwise.scale(as_body(body, x), as_body(body, factor)))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, x * factor)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(shape=SHAPES, shared=st.booleans(), seed=st.integers(0, 99))
@few
def test_replace_where_is_where(body, dtype, shape, shared, seed):
    """Breaks where one channel's steps are used for all, or a kept reading loses a bit."""
    rng = np.random.default_rng(seed)
    x, fill = array(rng, *shape, dtype=dtype), array(rng, *shape[:2], 1, dtype=dtype)
    where = rng.random((shape[0], 1 if shared else shape[1], shape[2])) < 0.4
    y = as_numpy(elementwise.replace_where(as_body(body, x), as_body(body, where), as_body(body, fill)))
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.where(where, fill, x))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(shape=SHAPES, count=st.integers(0, 5), seed=st.integers(0, 99))
@few
def test_add_at_adds_there_and_touches_nothing_else(body, dtype, shape, count, seed):
    """Breaks where an amount lands on another row, channel or step, or -0.0 elsewhere becomes 0.0, or x is written to."""
    rng = np.random.default_rng(seed)
    n, c, t = shape
    count = min(count, t)
    x, amount = array(rng, *shape, dtype=dtype), array(rng, n, c, count, dtype=dtype)
    x[:, :, ::2] = -0.0
    before = x.copy()
    where = np.stack([rng.permutation(t)[:count] for _ in range(n)]).astype(np.int64)
    y = as_numpy(elementwise.add_at(as_body(body, x), as_body(body, where), as_body(body, amount)))
    expected = x.copy()
    for i, j, k in np.ndindex(n, c, count):
        expected[i, j, where[i, k]] += amount[i, j, k]
    assert y.dtype == dtype
    assert y.tobytes() == expected.tobytes()
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(shape=SHAPES, count=st.integers(1, 4), seed=st.integers(0, 99))
@few
def test_add_lines_is_a_loop_and_leaves_every_bit_under_no_line(body, dtype, shape, count, seed):
    """Breaks where a line runs on beyond the next start, counts its steps from another, or adds 0 to a -0.0.

    Some starts are equal, so that a line has no step at all, and some are at the end; some lines are all 0.
    """
    rng = np.random.default_rng(seed)
    n, c, t = shape
    x, level, slope = (array(rng, *size, dtype=dtype) for size in (shape, (n, c, count), (n, c, count)))
    x[:, :, ::2] = -0.0
    slope[rng.random(slope.shape) < 0.5] = 0
    nothing = rng.random(level.shape) < 0.4
    level[nothing] = slope[nothing] = 0
    start = np.sort(rng.integers(0, t + 1, (n, count)), axis=1)
    before = x.copy()
    y = as_numpy(elementwise.add_lines(*(as_body(body, a) for a in (x, start, level, slope))))
    expected, bits = x.astype(np.float64), np.ones(shape, bool)
    for i, j, step in np.ndindex(*shape):
        begun = np.flatnonzero(start[i] <= step)
        if begun.size and (level[i, j, begun[-1]] or slope[i, j, begun[-1]]):
            k = begun[-1]
            expected[i, j, step] += np.float64(level[i, j, k]) + np.float64(slope[i, j, k]) * (step - start[i, k])
            bits[i, j, step] = False
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=1e-6 if dtype == np.float32 else 1e-14, atol=0 if t < 2 else 2e-5)
    assert y[bits].tobytes() == x[bits].tobytes()
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
def test_a_long_line_counts_its_steps_exactly(body):
    """Breaks where a float32 step is the sum of the steps before it: after 2¹⁸ of them the line is still straight."""
    x, one = np.zeros((1, 1, 2**18), np.float32), np.ones((1, 1, 1), np.float32)
    start = np.array([[3]])
    y = as_numpy(elementwise.add_lines(*(as_body(body, a) for a in (x, start, 0 * one, one))))
    np.testing.assert_array_equal(y[0, 0, 3:], np.arange(2**18 - 3))
    assert not y[0, 0, :3].any()


def covered(start, width, length):
    inside = np.zeros((len(start), length), bool)
    for row, firsts in zip(inside, start.tolist(), strict=True):
        for first in firsts:
            row[first : first + width] = True
    return inside


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(1, 40), share=st.floats(0, 1), count=st.integers(1, 4), seed=st.integers(0, 99))
@few
def test_windows_are_slices(body, length, share, count, seed):
    """Breaks where a window has a step too many, or an overlap is counted out again."""
    width = round(share * length)
    start = np.random.default_rng(seed).integers(0, length - width + 1, (3, count))
    y = as_numpy(elementwise.windows(as_body(body, start), width, length))
    assert y.dtype == bool
    np.testing.assert_array_equal(y, covered(start, width, length))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(shape=SHAPES, share=st.floats(0, 1), count=st.integers(1, 4), nothing=st.booleans(), seed=st.integers(0, 99))
@few
def test_fill_windows_fills_them_and_nothing_else(body, dtype, shape, share, count, nothing, seed):
    """Breaks where a channel's fill is another's, a missing reading is made up, or a kept one loses a bit."""
    rng = np.random.default_rng(seed)
    n, c, t = shape
    width = round(share * t)
    x, fill = array(rng, *shape, dtype=dtype), array(rng, n, c, 1, dtype=dtype)
    x[:, :, ::2], x[:, :, 1::3] = -0.0, np.nan
    fill = np.full_like(fill, np.nan) if nothing else fill
    start = rng.integers(0, t - width + 1, (n, count))
    before = x.copy()
    y = as_numpy(elementwise.fill_windows(as_body(body, x), as_body(body, start), width, as_body(body, fill)))
    expected = np.where(covered(start, width, t)[:, None] & ~np.isnan(x), fill, x)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, expected)
    kept = ~(np.isnan(x) | covered(start, width, t)[:, None])
    assert y[kept].tobytes() == x[kept].tobytes()
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@given(shape=SHAPES, seed=st.integers(0, 99))
@few
def test_stretch_is_where_a_moved_channel_has_a_reading(body, shape, seed):
    """Breaks where an end is left out, or a step counts at which only still channels were measured."""
    rng = np.random.default_rng(seed)
    n, c, t = shape
    x = np.where(rng.random(shape) < 0.4, np.nan, 1.0)
    ends = np.sort(rng.integers(0, t, (n, 2)), axis=1)
    moved = rng.random((n, c)) < 0.6
    y = as_numpy(elementwise.stretch(*(as_body(body, a) for a in (x, ends, moved))))
    expected = np.zeros((n, t), bool)
    for i in range(n):
        for step in range(ends[i, 0], ends[i, 1] + 1):
            expected[i, step] = any(moved[i, j] and not np.isnan(x[i, j, step]) for j in range(c))
    assert y.dtype == bool
    np.testing.assert_array_equal(y, expected)
