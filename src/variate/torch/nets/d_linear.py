"""DLinear: the linear forecaster that long horizons are measured against."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from variate.core.errors import PanelError, ParameterError
from variate.torch.nets.checks import check_sizes


class DLinear(nn.Module):
    """Forecast by two linear maps, one of the window's moving average, one of what is left [zeng2023].

    The trend is the moving average over ``kernel`` steps of the past, whose first and last reading are repeated
    ``(kernel - 1) / 2`` times beyond the ends; the remainder is the past less the trend. Each has one linear layer from
    ``past`` steps to ``horizon`` steps, shared by all channels, and the forecast is the sum: 2·horizon·(past + 1)
    parameters. The network knows no scale, so standardise the series first.

    The layers begin as torch makes them, weights and biases uniform within ±1/√past. So does the authors' later code,
    where a start with all weights at 1/past is left as a comment, for drawing them; their first code, and other
    libraries after it, do begin at 1/past. That the default counts here is our decision.

    Args:
        past: steps of the window that are known; the paper has 336 for long series.
        horizon: steps to forecast.
        kernel: steps of the moving average, odd; 25 in the paper. It may be longer than the past.

    Raises:
        ParameterError: a size below 1, or an even kernel.

    >>> import torch
    >>> net = DLinear(past=48, horizon=12)
    >>> sum(p.numel() for p in net.parameters()) == 2 * 12 * (48 + 1)
    True
    >>> net.loss(torch.randn(4, 3, 48 + 12)).shape, net.forecast(torch.randn(4, 3, 48)).shape
    (torch.Size([]), torch.Size([4, 3, 12]))
    """

    def __init__(self, past: int, horizon: int, kernel: int = 25) -> None:
        check_sizes("DLinear", past=past, horizon=horizon, kernel=kernel)
        if kernel % 2 == 0:
            raise ParameterError(
                f"DLinear(kernel={kernel}): kernel must be odd, so that the average has a middle; take {kernel + 1}"
            )
        super().__init__()
        self.past = past
        self.horizon = horizon
        self.kernel = kernel
        self.trend = nn.Linear(past, horizon)
        self.remainder = nn.Linear(past, horizon)

    def forward(self, x: Tensor) -> Tensor:
        """Return the forecast (n, channels, horizon) of x (n, channels, past).

        Raises:
            PanelError: x of another shape.
        """
        self._check(x, "x", self.past)
        trend = self._average(x)
        forecast: Tensor = self.trend(trend) + self.remainder(x - trend)
        return forecast

    def _average(self, x: Tensor) -> Tensor:
        # differences of running sums, in double: a tenth of the time that torch's pooling takes on a CPU
        beyond = (self.kernel - 1) // 2
        first, last = x[..., :1].expand(-1, -1, beyond), x[..., -1:].expand(-1, -1, beyond)
        total = functional.pad(torch.cat([first, x, last], dim=2).double(), (1, 0)).cumsum(dim=2)
        return ((total[..., self.kernel :] - total[..., : -self.kernel]) / self.kernel).to(x.dtype)

    def loss(self, values: Tensor) -> Tensor:
        """Return the mean squared error of the forecast of whole windows (n, channels, past + horizon), a scalar.

        Raises:
            PanelError: values of another shape.
        """
        self._check(values, "values", self.past + self.horizon)
        return functional.mse_loss(self(values[..., : self.past]), values[..., self.past :])

    def forecast(self, past: Tensor) -> Tensor:
        """Return the forecast (n, channels, horizon) of past (n, channels, past), without a gradient.

        Raises:
            PanelError: past of another shape.
        """
        self._check(past, "past", self.past)
        with torch.no_grad():
            forecast: Tensor = self(past)
        return forecast

    def _check(self, x: Tensor, name: str, steps: int) -> None:
        if x.ndim != 3 or x.shape[2] != steps:
            raise PanelError(f"{name} has shape {tuple(x.shape)}; this DLinear needs (n, channels, {steps})")
