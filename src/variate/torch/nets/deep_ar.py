"""DeepAR: a recurrent network that gives the next reading's distribution, and forecasts by sampling on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from variate.torch.nets.checks import check_sizes
from variate.torch.nets.forecaster import SampledForecaster, check_dropout, lagged


class DeepAR(SampledForecaster):
    """Forecast by sampling one reading after the other from a recurrent network's distribution [salinas2020].

    An LSTM reads each reading in units, with its lags, and gives the parameters of the next one's distribution. The loss
    is the mean negative log likelihood over past and horizon, each reading given the true ones before it; the first
    reading has none before it and is not scored. To forecast, sample paths go on from the past's end, each feeding its
    draws back; the forecast is their median.

    From memory of the paper, with the defaults of GluonTS. The only inputs are readings: there are no covariates and no
    embedding of the series, and training windows are not weighted by their scale. Rows share their draws, so that a
    series has the same forecast alone and in any batch (our decision).

    Args:
        past: steps of the window that are known.
        horizon: steps to forecast.
        hidden: cells of each layer.
        layers: of the LSTM.
        dropout: between the layers; of no effect where there is one.
        likelihood: "student_t", "gaussian", or "negative_binomial" for counts.
        lags: further old readings to give at each step, from 2 to past steps before the one forecast; where the window
            does not reach back so far, its oldest reading stands in.
        scale: "mean" or "standard", how windows are brought to units (:func:`variate.torch.nets.scaling.scaled`).

    Raises:
        ParameterError: a size below 1, or values outside what is said above.

    >>> net = DeepAR(past=48, horizon=12, lags=(24,))
    >>> net.loss(torch.randn(4, 1, 48 + 12)).shape, net.forecast(torch.randn(4, 1, 48), samples=10).shape
    (torch.Size([]), torch.Size([4, 1, 12]))
    """

    def __init__(
        self,
        past: int,
        horizon: int,
        *,
        hidden: int = 40,
        layers: int = 2,
        dropout: float = 0.1,
        likelihood: str = "student_t",
        lags: tuple[int, ...] = (),
        scale: str = "mean",
    ) -> None:
        super().__init__(past, horizon, likelihood=likelihood, lags=lags, scale=scale)
        check_sizes("DeepAR", hidden=hidden, layers=layers)
        check_dropout("DeepAR", dropout)
        # torch warns of dropout where there are no two layers to put it between
        self.rnn = nn.LSTM(1 + len(lags), hidden, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.head = nn.Linear(hidden, self.likelihood.size)

    def forward(self, readings: Tensor) -> Tensor:
        """Return raw parameters (n, time, size): at each place, those of the reading after it; readings (n, time) in units."""
        raw: Tensor = self.head(self.rnn(lagged(readings, self.lags))[0])
        return raw

    def _loss(self, readings: Tensor, unit: Tensor) -> Tensor:
        told = self.likelihood.of(self(readings[:, :-1]), unit)
        return -told.log_prob(readings[:, 1:]).mean()

    def _paths(self, readings: Tensor, unit: Tensor, samples: int, generator: torch.Generator) -> Tensor:
        n = len(readings)
        out, (hidden, cell) = self.rnn(lagged(readings, self.lags))
        state = hidden.repeat_interleave(samples, dim=1), cell.repeat_interleave(samples, dim=1)
        out = out[:, -1:].expand(-1, samples, -1)
        path = readings.new_empty(n, samples, self.past + self.horizon)
        path[..., : self.past] = readings[:, None]
        for step in range(self.past, self.past + self.horizon):
            path[..., step] = self.likelihood.of(self.head(out), unit).sample(generator)
            known = path[..., [step, *(step + 1 - lag for lag in self.lags)]]
            out, state = self.rnn(known.flatten(0, 1)[:, None], state)
            out = out.reshape(n, samples, out.shape[-1])
        return path[..., self.past :]
