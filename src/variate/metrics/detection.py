"""Scores of predicted anomalies, from 0 (all wrong) to 1 (all right), and the threshold that makes predictions of scores.

Here ``truth`` and ``predicted`` are booleans or 0 and 1, 1 being an anomaly: an array ``(time,)``, ``(n, time)`` or more
axes with time the last, or a list of arrays ``(time,)`` of any lengths; anything else is a PanelError. All points of all
series count alike (micro averages), and what has nothing to divide by, 0/0, is 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from variate.core.errors import PanelError
from variate.core.param import Param

DELAY = Param("delay", "int", 3, low=0)
MODE = Param("mode", "str", "segment", choices=("segment", "tolerance"))
Rows = ArrayLike | Sequence[ArrayLike]
Flat = np.ndarray[Any, np.dtype[Any]]  # (points,)


class Scores(NamedTuple):
    """Precision, recall and F1 of one set of predictions."""

    precision: float
    recall: float
    f1: float


def precision(truth: Rows, predicted: Rows) -> float:
    """Return the share of the flagged points that are anomalies.

    >>> precision([0, 0, 1, 1], [0, 1, 1, 0])
    0.5
    """
    return _pointwise(truth, predicted).precision


def recall(truth: Rows, predicted: Rows) -> float:
    """Return the share of the anomalous points that are flagged.

    >>> recall([0, 1, 1, 1], [0, 1, 0, 0]) == 1 / 3
    True
    """
    return _pointwise(truth, predicted).recall


def f1(truth: Rows, predicted: Rows) -> float:
    """Return the harmonic mean of precision and recall: 2·hits / (anomalous + flagged points).

    >>> f1([[0, 1], [1, 1]], [[1, 1], [1, 0]])
    0.6666666666666666
    """
    return _pointwise(truth, predicted).f1


def relaxed(truth: Rows, predicted: Rows, delay: int = 3, mode: Literal["segment", "tolerance"] = "segment") -> Scores:
    """Return precision, recall and F1 that forgive an alarm for being somewhat late, or somewhat off.

    ``"segment"``: the predictions are :func:`adjusted` first, so that a segment of anomalies counts whole where an alarm
    falls on its first point or at most ``delay`` points later, and not at all otherwise. That is the rule of [ren2019srcnn]
    and of the AIOps challenge on key performance indicators. The survey [wen2021] allows a delay of 3; that its results
    follow this very rule is not verified. A delay of 0 demands an alarm on the first point, so it is not ordinary F1.

    ``"tolerance"`` (our decision): a prediction is a hit where an anomalous point of its series lies at most ``delay``
    points before or after it; each stands for one other at most, and as many pairs as possible are made. A delay of 0 is
    ordinary F1.

    Args:
        truth: labels, as the module says.
        predicted: predictions for the same series.
        delay: so many points late, or to either side, at least 0.
        mode: ``"segment"`` or ``"tolerance"``.

    Raises:
        PanelError: what is not 0 or 1, or series that do not fit.
        ParameterError: a delay or a mode that is none.

    >>> relaxed([0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 0, 1], delay=1)
    Scores(precision=0.75, recall=1.0, f1=0.8571428571428571)
    >>> relaxed([0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 0, 1], delay=2, mode="tolerance").precision
    1.0
    """
    delay, mode = DELAY.check(delay, "relaxed"), MODE.check(mode, "relaxed")
    y, p, lengths = _labels(truth, predicted)
    if mode == "segment":
        p = _adjusted(y, p, lengths, delay)
        return _scores(int((y & p).sum()), int(y.sum()), int(p.sum()))
    places = np.arange(len(y)) + np.repeat(np.arange(len(lengths)) * delay, lengths)  # no reach from series to series
    return _scores(_matched(places[y].tolist(), places[p].tolist(), delay), int(y.sum()), int(p.sum()))


def adjusted(truth: Rows, predicted: Rows, delay: int = 3) -> Any:
    """Return predictions in which each segment of anomalies is found whole or missed whole [ren2019srcnn].

    A segment is a longest run of anomalous points of one series. Where one of its first ``delay`` + 1 points is flagged all
    of it becomes so, else none; points outside segments stay as they are.

    Returns:
        booleans in the form of ``predicted``: an array of its shape, or a list of arrays.

    Raises:
        PanelError: what is not 0 or 1, or series that do not fit.
        ParameterError: a delay that is no whole number of at least 0.

    >>> adjusted([0, 1, 1, 1, 0, 0], [0, 0, 1, 0, 0, 1], delay=1).astype(int)
    array([0, 1, 1, 1, 0, 1])
    """
    delay = DELAY.check(delay, "adjusted")
    y, p, lengths = _labels(truth, predicted)
    found = _adjusted(y, p, lengths, delay)
    if _listed(predicted):
        return np.split(found, np.cumsum(lengths)[:-1])
    return found.reshape(np.asarray(predicted).shape)


def best_threshold(truth: Rows, scores: Rows, *, delay: int | None = None) -> float:
    """Return the threshold at which ``scores >= threshold`` has the largest F1. Choose it on validation data only.

    All distinct scores are tried, exactly, in the time of sorting them. Of thresholds that do equally well the highest is
    taken, which flags least. Without an anomaly in ``truth`` the threshold is infinite: F1 is 0 whatever is flagged, and
    nothing is right (our decision).

    Args:
        truth: labels, as the module says.
        scores: of the same series, finite; the higher, the more anomalous.
        delay: by default F1 is that of points; with a number it is the :func:`relaxed` one of segments.

    Raises:
        PanelError: labels that are not 0 or 1, scores that are not finite numbers, or series that do not fit.
        ParameterError: a delay that is no whole number of at least 0.

    >>> best_threshold([0, 0, 1, 1], [0.1, 0.4, 0.3, 0.9])
    0.3
    """
    delay = None if delay is None else DELAY.check(delay, "best_threshold")
    (y, s), lengths = _together(truth, scores, "scores")
    y = _booleans("truth", y)
    if s.dtype.kind not in "iuf" or not np.isfinite(s).all():
        raise PanelError("scores hold what is no finite number; drop those points from truth and scores, or score them anew")
    if not y.any():
        return float("inf")
    s = s.astype(np.float64)
    if delay is None:
        level, gain, alarms = s, y.astype(np.int64), ~y
    else:
        level, gain, alarms = _events(y, s, lengths, delay)
    order = np.argsort(-level, kind="stable")
    level, hits, false = level[order], np.cumsum(gain[order]), np.cumsum(alarms[order])
    last = np.append(level[1:] != level[:-1], True)  # all points of one score are flagged together
    found = 2 * hits / (y.sum() + hits + false)
    return float(level[last][np.argmax(found[last])])


def _events(y: Flat, s: Flat, lengths: list[int], delay: int) -> tuple[Flat, Flat, Flat]:
    """Return the scores at which a point outside segments or a whole segment is flagged, its hits and its false alarms."""
    number, offset = _segments(y, lengths)
    first = y & (offset <= delay)
    top = np.full(int(number.max()) + 1, -np.inf)
    np.maximum.at(top, number[first], s[first])
    level = np.concatenate([s[~y], top[1:]])
    gain = np.concatenate([np.zeros(int((~y).sum()), np.int64), np.bincount(number[y])[1:]])
    return level, gain, gain == 0


def _adjusted(y: Flat, p: Flat, lengths: list[int], delay: int) -> Flat:
    number, offset = _segments(y, lengths)
    found = np.zeros(int(number.max()) + 1, bool)
    found[number[y & p & (offset <= delay)]] = True
    return np.where(y, found[number], p)


def _segments(y: Flat, lengths: list[int]) -> tuple[Flat, Flat]:
    """Return for each point the number, from 1, of the last segment that began before or at it, and the steps since."""
    before = np.append(False, y[:-1])
    starts = np.cumsum([0, *lengths[:-1]])
    before[starts[starts < len(y)]] = False  # a segment ends with its series
    begins = y & ~before
    number = np.cumsum(begins)
    return number, np.arange(len(y)) - np.append(0, np.flatnonzero(begins))[number]


def _matched(true: list[int], flagged: list[int], delay: int) -> int:
    """Return the most pairs of a true and a flagged place that lie at most ``delay`` apart; both lists ascend.

    The first two within reach may be paired without loss: whoever else could have taken either can take a later one as well.
    """
    i = j = pairs = 0
    while i < len(true) and j < len(flagged):
        if abs(true[i] - flagged[j]) <= delay:
            i, j, pairs = i + 1, j + 1, pairs + 1
        elif true[i] < flagged[j]:
            i += 1
        else:
            j += 1
    return pairs


def _pointwise(truth: Rows, predicted: Rows) -> Scores:
    y, p, _ = _labels(truth, predicted)
    return _scores(int((y & p).sum()), int(y.sum()), int(p.sum()))


def _scores(hits: int, true: int, flagged: int) -> Scores:
    return Scores(hits / max(flagged, 1), hits / max(true, 1), 2 * hits / max(true + flagged, 1))


def _labels(truth: Rows, predicted: Rows) -> tuple[Flat, Flat, list[int]]:
    """Return both as booleans, all series one behind the other, and the lengths of the series."""
    (y, p), lengths = _together(truth, predicted, "predicted")
    return _booleans("truth", y), _booleans("predicted", p), lengths


def _together(truth: Rows, other: Rows, name: str) -> tuple[tuple[Flat, Flat], list[int]]:
    y, lengths = _flat("truth", truth)
    x, others = _flat(name, other)
    if len(lengths) != len(others):
        raise PanelError(f"truth has {len(lengths)} series and {name} {len(others)}; both must be of the same ones")
    for i, (one, two) in enumerate(zip(lengths, others, strict=True)):
        if one != two:
            raise PanelError(f"series {i} has {one} points in truth and {two} in {name}; both must have one for each reading")
    return (y, x), lengths


def _flat(name: str, given: Rows) -> tuple[Flat, list[int]]:
    """Return all series one behind the other, and their lengths."""
    form = f"{name} must be an array (time,) or (n, time), or a list of arrays (time,), with at least one point"
    try:
        listed = _listed(given)
        parts = [np.asarray(row) for row in cast("Sequence[ArrayLike]", given)] if listed else [np.asarray(given)]
    except ValueError:  # an entry is itself a list of unequal ones
        raise PanelError(f"{form}; it is a list of more than one depth") from None
    shapes = [part.shape for part in parts]
    if not all(len(shape) == 1 or (shape and not listed) for shape in shapes) or not any(part.size for part in parts):
        raise PanelError(f"{form}; it has {'series of shapes' if listed else 'shape'} {', '.join(map(str, shapes[:5]))}")
    lengths = [shape[-1] for shape in shapes for _ in range(math.prod(shape[:-1]))]
    return np.concatenate([part.reshape(-1) for part in parts]), lengths


def _listed(given: Rows) -> bool:
    return isinstance(given, (list, tuple)) and any(np.ndim(row) for row in given)


def _booleans(name: str, values: Flat) -> Flat:
    if values.dtype.kind == "b":
        return values
    ones: Flat = values == 1
    right = ones | (values == 0) if values.dtype.kind in "iuf" else np.zeros(len(values), bool)
    if not right.all():
        raise PanelError(
            f"{name} holds {values[~right][0]!r}; it must be booleans, or 0 and 1 for an anomaly; of scores, compare them with "
            "a threshold first: scores >= best_threshold(truth, scores)"
        )
    return ones
