"""Forecasting: one network for all series of a source, with augmentation of joint windows and without.

Windows of past and horizon are drawn from the histories; the last horizon before the test part is for validation. A score
is of the median forecast; MASE is scaled by the history alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.metrics.forecasting import mase, quantile_loss, smape
from variate.tasks.sources import Forecasting, load
from variate.tasks.task import Cell, Measured, Model, Place, Score, Task, check_no_epochs
from variate.tasks.training import digest, made, needs_torch, one_thread, train
from variate.tasks.window_arm import WindowArm

LEVELS = (0.1, 0.5, 0.9)
AT_ONCE = 128  # windows that are forecast together


@dataclass(frozen=True, kw_only=True)
class ForecastOptions:
    """How windows are cut.

    Args:
        past: how many horizons of the past a network sees.
        samples: paths that a sampling network draws for a forecast.
    """

    past: int = 2
    samples: int = 100

    def __post_init__(self) -> None:
        for name in ("past", "samples"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"{name} is {value!r}; it must be an integer of at least 1")


@dataclass(frozen=True)
class Windows:
    """Windows of the series of a source; those too short for one are left out and counted."""

    data: Forecasting
    past: int

    @property
    def horizon(self) -> int:
        """Steps of a forecast."""
        return self.data.horizon

    @cached_property
    def used(self) -> list[int]:
        """Positions of the series that have a window for training before that for validation."""
        least = self.past + 2 * self.horizon
        return [i for i in range(len(self.data.series)) if self.data.history(i).shape[-1] >= least]

    def batch(self, size: int, seed: int, step: int) -> Panel:
        """Return windows drawn for a step: any series is as likely, and so is any place in it."""
        rng = np.random.default_rng((seed, step))
        rows = np.array(self.used)[rng.integers(len(self.used), size=size)]
        room = np.array([self.data.history(i).shape[-1] - self.past - 2 * self.horizon + 1 for i in rows])
        return self._panel(rows, np.floor(rng.random(size) * room).astype(np.int64))

    @cached_property
    def validation(self) -> Panel:
        """The last window of each history."""
        starts = [self.data.history(i).shape[-1] - self.past - self.horizon for i in self.used]
        return self._panel(np.array(self.used), np.array(starts))

    def _panel(self, rows: np.ndarray[Any, Any], starts: np.ndarray[Any, Any]) -> Panel:
        length = self.past + self.horizon
        values = np.stack([self.data.history(i)[s : s + length] for i, s in zip(rows.tolist(), starts.tolist(), strict=True)])
        return Panel(values[:, None].astype(np.float32), horizon=self.horizon, ids=(rows.astype(np.int64) << 32) | starts)


def measure(cell: Cell, place: Place) -> Measured:
    """Train on windows of the histories, keep the weights that are best on validation, and forecast the test part."""
    data = load(cell.data, Forecasting)
    windows = Windows(data, cell.options.past * data.horizon)
    net = made(lambda: build(cell.model, windows), cell.seed, place.device)
    start, arm, torch = digest(net), cast(WindowArm, cell.arm), needs_torch()
    pipeline = None if arm.pipeline is None else arm.pipeline.fit(arm.seen(windows.batch(256, cell.seed, 0)), cell.seed)

    def loss(step: int) -> Any:
        values = arm.batch(windows.batch(cell.training.batch, cell.seed, step), pipeline, cell.seed, step)
        return net.loss(torch.from_numpy(values).to(place.device))

    last = torch.from_numpy(windows.validation.values).to(place.device)
    trained = train(
        net,
        loss,
        cell.training,
        steps=cell.training.steps,
        seed=cell.seed,
        score=lambda: float(np.mean([float(net.loss(part)) for part in last.split(AT_ONCE)])),
        keep=place.keep(cell),
    )
    scores = errors(net, windows, cell.options.samples, cell.seed)
    facts = {"series": len(windows.used), "naive": naive(windows), "start": start, **trained.facts}
    return Measured([Score(name, value) for name, value in scores.items()], facts)


def build(model: Model, windows: Windows) -> Any:
    """Return the network of a model, made for the windows; where there is a season it sees the reading one season ago."""
    from variate.torch import nets

    kinds = {"mqrnn": nets.MQRNN, "deep_ar": nets.DeepAR, "transformer": nets.TransformerForecaster}
    season = windows.data.season
    given = {"lags": (season,) if season > 1 else (), **model.parameters}
    try:
        return kinds[model.name](windows.past, windows.horizon, **given)
    except TypeError as error:
        raise ParameterError(f"model {model.name}: {error}") from None


def errors(net: Any, windows: Windows, samples: int, seed: int) -> dict[str, float]:
    """Return MASE, sMAPE and the quantile loss in units of MASE, each the mean over series and test windows.

    A series whose history repeats itself has no MASE, and is left out of both that are scaled.
    """
    torch, device, data = needs_torch(), next(net.parameters()).device, windows.data
    tests = [(i, window) for i in windows.used for window in data.rolling(i)]
    pasts = torch.from_numpy(np.stack([w.past[-windows.past :] for _, w in tests])[:, None].astype(np.float32))
    with torch.no_grad(), one_thread():
        parts = [net.quantiles(part.to(device), LEVELS, seed=seed, samples=samples).cpu() for part in pasts.split(AT_ONCE)]
    forecasts = torch.cat(parts).numpy().astype(np.float64)
    scores: dict[str, list[float]] = {"mase": [], "smape": [], "quantile_loss": []}
    for (i, window), quantiles in zip(tests, forecasts, strict=True):
        unit = _unit(data, i)
        median = quantiles[LEVELS.index(0.5)]
        scores["smape"].append(float(smape(window.target, median)))
        if unit > 0:
            scores["mase"].append(float(np.abs(window.target - median).mean() / unit))
            scores["quantile_loss"].append(float(np.mean(quantile_loss(window.target, quantiles, LEVELS)) / unit))
    return {name: float(np.mean(found)) for name, found in scores.items()}


def naive(windows: Windows) -> float:
    """Return the MASE of repeating the last season, to set a network beside."""
    data, found = windows.data, []
    for i in windows.used:
        for window in data.rolling(i):
            season = window.past[-data.season :]
            found.append(float(mase(window.target, np.resize(season, data.horizon), data.history(i), data.season)))
    return round(float(np.nanmean(found)), 4)


def _unit(data: Forecasting, i: int) -> float:
    """Return the error of the seasonal naive forecast over the history, the unit of MASE."""
    known, season = data.history(i), data.season
    return float(np.abs(known[season:] - known[:-season]).mean())


def ready(cells: list[Cell]) -> None:
    """Raise where torch or data is missing, no series is long enough, or the recipe asks for what there is not."""
    needs_torch()
    check_no_epochs(cells)
    for name, past in {(cell.data, cell.options.past) for cell in cells}:
        data = load(name, Forecasting)
        if not Windows(data, past * data.horizon).used:
            raise ParameterError(f"data {name}: no series has {past + 2} horizons of history; lower past")


MODELS = {
    "mqrnn": ("hidden", "context", "decoder", "quantiles", "forks", "lags", "scale"),
    "deep_ar": ("hidden", "layers", "dropout", "likelihood", "lags", "scale"),
    "transformer": ("width", "heads", "layers", "dropout", "likelihood", "lags", "scale"),
}
TASK = Task(WindowArm, ForecastOptions, MODELS, ready, measure)
