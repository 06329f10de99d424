"""The DWT against PyWavelets and a literal double loop."""

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import dwt as kernel

NAMES = {"haar": "haar", "db2": "db2", "la8": "sym4", "coif1": "coif1", "db5": "db5", "la16": "sym8", "sym9": "sym9"}
LENGTHS = (1, 2, 3, 5, 7, 8, 16, 17, 100, 101)
CLOSE = {np.float32: 1e-5, np.float64: 2e-11}


def some(length, seed=0, dtype=np.float64, rows=2, channels=2):
    return np.random.default_rng(seed).normal(size=(rows, channels, length)).astype(dtype)


def forward(body, x, wavelet, level, mode="periodization"):
    return [as_numpy(part) for part in kernel.dwt(as_body(body, x), wavelet, level, mode)]


def backward(body, coefficients, wavelet, length, mode="periodization"):
    return as_numpy(kernel.idwt([as_body(body, part) for part in coefficients], wavelet, length, mode))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", kernel.MODES)
@given(wavelet=st.sampled_from(tuple(NAMES)), length=st.sampled_from(LENGTHS), level=st.integers(1, 5), seed=st.integers(0, 99))
@few
@pytest.mark.filterwarnings("ignore:Level value of")
def test_the_transform_is_wavedec_and_comes_back(body, dtype, mode, wavelet, length, level, seed):
    """Breaks at odd lengths, at lengths shorter than the filter and where PyWavelets has another phase or sign."""
    x = some(length, seed, dtype)
    kept = x.copy()
    parts = forward(body, x, wavelet, level, mode)
    theirs = pywt.wavedec(x.astype(np.float64), NAMES[wavelet], mode, level)
    assert [part.shape for part in parts] == [part.shape for part in theirs]
    for ours, expected in zip(parts, theirs, strict=True):
        assert ours.dtype == dtype
        np.testing.assert_allclose(ours, expected, rtol=0, atol=CLOSE[dtype])
    y = backward(body, parts, wavelet, length, mode)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x, rtol=0, atol=CLOSE[dtype])
    assert x.tobytes() == kept.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", kernel.MODES)
