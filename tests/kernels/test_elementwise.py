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
