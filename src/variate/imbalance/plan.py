"""plan: how many augmented copies each sample gets, so that every class is as large as it is meant to be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from variate.core.errors import PanelError, ParameterError, suggest
from variate.kernels.arrays import numpy_of

Target = str | float | Mapping[Any, int]
"""What the classes are to reach: ``"equal"``, ``"double"``, a share of the largest class, or a total for each class."""


def plan(label: Any, target: Target = "equal", emphasis: Any = None) -> Any:
    """Return how many augmented copies of each sample bring every class to its target, int64 ``(n,)``.

    A class's copies are spread evenly over its samples. What is left over goes to its first samples, one more each, so
    the plan needs no randomness, and depends on the order of the rows where a class's copies do not divide: shuffle
    rows whose order means something.

    Args:
        label: the class of each sample ``(n,)``: integers or names, an array, a tensor or a list.
        target: ``"equal"``, every class as large as the largest; ``"double"``, every class twice as large as the
            largest, that one too [ismailfawaz2018]; a number r in (0, 1], every smaller class at least r times as large
            as the largest; or a dict from class to how many samples it is to have, copies included, where a class that
            is not in it gets no copies.
        emphasis: weights ``(n,)`` of at least 0: a class's copies go to its samples in proportion, what is left over to
            those with the largest fractions. A class whose weights are all 0 is spread evenly.

    Raises:
        ParameterError: a target that is none of these, names a class without a sample, or is smaller than what is there.
        PanelError: labels that are no classes, such as class weights, or an emphasis that does not fit them.

    >>> plan([0, 0, 0, 0, 0, 1, 1]).tolist()
    [0, 0, 0, 0, 0, 2, 1]
    >>> plan(["walk", "walk", "fall"], "double").tolist()
    [1, 1, 3]
    >>> plan(["walk", "walk", "fall"], {"fall": 10}).tolist()
    [0, 0, 9]
    """
    classes, code, counts = _counted(label)
    if emphasis is not None:
        return _in_proportion(code, _wanted(classes, counts, target) - counts, _checked(emphasis, len(code)))
    each, left = np.divmod(_wanted(classes, counts, target) - counts, counts)
    order = np.argsort(code, kind="stable")
    place = np.empty(len(code), np.int64)  # of each sample among those of its class
    place[order] = np.arange(len(code)) - np.repeat(np.cumsum(counts) - counts, counts)
    return each[code] + (place < left[code])


def _in_proportion(code: Any, more: Any, weights: Any) -> Any:
    """Return the copies (n,) of classes that are to have so many ``more`` (classes,), in proportion to weights (n,)."""
    copies = np.zeros(len(code), np.int64)
    for c, number in enumerate(more):
        rows = np.flatnonzero(code == c)
        own = weights[rows] if weights[rows].any() else np.ones(len(rows))
        share = number * own / own.sum()
        copies[rows] = np.floor(share + 1e-9)
        left = int(number - copies[rows].sum())
        copies[rows[np.argsort(-(share - np.floor(share + 1e-9)), kind="stable")[:left]]] += 1
    return copies


def _checked(emphasis: Any, n: int) -> Any:
    weights = np.asarray(numpy_of(emphasis), np.float64)
    if weights.shape != (n,) or not np.isfinite(weights).all() or (weights < 0).any():
        raise PanelError(f"emphasis has shape {weights.shape}; it must be a weight of at least 0 for each of {n} samples")
    return weights


def _counted(label: Any) -> tuple[list[Any], Any, Any]:
    """Return the classes, which of them each sample is of (n,), and how many samples each has (classes,)."""
    array = numpy_of(label)
    if array.ndim == 2:
        raise PanelError(
            f"label has shape {array.shape}, which are class weights, and a plan counts classes; pass the heaviest class of "
            "each sample, label.argmax(axis=1)"
        )
    if array.ndim != 1 or (array.dtype.kind == "f" and not np.all(array == np.rint(array))):
        raise PanelError(
            f"label has shape {array.shape} and dtype {array.dtype}; a plan needs the class of each sample (n,), an integer "
            "or a name"
        )
    try:
        classes, code, counts = np.unique(array, return_inverse=True, return_counts=True)
    except TypeError as error:
        raise PanelError(f"label cannot be told apart by its classes ({error}); they need one type") from None
    return classes.tolist(), code, counts


def _wanted(classes: list[Any], counts: Any, target: Any) -> Any:
    """Return how many samples each class is to have, at least those it has."""
    largest = int(counts.max(initial=0))
    if isinstance(target, Mapping):
        return _asked(classes, counts, target)
    if isinstance(target, str) and target in ("equal", "double"):
        return np.full_like(counts, largest if target == "equal" else 2 * largest)
    if isinstance(target, (int, float, np.integer, np.floating)) and not isinstance(target, bool) and 0 < target <= 1:
        return np.maximum(counts, math.ceil(float(target) * largest - 1e-9))
    hint = suggest(target, ("equal", "double")) if isinstance(target, str) else ""
    raise ParameterError(
        f"target is {target!r}; it must be 'equal', 'double', a number in (0, 1], or a dict from class to its number of "
        f"samples{hint}"
    )


def _asked(classes: list[Any], counts: Any, target: Mapping[Any, Any]) -> Any:
    """Return the totals that a dict asks for, and those of the other classes as they are."""
    wanted, places = counts.copy(), {name: i for i, name in enumerate(classes)}
    for name, total in target.items():
        if name not in places:
            near = suggest(str(name), map(str, classes))
            raise ParameterError(f"target has the class {name!r}, of which there is no sample to copy{near}")
        if isinstance(total, bool) or not isinstance(total, (int, np.integer)):
            raise ParameterError(f"target asks for {total!r} samples of class {name!r}; it must be an integer")
        there = int(counts[places[name]])
        if total < there:
            raise ParameterError(
                f"target asks for {total} samples of class {name!r}, which has {there}, and nothing is removed; ask for at "
                f"least {there}, or leave some out yourself"
            )
        wanted[places[name]] = total
    return wanted
