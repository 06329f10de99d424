"""Forest plots and curves: each mark is where its number is."""

from __future__ import annotations

import math
import sys

import numpy as np
import pytest

from variate.core.errors import PanelError
from variate.metrics.comparison import paired
from variate.plot.curves import curves
from variate.plot.forest import LOOKS, forest

HELPED, HURT = paired([0.5, 0.6, 0.7], [0.6, 0.71, 0.8]), paired([0.5, 0.6, 0.7], [0.4, 0.49, 0.6])
VAGUE, ONE = paired([0.5, 0.6, 0.7], [0.55, 0.58, 0.75]), paired([0.5], [0.6])


def marks(axes):
    """Points by (verdict's colour, shape): their places."""
    return {(line.get_color(), line.get_marker()): np.column_stack(line.get_data()).tolist() for line in axes.lines[1:]}


def spans(axes):
    return {
        collection.get_colors()[0].tobytes(): [segment.tolist() for segment in collection.get_segments()]
        for collection in axes.collections
    }


def test_each_comparison_is_where_its_numbers_are():
    # Breaks if dots and intervals of verdicts change lines or sides, or a verdict is told by its colour alone.
    figure = forest({"watch": {"up": HELPED, "down": HURT, "may be": VAGUE}}, label="rise of accuracy")
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["up", "down", "may be"]
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    found = marks(axes)
    for place, (name, one) in enumerate({"helped": HELPED, "hurt": HURT, "undecided": VAGUE}.items()):
        assert found[LOOKS[name]] == [pytest.approx([one.difference, place])]
    segments = {segment[0][1]: segment for held in spans(axes).values() for segment in held}
    for place, one in enumerate((HELPED, HURT, VAGUE)):
        np.testing.assert_allclose(segments[place], [[one.low, place], [one.high, place]])
    assert len({shape for _, shape in LOOKS.values()}) == len(LOOKS)


def test_the_sides_are_named_and_the_line_of_no_effect_is_in_the_middle():
    figure = forest({"a": {"x": HELPED}}, label="fall of MSE")
    (axes,) = figure.axes
    assert axes.lines[0].get_xdata() == [0, 0]
    assert axes.get_xlim()[0] == -axes.get_xlim()[1]
    said = [(text.get_text(), text.get_position()[0], text.get_ha()) for text in axes.texts]
    assert said == [("◂ hurts", 0.49, "right"), ("helps ▸", 0.51, "left")]
    assert figure.get_supxlabel() == "fall of MSE, with 95 % interval"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["helped", "hurt", "undecided"]


def test_plots_share_lines_and_scale_and_leave_gaps():
    # Breaks if a set without an arm moves the others up, or each plot has a scale of its own.
    figure = forest({"a": {"x": HELPED, "y": HURT}, "b": {"y": VAGUE}, "c": {"z": HELPED}}, across=2)
    axes = [one for one in figure.axes if one.get_visible()]
    assert len(axes) == 3
    assert len({one.get_xlim() for one in axes}) == 1
    assert marks(axes[1])[LOOKS["undecided"]] == [pytest.approx([VAGUE.difference, 1])]
    assert marks(axes[2])[LOOKS["helped"]] == [pytest.approx([HELPED.difference, 2])]
    assert [one.get_title() for one in axes] == ["a", "b", "c"]


def test_one_pair_is_a_ring_without_an_interval():
    # Breaks if NaN bounds hide it, or it looks like a measured "undecided".
    (axes,) = forest({"a": {"x": ONE}}).axes
    ring = axes.lines[1]
    assert ring.get_xdata()[0] == pytest.approx(0.1)
    assert ring.get_markerfacecolor() == "white"
    assert not axes.collections
    assert axes.get_xlim()[1] > 0.1


def test_a_far_wider_interval_is_cut_with_a_mark():
    # Breaks if one wild arm squeezes all others to points, or its cut is not told.
    wild = paired([0.0, 0.0], [-0.4, 0.5])
    (axes,) = forest({"a": {**{f"x{k}": HELPED for k in range(5)}, "wild": wild}}).axes
    edge = axes.get_xlim()[1]
    assert 0.1 < edge < wild.high / 5
    colour = LOOKS["undecided"][0]
    assert marks(axes)[colour, "<"] == [[-edge, 5]]
    assert marks(axes)[colour, ">"] == [[edge, 5]]
    ends = [segment for held in spans(axes).values() for segment in held if segment[0][1] == 5]
    assert ends == [[[-edge, 5], [edge, 5]]]


def test_no_difference_at_all_can_be_drawn(tmp_path):
    figure = forest({"a": {"x": paired([0.5, 0.5], [0.5, 0.5])}})
    figure.savefig(tmp_path / "a.png")
    assert figure.axes[0].get_xlim() == (-1, 1)


def test_nothing_to_draw_is_said():
    for empty in ({}, {"a": {}}):
        with pytest.raises(PanelError, match="forest has nothing to draw"):
            forest(empty)
        with pytest.raises(PanelError, match="curves has nothing to draw"):
            curves(empty)
    with pytest.raises(PanelError, match="curves has nothing to draw"):
        curves({"a": {"none": [[]]}})


def lines(axes):
    return {line.get_label(): line for line in axes.lines}


def test_curves_are_means_over_seeds_up_to_where_the_first_one_ends():
    # Breaks if a seed that went on alone is shown as the mean of all.
    figure = curves({"a": {"none": [[3.0, 2.0, 1.0], [5.0, 4.0]], "aug": [[1.0, 2.0, 3.0]]}}, label="loss")
    found = lines(figure.axes[0])
    np.testing.assert_allclose(found["none"].get_xydata(), [[1, 4.0], [2, 3.0]])
    np.testing.assert_allclose(found["aug"].get_xydata(), [[1, 1.0], [2, 2.0], [3, 3.0]])
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("look", "loss")
    assert found["none"].get_linewidth() > found["aug"].get_linewidth()


def test_a_look_without_a_number_is_a_gap(tmp_path):
    figure = curves({"a": {"none": [[3.0, math.inf, 1.0]], "aug": [[math.inf]]}})
    assert np.isnan(lines(figure.axes[0])["none"].get_ydata()[1])
    figure.savefig(tmp_path / "a.png")


def test_of_many_arms_those_that_end_lowest_have_colours():
    # Breaks if colours repeat, or the arms that end highest are picked; a rank of each set counts, not the size of its scores.
    scores = {f"arm{k}": [[1.0, 1.0 + k]] for k in range(9)}
    large = {name: [[1000.0, 1000.0 * run[-1]] for run in runs] for name, runs in scores.items()}
    figure = curves({"a": {"none": [[1.0, 0.5]], **scores}, "b": large})
    named = [text.get_text() for text in figure.legends[0].get_texts()]
    assert named == ["none", "arm0", "arm1", "arm2", "arm3", "arm4", "arm5", "3 other arms"]
    colours = {name: line.get_color() for name, line in lines(figure.axes[0]).items()}
    assert len(set(colours.values())) == 8
    assert colours["arm6"] == colours["arm8"]
    assert colours == {**{name: line.get_color() for name, line in lines(figure.axes[1]).items()}, "none": colours["none"]}


def test_the_first_looks_do_not_squeeze_the_others():
    figure = curves({"a": {"none": [[100.0, 1.0, 0.9, 0.8]]}})
    assert figure.axes[0].get_ylim()[1] < 2


def test_no_global_state():
    # Breaks if pyplot is used: it needs a display on some machines and keeps every figure alive.
    forest({"a": {"x": HELPED}})
    curves({"a": {"none": [[1.0]]}})
    assert "matplotlib.pyplot" not in sys.modules
