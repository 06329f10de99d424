"""Recombine: METHODS 4.6, with parts, features and candidates computed anew, series by series."""

import numpy as np
import pytest
import torch
from scipy import stats
from statsmodels.tsa.seasonal import STL

import variate
from kernels.oracles import as_numpy, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import In, Panel, Recombine
from variate.core.errors import ContractError, ParameterError
from variate.kernels.arrays import numpy_of
from variate.kernels.autoregression import fit_ar, residuals_ar
from variate.kernels.features import FIXED_SCALES

CLOSE = {np.float32: 2e-6, np.float64: 1e-11}
"""Of the largest reading."""


def seasons(n=6, channels=2, length=96, dtype=np.float64, seed=0, noise=0.4):
    """Return series (n, channels, length) with a line, a season of 12 steps, and noise that remembers the step before."""
    rng = np.random.default_rng(seed)
    t = np.arange(length)
    slope, size = rng.uniform(-1, 1, (n, channels, 1)), rng.uniform(0.5, 2, (n, channels, 1))
    phase = rng.uniform(0, 6, (n, channels, 1))
    rest = rng.normal(size=(n, channels, length))
    for k in range(1, length):
        rest[..., k] += 0.6 * rest[..., k - 1]
    return (3 + 3 * slope * t / length + size * np.sin(2 * np.pi * t / 12 + phase) + noise * rest).astype(dtype)


def parts_of(row, period=12):
    """Return trend, season and remainder (c, t) of one series, by statsmodels."""
    found = [STL(channel, period=period, seasonal=7).fit() for channel in np.asarray(row, np.float64)]
    return tuple(np.stack([getattr(one, part) for one in found]) for part in ("trend", "seasonal", "resid"))


def correlation(x, lag):
    x = x - x.mean()
    return (x[:-lag] * x[lag:]).sum() / (x * x).sum()


