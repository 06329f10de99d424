"""Periods of series: whether there is a season at all, and how many steps it has.

A season is a line in the spectrum at its frequency and at multiples of that. Whether there are lines is asked of several
tapered spectra: a line has the same phase in all of them, noise has not, however it is coloured [thomson1982]. So neither a
random walk nor an autoregression passes for a season. Which period the lines belong to is then read off the autocorrelation.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from variate.kernels.arrays import Array, numpy_of

SHORTEST = 16  # with fewer readings than this there are hardly degrees of freedom
FIRST_CLIP = 4.0  # robust standard deviations that a reading may be away from the median before the trend is known
CLIPS = 1.5, 4.0  # and from the trend: few, so that outliers do little, and if nothing is found more, since pulses are rare
BANDWIDTH, TAPERS = 3.0, 5
FINE = 8  # bins between two frequencies that the series just tells apart
HARMONICS, FEW = 32, 3  # lines that a season is looked for with: of a whole number of steps, of any length
LEAST = 8.4  # evidence in nats, beyond the count of what was tried, from which on there is a season: by simulation
ALIKE = 0.65  # a shorter period is taken where its peak is so large a share of the highest


class _Plan(NamedTuple):
    """What the series of one length have in common.

    ``shape`` (3, t) are orthonormal polynomials, ``tapers`` (k, t) are of unit energy and ``sums`` (k, 1) what they add up
    to. ``size`` is the length of the transform. ``tried`` are pairs of periods (p,) and the bins (harmonics, p) of their
    lines, 0 above the Nyquist frequency: whole periods with many lines, and one of each frequency with few.
    """

    shape: Any
    tapers: Any
    sums: Any
    size: int
    tried: Any


class _Candidates(NamedTuple):
    """Periods in steps, the evidence for each in nats, and the number of lines that it is of."""

    period: Any
    evidence: Any
    harmonics: Any


@lru_cache(maxsize=8)
def _plan(length: int, longest: int) -> _Plan:
    from scipy import fft
    from scipy.signal import windows

    tapers = windows.dpss(length, BANDWIDTH, TAPERS)
    size = 2 * fft.next_fast_len(FINE // 2 * length, real=True)
    shape = np.linalg.qr(np.vander(np.linspace(-1, 1, length), 3))[0].T
    bins, harmonics = np.arange(-(-size // longest), size // 2 + 1), np.arange(1, HARMONICS + 1)
    tried = []
    for periods, count in ((np.arange(2.0, longest + 1), HARMONICS), (size / bins, FEW)):
        lines = np.rint(size / periods * harmonics[:count, None]).astype(np.int64)
        tried.append((periods, np.where(2 * lines <= size, lines, 0)))
    return _Plan(np.ascontiguousarray(shape), tapers, tapers.sum(axis=1)[:, None], size, tried)


def estimate_period(x: Array, most: int | None = None) -> Any:
    """Return the period (n,) of each series of x (n, c, t) in steps, 0 where there is none: int64 in NumPy.

    Periods from 2 steps to ``most`` are looked for, and to t/2 at most; four of them in a series are enough if there is
    little noise, of fewer not every shape is found. All channels have one period: each is standardised, and what they tell
    is added up, copies counting once.

    Of several seasons it is the strongest; of two about as strong, the shorter: the one whose peak in the autocorrelation
    has 0.65 of the highest. A multiple of a period is none. A period that is no whole number is rounded.

    Trends up to a parabola are taken off. Outliers do little: readings more than 1.5 robust standard deviations away from
    the trend are moved to there, and if nothing is found, those more than 4 away. Noise is given a season in about 1 of 100
    series, white or coloured, a random walk as well, and in 2 where it is a moving sum over a fifth of them; a constant, a
    straight line and fewer than 16 readings never.
    A shift or another scale changes nothing. Tensors make a round trip through NumPy.
    """
    series = numpy_of(x)
    length = series.shape[2]
    longest = length // 2 if most is None else min(most, length // 2)
    found = np.zeros(len(series), np.int64)
    if longest >= 2 and length >= SHORTEST:
        plan = _plan(length, longest)
        for row, channels in enumerate(series):
            found[row] = _period(channels, plan, longest)
    return found


def _period(channels: Any, plan: _Plan, longest: int) -> int:
    for clip in CLIPS:
        rest = _rest(channels, plan.shape, clip)
        if not len(rest):
            return 0
        length = rest.shape[1]
        found = _candidates(*_evidence(rest, plan), plan)
        # every octave of frequencies counts alike for what was tried, and every octave of numbers of lines
        seen = found.evidence > LEAST + np.log(found.harmonics * length / found.period * np.log(length))
        if seen.any():
            return _chosen(_Candidates(*(part[seen] for part in found)), rest, plan, longest)
    return 0


def _rest(channels: Any, shape: Any, clip: float) -> Any:
    """Return the channels (c, t) less their trends and outliers, standardised, without those that do not vary."""
    x = np.ascontiguousarray(channels, np.float64)
    y = x - _median(x)
    kept = _clipped(y, FIRST_CLIP)
    for _ in range(3):
        trend = sum((kept * curve).sum(axis=1, keepdims=True) * curve for curve in shape)
        rest = _clipped(y - trend, clip)
        kept = trend + rest
    deviation = rest.std(axis=1, keepdims=True)
    varies = deviation > 4 * np.finfo(channels.dtype).eps * np.abs(x).max(axis=1, keepdims=True)
    return rest[varies[:, 0]] / deviation[varies[:, 0]]


def _clipped(y: Any, most: float) -> Any:
    """Return y (c, t) with readings at most so many robust standard deviations from the median; as it is where that is 0."""
    middle = _median(y)
    reach = most * 1.4826 * _median(np.abs(y - middle))
    reach = np.where(reach > 0, reach, np.inf)
    return np.clip(y, middle - reach, middle + reach)


def _median(y: Any) -> Any:
    """Return the medians (c, 1), by sorting, which NumPy has vectorised."""
    ordered, half = np.sort(y, axis=1), y.shape[1] // 2
    return (ordered[:, half : half + 1] + ordered[:, (y.shape[1] - 1) // 2 :][:, :1]) / 2


def _power(rest: Any, size: int) -> Any:
    from scipy import fft

    return (np.abs(fft.rfft(rest, size, workers=1)) ** 2).sum(axis=0)


def _evidence(rest: Any, plan: _Plan) -> tuple[Any, float]:
    """Return the evidence (bins,) for a line at each frequency, and as of how many channels it is.

    Of k tapered spectra, a share of power in phase passes s with chance (1 - s)^(k - 1) where there is no line (the F test
    with 2 and 2·k - 2 degrees of freedom), and evidence is -log of that. What c channels give has the mean and the variance
    of c²/Σρ of them, ρ the correlations of their evidence over frequencies: c, if they have nothing in common, and 1, if they
    are copies, delayed or not.
    """
    from scipy import fft

    spectra = fft.rfft(plan.tapers * rest[:, None], plan.size, workers=1)
    phased = np.abs((plan.sums * spectra).sum(axis=1)) ** 2 / (plan.sums**2).sum()
    total = (np.abs(spectra) ** 2).sum(axis=1)
    share = phased / np.maximum(total, np.finfo(np.float64).tiny)
    evidence = -(TAPERS - 1) * np.log(np.maximum(1 - share, 1e-9))
    noise = np.minimum(evidence, 3)  # most of which has nothing to do with lines
    noise = (noise - noise.mean(axis=1, keepdims=True)) / np.maximum(noise.std(axis=1, keepdims=True), 1e-9)
    channels = float(np.clip(len(rest) ** 2 / np.maximum((noise.sum(axis=0) ** 2).mean(), 1e-9), 1, len(rest)))
    return evidence.mean(axis=0) * channels, channels


def _joint(total: Any, count: Any) -> Any:
    """Return the evidence of as many lines as ``count``, whose own adds up to ``total``: -log of a bound of the gamma tail."""
    from scipy.special import gammaln

    total = np.maximum(total, count)
    return np.maximum(total - count * np.log(total) + gammaln(count) + np.log(total - count + 1), 0)


@lru_cache(maxsize=1)
def _needed(channels: float) -> Any:
    """Return what the evidence of 1, 2, … lines has to add up to for it to be ``LEAST`` jointly, by Newton's method."""
    counts = np.arange(1, HARMONICS + 1) * channels
    total = counts + LEAST + np.sqrt(2 * LEAST * counts)
    for _ in range(6):
        total -= (_joint(total, counts) - LEAST) / (1 - counts / total + 1 / (total - counts + 1))
    return total


