"""AugmentedDataset: kinds, indices and what it refuses. Workers are in test_workers.py."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch

import variate
from variate.core.errors import PanelError
from variate.families.label import LabelTransform
from variate.torch import AugmentedDataset, Collate

X = np.random.default_rng(0).normal(size=(6, 2, 30)).astype(np.float32)
AUG = variate.Compose(variate.Jitter(), variate.TimeWarp())


@dataclass(frozen=True, kw_only=True)
class Soften(LabelTransform):
    """Class 0 … 2 to class weights."""

    def relabel(self, panel, rng):
        return panel.replace(label=(0.9 * np.eye(3)[panel.label]).astype(np.float32))


def test_item_i_is_augmented_with_id_i():
    want = AUG(X, seed=3, epoch=1, ids=np.arange(6))
    for data in (list(X), torch.from_numpy(X), [(x, 1) for x in X], [{"values": x, "id": 77} for x in X]):
        augmented = AugmentedDataset(data, AUG, seed=3)
        augmented.set_epoch(1)
        assert len(augmented) == 6
        for i in (4, 0, -1, np.int64(2), torch.tensor(5)):
            item = augmented[i]
            x = item["values"] if isinstance(item, dict) else item[0] if isinstance(item, tuple) else item
            assert np.array_equal(np.asarray(x), want[int(i)])
    assert len(list(augmented)) == 6
    with pytest.raises(IndexError):
        augmented[-7]


def test_an_item_comes_back_in_kind():
    flip = variate.Flip()
    x = X[0]
    assert type(AugmentedDataset([x], flip)[0]) is np.ndarray
    assert AugmentedDataset([x[0]], flip)[0].shape == (30,)
    x_new, y = AugmentedDataset(torch.utils.data.TensorDataset(torch.from_numpy(X), torch.arange(6, dtype=torch.int32)), AUG)[2]
    assert (type(x_new), x_new.dtype, y.dtype, y.item()) == (torch.Tensor, torch.float32, torch.int32, 2)
    for label in (3, np.int16(3), np.array(3)):
        new = AugmentedDataset([(x, label)], flip)[0][1]
        assert new == 3
        assert np.asarray(new).dtype == np.asarray(label).dtype
    assert type(AugmentedDataset([(x, 3)], flip)[0][1]) is int
    sample = {"values": torch.from_numpy(x), "points": np.arange(30) == 4, "mask": None, "weight": 2.0, "tag": object()}
    item = AugmentedDataset([sample], flip)[0]
    assert list(item) == list(sample)
    assert (type(item["points"]), item["points"].sum()) == (np.ndarray, 1)
    assert (item["tag"], item["weight"], item["mask"]) == (sample["tag"], 2.0, None)


def test_labels_that_change_are_returned():
    for label, kind in ((2, np.ndarray), (torch.tensor(2), torch.Tensor)):
        new = AugmentedDataset([(X[0], label)], Soften())[0][1]
        assert type(new) is kind
        assert new.tolist() == pytest.approx([0, 0, 0.9])
    marked = variate.Spike(count=2, mark=True, low=1.0)
    assert AugmentedDataset([{"values": X[0]}], marked)[0]["points"].sum() == 2
    assert len(AugmentedDataset([(X[0], 0)], marked)[0]) == 2


def test_input_is_not_written_to():
    data = X.copy()
    for aug in (variate.Identity(), AUG):
        AugmentedDataset(data, aug)[0][:] = 0
    assert np.array_equal(data, X)


def test_different_lengths_are_padded_by_collate():
    data = AugmentedDataset([(x[:, : 30 - 4 * i], i) for i, x in enumerate(X)], AUG, seed=1)
    loader = torch.utils.data.DataLoader(data, batch_size=3, collate_fn=Collate(variate.Identity()))
    x, _, mask = next(iter(loader))
    assert mask.sum(dim=1).tolist() == [30, 26, 22]
    assert np.array_equal(x[1, :, :26].numpy(), data[1][0])


def test_what_is_refused():
    class Stream(torch.utils.data.IterableDataset):
        def __iter__(self):
            return iter(X)

    with pytest.raises(PanelError, match=r"IterableDataset.*Collate"):
        AugmentedDataset(Stream(), AUG)
    with pytest.raises(PanelError, match="an index and a length"):
        AugmentedDataset(iter(X), AUG)
    with pytest.raises(PanelError, match="transform"):
        AugmentedDataset(X, "jitter")
    with pytest.raises(PanelError, match=r"the index is slice\(0, 2, None\)"):
        AugmentedDataset(X, AUG)[0:2]
    with pytest.raises(PanelError, match="sample 1 of the dataset: values hold inf"):
        AugmentedDataset([X[0], X[0] * np.inf], AUG)[1]
    with pytest.raises(PanelError, match="sample 0 of the dataset: a sample is a float"):
        AugmentedDataset([3.0], AUG)[0]
