"""The MODWT against golden numbers, a literal double loop and PyWavelets' stationary transform."""

import math

import numpy as np
import pytest
import pywt
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import modwt as kernel

WAVELETS = ("haar", "db2", "la8", "coif1", "sym5", "db7", "la16", "db9")  # with 2, 4, 8, 6, 10, 14, 16 and 18 taps
LENGTHS = (2, 3, 5, 7, 8, 16, 17, 100, 101)
CLOSE = {np.float32: 3e-6, np.float64: 1e-11}  # PyWavelets prints the taps of the symlets to about 12 digits


def some(length, seed=0, dtype=np.float64, rows=2, channels=2):
    return np.random.default_rng(seed).normal(size=(rows, channels, length)).astype(dtype)


def forward(body, x, wavelet, level, boundary="periodic"):
    details, smooth = kernel.modwt(as_body(body, x), wavelet, level, boundary)
    return as_numpy(details), as_numpy(smooth)


def backward(body, details, smooth, wavelet, boundary="periodic"):
    return as_numpy(kernel.imodwt(as_body(body, details), as_body(body, smooth), wavelet, boundary))


def by_the_book(series, wavelet, level):
    """The sums of METHODS 3.6 for one series, term by term; PyWavelets is asked for the DWT's scaling filter alone."""
    g = pywt.Wavelet({"la8": "sym4", "la16": "sym8"}.get(wavelet, wavelet)).dec_lo
    count, length = len(g), len(series)
    h = [(-1) ** k * g[count - 1 - k] for k in range(count)]
    v, details = list(series), []
    for j in range(1, level + 1):
        before = v
        places = [[(t - 2 ** (j - 1) * k) % length for k in range(count)] for t in range(length)]
        details.append([sum(h[k] / math.sqrt(2) * before[i] for k, i in enumerate(row)) for row in places])
        v = [sum(g[k] / math.sqrt(2) * before[i] for k, i in enumerate(row)) for row in places]
    return np.array(details), np.array(v)


def test_the_filters_are_those_of_an_orthonormal_dwt_over_root_two():
    """Breaks where the scale, the sign of the wavelet filter or the order of the taps is another."""
    for name in WAVELETS:
        g, h = kernel.filters(name)
        assert abs(g.sum() - 1) < 1e-12
        assert abs(h.sum()) < 1e-11
        for k in range(0, len(g), 2):
            assert abs((g[k:] * g[: len(g) - k]).sum() - (k == 0) / 2) < 1e-11
            assert abs((h[k:] * h[: len(h) - k]).sum() - (k == 0) / 2) < 1e-11
            assert abs((g[k:] * h[: len(g) - k]).sum()) < 1e-11
        assert not g.flags.writeable
        assert not h.flags.writeable
    np.testing.assert_allclose(kernel.filters("haar"), [[0.5, 0.5], [0.5, -0.5]], atol=1e-15)


def test_names_of_the_literature_are_names_of_pywavelets():
    """Breaks where la8 is not sym4, or a name depends on its case."""
    for ours, theirs in (("la8", "sym4"), ("la16", "sym8"), ("LA8", "sym4"), ("haar", "db1"), ("Haar", "haar")):
        np.testing.assert_array_equal(kernel.filters(ours), kernel.filters(theirs))


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("la9", "unknown"), ("morl", "unknown"), ("", "unknown"), ("bior2.2", "not orthogonal"), ("dmey", "not orthogonal")],
)
def test_a_wavelet_that_will_not_do_is_named(name, sentence):
    """Breaks where PyWavelets' own error comes through, or the 62 taps of dmey pass, which do not invert to 1e-8."""
    with pytest.raises(ValueError, match=sentence) as caught:
        kernel.filters(name)
    assert repr(name) in str(caught.value)


def test_other_arguments_that_will_not_do():
    """Breaks where a slip of the pen is taken for the default."""
    x = some(8)
    with pytest.raises(ValueError, match="boundary must be"):
        kernel.modwt(x, "haar", 1, "reflect")
    with pytest.raises(ValueError, match="level must be"):
        kernel.modwt(x, "haar", -1)


