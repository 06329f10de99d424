"""The study of the demo: learn from one person's windows, recognise everyone else's exercises.

Labels are scarce on purpose. Both arms, without and with augmentation, start from the same weights, see the same
batches and take as many steps; what counts is the difference within a pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.metrics.comparison import Paired, paired
from variate.pipeline.compose import Compose
from variate.tasks.fcn import FCNTraining, Outcome, fit_and_test, split
from variate.transforms.magnitude.jitter import Jitter
from variate.transforms.magnitude.magnitude_warp import MagnitudeWarp
from variate.transforms.magnitude.scaling import Scaling
from variate.transforms.time.time_warp import TimeWarp

REASONS = MappingProxyType(
    {
        "scaling": "People move with different force, and sensors differ a little in gain.",
        "magnitude_warp": "Force swells and fades within a set, and the watch tilts as the strap slips.",
        "time_warp": "Nobody keeps an even tempo, and everyone has another one.",
        "jitter": "Another watch, or another day, brings other sensor noise.",
    }
)
"""Why each step of the policy was chosen, from what a watch on a wrist goes through."""


@dataclass(frozen=True, eq=False)
class Row:
    """One seed: the person trained on, and what both arms came to on everyone else."""

    seed: int
    person: int
    train_windows: int
    test_windows: int
    without: Outcome
    with_: Outcome

    @property
    def difference(self) -> float:
        """Accuracy with − without."""
        return self.with_.accuracy - self.without.accuracy


@dataclass(frozen=True, eq=False)
class Study:
    """What was measured, how, and in how many seconds."""

    rows: list[Row]
    policy: Compose
    training: FCNTraining
    seconds: float

    @property
    def accuracy(self) -> Paired:
        """The comparison that the verdict is about."""
        return paired([r.without.accuracy for r in self.rows], [r.with_.accuracy for r in self.rows])

    @property
    def macro_f1(self) -> Paired:
        """The same in macro-F1, beside it."""
        return paired([r.without.macro_f1 for r in self.rows], [r.with_.macro_f1 for r in self.rows])


def policy() -> Compose:
    """Return the policy: four operations at the library's defaults, chosen before any result was seen."""
    return Compose(Scaling(), MagnitudeWarp(), TimeWarp(), Jitter())


def person_for(seed: int, people: list[int]) -> int:
    """Return whom a seed trains on: each round of seeds goes through all people once, in an order of its own.

    >>> sorted(person_for(seed, [2, 4, 5]) for seed in range(3))
    [2, 4, 5]
    """
    order = np.random.default_rng(seed // len(people)).permutation(people)
    return int(order[seed % len(people)])


def measured(
    panel: Panel, seeds: int, aug: Transform, training: FCNTraining, on_step: Callable[[], object] | None = None
) -> Iterator[Row]:
    """Go through the seeds, training both arms for each; ``panel`` has labels and ``extra["subject"]``."""
    people = np.unique(panel.extra["subject"]).tolist()
    classes = len(np.unique(panel.label))
    for seed in range(seeds):
        person = person_for(seed, people)
        train, test = split(panel, "subject", [person])
        without, with_ = (
            fit_and_test(train, test, aug=arm, seed=seed, classes=classes, training=training, on_step=on_step)
            for arm in (None, aug)
        )
        yield Row(seed, person, train.n, test.n, without, with_)
