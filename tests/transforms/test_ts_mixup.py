"""TSMixup against its formula: how many series, how much of each, and in whose scale."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel, TSMixup


def weights_of(drawn, alpha, most):
    """Return the weights (n, most) of the recorded draws: gammas over their sum, of as many series as were drawn."""
    number = drawn["number"] + 1
    gamma = stats.gamma.ppf(drawn["weights"].astype(np.float64), alpha)
    part = np.where(np.arange(most) < number[:, None], gamma, 0)
    return part / part.sum(axis=1, keepdims=True)


def scale_of(x):
    return np.abs(x.astype(np.float64)).mean(axis=-1, keepdims=True)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", [1, 2, 60])
@pytest.mark.parametrize(("most", "alpha"), [(2, 1.5), (3, 0.4), (5, 3.0)])
def test_it_is_the_formula_and_the_label_has_its_weights(body, dtype, close, length, most, alpha):
    """Breaks where a scale is of all channels, of the partner, or forgotten, or a weight meets another series."""
    x, label = series(n=12, channels=3, length=length, dtype=dtype), np.arange(12) % 4
    panel = Panel(x, label=label)
    op = TSMixup(series=most, alpha=alpha, across=True).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner", "number", "weights"}
    weights = weights_of(drawn, alpha, most)
    every = np.concatenate([np.arange(12)[:, None], op.mixed_with(panel, 0)], axis=1)
    assert every.shape == (12, most)
    unit = x / scale_of(x)
    expected = scale_of(x) * (weights[:, :, None, None] * unit[every]).sum(axis=1)
    assert y.values.dtype == dtype
    np.testing.assert_allclose(y.values, expected, rtol=0, atol=close * np.abs(expected).max())
    np.testing.assert_allclose(y.label, (weights[:, :, None] * np.eye(4)[label[every]]).sum(axis=1), rtol=0, atol=2e-6)
    assert len(set(drawn["number"].tolist())) > 1


@pytest.mark.parametrize("most", [2, 3, 6])
def test_every_number_of_series_is_as_likely(most):
    """Breaks where the series itself is left out, all always take part, or some number is preferred."""
    known = Panel(series(n=20, length=4, seed=1), label=np.arange(20))
    x = np.repeat(known.values[:1], 6000, axis=0)
    label = TSMixup(series=most, across=True).fit(known)(Panel(x, label=np.zeros(6000, int)), seed=0).label
    assert (label[:, 0] > 0).all()
    counts = np.bincount((label > 0).sum(axis=1), minlength=most + 1)[1:]
    assert stats.chisquare(counts).pvalue > FALSE_ALARM
    if most == 2:
        assert stats.chisquare((label[:, 1:] > 0).sum(axis=0)).pvalue > FALSE_ALARM  # nobody is preferred as a partner


@pytest.mark.parametrize("alpha", [0.5, 1.5, 10.0])
def test_weights_have_their_distribution(alpha):
    """Breaks where the series itself has a larger weight, or alpha is another; false-alarm rate as stated."""
    known = Panel(series(n=20, length=4, seed=1), label=np.arange(20))
    x = np.repeat(known.values[:1], 8000, axis=0)
    label = TSMixup(series=3, alpha=alpha, across=True).fit(known)(Panel(x, label=np.zeros(8000, int)), seed=0).label
    for number in (2, 3):
        own = label[(label > 0).sum(axis=1) == number, 0]
        assert stats.kstest(own, stats.beta(alpha, (number - 1) * alpha).cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_the_scale_of_a_partner_does_not_matter_and_that_of_the_series_is_kept(body):
    """Breaks where a large partner drowns the series, or a factor of the series does not come out again."""
    x, other = series(n=8, channels=3), series(n=1, channels=3, seed=1)
    y = run(body, TSMixup(series=2).fit(other), x)[0]
    for factor in (2.0**-20, 2.0**20):
        assert same_bits(run(body, TSMixup(series=2).fit(factor * other), x)[0], y)
        assert same_bits(run(body, TSMixup(series=2).fit(other), factor * x)[0], factor * y)
    factors = np.array([1.0, 1e-3, 1e6])[:, None]
    np.testing.assert_allclose(run(body, TSMixup(series=2).fit(factors * other), x)[0], y, rtol=0, atol=1e-12 * np.abs(x).max())
    assert (scale_of(y) <= scale_of(x) * (1 + 1e-12)).all()
    positive = run(body, TSMixup(series=2).fit(np.abs(other)), np.abs(x))[0]
    np.testing.assert_allclose(scale_of(positive), scale_of(x), rtol=1e-12)  # where nothing cancels


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_series_of_zeros_stays_and_brings_nothing(body, dtype):
    """Breaks where a scale of 0 is divided by, or a channel of zeros is given the scale of another."""
    x = series(n=30, dtype=dtype)
    x[:, 1] = 0
    other = series(n=1, seed=1, dtype=dtype)
    other[0, 0] = 0
    y, drawn = draw(body, TSMixup(series=2).fit(other), x)
    assert np.isfinite(y).all()
    assert (y[:, 1] == 0).all()
    own = weights_of(drawn, 1.5, 2)[:, :1]
    np.testing.assert_allclose(y[:, 0], own * x[:, 0], rtol=0, atol=3e-6 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
def test_where_there_are_fewer_series_than_asked_the_series_has_their_weight(body):
    """Breaks where a partner that is none takes a part of the scale away."""
    x = series(n=2)
    panel = Panel(x, label=[0, 1])
    y, drawn = draw(body, TSMixup(series=5, across=True).fit(panel), panel)
    weights = weights_of(drawn, 1.5, 5)
    unit = x / scale_of(x)
    for i in (0, 1):
        place = int(np.flatnonzero(TSMixup(series=5, across=True).fit(panel).mixed_with(panel, 0)[i] >= 0)[0])
        theirs = weights[i, 1 + place]
        expected = scale_of(x)[i] * ((1 - theirs) * unit[i] + theirs * unit[1 - i])
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=1e-12 * np.abs(x).max())
        np.testing.assert_allclose(y.label[i, 1 - i], theirs, rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_within_a_class_labels_stay(body):
    panel = Panel(series(n=12), label=np.arange(12) // 4)
    op = TSMixup().fit(panel)
    assert same_bits(run(body, op, panel)[0].label, panel.label)
    rows = op.mixed_with(panel, 0)
    assert (panel.label[rows] == panel.label[:, None]).all()
    assert all(len({i, *row}) == 3 for i, row in enumerate(rows.tolist()))
