"""What a forecaster says of the next reading: a distribution, its log density and draws from it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import torch
from torch import Tensor
from torch.nn.functional import softplus

from variate.core.errors import PanelError, ParameterError, suggest

SMALLEST = 1e-4  # of a scale, in units: a series that can be foretold exactly must not make the density infinite


class Likelihood(ABC):
    """A distribution of readings in units, one for each element of its parameters.

    A network's linear layer gives ``size`` numbers for each reading; ``of`` makes them parameters, with a softplus where
    one must be positive. Draws come from the generator that is given, never from the global one, and **rows share them**:
    parameters ``(rows, samples)`` take ``samples`` draws, the same for every row, so that a row's forecast is the same
    alone and in any batch. What is said of one row is right; do not add up the samples of several.
    """

    size: ClassVar[int]

    @classmethod
    @abstractmethod
    def of(cls, raw: Tensor, unit: Tensor) -> Self:
        """Return the distributions (...) of a linear layer's output ``raw`` (..., size); ``unit`` is what one unit is."""

    @abstractmethod
    def log_prob(self, readings: Tensor) -> Tensor:
        """Return the log density (...) of readings (...) in units."""

    @abstractmethod
    def sample(self, generator: torch.Generator) -> Tensor:
        """Return one draw in units for each parameter (rows, samples); rows share the randomness."""


@dataclass(frozen=True, eq=False)
class Gaussian(Likelihood):
    """The normal distribution: a location and a positive scale.

    >>> round(Gaussian(torch.tensor(1.0), torch.tensor(2.0)).log_prob(torch.tensor(1.0)).item(), 4)
    -1.6121
    """

    size = 2

    location: Tensor
    scale: Tensor

    @classmethod
    def of(cls, raw: Tensor, unit: Tensor) -> Self:
        """Return location and softplus scale; the unit has no say."""
        return cls(raw[..., 0], SMALLEST + softplus(raw[..., 1]))

    def log_prob(self, readings: Tensor) -> Tensor:
        """Return the log density (...) of readings (...)."""
        away = (readings - self.location) / self.scale
        return -0.5 * away.square() - self.scale.log() - 0.5 * math.log(2 * math.pi)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return draws (rows, samples)."""
        at = self.location
        normal = torch.randn(at.shape[-1:], generator=generator, dtype=at.dtype, device=at.device)
        return at + self.scale * normal


@dataclass(frozen=True, eq=False)
class StudentT(Likelihood):
    """Student's t distribution: like the normal one, but it expects a wild reading now and then.

    The degrees of freedom are above 2, so that the variance is finite (as in GluonTS, from memory). Draws are Bailey's
    [bailey1994]: for U and V uniform, √(df·(U^(-2/df) − 1))·cos(2πV) has exactly this distribution. Unlike a ratio to a
    gamma variate it rejects nothing, so every degree of freedom takes the same two uniforms.

    >>> t = StudentT(torch.tensor(4.0), torch.tensor(0.0), torch.tensor(1.0))
    >>> round(t.log_prob(torch.tensor(0.0)).exp().item(), 4)
    0.375
    """

    size = 3

    df: Tensor
    location: Tensor
    scale: Tensor

    @classmethod
    def of(cls, raw: Tensor, unit: Tensor) -> Self:
        """Return 2 + softplus degrees of freedom, location and softplus scale; the unit has no say."""
        return cls(2 + softplus(raw[..., 0]), raw[..., 1], SMALLEST + softplus(raw[..., 2]))

    def log_prob(self, readings: Tensor) -> Tensor:
        """Return the log density (...) of readings (...)."""
        half = (self.df + 1) / 2
        away = (readings - self.location) / self.scale
        peak = torch.lgamma(half) - torch.lgamma(self.df / 2) - 0.5 * (math.pi * self.df).log() - self.scale.log()
        return peak - half * torch.log1p(away.square() / self.df)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return draws (rows, samples)."""
        at = self.location
        u, v = torch.rand((2, at.shape[-1]), generator=generator, dtype=at.dtype, device=at.device)
        # 1 - u is above 0, and expm1 keeps what U^(-2/df) - 1 would round away where df is large
        radius = (self.df * torch.expm1(torch.log1p(-u) * (-2 / self.df))).sqrt()
        return at + self.scale * radius * torch.cos(2 * math.pi * v)


