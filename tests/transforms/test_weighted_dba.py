"""WeightedDBA: the weights of METHODS, and the barycenter that has them."""

import numpy as np
import pytest
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM, read_at, strongest_at
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, WeightedDBA
from variate.kernels.barycenter import weighted_barycenter
from variate.kernels.dtw import dtw_path

SCHEMES = ("asd", "as", "aa")


def alike(**shape):
    """Return series of one level and spread, so that it is their shapes that are aligned."""
    x = series(**shape)
    return ((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)).astype(x.dtype)


def distances(x, others, band):
    return np.array([variate.dtw(x[None], z[None], band=band)[0] for z in others])


def asd(x, others, band):
    """METHODS 1.15: exp(ln ½ · d / d of the nearest), of the centre 1."""
    d = distances(x, others, band)
    return np.array([1, *np.exp(np.log(0.5) * d / d.min())])


def selected(count):
    """METHODS 1.15, "as": 0.5 for the centre, 0.15 for each of the two, and 0.2 for all the others together."""
    return np.array([0.5, *[0.15] * min(2, count), *[0.2 / max(count - 2, 1)] * (count - 2)])


def all_of_them(drawn):
    """METHODS 1.15, "aa": a flat Dirichlet, of which the centre has the largest."""
    gamma = -np.log1p(-drawn["weights"].astype(np.float64))
    out = np.empty(gamma.shape)
    for i, row in enumerate(gamma / gamma.sum(axis=1, keepdims=True)):
        largest, *rest = sorted(row, reverse=True)
        out[i] = largest, *(rest[k] for k in drawn["order"][i])
    return out


def weights_of(scheme, x, others, band, drawn, i):
    if scheme == "aa":
        return all_of_them(drawn)[i]
    return asd(x, others, band) if scheme == "asd" else selected(len(others))


def averaged(x, others, weights, iterations, band):
    every = np.stack([x, *others])[None]
    lengths = np.full((1, len(every[0])), x.shape[-1])
    return weighted_barycenter(every, lengths, weights[None], x[None], iterations, band)[0]


def one_pass(mean, every, weights, band):
    """c_i ← Σ w·X_{k,j} / Σ w over all pairs (i, j) of all paths, pair by pair."""
    total, mass = np.zeros(mean.shape), np.zeros(mean.shape[-1])
    for x, weight in zip(every, weights, strict=True):
        path = dtw_path(mean[None], x[None], band)[1]
        for i, j in zip(path.first[0, : path.length[0]], path.second[0, : path.length[0]], strict=True):
            total[:, i] += weight * x[:, j]
            mass[i] += weight
    return total / mass


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-5), (np.float64, 1e-9)])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("most", [2, 3, 6])
@pytest.mark.parametrize("band", [1.0, 0.1])
def test_it_is_the_barycenter_with_the_weights_of_its_scheme(body, dtype, close, scheme, most, band):
    """Breaks where a weight meets another series, the mean begins elsewhere, or weights are not those of METHODS 1.15."""
    x = alike(n=18, length=30, dtype=dtype)
    panel = Panel(x, label=np.arange(18) % 2)  # nine of a class: there are always as many as are asked for
    op = WeightedDBA(scheme=scheme, series=most, band=band, iterations=3).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner"} | {"asd": set(), "as": {"near"}, "aa": {"weights", "order"}}[scheme]
    rows = op.mixed_with(panel, 0)
    assert rows.shape == (18, most - 1)
    assert (panel.label[rows] == panel.label[:, None]).all()
    assert (rows != np.arange(18)[:, None]).all()
    assert y.values.dtype == dtype
    exact = x.astype(np.float64)
    for i in range(18):
        others = exact[rows[i]]
        weights = weights_of(scheme, exact[i], others, band, drawn, i)
        np.testing.assert_allclose(y.values[i], averaged(exact[i], others, weights, 3, band), rtol=0, atol=close)
    assert same_bits(y.label, panel.label)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_class_weights_are_those_of_the_average(body, scheme):
    """Breaks where weights are not put on a sum of 1, or the label has others than the average.

    Everybody has a class of its own here, so the label shows all weights.
    """
    x = alike(n=12, length=30)
    panel = Panel(x, label=np.arange(12))
    op = WeightedDBA(scheme=scheme, across=True, band=0.3).fit(panel)
    y, drawn = draw(body, op, panel)
    rows = op.mixed_with(panel, 0)
    for i in range(12):
        weights = weights_of(scheme, x[i], x[rows[i]], 0.3, drawn, i)
        expected = (weights[:, None] * np.eye(12)[[i, *rows[i]]]).sum(axis=0) / weights.sum()
        np.testing.assert_allclose(y.label[i], expected, rtol=0, atol=1e-6)
        own, others = y.label[i, i], np.delete(y.label[i], i)
        if scheme == "asd":
            assert others.max() / own == pytest.approx(0.5, rel=1e-5)
            nearest = rows[i][distances(x[i], x[rows[i]], 0.3).argmin()]
            assert y.label[i, nearest] == y.label[i][np.arange(12) != i].max()
        if scheme == "as":
            assert own == pytest.approx(0.5, abs=1e-6)
        if scheme == "aa":
            assert own >= others.max()


