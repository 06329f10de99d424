"""Shares of a mixture against SciPy's distributions."""

import numpy as np
import pytest
import torch
from scipy import stats

from kernels.oracles import BODIES, FALSE_ALARM, as_body, as_numpy
from variate.kernels.shares import beta, dirichlet


def uniforms(*shape, seed=0, ends=True):
    """Return float32 uniforms as Draws makes them, (k + ½) / 2²³, perhaps with the least and the largest among them."""
    k = np.random.default_rng(seed).integers(0, 2**23, shape)
    k.flat[:2] = (0, 2**23 - 1) if ends else 2**22
    return ((k + 0.5) / 2**23).astype(np.float32)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("alpha", "close"), [
    (0.1, 1e-6), (0.2, 1e-6), (0.4, 1e-6), (0.5, 1e-6), (1.0, 0), (1.5, 1e-6), (2.0, 1e-6),
    (0.01, 1e-4), (0.05, 1e-5), (5.0, 1e-4), (100.0, 1e-4),
])  # fmt: skip
def test_shares_are_quantiles_of_the_beta_distribution(body, dtype, alpha, close):
    """Breaks where the table is too coarse at an end, one alpha has the table of another, or uniforms lose digits.

    Above 1 quantiles fall off a cliff at both ends, which is not asked for to the last of eight million uniforms.
    """
    u = uniforms(3000, ends=alpha <= 1).astype(dtype)
    found = beta(as_body(body, u), alpha)
    assert as_numpy(found).dtype == np.float64
    np.testing.assert_allclose(as_numpy(found), stats.beta.ppf(u.astype(np.float64), alpha, alpha), rtol=0, atol=close)


@pytest.mark.parametrize("alpha", [0.01, 0.2, 1.0, 3.0, 100.0])
def test_shares_rise_with_the_uniform_and_lie_between_0_and_1(alpha):
    """Breaks where the table is not in order, or a share outside makes a weight below 0; both halves are alike."""
    u = np.sort(uniforms(5000).astype(np.float64))
    found = beta(u, alpha)
    assert (np.diff(found) >= 0).all()
    assert (found >= 0).all()
    assert (found <= 1).all()
    np.testing.assert_allclose(beta(1 - u, alpha), 1 - found, rtol=0, atol=1e-9)
    assert beta(np.array([0.5]), alpha) == pytest.approx(0.5, abs=1e-12)


@pytest.mark.parametrize("alpha", [0.2, 1.0, 5.0])
def test_shares_have_their_distribution(alpha):
    """Breaks where shares of even numbers are not those of Beta(alpha, alpha); false-alarm rate as stated."""
    found = beta(uniforms(20_000, seed=1), alpha)
    assert stats.kstest(found, stats.beta(alpha, alpha).cdf).pvalue > FALSE_ALARM


def by_the_book(u, alpha, number):
    """Dirichlet by independent gammas, one row at a time."""
    out = np.zeros(u.shape)
    for i, most in enumerate(number):
        gamma = stats.gamma.ppf(u[i, :most].astype(np.float64), alpha)
        out[i, :most] = gamma / gamma.sum()
    return out


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("alpha", [0.3, 1.0, 1.5, 20.0])
def test_weights_are_gammas_over_their_sum(body, alpha):
    """Breaks where one that takes no part counts in the sum, or keeps a share; a single one has it all."""
    u, number = uniforms(200, 4), np.arange(200) % 4 + 1
    found = dirichlet(as_body(body, u), alpha, as_body(body, number))
    assert isinstance(found, torch.Tensor) == (body == "torch")
    found = as_numpy(found)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, by_the_book(u, alpha, number), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=0, atol=1e-15)
    assert ((found > 0).sum(axis=1) == number).all()
    np.testing.assert_array_equal(found[number == 1], np.eye(4)[np.zeros(50, int)])


@pytest.mark.parametrize("alpha", [0.5, 1.5])
@pytest.mark.parametrize("number", [2, 3, 5])
def test_weights_have_their_distribution(alpha, number):
    """Breaks where a weight is not Beta(alpha, (k - 1)·alpha), be it the first or the last; false-alarm rate as stated."""
    found = dirichlet(uniforms(8000, 5, seed=2), alpha, np.full(8000, number))
    for k in (0, number - 1):
        assert stats.kstest(found[:, k], stats.beta(alpha, (number - 1) * alpha).cdf).pvalue > FALSE_ALARM


def test_of_a_small_alpha_one_has_nearly_all_and_nothing_is_divided_by_0():
    """Breaks where gammas that underflow to 0 leave NaN behind."""
    u = uniforms(2000, 3)
    u[:5] = u.min()
    found = dirichlet(u, 0.01, np.full(2000, 3))
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=0, atol=1e-15)
    assert np.median(found.max(axis=1)) > 0.999


@pytest.mark.parametrize("body", BODIES)
def test_rows_are_on_their_own_and_there_may_be_none(body):
    """Breaks where a share hangs on the batch, a shape is lost, or an empty batch stops the program."""
    u = uniforms(50, 3)
    whole = as_numpy(dirichlet(as_body(body, u), 0.7, np.full(50, 3)))
    index = [7, 3, 49]
    np.testing.assert_array_equal(as_numpy(dirichlet(as_body(body, u[index]), 0.7, np.full(3, 3))), whole[index])
    np.testing.assert_array_equal(as_numpy(beta(as_body(body, u), 0.7))[index], as_numpy(beta(as_body(body, u[index]), 0.7)))
    assert beta(as_body(body, u), 0.7).shape == (50, 3)
    assert beta(as_body(body, u[:0, 0]), 0.7).shape == (0,)
    assert dirichlet(as_body(body, u[:0]), 0.7, np.zeros(0, int)).shape == (0, 3)
