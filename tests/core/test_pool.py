"""The pool that partners come from: what it keeps of a panel, and which of its series it gives to whom."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

from kernels.oracles import FALSE_ALARM, as_body
from transforms.helpers import BODIES, same_bits, series
from variate.core.draws import Draws, samples_of
from variate.core.errors import ContractError, PanelError
from variate.core.panel import Panel
from variate.families.pool import Pool, check_pool, hard


def draws(n, body="numba", seed=0):
    return Draws(seed, 0, as_body(body, samples_of(np.arange(n))), "/here")


def drawn(pool, panel, within=False, count=1, body="numba", seed=0):
    """Return the rows (n, count) that a pool gives to the series of a panel."""
    if body == "torch":
        panel = panel.replace(**{k: as_body(body, v) for k, v in panel.present() if k in ("values", "label")})
    rows = pool.draw(panel, within, count, draws(panel.n, body, seed))
    assert isinstance(rows, np.ndarray)
    assert rows.shape == (panel.n, count)
    return rows


def many(x, n=4000, label=None):
    """Return a panel with one series n times."""
    return Panel(np.repeat(x[None], n, axis=0), label=None if label is None else np.full(n, label))


def ragged(*lengths, channels=2):
    return [series(n=1, channels=channels, length=t, seed=i)[0] for i, t in enumerate(lengths)]


# ---------------------------------------------------------------------------------------------------- what it keeps


def test_what_a_pool_keeps_is_the_panel_s():
    """Breaks where a field is lost, is kept without having been there, or comes with another dtype."""
    x, rng = series(n=5), np.random.default_rng(0)
    panel = Panel(x, label=np.arange(5, dtype=np.int8), points=rng.random((5, 60)) < 0.5, mask=rng.random((5, 60)) < 0.5)
    pool = Pool.of(panel)
    for name in ("values", "label", "points", "mask"):
        assert same_bits(getattr(pool, name), getattr(panel, name))
    np.testing.assert_array_equal(pool.lengths, [60] * 5)
    bare = Pool.of(Panel(x))
    assert (bare.label, bare.points, bare.mask) == (None, None, None)


@pytest.mark.parametrize(("given", "kept"), [("<f2", "=f4"), (">f2", "=f4"), (">f4", "=f4"), (">f8", "=f8"), ("<i2", "=f4")])
def test_half_precision_is_kept_as_single_and_foreign_bytes_as_ours(given, kept):
    """Breaks where compiled code would be given what it cannot read."""
    x = np.arange(24).reshape(3, 2, 4).astype(given)
    pool = Pool.of(Panel(x))
    assert pool.values.dtype == np.dtype(kept)
    assert pool.values.dtype.isnative
    np.testing.assert_array_equal(pool.values, np.arange(24).reshape(3, 2, 4))
    assert Pool.of(Panel(list(x))).values.dtype == np.dtype(kept)


def test_tensors_are_kept_as_arrays_without_a_gradient():
    """Breaks where a pool holds on to a graph, or to the memory it was given."""
    x = torch.tensor(series(n=3), requires_grad=True)
    for panel in (Panel(x, label=torch.arange(3)), Panel([*x], label=torch.arange(3))):
        pool = Pool.of(panel)
        assert type(pool.values) is np.ndarray
        assert type(pool.label) is np.ndarray
        np.testing.assert_array_equal(pool.values, x.detach().numpy())
        assert not np.shares_memory(pool.values, x.detach().numpy())
    assert Pool.of(Panel(torch.ones(3, 2, 8, dtype=torch.float16))).values.dtype == np.float32


def test_series_of_several_lengths_are_kept_with_zeros_after_their_end():
    """Breaks where a shorter series is moved, or its labels of single steps are longer than it is."""
    x, rng = ragged(5, 8, 5, 1), np.random.default_rng(0)
    points, mask = [rng.random(v.shape[1]) < 0.5 for v in x], [rng.random(v.shape[1]) < 0.5 for v in x]
    pool = Pool.of(Panel(x, points=points, mask=mask, label=np.array([3, 1, 0, 1])))
    assert pool.values.shape == (4, 2, 8)
    assert pool.points.dtype == pool.mask.dtype == bool
    np.testing.assert_array_equal(pool.lengths, [5, 8, 5, 1])
    np.testing.assert_array_equal(pool.label, [3, 1, 0, 1])
    for i, t in enumerate((5, 8, 5, 1)):
        for found, given in ((pool.values, x), (pool.points, points), (pool.mask, mask)):
            np.testing.assert_array_equal(found[i][..., :t], given[i])
            assert not found[i][..., t:].any()
    mixed = Pool.of(Panel([x[0].astype(np.float32), x[1]]))
    assert mixed.values.dtype == np.float64


@pytest.mark.parametrize(("label", "classes"), [
    (None, 0),
    (np.array([0, 0, 0]), 1),
    (np.array([4, 0, 1], np.uint8), 5),
    (np.full((3, 7), 1 / 7), 7),
])  # fmt: skip
def test_how_many_classes_there_are(label, classes):
    assert Pool.of(Panel(series(n=3), label=label)).classes == classes


def test_a_soft_label_is_of_its_heaviest_class():
    np.testing.assert_array_equal(hard(np.array([[0.2, 0.7, 0.1], [0.5, 0.0, 0.5]])), [1, 0])
    np.testing.assert_array_equal(hard(np.array([2, 0])), [2, 0])


# ------------------------------------------------------------------------------------------------------ who is drawn


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("count", [1, 3])
def test_a_series_is_never_its_own_partner(body, count):
    """Breaks where it is found by its place, or a copy of it in the pool is taken for another series."""
    x = series(n=6)
    pool = Pool.of(Panel(x[[0, 1, 2, 0, 3, 4, 5, 0, 1]]))
    source = np.array([0, 1, 2, 0, 3, 4, 5, 0, 1])
    for seed in range(20):
        order = np.random.default_rng(seed).permutation(6)
        rows = drawn(pool, Panel(x[order]), count=count, body=body, seed=seed)
        assert (rows >= 0).all()
        assert (source[rows] != order[:, None]).all()


@pytest.mark.parametrize("within", [False, True])
def test_nor_where_it_comes_in_another_precision(within):
    """Breaks where equality is asked of bits that rounding has changed."""
    x, label = series(n=40), np.arange(40) % 3
    pool = Pool.of(Panel(x, label=label))
    for dtype in (np.float32, np.float64):
        for seed in range(5):
            rows = drawn(pool, Panel(x.astype(dtype), label=label), within, seed=seed)
            assert (rows[:, 0] != np.arange(40)).all()
    single = Pool.of(Panel(x.astype(np.float32), label=label))
    assert (drawn(single, Panel(x.astype(np.float32).astype(np.float64), label=label), within)[:, 0] != np.arange(40)).all()


def test_nor_with_gaps_and_zeros_of_either_sign():
    """Breaks where NaN, which equals nothing, hides that two series are one."""
    x = series(n=30)
    x[:, 0, 5:9] = np.nan
    x[:, 1, 2] = 0.0
    pool = Pool.of(Panel(x))
    x[:, 1, 2] = -0.0
    for seed in range(10):
        assert (drawn(pool, Panel(x), seed=seed)[:, 0] != np.arange(30)).all()


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("count", [1, 2])
def test_nobody_is_left_in_a_pool_of_copies(within, count):
    """Breaks where a series is mixed with itself because there is no other."""
    x = np.repeat(series(n=1), 7, axis=0)
    panel = Panel(x, label=np.zeros(7, np.int64))
    assert (drawn(Pool.of(panel), panel, within, count) == -1).all()
    alone = panel.rows(slice(0, 1))
    assert (drawn(Pool.of(alone), alone, within, count) == -1).all()


@pytest.mark.parametrize("body", BODIES)
def test_partners_are_of_the_class_or_of_any(body):
    """Breaks where a class takes its neighbour's series: at the ends of the classes, with gaps between their numbers."""
    x, label = series(n=12), np.array([5, 0, 7, 5, 0, 0, 9, 7, 5, 0, 5, 2])
    pool = Pool.of(Panel(x, label=label))
    seen = set()
    for seed in range(60):
        rows = drawn(pool, Panel(x, label=label), within=True, body=body, seed=seed)[:, 0]
        alone = np.isin(label, [9, 2])
        np.testing.assert_array_equal(rows < 0, alone)
        np.testing.assert_array_equal(label[rows[~alone]], label[~alone])
        seen |= set(zip(label[~alone].tolist(), rows[~alone].tolist(), strict=True))
    assert len(seen) == 10  # each of a class that has others is somebody's partner
    rows = np.stack([drawn(pool, Panel(x, label=label), body=body, seed=seed)[:, 0] for seed in range(60)])
    assert (label[rows] != label).any(axis=0).all()