@pytest.mark.parametrize("series_in_it", [2, 3, 6])
def test_of_as_the_two_are_among_the_five_nearest_and_each_of_those_as_often(series_in_it):
    """Breaks where neighbours are of another class, by another distance, or the nearest is preferred; rate as stated."""
    x, seeds = alike(n=16, length=24), 150
    panel = Panel(x, label=np.arange(16) % 2)
    op = WeightedDBA(scheme="as", series=series_in_it, band=0.3).fit(panel)
    rows = np.stack([op.mixed_with(panel, seed) for seed in range(seeds)])
    chosen = min(2, series_in_it - 1)
    for i in range(16):
        others = np.flatnonzero((panel.label == i % 2) & (np.arange(16) != i))
        near = others[np.argsort(distances(x[i], x[others], 0.3))[:5]]
        counts = np.array([(rows[:, i, :chosen] == j).sum() for j in near])
        assert counts.sum() == chosen * seeds
        assert stats.chisquare(counts).pvalue > FALSE_ALARM
        if chosen == 2:
            assert (rows[:, i, 0] != rows[:, i, 1]).all()


def test_the_weights_of_aa_are_a_flat_dirichlet():
    """Breaks where another than the largest weight is the centre's, or the rest has an order; false-alarm rate as stated."""
    known = Panel(alike(n=3, length=4), label=np.arange(3))
    x = np.repeat(known.values[:1], 6000, axis=0)
    op = WeightedDBA(scheme="aa", series=3, across=True, iterations=1).fit(known)
    label = op(Panel(x, label=np.zeros(6000, int)), seed=0).label
    largest = 1 - np.random.default_rng(0).dirichlet(np.ones(3), 60_000).max(axis=1)
    assert stats.ks_2samp(1 - label[:, 0], largest).pvalue > FALSE_ALARM
    assert stats.binomtest(int((label[:, 1] > label[:, 2]).sum()), 6000).pvalue > FALSE_ALARM


