"""TransformerForecaster: attention over the past gives the next reading's distribution."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from variate.core.errors import ParameterError
from variate.torch.nets.checks import check_sizes
from variate.torch.nets.forecaster import SampledForecaster, check_dropout, lagged

Memory = tuple[Tensor, Tensor]  # keys and values, (n, heads, time, width / heads) each


class TransformerForecaster(SampledForecaster):
    """Forecast by sampling one reading after the other from a transformer's distribution [vaswani2017].

    An encoder attends to the past; a decoder attends to the past and, causally, to the horizon so far. Its input at a step
    is the reading before, with lags, in units; its output gives the parameters of the step's distribution. The loss is the
    mean negative log likelihood over the horizon, each reading given the true ones before it. To forecast, sample paths go
    on from the past's end, each feeding its draws back; the forecast is their median.

    The layers are those of [vaswani2017] (four times the width inside, ReLU, normalised after each sum, dropout of what is
    added and of the inputs), which is about text; the rest follows GluonTS: width, heads, Student's t and, from memory, one
    layer in each half. That one linear map serves the inputs of both halves, and that the positions count on from the past
    into the horizon, is our decision. The only inputs are readings: there are no covariates. Rows share their draws, so
    that a series has the same forecast alone and in any batch (our decision).

    Args:
        past: steps of the window that are known.
        horizon: steps to forecast.
        width: of the representation of a step; a multiple of heads.
        heads: attentions side by side.
        layers: of the encoder, and of the decoder.
        dropout: share that is dropped in training.
        likelihood: "student_t", "gaussian", or "negative_binomial" for counts.
        lags: further old readings to give at each step, from 2 to past steps before the one forecast; where the window
            does not reach back so far, its oldest reading stands in.
        scale: "mean" or "standard", how windows are brought to units (:func:`variate.torch.nets.scaling.scaled`).

    Raises:
        ParameterError: a size below 1, or values outside what is said above.

    >>> net = TransformerForecaster(past=48, horizon=12, lags=(24,))
    >>> net.loss(torch.randn(4, 1, 48 + 12)).shape, net.forecast(torch.randn(4, 1, 48), samples=10).shape
    (torch.Size([]), torch.Size([4, 1, 12]))
    """

    positions: Tensor

    def __init__(
        self,
        past: int,
        horizon: int,
        *,
        width: int = 32,
        heads: int = 8,
        layers: int = 1,
        dropout: float = 0.1,
        likelihood: str = "student_t",
        lags: tuple[int, ...] = (),
        scale: str = "mean",
    ) -> None:
        super().__init__(past, horizon, likelihood=likelihood, lags=lags, scale=scale)
        check_sizes("TransformerForecaster", width=width, heads=heads, layers=layers)
        check_dropout("TransformerForecaster", dropout)
        if width % heads:
            raise ParameterError(f"TransformerForecaster(width={width}, heads={heads}): width must be a multiple of heads")
        self.embed = nn.Linear(1 + len(lags), width)
        self.register_buffer("positions", sinusoids(past + horizon, width), persistent=False)
        self.dropout = nn.Dropout(dropout)
        self.encoder = _stacked(layers, lambda: _Layer(width, heads, dropout, decodes=False))
        self.decoder = _stacked(layers, lambda: _Layer(width, heads, dropout, decodes=True))
        self.head = nn.Linear(width, self.likelihood.size)

    def forward(self, readings: Tensor) -> Tensor:
        """Return raw parameters (n, horizon, size) of the horizon; readings (n, past + horizon - 1) in units."""
        known = lagged(readings, self.lags)
        memories = self._memories(known[:, : self.past])
        x = self._embedded(known[:, self.past - 1 :], self.past - 1)
        for layer, memory in zip(self.decoder, memories, strict=True):
            x = layer(x, layer.own(x, layer.own.memory(x), causal=True), memory)
        raw: Tensor = self.head(x)
        return raw

    def _embedded(self, known: Tensor, start: int) -> Tensor:
        embedded: Tensor = self.dropout(self.embed(known) + self.positions[start : start + known.shape[1]])
        return embedded

    def _memories(self, known: Tensor) -> list[Memory]:
        """Return what each layer of the decoder attends to of the past's inputs (n, past, inputs)."""
        x = self._embedded(known, 0)
        for layer in self.encoder:
            x = layer(x, layer.own(x, layer.own.memory(x)))
        return [layer.other.memory(x) for layer in self.decoder]

    def _loss(self, readings: Tensor, unit: Tensor) -> Tensor:
        told = self.likelihood.of(self(readings[:, :-1]), unit)
        return -told.log_prob(readings[:, self.past :]).mean()

    def _paths(self, readings: Tensor, unit: Tensor, samples: int, generator: torch.Generator) -> Tensor:
        n = len(readings)
        memories = self._memories(lagged(readings, self.lags))
        path = readings.new_empty(n, samples, self.past + self.horizon)
        path[..., : self.past] = readings[:, None]
        so_far = [layer.own.room(n * samples, self.horizon) for layer in self.decoder]
        for step in range(self.horizon):
            last = self.past + step - 1
            known = path[..., [last, *(last + 1 - lag for lag in self.lags)]]
            x = self.embed(known) + self.positions[last]
            for layer, memory, (keys, values) in zip(self.decoder, memories, so_far, strict=True):
                one = x.flatten(0, 1)[:, None]
                keys[:, :, step : step + 1], values[:, :, step : step + 1] = layer.own.memory(one)
                own = layer.own(one, (keys[:, :, : step + 1], values[:, :, : step + 1]))
                # the paths of a series are so many questions to one past, which need not be repeated for each
                x = layer(x, own.view_as(x), memory)
            path[..., last + 1] = self.likelihood.of(self.head(x), unit).sample(generator)
        return path[..., self.past :]


