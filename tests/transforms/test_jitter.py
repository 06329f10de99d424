"""Jitter: y = x + ε, ε ~ N(0, (sigma·s)²)."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Jitter, Panel


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("relative", [True, False])
def test_the_noise_is_what_was_drawn_times_the_spread(body, dtype, close, relative):
    """Breaks where the noise of one channel takes another's spread, or σ is absolute where it is said to be relative."""
    x = series(dtype=dtype)
    y, drawn = draw(body, Jitter(sigma=0.2, relative=relative), x)
    spread = x.astype(np.float64).std(axis=-1, keepdims=True) if relative else 1
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x + 0.2 * spread * drawn["noise"].astype(np.float64), rtol=0, atol=close)


@pytest.mark.parametrize("body", BODIES)
def test_recording_changes_no_bit(body):
    """Breaks where the noise that is never stored differs from the noise that is."""
    x = series(length=333, dtype=np.float32)
    assert same_bits(run(body, Jitter(), x)[0], run(body, Jitter(), x, record=False)[0])


def test_the_noise_is_white_normal_and_of_the_right_size():
    """Breaks with a bias, a wrong σ, a law that is not normal, or memory. METHODS 1.6: mean within 4σ/√n, σ within 2 %."""
    noise = (Jitter(sigma=0.5, relative=False)(np.zeros((50, 2, 1000)), seed=1) / 0.5).reshape(-1)
    assert abs(noise.mean()) < 4 / np.sqrt(noise.size)
    assert abs(noise.std() - 1) < 0.02
    assert stats.kstest(noise, "norm").pvalue > FALSE_ALARM
    assert abs(np.mean(noise[1:] * noise[:-1])) < 4.5 / np.sqrt(noise.size)


def test_channels_do_not_share_their_noise():
    """Breaks where one row of noise is added to all channels; correlation within 4.5 standard errors."""
    noise = Jitter(sigma=1.0, relative=False)(np.zeros((1, 3, 20000)), seed=1)[0]
    assert np.abs(np.corrcoef(noise) - np.eye(3)).max() < 4.5 / np.sqrt(20000)


def test_the_noise_does_not_look_at_x():
    """Breaks where draws depend on values: the same seed gives two series the same absolute noise."""
    op = Jitter(sigma=0.5, relative=False)
    a, b = series(seed=1), series(seed=2)
    np.testing.assert_allclose(op(a, seed=3) - a, op(b, seed=3) - b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_has_no_spread_gets_no_noise(body, dtype):
    """Breaks where rounding passes for a spread: constant channels and sigma = 0 leave every bit."""
    x = series(dtype=dtype)
    x[:, 0] = 1e6 + 0.1
    y, _ = run(body, Jitter(sigma=0.3), x)
    assert same_bits(y[:, 0].copy(), x[:, 0].copy())
    assert (y[:, 1] != x[:, 1]).mean() > 0.99
    assert same_bits(run(body, Jitter(sigma=0.0), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_a_constant_channel_with_gaps_gets_no_noise(body):
    """Breaks where the spread beside a missing reading is a rounding instead of 0."""
    x = np.full((1, 1, 40), 0.1)
    x[0, 0, [0, 7]] = np.nan
    np.testing.assert_array_equal(run(body, Jitter(sigma=0.3), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_only_the_past_is_disturbed(body):
    """Breaks where a forecast target gets noise, or the spread of the past is measured with the target."""
    x = series(length=40)
    wild = x.copy()
    wild[..., 30:] *= 100
    y, drawn = draw(body, Jitter(sigma=0.3), Panel(wild, horizon=10))
    assert same_bits(y.values[..., 30:].copy(), wild[..., 30:].copy())
    expected = x[..., :30] + 0.3 * x[..., :30].std(axis=-1, keepdims=True) * drawn["noise"]
    np.testing.assert_allclose(y.values[..., :30], expected, rtol=0, atol=1e-12)
    both = run(body, Jitter(sigma=0.3, scope="all"), Panel(x, horizon=10))[0].values
    assert (both != x).mean() > 0.99


@pytest.mark.parametrize("body", BODIES)
def test_missing_readings_stay_missing_and_alone(body):
    """Breaks where a NaN spreads through the spread, or is filled."""
    x = series()
    x[:, :, 5:9] = np.nan
    y, drawn = draw(body, Jitter(sigma=0.3), x)
    spread = np.nanstd(x, axis=-1, keepdims=True)
    np.testing.assert_allclose(y, x + 0.3 * spread * drawn["noise"], rtol=0, atol=1e-12)
