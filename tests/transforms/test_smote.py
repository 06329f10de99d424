"""Smote: the segment from a series to one of its nearest neighbours, by readings and in warped time."""

import numpy as np
import pytest
from scipy import stats
from sklearn.neighbors import NearestNeighbors

import variate
from kernels.oracles import FALSE_ALARM, fill_gaps, read_at, strongest_at
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, Smote
from variate.kernels.dtw import dtw_path


def alike(**shape):
    """Return series of one level and spread, so that it is their shapes that are near."""
    x = series(**shape)
    return ((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)).astype(x.dtype)


def nearest(x, known, count):
    """Return the rows of the nearest series by scikit-learn, flattened over channels and steps; equal ones left out."""
    flat = [v.reshape(len(v), -1).astype(np.float64) for v in (x, known)]
    model = NearestNeighbors(n_neighbors=len(known), algorithm="kd_tree").fit(flat[1])
    rows = model.kneighbors(flat[0], return_distance=False)
    return [[j for j in row if (flat[0][i] != flat[1][j]).any()][:count] for i, row in enumerate(rows)]


def warped(x, known, count, band):
    """The same by DTW, of any length."""
    return [np.argsort([variate.dtw(v[None], z[None], band=band)[0] for z in known], stable=True)[:count] for v in x]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize("length", [1, 2, 3, 40])
@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_a_part_of_the_way_to_a_near_one_of_the_class(body, dtype, close, length, channels):
    """Breaks where a step or a channel has a share of its own, the neighbour is far or of another class, or itself."""
    x, label = series(n=24, channels=channels, length=length, dtype=dtype), np.arange(24) % 3
    panel = Panel(x, label=label)
    op = Smote(neighbours=3).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"neighbour", "share"}
    assert y.values.dtype == dtype
    rows, share = op.mixed_with(panel, 0)[:, 0], drawn["share"].astype(np.float64)
    for kind in range(3):
        peers = np.flatnonzero(label == kind)
        assert all(row in peers[near] for row, near in zip(rows[peers], nearest(x[peers], x[peers], 3), strict=True))
    for i in range(24):
        expected = x[i] + share[i] * (x[rows[i]].astype(np.float64) - x[i])
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=close * np.abs(x).max())
    assert same_bits(y.label, label)


@pytest.mark.parametrize("metric", ["euclidean", "dtw"])
def test_each_of_the_nearest_is_as_likely_and_so_is_each_share(metric):
    """Breaks where the nearest is preferred, one too many or too few may come, or shares have a skew; rate as stated."""
    known = alike(n=12, length=20)
    x = np.repeat(alike(n=1, length=20, seed=40), 4000, axis=0)
    near = nearest(x[:1], known, 5)[0] if metric == "euclidean" else warped(x[:1], known, 5, 0.1)[0]
    op = Smote(metric=metric).fit(known)
    rows = op.mixed_with(Panel(x), 0)[:, 0]
    counts = np.bincount(rows, minlength=12)
    assert counts[near].sum() == 4000
    assert stats.chisquare(counts[near]).pvalue > FALSE_ALARM
    _, drawn = draw("numba", op, x[:2000])
    assert stats.kstest(drawn["share"], "uniform").pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", ["euclidean", "dtw"])
