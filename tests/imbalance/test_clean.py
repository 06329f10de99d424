"""What goes where classes overlap, against imbalanced-learn's own cleaning and by what the words say."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from imblearn.under_sampling import EditedNearestNeighbours, TomekLinks

import variate
from variate import Panel
from variate.core.errors import PanelError, ParameterError
from variate.imbalance import clean, oversample


def overlapping(n=150, classes=3, seed=0):
    rng = np.random.default_rng(seed)
    label = rng.choice(classes, n, p=[0.6, *[0.4 / (classes - 1)] * (classes - 1)])
    return Panel(rng.normal(size=(n, 2, 6)) + 0.6 * label[:, None, None], label=label, ids=np.arange(n))


def left(panel, theirs):
    """Return which rows imbalanced-learn keeps, in their order."""
    theirs.fit_resample(np.asarray(panel.values, np.float64).reshape(panel.n, -1), panel.label)
    return np.sort(theirs.sample_indices_)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_tomek_links_are_those_of_imbalanced_learn(classes, seed):
    """Breaks where a series is its own neighbour, one that is not mutual is a link, or only the larger class goes."""
    panel = overlapping(classes=classes, seed=seed)
    expected = left(panel, TomekLinks(sampling_strategy="all"))
    assert 0 < panel.n - len(expected) < 40
    np.testing.assert_array_equal(clean(panel).ids, expected)


@pytest.mark.parametrize("k", [1, 3, 7])
@pytest.mark.parametrize("seed", range(3))
def test_edited_neighbours_are_those_of_imbalanced_learn(k, seed):
    """Breaks where a majority is asked in place of all, one neighbour too many or few is, or the larger class alone."""
    panel = overlapping(seed=seed)
    expected = left(panel, EditedNearestNeighbours(sampling_strategy="all", n_neighbors=k, kind_sel="all"))
    assert 10 < len(expected) < 130
    np.testing.assert_array_equal(clean(panel, "enn", k=k).ids, expected)
    if k == 3:
        np.testing.assert_array_equal(clean(panel, "enn").ids, expected)


@pytest.mark.parametrize(("how", "theirs"), [
    ("tomek", TomekLinks(sampling_strategy="all")), ("enn", EditedNearestNeighbours(sampling_strategy="all")),
])  # fmt: skip
def test_after_smote_it_is_the_second_half_of_smote_tomek_and_smote_enn(how, theirs):
    """Breaks where copies are spared, or originals: imbalanced-learn's pipelines judge all alike."""
    big = oversample(overlapping(), variate.Smote(), target=0.5)
    out = clean(big, how)
    expected = left(big, theirs)
    assert len(expected) < big.n
    np.testing.assert_array_equal(out.ids, expected)
    for name in ("source", "copy"):
        np.testing.assert_array_equal(out.extra[name], big.extra[name][expected])
    assert {0} < set(out.extra["copy"].tolist())


@pytest.mark.parametrize("how", ["tomek", "enn"])
def test_what_stays_is_untouched(how):
    """Breaks where another field is left behind, or a float32 or soft label is judged otherwise."""
    panel, rng = overlapping(), np.random.default_rng(1)
    panel = panel.replace(values=panel.values.astype(np.float32))
    kept = clean(panel, how).ids
    fields = {"points": rng.random((150, 6)) < 0.1, "weight": rng.random(150), "extra": {"name": np.arange(150) % 7}}
    out = clean(panel.replace(**fields), how)
    assert out.values.tobytes() == panel.values[kept].tobytes()
    np.testing.assert_array_equal(out.label, panel.label[kept])
    for name in ("points", "weight"):
        np.testing.assert_array_equal(getattr(out, name), fields[name][kept])
    np.testing.assert_array_equal(out.extra["name"], fields["extra"]["name"][kept])
    soft = 0.5 * np.eye(3)[panel.label] + 0.5 / 3
    np.testing.assert_array_equal(clean(panel.replace(label=soft), how).ids, kept)
    tensors = clean(Panel(torch.from_numpy(panel.values), label=torch.from_numpy(panel.label)), how)
    assert isinstance(tensors.values, torch.Tensor)
    np.testing.assert_array_equal(tensors.values.numpy(), panel.values[kept])


@pytest.mark.parametrize("how", ["tomek", "enn"])
def test_gaps_and_unobserved_steps_are_bridged(how):
    panel = overlapping()
    holes, mask = panel.values.copy(), np.ones((150, 6), bool)
    holes[::5, :, 2] = np.nan
    mask[1::5, 3] = False
    bridged = holes.copy()
    bridged[::5, :, 2] = (bridged[::5, :, 1] + bridged[::5, :, 3]) / 2
    bridged[1::5, :, 3] = (bridged[1::5, :, 2] + bridged[1::5, :, 4]) / 2
    holes[1::5, :, 3] = 1e6
    expected = clean(panel.replace(values=bridged), how).ids
    assert len(expected) < 150
    np.testing.assert_array_equal(clean(panel.replace(values=holes, mask=mask), how).ids, expected)


def test_copies_of_a_series_in_two_classes_are_a_link():
    """Breaks where equal series are left out of the search, or a series is found in place of its copy."""
    panel = Panel([[1.0], [1.0], [5.0], [6.0]], label=[0, 1, 1, 1])
    assert clean(panel).values[:, 0, 0].tolist() == [5.0, 6.0]
    assert clean(panel, "enn", k=1).values[:, 0, 0].tolist() == [5.0, 6.0]
    same = Panel(np.ones((9, 1, 3)), label=[0] * 8 + [1])
    assert clean(same, "enn").label.tolist() == [0] * 8


@pytest.mark.parametrize("how", ["tomek", "enn"])
def test_few_series(how):
    """Breaks where neighbours that are not there are asked, which are the last row by their number."""
    panel = Panel(np.arange(3.0).reshape(3, 1, 1), label=[0, 0, 1])
    assert clean(panel.rows([0]), how).n == 1
    assert clean(panel.rows([0, 1]), how).n == 2
    assert clean(panel.rows([1, 2]), how).n == 0
    assert clean(panel.rows(slice(0)), how).n == 0


def test_what_is_refused():
    panel = overlapping()
    with pytest.raises(ParameterError, match=r"clean\(how='edit'\): how must be one of 'tomek', 'enn'"):
        clean(panel, "edit")
    with pytest.raises(ParameterError, match=r"clean\(k=0\): k must be at least 1"):
        clean(panel, "enn", k=0)
    with pytest.raises(PanelError, match="clean needs class labels"):
        clean(Panel(panel.values))
    with pytest.raises(PanelError, match="clean needs series of one length"):
        clean(Panel([np.ones((1, 3)), np.ones((1, 4))], label=[0, 1]))
