"""Fingerprints of series, against the sums with Python's integers, and what may and may not share one."""

import struct

import numpy as np
import pytest

from kernels.oracles import BODIES, as_body, stream, with_gaps
from variate.kernels import fingerprint
from variate.kernels.fingerprint import fingerprints

SHAPES = [(3, 1, 1), (3, 1, 2), (4, 2, 3), (2, 3, 17), (5, 1, 1021)]


def words_of(reading, double):
    """Return the bits of a reading, as one number of 32 bits or as two, the lower first; all NaN are one, and so are zeros."""
    if reading != reading:
        bits = 0x7FF8000000000000 if double else 0x7FC00000
    else:
        bits = 0 if reading == 0 else struct.unpack("<Q" if double else "<I", struct.pack("<d" if double else "<f", reading))[0]
    return [bits % 2**32, bits // 2**32] if double else [bits]


def literal(series):
    """Return one series' two sums modulo 2^32, the second above the first: all lower halves before all upper ones."""
    double = series.dtype.itemsize == 8
    words = [words_of(reading, double) for reading in series.ravel().tolist()]
    multipliers = [stream(fingerprint._KEY, sample, series.size * (1 + double)) for sample in (0, 1)]
    sums = [0, 0]
    for j, bits in enumerate([halves[0] for halves in words] + [halves[1] for halves in words if double]):
        for k in (0, 1):
            sums[k] = (sums[k] + (bits ^ bits >> 15) * (multipliers[k][j] | 1)) % 2**32
    return sums[0] + sums[1] * 2**32


def prints(body, x):
    found = fingerprints(as_body(body, x))
    assert isinstance(found, np.ndarray)
    assert found.dtype == np.uint64
    assert found.shape == (len(x),)
    return found


def series(shape, dtype=np.float64, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_fingerprint_is_the_two_sums(body, dtype, shape):
    """Breaks where a reading is left out or taken at another's place, or a sum is carried over into the other."""
    x = with_gaps(np.random.default_rng(1), series(shape, dtype), 0.1)
    x[0, 0, 0], x[-1, -1, -1] = -0.0, 1e-40
    assert prints(body, x).tolist() == [literal(row) for row in x]


@pytest.mark.parametrize("body", BODIES)
def test_fingerprints_stay_what_they_are(body):
    """Breaks where they change from one version to the next: a pool is sorted by them, and a seed draws places in it."""
    x = np.array([[[0.5, -2.0, 3.25]], [[np.nan, 0.0, 1.0]], [[0.0, 0.0, 0.0]]])
    assert prints(body, x.astype(np.float32)).tolist() == [4324923905157564192, 1606932397477028992, 0]
    assert prints(body, x).tolist() == [2514230479114528924, 17013195935091934512, 0]


@pytest.mark.parametrize("body", BODIES)
def test_equal_series_have_one_fingerprint(body):
    """Breaks where the sign of a zero or the payload of a NaN tells two apart."""
    x = series((6, 2, 30), np.float32)
    x[:, 1, 4:6] = 0
    x[:, 0, 7] = np.nan
    same = x.copy()
    same[:, 1, 4] = -0.0
    nans = np.array([0xFFC00000, 0x7F800001, 0x7FFFFFFF, 0xFF800001, 0x7FC00000, 0xFFFFFFFF], np.uint32).view(np.float32)
    odd = same.copy()
    odd[:, 0, 7] = nans
    expected = prints(body, x)
    assert len(set(expected.tolist())) == 6
    for other in (same, odd):
        np.testing.assert_array_equal(prints(body, other), expected)
    wide = same.astype(np.float64)
    np.testing.assert_array_equal(prints(body, wide), prints(body, x.astype(np.float64)))
    assert (prints(body, np.nextafter(wide, 9)) != prints(body, wide)).all()


@pytest.mark.parametrize("body", BODIES)
def test_infinity_is_no_nan(body):
    """Breaks where the bound of what is a NaN is off by one."""
    x = np.array([[[1, np.inf]], [[1, -np.inf]], [[1, np.nan]]], np.float32)
    assert len(set(prints(body, x).tolist())) == 3


@pytest.mark.parametrize("body", BODIES)
def test_memory_and_neighbours_do_not_count(body):
    """Breaks where a view is read as if it were whole, or a row feels the rows beside it."""
    x = series((9, 2, 31), np.float32)
    expected = prints(body, x)
    for i in range(9):
        assert prints(body, x[i : i + 1]) == expected[i]
    np.testing.assert_array_equal(fingerprints(as_body(body, x)[[8, 0, 3]]), expected[[8, 0, 3]])
    wide = as_body(body, np.repeat(x, 2, axis=-1))
    np.testing.assert_array_equal(fingerprints(wide[..., ::2]), expected)


def test_a_gradient_is_no_hindrance():
    x = as_body("torch", series((3, 1, 8)))
    np.testing.assert_array_equal(fingerprints(x.clone().requires_grad_()), fingerprints(x))


@pytest.mark.parametrize("body", BODIES)
def test_one_other_bit_anywhere_tells_two_apart(body):
    """Breaks where a place has an even multiplier, or none: 32 bits in each of 30 places, one at a time."""
    bits = series((1, 2, 15), np.float32).view(np.uint32)
    changed = np.repeat(bits, 960, axis=0).reshape(960, 30)
    changed[np.arange(960), np.arange(960) // 32] ^= (1 << np.arange(960) % 32).astype(np.uint32)
    x = np.concatenate([bits.reshape(1, 30), changed]).view(np.float32).reshape(-1, 2, 15)
    assert len(set(prints(body, x).tolist())) == 961


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["signs", "steps", "switches", "orders", "lone", "small"])
def test_series_that_differ_in_little_are_told_apart(body, kind):
    """Breaks where round numbers, signs or other places of the same readings do not come into play."""
    rng = np.random.default_rng(2)
    steps = np.arange(12)
    x = {
        "signs": np.where(np.arange(4096)[:, None] >> steps & 1, 1.0, -1.0),
        "switches": (np.arange(4096)[:, None] >> steps & 1).astype(float),
        "steps": rng.integers(-3, 4, (4096, 12)).astype(float),
        "orders": rng.permuted(np.tile(2.0**steps, (4096, 1)), axis=1),
        "lone": np.repeat(np.eye(12), 300, axis=0) * np.tile(np.arange(1.0, 301), 12)[:, None],
        "small": rng.integers(1, 5, (4096, 12)) * 1e-45,
    }[kind]
    x = np.unique(x.astype(np.float32), axis=0)
    assert len(x) > 3000
    assert len(set(prints(body, x[:, None]).tolist())) == len(x)
    assert len(set(prints(body, x.reshape(-1, 2, 6)).tolist())) == len(x)


def test_both_halves_tell_series_apart():
    """Breaks where the second sum is the first one again, which leaves 32 bits of the 64."""
    found = fingerprints(series((20000, 1, 8)))
    low, high = found & np.uint64(2**32 - 1), found >> np.uint64(32)
    assert (low != high).mean() > 0.999
    for half in (low, high):
        assert abs(np.unpackbits(half.astype(np.uint32).view(np.uint8)).mean() - 0.5) < 0.005
