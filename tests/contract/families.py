"""The label contract of DESIGN §4, and what `preserves` means: rules that depend on the family."""

from __future__ import annotations

from typing import Any

import numpy as np

from contract.cases import Case, full_panel, series
from contract.rules import leaves, need, rule, same
from variate.core.panel import Panel
from variate.core.transform import PRESERVED

LENGTH = 48


@rule("labels follow the family")
def labels_follow(case: Case) -> None:
    """Of a pipeline, what all families in it promise together."""
    panel = full_panel()
    out = case(panel, seed=20)
    parts = _outside(case.transform)
    families = {"value" if part.op == "in" else part.family for part in parts}
    if "mix" in families and case.transform.softens:
        need(out.label.shape == (panel.n, 3) and (out.label >= 0).all(), "class weights")
        same(out.label.sum(1), np.ones(panel.n), "class weights do not sum to 1", 1e-6)
    elif "label" not in families:
        same(out.label, panel.label, "the class label")
    if "time" in families:
        _time_follows(case, parts)
    elif any(part.family == "mix" and part.apart for part in parts):
        return  # steps move, each series by a clock of its own: what follows it has tests of its own
    else:
        if "mix" in families:
            need((out.mask <= panel.mask).all(), "a step was seen of a mixture, and not of the series")
        else:
            same(out.mask, panel.mask, "the mask")
        same(out.covariates, panel.covariates, "covariates")
        if case.transform.drops:
            return
        cut = any(part.op == "cut_mix" for part in parts)  # what was cut out is not there to be labelled
        need(cut or (out.points >= panel.points).all(), "a point label was lost")
        may_add = case.transform.marks or {leaf.family for leaf in leaves(case.transform)} & {"label", "mix", "time"}
        need(may_add or _same_labels(out, panel), "point labels changed")
    if families <= {"value", "pipeline"}:
        unseen = ~np.broadcast_to(panel.mask[:, None], panel.values.shape)
        same(out.values[unseen], panel.values[unseen], "values of unobserved steps")
    if families <= {"label", "pipeline"}:
        same(out.values, panel.values, "values")


def _outside(transform: Any) -> list[Any]:
    """Return the operations on the whole series: inside a domain a clock moves a part, and events are old or moved."""
    if transform.op == "in":
        return [transform]
    parts = getattr(transform, "parts", None)
    return [transform] if parts is None else [leaf for part in parts for leaf in _outside(part)]


def _same_labels(out: Panel, panel: Panel) -> bool:
    return bool((out.points == panel.points).all())


def _time_follows(case: Case, parts: list[Any]) -> None:
    """A ramp makes the clock visible, as a covariate that no change of values touches; row i has one event, at step i."""
    ramp = np.broadcast_to(np.arange(LENGTH, dtype=np.float64), (LENGTH, 1, LENGTH))
    event = np.eye(LENGTH, dtype=bool)
    states = np.broadcast_to(np.arange(LENGTH) // 7, (LENGTH, LENGTH))
    seen = np.random.default_rng(0).random((LENGTH, LENGTH)) < 0.8
    monotone = all(part.monotone for part in parts)
    clocks = [part for part in parts if part.family == "time"]
    once = len(clocks) == 1 or all(part.fuses for part in clocks)  # what is read twice has no one nearest reading
    out = case(Panel(ramp, points=event, covariates=ramp), seed=21)
    clock = out.covariates[:, 0]
    if case.transform.family == "time":
        same(out.values[:, 0], clock, "values and covariates do not follow one clock", 1e-9)
    for i in range(LENGTH):
        covered = clock[i].min() - 1e-6 <= i <= clock[i].max() + 1e-6
        need(out.points[i].any() or not covered or not monotone, f"the event at step {i} was lost")
        if not once or case.transform.marks or any(part.family in ("label", "mix") for part in parts):
            continue
        reach = np.maximum(np.abs(np.gradient(clock[i])), 0.5) if monotone else 0.5
        if getattr(case.transform, "averages", False):
            reach = np.maximum(reach, getattr(case.transform, "size", 1) / 2)  # an average stands for all of its window
        need(not out.points[i][np.abs(clock[i] - i) > reach + 0.51 * (len(parts) > 1) + 0.01].any(), f"step {i}: invented")
    need(monotone == bool((np.diff(clock, axis=1) > 0).all()), "the clock is not what `monotone` says")
    if case.transform.marks or not once or any(part.family == "mix" for part in parts):
        return
    moved = case(Panel(ramp, points=states, point_role="state", mask=seen), seed=21)
    nearest = np.clip(np.floor(clock + 0.5).astype(int), 0, LENGTH - 1)
    same(moved.points, np.take_along_axis(states, nearest, 1), "states are not those of the nearest reading")
    same(moved.mask, np.take_along_axis(seen, nearest, 1), "the mask is not that of the nearest reading")


@rule("declared preserves hold")
def preserves_hold(case: Case) -> None:
    unknown = set(case.transform.preserves) - set(PRESERVED)
    need(not unknown, f"{unknown} is not in the vocabulary")
    x = series(n=8, channels=2, length=57, dtype=np.float64)
    x[:, :, ::9] = 0.0
    y = case(x, seed=22)
    for name in case.transform.preserves:
        CHECKS[name](x, y)


def _length(x: np.ndarray, y: np.ndarray) -> None:
    need(x.shape[-1] == y.shape[-1], "length is not preserved")


def _values(x: np.ndarray, y: np.ndarray) -> None:
    same(np.sort(x, axis=-1), np.sort(y, axis=-1), "values are not preserved")


def _range(x: np.ndarray, y: np.ndarray) -> None:
    low, high = x.min(-1, keepdims=True) - 1e-9, x.max(-1, keepdims=True) + 1e-9
    need(((y >= low) & (y <= high)).all(), "range is not preserved")


def _ends(x: np.ndarray, y: np.ndarray) -> None:
    same(x[..., [0, -1]], y[..., [0, -1]], "ends are not preserved", 1e-9)


def _zeros(x: np.ndarray, y: np.ndarray) -> None:
    need((y[x == 0] == 0).all(), "zeros are not preserved")


def _series(x: np.ndarray, y: np.ndarray) -> None:
    same(x, y, "series is not preserved")


def _steps(x: np.ndarray, y: np.ndarray) -> None:
    same(np.sort(x, axis=1), np.sort(y, axis=1), "the readings of a step are not preserved")


def _order(x: np.ndarray, y: np.ndarray) -> None:
    same(np.argsort(x, axis=-1, kind="stable"), np.argsort(y, axis=-1, kind="stable"), "order is not preserved")


CHECKS = {
    "length": _length,
    "values": _values,
    "range": _range,
    "ends": _ends,
    "zeros": _zeros,
    "series": _series,
    "steps": _steps,
    "order": _order,
}
