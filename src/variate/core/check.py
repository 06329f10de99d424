"""What a Panel refuses, and the sentence for each refusal."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from variate.core.errors import AllMissingWarning, PanelError
from variate.kernels.arrays import Array, is_floating, is_torch, like, namespace
from variate.kernels.missing import extremes

if TYPE_CHECKING:
    from variate.core.panel import Panel


def check_panel(panel: Panel) -> dict[str, Any]:
    """Return the fields of a panel in their final form; raise PanelError where they cannot be."""
    values = as_values(panel.values)
    fields: dict[str, Any] = {"values": values, "horizon": _horizon(panel.horizon, values)}
    shapes = _shapes(values)
    for name in ("points", "mask", "covariates"):
        fields[name] = _time_field(name, getattr(panel, name), values, shapes)
    if panel.point_role not in ("event", "state"):
        raise PanelError(f"point_role is {panel.point_role!r}; it must be 'event' (anomalies) or 'state' (classes)")
    fields["label"] = as_label(panel.label, len(values), values, "label")
    fields["weight"] = _row_field("weight", panel.weight, values, floating=True)
    fields["ids"] = as_ids(panel.ids, len(values))
    fields["extra"] = {k: _row_field(f"extra[{k!r}]", v, values) for k, v in (panel.extra or {}).items()}
    return fields


def as_values(values: Any, name: str = "values") -> Any:
    """Return values as (n, c, t) floats, or as a list of (c, t_i) floats."""
    if isinstance(values, (list, tuple)) and (not values or any(np.ndim(v) > 0 and hasattr(v, "shape") for v in values)):
        mixed = next((i for i, v in enumerate(values) if is_torch(v) != is_torch(values[0])), None)
        if mixed is not None:
            raise PanelError(f"{name}[{mixed}] and {name}[0] are a tensor and an array; all series need one library")
        series = [_floats(v, f"{name}[{i}]") for i, v in enumerate(values)]
        series = [s[None, :] if s.ndim == 1 else s for s in series]
        wrong = next((i for i, s in enumerate(series) if s.ndim != 2), None)
        if wrong is not None:
            shape = tuple(series[wrong].shape)
            hint = "; for a pair of series and labels call aug(x, y), or Panel(x, label=y)" if len(values) == 2 else ""
            raise PanelError(
                f"{name}[{wrong}] has shape {shape}; a list holds series of shape (channels, time) or (time,){hint}"
            )
        odd = next((i for i, s in enumerate(series) if s.shape[0] != series[0].shape[0]), None)
        if odd is not None:
            raise PanelError(
                f"{name}[{odd}] has {series[odd].shape[0]} channels and {name}[0] has {series[0].shape[0]}; "
                "all series of a list need as many channels (for a series (time, channels) pass its transpose)"
            )
        return series
    array = _floats(values, name)
    if array.ndim not in (1, 2, 3):
        raise PanelError(f"{name} has shape {tuple(array.shape)}; it must be (n, channels, time), (n, time) or (time,)")
    if array.ndim == 3 and array.shape[1] == 0:
        raise PanelError(f"{name} has shape {tuple(array.shape)}; a series needs at least one channel")
    return array[None, None, :] if array.ndim == 1 else array[:, None, :] if array.ndim == 2 else array


def _floats(values: Any, name: str) -> Any:
    if is_torch(values):
        if values.dtype.is_complex or str(values.dtype) == "torch.bool":
            raise PanelError(f"{name} has dtype {values.dtype}; it must hold real numbers: convert it first")
        if values.dtype.is_floating_point:
            return values
        return values.float() if values.element_size() <= 2 else values.double()
    if np.ma.isMaskedArray(values):
        values = np.ma.filled(np.ma.asarray(values, np.result_type(values.dtype, np.float32)), np.nan)  # masked is missing
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise PanelError(f"{name} cannot be read as an array ({error}); for unequal lengths pass a list of arrays") from None
    kind = array.dtype.kind
    if kind == "f":
        return array if array.dtype.itemsize <= 8 else array.astype(np.float64)
    if kind in "iu":
        return array.astype(np.float32 if array.dtype.itemsize <= 2 else np.float64)
    what = f"dtype {array.dtype}" if array.ndim else f"the value {values!r:.60}"
    raise PanelError(f"{name} has {what}; it must hold real numbers, as an array (n, channels, time) of floats or integers")


def _shapes(values: Any) -> list[tuple[int, ...]]:
    return [tuple(v.shape) for v in values] if isinstance(values, list) else [tuple(values.shape)]


def _horizon(horizon: Any, values: Any) -> int:
    if horizon is None:
        return 0
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)):
        raise PanelError(f"horizon is {horizon!r}; it must be the number of last steps to forecast, an integer")
    shortest = min((s[-1] for s in _shapes(values)), default=0)
    if horizon < 0 or (horizon and horizon >= shortest):
        of = "shortest series" if isinstance(values, list) else "series"
        raise PanelError(f"horizon is {horizon}; it must be at least 0 and less than the {shortest} steps of the {of}")
    return int(horizon)


def _time_field(name: str, field: Any, values: Any, shapes: list[tuple[int, ...]]) -> Any:
    """Return points, mask or covariates in the library of the values and the shape that fits them."""
    if field is None:
        return None
    if isinstance(values, list):
        if not isinstance(field, (list, tuple)):
            raise PanelError(f"{name} is a {type(field).__name__}; the values are a list of series, and so must {name} be")
        rows = [_one_time_field(f"{name}[{i}]", f, v, name) for i, (f, v) in enumerate(zip(field, values, strict=False))]
        if len(field) != len(values):
            raise PanelError(f"{name} has {len(field)} series and values has {len(values)}; pass one each")
        return rows
    array = _convert(name, field, values, name)
    ndim = 3 if name == "covariates" else 2
    if array.ndim == ndim - 1 and shapes[0][0] == 1:
        array = array[None]
    n, _, t = shapes[0]
    fits = array.ndim == ndim and array.shape[0] == n and array.shape[-1] == t
    if not fits:
        needed = f"({n}, d, {t})" if name == "covariates" else f"({n}, {t})"
        raise PanelError(f"{name} has shape {tuple(array.shape)}; values {shapes[0]} need {needed}")
    return array


def _one_time_field(full: str, field: Any, values: Any, name: str) -> Any:
    array = _convert(full, field, values, name)
    ndim = 2 if name == "covariates" else 1
    if array.ndim != ndim or array.shape[-1] != values.shape[-1]:
        needed = f"(d, {values.shape[-1]})" if ndim == 2 else f"({values.shape[-1]},)"
        raise PanelError(f"{full} has shape {tuple(array.shape)}; values {tuple(values.shape)} need {needed}")
    return array


def _convert(full: str, field: Any, values: Any, name: str) -> Any:
    array = like(field if is_torch(field) else _array(field, full), values)
    if name == "covariates":
        return _floats(array, full)
    if name == "mask" and str(array.dtype).removeprefix("torch.") != "bool":
        raise PanelError(f"{full} has dtype {array.dtype}; it must hold booleans, True where a step was observed")
    return array


def _array(field: Any, full: str) -> Any:
    """Return a field as a NumPy array of numbers; raise PanelError where it is none."""
    try:
        array = np.asarray(field)
    except ValueError as error:
        raise PanelError(f"{full} cannot be read as an array ({error}); it needs one length, or a ragged panel") from None
    if array.dtype.kind not in "biuf":
        raise PanelError(f"{full} has dtype {array.dtype}; it must hold booleans, integers or floats")
    return (
        array
        if array.dtype.isnative and array.dtype.itemsize <= 8
        else array.astype(array.dtype.str.lstrip("<>=|").replace("f16", "f8"))
    )


def as_label(label: Any, n: int, values: Any, name: str) -> Any:
    """Return a label as integers (n,) or class weights (n, classes)."""
    if label is None:
        return None
    array = label if is_torch(label) else _row_array(label, name)
    classes = array.ndim == 1 and not is_floating(array) and "complex" not in str(array.dtype)
    if not is_torch(array) and array.dtype.kind in "OUSMm":
        raise PanelError(
            f"{name} has dtype {array.dtype}; encode classes as integers first: names, y = numpy.unique(y, return_inverse=True)"
        )
    if not classes and not (array.ndim == 2 and is_floating(array)):
        raise PanelError(
            f"{name} has shape {tuple(array.shape)} and dtype {array.dtype}; it must be integer classes (n,) or float "
            "class weights (n, classes). Labels of single readings go into Panel(values, points=...)"
        )
    if len(array) != n:
        raise PanelError(f"{name} has {len(array)} entries and there are {n} series; pass one label a series")
    return like(array, values[0] if isinstance(values, list) and values else values) if n else array


def _row_field(name: str, field: Any, values: Any, floating: bool = False) -> Any:
    if field is None:
        return None
    array = field if is_torch(field) else _row_array(field, name)
    if array.ndim == 0 or len(array) != len(values):
        raise PanelError(f"{name} has shape {tuple(array.shape)}; there are {len(values)} series: pass one entry each")
    if floating and (array.ndim != 1 or "complex" in str(array.dtype)):
        raise PanelError(f"{name} has shape {tuple(array.shape)}; it must be ({len(values)},)")
    return array


def _row_array(field: Any, name: str) -> Any:
    try:
        array = np.asarray(field)
    except ValueError as error:
        raise PanelError(f"{name} cannot be read as an array ({error}); it needs one entry of one shape a series") from None
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def as_ids(ids: Any, n: int) -> Any:
    """Return ids as integers or strings (n,)."""
    if ids is None:
        return np.arange(n)
    array = ids.cpu().numpy() if is_torch(ids) else np.asarray(ids)
    if array.shape != (n,):
        raise PanelError(f"ids has shape {array.shape}; there are {n} series: pass one id each")
    if array.dtype.kind == "O" and all(isinstance(i, str) for i in array):
        array = array.astype(str)
    if n and array.dtype.kind not in "iuU":
        raise PanelError(f"ids has dtype {array.dtype}; ids are integers or strings")
    return array


def check_readings(values: Array, positions: Sequence[int]) -> bool:
    """Return whether a value is missing; raise PanelError where one is infinite, warn where a channel has no reading.

    ``positions`` are the rows' places in the user's batch, for the message.
    """
    infinite, missing = extremes(values)
    if infinite:
        xp = namespace(values)
        row, channel, step = (int(i[0]) for i in xp.nonzero(xp.isinf(values)))
        raise PanelError(
            f"values hold {float(values[row, channel, step])} (row {positions[row]}, channel {channel}, step {step}); "
            "a reading must be finite: correct it, or mark it as missing with NaN"
        )
    if missing:
        xp = namespace(values)
        empty = xp.nonzero(xp.all(xp.isnan(values), axis=-1))
        if len(empty[0]):
            row, channel = int(empty[0][0]), int(empty[1][0])
            warnings.warn(
                f"channel {channel} of row {positions[row]} has no reading, only NaN; it stays as it is. "
                "Drop the series or the channel, or fill it, if it should be augmented",
                AllMissingWarning,
                stacklevel=2,
            )
    return missing
