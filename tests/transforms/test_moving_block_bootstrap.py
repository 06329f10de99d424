"""MovingBlockBootstrap: METHODS 4.5, step 3: overlapping blocks of a series in its own place."""

import numpy as np
import pytest
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, ramp, run, same_bits, series
from variate import Compose, Flip, In, MovingBlockBootstrap, Panel
from variate.kernels.arrays import numpy_of
from variate.kernels.decomposition import decomposed

PATH = "/moving_block_bootstrap"
INSIDE = "/in/remainder:moving_block_bootstrap"


def laid(drawn, i, length, size):
    """Return the old step of each reading of row i: blocks one after the other, the first so many readings dropped."""
    steps = np.concatenate([np.arange(start, start + size) for start in drawn["start"][i]])
    return steps[drawn["skip"][i] :][:length]


def told(x):
    """Stand in for the search of a period: the first reading of each series says it."""
    return numpy_of(x)[:, 0, 0].round().astype(np.int64)


@pytest.fixture
def search(monkeypatch):
    """Put :func:`told` in the place of the search."""
    monkeypatch.setattr("variate.kernels.decomposition.estimate_period", told)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    "op", [MovingBlockBootstrap(), MovingBlockBootstrap(block=1), MovingBlockBootstrap(block=25)], ids=repr
)
@pytest.mark.parametrize("role", ["event", "state"])
def test_everything_moves_with_its_reading_in_all_channels_alike(body, op, role):
    """Breaks where a reading is altered, NaN and all, channels have blocks of their own, or points or mask stay behind."""
    rng = np.random.default_rng(0)
    x = series(n=10, channels=3, dtype=np.float32)
    x[:, 1, ::8] = np.nan
    panel = Panel(
        x,
        label=np.arange(10) % 3,
        points=rng.integers(0, 9, (10, 60)),
        point_role=role,
        mask=rng.random((10, 60)) < 0.8,
        covariates=ramp(10, 60),
    )
    y = run(body, op, panel)[0]
    steps = y.covariates[:, 0].astype(int)
    assert same_bits(y.values, np.take_along_axis(x, steps[:, None].repeat(3, axis=1), axis=2))
    np.testing.assert_array_equal(y.points, np.take_along_axis(panel.points, steps, axis=1))
    np.testing.assert_array_equal(y.mask, np.take_along_axis(panel.mask, steps, axis=1))
    assert same_bits(y.label, panel.label)
    assert (steps != np.arange(60)).any(axis=1).all()


@pytest.mark.parametrize("body", BODIES)
def test_it_is_the_blocks_that_were_drawn(body):
    """Breaks where a block ends early, the dropped readings are those of another end, or a last block is missing."""
    for length, block, size in (
        (60, 1, 1), (60, 7, 7), (61, 30, 30), (60, 60, 60), (60, 99, 60), (5, 4, 4), (2, 1, 1), (1, 5, 1),
        (60, 0, 8), (16, 0, 8), (15, 0, 7), (4, 0, 2), (3, 0, 1), (1, 0, 1),
    ):  # fmt: skip
        y, record = run(body, MovingBlockBootstrap(block=block), ramp(40, length))
        drawn = record[PATH]
        assert drawn["start"].shape[1] * size >= length + size - 1
        assert 0 <= drawn["start"].min() <= drawn["start"].max() <= length - size
        assert set(drawn["skip"]) <= set(range(size))
        for i in range(40):
            np.testing.assert_array_equal(y[i, 0], laid(drawn, i, length, size))


@pytest.mark.parametrize("body", BODIES)
def test_one_block_as_long_as_the_series_rotates_it(body):
    """Breaks where a block may start where it does not fit: there is one start, and each rotation is as likely."""
    y = run(body, MovingBlockBootstrap(block=12), ramp(6000, 12))[0][:, 0].astype(int)
    np.testing.assert_array_equal((np.diff(y, axis=1) - 1) % 12, 0)
    assert stats.chisquare(np.bincount(y[:, 0], minlength=12)).pvalue > FALSE_ALARM


