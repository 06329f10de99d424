"""Likelihoods: densities as SciPy has them, draws that follow them, and rows that share their draws."""

import numpy as np
import pytest
import torch
from scipy import stats

from variate.core.errors import PanelError, ParameterError
from variate.torch.nets.likelihoods import Gaussian, NegativeBinomial, StudentT, likelihood_of

DRAWS = 20_000


def doubles(*values):
    return [torch.tensor(v, dtype=torch.float64) for v in values]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def row(*parameters):
    """Parameters (1, DRAWS), all alike."""
    return [torch.full((1, DRAWS), float(p), dtype=torch.float64) for p in parameters]


@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_gaussian_density_is_scipys(scale):
    z = np.linspace(-40, 40, 9)
    got = Gaussian(*doubles(1.5, scale)).log_prob(torch.tensor(z))
    np.testing.assert_allclose(got, stats.norm(1.5, scale).logpdf(z), rtol=1e-10)


@pytest.mark.parametrize("df", [2.001, 5.0, 300.0])
def test_student_t_density_is_scipys(df):
    z = np.linspace(-40, 40, 9)
    got = StudentT(*doubles(df, 1.5, 0.7)).log_prob(torch.tensor(z))
    np.testing.assert_allclose(got, stats.t(df, 1.5, 0.7).logpdf(z), rtol=1e-10)


@pytest.mark.parametrize(("mean", "dispersion"), [(0.1, 0.5), (7.0, 2.0), (1e4, 1e-3)])
@pytest.mark.parametrize("unit", [1.0, 8.0])
def test_negative_binomial_probability_is_scipys(mean, dispersion, unit):
    """Also where single precision would lose all digits of the gammas' logarithms: the readings are given so."""
    counts = np.array([0, 1, 5, 9_000, 10_000, 12_000])
    said = NegativeBinomial(*(torch.tensor(v) for v in (mean, dispersion, unit)))
    got = said.log_prob(torch.tensor(counts / unit, dtype=torch.float32))
    exact = [float(torch.tensor(v)) for v in (mean, dispersion)]
    np.testing.assert_allclose(got, stats.nbinom(1 / exact[1], 1 / (1 + exact[0] * exact[1])).logpmf(counts), rtol=2e-6)


@pytest.mark.parametrize("kind", [Gaussian, StudentT, NegativeBinomial])
def test_any_output_of_a_layer_gives_parameters_that_can_be(kind):
    raw = torch.tensor([-200.0, -1.0, 0.0, 1.0, 200.0])
    raw = torch.cartesian_prod(*[raw] * kind.size)
    said = kind.of(raw, torch.tensor(3.0))
    assert torch.isfinite(said.log_prob(torch.ones(len(raw)))).all()
    assert torch.isfinite(said.sample(generator())).all()


def test_what_the_outputs_mean():
    """softplus(0) = log 2; counts have mean = unit·softplus and dispersion = softplus/√unit."""
    zero, half = torch.zeros(3), float(np.log(2)) + 1e-4
    t = StudentT.of(zero, torch.tensor(4.0))
    assert [float(t.df), float(t.location), float(t.scale)] == pytest.approx([2 + np.log(2), 0, half])
    normal = Gaussian.of(torch.tensor([5.0, 0.0]), torch.tensor(4.0))
    assert [float(normal.location), float(normal.scale)] == pytest.approx([5, half])
    counts = NegativeBinomial.of(zero, torch.tensor(4.0))
    assert [float(counts.mean), float(counts.dispersion)] == pytest.approx([4 * half, half / 2])


# The seeds are fixed; for other seeds each of the next tests would raise a false alarm once in a million times.
ALARM = 1e-6


def test_gaussian_draws():
    drawn = Gaussian(*row(1.5, 0.7)).sample(generator())[0].numpy()
    assert stats.kstest(drawn, stats.norm(1.5, 0.7).cdf).pvalue > ALARM


@pytest.mark.parametrize("df", [2.1, 5.0, 1000.0])
def test_student_t_draws(df):
    drawn = StudentT(*row(df, 1.5, 0.7)).sample(generator())[0].numpy()
    assert stats.kstest(drawn, stats.t(df, 1.5, 0.7).cdf).pvalue > ALARM


