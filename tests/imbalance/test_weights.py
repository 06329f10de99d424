"""Weights: the formulas written out slowly, and what they promise."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from kernels.oracles import as_body, as_numpy, few
from variate.core.errors import PanelError, ParameterError
from variate.imbalance.weights import adapted_costs, class_weights, label_weights, value_weights

BODIES = ("numba", "torch")
RNG = np.random.default_rng(0)
UNEVEN = np.repeat([0, 1, 2], [50, 8, 2])


def test_balanced_weights_are_those_of_scikit_learn_with_a_mean_of_1():
    want = compute_class_weight("balanced", classes=np.arange(3), y=UNEVEN)
    got = class_weights(UNEVEN)
    assert got.dtype == np.float64
    assert np.allclose(got, want / want.mean(), rtol=1e-14)


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9, 0.999, 1 - 1e-12, 1.0])
def test_effective_weights_are_the_inverse_of_a_geometric_sum(beta):
    """1 + β + … + βⁿ⁻¹ samples; 1 − βⁿ over 1 − β as it stands would lose all digits next to β = 1."""
    want = np.array([1 / math.fsum(beta**i for i in range(n)) for n in (50, 8, 2)])
    assert np.allclose(class_weights(UNEVEN, "effective", beta), want / want.mean(), rtol=1e-12, atol=0)


@pytest.mark.parametrize("kind", ["balanced", "effective"])
def test_weights_of_classes(kind):
    """Equal classes have 1; else the rarer the larger, absent ones like the rarest, and the mean of the others is 1."""
    assert class_weights(np.tile([0, 1, 2], 7), kind).tolist() == [1, 1, 1]
    weights = class_weights(UNEVEN, kind)
    assert np.all(np.diff(weights) > 0)
    assert np.isclose(weights.mean(), 1)
    more = class_weights(UNEVEN, kind, classes=5)
    assert np.array_equal(more[:3], weights)
    assert more[3:].tolist() == [weights[2]] * 2
    assert class_weights(np.zeros(0, int), kind, classes=2).tolist() == [1, 1]
    assert class_weights([True, False, True, True], kind)[0] > 1


def test_class_weights_of_samples_count_by_their_sums():
    soft = np.array([[0.25, 0.75, 0], [0.75, 0.25, 0], [0, 2, 0]])
    assert np.allclose(class_weights(soft), np.array([3, 1, 3]) / 2)
    assert np.array_equal(class_weights(np.eye(3)[UNEVEN], "effective"), class_weights(UNEVEN, "effective"))
    assert np.isfinite(class_weights(np.array([[1e-300, 1.0]]))).all()


def test_a_tensor_gives_a_tensor():
    for label in (torch.from_numpy(UNEVEN), torch.eye(3)[UNEVEN]):
        weights = class_weights(label, classes=3)
        assert (weights.dtype, weights.device) == (torch.float32, label.device)
        assert np.allclose(weights.numpy(), class_weights(UNEVEN), rtol=1e-6)


@pytest.mark.parametrize(
    ("label", "asked", "error", "sentence"),
    [
        (UNEVEN, {"kind": "inverse"}, ParameterError, "kind must be one of 'balanced', 'effective'"),
        (UNEVEN, {"beta": 1.1}, ParameterError, "beta must be at most 1"),
        (UNEVEN, {"classes": 0}, ParameterError, "classes must be at least 1"),
        (UNEVEN, {"classes": 2}, PanelError, r"label has classes from 0 to 2; they must be 0 … 1"),
        ([-1, 0], {}, PanelError, r"label has classes from -1 to 0; they must be 0, 1, …"),
        ([0.0, 1.0], {}, PanelError, r"label has shape \(2,\) and dtype float64"),
        (["a"], {}, PanelError, "it must be integer classes"),
        (np.eye(3), {"classes": 2}, PanelError, r"label has shape \(3, 3\); class weights need 2 columns"),
        (-np.eye(3), {}, PanelError, "numbers of at least 0"),
        (np.eye(3) * np.nan, {}, PanelError, "numbers of at least 0"),
    ],
)
def test_what_class_weights_refuse(label, asked, error, sentence):
    with pytest.raises(error, match=sentence):
        class_weights(label, **asked)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32, np.float64])
def test_anomalies_weigh_as_much_as_all_normal_readings(body, dtype):
    points = np.zeros((3, 40), dtype)
    points[1, 5:9] = 1
    weights = as_numpy(label_weights(as_body(body, points)))
    assert weights.dtype == (dtype if dtype in (np.float32, np.float64) else np.float32)
    assert weights[points == 0].sum() == weights[points == 1].sum() == 116
    assert as_numpy(label_weights(as_body(body, points), most=7))[1, 5] == 7


@pytest.mark.parametrize("body", BODIES)
def test_label_weights_lie_between_1_and_the_most(body):
    """Where most are anomalies, or none, the formula would give less than 1, or nothing."""
    assert np.all(as_numpy(label_weights(as_body(body, np.zeros((2, 5))))) == 1)
    assert np.all(as_numpy(label_weights(as_body(body, np.ones((2, 5))))) == 1)
    assert np.all(as_numpy(label_weights(as_body(body, np.array([[1, 1, 0]])))) == 1)
    assert as_numpy(label_weights(as_body(body, np.eye(1, 1000)))).max() == 50
    assert as_numpy(label_weights(as_body(body, np.zeros((0, 5))))).shape == (0, 5)
    assert as_numpy(label_weights(as_body(body, np.array([0.0, 1e-310])))).tolist() == [1, 1]


@pytest.mark.parametrize("body", BODIES)
def test_soft_labels_lie_between(body):
    points = np.array([[0, 0.25, 0.75, 1], [0, 0, 0, 0]])  # 6 normal readings to 2
    assert np.allclose(as_numpy(label_weights(as_body(body, points))), 1 + 2 * points)
    assert np.allclose(as_numpy(label_weights(as_body(body, points), ratio=11)), 1 + 10 * points)
    assert np.all(as_numpy(label_weights(as_body(body, points), ratio=0.1)) == 1)


@pytest.mark.parametrize("body", BODIES)
def test_readings_that_were_not_observed_are_not_counted(body):
    points, mask = np.array([[0, 0, 0, 1], [1, 1, 0, 0]]), np.array([[True] * 4, [False] * 4])
    weights = as_numpy(label_weights(as_body(body, points), mask=as_body(body, mask)))
    assert weights.tolist() == [[1, 1, 1, 3], [3, 3, 1, 1]]


@pytest.mark.parametrize(
    ("points", "asked", "error", "sentence"),
    [
        ([[0, 2]], {}, PanelError, "points hold a value outside 0 … 1"),
        ([[0, -0.1]], {}, PanelError, "points hold a value outside 0 … 1"),
        ([[0, np.nan]], {}, PanelError, "points hold a value outside 0 … 1"),
        ([[0, 1]], {"most": 0.5}, ParameterError, "most must be at least 1"),
        ([[0, 1]], {"ratio": -1}, ParameterError, "ratio must be at least 0"),
        ([[0, 1]], {"mask": [True, True]}, PanelError, r"mask has shape \(2,\) and dtype bool; it must be booleans \(1, 2\)"),
        ([[0, 1]], {"mask": [[1, 1]]}, PanelError, "dtype int64; it must be booleans"),
    ],
)
def test_what_label_weights_refuse(points, asked, error, sentence):
    with pytest.raises(error, match=sentence):
        label_weights(points, **asked)


def slow(x, beta, reach, most):
    """The formula for one series (channels, time), reading by reading."""
    scores = []
    for channel in x:
        middle = np.nanmedian(channel)
        scale = 1.4826 * np.nanmedian(np.abs(channel - middle))
        scores.append([0 if scale == 0 else min(most, abs(v - middle) / scale) for v in channel])
    weights = []
    for t in range(x.shape[1]):
        near = [j for j in range(max(t - reach, 0), min(t + reach + 1, x.shape[1])) if not np.isnan(x[:, j]).all()]
        worst = [np.nanmax([s[j] if not np.isnan(c[j]) else -1 for s, c in zip(scores, x, strict=True)]) for j in near]
        weights.append(1 + beta * (sum(worst) / len(near) if near else 0))
    return weights


@pytest.mark.parametrize("body", BODIES)
@few
@given(
    st.integers(1, 3), st.integers(1, 13), st.integers(0, 5), st.sampled_from([0.0, 1.0, 2.5]), st.sampled_from([0.5, 5.0]),
    st.floats(0, 0.5), st.integers(0, 999),
)  # fmt: skip
def test_value_weights_are_the_formula(body, channels, steps, reach, beta, most, gaps, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_cauchy((3, channels, steps))
    x[rng.uniform(size=x.shape) < gaps] = np.nan
    x[:, :, 0] = 1.0  # a channel has a reading
    got = as_numpy(value_weights(as_body(body, x), beta, reach, most))
    assert np.allclose(got, [slow(row, beta, reach, most) for row in x], rtol=1e-12)
    one = as_numpy(value_weights(as_body(body, x[1:2]), beta, reach, most))
    assert np.array_equal(got[1:2], one)  # a row does not feel its batch
    assert got.min() >= 1


@pytest.mark.parametrize("body", BODIES)
def test_shift_and_scale_do_not_matter(body):
    x = RNG.normal(size=(4, 101))
    want = as_numpy(value_weights(as_body(body, x)))
    assert want.std() > 0.1
    for scale in (1e-200, 1e-6, -3.0, 1e6, 1e200):
        assert np.allclose(as_numpy(value_weights(as_body(body, x * scale + 7 * scale))), want, rtol=1e-9)


def test_a_reach_beyond_the_series_is_all_of_it():
    """It costs no more than the series is long."""
    x = RNG.normal(size=(2, 9))
    assert np.array_equal(value_weights(x, reach=10**12), value_weights(x, reach=8))


@pytest.mark.parametrize("reach", [0, 2, 3])
def test_one_outlier_changes_the_weights_around_it(reach):
    """With the median and the MAD as they were: those do not move when the largest reading grows."""
    x = RNG.normal(size=(1, 60))
    x[0, 30] = 4.0
    more = x.copy()
    more[0, 30] = 4.5
    changed = value_weights(more, reach=reach, most=99) != value_weights(x, reach=reach, most=99)
    assert np.flatnonzero(changed[0]).tolist() == list(range(30 - reach, 31 + reach))


@pytest.mark.parametrize("body", BODIES)
def test_series_without_a_spread_have_weights_of_1(body):
    x = np.zeros((4, 9))
    x[1] = 1e6 + 0.1
    x[2, 3] = 5  # a MAD of 0, and yet not constant
    x[3] = np.nan
    assert np.all(as_numpy(value_weights(as_body(body, x))) == 1)
    for shape in ((0, 9), (2, 0), (2, 1), (2, 2)):
        assert as_numpy(value_weights(as_body(body, np.ones(shape)))).shape == shape


@pytest.mark.parametrize("body", BODIES)
def test_what_is_masked_takes_no_part(body):
    x = RNG.normal(size=(2, 3, 30))
    mask = RNG.uniform(size=(2, 30)) < 0.7
    hidden = np.where(mask[:, None], x, 1e9)
    gaps = np.where(mask[:, None], x, np.nan)
    got = as_numpy(value_weights(as_body(body, hidden), mask=as_body(body, mask)))
    assert np.array_equal(got, as_numpy(value_weights(as_body(body, gaps))))
    assert np.isfinite(got).all()
    assert np.array_equal(value_weights(hidden[0, 0], mask=mask[0]), value_weights(hidden[:1, 0], mask=mask[:1])[0])


@pytest.mark.parametrize("body", BODIES)
def test_precision_and_shape_are_those_of_the_series(body):
    for dtype in (np.float16, np.float32, np.float64):
        x = RNG.normal(size=(2, 3, 8)).astype(dtype)
        before = x.copy()
        got = as_numpy(value_weights(as_body(body, x)))
        assert (got.shape, got.dtype) == ((2, 8), np.result_type(dtype, np.float32))
        assert np.array_equal(x, before)
    big = np.linspace(-6e4, 6e4, 9).astype(np.float16)  # most times its spread is beyond half precision
    assert np.allclose(value_weights(big, most=99), value_weights(big.astype(np.float64), most=99), rtol=1e-5)
    assert as_numpy(value_weights(as_body(body, np.arange(8.0)))).shape == (8,)


@pytest.mark.parametrize(
    ("x", "asked", "error", "sentence"),
    [
        ([np.ones(3), np.ones(4)], {}, PanelError, "x is a list of series; stack them"),
        (np.ones((1, 1, 1, 1)), {}, PanelError, r"x has shape \(1, 1, 1, 1\)"),
        (np.ones((2, 3)), {"mask": np.ones((2, 3))}, PanelError, "dtype float64; it must be booleans"),
        (np.ones((2, 3)), {"mask": np.ones(3, bool)}, PanelError, r"mask has shape \(3,\).* booleans \(2, 3\)"),
        (np.ones((2, 3)), {"beta": -1}, ParameterError, r"value_weights\(beta=-1\): beta must be at least 0"),
        (np.ones((2, 3)), {"reach": 0.5}, ParameterError, "reach must be an integer"),
        (np.ones((2, 3)), {"most": -1}, ParameterError, "most must be at least 0"),
    ],
)
def test_what_value_weights_refuse(x, asked, error, sentence):
    with pytest.raises(error, match=sentence):
        value_weights(x, **asked)


@pytest.mark.parametrize("kind", [np.asarray, torch.tensor])
def test_costs_follow_the_formula(kind):
    costs, counts, errors, base = [1.0, 2.0, 0.5], [20, 5, 0], [0.1, 0.4, np.nan], [0.5, 1.0, 2.0]
    new = [
        0.7 * 1.0 + 0.3 * 0.5 * 25 / (3 * 20) * 1.1,
        0.7 * 2.0 + 0.3 * 1.0 * 25 / (3 * 5) * 1.4,
        0.5,  # no sample: as it was
    ]
    got = adapted_costs(kind(costs), kind(counts), kind(errors), rate=0.3, base=kind(base))
    assert type(got) is type(kind(costs))
    assert got.dtype == kind(costs).dtype
    assert np.allclose(got, np.array(new) / np.mean(new), rtol=1e-6)


def test_equal_classes_keep_costs_of_1():
    for errors in ([0.0] * 4, [0.3] * 4):
        assert np.allclose(adapted_costs(np.ones(4), [7] * 4, errors, rate=0.9), 1, rtol=1e-15)
    assert np.allclose(adapted_costs(np.ones(4), [0] * 4, [np.nan] * 4), 1)


@few
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=6), st.floats(0.01, 1))
def test_costs_fall_with_the_number_of_samples_and_rise_with_the_errors(counts, rate):
    size = len(counts)
    costs = adapted_costs(np.ones(size), counts, np.full(size, 0.2), rate)
    order = np.argsort(counts, kind="stable")
    assert np.all(np.diff(costs[order]) <= 0)
    errors = np.arange(size) / size
    assert np.all(np.diff(adapted_costs(np.ones(size), [9] * size, errors, rate)) > 0)
    assert np.allclose(adapted_costs(np.ones(size), counts, errors, 0), 1)


def test_costs_stay_within_their_limits():
    """Epoch after epoch with nearly nothing of a class, and everything of it wrong."""
    costs = np.ones(30)
    for _ in range(50):
        costs = adapted_costs(costs, [10**6] * 29 + [1], [0.0] * 29 + [1.0], rate=1)
    assert (costs.min(), costs.max()) == (0.1, 10)
    apart = adapted_costs([1e-9, 1.0], [1, 1], [0, 0], rate=0)
    assert apart.tolist() == [0.1, 2 / (1 + 1e-9)]


@pytest.mark.parametrize(
    ("given", "error", "sentence"),
    [
        ({"costs": [[1.0]]}, PanelError, r"costs has shape \(1, 1\); it must have one number for each class, \(classes,\)"),
        ({"costs": [0.0, 1.0]}, PanelError, "must be above 0"),
        ({"counts": [1, 2, 3]}, PanelError, r"counts has shape \(3,\); it must have one number for each class, \(2,\)"),
        ({"counts": [-1, 2]}, PanelError, "finite numbers of at least 0"),
        ({"errors": [0.5]}, PanelError, r"errors has shape \(1,\)"),
        ({"errors": [np.nan, 0]}, PanelError, "errors is .*nan.* finite"),
        ({"errors": [2, 0]}, PanelError, "in 0 … 1"),
        ({"base": [1.0]}, PanelError, r"base has shape \(1,\)"),
        ({"base": [0.0, 1.0]}, PanelError, "must be above 0"),
        ({"rate": 1.5}, ParameterError, r"adapted_costs\(rate=1.5\): rate must be at most 1"),
    ],
)
def test_what_adapted_costs_refuse(given, error, sentence):
    fine = {"costs": [1.0, 1.0], "counts": [3, 4], "errors": [0.1, 0.2]}
    with pytest.raises(error, match=sentence):
        adapted_costs(**(fine | given))
