"""Smote's variants that go elsewhere: part of the way to a rival, and away from a neighbour where a series is safe."""

import numpy as np
import pytest
from imblearn.over_sampling import SVMSMOTE
from sklearn.neighbors import NearestNeighbors

import variate
from kernels.oracles import fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits
from transforms.test_smote import between, nearest, warped
from variate import Panel, Smote
from variate.core.errors import ParameterError

METRICS = ["euclidean", "dtw"]
VARIANTS = [{"rivals": True}, {"out_step": 0.5}, {"rivals": True, "out_step": 0.5}]


def overlapping(n=60, length=12, dtype=np.float64, seed=0):
    """Return a panel of three classes whose means lie close together: of each class some series are safe, and some not."""
    rng = np.random.default_rng(seed)
    label = np.arange(n) % 3
    x = rng.normal(size=(n, 2, length)) + 0.8 * label[:, None, None]
    return Panel(x.astype(dtype), label=label)


def partner(rows):
    """Return the one row of the pool that stands in one of three places (n,), and in which place it does."""
    assert ((rows >= 0).sum(axis=1) == 1).all()
    place = (rows >= 0).argmax(axis=1)
    return rows[np.arange(len(rows)), place], place


def safe_by_imbalanced_learn(panel):
    """Return which series are neither in danger nor noise nor half of both, by imbalanced-learn's own count of ten."""
    flat = panel.values.reshape(panel.n, -1)
    theirs, safe = SVMSMOTE(m_neighbors=10), np.zeros(panel.n, bool)
    theirs.nn_m_ = NearestNeighbors(n_neighbors=11).fit(flat)
    for kind in np.unique(panel.label):
        own = panel.label == kind
        unsafe = [theirs._in_danger_noise(theirs.nn_m_, flat[own], kind, panel.label, kind=k) for k in ("danger", "noise")]
        safe[own] = ~(unsafe[0] | unsafe[1])
    return safe


def gone(x, z, part, metric, band=0.1):
    """Return the point a part of the way from x to z, behind x where the part is below 0."""
    if metric == "euclidean":
        return x + part * (z - x)
    mean = between(x, z, abs(part), band)
    return mean if part > 0 else 2 * x - mean


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 4e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("metric", METRICS)
def test_to_a_rival_it_goes_half_as_far_and_keeps_its_label(body, dtype, close, metric):
    """Breaks where rivals are left out, gone to as far as to its own, or bring their label."""
    panel = overlapping(dtype=dtype, n=30)
    op = Smote(rivals=True, metric=metric, neighbours=4).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"neighbour", "share"}
    rows, place = partner(op.mixed_with(panel, 0))
    near = (nearest if metric == "euclidean" else warped)(panel.values, panel.values, 5, *([0.1] * (metric == "dtw")))
    assert all(j in [row for row in five if row != i][:4] for i, (j, five) in enumerate(zip(rows, near, strict=True)))
    rival = panel.label[rows] != panel.label
    assert 4 < rival.sum() < 26
    np.testing.assert_array_equal(place, rival)
    for i, x in enumerate(panel.values.astype(np.float64)):
        part = np.float64(drawn["share"][i]) / (2 if rival[i] else 1)
        expected = gone(x, panel.values[rows[i]].astype(np.float64), part, metric)
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=close)
    assert same_bits(y.label, panel.label)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 4e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("out_step", [0.5, 1.0])
def test_where_it_is_safe_it_goes_away_from_its_neighbour(body, dtype, close, out_step):
    """Breaks where what is safe is told otherwise than by imbalanced-learn, or the step out is another."""
    panel = overlapping(dtype=dtype)
    safe = safe_by_imbalanced_learn(panel)
    assert 10 < safe.sum() < 50
    op = Smote(out_step=out_step, neighbours=3).fit(panel)
    y, drawn = draw(body, op, panel)
    rows, place = partner(op.mixed_with(panel, 0))
    np.testing.assert_array_equal(rows, Smote(neighbours=3).fit(panel).mixed_with(panel, 0)[:, 0])
    np.testing.assert_array_equal(place, 2 * safe)
    part = drawn["share"][:, None, None] * np.where(safe, -out_step, 1)[:, None, None]
    np.testing.assert_allclose(y.values, gone(panel.values, panel.values[rows], part, "euclidean"), rtol=0, atol=close)
    assert same_bits(y.label, panel.label)


