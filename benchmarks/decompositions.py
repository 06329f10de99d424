"""Decompositions and what is made of them, each against the loop or the copy that it is measured by."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from statsmodels.tsa.seasonal import STL

import variate
from benchmarks.spectra import interleaved
from variate.kernels import stl as kernel
from variate.kernels.robust_stl import robust_stl
from variate.kernels.robust_trend import robust_trend

N, T, PERIOD = 1024, 1024, 24
LOOPED = 32  # rows that the loop is timed on


def decompositions() -> list[str]:
    """Return the table; ratios are of medians of calls that take turns, one thread, C=1, float32."""
    variate.set_threads(1)
    t = np.arange(T)
    noise = np.random.default_rng(0).normal(size=(N, 1, T))
    x = (t / 512 + np.sin(2 * np.pi * t / PERIOD) + 0.3 * noise).astype(np.float32)
    rows = ["| decomposition, C=1 | against | ratio | limit |", "|---|---|---|---|"]

    def loop() -> Any:
        return [STL(row, period=PERIOD, seasonal=7).fit() for row in x[:LOOPED, 0].astype(np.float64)]

    def blocks(size: int) -> Callable[[], Any]:
        return lambda: variate.MovingBlockBootstrap(block=size)(x, seed=0)

    inside = variate.In("stl", remainder=variate.MovingBlockBootstrap(), period=PERIOD)
    mix = variate.StlMix(period=PERIOD).fit(x)
    base, took = interleaved(loop, lambda: kernel.stl(x, PERIOD), 4.0)
    times = base * N / LOOPED / took
    rows.append(f"| STL, period {PERIOD} | statsmodels in a loop | {_said(times, times < 200)} × faster | ≥ 200 |")
    cases: list[tuple[str, Callable[[], Any], float | None]] = [
        ("MovingBlockBootstrap, two periods in a block", blocks(2 * PERIOD), 8),
        ("MovingBlockBootstrap, 8 readings in a block", blocks(8), None),
        ("MovingBlockBootstrap in the remainder of STL", lambda: inside(x, seed=0), None),
        ("StlMix", lambda: mix(x, seed=0), None),
        ("Recombine, a candidate each", lambda: variate.Recombine(period=PERIOD, attempts=1)(x, seed=0), None),
    ]
    for name, run, limit in cases:
        base, took = interleaved(x.copy, run)
        said = _said(took / base, limit is not None and took / base > limit)
        rows.append(f"| {name} | copies | {said} | {'' if limit is None else f'≤ {limit:g}'} |")
    rows += ["", "| one series, float64 | seconds | limit |", "|---|---|---|", *_alone()]
    print("\n".join(rows), flush=True)
    return rows


def _alone() -> list[str]:
    """Return the lines of what takes a time worth telling for a series."""
    t = np.arange(1000)
    x = (t // 250 + np.sin(2 * np.pi * t / 50) + 0.3 * np.random.default_rng(0).normal(size=(8, 1, 1000))).astype(np.float64)
    found = []
    kernel.stl(np.zeros((1, 1, 64)), 7)  # compiled before it is timed
    for name, run, limit in (
        (f"tables of STL, T={T}, period {PERIOD}", lambda row: kernel.stl(np.ones((1, 1, T)), PERIOD), 2.0),
        ("RobustSTL, T=1000, period 50", lambda row: robust_stl(row, 50), 0.5),
        ("RobustTrend, T=1000", lambda row: robust_trend(row), 0.06),
    ):
        run(x[:1])
        times = []
        for i in range(len(x)):
            kernel._plan.cache_clear()
            start = time.perf_counter()
            run(x[i : i + 1])
            times.append(time.perf_counter() - start)
        took = statistics.median(times)
        found.append(f"| {name} | {_said(took, took > limit)} | {limit:g} |")
    return found


def _said(value: float, misses: bool) -> str:
    return f"**{value:.3g}**" if misses else f"{value:.3g}"