@pytest.mark.parametrize("body", BODIES)
def test_a_class_that_the_pool_does_not_know_has_no_partners(body):
    """Breaks where a class below, between or above those known takes the nearest one's series."""
    x = series(n=8)
    pool = Pool.of(Panel(x[:4], label=[1, 1, 3, 3]))
    rows = drawn(pool, Panel(x[4:], label=[0, 2, 4, 3]), within=True, body=body)
    np.testing.assert_array_equal(rows[:, 0] >= 0, [False, False, False, True])


def test_soft_labels_are_of_their_heaviest_class_in_panel_and_pool():
    x = series(n=6)
    soft = np.array([[0.6, 0.4], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6], [1, 0], [0, 1]])
    kind = soft.argmax(axis=1)
    for label in (soft, kind):
        for asked in (soft, kind):
            for seed in range(10):
                rows = drawn(Pool.of(Panel(x, label=label)), Panel(x, label=asked), within=True, seed=seed)[:, 0]
                np.testing.assert_array_equal(kind[rows], kind)


@pytest.mark.parametrize("within", [False, True])
def test_each_of_the_others_is_as_likely(within):
    """Breaks where the places around the series itself, the first or the last come more or less often: χ² as stated."""
    x, label = series(n=14), np.array([0] * 7 + [1] * 7)
    pool, others = Pool.of(Panel(x, label=label)), 6 if within else 13
    for own in range(14):
        rows = drawn(pool, many(x[own], label=label[own]), within, seed=own)[:, 0]
        found, counts = np.unique(rows, return_counts=True)
        assert len(found) == others
        assert own not in found
        assert stats.chisquare(counts).pvalue > FALSE_ALARM
    stranger = series(n=1, seed=9)[0]
    counts = np.bincount(drawn(pool, many(stranger, label=1), within)[:, 0], minlength=14)
    assert stats.chisquare(counts[7:] if within else counts).pvalue > FALSE_ALARM
    assert (counts > 0).sum() == others + 1


