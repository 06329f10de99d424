"""Scores of predicted classes, from 0 (all wrong) to 1 (all right)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from variate.core.errors import PanelError


def accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the share of samples whose class was found; both are ``(n,)``.

    >>> accuracy([0, 0, 1, 1], [0, 1, 1, 1])
    0.75
    """
    y, p = _checked(truth, predicted)
    return float(np.mean(y == p))


def balanced_accuracy(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean over the classes of ``truth`` of the share found, so that a rare class counts as much as any.

    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    y, p = _checked(truth, predicted)
    return float(np.mean([np.mean(p[y == k] == k) for k in np.unique(y)]))


def macro_f1(truth: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean F1 over the classes that occur in either array.

    F1 = 2·hits / (2·hits + misses + false alarms). A class that was predicted and never occurs scores 0.

    >>> round(macro_f1([0, 0, 1, 1], [0, 1, 1, 1]), 4)
    0.7333
    """
    y, p = _checked(truth, predicted)
    scores = [2 * np.sum((y == k) & (p == k)) / (np.sum(y == k) + np.sum(p == k)) for k in np.union1d(y, p)]
    return float(np.mean(scores))


def _checked(truth: ArrayLike, predicted: ArrayLike) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    y, p = np.asarray(truth), np.asarray(predicted)
    if y.ndim != 1 or y.shape != p.shape or not len(y):
        raise PanelError(f"truth has shape {y.shape} and predicted {p.shape}; a score needs two arrays (n,) with n > 0")
    return y, p
