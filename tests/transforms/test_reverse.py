"""Reverse: the series backwards."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, ramp, run, same_bits, series
from variate import Panel, Reverse
from variate.core.errors import ContractError


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 2, 3, 60, 61])
def test_it_is_the_series_backwards_bit_for_bit(body, dtype, length):
    """Breaks where a reading is missed at an end, or read with a rounding; twice is the identity."""
    x = series(length=length, dtype=dtype)
    y = run(body, Reverse(), x)[0]
    assert same_bits(y.copy(), x[..., ::-1].copy())
    assert same_bits(run(body, Reverse(), y)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_extreme_readings_keep_their_bits(body, dtype):
    """Breaks where a reading is made of its neighbour too: -0 loses its sign, opposite ends of the range overflow."""
    top = np.finfo(dtype).max
    x = np.array([[[-0.0, 5.0, 0.0, -0.0, top, -top, top, -top, np.finfo(dtype).tiny]]], dtype)
    y = run(body, Reverse(), x)[0]
    assert same_bits(y.copy(), x[..., ::-1].copy())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("role", ["event", "state"])
def test_everything_moves_with_its_reading(body, role):
    """Breaks where points, mask, covariates or a NaN stay behind; what an unobserved step holds moves too."""
    rng = np.random.default_rng(0)
    x = series()
    x[:, :, ::7] = np.nan
    x[:, 1, 20:33] = np.nan
    covariates = series(channels=3, seed=5)
    covariates[:, 0, 5:9] = np.nan
    panel = Panel(
        x,
        label=[3, 1, 2, 0],
        points=rng.integers(0, 9, (4, 60)),
        point_role=role,
        mask=rng.random((4, 60)) < 0.7,
        covariates=covariates,
    )
    y = run(body, Reverse(), panel)[0]
    for name in ("values", "points", "mask", "covariates"):
        assert same_bits(getattr(y, name).copy(), getattr(panel, name)[..., ::-1].copy()), name
    np.testing.assert_array_equal(y.label, panel.label)


@pytest.mark.parametrize("body", BODIES)
def test_p_turns_whole_samples(body):
    """Breaks where the gate turns parts of a sample, or too many: Binomial(2000, 0.3), rate as stated."""
    y, drawn = draw(body, Reverse(p=0.3), ramp(2000, 5))
    turned = (y[:, 0] == [4, 3, 2, 1, 0]).all(axis=1)
    stayed = (y[:, 0] == [0, 1, 2, 3, 4]).all(axis=1)
    assert (turned ^ stayed).all()
    np.testing.assert_array_equal(turned, drawn["gate"])
    assert stats.binomtest(int(turned.sum()), 2000, 0.3).pvalue > FALSE_ALARM
    x = series(dtype=np.float32)
    assert same_bits(run(body, Reverse(p=0.0), x)[0], x)


def test_it_draws_nothing():
    """Breaks where seed or epoch matter."""
    x = series()
    assert draw("numba", Reverse(), x)[1] == {}
    assert same_bits(Reverse()(x, seed=1), Reverse()(x, seed=2, epoch=3))


def test_a_forecast_window_is_refused():
    """Breaks where the future may come before the past."""
    with pytest.raises(ContractError, match="it would put the future before the past"):
        Reverse()(Panel(series(), horizon=5), seed=0)
