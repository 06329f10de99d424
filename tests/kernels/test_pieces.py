"""Clocks in pieces: what fits, what is a slice, a part of one, a stretched one; against the literal list of positions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels import oracles
from kernels.oracles import BODIES, as_body, as_numpy, few, with_gaps
from variate.kernels import reading
from variate.kernels.reading import Pieces, part_of, stretched

SEEDS = st.integers(0, 999)


def there(body, clock):
    return Pieces(*(as_body(body, part) for part in clock))


def back(clock):
    return Pieces(*(as_numpy(part) for part in clock))


def positions(clock):
    """Return the positions of each row, piece after piece, reading after reading: one list a row."""
    rows = zip(*clock, strict=True)
    return [[a + s * j for a, s, n in zip(*row, strict=True) for j in range(n)] for row in rows]


def with_a_window(rng, n, length, whole=False):
    """Return clocks of three pieces, as a window at another speed makes them: unit step, a window, unit step."""
    width = int(rng.integers(2, length + 1))
    start = rng.integers(0, length - width + 1, (n, 1))
    count = rng.integers(2, 3 * width + 1, (n, 1)) if not whole else np.full((n, 1), rng.integers(2, 3 * width + 1))
    step = (width - 1) / (count - 1.0)
    return Pieces(
        np.hstack([np.zeros_like(start), start, start + width]),
        np.hstack([np.ones_like(step), step, np.ones_like(step)]),
        np.hstack([start, count, length - width - start]),
    )


def fits(body, clock, length, new):
    return there(body, clock).fits(length, new)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.int64, np.float64])
@given(seed=SEEDS, count=st.integers(1, 4), length=st.integers(1, 12), sound=st.booleans())
@few
def test_fits_says_what_reading_by_reading_is_true(body, dtype, seed, count, length, sound):
    """Breaks where one row, piece, end or total is not looked at, or a falling piece is judged by its start."""
    rng = np.random.default_rng(seed)
    size = rng.integers(0, 4, (3, count))
    if sound:  # every row as long as the first, and most pieces inside: else hardly one would fit
        size = np.tile(size[:1], (3, 1))
    start = rng.integers(0, length, (3, count)) if sound else rng.integers(-1, length + 1, (3, count))
    step = rng.choice([-1.0, 0.0, 0.5, 1.0, 2.0], (3, count))
    if sound:
        step = np.where((start + step * (size - 1) < 0) | (start + step * (size - 1) > length - 1), 0.0, step)
    clock = Pieces(start.astype(dtype), step, size)
    new = int(size[0].sum())
    rows = positions(clock)
    expected = all(len(row) == new and all(0 <= position <= length - 1 for position in row) for row in rows)
    assert fits(body, clock, length, new) == expected
    assert expected or not sound
    assert not fits(body, clock, length, new + 1)


@pytest.mark.parametrize("body", BODIES)
def test_fits_forgives_a_rounding_and_nothing_more(body):
    """Breaks where 4/9·9 = 4 + 1e-15 is refused, or a position a thousandth beside the series is read."""
    row = np.array([[0.0]]), np.array([[4 / 9]]), np.array([[10]])
    assert fits(body, Pieces(*row), 5, 10)
    for start, step, size, good in (
        (-1e-9, 1.0, 3, True),
        (-1e-3, 1.0, 3, False),
        (4 + 1e-9, -1.0, 5, True),
        (4 + 1e-3, -1.0, 5, False),
        (2.0, 1.001, 3, False),
    ):
        clock = Pieces(np.array([[start]]), np.array([[step]]), np.array([[size]]))
        assert fits(body, clock, 5, size) == good, clock


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("start", "step"), [(0.0, np.nan), (np.nan, 1.0), (0.0, np.inf), (np.inf, 1.0)])
def test_fits_takes_no_position_that_is_no_number(body, start, step):
    """Breaks where a comparison with NaN comes out as true: the two bodies would read different places."""
    assert not fits(body, Pieces(np.array([[start]]), np.array([[step]]), np.array([[3]])), 5, 3)


@pytest.mark.parametrize("body", BODIES)
def test_fits_knows_that_a_number_of_readings_is_no_negative_one(body):
    """Breaks where 5 and -1 readings pass for 4; an empty piece may stand anywhere, and no rows always fit."""
    start, step = np.array([[0, 0]]), np.ones((1, 2))
    assert not fits(body, Pieces(start, step, np.array([[5, -1]])), 9, 4)
    assert not fits(body, Pieces(start, step, np.array([[-1, 5]])), 9, 4)
    assert not fits(body, Pieces(np.array([[3, 0]]), step, np.array([[-1, 5]])), 9, 4)  # its ends, 3 and 1, are inside
    assert fits(body, Pieces(np.array([[0, 99]]), step, np.array([[4, 0]])), 9, 4)
    assert fits(body, Pieces(np.array([[-7.5, 2]]), step, np.array([[0, 4]])), 9, 4)
    assert fits(body, Pieces(start[:0], step[:0], start[:0]), 9, 4)


@pytest.mark.parametrize("body", BODIES)
def test_slices_are_unit_steps_from_whole_starts(body):
    """Breaks where a start half-way between readings, or another pace, passes for a copy; backwards is a copy too."""
    step = np.array([[1.0, 1.0, 0.5, -1.0, 1.0, 0.0, 1 + 1e-9, -2.0]])
    one = np.ones((1, 8), int)
    start = np.array([[0, 3, 4, 5, 6, 1, 2, 7]])
    clock = there(body, Pieces(start, step, one))
    np.testing.assert_array_equal(as_numpy(clock.slices), [[True, True, False, True, True, False, False, False]])
    assert not clock.copies
    clock = there(body, Pieces(np.array([[0.0, 3.5, 4.0, 5.5, 6.0, 1.0, 2.0, 7.0]]), step, one))
    np.testing.assert_array_equal(as_numpy(clock.slices), [[True, False, False, False, True, False, False, False]])
    for whole in (start, start.astype(float)):
        assert there(body, Pieces(whole, np.where(start % 2, -1.0, 1.0), one)).copies
    assert not there(body, Pieces(start + 0.5, np.ones((1, 8)), one)).copies


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, length=st.integers(2, 40))
@few
def test_a_part_of_a_clock_is_that_part_of_its_readings(body, seed, length):
    """Breaks where the part begins inside a piece and the piece's start is kept, or a piece that is left out is not empty."""
    rng = np.random.default_rng(seed)
    clock = with_a_window(rng, 5, length)
    whole = positions(clock)
    kept = int(rng.integers(1, min(map(len, whole)) + 1))
    first = np.array([[rng.integers(0, len(row) - kept + 1)] for row in whole])
    first[0], first[1] = 0, len(whole[1]) - kept
    part = part_of(there(body, clock), as_body(body, first), kept)
    assert part.fits(length, kept)
    np.testing.assert_array_equal(as_numpy(part.length) >= 0, True)
    expected = [row[a : a + kept] for row, a in zip(whole, first[:, 0], strict=True)]
    np.testing.assert_allclose(as_numpy(part.dense()), expected, rtol=0, atol=1e-9)
    unit = clock.step == 1
    assert as_numpy(part.slices)[unit].all()  # what was copied bit for bit is copied still


