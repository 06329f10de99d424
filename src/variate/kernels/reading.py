"""Reading arrays at a clock: x'(t) = x(τ(t)).

A clock gives, for each new reading, the old position it is read from. It is dense, τ (n, new t) in float64, or
:class:`Pieces`: stretches that follow one another, each with a start, a step and a number of readings.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_floating, is_torch, like, namespace, numpy_of
from variate.kernels.missing import fill_parts, has_nan, put_back


class Pieces(NamedTuple):
    """A clock in pieces: arrays (n, pieces) of first old position, old steps per reading, number of readings.

    The numbers of readings add up to one new length for all rows; a piece may be empty.
    """

    start: Array
    step: Array
    length: Array

    @property
    def steps(self) -> int:
        """The new length."""
        return int(self.length[0].sum()) if len(self.length) else 0

    @property
    def slices(self) -> Array:
        """Which pieces (n, pieces) are slices: unit steps, forwards or backwards, from whole starts."""
        unit = (self.step == 1) | (self.step == -1)
        return unit & (self.start % 1 == 0) if is_floating(self.start) else unit

    @property
    def copies(self) -> bool:
        """Whether every piece is a slice."""
        return bool(self.slices.all())

    def fits(self, length: int, new: int) -> bool:
        """Whether every row has ``new`` readings, all of them at old positions in 0 … length - 1."""
        if not is_torch(self.start):
            from variate.kernels.compiled import reading

            return bool(reading.fits(self.start, self.step, self.length, length, new))
        last = self.start + self.step * (self.length - 1)
        inside = (self.start.minimum(last) >= -1e-6) & (self.start.maximum(last) <= length - 1 + 1e-6)
        good = (self.length >= 0) & (inside | (self.length == 0))
        return bool(good.all() and (self.length.sum(1) == new).all())

    def dense(self) -> Array:
        """The same clock as τ (n, new t)."""
        if not is_torch(self.start):
            from variate.kernels.compiled import reading

            out = empty((len(self.start), self.steps))
            start, step = (np.ascontiguousarray(a, dtype=np.float64) for a in (self.start, self.step))
            reading.dense_rows(start, step, np.ascontiguousarray(self.length, dtype=np.int64), out)
            return out
        import torch

        ends = self.length.cumsum(1)
        new = ends.new_ones((len(ends), self.steps)).cumsum(1) - 1
        piece = torch.searchsorted(ends, new, right=True) if self.steps else new
        within = new - (ends - self.length).gather(1, piece)
        return _whole(self.start.double().gather(1, piece) + self.step.double().gather(1, piece) * within)


def _whole(clock: Array) -> Array:
    """Return a torch clock with positions that miss a whole step by a rounding put on it."""
    whole = clock.round()
    return whole.where((clock - whole).abs() < 1e-9, clock)


Clock = Any
"""A dense clock, or Pieces."""


def dense(clock: Clock) -> Array:
    """Return a clock in its dense form."""
    return clock.dense() if isinstance(clock, Pieces) else clock


def read(x: Array, clock: Clock, boundary: int | None = None, unseen: Array | None = None) -> Array:
    """Return x (n, c, t) read at the clock, (n, c, new t): linear between readings, exact at them, in x's dtype.

    A NaN does not spread: gaps are bridged for the reading and put back where the nearest old reading is missing.
    Pieces of unit step are copied, forwards or backwards, NaN and all. Gaps are not bridged across ``boundary``, the
    first step of a forecast target. Steps that are ``unseen`` (n, 1, t) are gaps too, but what they hold moves along.
    """
    if isinstance(clock, Pieces) and clock.copies:
        return nearest(x, clock) if is_torch(x) else _read(x, clock)
    if unseen is None and not has_nan(x):
        return _read(x, clock)
    xp = namespace(x)
    missing = xp.isnan(x)
    bridged = fill_parts(x if unseen is None else put_back(x, unseen), boundary)
    y = put_back(_read(bridged, clock), nearest(missing, clock))
    return y if unseen is None else xp.where(nearest(unseen, clock), nearest(x, clock), y)


def _read(x: Array, clock: Clock) -> Array:
    if is_torch(x):
        return _torch_read(x, dense(clock))
    from variate.kernels.compiled import reading

    if isinstance(clock, Pieces) and clock.slices.any():
        out = empty((*x.shape[:2], clock.steps), x.dtype)
        copies = clock.copies
        start, step = (np.ascontiguousarray(a, dtype=np.int64 if copies else np.float64) for a in (clock.start, clock.step))
        body = reading.copy_pieces if copies else reading.read_pieces
        body(x, start, step, np.ascontiguousarray(clock.length, dtype=np.int64), out)
        return out
    clock = dense(clock)
    out = empty((*x.shape[:2], clock.shape[1]), x.dtype)
    reading.read_rows(x, clock, out)
    return out


def _torch_read(x: Any, clock: Any) -> Any:
    length = x.shape[-1]
    position = clock.clamp(0, length - 1)
    index = position.long()
    share = (position - index).to(x.dtype)[:, None, :]
    shape = (*x.shape[:2], clock.shape[1])
    a = x.gather(-1, index[:, None, :].expand(shape))
    b = x.gather(-1, (index + 1).clamp(max=length - 1)[:, None, :].expand(shape))
    return (a + share * (b - a)).where(share > 0, a)


def nearest(x: Array, clock: Clock) -> Array:
    """Return x (n, c, t) of any dtype at the old reading nearest to each clock position; halves go up."""
    clock = dense(clock)
    if is_torch(x):
        index = (clock + 0.5).floor().long().clamp(0, x.shape[-1] - 1)
        return x.gather(-1, index[:, None, :].expand(*x.shape[:2], clock.shape[1]))
    from variate.kernels.compiled import reading

    out = empty((*x.shape[:2], clock.shape[1]), x.dtype)
    reading.nearest_rows(np.ascontiguousarray(x), clock, out)
    return out


def strongest(points: Array, clock: Clock, border: int = -1) -> Array:
    """Return the maximum of points (n, t) over the stretch of old time each new reading stands for, (n, new t).

    A reading stands for the old time up to half-way to its neighbours, and always for its nearest old reading, so an
    event is neither lost where time is compressed nor torn where it is stretched. Needs a rising clock. New reading
    ``border`` is the first of a forecast target: an event half-way between it and the one before is the target's alone.
    """
    clock = dense(clock)
    if is_torch(points):
        return like(
            strongest(numpy_of(points), numpy_of(clock), border), points
        )  # labels carry no gradient; a short round trip
    from variate.kernels.compiled import reading

    out = empty(clock.shape, points.dtype)
    reading.strongest_rows(np.ascontiguousarray(points), clock, border, out)
    return out


def chain(outer: Array, inner: Array) -> Array:
    """Return the clock that reads once what reading at ``outer`` and then at ``inner`` would read: outer(inner(t))."""
    if is_torch(outer):
        return _torch_read(outer[:, None, :], inner)[:, 0, :]
    from variate.kernels.compiled import reading

    out = empty((len(outer), 1, inner.shape[1]))
    reading.read_rows(np.ascontiguousarray(outer)[:, None, :], inner, out)
    return out[:, 0, :]


def part_of(clock: Pieces, first: Array, length: int) -> Pieces:
    """Return the part of a clock in pieces of so many readings from reading ``first`` (n, 1) on."""
    xp = namespace(clock.start)
    begins = xp.cumulative_sum(clock.length, axis=1) - clock.length
    low = xp.minimum(xp.clip(first - begins, 0, None), clock.length)
    high = xp.minimum(xp.clip(first + length - begins, 0, None), clock.length)
    return Pieces(clock.start + clock.step * low, clock.step, high - low)


def stretched(clock: Pieces, length: int) -> Pieces:
    """Return a clock of three pieces read at ``length`` equally spaced positions, its first and last reading kept.

    The middle piece is a window whose ends are readings; the other two have unit step.
    """
    xp = namespace(clock.start)
    before, window = clock.length[:, :1], clock.length[:, 1:2]
    total = xp.sum(clock.length, axis=1, keepdims=True)
    pace = xp.astype(total - 1, xp.float64) / max(length - 1, 1)
    left = xp.clip(xp.astype(xp.ceil(before / pace - 1e-9), xp.int64), 0, length)  # readings before the window
    upto = xp.clip(xp.astype(xp.floor((before + window - 1) / pace + 1e-9), xp.int64) + 1, left, length)
    first, step = xp.astype(clock.start, xp.float64), clock.step[:, 1:2]
    inside = first[:, 1:2] + (pace * left - before) * step
    after = first[:, 2:] + (pace * upto - (before + window))
    start = concat([xp.zeros_like(pace), inside, after], axis=1)
    return Pieces(start, concat([pace, pace * step, pace], axis=1), concat([left, upto - left, length - upto], axis=1))