def _candidates(evidence: Any, channels: float, plan: _Plan) -> _Candidates:
    """Return all periods and numbers of lines that there is enough evidence for, were they the only ones tried."""
    found = []
    needed = _needed(channels)
    for periods, lines in plan.tried:
        total = evidence[lines]
        for k in range(1, len(lines)):  # NumPy's cumsum is slow along this axis
            total[k] += total[k - 1]
        last, column = np.nonzero((total > needed[: len(lines), None]) & (lines > 0))
        found.append((periods[column], _joint(total[last, column], (last + 1) * channels), last + 1))
    return _Candidates(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def _chosen(candidates: _Candidates, rest: Any, plan: _Plan, longest: int) -> int:
    """Return the shortest candidate whose peak in the autocorrelation is about as high as any."""
    length, power = rest.shape[1], _power(rest, plan.size)
    lags = np.clip(np.rint(candidates.period).astype(np.int64), 2, longest)
    peaks = _peaks(power, lags, length)
    highest = peaks.max()
    if highest <= 0:
        return 0
    noise = max(1 - highest, 0) / np.sqrt(length)
    first = lags[peaks >= max(ALIKE * highest - noise, 0.5 * highest)].min()
    parts = np.arange(2, first + 1)
    parts = parts[first % parts == 0]
    heights = _peaks(power, parts, length)
    lag = int(parts[heights >= ALIKE * heights[-1]][0])
    near = np.where(np.abs(np.log(candidates.period / lag)) < 0.18, candidates.evidence, 0)
    best = near.argmax()
    period, lines = (candidates.period[best], candidates.harmonics[best]) if near[best] else (lag, 1)
    return int(np.clip(np.rint(_refined(power, plan.size, period, lines, longest)), 2, longest))


def _peaks(power: Any, lags: Any, length: int) -> Any:
    """Return how far the autocorrelation at each lag rises above its mean over a whole period around that.

    So the slope that a slow part gives it is left out, and short lags of a smooth series are no peaks.
    """
    from scipy import fft

    steps = np.arange(length)
    products = fft.irfft(power, workers=1)[:length]
    correlation = products / products[0] * (length / (length - steps))
    area = np.concatenate([[0], np.cumsum(correlation[1:] + correlation[:-1]) / 2])
    before, after = (np.interp(lags * part, steps, area) for part in (0.5, 1.5))
    return correlation[lags] - (after - before) / lags


def _refined(power: Any, size: int, period: float, harmonics: int, longest: int) -> float:
    """Return the period near this one whose lines have most power, found to a fraction of a bin."""
    bins = size / period + np.linspace(-FINE, FINE, 16 * max(harmonics, 2) + 1)
    bins = bins[(bins >= size / (longest + 0.5)) & (bins * harmonics <= size / 2)]
    if not len(bins):
        return period
    places = bins[:, None] * np.arange(1, harmonics + 1)
    total = np.interp(places, np.arange(len(power)), power).sum(axis=1)
    return float(size / bins[total.argmax()])
