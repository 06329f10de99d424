"""Collate: forms, labels, padding and what it refuses."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest
import torch

import variate
from variate.core.errors import DrawError, PanelError
from variate.families.label import LabelTransform
from variate.torch import Collate

RNG = np.random.default_rng(2)
WARP = variate.Compose(variate.Jitter(), variate.TimeWarp())


def rich(n=5, lengths=None, seed=3):
    """Return samples with everything a Panel knows."""
    rng = np.random.default_rng(seed)
    lengths = lengths or [24] * n
    return [
        {
            "values": rng.normal(size=(2, t)),
            "label": int(rng.integers(3)),
            "points": rng.random(t) < 0.2,
            "mask": rng.random(t) < 0.8,
            "covariates": rng.normal(size=(3, t)),
            "weight": 0.5 + i,
            "id": 100 + i,
            "name": f"s{i}",
            "target": rng.normal(size=2),
        }
        for i, t in enumerate(lengths)
    ]


def tensors(sample):
    return {k: torch.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in sample.items()}


@dataclass(frozen=True, kw_only=True)
class Soften(LabelTransform):
    """Class 0 … 2 to class weights."""

    def relabel(self, panel, rng):
        return panel.replace(label=(0.9 * np.eye(3)[panel.label]).astype(np.float32))


def test_a_batch_comes_back_in_kind():
    x = RNG.normal(size=(4, 3, 20)).astype(np.float32)
    collate = Collate(variate.Jitter(), seed=1)
    ids = list("abcd")
    want = torch.from_numpy(variate.Jitter()(x, seed=1, ids=ids))
    assert collate(list(x)).shape == (4, 3, 20)
    assert isinstance(collate([(v,) for v in x]), tuple)
    y = collate(list(zip(x, range(4), strict=True)))[1]
    assert y.dtype == torch.int64
    assert y.tolist() == [0, 1, 2, 3]
    values, y, names = collate(list(zip(torch.from_numpy(x), np.arange(4, dtype=np.int8), ids, strict=True)))
    assert torch.equal(values, want)
    assert y.dtype == torch.int64
    assert names == ids
    assert collate([v[0] for v in x]).shape == (4, 20)
    assert collate([v.astype(np.int16) for v in x]).dtype == torch.float32
    assert collate(list(torch.from_numpy(x).bfloat16())).dtype == torch.bfloat16


@pytest.mark.parametrize("kind", [dict, tensors])
def test_everything_follows_as_in_a_panel(kind):
    samples = rich()
    column = {k: np.stack([s[k] for s in samples]) for k in samples[0] if k != "name"}
    column |= {"ids": column.pop("id"), "extra": {"target": column.pop("target")}}
    want = WARP(variate.Panel(**column), seed=4, epoch=2)
    collate = Collate(WARP, seed=4)
    collate.set_epoch(2)
    out = collate([kind(s) for s in samples])
    assert list(out) == list(samples[0])
    for name in ("values", "label", "points", "mask", "covariates", "weight"):
        assert np.array_equal(out[name].numpy(), getattr(want, name)), name
    assert out["name"] == [s["name"] for s in samples]
    assert np.array_equal(out["target"].numpy(), column["extra"]["target"])
    assert out["id"].tolist() == [100, 101, 102, 103, 104]


def test_labels_that_change_are_returned():
    samples = [{"values": np.ones(7), "points": np.eye(7, dtype=bool)[3]}] * 2
    out = Collate(variate.LabelExpansion(reach=1))(samples)
    assert out["points"].tolist() == [[False, False, True, True, True, False, False]] * 2
    soft = Collate(Soften())([(np.ones(4), 2), (np.ones(4), 0)])[1]
    assert soft.tolist() == pytest.approx(np.array([[0, 0, 0.9], [0.9, 0, 0]]))
    soft = Collate(variate.Jitter())([(np.ones(4), np.array([0.2, 0.8]))] * 2)[1]
    assert soft.tolist() == [[0.2, 0.8]] * 2
    marked = variate.Spike(count=2, mark=True, low=1.0)
    x = RNG.normal(size=(3, 1, 30))
    assert Collate(marked)([{"values": v} for v in x])["points"].sum(dim=1).tolist() == [2, 2, 2]
    assert len(Collate(marked)([(v, 0) for v in x])) == 2


@pytest.mark.parametrize("kind", [dict, tensors])
def test_series_of_different_lengths_are_augmented_alone_and_padded(kind):
    lengths = [24, 9, 24, 1, 17]
    samples = [kind(s) for s in rich(lengths=lengths)]
    collate = Collate(WARP, seed=4)
    out = collate(samples)
    assert out["values"].shape == (5, 2, 24)
    for i, t in enumerate(lengths):
        alone = collate(samples[i : i + 1])
        for name in ("values", "points", "mask", "covariates"):
            assert torch.equal(out[name][i, ..., :t], alone[name][0]), name
            assert not out[name][i, ..., t:].any(), name
            assert out[name].dtype == alone[name].dtype


def test_a_mask_says_what_is_padding():
    pairs = [(RNG.normal(size=t), t) for t in (5, 3)]
    x, y, mask = Collate(variate.Jitter())(pairs)
    assert x.shape == (2, 5)
    assert y.tolist() == [5, 3]
    assert mask.tolist() == [[True] * 5, [True] * 3 + [False] * 2]
    x, mask = Collate(variate.Jitter())([v for v, _ in pairs])
    assert mask.sum().item() == 8
    out = Collate(variate.Jitter())([{"values": v, "id": t} for v, t in pairs])
    assert list(out) == ["values", "id", "mask"]
    assert len(Collate(variate.Jitter())(pairs[:1])) == 2
    assert Collate(variate.Jitter(), mask=True)(pairs[:1])[2].all()
    assert Collate(variate.Jitter(), mask=True)([{"values": v, "mask": None} for v, _ in pairs[:1]])["mask"].all()
    cropped = Collate(variate.Crop(size=3, resize=False))(pairs)  # series that come out of one length need none
    assert [v.shape for v in cropped] == [(2, 3), (2,)]


def test_horizon_and_point_role_are_those_of_the_panel():
    x = RNG.normal(size=(3, 1, 20))
    out = Collate(variate.Jitter(), horizon=5)(list(x)).numpy()
    assert np.array_equal(out[..., 15:], x[..., 15:])
    assert not np.array_equal(out[..., :15], x[..., :15])
    with pytest.raises(variate.VariateError, match="states"):
        Collate(variate.LabelExpansion(), point_role="state")([{"values": np.ones(5), "points": np.zeros(5, int)}])
    with pytest.raises(PanelError, match="point_role"):
        Collate(variate.Jitter(), point_role="stat")


def test_samples_are_told_by_id_else_by_value():
    x = RNG.normal(size=40).astype(np.float32)
    collate = Collate(variate.Jitter(), seed=0)
    a, b = collate([x, x])
    assert torch.equal(a, b)
    a, b = collate([(x, 0, 1), (x, 0, 2)])[0]
    assert not torch.equal(a, b)
    half = x * 0.5  # exactly, so equal draws would give equal halves
    assert not torch.equal(collate([x])[0] * 0.5, collate([half])[0])
    other = collate([x + 1, x])
    assert torch.equal(other[1], collate([x])[0])
    for same in (np.uint64(2**64 - 1), torch.tensor(-1), np.int8(-1)):
        for one, other in zip(collate([(x, 0, -1)]), collate([(x, 0, same)]), strict=True):
            assert torch.equal(one, other)
    assert torch.equal(collate([x.astype(">f4")]), collate([x]))
    frozen = x.copy()
    frozen.flags.writeable = False
    assert torch.equal(collate([frozen]), collate([x]))
    assert torch.equal(collate([x[::-1].copy()[::-1]]), collate([x]))
    assert torch.equal(collate([torch.from_numpy(x).requires_grad_()]), collate([x]))


def test_input_is_not_written_to():
    samples = rich()
    before = copy.deepcopy(samples)
    for aug in (variate.Identity(), WARP):
        out = Collate(aug)(samples)
        for field in out.values():
            if isinstance(field, torch.Tensor):
                field.zero_()
    for s, b in zip(samples, before, strict=True):
        assert all(np.array_equal(s[k], b[k]) for k in s)


def test_copies_keep_the_epoch_and_have_their_own():
    collate = Collate(WARP, seed=3)
    collate.set_epoch(4)
    for other in (pickle.loads(pickle.dumps(collate)), copy.deepcopy(collate)):
        assert (other.epoch, other.seed, repr(other)) == (4, 3, repr(collate))
        other.set_epoch(5)
        assert other._epoch.is_shared()
    assert collate.epoch == 4
    with pytest.raises(DrawError, match="epoch is -1"):
        collate.set_epoch(-1)


ONE = np.ones((2, 5))
REFUSED = [
    ([], "empty batch"),
    ([3.0], "a sample is a float"),
    ([(ONE, 0, 1, 2)], "a tuple of 4"),
    ([ONE, (ONE, 0)], "mixes forms: sample 0 is an array of 'values' and sample 1 is a tuple of 'values', 'label'"),
    ([{"values": ONE}, {"values": ONE, "label": 0}], "mixes forms"),
    ([(ONE, 0), (ONE, None)], "label is None"),
    ([ONE, ONE[:1]], "values has 1 channels in sample 1 of the batch and 2 in sample 0"),
    ([ONE, ONE[:1, :3]], "1 channels in sample 1"),
    ([ONE, ONE[0]], "mixes forms: values is an array of shape"),
    ([ONE, torch.ones(2, 5)], "mixes forms: .* a tensor of shape"),
    ([ONE, ONE.astype(np.float32)], "mixes forms: .* dtype float32"),
    ([np.ones((1, 2, 5))], r"has shape \(1, 2, 5\); it must be \(channels, time\)"),
    ([(ONE, 0.5)], "one integer class"),
    ([(ONE, "cat")], "one integer class"),
    ([(ONE, 0), (ONE, np.array([0.5, 0.5]))], "mixes forms: label"),
    ([(ONE, np.zeros(5, int))], "'points': y"),
    ([(ONE, 0, 0.5)], "id 0.5"),
    ([(ONE, 0, np.arange(2))], "has the id array"),
    ([(ONE, 0, 1), (ONE, 0, "a")], "id 'a'"),
    ([{"x": ONE}], "under 'values'"),
    ([{"values": ONE, "ids": 3}], "'id'"),
    ([{"values": ONE, "horizon": 3}], "horizon=..."),
    ([{"values": ONE, "other": object()}], "'other' of the samples cannot be collated"),
    ([{"values": ONE, "points": np.zeros(4)}], "points has shape"),
]


@pytest.mark.parametrize(("batch", "sentence"), REFUSED)
def test_what_is_refused(batch, sentence):
    with pytest.raises(PanelError, match=sentence):
        Collate(variate.Jitter())(batch)


def test_an_aug_must_be_a_transform():
    for aug, sentence in ((variate.Jitter, r"make one: Jitter\(\)"), ([variate.Jitter()], "Compose"), (abs, "transform")):
        with pytest.raises(PanelError, match=sentence):
            Collate(aug)
