"""bld_mbb and robust_tad: METHODS 4.5 and 4.7 as pipelines."""

import numpy as np
import pytest
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM, as_numpy, read_at, strongest_at
from transforms.helpers import BODIES, ramp, run, same_bits, series
from variate import (
    APP,
    Component,
    Compose,
    Crop,
    Flip,
    Identity,
    In,
    Jitter,
    LabelExpansion,
    MovingBlockBootstrap,
    Panel,
    Reverse,
    Scaling,
    bld_mbb,
    expand,
    robust_tad,
)
from variate.core.errors import ContractError, ParameterError
from variate.domains.decomposing import Decomposing
from variate.domains.domain import make
from variate.kernels.decomposition import decomposed
from variate.pipeline.presets import presets

DRAWN = "/in/transformed:in/remainder:moving_block_bootstrap"


def demand(n=4, channels=1, length=72, dtype=np.float64, seed=0):
    """Return series above 0 whose season of 6 steps and noise grow with their level."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    phase = rng.uniform(0, 6, (n, channels, 1))
    noise = rng.normal(size=(n, channels, length))
    return np.exp(2 * t / length + 0.3 * np.sin(2 * np.pi * t / 6 + phase) + 0.1 * noise).astype(dtype)


def laid(drawn, i, length, size):
    """Return the old step of each reading of row i, of blocks laid one after the other."""
    steps = np.concatenate([np.arange(start, start + size) for start in drawn["start"][i]])
    return steps[drawn["skip"][i] :][:length]


@pytest.fixture
def parts(monkeypatch):
    """Note the parts of each decomposition, before anything enters and as they are put together."""
    seen = []
    there, back = Decomposing._apart, Decomposing.inverse

    def forward(self, *args, **options):
        found, rest = there(self, *args, **options)
        seen.append({name: as_numpy(array).copy() for name, (array,) in found.items()})
        return found, rest

    def inverse(self, found, rest):
        seen.append({name: as_numpy(array).copy() for name, (array,) in found.items()})
        return back(self, found, rest)

    monkeypatch.setattr(Decomposing, "_apart", forward)
    monkeypatch.setattr(Decomposing, "inverse", inverse)
    return seen


def test_they_are_pipelines_of_what_is_there():
    """Breaks where a default moves, and a preset of a paper's name with it: say so in METHODS first."""
    for period, block in (("auto", 0), (12, 0), (24, 8)):
        inside = In("stl", remainder=MovingBlockBootstrap(block=block), period=period, window=0, robust=False)
        assert bld_mbb(period=period, block=block) == In("box_cox", transformed=inside, period=period)
    assert bld_mbb() == bld_mbb("auto", 0)
    default = Compose(Flip(about="zero", p=0.5), LabelExpansion(), APP())
    assert robust_tad() == Compose(In("robust_stl", remainder=default), Crop())
    alone = Compose(Component(part="remainder", method="robust_stl", period=9), *default.steps, Crop())
    assert robust_tad(output="remainder", period=9) == alone
    given = robust_tad(Jitter(), Scaling(), Flip(), period=9)
    entering = {"remainder": Compose(Jitter()), "trend": Scaling(), "seasonal": Flip()}
    assert given == Compose(In("robust_stl", **entering, period=9), Crop())
    for preset in (bld_mbb, robust_tad):
        assert presets[preset.__name__] is getattr(variate, preset.__name__) is preset
        assert preset.__name__ in variate.__all__


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_they_are_saved_and_loaded_as_they_are(body, suffix, tmp_path):
    """Breaks where a file names the preset and not its steps, or loses an option."""
    for aug in (bld_mbb(), bld_mbb(period=6, block=5), robust_tad(period=6), robust_tad(output="remainder", period=6)):
        variate.save(aug, tmp_path / f"policy.{suffix}")
        again = variate.load(tmp_path / f"policy.{suffix}")
        assert again == aug
        assert same_bits(run(body, again, demand())[0], run(body, aug, demand())[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-5), (np.float64, 1e-10)])
def test_bld_mbb_is_trend_and_season_and_the_blocks_that_were_drawn(parts, body, dtype, close):
    """Breaks where the season moves, λ or a scale is another's, or a remainder is none of the series: bit for bit."""
    x = demand(n=5, channels=2, dtype=dtype)
    y, record = run(body, bld_mbb(period=6), x)
    old, new = parts
    scale, power = make("box_cox", {"period": 6}).forward(x)
    trend, season, rest = decomposed(scale["transformed"][0], "stl", np.full(5, 6), window=0)
    np.testing.assert_allclose(season[..., 6:], season[..., :-6], rtol=0, atol=100 * close)
    for i in range(5):
        steps = laid(record[DRAWN], i, 72, 12)
        assert same_bits(new["trend"][i], old["trend"][i])
        assert same_bits(new["seasonal"][i], old["seasonal"][i])
        assert same_bits(new["remainder"][i], old["remainder"][i][:, steps])
        sums = trend[i] + season[i] + rest[i][:, steps]
        u = np.maximum(power[i] * sums + 1, 0)
        wanted = np.where(power[i] > 0, u ** (1 / np.where(power[i] > 0, power[i], 1)), np.exp(sums))
        np.testing.assert_allclose(y[i], wanted, rtol=100 * close)
    assert y.dtype == dtype


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_of_positive_series_bld_mbb_makes_finite_ones(body, dtype):
    """Breaks where a value below -1/λ is raised to a power, or an exponential overflows: heavy tails, zeros, tiny units."""
    rng = np.random.default_rng(0)
    x = rng.pareto(1.2, size=(40, 1, 60)) + 1e-3
    x[10:20] *= 1e-6
    x[20:30] *= 1e6
    x[30:, :, 40:] = 0
    for period in (6, "auto"):
        y = run(body, bld_mbb(period=period), x.astype(dtype))[0]
        assert np.isfinite(y).all()
    steady = np.exp(0.05 * rng.normal(size=(50, 1, 60))).astype(dtype)
    assert (run(body, bld_mbb(period=6), steady)[0] > 0).all()


