"""RobustTrend against CVXPY, a convex solver that knows nothing of bands, and against the limits that have closed forms."""

import math

import cvxpy
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import uniform_filter1d
from scipy.optimize import brentq, minimize
from statsmodels.tsa.seasonal import STL

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels.robust_trend import robust_trend

DTYPES = (np.float32, np.float64)
WEIGHTS = ((1, 5), (0, 1e-6), (1e-3, 0), (0, 5), (100, 0.01), (0.01, 1e4), (1e4, 0), (1e4, 1e4), (3, 300))
KINDS = ("noise", "walk", "jumps", "slopes", "seasonal", "spikes", "ends", "step", "line", "wave", "heavy", "binary")


def series(kind, length, seed=0):
    """One series (t,) of a kind that a trend is asked of."""
    rng, t = np.random.default_rng(seed), np.arange(length)
    noise = rng.normal(size=length)
    if kind == "noise":
        return noise
    if kind == "walk":
        return np.cumsum(noise)
    if kind == "jumps":
        return np.where(t < 0.3 * length, 0, np.where(t < 0.7 * length, 5, -2)) + 0.3 * noise
    if kind == "slopes":
        return np.interp(t / length, [0, 0.4, 0.6, 1], [0, 10, -3, 0]) + 0.3 * noise
    if kind == "seasonal":
        return 3 * np.sin(2 * np.pi * t / 24) + 0.02 * t + 0.3 * noise
    if kind == "spikes":
        return 0.1 * np.cumsum(noise) + 0.2 * rng.normal(size=length) + 50 * (rng.random(length) < 0.05)
    if kind == "ends":
        return 0.2 * noise + 10 * (t < 3) - 20 * (t == length - 1)
    if kind == "step":
        return np.where(t < length / 2, 0.0, 1.0)
    if kind == "line":
        return 0.1 * t
    if kind == "wave":
        return np.sin(2 * np.pi * t / 50)
    if kind == "heavy":
        return rng.standard_cauchy(length)
    return (rng.random(length) < 0.3) * 1.0


def trend(x, body="numba", **options):
    """The trend of one series (t,)."""
    return as_numpy(robust_trend(as_body(body, np.asarray(x)[None, None]), **options))[0, 0]


def standard(x):
    """The median and the unit of a series, literally."""
    away = np.abs(x - np.median(x))
    return np.median(x), np.median(away) if np.median(away) > 0 else away.mean()


def bend(y):
    """The bound of the loss: 1.345·1.4826 times what a running median over seven readings leaves, or 0.2 if that is more."""
    reach = [min(3, t, len(y) - 1 - t) for t in range(len(y))]
    left = [abs(y[t] - np.median(y[t - r : t + r + 1])) for t, r in enumerate(reach)]
    return 1.345 * 1.4826 * max(np.median(left), 0.2)


def objective(y, tau, first, second, gamma):
    far = np.abs(y - tau)
    loss = np.where(far <= gamma, far**2 / 2, gamma * far - gamma**2 / 2).sum()
    return loss + first * np.abs(np.diff(tau)).sum() + second * np.abs(np.diff(tau, 2)).sum()


def by_cvxpy(y, first, second, gamma):
    """The lowest objective; CVXPY's huber is twice the Huber loss."""
    tau = cvxpy.Variable(len(y))
    total = cvxpy.sum(cvxpy.huber(y - tau, gamma)) / 2
    if first > 0 and len(y) > 1:
        total += first * cvxpy.norm1(cvxpy.diff(tau))
    if second > 0 and len(y) > 2:
        total += second * cvxpy.norm1(cvxpy.diff(tau, 2))
    cvxpy.Problem(cvxpy.Minimize(total)).solve(solver="CLARABEL")
    return objective(y, tau.value, first, second, gamma)


