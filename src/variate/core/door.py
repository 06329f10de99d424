"""The door: from what a user holds to a Panel, and back in kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from variate.core.check import as_ids, as_label, as_values
from variate.core.errors import DrawError, PanelError
from variate.core.panel import Panel
from variate.kernels.arrays import is_torch, like


def enter(x: Any, y: Any = None, ids: Any = None) -> tuple[Panel, Callable[[Panel], Any]]:
    """Return a Panel and the function that gives a Panel back in the form of ``x``, or of ``(x, y)``."""
    if isinstance(x, Panel):
        if y is not None:
            raise PanelError("y was passed beside a Panel; put it into the panel: Panel(values, label=y)")
        return (x if ids is None else x.replace(ids=as_ids(ids, x.n))), lambda out: out
    values = as_values(x, "x")
    label = _label(y, values)
    panel = _EMPTY.replace(values=values, label=label, ids=as_ids(ids, len(values)))
    back = _back(x, values)
    if y is None:
        return panel, lambda out: back(out.values)
    return panel, lambda out: (back(out.values), _label_back(y, out.label))


_EMPTY = Panel(np.empty((0, 1, 1), np.float32))


def _back(x: Any, values: Any) -> Callable[[Any], Any]:
    if isinstance(values, list):
        flat = [np.ndim(series) == 1 for series in x]
        kind = tuple if isinstance(x, tuple) else list
        return lambda out: kind(v[0] if f else v for v, f in zip(out, flat, strict=True))
    ndim = np.ndim(x)
    if ndim == 3:
        return lambda out: out
    return (lambda out: out[0, 0]) if ndim == 1 else (lambda out: out[:, 0])


def _label(y: Any, values: Any) -> Any:
    if y is None:
        return None
    ndim = np.ndim(y)
    if ndim == 0 or (ndim == 2 and not isinstance(values, list) and np.shape(y) == (len(values), values.shape[-1])):
        if ndim == 0:
            raise PanelError(f"y is the single label {y!r}; pass one label for each series, in a list or an array")
        raise PanelError(
            f"y has shape {np.shape(y)}, as x has readings: if it labels single readings, pass Panel(x, points=y); "
            "if it holds class weights, pass Panel(x, label=y)"
        )
    return as_label(y, len(values), values, "y")


def _label_back(y: Any, label: Any) -> Any:
    if is_torch(y):
        return like(label, y)
    return label.detach().cpu().numpy() if is_torch(label) else label


def checked_epoch(epoch: Any) -> int:
    """Return the epoch as an integer; raise DrawError where it is none."""
    if isinstance(epoch, bool) or not isinstance(epoch, (int, np.integer)) or epoch < 0:
        raise DrawError(f"epoch is {epoch!r}; it must be an integer of at least 0: the number of the pass over the data")
    return int(epoch)
