"""decompose and estimate_period: METHODS 4.1 - 4.3 as functions, against statsmodels."""

import numpy as np
import pytest
import torch
from statsmodels.tsa.seasonal import MSTL, STL

import variate
from kernels.oracles import as_body, as_numpy, fill_gaps
from transforms.helpers import BODIES, same_bits, series
from variate import decompose, estimate_period
from variate.core.errors import PanelError, ParameterError
from variate.kernels.arrays import numpy_of

METHODS = [
    ("stl", {"period": 7}),
    ("stl", {"period": 12, "robust": True}),
    ("mstl", {"period": (4, 12)}),
    ("mstl", {"period": [12], "robust": True}),
    ("mstl", {"period": (12, 3, 5)}),
    ("robust_stl", {"period": 7}),
    ("robust_trend", {}),
    ("robust_trend", {"period": 7}),
]


def waves(*periods, length=240, noise=0.05, seed=0):
    """Return sines (n, 1, length) of these periods under a little noise and on a slope."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    return np.stack([np.sin(2 * np.pi * t / p) + t / length + noise * rng.normal(size=length) for p in periods])[:, None]


def flat(parts):
    """Return all arrays of parts in a list: trend, season or seasons, remainder."""
    seasonal = parts.seasonal if isinstance(parts.seasonal, list) else [parts.seasonal]
    return [parts.trend, *seasonal, parts.remainder]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("method", "how"), METHODS)
def test_the_parts_add_up_in_the_form_of_the_series(body, dtype, method, how):
    """Breaks where the remainder is not the difference, a dtype changes, the input is written to, or an axis is left."""
    for x in (series(dtype=dtype), series(channels=1, dtype=dtype)[:, 0], series(dtype=dtype)[0, 0], series(dtype=dtype)[:0]):
        given = as_body(body, x + 100)
        before = as_numpy(given).copy()
        parts = decompose(given, method, **how)
        assert same_bits(as_numpy(given), before)
        assert isinstance(parts.seasonal, list) == (method == "mstl")
        for part in flat(parts):
            assert isinstance(part, torch.Tensor) == (body == "torch")
            assert part.shape == x.shape
            assert as_numpy(part).dtype == dtype
        close = 1e-9 if dtype == np.float64 else 1e-4
        np.testing.assert_allclose(sum(map(as_numpy, flat(parts))), x + 100, rtol=0, atol=close)
    assert isinstance(parts, tuple)
    assert len(parts) == 3


@pytest.mark.parametrize("robust", [False, True])
def test_stl_and_mstl_are_those_of_statsmodels(robust):
    """Breaks where a period, the window or robustness is not the one asked for, or seasons come in another order."""
    x = waves(12)[0, 0] + waves(30, seed=1)[0, 0]
    x[100] += 9
    wanted = STL(x, period=12, seasonal=7, robust=robust).fit()
    parts = decompose(x, period=12, robust=robust)
    for found, part in zip(parts, (wanted.trend, wanted.seasonal, wanted.resid), strict=True):
        np.testing.assert_allclose(found, part, rtol=0, atol=1e-6)
    wanted = MSTL(x, periods=(12, 30), stl_kwargs={"robust": robust}).fit()
    for periods in ((12, 30), (30, 12), [12, 30, 12], (12.0, np.int64(30))):
        parts = decompose(x, "mstl", periods, robust)
        assert len(parts.seasonal) == 2
        np.testing.assert_allclose(parts.trend, wanted.trend, rtol=0, atol=1e-6)
        np.testing.assert_allclose(np.stack(parts.seasonal, axis=1), wanted.seasonal, rtol=0, atol=1e-6)
        np.testing.assert_allclose(parts.remainder, wanted.resid, rtol=0, atol=1e-6)


def test_the_robust_methods_are_what_they_are_named():
    """Breaks where one method is taken for another: a jump stays a jump, an outlier is left, robust_trend has no season."""
    t = np.arange(240)
    x = np.sin(2 * np.pi * t / 12) + 4.0 * (t >= 120)
    assert np.diff(decompose(x, "robust_stl", 12).trend)[119] > 3
    assert np.diff(decompose(x, "stl", 12).trend)[119] < 1
    line = t / 60 + 0.05 * np.random.default_rng(0).normal(size=240)
    line[100] += 50
    for period in ("auto", 12):
        parts = decompose(line, "robust_trend", period)
        assert not parts.seasonal.any()
        np.testing.assert_allclose(parts.trend, t / 60, rtol=0, atol=0.5)
        assert parts.remainder[100] > 49


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("method", "how"), METHODS)
def test_a_missing_reading_is_bridged_and_missing_in_the_remainder(body, method, how):
    """Breaks where a NaN spreads over trend or season, is made up in the remainder, or is bridged by anything but a line."""
    x = series(length=72)
    x[:, 0, 10:17], x[1, 1, :3], x[2, 1, -4:] = np.nan, np.nan, np.nan
    parts = decompose(as_body(body, x), method, **how)
    whole = decompose(as_body(body, fill_gaps(x)), method, **how)
    for found, wanted in zip(flat(parts)[:-1], flat(whole)[:-1], strict=True):
        np.testing.assert_allclose(as_numpy(found), as_numpy(wanted), rtol=0, atol=1e-9)
    expected = np.where(np.isnan(x), np.nan, as_numpy(whole.remainder))
    np.testing.assert_allclose(as_numpy(parts.remainder), expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("method", ["stl", "robust_stl"])
def test_each_series_has_the_period_that_is_found_for_it(monkeypatch, body, method):
    """Breaks where one period is found for the batch: a row alone, with its period given, is the same."""
    monkeypatch.setattr("variate.kernels.period.estimate_period", lambda x, most=None: numpy_of(x)[:, 0, 0].astype(np.int64))
    x = series(n=5)
    x[:, 0, 0] = (6, 12, 6, 20, 30)
    parts = decompose(as_body(body, x), method)
    for i, period in enumerate((6, 12, 6, 20, 30)):
        for found, wanted in zip(parts, decompose(x[i : i + 1], method, period), strict=True):
            np.testing.assert_allclose(as_numpy(found)[i : i + 1], wanted, rtol=0, atol=1e-10)


def test_auto_finds_the_season():
    """Breaks where "auto" is no search, or searches once for all: waves of three periods."""
    x = waves(6, 12, 20)
    assert estimate_period(x).tolist() == [6, 12, 20]
    for i, period in enumerate((6, 12, 20)):
        for found, wanted in zip(decompose(x[i]), decompose(x[i], period=period), strict=True):
            assert same_bits(found, wanted)
    with pytest.raises(ParameterError, match=r"decompose\(period='auto'\): series 1 has no season that could be found; pass"):
        decompose(np.stack([x[0, 0], np.ones(240)]))
    assert decompose(np.ones(240), "robust_trend").trend.shape == (240,)


def test_estimate_period_answers_in_kind():
    """Breaks where one series gives an array, a gap stops it, or a longer season than asked for is found."""
    x = waves(6, 12, 20)
    found = estimate_period(torch.from_numpy(x))
    assert isinstance(found, np.ndarray)
    assert found.dtype.kind == "i"
    assert found.tolist() == [6, 12, 20]
    one = estimate_period(x[1, 0])
    assert type(one) is int
    assert one == 12
    assert estimate_period(x[:, 0]).tolist() == [6, 12, 20]
    gaps = x.copy()
    gaps[:, :, 50:54] = np.nan
    assert estimate_period(gaps).tolist() == [6, 12, 20]
    assert max(estimate_period(x, most=10)) <= 10
    assert estimate_period(x, most=10)[0] == 6
    assert estimate_period(np.ones((2, 60))).tolist() == [0, 0]
    assert estimate_period(x[:0]).shape == (0,)
    with pytest.raises(ParameterError, match=r"estimate_period\(most=1\): most must be at least 2"):
        estimate_period(x, most=1)
    with pytest.raises(PanelError, match="estimate_period needs series of one length"):
        estimate_period([x[0], x[1, :, :50]])


@pytest.mark.parametrize(("method", "how"), METHODS)
def test_a_constant_is_its_own_trend(method, how):
    """Breaks where nothing is divided by nothing, or rounding is taken for a season."""
    for level in (0.0, 7.3, -7.3e-6, 7.3e6):
        trend, *others = flat(decompose(np.full((2, 60), level), method, **how))
        np.testing.assert_allclose(trend, level, rtol=1e-14)
        for part in others:
            np.testing.assert_allclose(part, 0, rtol=0, atol=1e-14 * abs(level))


def test_integers_and_half_precision_are_computed_in_floats():
    """Breaks where readings are rounded to what came in."""
    x = (10 * waves(12)[0, 0]).round()
    for dtype in (np.int64, np.int16, np.float16):
        parts = decompose(x.astype(dtype), period=12)
        assert parts.trend.dtype == (np.float64 if dtype == np.int64 else np.float32)
        np.testing.assert_allclose(parts.trend, decompose(x, period=12).trend, rtol=0, atol=1e-4)
    assert decompose(torch.from_numpy(x).half(), period=12).trend.dtype == torch.float32
    assert same_bits(decompose(x.tolist(), period=12).trend, decompose(x, period=12).trend)


@pytest.mark.parametrize(("method", "period"), [("stl", 31), ("robust_stl", 31), ("mstl", (4, 31))])
def test_less_than_two_periods_are_refused_where_in_lets_them_pass(method, period):
    """Breaks where a season is told from less than two of it without a word."""
    for length in (61, 40, 1):
        sentence = rf"decompose\(period=31\) needs at least 62 steps, two periods, and the series have {length}; pass a shorter"
        with pytest.raises(PanelError, match=sentence):
            decompose(series(length=length), method, period)
    assert decompose(series(), "stl", 30).trend.shape == (4, 2, 60)
    x = series()
    assert same_bits(variate.In("stl", remainder=variate.Flip(), period=31)(x, seed=0), x)


@pytest.mark.parametrize(("x", "how", "error", "sentence"), [
    (series(), {"method": "loess"}, ParameterError, "method must be one of 'stl', 'robust_stl', 'robust_trend', 'mstl'"),
    (series(), {"period": 1}, ParameterError, "period must be at least 2"),
    (series(), {"period": "day"}, ParameterError, "period must be 'auto' or an integer"),
    (series(), {"period": (4, 12)}, ParameterError, r"period=\(4, 12\)\): several periods need method='mstl'"),
    (series(), {"method": "mstl"}, ParameterError, r"it needs the periods, such as period=\(24, 168\)"),
    (series(), {"method": "mstl", "period": 12}, ParameterError, "it needs the periods"),
    (series(), {"method": "mstl", "period": ()}, ParameterError, "it needs the periods"),
    (series(), {"method": "mstl", "period": (4, 1)}, ParameterError, "period must be at least 2"),
    ([np.ones(30), np.ones(31)], {"period": 4}, PanelError, "decompose needs series of one length.*call it for each"),
    (np.ones((2, 2, 2, 2)), {"period": 4}, PanelError, r"x has shape \(2, 2, 2, 2\)"),
])  # fmt: skip
def test_what_it_cannot_do_is_told_in_a_sentence(x, how, error, sentence):
    with pytest.raises(error, match=sentence):
        decompose(x, **how)


def test_a_gradient_flows_or_is_refused():
    """Breaks where a tensor is detached in silence."""
    for method, period in (("stl", 12), ("mstl", (4, 12))):
        x = torch.from_numpy(series()).requires_grad_()
        decompose(x, method, period).remainder.square().sum().backward()
        assert (x.grad != 0).any(-1).all()
    for method in ("robust_stl", "robust_trend"):
        with pytest.raises(ValueError, match=f"{method} has no gradient"):
            decompose(torch.from_numpy(series()).requires_grad_(), method, 12)
