"""RobustSTL against an exact linear programme, literal double loops and statsmodels' STL."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, eye, hstack, vstack
from statsmodels.tsa.seasonal import STL

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import robust_stl as kernel
from variate.kernels.compiled import banded
from variate.kernels.compiled import lad_trend as compiled

JUMPS = (40, 90, 120)


def example(seed=0, noise=0.1**0.5, length=150, period=25):
    """The series of METHODS 4.2: a trend that jumps by 3, -3 and 3, a square wave and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    trend = 3.0 * sum(sign * (t >= at) for at, sign in zip(JUMPS, (1, -1, 1), strict=True))
    season = np.where(t % period < period // 2, 1.0, -1.0)
    return trend + season + noise * rng.normal(size=length), trend, season


def some(length, period, kind, seed=0):
    rng = np.random.default_rng(seed)
    season = np.sin(2 * np.pi * np.arange(length) / period)
    if kind == "random":
        return rng.normal(size=length)
    if kind == "walk":
        return rng.normal(size=length).cumsum()
    if kind == "seasonal":
        return 2 * season + 0.3 * rng.normal(size=length) + np.linspace(0, 3, length)
    if kind == "jumpy":
        jumps = np.where(rng.random(length) < 0.02, rng.choice([-3, 3], length), 0)
        return np.sign(season) + 0.3 * rng.normal(size=length) + jumps.cumsum()
    if kind == "spiky":
        return season + 0.1 * rng.normal(size=length) + np.where(rng.random(length) < 0.05, 50, 0) * rng.normal(size=length)
    return np.round(3 * season) + 5.0 * (np.arange(length) > length // 2)  # "exact"


def batch(rows=3, channels=2, length=90, period=9, dtype=np.float64):
    kinds = ("jumpy", "spiky", "seasonal", "walk", "exact", "random")
    flat = [some(length, period, kinds[k % 6], k) for k in range(rows * channels)]
    return np.array(flat).reshape(rows, channels, length).astype(dtype)


def decompose(x, period, body="numba", **options):
    trend, season = kernel.robust_stl(as_body(body, x), period, **options)
    return as_numpy(trend), as_numpy(season)


# --- step 2: the linear programme --------------------------------------------------------------------------------------


def programme(length, period, first, second):
    """P of METHODS 4.2, whose unknowns are the steps of the trend: [M; λ1·I; λ2·D]."""
    ones = np.array([[float(i <= k < i + period) for k in range(length - 1)] for i in range(length - period)])
    steps = eye(length - 1, format="csr")
    return vstack([csr_matrix(ones), first * steps, second * (steps[1:] - steps[:-1])]).tocsr()


def objective(x, trend, period, first, second):
    g = np.concatenate([x[period:] - x[:-period], np.zeros(2 * len(x) - 3)])
    return np.abs(programme(len(x), period, first, second) @ np.diff(trend) - g).sum()


def optimum(x, period, first, second):
    p = programme(len(x), period, first, second)
    rows, columns = p.shape
    g = np.concatenate([x[period:] - x[:-period], np.zeros(rows - len(x) + period)])
    cost = np.concatenate([np.zeros(columns), np.ones(2 * rows)])
    bounds = [(None, None)] * columns + [(0, None)] * (2 * rows)
    result = linprog(cost, A_eq=hstack([p, eye(rows), -eye(rows)]).tocsr(), b_eq=g, bounds=bounds, method="highs")
    assert result.success
    return result.fun


SIZES = ((150, 25), (151, 13), (120, 50), (90, 1), (61, 2), (80, 3), (40, 20), (10, 5), (4, 2), (3, 1), (2, 1))
PENALTIES = ((10.0, 0.5), (1.0, 1.0), (0.1, 5.0), (100.0, 0.5), (0.0, 0.5), (3.0, 0.0), (1e-3, 1e3))


@pytest.mark.parametrize("kind", ["random", "walk", "seasonal", "jumpy", "spiky", "exact"])
@pytest.mark.parametrize(("length", "period"), SIZES)
def test_the_trend_is_at_the_optimum_of_the_linear_programme(length, period, kind):
    """Breaks where a row of P is wrong, or the solver stops early or is led astray in either order of the unknowns."""
    x = some(length, period, kind)
    for first, second in PENALTIES:
        trend = kernel.lad_trend(x[None, None], period, first, second)[0, 0]
        assert trend[0] == 0
        best = optimum(x, period, first, second)
        ours = objective(x, trend, period, first, second)
        assert ours <= objective(x, np.zeros(length), period, first, second) * (1 + 1e-12)
        assert ours <= best * (1 + 1e-6) + 1e-9


@pytest.mark.parametrize(("length", "period", "kind"), [(1000, 50, "jumpy"), (1000, 24, "spiky"), (900, 288, "walk")])
def test_long_series_reach_the_optimum_too(length, period, kind):
    """Breaks where rounding adds up over many unknowns."""
    x = some(length, period, kind)
    trend = kernel.lad_trend(x[None, None], period, 10.0, 0.5)[0, 0]
    assert objective(x, trend, period, 10.0, 0.5) <= optimum(x, period, 10.0, 0.5) * (1 + 1e-6)


@pytest.mark.parametrize(("first", "second"), [(0.0, 0.0), (1e-6, 1e-6), (1e6, 1e6), (0.0, 1e5)])
@pytest.mark.parametrize("kind", ["walk", "spiky", "exact"])
def test_penalties_beyond_reason_give_a_trend_all_the_same(first, second, kind):
    """Breaks where a system without a unique solution, or with a hopeless condition, makes the trend not a number."""
    x = some(200, 20, kind)
    trend = kernel.lad_trend(x[None, None], 20, first, second)[0, 0]
    assert np.isfinite(trend).all()
    assert objective(x, trend, 20, first, second) <= objective(x, np.zeros(200), 20, first, second) * (1 + 1e-9)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("noise", [0.0, 0.05, 0.1**0.5])
def test_jumps_are_found_where_they_are(seed, noise):
    """Breaks where the trend lags by a step, as in public code (METHODS 12.1), or a jump is smeared."""
    x, _, _ = example(seed, noise)
    for trend in (kernel.lad_trend(x[None, None], 25, 10.0, 0.5), decompose(x[None, None], 25)[0]):
        steps = np.diff(trend[0, 0])
        largest = np.sort(np.argsort(-abs(steps))[:3])
        assert tuple(largest + 1) == JUMPS
        np.testing.assert_allclose(steps[largest], (3, -3, 3), atol=1e-5 + 4.5 * noise)
        assert abs(np.delete(steps, largest)).max() <= 1e-5 + 2.5 * noise


def test_a_penalty_of_a_period_leaves_no_jump_and_a_straight_line_costs_no_bend():
    """Breaks where a penalty is on the wrong differences."""
    jumpy, _, _ = example()
    assert (kernel.lad_trend(jumpy[None, None], 25, 25.0, 0.0) == 0).all()
    assert abs(kernel.lad_trend(jumpy[None, None], 25, 20.0, 0.0)).max() > 1
    t = np.arange(144.0)
    x = 2 * np.sin(2 * np.pi * t / 24) + 0.02 * t
    trend = kernel.lad_trend(x[None, None], 24, 0.0, 100.0)[0, 0]
    np.testing.assert_allclose(trend, 0.02 * t, atol=1e-7)


@pytest.mark.parametrize(
    ("length", "period"), [(1000, 50), (2000, 288), (60, 30), (61, 30), (7, 3), (5, 1), (4, 2), (2, 1), (1, 1)]
)
def test_unknowns_that_meet_have_places_close_to_each_other(length, period):
    """Breaks where a place is given twice, the band is too narrow, or a long period needs as wide a band."""
    places, band = compiled.order(length, period)
    assert sorted(places) == list(range(length))
    for lag in (1, 2, period):
        assert abs(places[lag:] - places[: max(length - lag, 0)]).max(initial=0) <= band
    assert band <= max(2, period, 0)
    assert band <= max(4 * math.ceil(length / period) + 1, 2)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 8, 31, 64])
