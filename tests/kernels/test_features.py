"""The twelve features against statsmodels, SciPy and polynomial fits, one channel at a time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal, stats
from statsmodels.tsa.seasonal import STL
from statsmodels.tsa.stattools import acf

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import features as kernel
from variate.kernels.moments import spread

NAME = {name: k for k, name in enumerate(kernel.FEATURES)}
CLOSE = {np.float32: 1e-6, np.float64: 1e-9}  # the default scale has the dtype of x


def some(length, seed=0, dtype=np.float64, rows=2, channels=2):
    """Series and parts that have little to do with one another: the formulas hold all the same."""
    rng = np.random.default_rng(seed)
    x, trend, seasonal = rng.normal(size=(3, rows, channels, length))
    trend = np.cumsum(trend, axis=-1) / np.sqrt(length)
    return tuple(part.astype(dtype) for part in (x + trend + seasonal, trend, seasonal / 2))


def found(body, x, trend, seasonal, period, scale=None):
    given_scale = None if scale is None else as_body(body, scale)
    return as_numpy(kernel.features(*(as_body(body, part) for part in (x, trend, seasonal)), period, given_scale))


def lagged(x, lag):
    if not 0 < lag < len(x):
        return 0.0
    return acf(x, nlags=lag, fft=False)[lag]


def entropy(x):
    """The entropy of SciPy's one-sided periodogram without its bin 0."""
    power = signal.periodogram(x, detrend="constant")[1][1:]
    return stats.entropy(power) / np.log(len(power)) if len(power) > 1 else 0.0


def by_the_book(x, trend, seasonal, period, scale):
    """The features of one channel, from the definitions; nothing here is constant."""
    x, trend, seasonal = (part.astype(np.float64) for part in (x, trend, seasonal))
    rest, steps = x - trend - seasonal, np.arange(float(len(x)))
    line = np.polyfit(steps, trend, 1)
    season = period > 1
    curvature = 0.0
    if len(x) > 2:
        parabola = steps**2 - np.polyval(np.polyfit(steps, steps**2, 1), steps)
        curvature = np.polyfit(steps, trend, 2)[0] * parabola.std() / scale
    return np.array(
        [
            max(0, 1 - rest.var() / (trend + rest).var()),
            max(0, 1 - rest.var() / (seasonal + rest).var()) if season else 0,
            line[0] * len(x) / scale,
            np.corrcoef(steps, trend)[0, 1] ** 2,
            curvature,
            entropy(x),
            lagged(x, 1),
            lagged(x, period) if season else 0,
            lagged(rest, 1),
            lagged(rest, period) if season else 0,
            rest.std() / scale,
            stats.skew(x),
        ]
    )


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    length=st.sampled_from((2, 3, 4, 5, 8, 13, 36, 101)),
    period=st.sampled_from((0, 1, 2, 3, 7, 12, 36)),
    seed=st.integers(0, 99),
)
@few
def test_every_feature_is_the_textbooks(body, dtype, length, period, seed):
    """Breaks with a wrong formula, divisor, order of features or channel, or where the arguments are written to."""
    parts = some(length, seed, dtype)
    kept = [part.copy() for part in parts]
    ours = found(body, *parts, period)
    assert ours.shape == (2, 12)
    assert ours.dtype == np.float64
    rows = [
        [by_the_book(*(p[i, c] for p in parts), period, parts[0][i, c].std(dtype=np.float64)) for c in (0, 1)] for i in (0, 1)
    ]
    np.testing.assert_allclose(ours, np.mean(rows, axis=1), rtol=CLOSE[dtype], atol=CLOSE[dtype])
    for part, before in zip(parts, kept, strict=True):
        np.testing.assert_array_equal(part, before)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("channels", [1, 2])
def test_a_scale_is_that_of_a_row_or_of_each_channel(body, channels):
    """Breaks where a scale is paired with the wrong row or channel, or measures what it should not."""
    parts = some(40)
    scale = np.array([2.0, 3, 5, 7]).reshape(2, 2, 1)[:, :channels]
    ours = found(body, *parts, 5, scale)
    for i in range(2):
        each = [by_the_book(*(p[i, c] for p in parts), 5, scale[i, c % channels, 0]) for c in (0, 1)]
        np.testing.assert_allclose(ours[i], np.mean(each, axis=0), rtol=1e-9)