@pytest.mark.parametrize("wavelet", ["haar", "la8", "la16"])
def test_levels_is_the_formula_and_one_at_least(wavelet):
    """Breaks where the logarithm is rounded the wrong way at a power of two."""
    taps = {"haar": 2, "la8": 8, "la16": 16}[wavelet]
    for length in range(2, 3000):
        level = kernel.levels(length, wavelet)
        room = (length - 1) / (taps - 1) + 1
        assert level >= 1
        assert 2**level <= room or level == 1
        assert room < 2 ** (level + 1)
    assert kernel.levels(1, wavelet) == 0
    assert kernel.levels(1024, "la8") == 7


@pytest.mark.parametrize("body", BODIES)
def test_golden_numbers(body):
    """Breaks where the phase, the sign or the scale is another convention's."""
    x = np.array([1.0, 2, 4, 7, 11, 16, 22, 29])[None, None]
    details, smooth = forward(body, x, "haar", 2)
    np.testing.assert_allclose(details[0, 0, 0], [-14, 0.5, 1, 1.5, 2, 2.5, 3, 3.5], atol=1e-12)
    np.testing.assert_allclose(details[0, 0, 1], [-2, -12, -6, 2, 3, 4, 5, 6], atol=1e-12)
    np.testing.assert_allclose(smooth[0, 0], [17, 13.5, 9, 3.5, 6, 9.5, 14, 19.5], atol=1e-12)
    details, smooth = forward(body, x, "la8", 2)
    first = [-0.820266, -1.323392, 0.948745, 8.838657, -9.628563, 0.484736, 1.500085, 0]
    np.testing.assert_allclose(details[0, 0, 0], first, atol=1e-6)
    low = [14.09069, 7.64792, 4.25072, 4.867687, 8.90931, 15.35208, 18.74928, 18.132313]
    np.testing.assert_allclose(smooth[0, 0], low, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    wavelet=st.sampled_from(WAVELETS), length=st.sampled_from((1, *LENGTHS)), level=st.integers(1, 8), seed=st.integers(0, 99)
)
@few
def test_the_transform_is_a_double_loop_and_comes_back(body, dtype, wavelet, length, level, seed):
    """Breaks at a length shorter than the filter, a level whose step passes the length, or a block of taps left out."""
    x = some(length, seed, dtype)
    kept = x.copy()
    details, smooth = forward(body, x, wavelet, level)
    assert details.shape == (2, 2, level, length)
    assert smooth.shape == x.shape
    assert details.dtype == smooth.dtype == dtype
    for i, c in np.ndindex(2, 2):
        expected, low = by_the_book(x[i, c].astype(np.float64), wavelet, level)
        np.testing.assert_allclose(details[i, c], expected, rtol=0, atol=CLOSE[dtype])
        np.testing.assert_allclose(smooth[i, c], low, rtol=0, atol=CLOSE[dtype])
    y = backward(body, details, smooth, wavelet)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x, rtol=0, atol=10 * CLOSE[dtype])
    assert x.tobytes() == kept.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("wavelet", WAVELETS)