def test_the_mean_of_the_members_is_what_it_should_be():
    """Breaks where some remainders come more often than by blocks and cuts that are all as likely: false alarm as stated.

    Where λ = 1 the mean at each step is trend + season + the mean over all starts and all places in a block; METHODS 4.5.
    """
    x = series(n=1, channels=1, length=60, seed=3) - 20
    many = 4000
    y = bld_mbb(period=5)(np.repeat(x, many, axis=0), seed=0)[:, 0]
    trend, season, rest = (part[0, 0] for part in decomposed(x - 1, "stl", np.array([5]), window=0))
    count = np.zeros(60)
    for start in range(51):
        count[start : start + 10] += 1
    weight = count / count.sum()
    mean = (weight * rest).sum()
    deviation = np.sqrt((weight * (rest - mean) ** 2).sum())
    z = (y.mean(axis=0) - (trend + season + 1 + mean)) / (deviation / np.sqrt(many))
    assert np.abs(z).max() < stats.norm.isf(FALSE_ALARM / 2 / 60)
    assert np.abs(mean) < 0.2 * rest.std()
    spread = (y - (trend + season + 1)).std(axis=0)
    np.testing.assert_allclose(spread, deviation, rtol=0.15)


def test_members_are_epochs():
    """Breaks where all copies of a series are one, or copy k is not epoch k."""
    x = demand(n=3)
    made = [bld_mbb(period=6)(x, seed=3, epoch=k) for k in range(1, 4)]
    assert len({y.tobytes() for y in made}) == 3
    assert same_bits(expand(x, bld_mbb(period=6), copies=3, seed=3).values[3:], np.concatenate(made))
    assert not same_bits(bld_mbb(period=6)(x, seed=4, epoch=1), made[0])


@pytest.mark.parametrize("body", BODIES)
def test_bld_mbb_keeps_past_and_target_apart_and_events_where_they_were_or_went(body):
    """Breaks where the two Ins lose a label or a border between them."""
    points = np.random.default_rng(0).random((6, 72)) < 0.1
    panel = Panel(demand(n=6), points=points, label=np.arange(6))
    out, record = run(body, bld_mbb(period=6), panel)
    moved = np.stack([points[i, laid(record[DRAWN], i, 72, 12)] for i in range(6)])
    assert same_bits(out.points, points | moved)
    assert same_bits(out.label, panel.label)
    out, record = run(body, bld_mbb(period=6), panel.replace(horizon=20))
    moved = np.stack([
        points[i, np.r_[laid(record[DRAWN], i, 52, 12), 52 + laid(record[f"{DRAWN}/target"], i, 20, 12)]] for i in range(6)
    ])  # fmt: skip
    assert same_bits(out.points, points | moved)
    assert out.horizon == 20


