"""Overlapping patches against slow loops over single readings."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import patches

CUTS = [(5, 1), (8, 3), (6, 6), (4, 7), (37, 1), (1, 1), (2, 5)]
"""Sizes and strides: dense, overlapping with a tail, touching, with gaps, one patch, of one reading."""


def starts(length, size, stride):
    return [start for start in range(0, length, stride) if start + size <= length]


def put_together(x, source, size, stride):
    """Return each reading as the mean of all that the patches over it say, or itself where none is."""
    y = x.astype(np.float64).copy()
    first = starts(x.shape[-1], size, stride)
    for i, c, t in np.ndindex(x.shape):
        said = [x[i, c, first[source[i, k]] + t - a] for k, a in enumerate(first) if a <= t < a + size]
        y[i, c, t] = np.mean(said, dtype=np.float64) if said else x[i, c, t]
    return y


def some(n=3, channels=2, length=37, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=(n, channels, length)).astype(dtype)


def orders(n, count, seed=1):
    return np.random.default_rng(seed).permuted(np.tile(np.arange(count), (n, 1)), axis=1)


@given(length=st.integers(0, 40), size=st.integers(1, 45), stride=st.integers(1, 45))
@few
def test_as_many_patches_as_fit(length, size, stride):
    """Breaks where the last patch is lost, or one hangs over the end."""
    assert patches.number_of_patches(length, size, stride) == len(starts(length, size, stride))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("size", "stride"), CUTS)
def test_variances_are_numpys(body, dtype, size, stride):
    """Breaks where a patch is a reading too long, too short or too late, or a large level eats the digits."""
    x = some(dtype=dtype) + 1000
    expected = np.stack([x[..., a : a + size].astype(np.float64).var(axis=-1) for a in starts(37, size, stride)], axis=-1)
    found = as_numpy(patches.variances(as_body(body, x), size, stride))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("value", [0.1, 7.3, -1e6 / 3])
def test_a_constant_patch_has_no_variance_at_all(body, value):
    """Breaks where a rounded mean leaves one, which would rank constant patches by noise."""
    x = np.full((1, 1, 37), value)
    x[..., :10] = some(1, 1, 10)
    assert (as_numpy(patches.variances(as_body(body, x), 9, 1))[..., 10:] == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("size", "stride"), CUTS)
def test_both_bodies_give_the_same_bits(dtype, size, stride):
    """Breaks where an order of sums differs: patches would rank otherwise in another library."""
    x = some(5, 3, dtype=dtype) * np.array([1, 1e-3, 1e5], dtype)[:, None]
    a = patches.variances(x, size, stride)
    b = patches.variances(torch.from_numpy(x), size, stride).numpy()
    assert a.tobytes() == b.tobytes()
    number = a.shape[2]
    places = patches.quietest(x, size, stride, number)
    np.testing.assert_array_equal(places, patches.quietest(torch.from_numpy(x), size, stride, number).numpy())
    source = orders(5, number)
    y = patches.reassembled(x, source, size, stride)
    np.testing.assert_array_equal(y, patches.reassembled(torch.from_numpy(x), torch.from_numpy(source), size, stride).numpy())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize(("size", "stride"), CUTS[:4])
def test_the_quietest_are_those_of_the_least_summed_share(body, channels, size, stride):
    """Breaks where a channel's unit counts, a row ranks another's patches, or the loudest come first."""
    x = some(4, channels) * 10.0 ** np.arange(channels)[:, None]
    first = starts(37, size, stride)
    each = np.stack([x[..., a : a + size].var(axis=-1) for a in first], axis=-1)
    expected = np.argsort((each / each.sum(axis=-1, keepdims=True)).sum(axis=1), axis=1)
    for number in (0, 1, len(first) // 2, len(first)):
        found = as_numpy(patches.quietest(as_body(body, x), size, stride, number))
        np.testing.assert_array_equal(found, expected[:, :number])


@pytest.mark.parametrize("body", BODIES)
def test_equal_patches_are_ranked_by_place_and_constant_channels_have_no_say(body):
    """Breaks where a division by 0 makes all patches of a row incomparable, or of equal ones a later comes first."""
    x = some(1, 2, 40)
    x[:, 1] = 3.3
    alone = as_numpy(patches.quietest(as_body(body, x[:, :1].copy()), 8, 4, 9))
    np.testing.assert_array_equal(as_numpy(patches.quietest(as_body(body, x), 8, 4, 9)), alone)
    same = np.tile(np.sin(np.arange(10.0)), (2, 1, 4))
    np.testing.assert_array_equal(as_numpy(patches.quietest(as_body(body, same), 10, 10, 4)), np.tile(np.arange(4), (2, 1)))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-7), (np.float64, 1e-15)])
@pytest.mark.parametrize(("size", "stride"), CUTS)
def test_a_reading_is_the_mean_of_the_patches_over_it(body, dtype, close, size, stride):
    """Breaks where a patch is not counted, counted twice, put a step aside, or a channel or row has another's."""
    x = some(dtype=dtype)
    source = orders(3, patches.number_of_patches(37, size, stride))
    before = x.copy()
    y = as_numpy(patches.reassembled(as_body(body, x), as_body(body, source), size, stride))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, put_together(x, source, size, stride), rtol=0, atol=4 * close * np.abs(x).max())
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("size", "stride"), CUTS)
def test_patches_in_their_own_places_change_no_bit(body, dtype, size, stride):
    """Breaks where a sum of equal readings is rounded before it is divided, or the tail is lost."""
    x = some(length=41, dtype=dtype)
    source = np.tile(np.arange(patches.number_of_patches(41, size, stride)), (3, 1))
    assert as_numpy(patches.reassembled(as_body(body, x), as_body(body, source), size, stride)).tobytes() == x.tobytes()


@pytest.mark.parametrize("body", BODIES)
def test_slices_of_time_are_read_as_they_stand(body):
    """Breaks where a kernel reads memory in order although the array is a view."""
    x = some(length=80)
    view = as_body(body, x)[..., ::2] if body == "numba" else as_body(body, x)[..., 3:43]
    own = as_body(body, as_numpy(view).copy())
    order = as_body(body, orders(3, 5))
    y, z = (as_numpy(patches.shuffle_quietest(v, order, 8, 3)) for v in (view, own))
    np.testing.assert_array_equal(y, z)


@pytest.mark.parametrize("body", BODIES)
def test_rank_r_gets_the_patch_of_rank_order_r(body):
    """Breaks where places and ranks are mixed up, or the order is read the other way round."""
    loud = np.array([5.0, 1.0, 4.0, 2.0, 3.0])
    x = np.repeat(loud, 6)[None, None] * np.tile([-1.0, 1.0], 15)
    y = as_numpy(patches.shuffle_quietest(as_body(body, x), as_body(body, np.array([[1, 2, 0]])), 6, 6))
    np.testing.assert_array_equal(np.abs(y[0, 0, ::6]), [5, 2, 4, 3, 1])  # ranks 0, 1, 2 are loudness 1, 2, 3


def test_gradients_go_where_readings_went():
    """Breaks where the rank takes part in the gradient, or a layer of patches has none: each reading counts once in all."""
    x = torch.from_numpy(some(2, 2)).requires_grad_()
    source = torch.from_numpy(orders(2, 32))
    assert torch.autograd.gradcheck(lambda v: patches.reassembled(v, source, 6, 1), (x,))
    patches.shuffle_quietest(x, torch.from_numpy(orders(2, 20)), 6, 1).sum().backward()
    assert float(x.grad.sum()) == pytest.approx(x.numel())
