"""The picture of what takes series apart: the series, its trend, its season and its remainder."""

from __future__ import annotations

import numpy as np
import pytest

import variate
from variate import Component, Compose, Flip, In, Jitter, OneOf, Panel, Recombine, Scaling, StlMix, decompose, plot
from variate.plot.components import NAMES, decomposition

RNG = np.random.default_rng(0)
STEPS = np.arange(72)
WAVES = Panel(
    5 + np.sin(2 * np.pi * STEPS / 12 + RNG.uniform(0, 6, (3, 2, 1))) + STEPS / 36 + 0.1 * RNG.normal(size=(3, 2, 72))
)


def rows_of(figure):
    """The axes as (lines, 4)."""
    return np.array(figure.axes).reshape(-1, 4)


def curves(axes, *names):
    return np.array([line.get_ydata() for line in axes.lines if line.get_label() in names])


def before(axes):
    return curves(axes, "before")


def after(axes):
    return curves(axes, "after", "after, second channel", "after, third channel")


@pytest.mark.parametrize("make", [
    variate.bld_mbb,
    lambda: Recombine(on_points="drop"),
    variate.robust_tad,
    lambda: variate.robust_tad(output="remainder"),
], ids=["bld_mbb", "Recombine", "robust_tad", "its remainder"])  # fmt: skip
def test_the_parts_before_add_up_to_the_series(make):
    """Breaks where a column is another part's, a title is, or the parts are those of another series or of after."""
    figure = plot.show(make())
    grid = rows_of(figure)
    assert [row[0].get_title(loc="left").split(" ·")[0] for row in grid] == list(plot.examples())
    assert [axes.get_title(loc="left") for axes in grid[0, 1:]] == list(NAMES) == ["trend", "season", "remainder"]
    assert all(axes.get_xlabel() == "time (steps)" for axes in grid[-1])
    assert [row[0].get_ylabel() for row in grid] == ["value"] * 4
    assert not any(axes.get_ylabel() for axes in grid[:, 1:].ravel())
    for row, panel in zip(grid, plot.examples().values(), strict=True):
        np.testing.assert_array_equal(before(row[0]), panel.values[0])
        np.testing.assert_allclose(sum(map(before, row[1:])), panel.values[0], rtol=0, atol=1e-9)
        np.testing.assert_allclose(sum(map(after, row[1:])), after(row[0]), rtol=0, atol=1e-9)
    season = before(grid[0, 2])[0]
    assert np.ptp(season) > 1  # the example has a day of twelve steps
    assert np.corrcoef(season[12:], season[:-12])[0, 1] > 0.5
    assert not before(grid[3, 2]).any()  # and a random walk has none


def test_each_column_is_the_part_of_that_name():
    """Breaks where the method or the period of the picture is not that of the augmentation, or a part is not its own."""
    aug = In("robust_stl", trend=Flip(about="zero"), period=12)
    grid = rows_of(plot.show(aug, WAVES, seed=1, rate=2.0))
    assert grid.shape == (3, 4)
    assert [axes.get_xlabel() for axes in grid[-1]] == ["time (s)"] * 4
    made = aug(WAVES, seed=1).values
    for i, row in enumerate(grid):
        for axes, old, new in zip(
            row[1:], decompose(WAVES.values[i], "robust_stl", 12), decompose(made[i], "robust_stl", 12), strict=True
        ):
            np.testing.assert_allclose(before(axes), old, rtol=0, atol=1e-9)
            np.testing.assert_allclose(after(axes), new, rtol=0, atol=1e-9)
            np.testing.assert_allclose(axes.lines[0].get_xdata(), STEPS / 2)
        np.testing.assert_array_equal(after(row[0]), made[i])


def test_both_sides_have_the_period_that_is_found_before():
    """Breaks where the period is looked for in what came out: a trend has none, and its season is still drawn by that."""
    aug, x = Component(part="trend", method="stl"), WAVES.values[:, :1]
    for row, old, new in zip(rows_of(plot.show(aug, x)), x, aug(x), strict=True):
        np.testing.assert_allclose(before(row[2]), decompose(old, period=12).seasonal, rtol=0, atol=1e-9)
        np.testing.assert_allclose(after(row[2]), decompose(new, period=12).seasonal, rtol=0, atol=1e-9)
    assert not variate.estimate_period(aug(x)).any()


@pytest.mark.parametrize(("aug", "by"), [
    (In("stl", trend=Scaling(), period=12, window=0), ("stl", 12)),
    (In("stl"), ("stl", "auto")),
    (In("robust_stl", trend=Scaling()), ("robust_stl", "auto")),
    (In("mstl", trend=Scaling(), period=6, longer=12), ("stl", 6)),
    (variate.bld_mbb(period=9), ("stl", 9)),
    (variate.robust_tad(period=9), ("robust_stl", 9)),
    (variate.robust_tad(output="remainder"), ("robust_stl", "auto")),
    (Component(method="robust_trend", period=7), ("robust_trend", 7)),
    (Component(method="stl"), ("stl", "auto")),
    (Recombine(period=12), ("stl", 12)),
    (StlMix(method="robust_stl"), ("robust_stl", "auto")),
    (Compose(Jitter(), OneOf(Flip(), Recombine(period=3))), ("stl", 3)),
    (Jitter(), None),
    (Compose(Jitter(), Flip()), None),
    (In("modwt", details=Jitter()), None),
    (In("box_cox", transformed=Jitter()), None),
])  # fmt: skip
def test_how_an_augmentation_takes_series_apart_is_known(aug, by):
    """Breaks where a picture takes series apart by another method or period than the augmentation, or at all."""
    assert decomposition(aug) == by


@pytest.mark.parametrize("aug", [Jitter(), In("spectrum", phase=Jitter()), In("box_cox", transformed=Jitter())], ids=repr)
def test_others_keep_their_three_columns(aug):
    """Breaks where what takes no series apart loses its spectrum and its histogram."""
    axes = plot.show(aug, WAVES).axes
    assert len(axes) == 9
    assert [a.get_title(loc="left") for a in axes[1:3]] == ["amplitude spectrum", "histogram"]


def test_gaps_labels_lengths_and_partners():
    """Breaks where a gap is drawn as if it were read, a strip is drawn four times, or a shorter copy stops the picture."""
    x = WAVES.values.copy()
    x[0, 0, 20:25] = np.nan
    panel = Panel(x, points=STEPS[None].repeat(3, axis=0) % 30 == 0, label=[0, 1, 0])
    aug = Compose(In("stl", remainder=Scaling(), period=12), variate.Crop(size=20, resize=False))
    grid = rows_of(plot.show(aug, panel, classes=["low", "high"]))
    assert grid[0, 0].get_title(loc="left") == "series 0 · class low · 72 → 20 steps"
    for axes in grid[0]:
        assert np.isnan(before(axes)[0, 20:25]).all()
        assert np.isfinite(before(axes)[0, 25:]).all()
        assert after(axes).shape == (2, 20)
    strips = [[c.get_label() for c in axes.collections if str(c.get_label()).startswith("labelled")] for axes in grid[0]]
    assert strips[0] == ["labelled before", "labelled after"]
    assert strips[1:] == [[], [], []]
    assert not after(grid[0, 2]).any()  # twenty steps hold no two periods of twelve
    mixed = rows_of(plot.show(StlMix(period=12), WAVES))
    assert [len(curves(axes, "mixed in")) for axes in mixed[0]] == [4, 0, 0, 0]
