"""The class of a whole series by the vote of its slices."""

import math
from collections import Counter

import numpy as np
import pytest
import torch

from kernels.oracles import BODIES, as_body
from transforms.helpers import same_bits
from variate import Panel
from variate.core.errors import ContractError, PanelError, ParameterError
from variate.pipeline.slices import slices
from variate.pipeline.vote import vote

X = np.random.default_rng(0).normal(size=(5, 2, 23))
TABLE = np.arange(30).reshape(10, 3)


def scores_of(x):
    """Three scores a slice that differ between slices and treat each on its own."""
    flat = np.asarray(x).reshape(len(x), -1)
    return np.sin(flat.sum(axis=1)[:, None] * [3, 5, 7] + flat[:, :1] + [0, 2, 4])


def by_loop(predictions, how="majority"):
    """The law, literally: the class of one series from the scores of its slices, in exact sums."""
    totals = [math.fsum(column) for column in zip(*predictions, strict=True)]
    if how == "mean":
        return totals.index(max(totals))
    votes = Counter(list(row).index(max(row)) for row in predictions)
    return min(votes, key=lambda k: (-votes[k], -totals[k], k))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("how", ["majority", "mean"])
@pytest.mark.parametrize("batch", [1, 7, 1024])
@pytest.mark.parametrize(("size", "stride"), [(5, 1), (5, 2), (12, 4), (0.9, None), (23, None), (30, 3)])
def test_votes_are_counted_as_a_loop_counts_them(body, how, batch, size, stride):
    x = np.random.default_rng(2).normal(size=(60, 2, 23))
    got = vote(scores_of, as_body(body, x), size, stride, how=how, batch=batch)
    expected = [by_loop(scores_of(slices(row[None], size, stride or 1 + (size == 0.9))), how) for row in x]
    assert got.dtype == np.int64
    assert got.tolist() == expected
    assert len(set(expected)) == 3


@pytest.mark.parametrize("names", [np.array(["b", "c", "a"]), np.array([7.0, -2.0, 3.0], np.float32), np.array([True, False])])
def test_classes_of_any_dtype_are_counted_and_given_back(names):
    def predict(s):
        return names[scores_of(s)[:, : len(names)].argmax(axis=1)]

    x = np.random.default_rng(3).normal(size=(60, 1, 23))
    got = vote(predict, x, 6, 2)
    expected = []
    for row in x:
        votes = Counter(predict(slices(row[None], 6, 2)).tolist())
        expected.append(min(votes, key=lambda k: (-votes[k], k)))
    assert got.tolist() == expected
    assert got.dtype == names.dtype
    assert vote(lambda s: list(predict(s)), x, 6, 2).tolist() == expected


@pytest.mark.parametrize("how", ["majority", "mean"])
def test_with_slices_of_full_length_the_vote_is_the_plain_prediction(how):
    plain = scores_of(X).argmax(axis=1)
    for size in (23, 1.0):
        assert vote(scores_of, X, size, how=how).tolist() == plain.tolist()
        assert vote(lambda s: scores_of(s).argmax(axis=1), X, size).tolist() == plain.tolist()


@pytest.mark.parametrize("how", ["majority", "mean"])
def test_neither_the_order_of_slices_nor_batches_nor_neighbours_matter(how):
    """Time turned round gives the same slices from last to first; scores of few values make ties of all kinds."""
    x = np.random.default_rng(4).integers(0, 3, (200, 1, 12)).astype(float)

    def forth(s):
        return np.stack([0.1 * s[:, 0, 1] + 0.3, 0.3 * s[:, 0, 0], 0.3 * s[:, 0, 2]], axis=1)

    got = vote(forth, x, 3, 1, how=how)
    for batch in (1, 3, 64):
        assert vote(forth, x, 3, 1, how=how, batch=batch).tolist() == got.tolist()
    assert vote(lambda s: forth(s[..., ::-1]), x[..., ::-1], 3, 1, how=how).tolist() == got.tolist()
    assert vote(forth, x[::-1], 3, 1, how=how).tolist() == got[::-1].tolist()
    assert [vote(forth, x[i : i + 1], 3, 1, how=how)[0] for i in range(20)] == got[:20].tolist()
    assert vote(lambda s: np.asfortranarray(forth(s)), x, 3, 1, how=how, batch=5).tolist() == got.tolist()


def test_sums_do_not_break_ties_by_their_rounding():
    """0.1 + 0.2 + 0.3 and 0.3 + 0.2 + 0.1 differ in their last bit, and are the same scores."""
    table = np.array([[0.3, 0.1], [0.2, 0.2], [0.1, 0.3]])
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        assert vote(lambda s, order=order: table[order], np.arange(3.0), 1, how="mean").tolist() == [0]
        assert vote(lambda s, order=order: table[order][:, ::-1], np.arange(3.0), 1, how="mean").tolist() == [0]


