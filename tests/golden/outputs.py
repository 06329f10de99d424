"""The outputs that must not change unnoticed: a small panel through every operation of the registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import variate
from variate.core.panel import Panel

GOLDEN = Path(__file__).parent / "outputs.npz"


def panel() -> Panel:
    """Return series made without any generator, so that they are the same in every version of every library."""
    t = np.arange(40)
    values = np.stack([np.stack([np.sin(t / (3 + i)) + 0.1 * (t % (5 + c)) for c in range(2)]) for i in range(3)])
    return Panel(values, points=np.stack([t == 7, t % 11 == 3, t == 39]), label=[0, 1, 2])


def known() -> Panel:
    """Return the panel that a transform is fitted to: the same series in other classes, turned round in time."""
    again = panel()
    values = np.concatenate([again.values, again.values[..., ::-1]])
    return Panel(values, points=np.concatenate([again.points, again.points[:, ::-1]]), label=[0, 1, 2, 1, 2, 0])


def outputs() -> dict[str, Any]:
    """Return values and points of every operation and example, by name."""
    found = {}
    for name, cls in sorted(variate.ops.items()):
        for i, example in enumerate(cls.examples):
            out = cls(**example).fit(known())(panel(), seed=1, epoch=2)
            found[f"{name}.{i}.values"] = np.sort(out.values, axis=-1) if cls.iterated else out.values  # see Transform
            if out.label.ndim == 2:
                found[f"{name}.{i}.label"] = out.label
            if out.points is not None:
                found[f"{name}.{i}.points"] = out.points
    return found