@pytest.mark.parametrize("band", [0, 1, 2, 3, 4, 5, 9, 40])
def test_banded_systems_are_solved(size, band):
    """Breaks where the elimination of four rows at a time leaves one out, or an edge is felt."""
    rng = np.random.default_rng(size + 100 * band)
    dense = np.triu(np.tril(rng.normal(size=(size, size)), band))
    dense = np.triu(dense, 1) + np.triu(dense, 1).T + np.diag(2.0 + 2 * band + rng.random(size))
    matrix = banded.blank(size, band)
    for i in range(size):
        for j in range(i, min(i + band + 1, size)):
            matrix[i, j - i] = dense[i, j]
    right = np.zeros(len(matrix))
    right[:size] = rng.normal(size=size)
    expected = np.linalg.solve(dense, right[:size])
    banded.factor(matrix)
    banded.solve(matrix, right)
    np.testing.assert_allclose(right[:size], expected, rtol=1e-10, atol=1e-12)


def test_an_unknown_that_nothing_tells_is_0():
    """Breaks where a pivot of rounding is divided by: the second row is the first one's double."""
    matrix = banded.blank(3, 1)
    matrix[:3, 0], matrix[0, 1] = (0.1, 0.4, 3.0), 0.2
    matrix[1, 0] += 1e-17
    right = np.zeros(len(matrix))
    right[:3] = 1, 2, 6
    banded.factor(matrix)
    banded.solve(matrix, right)
    np.testing.assert_allclose(right[:3], (10, 0, 2), rtol=1e-12)


