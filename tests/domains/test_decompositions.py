"""Stl, RobustStl, Mstl and BoxCox: METHODS 4.1 - 4.4 as views for In."""

import copy
import pickle

import numpy as np
import pytest
import torch
from statsmodels.tsa.seasonal import MSTL, STL

import variate
from kernels.oracles import as_body, as_numpy, fill_gaps
from transforms.helpers import BODIES, run, same_bits, series
from variate import Flip, In, Jitter, MovingBlockBootstrap, Panel, Reverse, Scaling, TimeWarp, ops
from variate.core.errors import ParameterError
from variate.domains.decomposing import Decomposing
from variate.domains.domain import make
from variate.domains.mstl import Mstl
from variate.kernels.arrays import numpy_of
from variate.kernels.decomposition import PERIOD, decomposed, periods
from variate.kernels.robust_trend import robust_trend

OVER = Flip(about="zero")
"""A transform without a draw: it changes every sign."""

CASES = [
    ("stl", {"period": 7}),
    ("stl", {"period": 12, "window": 0}),
    ("stl", {"period": 5, "robust": True}),
    ("robust_stl", {"period": 7}),
    ("mstl", {"period": 4, "longer": 12}),
    ("box_cox", {"period": 7}),
]
SUMS = [case for case in CASES if case[0] != "box_cox"]
CLOSE = {np.float32: 5e-6, np.float64: 1e-12}
"""Of the largest reading."""


def parts_of(body, name, x, **options):
    """Return the parts of x in NumPy, and what the way back needs."""
    parts, rest = make(name, options).forward(as_body(body, x))
    return {part: [as_numpy(array) for array in arrays] for part, arrays in parts.items()}, rest


