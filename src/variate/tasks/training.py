"""The one training loop: every network of every task goes through it, with augmentation or without."""

from __future__ import annotations

import copy
import hashlib
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from variate.core.atomic import replacing
from variate.core.errors import ParameterError, VariateError

SCHEDULES = ("cosine", "halving", "constant")
EVERY = 20.0  # seconds from one checkpoint to the next
REACHED = ("step", "best", "since", "scores", "weights")  # what a checkpoint holds besides the network and Adam


@dataclass(frozen=True, kw_only=True)
class Training:
    """How a network is trained; all arms of a recipe are trained alike.

    Args:
        steps: of the optimiser; so long every arm trains, however many series it makes.
        epochs: passes over the training series instead, where it is not 0; an arm's passes are those of the arm without.
        batch: series or windows in a step.
        rate: the step size of Adam at the start.
        schedule: ``"cosine"`` lets it fall to 0, so that the score does not hang on where the last few steps happened to
            land; ``"halving"`` halves it after each tenth of the steps; ``"constant"`` leaves it.
        looks: how many times, evenly spread, the validation part is scored; the weights of the best look are kept. With
            0 there is no validation part, and the last weights are kept.
        patience: looks without a better score after which training ends early; 0 goes on to the end.
    """

    steps: int = 500
    epochs: int = 0
    batch: int = 32
    rate: float = 1e-3
    schedule: str = "cosine"
    looks: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        for name, least in (("steps", 1), ("epochs", 0), ("batch", 1), ("looks", 0), ("patience", 0)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(f"{type(self).__name__}({name}={value!r}): {name} must be an integer of at least {least}")
        if isinstance(self.rate, bool) or not isinstance(self.rate, (int, float)) or not 0 < self.rate < math.inf:
            raise ParameterError(f"{type(self).__name__}(rate={self.rate!r}): rate must be a number above 0")
        if self.schedule not in SCHEDULES:
            known = ", ".join(SCHEDULES)
            raise ParameterError(f"{type(self).__name__}(schedule={self.schedule!r}): schedule must be one of {known}")

    def length(self, n: int) -> int:
        """Return the number of steps over n series or windows; a short last batch of a pass is left out."""
        return self.epochs * max(1, n // self.batch) if self.epochs else self.steps

    def look_at(self, steps: int) -> frozenset[int]:
        """Return after which steps the validation part is scored."""
        return frozenset(round(steps * (k + 1) / self.looks) for k in range(self.looks))


@dataclass(frozen=True)
class Trained:
    """What training came to: steps taken, the step whose weights were kept, and the score of each look."""

    steps: int
    best: int
    scores: tuple[float, ...]

    @property
    def facts(self) -> dict[str, Any]:
        """What a line of results tells of it."""
        return {"steps": self.steps, "best": self.best, "looks": [round(score, 6) for score in self.scores]}


def train(
    net: Any,
    loss: Callable[[int], Any],
    training: Training,
    *,
    steps: int,
    seed: int = 0,
    score: Callable[[], float] | None = None,
    keep: Path | None = None,
    on_step: Callable[[], object] | None = None,
) -> Trained:
    """Train a network in place.

    What happens in a step depends on the weights, ``seed`` and the step's number alone, so training that was killed and
    goes on from a checkpoint ends with the same bits. The global generators are left as they were.

    Args:
        net: the network; it ends in evaluation mode.
        loss: gives the loss of step k = 0, 1, …, as a tensor with a gradient.
        training: how.
        steps: how many.
        seed: of what is random in the network, such as dropout.
        score: scores the network on the validation part, in evaluation mode; lower is better. Needed where there are looks.
        keep: a file for checkpoints; where it is there, training goes on from it, or begins again where it is damaged. It
            is removed at the end.
        on_step: called after each step, for a progress bar.

    Raises:
        VariateError: the loss is not a finite number.
    """
    torch = needs_torch()
    adam = torch.optim.Adam(net.parameters(), lr=training.rate)
    state = _State(net, adam, keep)
    state.resume()
    looks = training.look_at(steps) if score is not None else frozenset()
    with one_thread(), _own_generators(net) as reseed:
        net.train()
        for step in range(state.step, steps):
            reseed(seed * 1_000_003 + step)
            _descend(adam, loss(step), _rate(training, step, steps), step)
            state.step = step + 1
            if score is not None and step + 1 in looks:
                state.look(_scored(net, score))
                net.train()
            if on_step is not None:
                on_step()
            if training.patience and state.since >= training.patience:
                break
            state.save_sometimes()
        state.finish()
    net.eval()
    return Trained(state.step, state.best, tuple(state.scores))


def needs_torch() -> Any:
    """Return the torch module, or say how to get it."""
    try:
        import torch
    except ImportError:
        raise VariateError("training a network needs PyTorch, which is not installed; pip install 'variate[all]'") from None
    return torch


def check_device(device: str) -> None:
    """Raise VariateError where torch has no such device."""
    try:
        needs_torch().empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise VariateError(f"device {device!r} cannot be used ({str(error).splitlines()[0]}); take cpu") from None


def made(build: Callable[[], Any], seed: int, device: str = "cpu") -> Any:
    """Return a network whose first weights depend on the seed alone."""
    torch = needs_torch()
    # Layers draw their weights from the global CPU generator, and from nothing else: fork it, touch no other device.
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        return build().to(device)


def digest(net: Any) -> str:
    """Return a hash of a network's weights."""
    weights = b"".join(value.detach().cpu().numpy().tobytes() for value in net.state_dict().values())
    return hashlib.blake2b(weights, digest_size=8).hexdigest()


class Batches:
    """Positions of the samples in each step's batch, going round for ever in another order each pass.

    A short last batch is left out; another shuffle leaves out other samples.

    >>> batches = Batches(5, 2, seed=0)
    >>> sorted(position for step in (0, 1) for position in batches(step)[1].tolist()) == [0, 1, 2, 3, 4]
    False
    >>> [batches(step)[0] for step in range(4)]
    [1, 1, 2, 2]
    """

    def __init__(self, n: int, size: int, seed: int) -> None:
        self.n, self.size = n, min(size, n)
        self.each = max(1, n // size)
        self._orders: list[np.ndarray[Any, Any]] = []
        self._generator = needs_torch().Generator().manual_seed(seed)

    def __call__(self, step: int) -> tuple[int, np.ndarray[Any, Any]]:
        """Return the pass of a step, from 1, and the positions of its samples."""
        epoch, place = divmod(step, self.each)
        while len(self._orders) <= epoch:  # orders follow from one another, so that a step is the same wherever one begins
            self._orders.append(needs_torch().randperm(self.n, generator=self._generator).numpy())
        return epoch + 1, self._orders[epoch][place * self.size : (place + 1) * self.size]


class _State:
    """How far training is: on disk from time to time, so that it goes on after it was killed."""

    def __init__(self, net: Any, adam: Any, keep: Path | None) -> None:
        self.net, self.adam, self.keep = net, adam, keep
        self.step, self.best, self.since = 0, 0, 0
        self.scores: list[float] = []
        self.weights: dict[str, Any] | None = None
        self._saved = time.monotonic()

    def look(self, score: float) -> None:
        if self.weights is None or score < min(self.scores):
            self.best, self.since = self.step, 0
            self.weights = copy.deepcopy(self.net.state_dict())
        else:
            self.since += 1
        self.scores.append(score)

    def finish(self) -> None:
        if self.weights is None:
            self.best = self.step
        else:
            self.net.load_state_dict(self.weights)
        if self.keep is not None:
            self.keep.unlink(missing_ok=True)

    def save_sometimes(self) -> None:
        if self.keep is None or time.monotonic() - self._saved < EVERY:
            return
        held = {name: getattr(self, name) for name in REACHED}
        self.keep.parent.mkdir(parents=True, exist_ok=True)
        with replacing(self.keep) as stream:
            needs_torch().save({**held, "net": self.net.state_dict(), "adam": self.adam.state_dict()}, stream)
        self._saved = time.monotonic()

    def resume(self) -> None:
        if self.keep is None or not self.keep.exists():
            return
        first = copy.deepcopy(self.net.state_dict())
        try:
            held = needs_torch().load(self.keep, weights_only=True)
            reached = {name: held[name] for name in REACHED}
            self.net.load_state_dict(held["net"])
            self.adam.load_state_dict(held["adam"])
        except Exception:  # whatever a damaged file makes of itself: to begin again costs time and no more
            self.net.load_state_dict(first)
            return
        for name, value in reached.items():
            setattr(self, name, value)


def _descend(adam: Any, value: Any, rate: float, step: int) -> None:
    if not math.isfinite(float(value.detach())):
        raise VariateError(f"the loss is {float(value.detach())} in step {step + 1}; lower the rate, or look at the data")
    for group in adam.param_groups:
        group["lr"] = rate
    adam.zero_grad()
    value.backward()
    adam.step()


def _rate(training: Training, step: int, steps: int) -> float:
    if training.schedule == "cosine":
        return training.rate * (1 + math.cos(math.pi * step / steps)) / 2
    return training.rate * 0.5 ** (10 * step // steps) if training.schedule == "halving" else training.rate


def _scored(net: Any, score: Callable[[], float]) -> float:
    net.eval()
    with needs_torch().no_grad():
        found = score()
    return found if math.isfinite(found) else math.inf


@contextmanager
def _own_generators(net: Any) -> Iterator[Callable[[int], None]]:
    """Give a function that seeds the generators of the network's devices, which are put back at the end."""
    torch = needs_torch()
    used = {p.device for p in net.parameters() if p.is_cuda}

    def reseed(seed: int) -> None:
        # torch.manual_seed would seed every device there is, and where CUDA sleeps it formats a stack each time
        torch.default_generator.manual_seed(seed)
        for device in used:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)

    with torch.random.fork_rng(devices=list(used)):
        yield reseed


@contextmanager
def one_thread() -> Iterator[None]:
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
