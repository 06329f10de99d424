"""Pipelines: what they choose, fuse, refuse and grow."""

from __future__ import annotations

import numpy as np
import pytest

import variate
from variate.core.errors import ContractError, ParameterError

X = np.random.default_rng(0).normal(size=(40, 2, 50))


def test_fused_and_sequential_differ_only_by_interpolation():
    """On white noise two linear readings keep 0.50 of the variance and one keeps 0.67; a smooth series cannot tell."""
    noise = np.random.default_rng(1).normal(size=(400, 1, 500))
    warp, crop = variate.TimeWarp(sigma=0.3), variate.Crop(size=0.73)
    fused = variate.Compose(warp, crop)
    apart = variate.Compose(warp, variate.Compose(), crop)  # an empty pipeline between them: nothing to fuse
    assert fused(noise, seed=0).var() == pytest.approx(0.667, abs=0.02)
    assert apart(noise, seed=0).var() == pytest.approx(0.50, abs=0.05)
    ramp = np.tile(np.arange(500.0), (50, 1, 1))
    by_hand = crop(warp(ramp, seed=0), seed=0)
    assert fused(ramp, seed=0).shape == by_hand.shape
    steps = fused(ramp, seed=0, record=True)[1]
    assert set(steps) == {"/compose/0:time_warp", "/compose/1:crop"}


def test_fused_clock_is_the_composition_of_the_clocks():
    ramp = np.tile(np.arange(200.0), (10, 1, 1))
    first, second = variate.TimeWarp(), variate.Crop(size=0.5)
    fused = variate.Compose(first, second)(ramp, seed=3)
    one = variate.Compose(first, variate.Compose(), second)(ramp, seed=3)
    # the same places under another path draw other numbers, so compare through the recorded draws
    assert fused.shape == one.shape
    outer = variate.Compose(first)(ramp, seed=3)[:, 0]
    record = variate.Compose(first, second)(ramp, seed=3, record=True)[1]
    start = record["/compose/1:crop"]["start"][:, 0]
    position = start[:, None] + np.arange(200) * (99 / 199)
    expected = np.stack([np.interp(position[i], np.arange(200), outer[i]) for i in range(10)])
    assert np.allclose(fused[:, 0], expected)


def test_one_of_follows_its_weights():
    """Binomial(2000, 0.25): the bounds are 5 standard deviations wide, false alarms below 1e-6, and the seed is fixed."""
    aug = variate.OneOf(variate.Flip(), variate.Identity(), weights=(1, 3))
    flipped = (aug(np.ones((2000, 1, 4)), seed=0) < 0).all(axis=(1, 2)).sum()
    assert abs(flipped - 500) < 5 * np.sqrt(2000 * 0.25 * 0.75)
    assert (variate.OneOf(variate.Flip(), variate.Identity(), weights=(0, 1))(X, seed=0) == X).all()


def test_some_of_gives_each_row_so_many_different_ones():
    aug = variate.SomeOf(variate.Flip(), variate.Spike(), variate.Scaling(), count=2)
    _, record = aug(X, seed=0, record=True)
    took = np.stack([(record["/some_of"]["order"][:, :2] == i).any(1) for i in range(3)])
    assert (took.sum(axis=0) == 2).all()
    assert took.any(axis=1).all()
    assert (variate.SomeOf(variate.Flip(), count=0)(X, seed=0) == X).all()


def test_compose_p_is_all_or_nothing():
    out = variate.Compose(variate.Flip(), variate.Scaling(sigma=0.01), p=0.5)(np.ones((200, 1, 6)), seed=0)
    untouched = (out == 1).all(axis=(1, 2))
    assert 60 < untouched.sum() < 140
    assert (out[~untouched] < 0).all()


def test_marks_survive_choices():
    aug = variate.OneOf(variate.Identity(), variate.Spike(count=2, mark=True))
    out = aug(variate.Panel(X), seed=0)
    assert out.points.shape == (40, 50)
    assert set(out.points.sum(axis=1)) == {0, 2}


def test_events_are_not_marked_among_states():
    states = variate.Panel(X, points=np.zeros((40, 50), int), point_role="state")
    with pytest.raises(ContractError, match="labels events"):
        variate.Spike(mark=True)(states, seed=0)
    with pytest.raises(ContractError, match="spreads events"):
        variate.LabelExpansion()(states)


def test_scores_stay_scores_behind_every_gate():
    """A soft label written into an array of booleans would become True."""
    points = np.zeros((40, 50), bool)
    points[:, 20] = True
    panel = variate.Panel(X, points=points)
    soft = variate.LabelExpansion(soft=True, tolerance=5.0)
    for aug in (
        soft,
        variate.LabelExpansion(soft=True, tolerance=5.0, p=0.5),
        variate.Compose(soft, p=0.5),
        variate.OneOf(soft, variate.Flip()),
        variate.SomeOf(soft, variate.Flip(), count=1),
    ):
        out = aug(panel, seed=0).points
        assert out.dtype == np.float32
        assert ((out > 0) & (out < 1)).any()
        for i in range(5):
            alone = aug(panel.rows(slice(i, i + 1)), seed=0).points
            assert alone.dtype == np.float32
            assert np.array_equal(alone[0], out[i])


def test_labels_spread_with_their_own_value():
    expand = variate.LabelExpansion(reach=1)
    flat = np.zeros((1, 1, 6))
    assert expand(variate.Panel(flat, points=[[0, 0, 2, 2, 0, 0]])).points.tolist() == [[0, 2, 2, 2, 2, 0]]
    assert expand(variate.Panel(flat, points=[[0, 0, 0.25, 0, 0, 0]])).points.tolist() == [[0, 0.25, 0.25, 0.25, 0, 0]]
    marked = variate.Spike(count=6, mark=True)(variate.Panel(np.arange(6.0), points=[[2] * 6]), seed=0)
    assert marked.points.tolist() == [[2] * 6]


