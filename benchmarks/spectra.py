"""Operations of the frequency and time-frequency domain, each against the transform or the loop that it is measured by."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pywt
from scipy import fft

import variate
from variate.kernels.modwt import imodwt, modwt
from variate.kernels.stft import default_size, istft, stft

N, T = 1024, 1024


def spectra() -> list[str]:
    """Return the table; every ratio is of medians of calls that take turns, one thread, C=1, float32."""
    variate.set_threads(1)
    x = np.random.default_rng(0).normal(size=(N, 1, T)).astype(np.float32)
    few = x[:16].cumsum(axis=2)
    size = default_size(T)
    rows = ["| frequency domain, C=1 | against | ratio | limit |", "|---|---|---|---|"]

    def trip() -> Any:
        return fft.irfft(fft.rfft(x, workers=1), T, workers=1)

    def sorts() -> Any:
        return np.argsort(x), np.argsort(x), trip()

    def windows() -> Any:
        return istft(stft(x, size), T, size)

    cases: list[tuple[str, str, Callable[[], Any], Callable[[], Any], float | None, bool]] = [
        ("AmplitudePhasePerturbation", "rfft + irfft", trip, _run(variate.APP(), x), 2, False),
        ("FourierSurrogate", "rfft + irfft", trip, _run(variate.FourierSurrogate(), x), 2, False),
        ("FrequencyMask", "rfft + irfft", trip, _run(variate.FrequencyMask(), x), None, False),
        ("FrequencyMix", "rfft + irfft", trip, _run(variate.FrequencyMix().fit(x), x), None, False),
        ("BandStop", "rfft + irfft", trip, _run(variate.BandStop(), x), None, False),
        ("DominantShuffle", "rfft + irfft", trip, _run(variate.DominantShuffle(), x), None, False),
        ("FrequencyShift", "rfft + irfft", trip, _run(variate.FrequencyShift(), x), None, False),
        ("AAFT", "2 argsorts, rfft + irfft", sorts, _run(variate.AAFT(), x), 1, False),
        ("SpecAugment", "STFT + inverse", windows, _run(variate.SpecAugment(), x), 1.6, False),
        ("IAAFT to the fixed point, 16 rows", "a literal loop", lambda: _literal(few), _run(variate.IAAFT(), few), 6, True),
        ("MODWT + inverse, 4 levels", "pywt.swt + iswt", lambda: _swt(x), lambda: imodwt(*modwt(x, "la8", 4), "la8"), 4, True),
    ]
    for name, against, reference, run, limit, faster in cases:
        base, took = interleaved(reference, run)
        ratio = base / took if faster else took / base
        misses = limit is not None and (ratio < limit if faster else ratio > limit)
        said = f"{ratio:.2f}{' × faster' if faster else ''}"
        bound = "" if limit is None else f"{'≥' if faster else '≤'} {limit:g}"
        rows.append(f"| {name} | {against} | {f'**{said}**' if misses else said} | {bound} |")
        print(rows[-1], flush=True)
    return rows


def _run(transform: Any, x: Any) -> Callable[[], Any]:
    return lambda: transform(x, seed=0)


def interleaved(reference: Callable[[], Any], run: Callable[[], Any], seconds: float = 2.0) -> tuple[float, float]:
    """Return the median times of two calls that take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    reference(), run()
    stop = time.perf_counter() + seconds
    while time.perf_counter() < stop or len(times[0]) < 5:
        for kept, function in zip(times, (reference, run), strict=True):
            start = time.perf_counter()
            function()
            kept.append(time.perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def _literal(x: Any) -> list[Any]:
    """IAAFT as it is written down, with argsort."""
    rng = np.random.default_rng(0)
    found = []
    for row in x[:, 0]:
        values, goal = np.sort(row), np.abs(np.fft.rfft(row))
        series, before = rng.permutation(row), None
        for _ in range(200):
            spectrum = np.fft.rfft(series)
            z = np.fft.irfft(goal * np.exp(1j * np.angle(spectrum)), T)
            order = np.argsort(z, kind="stable")
            series = np.empty_like(row)
            series[order] = values
            if before is not None and np.array_equal(order, before):
                break
            before = order
        found.append(series)
    return found


def _swt(x: Any) -> Any:
    coefficients = pywt.swt(x, "sym4", level=4, axis=-1, norm=True, trim_approx=True)
    return pywt.iswt(coefficients, "sym4", axis=-1, norm=True)