# --- steps 1, 3 and 4 --------------------------------------------------------------------------------------------------


def bilateral(x, reach, time, value):
    out = np.empty(len(x))
    for t in range(len(x)):
        near = range(max(t - reach, 0), min(t + reach, len(x) - 1) + 1)
        weights = [math.exp(-((j - t) ** 2) / (2 * time**2)) * math.exp(-((x[j] - x[t]) ** 2) / (2 * value**2)) for j in near]
        out[t] = sum(w * x[j] for w, j in zip(weights, near, strict=True)) / sum(weights)
    return out


def seasonal(x, period, seasons, reach, time, value, two_sided=True, reference="reading"):
    out = np.empty(len(x))
    for t in range(len(x)):
        ks = [k for k in range(-seasons, seasons + 1) if k < 0 or (k > 0 and two_sided)]
        places = [t + k * period for k in ks if 0 <= t + k * period < len(x)] or [t]
        total = weights = 0.0
        for place in places:
            for j in range(max(place - reach, 0), min(place + reach, len(x) - 1) + 1):
                apart = x[j] - (x[t] if reference == "reading" else x[place])
                weight = math.exp(-((j - place) ** 2) / (2 * time**2)) * math.exp(-(apart**2) / (2 * value**2))
                total, weights = total + weight * x[j], weights + weight
        out[t] = total / weights
    return out


@pytest.mark.parametrize("length", [1, 2, 5, 11, 40])
@pytest.mark.parametrize(("reach", "time", "value"), [(5, 1.0, 1.0), (3, 2.5, 0.3), (0, 1.0, 1.0), (50, 10.0, 2.0)])
def test_the_first_step_is_the_double_loop(length, reach, time, value):
    """Breaks where a width, the window or its ends are others."""
    x = some(length, 5, "random")
    np.testing.assert_allclose(
        kernel.bilateral(x[None, None], reach, time, value)[0, 0], bilateral(x, reach, time, value), atol=1e-12
    )


def test_the_limits_of_the_first_step():
    """Breaks where the width in value is not one, or the result leaves the range of its window."""
    x = batch()
    assert kernel.bilateral(x, 5, 1.0, 1e-9).tobytes() == x.tobytes()
    weights = np.exp(-0.5 * np.arange(-5, 6) ** 2)
    ones = np.convolve(np.ones(90), weights, "same")
    smooth = kernel.bilateral(x, 5, 1.0, math.inf)
    for row, theirs in zip(smooth.reshape(-1, 90), x.reshape(-1, 90), strict=True):
        np.testing.assert_allclose(row, np.convolve(theirs, weights, "same") / ones, rtol=1e-12, atol=1e-12)
    padded = np.pad(x, ((0, 0), (0, 0), (5, 5)), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, 11, axis=-1)
    for value in (0.1, 1.0, 30.0):
        y = kernel.bilateral(x, 5, 1.0, value)
        assert (y >= windows.min(-1) - 1e-12).all()
        assert (y <= windows.max(-1) + 1e-12).all()


