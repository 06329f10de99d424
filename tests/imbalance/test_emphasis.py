"""Which samples deserve copies, against imbalanced-learn's own judgement and by what the words say."""

from __future__ import annotations

import numpy as np
import pytest
from imblearn.over_sampling import BorderlineSMOTE
from sklearn.neighbors import NearestNeighbors
from sklearn.svm import SVC

import variate
from variate.core.errors import PanelError, ParameterError
from variate.imbalance import emphasis, oversample, plan


def overlapping(n=120, channels=1, seed=0):
    rng = np.random.default_rng(seed)
    label = (np.arange(n) % 4 == 0).astype(int)
    x = rng.normal(size=(n, channels, 6)) + 0.9 * label[:, None, None]
    return variate.Panel(x, label=label)


def test_borderline_samples_are_those_of_imbalanced_learn():
    """Breaks where the series is its own neighbour, or the half and the whole are counted otherwise."""
    panel = overlapping()
    flat = panel.values.reshape(panel.n, -1)
    weights = emphasis(panel, "borderline")
    theirs = BorderlineSMOTE(m_neighbors=10)
    theirs.nn_m_ = NearestNeighbors(n_neighbors=11).fit(flat)
    rare = flat[panel.label == 1]
    danger = theirs._in_danger_noise(theirs.nn_m_, rare, 1, panel.label, kind="danger")
    assert 3 < danger.sum() < len(rare)
    np.testing.assert_array_equal(weights[panel.label == 1] == 1, danger)


def test_adasyn_is_the_share_of_other_classes():
    panel = overlapping(channels=2)
    flat = panel.values.reshape(panel.n, -1)
    near = NearestNeighbors(n_neighbors=6).fit(flat).kneighbors(flat, return_distance=False)[:, 1:]
    expected = (panel.label[near] != panel.label[:, None]).mean(axis=1)
    np.testing.assert_allclose(emphasis(panel, "adasyn"), expected)
    assert 0 < expected.mean() < 1


def test_copies_of_a_series_are_neighbours_and_the_series_is_not():
    """Breaks where equal series push the series itself out of its place, or are left out with it."""
    x = np.zeros((6, 1, 3))
    x[5] = 1
    panel = variate.Panel(x, label=[0, 0, 1, 0, 0, 1])
    weights = emphasis(panel, "adasyn", neighbours=4)
    np.testing.assert_allclose(weights[:5], [0.25, 0.25, 1.0, 0.25, 0.25])


def test_support_vectors_weigh_one():
    panel = overlapping()
    flat = panel.values.reshape(panel.n, -1)
    support = SVC(gamma="scale").fit(flat, panel.label == 1).support_
    weights = emphasis(panel, "svm")
    assert set(np.flatnonzero(weights)) == set(support)
    assert 0 < len(support) < panel.n


def test_sparse_clusters_of_the_class_weigh_more():
    """Breaks where density is turned round, or a cluster of another class counts."""
    rng = np.random.default_rng(1)
    dense = rng.normal(0, 0.05, (20, 1, 4))
    sparse = rng.normal(8, 1.0, (20, 1, 4))
    foreign = rng.normal(-8, 0.5, (40, 1, 4))
    among = foreign[:2] + 0.01
    panel = variate.Panel(np.concatenate([dense, sparse, among, foreign]), label=[1] * 42 + [0] * 40)
    weights = emphasis(panel, "kmeans")
    assert weights[20:40].mean() > 3 * weights[:20].mean() > 0
    assert not weights[40:42].any()


@pytest.mark.parametrize("kind", ["borderline", "adasyn", "svm", "kmeans"])
def test_oversampling_with_an_emphasis_reaches_the_plan(kind):
    panel = overlapping()
    weights = emphasis(panel, kind)
    big = oversample(panel, variate.Smote(), emphasis=kind)
    assert np.bincount(big.label).tolist() == [90, 90]
    made = big.extra["copy"] > 0
    np.testing.assert_array_equal(np.bincount(big.extra["source"][made], minlength=120), plan(panel.label, "equal", weights))
    if weights[panel.label == 1].any():
        assert (weights[big.extra["source"][made]] > 0).all()


def test_copies_go_in_proportion():
    """Breaks where rounding loses a copy, or a class without weight gets none."""
    copies = plan([0] * 10 + [1, 1, 1] + [2, 2], emphasis=[1.0] * 10 + [1, 2, 4] + [0, 0])
    assert copies.tolist() == [0] * 10 + [1, 2, 4] + [4, 4]


def test_gaps_are_bridged():
    panel = overlapping()
    holes = panel.values.copy()
    holes[::5, :, 2] = np.nan
    bridged = holes.copy()
    bridged[::5, :, 2] = (bridged[::5, :, 1] + bridged[::5, :, 3]) / 2
    expected = emphasis(panel.replace(values=bridged), "adasyn")
    np.testing.assert_array_equal(emphasis(panel.replace(values=holes), "adasyn"), expected)


def test_what_is_refused():
    panel = overlapping()
    with pytest.raises(ParameterError, match="kind must be one of"):
        emphasis(panel, "edge")
    with pytest.raises(PanelError, match="class labels"):
        emphasis(variate.Panel(panel.values), "svm")
    with pytest.raises(PanelError, match="one length"):
        emphasis(variate.Panel([np.ones((1, 3)), np.ones((1, 4))], label=[0, 1]), "svm")
    with pytest.raises(PanelError, match="a weight of at least 0 for each of 120 samples"):
        oversample(panel, variate.Jitter(), emphasis=[-1.0] * 120)