@pytest.mark.parametrize("body", BODIES)
def test_in_warped_time_it_goes_back_as_far_as_it_would_have_gone(body):
    """Breaks where the way back is not that of the alignment, or is gone as far as the way to a neighbour."""
    panel = overlapping(n=30)
    op = Smote(out_step=0.5, metric="dtw").fit(panel)
    y, drawn = draw(body, op, panel)
    rows, place = partner(op.mixed_with(panel, 0))
    around = [near[1:] for near in warped(panel.values, panel.values, 11, 0.1)]
    np.testing.assert_array_equal(
        place == 2, [(panel.label[near] != panel.label[i]).sum() < 5 for i, near in enumerate(around)]
    )
    assert 3 < (place != 2).sum() < 27
    for i in range(30):
        part = np.float64(drawn["share"][i]) * (-0.5 if place[i] == 2 else 1)
        expected = gone(panel.values[i], panel.values[rows[i]], part, "dtw")
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("across", [False, True])
def test_it_never_goes_away_from_a_rival(across):
    """Breaks where a safe series flees from another class: that way lies more of its own, but none of it is known there."""
    panel = overlapping(n=120)
    op = Smote(out_step=0.5, rivals=not across, across=across, neighbours=8).fit(panel)
    rows, place = partner(op.mixed_with(panel, 0))
    rival, safe = panel.label[rows] != panel.label, safe_by_imbalanced_learn(panel)
    assert (rival & safe).any()
    np.testing.assert_array_equal(place, np.where(rival, int(not across), 2 * safe))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("variant", VARIANTS, ids=repr)
def test_class_weights_sum_to_one_whichever_way_it_goes(body, metric, variant):
    """Breaks where a step out takes from a label more than there is of it, or an empty place has a share of it."""
    panel = overlapping(n=30)
    soft = 0.7 * np.eye(3)[panel.label] + 0.3 * np.random.default_rng(0).dirichlet(np.ones(3), 30)
    panel = panel.replace(label=soft)
    op = Smote(metric=metric, **variant).fit(panel)
    y, drawn = draw(body, op, panel)
    rows, place = partner(op.mixed_with(panel, 0))
    part = (drawn["share"] * np.array([1, 0.5, 0.5])[place])[:, None]
    np.testing.assert_allclose(y.label, (1 - part) * soft + part * soft[rows], rtol=0, atol=1e-6)
    assert (y.label >= 0).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("variant", VARIANTS, ids=repr)