@pytest.mark.parametrize("two_sided", [True, False])
@pytest.mark.parametrize("reference", kernel.REFERENCES)
@pytest.mark.parametrize(
    ("length", "period", "seasons", "reach", "time", "value"),
    [
        (40, 7, 2, 5, 50.0, 1.0),
        (40, 7, 1, 2, 1.5, 0.5),
        (20, 10, 2, 5, 50.0, 1.0),
        (21, 10, 3, 0, 1.0, 1.0),
        (9, 1, 2, 5, 2.0, 1.0),
    ],
)
def test_the_third_step_is_the_double_loop(length, period, seasons, reach, time, value, reference, two_sided):
    """Breaks where a season is left out or its own counts, a window is not clipped, or a distance is to another reading."""
    x = some(length, period, "random")
    ours = kernel.seasonal_average(x[None, None], period, seasons, reach, time, value, two_sided=two_sided, reference=reference)
    expected = seasonal(x, period, seasons, reach, time, value, two_sided, reference)
    np.testing.assert_allclose(ours[0, 0], expected, atol=1e-12)


@pytest.mark.parametrize("size", [1e2, 1e4, 1e160])
def test_an_outlier_has_a_season_all_the_same(size):
    """Breaks where all of its weights vanish, 0/0, or squares overflow: its season is within those it is told from."""
    x = some(60, 12, "seasonal")
    x[30] = size
    season = kernel.seasonal_average(x[None, None], 12, 2, 5, 50.0, 1.0)[0, 0]
    others = np.delete(x, 30)
    assert np.isfinite(season).all()
    assert others.min() <= season[30] <= others.max()


def test_the_unit_is_that_of_the_noise():
    """Breaks where jumps, seasons or outliers count as noise, or the noise of the paper's series is not √0.1."""
    rng = np.random.default_rng(0)
    x = example(length=4000, noise=0)[0] + 7 * rng.normal(size=4000) * 0.1**0.5
    _, unit = kernel.units(x[None, None], 25)
    np.testing.assert_allclose(unit, 7, rtol=0.05)
    x[::50] += 1e4
    np.testing.assert_allclose(kernel.units(x[None, None], 25)[1], 7, rtol=0.15)
    for factor in (1e-6, 1e6):
        np.testing.assert_allclose(kernel.units(factor * x[None, None], 25)[1], factor * kernel.units(x[None, None], 25)[1])


def test_the_unit_where_there_is_hardly_any_noise():
    """Breaks where a median of 0, or a constant, is divided by."""
    counts = (np.arange(100) % 17 == 0).astype(float)  # most differences are 0
    sizes = np.abs(np.diff(counts)[10:] - np.diff(counts)[:-10])
    np.testing.assert_allclose(kernel.units(counts[None, None], 10)[1], 1.2533 * sizes.mean() / 2 / 0.1**0.5)
    wave = np.tile([0.0, 1.0, 3.0, 1.0, 0.0, -3.0], 10)  # nothing but a season
    centre, unit = kernel.units(wave[None, None], 6)
    np.testing.assert_allclose(unit, 1e-3 * 1.4826 * 0.5 / 0.1**0.5)
    assert centre == 0.5
    assert kernel.units(np.full((1, 1, 20), 0.1), 5)[1] == 1
    assert kernel.units(np.zeros((1, 1, 2)), 1)[1] == 1


def test_the_level_is_the_mean_over_whole_periods():
    """Breaks where the last, broken period counts."""
    x = batch(length=95)
    np.testing.assert_allclose(kernel.season_level(x, 9)[..., 0], x[..., :90].mean(-1), rtol=1e-12)


