"""Running a recipe: cells in any order on any number of workers, finished ones kept, the same rows in the end."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread, current_thread, main_thread
from typing import Any, NamedTuple

from variate.core.errors import VariateError
from variate.tasks.recipe import Recipe
from variate.tasks.results import Row, add, read
from variate.tasks.task import Cell, Place, task_of
from variate.tasks.training import check_device

PACKAGES = ("variate", "numpy", "torch", "numba", "scikit-learn", "aeon")


class Ran(NamedTuple):
    """What a run came to: cells that were done before, those done now, and what failed with its sentence."""

    before: int
    done: int
    failed: list[tuple[Cell, str]]


def run(
    recipe: Recipe,
    out: Path,
    *,
    workers: int = 1,
    device: str = "cpu",
    on_cell: Callable[[int, int], object] | None = None,
) -> Ran:
    """Train and score every cell of a recipe that ``out`` has no lines of, and add them there as they come.

    A cell's numbers follow from the cell alone, so neither the order nor the number of workers changes a line. A cell
    that fails is told of in the result; the others go on.

    Args:
        recipe: what to run.
        out: the ``.jsonl`` file; checkpoints lie in a folder beside it while a network is trained.
        workers: processes.
        device: where networks are trained: ``"cpu"``, ``"cuda"``.
        on_cell: called with cells done and cells in all, for a progress bar.

    Raises:
        VariateError: data, a package or the device is missing, the file cannot be written, or a worker died; finished
            lines stay.
    """
    cells = list(recipe.cells())
    task_of(recipe.task).ready(cells)
    if device != "cpu":
        check_device(device)
    done = _done(read(out))
    add(out, ())  # a file that cannot be written is told of before anything is trained
    missing = [cell for cell in cells if (cell.recipe, cell.profile, cell.arm_name, cell.digest) not in done]
    place = Place(device, out.parent / f".{out.stem}.checkpoints")
    failed, before = [], len(cells) - len(missing)
    # closed at once where the file cannot be written, so that workers do not go on for nothing
    with closing(_measured(missing, place, workers)) as measured:
        for count, (cell, rows) in enumerate(measured, start=before + 1):
            if isinstance(rows, str):
                failed.append((cell, rows))
            else:
                add(out, rows)
            if on_cell is not None:
                on_cell(count, len(cells))
    if place.checkpoints is not None and place.checkpoints.exists() and not any(place.checkpoints.iterdir()):
        place.checkpoints.rmdir()
    return Ran(before, len(missing) - len(failed), failed)


def _done(rows: Iterable[Row]) -> set[tuple[str, ...]]:
    """Return recipe, profile, arm and digest of the cells that have all their lines."""
    found: dict[tuple[str, ...], set[tuple[str, str]]] = {}
    least: dict[tuple[str, ...], int] = {}
    for row in rows:
        if "cell" in row:
            key = row["recipe"], row["profile"], row["arm"], row["cell"]
            found.setdefault(key, set()).add((row["test"], row["metric"]))
            least[key] = row.get("lines", 1)
    return {key for key, scores in found.items() if len(scores) >= least[key]}


def _measured(cells: list[Cell], place: Place, workers: int) -> Generator[tuple[Cell, list[Row] | str]]:
    if workers == 1:
        for cell in cells:
            yield cell, _rows(cell, place)
        return
    others = set(active_children())
    # spawned, since a fork of a process that has torch's and the engine's threads may stand still
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_alone) as pool:
        try:
            with _uninterrupted():
                waiting = {pool.submit(_rows, cell, place): cell for cell in cells}
            yield from _finished(waiting)
        except BaseException:
            for worker in set(active_children()) - others:
                worker.terminate()  # what it trains goes on from its checkpoint
            pool.shutdown(cancel_futures=True)
            raise


def _finished(waiting: dict[Future[Any], Cell]) -> Iterator[tuple[Cell, list[Row] | str]]:
    try:
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except BrokenProcessPool:
        raise VariateError(
            "a worker process ended all of a sudden, perhaps for want of memory; finished lines stay, and the same run goes on "
            "from there: try fewer workers"
        ) from None


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold an interruption back to the end; processes that are started inside get none, not even while they import."""
    pressed: list[int] = []
    main, masks = current_thread() is main_thread(), hasattr(signal, "pthread_sigmask")  # Windows has no masks
    before = signal.signal(signal.SIGINT, lambda *_: pressed.append(1)) if main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if masks else set()
    try:
        yield
    finally:
        if masks:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if main:
            signal.signal(signal.SIGINT, before)
        if pressed and callable(before):
            before(signal.SIGINT, None)


def _rows(cell: Cell, place: Place) -> list[Row] | str:
    """Return the lines of a cell, or the sentence that says why there are none."""
    start = time.perf_counter()
    try:
        scores, facts = task_of(cell.task).measure(cell, place)
    except VariateError as error:
        return str(error)
    held = {
        "recipe": cell.recipe,
        "profile": cell.profile,
        "task": cell.task,
        "data": cell.data,
        "model": cell.model.name,
        "arm": cell.arm_name,
        "against": cell.arm.against,
        "seed": cell.seed,
    }
    described = {
        "pipeline": cell.arm.spec,
        "parameters": dict(cell.model.parameters),
        "training": dataclasses.asdict(cell.training),
        **facts,
        "cell": cell.digest,
        "lines": len(scores),
        "device": place.device,
        "seconds": round(time.perf_counter() - start, 2),
        "versions": _versions(),
    }
    return [{**held, "test": s.test, "metric": s.metric, "value": s.value, **described} for s in scores]


def _versions() -> dict[str, str]:
    found = {}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _alone() -> None:
    """Keep a worker to one thread, let only its parent answer an interruption, and do not outlive the parent."""
    from variate.core.engine import set_threads

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_leave_after_parent, daemon=True).start()
    set_threads(1)


def _leave_after_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
