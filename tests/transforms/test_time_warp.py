"""TimeWarp: y(t) = x(τ(t)), τ a smooth clock that never runs back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import oracles
from kernels.oracles import few
from transforms.helpers import BODIES, draw, ramp, run, same_bits, series
from variate import Panel, TimeWarp


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("sigma", "knots"), [(0.2, 4), (0.5, 8), (1.5, 1)])
def test_a_ramp_shows_the_clock_of_what_was_drawn(body, sigma, knots):
    """Breaks where the inverse clock is read, or speeds are not clipped, integrated and scaled."""
    y, drawn = draw(body, TimeWarp(sigma=sigma, knots=knots), ramp(20, 70))
    clock = oracles.clock_of(sigma * drawn["speed"], 70)
    np.testing.assert_allclose(y[:, 0], clock, rtol=0, atol=3e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-10)])
def test_all_channels_and_covariates_are_read_at_that_clock(body, dtype, close):
    """Breaks where channels lose their synchrony, or readings are not on the line between old ones."""
    x = np.concatenate([series(channels=3, length=80, dtype=dtype), ramp(4, 80).astype(dtype)], axis=1)
    panel = Panel(x, covariates=ramp(4, 80))
    y = run(body, TimeWarp(), panel)[0]
    np.testing.assert_allclose(y.values[:, 3], y.covariates[:, 0], rtol=0, atol=close * 100)
    np.testing.assert_allclose(y.values, oracles.read_at(x, y.covariates[:, 0]), rtol=0, atol=close)
    assert y.values.dtype == dtype


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(3, 150), sigma=st.floats(0, 2), knots=st.integers(1, 9), seed=st.integers(0, 99))
@few
def test_time_rises_and_the_ends_and_the_range_stay(body, length, sigma, knots, seed):
    """Breaks where time stands or runs back, an end is missed by a bit, or a reading leaves the range of x."""
    op = TimeWarp(sigma=sigma, knots=knots)
    assert (np.diff(run(body, op, ramp(3, length), seed)[0], axis=-1) > 0).all()
    x = series(length=length)
    y = run(body, op, x, seed)[0]
    np.testing.assert_array_equal(y[..., [0, -1]], x[..., [0, -1]])
    assert (y <= x.max(axis=-1, keepdims=True) + 1e-12).all()
    assert (y >= x.min(axis=-1, keepdims=True) - 1e-12).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [3, 50, 61])
def test_no_sigma_no_change(body, dtype, length):
    """Breaks where a speed of 1 is not the identity to the last bit."""
    x = series(length=length, dtype=dtype)
    assert same_bits(run(body, TimeWarp(sigma=0), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2])
def test_a_series_too_short_to_warp_passes(body, length):
    """Breaks where fewer than three readings are warped, or refused."""
    x = series(length=length)
    assert same_bits(run(body, TimeWarp(sigma=1.0), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 2, 20, 58, 59])
def test_past_and_target_are_each_mapped_onto_themselves(body, horizon):
    """Breaks where a past reading is read from beyond the border, a target from before it, or an end moves."""
    past = 60 - horizon
    clock = run(body, TimeWarp(sigma=0.5), Panel(ramp(20, 60), horizon=horizon))[0].values[:, 0]
    assert (np.diff(clock, axis=1) > 0).all()
    np.testing.assert_array_equal(clock[:, [0, past - 1, past, 59]], [[0, past - 1, past, 59]] * 20)
    if past > 2:
        assert (clock[:, 1 : past - 1] != np.arange(1, past - 1)).any()


@pytest.mark.parametrize("body", BODIES)
def test_no_past_reading_feels_the_target(body):
    """Breaks with a leak: other targets, missing ones too, must leave every bit of the past, and the other way round."""
    x = series(n=10)
    x[:, :, 15:18] = np.nan
    x[5:, :, 36:43] = np.nan  # a gap across the border
    other = x.copy()
    other[..., 40:] = 1e6
    other[:5, :, 40:50] = np.nan
    other[5:, :, 40:43] = np.nan
    a, b = (run(body, TimeWarp(sigma=0.5), Panel(v, horizon=20))[0].values[..., :40].copy() for v in (x, other))
    assert same_bits(a, b)
    other = x.copy()
    other[..., :40] = np.nan
    other[..., 0] = 1e6
    a, b = (run(body, TimeWarp(sigma=0.5), Panel(v, horizon=20))[0].values[..., 40:].copy() for v in (x, other))
    assert same_bits(a, b)


@pytest.mark.parametrize("body", BODIES)
def test_labels_and_gaps_follow_the_clock(body):
    """Breaks where events, states, mask or NaN follow another rule than that of DESIGN §4."""
    rng = np.random.default_rng(0)
    x = oracles.with_gaps(rng, series(n=8), 0.1)
    points = rng.integers(0, 4, (8, 60)) * (rng.random((8, 60)) < 0.3)
    mask = rng.random((8, 60)) < 0.8
    op = TimeWarp(sigma=0.5)
    for role in ("event", "state"):
        y = run(body, op, Panel(x, points=points, point_role=role, mask=mask, covariates=ramp(8, 60)))[0]
        clock = y.covariates[:, 0]
        follow = oracles.strongest_at if role == "event" else lambda p, c: oracles.nearest_at(p[:, None], c)[:, 0]
        np.testing.assert_array_equal(y.points, follow(points, clock))
        np.testing.assert_array_equal(y.mask, oracles.nearest_at(mask[:, None], clock)[:, 0])
    y = run(body, op, Panel(x, covariates=ramp(8, 60)))[0]
    np.testing.assert_allclose(y.values, oracles.read_with_gaps(x, y.covariates[:, 0]), rtol=0, atol=1e-10)
