"""vote: the class of a whole series, from a classifier of slices."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np

from variate.core.door import enter
from variate.core.errors import PanelError, ParameterError
from variate.core.panel import Panel
from variate.core.param import Param
from variate.kernels.arrays import Array, is_floating, is_torch, numpy_of
from variate.pipeline.slices import SIZE, STRIDE, cut, plan

HOW = Param("how", "str", "majority", choices=("majority", "mean"))
BATCH = Param("batch", "int", 1024, low=1)
NEEDED = "it must give a class for each slice, (m,), or a score for each slice and class, (m, classes)"


def vote(
    predict: Callable[[Any], Any],
    x: Any,
    size: int | float,
    stride: int | None = None,
    *,
    how: Literal["majority", "mean"] = "majority",
    batch: int = 1024,
) -> Any:
    """Return the class of each series by a vote of its slices: test-time window slicing [cui2016] [leguennec2016].

    The slices are those of :func:`variate.slices`; a series shorter than ``size`` has one vote. With
    ``how="majority"`` each slice votes for its class, that of its largest score; a tie goes to the tied class with the
    larger mean score, and where that ties too, or there are no scores, to the smallest class. With ``how="mean"`` the
    class of the largest mean score wins, the smallest such class. Neither depends on the order of the slices.

    The votes do not depend on ``batch`` either, as long as ``predict`` treats each slice on its own: put a network into
    evaluation mode. Besides ``batch`` slices, memory holds what ``predict`` gave for all.

    Args:
        predict: gets at most ``batch`` slices of one length, ``(m, channels, size)``, or ``(m, size)`` where series have
            no channel axis, as arrays or as tensors like ``x``. It gives classes ``(m,)``, integers or anything else that
            sorts, or scores ``(m, classes)``, the larger the likelier: an array, a tensor or a list.
        x: ``(n, channels, time)``, ``(n, time)`` or ``(time,)``; a list of ``(channels, t_i)`` or ``(t_i,)``; or a Panel,
            of which ``predict`` sees the values.
        size: steps in a slice, as in training; a float is a share of each series in (0, 1].
        stride: steps from one slice to the next; a tenth of a slice by default, for the cost (our decision; [cui2016]
            has 1).
        how: ``"majority"`` or ``"mean"``.
        batch: how many slices ``predict`` gets at most in one call.

    Returns:
        NumPy classes ``(n,)``, for tensors too: in the dtype of the classes that ``predict`` gave, else int64. For no
        series int64 ``(0,)``; ``predict`` is not called.

    Raises:
        ParameterError: parameters that are none; ``how="mean"`` without scores.
        ContractError: a panel whose forecast horizon would fill a slice.
        PanelError: a ``predict`` that gives something else: NaN, broken numbers as classes, one column of scores.

    >>> import numpy as np, variate
    >>> x = np.array([[0.0, 1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 1.0]])
    >>> variate.vote(lambda slices: np.where(slices.mean(axis=1) > 0.5, "high", "low"), x, size=2).tolist()
    ['high', 'low']
    """
    if not callable(predict):
        raise ParameterError(f"vote(predict={predict!r:.60}): predict must be a function of slices, such as model.predict")
    size, stride = SIZE.check(size, "vote"), None if stride is None else STRIDE.check(stride, "vote")
    how, batch = HOW.check(how, "vote"), BATCH.check(batch, "vote")
    panel, _ = enter(x)
    panel = panel.replace(label=None, points=None, covariates=None, weight=None, extra={})
    flat = _without_channels(x, panel)
    sources, given = [], []
    for source, values in _batches(panel, size, stride, batch):
        with _no_gradient(values):
            answer = predict(values[:, 0] if flat else values)
        given.append(_checked(answer, len(source)))
        sources.append(source)
    if not given:
        return np.empty(0, np.int64)
    source, predicted = np.concatenate(sources), _joined(given)
    return (_by_classes if predicted.ndim == 1 else _by_scores)(source, predicted, panel.n, how)


def _no_gradient(values: Array) -> Any:
    """Return a context in which a torch classifier keeps nothing for a backward pass."""
    if not is_torch(values):
        return contextlib.nullcontext()
    import torch

    return torch.no_grad()


def _without_channels(x: Any, panel: Panel) -> bool:
    if isinstance(x, Panel):
        return False
    return all(np.ndim(series) == 1 for series in x) if panel.ragged else np.ndim(x) < 3


def _batches(panel: Panel, size: int | float, stride: int | None, batch: int) -> Iterator[tuple[Any, Array]]:
    """Go through the slices, at most ``batch`` at a time: (row of each, values (m, c, size))."""
    for index, part in panel.groups():
        steps, source, start = plan(part, size, stride, "vote")
        for k in range(0, len(source), batch):
            some = slice(k, k + batch)
            yield index[source[some]], cut(part, steps, source[some], start[some]).values


def _checked(predicted: Any, count: int) -> Any:
    """Return what predict gave for so many slices as NumPy classes (m,) or float64 scores (m, classes)."""
    try:
        array = _as_numpy(predicted)
    except ValueError as error:
        raise PanelError(f"predict gave what cannot be read as an array ({error}); {NEEDED}") from None
    if array.ndim not in (1, 2):
        raise PanelError(f"predict gave shape {array.shape} for {count} slices; {NEEDED}")
    if len(array) != count:
        raise PanelError(f"predict gave {len(array)} entries for {count} slices; {NEEDED}")
    return _scores(array) if array.ndim == 2 else _classes(array)


def _as_numpy(predicted: Any) -> Any:
    if is_torch(predicted) and is_floating(predicted) and predicted.dtype.itemsize == 2:
        predicted = predicted.float()  # NumPy knows no bfloat16
    return numpy_of(predicted)


def _scores(array: Any) -> Any:
    if array.dtype.kind not in "biuf":
        raise PanelError(f"predict gave scores of dtype {array.dtype}; scores (m, classes) must be numbers")
    if array.shape[1] < 2:
        raise PanelError(
            f"predict gave scores of shape {array.shape}, which leave no choice; give a column for each class, "
            "or the classes themselves, (m,)"
        )
    scores = array.astype(np.float64, order="C")
    wrong = np.argwhere(np.isnan(scores) | (scores == np.inf))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise PanelError(
            f"predict gave the score {scores[row, column]} (slice {row} of its batch, class {column}); a score must be a "
            "number: fill missing readings first, if the classifier takes none"
        )
    return scores


def _classes(array: Any) -> Any:
    if array.dtype.kind == "f" and not np.all(array == np.rint(array)):
        wrong = array[array != np.rint(array)][0]
        raise PanelError(
            f"predict gave the class {wrong}; a class is a whole number or a name: for scores give a column for each "
            "class, (m, classes)"
        )
    return array.copy()  # predict may write its next answer to the same memory


def _joined(given: list[Any]) -> Any:
    """Return the predictions of all batches as one array; raise PanelError where they differ in kind."""
    shapes = [array.shape[1:] for array in given]
    if len(set(shapes)) > 1:
        other = next(shape for shape in shapes if shape != shapes[0])
        kinds = [f"{shape[0]} scores a slice" if shape else "classes" for shape in (shapes[0], other)]
        raise PanelError(f"predict gave {kinds[0]} for one batch and {kinds[1]} for another; {NEEDED}, the same each time")
    return np.concatenate(given)


def _counts(source: Any, code: Any, n: int, classes: int) -> Any:
    """Return how many slices of each series chose each class, (n, classes)."""
    return np.bincount(source * classes + code, minlength=n * classes).reshape(n, classes)


def _by_classes(source: Any, predicted: Any, n: int, how: str) -> Any:
    """Return the class of each series (n,) from the classes (m,) of its slices."""
    if how == "mean":
        raise ParameterError("vote(how='mean') needs scores (m, classes), and predict gave classes (m,); use how='majority'")
    try:
        classes, code = np.unique(predicted, return_inverse=True)
    except TypeError as error:
        raise PanelError(
            f"predict gave classes that cannot be sorted ({error}); give all as integers, or all as names"
        ) from None
    return classes[_counts(source, code, n, len(classes)).argmax(axis=1)]


def _by_scores(source: Any, scores: Any, n: int, how: str) -> Any:
    """Return the class of each series (n,) from the scores (m, classes) of its slices."""
    if how == "mean":
        return _means(source, scores, np.arange(n)).argmax(axis=1)
    votes = _counts(source, scores.argmax(axis=1), n, scores.shape[1])
    tied = votes == votes.max(axis=1, keepdims=True)
    open_rows = np.flatnonzero(tied.sum(axis=1) > 1)
    means = _means(source, scores, open_rows)
    best = np.where(tied[open_rows], means, -np.inf).max(axis=1, keepdims=True)
    tied[open_rows] &= means == best
    return tied.argmax(axis=1)


def _means(source: Any, scores: Any, rows: Any) -> Any:
    """Return the mean scores (rows, classes) of some series.

    They are added up in order of size: else the order of the slices would decide a tie by its rounding.
    """
    order = np.argsort(source, kind="stable")
    first, last = (np.searchsorted(source[order], rows, side) for side in ("left", "right"))
    means = [np.sort(scores[order[a:b]], axis=0).mean(axis=0) for a, b in zip(first, last, strict=True)]
    return np.stack(means) if means else np.empty((0, scores.shape[1]))
