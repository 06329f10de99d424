"""Samples: the forms in which a dataset hands them out, and how a list of them becomes columns."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np
import torch

from variate.core.errors import PanelError
from variate.core.panel import TIME_FIELDS
from variate.kernels.arrays import is_floating, is_torch, numpy_of

PLACES = ("values", "label", "id")
"""What the elements of a tuple are."""

KNOWN = (*TIME_FIELDS, "label", "weight", "id")
"""The keys of a dict that have a role; any other is passed through."""

MISPLACED = {
    "ids": "the name of one sample is 'id'",
    "horizon": "it belongs to all samples: Collate(aug, horizon=...)",
    "point_role": "it belongs to all samples: Collate(aug, point_role=...)",
    "extra": "put its entries into the dict itself",
}

Fields = dict[str, Any]
Form = tuple[str, tuple[str, ...]]
"""``"array"``, ``"tuple"`` or ``"dict"``, and the names of the fields in order."""


def opened(sample: Any) -> tuple[Form, Fields]:
    """Return the form of a sample and its fields by name; arrays in the sample's own library, without gradient."""
    if isinstance(sample, Mapping):
        form, fields = ("dict", tuple(sample)), dict(sample)
        wrong = next((key for key in MISPLACED if key in fields), None)
        if wrong is not None:
            raise PanelError(f"a sample is a dict with the key {wrong!r}; {MISPLACED[wrong]}")
        if fields.get("values") is None:
            raise PanelError(f"a sample is a dict with the keys {list(fields)}; its series must be under 'values'")
    elif isinstance(sample, (tuple, list)) and 1 <= len(sample) <= len(PLACES):
        form, fields = ("tuple", PLACES[: len(sample)]), dict(zip(PLACES, sample, strict=False))
    elif is_torch(sample) or isinstance(sample, np.ndarray):
        form, fields = ("array", PLACES[:1]), {"values": sample}
    else:
        size = f" of {len(sample)}" if isinstance(sample, (tuple, list)) else ""
        raise PanelError(
            f"a sample is a {type(sample).__name__}{size}; it must be a series x, a tuple (x, y) or (x, y, id), "
            "or a dict with the series under 'values'"
        )
    for name in form[1]:
        if name in TIME_FIELDS and fields[name] is not None:
            fields[name] = as_array(fields[name])
    if fields["values"].ndim not in (1, 2):
        shape = tuple(fields["values"].shape)
        raise PanelError(f"the series of a sample has shape {shape}; it must be (channels, time) or (time,)")
    if form[0] == "tuple":
        _refuse_point_labels(fields)
    return form, fields


def sealed(form: Form, fields: Fields) -> Any:
    """Return fields in the form that they came in; a mask that was not there comes last, or under ``"mask"``."""
    kind, names = form
    if kind == "dict":
        return {
            name: fields[name] for name in (*names, *(new for new in ("points", "mask") if new not in names)) if name in fields
        }
    listed = tuple(fields[name] for name in names)
    if "mask" in fields:
        return (*listed, fields["mask"])
    return listed if kind == "tuple" else listed[0]


def columns(rows: list[Fields]) -> Fields:
    """Return what a Panel takes of the samples: stacked, or lists of arrays where the lengths differ."""
    first = rows[0]
    ragged = len({row["values"].shape[-1] for row in rows}) > 1
    found: Fields = {}
    for name in TIME_FIELDS:
        if first.get(name) is not None:
            column = _alike(name, [row[name] for row in rows], ragged)
            if name == "values":
                column = [v[None] if v.ndim == 1 else v for v in column]
            found[name] = column if ragged else _stacked(column)
    if first.get("label") is not None:
        found["label"] = label_column([row["label"] for row in rows])
    if first.get("weight") is not None:
        found["weight"] = np.asarray([float(row["weight"]) for row in rows])
    return found


