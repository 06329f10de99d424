"""Weights that make rare classes and rare readings count for more: of classes, of point labels, of values, and adaptive."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from variate.core.check import as_values
from variate.core.errors import PanelError
from variate.core.param import Param
from variate.kernels.arrays import Array, concat, is_floating, is_torch, like, namespace, numpy_of
from variate.kernels.moments import median

KIND = Param("kind", "str", "balanced", choices=("balanced", "effective"))
BETA = Param("beta", "float", 0.999, low=0, high=1)
STRENGTH = Param("beta", "float", 1.0, low=0)
CLASSES = Param("classes", "int", None, low=1)
REACH = Param("reach", "int", 2, low=0)
HEAVIEST, FARTHEST = Param("most", "float", 50.0, low=1), Param("most", "float", 5.0, low=0)
RATIO = Param("ratio", "float", None, low=0)
RATE = Param("rate", "float", 0.1, low=0, high=1)
LEAST_COST, MOST_COST = 0.1, 10.0


def class_weights(label: Any, kind: str = "balanced", beta: float = 0.999, classes: int | None = None) -> Any:
    """Return a weight for each class, the rarer the larger, with mean 1: what a loss takes.

    ``"balanced"`` weights are proportional to 1/n, n samples being of the class, as in [geng2018] and scikit-learn;
    ``"effective"`` ones to (1 − β)/(1 − βⁿ), the inverse of the effective number of samples [cui2019], which is 1 for
    β = 0 and n for β = 1. Equal classes have weights of 1. A class without a sample has the weight of the rarest that has
    some, and does not count in the mean (our decision).

    Args:
        label: classes ``(n,)``, or class weights ``(n, classes)``, of which the sums count; an array, a tensor or a list.
        kind: ``"balanced"`` or ``"effective"``.
        beta: β in 0 … 1, for ``"effective"``.
        classes: how many there are, where the last ones may have no sample.

    Returns:
        float64 ``(classes,)``, or for a tensor a float32 tensor on its device.

    Raises:
        PanelError: labels that are no classes 0 … classes − 1, nor weights of them.
        ParameterError: parameters that are none.

    >>> class_weights([0, 0, 0, 1]).tolist()
    [0.5, 1.5]
    """
    KIND.check(kind, "class_weights")
    beta = BETA.check(beta, "class_weights")
    counts = _counts(label, None if classes is None else CLASSES.check(classes, "class_weights"))
    some, weights = counts > 0, np.ones(len(counts))
    if some.any():
        number = _effective(counts[some], beta) if kind == "effective" else counts[some]
        inverse = number.min() / number  # at most 1, the rarest's: no count is too small to divide by
        weights[some] = inverse
        weights /= inverse.mean()
    return like(weights, label, namespace(label).float32) if is_torch(label) else weights


def _effective(counts: Any, beta: float) -> Any:
    """Return (1 − βⁿ)/(1 − β), also where β is next to 1."""
    if beta in (0, 1):
        return counts if beta else np.ones_like(counts)
    return np.expm1(counts * math.log(beta)) / (beta - 1)


def _counts(label: Any, classes: int | None) -> Any:
    """Return how many samples each class has, float64; of class weights their sums."""
    array = numpy_of(label)
    if array.ndim == 2 and array.dtype.kind == "f":
        sums = array.sum(axis=0, dtype=np.float64)
        if not (array >= 0).all() or not np.isfinite(sums).all() or len(sums) != (classes or len(sums)):
            wanted = f"{classes} columns" if classes else "a column for each class"
            raise PanelError(f"label has shape {array.shape}; class weights need {wanted}, numbers of at least 0")
        return sums
    if array.ndim != 1 or array.dtype.kind not in "biu":
        raise PanelError(
            f"label has shape {array.shape} and dtype {array.dtype}; it must be integer classes (n,) or float class weights "
            "(n, classes)"
        )
    low, high = int(array.min(initial=0)), int(array.max(initial=0))
    if low < 0 or high >= (classes or high + 1):
        known = f"0 … {classes - 1}" if classes else "0, 1, …"
        raise PanelError(f"label has classes from {low} to {high}; they must be {known}")
    return np.bincount(array.astype(np.int64), minlength=classes or 0).astype(np.float64)


def label_weights(points: Any, most: float = 50, mask: Any = None, ratio: float | None = None) -> Array:
    """Return a weight for each point label, so that anomalies count as much as all normal readings together [gao2020].

    A normal reading has weight 1, an anomaly N₀/N₁, the normal readings to an anomalous one, but not less than 1 nor more
    than ``most``; a soft label between 0 and 1 lies between. Without an anomaly all are 1. The formulas are a
    reconstruction: the paper describes weights by label and gives no formula that could be read.

    Args:
        points: ``(n, time)`` or ``(time,)``: 0 or False normal, 1 or True anomalous, or between.
        most: the largest weight, at least 1.
        mask: booleans of the same shape; readings where it is False are not counted.
        ratio: N₀/N₁, by default that of ``points``. For batches, give that of the training set to all.

    Returns:
        floats of the shape of ``points`` and their precision, float32 for booleans and integers.

    Raises:
        PanelError: points that are no labels, or a mask that does not fit.
        ParameterError: parameters that are none.

    >>> label_weights([[0, 0, 0, 1]]).tolist()
    [[1.0, 1.0, 1.0, 3.0]]
    """
    most = HEAVIEST.check(most, "label_weights")
    points = points if is_torch(points) else np.asarray(points)
    xp = namespace(points)
    soft = points if is_floating(points) else xp.astype(points, xp.float32)
    if not bool(xp.all((soft >= 0) & (soft <= 1))):
        raise PanelError("points hold a value outside 0 … 1; 0 is a normal reading and 1 an anomaly")
    if ratio is None:
        seen = xp.ones_like(soft, dtype=xp.bool) if mask is None else _checked_mask(mask, points)
        anomalies = float(xp.sum(xp.where(seen, soft, xp.zeros_like(soft)), dtype=xp.float64))
        normal = int(xp.sum(xp.astype(seen, xp.int64))) - anomalies
        ratio = normal / anomalies if anomalies else 1.0
    else:
        ratio = RATIO.check(ratio, "label_weights")
    return 1 + soft * (min(max(ratio, 1.0), most) - 1)


def value_weights(x: Any, beta: float = 1, reach: int = 2, most: float = 5, mask: Any = None) -> Array:
    """Return a weight for each step, so that readings far from the median, and those around them, count for more [gao2020].

    1 + β times the mean, over at most ``reach`` steps to either side, of min(most, |x − median| / (1.4826·MAD)), where
    median and MAD (the median absolute deviation) are those of the series. It is meant for a residual, what a
    decomposition leaves over. Shifting and scaling x change nothing, and where the MAD is 0 all weights are 1. The
    formulas are a reconstruction: the paper describes weights by value and gives no formula that could be read. With
    several channels the one that deviates most decides (our decision).

    Args:
        x: ``(n, time)``, ``(time,)`` or ``(n, channels, time)``. NaN is a missing reading, which takes no part.
        beta: β, how much deviations count, at least 0.
        reach: so many steps to either side count as well, at least 0.
        most: the largest deviation that counts, at least 0.
        mask: booleans ``(n, time)`` or ``(time,)``; steps where it is False take no part.

    Returns:
        floats ``(n, time)``, or ``(time,)`` as x, in the precision of x; half precision comes back as float32.

    Raises:
        PanelError: what is no series, series of different lengths, or a mask that does not fit.
        ParameterError: parameters that are none.

    >>> value_weights([0.0, 2.0, 1.0, -1.0, -2.0, 50.0, 0.0], reach=0).round(1).tolist()
    [1.0, 2.3, 1.7, 1.7, 2.3, 6.0, 1.0]
    """
    beta, reach = STRENGTH.check(beta, "value_weights"), REACH.check(reach, "value_weights")
    most = FARTHEST.check(most, "value_weights")
    values = as_values(x, "x")
    if isinstance(values, list):
        raise PanelError("x is a list of series; stack them, padded to one length with a mask, or give them one by one")
    xp = namespace(values)
    values = xp.astype(values, xp.float32) if values.dtype.itemsize == 2 else values
    if mask is not None:
        seen = _checked_mask(mask, values[:, 0] if np.ndim(x) > 1 else values[0, 0])
        values = xp.where(seen[..., None, :], values, xp.asarray(xp.nan, dtype=values.dtype, device=values.device))
    weights = 1 + beta * _nearby(*_deviation(values, most), reach)
    return weights if np.ndim(x) > 1 else weights[0]


def _deviation(x: Array, most: float) -> tuple[Array, Array]:
    """Return how far each step lies from the median in robust deviations (n, t), at most ``most``, and where a reading is."""
    xp = namespace(x)
    if x.shape[2] == 0:
        return x[:, 0], x[:, 0] == 0
    distance = xp.abs(x - median(x))
    scale = 1.4826 * median(distance)
    scale = xp.where(scale > 0, scale, xp.zeros_like(scale))
    capped = xp.minimum(distance, most * scale) / xp.where(scale > 0, scale, xp.ones_like(scale))  # 0 where the scale is
    seen = ~xp.isnan(capped)
    return xp.max(xp.where(seen, capped, xp.zeros_like(capped)), axis=1), xp.any(seen, axis=1)


def _nearby(score: Array, seen: Array, reach: int) -> Array:
    """Return the mean of the scores (n, t) that are seen, over ``reach`` steps to either side; 0 where there is none."""
    xp = namespace(score)
    n, t = score.shape
    reach = min(reach, t)
    edge = xp.zeros((n, reach), dtype=score.dtype, device=score.device)
    total, count = (concat([edge, xp.astype(part, score.dtype), edge], axis=1) for part in (score, seen))
    steps = [slice(shift, shift + t) for shift in range(2 * reach + 1)]
    return sum(total[:, step] for step in steps) / xp.clip(sum(count[:, step] for step in steps), 1, None)


def _checked_mask(mask: Any, fits: Array) -> Array:
    """Return a mask in the library of what it has to fit; raise PanelError where it is none."""
    mask = like(mask, fits)
    if tuple(mask.shape) != tuple(fits.shape) or str(mask.dtype).removeprefix("torch.") != "bool":
        raise PanelError(
            f"mask has shape {tuple(mask.shape)} and dtype {mask.dtype}; it must be booleans {tuple(fits.shape)}, True where a "
            "step was observed"
        )
    return mask


def adapted_costs(costs: Any, counts: Any, errors: Any, rate: float = 0.1, base: Any = None) -> Any:
    """Return class costs moved towards what a batch, or an epoch, says of the classes [geng2018].

    w ← (1 − rate)·w + rate·base·N/(C·n)·(1 + error), with n of the batch's N samples in the class and C classes; then
    scaled to mean 1, and clipped to 0.1 … 10. So a class that is rare here, or often mistaken, costs more. A class without
    a sample in the batch keeps its cost, up to the scaling (our decision). Equal counts and errors leave costs of 1 alone.
    The formula is a reconstruction: the paper's could not be read, only that costs follow the imbalance of the whole
    training set and of parts of it.

    Args:
        costs: ``(classes,)`` above 0, to begin with those of the training set, :func:`class_weights`.
        counts: ``(classes,)`` samples of each class in the batch.
        errors: ``(classes,)`` share of each class that was mistaken, a running mean perhaps; NaN where there is no sample.
        rate: in 0 … 1, how fast the costs follow.
        base: ``(classes,)`` costs of the training set, by default 1 for each.

    Returns:
        costs ``(classes,)``, in the library and precision of ``costs``.

    Raises:
        PanelError: arrays that are not one number for each class.
        ParameterError: a rate outside 0 … 1.

    >>> adapted_costs([1.0, 1.0], counts=[30, 10], errors=[0.1, 0.1], rate=0.5).round(3).tolist()
    [0.703, 1.297]
    """
    rate = RATE.check(rate, "adapted_costs")
    old = _per_class("costs", costs, None)
    n = _per_class("counts", counts, len(old))
    here = n > 0
    wrong = numpy_of(errors)
    wrong = _per_class("errors", np.where(here, wrong, 0) if wrong.shape == here.shape else wrong, len(old))
    whole = np.ones(len(old)) if base is None else _per_class("base", base, len(old))
    if not (old > 0).all() or not (whole > 0).all() or (wrong > 1).any():
        raise PanelError(f"costs {old} and base {whole} must be above 0, and errors {wrong} in 0 … 1")
    local = n.sum() / (len(old) * np.where(here, n, 1))
    new = np.where(here, (1 - rate) * old + rate * whole * local * (1 + wrong), old)
    new = np.clip(new / new.mean(), LEAST_COST, MOST_COST)
    return like(new, costs, costs.dtype) if is_torch(costs) else new.astype(np.result_type(np.asarray(costs), np.float32))


def _per_class(name: str, values: Any, classes: int | None) -> Any:
    """Return numbers of at least 0, one for each class, float64 (classes,)."""
    array = numpy_of(values)
    if array.ndim != 1 or not len(array) or len(array) != (classes or len(array)):
        raise PanelError(f"{name} has shape {array.shape}; it must have one number for each class, ({classes or 'classes'},)")
    if array.dtype.kind not in "biuf" or not (np.isfinite(array) & (array >= 0)).all():
        raise PanelError(f"{name} is {array}; it must hold finite numbers of at least 0")
    return array.astype(np.float64)