@pytest.mark.parametrize("body", BODIES)
def test_all_of_a_clock_is_the_clock(body):
    """Breaks where taking all readings moves a start by a rounding."""
    clock = with_a_window(np.random.default_rng(0), 6, 30, whole=True)
    total = clock.length.sum(axis=1)[0]
    part = back(part_of(there(body, clock), as_body(body, np.zeros((6, 1), int)), int(total)))
    for old, new in zip(clock, part, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, length=st.integers(2, 40), new=st.integers(1, 90))
@few
def test_a_stretched_clock_is_read_at_equal_distances(body, seed, length, new):
    """Breaks where a reading is counted to the wrong piece, or the last one misses its place by more than a rounding."""
    rng = np.random.default_rng(seed)
    clock = with_a_window(rng, 5, length)
    longer = stretched(there(body, clock), new)
    assert longer.fits(length, new)
    dense = as_numpy(longer.dense())
    for row, tau in zip(positions(clock), dense, strict=True):
        expected = np.interp(np.linspace(0, len(row) - 1, new), np.arange(len(row)), row)
        np.testing.assert_allclose(tau, expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(dense[:, 0], 0)
    if new > 1:
        np.testing.assert_array_equal(dense[:, -1], length - 1)


@pytest.mark.parametrize("body", BODIES)
@given(seed=SEEDS, length=st.integers(2, 40))
@few
def test_stretched_to_its_own_length_a_clock_stays(body, seed, length):
    """Breaks where a pace of 1 shifts a reading across the border of a piece."""
    clock = with_a_window(np.random.default_rng(seed), 5, length, whole=True)
    total = int(clock.length[0].sum())
    dense = as_numpy(stretched(there(body, clock), total).dense())
    np.testing.assert_allclose(dense, positions(clock), rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("starts", [np.int64, np.float64])
def test_copied_pieces_keep_every_bit(body, dtype, starts):
    """Breaks where copies are made by arithmetic: -0 loses its sign, opposite ends of the range overflow, a NaN spreads."""
    top = np.finfo(dtype).max
    row = np.array([-0.0, 5.0, 0.0, -0.0, np.nan, top, -top, top, np.finfo(dtype).tiny, -top], dtype)
    x = np.stack([row, row[::-1]])[None].repeat(4, axis=0)
    start = np.array([[3, 0, 6], [0, 10, 0], [9, 1, 5], [9, 0, 4]])
    size = np.array([[3, 2, 4], [9, 0, 0], [1, 8, 0], [3, 1, 5]])
    step = np.array([[1, 1, 1], [1, 1, -1], [-1, 1, 1], [-1, -1, -1]])
    clock = Pieces(start.astype(starts), step.astype(float), size)
    y = as_numpy(reading.read(as_body(body, x), there(body, clock)))
    index = np.array(positions(Pieces(start, step, size)))
    expected = np.stack([series[:, places] for series, places in zip(x, index, strict=True)])
    assert y.dtype == dtype
    assert np.ascontiguousarray(y).tobytes() == np.ascontiguousarray(expected).tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_whole_position_gives_the_reading_itself(body, dtype):
    """Breaks where the next reading, of no weight, has a say: from opposite ends of the range it would make a NaN."""
    top = np.finfo(dtype).max
    x = np.array([[[5.0, top, -top, top, np.finfo(dtype).tiny, -top]]], dtype)
    clock = np.array([[5.0, 4, 3, 2, 1, 0, 0, 3]])
    y = as_numpy(reading.read(as_body(body, x), as_body(body, clock)))
    np.testing.assert_array_equal(y, x[..., clock[0].astype(int)])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(seed=SEEDS, nan=st.booleans(), backwards=st.booleans())
@few
def test_slices_beside_a_stretched_piece_stay_as_they_are(body, dtype, seed, nan, backwards):
    """Breaks where one piece at another speed makes the others be read elsewhere; gaps are bridged for it alone."""
    rng = np.random.default_rng(seed)
    clock = with_a_window(rng, 4, 30, whole=True)
    if backwards:
        size = clock.length[:, 2]
        clock.start[:, 2] = np.where(size > 0, 29, 0)
        clock.step[:, 2] = -1
    x = with_gaps(rng, rng.normal(size=(4, 2, 30)).astype(dtype), 0.2 if nan else 0)
    y = as_numpy(reading.read(as_body(body, x), there(body, clock)))
    tau = np.array(positions(clock))
    tau = np.where(np.abs(tau - np.round(tau)) < 1e-9, np.round(tau), tau)
    close = 3e-6 if dtype is np.float32 else 1e-11
    np.testing.assert_allclose(y, oracles.read_with_gaps(x, tau), rtol=0, atol=close)
    for i in range(4):
        slices = np.repeat(np.abs(clock.step[i]) == 1, clock.length[i])
        np.testing.assert_array_equal(y[i][:, slices], x[i][:, tau[i, slices].astype(int)])


@pytest.mark.parametrize("body", BODIES)
def test_no_rows_and_no_channels_in_pieces(body):
    """Breaks where an empty batch, or a panel seen in outline, is not read at all, stretched or cut."""
    clock = with_a_window(np.random.default_rng(0), 2, 9, whole=True)
    total = int(clock.length[0].sum())
    for pieces in (clock, back(stretched(there(body, clock), total))):
        y = reading.read(as_body(body, np.zeros((2, 0, 9))), there(body, pieces))
        assert tuple(y.shape) == (2, 0, total)
