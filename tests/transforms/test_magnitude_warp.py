"""MagnitudeWarp: y = x·v(t), v a cubic spline through knots around 1."""

import numpy as np
import pytest

from kernels.oracles import speed
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import MagnitudeWarp, Panel


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("knots", [1, 4, 9])
def test_y_is_x_times_the_spline_through_what_was_drawn(body, per_channel, knots):
    """Breaks where a channel takes another sample's curve, or knots are not where they are said to be."""
    x = series(channels=3)
    y, drawn = draw(body, MagnitudeWarp(sigma=0.4, knots=knots, per_channel=per_channel), x)
    assert drawn["knots"].shape == (4, 3 if per_channel else 1, knots + 2)
    np.testing.assert_allclose(y, x * speed(0.4 * drawn["knots"].astype(np.float64), 60), rtol=0, atol=2e-6)


@pytest.mark.parametrize("body", BODIES)
def test_the_curve_passes_through_its_knots(body):
    """Breaks where the spline smooths instead of interpolating: with T = 51 the 6 knots are at 0, 10, …, 50."""
    y, drawn = draw(body, MagnitudeWarp(sigma=0.4), np.ones((5, 2, 51)))
    np.testing.assert_allclose(y[..., ::10], 1 + 0.4 * drawn["knots"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_the_curve_does_not_look_at_x_and_zeros_stay(body):
    """Breaks where draws depend on values, or the curve is added."""
    x = series()
    x[..., ::9] = 0
    curve = run(body, MagnitudeWarp(), np.ones_like(x))[0]
    y = run(body, MagnitudeWarp(), x)[0]
    np.testing.assert_allclose(y, x * curve, rtol=1e-12)
    np.testing.assert_array_equal(y[..., ::9], 0)


@pytest.mark.parametrize("body", BODIES)
def test_one_curve_for_all_channels_or_one_each(body):
    """Breaks where per_channel is read the other way round."""
    ones = np.ones((4, 3, 50))
    shared = run(body, MagnitudeWarp(per_channel=False), ones)[0]
    np.testing.assert_array_equal(shared, shared[:, :1].repeat(3, axis=1))
    own = run(body, MagnitudeWarp(), ones)[0]
    assert len({curve.tobytes() for curve in own.reshape(12, 50)}) == 12
    assert len({curve.tobytes() for curve in shared.reshape(12, 50)}) == 4


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 3, 61])
def test_no_sigma_no_change_and_short_series_work(body, length):
    """Breaks where sigma = 0 loses a bit, or fewer readings than knots give NaN."""
    x = series(length=length, dtype=np.float32)
    assert same_bits(run(body, MagnitudeWarp(sigma=0), x)[0], x)
    y, drawn = draw(body, MagnitudeWarp(sigma=0.3), x)
    np.testing.assert_allclose(y[..., 0], x[..., 0] * (1 + 0.3 * drawn["knots"][..., 0]), rtol=1e-5)
    assert np.isfinite(y).all()


@pytest.mark.parametrize("body", BODIES)
def test_one_curve_over_past_and_target(body):
    """Breaks where the target gets a curve of its own: it must go on where the past's ends."""
    x = series()
    alone, joint = run(body, MagnitudeWarp(), x)[0], run(body, MagnitudeWarp(), Panel(x, horizon=20))[0].values
    np.testing.assert_array_equal(joint, alone)
