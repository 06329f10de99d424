"""Corners of mixing in warped time and in the spectrum that once went wrong."""

import numpy as np
import pytest
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM, read_at
from transforms.helpers import BODIES, draw, run, series
from variate import Panel
from variate.core.errors import ContractError
from variate.kernels.dtw import dtw_path


def alike(**shape):
    x = series(**shape)
    return ((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)).astype(x.dtype)


def cut_of(x, z, place, band):
    path = dtw_path(x[None], z[None], band)[1]
    return int(path.first[0, place]), int(path.second[0, place])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["points", "gaps", "mask"])
def test_what_belongs_to_the_last_step_of_the_beginning_ends_with_it(body, kind):
    """Breaks where an event, a gap or an unobserved step at the cut fills all of the partner's part.

    The two are aligned step by step here, so that nothing is stretched.
    """
    ramp, none = np.arange(60.0)[None, None], np.zeros((1, 60), bool)
    op = variate.DtwMerge(band=0.01).fit(Panel(ramp + 0.001, points=none, mask=~none))
    fields = {"points": {"points": np.zeros((20, 60), bool)}, "gaps": {}, "mask": {"mask": np.ones((20, 60), bool)}}[kind]
    x = np.repeat(ramp, 20, axis=0)
    _, drawn = draw(body, op, Panel(x, **fields))
    here = np.arange(60) == drawn["cut"][:, None]
    x[:, 0][here] = np.nan if kind == "gaps" else x[:, 0][here]
    y = run(body, op, Panel(x, **{name: here if name == "points" else ~here for name in fields}))[0]
    found = {"points": y.points, "gaps": np.isnan(y.values[:, 0]), "mask": None if y.mask is None else ~y.mask}[kind]
    np.testing.assert_array_equal(found, here)


