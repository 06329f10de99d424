"""Collate: augmentation where a DataLoader makes its batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import default_collate

from variate.core.errors import PanelError
from variate.core.panel import TIME_FIELDS, Panel
from variate.core.transform import Transform
from variate.torch.adapter import Adapter
from variate.torch.sample import KNOWN, Fields, Form, columns, ids_column, opened, sealed, tensor_of


class Collate(Adapter):
    """Stack samples to a batch and augment it: a ``collate_fn`` for a DataLoader.

    A sample is a series ``x``, a tuple ``(x, y)`` or ``(x, y, id)``, or a dict with the keys of a Panel: ``values``,
    ``label``, ``points``, ``mask``, ``covariates``, ``weight`` and ``id``; what else a dict holds is collated as
    PyTorch would and passed through. Series are ``(channels, time)`` or ``(time,)``, arrays or tensors; y is an integer
    class or float class weights ``(classes,)``. The batch comes back in the same form, as tensors: x ``(n, channels,
    time)`` or ``(n, time)``, y int64 ``(n,)`` or class weights ``(n, classes)``. A transform that labels what it does
    adds ``points`` to a dict.

    **Different lengths.** Each series is augmented at its own length; then all are padded with zeros at the end to the
    longest of the batch, and a mask ``(n, time)``, True where a step is a reading, comes as the last element of the
    tuple (``(x, mask)`` for bare series) or under ``mask`` in the dict. Where the series come out of equal length there
    is no mask, unless the samples had one or ``mask=True`` asks for one always.

    **The same sample, the same result.** What is drawn for a sample depends on the seed, the epoch and the sample's own
    id, else a 64-bit hash of its values, never on its place in the batch: batch size, order, workers and their start
    method change nothing. So two identical series without ids get the same augmentation; give them ids if they should
    not (copies that oversample a class, say).

    Args:
        aug: a transform or pipeline; fit it before, if it needs that.
        seed: an integer; None draws one, which all workers share.
        horizon: the last so many steps are the forecast target.
        point_role: ``"event"`` (anomalies) or ``"state"`` (classes of segments).
        mask: return a mask with every batch.

    Raises:
        PanelError: an aug that is no transform; a batch that mixes forms, dtypes or numbers of channels.

    >>> import numpy as np, variate
    >>> collate = Collate(variate.Jitter(), seed=0)
    >>> x, y, mask = collate([(np.ones((1, 5)), 0), (np.ones((1, 3)), 1)])
    >>> x.shape, y.tolist(), mask[1].tolist()
    (torch.Size([2, 1, 5]), [0, 1], [True, True, True, False, False])
    """

    def __init__(
        self, aug: Transform, seed: int | None = 0, *, horizon: int = 0, point_role: str = "event", mask: bool = False
    ) -> None:
        super().__init__(aug, seed, horizon, point_role)
        self.mask = mask

    def __call__(self, batch: Sequence[Any]) -> Any:
        """Return the batch of these samples, augmented."""
        form, rows = _opened(batch)
        ids = ids_column(rows)
        passed = {name: _collated(name, rows) for name in form[1] if name == "weight" or name not in KNOWN}
        extra = {name: field for name, field in passed.items() if name not in KNOWN and isinstance(field, torch.Tensor)}
        out = self.augment({**columns(rows), "extra": extra}, ids)
        fields = {**rows[0], **passed, **_tensors(out)}
        if out.points is None and "points" in fields:
            fields["points"] = None  # dropped, for they would mean nothing any more
        if fields.get("id") is not None:  # 64 bits, as they were
            fields["id"] = ids.tolist() if ids.dtype.kind == "U" else torch.from_numpy(ids.view("int64"))
        if self.mask and fields.get("mask") is None:
            fields["mask"] = torch.ones_like(fields["values"][:, 0], dtype=torch.bool)
        if rows[0]["values"].ndim == 1:
            fields["values"] = fields["values"][:, 0]
        return sealed(form, fields)

    def __repr__(self) -> str:
        return f"Collate({self.aug!r}, seed={self.seed})"


def _opened(batch: Sequence[Any]) -> tuple[Form, list[Fields]]:
    """Return the one form of all samples, and their fields."""
    if len(batch) == 0:
        raise PanelError("Collate was given an empty batch; it needs at least one sample")
    pairs = [opened(sample) for sample in batch]
    form, first = pairs[0]
    names = [name for name in form[1] if name in KNOWN]
    for i, (other, fields) in enumerate(pairs):
        if other != form and (other[0] != form[0] or set(other[1]) != set(form[1])):
            raise PanelError(f"the batch mixes forms: sample 0 is {_said(form)} and sample {i} is {_said(other)}")
        odd = next((name for name in names if (fields[name] is None) != (first[name] is None)), None)
        if odd is not None:
            raise PanelError(f"the batch mixes forms: {odd} is None in sample 0 or in sample {i} of the batch, not in both")
    return form, [fields for _, fields in pairs]


def _said(form: Form) -> str:
    return f"{'an' if form[0] == 'array' else 'a'} {form[0]} of {', '.join(map(repr, form[1]))}"


def _collated(name: str, rows: list[Fields]) -> Any:
    """Return a field that no transform changes, as PyTorch would collate it."""
    column = [row[name] for row in rows]
    if name in KNOWN and column[0] is None:
        return None
    try:
        return default_collate(column)
    except (TypeError, RuntimeError) as error:
        raise PanelError(f"{name!r} of the samples cannot be collated ({error}); leave it out, or give it one shape") from error


def _tensors(out: Panel) -> Fields:
    """Return the fields that a transform may have changed as tensors, padded to one length."""
    fields: Fields = {} if out.label is None else {"label": tensor_of(out.label)}
    present = [(name, array) for name, array in out.present() if name in TIME_FIELDS]
    if not out.ragged:
        return {**fields, **{name: tensor_of(array) for name, array in present}}
    lengths = [v.shape[-1] for v in out.values]
    padded = {name: _padded([tensor_of(row) for row in rows], max(lengths)) for name, rows in present}
    if out.mask is None and min(lengths) < max(lengths):
        padded["mask"] = _padded([torch.ones_like(tensor_of(v)[0], dtype=torch.bool) for v in out.values], max(lengths))
    return {**fields, **padded}


def _padded(rows: list[torch.Tensor], length: int) -> torch.Tensor:
    """Return rows (…, t_i) as one tensor (n, …, length) with zeros at the ends."""
    out = rows[0].new_zeros((len(rows), *rows[0].shape[:-1], length))
    for i, row in enumerate(rows):
        out[i, ..., : row.shape[-1]] = row
    return out
