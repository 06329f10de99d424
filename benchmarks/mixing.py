"""Operations that mix series: by the alignment of a pair, by another library's average, by a copy."""

from __future__ import annotations

import statistics
import time
from typing import Any

import numpy as np

import variate
from benchmarks.spectra import interleaved
from variate.kernels.barycenter import weighted_barycenter
from variate.kernels.dtw import dtw_matrix, dtw_path

T, BAND, ROWS = 1024, 0.1, 64


def mixing() -> list[str]:
    """Return the tables; medians of calls that take turns, one thread, C=1, float32, random walks of 1024 steps."""
    variate.set_threads(1)
    walks = np.random.default_rng(0).normal(size=(ROWS, 1, T)).cumsum(axis=2).astype(np.float32)
    panel = variate.Panel(walks, label=np.arange(ROWS) % 2)

    def pairs() -> Any:
        return dtw_path(walks, walks[::-1], BAND)

    rows = ["| mixing, C=1, a row | pairs aligned by DTW | limit |", "|---|---|---|"]
    for transform, limit in (
        (variate.Spawner(), 3),
        (variate.GuidedWarp(), 3),
        (variate.GuidedWarp(teacher="discriminative"), 25),
        (variate.DtwMerge(), None),
        (variate.WeightedDBA(band=BAND), None),
    ):
        fitted = transform.fit(panel)
        base, took = interleaved(pairs, lambda run=fitted: run(panel, seed=0), 1.5)
        rows.append(f"| {transform!r} | {_said(took / base, limit)} | {'' if limit is None else f'≤ {limit}'} |")
    rows += ["", "| alignment, band 10 % | measured | limit |", "|---|---|---|", *_against_tslearn(walks)]
    print("\n".join(rows), flush=True)
    return rows


def _against_tslearn(walks: Any) -> list[str]:
    from tslearn.barycenters import dtw_barycenter_averaging
    from tslearn.metrics import dtw_path as their_path

    a, b, six = walks[:8], walks[8:16], walks[None, :6]
    weights, lengths = np.ones((1, 6)), np.full((1, 6), T)
    limits = {"global_constraint": "sakoe_chiba", "sakoe_chiba_radius": int(BAND * T)}

    def our_average() -> Any:
        dtw_matrix(six, lengths, BAND)  # to find the medoid
        return weighted_barycenter(six, lengths, weights, six[:, 0], 1, BAND)

    def their_average() -> Any:
        start = six[0, 0].T.astype(np.float64)
        series = six[0].transpose(0, 2, 1).astype(np.float64)
        return dtw_barycenter_averaging(series, init_barycenter=start, max_iter=1, weights=weights[0], metric_params=limits)

    their_path(a[0, 0], b[0, 0], **limits)
    base, took = interleaved(lambda: their_path(a[0, 0], b[0, 0], **limits), lambda: dtw_path(a, b, BAND), 1.5)
    one = took / len(a)
    average, ours = interleaved(their_average, our_average, 2.0)
    found = [f"| a pair with its path, µs | {_said(one * 1e6, 150)} | ≤ 150 |"]
    found += [f"| a pair with its path, against tslearn | {base / one:.1f} × faster |  |"]
    times = f"{average / ours:.1f} × faster"
    times = times if average / ours >= 30 else f"**{times}**"
    found += [f"| average of 6 with the search of a medoid, against a pass of tslearn | {times} | ≥ 30 |"]
    return [*found, *_alone()]


def _alone() -> list[str]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1024, 1, T)).astype(np.float32)
    panel = variate.Panel(x, label=np.arange(1024) % 4)
    mixup = variate.Mixup().fit(panel)
    base, took = interleaved(x.copy, lambda: mixup(panel, seed=0))
    table = variate.Panel(rng.normal(size=(2000, 3, 500)).astype(np.float32), label=np.arange(2000) % 4)
    smote, times = variate.Smote().fit(table), []
    for _ in range(3):
        start = time.perf_counter()
        smote(table, seed=0)
        times.append(time.perf_counter() - start)
    return [
        f"| Mixup of 1024 series, copies | {_said(took / base, 4)} | ≤ 4 |",
        f"| Smote of 2000 series, 3 channels, 500 steps, s | {_said(statistics.median(times), 1)} | ≤ 1 |",
    ]


def _said(value: float, limit: float | None) -> str:
    return f"**{value:.3g}**" if limit is not None and value > limit else f"{value:.3g}"
