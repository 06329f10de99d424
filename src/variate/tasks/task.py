"""What a task is: arms, cells and scores, and how a module of a task is found."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from variate.core.errors import ParameterError
from variate.core.spec import to_dict
from variate.core.transform import Transform
from variate.tasks.training import Training

NONE = "none"
"""The arm without augmentation, which every recipe has."""

TASKS = ("classification", "detection", "forecasting", "long_forecasting")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to train; each task adds its own keys.

    Args:
        pipeline: what augments, as in a policy file, or ``{preset: name}``.
        against: the arm that it is measured against, besides ``none``.
    """

    pipeline: Transform | None = None
    against: str = NONE

    @property
    def spec(self) -> Any:
        """The pipeline as plain data."""
        return None if self.pipeline is None else to_dict(self.pipeline)


class Model(NamedTuple):
    """The name of a model and its parameters."""

    name: str
    parameters: Mapping[str, Any]


@dataclasses.dataclass(frozen=True)
class Cell:
    """One training run of a recipe: everything that its numbers follow from, and what it is called."""

    recipe: str
    profile: str
    task: str
    data: str
    model: Model
    arm_name: str
    arm: Arm
    seed: int
    training: Training
    options: Any

    @property
    def digest(self) -> str:
        """A hash of what the numbers follow from, names left out; two cells with one digest have the same numbers."""
        arm = {field.name: getattr(self.arm, field.name) for field in dataclasses.fields(self.arm)}
        held = {
            "task": self.task,
            "data": self.data,
            "model": [self.model.name, dict(self.model.parameters)],
            "arm": {**arm, "pipeline": self.arm.spec, "against": None},
            "seed": self.seed,
            "training": dataclasses.asdict(self.training),
            "options": dataclasses.asdict(self.options),
        }
        return hashlib.blake2b(json.dumps(held, sort_keys=True).encode(), digest_size=8).hexdigest()


class Place(NamedTuple):
    """Where a cell is trained: the device, and a folder for checkpoints."""

    device: str = "cpu"
    checkpoints: Path | None = None

    def keep(self, cell: Cell) -> Path | None:
        """Return the checkpoint file of a cell."""
        return None if self.checkpoints is None else self.checkpoints / f"{cell.digest}-{cell.arm_name}.pt"


class Score(NamedTuple):
    """A number that a cell came to; ``test`` names the condition of the test where there are several."""

    metric: str
    value: float
    test: str = ""


class Measured(NamedTuple):
    """The scores of a cell, and what else its lines tell: steps, a hash of the first weights, the threshold …"""

    scores: list[Score]
    facts: dict[str, Any]


class Task(NamedTuple):
    """What the module of a task offers.

    ``arm`` and ``options`` are the closed schemas of its arms and options, ``models`` the models it knows, each with the
    parameters that a recipe may give it. ``ready(cells)`` raises where data or a package is missing, before anything is
    trained. ``measure(cell, place)`` trains and scores.
    """

    arm: type[Arm]
    options: type[Any]
    models: Mapping[str, tuple[str, ...]]
    ready: Callable[[list[Cell]], object]
    measure: Callable[[Cell, Place], Measured]


def check_no_epochs(cells: list[Cell]) -> None:
    """Raise ParameterError where training is counted in passes over windows that are drawn afresh in each step."""
    if cells[0].training.epochs:
        raise ParameterError("training: epochs must be 0; windows are drawn afresh in each step, so say how many steps")


def task_of(name: str) -> Task:
    """Return what the module of a task offers; it is imported when it is first needed."""
    found: Task = import_module(f"variate.tasks.{name}").TASK
    return found
