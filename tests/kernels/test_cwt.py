"""The wavelet transform against a literal convolution and a literal Fourier sum; its constants, cone and inverse."""

import math
from functools import lru_cache

import numpy as np
import pytest
import torch

from kernels.oracles import BODIES, as_body, as_numpy
from variate.kernels import cwt

WAVELETS = ("morlet", "ricker")
DTYPES = ((np.float32, 1e-5), (np.float64, 1e-11))


def series(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def psi(wavelet, eta):
    """The wavelets in time, of unit energy: Torrence & Compo's table 1."""
    bell = np.exp(-(eta**2) / 2)
    if wavelet == "morlet":
        return np.pi**-0.25 * np.exp(6j * eta) * bell
    return 2 / (math.sqrt(3) * np.pi**0.25) * (1 - eta**2) * bell


def convolved(x, wavelet, scales):
    """Σ x(t') ψ*((t' - t) / s) / √s, by np.convolve."""
    out = []
    for s in scales:
        reach = math.ceil(9 * s)
        eta = np.arange(-reach, reach + 1) / s
        full = np.convolve(x - x.mean(), np.conj(psi(wavelet, eta))[::-1] / math.sqrt(s))
        out.append(full[reach : reach + len(x)])
    return np.array(out)


@lru_cache
def transformed(wavelet, s, padded):
    """ψ̂(s ω_k), by adding up ψ over fine steps; Morlet's is kept to positive frequencies."""
    k, eta = np.arange(padded), np.linspace(-9, 9, 2001)
    omega = 2 * np.pi * np.where(k <= padded // 2, k, k - padded) / padded
    hat = (psi(wavelet, eta) * np.exp(-1j * np.outer(s * omega, eta))).sum(axis=1) * (eta[1] - eta[0])
    return np.where(omega > 0, hat, 0) if wavelet == "morlet" else hat.real


def summed(x, wavelet, scales):
    """Σ_k x̂_k ψ̂*(s ω_k) exp(i ω_k t), term by term, of the padded series."""
    padded = 2 ** (int(math.log2(len(x)) + 0.4999) + 1)
    waves = np.exp(2j * np.pi * np.outer(np.arange(len(x)), np.arange(padded)) / padded)
    spectrum = waves.conj().T @ (x - x.mean()) / padded
    return np.array([waves @ (spectrum * transformed(wavelet, s, padded).conj()) * math.sqrt(s) for s in scales])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), DTYPES)
@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("length", [1, 2, 3, 17, 64, 101])
def test_cwt_is_the_sum_over_frequencies(body, dtype, close, wavelet, length):
    """Breaks where a wavelet has another scale, norm or phase, the mean stays, or the padding is another."""
    x = (series(2, 2, length) + 3).astype(dtype)
    before = x.copy()
    y = as_numpy(cwt.cwt(as_body(body, x), wavelet))
    scales = cwt.scales(length)
    assert y.shape == (2, 2, len(scales), length)
    assert y.dtype == (np.result_type(dtype, np.complex64) if wavelet == "morlet" else dtype)
    for i, c in np.ndindex(2, 2):
        expected = summed(x[i, c].astype(float), wavelet, scales)
        np.testing.assert_allclose(y[i, c], expected if wavelet == "morlet" else expected.real, rtol=0, atol=10 * close)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("length", [250, 512])
