"""slices: every stretch of a series, for a classifier that was trained on stretches."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from variate.core.door import enter
from variate.core.errors import ContractError, PanelError
from variate.core.panel import TIME_FIELDS, Panel, concatenate
from variate.core.param import Param
from variate.families.time import follow
from variate.kernels.arrays import Array, is_floating, is_torch, like, namespace

SIZE, STRIDE = Param("size", "size", None), Param("stride", "int", 1, low=1)


def slices(x: Any, size: int | float, stride: int = 1) -> Any:
    """Return all slices of each series, one series after the other: window slicing [cui2016] [leguennec2016].

    Slices begin at every ``stride``-th step, and the last one ends where the series ends, so that no reading is left out.
    They are exact parts, bit for bit, NaN and all, and share no memory with ``x``; integers come back as floats. A series
    shorter than ``size`` is stretched to it, read linearly at equal steps from its first reading to its last, and makes
    one slice (our decision).

    A forecast horizon stays the last so many steps of each slice; in a series that has to be stretched only the past is.

    Args:
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``; a list of ``(channels, t_i)`` or ``(t_i,)``; or a Panel.
        size: steps in a slice; a float is a share of the series in (0, 1], rounded up.
        stride: steps from the start of one slice to that of the next.

    Returns:
        The m slices in kind: ``(m, channels, size)``, or ``(m, size)`` for 1-D and 2-D ``x``, tensors for tensors, a list
        for a list. Of a Panel a Panel, dense wherever all slices have one length and dtype: label, weight and extra are
        those of the series, points, mask and covariates the same steps of theirs. Its ids are numbered afresh;
        ``extra["source"]`` is the row that a slice was cut from (of a panel of copies or slices, what it
        was there), ``extra["start"]`` its first step.

    Raises:
        ParameterError: a size or stride that is none.
        ContractError: slices that the forecast horizon would fill.
        PanelError: series without a step.

    >>> import variate
    >>> variate.slices([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], size=3, stride=2).tolist()
    [[0.0, 1.0, 2.0], [2.0, 3.0, 4.0], [3.0, 4.0, 5.0]]
    >>> cut = variate.slices(variate.Panel([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]], label=[7, 8]), size=2)
    >>> cut.label.tolist(), cut.extra["source"].tolist(), cut.extra["start"].tolist()
    ([7, 7, 8, 8], [0, 0, 1, 1], [0, 1, 0, 1])
    """
    size, stride = SIZE.check(size, "slices"), STRIDE.check(stride, "slices")
    panel, _ = enter(x)
    parts = []
    for index, part in panel.groups():
        steps, source, start = plan(part, size, stride, "slices")
        made = cut(part, steps, source, start)
        parts.append(made.replace(extra={**made.extra, "source": index[source], "start": start}))
    whole = _joined(parts or [_nothing(panel)], ragged=panel.ragged and not isinstance(x, Panel))
    if "source" in panel.extra:  # of copies or slices: the row they all come from
        whole = whole.replace(extra={**whole.extra, "source": panel.extra["source"][whole.extra["source"]]})
    return _in_kind(x, whole)


def plan(panel: Panel, size: int | float, stride: int | None, owner: str) -> tuple[int, Any, Any]:
    """Return the steps in a slice of a dense panel, the row of each slice (m,) and its first step (m,).

    Without a ``stride`` it is a tenth of a slice. ``owner`` is who asks, for messages.
    """
    if panel.n and not panel.length:
        raise PanelError(f"{owner} was given series without a step; leave them out, there is nothing to cut a slice from")
    steps = size if isinstance(size, int) else max(math.ceil(size * panel.length - 1e-9), 1)
    if panel.horizon >= steps:
        raise ContractError(
            f"{owner}(size={size!r}) keeps {steps} steps, and the horizon alone has {panel.horizon}; "
            "keep more steps than the horizon"
        )
    last = max(panel.length - steps, 0)
    starts = np.arange(0, last + 1, stride or max(steps // 10, 1))
    if starts[-1] != last:
        starts = np.append(starts, last)
    return steps, np.repeat(np.arange(panel.n), len(starts)), np.tile(starts, panel.n)


def cut(panel: Panel, size: int, source: Any, start: Any) -> Panel:
    """Return ``size`` steps from ``start`` (m,) of the rows ``source`` (m,) of a dense panel; shorter rows stretched."""
    if panel.length < size:
        return _stretched(panel.rows(source), size)
    fields = {name: array[source] for name, array in panel.present() if name not in TIME_FIELDS}
    fields |= {name: _windows(array, size, source, start) for name, array in panel.present() if name in TIME_FIELDS}
    return panel.replace(**fields, extra={k: v[source] for k, v in panel.extra.items()})


def _windows(array: Array, size: int, source: Any, start: Any) -> Array:
    """Return (m, c, size) of an array (n, c, t), or (m, size) of one (n, t)."""
    if array.ndim == 2:
        return _windows(array[:, None, :], size, source, start)[:, 0]
    if not is_torch(array):
        return np.lib.stride_tricks.sliding_window_view(array, size, axis=-1)[source, :, start]
    xp = namespace(array)  # unfold is the same view, but its gradient would be an array of all windows
    row, first = like(source, array)[:, None, None], like(start, array)[:, None, None]
    channel, step = (xp.arange(count, device=array.device) for count in (array.shape[1], size))
    return array[row, channel[:, None], first + step]


def _stretched(panel: Panel, size: int) -> Panel:
    """Return a panel of fewer than ``size`` steps read at ``size``: its past from end to end, its target as it is."""
    past, new = panel.length - panel.horizon, size - panel.horizon
    ramp = np.arange(new) * (past - 1) / (new - 1)  # a whole product, rounded once: whole steps are met exactly
    clock = np.tile(np.concatenate([ramp, np.arange(past, panel.length)]), (panel.n, 1))
    fields = {name: array for name, array in panel.present() if name in TIME_FIELDS}
    wide = panel.replace(**{name: _computable(array) for name, array in fields.items()})
    read = follow(wide, like(clock, panel.values), monotone=True, boundary=past if panel.horizon else None)
    return read.replace(**{k: namespace(v).astype(getattr(read, k), v.dtype) for k, v in fields.items()})


def _computable(array: Array) -> Array:
    """Return an array as kernels take it: contiguous, half precision as float32, other byte orders as the machine's."""
    half = is_floating(array) and array.dtype.itemsize == 2
    if is_torch(array):
        return array.float() if half else array
    return np.ascontiguousarray(array, dtype=np.float32 if half else array.dtype.newbyteorder("="))


def _joined(parts: list[Panel], ragged: bool) -> Panel:
    """Return the slices of all groups in the order of the series, numbered; as lists where they have to be."""
    if ragged or len({(part.length, str(part.values.dtype)) for part in parts if not part.ragged}) > 1:
        parts = [part if part.ragged else part.unstacked() for part in parts]
    whole = parts[0]
    if len(parts) > 1:
        whole = concatenate(parts)
        whole = whole.rows(np.argsort(whole.extra["source"], kind="stable"))
    return whole.replace(ids=np.arange(whole.n))


def _nothing(panel: Panel) -> Panel:
    """Return a ragged panel of no series as one of no slices."""
    none = np.arange(0)
    return panel.replace(extra={**panel.extra, "source": none, "start": none})


def _in_kind(x: Any, out: Panel) -> Any:
    """Return the slices in the form of ``x``."""
    if isinstance(x, Panel):
        return out
    if out.ragged:
        found = zip(out.values, out.extra["source"], strict=True)
        return (tuple if isinstance(x, tuple) else list)(v[0] if np.ndim(x[row]) == 1 else v for v, row in found)
    return out.values if np.ndim(x) == 3 else out.values[:, 0]
