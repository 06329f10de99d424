"""What the probabilistic forecasters have in common: windows in units, lags, the median as the forecast."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from variate.core.draws import checked_seed
from variate.core.errors import PanelError, ParameterError, suggest
from variate.torch.nets.checks import check_sizes
from variate.torch.nets.likelihoods import Likelihood, likelihood_of
from variate.torch.nets.scaling import HOW, scaled

PATHS = 4096  # sample paths followed at a time, to fit the cache; what is drawn does not depend on it


class Forecaster(nn.Module, ABC):
    """A network that forecasts univariate windows and says how sure it is.

    Windows are brought to units before the network sees them (:func:`variate.torch.nets.scaling.scaled`), and the
    forecast is brought back; so the forecast of ``a·x`` is ``a`` times that of ``x`` for positive a, and with
    ``scale="standard"`` that of ``x + b`` is higher by b. The loss is in units: every window weighs the same. Forecasts
    are made as in evaluation, without dropout and without a gradient, whatever the mode of the network.
    """

    def __init__(self, past: int, horizon: int, *, lags: tuple[int, ...], scale: str) -> None:
        owner = type(self).__name__
        check_sizes(owner, past=past, horizon=horizon)
        if scale not in HOW:
            raise ParameterError(f"{owner}(scale={scale!r}): scale must be 'mean' or 'standard'{suggest(str(scale), HOW)}")
        whole = all(isinstance(lag, int) and not isinstance(lag, bool) and 2 <= lag <= past for lag in lags)
        if not whole or len(set(lags)) < len(lags):
            raise ParameterError(
                f"{owner}(lags={lags!r}): lags must be different integers from 2 to past={past}; the reading one step "
                "before is always given"
            )
        super().__init__()
        self.past = past
        self.horizon = horizon
        self.lags = tuple(lags)
        self.scale = scale

    def loss(self, values: Tensor) -> Tensor:
        """Return the training loss, a scalar, of whole windows (n, 1, past + horizon).

        Raises:
            PanelError: values of another shape, or not finite.
        """
        rows = self._rows(values, "values", self.past + self.horizon)
        location, unit = scaled(rows[:, : self.past], self.scale)
        return self._loss(self._in_units(rows, location, unit), self._own(unit))

    def forecast(self, past: Tensor, *, seed: int | None = 0, samples: int = 100) -> Tensor:
        """Return the median forecast (n, 1, horizon) of past (n, 1, past); see :meth:`quantiles`.

        Raises:
            ParameterError: samples below 1.
            PanelError: past of another shape, or not finite.
        """
        return self.quantiles(past, (0.5,), seed=seed, samples=samples)

    def quantiles(self, past: Tensor, levels: Sequence[float], *, seed: int | None = 0, samples: int = 100) -> Tensor:
        """Return the forecast's quantiles (n, levels, horizon) of past (n, 1, past), without a gradient.

        A row's forecast does not depend on the rows beside it, and the global generator is left alone.

        Args:
            past: what is known.
            levels: the share of outcomes below each quantile, from 0 to 1.
            seed: of the sample paths, on past's device; None draws one. A network that does not sample has no use for it.
            samples: paths that a network which samples draws for each row.

        Raises:
            ParameterError: samples below 1, or levels outside what the network knows.
            PanelError: past of another shape, or not finite.
            DrawError: a seed that is no integer.
        """
        check_sizes(f"{type(self).__name__}.quantiles", samples=samples)
        self._check_levels(levels)
        rows = self._rows(past, "past", self.past)
        location, unit = scaled(rows, self.scale)
        with torch.no_grad(), _evaluating(self):
            units = self._quantiles(
                self._in_units(rows, location, unit), self._own(unit), levels, checked_seed(seed) % 2**63, samples
            )
            readings = location[:, None] + unit[:, None] * units.to(rows.dtype)
        return readings.to(past.dtype) if past.is_floating_point() else readings

    @abstractmethod
    def _loss(self, readings: Tensor, unit: Tensor) -> Tensor:
        """Return the loss of readings (n, past + horizon) in units."""

    @abstractmethod
    def _quantiles(self, readings: Tensor, unit: Tensor, levels: Sequence[float], seed: int, samples: int) -> Tensor:
        """Return quantiles (n, levels, horizon) in units of the past's readings (n, past) in units."""

    def _check_levels(self, levels: Sequence[float], lowest: float = 0.0, highest: float = 1.0) -> None:
        if not levels or not all(lowest <= level <= highest for level in levels):
            raise ParameterError(
                f"{type(self).__name__}.quantiles(levels={tuple(levels)!r}): give one level or more, each from {lowest:g} "
                f"to {highest:g}"
            )

    def _rows(self, values: Tensor, name: str, steps: int) -> Tensor:
        if values.ndim != 3 or values.shape[1:] != (1, steps):
            raise PanelError(f"{name} has shape {tuple(values.shape)}; this {type(self).__name__} needs (n, 1, {steps})")
        if not bool(torch.isfinite(values).all()):
            raise PanelError(f"{name} holds NaN or infinity; {type(self).__name__} needs every reading: fill the gaps first")
        rows = values[:, 0]
        return rows if rows.dtype in (torch.float32, torch.float64) else rows.float()

    def _in_units(self, rows: Tensor, location: Tensor, unit: Tensor) -> Tensor:
        return self._own((rows - location) / unit)

    def _own(self, x: Tensor) -> Tensor:
        return x.to(next(self.parameters()).dtype)