@pytest.mark.parametrize("length", LENGTHS)
def test_energy_means_and_shifts(body, wavelet, length):
    """Breaks where a filter is not orthonormal, not circular, or changes the mean."""
    x = 3 + some(length)
    level = max(int(math.log2(length)), 1)
    details, smooth = forward(body, x, wavelet, level)
    energy = (details**2).sum((2, 3)) + (smooth**2).sum(2)
    np.testing.assert_allclose(energy, (x**2).sum(2), rtol=1e-10)
    np.testing.assert_allclose(details.mean(-1), 0, atol=1e-10)
    np.testing.assert_allclose(smooth.mean(-1), x.mean(-1), atol=1e-10)
    for shift in (1, length // 2, -1):
        moved = forward(body, np.roll(x, shift, -1), wavelet, level)
        np.testing.assert_allclose(moved[0], np.roll(details, shift, -1), atol=1e-10)
        np.testing.assert_allclose(moved[1], np.roll(smooth, shift, -1), atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("wavelet", "name"), [("haar", "haar"), ("la8", "sym4"), ("la16", "sym8"), ("db3", "db3")])
@pytest.mark.parametrize("length", [16, 48, 256])
def test_pywavelets_stationary_transform_is_ours_turned_and_its_details_negated(body, wavelet, name, length):
    """Breaks where a level is scaled or turned otherwise: level j of theirs is ahead by L/2·(2^j - 1) steps."""
    x, level, taps = some(length), 4, len(kernel.filters(wavelet)[0])
    details, smooth = forward(body, x, wavelet, level)
    low, *high = pywt.swt(x, name, level, axis=-1, norm=True, trim_approx=True)
    np.testing.assert_allclose(np.roll(smooth, -taps // 2 * (2**level - 1), -1), low, atol=1e-10)
    for j, theirs in zip(range(level, 0, -1), high, strict=True):
        np.testing.assert_allclose(np.roll(-details[:, :, j - 1], -taps // 2 * (2**j - 1), -1), theirs, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
def test_haar_details_of_level_one_are_half_differences(body):
    """Breaks where the sign of the wavelet filter is PyWavelets' own."""
    x = some(13)
    details, _ = forward(body, x, "haar", 1)
    np.testing.assert_allclose(details[:, :, 0], (x - np.roll(x, 1, -1)) / 2, atol=1e-14)


@pytest.mark.parametrize("body", BODIES)
def test_a_straight_line_has_no_details_away_from_the_wrap(body):
    """Breaks where the filter's vanishing moments are lost: la8 has four, haar one only."""
    x, level = np.arange(200.0)[None, None], 3
    details, _ = forward(body, x, "la8", level)
    for j in range(1, level + 1):
        reach = (2**j - 1) * 7
        np.testing.assert_allclose(details[0, 0, j - 1, reach:], 0, atol=1e-8)
        assert np.abs(details[0, 0, j - 1, :reach]).max() > 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("boundary", kernel.BOUNDARIES)
@pytest.mark.parametrize("wavelet", ["haar", "la8", "db9"])
def test_a_constant_has_no_details_to_the_last_bit(body, dtype, boundary, wavelet):
    """Breaks where the taps' rounding is multiplied by the level of the series."""
    x = np.full((1, 2, 19), 12345.678, dtype)
    details, smooth = forward(body, x, wavelet, 3, boundary)
    assert (details == 0).all()
    assert (smooth == x[0, 0, 0]).all()
    np.testing.assert_array_equal(backward(body, details, smooth, wavelet, boundary), x)
    parts, trend = (as_numpy(part) for part in kernel.mra(as_body(body, x), wavelet, 3, boundary))
    assert (parts == 0).all()
    np.testing.assert_array_equal(trend, x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wavelet", ["haar", "la8", "db7"])
@pytest.mark.parametrize("length", [1, *LENGTHS])
def test_reflection_is_the_transform_of_the_series_and_its_mirror_image(body, dtype, wavelet, length):
    """Breaks where the mirror repeats no reading, coefficients are cut off, or the inverse returns the wrong half."""
    x = some(length, dtype=dtype)
    details, smooth = forward(body, x, wavelet, 2, "reflection")
    assert details.shape == (2, 2, 2, 2 * length)
    expected = forward(body, np.concatenate([x, x[..., ::-1]], axis=-1), wavelet, 2)
    np.testing.assert_array_equal(details, expected[0])
    np.testing.assert_array_equal(smooth, expected[1])
    y = backward(body, details, smooth, wavelet, "reflection")
    assert y.shape == x.shape
    np.testing.assert_allclose(y, x, rtol=0, atol=10 * CLOSE[dtype])
    np.testing.assert_allclose(smooth.mean(-1), x.mean(-1), atol=CLOSE[dtype])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("boundary", kernel.BOUNDARIES)
@pytest.mark.parametrize("wavelet", ["haar", "coif1", "la8", "la16"])
@pytest.mark.parametrize("length", [1, *LENGTHS])
def test_the_parts_of_the_analysis_add_up(body, dtype, boundary, wavelet, length):
    """Breaks where a part is cut short, or is not the inverse of its level alone."""
    x, level = some(length, dtype=dtype), 3
    details, smooth = (as_numpy(part) for part in kernel.mra(as_body(body, x), wavelet, level, boundary))
    assert details.shape == (2, 2, level, length)
    assert details.dtype == smooth.dtype == dtype
    np.testing.assert_allclose(details.sum(2) + smooth, x, rtol=0, atol=10 * CLOSE[dtype])
    coefficients, low = forward(body, x, wavelet, level, boundary)
    for j in range(level):
        alone = np.zeros_like(coefficients)
        alone[:, :, j] = coefficients[:, :, j]
        part = backward(body, alone, np.zeros_like(low), wavelet, boundary)
        np.testing.assert_allclose(details[:, :, j], part, rtol=0, atol=CLOSE[dtype])
    part = backward(body, np.zeros_like(coefficients), low, wavelet, boundary)
    np.testing.assert_allclose(smooth, part, rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("body", BODIES)
def test_the_parts_have_zero_phase(body):
    """Breaks where a part lags: that of a lone impulse must be the same to its left as to its right."""
    x = np.zeros((1, 1, 65))
    x[..., 32] = 1
    details, smooth = (as_numpy(part) for part in kernel.mra(as_body(body, x), "la8", 3))
    np.testing.assert_allclose(details, details[..., ::-1], atol=1e-12)
    np.testing.assert_allclose(smooth, smooth[..., ::-1], atol=1e-12)
    assert (details[0, 0].argmax(-1) == 32).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("boundary", kernel.BOUNDARIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_level_at_all(body, boundary, dtype):
    """Breaks where no level still computes: the smooth part is the series, to the last bit."""
    x = some(7, dtype=dtype)
    details, smooth = forward(body, x, "la8", 0, boundary)
    assert details.shape == (2, 2, 0, smooth.shape[-1])
    np.testing.assert_array_equal(smooth[..., :7], x)
    np.testing.assert_array_equal(backward(body, details, smooth, "la8", boundary), x)
    parts, trend = kernel.mra(as_body(body, x), "la8", 0, boundary)
    assert parts.shape == (2, 2, 0, 7)
    np.testing.assert_array_equal(as_numpy(trend), x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 0, 5), (2, 2, 0)])
def test_no_series_and_no_steps(body, shape):
    """Breaks where an empty batch cannot be reshaped, or a step is taken modulo 0."""
    x = np.zeros(shape)
    details, smooth = forward(body, x, "haar", 3)
    assert details.shape == (*shape[:2], 3, shape[2])
    assert backward(body, details, smooth, "haar").shape == shape
    parts, trend = kernel.mra(as_body(body, x), "haar", 3)
    assert parts.shape == details.shape
    assert trend.shape == shape


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("wavelet", ["haar", "la8", "db9"])
def test_a_row_does_not_feel_its_batch(body, dtype, wavelet):
    """Breaks, in the last bit, where the work is shared out over the batch rather than over a row."""
    x = some(37, dtype=dtype, rows=7, channels=3)
    full = [*forward(body, x, wavelet, 3), *map(as_numpy, kernel.mra(as_body(body, x), wavelet, 3))]
    full.append(backward(body, full[0], full[1], wavelet))
    for rows in ([0], [6], [5, 2], [6, 5, 4, 3, 2, 1, 0]):
        part = np.ascontiguousarray(x[rows])
        alone = [*forward(body, part, wavelet, 3), *map(as_numpy, kernel.mra(as_body(body, part), wavelet, 3))]
        alone.append(backward(body, alone[0], alone[1], wavelet))
        for one, all_ in zip(alone, full, strict=True):
            assert one.tobytes() == np.ascontiguousarray(all_[rows]).tobytes()


def test_both_bodies_take_views_and_agree():
    """Breaks where a reversed, strided or read-only array is taken for a contiguous one."""
    base = some(80, rows=4)
    for x in (base[..., ::-1], base[::2, :, ::3], np.broadcast_to(base[:1, :, :11], (4, 2, 11))):
        ours, theirs = forward("numba", x, "la8", 3), forward("torch", x, "la8", 3)
        np.testing.assert_allclose(ours[0], theirs[0], atol=1e-13)
        np.testing.assert_allclose(ours[1], theirs[1], atol=1e-13)
        np.testing.assert_allclose(backward("numba", ours[0][:, ::-1], ours[1][:, ::-1], "la8")[:, ::-1], x, atol=1e-10)


@pytest.mark.parametrize("boundary", kernel.BOUNDARIES)
@pytest.mark.parametrize("wavelet", ["haar", "la8"])
def test_gradients(boundary, wavelet):
    """Breaks where a part of the torch body leaves the graph."""
    x = torch.from_numpy(some(9, rows=1)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: kernel.modwt(a, wavelet, 2, boundary), (x,))
    assert torch.autograd.gradcheck(lambda a: kernel.mra(a, wavelet, 2, boundary), (x,))
    details, smooth = (part.detach().requires_grad_() for part in kernel.modwt(x, wavelet, 2, boundary))
    assert torch.autograd.gradcheck(lambda a, b: kernel.imodwt(a, b, wavelet, boundary), (details, smooth))