def test_the_default_scale_is_the_spread_of_x():
    """Breaks, in the last bit, where a caller who gives the original's spread compares with another scale."""
    for dtype in (np.float32, np.float64):
        parts = some(50, dtype=dtype)
        np.testing.assert_array_equal(found("numba", *parts, 7), found("numba", *parts, 7, spread(parts[0])))


@pytest.mark.parametrize("body", BODIES)
def test_plain_series_have_plain_features(body):
    """Breaks where a feature is not what its name says: a line, a parabola, a season, a sine and noise."""
    length, nothing = 240, np.zeros((1, 1, 240))
    steps = np.arange(float(length))
    line = (3 - 2 * steps)[None, None]
    ours = found(body, line, line, nothing, 12)[0]
    np.testing.assert_allclose(ours[[NAME["trend_strength"], NAME["linearity"]]], 1, atol=1e-12)
    np.testing.assert_allclose(ours[NAME["slope"]], -np.sqrt(12), rtol=1e-4)
    np.testing.assert_allclose(ours[[NAME["curvature"], NAME["residual_deviation"], NAME["skewness"]]], 0, atol=1e-9)
    bow = ((steps - steps.mean()) ** 2)[None, None]
    ours = found(body, bow, bow, nothing, 12)[0]
    np.testing.assert_allclose(ours[NAME["curvature"]], 1, atol=1e-12)
    np.testing.assert_allclose(ours[[NAME["slope"], NAME["linearity"]]], 0, atol=1e-12)
    season = np.sin(2 * np.pi * steps / 12)[None, None]
    ours = found(body, season, nothing, season, 12)[0]
    np.testing.assert_allclose(ours[NAME["seasonal_strength"]], 1, atol=1e-12)
    np.testing.assert_allclose(ours[NAME["lag_period"]], 1 - 12 / 240, atol=1e-9)
    np.testing.assert_allclose(ours[NAME["spectral_entropy"]], 0, atol=1e-12)
    noise = np.random.default_rng(3).normal(size=(1, 1, 4096))
    ours = found(body, noise, 0 * noise, 0 * noise, 12)[0]
    assert 0.9 < ours[NAME["spectral_entropy"]] < 1
    impulse = np.zeros((1, 1, 241))
    impulse[..., 7] = 1
    np.testing.assert_allclose(found(body, impulse, 0 * impulse, 0 * impulse, 0)[0, NAME["spectral_entropy"]], 1, atol=1e-4)


@pytest.mark.parametrize("period", [-1, 0, 1])
def test_without_a_period_there_is_no_season(period):
    """Breaks where lag 0 or 1 is taken for a season's."""
    ours = found("numba", *some(40), period)
    for name in ("seasonal_strength", "lag_period", "residual_lag_period"):
        assert (ours[:, NAME[name]] == 0).all()
    others = [k for name, k in NAME.items() if name not in ("seasonal_strength", "lag_period", "residual_lag_period")]
    np.testing.assert_array_equal(ours[:, others], found("numba", *some(40), 12)[:, others])


@pytest.mark.parametrize("period", [40, 41, 10**6])
def test_a_period_that_no_two_readings_are_apart_has_no_correlation(period):
    """Breaks where a lag runs over the end of the row."""
    ours = found("numba", *some(40), period)
    assert (ours[:, [NAME["lag_period"], NAME["residual_lag_period"]]] == 0).all()
    assert (ours[:, NAME["seasonal_strength"]] > 0).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("level", [0, 0.1, -1000.1, 1e7])
@pytest.mark.parametrize("length", [1, 2, 3, 24])
def test_a_constant_has_no_features(body, dtype, level, length):
    """Breaks where 0 is divided by 0, or where the rounding of the parts passes for a trend, a season or a residual."""
    x = np.full((2, 2, length), level, dtype)
    assert (found(body, x, x, 0 * x, 12) == 0).all()
    rounding = (level != 0) * np.random.default_rng(0).integers(-1, 2, x.shape).astype(dtype) * np.spacing(x)
    trend = x + rounding
    assert trend.dtype == dtype
    assert (found(body, x, trend, x - trend, 12) == 0).all()
    assert (found(body, x + rounding, x, 0 * x, 12) == 0).all()
    assert (found(body, trend.astype(np.float64), x, 0 * x, 12, np.ones((2, 1, 1))) == 0).all()


def test_a_long_constant_has_no_features():
    """Breaks where the mean of many equal readings, which rounds, is taken off them as it is."""
    x = np.full((1, 1, 30000), 0.1)
    assert (found("numba", x, x, 0 * x, 12) == 0).all()