class SampledForecaster(Forecaster):
    """A forecaster that gives the distribution of the next reading, and forecasts by paths drawn step by step."""

    def __init__(self, past: int, horizon: int, *, likelihood: str, lags: tuple[int, ...], scale: str) -> None:
        super().__init__(past, horizon, lags=lags, scale=scale)
        self.likelihood: type[Likelihood] = likelihood_of(type(self).__name__, likelihood, scale)

    @abstractmethod
    def _paths(self, readings: Tensor, unit: Tensor, samples: int, generator: torch.Generator) -> Tensor:
        """Return sampled futures (n, samples, horizon) in units of the past's readings (n, past) in units."""

    def _quantiles(self, readings: Tensor, unit: Tensor, levels: Sequence[float], seed: int, samples: int) -> Tensor:
        if len(readings) == 0:  # of which torch has no quantile
            return readings.new_empty(0, len(levels), self.horizon)
        at_once = max(1, PATHS // samples)
        at = torch.tensor(levels, dtype=readings.dtype, device=readings.device)
        found = []
        for some, units in zip(torch.split(readings, at_once), torch.split(unit, at_once), strict=True):
            # rows share their draws, so every chunk takes the same ones
            generator = torch.Generator(readings.device).manual_seed(seed)
            found.append(self._paths(some, units, samples, generator).quantile(at, dim=1))
        return torch.cat(found, dim=1).transpose(0, 1)


def lagged(readings: Tensor, lags: Sequence[int]) -> Tensor:
    """Return what is known of the step after each reading: that reading, and those ``lag`` steps before the step.

    Where the window does not reach back so far, its oldest reading stands in (our decision: the alternative, to keep the
    first readings as history only, would cost a window as long as its largest lag the whole of its past).

    Args:
        readings: ``(n, time)``.
        lags: steps back from the step that is to be forecast.

    Returns:
        ``(n, time, 1 + lags)``.

    >>> lagged(torch.tensor([[10, 11, 12, 13]]), [3]).tolist()
    [[[10, 10], [11, 10], [12, 10], [13, 11]]]
    """
    now = torch.arange(readings.shape[-1], device=readings.device)
    back = torch.tensor([0, *(lag - 1 for lag in lags)], device=readings.device)
    return readings[:, (now[:, None] - back).clamp(min=0)]


def check_dropout(owner: str, dropout: float) -> None:
    """Raise ParameterError unless dropout is a share, 0 or more and less than 1.

    >>> check_dropout("DeepAR", 0.1)
    """
    if not 0 <= dropout < 1:
        raise ParameterError(f"{owner}(dropout={dropout!r}): dropout must be from 0 to less than 1")


@contextmanager
def _evaluating(net: nn.Module) -> Iterator[None]:
    """Keep dropout off, and with it the global generator unused, until the end of the block."""
    training = net.training
    net.eval()
    try:
        yield
    finally:
        net.train(training)