def test_a_class_with_fewer_than_asked_has_those_it_has(body, metric):
    """Breaks where n ≤ k asks for neighbours that are not there, or a class of one is moved."""
    x, label = alike(n=8, length=20), np.array([0, 0, 0, 0, 1, 1, 2, 3])
    panel = Panel(x, label=label)
    op = Smote(neighbours=5, metric=metric).fit(panel)
    rows = np.concatenate([op.mixed_with(panel, seed) for seed in range(40)], axis=1)
    for i in range(8):
        others = set(np.flatnonzero(label == label[i]).tolist()) - {i}
        assert set(rows[i].tolist()) == (others or {-1})
    y = run(body, op, panel)[0]
    assert same_bits(y.values[6:], x[6:])
    assert (y.values[:6] != x[:6]).any(axis=(1, 2)).all()
    assert same_bits(y.label, label)
    unknown = run(body, op, panel.replace(label=np.full(8, 9)))[0]
    assert same_bits(unknown.values, x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", ["euclidean", "dtw"])
def test_copies_are_no_neighbours_and_a_pool_of_them_leaves_all_as_it_is(body, metric):
    """Breaks where a copy of the series is a neighbour at distance 0: nothing new would come of it."""
    x = alike(n=3, length=20)
    known = np.concatenate([np.repeat(x[:1], 9, axis=0), x])
    op = Smote(neighbours=2, metric=metric).fit(known)
    rows = np.concatenate([op.mixed_with(Panel(x[:1]), seed) for seed in range(20)])
    assert set(rows.ravel().tolist()) == {10, 11}
    alone = Smote(metric=metric).fit(known[:10])
    assert same_bits(run(body, alone, x[:1])[0], x[:1])
    theirs = Smote(neighbours=2, metric=metric).fit(known).mixed_with(Panel(x[1:2]), 0)
    assert theirs[0, 0] in (*range(10), 11)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", ["euclidean", "dtw"])
def test_with_gaps_neighbours_are_told_by_what_is_between(body, metric):
    """Breaks where a NaN makes a distance NaN, or a reading missing in either of the two is made up."""
    rng = np.random.default_rng(0)
    x, known = alike(n=6, length=30), alike(n=10, length=30, seed=1)
    x[rng.random(x.shape) < 0.1] = np.nan
    known[rng.random(known.shape) < 0.1] = np.nan
    op = Smote(neighbours=3, metric=metric).fit(known)
    rows = op.mixed_with(Panel(x), 0)[:, 0]
    filled = [fill_gaps(v) for v in (x, known)]
    near = nearest(*filled, 3) if metric == "euclidean" else warped(*filled, 3, 0.1)
    assert all(j in list(five) for j, five in zip(rows, near, strict=True))
    y, drawn = draw(body, op, x)
    if metric == "euclidean":
        expected = filled[0] + drawn["share"][:, None, None] * (filled[1][rows] - filled[0])
        expected[np.isnan(x) | np.isnan(known[rows])] = np.nan
        np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)
    assert 0 < np.isnan(y).mean() < 0.4


def test_what_was_not_observed_is_no_part_of_a_distance():
    """Breaks where nonsense at an unobserved step decides who is near."""
    x, known = alike(n=5, length=30), alike(n=10, length=30, seed=1)
    seen = np.random.default_rng(0).random((2, 10, 30)) < 0.8
    wild = [np.where(s[: len(v), None], v, 1e6) for v, s in zip((x, known), seen, strict=True)]
    op = Smote(neighbours=1).fit(Panel(wild[1], mask=seen[1]))
    rows = op.mixed_with(Panel(wild[0], mask=seen[0, :5]), 0)[:, 0]
    filled = [fill_gaps(np.where(s[: len(v), None], v, np.nan)) for v, s in zip((x, known), seen, strict=True)]
    assert rows.tolist() == [row[0] for row in nearest(*filled, 1)]


def test_a_shorter_series_that_ends_in_a_gap_is_held_to_its_own_end():
    """Breaks where its gap is bridged to what stands behind its end in the pool."""
    short, other = np.full((1, 20), 5.0), np.full((1, 30), 5.5)
    short[0, 15:] = np.nan
    op = Smote(metric="dtw", neighbours=1).fit(Panel([short, other]))
    assert op.mixed_with(Panel(np.full((1, 1, 30), 5.1)), 0)[0, 0] == 0


def between(x, z, share, band):
    """One pass of METHODS 1.15: each step of x moved towards the mean of all readings of z aligned with it, by weight."""
    total, mass = np.zeros(x.shape), np.zeros(x.shape[-1])
    for y, weight in ((x, 1 - share), (z, share)):
        path = dtw_path(x[None], y[None], band)[1]
        for i, j in zip(path.first[0, : path.length[0]], path.second[0, : path.length[0]], strict=True):
            total[:, i] += weight * y[:, j]
            mass[i] += weight
    return total / mass


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize("band", [0.1, 1.0])
def test_in_warped_time_the_way_is_along_the_alignment(body, dtype, close, ragged, band):
    """Breaks where readings of one step are mixed, weights change places, or neighbours are those by readings."""
    lengths = [30, 20, 45, 30, 20, 37, 30, 25, 30] if ragged else [30] * 9
    known = [alike(n=1, length=t, seed=i, dtype=dtype)[0] for i, t in enumerate(lengths)]
    x = alike(n=8, length=30, seed=50, dtype=dtype)
    op = Smote(neighbours=3, metric="dtw", band=band).fit(Panel(known))
    y, drawn = draw(body, op, x)
    assert y.dtype == dtype
    rows = op.mixed_with(Panel(x), 0)[:, 0]
    assert all(j in near for j, near in zip(rows, warped(x, known, 3, band), strict=True))
    for i in range(8):
        z = known[rows[i]]
        z = read_at(z[None], np.linspace(0, z.shape[1] - 1, 30)[None]).astype(dtype)[0]
        expected = between(x[i].astype(np.float64), z.astype(np.float64), np.float64(drawn["share"][i]), band)
        np.testing.assert_allclose(y[i], expected, rtol=0, atol=close)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", ["euclidean", "dtw"])