def test_shares_stay_between_0_and_1():
    """Breaks, in the last bit, where rounding takes the fit of a line or the entropy of an impulse beyond 1."""
    for length in range(2, 120):
        line, impulse = 0.1 * np.arange(float(length))[None, None], np.eye(1, length)[None]
        assert 0 <= found("numba", line, line, 0 * line, 2)[0, NAME["linearity"]] <= 1
        assert 0 <= found("numba", impulse, 0 * line, 0 * line, 2)[0, NAME["spectral_entropy"]] <= 1


def test_a_small_variation_on_a_high_level_is_seen():
    """Breaks where what is above rounding is taken for a constant: 64 units in the last place are."""
    parts = some(60, dtype=np.float32, rows=1, channels=1)
    unit = np.float32(64 * np.spacing(np.float32(2**20)))
    high = tuple(np.round(part * unit * 8) / 8 for part in parts)  # nothing is lost on the level
    ours = found("numba", high[0] + np.float32(2**20), high[1] + np.float32(2**20), high[2], 7)
    np.testing.assert_allclose(ours, found("numba", *(part.astype(np.float64) for part in high), 7), atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_neither_unit_nor_level_matters(body):
    """Breaks where an absolute number decides what is small, and where the level of x enters."""
    x, trend, seasonal = some(60)
    ours = found(body, x, trend, seasonal, 7)
    for size in (2.0**-30, 2.0**30):
        np.testing.assert_array_equal(found(body, size * x, size * trend, size * seasonal, 7), ours)
    np.testing.assert_allclose(found(body, x + 1e6, trend + 1e6, seasonal, 7), ours, rtol=1e-6, atol=1e-8)
    odd = [NAME[name] for name in ("slope", "curvature", "skewness")]
    flipped = found(body, -x, -trend, -seasonal, 7)
    flipped[:, odd] *= -1
    np.testing.assert_array_equal(flipped, ours)


def test_the_scale_of_the_original_shows_what_was_amplified():
    """Breaks where an augmented series is measured by its own spread although that of the original is given."""
    x, trend, seasonal = some(80)
    scale = spread(x)
    before = found("numba", x, trend, seasonal, 7, scale)
    after = found("numba", 2 * x, 2 * trend, 2 * seasonal, 7, scale)
    for name, k in NAME.items():
        times = 2 if name in ("slope", "curvature", "residual_deviation") else 1
        np.testing.assert_allclose(after[:, k], times * before[:, k], rtol=1e-12)
    np.testing.assert_array_equal(found("numba", 2 * x, 2 * trend, 2 * seasonal, 7), found("numba", x, trend, seasonal, 7))


def test_a_scale_of_0_measures_nothing():
    """Breaks where what was made of a constant is divided by its spread."""
    parts = some(30)
    ours = found("numba", *parts, 5, np.zeros((2, 1, 1)))
    measured = [NAME[name] for name in ("slope", "curvature", "residual_deviation")]
    assert (ours[:, measured] == 0).all()
    others = [k for k in range(12) if k not in measured]
    np.testing.assert_array_equal(ours[:, others], found("numba", *parts, 5)[:, others])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 0, 5), (2, 2, 0)])
def test_no_series_and_no_steps(body, shape):
    """Breaks where an empty batch cannot be reshaped, or a mean is taken over nothing."""
    x = np.zeros(shape)
    ours = found(body, x, x, x, 3)
    assert ours.shape == (shape[0], 12)
    assert (ours == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [37, 64, 101])
def test_a_row_does_not_feel_its_batch(dtype, length):
    """Breaks, in the last bit, where the work is shared out over the batch rather than over a row."""
    parts = some(length, dtype=dtype, rows=9, channels=3)
    full = found("numba", *parts, 7)
    for rows in ([0], [8], [5, 2], [8, 7, 6, 5, 4, 3, 2, 1, 0]):
        assert found("numba", *(part[rows] for part in parts), 7).tobytes() == full[rows].tobytes()
    channel = np.stack([found("numba", *(part[:, [c]] for part in parts), 7) for c in range(3)])
    np.testing.assert_allclose(channel.mean(0), full, rtol=1e-12, atol=1e-15)


