"""The short-time Fourier transform against SciPy's ShortTimeFFT and a literal loop, its inverse, and mel filters."""

import cmath
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import stft

LENGTHS = (1, 2, 3, 5, 17, 100, 101, 1000)
SIZES = ((2, None), (3, None), (8, None), (9, 4), (16, 8), (17, 3), (20, 5), (64, None), (100, 1), (101, 50), (256, 100))
DTYPES = ((np.float32, np.complex64, 2e-6), (np.float64, np.complex128, 1e-13))


def series(*shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def mirrored(place, length):
    """Walk to and fro between the end readings."""
    while not 0 <= place < length:
        place = 0 if length == 1 else -place if place < 0 else 2 * (length - 1) - place
    return place


def literal(x, size, hop, count):
    """METHODS 3.1, term by term, of one series."""
    out = np.zeros((size // 2 + 1, count), complex)
    for k, f in np.ndindex(*out.shape):
        for j in range(size):
            window = 0.5 - 0.5 * math.cos(2 * math.pi * j / size)
            reading = x[mirrored(f * hop + j - size // 2, len(x))]
            out[k, f] += reading * window * cmath.exp(-2j * math.pi * k * j / size)
    return out


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "kind", "close"), DTYPES)
@pytest.mark.parametrize("length", [1, 2, 3, 5, 17, 40])
@pytest.mark.parametrize(("size", "hop"), [(2, 1), (3, 1), (8, 2), (9, 4), (16, 8), (50, 12)])
def test_stft_is_a_literal_loop(body, dtype, kind, close, length, size, hop):
    """Breaks where the mirror repeats the end reading or turns only once, or a window is symmetric or off its centre."""
    x = series(2, 2, length, dtype=dtype)
    before = x.copy()
    y = as_numpy(stft.stft(as_body(body, x), size, hop))
    count = stft.frames(length, size, hop)
    assert y.dtype == kind
    assert y.shape == (2, 2, size // 2 + 1, count)
    for i, c in np.ndindex(2, 2):
        np.testing.assert_allclose(y[i, c], literal(x[i, c].astype(float), size, hop, count), rtol=0, atol=size * close)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("length", "size", "hop"), [(1024, 128, 32), (1000, 64, 16), (300, 50, 13), (101, 32, 16)])
def test_stft_and_its_inverse_are_scipys(body, length, size, hop):
    """Breaks where a frame is shifted by a reading, or the inverse is another than the least-squares one."""
    x = series(3, 2, length)
    scipys = signal.ShortTimeFFT(signal.windows.hann(size, sym=False), hop, fs=1, scale_to=None, phase_shift=None)
    count = stft.frames(length, size, hop)
    y = stft.stft(as_body(body, x), size, hop)
    inner = slice(-(-size // hop), (length - size) // hop)  # frames that need no mirror
    np.testing.assert_allclose(as_numpy(y)[..., inner], scipys.stft(x, p0=0, p1=count)[..., inner], rtol=0, atol=1e-11)
    changed = as_numpy(y) * series(*y.shape, seed=1)  # no longer the spectrum of any series
    changed[..., : inner.start] = changed[..., inner.stop :] = 0
    ours = as_numpy(stft.istft(as_body(body, changed), length, size, hop))
    padded = np.zeros((*changed.shape[:-1], scipys.p_num(length)), complex)
    padded[..., -scipys.p_min :][..., :count] = changed
    theirs = scipys.istft(padded, k1=length)
    middle = slice(2 * size, length - 2 * size) if length > 4 * size else slice(size, length - size)
    np.testing.assert_allclose(ours[..., middle], theirs[..., middle], rtol=0, atol=1e-11)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "kind", "close"), DTYPES)
@pytest.mark.parametrize(("size", "hop"), SIZES)
def test_the_inverse_is_exact(body, dtype, kind, close, size, hop):
    """Breaks where a reading has next to no window over it, or the series is shorter than half the window."""
    for length in LENGTHS:
        x = series(2, 3, length, dtype=dtype)
        y = as_numpy(stft.istft(stft.stft(as_body(body, x), size, hop), length, size, hop))
        assert y.dtype == dtype
        assert y.shape == x.shape
        np.testing.assert_allclose(y, x, rtol=0, atol=2 * close)


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(1, 300), size=st.integers(2, 90), share=st.floats(0, 1), seed=st.integers(0, 99))
@few
def test_the_inverse_is_exact_at_any_size_and_hop(body, length, size, share, seed):
    """Breaks at hops that do not divide the window, and at primes."""
    hop = 1 + int(share * (size // 2 - 1))
    x = series(2, 1, length, seed=seed)
    y = as_numpy(stft.istft(stft.stft(as_body(body, x), size, hop), length, size, hop))
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("size", "hop"), [(32, 8), (31, 7), (16, 8)])
def test_a_changed_frame_changes_the_readings_under_its_window_alone(body, size, hop):
    """Breaks where a frame lands elsewhere than it was cut, or Σ window² is that of another place."""
    x = series(1, 1, 200)
    spectrum = as_numpy(stft.stft(as_body(body, x), size, hop))
    for f in range(spectrum.shape[3]):
        changed = spectrum.copy()
        changed[..., f] = 0
        moved = np.flatnonzero(np.abs(as_numpy(stft.istft(as_body(body, changed), 200, size, hop)) - x)[0, 0] > 1e-12)
        assert np.abs(moved - f * hop).max() <= size // 2
        assert abs(np.median(moved) - np.clip(f * hop, size / 4, 199 - size / 4)) <= size / 4 + 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("length", "size", "hop"), [(1024, 128, None), (301, 100, 30), (17, 9, 1), (1, 8, None)])
def test_a_row_does_not_feel_its_batch(body, dtype, length, size, hop):
    """Breaks where rows transformed together are rounded otherwise than alone, or blocks of rows are mixed up."""
    x = series(70, 2, length, dtype=dtype)
    spectrum = stft.stft(as_body(body, x), size, hop)
    back = as_numpy(stft.istft(spectrum, length, size, hop))
    for i in (0, 1, 14, 15, 16, 33, 69):
        alone = stft.stft(as_body(body, x[i : i + 1]), size, hop)
        assert np.array_equal(as_numpy(alone)[0], as_numpy(spectrum)[i])
        assert np.array_equal(as_numpy(stft.istft(alone, length, size, hop))[0], back[i])
    some = stft.istft(as_body(body, as_numpy(spectrum)[20:53].copy()), length, size, hop)  # another layout in memory
    np.testing.assert_array_equal(as_numpy(some), back[20:53])


@pytest.mark.parametrize("body", BODIES)
def test_imaginary_parts_that_no_series_has_do_not_count(body):
    """Breaks where a transform of phases at bin 0 or the last bin lets the two bodies differ."""
    spectrum = as_numpy(stft.stft(as_body(body, series(2, 1, 90)), 16)).copy()
    back = as_numpy(stft.istft(as_body(body, spectrum), 90, 16))
    spectrum[:, :, [0, 8]] += 3j
    np.testing.assert_allclose(as_numpy(stft.istft(as_body(body, spectrum), 90, 16)), back, rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
def test_no_series_at_all(body):
    """Breaks where an empty batch cannot be reshaped."""
    y = stft.stft(as_body(body, np.zeros((0, 2, 50))), 16)
    assert y.shape == (0, 2, 9, stft.frames(50, 16))
    assert stft.istft(y, 50, 16).shape == (0, 2, 50)


@pytest.mark.parametrize(("length", "size", "hop"), [(1, 8, None), (20, 8, None), (21, 9, 4), (7, 30, 15)])
def test_gradients_flow_there_and_back(length, size, hop):
    """Breaks where the inverse writes over what a gradient needs, or the mirror drops one."""
    x = torch.from_numpy(series(2, 1, length)).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: stft.stft(x, size, hop), x)
    spectrum = stft.stft(x.detach(), size, hop).contiguous().requires_grad_()
    assert torch.autograd.gradcheck(lambda s: stft.istft(s, length, size, hop), spectrum)


@pytest.mark.parametrize(("size", "hop"), [(1, None), (8, 0), (8, 5), (9, 5)])
def test_sizes_without_an_inverse_are_refused(size, hop):
    """Breaks where a window that leaves readings uncovered divides by zero."""
    with pytest.raises(ValueError, match="at least 2" if size < 2 else "1 to 4"):
        stft.stft(np.zeros((1, 1, 10)), size, hop)


@pytest.mark.parametrize("body", BODIES)
def test_a_spectrum_of_another_length_is_refused(body):
    """Breaks where a wrong length is cut or filled with zeros in silence."""
    spectrum = stft.stft(as_body(body, np.zeros((1, 1, 40))), 8)
    with pytest.raises(ValueError, match="length 60, size 8 and hop 2 have"):
        stft.istft(spectrum, 60, 8)


def test_every_reading_lies_between_two_centres():
    """Breaks where the last readings have only the edge of a window over them, or a frame has no reading at all."""
    for length in range(1, 200):
        for size, hop in ((8, None), (9, 4), (64, 32), (100, 7)):
            step = hop or size // 4
            last = (stft.frames(length, size, hop) - 1) * step
            assert length - 1 <= last < length - 1 + step


def test_default_sizes_are_powers_of_two_near_an_eighth():
    """Breaks where a short series gets no window, or a window grows while the series shrinks."""
    sizes = [stft.default_size(length) for length in range(1, 20000)]
    assert {8, 1024} < set(sizes) <= {2**k for k in range(3, 11)}
    assert sizes == sorted(sizes)
    for length in (100, 128, 140, 500, 1000, 1024, 8192):
        assert abs(math.log2(stft.default_size(length) / (length / 8))) <= 0.5


@pytest.mark.parametrize("bins", [5, 9, 17, 33, 65, 129, 513, 1025])
@pytest.mark.parametrize("rate", [50.0, 8000.0, 16000.0, 48000.0])
def test_mel_filters_share_out_every_bin_and_none_is_empty(bins, rate):
    """Breaks where low filters fall between two bins, or neighbours do not add up to 1."""
    for count in {1, 2, 3, bins // 4, bins // 2, bins - 2} - {0}:
        filters = stft.mel_filters(bins, count, rate)
        assert filters.shape == (count, bins)
        assert filters.min() >= 0
        assert filters.max() <= 1
        assert (filters.max(axis=1) >= 0.5 - 1e-9).all()  # a corner is at most half a bin from a bin, or wider
        assert filters[:, [0, -1]].max() == 0
        centres = (filters * np.arange(bins)).sum(axis=1) / filters.sum(axis=1)
        assert (np.diff(centres) > 0).all()
        first, last = filters[0].argmax() + 1, filters[-1].argmax() - 1
        np.testing.assert_allclose(filters.sum(axis=0)[first : last + 1], 1, rtol=1e-12)
        assert ((filters > 0).sum(axis=0) <= 2).all()


def test_mel_filters_bend_as_the_formula_says():
    """Breaks where corners are equally spaced in hertz, or the filters in mel."""
    bins, rate = 8001, 16000.0  # a bin per hertz
    corners = 700 * (10 ** (np.linspace(0, 2595 * math.log10(1 + 8000 / 700), 12) / 2595) - 1)
    hertz = np.arange(bins)
    for m, row in enumerate(stft.mel_filters(bins, 10, rate)):
        np.testing.assert_allclose(row, np.interp(hertz, corners[m : m + 3], [0, 1, 0]), rtol=0, atol=1e-9)
    slow = stft.mel_filters(101, 4, 1.0)  # at a reading per second the scale is straight
    np.testing.assert_allclose(slow.argmax(axis=1), [20, 40, 60, 80])


@pytest.mark.parametrize(("bins", "count", "rate"), [(9, 8, 16000.0), (9, 0, 16000.0), (9, 3, 0.0), (2, 1, 16000.0)])
def test_too_many_mel_filters_are_refused(bins, count, rate):
    """Breaks where a filter without a bin is returned."""
    with pytest.raises(ValueError, match=r"room for|more than 0"):
        stft.mel_filters(bins, count, rate)
