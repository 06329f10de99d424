"""AugmentedDataset: augmentation where a dataset hands out its samples."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, IterableDataset

from variate.core.errors import PanelError
from variate.core.panel import TIME_FIELDS, Panel
from variate.core.transform import Transform
from variate.kernels.arrays import is_torch, numpy_of
from variate.torch.adapter import Adapter
from variate.torch.sample import Fields, columns, opened, sealed, tensor_of


class AugmentedDataset(Adapter, Dataset[Any]):
    """A map-style dataset whose item i is ``dataset[i]`` augmented, with i as its id.

    A sample is a series ``x``, a tuple ``(x, y)`` or ``(x, y, id)``, or a dict with the keys of a Panel, as for
    :class:`variate.torch.Collate`; it comes back in kind: arrays for arrays, tensors for tensors, an int for an int. A
    class that a transform makes soft comes back as class weights. Series are ``(channels, time)`` or ``(time,)`` and
    may differ in length (batch them with ``Collate(variate.Identity())``, which pads). What no transform changes (an
    id, a weight, other keys of a dict) is passed through.

    What is drawn depends on the seed, the epoch and i alone, so batch size, order, workers and their start method change
    nothing. Take a subset of the augmented dataset, not the other way round, if a sample should keep its augmentation.
    Batches are faster with ``Collate``: it calls the transform once a batch.

    Args:
        dataset: anything with ``__getitem__`` and ``__len__``: a Dataset, a list.
        aug: a transform or pipeline; fit it before, if it needs that.
        seed: an integer; None draws one, which all workers share.
        horizon: the last so many steps are the forecast target.
        point_role: ``"event"`` (anomalies) or ``"state"`` (classes of segments).

    Raises:
        PanelError: an aug that is no transform, a dataset without places, a sample that is no series.

    >>> import numpy as np, variate
    >>> data = AugmentedDataset([(np.ones((1, 5)), 0), (np.arange(5.0), 1)], variate.Flip(), seed=0)
    >>> data[1][0].shape, data[1][1], len(data)
    ((5,), 1, 2)
    """

    def __init__(
        self, dataset: Any, aug: Transform, seed: int | None = 0, *, horizon: int = 0, point_role: str = "event"
    ) -> None:
        super().__init__(aug, seed, horizon, point_role)
        if isinstance(dataset, IterableDataset):
            raise PanelError(
                "AugmentedDataset: the dataset is an IterableDataset, whose samples have no index; augment its batches: "
                "DataLoader(dataset, collate_fn=variate.torch.Collate(aug))"
            )
        if not hasattr(dataset, "__getitem__") or not hasattr(dataset, "__len__"):
            raise PanelError(f"AugmentedDataset: the dataset is a {type(dataset).__name__}; it must have an index and a length")
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: Any) -> Any:
        """Return sample ``index``, an integer, augmented."""
        place = self._place(index)
        sample = self.dataset[place]
        try:
            form, fields = opened(sample)
            out = self.augment(columns([fields]), np.array([place]))
        except PanelError as error:
            raise PanelError(f"sample {place} of the dataset: {error}") from error
        return sealed(form, {**fields, **_in_kind(out, fields)})

    def __repr__(self) -> str:
        return f"AugmentedDataset({len(self)} samples, {self.aug!r}, seed={self.seed})"

    def _place(self, index: Any) -> int:
        """Return the index counted from the start, so that a sample has one id."""
        try:
            place = operator.index(index)
        except TypeError:
            raise PanelError(
                f"AugmentedDataset: the index is {index!r}; it gives one sample at a time, by its integer position"
            ) from None
        if place < -len(self):
            raise IndexError(f"index {place} is out of range for {len(self)} samples")
        return place + len(self) if place < 0 else place


def _in_kind(out: Panel, fields: Fields) -> Fields:
    """Return what a transform may have changed of one sample, each in the kind of what it was."""
    new: Fields = {}
    for name, array in out.present():
        if name in TIME_FIELDS:
            old = fields.get(name)
            new[name] = _like(array[0], fields["values"] if old is None else old)
    if out.points is None and "points" in fields:
        new["points"] = None  # dropped, for they would mean nothing any more
    if fields["values"].ndim == 1:
        new["values"] = new["values"][0]
    if out.label is not None:
        new["label"] = _label(out.label[0], fields["label"])
    return new


def _like(new: Any, old: Any) -> Any:
    if is_torch(old):
        return tensor_of(new).to(old.device)
    return numpy_of(new)


def _label(new: Any, old: Any) -> Any:
    """Return a label in the kind of the old one; one that became soft keeps its own dtype."""
    if np.ndim(new) > 0:
        return _like(new, old)
    if is_torch(old):
        return torch.as_tensor(new, device=old.device, dtype=old.dtype)
    return np.asarray(old).dtype.type(new) if hasattr(old, "dtype") else type(old)(new)