def test_remainders_are_cut_down():
    """Breaks where they are cut to 0, on one side only, or from another scale."""
    x, trend, season = (values[None, None] for values in example())
    bound = 2 * 1.4826 * np.median(abs(x - trend - season))
    expected = trend + season + np.clip(x - trend - season, -bound, bound)
    assert (expected != x).sum() > 2
    np.testing.assert_allclose(kernel.shrunk(x, trend, season, 2.0), expected, rtol=1e-12)


# --- the whole ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({}, (2, 5, 1.0, 1.0, 50.0, 1.0, True, "reading", 10.0, 0.5)),
        (
            {
                "seasons": 1,
                "reach": 2,
                "denoise": (2.0, 0.5),
                "season": (3.0, 0.7),
                "two_sided": False,
                "reference": "season",
                "trend_penalty": 3.0,
                "difference_penalty": 2.0,
            },
            (1, 2, 2.0, 0.5, 3.0, 0.7, False, "season", 3.0, 2.0),
        ),
    ],
)
@pytest.mark.parametrize("iterations", [1, 2])
def test_the_steps_follow_one_another(options, settings, iterations):
    """Breaks where a default is not METHODS', a step reads another's input, or a unit is not put back."""
    seasons, reach, near, like, far, alike, two_sided, reference, first, second = settings
    x = 40 * example(3)[0] - 7
    x[[20, 77]] += 400
    y = (x - np.median(x)) / kernel.units(x[None, None], 25)[1][0, 0]
    less = y
    for _ in range(iterations):
        smooth = bilateral(less, reach, near, like)
        trend = kernel.lad_trend(smooth[None, None], 25, first, second)[0, 0]
        season = seasonal(smooth - trend, 25, seasons, reach, far, alike, two_sided, reference)
        trend, season = trend + season.mean(), season - season.mean()
        bound = 3 * 1.4826 * np.median(abs(y - trend - season))
        less = trend + season + np.clip(y - trend - season, -bound, bound)
    ours = decompose(x[None, None], 25, iterations=iterations, **options)
    unit = kernel.units(x[None, None], 25)[1][0, 0]
    np.testing.assert_allclose(ours[0][0, 0], trend * unit + np.median(x), atol=1e-4)
    np.testing.assert_allclose(ours[1][0, 0], season * unit, atol=1e-4)


def test_a_series_without_noise_comes_apart_exactly():
    """Breaks where the widths blur the edges of a season that has no noise."""
    x, trend, season = example(noise=0)
    ours, theirs = decompose(x[None, None], 25)
    np.testing.assert_allclose(ours[0, 0], trend + season.mean(), atol=2e-6)
    np.testing.assert_allclose(theirs[0, 0], season - season.mean(), atol=2e-6)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("length", "period"), [(90, 9), (95, 9), (50, 25), (97, 13)])
