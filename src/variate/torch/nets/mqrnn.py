"""MQRNN: all horizons and all quantiles at once, from what a recurrent network remembers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from variate.core.errors import ParameterError
from variate.torch.nets.checks import check_sizes
from variate.torch.nets.forecaster import Forecaster, lagged

LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)


class MQRNN(Forecaster):
    """Forecast the quantiles of every step of the horizon directly, without sampling [wen2017mqrnn].

    An LSTM reads the past. From its state a global network makes one context for each step of the horizon and one for all
    of them; from these two a local network, the same for every step, makes the quantiles. The loss is the quantile loss,
    summed over quantiles and steps. As in GluonTS, the network gives the lowest quantile and positive increments, so that
    quantiles never cross.

    In training the horizon is forecast from several steps of the past, not from its end alone ("forking sequences"): the
    network sees as many forecasts as there are forks for one pass over the past. The published network forks everywhere;
    here ``forks`` steps are taken, spread evenly and always with the last one (our decision: neighbouring forks say nearly
    the same, and the loss costs as many times less). A fork's targets may lie in the past and in the horizon.

    The architecture is written from memory of the paper; the sizes of its networks, each with one hidden layer of ReLUs,
    are our decision. The only inputs are readings: there are no covariates. With ``lags``, each step of the past also has
    the reading of ``lag`` steps before the next one, and the local network has, as the paper's known future inputs, the
    last known reading that lies a whole number of lags before the step forecast (our decision). Where the window does not
    reach back so far, its oldest reading stands in.

    Args:
        past: steps of the window that are known.
        horizon: steps to forecast.
        hidden: size of the LSTM's state and of the global network's hidden layer; 50 as in GluonTS.
        context: size of each context; our decision.
        decoder: size of the local network's hidden layer; 30 as in GluonTS.
        quantiles: levels to learn, increasing; 0.5 must lie between the first and the last.
        forks: steps to forecast from in training; a past that is shorter has one at each step. 1 is plain training.
        lags: further old readings to give at each step, from 2 to past steps back; a season, say.
        scale: "mean" or "standard", how windows are brought to units (:func:`variate.torch.nets.scaling.scaled`).

    Raises:
        ParameterError: a size below 1, or values outside what is said above.

    >>> net = MQRNN(past=48, horizon=12, lags=(24,))
    >>> net.loss(torch.randn(4, 1, 48 + 12)).shape, net.forecast(torch.randn(4, 1, 48)).shape
    (torch.Size([]), torch.Size([4, 1, 12]))
    """

    forked: Tensor

    def __init__(
        self,
        past: int,
        horizon: int,
        *,
        hidden: int = 50,
        context: int = 10,
        decoder: int = 30,
        quantiles: tuple[float, ...] = LEVELS,
        forks: int = 16,
        lags: tuple[int, ...] = (),
        scale: str = "mean",
    ) -> None:
        super().__init__(past, horizon, lags=lags, scale=scale)
        check_sizes("MQRNN", hidden=hidden, context=context, decoder=decoder, forks=forks)
        rising = all(low < high for low, high in zip((0.0, *quantiles), (*quantiles, 1.0), strict=True))
        if not quantiles or not rising or not quantiles[0] <= 0.5 <= quantiles[-1]:
            raise ParameterError(
                f"MQRNN(quantiles={quantiles!r}): quantiles must rise, lie between 0 and 1 and have 0.5 among or between them"
            )
        self.levels = tuple(quantiles)
        self.context = context
        self.encoder = nn.LSTM(1 + len(lags), hidden, batch_first=True)
        self.contexts = nn.Sequential(nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, (horizon + 1) * context))
        self.local = nn.Sequential(nn.Linear(2 * context + len(lags), decoder), nn.ReLU(), nn.Linear(decoder, len(quantiles)))
        count = min(forks, past)
        last = torch.tensor([(fork + 1) * past // count - 1 for fork in range(count)])
        self.register_buffer("forked", last, persistent=False)

    def forward(self, readings: Tensor, forks: Tensor) -> Tensor:
        """Return quantiles (n, forks, horizon, levels), all in units, of the steps after each fork.

        Args:
            readings: (n, past) in units.
            forks: for each, the position of the last reading that it knows.
        """
        state = self.encoder(lagged(readings, self.lags))[0][:, forks]
        contexts = self.contexts(state).unflatten(-1, (self.horizon + 1, self.context))
        of_step, of_all = contexts[:, :, 1:], contexts[:, :, :1].expand(-1, -1, self.horizon, -1)
        raw = self.local(torch.cat([of_step, of_all, self._seasonal(readings, forks)], dim=-1))
        return torch.cat([raw[..., :1], softplus(raw[..., 1:])], dim=-1).cumsum(dim=-1)

    def _seasonal(self, readings: Tensor, forks: Tensor) -> Tensor:
        """Return the last known reading a whole number of lags before each step ahead: (n, forks, horizon, lags)."""
        ahead = torch.arange(1, self.horizon + 1, device=readings.device)[:, None]
        lags = torch.tensor(self.lags, dtype=torch.int64, device=readings.device)
        back = ahead - lags * ((ahead + lags - 1) // lags)
        return readings[:, (forks[:, None, None] + back).clamp(min=0)]

    def _loss(self, readings: Tensor, unit: Tensor) -> Tensor:
        quantiles = self(readings[:, : self.past], self.forked)
        ahead = torch.arange(1, self.horizon + 1, device=readings.device)
        actual = readings[:, self.forked[:, None] + ahead]
        return quantile_loss(actual, quantiles, self.levels).sum(dim=-1).mean()

    def _check_levels(self, levels: Sequence[float], lowest: float = 0.0, highest: float = 1.0) -> None:
        super()._check_levels(levels, self.levels[0], self.levels[-1])

    def _quantiles(self, readings: Tensor, unit: Tensor, levels: Sequence[float], seed: int, samples: int) -> Tensor:
        known = self(readings, self.forked[-1:])[:, 0]
        return torch.stack([_between(known, self.levels, level) for level in levels], dim=1)


def quantile_loss(actual: Tensor, quantiles: Tensor, levels: Sequence[float]) -> Tensor:
    """Return the quantile loss q·(y − ŷ)₊ + (1 − q)·(ŷ − y)₊, summed over the quantiles [wen2017mqrnn].

    It is least, in expectation, where ŷ is the true quantile; for q = 0.5 it is half the absolute error.

    Args:
        actual: ``(...)`` what came.
        quantiles: ``(..., levels)`` what was forecast.
        levels: of the quantiles.

    Returns:
        ``(...)``.

    >>> quantile_loss(torch.tensor([3.0]), torch.tensor([[1.0, 4.0]]), (0.5, 0.9)).tolist()  # 0.5·2 + 0.1·1
    [1.100000023841858]
    """
    level = torch.tensor(levels, dtype=quantiles.dtype, device=quantiles.device)
    short = actual[..., None] - quantiles
    return torch.maximum(level * short, (level - 1) * short).sum(dim=-1)


def _between(known: Tensor, levels: tuple[float, ...], level: float) -> Tensor:
    """Return the quantile (...) at a level by linear interpolation between those known (..., levels)."""
    above = next(i for i, other in enumerate(levels) if other >= level)
    if levels[above] == level:
        return known[..., above]
    share = (level - levels[above - 1]) / (levels[above] - levels[above - 1])
    return torch.lerp(known[..., above - 1], known[..., above], share)
