"""What helps where classes are imbalanced: copies, class weights, both, or an ensemble? UCR sets, paired by seed.

``python -m variate.tasks.imbalance`` runs it and writes a line of JSON for each set, seed, arm and metric; a run that was
stopped goes on where it was, and two may write to one file if their ``--sets`` differ. All networks of a seed begin with
the same weights and take as many optimiser steps, of as many series, however many copies an arm makes. The split of the
archive stays as it is, so seeds tell how a result varies with the network and the copies, not with the series.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple

import numpy as np
import typer

from variate.core.errors import DataFileError, ParameterError, VariateError, suggest
from variate.core.panel import Panel
from variate.core.transform import Transform
from variate.imbalance import class_weights, oversample
from variate.metrics.classification import accuracy, balanced_accuracy, macro_f1
from variate.metrics.comparison import Paired, paired
from variate.pipeline.identity import Identity
from variate.tasks.fcn import FCNTraining, Outcome, Standardiser, fit_and_test
from variate.tasks.results import add, read
from variate.tasks.training import needs_torch
from variate.transforms.mixing.guided_warp import GuidedWarp
from variate.transforms.mixing.smote import Smote
from variate.transforms.mixing.weighted_dba import WeightedDBA

SETS = ("MedicalImages", "ECG5000", "DistalPhalanxTW")
SEEDS = 5
TRAINING = FCNTraining(steps=1500, batch=32, width=32, rate=3e-3)
METRICS = MappingProxyType({"balanced_accuracy": balanced_accuracy, "macro_f1": macro_f1, "accuracy": accuracy})
BASE = "none"

Summary = dict[str, dict[str, dict[str, Paired]]]
"""What each arm gained over ``none``, by set, metric and arm."""


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One way to train.

    Args:
        aug: what makes the copies that small classes are grown by, before training; None makes none.
        target: the size that classes grow to: ``"equal"``, that of the largest, or ``"halfway"`` there, the geometric mean
            of that and their own.
        weights: whether classes count in the loss by the inverse of their size, that after growing: all classes count
            the same, and what is grown is not made up for twice.
        members: arms whose networks this one takes the mean of, instead of training its own.
    """

    aug: Transform | None = None
    target: str = "equal"
    weights: bool = False
    members: tuple[str, ...] = ()


ARMS = MappingProxyType(
    {
        BASE: Arm(),
        "duplicate": Arm(aug=Identity()),
        "smote": Arm(aug=Smote()),
        "weighted_dba": Arm(aug=WeightedDBA(scheme="as")),
        "guided_warp": Arm(aug=GuidedWarp()),
        "weights": Arm(weights=True),
        "smote_weights": Arm(aug=Smote(), target="halfway", weights=True),
        "ensemble": Arm(members=(BASE, "weighted_dba")),
    }
)
"""The arms by name; the ensemble is that of [ismailfawaz2018], the mean of both networks' probabilities."""


class Split(NamedTuple):
    """A set of the archive as it is split there, labels of both parts by the classes of the training series."""

    train: Panel
    test: Panel
    classes: int


def run(
    data: Path,
    out: Path,
    sets: Sequence[str] = SETS,
    seeds: int = SEEDS,
    arms: Sequence[str] = tuple(ARMS),
    training: FCNTraining = TRAINING,
) -> Summary:
    """Train the arms on each set, seed by seed, and return each arm against ``none`` over these seeds.

    Args:
        data: the folder of the archive, with a folder for each set.
        out: the ``.jsonl`` file that lines are added to; what has its lines is not trained again.
        sets: names of sets.
        seeds: how many, from 0.
        arms: names of :data:`ARMS`.
        training: of every network.

    Raises:
        VariateError: PyTorch is missing, or a set, or there is no such arm.
    """
    needs_torch()
    for arm in arms:
        if arm not in ARMS:
            raise ParameterError(f"there is no arm {arm!r}{suggest(arm, ARMS)}")
    splits = {name: load(data, name) for name in sets}
    done = {_key(row) for row in read(out)}
    with _progress() as progress:
        task = progress.add_task(f"{len(splits)} sets, {seeds} seeds, {len(arms)} arms", total=len(splits) * seeds * len(arms))
        for seed in range(seeds):
            for name, split in splits.items():
                cell = Cell(split, seed, training)
                for arm in arms:
                    missing = [m for m in METRICS if (name, seed, arm, m, training) not in done]
                    if missing:
                        add(out, list(_rows(name, arm, missing, cell)))
                    progress.advance(task)
    asked = {(name, seed, training) for name in splits for seed in range(seeds)}
    return summary(row for row in read(out) if (row["set"], row["seed"], FCNTraining(**row["training"])) in asked)