def excess(x, first, second, gamma=0.0, **options):
    """How much larger the objective of the trend is than the lowest, as a share of it; for lines, of a constant's."""
    level, unit = standard(x)
    y, tau = (x - level) / unit, (trend(x, reg1=first, reg2=second, gamma=gamma, **options) - level) / unit
    bound = gamma or bend(y)
    lowest = by_cvxpy(y, first, second, bound)
    return (objective(y, tau, first, second, bound) - lowest) / (lowest + 1e-6 * objective(y, 0 * y, first, second, bound))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_objective_is_the_lowest(kind, weights):
    """Breaks where the method stops early or loses digits, or a unit, the default γ or a weight is another's."""
    assert excess(series(kind, 100), *weights) < 1e-6


@pytest.mark.parametrize("gamma", [0.05, 0.5, 10.0])
def test_gamma_is_in_the_unit_of_the_median_deviation(gamma):
    """Breaks where a given γ is not what the loss uses, or is in the unit of x."""
    assert abs(excess(1e4 * series("slopes", 90), 1, 5, gamma)) < 1e-6


@given(length=st.integers(2, 12), seed=st.integers(0, 999), weights=st.sampled_from(WEIGHTS), ties=st.booleans())
@few
def test_short_series(length, seed, weights, ties):
    """Breaks where there is no second difference, no first one, or most readings are equal."""
    x = np.random.default_rng(seed).normal(size=length)
    x = np.round(x) if ties else x
    if np.ptp(x) == 0:
        np.testing.assert_array_equal(trend(x), x)
        return
    assert abs(excess(x, *weights)) < 1e-6


@pytest.mark.parametrize("weights", [(1, 5), (1, 1e4), (1e4, 1e4)])
def test_a_thousand_readings(weights):
    """Breaks where the equations lose their digits along the series, or need more steps than are allowed."""
    for kind in ("jumps", "seasonal", "spikes"):
        assert abs(excess(series(kind, 1000), *weights)) < 1e-6


def test_most_steps():
    """Breaks where the limit is not kept: no step leaves the median, each few come nearer."""
    x = series("slopes", 200)
    np.testing.assert_array_equal(trend(x, most=0), np.full(200, np.median(x)))
    level, unit = standard(x)
    y = (x - level) / unit
    found = [objective(y, (trend(x, most=most) - level) / unit, 1, 5, bend(y)) for most in (0, 3, 6, 9, 50, 500)]
    assert found[0] > found[1] > found[2] > found[3] > found[4]
    assert found[5] == found[4]
    assert found[3] - found[4] > 1e-6 * found[4]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_added_is_added_and_a_factor_is_a_factor(body, kind):
    """Breaks where a tolerance, or the loss, is in the unit of x."""
    x = series(kind, 150)
    tau, size = trend(x, body), np.ptp(x)
    np.testing.assert_allclose(trend(x + 100 * size, body) - 100 * size, tau, rtol=0, atol=1e-7 * size)
    np.testing.assert_allclose(trend(-x, body), -tau, rtol=0, atol=1e-7 * size)
    np.testing.assert_allclose(trend(x[::-1], body)[::-1], tau, rtol=0, atol=1e-7 * size)
    for factor in (1e-6, 1e6, 1e-150, 1e150):
        np.testing.assert_allclose(trend(factor * x, body) / factor, tau, rtol=0, atol=1e-7 * size)


@pytest.mark.parametrize("kind", KINDS)
def test_float32_is_worked_on_in_float64(kind):
    """Breaks where float32 is summed up as such, or comes out as float64."""
    x = series(kind, 150).astype(np.float32)
    tau = trend(x)
    assert tau.dtype == np.float32
    np.testing.assert_array_equal(tau, trend(x.astype(float)).astype(np.float32))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_without_weights_the_trend_is_the_series(body, dtype):
    """Breaks where no penalty still smooths; the memory must not be that of x."""
    x = series("walk", 60).astype(dtype)[None, None]
    whole = as_body(body, x)
    tau = robust_trend(whole, reg1=0, reg2=0)
    np.testing.assert_array_equal(as_numpy(tau), x)
    tau[...] = 0
    assert np.abs(as_numpy(whole)).max() > 0
    for weights in ((1e-7, 0), (0, 1e-7), (1e-7, 1e-7)):
        near = trend(x[0, 0], body, reg1=weights[0], reg2=weights[1])
        np.testing.assert_allclose(near, x[0, 0], rtol=0, atol=1e-5 * np.ptp(x))


