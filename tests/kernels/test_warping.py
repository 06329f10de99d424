"""Clocks along a path, and beside one, against a literal reading of it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels.dtw import Path, dtw_path
from variate.kernels.warping import along, beside

LENGTHS = (1, 2, 3, 7, 12, 23)


def pairs(s, t, seed=0, n=3):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2, s)), rng.normal(size=(n, 2, t))


def path_of(body, a, b, band=1.0):
    return dtw_path(as_body(body, a), as_body(body, b), band)[1]


def rows_of(path):
    """Return the pairs of each row, as far as its path goes, (2, length)."""
    first, second, length = (as_numpy(part) for part in path)
    return [np.stack([u[:n], v[:n]]) for u, v, n in zip(first, second, length, strict=True)]


def hand_made(body):
    """Return two paths; what stands behind their ends is nonsense that nothing may read."""
    first = np.array([[0, 1, 2, 2, 99, 99], [0, 0, 0, 1, 2, 99]], np.int32)
    second = np.array([[0, 0, 1, 2, 99, 99], [0, 1, 2, 2, 2, 99]], np.int32)
    return Path(*(as_body(body, part) for part in (first, second, np.array([4, 5], np.int32))))


@pytest.mark.parametrize("body", BODIES)
def test_two_paths_on_paper(body):
    """Breaks where a path is read beyond its end, at an uneven pace, or first and second change places."""
    own, theirs = (as_numpy(clock) for clock in along(hand_made(body), 7))
    np.testing.assert_allclose(own, [[0, 0.5, 1, 1.5, 2, 2, 2], [0, 0, 0, 0, 2 / 3, 4 / 3, 2]], rtol=0, atol=1e-12)
    np.testing.assert_allclose(theirs, [[0, 0, 0, 0.5, 1, 1.5, 2], [0, 2 / 3, 4 / 3, 2, 2, 2, 2]], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(as_numpy(beside(hand_made(body), 3)), [[0, 0, 1.5], [1, 2, 2]])


@pytest.mark.parametrize("body", BODIES)
@given(s=st.sampled_from(LENGTHS), t=st.sampled_from(LENGTHS), steps=st.sampled_from(LENGTHS), seed=st.integers(0, 99))
@few
def test_a_path_is_gone_along_at_an_even_pace(body, s, t, steps, seed):
    """Breaks where a place between two pairs is not read between both, or a clock leaves its series or goes back."""
    path = path_of(body, *pairs(s, t, seed))
    clocks = along(path, steps)
    for clock in clocks:
        assert isinstance(clock, torch.Tensor) == (body == "torch")
        assert as_numpy(clock).dtype == np.float64
    own, theirs = map(as_numpy, clocks)
    assert own.shape == theirs.shape == (3, steps)
    for i, row in enumerate(rows_of(path)):
        place = np.linspace(0, row.shape[1] - 1, steps)
        for clock, index, length in ((own[i], row[0], s), (theirs[i], row[1], t)):
            np.testing.assert_allclose(clock, np.interp(place, np.arange(len(index)), index), rtol=0, atol=1e-9)
            assert (np.diff(clock) >= -1e-12).all()
            assert clock[0] == 0
            assert clock[-1] == pytest.approx(length - 1 if steps > 1 else 0, abs=1e-9)


@pytest.mark.parametrize("body", BODIES)
@given(s=st.sampled_from(LENGTHS), t=st.sampled_from(LENGTHS), seed=st.integers(0, 99))
@few
def test_beside_a_step_is_the_mean_of_those_aligned_with_it(body, s, t, seed):
    """Breaks where a pair counts twice, a row gets another's, or a mean is not of all of them."""
    path = path_of(body, *pairs(s, t, seed))
    found = beside(path, s)
    assert isinstance(found, torch.Tensor) == (body == "torch")
    expected = [[row[1][row[0] == step].mean() for step in range(s)] for row in rows_of(path)]
    np.testing.assert_allclose(as_numpy(found), expected, rtol=0, atol=1e-12)
    assert (np.diff(as_numpy(found), axis=1) >= 0).all()


@pytest.mark.parametrize("body", BODIES)
def test_along_the_diagonal_time_stands_still(body):
    """Breaks where a series that is aligned with itself is read anywhere but at its own steps."""
    x = pairs(20, 1)[0]
    path = path_of(body, x, x)
    for clock in (*along(path, 20), beside(path, 20)):
        np.testing.assert_allclose(as_numpy(clock), np.tile(np.arange(20.0), (3, 1)), rtol=0, atol=1e-12)


def test_rows_are_on_their_own_and_there_may_be_none():
    """Breaks where a clock hangs on the batch, or an empty batch stops the program."""
    a, b = pairs(15, 11, n=6)
    whole = path_of("numba", a, b)
    for index in ([4], [5, 0], []):
        some = path_of("numba", a[index], b[index])
        for one, other in zip((*along(some, 9), beside(some, 15)), (*along(whole, 9), beside(whole, 15)), strict=True):
            assert one.shape == other[index].shape
            np.testing.assert_array_equal(one, other[index])
