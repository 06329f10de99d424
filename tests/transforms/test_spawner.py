"""SPAWNER one pair at a time: the path through the drawn step, its average at an even pace, and the noise."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, read_at, strongest_at
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, Spawner
from variate.kernels.dtw import dtw_path, path_through


def alike(**shape):
    """Return series of one level and spread, so that it is their shapes that are aligned."""
    x = series(**shape)
    return ((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)).astype(x.dtype)


def aligned(x, z, point, band):
    """Return the steps of x and of z (k,) along the best path through (point, point)."""
    _, path = path_through(x[None], z[None], [point], [point], band)
    first, second = path.first[0, : path.length[0]], path.second[0, : path.length[0]]
    assert (point, point) in set(zip(first.tolist(), second.tolist(), strict=True))
    return first, second


def evenly(along, length):
    """Return what stands along a path (c, k) at so many places at an even pace."""
    place = np.linspace(0, along.shape[1] - 1, length)
    return np.stack([np.interp(place, np.arange(along.shape[1]), row) for row in along])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", [4, 5, 61])
@pytest.mark.parametrize("band", [0.1, 1.0])
def test_it_is_the_average_along_the_path_through_the_step_that_was_drawn(body, dtype, close, length, band):
    """Breaks where the step is not on the path, the average is of other pairs or uneven, or noise has another spread."""
    x, label = alike(n=9, channels=3, length=length, dtype=dtype), np.arange(9) % 3
    panel = Panel(x, label=label)
    op = Spawner(band=band, sigma=0.3).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner", "point", "noise"}
    assert y.values.dtype == dtype
    partner, moved = op.mixed_with(panel, 0)[:, 0], 0
    assert (label[partner] == label).all()
    for i in range(9):
        first, second = aligned(x[i], x[partner[i]], drawn["point"][i], band)
        expected = evenly((x[i][:, first].astype(np.float64) + x[partner[i]][:, second]) / 2, length)
        expected += 0.3 * x[i].astype(np.float64).std(axis=-1, keepdims=True) * drawn["noise"][i]
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=close * np.abs(x).max())
        moved += len(first) > length
    assert moved > 0 or length == 4
    assert same_bits(y.label, label)


@pytest.mark.parametrize("body", BODIES)
def test_another_step_makes_another_series(body):
    """Breaks where the best path is taken in place of one through the step, so that all averages of a pair are one."""
    x, other = alike(n=1, channels=1), alike(n=1, channels=1, seed=4)
    y = run(body, Spawner(sigma=0.0, band=0.3).fit(other), np.repeat(x, 60, axis=0))[0]
    path = dtw_path(x, other, 0.3)[1]
    first, second = (p[0, : path.length[0]] for p in (path.first, path.second))
    best = evenly((x[0][:, first] + other[0][:, second]) / 2, 60)
    away = np.abs(y - best).max(axis=(1, 2))
    assert (away > 0.01).sum() > 20
    assert len({row.tobytes() for row in y}) > 10


def test_every_step_is_drawn_as_often():
    """Breaks where the ends are out of reach; false-alarm rate as stated."""
    x = np.repeat(alike(n=1, length=12), 6000, axis=0)
    _, drawn = draw("numba", Spawner(sigma=0.0).fit(alike(n=1, length=12, seed=1)), x)
    assert stats.chisquare(np.bincount(drawn["point"], minlength=12)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_events_of_both_come_to_their_steps_and_covariates_go_with_the_series(body):
    """Breaks where a partner's events stay at its own steps, are lost or torn, or covariates have the partner's clock."""
    rng = np.random.default_rng(0)
    x, other = alike(n=6), alike(n=1, seed=1)
    points, theirs = rng.random((6, 60)) < 0.1, rng.random((1, 60)) < 0.1
    covariates = rng.normal(size=(6, 2, 60))
    panel = Panel(x, points=points, covariates=covariates)
    y, drawn = draw(body, Spawner(sigma=0.0, band=0.3).fit(Panel(other, points=theirs)), panel)
    for i in range(6):
        pair = aligned(x[i], other[0], drawn["point"][i], 0.3)
        clocks = [evenly(steps[None].astype(float), 60) for steps in pair]
        expected = strongest_at(points[i : i + 1], clocks[0]) | strongest_at(theirs, clocks[1])
        np.testing.assert_array_equal(y.points[i], expected[0])
        np.testing.assert_allclose(y.covariates[i], read_at(covariates[i : i + 1], clocks[0])[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_no_event_is_lost_and_none_is_made(body):
    """Breaks where a lone event falls between two new readings."""
    x, other = alike(n=60, length=60), alike(n=1, length=60, seed=1)
    for own in (True, False):
        points = np.eye(60, dtype=bool) if own else np.zeros((60, 60), bool)
        known = Panel(other, points=np.arange(60)[None] == 23 if not own else np.zeros((1, 60), bool))
        y = run(body, Spawner(band=0.5).fit(known), Panel(x, points=points))[0]
        assert y.points.any(axis=1).all()
        assert y.points.sum() < 60 * 30


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_have_a_path_each(body):
    """Breaks where one path runs over the border, or both draw the same step and noise."""
    x = alike(n=2)
    op = Spawner(sigma=0.2).fit(x)
    y, drawn = run(body, op, Panel(x, horizon=20))
    for part, here in (("past", slice(0, 40)), ("target", slice(40, 60))):
        numbers = drawn[f"/spawner/{part}"]
        for i in (0, 1):
            first, second = aligned(x[i, :, here], x[1 - i, :, here], numbers["point"][i], 0.1)
            expected = evenly((x[i, :, here][:, first] + x[1 - i, :, here][:, second]) / 2, here.stop - here.start)
            expected += 0.2 * x[i, :, here].std(axis=-1, keepdims=True) * numbers["noise"][i]
            np.testing.assert_allclose(y.values[i, :, here], expected, rtol=0, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
def test_across_classes_each_has_half_of_the_label(body):
    panel = Panel(alike(n=3), label=np.arange(3))
    op = Spawner(across=True).fit(panel)
    y, partner = run(body, op, panel)[0], op.mixed_with(panel, 0)[:, 0]
    np.testing.assert_allclose(y.label, (np.eye(3) + np.eye(3)[partner]) / 2, rtol=0, atol=1e-7)


@pytest.mark.parametrize("body", BODIES)
def test_a_partner_with_gaps_leaves_gaps_where_it_is_aligned(body):
    """Breaks where a gap of either stays at its own step, or spreads along the series."""
    x, other = alike(n=4, channels=1), alike(n=1, channels=1, seed=1)
    gaps = np.zeros(60, bool)
    gaps[30:34] = True
    for own in (True, False):
        known = np.where(gaps & (not own), np.nan, other)
        asked = np.where(gaps & own, np.nan, x)
        y, drawn = draw(body, Spawner(sigma=0.0).fit(known), asked)
        filled = [np.stack([np.interp(np.arange(60), np.flatnonzero(~gaps), v[0, ~gaps])]) for v in (*x, *other)]
        for i in range(4):
            left, right = (filled[i], other[0]) if own else (x[i], filled[4])
            steps = aligned(left, right, drawn["point"][i], 0.1)
            place = evenly(steps[0 if own else 1][None].astype(float), 60)[0]
            np.testing.assert_array_equal(np.isnan(y[i, 0]), gaps[np.floor(place + 0.5).astype(int)])
            assert 0 < np.isnan(y[i, 0]).sum() < 12
