"""emphasis: which samples of a class deserve more copies; with SMOTE, what tells its variants apart."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

import numpy as np

from variate.core.errors import PanelError, VariateError
from variate.core.panel import Panel
from variate.core.param import Param
from variate.families.pool import hard
from variate.kernels.arrays import numpy_of
from variate.kernels.dtw import nearest
from variate.kernels.missing import fill

NEIGHBOURS = MappingProxyType({"borderline": 10, "adasyn": 5})


def emphasis(panel: Panel, kind: str, neighbours: int | None = None) -> Any:
    """Return how much each sample of a panel is to be copied, beside the others of its class: weights ``(n,)``.

    Each class is set against all others, by Euclidean distances of whole series, gaps bridged.

    - ``"borderline"``: 1 for a sample of whose 10 nearest neighbours at least half, but not all, are of other classes, else
      0 [han2005];
    - ``"adasyn"``: the share of other classes among its 5 nearest neighbours [he2008];
    - ``"svm"``: 1 for a support vector of its class, else 0 [nguyen2011];
    - ``"kmeans"``: in clusters in which its class has at least an equal share, more the further its samples lie apart there,
      and 0 elsewhere [douzas2018].

    The last two need scikit-learn. Unlike the published methods, all of them only choose the samples; what is made of
    them is the transform's affair: ``Smote(rivals=True)`` and ``Smote(out_step=0.5)`` do as Borderline-SMOTE2 and SVM-SMOTE.

    Args:
        panel: series of one length, with class labels.
        kind: one of these.
        neighbours: another number of neighbours for the first two.

    Raises:
        PanelError: no labels, or series of different lengths.
        ParameterError: another kind, or a number of neighbours that is none.
        VariateError: scikit-learn is missing.

    >>> import variate
    >>> panel = variate.Panel([[0.0], [1.0], [2.0], [3.0], [9.0]], label=[0, 0, 1, 1, 1])
    >>> variate.imbalance.emphasis(panel, "adasyn", neighbours=2).tolist()
    [0.5, 0.5, 0.5, 0.5, 0.0]
    """
    Param("kind", "str", "borderline", choices=tuple(KINDS)).check(kind, "emphasis")
    x, label = bridged(panel, "emphasis")
    count = Param("neighbours", "int", 5, low=1).check(
        NEIGHBOURS.get(kind, 5) if neighbours is None else neighbours, "emphasis"
    )
    found: Any = KINDS[kind](x, label, count)
    return found


def bridged(panel: Panel, owner: str) -> tuple[Any, Any]:
    """Return the series of a panel without gaps, float64 (n, c, t), and their classes (n,); raise PanelError without any."""
    if panel.label is None or panel.ragged:
        what = "class labels" if panel.label is None else "series of one length"
        raise PanelError(f"{owner} needs {what}; pass variate.Panel(x, label=y) with x (n, channels, time)")
    return fill(numpy_of(panel.bare)).astype(np.float64), hard(numpy_of(panel.label))


def around(x: Any, count: int) -> Any:
    """Return the rows of the ``count`` others of x (n, c, t) that are nearest to each by Euclidean distance, -1 where none."""
    n, order = len(x), np.arange(len(x))
    whole = np.full(n, x.shape[2])
    # one more than asked for: the series itself is the nearest, or a copy of it in its place
    rows, _ = nearest(x, x, whole, order, np.zeros(n, int), np.full(n, n), count + 1, metric="euclidean")
    rows = np.where(rows == order[:, None], -1, rows)
    return np.take_along_axis(rows, np.argsort(rows < 0, axis=1, kind="stable"), axis=1)[:, :count]


def _others(x: Any, label: Any, count: int) -> tuple[Any, Any]:
    """Return how many of the nearest neighbours of each series are of another class, and how many neighbours it has."""
    rows = around(x, count)
    return ((rows >= 0) & (label[rows] != label[:, None])).sum(axis=1), np.maximum((rows >= 0).sum(axis=1), 1)


def _borderline(x: Any, label: Any, count: int) -> Any:
    others, known = _others(x, label, count)
    return ((2 * others >= known) & (others < known)).astype(np.float64)


def _adasyn(x: Any, label: Any, count: int) -> Any:
    others, known = _others(x, label, count)
    return others / known


def _svm(x: Any, label: Any, count: int) -> Any:
    _needs_sklearn()
    from sklearn.svm import SVC

    flat, weights = x.reshape(len(x), -1), np.zeros(len(x))
    for c in np.unique(label):
        inside = label == c
        if inside.any() and not inside.all():
            support = SVC(gamma="scale").fit(flat, inside).support_
            weights[support[inside[support]]] = 1
    return weights


def _kmeans(x: Any, label: Any, count: int) -> Any:
    _needs_sklearn()
    from sklearn.cluster import KMeans

    flat, weights = x.reshape(len(x), -1), np.zeros(len(x))
    clusters = KMeans(n_clusters=min(8, len(x)), n_init=1, random_state=0).fit_predict(flat)
    for cluster in np.unique(clusters):
        there = clusters == cluster
        for c in np.unique(label[there]):
            rows = np.flatnonzero(there & (label == c))
            if 2 * len(rows) >= there.sum() and len(rows) > 1:
                weights[rows] = _apart(flat[rows]) / len(rows)
    return weights


def _apart(flat: Any) -> float:
    """Return the mean distance of series to the others of a cluster."""
    distances = [np.sqrt(((flat - row) ** 2).sum(axis=1)).sum() / (len(flat) - 1) for row in flat]
    return float(np.mean(distances))


KINDS: MappingProxyType[str, Callable[[Any, Any, int], Any]] = MappingProxyType(
    {"borderline": _borderline, "adasyn": _adasyn, "svm": _svm, "kmeans": _kmeans}
)


def _needs_sklearn() -> None:
    if find_spec("sklearn") is None:
        raise VariateError("this emphasis needs scikit-learn, which is not installed; pip install 'variate[sklearn]'")