@pytest.mark.parametrize("body", BODIES)
def test_events_are_those_of_whoever_has_the_step(body):
    """Breaks where events of the series stay although their steps were cut out."""
    x, points = series(n=20), np.random.default_rng(0).random((20, 60)) < 0.3
    other, theirs = series(n=1, seed=1), np.random.default_rng(1).random((1, 60)) < 0.3
    y = run(body, variate.CutMix().fit(Panel(other, points=theirs)), Panel(x, points=points))[0]
    inside = (y.values == other).all(axis=1)
    assert inside.any(axis=1).sum() > 5
    np.testing.assert_array_equal(y.points, np.where(inside, theirs, points))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("scheme", "size", "expected"), [
    ("asd", 2, [2 / 3]), ("as", 2, [0.5 / 0.65]), ("as", 3, [0.5 / 0.8]), ("as", 4, [0.5]),
])  # fmt: skip
def test_in_a_small_class_the_centre_weighs_no_more_than_its_scheme_says(body, scheme, size, expected):
    """Breaks where places that nobody fills are filled with the centre: METHODS 1.15, edge cases of n = 2, 3."""
    x = alike(n=size)
    panel = Panel(x, label=np.arange(size))
    y = run(body, variate.WeightedDBA(scheme=scheme, across=True, band=0.2).fit(panel), panel)[0]
    np.testing.assert_allclose(y.label.diagonal(), expected * size, rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_in_a_small_class_the_weights_of_aa_are_a_dirichlet_of_as_many(body):
    """Breaks where shares of those that are none go to the centre."""
    known = Panel(alike(n=2, length=4), label=np.arange(2))
    x = np.repeat(known.values[:1], 4000, axis=0)
    op = variate.WeightedDBA(scheme="aa", across=True, iterations=1).fit(known)
    label = run(body, op, Panel(x, label=np.zeros(4000, int)))[0].label
    assert stats.kstest(label[:, 0], stats.uniform(0.5, 0.5).cdf).pvalue > FALSE_ALARM


def test_of_as_nobody_takes_part_twice():
    """Breaks where one of the two neighbours is drawn again among the others, and weighs 0.15 + 0.2 / 3."""
    x = alike(n=8, length=20)
    panel = Panel(x, label=np.arange(8))
    op = variate.WeightedDBA(scheme="as", across=True).fit(panel)
    for seed in range(5):
        rows = op.mixed_with(panel, seed)
        assert all(len(set(row)) == 5 for row in rows.tolist())


@pytest.mark.parametrize("most", [3, 6])
def test_nobody_is_preferred_as_a_partner(most):
    """Breaks where the first few of `series` - 1 distinct rows are used: they are no even choice; rate as stated."""
    known = Panel(series(n=20, length=4, seed=1), label=np.arange(20))
    x = np.repeat(known.values[:1], 6000, axis=0)
    label = variate.TSMixup(series=most, across=True).fit(known)(Panel(x, label=np.zeros(6000, int)), seed=0).label
    assert stats.chisquare((label[:, 1:] > 0).sum(axis=0)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_what_stands_at_an_unobserved_step_of_a_stretched_partner_stays_there(body):
    """Breaks where nonsense at an unobserved step is read into the readings beside it."""
    seen = np.arange(40) != 20
    z = alike(n=1, length=40)
    known = Panel([np.where(seen, z[0], 1e6), z[0, :, :30]], mask=[seen, np.ones(30, bool)], label=[0, 1])
    panel = Panel(alike(n=1, seed=1), label=[0], mask=np.ones((1, 60), bool))
    for op in (variate.Spawner(sigma=0.0), variate.DtwMerge(), variate.Smote(metric="dtw"), variate.WeightedDBA()):
        y = run(body, op.fit(known), panel)[0]
        assert np.abs(y.values).max() < 10


@pytest.mark.parametrize("length", [30, 40, 90])
def test_on_a_forecast_window_partners_are_as_long_as_the_series(length):
    """Breaks where a partner is stretched whole, so that its target comes to lie before the border."""
    z, x = alike(n=1, length=length)[0], alike(n=1, seed=1)
    for op in (variate.Spawner(sigma=0.0), variate.DtwMerge(), variate.Smote(metric="dtw"), variate.WeightedDBA()):
        with pytest.raises(ContractError, match="the pool has no series of 60 steps"):
            op.fit(Panel([z], horizon=10))(Panel(x, horizon=10), seed=0)


@pytest.mark.parametrize("kind", ["constant", "wave"])
def test_a_bin_without_amplitude_has_no_phase_of_rounding(kind):
    """Breaks where the phase of an empty bin is that of its rounding: libraries, precisions and machines would differ."""
    t = np.arange(60)
    x = np.full((4, 1, 51), 7.3) if kind == "constant" else np.tile(np.sin(2 * np.pi * t / 20), (4, 1, 1))
    other = series(n=1, channels=1, length=x.shape[-1], seed=1)
    op = variate.TailoredMixup().fit(other)
    a, b = (run(body, op, x)[0] for body in BODIES)
    np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)
    single = op(x.astype(np.float32), seed=0)
    np.testing.assert_allclose(a, single, rtol=0, atol=1e-4)


def test_between_the_two_parts_the_reading_is_on_the_line_between_them():
    """Breaks where the one new reading between the last of the one and the first of the other is of neither line."""
    x, z = np.zeros((400, 1, 8)), np.array([[[0.0, 0, 0, 0, 9, 9, 9, 9]]])
    x[:, :, 6:] = 1.0
    y, drawn = draw("numba", variate.DtwMerge(band=0.5).fit(z), x)
    for i in range(400):
        last, first = cut_of(x[i], z[0], drawn["cut"][i], 0.5)
        both = np.concatenate([x[i][:, : last + 1], z[0][:, first + 1 :]], axis=1)
        place = np.linspace(0, both.shape[1] - 1, 8)
        np.testing.assert_allclose(y[i], read_at(both[None], place[None])[0], rtol=0, atol=1e-9)
