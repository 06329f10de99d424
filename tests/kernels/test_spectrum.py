"""Spectra against np.fft, turned phases against the invariants of METHODS 2.3."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import spectrum

LENGTHS = (1, 2, 3, 4, 5, 64, 1021)
CLOSE = {np.float32: 5e-5, np.float64: 1e-9}


def series(length, dtype=np.float64, n=3, channels=2, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, channels, length)).cumsum(axis=-1) + 5
    return x.astype(dtype), (2 * np.pi * rng.random((n, channels, length // 2 + 1))).astype(np.float32)


def surrogate(x, phase):
    """METHODS 2.3: e^{iφ} on the bins 1 ≤ k < N/2 and on no other."""
    bins = np.fft.rfft(x.astype(np.float64))
    k = np.arange(bins.shape[-1])
    free = (k >= 1) & (k < x.shape[-1] / 2)
    return np.fft.irfft(bins * np.where(free, np.exp(1j * phase.astype(np.float64)), 1), n=x.shape[-1])


def circular_autocovariance(x):
    centred = x - x.mean(axis=-1, keepdims=True)
    return np.stack([(centred * np.roll(centred, lag, axis=-1)).mean(axis=-1) for lag in range(min(x.shape[-1], 40))])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", LENGTHS)
def test_there_and_back(body, dtype, length):
    """Breaks where the precision is lost or an odd length comes back one reading short."""
    x, _ = series(length, dtype)
    bins = spectrum.rfft(as_body(body, x))
    assert as_numpy(bins).dtype == {np.float32: np.complex64, np.float64: np.complex128}[dtype]
    assert bins.shape[-1] == spectrum.bins(length)
    np.testing.assert_allclose(as_numpy(bins), np.fft.rfft(x.astype(np.float64)), rtol=CLOSE[dtype], atol=length * CLOSE[dtype])
    y = as_numpy(spectrum.irfft(bins, length))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x, rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", LENGTHS)
def test_a_surrogate_is_the_formula(body, dtype, length):
    """Breaks where bin 0 or Nyquist's is turned, or a phase is rounded to another quarter turn."""
    x, phase = series(length, dtype)
    before = x.copy()
    y = as_numpy(spectrum.randomise_phases(as_body(body, x), as_body(body, phase)))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, surrogate(x, phase), rtol=0, atol=CLOSE[dtype] if dtype == np.float64 else 2e-4)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(1, 130), seed=st.integers(0, 99))
@few
def test_what_a_surrogate_keeps(body, length, seed):
    """Amplitudes, circular autocovariance, mean and variance: METHODS 2.3, to 1e-9."""
    x, phase = series(length, seed=seed)
    y = as_numpy(spectrum.randomise_phases(as_body(body, x), as_body(body, phase)))
    scale = np.abs(x).max() ** 2
    np.testing.assert_allclose(np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(x)), rtol=0, atol=1e-9 * scale)
    np.testing.assert_allclose(circular_autocovariance(y), circular_autocovariance(x), rtol=0, atol=1e-9 * scale)
    np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-9)
    assert length < 3 or np.abs(x - y).max() > 1e-3


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [3, 64, 101])
def test_shared_phases_keep_the_cross_spectra(body, length):
    """Phases of one channel go to all of them, added, not put in place of the old ones."""
    x, phase = series(length, channels=3)
    y = as_numpy(spectrum.randomise_phases(as_body(body, x), as_body(body, phase[:, :1])))
    before, after = np.fft.rfft(x), np.fft.rfft(y)
    for c in range(3):
        old, new = before[:, c] * before[:, 0].conj(), after[:, c] * after[:, 0].conj()
        np.testing.assert_allclose(new, old, rtol=0, atol=1e-9 * np.abs(old).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", LENGTHS)
def test_a_bin_turned_by_nothing_keeps_its_bits(body, length):
    x, phase = series(length)
    bins = np.fft.rfft(x)
    phase[..., ::2] = 0
    turned = as_numpy(spectrum.turn(as_body(body, bins), as_body(body, phase), length))
    np.testing.assert_array_equal(turned[..., ::2], bins[..., ::2])
    np.testing.assert_array_equal(turned[..., spectrum.turning(length) + 1 :], bins[..., spectrum.turning(length) + 1 :])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.complex64, 2e-7), (np.complex128, 1e-14)])
def test_turning_keeps_the_size_of_a_bin(body, dtype, close):
    """Sine and cosine near each eighth of a turn, of either sign, and far out."""
    eighths = np.arange(-80, 80) * (np.pi / 4)
    phase = np.concatenate([eighths, np.nextafter(eighths, 99), np.random.default_rng(0).uniform(-1e6, 1e6, 1000)])
    ones = np.ones((1, 1, phase.size + 2), dtype)
    phase = np.concatenate([[9], phase, [9]])[None, None].astype(np.float64)
    turned = as_numpy(spectrum.turn(as_body(body, ones), as_body(body, phase), 2 * phase.size - 2))[0, 0, 1:-1]
    np.testing.assert_allclose(np.abs(turned), 1, rtol=0, atol=close)
    exact = np.exp(1j * (phase if dtype == np.complex128 or body == "numba" else phase.astype(np.float32)))[0, 0, 1:-1]
    np.testing.assert_allclose(turned, exact, rtol=0, atol=2e-7 if dtype == np.complex64 else 1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [*LENGTHS, 1000, 1024])
def test_a_row_does_not_feel_its_batch(dtype, length):
    """The transforms go through several rows at once, and through the rest one by one."""
    x, phase = series(length, dtype, n=19, channels=1)
    y = spectrum.randomise_phases(x, phase)
    for i in range(19):
        assert spectrum.randomise_phases(x[i : i + 1], phase[i : i + 1]).tobytes() == y[i : i + 1].tobytes()
    assert spectrum.randomise_phases(x[::-2], phase[::-2]).tobytes() == y[::-2].tobytes()


@pytest.mark.parametrize("body", BODIES)
def test_constants_and_no_series_at_all(body):
    x = np.full((2, 1, 30), 7.25)
    phase = np.ones((2, 1, 16), np.float32)
    np.testing.assert_allclose(as_numpy(spectrum.randomise_phases(as_body(body, x), as_body(body, phase))), x, rtol=1e-12)
    none = spectrum.randomise_phases(as_body(body, x[:0]), as_body(body, phase[:0]))
    assert tuple(none.shape) == (0, 1, 30)
