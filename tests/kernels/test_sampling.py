"""Choices without replacement."""

from itertools import combinations

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
