"""Losses for imbalanced classes and rare anomalies, pure functions of torch tensors."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from variate.core.errors import PanelError
from variate.core.param import Param
from variate.kernels.arrays import like

GAMMA = Param("gamma", "float", 2.0, low=0)


def cost_sensitive(
    logits: Tensor,
    target: Any,
    weights: Any = None,
    *,
    matrix: Any = None,
    mask: Any = None,
    sample_weight: Any = None,
) -> Tensor:
    """Return the cross entropy in which each class counts by its weight, a number [geng2018].

    −Σᵢ sᵢ Σ_c w_c q_ic log p_ic / Σᵢ sᵢ Σ_c w_c q_ic: the mean over samples, or over their steps, with class weights w,
    sample weights s, labels q (one-hot for hard ones) and p the softmax of the logits. For hard labels that is torch's
    ``cross_entropy(weight=w)``; for soft ones torch divides by the number of samples instead. 0 where nothing counts.

    With a cost matrix κ, p_c becomes p_c κ(c, c) / Σ_j p_j κ(c, j), so that taking class c for j costs more, the larger
    κ(c, j). The paper's formulas could not be read: both forms are a reconstruction.

    Args:
        logits: ``(n, classes)``, or ``(n, classes, time)`` for a class at each step.
        target: classes ``(n,)`` or point labels ``(n, time)``, integers or booleans; or class weights, shaped as the logits.
        weights: ``(classes,)``, as from :func:`variate.imbalance.weights.class_weights`; 1 each by default.
        matrix: ``(classes, classes)`` costs above 0, a row for each true class; equal ones by default.
        mask: booleans ``(n,)`` or ``(n, time)``; where it is False, logits and labels are not looked at.
        sample_weight: ``(n,)``, or ``(n, time)`` for each step, such as a Panel's ``weight``.

    Raises:
        PanelError: shapes that do not fit together, or a class that the logits do not know.

    >>> import torch
    >>> round(cost_sensitive(torch.tensor([[1.0, 0.0], [1.0, 0.0]]), torch.tensor([0, 1]), [1.0, 3.0]).item(), 4)
    1.0633
    """
    logits, mass = _given(logits, target, weights, mask, sample_weight)
    score = _scores(logits, mass)
    if matrix is not None:
        costs = _matrix(matrix, logits)
        score = score + costs.diagonal().log() - torch.log(logits.softmax(-1) @ costs.T)
    return _ratio(-mass * score, mass)


def focal(
    logits: Tensor, target: Any, gamma: float = 2, weights: Any = None, *, mask: Any = None, sample_weight: Any = None
) -> Tensor:
    """Return the focal loss, a cross entropy in which what is easy hardly counts, a number [lin2017].

    −Σᵢ sᵢ Σ_c w_c q_ic (1 − p_ic)^γ log p_ic / Σᵢ sᵢ Σ_c w_c q_ic: with γ = 0 that is :func:`cost_sensitive`. The paper
    divides by the number of objects in an image, and this by what counts (our decision).

    Args:
        logits: ``(n, classes)``, or ``(n, classes, time)`` for a class at each step.
        target: classes ``(n,)`` or point labels ``(n, time)``, integers or booleans; or class weights, shaped as the logits.
        gamma: γ, at least 0: the larger, the less an easy sample counts.
        weights: ``(classes,)``, the paper's α; 1 each by default.
        mask: booleans ``(n,)`` or ``(n, time)``; where it is False, logits and labels are not looked at.
        sample_weight: ``(n,)``, or ``(n, time)`` for each step.

    Raises:
        PanelError: shapes that do not fit together, or a class that the logits do not know.
        ParameterError: a gamma below 0.

    >>> import torch
    >>> logits, target = torch.tensor([[4.0, 0.0], [0.5, 0.0]]), torch.tensor([0, 0])
    >>> [round(focal(logits, target, gamma=g).item(), 4) for g in (0, 2)]
    [0.2461, 0.0338]
    """
    gamma = GAMMA.check(gamma, "focal")
    logits, mass = _given(logits, target, weights, mask, sample_weight)
    score = _scores(logits, mass)
    missed = (-torch.expm1(score)).clamp_min(torch.finfo(score.dtype).tiny)  # at 0 the slope of a root has no end
    return _ratio(-mass * missed**gamma * score, mass)


def pointwise(logits: Tensor, points: Any, weights: Any = None, *, mask: Any = None, sample_weight: Any = None) -> Tensor:
    """Return the binary cross entropy of point labels in which each step counts by its weight, a number [gao2020].

    −Σ Ω [m log p + (1 − m) log(1 − p)] / ΣΩ over samples and steps, p the sigmoid of the logits. For the weights Ω, take
    the product of :func:`variate.imbalance.weights.label_weights` and ``value_weights``; the formulas are a
    reconstruction, since the paper's could not be read. 0 where nothing counts.

    Args:
        logits: ``(n, time)``, of being an anomaly.
        points: ``(n, time)``, booleans, integers or soft labels in 0 … 1.
        weights: Ω ``(n, time)``; 1 each by default.
        mask: booleans ``(n, time)``; where it is False, logits and labels are not looked at.
        sample_weight: ``(n,)``, or ``(n, time)`` for each step.

    Raises:
        PanelError: shapes that do not fit together, or points outside 0 … 1.

    >>> import torch
    >>> round(pointwise(torch.zeros(1, 4), torch.tensor([[0, 0, 0, 1]]), [[1.0, 1.0, 1.0, 3.0]]).item(), 4)
    0.6931
    """
    _check_tensor(logits, (2,), "(n, time); of a network with one channel take logits[:, 0]")
    logits = _wide(logits)
    shape = tuple(logits.shape)
    labels = _fitting("points", points, logits, shape)
    counted = _counted(mask, sample_weight, logits)
    if mask is not None:
        logits, labels = (torch.where(counted.seen, part, 0) for part in (logits, labels))
    if labels.device.type == "cpu" and not bool(((labels >= 0) & (labels <= 1)).all()):
        raise PanelError("points hold a value outside 0 … 1; 0 is a normal reading and 1 an anomaly")
    mass = counted.weight if weights is None else counted.weight * _fitting("weights", weights, logits, shape)
    loss = functional.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return _ratio(mass * loss, mass)


class _Counted(NamedTuple):
    """What counts: booleans, and weights, of one shape."""

    seen: Tensor
    weight: Tensor


def _given(logits: Tensor, target: Any, weights: Any, mask: Any, sample_weight: Any) -> tuple[Tensor, Tensor]:
    """Return what a loss of classes is given, checked: logits (..., classes), and how much each class of each sample counts."""
    _check_tensor(logits, (2, 3), "(n, classes), or (n, classes, time) for a class at each step")
    logits = _wide(logits).movedim(1, -1)
    counted = _counted(mask, sample_weight, logits[..., 0])
    logits = logits if mask is None else torch.where(counted.seen[..., None], logits, 0)
    mass = _share(target, logits, None if mask is None else counted.seen) * counted.weight[..., None]
    if weights is not None:
        mass = mass * _fitting("weights", weights, logits, (logits.shape[-1],))
    return logits, mass


def _scores(logits: Tensor, mass: Tensor) -> Tensor:
    """Return the logarithms of the probabilities, 0 where they do not count: there they may be −∞."""
    return torch.where(mass != 0, functional.log_softmax(logits, dim=-1), 0)


def _share(target: Any, logits: Tensor, seen: Tensor | None) -> Tensor:
    """Return labels as class weights, shaped as logits (..., classes); zeros where not seen."""
    target, (*places, classes) = like(target, logits), logits.shape
    soft = tuple(logits.movedim(-1, 1).shape)
    if tuple(target.shape) == soft:
        share = target.to(logits.dtype).movedim(1, -1)
        return share if seen is None else torch.where(seen[..., None], share, 0)
    if list(target.shape) != places or target.is_floating_point():
        raise PanelError(
            f"target has shape {tuple(target.shape)} and dtype {target.dtype}; logits {soft} need classes {tuple(places)}, "
            f"integers, or class weights {soft}"
        )
    target = target.long() if seen is None else torch.where(seen, target.long(), 0)
    if target.device.type == "cpu" and target.numel():  # elsewhere a look at it would wait for the device
        low, high = (int(end) for end in target.aminmax())
        if low < 0 or high >= classes:
            raise PanelError(f"target has classes from {low} to {high}, and logits {soft} know 0 … {classes - 1}")
    return functional.one_hot(target, classes).to(logits.dtype)


def _ratio(loss: Tensor, mass: Tensor) -> Tensor:
    total = mass.sum()
    return loss.sum() / torch.where(total > 0, total, 1)


def _matrix(matrix: Any, logits: Tensor) -> Tensor:
    classes = logits.shape[-1]
    costs = _fitting("matrix", matrix, logits, (classes, classes))
    if costs.device.type == "cpu" and not bool((costs > 0).all()):
        raise PanelError("matrix holds a cost that is not above 0; give what does not matter a small one")
    return costs


def _counted(mask: Any, sample_weight: Any, places: Tensor) -> _Counted:
    """Return what counts, shaped as ``places``, (n,) or (n, time)."""
    shape = tuple(places.shape)
    seen = torch.ones_like(places, dtype=torch.bool)
    if mask is not None:
        seen = like(mask, places)
        if tuple(seen.shape) != shape or seen.dtype != torch.bool:
            raise PanelError(f"mask has shape {tuple(seen.shape)} and dtype {seen.dtype}; it must be booleans {shape}")
    weight = seen.to(places.dtype)
    if sample_weight is not None:
        given = like(sample_weight, places, places.dtype)
        if tuple(given.shape) not in (shape, shape[:1]):
            each = f", or {shape}" if len(shape) > 1 else ""
            raise PanelError(f"sample_weight has shape {tuple(given.shape)}; it must be {shape[:1]}{each}")
        weight = weight * (given if given.ndim == places.ndim else given[:, None])
    return _Counted(seen, weight)


def _fitting(name: str, values: Any, logits: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return numbers of this shape, in the precision and on the device of the logits."""
    tensor: Tensor = like(values, logits, logits.dtype)
    if tuple(tensor.shape) != shape:
        raise PanelError(f"{name} has shape {tuple(tensor.shape)}; these logits need {shape}")
    return tensor


def _check_tensor(logits: Any, ndims: tuple[int, ...], needed: str) -> None:
    if not isinstance(logits, Tensor) or logits.ndim not in ndims or not logits.is_floating_point():
        seen = f"shape {tuple(logits.shape)}, {logits.dtype}" if isinstance(logits, Tensor) else f"type {type(logits).__name__}"
        raise PanelError(f"logits have {seen}; they must be a tensor of floats {needed}")


def _wide(logits: Tensor) -> Tensor:
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits
