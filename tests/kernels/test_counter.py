"""Philox and what is made of its words, bit by bit. Each test runs on both bodies."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few, philox, stream
from variate.core.draws import Draws
from variate.kernels import counter
from variate.kernels.compiled.counter import philox as compiled_philox

KNOWN = [  # Random123, kat_vectors, philox4x32 10: counter, key, result
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
]
WORD64 = st.integers(0, 2**64 - 1)
SAMPLES = np.array([0, 1, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 0x123456789ABCDEF0], np.uint64)
KEY = 0x9E3779B97F4A7C15
COUNTS = (1, 2, 3, 4, 5, 63, 64, 65, 67, 512, 515, 1027)  # across the narrow and the wide body, and across tiles


def integers(text):
    return [int(word, 16) for word in text.split()]


def samples(body, ids=SAMPLES):
    return as_body(body, np.asarray(ids, np.uint64))


def words(body, key, ids, count):
    return as_numpy(counter.words(key, samples(body, ids), count)).astype(np.int64)


@pytest.mark.parametrize(("block", "key", "answer"), KNOWN)
def test_known_answers(block, key, answer):
    """Breaks with any slip in a constant, a shift or the number of rounds."""
    block, key, answer = integers(block), integers(key), integers(answer)
    assert list(philox(block, key)) == answer
    compiled = compiled_philox(*(np.uint64(word) for word in (*block, *key)))
    assert [int(word) for word in compiled] == answer


@pytest.mark.parametrize("body", BODIES)
def test_known_answer_of_the_stream_of_sample_zero(body):
    """Breaks where key or id reach Philox in another order: with all of them 0 the first vector is the stream."""
    assert words(body, 0, [0], 4).tolist() == [integers(KNOWN[0][2])]


@pytest.mark.parametrize("body", BODIES)
@given(key=WORD64, ids=st.lists(WORD64, min_size=1, max_size=3), count=st.integers(1, 21))
@few
def test_words_are_the_stream_of_their_sample(body, key, ids, count):
    """Breaks where an id loses its upper bits, or a block its number."""
    assert words(body, key, ids, count).tolist() == [stream(key, sample, count) for sample in ids]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("count", COUNTS)
def test_uniforms_are_exactly_the_upper_23_bits(body, count):
    """Breaks where a wide row skips a tile, or a rounding pushes a uniform onto 0 or 1."""
    u = as_numpy(counter.uniform(KEY, samples(body), count))
    exact = (np.array([stream(KEY, int(s), count) for s in SAMPLES]) // 2**9 + 0.5) / 2**23
    assert u.dtype == np.float32
    np.testing.assert_array_equal(u.astype(np.float64), exact)
    assert u.min() > 0
    assert u.max() < 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("draw", [counter.words, counter.uniform, counter.normal])
def test_a_prefix_of_a_stream_does_not_depend_on_its_length(body, draw):
    """Breaks where the narrow and the wide body, or odd and even counts, number a stream differently."""
    longest = as_numpy(draw(KEY, samples(body), COUNTS[-1]))
    for count in COUNTS:
        np.testing.assert_array_equal(as_numpy(draw(KEY, samples(body), count)), longest[:, :count])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("draw", [counter.words, counter.uniform, counter.normal])
@pytest.mark.parametrize("count", [7, 130])
def test_a_row_depends_on_its_own_sample_alone(body, draw, count):
    """Breaks where a buffer of one row leaks into the next."""
    together = as_numpy(draw(KEY, samples(body), count))
    for i, sample in enumerate(SAMPLES):
        np.testing.assert_array_equal(as_numpy(draw(KEY, samples(body, [sample]), count))[0], together[i])
    assert len({row.tobytes() for row in together}) == len(SAMPLES)


@pytest.mark.parametrize("count", COUNTS)
def test_normals_have_the_same_bits_in_numpy_and_in_torch(count):
    """Breaks with one fused multiply-add, or one rounding more, in either body."""
    ids = np.arange(300, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    ours, theirs = (as_numpy(counter.normal(KEY, samples(body, ids), count)) for body in BODIES)
    assert ours.dtype == theirs.dtype == np.float32
    np.testing.assert_array_equal(ours.view(np.int32), theirs.view(np.int32))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("share", [0.0, 1.0, 0.5, 1e-7, 1 - 1e-7, 0.05, 1 / 3, 0.5 / 2**23, 1.5 / 2**23])
@pytest.mark.parametrize("count", [3, 64, 4099])
def test_below_is_uniform_less_than_share(body, share, count):
    """Breaks where the threshold on the words is one off, or a share of 0 or 1 is not never or always."""
    hit = as_numpy(counter.below(KEY, samples(body), share, count))
    u = as_numpy(counter.uniform(KEY, samples(body), count))
    assert hit.dtype == bool
    np.testing.assert_array_equal(hit, u < np.float32(share))
    if share in (0.0, 1.0):
        assert hit.all() == hit.any() == bool(share)


@pytest.mark.parametrize("body", BODIES)
def test_below_has_its_border_at_a_uniform_that_occurs(body):
    """Breaks where < became ≤: the share is put exactly on a uniform of the stream, then one float above it."""
    u = as_numpy(counter.uniform(KEY, samples(body), 40))
    border = u[3, 17]
    assert not as_numpy(counter.below(KEY, samples(body), float(border), 40))[3, 17]
    assert as_numpy(counter.below(KEY, samples(body), float(np.nextafter(border, np.float32(1))), 40))[3, 17]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("c", "t"), [(1, 1), (3, 7), (2, 700)])
def test_add_normal_adds_the_normals_of_the_stream(body, dtype, c, t):
    """Breaks where bulk noise takes other numbers than drawn noise, or the dtype changes."""
    x = np.random.default_rng(0).normal(size=(len(SAMPLES), c, t)).astype(dtype)
    scale = np.random.default_rng(1).random((len(SAMPLES), c, 1)).astype(dtype)
    y = as_numpy(counter.add_normal(KEY, samples(body), as_body(body, x), as_body(body, scale)))
    noise = as_numpy(counter.normal(KEY, samples("numba"), c * t)).reshape(x.shape)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, x + scale * noise.astype(dtype))


def draws(body, n, seed=0):
    return Draws(seed, 0, samples(body, np.arange(n)), "/test")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("high", [1, 2, 3, 7, 10, 1000])
def test_integers_reach_every_value_and_no_other(body, high):
    """Breaks where the last value is never drawn. Chance that a right library misses one value of 1000: < 1e-5."""
    numbers = as_numpy(draws(body, 100).integers("start", high, (200,)))
    assert numbers.dtype == np.int64
    assert np.unique(numbers).tolist() == list(range(high))


@pytest.mark.parametrize("body", BODIES)
def test_integers_follow_the_high_of_their_row(body):
    """Breaks where one row's high is used for all: a row's values must be those of a call with its high alone."""
    highs = np.array([1, 2, 5, 100, 2**31 - 1])
    mixed = as_numpy(draws(body, 5).integers("start", as_body(body, highs[:, None]), (300,)))
    for row, high in enumerate(highs):
        np.testing.assert_array_equal(mixed[row], as_numpy(draws(body, 5).integers("start", int(high), (300,)))[row])
        assert 0 <= mixed[row].min() <= mixed[row].max() < high


@pytest.mark.parametrize("name", ["uniform", "normal", "sign", "integers", "order", "distinct", "chance"])
def test_every_kind_of_draw_has_the_same_bits_in_both_bodies(name):
    """Breaks where NumPy and torch turn the same words into different numbers."""
    extra = {"integers": (17, (9,)), "order": (9,), "distinct": (30, 9), "chance": (0.3, (9,))}.get(name, ((9,),))
    ours, theirs = (as_numpy(getattr(draws(body, 50), name)("x", *extra)) for body in BODIES)
    np.testing.assert_array_equal(ours, theirs)
