"""Long-horizon forecasting by the customary protocol: one table of channels, cut by time into three parts [zhou2021].

Data is named with its horizon, such as ``etth1/96``. Channels are standardised by the training part; errors are those of
standardised readings, over every window of the test part.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.metrics.forecasting import mae, mse
from variate.tasks.sources import LongForecasting, load
from variate.tasks.task import Cell, Measured, Model, Place, Score, Task
from variate.tasks.training import Batches, digest, made, needs_torch, train
from variate.tasks.window_arm import WindowArm

AT_ONCE = 256  # windows that are forecast together


@dataclass(frozen=True, kw_only=True)
class Options:
    """There are none."""


@dataclass(frozen=True)
class Windows:
    """Standardised channels (channels, time), and the windows of past + horizon that begin in each part."""

    values: np.ndarray[Any, Any]
    past: int
    horizon: int
    starts: dict[str, np.ndarray[Any, Any]]

    @classmethod
    def of(cls, name: str, past: int) -> Windows:
        """Return the windows of a source such as ``etth1/96``; targets of a part lie in it, the past may reach back."""
        source, _, horizon = name.partition("/")
        if not horizon.isdecimal() or int(horizon) < 1:
            raise ParameterError(f"data {name!r}: give the horizon after a slash, such as etth1/96")
        table, steps = load(source, LongForecasting), int(horizon)
        known = table.values[:, : table.train]
        spread = known.std(axis=1, keepdims=True)
        values = ((table.values - known.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)).astype(np.float32)
        borders = {
            "train": (past, table.train),
            "validation": (table.train, table.validation),
            "test": (table.validation, table.test),
        }
        starts = {part: np.arange(first - past, end - past - steps + 1) for part, (first, end) in borders.items()}
        short = next((part for part, found in starts.items() if not len(found)), None)
        if short is not None:
            raise ParameterError(
                f"data {name!r}: the {short} part has no window of {past} + {steps} steps; take a shorter past"
            )
        return cls(values, past, steps, starts)

    @cached_property
    def _views(self) -> np.ndarray[Any, Any]:
        """All windows (start, channels, time), without a copy."""
        return sliding_window_view(self.values, self.past + self.horizon, axis=1).transpose(1, 0, 2)

    def panel(self, starts: np.ndarray[Any, Any]) -> Panel:
        """Return joint windows; a window's id is where it begins."""
        return Panel(np.ascontiguousarray(self._views[starts]), horizon=self.horizon, ids=starts)


def measure(cell: Cell, place: Place) -> Measured:
    """Train on windows of the training part, keep the weights that are best on validation, and score the test part."""
    windows = Windows.of(cell.data, _past(cell.model))
    net = made(lambda: build(cell.model, windows), cell.seed, place.device)
    start = digest(net)
    known = windows.starts["train"]
    batches = Batches(len(known), cell.training.batch, cell.seed)
    torch, arm = needs_torch(), cast(WindowArm, cell.arm)
    pipeline = None if arm.pipeline is None else arm.pipeline.fit(arm.seen(windows.panel(known)), cell.seed)

    def loss(step: int) -> Any:
        epoch, index = batches(step)
        values = arm.batch(windows.panel(known[index]), pipeline, cell.seed, epoch)
        return net.loss(torch.from_numpy(values).to(place.device))

    trained = train(
        net,
        loss,
        cell.training,
        steps=cell.training.length(len(known)),
        seed=cell.seed,
        score=lambda: errors(net, windows, "validation")["mse"],
        keep=place.keep(cell),
    )
    found = errors(net, windows, "test")
    return Measured([Score(name, value) for name, value in found.items()], {"start": start, **trained.facts})


def build(model: Model, windows: Windows) -> Any:
    """Return the network of a model, made for the windows."""
    from variate.torch.nets import DLinear

    parameters = {name: value for name, value in model.parameters.items() if name != "past"}
    try:
        return DLinear(windows.past, windows.horizon, **parameters)
    except TypeError as error:
        raise ParameterError(f"model {model.name}: {error}") from None


def _past(model: Model) -> int:
    """Return the steps of the look-back, 336 where a recipe does not say: that of the published figures."""
    past = model.parameters.get("past", 336)
    if isinstance(past, bool) or not isinstance(past, int) or past < 1:
        raise ParameterError(f"model {model.name}: past is {past!r}; it must be an integer of at least 1")
    return past


def errors(net: Any, windows: Windows, part: str) -> dict[str, float]:
    """Return the mean squared and absolute error over all windows of a part, channels and steps."""
    torch, device = needs_torch(), next(net.parameters()).device
    squared, absolute, weights = [], [], []
    for starts in np.array_split(windows.starts[part], -(-len(windows.starts[part]) // AT_ONCE)):
        values = windows.panel(starts).values
        with torch.no_grad():
            forecast = net.forecast(torch.from_numpy(values[..., : windows.past]).to(device)).cpu().numpy()
        actual = values[..., windows.past :]
        squared.append(float(np.mean(mse(actual, forecast))))
        absolute.append(float(np.mean(mae(actual, forecast))))
        weights.append(len(starts))
    return {"mse": float(np.average(squared, weights=weights)), "mae": float(np.average(absolute, weights=weights))}


def ready(cells: list[Cell]) -> None:
    """Raise where torch or data is missing."""
    needs_torch()
    for name, past in {(cell.data, _past(cell.model)) for cell in cells}:
        Windows.of(name, past)


TASK = Task(WindowArm, Options, {"d_linear": ("past", "kernel")}, ready, measure)