def test_student_t_draws_have_the_tails_and_the_spread():
    """Kolmogorov and Smirnov look at the middle; a share beyond the 0.1 % quantiles, and the variance df/(df − 2), do not."""
    drawn = StudentT(*row(12, 0, 1)).sample(generator(1))[0].numpy()
    beyond = int((np.abs(drawn) > stats.t(12).ppf(0.9995)).sum())
    assert ALARM < stats.binom(DRAWS, 0.001).cdf(beyond) < 1 - ALARM
    spread = np.sqrt((stats.t(12).moment(4) - 1.2**2) / DRAWS)  # the standard error of the mean square
    assert abs(np.square(drawn).mean() - 1.2) < 4.9 * spread


def test_single_precision_draws_are_finite_and_rightly_spread():
    said = StudentT(*(p.float() for p in row(1e8, 0, 1)))  # where U^(-2/df) − 1 would be rounded to a few steps
    drawn = said.sample(generator())[0]
    assert drawn.dtype == torch.float32
    assert stats.kstest(drawn.numpy(), stats.norm.cdf).pvalue > ALARM


@pytest.mark.parametrize(("mean", "dispersion"), [(0.4, 1.5), (6.0, 0.2)])
def test_negative_binomial_draws(mean, dispersion):
    said = NegativeBinomial(*row(mean, dispersion, 5.0))
    counts = (said.sample(generator())[0] * 5).numpy()
    np.testing.assert_allclose(counts, counts.round(), atol=1e-9)
    law = stats.nbinom(1 / dispersion, 1 / (1 + mean * dispersion))
    last = int(law.ppf(0.999))
    seen = np.bincount(np.minimum(counts.round().astype(int), last), minlength=last + 1)
    want = DRAWS * np.append(law.pmf(np.arange(last)), law.sf(last - 1))
    assert stats.chisquare(seen, want).pvalue > ALARM


@pytest.mark.parametrize(
    "said", [Gaussian(*row(0, 1)), StudentT(*row(5, 0, 1)), NegativeBinomial(*row(30, 0.1, 1))], ids=["normal", "t", "counts"]
)
def test_draws_of_two_steps_have_nothing_in_common(said):
    """A generator seeded anew at each step would draw the same; their correlation is normal with deviation 1/√n."""
    stream = generator()
    first, second = said.sample(stream)[0].numpy(), said.sample(stream)[0].numpy()
    assert abs(np.corrcoef(first, second)[0, 1]) < 4.9 / np.sqrt(DRAWS)
    assert abs(np.corrcoef(first[1:], first[:-1])[0, 1]) < 4.9 / np.sqrt(DRAWS)


def three_rows():
    parts = torch.rand((3, 3, 50), generator=generator(5)) + 0.5
    unit = torch.tensor([[1.0], [2.0], [9.0]])
    return [
        lambda rows: Gaussian(parts[0][rows], parts[1][rows]),
        lambda rows: StudentT(2 + parts[0][rows], parts[1][rows], parts[2][rows]),
        lambda rows: NegativeBinomial(10 * parts[0][rows], parts[1][rows], unit[rows]),
    ]


@pytest.mark.parametrize("made", three_rows(), ids=["normal", "t", "counts"])
def test_a_row_draws_the_same_in_any_company_and_leaves_the_global_generator_alone(made):
    before = torch.random.get_rng_state()
    together = made(slice(None)).sample(generator(3))
    for i in range(3):
        torch.testing.assert_close(made(slice(i, i + 1)).sample(generator(3))[0], together[i])
    assert not torch.equal(made(slice(None)).sample(generator(4)), together)
    assert made(slice(0)).sample(generator()).shape == (0, 50)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_what_is_refused():
    with pytest.raises(ParameterError, match=r"DeepAR\(likelihood='student'\): .*did you mean 'student_t'"):
        likelihood_of("DeepAR", "student", "mean")
    with pytest.raises(ParameterError, match=r"counts must keep their 0; use scale='mean'"):
        likelihood_of("DeepAR", "negative_binomial", "standard")
    with pytest.raises(PanelError, match=r"values holds -3; .* for counts"):
        NegativeBinomial(*doubles(1.0, 1.0, 2.0)).log_prob(torch.tensor([4.0, -1.5]))
