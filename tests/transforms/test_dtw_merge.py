"""DtwMerge: the beginning of one series and the end of another, put together at a step that is the same in both."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, read_at, strongest_at
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import DtwMerge, Panel
from variate.kernels.dtw import dtw_path


def alike(**shape):
    """Return series of one level and spread, so that it is their shapes that are aligned."""
    x = series(**shape)
    return ((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)).astype(x.dtype)


def cut_of(x, z, place, band):
    """Return the last step of x and the first of z: the pair at a place of their path."""
    path = dtw_path(x[None], z[None], band)[1]
    assert place < path.length[0]
    return int(path.first[0, place]), int(path.second[0, place])


def places(last, first, length):
    """Return where each new step is in what is put together: 0 … last of the one, then first + 1 … of the other."""
    return np.linspace(0, last + length - 1 - first, length)


def joined(x, z, last, first):
    return np.concatenate([x[..., : last + 1], z[..., first + 1 :]], axis=-1)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", [4, 5, 61])
@pytest.mark.parametrize("band", [0.1, 1.0])
def test_the_beginning_is_the_series_and_the_end_its_partner(body, dtype, close, length, band):
    """Breaks where the parts change places, a cut is another than was drawn, or time is not stretched to the old length."""
    x = alike(n=40, channels=2, length=length, dtype=dtype)
    panel = Panel(x, label=np.arange(40) % 3)
    op = DtwMerge(band=band, across=True).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner", "cut"}
    assert y.values.dtype == dtype
    partner, seams = op.mixed_with(panel, 0)[:, 0], 0
    for i in range(40):
        z = x[partner[i]]
        last, first = cut_of(x[i], z, drawn["cut"][i], band)
        both, place = joined(x[i], z, last, first).astype(np.float64), places(last, first, length)
        expected = read_at(both[None], place[None])[0]
        away = (place <= last + 1e-9) | (place >= last + 1 - 1e-9)
        np.testing.assert_allclose(y.values[i][:, away], expected[:, away], rtol=0, atol=close * 10)
        for step in np.flatnonzero(~away):  # between the two, a reading is between theirs
            around = np.stack([x[i][:, last], z[:, first], z[:, first + 1]])
            assert (y.values[i][:, step] >= around.min(axis=0) - close).all()
            assert (y.values[i][:, step] <= around.max(axis=0) + close).all()
            seams += 1
        np.testing.assert_allclose(y.values[i][:, 0], x[i][:, 0], rtol=0, atol=close)
        if first < length - 1:
            np.testing.assert_allclose(y.values[i][:, -1], z[:, -1], rtol=0, atol=close)
        theirs = np.clip(place - last, 0, 1).mean()
        expected = (1 - theirs) * np.eye(3)[panel.label[i]] + theirs * np.eye(3)[panel.label[partner[i]]]
        np.testing.assert_allclose(y.label[i], expected, rtol=0, atol=1e-6)
    assert seams > 3


@pytest.mark.parametrize("body", BODIES)
def test_within_a_class_labels_stay(body):
    panel = Panel(alike(n=12), label=np.arange(12) // 3)
    op = DtwMerge().fit(panel)
    y = run(body, op, panel)[0]
    assert same_bits(y.label, panel.label)
    assert (panel.label[op.mixed_with(panel, 0)[:, 0]] == panel.label).all()
    assert (y.values != panel.values).any(axis=(1, 2)).all()


def test_every_pair_of_the_path_is_as_likely_a_cut():
    """Breaks where the ends are out of reach, or a row has another's path; false-alarm rate as stated."""
    x, z = (np.sin((np.arange(15) - late) / 3)[None, None] for late in (0, 3))
    _, drawn = draw("numba", DtwMerge(band=0.5).fit(z), np.repeat(x, 6000, axis=0))
    size = int(dtw_path(x, z, 0.5)[1].length[0])
    assert size > 15
    assert stats.chisquare(np.bincount(drawn["cut"], minlength=size)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_a_series_and_one_that_is_late_meet_at_the_same_point_of_both(body):
    """Breaks where the cut is at one step of both, whatever the alignment says: two bumps would come of it, or none."""
    t = np.arange(80)
    x, late = (np.exp(-(((t - at) / 4.0) ** 2))[None, None] for at in (30, 44))
    y = run(body, DtwMerge(band=1.0).fit(late), np.repeat(x, 200, axis=0))[0][:, 0]
    top = y.max(axis=1)
    assert (top > 0.85).all()
    high = y > 0.6
    assert (np.diff(high.astype(int), axis=1) == 1).sum(axis=1).max() == 1  # one bump in each


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["points", "gaps", "mask"])
def test_what_belongs_to_a_step_of_the_partner_comes_with_its_part_alone(body, kind):
    """Breaks where events, gaps or unobserved steps of the partner's beginning come over, or those of its end are lost."""
    rng = np.random.default_rng(0)
    x, other = alike(n=20), alike(n=1, seed=1)
    points, seen = rng.random((1, 60)) < 0.2, rng.random((1, 60)) < 0.8
    known = {
        "points": Panel(other, points=points),
        "gaps": Panel(np.where(seen[:, None], other, np.nan)),
        "mask": Panel(other, mask=seen),
    }[kind]
    fields = {"points": np.zeros((20, 60), bool), "mask": np.ones((20, 60), bool)}
    panel = Panel(x, **({kind: fields[kind]} if kind in fields else {}))
    y, drawn = draw(body, DtwMerge(band=0.3).fit(known), panel)
    whole = other if kind == "points" else np.interp(np.arange(60), np.flatnonzero(seen), other[0, 0, seen[0]])
    if kind != "points":
        whole = np.stack([[np.interp(np.arange(60), np.flatnonzero(seen), c[seen[0]]) for c in other[0]]])
    for i in range(20):
        last, first = cut_of(x[i], whole[0], drawn["cut"][i], 0.3)
        place = places(last, first, 60)
        clock = np.clip(first + place - last, min(first + 1, 59), 59)
        theirs = place > last + 1e-9
        if kind == "points":
            np.testing.assert_array_equal(y.points[i], strongest_at(points, clock[None])[0] & theirs)
        else:
            lost = ~seen[0, np.floor(clock + 0.5).astype(int)] & theirs
            found = np.isnan(y.values[i]).all(axis=0) if kind == "gaps" else ~y.mask[i]
            np.testing.assert_array_equal(found, lost)


