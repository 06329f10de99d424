import sys

import numpy as np
import pytest

import variate
from variate import plot
from variate.core.errors import PanelError
from variate.core.panel import Panel

PANEL = Panel(np.random.default_rng(0).normal(size=(4, 3, 30)))


def test_draws_the_series_and_its_augmented_versions():
    # Breaks if the curves are not the panel's, or not what the transform gives at these epochs.
    aug = variate.Jitter(sigma=0.3)
    figure = plot.before_after(PANEL, aug, rows=(3, 1), channels=(2,), copies=2, seed=5, rate=10.0)
    assert len(figure.axes) == 2
    for axes, row in zip(figure.axes, (3, 1), strict=True):
        original, *copies = axes.lines
        np.testing.assert_array_equal(original.get_ydata(), PANEL.values[row, 2])
        np.testing.assert_allclose(original.get_xdata(), np.arange(30) / 10)
        for epoch, line in enumerate(copies, 1):
            np.testing.assert_array_equal(line.get_ydata(), aug(PANEL, seed=5, epoch=epoch).values[row, 2])
        assert axes.get_xlabel() == "time (s)"


def test_a_change_of_length_is_drawn_at_its_own_times():
    # Breaks if the time axis of the original is used for the copy.
    figure = plot.before_after(PANEL, variate.Crop(size=20, resize=False))
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [30, 20]


def test_paired_scores_draws_one_line_a_pair(tmp_path):
    # Breaks if arms are mixed up or seeds are drawn from bottom to top.
    figure = plot.paired_scores([0.1, 0.2], [0.3, 0.1])
    without, with_ = figure.axes[0].collections[1:]
    assert without.get_offsets().tolist() == [[0.1, 1], [0.2, 0]]
    assert with_.get_offsets().tolist() == [[0.3, 1], [0.1, 0]]
    figure.savefig(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 1000


def test_no_global_state():
    # Breaks if pyplot is used: it needs a display on some machines and keeps every figure alive.
    plot.before_after(PANEL, variate.Jitter())
    assert "matplotlib.pyplot" not in sys.modules


def test_names_must_fit():
    # Breaks if a wrong number of names shifts them silently.
    with pytest.raises(PanelError, match="row_names has 1 names for 2"):
        plot.before_after(PANEL, variate.Jitter(), rows=(0, 1), row_names=["a"])
    with pytest.raises(PanelError, match="copies must be 1 … 5"):
        plot.before_after(PANEL, variate.Jitter(), copies=6)
