"""STL, MSTL and loess against statsmodels, and loess against a least-squares fit at each place."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.tsa.seasonal import MSTL, STL

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import stl as kernel
from variate.kernels.stl import loess, mstl, stl

# fmt: off
AIR_PASSENGERS = np.array([
    112, 118, 132, 129, 121, 135, 148, 148, 136, 119, 104, 118, 115, 126, 141, 135, 125, 149, 170, 170, 158, 133, 114, 140,
    145, 150, 178, 163, 172, 178, 199, 199, 184, 162, 146, 166, 171, 180, 193, 181, 183, 218, 230, 242, 209, 191, 172, 194,
    196, 196, 236, 235, 229, 243, 264, 272, 237, 211, 180, 201, 204, 188, 235, 227, 234, 264, 302, 293, 259, 229, 203, 229,
    242, 233, 267, 269, 270, 315, 364, 347, 312, 274, 237, 278, 284, 277, 317, 313, 318, 374, 413, 405, 355, 306, 271, 306,
    315, 301, 356, 348, 355, 422, 465, 467, 404, 347, 305, 336, 340, 318, 362, 348, 363, 435, 491, 505, 404, 359, 310, 337,
    360, 342, 406, 396, 420, 472, 548, 559, 463, 407, 362, 405, 417, 391, 419, 461, 472, 535, 622, 606, 508, 461, 390, 432.0,
])
# fmt: on

# length, period, window, trend window: whole periods and not, odd and even; a table for each length of subseries, one for
# both, cycles fewer than the window, as many, one more; spans beyond the length; the shortest period; so many cycles that
# statsmodels takes the ends for points and fits no line there, to all subseries or to the longer ones alone
# fmt: off
SHAPES = [
    (144, 12, 7, 0), (101, 7, 7, 0), (200, 24, 13, 61), (84, 12, 7, 0), (85, 12, 7, 0), (96, 12, 7, 0), (97, 12, 7, 0),
    (150, 50, 7, 0), (37, 5, 9, 0), (61, 3, 35, 0), (60, 3, 35, 0), (48, 12, 7, 101), (29, 12, 7, 0), (64, 2, 7, 0),
    (24, 12, 7, 0), (7101, 2, 7, 0), (2799, 2, 7, 0),
]
# fmt: on
CHAOTIC = {(64, 2, 7, 0), (24, 12, 7, 0)}  # robust, statsmodels itself moves there by 0.1 if a reading moves by 1e-11


def some(length, period, seed=0, dtype=np.float64, rows=1, channels=1):
    """Return random walks with a season."""
    rng = np.random.default_rng(seed)
    season = rng.normal(size=(rows, channels, period))[..., np.arange(length) % period]
    return (100 + 3 * season + rng.normal(size=(rows, channels, length)).cumsum(axis=2)).astype(dtype)


def theirs(x, period, window=7, trend_window=0, robust=False):
    """Return trend and season of x (n, c, t) by statsmodels; R's means of the cycles where ``window`` is 0."""
    parts = []
    for row in x.reshape(-1, x.shape[2]).astype(np.float64):
        span, degree = (window, 1) if window else (10 * len(row) + 1, 0)
        fit = STL(row, period, seasonal=span, seasonal_deg=degree, trend=trend_window or None, robust=robust).fit()
        parts.append((fit.trend, fit.seasonal))
    trend, season = (np.array(part).reshape(x.shape) for part in zip(*parts, strict=True))
    if not window:
        season = np.stack([season[..., j::period].mean(axis=2) for j in range(period)], axis=2)
        season = season[..., np.arange(x.shape[2]) % period]
    return trend, season


def apart(body, x, period, **options):
    trend, season = stl(as_body(body, x), period, **options)
    assert trend.shape == season.shape == x.shape
    assert as_numpy(trend).dtype == as_numpy(season).dtype == x.dtype
    return as_numpy(trend), as_numpy(season)