def label_column(labels: list[Any]) -> Any:
    """Return class labels as int64 (n,), or class weights as floats (n, classes)."""
    if all(type(label) is int for label in labels):
        return np.array(labels, np.int64)
    arrays = [as_array(label) for label in labels]
    for y in arrays:
        if y.ndim > 1 or is_floating(y) != (y.ndim == 1) or (not is_torch(y) and y.dtype.kind not in "biuf"):
            raise PanelError(
                f"the label of a sample has shape {tuple(y.shape)} and dtype {y.dtype}; it must be one integer class or "
                "float class weights (classes,). For another target return a dict: {'values': x, 'target': y}"
            )
    if arrays[0].ndim == 0 and all(y.ndim == 0 for y in arrays):
        return np.array([int(y) for y in arrays], np.int64)
    return _stacked(_alike("label", arrays, ragged=False))


def ids_column(rows: list[Fields]) -> Any:
    """Return the samples' own ids, else hashes of their values, as what a Panel takes: never their place in the batch."""
    if rows[0].get("id") is None:
        return np.array([hashed(row["values"]) for row in rows], np.uint64)
    ids = [row["id"].item() if hasattr(row["id"], "item") and np.ndim(row["id"]) == 0 else row["id"] for row in rows]
    if all(isinstance(i, str) for i in ids):
        return np.array(ids, str)
    wrong = next((i for i in ids if isinstance(i, bool) or not isinstance(i, int)), None)
    if wrong is not None:
        raise PanelError(f"a sample of the batch has the id {wrong!r}; ids are all integers or all strings")
    return np.array([i % 2**64 for i in ids], np.uint64)


def hashed(values: Any) -> int:
    """Return a 64-bit hash of the readings, the same in NumPy and torch."""
    if is_torch(values) and values.dtype == torch.bfloat16:  # which NumPy does not know
        values = values.float()
    array = numpy_of(values)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return int.from_bytes(blake2b(array.tobytes(), digest_size=8).digest(), "little")


def as_array(value: Any) -> Any:
    """Return a tensor without its gradient, or an array in the machine's byte order."""
    if is_torch(value):
        return value.detach()
    array = np.asarray(value)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def tensor_of(array: Any) -> torch.Tensor:
    """Return an array as a tensor of the same memory where it may be written to; torch warns where it may not."""
    return array if isinstance(array, torch.Tensor) else torch.from_numpy(np.require(array, requirements=["C", "W"]))


def _refuse_point_labels(fields: Fields) -> None:
    y: Any = fields.get("label")
    if y is None or type(y) is int:
        return
    length = fields["values"].shape[-1]
    if np.ndim(y) == 1 and len(y) == length:
        raise PanelError(
            f"the label of a sample has shape ({length},), as long as its series: if it labels single readings, return "
            "{'values': x, 'points': y}; if it holds class weights, {'values': x, 'label': y}"
        )


def _alike(name: str, arrays: list[Any], ragged: bool) -> list[Any]:
    """Return the arrays; raise PanelError where one is of another kind than the first."""
    if len({(type(array), array.dtype, array.shape) for array in arrays}) == 1:
        return arrays
    stop = -1 if ragged else None
    first = arrays[0]
    for i, array in enumerate(arrays):
        if array.ndim == 2 == first.ndim and len(array) != len(first):
            raise PanelError(
                f"{name} has {len(array)} channels in sample {i} of the batch and {len(first)} in sample 0; all need as "
                "many (for a series (time, channels) pass its transpose)"
            )
        if is_torch(array) != is_torch(first) or array.dtype != first.dtype or array.shape[:stop] != first.shape[:stop]:
            raise PanelError(
                f"the batch mixes forms: {name} is {_said(first)} in sample 0 and {_said(array)} in sample {i}; "
                "all samples need one form"
            )
    return arrays


def _said(array: Any) -> str:
    return f"{'a tensor' if is_torch(array) else 'an array'} of shape {tuple(array.shape)} and dtype {array.dtype}"


def _stacked(arrays: list[Any]) -> Any:
    return torch.stack(arrays) if is_torch(arrays[0]) else np.stack(arrays)
