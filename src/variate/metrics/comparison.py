"""Two arms measured on the same seeds: is the difference more than chance?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from variate.core.errors import PanelError

Changes = np.ndarray[tuple[int], np.dtype[np.float64]]
EXACT = 50  # pairs up to which the signed-rank test counts all signs
DIGITS = 12  # of the largest score: two accuracies of 0.1 difference are tied however they were rounded


@dataclass(frozen=True)
class Paired:
    """What ``paired`` measured; differences are with − without, so positive means that the second arm scored higher.

    ``low`` and ``high`` are Student's 95 % interval of the mean difference, on which the verdict rests; ``boot_low`` and
    ``boot_high`` are the bootstrap's, which is too narrow with few pairs. ``wilcoxon`` is the two-sided p-value of the
    signed-rank test [wilcoxon1945], which asks for no normal differences, and cannot fall below 2/2ⁿ with n pairs; pairs
    that tie are left out of it. One pair has no spread: then it, all bounds and the p-value are NaN, the last also where
    all pairs tie.
    """

    pairs: int
    without: float
    with_: float
    difference: float
    spread: float
    low: float
    high: float
    boot_low: float
    boot_high: float
    wins: int
    ties: int
    losses: int
    wilcoxon: float

    @property
    def verdict(self) -> str:
        """``"helped"`` where the whole Student interval is above 0, ``"hurt"`` where it is below, else ``"undecided"``."""
        return "helped" if self.low > 0 else "hurt" if self.high < 0 else "undecided"

    def sentence(self, score: str = "accuracy") -> str:
        """Return the verdict in words; nothing but the interval decides it."""
        if self.pairs < 2:
            return f"Undecided: one pair (difference {self.difference:+.3f} in {score}) has no spread to judge it by."
        interval = f"95 % interval {self.low:+.3f} to {self.high:+.3f}"
        if self.verdict == "undecided":
            return f"Undecided: mean {score} changed by {self.difference:+.3f}, and its {interval} contains 0."
        side = "above" if self.verdict == "helped" else "below"
        return f"Augmentation {self.verdict}: mean {score} changed by {self.difference:+.3f}, {interval}, all {side} 0."

    def summary(self) -> str:
        """Return all of it in one line."""
        means = f"{self.without:.3f} without, {self.with_:.3f} with; difference {self.difference:+.3f}"
        if self.pairs < 2:
            return f"{means}; one pair has no spread"
        test = "" if math.isnan(self.wilcoxon) else f", Wilcoxon p {_chance(self.wilcoxon)}"
        return (
            f"{means}, sd {self.spread:.3f}, 95 % {self.low:+.3f} to {self.high:+.3f} "
            f"(bootstrap {self.boot_low:+.3f} to {self.boot_high:+.3f}){test}; "
            f"wins {self.wins}, ties {self.ties}, losses {self.losses}"
        )


def paired(without: ArrayLike, with_: ArrayLike, *, draws: int = 10_000, seed: int = 0) -> Paired:
    """Compare two arms run on the same seeds; entry i of both belongs to seed i, and higher is better.

    The verdict's interval is Student's, which knows how little a few pairs say. Beside it stands the percentile bootstrap:
    pairs drawn again with replacement ``draws`` times from a generator of its own. The p-value of the signed-rank test is
    exact for up to 50 pairs that do not tie, whether or not differences are of equal size, and from the normal
    approximation beyond; differences count as equal, or as none, that agree to 12 digits of the largest score.

    >>> result = paired([0.5, 0.6, 0.7], [0.6, 0.6, 0.9])
    >>> round(result.difference, 6), result.wins, result.ties, result.losses
    (0.1, 2, 1, 0)
    """
    a, b = np.asarray(without, float), np.asarray(with_, float)
    if a.ndim != 1 or a.shape != b.shape or not len(a) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise PanelError(
            f"without has shape {a.shape} and with_ {b.shape}; paired needs two arrays (seeds,) of finite scores, "
            "entry i of both from seed i"
        )
    change = b - a
    low, high = _student(change)
    boot_low, boot_high = _bootstrap(change, draws, seed)
    return Paired(
        pairs=len(a),
        without=float(a.mean()),
        with_=float(b.mean()),
        difference=float(change.mean()),
        spread=float(change.std(ddof=1)) if len(a) > 1 else float("nan"),
        low=low,
        high=high,
        boot_low=boot_low,
        boot_high=boot_high,
        wins=int((change > 0).sum()),
        ties=int((change == 0).sum()),
        losses=int((change < 0).sum()),
        wilcoxon=_wilcoxon(change, max(np.abs(a).max(), np.abs(b).max())),
    )


def _student(change: Changes) -> tuple[float, float]:
    if len(change) < 2:
        return math.nan, math.nan
    from scipy.special import stdtrit

    half = float(stdtrit(len(change) - 1, 0.975)) * float(change.std(ddof=1)) / math.sqrt(len(change))
    return float(change.mean()) - half, float(change.mean()) + half


def _bootstrap(change: Changes, draws: int, seed: int) -> tuple[float, float]:
    if len(change) < 2:
        return math.nan, math.nan
    picked = np.random.default_rng(seed).integers(len(change), size=(draws, len(change)))
    low, high = np.quantile(change[picked].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _wilcoxon(change: Changes, scale: float) -> float:
    """Return the two-sided p-value of the signed-rank test for changes of scores no larger than ``scale``."""
    change = np.round(change / (scale or 1), DIGITS)
    moved = change[change != 0]
    if len(change) < 2 or not len(moved):
        return math.nan
    if len(moved) > EXACT:
        from scipy.stats import wilcoxon

        return float(wilcoxon(moved).pvalue)
    _, place, count = np.unique(np.abs(moved), return_inverse=True, return_counts=True)
    ranks = (2 * np.cumsum(count) - count + 1)[place]  # twice the mean rank, which is whole where sizes are equal, too
    chance = np.zeros(ranks.sum() + 1)  # of each sum of the ranks of gains, were their signs tossed
    chance[0] = 1
    for rank in ranks:
        chance = (chance + np.roll(chance, rank)) / 2
    gains = ranks[moved > 0].sum()
    return min(1.0, 2 * float(min(chance[: gains + 1].sum(), chance[gains:].sum())))


def _chance(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else "< 0.001"