def test_cwt_is_a_convolution(wavelet, length):
    """Breaks where the wavelet runs backwards, the padding lets the ends touch, or ψ̂ is not that of ψ.

    From scale 4 on, where one reading samples the wavelet finely enough, and as far as it fits the padding.
    """
    x = series(1, 1, length)
    scales = cwt.scales(length)
    fair = (scales >= 4) & (scales <= length / 24)
    assert fair.sum() > 10
    np.testing.assert_allclose(cwt.cwt(x, wavelet)[0, 0, fair], convolved(x[0, 0], wavelet, scales[fair]), rtol=0, atol=2e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("spacing", [1 / 8, 1 / 4, 1 / 20])
@pytest.mark.parametrize("period", [10, 16, 23.5, 40, 77])
def test_a_sine_peaks_at_its_period(body, wavelet, spacing, period):
    """Breaks where scales are taken for periods, or a scale is off by one."""
    x = np.sin(2 * np.pi * np.arange(1000) / period)[None, None]
    y = as_numpy(cwt.cwt(as_body(body, x), wavelet, spacing))[0, 0, :, 300:700]
    peak = cwt.periods(1000, wavelet, spacing)[(np.abs(y) ** 2).mean(axis=1).argmax()]
    assert abs(math.log2(peak / period)) <= spacing


def test_scales_and_the_fourier_period():
    """Breaks where the last scale is lost to a rounding, or the period is not METHODS 3.7's 1.03 s."""
    np.testing.assert_allclose(cwt.scales(1024), 2 * 2 ** (np.arange(73) / 8), rtol=1e-14)
    np.testing.assert_allclose(cwt.scales(100, 0.5, 1.0), 2 ** (np.arange(14) / 2), rtol=1e-14)
    np.testing.assert_array_equal(cwt.scales(1), [2])
    np.testing.assert_allclose(cwt.periods(64, "morlet") / cwt.scales(64), 1.033, atol=5e-4)
    np.testing.assert_allclose(cwt.periods(64, "ricker") / cwt.scales(64), 3.974, atol=5e-4)


def test_the_cone_is_root_two_scales_wide():
    """Breaks where the cone widens the wrong way, or is one end's only."""
    for wavelet in WAVELETS:
        inside = cwt.cone(50, wavelet, 0.25, 1.0)
        for (j, t), value in np.ndenumerate(inside):
            assert value == (min(t, 49 - t) >= math.sqrt(2) * 2 ** (j / 4))
        assert inside.shape == (len(cwt.scales(50, 0.25, 1.0)), 50)
        assert not inside[-1].any()


@pytest.mark.parametrize(("wavelet", "printed", "close"), [("morlet", 0.776, 0.005), ("ricker", 3.541, 0.025)])
def test_the_constants_are_near_torrence_and_compos(wavelet, printed, close):
    """Breaks where a constant is off by a factor, such as that of half the spectrum; and theirs is off by no more."""
    known = cwt.properties(wavelet)
    assert abs(known.constant / printed - 1) < close
    assert known.middle == pytest.approx(abs(psi(wavelet, np.zeros(1))[0]), rel=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", WAVELETS)
def test_a_delta_comes_back(body, wavelet):
    """Breaks where C_δ is not what Torrence & Compo's delta gives for scales from far below a reading to the length."""
    x = np.zeros((1, 1, 4095))
    x[..., 2047] = 1
    y = as_numpy(cwt.icwt(cwt.cwt(as_body(body, x), wavelet, smallest=1 / 32), wavelet, smallest=1 / 32))
    assert abs(y[0, 0, 2047] - 1) < 0.004
    assert np.abs(np.delete(y[0, 0], 2047)).max() < 0.002


def band_limited(rng, length, shortest, longest):
    """Noise of periods between two limits only."""
    spectrum = np.fft.rfft(rng.normal(size=4 * length))
    frequency = np.fft.rfftfreq(4 * length)
    spectrum[(frequency < 1 / longest) | (frequency > 1 / shortest)] = 0
    return np.fft.irfft(spectrum)[length : 2 * length]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("wavelet", "smallest", "shortest"), [("morlet", 2.0, 4), ("ricker", 0.5, 16)])
def test_band_limited_noise_comes_back_inside_the_cone(body, wavelet, smallest, shortest):
    """Breaks where the reconstruction has another constant, weights scales by another power, or loses the middle."""
    rng = np.random.default_rng(0)
    for longest in (32, 100):
        x = np.stack([band_limited(rng, 1024, shortest, longest) for _ in range(5)])[:, None] + 7
        y = as_numpy(cwt.icwt(cwt.cwt(as_body(body, x), wavelet, smallest=smallest), wavelet, smallest=smallest))
        level = x.mean(axis=-1, keepdims=True)
        widest = 2 * longest / cwt.properties(wavelet).period  # an octave above the noise there is next to nothing
        largest = np.flatnonzero(cwt.scales(1024, smallest=smallest) <= widest)[-1]
        inside = cwt.cone(1024, wavelet, smallest=smallest)[largest]
        assert inside.sum() > 300
        error = (y + level - x)[..., inside]
        assert (np.sqrt((error**2).mean(axis=-1)) < 0.02 * x.std(axis=-1)).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", WAVELETS)
def test_both_ways_are_linear(body, wavelet):
    """Breaks where a transform scales a series by its own size."""
    x, y = series(2, 2, 90), series(2, 2, 90, seed=1)
    a, b, both = (as_numpy(cwt.cwt(as_body(body, z), wavelet)) for z in (x, y, 2 * x - 3 * y))
    np.testing.assert_allclose(both, 2 * a - 3 * b, rtol=0, atol=1e-12)
    back = [as_numpy(cwt.icwt(as_body(body, z), wavelet)) for z in (a, b, both)]
    np.testing.assert_allclose(back[2], 2 * back[0] - 3 * back[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", WAVELETS)
def test_a_level_has_no_coefficients(body, wavelet):
    """Breaks where the mean is taken out after the zeros are put in."""
    x = np.full((1, 1, 70), 1e5, np.float32)
    assert not as_numpy(cwt.cwt(as_body(body, x), wavelet)).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("length", [1, 37, 256])
def test_a_row_does_not_feel_its_batch(body, dtype, wavelet, length):
    """Breaks where rows transformed or added up together are rounded otherwise than alone."""
    x = series(19, 2, length, dtype=dtype)
    y = cwt.cwt(as_body(body, x), wavelet)
    back = as_numpy(cwt.icwt(y, wavelet))
    for i in range(19):
        alone = cwt.cwt(as_body(body, x[i : i + 1]), wavelet)
        assert np.array_equal(as_numpy(alone)[0], as_numpy(y)[i])
        assert np.array_equal(as_numpy(cwt.icwt(alone, wavelet))[0], back[i])
    turned = np.asfortranarray(as_numpy(y))  # another layout in memory
    np.testing.assert_array_equal(as_numpy(cwt.icwt(as_body(body, turned), wavelet)), back)


@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("length", [1, 13])
def test_gradients_flow_there_and_back(wavelet, length):
    """Breaks where a body leaves torch."""
    x = torch.from_numpy(series(2, 1, length)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: cwt.cwt(x, wavelet, 0.5), x)
    coefficients = cwt.cwt(x.detach(), wavelet, 0.5).contiguous().requires_grad_()
    assert torch.autograd.gradcheck(lambda z: cwt.icwt(z, wavelet, 0.5), coefficients)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", WAVELETS)
def test_no_series_at_all(body, wavelet):
    """Breaks where an empty batch cannot be reshaped."""
    y = cwt.cwt(as_body(body, np.zeros((0, 2, 50))), wavelet)
    assert y.shape == (0, 2, len(cwt.scales(50)), 50)
    assert cwt.icwt(y, wavelet).shape == (0, 2, 50)


def test_what_does_not_exist_is_refused():
    """Breaks where a mistyped wavelet is taken for Ricker's, or coefficients of another spacing are weighted wrongly."""
    x = np.zeros((1, 1, 50))
    for call in (cwt.cwt, cwt.icwt):
        with pytest.raises(ValueError, match="it must be 'morlet' or 'ricker'"):
            call(x, "mexican")
    with pytest.raises(ValueError, match="it must be 'morlet' or 'ricker'"):
        cwt.cone(50, "mexican")
    with pytest.raises(ValueError, match="both must be more than 0"):
        cwt.scales(50, 0)
    with pytest.raises(ValueError, match="have 38 scales"):
        cwt.icwt(cwt.cwt(x), spacing=0.25)
