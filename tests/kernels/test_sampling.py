"""Choices without replacement."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kernels.oracles import BODIES, FALSE_ALARM, as_body, as_numpy, few
from variate.core.draws import Draws
from variate.kernels import sampling


def draws(body, n):
    return Draws(5, 0, as_body(body, np.arange(n, dtype=np.uint64)), "/test")


def floyd(words, high):
    """Floyd's method with Python's integers."""
    chosen = []
    for j, word in enumerate(words):
        top = high - len(words) + j
        value = word * (top + 1) // 2**32
        chosen.append(top if value in chosen else value)
    return chosen


@pytest.mark.parametrize("body", BODIES)
@given(high=st.integers(1, 40), share=st.floats(0, 1), seed=st.integers(0, 99))
@few
def test_distinct_is_floyds_method(body, high, share, seed):
    """Breaks where a repeat is replaced by another number than the top, or an extreme word leaves the range."""
    words = np.random.default_rng(seed).integers(0, 2**32, (5, round(share * high)))
    words[0], words[1] = 0, 2**32 - 1
    given_words = as_body(body, words.astype(np.uint32 if body == "numba" else np.int64))
    chosen = as_numpy(sampling.distinct(given_words, high))
    assert chosen.shape == words.shape
    assert chosen.tolist() == [floyd(row, high) for row in words.tolist()]
    for row in chosen.tolist():
        assert len(set(row)) == len(row)
        assert set(row) <= set(range(high))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("high", "count"), [(6, 3), (5, 1), (5, 4), (7, 2)])
def test_every_subset_is_equally_likely(body, high, count):
    """Breaks where the choice prefers some sets: χ² over all sets, with the stated false-alarm rate."""
    chosen = np.sort(as_numpy(draws(body, 20000).distinct("position", high, count)), axis=1)
    subsets = {subset: 0 for subset in combinations(range(high), count)}
    for row in map(tuple, chosen.tolist()):
        subsets[row] += 1
    assert stats.chisquare(list(subsets.values())).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_all_of_them_can_be_chosen(body):
    """Breaks at the edge count == high, where every set is the whole."""
    chosen = np.sort(as_numpy(draws(body, 50).distinct("position", 9, 9)), axis=1)
    np.testing.assert_array_equal(chosen, np.tile(np.arange(9), (50, 1)))


@pytest.mark.parametrize("body", BODIES)
def test_every_order_is_equally_likely(body):
    """Breaks where a shuffle prefers some of the 24 orders of four: χ², with the stated false-alarm rate."""
    orders = as_numpy(draws(body, 24000).order("order", 4))
    assert (np.sort(orders, axis=1) == np.arange(4)).all()
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 24
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@given(count=st.integers(0, 9), seed=st.integers(0, 99))
@few
def test_distinct_with_a_range_for_each_row_is_floyds_method_row_by_row(body, count, seed):
    """Breaks where a row uses another's range, its leftovers stay taken for the next, or what it lacks is not -1."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2**32, (12, count))
    high = rng.integers(0, 15, 12)
    words[:3], words[3:6] = 0, 2**32 - 1
    given_words = as_body(body, words.astype(np.uint32 if body == "numba" else np.int64))
    chosen = as_numpy(sampling.distinct(given_words, as_body(body, high)))
    for row, numbers, limit in zip(chosen.tolist(), words.tolist(), high.tolist(), strict=True):
        enough = min(count, limit)
        assert row == floyd(numbers[:enough], limit) + [-1] * (count - enough)
        assert len(set(row[:enough])) == enough
        assert set(row[:enough]) <= set(range(limit))


@pytest.mark.parametrize("body", BODIES)
def test_every_subset_of_each_rows_range_is_equally_likely(body):
    """Breaks where a row's chance depends on the widest one: χ² for each range, with the stated false-alarm rate.

    Rows with 0, 1 or 2 integers have them all, and -1 for the rest of three.
    """
    high = np.arange(24000) % 7
    chosen = np.sort(as_numpy(draws(body, 24000).distinct("position", as_body(body, high), 3)), axis=1)
    for limit, whole in ((0, [-1, -1, -1]), (1, [-1, -1, 0]), (2, [-1, 0, 1])):
        np.testing.assert_array_equal(chosen[high == limit], np.tile(whole, ((high == limit).sum(), 1)))
    for limit in (3, 4, 5, 6):
        subsets = dict.fromkeys(combinations(range(limit), 3), 0)
        for row in map(tuple, chosen[high == limit].tolist()):
            subsets[row] += 1
        assert len(subsets) == 1 or stats.chisquare(list(subsets.values())).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@given(size=st.integers(1, 9), share=st.floats(0, 1), seed=st.integers(0, 99))
@few
def test_shuffled_puts_the_chosen_in_order_among_themselves(body, size, share, seed):
    """Breaks where one that was not chosen moves, or the order is its inverse."""
    rng = np.random.default_rng(seed)
    order = np.stack([rng.permutation(size) for _ in range(6)])
    chosen = rng.random((6, size)) < share
    source = as_numpy(sampling.shuffled(as_body(body, order), as_body(body, chosen)))
    expected = np.tile(np.arange(size), (6, 1))
    for i in range(6):
        places = np.flatnonzero(chosen[i])
        expected[i, places] = [k for k in order[i] if chosen[i, k]]
    np.testing.assert_array_equal(source, expected)


@pytest.mark.parametrize("body", BODIES)
def test_every_order_of_the_chosen_is_equally_likely(body):
    """Breaks where an order of all, cut down to three of five, prefers some: χ², with the stated false-alarm rate."""
    chosen = np.tile([True, False, True, True, False], (12000, 1))
    source = as_numpy(sampling.shuffled(draws(body, 12000).order("order", 5), as_body(body, chosen)))
    assert (source[:, [1, 4]] == [1, 4]).all()
    counts = dict.fromkeys(permutations((0, 2, 3)), 0)
    for row in map(tuple, source[:, [0, 2, 3]].tolist()):
        counts[row] += 1
    assert stats.chisquare(list(counts.values())).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("low", "high"), [(0.5, 3.0), (2.0, 2.0), (5.0, 1.0), (0.0, 0.0)])
def test_between_goes_from_low_to_high_or_stays_at_high(body, low, high):
    """Breaks where ``high`` below ``low`` counts backwards: the law is then the one number ``high``."""
    share = np.linspace(0, 1, 11)
    y = as_numpy(sampling.between(as_body(body, share), low, high))
    np.testing.assert_allclose(y, np.linspace(min(low, high), high, 11), rtol=1e-14)
