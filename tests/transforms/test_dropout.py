"""Dropout: each step lost with probability ratio, and something in its place."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from kernels.test_missing import carried
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Dropout, Panel


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("fill", ["zero", "mean", "last", "nan"])
def test_what_was_lost_is_filled_and_nothing_else_touched(body, per_channel, fill):
    """Breaks where the fill is another's, or a kept reading loses a bit."""
    x = series(channels=3)
    y, drawn = draw(body, Dropout(ratio=0.3, fill=fill, per_channel=per_channel), x)
    lost = drawn["lost"]
    assert lost.shape == (4, 3 if per_channel else 1, 60)
    expected = {
        "zero": np.where(lost, 0, x),
        "mean": np.where(lost, x.mean(axis=-1, keepdims=True), x),
        "nan": np.where(lost, np.nan, x),
        "last": carried(x, lost),
    }[fill]
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
    kept = ~np.broadcast_to(lost, x.shape)
    assert same_bits(y[kept], x[kept])


@pytest.mark.parametrize("ratio", [0.05, 0.5, 0.9])
def test_the_share_is_the_ratio_and_steps_are_lost_alone(ratio):
    """Breaks where losses come in runs or at another rate; false-alarm rate as stated."""
    lost = Dropout(ratio=ratio, per_channel=True)(np.ones((100, 2, 300)), seed=0) == 0
    assert stats.binomtest(int(lost.sum()), lost.size, ratio).pvalue > FALSE_ALARM
    both = (lost[..., 1:] & lost[..., :-1])[..., ::2]  # disjoint pairs
    assert stats.binomtest(int(both.sum()), both.size, ratio**2).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", ["zero", "mean", "last", "nan"])
def test_no_ratio_no_change_and_all_lost(body, fill):
    """Breaks at the ends of the range: 0 leaves every bit, 1 loses all (and then the first reading stands in)."""
    x = series(dtype=np.float32)
    assert same_bits(run(body, Dropout(ratio=0, fill=fill), x)[0], x)
    y = run(body, Dropout(ratio=1, fill=fill), x)[0]
    nothing = {"zero": 0 * x, "mean": x.mean(axis=-1, keepdims=True), "last": x[..., :1], "nan": np.nan * x}[fill]
    np.testing.assert_allclose(y, np.broadcast_to(nothing, x.shape), rtol=0, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
def test_only_the_past_loses_readings(body):
    """Breaks where a target is lost, or the mean that fills the past looks at the target."""
    x = series()
    y, drawn = draw(body, Dropout(ratio=0.5, fill="mean"), Panel(x, horizon=20))
    expected = np.where(drawn["lost"], x[..., :40].mean(axis=-1, keepdims=True), x[..., :40])
    np.testing.assert_allclose(y.values[..., :40], expected, rtol=0, atol=1e-12)
    assert same_bits(y.values[..., 40:].copy(), x[..., 40:].copy())


@pytest.mark.parametrize("body", BODIES)
def test_the_last_reading_is_a_reading(body):
    """Breaks where fill="last" carries a NaN on: a missing reading must not spread to a step that has one."""
    x = series(n=20)
    x[:, :, ::3] = np.nan
    y, _ = run(body, Dropout(ratio=0.5, fill="last"), x)
    assert not np.isnan(y)[~np.isnan(x)].any()


@pytest.mark.parametrize("body", BODIES)
def test_the_last_reading_was_observed(body):
    """Breaks where fill="last" carries what stands at an unobserved step, or NaN in its place, to an observed one."""
    x = series(n=20)
    mask = np.ones((20, 60), bool)
    mask[:, ::3] = False
    x[np.broadcast_to(~mask[:, None], x.shape)] = 1e9
    y, _ = run(body, Dropout(ratio=0.5, fill="last"), Panel(x, mask=mask))
    assert np.isfinite(y.values).all()
    assert np.abs(np.moveaxis(y.values, 1, 2)[mask]).max() < 1e6


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", ["zero", "mean", "last"])
def test_a_missing_reading_stays_missing(body, fill):
    """Breaks where losing what was never there makes a reading of it (METHODS 0.4)."""
    x = series(n=20)
    x[:, :, ::3] = np.nan
    y, _ = run(body, Dropout(ratio=0.5, fill=fill), x)
    assert np.isnan(y)[np.isnan(x)].all()