def described(row, reference, period=12):
    """Return the features (12,) of one series (c, t), in units of the deviation of a reference."""
    t, length = np.arange(row.shape[1]), row.shape[1]
    parabola = (t - t.mean()) ** 2
    parabola = (parabola - parabola.mean()) / parabola.std()
    found = []
    for x, base, trend, season, rest in zip(row, reference, *parts_of(row, period), strict=True):
        unit = base.std()
        power = np.abs(np.fft.rfft(x - x.mean()))[1:] ** 2
        power[: (length - 1) // 2] *= 2
        share = power / power.sum()
        found.append([
            max(0, 1 - rest.var() / (trend + rest).var()),
            max(0, 1 - rest.var() / (season + rest).var()),
            np.polyfit(t, trend, 1)[0] * length / unit,
            np.corrcoef(t, trend)[0, 1] ** 2,
            (trend * parabola).mean() / unit,
            -(share * np.log(share)).sum() / np.log(share.size),
            correlation(x, 1),
            correlation(x, period),
            correlation(rest, 1),
            correlation(rest, period),
            rest.std() / unit,
            stats.skew(x),
        ])  # fmt: skip
    return np.mean(found, axis=0)


def away(old, new, scales=FIXED_SCALES):
    """Return how far each new series (n, c, t) is from the old one."""
    return np.array([
        np.linalg.norm((described(a, a) - described(b, a)) / scales) for a, b in zip(old, new, strict=True)
    ])  # fmt: skip


def recombined(row, drawn, reach, rest=None):
    """Return one series (c, t) with its parts weighed by three uniform draws; ``rest`` is the remainder, else its own."""
    trend, season, own = parts_of(row)
    base, slow, seasonal = 1 + np.array(reach) * (2 * np.asarray(drawn, np.float64) - 1)
    level = trend.mean(axis=1, keepdims=True)
    return base * level + slow * (trend - level) + seasonal * season + (own if rest is None else rest)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_with_the_remainder_kept_it_is_the_formula(body, dtype):
    """Breaks where a weight goes to another part, is another row's, or the level is weighed with the trend."""
    x = seasons(n=6, dtype=dtype)
    reach = (0.1, 0.5, 0.9)
    op = Recombine(base=0.1, trend=0.5, season=0.9, remainder="kept", nearest=0.0, farthest=99.0, period=12)
    y, drawn = draw(body, op, x)
    assert y.dtype == dtype
    assert set(drawn) == {"weights0", "accepted"}
    assert drawn["accepted"].all()
    weights = drawn["weights0"]
    assert weights.shape == (6, 3)
    for i in range(6):
        np.testing.assert_allclose(y[i], recombined(x[i], weights[i], reach), rtol=0, atol=CLOSE[dtype] * 40)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_without_spread_and_with_the_remainder_kept_the_series_comes_back(body, dtype):
    """Breaks where a part is lost: the sum is exact to rounding; such a candidate is as near as can be, so nearest=0."""
    x = seasons(dtype=dtype)
    op = Recombine(base=0.0, trend=0.0, season=0.0, remainder="kept", nearest=0.0, period=12)
    y, drawn = draw(body, op, x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, x, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())
    assert drawn["accepted"].all()
    y, drawn = draw(body, Recombine(base=0.0, trend=0.0, season=0.0, remainder="kept", period=12, attempts=3), x)
    np.testing.assert_allclose(y, x, rtol=0, atol=CLOSE[dtype] * np.abs(x).max())
    assert not drawn["accepted"].any()
    assert set(drawn) == {"weights0", "weights1", "weights2", "accepted"}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("remainder", ["normal", "resampled", "kept"])
def test_what_is_accepted_lies_between_nearest_and_farthest(body, remainder):
    """Breaks where a distance is that of another row, another attempt, another scale, or of the parts before."""
    x = seasons(n=24)
    op = Recombine(remainder=remainder, nearest=0.7, farthest=0.9, attempts=4, period=12, season=0.5, trend=0.5)
    y, drawn = draw(body, op, x)
    accepted = drawn["accepted"]
    assert accepted.dtype == bool
    assert 0 < accepted.sum() < 24
    distance = away(x, y)
    np.testing.assert_array_equal((distance >= 0.7 - 1e-6) & (distance <= 0.9 + 1e-6), accepted)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("attempts", [1, 5])
def test_candidates_are_drawn_until_one_fits_else_the_closest_is_taken(body, attempts):
    """Breaks where more are drawn than ``attempts``, a row goes on that has one, or the last is taken for the best."""
    x = seasons(n=16)
    reach = (0.3, 0.6, 0.6)
    limits = {"nearest": 0.35, "farthest": 0.45}
    op = Recombine(base=0.3, trend=0.6, season=0.6, remainder="kept", attempts=attempts, period=12, **limits)
    y, drawn = draw(body, op, x)
    assert set(drawn) == {"accepted", *(f"weights{k}" for k in range(attempts))}
    tries = set()
    for i in range(16):
        weights = [drawn[f"weights{k}"][i] for k in range(attempts) if not np.isnan(drawn[f"weights{k}"][i]).any()]
        made = np.stack([recombined(x[i], w, reach) for w in weights])
        distance = away(np.repeat(x[i : i + 1], len(made), axis=0), made)
        miss = np.maximum(np.maximum(0.35 - distance, distance - 0.45), 0)
        assert (miss[:-1] > 0).all()
        assert (miss[-1] == 0) == drawn["accepted"][i]
        assert drawn["accepted"][i] or len(made) == attempts
        np.testing.assert_allclose(y[i], made[miss.argmin()], rtol=0, atol=1e-9)
        tries.add((len(made), miss.argmin() == len(made) - 1))
    assert attempts == 1 or len(tries) > 2


@pytest.mark.parametrize("remainder", ["normal", "resampled"])
def test_a_new_remainder_is_of_the_old_ones_kind(remainder):
    """Breaks where it has another spread, forgets faster or slower, or is the old one: METHODS 4.6, 20 % for long series."""
    x = seasons(n=8, channels=1, length=1200)
    op = Recombine(base=0.0, trend=0.0, season=0.0, remainder=remainder, nearest=0.0, farthest=99.0, period=12)
    y = op(x, seed=0)
    for i in range(8):
        trend, season, old = parts_of(x[i])
        new = y[i] - trend - season
        assert np.abs(new.std() / old.std() - 1) < 0.1
        assert new.mean() == pytest.approx(old.mean(), abs=6 * old.std() * 2 / np.sqrt(1200))
        assert correlation(new[0], 1) == pytest.approx(correlation(old[0], 1), abs=0.12)
        assert abs(np.corrcoef(old[0], new[0])[0, 1]) < 0.2


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("remainder", ["normal", "resampled"])
def test_the_new_remainder_runs_the_model_on_the_innovations_that_were_drawn(body, remainder):
    """Breaks where the start is kept, the mean is lost, or channels are resampled at steps of their own."""
    x = seasons(n=3)
    op = Recombine(base=0.0, trend=0.0, season=0.0, remainder=remainder, nearest=0.0, farthest=99.0, period=12)
    y, drawn = draw(body, op, x)
    shape = (3, 2, 196) if remainder == "normal" else (3, 196)  # a hundred before the first that is kept
    assert drawn["innovations0"].shape == shape
    for i in range(3):
        trend, season, old = parts_of(x[i])
        model, deviation = fit_ar(old[None])
        left = residuals_ar(old[None] - old.mean(axis=1)[None, :, None], model)[0]
        for c in range(2):
            new, known = [], left[c] - left[c].mean()
            for t in range(196):
                number = drawn["innovations0"][i][(c, t) if remainder == "normal" else t]
                came = number * deviation[0, c, 0] if remainder == "normal" else known[number]
                new.append(came + sum(phi * new[-1 - k] for k, phi in enumerate(model[0, c]) if k < len(new)))
            wanted = trend[c] + season[c] + old[c].mean() + np.array(new[100:])
            np.testing.assert_allclose(y[i, c], wanted, rtol=0, atol=1e-8)


def test_a_weight_of_nought_takes_the_season_away():
    """Breaks where the season stays under another name: its strength falls with its weight."""
    x = seasons(n=40, noise=0.1)
    op = Recombine(base=0.0, trend=0.0, season=1.0, remainder="kept", nearest=0.0, farthest=99.0, period=12)
    y, drawn = draw("numba", op, x)
    weight = 2 * drawn["weights0"][:, 2]
    least, most = weight.argmin(), weight.argmax()
    strength = [described(y[i], x[i])[1] for i in (least, most)]
    assert weight[least] < 0.1
    assert strength[0] < 0.7 < strength[1]


@pytest.mark.parametrize("body", BODIES)
def test_a_row_is_what_it_is_alone(monkeypatch, body):
    """Breaks where a row draws with those that are left, or has another's period: of 96 steps, 49 is too long."""
    monkeypatch.setattr("variate.kernels.decomposition.estimate_period", lambda x: numpy_of(x)[:, 0, 0].astype(np.int64))
    x = seasons(n=6)
    x[:, 0, 0] = (12, 0, 7, 12, 49, 24)
    for remainder in ("normal", "resampled"):
        op = Recombine(nearest=0.9, farthest=1.0, attempts=4, remainder=remainder)
        y, record = run(body, op, x)
        for i in range(6):
            row, alone = op(x[i : i + 1], seed=0, ids=[i], record=True)
            assert same_bits(row[0], y[i]) or body == "torch"
            np.testing.assert_allclose(row[0], y[i], rtol=0, atol=1e-9)
            assert alone["/recombine"]["accepted"][0] == record["/recombine"]["accepted"][i]
        given = Recombine(nearest=0.9, farthest=1.0, attempts=4, remainder=remainder, period=7)
        np.testing.assert_allclose(given(x[2:3], seed=0, ids=[2])[0], y[2], rtol=0, atol=1e-9)
    assert same_bits(op(list(x), seed=0)[4], op(x, seed=0)[4])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_too_short_a_series_passes_bit_for_bit(body, dtype):
    """Breaks where a season is told from less than two of it, or seven readings are modelled."""
    for length, period in ((1, "auto"), (7, "auto"), (23, 12), (8, 5)):
        x = series(length=length, dtype=dtype)
        assert same_bits(run(body, Recombine(period=period), x)[0], x)
    x = series(length=24, dtype=dtype)
    assert (run(body, Recombine(period=12), x)[0] != x).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
def test_gaps_and_unobserved_steps(body):
    """Breaks where a NaN is not bridged by a line, spreads, or an unobserved reading counts."""
    op = Recombine(period=6)
    x = series(n=6)
    x[:, 0, 7:15] = np.nan
    y = run(body, op, x)[0]
    expected = np.where(np.isnan(x), np.nan, run(body, op, fill_gaps(x))[0])
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-9)
    assert_unobserved_steps_do_not_count(body, op)