def answers(*rows):
    """A classifier that gives these answers for the slices of one series, whatever they hold."""
    return lambda s: np.array(rows)


@pytest.mark.parametrize(
    ("rows", "winner"),
    [
        (([0.0, 0.4, 0.6], [0.0, 0.4, 0.6], [0.0, 1.0, 0.0]), 2),  # two votes to one, though class 1 has the larger mean
        (([0.1, 0.2, 0.7], [0.1, 0.6, 0.3]), 2),  # a tie: 1.0 against 0.8
        (([0.9, 0.0, 1.0], [0.9, 1.0, 0.1]), 2),  # a tie: class 0 has the largest mean, and no vote
        (([0.0, 0.3, 0.7], [0.0, 0.7, 0.3]), 1),  # a tie in votes and means: the smallest
        (([0.5, 0.0, 1.0], [0.5, 1.0, 0.0]), 1),  # the same, where class 0 has that mean too, and no vote
        (([0.5, 0.5, 0.0], [0.5, 0.5, 0.0]), 0),  # a tie within each slice
        (([-9.0, -1.0, -np.inf], [-9.0, -np.inf, -1.0]), 1),  # log-probabilities, one of them of 0
    ],
)
def test_ties_by_all_three_rules(rows, winner):
    assert vote(answers(*rows), np.arange(len(rows), dtype=float), 1).tolist() == [winner]


def test_a_tie_without_scores_goes_to_the_smallest_class():
    assert vote(answers("z", "b", "b", "z", "c"), np.arange(5.0), 1).tolist() == ["b"]


def test_the_mean_and_the_majority_may_differ():
    rows = [[0.4, 0.6], [0.4, 0.6], [1.0, 0.0]]
    assert vote(answers(*rows), np.arange(3.0), 1).tolist() == [1]
    assert vote(answers(*rows), np.arange(3.0), 1, how="mean").tolist() == [0]


@pytest.mark.parametrize("size", [1, 7, 0.3, 23, 99])
def test_a_constant_classifier_gets_its_class(size):
    assert vote(lambda s: np.full(len(s), "only"), X, size).tolist() == ["only"] * 5
    assert vote(lambda s: np.tile([0.2, 0.5, 0.3], (len(s), 1)), X, size).tolist() == [1] * 5


def seen_by(x, size, stride=None, batch=1024):
    """Return what predict gets: the batches."""
    seen = []
    vote(lambda s: (seen.append(s), np.zeros(len(s), int))[1], x, size, stride, batch=batch)
    return seen


def test_predict_gets_the_slices_in_batches_of_bounded_size():
    seen = seen_by(X, 9, 2, batch=6)
    assert [len(s) for s in seen] == [6] * 6 + [4]
    assert same_bits(np.concatenate(seen), slices(X, 9, 2))
    assert all(s.flags.c_contiguous for s in seen)
    assert [len(s) for s in seen_by(X, 9, batch=1024)] == [5 * 15]
    assert [len(s) for s in seen_by(np.ones((1, 1, 103)), 40)] == [17]  # the default: every 4th of 64 starts, and the last


@pytest.mark.parametrize("body", BODIES)
def test_predict_gets_slices_in_the_kind_of_x(body):
    x = as_body(body, X)
    for given_x, shape in [(x, (2, 9)), (x[:, 0], (9,)), (x[0, 0], (9,)), (Panel(x, label=[0] * 5), (2, 9))]:
        (seen,) = seen_by(given_x, 9)
        assert isinstance(seen, type(x))
        assert tuple(seen.shape[1:]) == shape
    for given_x, shape in [([x[0], x[1, :, :7]], (2, 9)), ([x[0, 0], x[1, 0, :7]], (9,))]:
        for seen in seen_by(given_x, 9):
            assert isinstance(seen, type(x))
            assert tuple(seen.shape[1:]) == shape


def test_a_short_series_has_one_vote():
    seen = seen_by([X[0], X[1, :, :4], X[2], X[3, :, :4]], 9, 2)
    assert sorted(len(s) for s in seen) == [2, 16]
    short = next(s for s in seen if len(s) == 2)
    assert same_bits(short, slices(X[[1, 3], :, :4], 9))


