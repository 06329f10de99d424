"""dtw: the distance of series in warped time, as a plain function."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.core.check import as_values
from variate.core.errors import PanelError
from variate.core.param import Param
from variate.kernels import dtw as _dtw
from variate.kernels.arrays import numpy_of
from variate.kernels.missing import has_nan

BAND = Param("band", "float", 1.0, low=0.001, high=1)


def dtw(a: Any, b: Any, band: float = 1.0) -> Any:
    """Return the distance of series under dynamic time warping [sakoe1978], row by row.

    The root of the least sum of squared distances, over all channels, of steps that are aligned; series may differ in length.

    Args:
        a: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor without missing readings; or a list of
            those of each series, ``(channels, time)`` or ``(time,)``, of any lengths.
        b: as many series, of as many channels.
        band: half-width of the Sakoe-Chiba band as a share of the longer length of a pair; 1 is no band.

    Returns:
        ``(n,)`` in NumPy, or a number for ``(time,)``.

    Raises:
        PanelError: missing readings, a series without steps, or arrays that do not fit together.
        ParameterError: a band out of 0.001 … 1.

    >>> import numpy as np, variate
    >>> round(variate.dtw([0, 1, 2, 3, 2, 1], [0, 0, 1, 3, 3, 2, 0]) ** 2, 6)
    2.0
    >>> variate.dtw([np.zeros(4), np.zeros(9)], [np.zeros(6), np.ones(9)]).tolist()
    [0.0, 3.0]
    """
    (left, alone), (right, _) = _rows(a, "a"), _rows(b, "b")
    shapes = [(len(rows), rows[0].shape[0] if rows else 0) for rows in (left, right)]
    if shapes[0] != shapes[1]:
        raise PanelError(f"a holds {shapes[0]} series and channels, and b {shapes[1]}; dtw compares row by row")
    band = BAND.check(band, "dtw")
    groups: dict[tuple[int, int], list[int]] = {}
    for i, (first, second) in enumerate(zip(left, right, strict=True)):
        groups.setdefault((first.shape[1], second.shape[1]), []).append(i)
    found = np.empty(len(left))
    for index in groups.values():
        found[index] = _dtw.dtw(np.stack([left[i] for i in index]), np.stack([right[i] for i in index]), band)
    return float(found[0]) if alone else found


def _rows(x: Any, name: str) -> tuple[list[Any], bool]:
    """Return series as arrays (c, t) in float64, and whether it is one alone, (time,)."""
    values = as_values(x, name)
    rows = [_plain(v) for v in values]
    if any(has_nan(row) for row in rows):
        raise PanelError(f"dtw was given missing readings (NaN) in {name}; fill them first")
    if any(row.shape[1] == 0 for row in rows) or (isinstance(values, list) and not values):
        raise PanelError(f"dtw was given a series without steps in {name}; each needs at least one to be aligned")
    return rows, not isinstance(values, list) and np.ndim(x) == 1


def _plain(x: Any) -> Any:
    return numpy_of(x.float() if hasattr(x, "float") and x.dtype.itemsize == 2 else x).astype(np.float64)
