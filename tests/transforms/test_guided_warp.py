"""GuidedWarp: the series read along its alignment with a teacher, and the teacher that tells classes apart."""

import numpy as np
import pytest

import variate
from kernels.oracles import fill_gaps, read_at, strongest_at
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import GuidedWarp, Panel
from variate.core.errors import ContractError
from variate.kernels.dtw import dtw_path


def alike(**shape):
    """Return series of one level and spread, so that it is their shapes that are aligned."""
    x = series(**shape)
    return ((x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)).astype(x.dtype)


def windows(x, reach):
    """Return x (c, t) with the readings around each step as further channels, the ends held."""
    steps = np.clip(np.arange(x.shape[1]) + np.arange(-reach, reach + 1)[:, None], 0, x.shape[1] - 1)
    return np.concatenate(list(x[:, steps]), axis=0)


def clock_of(x, teacher, band, width=1):
    """Return where x (c, t) is read: its own steps along the path, at an even pace."""
    a, b = (windows(v.astype(np.float64), width // 2)[None] for v in (x, teacher))
    path = dtw_path(a, b, band)[1]
    index = path.first[0, : path.length[0]]
    return np.interp(np.linspace(0, len(index) - 1, x.shape[1]), np.arange(len(index)), index)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", [4, 5, 61])
@pytest.mark.parametrize(("width", "band"), [(1, 0.1), (1, 1.0), (2, 0.3), (5, 0.3), (15, 0.1)])
def test_the_series_is_read_along_the_path(body, dtype, close, length, width, band):
    """Breaks where values are the teacher's, the path goes unevenly, or a width compares single readings."""
    x, label = alike(n=9, channels=2, length=length, dtype=dtype), np.arange(9) % 3
    panel = Panel(x, label=label)
    op = GuidedWarp(width=width, band=band).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner"}
    assert y.values.dtype == dtype
    teacher = op.mixed_with(panel, 0)[:, 0]
    assert (label[teacher] == label).all()
    for i in range(9):
        clock = clock_of(x[i], x[teacher[i]], band, width)
        expected = read_at(x[i : i + 1].astype(np.float64), clock[None])[0]
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=close)
    assert same_bits(y.label, label)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [GuidedWarp(band=0.3), GuidedWarp(width=7), GuidedWarp(teacher="discriminative")], ids=repr)
def test_first_and_last_reading_stay_and_no_reading_is_outside_the_series_own(body, op):
    """Breaks where anything of the teacher comes into the values."""
    x = alike(n=20)
    panel = Panel(x, label=np.arange(20) % 2)
    y = run(body, op.fit(panel), panel)[0].values
    np.testing.assert_array_equal(y[..., 0], x[..., 0])
    np.testing.assert_allclose(y[..., -1], x[..., -1], rtol=0, atol=1e-12)
    assert (y >= x.min(axis=-1, keepdims=True)).all()
    assert (y <= x.max(axis=-1, keepdims=True)).all()
    assert (y != x).any(axis=(1, 2)).mean() > 0.8


@pytest.mark.parametrize("body", BODIES)
def test_a_warped_copy_of_the_series_teaches_its_own_pace(body):
    """Breaks where the path is gone along the wrong way round: the slow one is to be read as the fast one goes."""
    t = np.arange(80)
    bump = np.exp(-(((t - 30) / 5.0) ** 2))[None, None]
    late = np.exp(-(((t - 42) / 5.0) ** 2))[None, None]
    y = run(body, GuidedWarp(band=1.0).fit(late), bump)[0]
    assert 31 <= y[0, 0].argmax() <= 42
    assert y.max() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("body", BODIES)
def test_a_shape_is_not_a_reading(body):
    """Breaks where `width` is not handed on: up and down through one level are alike as readings, and not as shapes."""
    x, other = alike(n=30, channels=1), alike(n=1, channels=1, seed=1)
    single, shape = (run(body, GuidedWarp(width=w, band=0.3).fit(other), x)[0] for w in (1, 9))
    assert (single != shape).any(axis=(1, 2)).mean() > 0.9


def scores(x, candidates, rivals, band):
    """Return for each candidate the mean distance to the rivals less that to the other candidates, both (c, t_i)."""
    out = []
    for k, one in enumerate(candidates):
        away = [variate.dtw(one[None], r[None], band=band)[0] for r in rivals]
        near = [variate.dtw(one[None], o[None], band=band)[0] for j, o in enumerate(candidates) if j != k]
        out.append((np.mean(away) if away else 0) - (np.mean(near) if near else 0))
    return out


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("ragged", [False, True])
@pytest.mark.parametrize(("others", "rivals"), [(1, 0), (1, 3), (2, 1), (2, 3), (3, 0), (3, 1), (3, 3)])
def test_the_discriminative_teacher_is_far_from_rivals_and_near_its_own(body, ragged, others, rivals):
    """Breaks where a mean is a sum, a sign is turned, a series counts as far from itself, or zeros after an end count.

    There are as many others and rivals as are drawn at most, so all of them are known.
    """
    lengths, wins = [40, 25, 33, 40] if ragged else [40] * 4, set()
    for seed in range(8):
        x = alike(n=1, length=40, seed=seed)
        known = [alike(n=1, length=t, seed=20 + 10 * seed + i)[0] for i, t in enumerate((lengths * 2)[: others + rivals])]
        pool = Panel(known, label=[1] * others + [3] * rivals)
        op = GuidedWarp(teacher="discriminative", band=0.2).fit(pool)
        panel = Panel(x, label=[1])
        teacher = op.mixed_with(panel, seed)[0, 0]
        assert teacher == np.argmax(scores(x[0], known[:others], known[others:], 0.2))
        wins.add(int(teacher))
        y = run(body, op, panel, seed)[0].values[0]
        stretched = read_at(known[teacher][None], np.linspace(0, known[teacher].shape[1] - 1, 40)[None])[0]
        np.testing.assert_allclose(y, read_at(x, clock_of(x[0], stretched, 0.2)[None])[0], rtol=0, atol=1e-12)
    assert len(wins) == 1 if others == 1 else len(wins) > 1