def test_copies_of_another_count_each_and_those_of_the_series_not_at_all():
    """Breaks where the places of its copies are taken off the wrong end: χ² as stated."""
    x = series(n=5)
    source = np.array([3, 0, 1, 0, 2, 2, 0, 4, 2])
    for own in range(5):
        rows = drawn(Pool.of(Panel(x[source])), many(x[own]))[:, 0]
        others = np.flatnonzero(source != own)
        counts = np.bincount(rows, minlength=9)
        assert counts[others].sum() == 4000
        assert stats.chisquare(counts[others]).pvalue > FALSE_ALARM


def test_several_partners_are_different_rows_and_every_set_is_as_likely():
    """Breaks where one is drawn twice, or a pair never: χ² as stated."""
    x = series(n=6)
    rows = drawn(Pool.of(Panel(x)), many(x[2], 6000), count=2)
    assert (rows[:, 0] != rows[:, 1]).all()
    pairs, counts = np.unique(np.sort(rows, axis=1), axis=0, return_counts=True)
    assert len(pairs) == math.comb(5, 2)
    assert 2 not in pairs
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("count", [2, 4])
def test_where_there_are_fewer_all_come_and_then_none(count):
    """Breaks where -1 stands before a partner, or takes the place of one."""
    x, label = series(n=6), np.array([0, 0, 0, 1, 1, 2])
    rows = drawn(Pool.of(Panel(x, label=label)), Panel(x, label=label), within=True, count=count)
    for i, there in enumerate((2, 2, 2, 1, 1, 0)):
        assert set(rows[i, :there].tolist()) == set(np.flatnonzero(label == label[i]).tolist()) - {i}
        assert (rows[i, there:] == -1).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("within", [False, True])
def test_the_order_of_the_pool_does_not_matter(body, within):
    """Breaks where a place in the pool is drawn as it was handed in, so that a shuffled training set draws others."""
    x, label = series(n=20), np.arange(20) % 3
    panel = Panel(x[:15], label=label[:15])
    rows = drawn(Pool.of(Panel(x, label=label)), panel, within, 3, body)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(20)
        moved = drawn(Pool.of(Panel(x[order], label=label[order])), panel, within, 3, body)
        np.testing.assert_array_equal(order[moved], rows)


