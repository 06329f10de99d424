"""Made series: weeks of 5-minute readings, half of them with a daily season, in place of a set that is not public.

The survey's classification task has 5000 such series from the monitoring of a cloud, which are not public [wen2021]; how
these are made is our decision. Rows are of the two classes by turns, and everything else about a row comes from a stream of
its own, so that it is the same however many rows there are. Every fifth row is for the test.

- Seasonal: a daily pattern of one to five harmonics, in half of the rows weaker at the weekend, on a slope.
- Others: a random walk, autoregressive noise, a slope, level shifts, a few bumps, bursts that die away, or cycles of another
  period that wanders; each as likely.

To all, autoregressive noise of 2 to 20 % of the signal is added, and each series is standardised. So what sets the classes
apart is found in one series by its autocorrelation at a day, which is right in 99 % of the rows, and only in part by the short
filters of a network: an FCN of width 8 to 24 comes to 95 to 97 % in 500 steps of 32 series.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import lfilter

from variate.core.errors import ParameterError
from variate.core.panel import Panel
from variate.tasks.sources.kinds import Classification

DAY = 288
"""Steps of a day."""

CLASSES = ("other", "seasonal")
NOISE = (0.02, 0.2)  # standard deviation beside that of the signal, as likely in each octave
FIFTH = 5

Array = np.ndarray[Any, Any]
Rng = np.random.Generator


def weeks(name: str, root: Path | None, n: int = 5000, steps: int = 2016, seed: int = 0) -> Classification:
    """Return made series, 4 n / 5 to train on and n / 5 to test on, ``(n, 1, steps)`` float32; label 1 is seasonal.

    Args:
        name: ``"seasonal"``.
        root: not looked at.
        n: how many; the rows of a smaller n are the first rows of a larger one.
        steps: of each; a day has 288.
        seed: of all streams.

    Raises:
        ParameterError: fewer than 10 series or than two days, or a negative seed.
    """
    for option, value, least in (("n", n, 2 * FIFTH), ("steps", steps, 2 * DAY), ("seed", seed, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ParameterError(f"seasonal({option}={value!r}): {option} must be an integer of at least {least}")
    values = np.empty((n, 1, steps), np.float32)
    for i in range(n):
        values[i, 0] = row(i, steps, seed)
    ids = np.arange(n)
    panel = Panel(values, label=ids % 2, ids=ids)
    test = ids % FIFTH == FIFTH - 1
    return Classification(panel.rows(np.flatnonzero(~test)), panel.rows(np.flatnonzero(test)), CLASSES)


def row(i: int, steps: int, seed: int) -> Array:
    """Return a series ``(steps,)`` of mean 0 and standard deviation 1; it is seasonal where ``i`` is odd."""
    rng = np.random.default_rng((seed, i))
    make = _season if i % 2 else OTHERS[rng.integers(len(OTHERS))]
    share = np.exp(rng.uniform(*np.log(NOISE)))
    return _standard(_standard(make(rng, steps)) + share * _autoregressive(rng, steps, rng.uniform(0, 0.9)))


def _season(rng: Rng, steps: int) -> Array:
    days = np.arange(steps) / DAY + rng.uniform(0, 7)
    pattern = _standard(_cycle(rng, days))
    if rng.random() < 0.5:
        pattern = np.where(days % 7 >= 5, rng.uniform(0.2, 1), 1) * pattern
    return pattern + rng.normal(0, 0.5) * np.linspace(-1, 1, steps)


def _wandering(rng: Rng, steps: int) -> Array:
    """Return cycles twice to six times as fast or as slow as a day, whose speed is a random walk."""
    speed = rng.choice((-1, 1)) * rng.uniform(0.7, 1.8) + 0.5 * _walk(rng, steps) / np.sqrt(steps)
    return _cycle(rng, np.cumsum(np.exp(speed)) / DAY + rng.uniform())


def _cycle(rng: Rng, phase: Array) -> Array:
    """Return a pattern that repeats as the phase goes up by 1, its harmonics the weaker the higher."""
    order = np.arange(1, rng.integers(2, 7))
    angle = 2 * np.pi * phase[:, None] * order
    return np.cos(angle) @ (rng.normal(size=order.size) / order) + np.sin(angle) @ (rng.normal(size=order.size) / order)


def _walk(rng: Rng, steps: int) -> Array:
    return np.cumsum(rng.normal(size=steps))


def _noise(rng: Rng, steps: int) -> Array:
    return _autoregressive(rng, steps, rng.uniform(0.9, 0.99))


def _slope(rng: Rng, steps: int) -> Array:
    return np.linspace(-1, 1, steps) ** rng.integers(1, 4)


def _shifts(rng: Rng, steps: int) -> Array:
    at = rng.integers(1, steps, rng.integers(1, 6))
    return (np.arange(steps)[:, None] >= at) @ rng.normal(size=at.size)


def _bumps(rng: Rng, steps: int) -> Array:
    count = rng.integers(1, 5)
    middle, width = rng.uniform(0, steps, count), DAY * rng.uniform(0.1, 0.6, count)
    return np.exp(-0.5 * ((np.arange(steps)[:, None] - middle) / width) ** 2) @ rng.normal(size=count)


def _bursts(rng: Rng, steps: int) -> Array:
    """Return three to twelve bursts, which die away within ten minutes to some hours."""
    sudden = np.zeros(steps)
    at = rng.integers(0, steps, rng.integers(3, 13))
    sudden[at] = 0.2 + rng.exponential(size=at.size)
    return _filtered(sudden, float(np.exp(-1 / rng.uniform(2, 100))))


def _autoregressive(rng: Rng, steps: int, weight: float) -> Array:
    """Return noise of order 1 with that autocorrelation, of standard deviation 1, from where it has forgotten its start."""
    before = int(10 / (1 - weight))
    return _standard(_filtered(rng.normal(size=before + steps), weight)[before:])


def _filtered(values: Array, weight: float) -> Array:
    found: Array = lfilter([1.0], [1.0, -weight], values)
    return found


def _standard(values: Array) -> Array:
    found: Array = (values - values.mean()) / values.std()
    return found


OTHERS: tuple[Callable[[Rng, int], Array], ...] = (_walk, _noise, _slope, _shifts, _bumps, _bursts, _wandering)
"""What a series without a season may be."""