def test_series_of_unequal_length_are_voted_for_in_their_order():
    x = [row[:, : 9 + 3 * (i % 3)] for i, row in enumerate(np.random.default_rng(5).normal(size=(30, 2, 23)))]
    got = vote(scores_of, x, 8, 2)
    assert got.tolist() == [by_loop(scores_of(slices(row[None], 8, 2))) for row in x]
    assert vote(scores_of, Panel(x), 8, 2).tolist() == got.tolist()
    assert vote(lambda s: np.full(len(s), s.shape[-1]), x, 0.5).tolist() == [math.ceil(v.shape[1] / 2) for v in x]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_scores_may_be_tensors(dtype):
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(18, 3)).to(dtype).eval()
    x = torch.from_numpy(X).to(dtype)
    got = vote(net, x, 9, 2)
    assert isinstance(got, np.ndarray)
    with torch.no_grad():
        scores = [net(slices(row[None], 9, 2)).double().tolist() for row in x]
    assert got.tolist() == [by_loop(s) for s in scores]
    assert vote(lambda s: net(s).argmax(dim=1), x, 9, 2).dtype == np.int64


@pytest.mark.parametrize("x", [X[:0], X[:0, 0], [], Panel(X[:0]), torch.empty(0, 2, 23)])
def test_no_series_have_no_classes(x):
    got = vote(lambda s: 1 / 0, x, 9)
    assert (got.shape, got.dtype) == ((0,), np.int64)


def test_the_input_is_not_written_to_and_may_not_be_by_predict():
    x = X.copy()

    def greedy(s):
        s[...] = 0
        return np.zeros(len(s), int)

    vote(greedy, x, 23)
    assert same_bits(x, X)


def test_predict_may_answer_in_the_same_memory_each_time():
    answer = np.zeros(1, int)

    def predict(s):
        answer[0] = s[0, 0]
        return answer

    assert vote(predict, np.array([[1.0], [2.0], [3.0]]), 1, batch=1).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("predict", "words"),
    [
        (lambda s: [0], r"predict gave 1 entries for 10 slices; it must give a class for each slice, \(m,\)"),
        (lambda s: scores_of(s)[:-1], "predict gave 9 entries for 10 slices"),
        (lambda s: None, r"predict gave shape \(\) for 10 slices"),
        (lambda s: np.zeros((len(s), 2, 2)), r"predict gave shape \(10, 2, 2\)"),
        (lambda s: [[1, 2], [3]], "predict gave what cannot be read as an array"),
        (
            lambda s: np.where(np.arange(30).reshape(10, 3) == 14, np.nan, 1.0),
            r"the score nan \(slice 4 of its batch, class 2\)",
        ),
        (lambda s: np.where(np.arange(30).reshape(10, 3) == 0, np.inf, 1.0), "the score inf"),
        (lambda s: torch.full((10, 2), torch.nan), "the score nan"),
        (lambda s: np.full((10, 3), "a"), "scores of dtype <U1"),
        (lambda s: np.zeros((10, 1)), r"scores of shape \(10, 1\), which leave no choice"),
        (lambda s: np.linspace(0, 1, 10), "the class 0.1.*for scores give a column for each class"),
        (lambda s: np.full(10, np.nan), "the class nan"),
        (lambda s: np.array([1, "a"] * 5, object), "classes that cannot be sorted"),
    ],
)
def test_predictions_that_are_refused(predict, words):
    with pytest.raises(PanelError, match=words):
        vote(predict, X, 22, 1)


def test_predictions_are_of_one_kind():
    def changing(s):
        return np.zeros(6, int) if len(s) == 6 else np.zeros((len(s), 3))

    with pytest.raises(PanelError, match="classes for one batch and 3 scores a slice for another"):
        vote(changing, X, 22, 1, batch=6)
    with pytest.raises(PanelError, match="2 scores a slice for one batch and 3 scores a slice for another"):
        vote(lambda s: np.zeros((len(s), 2 + (len(s) == 1))), X, 22, 1, batch=9)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"how": "median"}, ParameterError, "how must be one of 'majority', 'mean'"),
        ({"how": "mean"}, ParameterError, r"needs scores \(m, classes\), and predict gave classes \(m,\); use how='majority'"),
        ({"size": 0}, ParameterError, r"vote\(size=0\)"),
        ({"stride": 0}, ParameterError, r"vote\(stride=0\): stride must be at least 1"),
        ({"batch": 0}, ParameterError, r"vote\(batch=0\): batch must be at least 1"),
        ({"predict": "model"}, ParameterError, "predict must be a function of slices, such as model.predict"),
        ({"x": Panel(X, horizon=9)}, ContractError, r"vote\(size=5\) keeps 5 steps, and the horizon alone has 9"),
    ],
)
def test_votes_that_are_refused(change, error, words):
    call = {"predict": lambda s: np.zeros(len(s), int), "x": X, "size": 5, **change}
    with pytest.raises(error, match=words):
        vote(**call)