@pytest.mark.parametrize("body", BODIES)
def test_a_target_is_recombined_with_its_past_or_left_alone(body):
    """Breaks where past and target get weights of their own, or scope="past" looks at the target."""
    x = series()
    op = Recombine(period=6)
    out = run(body, op, Panel(x, horizon=20, label=[0, 1, 0, 1], covariates=x[:, :1]))[0]
    assert same_bits(out.values, run(body, op, x)[0])
    assert out.label.tolist() == [0, 1, 0, 1]
    assert same_bits(out.covariates, x[:, :1].copy())
    assert_past_alone(body, Recombine(period=6, scope="past"))
    short = Panel(x, horizon=45)  # a past of 15 steps has no two periods of 8
    assert same_bits(run(body, Recombine(period=8, scope="past"), short)[0].values, x)


def test_point_labels_are_refused_or_dropped():
    """Breaks where labels stay at steps whose readings were simulated anew."""
    panel = Panel(series(), points=np.eye(4, 60, dtype=bool))
    with pytest.raises(ContractError, match=r"Recombine forgets when something was.*Recombine\(on_points='drop'\)"):
        Recombine()(panel, seed=0)
    out = Recombine(on_points="drop", period=6)(panel, seed=0)
    assert out.points is None
    assert same_bits(out.values, Recombine(period=6)(panel.values, seed=0))


