import numpy as np
import pytest
from sklearn import metrics

from variate.core.errors import PanelError
from variate.metrics.classification import accuracy, balanced_accuracy, macro_f1

TRUTH = [0, 0, 0, 0, 1, 1, 2]
PREDICTED = [0, 0, 0, 1, 1, 2, 2]


def test_scores_by_hand():
    # Breaks if a score counts by sample where it should by class, or the reverse. Hits: 3 of 4, 1 of 2, 1 of 1.
    assert accuracy(TRUTH, PREDICTED) == pytest.approx(5 / 7)
    assert balanced_accuracy(TRUTH, PREDICTED) == pytest.approx((3 / 4 + 1 / 2 + 1) / 3)
    # F1 = 2·hits/(true + predicted): 6/7, 2/4, 2/3.
    assert macro_f1(TRUTH, PREDICTED) == pytest.approx((6 / 7 + 1 / 2 + 2 / 3) / 3)


def test_a_class_only_predicted_costs_f1_and_not_recall():
    # Breaks if macro_f1 forgets classes that never occur, which would let false alarms go free.
    assert macro_f1([0, 0], [0, 1]) == pytest.approx((2 / 3 + 0) / 2)
    assert balanced_accuracy([0, 0], [0, 1]) == pytest.approx(1 / 2)


def test_agrees_with_scikit_learn():
    # Breaks on any class count that the hand-worked cases do not have.
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 9, 300), rng.integers(0, 9, 300)
    assert macro_f1(y, p) == pytest.approx(metrics.f1_score(y, p, average="macro"))
    assert balanced_accuracy(y, p) == pytest.approx(metrics.balanced_accuracy_score(y, p))


@pytest.mark.parametrize("score", [accuracy, balanced_accuracy, macro_f1])
@pytest.mark.parametrize(("y", "p"), [([], []), ([0, 1], [0]), ([[0, 1]], [[0, 1]])])
def test_what_cannot_be_scored_is_refused(score, y, p):
    # Breaks if arrays broadcast silently, or an empty test set scores NaN.
    with pytest.raises(PanelError, match="needs two arrays"):
        score(y, p)
