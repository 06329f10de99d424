"""Anomaly detection: a U-Net on series as they are, or on what RobustSTL leaves over, with augmentation and without.

Data is named with how it is split, such as ``nab/within`` (the first half of each series to train on, a fifth to choose
weights and threshold by, the rest to test) or ``nab/across`` (whole series by the same shares, drawn anew for each seed).
A part of a series is decomposed and put into units by itself, so that no reading of the test enters what is learned.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np

from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.metrics.detection import best_threshold, f1, precision, recall, relaxed
from variate.pipeline.decompose import decompose
from variate.tasks.sources import Detection, load
from variate.tasks.task import Arm, Cell, Measured, Place, Score, Task, check_no_epochs
from variate.tasks.training import Trained, digest, made, needs_torch, one_thread, train

SHARES = (0.5, 0.7)  # where training ends and where validation does, of the steps or of the series
INPUTS = ("raw", "remainder")
SPLITS = ("within", "across")
DELAY = 3


@dataclass(frozen=True, kw_only=True)
class DetectionArm(Arm):
    """An arm of detection.

    Args:
        input: what the network sees: the series, ``"raw"``, or the ``"remainder"`` of its RobustSTL.
        weights: whether points count by label and by value, as RobustTAD's do.
    """

    input: str = "raw"
    weights: bool = False

    def __post_init__(self) -> None:
        if self.input not in INPUTS:
            raise ParameterError(f"input is {self.input!r}; it must be one of {', '.join(INPUTS)}")
        if not isinstance(self.weights, bool):
            raise ParameterError(f"weights is {self.weights!r}; it must be true or false")


@dataclass(frozen=True, kw_only=True)
class DetectionOptions:
    """How windows are drawn: ``window`` is their length. Half of a batch is drawn around an anomaly."""

    window: int = 256

    def __post_init__(self) -> None:
        if isinstance(self.window, bool) or not isinstance(self.window, int) or self.window < 2:
            raise ParameterError(f"window is {self.window!r}; it must be an integer of at least 2")


@dataclass(frozen=True, eq=False)
class Part:
    """Steps of a series in robust units, (time,), and which of them are anomalous."""

    values: np.ndarray[Any, Any]
    points: np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Parts:
    """What a detector is trained on, chosen by, and tested on."""

    train: list[Part]
    validation: list[Part]
    test: list[Part]

    @classmethod
    def of(cls, name: str, seen: str, seed: int) -> Parts:
        """Return the parts of a source such as ``nab/within``."""
        source, _, split = name.partition("/")
        if split not in SPLITS:
            raise ParameterError(f"data {name!r}: say how it is split after a slash, such as {source}/{SPLITS[0]}")
        series = load(source, Detection).series
        if split == "across":
            order = np.random.default_rng(seed).permutation(len(series))
            cuts = [round(share * len(series)) for share in SHARES]
            groups = np.split(order, cuts)
            return cls(*([_part(source, int(i), seen, 0.0, 1.0) for i in group] for group in groups))
        spans = itertools.pairwise((0.0, *SHARES, 1.0))
        return cls(*([_part(source, i, seen, *span) for i in range(len(series))] for span in spans))

    def batch(self, size: int, window: int, seed: int, step: int) -> Panel:
        """Return windows for a step: one half around an anomalous point each, the other anywhere."""
        rng = np.random.default_rng((seed, step))
        long = [i for i, part in enumerate(self.train) if len(part.values) >= window]
        marked = [(i, int(t)) for i in long for t in np.flatnonzero(self.train[i].points)]
        drawn = []
        for k in range(size):
            if marked and k < size // 2:
                i, t = marked[int(rng.integers(len(marked)))]
                start = t - int(rng.integers(window))
            else:
                i = long[int(rng.integers(len(long)))]
                start = int(rng.integers(len(self.train[i].values) - window + 1))
            drawn.append((i, min(max(start, 0), len(self.train[i].values) - window)))
        values = np.stack([self.train[i].values[s : s + window] for i, s in drawn])
        points = np.stack([self.train[i].points[s : s + window] for i, s in drawn])
        ids = np.array([(i << 32) | s for i, s in drawn], np.int64)
        return Panel(values[:, None].astype(np.float32), points=points, ids=ids)


@lru_cache(maxsize=1024)
def _part(source: str, i: int, seen: str, first: float, last: float) -> Part:
    """Return a stretch of a series, decomposed and put into units by itself."""
    series = load(source, Detection).series[i]
    start, stop = (round(share * len(series.values)) for share in (first, last))
    values, points = series.values[start:stop], series.points[start:stop]
    if seen == "remainder" and len(values) >= 2 * series.period:  # a shorter stretch has no season to take off
        values = decompose(values, "robust_stl", period=series.period).remainder
    return Part(_in_units(values), points)


def _in_units(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return values in robust units, those far away by the logarithm of how far.

    What RobustSTL leaves over is exactly 0 at many steps, so its MAD can be next to nothing and single values thousands of
    it; the floor and the inverse hyperbolic sine keep a network from seeing those alone (our decision, for all arms).
    """
    away = values - np.median(values)
    spread = max(1.4826 * float(np.median(np.abs(away))), 0.01 * float(values.std())) or 1.0
    units: np.ndarray[Any, Any] = np.arcsinh(away / spread)
    return units


