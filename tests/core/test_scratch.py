"""Scratch memory: reused only when nothing holds it any more."""

from __future__ import annotations

import threading

import numpy as np

from variate.kernels.arrays import SMALL, empty, scratch


def test_memory_in_use_is_never_given_out_again():
    """The one mistake that would matter: two living arrays on one block."""
    with scratch():
        held = [empty((SMALL,), np.uint8) for _ in range(5)]
        views = [a[10:20].reshape(2, 5) for a in held]
        held.clear()  # the views keep their blocks
        more = [empty((SMALL,), np.uint8) for _ in range(5)]
    assert not any(np.shares_memory(view, array) for view in views for array in more)
    for i, a in enumerate(views):
        for b in views[:i]:
            assert not np.shares_memory(a, b)


def test_free_memory_is_used_again_inside_and_not_outside():
    with scratch():
        first = empty((SMALL,), np.float32)
        place = first.ctypes.data
        del first
        assert empty((SMALL // 2,), np.float32).ctypes.data == place
    assert empty((SMALL,), np.float32).base is None


def test_threads_share_no_memory():
    arrays = []

    def work():
        with scratch():
            arrays.append(empty((SMALL,), np.float32))

    for _ in range(3):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert not any(np.shares_memory(a, b) for i, a in enumerate(arrays) for b in arrays[:i])


def test_a_target_is_given_out_once_and_only_to_what_fits():
    target = np.zeros((4, 1, 8), np.float32)
    with scratch(target):
        assert empty((4, 8), np.float32) is not target
        assert empty((4, 1, 8), np.float64) is not target
        assert empty((4, 1, 8), np.float32) is target
        assert empty((4, 1, 8), np.float32) is not target
    assert empty((4, 1, 8), np.float32) is not target
