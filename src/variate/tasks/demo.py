"""The demo: run the study on the watch data, print what came out, and write a folder to look at."""

from __future__ import annotations

import dataclasses
import io
import json
import math
import os
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from variate import plot
from variate.core.atomic import replacing
from variate.core.errors import DataFileError, ParameterError
from variate.core.panel import Panel
from variate.core.spec import save, to_dict
from variate.core.transform import Transform
from variate.pipeline.expand import expand
from variate.tasks import report, watch
from variate.tasks.fcn import FCNTraining, split
from variate.tasks.study import Row, Study, measured, policy
from variate.tasks.training import needs_torch

COPIES = 9
FILES = ("augmented.npz", "policy.yaml", "results.json", "report.html")


def run(
    out: str | os.PathLike[str], seeds: int = 6, console: Console | None = None, training: FCNTraining | None = None
) -> Study:
    """Train both arms for each seed, print what came out, and write the folder ``out``.

    The folder gets ``augmented.npz``, ``policy.yaml``, ``results.json`` and ``report.html``; files of these names are
    replaced, others are left alone. Nothing is written before all seeds are done.

    Args:
        out: the folder; it is made where it is missing.
        seeds: number of paired runs, seeds 0 … seeds-1; 6 train on each person once.
        console: where to print; by default the terminal.
        training: steps, batch size and width; by default those of :class:`FCNTraining`.

    Raises:
        VariateError: PyTorch or matplotlib is missing, or the folder cannot be written.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise ParameterError(f"demo(seeds={seeds!r}): seeds must be an integer of at least 1; 6 train on each person once")
    needs_torch()
    plot.needs_matplotlib()
    folder, console = _made(Path(out)), console or Console()
    panel, names = watch.load()
    study = _study(panel, seeds, training or FCNTraining(), console)
    _write(folder, study, panel, names)
    _print(study, console)
    _say(console, f"{study.seconds:.0f} s; open {folder / 'report.html'}")
    return study


def _study(panel: Panel, seeds: int, training: FCNTraining, console: Console) -> Study:
    """Measure with a bar on a terminal, and one line a seed everywhere."""
    columns = (TextColumn("training"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    rows: list[Row] = []
    started = time.perf_counter()
    _say(console, f"{seeds} seeds, each trained twice for {training.steps} steps on one person and tested on all others")
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=2 * seeds * training.steps)
        for row in measured(panel, seeds, policy(), training, on_step=lambda: bar.advance(task)):
            scores = f"without {row.without.accuracy:.3f}, with {row.with_.accuracy:.3f} ({row.difference:+.3f})"
            _say(console, f"seed {row.seed}: person {row.person}, accuracy {scores}")
            rows.append(row)
    return Study(rows, policy(), training, time.perf_counter() - started)


def _print(study: Study, console: Console) -> None:
    table = Table(title="accuracy on the people not trained on", title_justify="left")
    for name in ("seed", "trained on", "without", "with", "difference"):
        table.add_column(name, justify="right")
    for row in study.rows:
        before, after = row.without.accuracy, row.with_.accuracy
        table.add_row(str(row.seed), f"person {row.person}", f"{before:.3f}", f"{after:.3f}", f"{row.difference:+.3f}")
    table.add_section()
    mean = study.accuracy
    table.add_row("mean", "", f"{mean.without:.3f}", f"{mean.with_:.3f}", f"{mean.difference:+.3f}")
    console.print(table)
    _say(console, f"accuracy: {mean.summary()}")
    _say(console, f"macro-F1: {study.macro_f1.summary()}")
    _say(console, mean.sentence())


def _say(console: Console, line: str) -> None:
    """Print as it is: numbers uncoloured, brackets no markup, and no line break that a log would keep."""
    console.print(line, highlight=False, markup=False, soft_wrap=True)


def _write(folder: Path, study: Study, panel: Panel, names: list[str]) -> None:
    first, _ = split(panel, "subject", [study.rows[0].person])
    archive = _archive(first, names, study.policy)
    page = report.page(study, panel, names, COPIES)
    _put(folder / "augmented.npz", archive)
    save(study.policy, folder / "policy.yaml")
    _put(folder / "results.json", json.dumps(results(study), indent=2, allow_nan=False).encode())
    _put(folder / "report.html", page.encode())


def _archive(train: Panel, names: list[str], aug: Transform) -> bytes:
    """Return the first seed's training windows and COPIES augmented copies as the bytes of an .npz file.

    Copy k is what the network of seed 0 was shown in pass k, since both depend on seed, epoch and id alone.
    """
    whole = expand(train, aug, copies=COPIES, seed=0)
    fields: dict[str, Any] = {"values": whole.values, "label": whole.label, "ids": whole.ids, **whole.extra}
    for name, about in (("names", names), ("channels", watch.CHANNELS), ("units", watch.UNITS), ("rate", watch.RATE)):
        fields[name] = np.array(about)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **fields)
    return buffer.getvalue()


def results(study: Study) -> dict[str, Any]:
    """Return everything that was measured as plain data: one row a seed and arm, and the comparisons."""
    from variate import __version__

    rows = [
        {"seed": row.seed, "arm": arm, "train_person": row.person}
        | {"train_windows": row.train_windows, "test_windows": row.test_windows}
        | {k: v for k, v in dataclasses.asdict(outcome).items() if k not in ("predicted", "probabilities")}
        for row in study.rows
        for arm, outcome in (("without", row.without), ("with", row.with_))
    ]
    return {
        "variate": __version__,
        "python": platform.python_version(),
        "torch": needs_torch().__version__,
        "data": "seglearn watch, 25 Hz windows of 4 s",
        "training": dataclasses.asdict(study.training),
        "policy": to_dict(study.policy),
        "rows": rows,
        "accuracy": _finite(dataclasses.asdict(study.accuracy)),
        "macro_f1": _finite(dataclasses.asdict(study.macro_f1)),
        "verdict": study.accuracy.verdict,
        "sentence": study.accuracy.sentence(),
        "seconds": round(study.seconds, 1),
    }


def _finite(numbers: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: what one pair cannot tell becomes null."""
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in numbers.items()}


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataFileError(f"{folder}: cannot be made a folder ({error.strerror}); choose another place") from None
    return folder


def _put(path: Path, content: bytes) -> None:
    try:
        with replacing(path) as stream:
            stream.write(content)
    except OSError as error:
        raise DataFileError(f"{path}: cannot be written ({error.strerror}); choose another folder") from None
