"""Permutation: the series in pieces, in another order."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, as_body, as_numpy
from transforms.helpers import BODIES, draw, ramp, run, same_bits, series
from variate import Panel, Permutation
from variate.core.draws import Draws
from variate.core.errors import ContractError

OPS = [
    Permutation(),
    Permutation(segments=7),
    Permutation(segments=1),
    Permutation(segments=60),
    Permutation(split="random"),
    Permutation(split="random", segments=4, min_length=9),
    Permutation(split="random", segments=6, min_length=10),
    Permutation(split="random", segments=1),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", OPS, ids=repr)
@pytest.mark.parametrize("role", ["event", "state"])
def test_everything_moves_with_its_reading(body, op, role):
    """Breaks where a reading is lost, doubled or altered, NaN and all, or points, mask or covariates stay behind."""
    rng = np.random.default_rng(0)
    x = series(n=10, dtype=np.float32)
    x[:, :, ::8] = np.nan
    panel = Panel(
        x,
        points=rng.integers(0, 9, (10, 60)),
        point_role=role,
        mask=rng.random((10, 60)) < 0.8,
        covariates=ramp(10, 60),
    )
    y = run(body, op, panel)[0]
    perm = y.covariates[:, 0].astype(int)
    np.testing.assert_array_equal(np.sort(perm, axis=1), np.tile(np.arange(60), (10, 1)))
    np.testing.assert_array_equal(y.points, np.take_along_axis(panel.points, perm, axis=1))
    np.testing.assert_array_equal(y.mask, np.take_along_axis(panel.mask, perm, axis=1))
    assert same_bits(y.values, np.take_along_axis(x, perm[:, None].repeat(2, axis=1), axis=2))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_order_inside_a_piece_stays(body, op):
    """Breaks where there are more new neighbours than cuts: at most n - 1."""
    perm = run(body, op, ramp(200, 60))[0][:, 0]
    jumps = (np.diff(perm, axis=1) != 1).sum(axis=1)
    assert jumps.max() <= op.segments - 1
    if op.segments > 1:
        assert jumps.max() == op.segments - 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("segments", "length"), [(5, 60), (7, 60), (4, 10), (10, 10), (3, 11)])
def test_equal_pieces_are_laid_in_the_drawn_order(body, segments, length):
    """Breaks where a piece is longer than another by more than one step, or the order drawn is not the order laid."""
    y, drawn = draw(body, Permutation(segments=segments), ramp(30, length))
    for i, order in enumerate(drawn["order"]):
        parts = {}
        start = 0
        sizes = [int((k + 1) * length / segments) - int(k * length / segments) for k in range(segments)]
        for k, size in enumerate(sizes):
            parts[k] = np.arange(start, start + size)
            start += size
        assert max(sizes) - min(sizes) <= 1
        np.testing.assert_array_equal(y[i, 0], np.concatenate([parts[k] for k in order]))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("length", "segments", "min_length", "divisions"), [(9, 3, 2, 10), (6, 4, 1, 10), (8, 2, 1, 7), (8, 4, 2, 1)]
)
def test_every_random_division_is_equally_likely(body, length, segments, min_length, divisions):
    """Breaks where a piece is too short, or stars and bars prefer some divisions: χ², false-alarm rate as stated."""
    rng = Draws(0, 0, as_body(body, np.arange(8000, dtype=np.uint64)), "/permutation")
    panel = Panel(as_body(body, ramp(8000, length)))
    clock = Permutation(split="random", segments=segments, min_length=min_length).clock(panel, rng)
    start, size = as_numpy(clock.start), as_numpy(clock.length)
    sizes = np.take_along_axis(size, np.argsort(start, axis=1), axis=1)
    np.testing.assert_array_equal(sizes.sum(axis=1), length)
    assert sizes.min() >= min_length
    counts = np.unique(sizes, axis=0, return_counts=True)[1]
    assert len(counts) == divisions
    if divisions > 1:
        assert stats.chisquare(counts).pvalue > FALSE_ALARM


def test_every_order_is_equally_likely():
    """Breaks where the shuffle prefers some orders: χ² over the 24 orders of 4 pieces, false-alarm rate as stated."""
    y = Permutation(segments=4)(ramp(12000, 4), seed=0)[:, 0].astype(int)
    seen = dict.fromkeys(permutations(range(4)), 0)
    for row in map(tuple, y.tolist()):
        seen[row] += 1
    assert stats.chisquare(list(seen.values())).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("split", ["equal", "random"])
@pytest.mark.parametrize(("length", "segments", "min_length"), [(1, 5, 1), (4, 5, 1), (19, 4, 5), (60, 1, 1)])
def test_too_short_or_in_one_piece_it_is_the_identity(body, split, length, segments, min_length):
    """Breaks where T < segments·min_length loops, fails or makes empty pieces, or one piece moves."""
    x = series(length=length, dtype=np.float32)
    assert same_bits(run(body, Permutation(segments=segments, split=split, min_length=min_length), x)[0], x)


def test_a_forecast_window_is_refused():
    """Breaks where the future may come before the past."""
    with pytest.raises(ContractError, match="horizon"):
        Permutation()(Panel(series(), horizon=5), seed=0)
