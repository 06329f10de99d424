"""Drift: x plus a cubic spline that is 0 at the first reading and N(0, (strength·s)²) at the other knots."""

import numpy as np
import pytest
from scipy import stats
from scipy.interpolate import CubicSpline

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Drift, Panel


def curves_of(drawn, x, strength):
    """Return g (n, c, t) by SciPy, from the recorded knots."""
    spread = np.nanstd(x.astype(np.float64), axis=-1, keepdims=True)
    inner = strength * spread * drawn["knots"].astype(np.float64)
    knots = np.concatenate([np.zeros_like(inner[..., :1]), inner], axis=-1)
    length = x.shape[-1]
    return CubicSpline(np.linspace(0, length - 1, knots.shape[-1]), knots, axis=-1)(np.arange(length))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-6)])
@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize("knots", [1, 4, 9])
@pytest.mark.parametrize("length", [2, 3, 60])
def test_the_curve_is_scipys_spline_through_what_was_drawn(body, dtype, close, per_channel, knots, length):
    """Breaks where a channel takes another's curve or std, the first knot is drawn too, or the last one is not."""
    x = series(channels=3, length=length, dtype=dtype)
    y, drawn = draw(body, Drift(strength=0.7, knots=knots, per_channel=per_channel), x)
    assert drawn["knots"].shape == (4, 3 if per_channel else 1, knots + 1)
    assert y.dtype == dtype
    expected = x + curves_of(drawn, x, 0.7)
    np.testing.assert_allclose(y, expected, rtol=0, atol=close * max(1, np.abs(expected).max()))


@pytest.mark.parametrize("body", BODIES)
def test_the_curve_starts_at_zero_and_passes_through_its_knots(body):
    """Breaks where the first reading moves, or the spline smooths: with T = 51 the knots are at 10, 20, …, 50."""
    x = series(channels=3, length=51)
    y, drawn = draw(body, Drift(strength=0.5), x)
    np.testing.assert_array_equal(y[..., 0], x[..., 0])
    knots = 0.5 * drawn["knots"] * x.std(axis=-1, keepdims=True)
    np.testing.assert_allclose((y - x)[..., 10::10], knots, rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_one_curve_for_all_channels_in_units_of_their_own(body):
    """Breaks where per_channel is read the other way round, or all channels drift by one channel's std."""
    x = series(channels=3)
    own, shared = (
        (run(body, Drift(per_channel=per_channel), x)[0] - x) / x.std(axis=-1, keepdims=True) for per_channel in (True, False)
    )
    np.testing.assert_allclose(shared, shared[:, :1].repeat(3, axis=1), rtol=0, atol=1e-9)
    assert len({curve.round(6).tobytes() for curve in own.reshape(12, 60)}) == 12
    assert len(np.unique(shared[:, 0, -1].round(6))) == 4


def test_the_knots_have_their_law():
    """Breaks with a wrong spread of the knots, at any of them; false-alarm rate as stated."""
    x = series(n=4000, channels=1, length=31)
    g = (Drift(strength=0.4, knots=2)(x, seed=0) - x) / (0.4 * x.std(axis=-1, keepdims=True))
    for step in (10, 20, 30):
        assert stats.kstest(g[:, 0, step], "norm").pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 2, 3, 61])
def test_what_has_no_spread_or_no_strength_stays(body, dtype, length):
    """Breaks where rounding passes for a spread, or fewer readings than knots give NaN."""
    x = series(length=length, dtype=dtype)
    assert same_bits(run(body, Drift(strength=0), x)[0], x)
    x[:, 0] = 1e6 + 0.1
    y = run(body, Drift(), x)[0]
    assert same_bits(y[:, 0].copy(), x[:, 0].copy())
    assert np.isfinite(y).all()
    assert (y[:, 1] != x[:, 1]).any() == (length > 1)


@pytest.mark.parametrize("body", BODIES)
def test_missing_readings_stay_missing_and_do_not_count(body):
    """Breaks where a NaN gets into the std and with it into the curve."""
    x = series()
    x[:, :, 5:9] = np.nan
    x[:, 1, 0] = np.nan
    y, drawn = draw(body, Drift(strength=0.5), x)
    np.testing.assert_allclose(y, x + curves_of(drawn, x, 0.5), rtol=0, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
def test_one_curve_over_past_and_target(body):
    """Breaks where the target gets a curve of its own: it must go on where the past's ends."""
    x = series()
    assert same_bits(run(body, Drift(), Panel(x, horizon=20))[0].values, run(body, Drift(), x)[0])


@pytest.mark.parametrize("body", BODIES)
def test_mask_and_target(body):
    """Breaks where what stands at an unobserved step counts, or the past's drift knows of the target."""
    assert_unobserved_steps_do_not_count(body, Drift())
    assert_past_alone(body, Drift(scope="past"))
