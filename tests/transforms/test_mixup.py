"""Mixup against its formula, with partners told by mixed_with and weights by SciPy's quantiles."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Mixup, Panel


def weights_of(drawn, alpha):
    """Return λ (n,) of the recorded uniforms."""
    return stats.beta.ppf(drawn["share"].astype(np.float64), alpha, alpha)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-6), (np.float64, 1e-6)])
@pytest.mark.parametrize("length", [1, 2, 61])
@pytest.mark.parametrize("alpha", [0.2, 1.0, 2.0])
def test_it_is_the_formula_and_the_label_has_its_weights(body, dtype, close, length, alpha):
    """Breaks where λ is the partner's weight, a channel has one of its own, or the label is that of another share."""
    x, label = series(n=9, channels=3, length=length, dtype=dtype), np.arange(9) % 3
    panel = Panel(x, label=label)
    op = Mixup(alpha=alpha).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner", "share"}
    own, partner = weights_of(drawn, alpha), op.mixed_with(panel, 0)[:, 0]
    assert y.values.dtype == dtype
    expected = own[:, None, None] * x.astype(np.float64) + (1 - own)[:, None, None] * x[partner]
    np.testing.assert_allclose(y.values, expected, rtol=0, atol=close * np.ptp(x))
    labels = own[:, None] * np.eye(3)[label] + (1 - own)[:, None] * np.eye(3)[label[partner]]
    np.testing.assert_allclose(y.label, labels, rtol=0, atol=2e-6)
    assert (label != label[partner]).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_within_a_class_labels_stay_and_so_do_the_numbers(body, dtype):
    """Breaks where `across=False` softens labels, or mixes with another class."""
    x, label = series(n=12, dtype=dtype), np.arange(12) // 3
    panel = Panel(x, label=label)
    op = Mixup(alpha=1.0, across=False).fit(panel)
    y, drawn = draw(body, op, panel)
    assert same_bits(y.label, label)
    partner = op.mixed_with(panel, 0)[:, 0]
    assert (label[partner] == label).all()
    assert (partner != np.arange(12)).all()
    own = weights_of(drawn, 1.0)[:, None, None]
    np.testing.assert_allclose(y.values, own * x + (1 - own) * x[partner], rtol=0, atol=3e-6 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("alpha", [0.05, 1.0, 50.0])
def test_every_reading_lies_between_the_two(body, alpha):
    """Breaks where a weight is below 0, or weights do not add up to 1."""
    x = series(n=50, length=30)
    op = Mixup(alpha=alpha).fit(x)
    y, partner = run(body, op, x)[0], op.mixed_with(Panel(x), 0)[:, 0]
    slack = 1e-14 * np.abs(x).max()
    assert (y >= np.minimum(x, x[partner]) - slack).all()
    assert (y <= np.maximum(x, x[partner]) + slack).all()


@pytest.mark.parametrize("alpha", [0.05, 0.2, 1.0, 30.0])
def test_weights_have_their_distribution(alpha):
    """Breaks where alpha is one of two, or is not what decides how much is mixed; false-alarm rate as stated."""
    x, other = np.zeros((6000, 1, 1)), np.ones((1, 1, 1))
    theirs = Mixup(alpha=alpha).fit(other)(x, seed=0)[:, 0, 0]
    away = np.minimum(theirs, 1 - theirs)
    if alpha == 0.05:
        assert np.median(away) < 1e-4  # most are nearly alone, and one in six is to the last digit
    else:
        assert stats.kstest(theirs, stats.beta(alpha, alpha).cdf).pvalue > FALSE_ALARM
    if alpha == 30.0:
        assert (away > 0.2).all()


@pytest.mark.parametrize("body", BODIES)
def test_past_and_target_have_one_weight_and_a_past_alone_has_its_part_of_the_label(body):
    """Breaks where a forecast window is torn, a target changes, or its share of the label is forgotten."""
    x = series(n=2)
    panel = Panel(x, label=[0, 1], horizon=15)
    y, drawn = draw(body, Mixup(alpha=1.0).fit(panel), panel)
    own = weights_of(drawn, 1.0)[:, None, None]
    np.testing.assert_allclose(y.values, own * x + (1 - own) * x[::-1], rtol=0, atol=1e-12 * np.abs(x).max() + 1e-6)
    y, drawn = draw(body, Mixup(alpha=1.0, scope="past").fit(panel), panel)
    own = weights_of(drawn, 1.0)
    assert same_bits(y.values[..., 45:].copy(), x[..., 45:].copy())
    np.testing.assert_allclose(1 - y.label.diagonal(), (1 - own) * 45 / 60, rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_what_is_missing_in_either_is_missing_and_events_of_both_are_events(body):
    """Breaks where a gap is filled with half of a reading, or an event is weighed."""
    x, points = series(n=2), np.zeros((2, 60), bool)
    x[0, 0, 5:9] = x[1, 1, 40] = np.nan
    points[0, 10] = points[1, 30] = True
    panel = Panel(x, points=points)
    y = run(body, Mixup(alpha=5.0).fit(panel), panel)[0]
    np.testing.assert_array_equal(np.isnan(y.values), np.isnan(x) | np.isnan(x[::-1]))
    np.testing.assert_array_equal(y.points, points | points[::-1])
