"""Dropped point labels never survive, wherever the transform that drops them stands; and refused ones are refused there."""

import numpy as np
import pytest
import torch

import variate
from transforms.helpers import BODIES, run, same_bits, series
from variate import AAFT, IAAFT, Compose, FourierSurrogate, Identity, In, Jitter, OneOf, Panel, SomeOf, Spike
from variate.core.errors import ContractError
from variate.torch import AugmentedDataset, Collate

OPS = [FourierSurrogate, AAFT, IAAFT]
WAYS = {
    "alone": lambda op: op,
    "first": lambda op: Compose(op, Jitter()),
    "last": lambda op: Compose(Jitter(), op),
    "sometimes": lambda op: Compose(op, p=0.01),
    "one of": lambda op: OneOf(op, Identity(), weights=(1, 1000)),
    "some of": lambda op: SomeOf(op, Jitter(), Identity(), count=1),
    "deep": lambda op: Compose(OneOf(Compose(Jitter(), SomeOf(op, count=0)), Jitter())),
    "beside a mark": lambda op: Compose(Spike(mark=True), op, Spike(mark=True)),
    "inside details": lambda op: In("modwt", details=op),
    "inside one level": lambda op: In("modwt", details={1: OneOf(op, Identity())}),
    "inside smooth": lambda op: Compose(In("modwt", smooth=op), Jitter()),
}


def labelled(n=8, length=60):
    return Panel(series(n=n, length=length), points=np.ones((n, length), bool), label=np.arange(n))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("op", OPS)
def test_no_row_keeps_its_points(body, way, op):
    """Breaks where rows that were not chosen, or parts that are put together again, bring the labels back."""
    aug = WAYS[way](op(on_points="drop"))
    out = run(body, aug, labelled())[0]
    assert aug.drops
    assert out.points is None
    assert out.label.tolist() == list(range(8))


@pytest.mark.parametrize("way", WAYS)
def test_nor_in_copies_batches_and_data_sets(way):
    """Breaks where originals keep what copies lost, or a sample's own points are handed through."""
    aug = WAYS[way](FourierSurrogate(on_points="drop"))
    panel = labelled()
    grown = variate.expand(panel, aug, copies=2)
    assert grown.n == 24
    assert grown.points is None
    rows = zip(panel.values, panel.points, range(8), strict=True)
    samples = [{"values": v, "points": p, "label": i} for v, p, i in rows]
    as_tensors = [{k: torch.as_tensor(v) if k != "label" else v for k, v in sample.items()} for sample in samples]
    for given in (samples, as_tensors):
        batch = Collate(aug)(given)
        assert batch["points"] is None
        assert batch["label"].tolist() == list(range(8))
        assert all(sample["points"] is None for sample in map(AugmentedDataset(given, aug).__getitem__, range(8)))


@pytest.mark.parametrize("way", WAYS)
def test_nor_where_series_differ_in_length_are_too_short_or_none(way):
    """Breaks where a series that passes unchanged keeps its labels, so that a batch has them in part."""
    aug = WAYS[way](AAFT(on_points="drop"))
    rows = [1, 2, 30, 30, 61]
    ragged = Panel([series(1, 2, t)[0] for t in rows], points=[np.ones(t, bool) for t in rows])
    out = aug(ragged, seed=0)
    assert out.points is None
    assert [v.shape[-1] for v in out.values] == rows
    assert aug(labelled(length=2), seed=0).points is None
    assert aug(labelled().rows(slice(0)), seed=0).points is None
    assert aug(labelled(n=3000), seed=0).points is None  # several chunks


@pytest.mark.parametrize("op", OPS)
def test_a_gate_that_never_opens_drops_them_too(op):
    """Breaks where what a batch holds depends on a draw: the choice is the user's, and holds for all rows."""
    panel = labelled()
    out = run("numba", op(on_points="drop", p=0.0), panel)[0]
    assert out.points is None
    assert same_bits(out.values, panel.values)


@pytest.mark.parametrize("way", [way for way in WAYS if way not in ("deep", "one of", "sometimes", "beside a mark")])
@pytest.mark.parametrize("op", OPS)
def test_without_leave_to_drop_they_are_refused(way, op):
    """Breaks where a pipeline hides that labels lose their meaning; without labels (nor marks) nothing is refused."""
    aug = WAYS[way](op())
    assert not aug.drops
    with pytest.raises(ContractError, match=f"{op.__name__} forgets when something was"):
        aug(labelled(n=40), seed=0)
    assert aug(labelled(n=40).values, seed=0).shape == (40, 2, 60)


@pytest.mark.parametrize("body", BODIES)
def test_parts_without_time_leave_labels_in_place(body):
    """Breaks where a label is refused on account of a part that it never enters."""
    panel = labelled()
    out = run(body, In("spectrum", amplitude=FourierSurrogate()), panel)[0]
    assert same_bits(out.points, panel.points)
