"""Classification: does augmentation help a classifier, and one that meets outliers?

Data is ``ucr/NAME``, split as the archive is; ``watch``, where a seed trains on one person and tests on all others;
``seasonal/N``, N made series. Models are the FCN and MiniRocket.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from variate.core.errors import ParameterError, VariateError
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.metrics.classification import accuracy, balanced_accuracy, macro_f1
from variate.pipeline.expand import expand
from variate.pipeline.outliers import KINDS, inject_outliers
from variate.pipeline.vote import vote
from variate.tasks import watch
from variate.tasks.fcn import Standardiser, network, optimise, predict
from variate.tasks.sources import Classification, load
from variate.tasks.study import person_for
from variate.tasks.task import Arm, Cell, Measured, Place, Score, Task
from variate.tasks.training import digest, needs_torch

Guess = Callable[[Any], Any]
METRICS = (accuracy, balanced_accuracy, macro_f1)


@dataclass(frozen=True, kw_only=True)
class ClassificationArm(Arm):
    """An arm, with the key ``copies``: how many times the training series are copied before training.

    With 0 each batch is augmented afresh, which MiniRocket, trained in one go, cannot be.
    """

    copies: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.copies, bool) or not isinstance(self.copies, int) or self.copies < 0:
            raise ParameterError(f"copies is {self.copies!r}; it must be an integer of at least 0")


@dataclass(frozen=True, kw_only=True)
class ClassificationOptions:
    """What is tested, besides the test series as they are.

    Args:
        outliers: kinds that are injected into the test series, and there alone: ``spike``, ``step``, ``slope``.
        vote: the share of a series that is a slice; where it is not 0, slices vote too (test-time window slicing).
    """

    outliers: Sequence[str] = ()
    vote: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.outliers, (list, tuple)) or not set(map(str, self.outliers)) <= set(KINDS):
            raise ParameterError(f"outliers is {self.outliers!r}; it must be a list of {', '.join(KINDS)}")
        if isinstance(self.vote, bool) or not isinstance(self.vote, (int, float)) or not 0 <= self.vote <= 1:
            raise ParameterError(f"vote is {self.vote!r}; it must be a share from 0 to 1")


def measure(cell: Cell, place: Place) -> Measured:
    """Train a classifier and score it on the test series, with and without outliers and votes."""
    data = _data(cell.data, cell.seed)
    series, aug = data.train, cell.arm.pipeline
    if aug is not None:
        aug = aug.fit(series, cell.seed)
    if aug is not None and cell.arm.copies:  # type: ignore[attr-defined]
        series, aug = expand(series, aug, cell.arm.copies, cell.seed), None  # type: ignore[attr-defined]
    guess, facts = _CLASSIFIERS[cell.model.name](cell, data, series, aug, place)
    truth, scores = np.asarray(data.test.label), []
    for test, panel in _conditions(data.test, cell.options):
        values = np.asarray(panel.values)
        found = {test: guess(values).argmax(axis=1)}
        if cell.options.vote:
            found[f"{test}, voted"] = vote(guess, values, float(cell.options.vote))
        scores += [Score(m.__name__, m(truth, predicted), name) for name, predicted in found.items() for m in METRICS]
    return Measured(scores, {"series": series.n, **facts})


def _data(name: str, seed: int) -> Classification:
    source, _, size = name.partition("/")
    if name == "watch":
        people = np.unique(watch.load()[0].extra["subject"]).tolist()
        return load(source, Classification, person=person_for(seed, people))
    if source != "seasonal":
        return load(name, Classification)
    if size and not size.isdecimal():
        raise ParameterError(f"data {name!r}: give how many series after the slash, such as seasonal/1000")
    return load(source, Classification, n=int(size or 5000))


def _conditions(test: Panel, options: ClassificationOptions) -> Iterator[tuple[str, Panel]]:
    yield "clean", test
    for kind in options.outliers:
        yield kind, inject_outliers(test, kind)


def _fcn(cell: Cell, data: Classification, series: Panel, aug: Transform | None, place: Place) -> tuple[Guess, dict[str, Any]]:
    parameters = {"width": 48, **cell.model.parameters}
    net = network(series.channels, len(data.classes), seed=cell.seed, device=place.device, **parameters)
    start, standard = digest(net), Standardiser.of(data.train)
    # as many steps for every arm: passes are counted over the series that are there without it
    training = replace(cell.training, steps=cell.training.length(data.train.n), epochs=0)
    trained = optimise(net, series, training, seed=cell.seed, aug=aug, standard=standard, keep=place.keep(cell))

    def guess(values: Any) -> Any:
        return predict(net, standard, values).softmax(dim=1).numpy()

    return guess, {"start": start, **trained.facts}


def _mini_rocket(
    cell: Cell, data: Classification, series: Panel, aug: Transform | None, _place: Place
) -> tuple[Guess, dict[str, Any]]:
    if aug is not None:
        raise ParameterError(f"arm {cell.arm_name}: MiniRocket is trained in one go; give the arm copies of at least 1")
    if series.label.ndim == 2:
        raise ParameterError(f"arm {cell.arm_name}: makes soft labels, which MiniRocket cannot learn from; set across: false")
    model = _needs_aeon()(random_state=cell.seed, n_jobs=1, **cell.model.parameters)
    model.fit(np.asarray(series.values, np.float32), np.asarray(series.label))
    classes = np.eye(len(data.classes))

    def guess(values: Any) -> Any:
        return classes[model.predict(np.asarray(values, np.float32))]

    return guess, {}


def _needs_aeon() -> Any:
    try:
        from aeon.classification.convolution_based import MiniRocketClassifier
    except ImportError:
        raise VariateError("MiniRocket needs aeon, which is not installed; pip install 'variate[rocket]'") from None
    return MiniRocketClassifier


def ready(cells: list[Cell]) -> None:
    """Raise where a package or data is missing, or the recipe asks for what there is not."""
    if cells[0].training.looks:
        raise ParameterError("training: looks must be 0; classifiers have no validation part, and keep their last weights")
    if cells[0].options.vote and any(cell.model.name == "mini_rocket" for cell in cells):
        raise ParameterError(
            "options: vote must be 0; MiniRocket cannot tell slices, which are shorter than its training series"
        )
    needs = {"fcn": needs_torch, "mini_rocket": _needs_aeon}
    for name in {cell.model.name for cell in cells}:
        needs[name]()
    for name in {cell.data for cell in cells}:
        _data(name, 0)


_CLASSIFIERS: Mapping[str, Callable[..., tuple[Guess, dict[str, Any]]]] = {"fcn": _fcn, "mini_rocket": _mini_rocket}
MODELS = {"fcn": ("width",), "mini_rocket": ("n_kernels", "max_dilations_per_kernel", "class_weight")}
TASK = Task(ClassificationArm, ClassificationOptions, MODELS, ready, measure)
