"""clean: a panel without the series that stand where classes overlap; after SMOTE, what SMOTE-Tomek and SMOTE-ENN add."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np

from variate.core.panel import Panel
from variate.core.param import Param
from variate.imbalance.emphasis import around, bridged

NEAREST = Param("k", "int", 3, low=1)


def clean(panel: Panel, how: str = "tomek", k: int = 3) -> Panel:
    """Return the panel without its series that stand where classes overlap, originals and copies alike [batista2004].

    By Euclidean distances of whole series, gaps bridged. Of class weights the heaviest counts. After
    ``oversample(panel, Smote())`` these are the second halves of SMOTE-Tomek and SMOTE-ENN.

    - ``"tomek"``: both series of each Tomek link go, two of different classes each of which is the other's nearest;
    - ``"enn"``: the edited nearest neighbours, a series goes if one of its ``k`` nearest is of another class.

    The second takes far more away. As in imbalanced-learn, one neighbour that disagrees is enough for it, and all series
    are judged before any goes. A rare class may lose most of its series: count what is left.

    Args:
        panel: series of one length, with class labels.
        how: one of these.
        k: how many neighbours ``"enn"`` asks.

    Raises:
        PanelError: no labels, or series of different lengths.
        ParameterError: another way, or a number of neighbours that is none.

    >>> import variate
    >>> panel = variate.Panel([[0.0], [1.0], [2.5], [3.0], [9.0], [9.9]], label=[0, 0, 0, 1, 1, 1])
    >>> variate.imbalance.clean(panel).values[:, 0, 0].tolist()
    [0.0, 1.0, 9.0, 9.9]
    >>> variate.imbalance.clean(panel, "enn", k=1).label.tolist()
    [0, 0, 1, 1]
    """
    Param("how", "str", "tomek", choices=tuple(WAYS)).check(how, "clean")
    k = NEAREST.check(k, "clean")
    x, label = bridged(panel, "clean")
    return panel.rows(np.flatnonzero(~WAYS[how](x, label, k)))


def _linked(x: Any, label: Any, k: int) -> Any:
    nearest = around(x, 1)[:, 0]
    mutual = nearest[nearest] == np.arange(len(x))
    return mutual & (label[nearest] != label)


def _doubted(x: Any, label: Any, k: int) -> Any:
    near = around(x, k)
    return ((near >= 0) & (label[near] != label[:, None])).any(axis=1)


WAYS: MappingProxyType[str, Callable[[Any, Any, int], Any]] = MappingProxyType({"tomek": _linked, "enn": _doubted})