def sinusoids(steps: int, width: int) -> Tensor:
    """Return positions (steps, width): sin(t/10000^(2i/width)) at 2i, the cosine of the same at 2i + 1 [vaswani2017].

    >>> [[round(x, 3) for x in row] for row in sinusoids(2, 4).tolist()]
    [[0.0, 1.0, 0.0, 1.0], [0.841, 0.54, 0.01, 1.0]]
    """
    rate = 10000.0 ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
    angle = torch.arange(steps, dtype=torch.float64)[:, None] * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[:, :width].float()


class _Attention(nn.Module):
    """softmax(QKᵀ/√d)V over ``heads`` parts of the width side by side."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def memory(self, x: Tensor) -> Memory:
        """Return keys and values of x (n, time, width)."""
        keys, values = self.key_value(x).chunk(2, dim=-1)
        return self._parted(keys), self._parted(values)

    def room(self, n: int, steps: int) -> Memory:
        """Return keys and values to be filled in."""
        width = self.out.in_features
        keys, values = self.out.weight.new_empty(2, n, self.heads, steps, width // self.heads)
        return keys, values

    def forward(self, x: Tensor, memory: Memory, *, causal: bool = False) -> Tensor:
        """Return (n, time, width): what each step of x finds in the memory, in that up to itself where causal."""
        found = scaled_dot_product_attention(self._parted(self.query(x)), *memory, is_causal=causal)
        mixed: Tensor = self.out(found.transpose(1, 2).flatten(2))
        return mixed

    def _parted(self, x: Tensor) -> Tensor:
        return x.reshape(*x.shape[:2], self.heads, x.shape[2] // self.heads).transpose(1, 2)


class _Layer(nn.Module):
    """Attention to one's own side, in a decoder to the other side too, then a network at each step."""

    def __init__(self, width: int, heads: int, dropout: float, *, decodes: bool) -> None:
        super().__init__()
        self.own = _Attention(width, heads)
        self.after_own = nn.LayerNorm(width)
        if decodes:
            self.other = _Attention(width, heads)
            self.after_other = nn.LayerNorm(width)
        self.inner = nn.Sequential(nn.Linear(width, 4 * width), nn.ReLU(), nn.Linear(4 * width, width))
        self.after_inner = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, own: Tensor, memory: Memory | None = None) -> Tensor:
        """Return x (n, time, width) with what it found on its own side, and in the memory of the other, worked in."""
        x = self.after_own(x + self.dropout(own))
        if memory is not None:
            x = self.after_other(x + self.dropout(self.other(x, memory)))
        worked: Tensor = self.after_inner(x + self.dropout(self.inner(x)))
        return worked


def _stacked(layers: int, make: Callable[[], _Layer]) -> Sequence[_Layer]:
    return cast("Sequence[_Layer]", nn.ModuleList([make() for _ in range(layers)]))
