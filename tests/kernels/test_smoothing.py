"""Running averages against np.convolve, blocks against a loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import windows

from kernels.oracles import BODIES, as_body, as_numpy, few, with_gaps
from variate.kernels import smoothing

KINDS = ("mean", "max", "min")
LENGTHS = st.sampled_from((1, 2, 3, 8, 13, 60))


def mirrored(x, kernel):
    """np.convolve of the series between its mirror images, the end readings repeated."""
    reach = len(kernel) // 2
    longer = np.pad(x.astype(np.float64), [(0, 0), (0, 0), (reach, reach)], mode="symmetric")
    rows = [np.convolve(row, kernel, mode="valid") for row in longer.reshape(-1, longer.shape[-1])]
    return np.array(rows).reshape(x.shape)


def pooled(x, size, kind):
    """Block by block: what a block's readings come to, where there is a reading."""
    y = np.full(x.shape, np.nan)
    function = {"mean": np.mean, "max": np.max, "min": np.min}[kind]
    for i, c, t in np.ndindex(*x.shape):
        first = t - t % size
        block = x[i, c, first : first + size].astype(np.float64)
        if not np.isnan(x[i, c, t]):
            y[i, c, t] = function(block[~np.isnan(block)])
    return y


@pytest.mark.parametrize("window", [1, 2, 3, 4, 7, 24, 25, 101])
def test_weights_add_up_to_one_around_their_middle(window):
    """Breaks where an even window stays even, a bell is lopsided or of another shape, or has zeros at its ends."""
    size = window + (window % 2 == 0)
    for kind, shape in (("hann", windows.hann(size + 2, sym=True)[1:-1]), ("flat", np.ones(size))):
        weights = smoothing.weights(window, kind)
        np.testing.assert_allclose(weights, shape / shape.sum(), rtol=1e-12)
        np.testing.assert_allclose(weights, weights[::-1], rtol=1e-12)
        assert abs(weights.sum() - 1) < 1e-14
        assert weights.min() > 0


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-14)])
@given(length=LENGTHS, reach=st.integers(0, 70), seed=st.integers(0, 99))
@few
def test_smooth_is_npconvolve_of_the_mirrored_series(body, dtype, close, length, reach, seed):
    """Breaks where the mirror does not repeat the end reading, or T shorter than the window is mirrored only once.

    The kernel is any symmetric one that adds up to 1, so that a weight at a wrong place shows.
    """
    rng = np.random.default_rng(seed)
    half = rng.random(reach + 1)
    kernel = np.concatenate([half, half[:-1][::-1]])
    kernel /= kernel.sum()
    x = rng.normal(size=(3, 2, length)).astype(dtype)
    before = x.copy()
    y = as_numpy(smoothing.smooth(as_body(body, x), kernel))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, mirrored(x, kernel), rtol=0, atol=close)
    np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=close)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_kernel_of_one_step_leaves_every_bit(body, dtype):
    """Breaks where 1·x is not x."""
    x = np.random.default_rng(0).normal(size=(2, 2, 33)).astype(dtype)
    x[..., ::5] = -0.0
    np.testing.assert_array_equal(as_numpy(smoothing.smooth(as_body(body, x), smoothing.weights(1, "hann"))), x)


@pytest.mark.parametrize("body", BODIES)
def test_no_series_at_all(body):
    """Breaks where an empty batch cannot be reshaped."""
    x = as_body(body, np.zeros((0, 2, 10)))
    assert smoothing.smooth(x, smoothing.weights(5, "flat")).shape == (0, 2, 10)
    assert smoothing.pool(x, 3, "mean").shape == (0, 2, 10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
@given(length=LENGTHS, size=st.integers(1, 70), share=st.sampled_from((0.0, 0.3, 0.9, 1.0)), seed=st.integers(0, 99))
@few
def test_pool_is_a_loop_over_blocks(body, dtype, kind, length, size, share, seed):
    """Breaks where the short last block counts what is not there, or a NaN counts, spreads or is made up."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(3, 2, length)).astype(dtype), share)
    before = x.copy()
    y = as_numpy(smoothing.pool(as_body(body, x), size, kind))
    assert y.dtype == dtype
    close = 0 if kind != "mean" else 1e-6 if dtype == np.float32 else 1e-14
    np.testing.assert_allclose(y, pooled(x, size, kind), rtol=0, atol=close)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_one_block_for_all_or_one_for_each(body, kind):
    """Breaks at the ends: size 1 keeps every reading, size T is one value, and more than T is the same."""
    x = np.random.default_rng(0).normal(size=(2, 2, 21))
    np.testing.assert_array_equal(as_numpy(smoothing.pool(as_body(body, x), 1, kind)), x)
    whole = as_numpy(smoothing.pool(as_body(body, x), 21, kind))
    assert (whole == whole[..., :1]).all()
    np.testing.assert_allclose(as_numpy(smoothing.pool(as_body(body, x), 1000, kind)), whole, rtol=0, atol=1e-15)