def test_a_gradient_is_refused():
    """Breaks where a tensor is detached in silence."""
    x = torch.from_numpy(series()).requires_grad_()
    with pytest.raises(ValueError, match="Recombine has no gradient"):
        Recombine(period=6)(x, seed=0)
    with torch.no_grad():
        np.testing.assert_allclose(
            as_numpy(Recombine(period=6)(x, seed=0)), Recombine(period=6)(series(), seed=0), rtol=0, atol=1e-9
        )


def test_fit_measures_each_feature_over_the_panel(tmp_path):
    """Breaks where scales are those of another panel, are not used, change the original, or are lost in a file."""
    x = seasons(n=10)
    op = Recombine(period=12, nearest=0.7, farthest=0.9, attempts=4, remainder="kept", trend=0.6, season=0.6)
    fitted = op.fit(Panel(x))
    assert op.feature_scales is None
    assert fitted == op
    own = np.std([described(row, row) for row in x], axis=0)
    scales = np.maximum(own, 0.1 * FIXED_SCALES)
    np.testing.assert_allclose(fitted.feature_scales, scales, rtol=1e-6)
    new = seasons(n=12, seed=5)
    y, record = fitted(new, seed=0, record=True)
    distance = away(new, y, scales)
    accepted = record["/recombine"]["accepted"]
    np.testing.assert_array_equal((distance >= 0.7 - 1e-5) & (distance <= 0.9 + 1e-5), accepted)
    assert (accepted != op(new, seed=0, record=True)[1]["/recombine"]["accepted"]).any()
    for suffix in ("yaml", "json"):
        variate.save(fitted, tmp_path / f"policy.{suffix}")
        assert (tmp_path / "policy.safetensors").exists()
        again = variate.load(tmp_path / f"policy.{suffix}")
        assert same_bits(again.feature_scales, fitted.feature_scales)
        assert same_bits(again(new, seed=0), y)
    variate.save(variate.Compose(fitted), tmp_path / "two.yaml")
    assert same_bits(variate.load(tmp_path / "two.yaml")(new, seed=0), variate.Compose(fitted)(new, seed=0))
    assert same_bits(op.fit(torch.from_numpy(x)).feature_scales, fitted.feature_scales)


def test_fit_takes_what_is_long_enough_and_leaves_the_rest():
    """Breaks where a short series among long ones stops the program, or one series is taken for a spread of none."""
    x = seasons(n=5)
    op = Recombine(period=12)
    ragged = op.fit(Panel([*x, x[0, :, :5]]))
    np.testing.assert_allclose(ragged.feature_scales, op.fit(x).feature_scales, rtol=1e-12)
    assert op.fit(x[:1]).feature_scales is None
    assert op.fit(x[:0]).feature_scales is None
    equal = op.fit(np.repeat(x[:1], 3, axis=0))
    np.testing.assert_allclose(equal.feature_scales, 0.1 * FIXED_SCALES, rtol=1e-9)
    gaps = x.copy()
    gaps[:, :, 20:24] = np.nan
    np.testing.assert_allclose(op.fit(gaps).feature_scales, op.fit(fill_gaps(gaps)).feature_scales, rtol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_what_the_gate_leaves_keeps_its_bits_and_constants_stay_finite(body):
    """Breaks where p counts for the record alone, or a channel without spread divides by it."""
    x = series(n=12, dtype=np.float32)
    y, drawn = draw(body, Recombine(period=6, p=0.5), x)
    for i, chosen in enumerate(drawn["gate"]):
        assert same_bits(y[i], x[i]) != chosen
    x[:, 0], x[0] = 7.3, 0
    y = run(body, Recombine(period=6), x)[0]
    assert np.isfinite(y).all()
    assert not y[0].any()
    assert (np.ptp(y[:, 0], axis=-1) < 1e-4).all()
    assert np.isfinite(run(body, In("spectrum", amplitude=Recombine(period=6)), x)[0]).all()
    assert run(body, Recombine(), x[:0])[0].shape == (0, 2, 60)


@pytest.mark.parametrize(("how", "sentence"), [
    ({"base": -0.1}, "base must be at least 0"),
    ({"season": 1.1}, "season must be at most 1"),
    ({"remainder": "none"}, "remainder must be one of 'normal', 'resampled', 'kept'"),
    ({"attempts": 0}, "attempts must be at least 1"),
    ({"period": 1}, "period must be at least 2"),
    ({"nearest": -1}, "nearest must be at least 0"),
])  # fmt: skip
def test_parameters_that_are_none_are_refused(how, sentence):
    with pytest.raises(ParameterError, match=sentence):
        Recombine(**how)