def load(data: Path, name: str) -> Split:
    """Return a set of the archive, which is in the folder ``data / name``.

    Raises:
        DataFileError: it is not there, or the network cannot be trained on it.
    """
    from variate.io import read as read_file

    paths = [data / name / f"{name}_{part}.tsv.gz" for part in ("TRAIN", "TEST")]
    for path in paths:
        if not path.exists():
            raise DataFileError(f"{path}: is not there; get the UCR archive, or pass the folder that has it with --data")
    train, test = (read_file(path) for path in paths)
    place = {text: i for i, text in enumerate(train.classes or ())}
    unknown = sorted(set(test.classes or ()) - set(place))
    if unknown:
        raise DataFileError(f"{paths[1]}: has the classes {unknown}, which no training series has; take another set")
    for file, path in ((train, paths[0]), (test, paths[1])):
        if file.panel.ragged or np.isnan(file.panel.values).any():
            raise DataFileError(f"{path}: has series of different lengths, or with gaps; take a set that has neither")
    label = np.array([place[text] for text in test.classes or ()])[test.panel.label]
    return Split(train.panel, test.panel.replace(label=label), len(place))


class Trained(NamedTuple):
    """A network, how many series it was trained on, the class weights of its loss, and how long all of it took."""

    outcome: Outcome
    series: int
    weights: list[float] | None
    seconds: float


@dataclass
class Cell:
    """The networks of one set and seed; each is trained once, when it is first asked for."""

    split: Split
    seed: int
    training: FCNTraining
    trained: dict[str, Trained] = field(default_factory=dict)

    def __call__(self, name: str) -> Trained:
        """Return the network of an arm that trains one."""
        if name not in self.trained:
            self.trained[name] = _train(ARMS[name], self.split, self.seed, self.training)
        return self.trained[name]


def _train(arm: Arm, split: Split, seed: int, training: FCNTraining) -> Trained:
    """Grow the classes, weigh them, and train: all by the training series alone."""
    start, train, weights = time.perf_counter(), split.train, None
    if arm.aug is not None:
        target = "equal" if arm.target == "equal" else halfway(train.label)
        train = oversample(train, arm.aug, target, seed=seed, lonely="duplicate")
    if arm.weights:
        weights = class_weights(train.label, classes=split.classes).tolist()
    outcome = fit_and_test(
        train,
        split.test,
        seed=seed,
        classes=split.classes,
        training=training,
        weights=weights,
        standard=Standardiser.of(split.train),
    )
    return Trained(outcome, train.n, weights, time.perf_counter() - start)


def halfway(label: Any) -> dict[int, int]:
    """Return for each class the geometric mean of its size and the largest, rounded up.

    >>> halfway([0] * 16 + [1] * 4 + [2])
    {0: 16, 1: 8, 2: 4}
    """
    classes, counts = np.unique(label, return_counts=True)
    return {int(c): math.isqrt(int(n * counts.max()) - 1) + 1 for c, n in zip(classes, counts, strict=True)}