def test_events_and_gaps_are_those_of_both(body, variant):
    """Breaks where what a series goes away from leaves no trace, or an empty place leaves one."""
    rng = np.random.default_rng(0)
    panel = overlapping(n=30, length=20)
    x = np.where(rng.random(panel.values.shape) < 0.1, np.nan, panel.values)
    points, mask = rng.random((30, 20)) < 0.1, rng.random((30, 20)) < 0.9
    panel = panel.replace(values=x, points=points, mask=mask)
    op = Smote(**variant).fit(panel)
    y, drawn = draw(body, op, panel)
    rows, place = partner(op.mixed_with(panel, 0))
    assert len(set(place.tolist())) > 1
    np.testing.assert_array_equal(y.points, points | points[rows])
    np.testing.assert_array_equal(y.mask, mask & mask[rows])
    part = (drawn["share"] * np.array([1, 0.5, -0.5])[place])[:, None, None]
    seen = np.repeat((mask & mask[rows])[:, None], 2, axis=1)
    filled = fill_gaps(np.where(mask[:, None], x, np.nan))
    expected = gone(filled, filled[rows], part, "euclidean")
    expected[np.isnan(x) | np.isnan(x[rows])] = np.nan
    np.testing.assert_allclose(y.values[seen], expected[seen], rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_in_warped_time_events_are_where_the_way_towards_has_them(body):
    """Breaks where a series gone back is aligned as if it were one, or a rival's events are read by a place that is empty."""
    panel = overlapping(n=30, length=20)
    panel = panel.replace(points=np.random.default_rng(0).random((30, 20)) < 0.2)
    plain = Smote(metric="dtw", across=True).fit(panel)
    op = Smote(metric="dtw", out_step=1.0).fit(panel)
    y, drawn = draw(body, op, panel)
    towards, same = draw(body, Smote(metric="dtw").fit(panel), panel)
    np.testing.assert_array_equal(drawn["share"], same["share"])
    np.testing.assert_array_equal(y.points, towards.points)  # a full step back is as long as one towards
    assert (y.values != towards.values).any()
    rivals = Smote(metric="dtw", rivals=True).fit(panel)
    rows, place = partner(rivals.mixed_with(panel, 0))
    np.testing.assert_array_equal(rows, plain.mixed_with(panel, 0)[:, 0])
    own = place == 0
    assert 0 < own.sum() < 30
    there = (draw(body, op, panel)[0].points for op in (rivals, plain))
    np.testing.assert_array_equal(*(points[own] for points in there))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", METRICS)
def test_who_has_no_neighbour_keeps_every_bit(body, metric):
    """Breaks where an empty place is mixed in, or a class of one has no rivals either."""
    panel = overlapping(n=9)
    lone = panel.replace(label=np.array([0, 0, 0, 0, 1, 1, 1, 1, 2]))
    y = run(body, Smote(out_step=0.5, metric=metric).fit(lone), lone)[0]
    assert same_bits(y.values[8], lone.values[8])
    assert (y.values[:8] != lone.values[:8]).any(axis=(1, 2)).all()
    y = run(body, Smote(rivals=True, metric=metric).fit(lone), lone)[0]
    assert (y.values != lone.values).any(axis=(1, 2)).all()
    assert same_bits(y.label, lone.label)
    copies = panel.rows(np.zeros(5, int))
    for variant in VARIANTS:
        assert same_bits(run(body, Smote(metric=metric, **variant).fit(copies), copies)[0].values, copies.values)
        gated = run(body, Smote(metric=metric, p=0.0, **variant).fit(panel), panel)[0]
        assert same_bits(gated.values, panel.values)


def test_without_labels_there_are_no_rivals_and_all_is_safe():
    x = overlapping(n=30).values
    plain = Smote().fit(x)(x, seed=0)
    assert same_bits(Smote(rivals=True).fit(x)(x, seed=0), plain)
    np.testing.assert_allclose(Smote(out_step=1.0).fit(x)(x, seed=0), 2 * x - plain, rtol=0, atol=1e-12)


@pytest.mark.parametrize("variant", VARIANTS, ids=repr)
def test_a_series_does_not_feel_its_batch(variant):
    """Breaks where what is safe, or a rival, depends on the rows beside it."""
    panel = overlapping()
    op = Smote(**variant).fit(panel)
    whole = op(panel, seed=3)
    for rows in ([5], [40, 2, 11], list(range(60))[::-1]):
        assert same_bits(op(panel.rows(np.array(rows)), seed=3).values, whole.values[rows])


def test_oversampled_a_class_of_one_has_rivals():
    """Breaks where it is refused for want of others of its class, which it is not mixed with alone."""
    panel = overlapping(n=30).replace(label=np.array([1] + [0] * 29))
    big = variate.oversample(panel, Smote(rivals=True), target=0.5)
    made = big.rows(big.extra["copy"] > 0)
    assert made.n == 14
    assert (made.label == 1).all()
    assert len(np.unique(made.values[:, 0, 0])) == 14
    assert 0 < np.abs(made.values - panel.values[0]).max() < np.abs(panel.values - panel.values[0]).max() / 2


def test_parameters_that_are_none():
    for value in (-0.1, 1.5, "far"):
        with pytest.raises(ParameterError, match=r"Smote\(out_step="):
            Smote(out_step=value)
    with pytest.raises(ParameterError, match=r"Smote\(rivals=1\): rivals must be True or False"):
        Smote(rivals=1)


def test_of_fewer_than_ten_it_asks_those_there_are():
    """Breaks where neighbours that are not there count as the last of the pool."""
    panel = Panel(np.arange(4.0).reshape(4, 1, 1), label=[0, 0, 0, 1])
    place = partner(Smote(out_step=0.5).fit(panel).mixed_with(panel, 0)[:3])[1]
    assert place.tolist() == [2, 2, 2]
    halves = Panel(np.arange(5.0).reshape(5, 1, 1), label=[0, 0, 0, 1, 1])
    place = partner(Smote(out_step=0.5).fit(halves).mixed_with(halves, 0))[1]
    assert place.tolist() == [0] * 5  # half is not fewer than half
