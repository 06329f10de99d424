"""The engine: rows → chunks that fit the cache → threads. The one place that knows about cores.

Rows are independent, so any split of them gives the same result; a chunk goes through the whole pipeline before the
next begins, and lands in arrays allocated once. No kernel calls BLAS, whose sums depend on the shape of the batch, so
there are no BLAS threads to hold back.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from variate.core.check import check_readings
from variate.core.draws import Draws, Entry, assemble, samples_of
from variate.core.errors import ParameterError
from variate.core.panel import TIME_FIELDS, Panel
from variate.kernels.arrays import concat, is_torch, scratch
from variate.kernels.missing import known

if TYPE_CHECKING:
    from variate.core.transform import Transform

CHUNK_BYTES = 2 * 1024 * 1024  # of values: near a core's cache, and few enough that handing them out costs little
WORTH_A_THREAD = 1024 * 1024  # below this many bytes a thread costs more than it brings
CHANGING = (*TIME_FIELDS, "label")  # the fields that a transform may change

_wanted: int | None = None
_pool: ThreadPoolExecutor | None = None
_pool_size = 0
_pool_lock = threading.Lock()
_keep_torch = False


def set_threads(count: int | None) -> None:
    """Use so many threads from now on; None goes back to ``VARIATE_THREADS``, else to the cores this process may use.

    The number of threads changes the time, never the result.
    """
    global _wanted
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise ParameterError(f"set_threads({count!r}): the number of threads must be an integer of at least 1, or None")
    _wanted = count


def thread_count() -> int:
    """The number of threads a large call may use; 1 inside a DataLoader worker, which has its share of the cores."""
    data = sys.modules.get("torch.utils.data")
    if data is not None and data.get_worker_info() is not None:
        return 1
    if _wanted is not None:
        return _wanted
    asked = os.environ.get("VARIATE_THREADS", "")
    if asked:
        if not asked.isdigit() or int(asked) < 1:
            raise ParameterError(f"VARIATE_THREADS={asked!r}: it must be an integer of at least 1")
        return int(asked)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forget_pool() -> None:
    global _pool, _pool_lock
    _pool, _pool_lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)  # the parent's threads do not exist in a child


def _threads(count: int) -> ThreadPoolExecutor:
    """Return the one pool, with at least so many threads. They stay: a new one would have to warm its memory up again."""
    global _pool, _pool_size
    with _pool_lock:
        if _pool is None or _pool_size < count:
            if _pool is not None:
                _pool.shutdown(wait=False)
            _pool, _pool_size = ThreadPoolExecutor(max_workers=count, thread_name_prefix="variate"), count
        return _pool


@contextlib.contextmanager
def torch_bodies() -> Iterator[None]:
    """Keep CPU tensors in torch, so that tests can run the torch bodies where there is no GPU."""
    global _keep_torch
    before, _keep_torch = _keep_torch, True
    try:
        yield
    finally:
        _keep_torch = before


def run(
    transform: Transform, panel: Panel, seed: int, epoch: int, record: bool = False
) -> tuple[Panel, dict[str, dict[str, Any]]]:
    """Run a transform over a panel; return the new panel and, if asked for, what was drawn."""
    log: list[Entry] | None = [] if record else None
    samples = samples_of(panel.ids)
    root = f"/{type(transform).op}"
    panel = entering(transform, panel)
    if not panel.ragged:
        positions = np.arange(panel.n) if record else None
        out = _run_dense(transform, panel, Draws(seed, epoch, samples, root, log, positions))
        return out, assemble(log or [], panel.n)
    rows: list[Panel | None] = [None] * panel.n
    for index, part in panel.groups():
        draws = Draws(seed, epoch, samples[index], root, log, index)
        out = _run_dense(transform, part, draws, index)
        for i, position in enumerate(index):
            rows[position] = out.rows(slice(i, i + 1))
    return _gather(panel, [row for row in rows if row is not None]), assemble(log or [], panel.n)


def entering(transform: Transform, panel: Panel) -> Panel:
    """Return the panel with its labels of the kinds that they come out with, for every row whatever its gates say."""
    if transform.drops:
        panel = panel.replace(points=None)
    elif transform.marks:
        panel = panel.with_points()
    if transform.scores:
        panel = panel.with_scores()
    return panel.with_class_weights(transform.classes) if transform.softens else panel


def _gather(panel: Panel, rows: list[Panel]) -> Panel:
    """Return a ragged panel of one-row panels."""
    if not rows:
        return panel
    fields: dict[str, Any] = {}
    for name, _ in rows[0].present():
        if name in TIME_FIELDS:
            fields[name] = [getattr(row, name)[0] for row in rows]
    if rows[0].label is not None:
        fields["label"] = concat([row.label for row in rows], axis=0)
    return panel.replace(**fields)


def _run_dense(transform: Transform, panel: Panel, draws: Draws, positions: Sequence[int] | None = None) -> Panel:
    """Run over series of one length, in the library that computes, and give back in the panel's own."""
    if panel.n == 0:
        return _empty(panel, transform.length(panel.length))
    inside, give_back = _lower(panel)
    positions = range(panel.n) if positions is None else positions
    if is_torch(inside.values):
        with known(inside.values, check_readings(inside.values, positions)):
            out = transform.run(inside, _on_device(draws, inside.values))
    else:
        out = _run_chunks(transform, inside, draws, positions)
    same = [(k, v) for k, v in out.present() if k in CHANGING and v is getattr(inside, k)]
    own = {k: v.clone() if is_torch(v) else v.copy() for k, v in same}  # the caller may write to what it gets
    return give_back(out.replace(**own))