def _rows(name: str, arm: str, metrics: list[str], cell: Cell) -> Iterator[dict[str, Any]]:
    """Return the lines of an arm; what is told of an ensemble's networks, but the seconds of both, is that of the last."""
    members = ARMS[arm].members or (arm,)
    networks = [cell(member) for member in members]
    probabilities = np.mean([network.outcome.probabilities for network in networks], axis=0)
    predicted, last, aug = probabilities.argmax(axis=1), networks[-1], ARMS[members[-1]].aug
    for metric in metrics:
        yield {
            "recipe": "imbalance",
            "set": name,
            "arm": arm,
            "seed": cell.seed,
            "metric": metric,
            "value": METRICS[metric](cell.split.test.label, predicted),
            "pipeline": None if aug is None else repr(aug),
            "target": None if aug is None else ARMS[arm].target,
            "weights": last.weights,
            "members": list(ARMS[arm].members),
            "series": last.series,
            "start": last.outcome.start,
            "training": asdict(cell.training),
            "seconds": round(sum(network.seconds for network in networks), 2),
            "versions": {package: version(package) for package in ("variate", "torch", "numpy")},
        }


def summary(rows: Iterable[dict[str, Any]]) -> Summary:
    """Return each arm against ``none`` by set and metric, over the seeds that have both; all rows are of one training."""
    scores: dict[tuple[str, str, str], dict[int, float]] = {}
    for row in rows:
        scores.setdefault((row["set"], row["metric"], row["arm"]), {})[row["seed"]] = row["value"]
    found: Summary = {}
    for name, metric, arm in sorted(scores, key=_order):
        base, other = scores.get((name, metric, BASE), {}), scores[name, metric, arm]
        seeds = sorted(base.keys() & other.keys())
        if arm != BASE and seeds:
            result = paired([base[seed] for seed in seeds], [other[seed] for seed in seeds])
            found.setdefault(name, {}).setdefault(metric, {})[arm] = result
    return found


def table(found: Summary) -> str:
    """Return a summary as lines of text; intervals of the mean difference are of 95 %."""
    head = f"{'set':16} {'metric':18} {'arm':14} seeds   none    arm   diff  {'Student':17} {'bootstrap':17}  win tie loss"
    lines = [head]
    for name, metrics in found.items():
        for metric, arms in metrics.items():
            for arm, r in arms.items():
                student, boot = (f"{low:+.3f} to {high:+.3f}" for low, high in ((r.low, r.high), (r.boot_low, r.boot_high)))
                means = f"{r.pairs:5}  {r.without:.3f}  {r.with_:.3f} {r.difference:+.3f}"
                ends = f"{student:17} {boot:17}  {r.wins:3} {r.ties:3} {r.losses:4}"
                lines.append(f"{name:16} {metric:18} {arm:14} {means}  {ends}")
    return "\n".join(lines)


def _order(key: tuple[str, str, str]) -> tuple[int, ...]:
    """Return the place of (set, metric, arm) in a table: that of the lists above, those that are not there last."""
    return tuple(list(known).index(part) if part in known else len(known) for part, known in zip(key, _LISTS, strict=True))


_LISTS: tuple[Collection[str], ...] = (SETS, METRICS, ARMS)


def _key(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["set"], row["seed"], row["arm"], row["metric"], FCNTraining(**row["training"])


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)


def main(
    data: Annotated[Path | None, typer.Option(help="Folder of the UCR archive; else the ucr folder in VARIATE_DATA.")] = None,
    out: Annotated[Path, typer.Option(help="Where lines are added.")] = Path("results/imbalance.jsonl"),
    sets: Annotated[str, typer.Option(help="Names of sets, with commas between.")] = ",".join(SETS),
    seeds: Annotated[int, typer.Option(min=2, help="Networks of each arm and set.")] = SEEDS,
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of each network.")] = TRAINING.steps,
    batch: Annotated[int, typer.Option(min=1, help="Series in a step.")] = TRAINING.batch,
    width: Annotated[int, typer.Option(min=1, help="Filters of the network's first block.")] = TRAINING.width,
) -> None:
    """Set ways to even out classes beside training on them as they are."""
    folder = data or Path(os.environ.get("VARIATE_DATA", ".")) / "ucr"
    training = FCNTraining(steps=steps, batch=batch, width=width, rate=TRAINING.rate)
    try:
        found = run(folder, out, [name.strip() for name in sets.split(",")], seeds, training=training)
    except VariateError as error:
        typer.echo(f"imbalance: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(table(found))


if __name__ == "__main__":
    typer.run(main)