def test_across_classes_the_label_goes_as_far(body, metric):
    """Breaks where neighbours of other classes are left out, or the label does not go the share of the way."""
    panel = Panel(alike(n=12, length=20), label=np.arange(12))
    op = Smote(across=True, metric=metric, neighbours=2).fit(panel)
    y, drawn = draw(body, op, panel)
    rows, share = op.mixed_with(panel, 0)[:, 0], drawn["share"][:, None]
    np.testing.assert_allclose(y.label, (1 - share) * np.eye(12) + share * np.eye(12)[rows], rtol=0, atol=1e-6)
    by = nearest(panel.values, panel.values, 2) if metric == "euclidean" else None
    assert by is None or all(j in near for j, near in zip(rows, by, strict=True))


@pytest.mark.parametrize("body", BODIES)
def test_only_series_of_the_length_are_near_by_readings(body):
    """Breaks where a longer one is compared by its first steps, although it is no neighbour."""
    known = [alike(n=1, length=t, seed=i)[0] for i, t in enumerate((20, 30, 20, 30))]
    x = known[1][None, :, :20] + 0.01
    op = Smote().fit(Panel(known))
    rows = np.concatenate([op.mixed_with(Panel(x), seed) for seed in range(20)])
    assert set(rows.ravel().tolist()) == {0, 2}
    y, drawn = draw(body, op, x)
    share, z = drawn["share"][0], known[op.mixed_with(Panel(x), 0)[0, 0]]
    np.testing.assert_allclose(y[0], x[0] + share * (z - x[0]), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_of_a_forecast_window_one_share_moves_all_or_the_past_alone(body):
    x = alike(n=6)
    op = Smote().fit(x)
    y, drawn = draw(body, op, Panel(x, horizon=20))
    rows = op.mixed_with(Panel(x, horizon=20), 0)[:, 0]
    whole = x + drawn["share"][:, None, None] * (x[rows] - x)
    np.testing.assert_allclose(y.values, whole, rtol=0, atol=1e-12)
    past = run(body, Smote(scope="past").fit(x), Panel(x, horizon=20))[0].values
    np.testing.assert_allclose(past[..., :40], whole[..., :40], rtol=0, atol=1e-12)
    assert same_bits(past[..., 40:].copy(), x[..., 40:].copy())


@pytest.mark.parametrize("body", BODIES)
def test_in_warped_time_events_come_to_the_steps_that_theirs_are_aligned_with(body):
    """Breaks where labels go along the alignment with the series and not with what came of it, or with the neighbour."""
    rng = np.random.default_rng(0)
    x, points = alike(n=8), rng.random((8, 60)) < 0.1
    covariates = rng.normal(size=(8, 1, 60))
    panel = Panel(x, points=points, covariates=covariates)
    op = Smote(metric="dtw", band=0.3).fit(panel)
    y, rows = run(body, op, panel)[0], op.mixed_with(panel, 0)[:, 0]
    for i in range(8):
        clocks = []
        for z in (x[i], x[rows[i]]):
            path = dtw_path(y.values[i][None], z[None], 0.3)[1]
            first, second = (part[0, : path.length[0]] for part in (path.first, path.second))
            clocks.append(np.array([[second[first == step].mean() for step in range(60)]]))
        expected = strongest_at(points[i : i + 1], clocks[0]) | strongest_at(points[rows[i]][None], clocks[1])
        np.testing.assert_array_equal(y.points[i], expected[0])
        np.testing.assert_allclose(y.covariates[i], read_at(covariates[i : i + 1], clocks[0])[0], rtol=0, atol=1e-9)
