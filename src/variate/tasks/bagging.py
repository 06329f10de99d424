"""Does bagging help exponential smoothing? M4 series, one model alone and on bootstrapped histories, paired by series.

``python -m variate.tasks.bagging`` runs it and writes a line of JSON for each series and arm; a run that was stopped goes on
where it was. The first so many series of each frequency are taken, in the order of the file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import numpy as np
import typer

from variate.core.atomic import replacing
from variate.core.errors import DataFileError, VariateError
from variate.core.panel import Panel
from variate.metrics.comparison import Paired, paired
from variate.metrics.forecasting import mase
from variate.pipeline.bagging import Bagged, bagging
from variate.pipeline.presets import bld_mbb
from variate.tasks.results import add, read

SEASON = MappingProxyType({"hourly": 24, "weekly": 1})
"""Steps in a season, as the organisers of M4 use it."""
ARMS = ("base", "mean", "median")
LONGEST = 1000  # steps of a history that a model is given, its last: a fit of more takes long and gains little


def run(data: Path, out: Path, series: int = 50, members: int = 21, seed: int = 0) -> dict[str, dict[str, Paired]]:
    """Forecast the first ``series`` series of each frequency, and return each arm against the base by frequency.

    Args:
        data: the folder with ``m4_hourly_train.parquet`` and its like.
        out: the ``.jsonl`` file that lines are added to; series that have theirs are left out.
        series: how many of each frequency.
        members: histories of each, the series itself included.
        seed: of the bootstrap.

    Raises:
        VariateError: statsforecast is missing, or the data.
    """
    _mend(out)
    done = {(row["frequency"], row["series"]) for row in _of(read(out), members, seed)}
    with _progress() as progress:
        for frequency in SEASON:
            task = progress.add_task(f"{frequency}, {members} members", total=series)
            for known, target in _pairs(data, frequency, series):
                if (frequency, str(known.ids[0])) not in done:
                    add(out, list(_rows(frequency, known, target, members, seed)))
                progress.advance(task)
    return summary(_of(read(out), members, seed))


def _of(rows: list[dict[str, Any]], members: int, seed: int) -> list[dict[str, Any]]:
    return [row for row in rows if row["members"] == members and row["seed"] == seed]


def _mend(out: Path) -> None:
    """Leave whole series in a results file: what was being written when a run stopped is done again."""
    rows = read(out)
    keys = [tuple(row[k] for k in ("frequency", "series", "members", "seed")) for row in rows]
    kept = [row for row, key in zip(rows, keys, strict=True) if keys.count(key) == len(ARMS)]
    text = "".join(json.dumps(row) + "\n" for row in kept)
    if out.exists() and out.read_text(encoding="utf-8") != text:
        with replacing(out) as stream:
            stream.write(text.encode())


def summary(rows: list[dict[str, Any]]) -> dict[str, dict[str, Paired]]:
    """Return by frequency each arm against the base, by −MASE, so that more is better; series without a score are left out."""
    found: dict[str, dict[str, Paired]] = {}
    for frequency in dict.fromkeys(row["frequency"] for row in rows):
        scores = {
            arm: {r["series"]: r["value"] for r in rows if (r["frequency"], r["arm"]) == (frequency, arm)} for arm in ARMS
        }
        names = [name for name, value in scores["base"].items() if np.isfinite(value)]
        arms = {arm: [-scores[arm][name] for name in names] for arm in ARMS}
        found[frequency] = {arm: paired(arms["base"], arms[arm]) for arm in ARMS[1:]}
    return found


def _pairs(data: Path, frequency: str, count: int) -> Iterator[tuple[Panel, Any]]:
    from variate.io import read as read_file

    train, test = (data / f"m4_{frequency}_{part}.parquet" for part in ("train", "test"))
    for path in (train, test):
        if not path.exists():
            raise DataFileError(f"{path}: is not there; get the M4 data, or pass the folder that has it with --data")
    known, target = read_file(train).panel, read_file(test).panel
    place = {str(name): i for i, name in enumerate(target.ids)}
    for i in range(min(count, known.n)):
        yield known.rows(slice(i, i + 1)), target.values[place[str(known.ids[i])]]


def _rows(frequency: str, known: Panel, target: Any, members: int, seed: int) -> Iterator[dict[str, Any]]:
    season, start = SEASON[frequency], time.perf_counter()
    history = np.asarray(known.values[0], np.float64)[:, -LONGEST:]
    aug = bld_mbb(period=season) if season > 1 else bld_mbb()
    bagged: Bagged = bagging(
        Panel(history[None], ids=known.ids), _model(season), members, horizon=target.shape[-1], aug=aug, seed=seed
    )
    took = time.perf_counter() - start
    for arm in ARMS:
        score = mase(target, getattr(bagged, arm)[0], np.asarray(known.values[0]), season)
        yield {
            "recipe": "bagging",
            "frequency": frequency,
            "series": str(known.ids[0]),
            "arm": arm,
            "seed": seed,
            "members": members,
            "metric": "mase",
            "value": float(score[0]),
            "pipeline": repr(aug),
            "model": f"AutoETS(season_length={season})",
            "seconds": round(took, 2),
            "versions": {name: version(name) for name in ("variate", "statsforecast", "numpy")},
        }


def _model(season: int) -> Any:
    try:
        from statsforecast.models import AutoETS
    except ImportError:
        raise VariateError("this needs statsforecast, which is not installed; pip install 'variate[forecast]'") from None
    return AutoETS(season_length=season)


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True), transient=True)


def main(
    data: Annotated[Path | None, typer.Option(help="Folder with the M4 files; else the m4 folder in VARIATE_DATA.")] = None,
    out: Annotated[Path, typer.Option(help="Where lines are added.")] = Path("results/bagging.jsonl"),
    series: Annotated[int, typer.Option(min=2, help="Series of each frequency.")] = 50,
    members: Annotated[int, typer.Option(min=2, help="Histories of each, the series itself included.")] = 21,
) -> None:
    """Set bagged exponential smoothing beside its base on M4 series."""
    from rich.console import Console

    folder = data or Path(os.environ.get("VARIATE_DATA", ".")) / "m4"
    try:
        found = run(folder, out, series, members)
    except VariateError as error:
        typer.echo(f"bagging: {error}", err=True)
        raise typer.Exit(1) from None
    for frequency, arms in found.items():
        for arm, result in arms.items():
            Console(width=200).print(f"{frequency}, {arm} of members against base (-MASE): {result.summary()}", highlight=False)


if __name__ == "__main__":
    typer.run(main)
