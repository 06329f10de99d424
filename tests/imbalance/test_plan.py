"""plan: every class reaches its target, spread evenly, and what cannot be reached is refused."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import few
from variate.core.errors import PanelError, ParameterError
from variate.imbalance.plan import plan

LABEL = np.array([2, 0, 0, 1, 0, 2, 0, 0, 0])  # six of class 0, one of 1, two of 2


def totals(label, copies):
    """Return the size of each class with its copies, counted one by one."""
    return {c: sum(1 + int(k) for own, k in zip(label, copies, strict=True) if own == c) for c in set(label)}


@pytest.mark.parametrize(
    ("target", "want"),
    [
        ("equal", {0: 6, 1: 6, 2: 6}),
        ("double", {0: 12, 1: 12, 2: 12}),
        (1, {0: 6, 1: 6, 2: 6}),
        (1.0, {0: 6, 1: 6, 2: 6}),
        (0.5, {0: 6, 1: 3, 2: 3}),
        (np.float32(0.5), {0: 6, 1: 3, 2: 3}),
        (0.51, {0: 6, 1: 4, 2: 4}),
        (0.3, {0: 6, 1: 2, 2: 2}),
        (1e-6, {0: 6, 1: 1, 2: 2}),
        ({1: 5}, {0: 6, 1: 5, 2: 2}),
        ({0: np.int64(7), 2: 2}, {0: 7, 1: 1, 2: 2}),
        ({}, {0: 6, 1: 1, 2: 2}),
    ],
    ids=repr,
)
def test_every_class_reaches_its_target_exactly(target, want):
    copies = plan(LABEL, target)
    assert (copies.shape, copies.dtype) == (LABEL.shape, np.int64)
    assert totals(LABEL.tolist(), copies) == want


def test_what_is_left_over_goes_to_the_first_samples():
    """Random spreading, or giving it to the last ones, would change this."""
    assert plan([1, 0, 0, 1, 0, 1], {0: 8, 1: 7}).tolist() == [2, 2, 2, 1, 1, 1]
    label = np.random.default_rng(0).integers(3, size=5000)  # long enough for a sort that is not stable to show
    copies = plan(label, {c: int(np.sum(label == c)) + 700 for c in range(3)})
    assert all(np.flatnonzero(copies[label == c]).tolist() == list(range(700)) for c in range(3))


@few
@given(st.lists(st.integers(-2, 4), max_size=40), st.sampled_from(["equal", "double", 0.37]))
def test_copies_are_spread_evenly(label, target):
    """Within a class no sample has over one copy more than another, and never fewer than a later one."""
    copies = plan(np.array(label, int), target)
    largest = max((label.count(c) for c in label), default=0)
    for c in set(label):
        own = copies[np.array(label) == c].tolist()
        assert own == sorted(own, reverse=True)
        assert own[0] - own[-1] <= 1
        size = label.count(c) + sum(own)
        want = {"equal": largest, "double": 2 * largest, 0.37: max(label.count(c), int(np.ceil(0.37 * largest)))}
        assert size == want[target]


def test_names_and_tensors_are_labels_too():
    assert plan(np.array(["a", "b", "a"])).tolist() == [0, 1, 0]
    assert plan(np.array(["a", "b", "a"], object), {"b": 3}).tolist() == [0, 2, 0]
    assert plan([True, False, True], {False: 3}).tolist() == [0, 2, 0]
    assert plan(np.array([1.0, 2.0, 1.0]), {2: 4}).tolist() == [0, 3, 0]
    assert plan(torch.tensor([3, 3, 1])).tolist() == [0, 0, 1]
    assert plan(np.array([], int)).tolist() == []


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("equl", r"target is 'equl'; it must be 'equal', 'double', a number in \(0, 1\].*did you mean 'equal'"),
        (0, "target is 0;"),
        (-0.5, "target is -0.5;"),
        (1.5, "target is 1.5;"),
        (float("nan"), "target is nan;"),
        (True, "target is True;"),
        (None, "target is None;"),
        ({7: 10}, r"target has the class 7, of which there is no sample to copy; known: 0, 1, 2"),
        ({0: 3}, "target asks for 3 samples of class 0, which has 6, and nothing is removed; ask for at least 6"),
        ({1: 3.5}, "target asks for 3.5 samples of class 1; it must be an integer"),
        ({1: True}, "target asks for True samples"),
    ],
)
def test_a_target_that_cannot_be_reached_is_refused(target, sentence):
    with pytest.raises(ParameterError, match=sentence):
        plan(LABEL, target)


def test_a_name_that_is_nearly_right_is_suggested():
    with pytest.raises(ParameterError, match=r"the class 'fal'.*did you mean 'fall'"):
        plan(["walk", "fall"], {"fal": 3})


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        (np.eye(3)[LABEL], r"label has shape \(9, 3\), which are class weights.*label\.argmax\(axis=1\)"),
        ([0.5, 1.0], r"label has shape \(2,\) and dtype float64; a plan needs the class"),
        ([np.nan, 1.0], "a plan needs the class"),
        (3, r"label has shape \(\)"),
        (np.array(["a", None], object), "label cannot be told apart by its classes"),
    ],
)
def test_labels_that_are_no_classes_are_refused(label, sentence):
    with pytest.raises(PanelError, match=sentence):
        plan(label)