def test_views_are_read_as_they_are():
    """Breaks where a reversed, strided or broadcast array is taken for a contiguous one."""
    parts = some(80, rows=4)
    for view in (np.s_[..., ::-1], np.s_[::2, :, ::3]):
        cut = [part[view] for part in parts]
        np.testing.assert_array_equal(found("numba", *cut, 5), found("numba", *(part.copy() for part in cut), 5))
    same = np.broadcast_to(parts[1][:1], parts[1].shape)
    np.testing.assert_array_equal(
        found("numba", parts[0], same, parts[2], 5), found("numba", parts[0], same.copy(), parts[2], 5)
    )


def test_tensors_come_back_as_tensors():
    """Breaks where the round trip forgets its way back."""
    parts = [torch.from_numpy(part) for part in some(20, dtype=np.float32)]
    ours = kernel.features(*parts, 5, torch.ones(2, 1, 1))
    assert ours.dtype == torch.float64
    apart = kernel.distance(ours, ours + 1, torch.ones(12))
    assert isinstance(apart, torch.Tensor)
    np.testing.assert_allclose(apart.numpy(), np.sqrt(12))


@pytest.mark.parametrize("body", BODIES)
def test_distance_is_euclids(body):
    """Breaks where a scale multiplies, one of 0 divides, or the root is forgotten."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 5, 12))
    scales = rng.uniform(0.1, 2, 12)
    ours = as_numpy(kernel.distance(as_body(body, a), as_body(body, b), scales))
    np.testing.assert_allclose(ours, np.linalg.norm((a - b) / scales, axis=1), rtol=1e-12)
    scales[3] = 0
    ours = as_numpy(kernel.distance(as_body(body, a), as_body(body, b), scales))
    kept = scales > 0
    np.testing.assert_allclose(ours, np.linalg.norm((a - b)[:, kept] / scales[kept], axis=1), rtol=1e-12)
    assert kernel.distance(a[:0], b[:0], scales).shape == (0,)
    assert (kernel.distance(a, a, kernel.FIXED_SCALES) == 0).all()


def test_distance_does_not_feel_the_layout():
    """Breaks, in the last bit, where the order of adding up is that of the memory."""
    a, b = np.random.default_rng(1).normal(size=(2, 50, 12))
    full = kernel.distance(a, b, kernel.FIXED_SCALES)
    assert kernel.distance(np.asfortranarray(a), np.asfortranarray(b), kernel.FIXED_SCALES).tobytes() == full.tobytes()
    for i in range(50):
        assert kernel.distance(a[i : i + 1], b[i : i + 1], kernel.FIXED_SCALES)[0] == full[i]


def varied(count, length, seed, period=12):
    """Series as FIXED_SCALES describes them."""
    rng, made = np.random.default_rng(seed), []
    steps = np.linspace(-1, 1, length)
    for i in range(count):
        bow = rng.choice([-1, 1]) * steps**2 + rng.normal() * steps
        trend = (0 * steps, steps, bow, np.cumsum(rng.normal(size=length)))[i % 4]
        random = rng.random() < 0.5
        cycle = rng.normal(size=period) if random else np.sin(2 * np.pi * (np.arange(period) / period + rng.random()))
        noise = rng.normal(size=length + 50) if rng.random() < 0.5 else rng.exponential(size=length + 50)
        noise = signal.lfilter([1], [1, rng.uniform(-0.9, 0.5)], noise)[50:]
        size = rng.lognormal(size=2) * (rng.choice([-1, 1]), rng.random() < 0.75)
        season = np.resize(cycle / cycle.std(), length)
        made.append(size[0] * trend / max(trend.std(), 1e-9) + size[1] * season + noise / noise.std())
    return np.array(made)


def test_the_fixed_scales_are_the_spread_over_varied_series():
    """Breaks where a feature changes its unit and its fixed scale does not, or the two are in another order."""
    x = varied(200, 144, seed=1)
    parts = []
    for window in (7, 13, 101):
        fits = [STL(row, period=12, seasonal=window).fit() for row in x]
        parts.append(np.array([[fit.trend, fit.seasonal] for fit in fits]))
    trend, seasonal = np.concatenate(parts).transpose(1, 0, 2)[:, :, None]
    measured = found("numba", np.concatenate([x, x, x])[:, None], trend, seasonal, 12).std(0)
    assert kernel.FIXED_SCALES.shape == (len(kernel.FEATURES),)
    assert not kernel.FIXED_SCALES.flags.writeable
    np.testing.assert_allclose(measured, kernel.FIXED_SCALES, rtol=0.2)