@pytest.mark.parametrize("within", [False, True])
def test_nor_does_the_batch(within):
    """Breaks where what a series draws depends on those beside it."""
    x, label = series(n=20), np.arange(20) % 3
    pool, panel = Pool.of(Panel(x, label=label)), Panel(x, label=label)
    whole = pool.draw(panel, within, 2, draws(20))
    for index in (np.array([7]), np.array([19, 3, 11]), np.arange(20)[::-1]):
        some = pool.draw(panel.rows(index), within, 2, draws(20).rows(index))
        np.testing.assert_array_equal(some, whole[index])


# ---------------------------------------------------------------------------------------------------------- lengths


@pytest.mark.parametrize("within", [False, True])
def test_only_series_of_the_length_take_part(within):
    """Breaks where a shorter series is drawn with the zeros after its end, or a longer one is cut."""
    x, label = ragged(*[5, 8, 3] * 8), np.repeat([0, 1], 12)
    lengths = np.array([v.shape[1] for v in x])
    pool = Pool.of(Panel(x, label=label))
    for seed in range(10):
        for t in (3, 5, 8):
            own = np.flatnonzero(lengths == t)
            panel = Panel(np.stack([x[i] for i in own]), label=label[own])
            rows = drawn(pool, panel, within, seed=seed)[:, 0]
            assert (lengths[rows] == t).all()
            assert (rows != own).all()
            assert not within or (label[rows] == label[own]).all()


def test_a_series_that_goes_on_is_another_one():
    """Breaks where a short series is taken for a longer one that is zero after its end, which is what the pool keeps."""
    short = series(n=1, length=6)[0]
    longer = np.concatenate([short, np.zeros((2, 3))], axis=1)
    other = series(n=2, length=9, seed=1)
    pool = Pool.of(Panel([short, longer, *other]))
    assert (drawn(pool, many(short)) == -1).all()
    assert set(drawn(pool, many(longer))[:, 0].tolist()) == {2, 3}
    assert set(drawn(pool, many(other[0]))[:, 0].tolist()) == {1, 3}


def test_a_length_that_is_not_there_is_refused():
    """Breaks where it is passed over in silence."""
    pool = Pool.of(Panel(ragged(9, 4, 9, 6)))
    for length in (3, 5, 7, 10):
        with pytest.raises(ContractError) as error:
            drawn(pool, Panel(series(n=2, length=length)))
        assert str(error.value) == (
            f"the pool has no series of {length} steps (it has some of 4, 6, 9); mix before what changes the length, "
            "or fit on series as long as these"
        )
    with pytest.raises(ContractError, match=r"some of 1, 2, 3, 4, 5\)"):
        drawn(Pool.of(Panel(ragged(*range(1, 20)))), Panel(series(n=2, length=30)))


# ---------------------------------------------------------------------------------------------------------- refusals


def test_another_number_of_channels_is_refused():
    pool = Pool.of(Panel(series(n=3, channels=2)))
    with pytest.raises(PanelError) as error:
        check_pool(pool, Panel(series(n=3, channels=1)), True, "Mixup")
    assert str(error.value) == "Mixup was fitted on series with 2 channels, and these have 1; fit it anew"
    check_pool(pool, Panel(series(n=1, channels=2)), True, "Mixup")


@pytest.mark.parametrize("within", [False, True])
def test_labels_that_the_pool_does_not_have_are_refused(within):
    """Breaks where a mixture is given the labels of the series alone."""
    x, points, label = series(n=3), np.zeros((3, 60), bool), np.arange(3)
    bare = Pool.of(Panel(x))
    with pytest.raises(ContractError) as error:
        check_pool(bare, Panel(x, label=label), within, "Mixup")
    why = "partners of its class cannot be told" if within else "the label of a mixture would not be known"
    assert str(error.value) == f"Mixup was fitted on series without class labels, so {why}; fit it on a panel with labels"
    with pytest.raises(
        ContractError, match="Mixup was fitted on series without point labels of events, so those of a mixture would"
    ):
        check_pool(Pool.of(Panel(x, label=label)), Panel(x, label=label, points=points), within, "Mixup")
    full = Pool.of(Panel(x, label=label, points=points))
    for panel in (Panel(x), Panel(x, label=label), Panel(x, points=points), Panel(x, label=label, points=points)):
        check_pool(full, panel, within, "Mixup")
    check_pool(bare, Panel(x, mask=points), within, "Mixup")
