"""The benchmark table: every operation through its public call, as a ratio to `x.copy()` of the same batch in the same run.

Absolute times move by a factor of two on a shared machine; ratios of interleaved runs do not. Medians are reported.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import variate
from benchmarks.decompositions import decompositions
from benchmarks.mixing import mixing
from benchmarks.spectra import spectra

N, T = 1024, 1024
PIPELINE = variate.Compose(variate.Jitter(), variate.Scaling(), variate.MagnitudeWarp(), variate.Dropout())
OPERATIONS: dict[str, tuple[Any, float | None, float | None]] = {
    # name: (transform, most copies at C=1, most copies at C=8)
    "Scaling": (variate.Scaling(), 2, 1.5),
    "Flip": (variate.Flip(), 2, 1.5),
    "Jitter": (variate.Jitter(), 18, 5),
    "MagnitudeWarp": (variate.MagnitudeWarp(), 5, 3),
    "TimeWarp": (variate.TimeWarp(), 13, 4),
    "Permutation": (variate.Permutation(), 4, 2.5),
    "Dropout": (variate.Dropout(), 6, 3),
    "Spike": (variate.Spike(), 6, 3),
    "Step": (variate.Step(), 6, 3),
    "Slope": (variate.Slope(), 3, 2),
    "TimeMask": (variate.TimeMask(), 2, 2),
    "Drift": (variate.Drift(), None, None),
    "Smooth": (variate.Smooth(), None, None),
    "Quantize": (variate.Quantize(), None, None),
    "Pool": (variate.Pool(), None, None),
    "ChannelDropout": (variate.ChannelDropout(), None, None),
    "ChannelShuffle": (variate.ChannelShuffle(), None, None),
    "Crop": (variate.Crop(), 13, 4),
    "Crop(resize=False)": (variate.Crop(resize=False), None, None),
    "WindowWarp": (variate.WindowWarp(), 13, 4),
    "WindowWarp(fitting='crop')": (variate.WindowWarp(fitting="crop"), None, None),
    "Shift": (variate.Shift(), 2, 2),
    "TemporalPatchShuffle": (variate.TemporalPatchShuffle(), None, None),
    "Reverse": (variate.Reverse(), None, None),
    "Resample": (variate.Resample(), None, None),
    "LabelExpansion": (variate.LabelExpansion(), None, None),
    "Jitter → Scaling → MagnitudeWarp → Dropout": (PIPELINE, 32, 12),
    "TimeWarp → Crop (fused)": (variate.Compose(variate.TimeWarp(), variate.Crop()), None, None),
}


def batch(channels: int) -> Any:
    return np.random.default_rng(0).normal(size=(N, channels, T)).astype(np.float32)


def interleaved(first: Callable[[], Any], second: Callable[[], Any], seconds: float = 1.5) -> tuple[float, float]:
    """Return the median seconds of two functions that take turns."""
    first(), second(), first(), second()
    times: tuple[list[float], list[float]] = ([], [])
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(times[0]) < 9:
        for kept, function in zip(times, (first, second), strict=True):
            kept.append(_seconds(function))
    return statistics.median(times[0]), statistics.median(times[1])


def call(transform: Any, x: Any) -> Callable[[], Any]:
    if transform.op == "label_expansion":
        panel = variate.Panel(x, points=np.random.default_rng(1).random((len(x), x.shape[-1])) < 0.01)
        return lambda: transform(panel, seed=0)
    return lambda: transform(x, seed=0)


def ratios() -> list[str]:
    variate.set_threads(1)
    rows = ["| operation | C=1 copies | limit | C=8 copies | limit |", "|---|---|---|---|---|"]
    batches = {channels: batch(channels) for channels in (1, 8)}
    for name, (transform, *limits) in OPERATIONS.items():
        cells = [cell for (_, x), limit in zip(batches.items(), limits, strict=True) for cell in _cells(transform, x, limit)]
        rows.append(f"| {name} | {' | '.join(cells)} |")
        print(rows[-1], flush=True)
    return rows


def motion() -> list[str]:
    rows = ["| three channels | C=3 copies | limit |", "|---|---|---|"]
    rows.append(f"| Rotation | {' | '.join(_cells(variate.Rotation(), batch(3), 6))} |")
    print(rows[-1], flush=True)
    return rows


def _cells(transform: Any, x: Any, limit: float | None) -> list[str]:
    copied, took = interleaved(x.copy, call(transform, x))
    ratio = took / copied
    said = f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}"
    return [f"**{said}**" if limit is not None and ratio > limit else said, "" if limit is None else f"{limit:g}"]


def small_calls() -> list[str]:
    rows = ["| one row (N=1, C=1, T=1024) | µs | limit |", "|---|---|---|"]
    x = batch(1)[:1]
    for name, limit in (("Scaling", 25), ("Jitter", None), ("TimeWarp", None), ("Permutation", None)):
        run = call(OPERATIONS[name][0], x)
        _, took = interleaved(x.copy, run, 1.0)
        rows.append(f"| {name} | {took * 1e6:.0f} | {'' if limit is None else limit} |")
        print(rows[-1], flush=True)
    return rows


def two_threads() -> list[str]:
    """Blocks of ten calls take turns; the first three of a block, while the second core wakes up, do not count."""
    rows = ["| two threads against one, C=8 | times as fast | at least |", "|---|---|---|"]
    x = batch(8)
    for name in ("Jitter", "TimeWarp", "Jitter → Scaling → MagnitudeWarp → Dropout"):
        times: dict[int, list[float]] = {1: [], 2: []}
        for threads in (1, 2) * 6:
            variate.set_threads(threads)
            times[threads] += [_seconds(call(OPERATIONS[name][0], x)) for _ in range(10)][3:]
        speed = statistics.median(times[1]) / statistics.median(times[2])
        rows.append(f"| {name} | {f'{speed:.2f}' if speed >= 1.5 else f'**{speed:.2f}**'} | 1.5 |")
        print(rows[-1], flush=True)
    variate.set_threads(None)
    return rows


def _seconds(function: Callable[[], Any]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def start_up() -> list[str]:
    rows = ["| start | seconds | limit |", "|---|---|---|"]
    bare = [sys.executable, "-c", "pass"]
    for name, command, limit in (
        ("`import variate`", [sys.executable, "-c", "import variate"], 0.3),
        ("`variate --help`", [sys.executable, "-m", "variate", "--help"], 0.6),
    ):
        _, took = interleaved(lambda: _quiet(bare), lambda command=command: _quiet(command), 3.0)
        rows.append(f"| {name} (whole process) | {took:.2f} | {limit} |")
        print(rows[-1], flush=True)
    return rows


def _quiet(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def machine() -> str:
    model = next((line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    import numba

    versions = f"Python {platform.python_version()}, NumPy {np.__version__}, numba {numba.__version__}"
    return f"{model}, {os.cpu_count()} cores; {versions}"


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", type=Path, help="write the tables to this Markdown file")
    target = parser.parse_args().write
    head = [
        "# Speed",
        "",
        f"Medians of interleaved runs through the public call, one thread, N={N}, T={T}, float32, as a ratio to `x.copy()` of",
        "the same batch in the same run. A figure that misses its limit is bold. Written by `make bench`.",
        "",
        f"Machine: {machine()}.",
    ]
    tables = [ratios(), motion(), spectra(), decompositions(), mixing(), small_calls(), two_threads(), start_up()]
    if target is not None:
        target.write_text("\n".join([*head, *(line for table in tables for line in ("", *table)), ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