def test_blocks_of_one_are_independent_draws():
    """Breaks where a step is preferred, or a reading depends on the one before: χ², false-alarm rate as stated."""
    y = MovingBlockBootstrap(block=1)(ramp(9000, 6), seed=0)[:, 0].astype(int)
    for t in (0, 3, 5):
        assert stats.chisquare(np.bincount(y[:, t], minlength=6)).pvalue > FALSE_ALARM
    pairs = 6 * y[:, 2] + y[:, 3]
    assert stats.chisquare(np.bincount(pairs, minlength=36)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("block", [0, 2, 3, 24])
def test_readings_that_follow_each_other_mostly_did_before(block):
    """Breaks where borders are not one in ``block`` at every place, METHODS 4.5: Binomial, false-alarm rate as stated.

    At a border the next start is one of T - l + 1; of so many pairs of starts T - 2·l + 1 happen to go on.
    """
    size, length, n = block or 8, 100, 5000
    y = MovingBlockBootstrap(block=block)(ramp(n, length), seed=1)[:, 0]
    starts = length - size + 1
    share = 1 - 1 / size + (length - 2 * size + 1) / starts**2 / size
    for t in (0, 1, 49, 98):
        follow = int((y[:, t + 1] - y[:, t] == 1).sum())
        assert stats.binomtest(follow, n, share).pvalue > FALSE_ALARM


def test_every_start_and_every_cut_is_as_likely():
    """Breaks where the last start is never drawn, or borders never fall on some step: χ², false-alarm rate as stated."""
    _, record = run("numba", MovingBlockBootstrap(block=5), ramp(4000, 15))
    drawn = record[PATH]
    for k in range(drawn["start"].shape[1]):
        assert stats.chisquare(np.bincount(drawn["start"][:, k], minlength=11)).pvalue > FALSE_ALARM
    assert stats.chisquare(np.bincount(drawn["skip"], minlength=5)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("period", [3, 10, 24, 30])
def test_inside_a_decomposition_a_block_has_two_periods(body, period):
    """Breaks where the period does not reach it, or blocks have one: those drawn, laid, with trend and season added."""
    x = series(n=6)
    for method, name in (("stl", "stl"), ("robust_stl", "robust_stl")):
        y, record = run(body, In(name, remainder=MovingBlockBootstrap(), period=period), x)
        trend, season, rest = decomposed(x, method, np.full(6, period))
        for i in range(6):
            steps = laid(record[INSIDE], i, 60, min(2 * period, 60))
            np.testing.assert_allclose(y[i], trend[i] + season[i] + rest[i][:, steps], rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_each_series_has_blocks_of_its_own_period(search, body):
    """Breaks where one period of a batch is taken for all: alone, each row draws and lays the same."""
    wanted = np.array([6, 0, 12, 29, 4, 31])
    x = series(n=6)
    x[:, 0, 0] = wanted
    for op, path in (
        (In("stl", remainder=MovingBlockBootstrap()), INSIDE),
        (In("stl", remainder=Compose(Flip(p=0.5), MovingBlockBootstrap())), "/in/remainder:compose/1:moving_block_bootstrap"),
    ):
        y, record = run(body, op, x)
        for i, period in enumerate(wanted):
            size = 2 * period if 0 < period < 31 else 8
            assert record[path]["skip"][i] < size
            row, alone = op(x[i : i + 1], seed=0, ids=[i], record=True)
            for name in ("start", "skip"):
                one, among = alone[path][name][0], record[path][name][i]
                np.testing.assert_array_equal(one, among[: one.size] if name == "start" else among)
            np.testing.assert_allclose(row[0], y[i], rtol=0, atol=1e-9)
            assert same_bits(row[0], y[i]) or body == "torch"
    trend, season, rest = decomposed(x, "stl", np.where(wanted > 30, 0, wanted))
    y, record = run(body, In("stl", remainder=MovingBlockBootstrap()), x)
    for i, size in enumerate((12, 8, 24, 58, 8, 8)):
        moved = rest[i][:, laid(record[INSIDE], i, 60, size)]
        np.testing.assert_allclose(y[i], trend[i] + season[i] + moved, rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_a_block_that_is_given_or_a_part_without_a_period_leaves_it_alone(body):
    """Breaks where the period outweighs ``block``, or another domain stops the default."""
    x = series(n=3)
    for op, path, size in (
        (In("stl", remainder=MovingBlockBootstrap(block=5), period=12), INSIDE, 5),
        (In("modwt", smooth=MovingBlockBootstrap()), "/in/smooth:moving_block_bootstrap", 8),
        (In("mstl", remainder=MovingBlockBootstrap(), period=4, longer=12), INSIDE, 8),
    ):
        start = run(body, op, x)[1][path]["start"]
        assert start.shape == (3, 60 // size + 2)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("block", [0, 4, 25])
def test_past_and_target_are_made_of_their_own_blocks(body, block):
    """Breaks where a reading goes over the border of a forecast target, or a block is measured by the whole window."""
    panel = Panel(series(n=50), horizon=12, covariates=ramp(50, 60))
    out, record = run(body, MovingBlockBootstrap(block=block), panel)
    past, target = (min(block or most, part) for most, part in ((8, 48), (6, 12)))
    for i in range(50):
        np.testing.assert_array_equal(out.covariates[i, 0, :48], laid(record[PATH], i, 48, past))
        np.testing.assert_array_equal(out.covariates[i, 0, 48:], 48 + laid(record[f"{PATH}/target"], i, 12, target))
    assert out.horizon == 12
    only = run(body, MovingBlockBootstrap(block=block), Panel(series(n=5), horizon=59, covariates=ramp(5, 60)))[0]
    assert (only.covariates[:, 0, 0] == 0).all()


@pytest.mark.parametrize("body", BODIES)
def test_inside_an_event_is_where_it_was_or_where_it_went(body):
    """Breaks where the old place is forgotten, though trend and season are there still, or the new one is not marked."""
    rng = np.random.default_rng(0)
    points = rng.random((20, 60)) < 0.1
    panel = Panel(series(n=20), points=points)
    op = In("stl", remainder=MovingBlockBootstrap(), period=5)
    out, record = run(body, op, panel)
    moved = np.stack([points[i, laid(record[INSIDE], i, 60, 10)] for i in range(20)])
    assert same_bits(out.points, points | moved)
    assert (out.points & ~points).any()
    scores = run(body, op, panel.replace(points=points * np.float32(0.5)))[0]
    assert same_bits(scores.points, (points | moved) * np.float32(0.5))
    states = run(body, op, Panel(series(n=20), points=points, point_role="state"))[0]
    assert same_bits(states.points, points)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [0, 10])
def test_what_the_gate_leaves_keeps_its_bits(body, horizon):
    """Breaks where the identity in pieces is cut short by the many pieces of the others."""
    x = series(n=40, dtype=np.float32)
    out, record = run(body, MovingBlockBootstrap(p=0.5), Panel(x, horizon=horizon))
    for i, chosen in enumerate(record[PATH]["gate"]):
        assert same_bits(out.values[i], x[i]) != chosen


def test_epochs_and_seeds_lay_other_blocks_and_no_series_is_no_error():
    """Breaks where all copies of a series are one, or an empty batch divides by the size of no block."""
    x = ramp(3, 60)
    made = [MovingBlockBootstrap()(x, seed=seed, epoch=epoch) for seed, epoch in ((0, 0), (0, 1), (1, 0))]
    assert len({y.tobytes() for y in made}) == 3
    assert len({row.tobytes() for row in made[0]}) == 3
    assert MovingBlockBootstrap()(x[:0], seed=0).shape == (0, 1, 60)
    assert In("stl", remainder=MovingBlockBootstrap())(x[:0], seed=0).shape == (0, 1, 60)
    assert variate.MovingBlockBootstrap(block=4.0) == MovingBlockBootstrap(block=4)
