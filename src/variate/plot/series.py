"""The four series that pictures use: made by formula, with fixed seeds."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.core.panel import Panel, concatenate

LENGTH = 256


def examples() -> dict[str, Panel]:
    """Return the four example series by name, each a panel of one series of 256 steps.

    ``t`` counts steps from 0, ``ε`` is standard normal noise of a fixed seed.

    - ``"seasonal"`` (1 channel), demand read every two hours: a day of 12 steps, a week of 84 steps whose last two days
      are weak, and a trend. x = 4 + t/128 + w·(sin 2πt/12 + 0.4 sin 4πt/12) + 0.08 ε, with w = 0.35 at the weekend, else 1.
    - ``"bursty"`` (1 channel, point labels), load of a server: bursts that jump up and decay over 7 steps, on a level of 1
      with noise 0.06 ε, and one anomaly: the load hangs at 2.2 from step 172 to 191. Its middle, 176 … 187, is labelled,
      as people label: borders are blurry.
    - ``"motion"`` (2 channels), a wrist that walks, runs from step 100 on and rests from step 200: a swing and its second
      harmonic, forward around 0 g and upward around 2 g, with noise 0.03 ε. The phase runs on, so nothing jumps.
    - ``"random walk"`` (1 channel): x(t) = x(t-1) + ε(t).

    >>> {name: panel.values.shape for name, panel in examples().items()}["motion"]
    (1, 2, 256)
    """
    # ids of their own, else all four would be augmented by the same draws
    return {name: make(0).replace(ids=np.array([i])) for i, (name, make) in enumerate(_MADE.items())}


def kin() -> dict[str, Panel]:
    """Return for each example series two more of its kind, of which a transform that mixes draws partners.

    Another week, other bursts and another anomaly, another walk, another random walk.

    >>> {name: panel.n for name, panel in kin().items()}["motion"]
    2
    """
    return {name: concatenate([make(1), make(2)]) for name, make in _MADE.items()}


def _noise(seed: int, channels: int = 1) -> Any:
    return np.random.default_rng(seed).standard_normal((channels, LENGTH))


def _seasonal(member: int) -> Panel:
    t = np.arange(LENGTH) + 33 * member
    strength = np.where(t % 84 < 60, 1.0, 0.35)
    day = np.sin(2 * np.pi * t / 12) + 0.4 * np.sin(4 * np.pi * t / 12)
    return Panel((4 + t / 128 + strength * day + 0.08 * _noise(1 + 4 * member))[None])


def _bursty(member: int) -> Panel:
    t, noise = np.arange(LENGTH), _noise(2 + 4 * member)[0]
    x = 1 + 0.06 * noise
    for start, height in ((22, 2.6), (61, 1.5), (104, 3.2), (139, 1.8), (221, 2.9)):
        begins = (start + 47 * member) % LENGTH
        x += np.where(t >= begins, height * np.exp(-(t - begins).clip(0) / 7), 0)
    t = t + 63 * member
    hangs = (t >= 172) & (t < 192)
    labelled = (t >= 176) & (t < 188)
    return Panel(np.where(hangs, 2.2 + 0.06 * noise, x), points=labelled[None])


def _motion(member: int) -> Panel:
    t = np.arange(LENGTH)
    period, size = np.full(LENGTH, 25.0), np.full(LENGTH, 0.45)
    runs, rests = 100 - 25 * member, 200 - 15 * member
    period[runs:], size[runs:] = 14.0, 1.0
    size[rests:] = 0.05
    phase = 2 * np.pi * np.cumsum(1 / period)
    size = np.convolve(np.pad(size, 6, mode="edge"), np.full(13, 1 / 13), mode="valid")
    forward = size * (np.sin(phase) + 0.3 * np.sin(2 * phase + 1))
    upward = 2 + 0.6 * size * (np.cos(2 * phase) + 0.25 * np.sin(phase))
    return Panel((np.stack([forward, upward]) + 0.03 * _noise(3 + 4 * member, 2))[None, :, : t.size])


def _random_walk(member: int) -> Panel:
    return Panel(np.cumsum(_noise(4 + 4 * member), axis=1)[None])


_MADE = {"seasonal": _seasonal, "bursty": _bursty, "motion": _motion, "random walk": _random_walk}