@pytest.mark.parametrize("body", BODIES)
def test_before_the_cut_all_that_is_the_series_own_goes_with_it(body):
    """Breaks where events, gaps or covariates of the beginning stay at their old steps."""
    rng = np.random.default_rng(0)
    x, other = alike(n=20), alike(n=1, seed=1)
    points, covariates = rng.random((20, 60)) < 0.2, rng.normal(size=(20, 1, 60))
    known = Panel(other, points=np.zeros((1, 60), bool))
    y, drawn = draw(body, DtwMerge(band=0.3).fit(known), Panel(x, points=points, covariates=covariates))
    for i in range(20):
        last, first = cut_of(x[i], other[0], drawn["cut"][i], 0.3)
        place = places(last, first, 60)
        sure = place <= last - 1
        expected = strongest_at(points[i : i + 1], np.minimum(place, last)[None])[0]
        np.testing.assert_array_equal(y.points[i][sure], expected[sure])
        moved = read_at(covariates[i : i + 1], np.minimum(place, last)[None])[0]
        np.testing.assert_allclose(y.covariates[i][:, sure], moved[:, sure], rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_are_cut_each_on_its_own(body):
    """Breaks where one cut runs over the border, or both parts draw the same one."""
    x = alike(n=2)
    panel = Panel(x, label=[0, 1], horizon=20)
    y, drawn = run(body, DtwMerge(band=0.3, across=True).fit(panel), panel)
    for i in (0, 1):
        share = 0.0
        for part, here in (("past", slice(0, 40)), ("target", slice(40, 60))):
            own, other, length = x[i, :, here], x[1 - i, :, here], here.stop - here.start
            last, first = cut_of(own, other, drawn[f"/dtw_merge/{part}"]["cut"][i], 0.3)
            place = places(last, first, length)
            expected = read_at(joined(own, other, last, first)[None], place[None])[0]
            away = (place <= last + 1e-9) | (place >= last + 1 - 1e-9)
            np.testing.assert_allclose(y.values[i][:, here][:, away], expected[:, away], rtol=0, atol=1e-11)
            share += np.clip(place - last, 0, 1).sum() / 60
        np.testing.assert_allclose(y.label[i, 1 - i], share, rtol=0, atol=1e-6)