def test_without_a_period_blocks_have_eight_and_a_short_series_comes_back():
    """Breaks where "auto" stops at a series without season, or a short one is taken apart all the same."""
    x = np.random.default_rng(0).normal(size=(3, 1, 72))
    record = bld_mbb()(x, seed=0, record=True)[1]
    assert record[DRAWN]["start"].shape == (3, 72 // 8 + 2)
    assert record[DRAWN]["skip"].max() < 8
    short = demand(length=11)
    np.testing.assert_allclose(bld_mbb(period=6)(short, seed=0), short, rtol=1e-12)
    for length in (1, 2, 3):
        assert np.isfinite(bld_mbb()(demand(length=length), seed=0)).all()
    wave = 9 + np.sin(2 * np.pi * np.arange(240) / 12) + 0.1 * np.random.default_rng(0).normal(size=(2, 1, 240))
    assert same_bits(bld_mbb()(wave, seed=0), bld_mbb(period=12)(wave, seed=0))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("output", ["series", "remainder"])
def test_robust_tad_crops_all_parts_at_the_same_window(body, output):
    """Breaks where each part is cropped on its own: the clock that a ramp shows reads the series, or its remainder."""
    x = series(n=8)
    points = np.random.default_rng(0).random((8, 60)) < 0.1
    panel = Panel(x, points=points, covariates=ramp(8, 60))
    out = run(body, robust_tad(remainder=Identity(), period=6, output=output), panel)[0]
    clock = out.covariates[:, 0]
    assert (clock[:, 0] != clock[0, 0]).any()
    whole = x if output == "series" else run(body, Component(period=6), x)[0]
    np.testing.assert_allclose(out.values, read_at(whole, clock), rtol=0, atol=1e-9)
    assert same_bits(out.points, strongest_at(points, clock))


@pytest.mark.parametrize("body", BODIES)
def test_robust_tad_changes_the_parts_that_are_given_and_no_other(parts, body):
    """Breaks where a transform enters another part, or one that is left out loses a bit."""
    x, over = series(), Flip(about="zero")
    for entering in (
        {"remainder": over},
        {"trend": over},
        {"seasonal": over},
        {"remainder": Identity(), "trend": over, "seasonal": over},
    ):
        aug = robust_tad(**{"remainder": Identity(), **entering}, period=6)
        inside = run(body, aug.steps[0], x)[0]
        old, new = parts[-2:]
        for part in old:
            assert same_bits(new[part], -old[part] if entering.get(part) is over else old[part])
        np.testing.assert_allclose(inside, sum(new.values()), rtol=0, atol=1e-12)
    y, record = run(body, robust_tad(period=6), x)
    old, new = parts[-2:]
    assert same_bits(new["trend"], old["trend"])
    assert same_bits(new["seasonal"], old["seasonal"])
    assert (new["remainder"] != old["remainder"]).any()
    place = "/compose/0:in/remainder:compose"
    assert {f"{place}/0:flip", f"{place}/2:amplitude_phase_perturbation", "/compose/1:crop"} <= set(record)
    assert y.shape == x.shape


@pytest.mark.parametrize("body", BODIES)
def test_labels_follow_what_happens_to_the_remainder(body):
    """Breaks where labels expand over readings of the series, or an event that moved in the remainder is not marked there."""
    x = series(n=6)
    points = np.zeros((6, 60), bool)
    points[:, 20] = True
    panel = Panel(x, points=points)
    rest = Panel(run(body, Component(period=6), x)[0], points=points)
    wide = LabelExpansion(reach=8, tolerance=1.0)
    expanded = run(body, wide, rest)[0].points
    assert (expanded != run(body, wide, panel)[0].points).any()
    for output, whole in (("series", 0), ("remainder", slice(0, 2))):
        aug = robust_tad(wide, period=6, output=output)
        before = aug.steps[0] if whole == 0 else Compose(*aug.steps[whole])
        assert same_bits(run(body, before, panel)[0].points, expanded)
    turned = run(body, robust_tad(Reverse(), period=6).steps[0], panel)[0]
    assert same_bits(turned.points, points | points[:, ::-1])
    moved = run(body, robust_tad(Reverse(), period=6, output="remainder"), panel.replace(covariates=ramp(6, 60)))[0]
    assert not moved.points[:, 8:28].any()  # of the series itself nothing is left there


@pytest.mark.parametrize("body", BODIES)
def test_by_default_half_of_the_remainders_are_turned_over(body):
    """Breaks where all are, or the whole series is: Binomial(400, ½), false-alarm rate as stated."""
    x = series(n=400, channels=1, length=24)
    record = run(body, robust_tad(period=6), x)[1]
    chosen = record["/compose/0:in/remainder:compose/0:flip"]["gate"]
    assert stats.binomtest(int(chosen.sum()), 400).pvalue > FALSE_ALARM


@pytest.mark.parametrize("output", ["series", "remainder"])
def test_a_forecast_window_is_refused_by_robust_tad(output):
    """Breaks where labels of the past are told by readings of the target."""
    with pytest.raises(ContractError, match="cannot be used with a forecast horizon"):
        robust_tad(period=6, output=output)(Panel(series(), points=np.zeros((4, 60), bool), horizon=9), seed=0)


@pytest.mark.parametrize(("how", "sentence"), [
    ({"output": "trend"}, r"robust_tad\(output='trend'\): output must be one of 'series', 'remainder'"),
    ({"output": "remainder", "trend": Jitter()}, r"robust_tad\(output='remainder'\): nothing of trend"),
    ({"output": "remainder", "seasonal": Jitter()}, r"robust_tad\(output='remainder'\): nothing of seasonal"),
    ({"output": "remainder", "trend": Jitter(), "seasonal": Flip()}, "nothing of trend and seasonal comes out"),
    ({"remainder": Jitter}, "part 0 is the class Jitter"),
    ({"remainder": Crop(size=0.5, resize=False), "output": "series"}, "parts of another length cannot be put together"),
    ({"period": 1}, "period must be at least 2"),
])  # fmt: skip
def test_what_robust_tad_cannot_do_is_refused(how, sentence):
    """Breaks where something enters a part that is thrown away, or a part becomes shorter than the others."""
    with pytest.raises((ParameterError, ContractError), match=sentence):
        robust_tad(**{"period": 6, **how})(series(), seed=0)
