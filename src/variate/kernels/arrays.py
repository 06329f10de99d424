"""Which library an array is of, and the few moves between libraries."""

from __future__ import annotations

import contextlib
import math
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

Array = Any
"""A NumPy array or a torch tensor. Both are meant wherever a signature says Array."""


def is_torch(x: Any) -> bool:
    """Whether x is a torch tensor; does not import torch."""
    if type(x) is np.ndarray:
        return False
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(x, torch.Tensor)


def namespace(x: Array) -> Any:
    """Return the array API namespace of x: NumPy itself, or torch behind array-api-compat."""
    if type(x) is np.ndarray:
        return np
    from array_api_compat import array_namespace

    return array_namespace(x)


def like(array: Array, x: Array, dtype: Any = None) -> Array:
    """Return ``array`` as an array of x's library on x's device; ``dtype`` is of x's library."""
    if not is_torch(x):
        return np.asarray(numpy_of(array), dtype=dtype)
    import torch

    if isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.copy()  # torch knows no read-only memory
    return torch.as_tensor(array, device=x.device, dtype=dtype)


def numpy_of(x: Array) -> Any:
    """Return x as a NumPy array: itself, or a copy of a tensor's values on the CPU without its gradient."""
    return x.detach().cpu().numpy() if is_torch(x) else np.asarray(x)


def refuse_gradient(x: Array, owner: str) -> None:
    """Raise ValueError where x is a tensor that wants a gradient through what is computed in NumPy."""
    if is_torch(x) and x.requires_grad:
        raise ValueError(
            f"{owner} has no gradient; call it with x.detach(), or inside torch.no_grad() with a tensor without one"
        )


def is_floating(x: Array) -> bool:
    """Whether x holds real floating numbers."""
    if is_torch(x):
        return bool(x.dtype.is_floating_point)
    return bool(np.issubdtype(x.dtype, np.floating))


def solid(x: Array) -> Array:
    """Return x with its entries in order in memory, which those of a slice of time are not: itself, or a copy."""
    return x.contiguous() if is_torch(x) else np.ascontiguousarray(x)


def concat(parts: list[Array], axis: int) -> Array:
    """Join arrays of one library along an axis."""
    return namespace(parts[0]).concat(parts, axis=axis)


def placed(x: Array, index: Array, values: Array) -> Array:
    """Return x with ``values`` at the places ``index`` of its last axis, which are distinct."""
    if is_torch(x):
        return x.scatter(-1, index, values)
    new = x.copy()
    np.put_along_axis(new, index, values, axis=-1)
    return new


class _Scratch(threading.local):
    """The scratch memory of one thread: blocks that come and go with every chunk, and where the result is to lie."""

    def __init__(self) -> None:
        self.blocks: list[Any] = []
        self.open = False
        self.target: Any = None


_scratch = _Scratch()
SMALL, LARGE, MOST_BLOCKS = 2**16, 2**23, 12  # what is worth keeping, and at most how much of it


def _unused(blocks: list[Any], size: int, references: int) -> Any:
    """Return the first large enough block that has so many references, or None."""
    for block in blocks:
        if block.nbytes >= size and sys.getrefcount(block) == references:
            return block
    return None


def _references_of_an_unused_block() -> int:
    """Return what getrefcount says of a block that only the list holds: it differs between versions of Python.

    -1, which matches nothing, where a block with a living view cannot be told from it; then no block is reused.
    """
    for references in range(1, 6):
        blocks = [np.empty(1, np.uint8)]
        if _unused(blocks, 1, references) is not None:
            view = blocks[0][:1]
            return references if _unused(blocks, view.nbytes, references) is None else -1
    return -1


_UNUSED = _references_of_an_unused_block()


@contextlib.contextmanager
def scratch(target: Any = None) -> Iterator[None]:
    """Let :func:`empty` reuse this thread's memory until the end: for results that are copied out before the next call.

    Fresh memory costs a page fault for every 4 KiB, which at large batches is as much as the work itself. The first
    array of the shape and dtype of ``target`` is ``target`` itself, which spares an operation of one pass the copy.
    """
    before = _scratch.open, _scratch.target
    _scratch.open, _scratch.target = True, target
    try:
        yield
    finally:
        _scratch.open, _scratch.target = before


def empty(shape: tuple[int, ...], dtype: Any = np.float64) -> Any:
    """Return an uninitialised NumPy array, inside :func:`scratch` of memory that no array uses any more."""
    target = _scratch.target
    if target is not None and target.shape == shape and target.dtype == dtype:
        _scratch.target = None
        return target
    size = np.dtype(dtype).itemsize * math.prod(shape)
    if not _scratch.open or not SMALL <= size <= LARGE:
        return np.empty(shape, dtype)
    block = _unused(_scratch.blocks, size, _UNUSED)
    if block is None:
        block = np.empty(size, np.uint8)
        _scratch.blocks.append(block)
        del _scratch.blocks[:-MOST_BLOCKS]
    return block[:size].view(dtype).reshape(shape)
