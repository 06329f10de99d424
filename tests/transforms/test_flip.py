"""Flip: y = -x, or 2μ - x."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Flip, Panel


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_flip_is_minus_x_and_its_own_inverse(body, dtype):
    """Breaks with any rounding: y + x == 0 exactly, and twice is once too often."""
    x = series(dtype=dtype)
    y, _ = run(body, Flip(), x)
    assert same_bits(y, -x)
    assert same_bits(run(body, Flip(), y)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_flip_about_the_mean(body):
    """Breaks where the mean moves, or a missing reading counts in it."""
    x = series()
    x[0, 0, 3:20] = np.nan
    op = Flip(about="mean")
    y, _ = run(body, op, x)
    np.testing.assert_allclose(y, 2 * np.nanmean(x, axis=-1, keepdims=True) - x, rtol=0, atol=1e-12)
    np.testing.assert_allclose(run(body, op, y)[0], x, rtol=0, atol=1e-12)


def test_amplitudes_stay_and_phases_turn_by_half_a_circle():
    """Breaks where a flip is a reversal of time."""
    x = series()
    before, after = np.fft.rfft(x), np.fft.rfft(Flip()(x))
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=1e-12)
    np.testing.assert_allclose(after, before * np.exp(1j * np.pi), rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("about", ["zero", "mean"])
def test_each_channel_turns_by_its_own_sign(body, about):
    """Breaks where channels share a sign, or one that does not turn loses a bit."""
    x = series(n=50, channels=3)
    y, drawn = draw(body, Flip(about=about, channels="each"), x)
    turned = np.broadcast_to(drawn["sign"] < 0, x.shape)
    about_what = x.mean(axis=-1, keepdims=True) if about == "mean" else 0
    np.testing.assert_array_equal(y[~turned], x[~turned])
    np.testing.assert_allclose(y[turned], (2 * about_what - x)[turned], rtol=0, atol=1e-12)
    assert 0 < turned.mean() < 1


def test_each_pattern_of_signs_is_equally_likely():
    """Breaks where the coin is not fair or channels hang together: χ² over the 8 patterns, false-alarm rate as stated."""
    y = Flip(channels="each")(np.ones((8000, 3, 1)), seed=0)[..., 0] < 0
    counts = np.bincount(y @ np.array([1, 2, 4]), minlength=8)
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_turn_together(body):
    """Breaks where the target stays up while its past is down, or turns around a level of its own."""
    x = series()
    panel = Panel(x, horizon=20)
    np.testing.assert_array_equal(run(body, Flip(), panel)[0].values, -x)
    expected = 2 * x.mean(axis=-1, keepdims=True) - x
    np.testing.assert_allclose(run(body, Flip(about="mean"), panel)[0].values, expected, rtol=0, atol=1e-12)
