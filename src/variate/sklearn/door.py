"""The door for scikit-learn: arrays, data frames and targets to a Panel, and back in kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from variate.core.check import check_readings
from variate.core.errors import ContractError, PanelError, ParameterError
from variate.core.panel import Panel
from variate.core.transform import Transform


def enter(estimator: Any, X: Any, y: Any = None) -> tuple[Panel, Callable[[Panel], tuple[Any, Any]]]:
    """Return the Panel of X and y, and the function that gives a Panel back in the form of ``(X, y)``.

    X is ``(n, time)`` or ``(n, channels, time)``, an array or what becomes one; it is checked as scikit-learn does, which
    notes ``n_features_in_`` on the estimator where it is 2-D, and the names of a data frame's columns. The label of a row
    is the :func:`code <codes_of>` of its target. Back come arrays; a pandas DataFrame or Series for one of those.

    Raises:
        PanelError: readings or targets that are none, or do not fit together; scikit-learn's own ValueError or TypeError
            for what it refuses.
    """
    ndim = X.ndim if hasattr(X, "ndim") else _array(X, "X", "cut or pad its series to one length").ndim
    if ndim == 3:
        vars(estimator).pop("n_features_in_", None)  # of an earlier fit to a table
    values = validate_data(estimator, X, ensure_2d=ndim != 3, allow_nd=True, ensure_all_finite=False)
    label, examples = (None, None) if y is None else codes_of(y, len(values))
    panel = Panel(values, label=label)
    check_readings(panel.values, range(panel.n))

    def give_back(out: Panel) -> tuple[Any, Any]:
        rows = out.values if ndim == 3 else out.values[:, 0]
        targets = None if examples is None else _rows(y, examples[out.label])
        return type(X)(rows, columns=X.columns) if hasattr(X, "iloc") else rows, targets

    return panel, give_back


def codes_of(y: Any, n: int) -> tuple[Any, Any]:
    """Return the targets of n rows as codes 0, 1, …, in the order of their values, and a row that has each code.

    Equal targets share a code, whether they are names, numbers, or several of either a row. So a transform sees whose
    targets are the same, and what it makes of the codes leads back to targets of any type: ``y[rows[codes]]``.

    >>> codes_of(["walk", "run", "walk"], 3)
    (array([1, 0, 1]), array([1, 0]))
    """
    targets = _array(y, "y", "pass one target a series, or as many for each")
    if targets.ndim == 0 or len(targets) != n or targets.size == 0:
        raise PanelError(f"y has shape {targets.shape} and X has {n} series; pass one target a series")
    try:
        columns = [np.unique(column, return_inverse=True)[1] for column in targets.reshape(n, -1).T]
    except TypeError as error:
        raise PanelError(f"y cannot be told apart by its values ({error}); its targets need one type") from None
    _, rows, codes = np.unique(np.stack(columns, axis=1), axis=0, return_index=True, return_inverse=True)
    return codes, rows


def _array(values: Any, name: str, remedy: str) -> Any:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise PanelError(f"{name} cannot be read as an array ({error}); {remedy}") from None


def _rows(y: Any, index: Any) -> Any:
    return y.iloc[index].reset_index(drop=True) if hasattr(y, "iloc") else np.asarray(y)[index]


def checked_aug(estimator: Any) -> Transform:
    """Return what an estimator augments with; raise ParameterError where that is no transform."""
    aug = estimator.aug
    if not isinstance(aug, Transform):
        raise ParameterError(
            f"{type(estimator).__name__}(aug={aug!r}): aug must be a transform, such as variate.Jitter(); "
            "join several with variate.Compose(...)"
        )
    return aug


def check_fits(aug: Transform, panel: Panel) -> None:
    """Raise ContractError where the copies would not fit below the originals."""
    length = aug.length(panel.length)
    if length != panel.length:
        raise ContractError(
            f"{aug!r} turns {panel.length} steps into {length}, and originals and copies need one length in an array; "
            "use one that keeps it, such as variate.Crop(resize=True), or variate.expand, which returns a ragged panel"
        )
    if panel.label is not None and aug.softens:
        raise ContractError(
            f"{aug!r} makes class weights of labels, and y holds one target a series; use a transform that keeps labels, "
            "or train on class weights: aug(x, y) and variate.torch give them back"
        )