def test_candidates_and_rivals_are_drawn_anew():
    """Breaks where the same three are always compared, or one of another class is a candidate."""
    panel = Panel(alike(n=30, length=20), label=np.arange(30) % 3)
    op = GuidedWarp(teacher="discriminative").fit(panel)
    rows = np.concatenate([op.mixed_with(panel, seed) for seed in range(12)], axis=1)
    assert (panel.label[rows] == panel.label[:, None]).all()
    assert (rows != np.arange(30)[:, None]).all()
    assert min(len(set(row.tolist())) for row in rows) >= 3
    random = GuidedWarp().fit(panel).mixed_with(panel, 0)
    assert (rows[:, :1] != random).any()


@pytest.mark.parametrize("body", BODIES)
def test_gaps_are_bridged_before_distances_are_taken(body):
    """Breaks where a NaN makes every distance NaN, and so the first candidate the best."""
    known = alike(n=6, length=40)
    known[np.random.default_rng(0).random(known.shape) < 0.1] = np.nan
    filled = fill_gaps(known)
    x = alike(n=1, length=40, seed=9)
    for order in ([0, 1, 2, 3, 4, 5], [2, 0, 1, 3, 4, 5], [1, 2, 0, 3, 4, 5]):
        pool = Panel(known[order], label=[0, 0, 0, 1, 1, 1])
        op = GuidedWarp(teacher="discriminative").fit(pool)
        best = np.argmax(scores(x[0], list(filled[order][:3]), list(filled[order][3:]), 0.1))
        assert op.mixed_with(Panel(x, label=[0]), 0)[0, 0] == best
        assert np.isfinite(run(body, op, Panel(x, label=[0]))[0].values).all()  # a teacher's gaps are none of the series'


def test_without_labels_classes_cannot_be_compared():
    x = alike(n=4)
    with pytest.raises(ContractError) as error:
        GuidedWarp(teacher="discriminative").fit(Panel(x, label=[0, 0, 1, 1]))(x, seed=0)
    assert str(error.value) == (
        "GuidedWarp(teacher='discriminative') compares classes, and these series have no labels; pass labels, or use "
        "teacher='random'"
    )
    assert (GuidedWarp(band=0.3).fit(x)(x, seed=0) != x).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("teacher", ["random", "discriminative"])
def test_nothing_of_the_teacher_but_its_pace_comes_over(body, teacher):
    """Breaks where a teacher's events, gaps, unobserved steps or class become those of the series."""
    rng = np.random.default_rng(0)
    known = alike(n=6, seed=1)
    known[rng.random(known.shape) < 0.2] = np.nan
    pool = Panel(known, label=[0, 0, 0, 1, 1, 1], points=np.ones((6, 60), bool), mask=rng.random((6, 60)) < 0.7)
    points = np.zeros((4, 60), bool)
    points[:, 30] = True
    covariates = rng.normal(size=(4, 1, 60))
    panel = Panel(
        alike(n=4), label=[0, 1, 0, 7], points=points, mask=np.ones((4, 60), bool), covariates=covariates
    )  # fmt: skip
    op = GuidedWarp(teacher=teacher, band=0.3).fit(pool)
    y = run(body, op, panel)[0]
    assert y.mask.all()
    assert np.isfinite(y.values).all()
    assert same_bits(y.label, panel.label)
    assert same_bits(y.values[3], panel.values[3])
    rows = op.mixed_with(panel, 0)[:, 0]
    whole = fill_gaps(np.where(pool.mask[:, None], known, np.nan))
    for i in range(3):
        clock = clock_of(panel.values[i], whole[rows[i]], 0.3)[None]
        np.testing.assert_array_equal(y.points[i], strongest_at(points[i : i + 1], clock)[0])
        np.testing.assert_allclose(y.covariates[i], read_at(covariates[i : i + 1], clock)[0], rtol=0, atol=1e-12)
    soft = run(body, GuidedWarp(teacher=teacher, across=True).fit(pool), panel.replace(label=np.array([0, 1, 0, 1])))[0]
    np.testing.assert_array_equal(soft.label, np.eye(2)[[0, 1, 0, 1]])