@pytest.mark.parametrize("kind", ["noise", "walk", "jumps", "spikes", "ends", "heavy", "binary"])
@pytest.mark.parametrize("weight", [1e4, 1e9, math.inf])
def test_a_large_first_weight_leaves_the_huber_location(kind, weight):
    """Breaks where the constant is the mean or the median, or is not constant."""
    x = series(kind, 101)
    level, unit = standard(x)
    y = (x - level) / unit
    bound = bend(y)
    location = brentq(lambda m: np.clip(y - m, -bound, bound).sum(), y.min(), y.max(), xtol=1e-14)
    for second in (0, 5, math.inf):
        tau = trend(x, reg1=weight, reg2=second)
        assert np.ptp(tau) == 0
        np.testing.assert_allclose((tau - level) / unit, location, atol=2e-4)


@pytest.mark.parametrize("kind", ["noise", "walk", "slopes", "spikes", "ends", "line"])
@pytest.mark.parametrize("weight", [1e6, math.inf])
def test_a_large_second_weight_leaves_a_robust_line(kind, weight):
    """Breaks where the line is that of least squares, or is not straight."""
    x, t = series(kind, 101), np.linspace(-1, 1, 101)
    level, unit = standard(x)
    y = (x - level) / unit
    tau = (trend(x, reg1=0, reg2=weight) - level) / unit
    assert np.abs(np.diff(tau, 2)).max() < 1e-12 * max(1, np.abs(tau).max())

    def loss(line):
        return objective(y, line[0] + line[1] * t, 0, 0, bend(y))

    found = loss([tau.mean(), (tau[-1] - tau[0]) / 2])
    lowest = minimize(
        loss, [np.median(y), 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000}
    ).fun
    assert found <= lowest + 1e-8 * loss([0, 0])


@pytest.mark.parametrize("length", [3, 5, 10, 30])
def test_the_line_is_straight_however_wild_the_series(length):
    """Breaks where the line is as straight as the objective happens to ask for."""
    x = np.random.default_rng(0).normal(size=length)
    x[length // 2] = 1e6
    for first in (0, 1):
        tau = trend(x, reg1=first, reg2=math.inf)
        assert np.abs(np.diff(tau, 2)).max() < 1e-14 * np.abs(tau).max() + 1e-15


@pytest.mark.parametrize("place", [0, 60, 119])
@pytest.mark.parametrize("size", [50, -50, 1e5])
def test_a_spike_moves_the_trend_little_however_large(place, size):
    """Breaks where the loss is quadratic, or the unit grows with the spike; averages and STL are moved by its height."""
    rng, t = np.random.default_rng(0), np.arange(120)
    x = 0.03 * t + np.sin(2 * np.pi * t / 12) + 0.3 * rng.normal(size=120)
    spiked = x.copy()
    spiked[place] += size * x.std()
    moved = np.abs(trend(spiked) - trend(x)).max()
    assert moved < 0.5 * x.std()
    if place == 60:
        stl = np.abs(STL(spiked, period=12).fit().trend - STL(x, period=12).fit().trend).max()
        average = np.abs(uniform_filter1d(spiked, 13) - uniform_filter1d(x, 13)).max()
        assert moved < 0.2 * min(stl, average)


@pytest.mark.parametrize("noise", [0, 0.01, 0.3])
@pytest.mark.parametrize("length", [100, 300])
def test_jumps_are_where_they_are(noise, length):
    """Breaks where the trend lags or leads, or is flat because quiet readings have no say; λ2 makes a jump a short ramp."""
    t, places = np.arange(length), np.array([3, 5, 8]) * length // 10
    x = (
        4 * (t >= places[0])
        - 5 * (t >= places[1])
        + 6 * (t >= places[2])
        + noise * np.random.default_rng(1).normal(size=length)
    )
    step = np.diff(trend(x, reg2=0))
    largest = np.sort(np.argsort(-np.abs(step))[:3])
    np.testing.assert_array_equal(largest + 1, places)
    assert (np.sign(step[largest]) == [1, -1, 1]).all()
    tau = trend(x)
    for place, low, high in zip(places, (0, 4, -1), (4, -1, 5), strict=True):
        near = np.arange(place - 8, place + 8)
        passed = near[np.argmin(np.abs(tau[near] - (low + high) / 2))]
        assert abs(passed - (place - 0.5)) <= 2


@pytest.mark.parametrize("noise", [0, 1e-6, 1e-3, 0.1])
@pytest.mark.parametrize("kind", ["line", "wave", "step"])
def test_a_quiet_series_has_a_trend(noise, kind):
    """Breaks where γ is the noise alone: then it vanishes, with it the loss, and the trend becomes flat."""
    clean = 20 * series(kind, 400)
    tau = trend(clean + noise * np.random.default_rng(0).normal(size=400))
    assert np.std(tau - clean) < 0.4 * np.std(clean)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 19])
