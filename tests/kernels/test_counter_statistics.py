"""Are the numbers as random as they say? Every bound has false-alarm rate ``FALSE_ALARM`` over seeds; seeds are fixed."""

import numpy as np
import pytest
import torch
from scipy import stats

from kernels.oracles import FALSE_ALARM
from variate.kernels import counter
from variate.kernels.compiled.counter import box_muller

Z = float(stats.norm.isf(FALSE_ALARM / 2))  # two-sided: 4.4 standard errors
ROWS, COUNT = 400, 1000


@pytest.fixture(scope="module")
def normals():
    return counter.normal(2024, np.arange(ROWS, dtype=np.uint64), COUNT).astype(np.float64)


@pytest.fixture(scope="module")
def uniforms():
    return counter.uniform(2024, np.arange(ROWS, dtype=np.uint64), COUNT).astype(np.float64)


def test_normals_have_the_moments_of_the_normal_law(normals):
    """Breaks with a bias in mean, spread, skewness or tails. Standard errors: √1, √2, √15, √96 over √n."""
    n = normals.size
    for power, moment, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert abs((normals**power).mean() - moment) < Z * np.sqrt(variance / n)


def test_normals_pass_kolmogorov_and_smirnov(normals):
    """Breaks where the law is not the normal one, in each of the four words of a block and over all."""
    assert stats.kstest(normals.ravel(), "norm").pvalue > FALSE_ALARM
    for word in range(4):
        assert stats.kstest(normals[:, word::4].ravel(), "norm").pvalue > FALSE_ALARM / 4


def test_uniforms_fill_their_bins_evenly(uniforms):
    """Breaks with a bit that is not fair: the χ² of 256 bins, in each word of a block."""
    for word in range(4):
        counts = np.bincount((uniforms[:, word::4].ravel() * 256).astype(int), minlength=256)
        assert stats.chisquare(counts).pvalue > FALSE_ALARM / 4


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 5])
def test_neighbouring_numbers_are_uncorrelated(normals, lag):
    """Breaks where a pair shares its radius, a word is used twice, or blocks resemble one another."""
    for values in (normals, normals**2 - 1, np.abs(normals) - np.sqrt(2 / np.pi)):
        product = values[:, lag:] * values[:, :-lag]
        assert abs(product.mean()) < Z * values.var() / np.sqrt(product.size)


def test_neighbouring_samples_and_keys_are_uncorrelated(normals):
    """Breaks where ids or keys that differ in one bit give streams that resemble one another."""
    other_key = counter.normal(2025, np.arange(ROWS, dtype=np.uint64), COUNT).astype(np.float64)
    for a, b in ((normals[1:], normals[:-1]), (normals, other_key)):
        for f in (lambda v: v, lambda v: v**2 - 1):
            assert abs((f(a) * f(b)).mean()) < Z * f(a).var() / np.sqrt(a.size)


@pytest.mark.parametrize("lag", [1, 2, 4])
def test_neighbouring_numbers_are_independent(normals, lag):
    """Breaks with dependence that correlation does not see: disjoint pairs must fill an 8 x 8 table evenly."""
    cells = (stats.norm.cdf(normals) * 8).astype(int).clip(0, 7)
    first = np.arange(COUNT - lag)
    first = first[first % (2 * lag) < lag]  # no number in two pairs, so that the χ² law holds
    pairs = cells[:, first] * 8 + cells[:, first + lag]
    assert stats.chisquare(np.bincount(pairs.ravel(), minlength=64)).pvalue > FALSE_ALARM


def test_a_share_is_met(uniforms):
    """Breaks where chance(share) is not that share."""
    for share in (0.01, 0.3, 0.9):
        hits = int(counter.below(7, np.arange(ROWS, dtype=np.uint64), share, COUNT).sum())
        assert stats.binomtest(hits, ROWS * COUNT, share).pvalue > FALSE_ALARM


EVERY = np.arange(2**23, dtype=np.int64)  # all values that a uniform can take


def test_error_of_the_logarithm_is_below_2e_7_everywhere():
    """Breaks with a wrong digit in a coefficient: relative error of -2·ln u, over all 2²³ uniforms."""
    ours = counter._minus_two_log(torch.from_numpy(EVERY << 9)).numpy().astype(np.float64)
    exact = -2 * np.log((EVERY + 0.5) / 2**23)
    assert (np.abs(ours - exact) / exact).max() < 2e-7


def test_error_of_sine_and_cosine_is_below_2e_7_everywhere():
    """Breaks with a wrong digit, or a quarter turn with the wrong sign, over all 2²³ angles."""
    sine, cosine = counter._sine_cosine(torch.from_numpy(EVERY << 9))
    angle = 2 * np.pi * (EVERY + 0.5) / 2**23
    assert np.abs(sine.numpy() - np.sin(angle)).max() < 2e-7
    assert np.abs(cosine.numpy() - np.cos(angle)).max() < 2e-7


@pytest.mark.parametrize("along", ["radius", "angle"])
def test_the_compiled_pair_is_box_and_muller_everywhere(along):
    """Breaks where the compiled body leaves float64's Box-Muller by more than its parts' errors, 2e-7."""
    fixed = np.full(2**23, 1234567, np.int64)
    k0, k1 = (EVERY, fixed) if along == "radius" else (fixed, EVERY)
    z = np.empty((2, 2**23), np.float32)
    box_muller((k0 << 9).astype(np.uint32), (k1 << 9).astype(np.uint32), z[0], z[1], 2**23)
    radius, angle = np.sqrt(-2 * np.log((k0 + 0.5) / 2**23)), 2 * np.pi * (k1 + 0.5) / 2**23
    assert (np.abs(z[0] - radius * np.cos(angle)) / radius).max() < 2e-7
    assert (np.abs(z[1] - radius * np.sin(angle)) / radius).max() < 2e-7