def _on_device(draws: Draws, values: Any) -> Draws:
    import torch

    samples = torch.from_numpy(draws.samples.view(np.int64)).to(values.device)
    return Draws(draws.seed, draws.epoch, samples, draws.path, draws.log, draws.positions)


def _empty(panel: Panel, length: int) -> Panel:
    fields = {name: _no_rows(array, length) for name, array in panel.present() if name in TIME_FIELDS}
    return panel.replace(**fields)


def _no_rows(array: Any, length: int) -> Any:
    shape = (*array.shape[:-1], length)
    return array.new_empty(shape) if is_torch(array) else np.empty(shape, array.dtype)


def _lower(panel: Panel) -> tuple[Panel, Callable[[Panel], Panel]]:
    """Return the panel in the library and precision that compute, and the way back.

    A tensor stays a tensor on an accelerator or under a gradient; any other becomes a NumPy view at no cost. Half
    precision is computed in float32, foreign byte orders in the machine's own.
    """
    values = panel.values
    if is_torch(values):
        return _lower_torch(panel)
    odd = {k: v for k, v in panel.present() if k in CHANGING and (v.dtype == np.float16 or not v.dtype.isnative)}
    if not odd:
        return panel, lambda out: out
    wide = {k: v.astype(_native(v.dtype)) for k, v in odd.items()}
    return panel.replace(**wide), lambda out: out.replace(**{k: getattr(out, k).astype(v.dtype) for k, v in odd.items()})


def _native(dtype: Any) -> Any:
    """Return the dtype that computes: float32 for half precision, else the same in the machine's byte order."""
    own = dtype.newbyteorder("=")
    return np.dtype(np.float32) if own == np.float16 else own


def _lower_torch(panel: Panel) -> tuple[Panel, Callable[[Panel], Panel]]:
    import torch

    values = panel.values
    tensors = {k: v for k, v in panel.present() if is_torch(v)}
    half = (torch.float16, torch.bfloat16)
    panel = panel.replace(**{k: v.float() for k, v in tensors.items() if v.dtype in half})
    stays = values.device.type != "cpu" or (values.requires_grad and torch.is_grad_enabled()) or _keep_torch
    if not stays:
        panel = panel.replace(**{k: getattr(panel, k).detach().numpy() for k in tensors})

    def give_back(out: Panel) -> Panel:
        arrays = {k: v for k, v in out.present() if (k in CHANGING or k in tensors) and not is_torch(v)}
        out = out.replace(**{k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()})
        return out.replace(**{k: getattr(out, k).to(v.dtype) for k, v in tensors.items() if v.dtype in half})

    return panel, give_back


def _run_chunks(transform: Transform, panel: Panel, draws: Draws, positions: Sequence[int]) -> Panel:
    """Run chunk by chunk; the first of each thread fix the fields, dtypes and length of what is allocated."""
    n = panel.n
    threads, size = _plan(transform, panel)
    if size >= n:
        return _run_one(transform, panel, draws, positions)
    each: Callable[..., Iterator[Any]] = map if threads == 1 else _threads(threads).map
    values = np.empty((n, panel.channels, transform.length(panel.length)), panel.values.dtype)

    def made(start: int) -> Panel:
        part = slice(start, start + size)
        with scratch(values[part]):
            return _run_one(transform, panel.rows(part), draws.rows(part), positions[part])

    def place(start: int, part: Panel) -> None:
        for name, array in out.items():
            made_array, there = getattr(part, name), array[start : start + part.n]
            if made_array.ctypes.data != there.ctypes.data:  # else it was written to its place
                there[...] = made_array

    starts = range(0, n, size)
    first = list(each(made, starts[:threads]))
    others = {k: np.empty((n, *v.shape[1:]), v.dtype) for k, v in first[0].present() if k in CHANGING and k != "values"}
    out = {**others, "values": values}  # the values last: another field may lie where they belong
    for start, part in zip(starts, first, strict=False):
        place(start, part)
    del first  # its memory serves the chunks to come
    for _ in each(lambda start: place(start, made(start)), starts[threads:]):
        pass
    return panel.replace(**out)


def _run_one(transform: Transform, panel: Panel, draws: Draws, positions: Sequence[int]) -> Panel:
    if not panel.values.flags.c_contiguous:
        panel = panel.replace(values=np.ascontiguousarray(panel.values))
    with known(panel.values, check_readings(panel.values, positions)):
        return transform.run(panel, draws)


def _plan(transform: Transform, panel: Panel) -> tuple[int, int]:
    """Return (threads, rows in a chunk)."""
    total = panel.values.nbytes
    if total <= CHUNK_BYTES or panel.n == 1:
        return 1, panel.n
    threads = min(thread_count(), max(total // WORTH_A_THREAD, 1), panel.n)
    if transform.barrier:
        return 1, panel.n
    if transform.lean and threads == 1:  # one pass, no large temporaries: chunks would have nothing to keep in the cache
        return 1, panel.n
    rounds = -(-total // (threads * CHUNK_BYTES))  # every thread gets as many chunks of one size
    return threads, max(-(-panel.n // (threads * rounds)), 1)