@pytest.mark.parametrize("wavelet", NAMES)
def test_the_inverse_is_waverec_of_any_coefficients(body, mode, wavelet):
    """Breaks where the inverse is right only for coefficients that come from a series."""
    for length in (16, 21, 50):
        rng = np.random.default_rng(length)
        parts = [rng.normal(size=part.shape) for part in forward(body, some(length), wavelet, 2, mode)]
        expected = pywt.waverec(parts, NAMES[wavelet], mode)[..., :length]
        np.testing.assert_allclose(backward(body, parts, wavelet, length, mode), expected, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", NAMES)
@pytest.mark.parametrize("length", [2, 6, 7, 20])
def test_one_level_is_a_double_loop(body, wavelet, length):
    """Breaks where PyWavelets changes its phase: C[n] = Σ taps[j]·x[2n + L/2 - j], modulo the even length."""
    x = some(length, rows=1, channels=1)
    bank = pywt.Wavelet(NAMES[wavelet])
    series = [*x[0, 0], *x[0, 0, length - length % 2 :]]  # an odd length ends with its last reading twice
    for got, taps in zip(forward(body, x, wavelet, 1), (bank.dec_lo, bank.dec_hi), strict=True):
        for n in range(len(series) // 2):
            expected = sum(tap * series[(2 * n + len(taps) // 2 - j) % len(series)] for j, tap in enumerate(taps))
            assert abs(got[0, 0, n] - expected) < 1e-12


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", NAMES)
@pytest.mark.parametrize("length", [8, 16, 48])
def test_energy_is_kept_and_levels_are_bands_of_their_own(body, wavelet, length):
    """Breaks where a basis function is not of length 1 or overlaps another: masking a level removes that level alone."""
    x = some(length)
    parts = forward(body, x, wavelet, 3)
    np.testing.assert_allclose(sum((part**2).sum(-1) for part in parts), (x**2).sum(-1), rtol=1e-10)
    masked = [part * (k != 2) for k, part in enumerate(parts)]
    again = forward(body, backward(body, masked, wavelet, length), wavelet, 3)
    for got, expected in zip(again, masked, strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("mode", kernel.MODES)
def test_a_constant_has_no_details_to_the_last_bit(body, dtype, mode):
    """Breaks where the taps' rounding is multiplied by the level of the series, or the level is put back unscaled."""
    x = np.full((1, 2, 19), 12345.678, dtype)
    low, *details = forward(body, x, "la8", 3, mode)
    assert all((part == 0).all() for part in details)
    np.testing.assert_allclose(low, x[0, 0, 0] * np.sqrt(8), rtol=1e-6 if dtype == np.float32 else 1e-14)
    np.testing.assert_allclose(backward(body, [low, *details], "la8", 19, mode), x, rtol=2e-6)


@pytest.mark.parametrize("length", [1, 2, 5, 7, 8, 14, 15, 100, 1024])
def test_max_level_is_that_of_pywavelets(length):
    """Breaks where a name of the literature is not looked up, or a short series has a negative level."""
    for wavelet, name in NAMES.items():
        assert kernel.max_level(length, wavelet) == pywt.dwt_max_level(length, name)
    assert kernel.max_level(1, "la16") == 0


def test_arguments_that_will_not_do():
    """Breaks where a slip of the pen is taken for the default."""
    x = some(8)
    with pytest.raises(ValueError, match="mode must be one of"):
        kernel.dwt(x, "haar", 1, "periodisation")
    with pytest.raises(ValueError, match="mode must be one of"):
        kernel.idwt([x, x], "haar", 16, "periodisation")
    with pytest.raises(ValueError, match="level must be"):
        kernel.dwt(x, "haar", -1)
    with pytest.raises(ValueError, match="unknown wavelet"):
        kernel.dwt(x, "la7", 1)


@pytest.mark.parametrize("body", BODIES)
def test_no_level_is_a_copy(body):
    """Breaks where the coefficients are the caller's own array, which an operation may then write on."""
    x = as_body(body, some(7))
    (low,) = kernel.dwt(x, "haar", 0)
    np.testing.assert_array_equal(as_numpy(low), as_numpy(x))
    back = kernel.idwt([low], "haar", 7)
    low[:] = 0
    assert (as_numpy(x) != 0).all()
    np.testing.assert_array_equal(as_numpy(back), as_numpy(x))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", kernel.MODES)
@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 0, 5), (2, 2, 0)])
def test_no_series_and_no_steps(body, mode, shape):
    """Breaks where an empty batch is refused by PyWavelets."""
    parts = forward(body, np.zeros(shape), "la8", 2, mode)
    assert len(parts) == 3
    assert backward(body, parts, "la8", shape[2], mode).shape == shape


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wavelet", ["haar", "la8", "sym9"])
@pytest.mark.parametrize("mode", kernel.MODES)
@pytest.mark.parametrize("length", [37, 64])
def test_a_row_does_not_feel_its_batch(body, dtype, wavelet, mode, length):
    """Breaks, in the last bit, where the work is shared out over the batch rather than over a row."""
    x = some(length, dtype=dtype, rows=7, channels=3)
    full = forward(body, x, wavelet, 3, mode)
    full.append(backward(body, full, wavelet, length, mode))
    for rows in ([0], [6], [5, 2], [6, 5, 4, 3, 2, 1, 0]):
        part = forward(body, np.ascontiguousarray(x[rows]), wavelet, 3, mode)
        part.append(backward(body, part, wavelet, length, mode))
        for one, all_ in zip(part, full, strict=True):
            assert one.tobytes() == np.ascontiguousarray(all_[rows]).tobytes()


def test_views_are_read_as_they_are():
    """Breaks where a reversed, strided or read-only array is taken for a contiguous one."""
    base = some(80, rows=4)
    for x in (base[..., ::-1], base[::2, :, ::3], np.broadcast_to(base[:1, :, :11], (4, 2, 11))):
        for view, copy in zip(forward("numba", x, "la8", 2), forward("numba", x.copy(), "la8", 2), strict=True):
            assert view.tobytes() == copy.tobytes()


@pytest.mark.parametrize("mode", kernel.MODES)
@pytest.mark.parametrize("wavelet", ["haar", "la8"])
def test_gradients(mode, wavelet):
    """Breaks where a part of the torch body leaves the graph."""
    x = torch.from_numpy(some(9, rows=1)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: tuple(kernel.dwt(a, wavelet, 2, mode)), (x,))
    parts = [part.detach().requires_grad_() for part in kernel.dwt(x, wavelet, 2, mode)]
    assert torch.autograd.gradcheck(lambda *a: kernel.idwt(list(a), wavelet, 9, mode), parts)
