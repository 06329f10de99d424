"""Orders against np.argsort, ranks against SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import ranks
from variate.kernels.compiled import ranks as compiled

LENGTHS = (1, 2, 3, 15, 16, 17, 40, 256, 257, 1021, 5000)
BIG = {np.float32: 2e38, np.float64: 1e308}  # the range overflows, as twice a reading does


def kinds(length, dtype):
    """Return rows of every sort, by name, as (2, 2, length)."""
    rng = np.random.default_rng(length)
    shape = (2, 2, length)
    tiny = np.finfo(dtype).smallest_subnormal
    rows = {
        "normal": rng.normal(size=shape),
        "heavy": rng.standard_cauchy(size=shape) ** 3,
        "one far out": np.where(np.arange(length) == length // 2, 1e12, rng.normal(size=shape)),
        "ties": rng.integers(-3, 4, shape),
        "constant": np.full(shape, -4.5),
        "zeros of both signs": rng.choice([-0.0, 0.0, 1.0], shape),
        "denormal": (rng.integers(-9, 10, shape) * np.float64(tiny)),
        "all the range": rng.choice([-1.0, 1.0], shape) * BIG[dtype] * rng.random(shape),
        "rising": np.sort(rng.normal(size=shape)),
        "falling": -np.sort(rng.normal(size=shape)),
        "on a level": 1e6 + rng.normal(size=shape),
        "two halves": np.concatenate([np.arange(length)[length // 2 :], np.arange(length)[: length // 2]]) + np.zeros(shape),
        "infinite": np.where(rng.random(shape) < 0.2, np.inf, rng.normal(size=shape)) * rng.choice([-1, 1], shape),
    }
    return {name: x.astype(dtype) for name, x in rows.items()}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", LENGTHS)
def test_orders_are_stable_and_ranks_ordinal(body, dtype, length):
    """Breaks where -0.0 comes before 0.0, or levels that are equal are left in a wrong order."""
    for name, x in kinds(length, dtype).items():
        before = x.copy()
        right = np.argsort(x, axis=-1, kind="stable")
        places = as_numpy(ranks.order(as_body(body, x)))
        assert places.dtype == np.int64
        np.testing.assert_array_equal(places, right, err_msg=name)
        ordinal = rankdata(x, method="ordinal", axis=-1) - 1
        np.testing.assert_array_equal(as_numpy(ranks.ranks(as_body(body, x))), ordinal, err_msg=name)
        sorted_values = as_numpy(ranks.ascending(as_body(body, x)))
        assert sorted_values.dtype == dtype
        assert sorted_values.tobytes() == np.take_along_axis(x, right, axis=-1).tobytes(), name
        assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(1, 300), seed=st.integers(0, 99))
@few
def test_reordered_values_have_the_ranks_asked_for(body, length, seed):
    rng = np.random.default_rng(seed)
    values = np.sort(rng.normal(size=(2, 3, length))).astype(np.float32)
    like = rng.integers(0, max(2, length // 2), values.shape).astype(np.float64)
    y = as_numpy(ranks.reorder(as_body(body, values), as_body(body, like)))
    assert y.dtype == np.float32
    assert np.sort(y).tobytes() == values.tobytes()
    np.testing.assert_array_equal(np.argsort(y, axis=-1, kind="stable"), np.argsort(like, axis=-1, kind="stable"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("noise", [0, 1e-4, 1e-2, 0.1, 1])
def test_an_order_is_renewed_from_any_other(dtype, noise):
    """From an order nearly right, far off and right; the answer to "another one?" ends iterations."""
    rng = np.random.default_rng(0)
    for length in LENGTHS:
        for name, x in kinds(length, dtype).items():
            row = x[0, 0]
            spread = np.abs(row[np.isfinite(row)]).max(initial=0) * min(noise, 0.1)
            first = rng.permutation(length) if noise == 1 else np.argsort(row + spread * rng.normal(size=length), kind="stable")
            places, right = first.astype(np.int32), np.argsort(row, kind="stable")
            buffers = np.empty(length, dtype), np.empty(length, np.int32), np.empty(length, np.uint32)
            assert compiled.renew(row, places, *buffers) == (first != right).any(), name
            np.testing.assert_array_equal(places, right, err_msg=name)
            assert not compiled.renew(row, places, *buffers)


@pytest.mark.parametrize("body", BODIES)
def test_no_series_at_all(body):
    x = as_body(body, np.zeros((0, 2, 5), np.float32))
    for y in (ranks.order(x), ranks.ranks(x), ranks.ascending(x), ranks.reorder(x, x)):
        assert tuple(y.shape) == (0, 2, 5)


def test_rows_need_not_lie_together():
    """A view of every second row and step, as a chunk of a longer batch may be."""
    x = np.random.default_rng(0).normal(size=(6, 2, 90))[::2, :, ::3]
    np.testing.assert_array_equal(ranks.order(x), np.argsort(x, axis=-1))
    np.testing.assert_array_equal(ranks.reorder(np.sort(x), x), x)
