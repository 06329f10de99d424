"""The watch data: seven shoulder exercises, six people, a smartwatch on the wrist."""

from __future__ import annotations

from importlib import resources
from types import MappingProxyType

import numpy as np

from variate.core.panel import Panel

CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
UNITS = ("g", "g", "g", "rad/s", "rad/s", "rad/s")
RATE = 25.0
"""Readings a second."""

EXERCISES = MappingProxyType(
    {
        "ABD": "abduction",
        "ER": "external rotation",
        "FEL": "forward elevation",
        "IR": "internal rotation",
        "PEN": "pendulum",
        "ROW": "upright row",
        "TRAP": "trapezius extension",
    }
)
"""What the class names stand for."""


def load() -> tuple[Panel, list[str]]:
    """Return 690 windows of 4 s, (690, 6, 100) float32 in g and rad/s, and the names of the classes.

    ``extra`` has ``subject`` (the person, numbered as in the source), ``side`` (1 right arm, 0 left) and ``segment``
    (the recording). Windows of one person belong on one side of a split. The ids are 100 · segment + place of the
    window in it, so they stay what they are in any selection. Origin and licence: ``tasks/data/NOTICE``.

    >>> panel, names = load()
    >>> panel.values.shape, names
    ((690, 6, 100), ['ABD', 'ER', 'FEL', 'IR', 'PEN', 'ROW', 'TRAP'])
    """
    source = resources.files("variate.tasks.data").joinpath("watch.npz")
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        part = {name: stored[name] for name in stored.files}
    panel = Panel(
        part["values"] * part["scale"][:, None],
        label=part["label"].astype(np.int64),
        ids=part["segment"].astype(np.int64) * 100 + part["window"],
        extra={name: part[name].astype(np.int64) for name in ("subject", "side", "segment")},
    )
    return panel, [str(name) for name in part["names"]]
