"""Autoregressive models against statsmodels, SciPy's filters, and a criterion reckoned order by order."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg, signal, stats
from statsmodels.regression.linear_model import yule_walker
from statsmodels.tsa.arima_process import arma_acovf
from statsmodels.tsa.stattools import acovf, levinson_durbin

from kernels.oracles import BODIES, FALSE_ALARM, as_body, as_numpy, few
from variate.kernels import autoregression as kernel

LENGTHS = (2, 3, 4, 5, 7, 16, 37, 100, 257)
PHI = np.array([0.5, -0.4, 0.3])


def some(length, seed=0, dtype=np.float64, rows=2, channels=2):
    """Autoregressive series of order 3 about 5, in another unit in each row."""
    noise = np.random.default_rng(seed).normal(size=(rows, channels, length + 30))
    series = signal.lfilter([1], [1, *-PHI], noise)[..., 30:]
    return (10.0 ** np.arange(rows)[:, None, None] * (5 + series)).astype(dtype)


def fitted(body, x, most=0):
    coefficients, deviation = kernel.fit_ar(as_body(body, x), most)
    return as_numpy(coefficients), as_numpy(deviation)


def run(body, coefficients, innovations, burn=0):
    return as_numpy(kernel.simulate_ar(as_body(body, coefficients), as_body(body, innovations), burn))


def left(body, x, coefficients):
    return as_numpy(kernel.residuals_ar(as_body(body, x), as_body(body, coefficients)))


def chosen_by_the_book(series, most):
    """The model of lowest AIC: the Toeplitz equations of every order solved on their own."""
    covariance = np.append(acovf(series, fft=False), np.zeros(most))
    models, criteria = [np.zeros(0)], [0.0]
    for order in range(1, most + 1):
        model = linalg.solve_toeplitz(covariance[:order], covariance[1 : order + 1])
        variance = covariance[0] - model @ covariance[1 : order + 1]
        models.append(model)
        criteria.append(len(series) * np.log(variance / covariance[0]) + 2 * order)
    return models[int(np.argmin(criteria))]


def test_the_largest_order_is_the_formula():
    """Breaks where the logarithm is natural, or a quarter is rounded up."""
    for length in range(1, 3000):
        assert kernel.largest_order(length) == math.floor(min(10 * math.log10(length), length / 4))
    assert [kernel.largest_order(length) for length in (0, 1, 3, 4, 100, 1000)] == [0, 0, 0, 1, 20, 30]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(length=st.sampled_from(LENGTHS), most=st.sampled_from((0, 1, 2, 5, 12)), seed=st.integers(0, 99))
@few
def test_a_model_is_yules_and_walkers_of_akaikes_order(body, dtype, length, most, seed):
    """Breaks with another divisor, criterion, mean or recursion, or where a model is given to another row."""
    x = some(length, seed, dtype)
    kept = x.copy()
    coefficients, deviation = fitted(body, x, most)
    largest = most or kernel.largest_order(length)
    assert coefficients.shape == (2, 2, largest)
    assert coefficients.dtype == np.float64
    assert deviation.shape == (2, 2, 1)
    assert deviation.dtype == dtype
    for i, c in np.ndindex(2, 2):
        series = x[i, c].astype(np.float64)
        expected = chosen_by_the_book(series, largest)
        order = len(expected)
        np.testing.assert_allclose(coefficients[i, c, :order], expected, rtol=1e-7, atol=1e-9)
        assert (coefficients[i, c, order:] == 0).all()
        sigma = series.std()
        if order:
            same, sigma = yule_walker(series, order, method="mle", result_object=False)
            np.testing.assert_allclose(coefficients[i, c, :order], same, rtol=1e-7, atol=1e-9)
            variance = levinson_durbin(acovf(series, fft=False), nlags=order, isacov=True)[0]
            np.testing.assert_allclose(sigma**2, variance, rtol=1e-7)
        np.testing.assert_allclose(deviation[i, c, 0], sigma, rtol=1e-6 if dtype == np.float32 else 1e-9)
    np.testing.assert_array_equal(x, kept)


def test_noise_gets_no_coefficients_and_its_own_deviation():
    """Breaks where order 0 is not among those tried, or the penalty of an order is not 2."""
    x = np.random.default_rng(0).normal(size=(200, 1, 400))
    coefficients, deviation = fitted("numba", x, 1)
    none = (coefficients == 0).all(-1)
    np.testing.assert_allclose(deviation[none], x.std(-1, keepdims=True)[none], rtol=1e-12)
    share = stats.chi2.cdf(2, 1)  # Akaike's criterion takes an order that is not there with probability 16 %
    assert stats.binomtest(int(none.sum()), 200, share).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 2, 3, 40])
@pytest.mark.parametrize("level", [0, 0.1, -12345.678])
def test_a_constant_has_a_model_of_zeros(body, dtype, length, level):
    """Breaks where 0 is divided by 0, or the rounded mean of a constant leaves something to fit."""
    x = np.full((2, 1, length), level, dtype)
    coefficients, deviation = fitted(body, x, 3)
    assert (coefficients == 0).all()
    assert (deviation == 0).all()
    assert (left(body, x, coefficients) == 0).all()
    assert (run(body, coefficients, 0 * x) == 0).all()


@pytest.mark.parametrize("body", BODIES)
def test_neither_unit_nor_level_matters(body):
    """Breaks where an absolute number decides what is small, or the mean is not taken off."""
    x = some(100)
    coefficients, deviation = fitted(body, x)
    rest = left(body, x, coefficients)
    for size in (2.0**-40, 2.0**40):
        same, larger = fitted(body, size * x)
        np.testing.assert_array_equal(same, coefficients)
        np.testing.assert_array_equal(larger, size * deviation)
        np.testing.assert_array_equal(left(body, size * x, coefficients), size * rest)
    same, shifted = fitted(body, x + 1e6)
    np.testing.assert_allclose(same, coefficients, atol=1e-6)
    np.testing.assert_allclose(shifted, deviation, rtol=1e-6)
    np.testing.assert_allclose(left(body, x + 1e6, coefficients), rest, atol=1e-8)


@pytest.mark.parametrize("length", [200, 1000])
def test_a_smooth_series_keeps_its_orders(length):
    """Breaks where the search ends at once because the first order leaves little: a cubic needs two, and then leaves less."""
    steps = np.linspace(-1, 1, length)
    series = steps**3 - steps
    coefficients, deviation = fitted("numba", series[None, None])
    expected = chosen_by_the_book(series, kernel.largest_order(length))
    assert len(expected) > 1
    np.testing.assert_allclose(coefficients[0, 0, : len(expected)], expected, rtol=1e-7)
    assert deviation[0, 0, 0] < 0.01 * series.std()


@pytest.mark.parametrize("length", [50, 200, 1000])
@pytest.mark.parametrize("most", [0, 45])
def test_a_model_of_a_smooth_wave_is_stationary(length, most):
    """Breaks where an order is kept that rounding takes beyond a reflection of 1: what it simulates grows without end."""
    steps = np.linspace(-1, 1, length)
    bells = [np.exp(-width * steps**2) * np.cos(wave * steps) for width in (5, 20, 40) for wave in (0, 10, 40)]
    windows = [np.hanning(length) ** power * np.sin(20 * power * steps) for power in (1, 2, 3, 4)]
    for dtype in (np.float32, np.float64):
        coefficients, deviation = fitted("numba", np.array([*bells, *windows])[:, None].astype(dtype), most)
        assert (deviation > 0).all()
        impulse = np.zeros((len(coefficients), 1, 30 * length))
        impulse[..., 0] = 1
        answer = np.abs(run("numba", coefficients, impulse))
        assert (answer[..., -length:].max(-1) <= answer[..., : 15 * length].max(-1)).all()
        for model in coefficients[:, 0]:
            assert np.abs(np.roots([1, *-np.trim_zeros(model, "b")])).max(initial=0) < 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    length=st.sampled_from((1, *LENGTHS)),
    burn=st.sampled_from((0, 1, 7, 300)),
    order=st.sampled_from((0, 1, 3, 6)),
    seed=st.integers(0, 99),
)
@few
def test_simulation_is_a_filter(body, dtype, length, burn, order, seed):
    """Breaks where coefficients run the wrong way, a row gets another's, or the wrong end is dropped."""
    rng = np.random.default_rng(seed)
    coefficients, innovations = rng.uniform(-0.3, 0.3, (2, 2, order)), rng.normal(size=(2, 2, length)).astype(dtype)
    coefficients[0, 0, order // 2 :] = 0
    kept = coefficients.copy(), innovations.copy()
    ours = run(body, coefficients, innovations, burn)
    assert ours.shape == (2, 2, max(length - burn, 0))
    assert ours.dtype == dtype
    for i, c in np.ndindex(2, 2):
        expected = signal.lfilter([1], [1, *-coefficients[i, c]], innovations[i, c].astype(np.float64))[burn:]
        np.testing.assert_allclose(ours[i, c], expected, rtol=1e-6 if dtype == np.float32 else 1e-12, atol=1e-7)
    np.testing.assert_array_equal(coefficients, kept[0])
    np.testing.assert_array_equal(innovations, kept[1])


def stationary(order, seed):
    """Coefficients of a stationary model of that order, whose roots lie within 0.9."""
    rng = np.random.default_rng(seed)
    pairs = [rng.uniform(0, 0.9) * np.exp(1j * rng.uniform(0, np.pi)) for _ in range(order // 2)]
    roots = [*pairs, *np.conj(pairs), *rng.uniform(-0.9, 0.9, order % 2)]
    return -np.poly(roots).real[1:] if roots else np.zeros(0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(length=st.sampled_from((1, *LENGTHS)), order=st.sampled_from((0, 1, 2, 3, 6)), seed=st.integers(0, 99))
@few
def test_residuals_are_the_innovations_of_the_process(body, dtype, length, order, seed):
    """Breaks where the first readings are not predicted by what went before them, or their errors not scaled.

    The oracle whitens a series by the Cholesky factor of the covariance matrix of the whole process.
    """
    x = some(length, seed, dtype)
    coefficients = np.zeros((2, 2, order + 2))
    coefficients[..., :order] = [[stationary(order, seed + 2 * i + c) for c in (0, 1)] for i in (0, 1)]
    kept = x.copy(), coefficients.copy()
    ours = left(body, x, coefficients)
    assert ours.shape == x.shape
    assert ours.dtype == dtype
    for i, c in np.ndindex(2, 2):
        covariance = arma_acovf([1, *-coefficients[i, c, :order]], [1], nobs=length)
        factor = np.linalg.cholesky(linalg.toeplitz(covariance))
        centred = x[i, c].astype(np.float64) - x[i, c].mean(dtype=np.float64)
        expected = linalg.solve_triangular(factor, centred, lower=True)
        np.testing.assert_allclose(ours[i, c], expected, rtol=1e-5, atol=(1e-5 if dtype == np.float32 else 1e-8) * 10**i)
    np.testing.assert_array_equal(x, kept[0])
    np.testing.assert_array_equal(coefficients, kept[1])


def test_a_model_that_is_not_stationary_tells_its_first_residuals_not_at_all():
    """Breaks where a random walk, of which no reading has a variance, divides by 0 or takes the root of less."""
    x = some(50)
    for coefficients in ([1.0, 0], [0.5, 1], [0, -3.0]):
        model = np.broadcast_to(coefficients, (2, 2, 2))
        order = 2 if coefficients[1] else 1
        ours = left("numba", x, model)
        assert (ours[..., :order] == 0).all()
        centred = x - x.mean(-1, keepdims=True)
        expected = signal.lfilter([1, -coefficients[0], -coefficients[1]], [1], centred)
        np.testing.assert_allclose(ours[..., order:], expected[..., order:], rtol=1e-9, atol=1e-9)


def test_a_longer_series_than_the_first_readings_is_taken_off_and_put_back():
    """Breaks where simulation and residuals disagree on the sign or the order of the coefficients."""
    rng = np.random.default_rng(4)
    innovations = rng.normal(size=(3, 1, 4000))
    coefficients = np.broadcast_to(PHI, (3, 1, 3))
    series = run("numba", coefficients, innovations)
    rest = left("numba", series, coefficients)
    shift = (1 - PHI.sum()) * series.mean(-1, keepdims=True)
    np.testing.assert_allclose(rest[..., 3:], (innovations - shift)[..., 3:], atol=1e-10)


@pytest.mark.parametrize("source", ["normal", "resampled"])
def test_a_simulation_has_the_variance_of_the_series(source):
    """Breaks where the deviation is a variance, residuals have another, or the wrong model is run.

    Of a Gaussian process the relative standard error of a variance over T readings is √(2·Σρ²/T), here summed over all lags;
    20 % is at least as many standard errors as the false-alarm rate of this file allows to each of the rows.
    """
    rows, length, burn = 4, 20000, 200
    rng = np.random.default_rng(11)
    x = signal.lfilter([1], [1, -0.5, -0.3], rng.normal(size=(rows, 1, length + 500)))[..., 500:] * 7 + 100
    correlation = arma_acovf([1, -0.5, -0.3], [1], nobs=200)
    error = math.sqrt(2 * (2 * ((correlation / correlation[0]) ** 2).sum() - 1) / length)
    assert 1.1 * stats.norm.isf(FALSE_ALARM / (2 * rows)) * error < 0.2  # a tenth for what the fit itself is off
    coefficients, deviation = fitted("numba", x)
    if source == "normal":
        innovations = deviation * rng.normal(size=(rows, 1, burn + length))
    else:
        rest = left("numba", x, coefficients)
        innovations = np.take_along_axis(rest, rng.integers(0, length, (rows, 1, burn + length)), axis=-1)
    ratio = run("numba", coefficients, innovations, burn).var(-1) / x.var(-1)
    assert (np.abs(ratio - 1) < 0.2).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 0, 5), (2, 2, 0), (2, 2, 1)])
def test_no_series_and_no_steps(body, shape):
    """Breaks where an empty batch cannot be reshaped, or a logarithm is taken of 0."""
    x = np.ones(shape)
    for most in (0, 3):
        coefficients, deviation = fitted(body, x, most)
        assert coefficients.shape == (*shape[:2], most or kernel.largest_order(shape[2]))
        assert deviation.shape == (*shape[:2], 1)
        assert left(body, x, coefficients).shape == shape
        assert run(body, coefficients, x).shape == shape
        assert run(body, coefficients, x, 2).shape == (*shape[:2], max(shape[2] - 2, 0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_does_not_feel_its_batch(dtype):
    """Breaks, in the last bit, where the work is shared out over the batch or a row leaves something behind."""
    x = some(61, dtype=dtype, rows=5, channels=3)
    x[1, 0] = 3
    coefficients, deviation = fitted("numba", x, 9)
    full = coefficients, deviation, left("numba", x, coefficients), run("numba", coefficients, x, 5)
    for rows in ([0], [4], [3, 1], [4, 3, 2, 1, 0]):
        part, model = x[rows], coefficients[rows]
        alone = *fitted("numba", part, 9), left("numba", part, model), run("numba", model, part, 5)
        for one, all_ in zip(alone, full, strict=True):
            assert one.tobytes() == all_[rows].tobytes()


def test_views_are_read_as_they_are():
    """Breaks where a reversed, strided or broadcast array is taken for a contiguous one."""
    base = some(120, rows=4)
    for x in (base[..., ::-1], base[::2, :, ::3], np.broadcast_to(base[:1], base.shape)):
        coefficients, deviation = fitted("numba", x, 4)
        same, too = fitted("numba", x.copy(), 4)
        np.testing.assert_array_equal(coefficients, same)
        np.testing.assert_array_equal(deviation, too)
        backwards = coefficients[..., ::-1]
        np.testing.assert_array_equal(left("numba", x, backwards), left("numba", x.copy(), backwards.copy()))
        np.testing.assert_array_equal(run("numba", backwards, x), run("numba", backwards.copy(), x.copy()))


def test_tensors_come_back_as_tensors():
    """Breaks where the round trip forgets its way back."""
    x = torch.from_numpy(some(40, dtype=np.float32))
    coefficients, deviation = kernel.fit_ar(x)
    assert (coefficients.dtype, deviation.dtype) == (torch.float64, torch.float32)
    for made in (kernel.residuals_ar(x, coefficients), kernel.simulate_ar(coefficients, x, 3)):
        assert isinstance(made, torch.Tensor)
        assert made.dtype == torch.float32
