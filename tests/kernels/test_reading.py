"""Reading values and labels at a clock, against np.interp, slicing and a literal double loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import oracles
from kernels.oracles import BODIES, as_body, as_numpy, few, rising_clocks, with_gaps
from variate.kernels import reading
from variate.kernels.reading import Pieces

LENGTHS = st.sampled_from((1, 2, 3, 7, 16, 31, 100))
STEPS = st.sampled_from((1, 2, 5, 17, 60, 211))
SEEDS = st.integers(0, 999)
CLOSE = {np.float32: 3e-6, np.float64: 1e-12}


def call(function, body, x, clock, **options):
    pieces = isinstance(clock, Pieces)
    clock = Pieces(*(as_body(body, part) for part in clock)) if pieces else as_body(body, clock)
    options = {k: as_body(body, v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    return as_numpy(function(as_body(body, x), clock, **options))


def in_pieces(*columns):
    """One row per column triple (starts, steps, lengths)."""
    start, step, length = (np.array(column) for column in columns)
    return Pieces(start, step.astype(float), length)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(length=LENGTHS, steps=STEPS, seed=SEEDS)
@few
def test_read_is_linear_interpolation(body, dtype, length, steps, seed):
    """Breaks where a position between two readings is not read on the line between them, or one outside not held."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 2, length)).astype(dtype)
    clock = rng.uniform(-1, length, (3, steps))  # not rising, and beyond both ends
    y = call(reading.read, body, x, clock)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, oracles.read_at(x, clock), rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_read_is_exact_at_the_readings(body, dtype):
    """Breaks where a whole position gives anything but the reading's own bits, the last one included."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(4, 2, 50)) * 1e3).astype(dtype)
    index = rng.integers(0, 50, (4, 80))
    index[:, 0], index[:, 1] = 49, 0
    y = call(reading.read, body, x, index.astype(float))
    np.testing.assert_array_equal(y, np.take_along_axis(x, np.repeat(index[:, None], 2, axis=1), axis=2))


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, nan=st.booleans(), count=st.integers(1, 6))
@few
def test_pieces_of_unit_step_are_slices(body, seed, nan, count):
    """Breaks where a copy is not bit for bit, a NaN moves other than its piece, or an empty piece shifts the rest."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(4, 2, 30)).astype(np.float32), 0.3 if nan else 0)
    length = rng.multinomial(24, np.ones(count) / count, size=4)
    start = rng.integers(0, 31 - length)
    y = call(reading.read, body, x, in_pieces(start, np.ones((4, count)), length))
    slices = [[x[i, :, a : a + k] for a, k in zip(start[i], length[i], strict=True)] for i in range(4)]
    np.testing.assert_array_equal(y, np.stack([np.concatenate(row, axis=1) for row in slices]))


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, kept=st.integers(1, 40), new=st.integers(1, 60))
@few
def test_a_stretched_piece_is_read_on_its_line(body, seed, kept, new):
    """Breaks where a step such as 4/9 misses the last reading by a rounding, or one piece's step is used for all."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 2, 40))
    start = rng.integers(0, 41 - kept, (3, 1))
    step = (kept - 1) / (new - 1) if new > 1 else 0.0
    clock = in_pieces(np.append(start, start, axis=1), np.full((3, 2), step) * [1, 0.5], np.full((3, 2), new))
    tau = np.concatenate([start + step * np.arange(new), start + 0.5 * step * np.arange(new)], axis=1)
    y = call(reading.read, body, x, clock)
    np.testing.assert_allclose(y, oracles.read_at(x, tau), rtol=0, atol=1e-9)
    if new > 1:
        np.testing.assert_array_equal(y[:, :, new - 1], x[np.arange(3), :, start[:, 0] + kept - 1])


@pytest.mark.parametrize("body", BODIES)
def test_the_dense_form_of_pieces_says_the_same(body):
    """Breaks where an empty piece, or a fractional step, is laid out differently in the dense clock."""
    clock = in_pieces([[3, 9, 0, 5], [0, 1, 2, 3]], [[1, 1, 0.5, 2], [1, 0, 1, 1.0]], [[2, 0, 4, 2], [0, 3, 5, 0]])
    dense = as_numpy(Pieces(*(as_body(body, part) for part in clock)).dense())
    np.testing.assert_array_equal(dense, [[3, 4, 0, 0.5, 1, 1.5, 5, 7], [1, 1, 1, 2, 3, 4, 5, 6]])
    x = np.random.default_rng(0).normal(size=(2, 3, 12))
    np.testing.assert_allclose(call(reading.read, body, x, clock), oracles.read_at(x, dense), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(length=LENGTHS, steps=STEPS, seed=SEEDS, share=st.sampled_from((0.1, 0.5, 0.9, 1.0)))
@few
def test_gaps_are_bridged_and_put_back(body, dtype, length, steps, seed, share):
    """Breaks where a NaN spreads to a reading that is nearer to another, or a gap vanishes where it should stay."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(3, 2, length)).astype(dtype), share)
    clock = rising_clocks(rng, 3, steps, length)
    y = call(reading.read, body, x, clock)
    np.testing.assert_array_equal(np.isnan(y), oracles.nearest_at(np.isnan(x), clock))
    np.testing.assert_allclose(y, oracles.read_with_gaps(x, clock), rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, boundary=st.integers(1, 19))
