"""Warp curves and warped clocks against SciPy's CubicSpline, clip and cumulative trapezoids."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, clock_of, few, speed
from variate.kernels import spline

LENGTHS = (3, 4, 5, 50, 1024, 5001)
KNOTS = range(1, 10)
SIGMAS = (0.05, 0.2, 0.5, 1.5)


def deviations(sigma, *shape, seed=0):
    return sigma * np.random.default_rng(seed).standard_normal(shape)


def clock(body, d, length):
    return as_numpy(spline.warped_clock(as_body(body, d), length))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 2, *LENGTHS])
def test_warp_magnitude_is_scipys_spline_times_x(body, dtype, length):
    """Breaks where a knot beyond the sixth is dropped, or a curve is applied to another channel or sample."""
    x = np.random.default_rng(1).normal(size=(3, 2, length)).astype(dtype)
    for knots in KNOTS:
        d = deviations(0.6, 3, 2, knots + 2, seed=knots).astype(dtype)
        y = as_numpy(spline.warp_magnitude(as_body(body, x), as_body(body, d)))
        expected = x * speed(d, length) if length > 1 else x * (1 + d[..., :1].astype(np.float64))
        assert y.dtype == dtype
        np.testing.assert_allclose(y, expected, rtol=0, atol=3e-5 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("knots", [1, 4, 9])
def test_one_curve_for_all_channels(body, knots):
    """Breaks where deviations (n, 1, k) are read as if each channel had its own: then a row takes its neighbour's."""
    x = np.random.default_rng(2).normal(size=(4, 3, 60))
    d = deviations(0.5, 4, 1, knots + 2)
    y = as_numpy(spline.warp_magnitude(as_body(body, x), as_body(body, d)))
    np.testing.assert_allclose(y, x * speed(d, 60), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_deviations_leave_every_bit_of_x(body, dtype):
    """Breaks where 1 + 0 is not exactly 1."""
    x = np.random.default_rng(3).normal(size=(2, 2, 77)).astype(dtype)
    y = as_numpy(spline.warp_magnitude(as_body(body, x), as_body(body, np.zeros((2, 2, 6), dtype))))
    np.testing.assert_array_equal(y, x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("sigma", SIGMAS)
def test_a_warped_clock_is_the_clipped_integral(body, length, sigma):
    """Breaks where a speed below 0.05 is not lifted, or one above is, or the integral is not that of trapezoids.

    The compiled detour is in float32, so positions may be off by 1e-6 of a step and of the size of its terms.
    """
    for knots in KNOTS:
        d = deviations(sigma, 40, knots + 2, seed=knots)
        terms = np.abs(d).sum(axis=1, keepdims=True) * length
        error = np.abs(clock(body, d, length) - clock_of(d, length))
        assert (error <= 1e-6 + (1e-6 if body == "numba" else 1e-13) * terms).all()


@pytest.mark.parametrize("sigma", [0.5, 1.5])
def test_the_cases_above_do_clip(sigma):
    """Breaks where the sigmas above no longer reach the clip, so that the test would not test it."""
    d = deviations(sigma, 40, 6, seed=4)
    lifted = (speed(d, 50) < 0.05).any(axis=1)
    assert lifted.any()
    assert (np.abs(clock_of(d, 50) - clock_of(d, 50, slowest=-np.inf)).max(axis=1) > 0.01)[lifted].any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [*LENGTHS, spline.LONG, spline.LONG + 1])
@pytest.mark.parametrize("sigma", SIGMAS)
def test_a_warped_clock_rises_strictly_from_the_first_step_to_the_last(body, length, sigma):
    """Breaks where float32 makes time stand still, or an end is missed by a rounding."""
    d = deviations(sigma, 200 if length < 10000 else 10, 6, seed=length)
    tau = clock(body, d, length)
    assert tau.dtype == np.float64
    assert (np.diff(tau, axis=1) > 0).all()
    np.testing.assert_array_equal(tau[:, 0], 0)
    np.testing.assert_array_equal(tau[:, -1], length - 1)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("knots", [1, 4, 9])
@pytest.mark.parametrize("length", [2, *LENGTHS, spline.LONG + 1])
def test_zero_deviations_give_the_exact_identity(body, knots, length):
    """Breaks where sigma = 0 moves a reading by a rounding."""
    tau = clock(body, np.zeros((2, knots + 2)), length)
    np.testing.assert_array_equal(tau, np.tile(np.arange(length, dtype=float), (2, 1)))


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(2, 200), knots=st.integers(1, 9), sigma=st.floats(0, 2), seed=st.integers(0, 999))
@few
def test_a_warped_clock_at_any_length(body, length, knots, sigma, seed):
    """Breaks with more knots than readings, at primes, or where a speed only just falls below the limit."""
    d = deviations(sigma, 5, knots + 2, seed=seed)
    tau = clock(body, d, length)
    assert (np.diff(tau, axis=1) > 0).all()
    np.testing.assert_allclose(tau, clock_of(d, length), rtol=0, atol=1e-6 * (1 + np.abs(d).sum() * length))


@pytest.mark.parametrize("body", BODIES)
def test_a_constant_speed_is_the_identity_whatever_it_is(body):
    """Breaks where the scaling to the last step is forgotten: speeds 0.5 and 3 all the way are no warp."""
    for constant in (-0.5, 2.0):
        np.testing.assert_allclose(clock(body, np.full((1, 6), constant), 100)[0], np.arange(100), rtol=0, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 2, *LENGTHS])
def test_add_curve_is_x_plus_scipys_spline(body, dtype, length):
    """Breaks where a knot beyond the sixth is dropped, the curve is that of a warp around 1, or another channel's."""
    x = np.random.default_rng(1).normal(size=(3, 2, length)).astype(dtype)
    before = x.copy()
    for knots in KNOTS:
        values = deviations(2.0, 3, 2, knots + 2, seed=knots).astype(dtype)
        y = as_numpy(spline.add_curve(as_body(body, x), as_body(body, values)))
        curve = speed(values, length) - 1 if length > 1 else values[..., :1].astype(np.float64)
        assert y.dtype == dtype
        np.testing.assert_allclose(y, x + curve, rtol=0, atol=6e-5 if dtype == np.float32 else 1e-12)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("knots", [1, 4, 9])
def test_add_curve_passes_through_its_knots_and_leaves_x_where_they_are_zero(body, knots):
    """Breaks where a knot lies beside its step, x is drawn into the curve, or a curve of zeros changes a reading."""
    length = 7 * (knots + 1) + 1
    x = np.random.default_rng(2).normal(size=(4, 3, length))
    values = deviations(1.0, 4, 3, knots + 2)
    curve = as_numpy(spline.add_curve(as_body(body, np.zeros_like(x)), as_body(body, values)))
    np.testing.assert_allclose(curve[..., ::7], values, rtol=0, atol=1e-12)
    np.testing.assert_allclose(as_numpy(spline.add_curve(as_body(body, x), as_body(body, values))), x + curve, atol=1e-12)
    np.testing.assert_array_equal(as_numpy(spline.add_curve(as_body(body, x), as_body(body, 0 * values))), x)