def measure(cell: Cell, place: Place) -> Measured:
    """Train a U-Net, keep the weights and the threshold that are best on validation, and score the test part."""
    from variate.torch.nets import UNet

    arm = cast(DetectionArm, cell.arm)
    parts = Parts.of(cell.data, arm.input, cell.seed)
    try:
        net = made(lambda: UNet(1, **cell.model.parameters), cell.seed, place.device)
    except TypeError as error:
        raise ParameterError(f"model {cell.model.name}: {error}") from None
    start = digest(net)
    trained = _optimise(net, parts, cell, arm, place)
    threshold = best_threshold([p.points for p in parts.validation], scores(net, parts.validation))
    truth, found = [p.points for p in parts.test], [s >= threshold for s in scores(net, parts.test)]
    forgiving = relaxed(truth, found, DELAY)
    values = {"precision": precision(truth, found), "recall": recall(truth, found), "f1": f1(truth, found)}
    facts = {
        "start": start,
        "threshold": threshold,
        "anomalous": [round(float(np.mean(np.concatenate([p.points for p in part]))), 4) for part in _each(parts)],
        **trained.facts,
    }
    return Measured([Score(name, value) for name, value in {**values, "relaxed_f1": forgiving.f1}.items()], facts)


def _optimise(net: Any, parts: Parts, cell: Cell, arm: DetectionArm, place: Place) -> Trained:
    from variate.imbalance.losses import pointwise
    from variate.imbalance.weights import label_weights, value_weights

    torch = needs_torch()
    labels = np.concatenate([part.points for part in parts.train])
    ratio = float((~labels).sum() / max(labels.sum(), 1))
    window, pipeline = cell.options.window, arm.pipeline
    if pipeline is not None:
        pipeline = pipeline.fit(parts.batch(256, window, cell.seed, 0), cell.seed)

    def loss(step: int) -> Any:
        panel = parts.batch(cell.training.batch, window, cell.seed, step)
        if pipeline is not None:
            panel = pipeline(panel, seed=cell.seed, epoch=step)
        weights = label_weights(panel.points, ratio=ratio) * value_weights(panel.values) if arm.weights else None
        logits = net(torch.from_numpy(panel.values).to(place.device))
        return pointwise(logits, panel.points, None if weights is None else weights.astype(np.float32))

    def missed() -> float:
        truth, found = [part.points for part in parts.validation], scores(net, parts.validation)
        threshold = best_threshold(truth, found)
        return 1 - f1(truth, [s >= threshold for s in found])

    return train(net, loss, cell.training, steps=cell.training.steps, seed=cell.seed, score=missed, keep=place.keep(cell))


def scores(net: Any, parts: list[Part]) -> list[np.ndarray[Any, Any]]:
    """Return a logit for every step of each part; a part goes through the network whole."""
    torch, device = needs_torch(), next(net.parameters()).device
    with torch.no_grad(), one_thread():
        values = (torch.from_numpy(part.values.astype(np.float32))[None, None].to(device) for part in parts)
        return [net(x)[0].cpu().numpy() for x in values]


def _each(parts: Parts) -> tuple[list[Part], ...]:
    return parts.train, parts.validation, parts.test


def ready(cells: list[Cell]) -> None:
    """Raise where torch or data is missing, no series is as long as a window, or the recipe asks for what there is not."""
    needs_torch()
    check_no_epochs(cells)
    for name, window, seed in sorted({(cell.data, cell.options.window, cell.seed) for cell in cells}):
        parts = Parts.of(name, "raw", seed)
        if not all(_each(parts)):
            raise ParameterError(f"data {name}: there are too few series to train, choose and test on apart; split them within")
        steps = max(len(part.values) for part in parts.train)
        if steps < window:
            raise ParameterError(
                f"data {name}: the longest stretch to train on has {steps} steps; window is {window}, lower it"
            )


TASK = Task(DetectionArm, DetectionOptions, {"u_net": ("width", "levels", "pool")}, ready, measure)
