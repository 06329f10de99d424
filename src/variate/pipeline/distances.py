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
        a: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``, an array or a tensor without missing readings.
        b: as many series, of as many channels.
        band: half-width of the Sakoe-Chiba band as a share of the longer length; 1 is no band.

    Returns:
        ``(n,)`` in NumPy, or a number for ``(time,)``.

    Raises:
        PanelError: missing readings, or arrays that do not fit together.
        ParameterError: a band out of 0.001 … 1.

    >>> import variate
    >>> round(variate.dtw([0, 1, 2, 3, 2, 1], [0, 0, 1, 3, 3, 2, 0]) ** 2, 6)
    2.0
    """
    left, right = _whole(a, "a"), _whole(b, "b")
    if left.shape[:2] != right.shape[:2]:
        raise PanelError(f"a holds {left.shape[:2]} series and channels, and b {right.shape[:2]}; dtw compares row by row")
    found = _dtw.dtw(left, right, BAND.check(band, "dtw"))
    return float(found[0]) if np.ndim(a) == 1 else found


def _whole(x: Any, name: str) -> Any:
    values = as_values(np.asarray(x) if isinstance(x, (list, tuple)) else x, name)
    if has_nan(values):
        raise PanelError(f"dtw was given missing readings (NaN) in {name}; fill them first")
    plain = numpy_of(values.float() if hasattr(values, "float") and values.dtype.itemsize == 2 else values)
    return plain.astype(np.float64)