@dataclass(frozen=True, eq=False)
class NegativeBinomial(Likelihood):
    """Counts whose variance is mean + dispersion·mean²; the readings are counts divided by ``unit``.

    ``of`` has mean = unit·softplus and dispersion = softplus/√unit ([salinas2020], from memory), so a network answers in
    units, but the distribution is that of whole numbers: twice the counts are another forecast, not twice the forecast.
    """

    size = 2

    mean: Tensor
    dispersion: Tensor
    unit: Tensor

    @classmethod
    def of(cls, raw: Tensor, unit: Tensor) -> Self:
        """Return mean and dispersion of the counts."""
        mean = unit * (SMALLEST + softplus(raw[..., 0]))
        return cls(mean, (SMALLEST + softplus(raw[..., 1])) / unit.sqrt(), unit)

    def log_prob(self, readings: Tensor) -> Tensor:
        """Return the log probability (...) of the counts that the readings (...) are; between counts it is interpolated.

        Raises:
            PanelError: a reading below 0.
        """
        # in double: of large counts and small dispersions the gammas' logarithms are large, and their difference is not
        z, mean, dispersion = (readings * self.unit).double(), self.mean.double(), self.dispersion.double()
        if bool((z < 0).any()):
            raise PanelError(
                f"values holds {float(z.min()):g}; likelihood='negative_binomial' is for counts, which are 0 or more; "
                "for other series take 'student_t'"
            )
        shape, odds = 1 / dispersion, dispersion * mean
        ways = torch.lgamma(z + shape) - torch.lgamma(shape) - torch.lgamma(z + 1)
        return (ways + z * odds.log() - (z + shape) * torch.log1p(odds)).to(readings.dtype)

    def sample(self, generator: torch.Generator) -> Tensor:
        """Return draws (rows, samples): Poisson counts whose rates are gamma variates, divided by the unit."""
        shape = 1 / self.dispersion
        seed = int(torch.randint(2**63 - 1, (), generator=generator, device=shape.device))
        own = torch.Generator(shape.device)
        counts = []
        for row, share in zip(shape, self.mean / shape, strict=True):
            # gamma variates are found by rejection: from one stream, a row would feel what the rows before it used up
            own.manual_seed(seed)
            counts.append(torch.poisson(torch._standard_gamma(row, generator=own) * share, generator=own))
        return (torch.stack(counts) if counts else shape) / self.unit


LIKELIHOODS: dict[str, type[Likelihood]] = {
    "student_t": StudentT,
    "gaussian": Gaussian,
    "negative_binomial": NegativeBinomial,
}


def likelihood_of(owner: str, name: str, scale: str) -> type[Likelihood]:
    """Return the distribution of this name.

    Args:
        owner: the class whose parameter it is, for the error.
        name: "student_t", "gaussian" or "negative_binomial".
        scale: how the windows are brought to units; counts need "mean".

    Raises:
        ParameterError: an unknown name, or counts in units whose 0 is not 0.

    >>> likelihood_of("DeepAR", "gaussian", "standard").__name__
    'Gaussian'
    """
    if name not in LIKELIHOODS:
        raise ParameterError(f"{owner}(likelihood={name!r}): unknown likelihood{suggest(str(name), LIKELIHOODS)}")
    if name == "negative_binomial" and scale != "mean":
        raise ParameterError(
            f"{owner}(likelihood='negative_binomial', scale={scale!r}): counts must keep their 0; use scale='mean'"
        )
    return LIKELIHOODS[name]
