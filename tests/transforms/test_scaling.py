"""Scaling: y = α·x, one α a channel."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, Scaling


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-7)])
@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
@pytest.mark.parametrize("per_channel", [True, False])
def test_the_factor_is_what_was_drawn(body, dtype, close, distribution, per_channel):
    """Breaks where channels swap factors, or the law is the other one. The factor itself is in float32."""
    x = series(channels=3, dtype=dtype)
    y, drawn = draw(body, Scaling(sigma=0.4, per_channel=per_channel, distribution=distribution), x)
    deviation = 0.4 * drawn["factor"].astype(np.float64)
    factor = 1 + deviation if distribution == "normal" else np.exp(deviation)
    assert drawn["factor"].shape == (4, 3 if per_channel else 1, 1)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x * factor, rtol=close, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_the_ratio_is_constant_in_time_and_differs_between_channels_and_samples(body):
    """Breaks where α drifts along the series, or two channels or samples share one."""
    x = series(n=5, channels=3)
    ratio = run(body, Scaling(), x)[0] / x
    np.testing.assert_allclose(ratio, ratio[..., :1].repeat(60, axis=-1), rtol=1e-12)
    assert len(np.unique(ratio[..., 0].round(9))) == 15


@pytest.mark.parametrize("body", BODIES)
def test_zeros_stay_and_the_spread_scales(body):
    """Breaks where something is added: std(y) = |α|·std(x)."""
    x = series()
    x[..., ::7] = 0
    y, drawn = draw(body, Scaling(sigma=0.5), x)
    np.testing.assert_array_equal(y[..., ::7], 0)
    np.testing.assert_allclose(y.std(axis=-1), np.abs(1 + 0.5 * drawn["factor"][..., 0]) * x.std(axis=-1), rtol=1e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_no_sigma_no_change(body, distribution):
    """Breaks where 1 + 0, or exp(0), is not exactly 1."""
    x = series(dtype=np.float32)
    assert same_bits(run(body, Scaling(sigma=0, distribution=distribution), x)[0], x)


def test_the_factor_has_its_law():
    """Breaks with a wrong σ, or where the log-normal factor can turn a channel over; false-alarm rate as stated."""
    ones = np.ones((5000, 2, 1))
    normal = Scaling(sigma=0.5)(ones, seed=0).ravel()
    lognormal = Scaling(sigma=0.5, distribution="lognormal")(ones, seed=0).ravel()
    assert stats.kstest((normal - 1) / 0.5, "norm").pvalue > FALSE_ALARM
    assert stats.kstest(np.log(lognormal) / 0.5, "norm").pvalue > FALSE_ALARM
    assert lognormal.min() > 0


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_share_the_factor(body):
    """Breaks where a target keeps its level while its past changes; scope="past" is the exception that was asked for."""
    x = series(length=40)
    ratio = run(body, Scaling(sigma=0.3), Panel(x, horizon=10))[0].values / x
    np.testing.assert_allclose(ratio, ratio[..., :1].repeat(40, axis=-1), rtol=1e-12)
    past = run(body, Scaling(sigma=0.3, scope="past"), Panel(x, horizon=10))[0].values
    np.testing.assert_array_equal(past[..., 30:], x[..., 30:])
    np.testing.assert_allclose(past[..., :30], (x * ratio)[..., :30], rtol=1e-12)
