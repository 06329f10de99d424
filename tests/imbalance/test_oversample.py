"""oversample: the originals, the copies of expand, and what is said of series without a partner."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch

import variate
from transforms.helpers import same_bits, series
from variate import Panel
from variate.core.errors import ContractError, DrawError, PanelError, ParameterError
from variate.core.spec import state, with_state
from variate.families.label import LabelTransform
from variate.families.value import ValueTransform
from variate.imbalance.oversample import oversample
from variate.imbalance.plan import plan

X = series(n=11, channels=2, length=30)
LABEL = np.array([0, 1, 0, 0, 2, 1, 0, 0, 2, 0, 1])  # 6, 3, 2
PANEL = Panel(
    X,
    label=LABEL,
    points=X[:, 0] > 1,
    mask=X[:, 0] < 4,
    covariates=X[:, :1] ** 2,
    weight=np.arange(11.0),
    ids=np.arange(11) * 7 + 5,
    extra={"subject": np.arange(11) // 2},
)
PLAIN = variate.Compose(variate.Jitter(sigma=0.2), variate.TimeWarp())
MIXING = variate.Compose(variate.Jitter(), variate.FrequencyMix(ratio=0.5))
TARGETS = ["equal", "double", 0.75, {1: 9, 2: 4}]


@dataclass(frozen=True, kw_only=True)
class Soften(LabelTransform):
    """Classes to as many class weights as it is given classes."""

    softens = True

    def relabel(self, panel, rng):
        return panel.with_class_weights()


@dataclass(frozen=True, kw_only=True)
class Learned(ValueTransform):
    """Remember how often it was fitted and to what, and set all values to the number of series."""

    seen: Any = state()

    @property
    def fitted(self):
        return self.seen is not None

    def fit(self, panel, seed=0):
        return with_state(self, {"seen": np.array([panel.n, seed])})

    def change(self, x, rng):
        return np.full_like(x, self.seen[0])


def field(panel, name):
    array = getattr(panel, name)
    return array.numpy() if isinstance(array, torch.Tensor) else array


@pytest.mark.parametrize("target", TARGETS, ids=repr)
@pytest.mark.parametrize("aug", [PLAIN, MIXING], ids=["plain", "mixing"])
def test_rows_are_those_of_expand(aug, target):
    """Another epoch for a copy, or partners out of the rows that are copied, would break it."""
    out = oversample(PANEL, aug, target, seed=4)
    copies = plan(LABEL, target)
    big = variate.expand(PANEL, aug.fit(PANEL, 4), int(copies.max()), seed=4)
    place = out.extra["copy"] * PANEL.n + out.extra["source"]
    for name in ("values", "label", "points", "mask", "covariates", "weight"):
        assert same_bits(getattr(out, name), getattr(big, name)[place]), name
    assert np.array_equal(out.extra["subject"], PANEL.extra["subject"][out.extra["source"]])
    assert out.ids.tolist() == list(range(11 + copies.sum()))
    assert out.extra["source"].tolist() == [*range(11), *(i for k in range(1, 99) for i in np.flatnonzero(copies >= k))]
    assert np.bincount(out.extra["source"]).tolist() == (1 + copies).tolist()
    for row in range(11):
        assert out.extra["copy"][out.extra["source"] == row].tolist() == list(range(copies[row] + 1))


@pytest.mark.parametrize("target", TARGETS, ids=repr)
def test_counts_reach_the_plan_and_originals_come_first(target):
    before = X.copy()
    out = oversample(PANEL, variate.Jitter(), target)
    assert np.array_equal(np.bincount(out.label), np.bincount(LABEL, 1 + plan(LABEL, target)))
    assert same_bits(out.values[:11], X)
    assert not np.shares_memory(out.values, X)
    assert np.array_equal(before, X)


@pytest.mark.parametrize("aug", [PLAIN, MIXING.fit(PANEL)], ids=["plain", "mixing"])
def test_a_copy_does_not_feel_what_else_is_copied(aug):
    """One class alone, and rows in another order, give the same copies by id."""
    both = oversample(PANEL, aug, "equal")
    order = np.flatnonzero(LABEL == 2)[::-1]
    alone = oversample(PANEL.rows(order), aug, {2: 6})
    for k in (1, 2):
        for i, row in enumerate(order):
            first = both.values[(both.extra["source"] == row) & (both.extra["copy"] == k)]
            second = alone.values[(alone.extra["source"] == i) & (alone.extra["copy"] == k)]
            assert len(first) == 1
            assert same_bits(first, second)


def test_the_seed_matters():
    a, b, c, d = (oversample(PANEL, PLAIN, seed=seed).values for seed in (1, 1, 2, None))
    assert same_bits(a, b)
    assert not np.array_equal(a, c)
    assert not np.array_equal(a, d)
    with pytest.raises(DrawError):
        oversample(PANEL, PLAIN, seed=0.5)


def test_what_learns_is_fitted_to_the_panel_once():
    bare = Panel(X, label=LABEL)
    assert np.all(oversample(bare, Learned()).values[11:] == 11)
    assert np.all(oversample(bare, Learned().fit(PANEL.rows(slice(3)))).values[11:] == 3)


def test_ragged_panels_stay_ragged():
    lengths = [20, 24, 20, 20, 24, 24, 20, 20, 24, 20, 24]
    ragged = Panel(
        [x[:, :t] for x, t in zip(X, lengths, strict=True)],
        label=LABEL,
        points=[x[0, :t] > 1 for x, t in zip(X, lengths, strict=True)],
    )
    for aug in (PLAIN, MIXING):
        out = oversample(ragged, aug, "equal", seed=3)
        big = variate.expand(ragged, aug.fit(ragged, 3), 4, seed=3)
        assert out.ragged
        assert np.bincount(out.label).tolist() == [6, 6, 6]
        for row, (k, source) in enumerate(zip(out.extra["copy"], out.extra["source"], strict=True)):
            assert same_bits(out.values[row], big.values[k * 11 + source])
            assert same_bits(out.points[row], big.points[k * 11 + source])


def test_another_length_makes_a_ragged_panel():
    out = oversample(PANEL, variate.Crop(size=0.5, resize=False))
    assert [v.shape[1] for v in out.values] == [30] * 11 + [15] * 7


def test_tensors_stay_tensors():
    panel = Panel(torch.from_numpy(X), label=torch.from_numpy(LABEL))
    for aug in (PLAIN, MIXING):
        out = oversample(panel, aug)
        assert isinstance(out.values, torch.Tensor)
        assert isinstance(out.label, torch.Tensor)
        assert np.allclose(out.values.numpy(), oversample(Panel(X, label=LABEL), aug).values)


def test_class_weights_are_made_of_all_labels():
    """The rows that are copied are of fewer classes; a mixture across classes has weights of them all."""
    across = variate.FrequencyMix(across=True, ratio=0.5)
    out = oversample(PANEL, across, {0: 8})
    assert out.label.shape == (13, 3)
    assert np.array_equal(out.label[:11], np.eye(3)[LABEL])
    assert np.allclose(out.label.sum(axis=1), 1)
    assert 0 < out.label[11, 0] < 1
    soft = oversample(PANEL, Soften(), {0: 8})
    assert np.array_equal(soft.label[11:], [[1, 0, 0]] * 2)


def test_the_whole_batch_is_there_for_what_mixes_with_it():
    """Partners out of the rows that are copied would be others than those of expand."""
    aug = variate.FrequencyMix(pool="batch", ratio=0.5)
    out = oversample(PANEL, aug, {1: 4, 2: 5})
    big = variate.expand(PANEL, aug, 2)
    assert same_bits(out.values, big.values[out.extra["copy"] * 11 + out.extra["source"]])


def test_the_origin_of_slices_stays_what_it_was():
    cut = variate.slices(PANEL, 15, stride=15)
    out = oversample(cut, variate.Jitter(), "double")
    assert np.array_equal(out.extra["source"][: cut.n], np.repeat(np.arange(11), 2))
    assert np.array_equal(out.label, LABEL[out.extra["source"]])


def test_nothing_to_copy_is_the_originals():
    for panel in (PANEL, Panel([x[:, : 20 + i] for i, x in enumerate(X)], label=LABEL)):
        out = oversample(panel, MIXING, {})
        assert out.n == 11
        assert out.extra["copy"].tolist() == [0] * 11
    assert oversample(PANEL.rows(slice(0)), variate.Jitter()).n == 0
    assert oversample(PANEL, variate.FrequencyMix(), {}).n == 11


LONE = PANEL.replace(label=np.where(np.arange(11) == 4, 3, np.minimum(LABEL, 1)))  # row 4 is alone in class 3


@pytest.mark.parametrize(
    "aug",
    [variate.FrequencyMix(), MIXING, variate.OneOf(variate.Jitter(), MIXING), variate.FrequencyMix(pool="batch")],
    ids=repr,
)
@pytest.mark.parametrize("dtype", [np.float64, np.float16])
def test_a_class_of_one_has_no_partner(aug, dtype):
    lone = LONE.replace(values=X.astype(dtype), ids=np.arange(11))
    sentence = (
        r"oversample: FrequencyMix\(.*\) mixes a series with others .* row 4 \(class 3\) has none; use lonely='duplicate'"
    )
    with pytest.raises(ContractError, match=sentence):
        oversample(lone, aug)
    assert oversample(lone, aug, {0: 9}).n == 11 + 9 - 6  # nobody asks for copies of it
    out = oversample(lone, aug, lonely="duplicate")
    assert np.bincount(out.label).tolist() == [6, 6, 0, 6]


def test_duplicates_are_the_series_itself():
    out = oversample(LONE, variate.FrequencyMix(ratio=0.5), lonely="duplicate")
    assert same_bits(out.values[(out.label == 3)], np.repeat(X[4:5], 6, axis=0))
    assert not np.array_equal(out.values[out.extra["source"] == 1][1], X[1])


def test_a_partner_is_looked_for_where_the_transform_knows_it():
    """In the pool that it was fitted to, of the series' own length, not of its own values; across classes anyone will do."""
    other = LONE.replace(values=X + 1)
    assert oversample(LONE, variate.FrequencyMix().fit(other)).n == 18
    assert oversample(LONE, variate.FrequencyMix(across=True)).n == 18
    assert oversample(LONE, variate.Jitter()).n == 18
    twins = LONE.replace(label=np.where(np.isin(np.arange(11), [4, 5]), 3, 0), values=X[[0, 1, 2, 3, 4, 4, 6, 7, 8, 9, 10]])
    with pytest.raises(ContractError, match=r"row 4 \(class 3\) has none, nor have 1 more"):
        oversample(twins, variate.FrequencyMix())
    lengths = Panel([x[:, : 20 + 10 * (i == 10)] for i, x in enumerate(X)], label=LABEL)
    with pytest.raises(ContractError, match=r"row 10 \(class 1\) has none;"):
        oversample(lengths, variate.FrequencyMix())


