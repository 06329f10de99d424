"""Stable orders of rows of floating numbers, for NumPy arrays."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

PATIENCE = 8  # moves of insertion a reading, before the digits are sorted instead
DISORDER = 0.07  # share of drops up to which insertion wins over a new order: its branches cannot be foreseen
FEW = 16  # up to so many readings are inserted one by one


@njit(inline="always")
def _bits(value):
    """64 bits that rise with the value; -0.0 and 0.0 have the same."""
    bits = np.float64(value + 0.0).view(np.int64)
    return np.uint64(bits ^ ((bits >> np.int64(63)) | np.int64(-0x8000000000000000)))


@njit(nogil=True, cache=True)
def _digits(x, order, spare):
    """Order x by eight bits at a time of its float64 bits; a digit that all share, as float32 has, costs no move."""
    length = x.shape[0]
    counts = np.zeros((8, 256), np.int64)
    for t in range(length):
        order[t] = t
        bits = _bits(x[t])
        for digit in range(8):
            counts[digit, (bits >> np.uint64(8 * digit)) & np.uint64(255)] += 1
    old, new = order, spare
    for digit in range(8):
        shift, places = np.uint64(8 * digit), counts[digit]
        if places[(_bits(x[0]) >> shift) & np.uint64(255)] == length:
            continue
        _starts(places)
        for i in range(length):
            t = old[i]
            value = (_bits(x[t]) >> shift) & np.uint64(255)
            new[places[value]] = t
            places[value] += 1
        old, new = new, old
    if old is not order:
        order[:] = old


@njit(nogil=True, cache=True)
def _starts(counts):
    """From how many there are to where the first one goes."""
    total = 0
    for k in range(counts.shape[0]):
        total, counts[k] = total + counts[k], total


@njit(nogil=True, cache=True, error_model="numpy")
def _range(x):
    low, high = x[0], x[0]
    for t in range(x.shape[0]):
        low, high = min(low, x[t]), max(high, x[t])
    return low, high


@njit(nogil=True, cache=True, error_model="numpy")
def _level(x, low, factor, top, level):
    for t in range(x.shape[0]):
        level[t] = np.uint32(np.int32(min((x[t] - low) * factor, top)))


@njit(nogil=True, cache=True, error_model="numpy")
def _spread(x, order, spare, level):
    """Order x by its level among 4 ** half equal ones, in two passes: nearly the order, where the levels tell it apart."""
    length = x.shape[0]
    half = np.uint32(6 if length <= 256 else 8 if length <= 4096 else 11)
    size = 2 ** np.int64(half)
    mask = np.uint32(size - 1)
    low, high = _range(x)
    top = x.dtype.type(size * size - 1)
    factor = top / (high - low)
    if not (high - low < math.inf and factor < math.inf):
        return False
    _level(x, low, factor, top, level)
    fine, coarse = np.zeros(size, np.uint32), np.zeros(size, np.uint32)
    for t in range(length):
        fine[level[t] & mask] += 1
        coarse[(level[t] >> half) & mask] += 1
    _starts(fine)
    _starts(coarse)
    for t in range(length):
        digit = level[t] & mask
        spare[fine[digit]] = t
        fine[digit] += 1
    for i in range(length):
        t = np.uint64(spare[i])
        digit = (level[t] >> half) & mask
        order[coarse[digit]] = t
        coarse[digit] += 1
    return True


@njit(nogil=True, cache=True)
def _take(x, order, keys):
    for i in range(order.shape[0]):
        keys[i] = x[np.uint64(order[i])]


@njit(nogil=True, cache=True)
def _insert(keys, order, most):
    """Sort keys and their places; of equal ones the earlier place comes first. Return the moves, or -1 beyond ``most``."""
    moves = 0
    for i in range(1, keys.shape[0]):
        key, t, j = keys[i], order[i], i - 1
        if keys[j] < key:
            continue
        while j >= 0 and (keys[j] > key or (keys[j] == key and order[j] > t)):
            keys[j + 1], order[j + 1] = keys[j], order[j]
            j -= 1
        keys[j + 1], order[j + 1] = key, t
        moves += i - 1 - j
        if moves > most:
            return -1
    return moves


@njit(nogil=True, cache=True)
def _share_of_drops(keys, lag):
    """The share of keys that are below the one ``lag`` places before: small, where insertion has few moves to make."""
    count = 0
    for i in range(keys.shape[0] - lag):
        count += keys[i + lag] < keys[i]
    return count / keys.shape[0]


@njit(nogil=True, cache=True)
def sort(x, order, keys, spare, level):
    """Fill order with the stable order of x; the other rows are buffers."""
    length = x.shape[0]
    for t in range(length):
        order[t] = t
    if length > FEW and not _spread(x, order, spare, level):
        return _digits(x, order, spare)
    _take(x, order, keys)
    if _share_of_drops(keys, 8) > 0.25 or _insert(keys, order, PATIENCE * max(length, FEW)) < 0:
        _digits(x, order, spare)
    return None


@njit(nogil=True, cache=True)
def renew(x, order, keys, spare, level):
    """From any order to the stable order of x; return whether it is another one. Cheap where little has changed."""
    length = x.shape[0]
    _take(x, order, keys)
    if _share_of_drops(keys, 2) <= DISORDER:
        moves = _insert(keys, order, PATIENCE * max(length, FEW))
        if moves >= 0:
            return moves > 0
    sort(x, order, keys, spare, level)
    return True


@njit(nogil=True, cache=True)
def order_rows(x, out):
    """out[r] = the stable order of x[r]."""
    length = x.shape[1]
    keys, spare, level = np.empty(length, x.dtype), np.empty(length, out.dtype), np.empty(length, np.uint32)
    for r in range(x.shape[0]):
        sort(x[r], out[r], keys, spare, level)


@njit(nogil=True, cache=True)
def put(values, order, out):
    """out[order[i]] = values[i]."""
    for i in range(order.shape[0]):
        out[np.uint64(order[i])] = values[i]


@njit(nogil=True, cache=True)
def rank_rows(x, out):
    """out[r] = the stable ranks of x[r], from 0."""
    length = x.shape[1]
    order, spare = np.empty(length, out.dtype), np.empty(length, out.dtype)
    keys, level = np.empty(length, x.dtype), np.empty(length, np.uint32)
    for r in range(x.shape[0]):
        sort(x[r], order, keys, spare, level)
        for i in range(length):
            out[r, order[i]] = i


@njit(nogil=True, cache=True)
def ascend_rows(x, out):
    """out[r] = x[r] in ascending order, equal values as they came."""
    length = x.shape[1]
    order, spare = np.empty(length, np.int32), np.empty(length, np.int32)
    keys, level = np.empty(length, x.dtype), np.empty(length, np.uint32)
    for r in range(x.shape[0]):
        sort(x[r], order, keys, spare, level)
        _take(x[r], order, out[r])


@njit(nogil=True, cache=True)
def reorder_rows(values, like, out):
    """out[r] = values[r], so ordered that the smallest of like[r] has the first value, and so on."""
    length = like.shape[1]
    order, spare = np.empty(length, np.int32), np.empty(length, np.int32)
    keys, level = np.empty(length, like.dtype), np.empty(length, np.uint32)
    for r in range(like.shape[0]):
        sort(like[r], order, keys, spare, level)
        put(values[r], order, out[r])