def test_dtype_mean_of_the_season_and_input(body, dtype, length, period):
    """Breaks where the work is not in float64, the mean of the season is left in it, or the input is written to."""
    x = batch(length=length, period=period, dtype=dtype)
    kept = x.copy()
    trend, season = decompose(x, period, body)
    assert trend.dtype == season.dtype == dtype
    assert trend.shape == season.shape == x.shape
    assert x.tobytes() == kept.tobytes()
    whole = season[..., : length // period * period]
    np.testing.assert_allclose(whole.mean(-1, dtype=np.float64), 0, atol=1e-6 if dtype == np.float32 else 1e-9)
    exact = decompose(x.astype(np.float64), period)
    np.testing.assert_array_equal(trend, exact[0].astype(dtype))
    np.testing.assert_array_equal(season, exact[1].astype(dtype))


def test_shifts_go_to_the_trend_and_factors_to_both():
    """Breaks where a width, a penalty or a tolerance is in the unit of the data."""
    x = batch(rows=2)[:, :, :81]
    trend, season = decompose(x, 9)
    for factor, shift in ((1.0, 1e3), (3.7, 0.0), (-1.0, 0.0), (1e6, -5e6), (1e-6, 1e-5)):
        moved = decompose(factor * x + shift, 9)
        np.testing.assert_allclose((moved[0] - shift) / factor, trend, atol=1e-6)
        np.testing.assert_allclose(moved[1] / factor, season, atol=1e-6)
    for power in (2.0**-40, 2.0**40):
        moved = decompose(power * x, 9)
        np.testing.assert_array_equal(moved[0] / power, trend)
        np.testing.assert_array_equal(moved[1] / power, season)


@pytest.mark.parametrize("at", [3, 60, 149])
@pytest.mark.parametrize("seed", range(3))
def test_an_outlier_moves_the_trend_far_less_than_that_of_stl(seed, at):
    """Breaks where an outlier has a say by its size: from 100 standard deviations on nothing more happens."""
    x, _, _ = example(seed)
    trend, _ = decompose(x[None, None], 25)
    theirs = STL(x, period=25).fit().trend
    before = None
    for size in (30.0, 1e3, 1e6):
        y = x.copy()
        y[at] += size
        ours, season = decompose(y[None, None], 25)
        moved = abs(ours - trend).max()
        assert moved < 0.7
        assert moved < 0.2 * abs(STL(y, period=25).fit().trend - theirs).max()
        assert abs((y - ours - season)[0, 0, at] - size) < 3
        assert before is None or abs(moved - before) < 0.1
        before = moved


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, -1e6, 1e-30])
def test_a_constant_is_its_own_trend(body, dtype, value):
    """Breaks, in the last bit, where an average of equal values is not that value."""
    x = np.full((2, 1, 23), value, dtype)
    trend, season = decompose(x, 5, body, iterations=2)
    np.testing.assert_array_equal(trend, x)
    assert (season == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_does_not_feel_its_batch(dtype):
    """Breaks, in the last bit, where a row's work begins with what another has left."""
    x = batch(rows=5, dtype=dtype)
    full = decompose(x, 9, iterations=2)
    for rows in ([0], [4], [3, 1], [4, 3, 2, 1, 0]):
        alone = decompose(np.ascontiguousarray(x[rows]), 9, iterations=2)
        for one, all_ in zip(alone, full, strict=True):
            assert one.tobytes() == np.ascontiguousarray(all_[rows]).tobytes()


def test_views_and_tensors_that_need_a_gradient():
    """Breaks where a strided or read-only array is taken for a contiguous one, or a tensor's gradient is asked for."""
    base = batch(rows=4, length=180)
    for x in (base[..., ::-1], base[::2, :, ::2], np.broadcast_to(base[:1, :, :40], (4, 2, 40))):
        np.testing.assert_array_equal(decompose(x, 9), decompose(x.copy(), 9))
    trend, season = kernel.robust_stl(torch.from_numpy(base).requires_grad_(), 9)
    assert not trend.requires_grad
    assert not season.requires_grad
    np.testing.assert_array_equal(trend.numpy(), decompose(base, 9)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 30), (2, 0, 30), (2, 2, 0), (1, 1, 1), (2, 1, 2), (1, 2, 9)])
def test_less_than_two_periods_or_no_series(body, shape):
    """Breaks where an empty batch cannot be reshaped, or a series is shorter than its season: it is its own trend."""
    x = np.random.default_rng(0).normal(size=shape)
    trend, season = decompose(x, 5, body)
    np.testing.assert_array_equal(trend, x)
    assert season.shape == shape
    assert not np.shares_memory(trend, x)
    if shape[2] < 10:
        assert (season == 0).all()
    assert kernel.lad_trend(x, 9, 10.0, 0.5).shape == shape


@few
@given(st.integers(1, 40), st.integers(1, 13), st.integers(0, 2**20), st.sampled_from([-30, -3, 0, 12]), st.booleans())
def test_any_shape(length, period, seed, exponent, whole):
    """Breaks where a length, a period or a scale makes a number that is none, or a season with a mean."""
    x = np.random.default_rng(seed).normal(size=(2, 1, length)) * (2 if whole else 1)
    x = (np.round(x) if whole else x) * 10.0**exponent
    trend, season = decompose(x, period, iterations=1 + seed % 2)
    assert np.isfinite(trend).all()
    size = abs(x).max()
    if length >= 2 * period:
        np.testing.assert_allclose(season[..., : length // period * period].mean(-1), 0, atol=1e-9 * size)
    assert abs(trend).max() <= 4 * size
    assert abs(season).max() <= 4 * size