def test_a_transform_fitted_to_what_comes_before_it_is_left_to_find_out():
    """Behind a change of the length no partner can be looked for; the run finds those of the new length."""
    cut = Panel(X[:, :, :15], label=LABEL)
    aug = variate.Compose(variate.Crop(size=15, resize=False), variate.FrequencyMix().fit(cut))
    assert oversample(Panel(X, label=LABEL), aug).n == 18


def test_a_pool_that_does_not_fit_is_refused():
    with pytest.raises(ContractError, match="FrequencyMix was fitted on series without class labels"):
        oversample(Panel(X, label=LABEL), variate.FrequencyMix().fit(X))
    with pytest.raises(PanelError, match="FrequencyMix was fitted on series with 1 channels"):
        oversample(Panel(X, label=LABEL), variate.FrequencyMix().fit(Panel(X[:, :1], label=LABEL)))


@pytest.mark.parametrize(
    ("panel", "aug", "asked", "error", "sentence"),
    [
        (
            X,
            PLAIN,
            {},
            PanelError,
            r"the panel is a ndarray, and oversample evens out classes; pass variate\.Panel\(x, label=y\)",
        ),
        (Panel(X), PLAIN, {}, PanelError, "the panel has no class labels"),
        (Panel(X, label=np.eye(3)[LABEL]), PLAIN, {}, PanelError, "which are class weights"),
        (PANEL, variate.Jitter, {}, ParameterError, "oversample: part 0 is the class Jitter"),
        (PANEL, None, {}, ParameterError, "oversample: part 0 is None"),
        (PANEL, PLAIN, {"target": {9: 1}}, ParameterError, "target has the class 9"),
        (PANEL, PLAIN, {"lonely": "skip"}, ParameterError, r"oversample\(lonely='skip'\): lonely must be one of"),
    ],
)
def test_what_is_refused(panel, aug, asked, error, sentence):
    with pytest.raises(error, match=sentence):
        oversample(panel, aug, **asked)


def test_fields_are_those_of_the_panel():
    out = oversample(PANEL, PLAIN)
    given = {f.name for f in dataclasses.fields(Panel) if getattr(PANEL, f.name, None) is not None}
    assert {f.name for f in dataclasses.fields(Panel) if getattr(out, f.name, None) is not None} == given
