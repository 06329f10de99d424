"""The FCN as the studies and recipes train it, with and without augmentation, everything else equal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from variate.core.errors import PanelError, ParameterError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.metrics.classification import accuracy, balanced_accuracy, macro_f1
from variate.tasks.training import Batches, Trained, Training, digest, made, needs_torch, one_thread, train


@dataclass(frozen=True, kw_only=True)
class FCNTraining(Training):
    """How the FCN is trained, and how wide it is: filters of its first block."""

    width: int = 48

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width < 1:
            raise ParameterError(f"FCNTraining(width={self.width}): width must be at least 1")


@dataclass(frozen=True, eq=False)
class Standardiser:
    """Mean and standard deviation of each channel, (channels, 1), as the training series have them."""

    mean: np.ndarray[Any, Any]
    std: np.ndarray[Any, Any]

    @classmethod
    def of(cls, panel: Panel) -> Standardiser:
        """Return the statistics of a panel; missing readings are skipped, a constant channel gets 1."""
        values = np.asarray(panel.values, np.float64)
        std = np.nanstd(values, axis=(0, 2))[:, None]
        return cls(np.nanmean(values, axis=(0, 2))[:, None], np.where(std > 0, std, 1.0))

    def __call__(self, values: Any) -> np.ndarray[Any, Any]:
        """Return the values in units of the training data, missing readings as the mean."""
        units = (np.asarray(values, np.float64) - self.mean) / self.std
        return np.where(np.isnan(units), 0.0, units).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Outcome:
    """One trained network on the test series; ``start`` is a hash of the weights that it began with.

    ``probabilities`` are those of the classes, (n, classes), and ``predicted`` the likeliest of them, (n,).
    """

    accuracy: float
    balanced_accuracy: float
    macro_f1: float
    steps: int
    start: str
    predicted: np.ndarray[Any, Any]
    probabilities: np.ndarray[Any, Any]


def split(panel: Panel, field: str, chosen: Any) -> tuple[Panel, Panel]:
    """Return the rows whose ``extra[field]`` is among the chosen, and all others.

    >>> panel = Panel([[1.0], [2.0], [3.0]], extra={"subject": np.array([1, 2, 2])})
    >>> [part.ids.tolist() for part in split(panel, "subject", [2])]
    [[1, 2], [0]]
    """
    if field not in panel.extra:
        raise PanelError(f"the panel has no extra[{field!r}] to split by; it has {sorted(panel.extra)}")
    inside = np.isin(panel.extra[field], list(chosen))
    if inside.all() or not inside.any():
        raise PanelError(
            f"splitting {field!r} at {list(chosen)} leaves one side empty; choose some of its values, not all or none"
        )
    return panel.rows(np.flatnonzero(inside)), panel.rows(np.flatnonzero(~inside))


def fit_and_test(
    train: Panel,
    test: Panel,
    *,
    aug: Transform | None = None,
    seed: int = 0,
    classes: int | None = None,
    training: FCNTraining | None = None,
    weights: Any = None,
    standard: Standardiser | None = None,
    on_step: Callable[[], object] | None = None,
) -> Outcome:
    """Train a small FCN on one panel and score it on another.

    With ``aug`` every batch is augmented afresh, pass k over the data being epoch k (from 1) of ``seed``; the test series
    never are. Augmentation sees the readings in their own units; standardising comes after it, by the statistics of the
    training series as they are. Initial weights and the order of the batches depend on ``seed`` alone, so two calls
    that differ in ``aug`` are a fair pair. The global generators are left as they were.

    Args:
        train: series with class labels, all of one length; so ``test``.
        test: the series to score on.
        aug: a transform or pipeline; None trains on the series as they are.
        seed: decides everything random. On one machine the result is the same to the bit.
        classes: number of classes; by default the largest label of both panels plus 1.
        training: steps, batch size, width and step size.
        weights: how much each class counts in the loss, ``(classes,)``; all the same by default.
        standard: how series are standardised; by default as the training series are distributed.
        on_step: called after each optimiser step, for a progress bar.
    """
    needs_torch()
    training = training or FCNTraining()
    for name, panel in (("train", train), ("test", test)):
        if panel.label is None:
            raise PanelError(f"the {name} panel has no labels; make it with Panel(values, label=...)")
    truth = _hard(test.label)
    classes = classes or 1 + int(max(_hard(train.label).max(), truth.max()))
    standard = standard or Standardiser.of(train)
    net = network(train.channels, classes, training.width, seed)
    start = digest(net)
    taken = optimise(net, train, training, seed=seed, aug=aug, standard=standard, weights=weights, on_step=on_step)
    logits = predict(net, standard, test.values)
    predicted = logits.argmax(dim=1).numpy()
    return Outcome(
        accuracy=accuracy(truth, predicted),
        balanced_accuracy=balanced_accuracy(truth, predicted),
        macro_f1=macro_f1(truth, predicted),
        steps=taken.steps,
        start=start,
        predicted=predicted,
        probabilities=logits.softmax(dim=1).numpy(),
    )


def network(channels: int, classes: int, width: int, seed: int, device: str = "cpu") -> Any:
    """Return an FCN whose first weights depend on the seed alone."""
    from variate.torch.nets import FCN

    return made(lambda: FCN(channels, classes, width=width), seed, device)


def optimise(
    net: Any,
    series: Panel,
    training: Training,
    *,
    seed: int,
    aug: Transform | None,
    standard: Standardiser,
    weights: Any = None,
    keep: Path | None = None,
    on_step: Callable[[], object] | None = None,
) -> Trained:
    """Train a classifier in place; with ``aug`` every batch is augmented afresh, before it is standardised."""
    torch, device = needs_torch(), next(net.parameters()).device
    value, batches = _loss(weights), Batches(series.n, training.batch, seed)

    def loss(step: int) -> Any:
        epoch, index = batches(step)
        batch = series.rows(index)
        if aug is not None:
            batch = aug(batch, seed=seed, epoch=epoch)
        logits = net(torch.from_numpy(standard(batch.values)).to(device))
        return value(logits, torch.as_tensor(batch.label).to(device))

    return train(net, loss, training, steps=training.length(series.n), seed=seed, keep=keep, on_step=on_step)


def predict(net: Any, standard: Standardiser, values: Any) -> Any:
    """Return logits (n, classes) on the CPU, of a net in evaluation mode."""
    torch, device = needs_torch(), next(net.parameters()).device
    with torch.no_grad(), one_thread():
        return torch.cat([net(x.to(device)).cpu() for x in torch.from_numpy(standard(values)).split(256)])


def _loss(weights: Any) -> Callable[[Any, Any], Any]:
    if weights is None:
        cross_entropy: Callable[[Any, Any], Any] = needs_torch().nn.functional.cross_entropy
        return cross_entropy
    from variate.imbalance.losses import cost_sensitive

    return lambda logits, target: cost_sensitive(logits, target, weights)


def _hard(label: Any) -> np.ndarray[Any, Any]:
    known = np.asarray(label)
    return known if known.ndim == 1 else known.argmax(axis=1)