def by_the_book(row, span, degree):
    """Weighted least squares at each place among the nearest readings, by NumPy's solver."""
    length, smooth = len(row), np.empty(len(row))
    for place in range(length):
        distance = np.abs(np.arange(length) - place)
        # the span's window slides along and stops at the ends
        first = min(max(place - span // 2, 0), max(length - span, 0))
        near = np.arange(first, min(first + span, length))
        reach = distance[near].max() + max(span - length, 0) // 2
        share = distance[near] / max(reach, 1)
        weight = np.where(share < 0.999, (1 - np.minimum(share, 1) ** 3) ** 3, 0)
        basis = np.stack([np.ones(len(near)), near - place], axis=1)[:, : degree + 1]
        root = np.sqrt(weight)
        smooth[place] = np.linalg.lstsq(basis * root[:, None], row[near] * root, rcond=None)[0][0]
    return smooth


@pytest.mark.parametrize("body", BODIES)
def test_golden_numbers(body):
    """Breaks where the number of rounds, a default span or the order of steps is another."""
    x = AIR_PASSENGERS[None, None]
    trend, season = apart(body, x, 12)
    np.testing.assert_allclose(trend[0, 0, :3], [122.633476, 123.345101, 124.056118], atol=5e-7)
    np.testing.assert_allclose(season[0, 0, :3], [-11.022168, -2.838617, 8.878317], atol=5e-7)
    trend, _ = apart(body, x, 12, robust=True)
    np.testing.assert_allclose(trend[0, 0, :3], [122.551738, 123.275243, 124.0021], atol=5e-7)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("shape", SHAPES)
def test_stl_is_that_of_statsmodels(body, dtype, close, shape):
    """Breaks where a table is wrong at an end, for a subseries of another length, or at a length of its own."""
    length, period, window, trend_window = shape
    if body == "torch" and length > 200:
        length = 200 + length % 2
    x = some(length, period, dtype=dtype, rows=2)
    found = apart(body, x, period, window=window, trend_window=trend_window)
    for ours, expected in zip(found, theirs(x, period, window, trend_window), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape not in CHAOTIC])
def test_robust_stl_is_that_of_statsmodels(dtype, shape):
    """Breaks where the weights, their median, the moments of a local line or the rounds are another's."""
    length, period, window, trend_window = shape
    x = some(length, period, dtype=dtype)
    rng = np.random.default_rng(1)
    x[0, 0] += (rng.random(length) < 0.05) * 30
    found = apart("numba", x, period, window=window, trend_window=trend_window, robust=True)
    close = 1e-6 if dtype == np.float32 else 1e-9
    for ours, expected in zip(found, theirs(x, period, window, trend_window, robust=True), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=close * np.abs(x).max())


@given(period=st.integers(2, 20), extra=st.integers(0, 100), window=st.sampled_from((7, 9, 15)), seed=st.integers(0, 99))
@few
def test_any_length_is_that_of_statsmodels(period, extra, window, seed):
    """Breaks at a length or period that the list above has not."""
    x = some(2 * period + extra, period, seed)
    for ours, expected in zip(stl(x, period, window=window), theirs(x, period, window), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-11 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize(("length", "period"), [(144, 12), (97, 12), (120, 4), (60, 20), (75, 7)])
def test_a_periodic_season(body, robust, length, period):
    """Breaks where the span, the degree or the means of R's s.window="periodic" are others, or a cycle differs by a bit."""
    x = some(length, period, rows=2)
    found = apart(body, x, period, window=0, robust=robust)
    for ours, expected in zip(found, theirs(x, period, 0, robust=robust), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-11 * np.abs(x).max())
    if body == "numba" or robust:
        season = stl(x, period, window=0, robust=robust)[1]
        np.testing.assert_array_equal(season[..., period:], season[..., :-period])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize(
    ("periods", "window"), [((24, 7), ()), ((7, 24), (9, 13)), ((24, 7), (9, 13)), ((12,), ()), ((12, 5, 30), 9)]
)
def test_mstl_is_that_of_statsmodels(body, robust, periods, window):
    """Breaks where a window stays behind when periods are sorted, a season is not put back, or one period goes twice."""
    x = sum(some(121, period, seed) for seed, period in enumerate(periods))
    windows = (window,) * len(periods) if isinstance(window, int) else window
    fit = MSTL(x[0, 0], periods=periods, windows=windows or None, stl_kwargs={"robust": robust}).fit()
    trend, seasons = mstl(as_body(body, x), periods, window=window, robust=robust)
    assert len(seasons) == len(periods)
    np.testing.assert_allclose(as_numpy(trend)[0, 0], fit.trend, rtol=0, atol=1e-9)
    for season, expected in zip(seasons, fit.seasonal.reshape(121, -1).T, strict=True):
        np.testing.assert_allclose(as_numpy(season)[0, 0], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("iterations", [1, 3])
def test_iterations_of_mstl(iterations):
    """Breaks where their number is a constant."""
    x = some(100, 5) + some(100, 12, 1)
    fit = MSTL(x[0, 0], periods=(5, 12), iterate=iterations).fit()
    trend, _ = mstl(x, (5, 12), iterations=iterations)
    np.testing.assert_allclose(trend[0, 0], fit.trend, rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
def test_mstl_without_periods(body):
    """Breaks where there is no trend, or it shares the memory of x."""
    x = some(30, 5)
    trend, seasons = mstl(as_body(body, x), ())
    assert seasons == []
    np.testing.assert_array_equal(as_numpy(trend), x)
    assert not np.shares_memory(as_numpy(trend), x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("degree", [0, 1])
@given(length=st.sampled_from((1, 2, 3, 6, 13, 60)), span=st.integers(3, 80), seed=st.integers(0, 99))
@few
def test_loess_is_a_weighted_fit_at_each_place(body, degree, length, span, seed):
    """Breaks at an even span, a span as long as the series or longer, or at an end."""
    x = some(length, 1, seed, rows=2, channels=2)
    smooth = as_numpy(loess(as_body(body, x), span, degree))
    expected = [by_the_book(row, span, degree) for row in x.reshape(-1, length)]
    np.testing.assert_allclose(smooth.reshape(-1, length), expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_short_span_returns_the_series_and_a_line_stays_a_line(body, dtype):
    """Breaks where a single weight is divided by 0, or a local line loses its slope at an end."""
    x = some(20, 1, dtype=dtype)
    for span in (1, 2):
        np.testing.assert_allclose(as_numpy(loess(as_body(body, x), span)), x, rtol=2 * np.finfo(dtype).eps)
    line = np.arange(50, dtype=dtype)[None, None] * 3 - 7
    for span in (3, 6, 7, 50, 51, 400):
        np.testing.assert_allclose(as_numpy(loess(as_body(body, line), span)), line, rtol=0, atol=1500 * np.finfo(dtype).eps)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("window", [0, 7])
@pytest.mark.parametrize("robust", [False, True])
def test_a_constant_is_its_trend_to_the_last_bit_and_a_line_has_no_season(body, dtype, window, robust):
    """Breaks where the level of a series is multiplied by the rounding of the weights, or distances of 0 have weight 0."""
    x = np.full((1, 2, 50), 12345.678, dtype)
    trend, season = apart(body, x, 12, window=window, robust=robust)
    np.testing.assert_array_equal(trend, x)
    assert (season == 0).all()
    assert (as_numpy(loess(as_body(body, x), 9)) == x).all()
    if window and not robust:
        line = np.arange(50, dtype=dtype)[None, None] * 3
        trend, season = apart(body, line, 12)
        np.testing.assert_allclose(trend, line, rtol=0, atol=1500 * np.finfo(dtype).eps)
        np.testing.assert_allclose(season, 0, rtol=0, atol=1500 * np.finfo(dtype).eps)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("window", [0, 7])
@pytest.mark.parametrize("robust", [False, True])
def test_levels_and_scales(body, window, robust):
    """Breaks where a constant enters the season, or an absolute threshold decides."""
    x = some(100, 12, rows=2)
    trend, season = apart(body, x, 12, window=window, robust=robust)
    higher, same = apart(body, x + 1e4, 12, window=window, robust=robust)
    np.testing.assert_allclose(higher, trend + 1e4, rtol=0, atol=1e-8)
    np.testing.assert_allclose(same, season, rtol=0, atol=1e-8)
    for scale in (2.0**-40, 2.0**40):
        wide, deep = apart(body, x * scale, 12, window=window, robust=robust)
        np.testing.assert_allclose(wide, trend * scale, rtol=1e-12)
        np.testing.assert_allclose(deep, season * scale, rtol=1e-9)


@pytest.mark.parametrize("window", [0, 7])
def test_an_outlier_is_in_the_trend_but_not_of_a_robust_one(window):
    """Breaks where robustness weights are computed but not used."""
    t = np.arange(144)
    x = (t / 20 + np.sin(t * np.pi / 6) + 0.1 * np.random.default_rng(0).normal(size=144))[None, None]
    y = x.copy()
    y[..., 70] += 50
    moved = [np.abs(a - b).max() for a, b in zip(stl(x, 12, window=window), stl(y, 12, window=window), strict=True)]
    assert min(moved) > 3
    trend, season = stl(y, 12, window=window, robust=True)
    for ours, clean in zip((trend, season), stl(x, 12, window=window, robust=True), strict=True):
        np.testing.assert_allclose(ours, clean, rtol=0, atol=0.05)
    assert (y - trend - season)[0, 0, 70] > 49.5


def test_where_no_weight_is_left_the_reading_stays_and_beyond_the_ends_its_neighbour():
    """Breaks where 0 is divided by 0: every fifth reading is far off, so that a whole subseries has weight 0."""
    rng = np.random.default_rng(4)
    x = 10 * rng.normal(size=(1, 1, 30))
    x[..., 2::5] += 1e4 * np.array([1, -1, 1, -1, 1, -1.0])
    found = stl(x, 5, robust=True)
    plan = kernel._robust_plan(30, 5, 7, 11)
    assert plan.cycles[0][2]
    for ours, expected in zip(found, theirs(x, 5, robust=True), strict=True):
        assert np.isfinite(ours).all()
        np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-6)


def test_where_most_readings_are_fitted_exactly_all_weigh_alike():
    """Breaks where a median distance of 0 makes every other distance too far, or a level comes in by rounding."""
    x = np.zeros((1, 1, 400))
    x[..., 350:353] = 100
    expected = theirs(x, 5, robust=True)
    for level in (0, 7):
        trend, season = stl(x + level, 5, robust=True)
        np.testing.assert_allclose(trend - level, expected[0], rtol=0, atol=1e-10)
        np.testing.assert_allclose(season, expected[1], rtol=0, atol=1e-10)


@pytest.mark.parametrize("window", [0, 7])
def test_float32_is_close_to_float64(window):
    """Breaks where rounding piles up, as in running sums: a level and a walk a thousand times the season."""
    x = some(1024, 24, rows=4, dtype=np.float32)
    x += np.random.default_rng(0).normal(size=x.shape).cumsum(axis=2) * 100
    for narrow, wide in zip(stl(x, 24, window=window), stl(x.astype(np.float64), 24, window=window), strict=True):
        np.testing.assert_allclose(narrow, wide, rtol=0, atol=1e-6 * np.ptp(x))


@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize(("length", "period"), [(300, 24), (301, 24), (65, 2), (100, 50)])
def test_both_bodies_agree(dtype, close, length, period):
    """Breaks where the matrix is of another length, turned, or mirrored wrongly."""
    x = some(length, period, dtype=dtype, rows=3, channels=2)
    for options in ({}, {"window": 0}, {"window": 11, "trend_window": 2 * period + 5}):
        for a, b in zip(apart("numba", x, period, **options), apart("torch", x, period, **options), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=close * np.abs(x).max())
    both = (as_numpy(loess(as_body(body, x), 30)) for body in BODIES)
    np.testing.assert_allclose(*both, rtol=0, atol=close * np.abs(x).max())


def test_what_makes_a_round_trip():
    """Breaks where a tensor comes back as an array, or a gradient is lost without a word."""
    x = torch.from_numpy(some(60, 12))
    long = torch.from_numpy(some(4097, 7))
    trips = [
        (x, lambda a: stl(a, 12, robust=True)),
        (long, lambda a: stl(a, 7)),
        (long, lambda a: (loess(a, 7),)),
        (x, lambda a: mstl(a, (5, 12), robust=True)[1]),
    ]
    for series, call in trips:
        for tensor, array in zip(call(series), call(series.numpy()), strict=True):
            np.testing.assert_array_equal(tensor.numpy(), array)
        with pytest.raises(ValueError, match="no gradient"):
            call(series.clone().requires_grad_())


@pytest.mark.parametrize("window", [0, 7])
def test_gradients(window):
    """Breaks where a part of the torch body leaves the graph, or the level that is taken off has a say in it."""
    x = torch.from_numpy(some(23, 4, channels=2)).requires_grad_()
    assert torch.autograd.gradcheck(lambda a: stl(a, 4, window=window), (x,))
    assert torch.autograd.gradcheck(lambda a: loess(a, 6), (x,))
    assert torch.autograd.gradcheck(lambda a: mstl(a, (3, 4))[0], (x,))
    assert torch.autograd.gradcheck(lambda a: stl(a, 30), (x,))


def test_a_gradient_after_inference():
    """Breaks where the matrix that is kept was made in inference mode."""
    x = torch.from_numpy(some(41, 5))
    with torch.inference_mode():
        stl(x, 5)
        loess(x, 8)
    x.requires_grad_()
    (stl(x, 5)[0] + loess(x, 8)).sum().backward()
    assert x.grad is not None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("period", "window", "robust"), [(12, 7, False), (12, 0, False), (30, 7, False), (12, 7, True)])
def test_a_row_does_not_feel_its_batch(dtype, period, window, robust):
    """Breaks, in the last bit, where the work is shared out over the batch, or a row's scratch is not its own."""
    x = some(101, period, dtype=dtype, rows=7, channels=3)

    def all_of(part):
        trend, seasons = mstl(part, (5, period), window=window or (), robust=robust)
        return [*stl(part, period, window=window, robust=robust), loess(part, 9), trend, *seasons]

    full = all_of(x)
    for rows in ([0], [6], [5, 2], [6, 5, 4, 3, 2, 1, 0]):
        for one, every in zip(all_of(np.ascontiguousarray(x[rows])), full, strict=True):
            assert one.tobytes() == np.ascontiguousarray(every[rows]).tobytes()


@pytest.mark.parametrize("robust", [False, True])
def test_views_are_read_and_nothing_is_written_to(robust):
    """Breaks where a strided, reversed or read-only array is taken for a contiguous one."""
    base = some(160, 12, rows=4, channels=2)
    kept = base.copy()
    for x in (base[..., ::-1], base[::2, :, ::2], np.broadcast_to(base[:1], base.shape)):
        for view, whole in zip(stl(x, 12, robust=robust), stl(x.copy(), 12, robust=robust), strict=True):
            np.testing.assert_array_equal(view, whole)
        np.testing.assert_array_equal(loess(x, 9), loess(x.copy(), 9))
    assert base.tobytes() == kept.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("robust", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_short_series_and_empty_batches(body, robust, dtype):
    """Breaks where a subseries without a reading is read, or an empty batch cannot be reshaped."""
    for shape in ((0, 1, 30), (2, 0, 30), (2, 2, 0)):
        trend, season = apart(body, np.zeros(shape, dtype), 12, robust=robust)
        assert trend.shape == season.shape == shape
        assert loess(as_body(body, np.zeros(shape, dtype)), 6).shape == shape
    for length in (1, 2, 3, 11, 12, 13, 23):
        x = some(length, 12, dtype=dtype, rows=2)
        for window in (0, 7):
            trend, season = apart(body, x, 12, window=window, robust=robust)
            assert np.isfinite(trend).all()
            assert np.isfinite(season).all()
            if length < 12:
                assert (season == 0).all()
                np.testing.assert_array_equal(trend, as_numpy(loess(as_body(body, x), 23 if window else 19)))
    line = np.arange(20, dtype=dtype)[None, None]
    np.testing.assert_allclose(apart(body, line, 1, robust=robust)[0], line, atol=1e-5)


def test_tables_are_small_and_made_once():
    """Breaks where the tables of a long series grow with its length, or are made anew for each call."""
    kernel._plan.cache_clear()
    x = some(4096, 24, dtype=np.float32)
    stl(x, 24)
    stl(x, 24)
    assert kernel._plan.cache_info().misses == 1
    plan = kernel._plan(4096, 24, 7, 47, x.dtype)
    assert kernel._plan.cache_info().hits >= 2
    assert sum(part.size for table in (*plan.cycles[:2], plan.low, plan.slow) for part in table) < 3500