def test_a_constant_is_its_own_trend_to_the_last_bit(body, dtype, length):
    """Breaks where no spread is divided by."""
    for level in (0.0, 12345.678, -1e-30):
        x = np.full((2, 1, length), level, dtype)
        np.testing.assert_array_equal(as_numpy(robust_trend(as_body(body, x))), x)
    assert trend(np.array([7.5], dtype), body)[0] == 7.5


@pytest.mark.parametrize("body", BODIES)
def test_rounding_is_not_taken_for_spread(body):
    """Breaks where most readings are equal but for their last digits, and the rest is far out in units of these."""
    x = np.where(np.arange(60) % 3 == 0, 2.0, 1.0)
    rounded = x * (1 + 1e-15 * np.random.default_rng(0).normal(size=60))
    np.testing.assert_allclose(trend(rounded, body), trend(x, body), atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 0, 5), (2, 2, 0)])
def test_no_series_and_no_steps(body, shape):
    """Breaks where an empty batch cannot be reshaped, or has no median."""
    assert as_numpy(robust_trend(as_body(body, np.zeros(shape)))).shape == shape


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", DTYPES)
def test_a_row_does_not_feel_its_batch(body, dtype):
    """Breaks where a row finds what another left in the memory of the work; the input must stay as it is."""
    x = np.array([[series(kind, 50, seed) for seed in (1, 2)] for kind in KINDS]).astype(dtype)
    x[3, 1] = 4
    kept = x.copy()
    full = as_numpy(robust_trend(as_body(body, x)))
    assert full.dtype == dtype
    assert x.tobytes() == kept.tobytes()
    for rows in ([0], [6], [3, 7], list(range(len(KINDS)))[::-1]):
        part = as_numpy(robust_trend(as_body(body, np.ascontiguousarray(x[rows]))))
        assert part.tobytes() == np.ascontiguousarray(full[rows]).tobytes()


def test_views_and_tensors_give_the_same_to_the_last_bit():
    """Breaks where a reversed, strided or read-only array is taken for a contiguous one, or a tensor goes another way."""
    base = np.random.default_rng(0).normal(size=(4, 2, 80))
    for x in (base[..., ::-1], base[::2, :, ::3], np.broadcast_to(base[:1, :, :11], (4, 2, 11))):
        plain = robust_trend(x.copy())
        assert robust_trend(x).tobytes() == plain.tobytes()
        tensor = robust_trend(torch.from_numpy(x.copy()))
        assert isinstance(tensor, torch.Tensor)
        assert tensor.numpy().tobytes() == plain.tobytes()