@pytest.mark.parametrize("band", [1.0, 0.1])
def test_no_iteration_takes_the_average_farther_from_its_series(band):
    """Breaks where weights of an iteration are not those of the next: inertia Σ w·DTW² would grow."""
    x = alike(n=9, length=40)
    moved = 0
    for seed in range(3):
        inertia = []
        for iterations in (0, 1, 2, 3, 6, 12):
            op = WeightedDBA(iterations=max(iterations, 1), band=band).fit(x)
            y = op(x, seed=seed) if iterations else x
            rows = op.mixed_with(Panel(x), seed)
            totals = []
            for i in range(9):
                every, weights = x[[i, *rows[i]]], asd(x[i], x[rows[i]], band)
                totals.append((weights * distances(y[i], every, band) ** 2).sum())
            inertia.append(totals)
        steps = np.diff(inertia, axis=0)
        assert (steps <= 1e-9).all()
        moved += (steps[0] < -0.1).sum()
    assert moved > 20


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_readings_lie_between_the_least_and_the_largest_of_all_that_is_averaged(body, scheme):
    """Breaks where weights do not add up, or a channel takes part in another."""
    x = alike(n=12) + 10 * np.arange(12)[:, None, None] * np.array([[1.0], [-1.0]])
    op = WeightedDBA(scheme=scheme, series=4, band=0.3).fit(x)
    y, rows = run(body, op, x)[0], op.mixed_with(Panel(x), 0)
    for i in range(12):
        every = x[[i, *rows[i]]]
        assert (y[i] >= every.min(axis=(0, 2))[:, None] - 1e-9).all()
        assert (y[i] <= every.max(axis=(0, 2))[:, None] + 1e-9).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_copies_and_series_without_others_stay(body, scheme):
    """Breaks where a distance of 0 is divided by, or a class of one is averaged with itself and rounded."""
    x = np.repeat(alike(n=1), 6, axis=0)
    assert same_bits(run(body, WeightedDBA(scheme=scheme).fit(x), x)[0], x)
    panel = Panel(alike(n=5), label=np.arange(5))
    assert same_bits(run(body, WeightedDBA(scheme=scheme).fit(panel), panel)[0].values, panel.values)
    steps = np.array([[[0.0, 0, 1, 1, 3]], [[0, 1, 1, 1, 3]], [[0, 0, 0, 1, 3]]])  # one series at three paces, at distance 0
    y = run(body, WeightedDBA(scheme=scheme).fit(steps), steps)[0]
    np.testing.assert_allclose(y, steps, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_of_two_in_a_class_the_centre_weighs_twice_the_other(body):
    """Breaks where the nearest, and only one, has another weight than 0.5 to the centre's 1."""
    x = alike(n=2)
    panel = Panel(x, label=[0, 1])
    y = run(body, WeightedDBA(series=2, across=True, iterations=1, band=0.2).fit(panel), panel)[0]
    np.testing.assert_allclose(y.label, [[2 / 3, 1 / 3], [1 / 3, 2 / 3]], rtol=0, atol=1e-6)
    for i in (0, 1):
        np.testing.assert_allclose(y.values[i], one_pass(x[i], x[[i, 1 - i]], [1, 0.5], 0.2), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_others_of_other_lengths_are_stretched_first(body, scheme):
    """Breaks where the zeros after the end of a shorter one are averaged, or neighbours are told by them."""
    lengths = [30, 20, 45, 30, 20, 37, 30, 25]
    known = [alike(n=1, length=t, seed=i)[0] for i, t in enumerate(lengths)]
    x = alike(n=8, length=30, seed=50)
    op = WeightedDBA(scheme=scheme, band=0.3, series=4, iterations=2).fit(Panel(known))
    y, drawn = draw(body, op, x)
    rows = op.mixed_with(Panel(x), 0)
    stretched = np.concatenate([read_at(z[None], np.linspace(0, z.shape[1] - 1, 30)[None]) for z in known])
    if scheme == "as":
        near = np.array([np.argsort([variate.dtw(v[None], z[None], band=0.3)[0] for z in known])[:5] for v in x])
        assert all(set(row[:2]) <= set(five) for row, five in zip(rows.tolist(), near.tolist(), strict=True))
    for i in range(8):
        others = stretched[rows[i]]
        weights = weights_of(scheme, x[i], others, 0.3, drawn, i)
        np.testing.assert_allclose(y[i], averaged(x[i], others, weights, 2, 0.3), rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_are_averaged_each_on_its_own(body):
    """Breaks where an alignment runs over the border, or a part has the weights of the other."""
    x = alike(n=3)
    op = WeightedDBA(series=2, iterations=2, band=0.3).fit(x)
    y, rows = run(body, op, Panel(x, horizon=20))[0].values, op.mixed_with(Panel(x), 0)[:, 0]
    for here in (slice(0, 40), slice(40, 60)):
        for i in range(3):
            own, other = x[i, :, here], x[rows[i]][None, :, here]
            expected = averaged(own, other, asd(own, other, 0.3), 2, 0.3)
            np.testing.assert_allclose(y[i, :, here], expected, rtol=0, atol=1e-11)


def clock_beside(mean, x, band):
    """Return for each step of the mean the mean of the steps of x that are aligned with it."""
    path = dtw_path(mean[None], x[None], band)[1]
    first, second = (part[0, : path.length[0]] for part in (path.first, path.second))
    return np.array([[second[first == step].mean() for step in range(mean.shape[-1])]])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_events_come_to_the_steps_of_the_average_that_theirs_are_aligned_with(body, scheme):
    """Breaks where labels go along the alignment with the start and not with the average, or with another series."""
    rng = np.random.default_rng(0)
    x, points = alike(n=8), rng.random((8, 60)) < 0.1
    covariates = rng.normal(size=(8, 1, 60))
    panel = Panel(x, points=points, covariates=covariates)
    op = WeightedDBA(scheme=scheme, series=4, band=0.3).fit(panel)
    y, rows = run(body, op, panel)[0], op.mixed_with(panel, 0)
    for i in range(8):
        clocks = [clock_beside(y.values[i], x[j], 0.3) for j in (i, *rows[i])]
        expected = np.any([strongest_at(points[j : j + 1], c) for j, c in zip((i, *rows[i]), clocks, strict=True)], axis=0)
        np.testing.assert_array_equal(y.points[i], expected[0])
        np.testing.assert_allclose(y.covariates[i], read_at(covariates[i : i + 1], clocks[0])[0], rtol=0, atol=1e-9)
