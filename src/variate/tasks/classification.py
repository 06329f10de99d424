"""Train a classifier with and without augmentation, everything else equal. The one training loop is here."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from variate.core.errors import PanelError, ParameterError, VariateError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.metrics.classification import accuracy, balanced_accuracy, macro_f1


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the network is trained: optimiser steps (not passes), samples a step, width of the network, first step size."""

    steps: int = 500
    batch: int = 32
    width: int = 48
    rate: float = 1e-3

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "width"):
            if getattr(self, name) < 1:
                raise ParameterError(f"Training({name}={getattr(self, name)}): {name} must be at least 1")
        if not self.rate > 0:
            raise ParameterError(f"Training(rate={self.rate}): rate must be above 0")


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
    training: Training | None = None,
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
    training = training or Training()
    for name, panel in (("train", train), ("test", test)):
        if panel.label is None:
            raise PanelError(f"the {name} panel has no labels; make it with Panel(values, label=...)")
    truth = _hard(test.label)
    classes = classes or 1 + int(max(_hard(train.label).max(), truth.max()))
    standard = standard or Standardiser.of(train)
    net = _network(train.channels, classes, training.width, seed)
    start = _digest(net)
    with _one_thread():
        _optimise(net, train, aug, seed, training, standard, weights, on_step)
        logits = _logits(net, test, standard)
    predicted = logits.argmax(dim=1).numpy()
    return Outcome(
        accuracy=accuracy(truth, predicted),
        balanced_accuracy=balanced_accuracy(truth, predicted),
        macro_f1=macro_f1(truth, predicted),
        steps=training.steps,
        start=start,
        predicted=predicted,
        probabilities=logits.softmax(dim=1).numpy(),
    )


def needs_torch() -> Any:
    """Return the torch module, or say how to get it."""
    try:
        import torch
    except ImportError:
        raise VariateError("training a network needs PyTorch, which is not installed; pip install 'variate[all]'") from None
    return torch


def _network(channels: int, classes: int, width: int, seed: int) -> Any:
    torch = needs_torch()
    from variate.torch.nets import FCN

    # Layers draw their weights from the global CPU generator, and from nothing else: fork it, touch no other device.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return FCN(channels, classes, width=width)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep torch to one thread inside.

    Batches this small gain little from more, lose much where other programs want the cores (threads that wait for each
    other spin), and the sums of several threads differ in their last bits from those of one.
    """
    torch = needs_torch()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _optimise(
    net: Any,
    train: Panel,
    aug: Transform | None,
    seed: int,
    training: Training,
    standard: Standardiser,
    weights: Any,
    on_step: Callable[[], object] | None,
) -> None:
    torch = needs_torch()
    loss = _loss(weights)
    adam = torch.optim.Adam(net.parameters(), lr=training.rate)
    # The step size falls to 0, so that the score does not hang on where the last few steps happened to land.
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, training.steps)
    net.train()
    for epoch, index in itertools.islice(_batches(train.n, training.batch, seed), training.steps):
        batch = train.rows(index)
        if aug is not None:
            batch = aug(batch, seed=seed, epoch=epoch)
        adam.zero_grad()
        logits = net(torch.from_numpy(standard(batch.values)))
        loss(logits, torch.as_tensor(batch.label)).backward()
        adam.step()
        fall.step()
        if on_step is not None:
            on_step()


def _loss(weights: Any) -> Callable[[Any, Any], Any]:
    if weights is None:
        cross_entropy: Callable[[Any, Any], Any] = needs_torch().nn.functional.cross_entropy
        return cross_entropy
    from variate.imbalance.losses import cost_sensitive

    return lambda logits, target: cost_sensitive(logits, target, weights)


def _logits(net: Any, test: Panel, standard: Standardiser) -> Any:
    torch = needs_torch()
    net.eval()
    with torch.no_grad():
        return torch.cat([net(x) for x in torch.from_numpy(standard(test.values)).split(256)])


def _batches(n: int, size: int, seed: int) -> Iterator[tuple[int, np.ndarray[Any, Any]]]:
    """Go round for ever: (pass, positions). A short last batch is left out; another shuffle leaves out other rows."""
    torch = needs_torch()
    generator = torch.Generator().manual_seed(seed)
    for epoch in itertools.count(1):
        order = torch.randperm(n, generator=generator).numpy()
        for first in range(0, max(n - size, 0) + 1, size):
            yield epoch, order[first : first + size]


def _hard(label: Any) -> np.ndarray[Any, Any]:
    known = np.asarray(label)
    return known if known.ndim == 1 else known.argmax(axis=1)


def _digest(net: Any) -> str:
    weights = b"".join(value.numpy().tobytes() for value in net.state_dict().values())
    return hashlib.blake2b(weights, digest_size=8).hexdigest()
