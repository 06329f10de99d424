"""Scores of anomalies, against numbers worked out by hand and slow literal versions."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn import metrics

from kernels.oracles import few
from variate.core.errors import PanelError, ParameterError
from variate.metrics.detection import Scores, adjusted, best_threshold, f1, precision, recall, relaxed

TRUTH = np.array([*map(int, "001111110011000")])
PREDICTED = np.array([*map(int, "010001000000100")])
BITS = st.lists(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12), min_size=1, max_size=4)
LEVELS = st.lists(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), max_size=12), min_size=1, max_size=4)


def columns(rows):
    """Split series of pairs into two lists of arrays; at least one point is needed."""
    assume(any(rows))
    return tuple([np.array([pair[i] for pair in row]) for row in rows] for i in (0, 1))


def slowly_adjusted(truth, predicted, delay):
    """The rule, run by run."""
    found = [bool(v) for v in predicted]
    for _, run in itertools.groupby(range(len(truth)), key=lambda t: bool(truth[t])):
        places = list(run)
        if truth[places[0]]:
            a, b = places[0], places[-1]
            hit = any(predicted[a : min(a + delay, b) + 1])
            found[a : b + 1] = [hit] * len(places)
    return found


def most_pairs(truth, predicted, delay):
    """The largest matching of flagged and anomalous points within reach, by an algorithm for any weights."""
    near = np.abs(np.flatnonzero(truth)[:, None] - np.flatnonzero(predicted)) <= delay
    return int(near[linear_sum_assignment(near, maximize=True)].sum())


def test_points_by_hand():
    """Breaks where precision and recall change places, or a correct rejection counts."""
    truth, predicted = [0, 0, 0, 1, 1, 1, 1], [1, 1, 0, 1, 0, 0, 1]
    assert precision(truth, predicted) == 2 / 4
    assert recall(truth, predicted) == 2 / 4
    assert (precision([1, 0, 0, 0], [1, 1, 1, 1]), recall([1, 0, 0, 0], [1, 1, 1, 1])) == (1 / 4, 1)
    assert f1([1, 0, 0, 0], [1, 1, 1, 1]) == pytest.approx(2 / (4 + 1))


@few
@given(rows=BITS)
def test_points_agree_with_scikit_learn(rows):
    """Breaks where series are averaged one by one, the last is left out, or 0/0 is not 0."""
    truth, predicted = columns(rows)
    given_rows = np.concatenate(truth).astype(int), np.concatenate(predicted).astype(int)
    for ours, theirs in (
        (precision, metrics.precision_score),
        (recall, metrics.recall_score),
        (f1, metrics.f1_score),
    ):
        assert ours(truth, predicted) == pytest.approx(theirs(*given_rows, zero_division=0), abs=1e-15)


def test_nothing_to_find_and_nothing_flagged_is_zero():
    """Breaks where 0/0 is NaN, an error or 1."""
    for score in (precision, recall, f1):
        assert score([0, 0], [0, 0]) == score([0, 0], [0, 1]) == score([0, 1], [0, 0]) == 0
    for mode in ("segment", "tolerance"):
        assert relaxed([0, 0], [0, 0], mode=mode) == relaxed([0, 0], [1, 0], mode=mode) == (0, 0, 0)


@pytest.mark.parametrize("form", [np.asarray, lambda x: x.astype(bool), lambda x: x.astype(np.float32), lambda x: x.tolist()])
def test_the_forms_of_labels(form):
    """Breaks where whole numbers, floats or lists are read as something else than booleans, or an axis is lost."""
    y, p = np.random.default_rng(0).integers(0, 2, (2, 3, 4, 20))
    expected = metrics.f1_score(y.ravel(), p.ravel())
    assert f1(form(y[0, 0]), p[0, 0].tolist()) == pytest.approx(metrics.f1_score(y[0, 0], p[0, 0]))
    assert f1(form(y[0]), form(p[0])) == pytest.approx(metrics.f1_score(y[0].ravel(), p[0].ravel()))
    if not isinstance(form(y), list):
        assert f1(form(y), p) == pytest.approx(expected)
        assert f1(list(form(y).reshape(-1, 20)), p) == pytest.approx(expected)
        assert relaxed(form(y), p, 2) == relaxed(list(y.reshape(-1, 20)), p.reshape(-1, 20), 2)


def test_the_golden_example():
    """Breaks where the delay is off by one, or points outside segments are changed."""
    assert "".join(map(str, adjusted(TRUTH, PREDICTED, 3).astype(int))) == "011111110000100"
    assert relaxed(TRUTH, PREDICTED) == relaxed(TRUTH, PREDICTED, 3, "segment") == (0.75, 0.75, 0.75)
    assert relaxed(TRUTH, PREDICTED, delay=2).f1 == 0
    assert not adjusted(TRUTH, PREDICTED, 2)[TRUTH == 1].any()
    assert isinstance(relaxed(TRUTH, PREDICTED), Scores)


def test_no_delay_is_not_ordinary_f1():
    """Breaks where a delay of 0 is a special case: it asks for the first point, and then gives the whole segment."""
    assert f1([0, 1, 1, 0], [0, 0, 1, 0]) > relaxed([0, 1, 1, 0], [0, 0, 1, 0], delay=0).f1 == 0
    assert f1([0, 1, 1, 0], [0, 1, 0, 0]) < relaxed([0, 1, 1, 0], [0, 1, 0, 0], delay=0).f1 == 1
    assert relaxed(TRUTH, PREDICTED, delay=0, mode="tolerance").f1 == f1(TRUTH, PREDICTED)


@few
@given(rows=BITS, delay=st.integers(0, 13))
def test_segments_are_adjusted_as_by_the_rule(rows, delay):
    """Breaks where a segment goes on in the next series, the window leaves the segment, or an empty series shifts all."""
    truth, predicted = columns(rows)
    found = adjusted(truth, predicted, delay)
    assert [row.tolist() for row in found] == [slowly_adjusted(y, p, delay) for y, p in zip(truth, predicted, strict=True)]
    assert all(row.dtype == bool for row in found)
    scores = relaxed(truth, predicted, delay)
    assert scores == (precision(truth, found), recall(truth, found), f1(truth, found))


def test_a_segment_ends_with_its_series():
    """Breaks where series are joined: an alarm in one would find the anomaly that the next begins with."""
    truth, predicted = [[0, 1, 1], [1, 1, 0]], [[0, 1, 0], [0, 0, 0]]
    np.testing.assert_array_equal(adjusted(np.array(truth), predicted=np.array(predicted)), [[0, 1, 1], [0, 0, 0]])
    assert relaxed(truth, predicted, mode="tolerance") == (1, 1 / 4, 2 / 5)
    assert relaxed([[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [1, 0, 0]], mode="tolerance").f1 == 0


def test_adjusted_comes_back_in_kind_and_leaves_what_it_was_given():
    """Breaks where an axis is lost, a list becomes an array, or a prediction is written to."""
    y, p = np.random.default_rng(1).integers(0, 2, (2, 2, 3, 9))
    before = p.copy()
    whole = adjusted(y, p, 1)
    assert whole.shape == (2, 3, 9)
    np.testing.assert_array_equal(p, before)
    np.testing.assert_array_equal(whole[1], np.stack(adjusted(list(y[1]), list(p[1]), 1)))
    parts = adjusted([y[0, 0], y[0, 1, :4]], (p[0, 0], p[0, 1, :4]), 1)
    assert isinstance(parts, list)
    assert [len(part) for part in parts] == [9, 4]
    assert adjusted(list(y[0]), p[0], 1).shape == (3, 9)
    np.testing.assert_array_equal(adjusted(TRUTH.tolist(), PREDICTED.tolist()), adjusted(TRUTH, PREDICTED))


@few
@given(rows=BITS, delay=st.integers(0, 13))
def test_tolerance_makes_as_many_pairs_as_there_can_be(rows, delay):
    """Breaks where a point is used twice, pairs are made in a bad order, or reach from one series to another."""
    truth, predicted = columns(rows)
    pairs = sum(most_pairs(y, p, delay) for y, p in zip(truth, predicted, strict=True))
    true, flagged = (int(sum(row.sum() for row in rows)) for rows in (truth, predicted))
    found = relaxed(truth, predicted, delay, mode="tolerance")
    assert found.precision == pytest.approx(pairs / flagged if flagged else 0)
    assert found.recall == pytest.approx(pairs / true if true else 0)
    assert found.f1 == pytest.approx(2 * pairs / (true + flagged) if true + flagged else 0)


def test_tolerance_by_hand():
    """Breaks where a lone alarm counts for all anomalies around it, or only late alarms are forgiven."""
    assert relaxed([0, 1, 1, 1, 0], [0, 0, 1, 0, 0], 2, "tolerance") == (1, 1 / 3, 1 / 2)
    assert relaxed([0, 0, 0, 1], [0, 1, 0, 0], 2, "tolerance").f1 == relaxed([0, 1, 0, 0], [0, 0, 0, 1], 2, "tolerance").f1 == 1
    assert relaxed([0, 0, 0, 1], [0, 1, 0, 0], 1, "tolerance").f1 == 0


@few
@given(rows=LEVELS, delay=st.one_of(st.none(), st.integers(0, 4)))
def test_the_best_threshold_is_that_of_a_search_over_all(rows, delay):
    """Breaks where equal scores are split, a tie goes to the lower threshold, or segments are not those of the relaxed F1."""
    truth, scores = columns(rows)
    assume(any(row.any() for row in truth))

    def quality(threshold):
        predicted = [row >= threshold for row in scores]
        return f1(truth, predicted) if delay is None else relaxed(truth, predicted, delay).f1

    best = max(np.unique(np.concatenate(scores)), key=lambda threshold: (quality(threshold), threshold))
    found = best_threshold(truth, scores, delay=delay)
    assert isinstance(found, float)
    assert found == best


def test_of_two_best_thresholds_the_higher_is_taken():
    """Breaks where a tie goes to the lower: one hit of two, or both with two false alarms, are F1 = 2/3."""
    assert best_threshold([1, 0, 0, 1], [4, 3, 2, 1]) == best_threshold([1, 0, 0, 1], [4, 3, 2, 1], delay=1) == 4


def test_the_best_threshold_of_many_points():
    """Breaks where thresholds are tried one by one, which would take hours here."""
    rng = np.random.default_rng(0)
    truth = np.arange(300_000).reshape(3, -1) % 1000 < 10
    scores = (rng.random(truth.shape) + truth).astype(np.float32)
    for delay in (None, 3):
        found = best_threshold(truth, scores, delay=delay)
        assert relaxed(truth, scores >= found, 3).f1 == 1
        assert found == (scores[truth].min() if delay is None else scores.reshape(-1, 1000)[:, :4].max(axis=1).min())


def test_without_an_anomaly_nothing_is_flagged():
    """Breaks where the threshold is one at which something is."""
    assert best_threshold([0, 0], [0.1, 0.2]) == best_threshold([[0, 0]], [[5, 6]], delay=2) == np.inf


@pytest.mark.parametrize(("truth", "predicted", "sentence"), [
    ([], [], r"truth must be an array \(time,\) or \(n, time\).*with at least one point; it has shape \(0,\)"),
    (1, 1, r"it has shape \(\)"),
    ([[], []], [[], []], r"at least one point; it has series of shapes \(0,\), \(0,\)"),
    ([0, 1], [0.2, 1.0], "predicted holds .*0.2.*booleans, or 0 and 1.*compare them with a threshold first"),
    ([0, 2], [0, 1], "truth holds .*2"),
    ([0, -1], [0, 1], "truth holds .*-1"),
    ([0, np.nan], [0, 1], "truth holds .*nan"),
    (["0", "1"], [0, 1], "truth holds .*'0'"),
    ([0, 1], [0, 1, 1], "series 0 has 2 points in truth and 3 in predicted"),
    ([[0], [0, 1]], [[0], [0]], "series 1 has 2 points in truth and 1 in predicted"),
    ([[0, 1]], [[0, 1], [0, 1]], "truth has 1 series and predicted 2"),
    ([[0, 1], [1, 1]], [0, 1, 1, 1], "truth has 2 series and predicted 1"),
    ([np.ones((2, 3)), np.ones(3)], [np.ones((2, 3)), np.ones(3)], r"series of shapes \(2, 3\), \(3,\)"),
    ([[0, 1], 1], [[0, 1], 1], r"series of shapes \(2,\), \(\)"),
    ([[[0], [0, 1]]], [[[0], [0, 1]]], "a list of more than one depth"),
])  # fmt: skip
@pytest.mark.parametrize("score", [f1, recall, precision, relaxed, adjusted])
def test_what_is_no_label_is_refused(score, truth, predicted, sentence):
    """Breaks where scores are taken for predictions, a missing label for an anomaly, or series do not fit."""
    with pytest.raises(PanelError, match=sentence):
        score(truth, predicted)


@pytest.mark.parametrize(("truth", "scores", "sentence"), [
    ([0, 1], [0.1, np.nan], "scores hold what is no finite number"),
    ([0, 1], [0.1, np.inf], "scores hold what is no finite number"),
    ([0, 1], ["a", "b"], "scores hold what is no finite number"),
    ([0, 1], [0.1], "series 0 has 2 points in truth and 1 in scores"),
    ([0, 0.5], [0.1, 0.2], "truth holds .*0.5"),
])  # fmt: skip
def test_what_is_no_score_is_refused(truth, scores, sentence):
    """Breaks where NaN sorts to an end and becomes the threshold, or an infinite score passes a threshold of infinity."""
    with pytest.raises(PanelError, match=sentence):
        best_threshold(truth, scores)


@pytest.mark.parametrize("delay", [-1, 1.5, True, "3", None])
def test_a_delay_is_a_whole_number(delay):
    """Breaks where a negative delay finds nothing in silence."""
    for call in (relaxed, adjusted):
        with pytest.raises(ParameterError, match="delay"):
            call([0, 1], [0, 1], delay)
    if delay is not None:
        with pytest.raises(ParameterError, match=r"best_threshold\(delay="):
            best_threshold([0, 0], [0, 1], delay=delay)
    with pytest.raises(ParameterError, match=r"mode must be one of 'segment', 'tolerance'"):
        relaxed([0, 1], [0, 1], mode="point")
