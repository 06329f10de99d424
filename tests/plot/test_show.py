"""The picture of an augmentation holds what the augmentation gave, and says what it is."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import variate
from variate import plot
from variate.core.errors import AllMissingWarning, ContractError, PanelError, ParameterError
from variate.core.panel import Panel
from variate.plot.panes import amplitudes

RNG = np.random.default_rng(0)
WAVES = Panel(RNG.normal(size=(6, 2, 40)), label=[0, 1, 0, 1, 0, 1], points=RNG.random((6, 40)) < 0.15)


def rows_of(figure):
    """The axes as (lines, 3)."""
    return np.array(figure.axes).reshape(-1, 3)


def named(axes, name):
    return [line for line in axes.lines if line.get_label() == name]


def strip(axes, name):
    """The steps from … to that a strip of point labels covers, and its colours."""
    (found,) = [c for c in axes.collections if c.get_label() == name]
    spans = [(path.vertices[:, 0].min() + 0.5, path.vertices[:, 0].max() + 0.5) for path in found.get_paths()]
    return sorted((round(a), round(b)) for a, b in spans), found.get_facecolors()


def spans_of(points):
    edges = np.flatnonzero(np.diff(np.r_[0, np.asarray(points) > 0, 0]))
    return [(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def height(axes, name):
    (found,) = [c for c in axes.collections if c.get_label() == name]
    return found.get_paths()[0].vertices[:, 1].min()


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_draws_the_readings_before_and_after():
    # Breaks if a curve is not the panel's, or not what the transform gives with this seed.
    aug = variate.TimeWarp(sigma=0.4)
    grid = rows_of(plot.show(aug, WAVES, seed=5, rate=10.0))
    made = aug(WAVES, seed=5)
    assert grid.shape == (4, 3), "the first four series, three plots each"
    for i, (series, _, _) in enumerate(grid):
        for line, values in zip(named(series, "before"), WAVES.values[i], strict=True):
            np.testing.assert_array_equal(line.get_ydata(), values)
            np.testing.assert_allclose(line.get_xdata(), np.arange(40) / 10)
        np.testing.assert_array_equal(named(series, "after")[0].get_ydata(), made.values[i, 0])
        np.testing.assert_array_equal(named(series, "after, second channel")[0].get_ydata(), made.values[i, 1])


def test_says_what_it_shows():
    # Breaks if an axis has no name or unit, a row no title, or a legend entry is missing or double.
    figure = plot.show(variate.Jitter(sigma=0.5), WAVES, classes=["rest", "run"])
    grid = rows_of(figure)
    assert figure.get_suptitle() == "Jitter(sigma=0.5)"
    assert [axes.get_xlabel() for axes in grid[-1]] == ["time (steps)", "frequency (cycles per step)", "value"]
    assert all([a.get_ylabel() for a in row] == ["value", "amplitude", "share of readings"] for row in grid)
    assert [row[0].get_title(loc="left") for row in grid[:2]] == ["series 0 · class rest", "series 1 · class run"]
    assert [axes.get_title(loc="left") for axes in grid[0, 1:]] == ["amplitude spectrum", "histogram"]
    assert legend(figure) == ["before", "after", "after, second channel", "labelled before", "labelled after"]
    in_seconds = rows_of(plot.show(variate.Jitter(), WAVES, rate=10.0))[-1]
    assert [axes.get_xlabel() for axes in in_seconds] == ["time (s)", "frequency (Hz)", "value"]
    assert in_seconds[1].get_xlim()[1] == pytest.approx(5, rel=0.02)


def test_shows_four_examples_by_name():
    # Breaks if an example is left out, or if all are augmented by the same draws.
    figure = plot.show(variate.Scaling(sigma=0.3), seed=2)
    titles = [row[0].get_title(loc="left") for row in rows_of(figure)]
    assert titles == list(plot.examples()) == ["seasonal", "bursty", "motion", "random walk"]
    factors = []
    for (series, _, _), panel in zip(rows_of(figure), plot.examples().values(), strict=True):
        np.testing.assert_array_equal(named(series, "before")[0].get_ydata(), panel.values[0, 0])
        factors.append(named(series, "after")[0].get_ydata()[50] / panel.values[0, 0, 50])
    assert len(set(np.round(factors, 6))) == 4


def test_point_labels_are_strips_that_follow_the_series():
    # Breaks if a strip is not where the labels are, or the two are exchanged.
    aug = variate.TimeWarp(sigma=0.5)
    figure = plot.show(aug, WAVES, seed=1)
    made = aug(WAVES, seed=1)
    for i, (series, _, _) in enumerate(rows_of(figure)):
        assert strip(series, "labelled before")[0] == spans_of(WAVES.points[i])
        assert strip(series, "labelled after")[0] == spans_of(made.points[i])
        assert height(series, "labelled before") > height(series, "labelled after")
    assert any(not np.array_equal(WAVES.points[i], made.points[i]) for i in range(4))
    lowest = rows_of(figure)[0, 0].get_ylim()[0]
    assert lowest < WAVES.values[0].min() - 0.15 * np.ptp(WAVES.values[0]), "there is room for the strips below the curve"


def test_new_labels_appear_and_scores_are_shades():
    # Breaks if labels that only the transform made are not drawn, or a weak score looks like a label.
    bare, spikes = WAVES.replace(points=None), variate.Spike(count=3, mark=True)
    spiked = plot.show(spikes, bare, seed=0)
    assert "labelled before" not in legend(spiked)
    assert strip(spiked.axes[0], "labelled after")[0] == spans_of(spikes(bare, seed=0).points[0])
    aug = variate.LabelExpansion(reach=3, tolerance=3.0, soft=True)
    panel = plot.examples()["bursty"]
    series = plot.show(aug, panel).axes[0]
    steps, _ = strip(series, "labelled after")
    made = aug(panel).points[0]
    assert [a for a, _ in steps] == np.flatnonzero(np.diff(np.r_[0, made]) * (made > 0)).tolist()
    np.testing.assert_array_equal(named(series, "after")[0].get_ydata(), panel.values[0, 0])
    (drawn,) = [c for c in series.collections if c.get_label() == "labelled after"]
    light = drawn.get_facecolors()[:, :3].sum(axis=1)
    assert light[0] == light.min(), "the legend shows the strongest"
    assert light.max() > light.min() + 0.5


def test_segments_have_a_colour_for_each_class():
    # Breaks if states are drawn as events: class 0 is a class too.
    states = Panel(WAVES.values, points=np.tile(np.repeat([0, 2], 20), (6, 1)), point_role="state")
    figure = plot.show(variate.Reverse(), states)
    lanes = [c for c in figure.axes[0].collections if c.get_label() == "segment class 0"]
    spans = [(c.get_paths()[0].vertices[:, 0].min() + 0.5, c.get_paths()[0].vertices[:, 0].max() + 0.5) for c in lanes]
    assert spans == [(0, 20), (20, 40)], "before, and after the reversal"
    assert legend(figure)[-2:] == ["segment class 0", "segment class 2"]


def test_the_spectrum_has_the_amplitudes_of_the_waves():
    # Breaks if amplitudes are scaled by the length, the mean is in them, or gaps tear the spectrum.
    t = np.arange(64)
    frequencies, sizes = amplitudes(7 + 2 * np.sin(2 * np.pi * 8 * t / 64) + 0.5 * np.cos(np.pi * t))
    assert frequencies[[0, -1]].tolist() == [1 / 64, 0.5]
    assert sizes[7] == pytest.approx(2)
    assert sizes[-1] == pytest.approx(0.5)
    assert np.delete(sizes, [7, 31]).max() < 1e-9
    ramp = t.astype(float)
    holes = np.where(t % 5 == 2, np.nan, ramp)
    np.testing.assert_allclose(amplitudes(holes)[1], amplitudes(ramp)[1], rtol=1e-6)
    axes = plot.show(variate.Scaling(sigma=0.3), 7 + 2 * np.sin(2 * np.pi * 8 * t / 64), seed=1).axes
    before, after = axes[1].lines
    factor = axes[0].lines[1].get_ydata()[3] / axes[0].lines[0].get_ydata()[3]
    assert after.get_ydata()[7] == pytest.approx(2 * factor)
    assert before.get_ydata()[7] == pytest.approx(2)
    assert axes[1].get_yscale() == "log"


def test_both_histograms_have_the_same_bins():
    # Breaks if before and after are counted in bins of their own, or NaN is counted.
    x = np.r_[RNG.normal(size=99), np.nan]
    figure = plot.show(variate.Flip(), x + 3)
    before, after = (patch.get_data() for patch in figure.axes[2].patches)
    np.testing.assert_array_equal(before.edges, after.edges)
    np.testing.assert_allclose(before.values, np.histogram(x[:-1] + 3, before.edges)[0] / 99)
    np.testing.assert_allclose(after.values, before.values[::-1], atol=0.0203)  # a reading on an edge may change sides
    assert before.values.sum() == pytest.approx(1)


def test_a_change_of_length_is_drawn_at_its_own_times():
    # Breaks if the clock of the original is used for the copy, or the title does not say it.
    figure = plot.show(variate.Crop(size=25, resize=False), WAVES)
    series = figure.axes[0]
    assert [len(named(series, name)[0].get_xdata()) for name in ("before", "after")] == [40, 25]
    assert series.get_title(loc="left") == "series 0 · class 0 · 40 → 25 steps"


def test_a_horizon_is_a_dashed_line_where_the_target_begins():
    # Breaks if the border is a step off, or that of the copy is drawn where the original's is.
    panel = Panel(WAVES.values, horizon=10)
    before, after = named(plot.show(variate.Crop(size=25, resize=False), panel).axes[0], "target begins")
    assert (before.get_xdata()[0], after.get_xdata()[0]) == (29.5, 14.5)
    assert after.is_dashed()
    with pytest.raises(ContractError, match=r"^Permutation cannot be used with a forecast horizon \(10 steps\)"):
        plot.show(variate.Permutation(), panel)


def test_missing_and_unobserved_readings_are_gaps():
    # Breaks if a gap is bridged, or a reading without neighbours cannot be seen.
    x = np.arange(10.0)
    x[[2, 4]] = np.nan
    series = plot.show(variate.Identity(), x).axes[0]
    assert np.isnan(named(series, "after")[0].get_ydata()[[2, 4]]).all()
    lonely = named(series, "_lonely")
    assert [(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in lonely] == [([3.0], [3.0])] * 2
    mask = np.ones((1, 10), bool)
    mask[0, 5:8] = False
    masked = plot.show(variate.Identity(), Panel(np.arange(10.0), mask=mask)).axes[0]
    assert np.flatnonzero(np.isnan(named(masked, "before")[0].get_ydata())).tolist() == [5, 6, 7]


def test_of_many_channels_three_are_drawn_and_it_says_so():
    # Breaks if channels are left out in silence.
    figure = plot.show(variate.Flip(), Panel(RNG.normal(size=(1, 7, 20))))
    assert len(figure.axes[0].lines) == 6
    assert figure.axes[0].get_title(loc="left") == "series 0 · the first 3 of 7 channels"
    assert legend(figure)[-1] == "after, third channel"


def test_series_of_unequal_length_each_have_their_row():
    # Breaks if a ragged panel is refused; T = 1 and 2 belong to it.
    panel = Panel([np.arange(n, dtype=float) for n in (30, 1, 2, 3, 9)], ids=["a", "b", "c", "d", "e"])
    figure = plot.show(variate.Scaling(), panel)
    grid = rows_of(figure)
    assert [len(named(row[0], "before")[0].get_ydata()) for row in grid] == [30, 1, 2, 3]
    assert [row[0].get_title(loc="left") for row in grid] == ["series a", "series b", "series c", "series d"]
    assert grid[1, 1].texts[0].get_text() == "no spectrum: one step"
    assert plot.show(variate.Jitter(), [np.ones(5)]).axes[1].texts[0].get_text() == "no spectrum: constant"
    assert figure._repr_png_()


def test_soft_and_changed_labels_are_in_the_title():
    # Breaks if a changed label goes unseen, or classes lose their names.
    panel = Panel(WAVES.values[:1], label=[[0.0, 0.25, 0.75]])
    title = plot.show(variate.Identity(), panel, classes=["a", "b", "c"]).axes[0].get_title(loc="left")
    assert title == "series 0 · class 0.25 of b + 0.75 of c"


def test_a_channel_without_readings_is_an_empty_line():
    # Breaks if an empty histogram or spectrum divides by nothing.
    x = np.stack([np.full(20, np.nan), np.arange(20.0)])[None]
    with pytest.warns(AllMissingWarning):
        figure = plot.show(variate.Jitter(), x)
    assert figure.axes[2].patches[0].get_data().values.sum() == 0


def test_tensors_are_drawn_as_arrays_are():
    # Breaks if a tensor that needs a gradient, or one of a float that NumPy does not know, cannot be drawn.
    torch = pytest.importorskip("torch")
    x = torch.arange(20.0).reshape(1, 1, 20)
    for given in (x.clone().requires_grad_(), x.to(torch.bfloat16)):
        series = plot.show(variate.Flip(), Panel(given)).axes[0]
        np.testing.assert_array_equal(named(series, "after")[0].get_ydata(), -np.arange(20.0))


def test_wrong_input_gives_one_sentence():
    # Breaks if a mistake ends in an error of matplotlib or NumPy.
    with pytest.raises(ParameterError, match=r"^show: part 0 is the class Jitter; make one: Jitter\(\)$"):
        plot.show(variate.Jitter)
    with pytest.raises(ParameterError, match=r"show\(rate=0\): rate must be above 0"):
        plot.show(variate.Jitter(), rate=0)
    with pytest.raises(PanelError, match="the panel has no series"):
        plot.show(variate.Jitter(), np.empty((0, 1, 5)))


def test_a_long_name_is_broken_and_cut():
    # Breaks if the title of a long policy runs out of the picture.
    aug = variate.Compose(*[variate.TimeWarp(sigma=0.123, knots=k) for k in range(1, 30)])
    lines = plot.show(aug, np.arange(9.0)).get_suptitle().splitlines()
    assert len(lines) == 3
    assert max(map(len, lines)) <= 120
    assert lines[-1].endswith("…")


def test_a_notebook_shows_the_figure_without_pyplot():
    # Breaks if the figure is a plain one: IPython draws those only after pyplot was imported.
    picture = plot.show(variate.Flip(), np.arange(9.0))
    assert picture._repr_png_().startswith(b"\x89PNG\r\n\x1a\n")
    assert "matplotlib.pyplot" not in sys.modules


def test_importing_the_library_loads_no_matplotlib():
    # Breaks if `import variate`, or the command line, pays for pictures that nobody asked for.
    code = "import sys, variate, variate.cli, variate.plot; print('matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert run.stdout.strip() == "False", run.stderr