def seasons(n=4, channels=2, length=96, dtype=np.float64, seed=0):
    """Return series (n, channels, length) of a line, a season of 12 steps and noise, all above 0."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    phase, slope = rng.uniform(0, 6, (n, channels, 1)), rng.uniform(0.005, 0.02, (n, channels, 1))
    wave = np.sin(2 * np.pi * t / 12 + phase) + 0.5 * np.sin(4 * np.pi * t / 12)
    return (5 + slope * t + wave + 0.2 * rng.normal(size=(n, channels, length))).astype(dtype)


def told(x):
    """Stand in for the search of a period: the first reading of each series says it."""
    return numpy_of(x)[:, 0, 0].round().astype(np.int64)


def with_told(wanted, length=60, channels=2, dtype=np.float64):
    """Return series whose first readings say these periods."""
    x = np.abs(series(n=len(wanted), channels=channels, length=length, dtype=dtype)) + 1
    x[:, 0, 0] = wanted
    return x


@pytest.fixture
def search(monkeypatch):
    """Put :func:`told` in the place of the search."""
    monkeypatch.setattr("variate.kernels.decomposition.estimate_period", told)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_with_nothing_inside_the_series_comes_back(body, dtype, name, options):
    """Breaks where a part is lost on the way, an odd length is cut, or float32 becomes float64."""
    for length in (1, 2, 9, 24, 25, 60, 61):
        x = series(n=3, length=length, dtype=dtype)
        x[0, 0] = 0
        x[0, 1] = -7.3
        y = run(body, In(name, **options), x)[0]
        assert y.dtype == dtype
        np.testing.assert_allclose(y, x, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), SUMS)
def test_the_parts_add_up_to_the_series(body, dtype, name, options):
    """Breaks where the remainder is not what trend and season leave, in the unit of the series."""
    for size in (1e-6, 1.0, 1e6):
        x = (size * (series(length=72) + 50)).astype(dtype)
        parts, _ = parts_of(body, name, x, **options)
        arrays = [array for part in ("trend", "seasonal", "remainder") for array in parts[part]]
        assert all(array.shape == x.shape and array.dtype == dtype for array in arrays)
        close = 1e-9 if dtype == np.float64 else 1e-6 * 60
        np.testing.assert_allclose(sum(arrays), x, rtol=0, atol=close * size)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("robust", [False, True])
def test_stl_is_that_of_statsmodels(body, robust):
    """Breaks where the window, the period or robustness is not the one asked for."""
    x = seasons(n=2)
    for window in (7, 13):
        parts, _ = parts_of(body, "stl", x, period=12, window=window, robust=robust)
        for i, c in np.ndindex(2, 2):
            wanted = STL(x[i, c], period=12, seasonal=window, robust=robust).fit()
            np.testing.assert_allclose(parts["trend"][0][i, c], wanted.trend, rtol=0, atol=1e-6)
            np.testing.assert_allclose(parts["seasonal"][0][i, c], wanted.seasonal, rtol=0, atol=1e-6)
            np.testing.assert_allclose(parts["remainder"][0][i, c], wanted.resid, rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_a_window_of_nought_is_a_season_that_repeats_itself(body):
    """Breaks where window=0 is taken for a number of seasons, or the default is periodic."""
    x = seasons()
    fixed, _ = parts_of(body, "stl", x, period=12, window=0)
    season = fixed["seasonal"][0]
    np.testing.assert_allclose(season[..., 12:], season[..., :-12], rtol=0, atol=1e-10)
    moving, _ = parts_of(body, "stl", x, period=12)
    assert np.abs(moving["seasonal"][0][..., 12:] - moving["seasonal"][0][..., :-12]).max() > 1e-3


@pytest.mark.parametrize("body", BODIES)
def test_a_jump_is_in_the_trend_of_robust_stl_and_an_outlier_in_the_remainder(body):
    """Breaks where RobustStl is another decomposition: STL would smear both."""
    rng = np.random.default_rng(0)
    t = np.arange(120)
    x = np.sin(2 * np.pi * t / 12) + 4.0 * (t >= 60) + 0.05 * rng.normal(size=120)
    x[30] += 8
    found = {name: parts_of(body, name, x[None, None], period=12)[0] for name in ("stl", "robust_stl")}
    jump = {name: np.diff(parts["trend"][0][0, 0])[59] for name, parts in found.items()}
    spike = {name: parts["remainder"][0][0, 0, 30] for name, parts in found.items()}
    assert jump["robust_stl"] > 3
    assert jump["stl"] < 1
    assert spike["robust_stl"] > 6
    assert spike["robust_stl"] > spike["stl"] + 1


@pytest.mark.parametrize("body", BODIES)
def test_mstl_has_two_seasons_the_shorter_first(body):
    """Breaks where level 1 is the longer season, or one season is in both: that of statsmodels, either way round."""
    rng = np.random.default_rng(0)
    t = np.arange(240)
    x = (np.sin(2 * np.pi * t / 6) + 2 * np.sin(2 * np.pi * t / 30) + t / 100 + 0.1 * rng.normal(size=240))[None, None]
    wanted = MSTL(x[0, 0], periods=(6, 30)).fit()
    for options in ({"period": 6, "longer": 30}, {"period": 30, "longer": 6}):
        parts, _ = parts_of(body, "mstl", x, **options)
        assert [array.shape for array in parts["seasonal"]] == [(1, 1, 240)] * 2
        np.testing.assert_allclose(parts["trend"][0][0, 0], wanted.trend, rtol=0, atol=1e-9)
        for k in (0, 1):
            np.testing.assert_allclose(parts["seasonal"][k][0, 0], wanted.seasonal[:, k], rtol=0, atol=1e-9)
    both = parts["seasonal"]
    for entering, change in (
        ({1: OVER}, both[0]),
        ({2: OVER}, both[1]),
        ({1: OVER, 2: OVER}, both[0] + both[1]),
        ({3: OVER}, 0 * both[0]),
        (OVER, both[0] + both[1]),
    ):
        y = run(body, In("mstl", seasonal=entering, period=6, longer=30), x)[0]
        np.testing.assert_allclose(y, x - 2 * change, rtol=0, atol=1e-9)
    alone, _ = parts_of(body, "mstl", x, period=6, longer=6)
    assert len(alone["seasonal"]) == 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("name", "options"), SUMS)
def test_a_part_that_nothing_enters_keeps_its_bits(monkeypatch, body, name, options):
    """Breaks where a part goes to the place of another, or what enters one changes another."""
    cls, seen = Mstl if name == "mstl" else Decomposing, []
    back = cls.inverse
    monkeypatch.setattr(cls, "inverse", lambda self, parts, rest: seen.append(parts) or back(self, parts, rest))
    x = series()
    old, _ = parts_of(body, name, x, **options)
    for entered in old:
        y = run(body, In(name, **{entered: OVER}, **options), x)[0]
        new = seen.pop()
        for part in old:
            for before, after in zip(old[part], new[part], strict=True):
                assert same_bits(as_numpy(after), -before if part == entered else before)
        np.testing.assert_allclose(y, x - 2 * sum(old[entered]), rtol=0, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("method", ["stl", "robust_stl", "robust_trend"])
def test_rows_of_different_periods_are_what_they_are_alone(body, dtype, method):
    """Breaks where a row is taken apart by the period of another, or comes back at the place of another."""
    x, period = series(n=6, dtype=dtype), np.array([7, 0, 12, 7, 30, 0])
    whole = decomposed(as_body(body, x), method, period)
    for i in range(6):
        alone = decomposed(as_body(body, x[i : i + 1]), method, period[i : i + 1])
        for part, own in zip(whole, alone, strict=True):
            assert as_numpy(part).dtype == dtype
            if body == "numba":
                assert same_bits(part[i : i + 1], own)
            else:  # a product with a matrix rounds by the shape of the batch
                np.testing.assert_allclose(as_numpy(part)[i : i + 1], as_numpy(own), rtol=0, atol=CLOSE[dtype] * 20)
    np.testing.assert_allclose(as_numpy(sum(whole)), x, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())
    assert (method == "robust_trend") == (not as_numpy(whole.seasonal).any())
    for part in decomposed(as_body(body, x[:0]), method, period[:0]):
        assert part.shape == (0, 2, 60)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("name", ["stl", "robust_stl", "box_cox"])
def test_auto_gives_each_series_of_a_batch_its_own_period(search, body, name):
    """Breaks where one period is found for the batch: a row alone, with that period given, is the same."""
    wanted = np.array([6, 0, 12, 6, 29, 31])  # of 60 steps the last holds no two
    x = with_told(wanted)
    part = "transformed" if name == "box_cox" else "remainder"
    y = run(body, In(name, **{part: Scaling(sigma=0.5)}), x)[0]
    for i, period in enumerate(wanted):
        alone = In(name, **{part: Scaling(sigma=0.5)})
        assert same_bits(alone(x[i : i + 1], seed=0, ids=[i]), y[i : i + 1]) or body == "torch"
        given = In(name, **{part: Scaling(sigma=0.5)}, period=int(period)) if 0 < period < 30 else alone
        np.testing.assert_allclose(given(x[i : i + 1], seed=0, ids=[i]), y[i : i + 1], rtol=0, atol=1e-9)


def test_auto_finds_the_season_of_series():
    """Breaks where "auto" is not a search in each series: waves of 6, 12 and 20 steps under little noise."""
    t = np.arange(240)
    rng = np.random.default_rng(0)
    x = np.stack([np.sin(2 * np.pi * t / p) + 0.05 * rng.normal(size=240) for p in (6, 12, 20)])[:, None]
    assert periods(x, "auto").tolist() == [6, 12, 20]
    for i, p in enumerate((6, 12, 20)):
        for name in ("stl", "robust_stl"):
            auto = make(name, {}).forward(x)[0]
            given = make(name, {"period": p}).forward(x[i : i + 1])[0]
            for part in given:
                assert same_bits(auto[part][0][i : i + 1], given[part][0])


def test_a_period_needs_two_of_it_and_two_steps(search):
    """Breaks where a season that is seen once is taken for one, or a search that finds 1 divides by it."""
    x = with_told([1, 2, 29, 30, 31, 0])
    assert periods(x, "auto").tolist() == [0, 2, 29, 30, 0, 0]
    assert periods(x, 30).tolist() == [30] * 6
    assert periods(x, 31).tolist() == [0] * 6
    assert periods(x[:0], 7).shape == (0,)


@pytest.mark.parametrize("body", BODIES)
def test_without_a_period_there_is_no_season(search, body):
    """Breaks where the trend of such a series is not a local line over six readings, or not RobustTrend's."""
    x = with_told([0, 0])
    rough, _ = parts_of(body, "stl", x)
    robust, _ = parts_of(body, "robust_stl", x)
    assert not rough["seasonal"][0].any()
    assert not robust["seasonal"][0].any()
    np.testing.assert_allclose(robust["trend"][0], robust_trend(x), rtol=0, atol=1e-9)
    for i, c, t in np.ndindex(2, 2, 60):
        near = np.clip(t - 3, 0, 54) + np.arange(6)
        away = np.abs(near - t)
        share = away / away.max()
        weight = np.where(share < 0.999, (1 - share**3) ** 3, 0)
        line = np.polyfit(near - t, x[i, c, near], 1, w=np.sqrt(weight))
        assert rough["trend"][0][i, c, t] == pytest.approx(line[1], abs=1e-9)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options", "least"), [
    ("stl", {"period": 12}, 24),
    ("robust_stl", {"period": 12}, 24),
    ("mstl", {"period": 4, "longer": 12}, 24),
    ("mstl", {"period": 12, "longer": 4}, 24),
])  # fmt: skip
def test_of_less_than_two_periods_a_series_passes_bit_for_bit(body, dtype, name, options, least):
    """Breaks where a season is told from one of it, a pass loses a bit, or two whole periods are not enough."""
    op = In(name, trend=OVER, seasonal=OVER, remainder=OVER, **options)
    for length in (1, 2, 13, least - 1):
        x = series(length=length, dtype=dtype)
        x[0, 0, 1:2] = np.nan
        assert same_bits(run(body, op, x)[0], x)
    x = series(length=least, dtype=dtype)
    np.testing.assert_allclose(run(body, op, x)[0], -x, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())
    ragged = [series(n=1, length=length)[0] for length in (least - 1, least, 5)]
    out = op(ragged, seed=0)
    assert [same_bits(a, b) for a, b in zip(ragged, out, strict=True)] == [True, False, True]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_gaps_and_unobserved_steps_come_back(body, dtype, name, options):
    """Breaks where a NaN spreads over a part, or is not bridged by a line: what is seen is as if it were."""
    x = series(n=6, dtype=dtype)
    rng = np.random.default_rng(1)
    gone = rng.random(x.shape) < 0.3
    x[gone] = np.nan
    mask = rng.random((6, 60)) < 0.7
    part = "transformed" if name == "box_cox" else "remainder"
    op = In(name, **{part: OVER}, **options)
    for panel in (Panel(x), Panel(np.nan_to_num(x), mask=mask)):
        y = run(body, op, panel)[0].values
        hidden = gone if panel.mask is None else np.broadcast_to(~mask[:, None], x.shape)
        assert same_bits(y[hidden], panel.values[hidden])
        bridged = run(body, op, fill_gaps(np.where(hidden, np.nan, panel.values)).astype(dtype))[0]
        np.testing.assert_allclose(y[~hidden], bridged[~hidden], rtol=1e-4 if dtype == np.float32 else 1e-9, atol=2e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_constant_is_its_own_trend(body, dtype, name, options):
    """Breaks where nothing is divided by nothing, or rounding is taken for a season and blown up."""
    for level in (0.0, 7.3, -7.3e-6, 7.3e6):
        assert_constant(body, name, options, np.full((2, 2, 60), level, dtype))


def assert_constant(body, name, options, x):
    level, dtype = float(x[0, 0, 0]), x.dtype
    parts, _ = parts_of(body, name, x, **options)
    close = 4 * np.finfo(dtype).eps * abs(level)
    if name != "box_cox":
        np.testing.assert_allclose(parts["trend"][0], x, rtol=0, atol=close)
        for array in (*parts["seasonal"], *parts["remainder"]):
            np.testing.assert_allclose(array, 0, rtol=0, atol=close)
    entering = {part: Scaling(sigma=0.5) for part in parts if part in ("seasonal", "remainder")}
    y = run(body, In(name, **entering, **options), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-5 if name == "box_cox" and abs(level) < 1 else 20 * close)


@pytest.mark.parametrize("body", BODIES)
def test_box_cox_is_the_formula_with_each_channels_own_power(body):
    """Breaks where λ is another channel's: near 0 where the spread grows with the level, 1 where the series is below 0."""
    t = np.arange(96)
    rng = np.random.default_rng(0)
    noise = 0.1 * rng.normal(size=(4, 96))
    grows = np.exp(3 * t / 96 + 0.3 * np.sin(2 * np.pi * t / 12) + noise[0])
    steady = 50 + 0.2 * t + 3 * np.sin(2 * np.pi * t / 12) + noise[1]
    x = np.stack([[grows, steady], [steady - 100, grows]])
    parts, power = parts_of(body, "box_cox", x, period=12)
    lam = as_numpy(power)
    assert lam.shape == (2, 2, 1)
    assert lam[0, 0, 0] < 0.1
    assert lam[0, 1, 0] > 0.9
    assert lam[1, 0, 0] == 1
    assert lam[1, 1] == lam[0, 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        formula = np.where(lam > 0, (np.sign(x) * np.abs(x) ** lam - 1) / np.where(lam > 0, lam, 1), np.log(np.abs(x)))
    np.testing.assert_allclose(parts["transformed"][0], formula, rtol=1e-7, atol=1e-6)
    y = run(body, In("box_cox", transformed=OVER, period=12), x)[0]
    u = 1 - lam * parts["transformed"][0]
    wanted = np.where(lam > 0, np.sign(u) * np.abs(u) ** (1 / np.where(lam > 0, lam, 1)), np.exp(-parts["transformed"][0]))
    np.testing.assert_allclose(y, wanted, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(y[1, 0], 2 - x[1, 0], rtol=0, atol=1e-11)  # a shift by 1, and back


@pytest.mark.parametrize("body", BODIES)
def test_on_the_scale_of_box_cox_noise_grows_with_the_level(body):
    """Breaks where the way back has another λ than the way there: relative noise is as large at either end."""
    t = np.arange(480)
    x = np.exp(4 * t / 480 + 0.3 * np.sin(2 * np.pi * t / 12))[None, None]
    y = run(body, In("box_cox", transformed=Jitter(sigma=0.05, relative=False, scope="all"), period=12), x)[0]
    error = (y / x - 1)[0, 0]
    assert 0.5 < error[:160].std() / error[-160:].std() < 2
    assert np.isfinite(y).all()


def test_what_enters_knows_the_period_that_was_found_and_nothing_else(monkeypatch, search):
    """Breaks where a block is measured by another row's period, or fields of the panel get inside or do not come out."""
    seen = []
    work = Scaling.work
    monkeypatch.setattr(Scaling, "work", lambda self, panel, rng: seen.append(dict(panel.extra)) or work(self, panel, rng))
    panel = Panel(with_told([6, 0, 31, 12]), extra={"who": np.arange(4)})
    for op, period in (
        (In("stl", remainder=Scaling()), [6, 0, 0, 12]),
        (In("robust_stl", trend=Scaling()), [6, 0, 0, 12]),
        (In("stl", seasonal=Scaling(), period=9), [9] * 4),
    ):
        out = op(panel, seed=0)
        assert list(seen[-1]) == [PERIOD]
        assert seen[-1][PERIOD].tolist() == period
        assert list(out.extra) == ["who"]
        assert out.extra["who"].tolist() == [0, 1, 2, 3]
    for op in (
        In("box_cox", transformed=Scaling()),
        In("modwt", smooth=Scaling()),
        In("mstl", trend=Scaling(), period=4, longer=9),
    ):
        op(panel, seed=0)
        assert seen[-1] == {}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("name", "options"), CASES)
def test_every_part_keeps_time_so_events_follow(body, name, options):
    """Breaks where transforms of time are kept out of a part, or an event is only where it was, or only where it went."""
    points = np.zeros((4, 60), bool)
    points[:, 5:8] = True
    for part in make(name, options).keeps_time:
        out = run(body, In(name, **{part: Reverse()}, **options), Panel(series(), points=points))[0]
        assert same_bits(out.points, points | points[:, ::-1])
    assert set(make(name, options).keeps_time) == set(make(name, options).parts)


def test_a_gradient_flows_through_stl_and_is_refused_where_there_is_none(search):
    """Breaks where a tensor is detached in silence on its way through a decomposition."""
    for op in (In("stl", remainder=Scaling(), period=6), In("stl", trend=OVER), In("mstl", trend=OVER, period=4, longer=9)):
        x = torch.from_numpy(with_told([6, 12])).requires_grad_()
        op(x, seed=0).square().sum().backward()
        assert x.grad.isfinite().all()
        assert (x.grad != 0).any(-1).all()
    for op in (In("robust_stl", trend=OVER, period=6), In("stl", trend=OVER, period=6, robust=True)):
        x = torch.from_numpy(with_told([6, 12])).requires_grad_()
        with pytest.raises(ValueError, match="has no gradient"):
            op(x, seed=0)


@pytest.mark.parametrize("op", [
    In("stl", remainder=MovingBlockBootstrap(block=4)),
    In("stl", trend=Jitter(), seasonal=Scaling(), remainder=TimeWarp(), period=9, window=0, robust=True),
    In("robust_stl", seasonal=Scaling(), period=12),
    In("mstl", seasonal={2: Flip(), 1: Scaling()}, period=5, longer=15),
    In("box_cox", transformed=In("stl", remainder=Jitter(), period=6), period=6),
], ids=repr)  # fmt: skip
def test_it_can_be_written_read_copied_and_pickled(op, tmp_path):
    """Breaks where an option, such as the period "auto", is lost on the way to a file, a worker or a notebook."""
    assert eval(repr(op), {**vars(variate), **ops}) == op
    x = series()
    for ending in ("yaml", "json"):
        variate.save(op, tmp_path / f"policy.{ending}")
    made = [variate.load(tmp_path / f"policy.{ending}") for ending in ("yaml", "json")]
    for other in (*made, pickle.loads(pickle.dumps(op)), copy.deepcopy(op)):
        assert other == op
        assert hash(other) == hash(op)
        assert same_bits(other(x, seed=1), op(x, seed=1))


@pytest.mark.parametrize(("name", "options", "sentence"), [
    ("stl", {"period": 1}, r"In\('stl'\)\(period=1\): period must be at least 2"),
    ("stl", {"period": "day"}, "period must be 'auto' or an integer"),
    ("stl", {"period": 2.5}, "period must be an integer"),
    ("stl", {"robust": 1}, "robust must be True or False"),
    ("stl", {"window": -1}, "window must be at least 0"),
    ("robust_stl", {"window": 7}, r"In\('robust_stl'\) has no part or option 'window'"),
    ("mstl", {"period": "auto"}, "period must be an integer"),
    ("mstl", {"longer": 2}, "longer must be at least 3"),
    ("box_cox", {"seasonal": 7}, r"In\('box_cox'\) has no part or option 'seasonal'.*transformed"),
    ("stl", {"season": OVER}, "did you mean 'seasonal'"),
])  # fmt: skip
def test_options_that_are_none_are_refused(name, options, sentence):
    with pytest.raises(ParameterError, match=sentence):
        In(name, **options)
