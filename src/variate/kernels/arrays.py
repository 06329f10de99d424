"""Which library an array is of, and the few moves between libraries."""

from __future__ import annotations

import sys
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
        return np.asarray(array, dtype=dtype)
    import torch

    if isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.copy()  # torch knows no read-only memory
    return torch.as_tensor(array, device=x.device, dtype=dtype)


def numpy_of(x: Array) -> Any:
    """Return x as a NumPy array: itself, or a copy of a tensor's values on the CPU without its gradient."""
    return x.detach().cpu().numpy() if is_torch(x) else np.asarray(x)


def is_floating(x: Array) -> bool:
    """Whether x holds real floating numbers."""
    if is_torch(x):
        return bool(x.dtype.is_floating_point)
    return bool(np.issubdtype(x.dtype, np.floating))


def concat(parts: list[Array], axis: int) -> Array:
    """Join arrays of one library along an axis."""
    return namespace(parts[0]).concat(parts, axis=axis)