@few
def test_gaps_are_not_bridged_across_the_boundary(body, seed, boundary):
    """Breaks where a past gap is filled from a target, or the other way round."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(3, 2, 20)), 0.4)
    x[0, :, boundary - 1 : boundary + 1] = np.nan  # a gap that lies across
    clock = np.concatenate(
        [rising_clocks(rng, 3, boundary, boundary), boundary + rising_clocks(rng, 3, 20 - boundary, 20 - boundary)], axis=1
    )
    y = call(reading.read, body, x, clock, boundary=boundary)
    np.testing.assert_allclose(y, oracles.read_with_gaps(x, clock, boundary), rtol=0, atol=1e-12)
    other = x.copy()
    other[..., boundary:] = with_gaps(rng, rng.normal(size=(3, 2, 20 - boundary)), 0.4)
    np.testing.assert_array_equal(call(reading.read, body, other, clock, boundary=boundary)[..., :boundary], y[..., :boundary])


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS)
@few
def test_unseen_steps_are_gaps_whose_content_moves_along(body, seed):
    """Breaks where what stands at an unobserved step bleeds into an observed one, or is lost on the way."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, rng.normal(size=(3, 2, 25)), 0.1)
    unseen = rng.random((3, 1, 25)) < 0.3
    x = np.where(unseen, 1e9, x)
    clock = rising_clocks(rng, 3, 40, 25)
    moved = oracles.nearest_at(np.broadcast_to(unseen, x.shape), clock)
    expected = np.where(moved, 1e9, oracles.read_with_gaps(np.where(unseen, np.nan, x), clock))
    np.testing.assert_allclose(call(reading.read, body, x, clock, unseen=unseen), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
@given(length=LENGTHS, steps=STEPS, seed=SEEDS)
@few
def test_nearest_is_the_nearest_and_halves_go_up(body, dtype, length, steps, seed):
    """Breaks where a half is rounded to even, or a position beyond an end is not held."""
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2 if dtype is bool else 9, (3, 2, length)).astype(dtype)
    clock = rng.integers(-2, 2 * length + 2, (3, steps)) / 2
    y = call(reading.nearest, body, x, clock)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, oracles.nearest_at(x, clock))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
@given(length=LENGTHS, steps=STEPS, seed=SEEDS, halves=st.booleans())
@few
def test_strongest_is_the_definition(body, dtype, length, steps, seed, halves):
    """Breaks where the stretch from midpoint to midpoint is open at an end, or the nearest reading is left out."""
    rng = np.random.default_rng(seed)
    points = np.where(rng.random((3, length)) < 0.3, rng.random((3, length)) * 5 + 1, 0).astype(dtype)
    clock = rising_clocks(rng, 3, steps, length)
    if halves:  # puts midpoints and positions exactly on readings
        clock = np.sort(np.round(clock * 2) / 2, axis=1)
    y = call(reading.strongest, body, points, clock)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, oracles.strongest_at(points, clock))


@pytest.mark.parametrize("body", BODIES)
def test_strongest_takes_negative_labels_as_they_are(body):
    """Breaks where the search for a maximum starts at 0 instead of at the nearest reading."""
    clock = np.array([[0.0, 1.2, 3.0]])
    np.testing.assert_array_equal(call(reading.strongest, body, np.array([[-5, -3, -2, -4]]), clock), [[-5, -2, -4]])


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, steps=STEPS)
@few
def test_chain_is_the_composition_of_clocks(body, seed, steps):
    """Breaks where the order is turned round, or the composed clock is not outer(inner(t)); it must rise and keep ends."""
    rng = np.random.default_rng(seed)
    outer = rising_clocks(rng, 3, 30, 50)
    inner = rising_clocks(rng, 3, steps, 30)
    both = call(reading.chain, body, outer, inner)
    expected = np.stack([np.interp(b, np.arange(30), a) for a, b in zip(outer, inner, strict=True)])
    np.testing.assert_allclose(both, expected, rtol=0, atol=1e-12)
    assert (np.diff(both, axis=1) >= 0).all()
    np.testing.assert_array_equal(both[:, [0, -1]], expected[:, [0, -1]])


@pytest.mark.parametrize("body", BODIES)
def test_no_rows_and_no_channels(body):
    """Breaks where an empty batch, or a panel seen in outline, is not read at all."""
    assert call(reading.read, body, np.zeros((0, 2, 9)), np.zeros((0, 5))).shape == (0, 2, 5)
    assert call(reading.read, body, np.zeros((2, 0, 9)), np.zeros((2, 5))).shape == (2, 0, 5)
