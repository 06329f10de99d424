"""WaveMask: wavelet coefficients set to 0 at random, with PyWavelets as the oracle."""

import numpy as np
import pytest
import pywt
from scipy import stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Panel, WaveMask


def masked(x, drawn, level):
    """Return x (n, c, t) without the recorded coefficients: gone0 of the approximation, gone1 of the coarsest level, …"""
    found = pywt.wavedec(x.astype(np.float64), "db1", mode="periodization", level=level, axis=-1)
    kept = [np.where(drawn[f"gone{j}"], 0, array) for j, array in enumerate(found)]
    return pywt.waverec(kept, "db1", mode="periodization", axis=-1)[..., : x.shape[-1]]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize(("length", "level"), [(64, 2), (60, 1), (61, 4), (4, 2), (5, 1), (101, 6)])
@pytest.mark.parametrize("rates", [(0.3, 0.0), (0.5, 0.5), (1.0, 0.0), (0.0, 1.0)])
def test_the_recorded_coefficients_go(body, dtype, close, length, level, rates):
    """Breaks where a level has another's draw or rate, or an odd length comes back one reading longer."""
    x = series(channels=3, length=length, dtype=dtype)
    y, drawn = draw(body, WaveMask(details=rates[0], approximation=rates[1], level=level), x)
    assert y.dtype == dtype
    assert set(drawn) == {f"gone{j}" for j in range(level + 1)}
    np.testing.assert_allclose(y, masked(x, drawn, level), rtol=0, atol=close * np.abs(x).max())


def test_rates():
    """Breaks where details and approximation change rates, or a coefficient is preferred; false-alarm rate as stated."""
    drawn = draw("numba", WaveMask(details=0.3, approximation=0.1, level=2), series(n=4000, length=16))[1]
    for j, share in enumerate((0.1, 0.3, 0.3)):
        gone = drawn[f"gone{j}"]
        assert gone.shape == (4000, 1, (4, 4, 8)[j])
        for place in range(gone.shape[2]):
            assert stats.binomtest(int(gone[:, 0, place].sum()), 4000, share).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [4, 5, 60, 61])
def test_no_level_or_no_chance_is_no_change(body, length):
    x = series(length=length)
    assert same_bits(run(body, WaveMask(level=0, details=1.0, approximation=1.0), x)[0], x)
    y = run(body, WaveMask(details=0.0), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-14 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
def test_more_levels_than_the_length_has(body):
    """Breaks where a level of a single coefficient stops the program."""
    x = series(length=20)
    y = run(body, WaveMask(level=9, details=0.0), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-12 * np.abs(x).max())
    assert np.isfinite(run(body, WaveMask(level=9, details=0.5), x)[0]).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_channel_stays(body, dtype):
    """Breaks where the details of a constant are not 0."""
    x = series(length=51, dtype=dtype)
    x[:, 0] = 7.3
    y = run(body, WaveMask(details=0.5), x)[0]
    np.testing.assert_allclose(y[:, 0], x[:, 0], rtol=4 * np.finfo(dtype).eps)
    assert (y[:, 1] != x[:, 1]).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
def test_gaps_masks_and_targets(body):
    """Breaks where a NaN spreads, what stands at an unobserved step counts, or past and target are not one window."""
    op = WaveMask(details=0.5, approximation=0.1)
    x = series(n=8, channels=3)
    x[:, 0, 7:20] = np.nan
    y, drawn = draw(body, op, x)
    np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, masked(fill_gaps(x), drawn, 2)), rtol=0, atol=1e-12)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_alone(body, WaveMask(details=0.5, scope="past"))
    x = series()
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_series_too_short_passes(body, length):
    x = series(length=length)
    assert same_bits(run(body, WaveMask(details=1.0), x)[0], x)
