"""Draws: random numbers as a pure function of seed, epoch, place, name and sample id."""

from __future__ import annotations

import math
import secrets
from hashlib import blake2b
from typing import Any

import numpy as np

from variate.core.errors import DrawError
from variate.kernels import counter, sampling
from variate.kernels.arrays import Array, is_torch, like, namespace, numpy_of

Shape = int | tuple[int, ...]
Entry = tuple[str, str, Any, Any]
"""One recorded draw: path, name, row positions, numbers."""


class Draws:
    """Where the random numbers of one place in a pipeline come from; one row for each sample.

    Every draw has a name. Row i of ``rng.normal("noise", shape)`` depends on (seed, epoch, path, name, ids[i]) and on
    nothing else, so it is the same alone, in any batch, on any thread and in any library.
    """

    __slots__ = ("epoch", "log", "path", "positions", "samples", "seed", "used")

    def __init__(
        self,
        seed: int,
        epoch: int,
        samples: Array,
        path: str = "",
        log: list[Entry] | None = None,
        positions: Any = None,
    ) -> None:
        """``samples`` are 64-bit ids: uint64 in NumPy, int64 of the same bits in torch, on the device to draw on."""
        self.seed = seed
        self.epoch = epoch
        self.path = path
        self.samples = samples
        self.used: set[str] = set()
        self.log = log
        self.positions = positions

    @property
    def n(self) -> int:
        """The number of samples."""
        return len(self.samples)

    def at(self, part: str) -> Draws:
        """Return the draws of a place below this one."""
        return Draws(self.seed, self.epoch, self.samples, f"{self.path}/{part}", self.log, self.positions)

    def rows(self, index: Any) -> Draws:
        """Return the draws of the same place for some of the rows."""
        samples = self.samples[like(index, self.samples) if is_torch(self.samples) else index]
        positions = None if self.positions is None else self.positions[index]
        return Draws(self.seed, self.epoch, samples, self.path, self.log, positions)

    def uniform(self, name: str, shape: Shape = (), low: float = 0.0, high: float = 1.0) -> Array:
        """Return float32 uniforms (n, *shape) in (low, high)."""
        key, count, full = self._open(name, shape)
        u = counter.uniform(key, self.samples, count).reshape(full)
        return self._note(name, u if (low, high) == (0.0, 1.0) else low + (high - low) * u)

    def normal(self, name: str, shape: Shape = ()) -> Array:
        """Return float32 standard normals (n, *shape)."""
        key, count, full = self._open(name, shape)
        return self._note(name, counter.normal(key, self.samples, count).reshape(full))

    def integers(self, name: str, high: int | Array, shape: Shape = ()) -> Array:
        """Return integers (n, *shape) in [0, high), every one of them reachable; ``high`` may differ by row."""
        key, count, full = self._open(name, shape)
        words = counter.words(key, self.samples, count).reshape(full)
        if is_torch(words):
            return self._note(name, (words * high) >> 32)
        product = words.astype(np.uint64) * np.asarray(high, dtype=np.uint64)
        return self._note(name, (product >> np.uint64(32)).astype(np.int64))

    def order(self, name: str, count: int) -> Array:
        """Return one random order of 0 … count - 1 for each sample, (n, count)."""
        key, _, _ = self._open(name, count)
        words = counter.words(key, self.samples, count)
        return self._note(name, sampling.order(words))

    def distinct(self, name: str, high: int | Array, count: int, number: Array | None = None) -> Array:
        """Return ``count`` different integers of 0 … high - 1 for each sample, (n, count), every set equally likely.

        ``high`` may differ by row (n,), and so may how many there are, ``number`` (n,): -1 comes after those, and where a
        row has them all.
        """
        key, _, _ = self._open(name, count)
        words = counter.words(key, self.samples, count)
        return self._note(name, sampling.distinct(words, high, number))

    def sign(self, name: str, shape: Shape = ()) -> Array:
        """Return float32 signs (n, *shape), -1 or 1 with equal chance."""
        key, count, full = self._open(name, shape)
        words = counter.words(key, self.samples, count).reshape(full) >> 31
        xp = namespace(words)
        return self._note(name, 1.0 - 2.0 * xp.astype(words, xp.float32))

    def chance(self, name: str, share: float, shape: Shape = ()) -> Array:
        """Return booleans (n, *shape), each True with probability ``share``."""
        key, count, full = self._open(name, shape)
        return self._note(name, counter.below(key, self.samples, share, count).reshape(full))

    def add_normal(self, x: Array, name: str, scale: Array) -> Array:
        """Return x (n, c, t) + scale (n, c, 1)·normals: bulk noise that is never stored, unless it is recorded."""
        if self.log is None:
            key, _, _ = self._open(name, x.shape[1:])
            return counter.add_normal(key, self.samples, x, scale)
        noise = self.normal(name, x.shape[1:])
        xp = namespace(x)
        return x + xp.astype(scale, x.dtype) * xp.astype(noise, x.dtype)

    def note(self, name: str, numbers: Array) -> None:
        """Write (n, ...) numbers that a transform found, such as whether it succeeded, into the record, if there is one."""
        self._note(name, numbers)

    def _open(self, name: str, shape: Shape) -> tuple[int, int, tuple[int, ...]]:
        if name in self.used:
            raise DrawError(f"{self.path}: the draw {name!r} was made twice; give each draw of an operation its own name")
        self.used.add(name)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        return key_of(self.seed, self.epoch, self.path, name), math.prod(shape), (len(self.samples), *shape)

    def _note(self, name: str, numbers: Array) -> Array:
        if self.log is not None:
            self.log.append((self.path, name, self.positions, numpy_of(numbers).copy()))
        return numbers


def key_of(seed: int, epoch: int, path: str, name: str) -> int:
    """Return the 64-bit key of one named draw at one place."""
    text = f"{seed}/{epoch}/{path}.{name}".encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little")


def samples_of(ids: Array) -> Any:
    """Return ids as uint64: integers keep their bits, strings are hashed."""
    if ids.dtype.kind == "U":
        digests = [blake2b(str(i).encode(), digest_size=8).digest() for i in ids]
        return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)
    return np.ascontiguousarray(ids, dtype=np.int64 if ids.dtype.kind == "i" else np.uint64).view(np.uint64)


def checked_seed(seed: int | None) -> int:
    """Return the seed, or fresh entropy where there is none."""
    if seed is None:
        return secrets.randbits(64)
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise DrawError(f"seed is {seed!r}; it must be an integer, or None for fresh randomness")
    return int(seed)


def assemble(log: list[Entry], n: int) -> dict[str, dict[str, Any]]:
    """Return recorded draws as {path: {name: array (n, …)}}.

    Rows that did not come to a place hold NaN in floats, -1 in integers and False in booleans.
    """
    record: dict[str, dict[str, Any]] = {}
    for path, name, positions, numbers in log:
        arrays = record.setdefault(path, {})
        if name not in arrays:
            nothing = {"f": np.nan, "b": False}.get(numbers.dtype.kind, -1)
            arrays[name] = np.full((n, *numbers.shape[1:]), nothing, numbers.dtype)
        if numbers.shape[1:] != arrays[name].shape[1:]:  # series of different lengths: keep one entry a row
            arrays[name] = _as_objects(arrays[name])
        if arrays[name].dtype == object:
            for position, row in zip(positions, numbers, strict=True):
                arrays[name][position] = row
        else:
            arrays[name][positions] = numbers
    return record


def _as_objects(array: Any) -> Any:
    rows = np.empty(len(array), object)
    for i, row in enumerate(array):
        rows[i] = row
    return rows