def test_a_fused_crop_does_not_leak_the_target_into_the_past():
    """The crop moves the border; gaps before it must not be bridged with readings after it."""
    aug = variate.Compose(variate.Crop(size=30, resize=False), variate.TimeWarp())
    values = np.random.default_rng(3).normal(size=(60, 1, 50))
    values[:, :, 33:40] = np.nan
    changed = values.copy()
    changed[:, :, 40:] += 100
    out, other = (aug(variate.Panel(v, horizon=10), seed=0).values for v in (values, changed))
    start = aug(variate.Panel(values, horizon=10), seed=0, record=True)[1]["/compose/0:crop"]["start"][:, 0]
    untouched = start == 20  # the crop ends with the series: its target is the old one
    assert untouched.any()
    assert np.array_equal(out[untouched][..., :20], other[untouched][..., :20], equal_nan=True)


def test_lengths_must_agree():
    short = variate.Crop(size=20, resize=False)
    for aug in (
        variate.OneOf(short, variate.Flip()),
        variate.SomeOf(short, variate.Flip(), count=1),
        variate.Compose(short, p=0.5),
        variate.Crop(size=20, resize=False, p=0.5),
    ):
        with pytest.raises(ContractError, match="20"):
            aug(X, seed=0)
    assert variate.OneOf(short, variate.Compose(short, variate.Flip()))(X, seed=0).shape == (40, 2, 20)
    assert variate.SomeOf(short, variate.Flip(), count=2)(X, seed=0).shape == (40, 2, 20)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: variate.Compose([variate.Flip()]), "was given a list; pass its parts one by one"),
        (lambda: variate.Compose(variate.Flip), "is the class Flip; make one: Flip()"),
        (lambda: variate.Compose("flip"), "it must be a transform"),
        (lambda: variate.Compose(variate.Flip(), p=2), "p must be at most 1"),
        (lambda: variate.Compose(variate.Flip(), q=2), "Compose has no parameter 'q'"),
        (lambda: variate.OneOf(), "needs at least 1 transform"),
        (lambda: variate.OneOf(variate.Flip(), weights=(1, 2)), "1 choices and 2 weights"),
        (lambda: variate.OneOf(variate.Flip(), weights=(-1,)), "at least 0"),
        (lambda: variate.OneOf(variate.Flip(), weights="a"), "weights must be numbers"),
        (lambda: variate.SomeOf(variate.Flip(), count=2), "there are only 1 choices"),
        (lambda: variate.Jitter(0.1), r"takes keywords only: Jitter\(sigma=\.\.\.\)"),
        (lambda: variate.expand(X, variate.Jitter), "is the class Jitter; make one"),
        (lambda: variate.Jitter().at("a"), "the magnitude must lie in 0 … 1"),
    ],
)
def test_refusals(make, words):
    with pytest.raises(ParameterError, match=words):
        make()


def test_expand_puts_originals_first_and_knows_where_rows_come_from():
    panel = variate.Panel(X, label=np.arange(40) % 3, ids=[f"s{i}" for i in range(40)], weight=np.ones(40))
    big = variate.expand(panel, variate.Jitter(), copies=3, seed=5)
    assert big.n == 160
    assert np.array_equal(big.values[:40], X)
    assert np.array_equal(big.values[80:120], variate.Jitter()(panel, seed=5, epoch=2).values)
    assert np.array_equal(big.extra["source"], np.tile(np.arange(40), 4))
    assert np.array_equal(big.extra["copy"], np.repeat(np.arange(4), 40))
    assert np.array_equal(big.label, np.tile(panel.label, 4))
    assert len(set(big.ids.tolist())) == 160
    assert variate.expand(panel, variate.Jitter(), copies=0).n == 40


def test_expand_of_other_lengths_and_of_marks():
    cropped = variate.expand(variate.Panel(X), variate.Crop(size=20, resize=False), copies=1)
    assert cropped.ragged
    assert {v.shape for v in cropped.values} == {(2, 50), (2, 20)}
    marked = variate.expand(variate.Panel(X), variate.Spike(count=3, mark=True), copies=1)
    assert marked.points[:40].sum() == 0
    assert marked.points[40:].sum() == 120
    ragged = variate.expand([np.ones(5), np.ones(7)], variate.Flip(), copies=1)
    assert [v.shape[-1] for v in ragged.values] == [5, 7, 5, 7]


def test_expand_refuses():
    with pytest.raises(ParameterError, match="copies must be an integer"):
        variate.expand(variate.Panel(X), variate.Flip(), copies=-1)


def test_what_is_grown_from_copies_or_slices_knows_its_first_source():
    """Breaks where a second growth forgets which rows must stay on one side of a split."""
    once = variate.expand(variate.Panel(X), variate.Flip(), copies=1)
    twice = variate.expand(once, variate.Flip(), copies=1)
    assert twice.extra["source"].tolist() == list(range(len(X))) * 4
    cut = variate.slices(once, size=0.5, stride=10)
    assert cut.extra["source"].tolist() == np.repeat(once.extra["source"], cut.n // once.n).tolist()
    grown = variate.expand(cut, variate.Jitter(), copies=1)
    assert grown.extra["source"].tolist() == cut.extra["source"].tolist() * 2
    assert grown.extra["start"].tolist() == cut.extra["start"].tolist() * 2
