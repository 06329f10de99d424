"""Made data and recipes, small enough that a test can go through whole experiments."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from variate.tasks.recipe import Recipe, recipe_of
from variate.tasks.results import read
from variate.tasks.task import Cell, Measured, Place, task_of
from variate.transforms.magnitude.jitter import Jitter

DOCUMENT = {
    "name": "toy",
    "task": "classification",
    "data": ["ucr/Toy"],
    "models": [{"name": "fcn", "width": 3}],
    "arms": {"jitter": {"pipeline": {"op": "jitter"}}},
    "training": {"steps": 3, "batch": 4, "rate": 0.01},
    "seeds": 2,
}


def document(**changes: Any) -> dict[str, Any]:
    """Return the plain data of a recipe."""
    return copy.deepcopy({**DOCUMENT, **changes})


def recipe(**changes: Any) -> Recipe:
    """Return a recipe."""
    return recipe_of(document(**changes))


def cell(arm: str = "none", seed: int = 0, **changes: Any) -> Cell:
    """Return one training run of a recipe."""
    return next(c for c in recipe(**changes).cells() if (c.arm_name, c.seed) == (arm, seed))


def measured(arm: str = "none", seed: int = 0, **changes: Any) -> Measured:
    """Return what a training run of a recipe comes to."""
    one = cell(arm, seed, **changes)
    return task_of(one.task).measure(one, Place())


def ucr(folder: Path, name: str, *, train: Any, test: Any) -> None:
    """Write a set of the archive; each part is values (n, time) and labels (n,)."""
    place = folder / "ucr" / name
    place.mkdir(parents=True, exist_ok=True)
    for part, (values, labels) in (("TRAIN", train), ("TEST", test)):
        lines = [
            "\t".join([str(label), *map(repr, row)]) for label, row in zip(labels, np.asarray(values).tolist(), strict=True)
        ]
        (place / f"{name}_{part}.tsv").write_text("".join(f"{line}\n" for line in lines))


def lines(seed: int, n: int = 12, length: int = 16, noise: float = 0.5) -> tuple[np.ndarray[Any, Any], list[int]]:
    """Return noisy lines (n, length) that rise or fall by turns, and which they do."""
    labels = [i % 2 for i in range(n)]
    slope = np.linspace(-1, 1, length) * np.where(labels, 1, -1)[:, None]
    return slope + np.random.default_rng(seed).normal(0, noise, (n, length)), labels


def toy(folder: Path, name: str = "Toy", **more: Any) -> None:
    """Write a set of rising and falling lines."""
    ucr(folder, name, train=lines(1, **more), test=lines(2, **more))


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a results file in one order and without the time that they took."""
    held = [{key: value for key, value in row.items() if key != "seconds"} for row in read(path)]
    return sorted(
        held, key=lambda row: [str(row[key]) for key in ("recipe", "profile", "data", "model", "arm", "seed", "test", "metric")]
    )


def long_table(path: Path, series: dict[str, Any], first: int = 1) -> None:
    """Write a long table of series by name, the first step of all being ``first``."""
    import pandas as pd

    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [pd.DataFrame({"unique_id": k, "ds": first + np.arange(len(v)), "y": v}) for k, v in series.items()]
    pd.concat(parts).to_parquet(path, index=False)


def m4(folder: Path, known: dict[str, Any], target: dict[str, Any], frequency: str = "weekly") -> None:
    """Write a frequency of M4: what is known of each series, and its official test."""
    for part, series in (("train", known), ("test", target)):
        long_table(folder / "m4" / f"m4_{frequency}_{part}.parquet", series)


ROCKET = '''
import os
import time

import numpy as np


class MiniRocketClassifier:
    """The nearest neighbour; after seed 0 it first sleeps for n_kernels milliseconds, or ends its process for n_kernels = 1."""

    def __init__(self, n_kernels=0, max_dilations_per_kernel=32, class_weight=None, n_jobs=None, random_state=None):
        self.n_kernels, self.random_state = n_kernels, random_state

    def fit(self, x, y):
        if self.random_state and self.n_kernels == 1:
            os._exit(9)
        if self.random_state:
            time.sleep(self.n_kernels / 1000)
        self.x, self.y = x, y

    def predict(self, x):
        return self.y[np.square(x[:, None] - self.x[None]).sum(axis=(2, 3)).argmin(axis=1)]
'''


def rocket(folder: Path) -> Path:
    """Write a stand-in for aeon, which is fast and needs no network, and return the folder that it can be imported from."""
    place = folder / "stand_in" / "aeon" / "classification"
    place.mkdir(parents=True)
    for package in (place.parent, place):
        (package / "__init__.py").touch()
    (place / "convolution_based.py").write_text(ROCKET)
    return place.parent.parent


class Watching(Jitter):
    """A Jitter that notes what it is fitted to and called with; clear the notes before."""

    fitted: ClassVar[list[Any]] = []
    called: ClassVar[list[Any]] = []

    def fit(self, panel, seed=0):
        self.fitted.append((panel, seed))
        return self

    def __call__(self, x, *args, **kwargs):
        self.called.append((x, kwargs))
        return super().__call__(x, *args, **kwargs)


class NotingForecaster(nn.Module):
    """A network that notes the windows it is trained on and asked of, and forecasts what ``told`` says of each past."""

    def __init__(self, past, horizon, **parameters):
        super().__init__()
        self.past, self.horizon, self.parameters_ = past, horizon, parameters
        self.bias = nn.Parameter(torch.randn(()))
        self.trained, self.scored, self.asked = [], [], []

    def loss(self, values):
        (self.trained if self.training else self.scored).append(values.numpy().copy())
        return (values[..., self.past :] - self.bias).square().mean()

    def quantiles(self, past, levels, **how):
        self.asked.append((past.numpy().copy(), tuple(levels), how))
        return torch.stack([self.told(row[0].double()) for row in past])

    def told(self, row):
        return torch.zeros(3, self.horizon, dtype=torch.float64)

    def forecast(self, past):
        self.asked.append(past.numpy().copy())
        return past[..., -1:].repeat(1, 1, self.horizon) + self.bias.detach()
