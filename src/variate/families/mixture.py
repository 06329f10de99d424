"""What becomes of labels, gaps and masks where series are mixed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from variate.core.panel import Panel
from variate.families.pool import Pool
from variate.kernels.arrays import Array, concat, empty, like, namespace, solid
from variate.kernels.missing import put_back
from variate.kernels.reading import nearest, read, strongest


@dataclass(frozen=True, eq=False)
class Others:
    """The partners of a panel: values (n, k, c, t), points and mask (n, k, t), label (n, k, classes), used (n, k).

    ``gaps``: whether values hold NaN, be it unobserved; ``lost`` is where a mixture misses them too.
    """

    values: Array
    points: Array | None
    mask: Array | None
    label: Array | None
    used: Array
    all_used: bool
    gaps: bool
    lost: Array | None

    def steps(self, start: int, stop: int) -> Others:
        """Return them at some steps only."""
        if (start, stop) == (0, self.values.shape[-1]):
            return self
        fields = {k: getattr(self, k) for k in ("values", "points", "mask", "lost")}
        return replace(self, **{k: solid(v[..., start:stop]) for k, v in fields.items() if v is not None})

    def at(self, clocks: Array) -> Others:
        """Return what belongs to them read at rising clocks (n, k, t): points, mask and what is lost."""
        n, k, length = clocks.shape
        xp, flat = namespace(clocks), (n * k,)
        clock = xp.reshape(clocks, (*flat, length))
        fields: dict[str, Any] = {}
        if self.points is not None:
            points = strongest(xp.reshape(self.points, (*flat, self.points.shape[2])), clock)
            fields["points"] = xp.reshape(points, (n, k, length))
        if self.mask is not None:
            mask = nearest(xp.reshape(self.mask, (*flat, 1, self.mask.shape[2])), clock)
            fields["mask"] = xp.reshape(mask, (n, k, length))
        if self.lost is not None:
            lost = nearest(xp.reshape(self.lost, (*flat, *self.lost.shape[2:])), clock)
            fields["lost"] = xp.reshape(lost, (n, k, self.lost.shape[2], length))
        return replace(self, **fields)


class Piece(NamedTuple):
    """Some steps of a mixture: the panel with its values, the partners, and the weights (n, 1 + k, 1 or t)."""

    panel: Panel
    others: Others
    weights: Array


def gathered(pool: Pool, rows: Any, panel: Panel) -> Others:
    """Return the partners that have these rows of the pool, in the library and at the length of the panel; -1 is none."""
    x, place = panel.values, np.maximum(rows, 0)
    parts = _stretched(pool, place, panel.length) or {
        k: _taken(getattr(pool, k), place, panel.length) for k in ("values", "points", "mask") if getattr(pool, k) is not None
    }
    values = like(parts["values"], x, x.dtype)
    mask = like(parts["mask"], x) if "mask" in parts else None
    points = None if panel.points is None else like(parts["points"], panel.points)
    gaps = pool.gaps
    lost = namespace(x).isnan(values) if gaps else None
    if mask is not None:
        values = put_back(values, ~mask[:, :, None])
        lost = lost if panel.mask is not None else lost | ~mask[:, :, None]  # else the mask of the mixture says it
    label = None
    if panel.label is not None and panel.label.ndim == 2:
        theirs = pool.label[place]
        weights = theirs if theirs.ndim == 3 else np.eye(panel.label.shape[1])[theirs]
        label = like(weights, panel.label, panel.label.dtype)
    return Others(values, points, mask, label, like(rows >= 0, x), bool((rows >= 0).all()), gaps, lost)


def _taken(array: Any, place: Any, length: int) -> Any:
    """Return the rows at ``place`` (n, k), their first steps, (n, k, ..., length), in memory that has been used before."""
    if array.shape[-1] != length:
        return np.ascontiguousarray(array[place][..., :length])
    return np.take(array, place, axis=0, out=empty((*place.shape, *array.shape[1:]), array.dtype), mode="clip")


def _stretched(pool: Pool, place: Any, length: int) -> dict[str, Any] | None:
    """Return the fields of partners stretched to a length, or None where all have it."""
    if (pool.lengths[place] == length).all():
        return None
    found: dict[str, Any] = {}
    for old in np.unique(pool.lengths[place]):
        index = np.nonzero(pool.lengths[place] == old)
        there = place[index]
        fields = {k: getattr(pool, k)[there][..., :old] for k in ("values", "points", "mask") if getattr(pool, k) is not None}
        clock = np.broadcast_to(np.linspace(0, old - 1, length), (len(there), length))
        unseen = ~fields["mask"][:, None] if "mask" in fields else None
        stretched = {"values": read(fields["values"], clock, unseen=unseen)}
        if "points" in fields:
            stretched["points"] = strongest(fields["points"], clock)
        if "mask" in fields:
            stretched["mask"] = nearest(fields["mask"][:, None], clock)[:, 0]
        for name, array in stretched.items():
            found.setdefault(name, np.empty((*place.shape, *array.shape[1:]), array.dtype))[index] = array
    return found


def settled(weights: Array, used: Array, x: Array) -> Array:
    """Return the weights in x's dtype: what a partner that is none would have goes to the series."""
    xp = namespace(x)
    weights = xp.astype(weights, x.dtype)
    partners = xp.where(used[:, :, None], weights[:, 1:], xp.zeros_like(weights[:, 1:]))
    return concat([1 - xp.sum(partners, axis=1, keepdims=True), partners], axis=1)


def untouched(panel: Panel, others: Others) -> Piece:
    """Return steps in which the series is alone."""
    xp, x = namespace(panel.values), panel.values
    alone = xp.zeros((panel.n, others.used.shape[1], 1), dtype=x.dtype, device=x.device)
    return Piece(panel, others, concat([xp.ones_like(alone[:, :1]), alone], axis=1))


def labelled(panel: Panel, theirs: Array | None, pieces: list[Piece]) -> Panel:
    """Return the panel whose steps are these pieces, with the labels of the mixture; ``theirs`` (n, k, classes)."""
    fields = {k: _joined([getattr(piece.panel, k) for piece in pieces]) for k in ("values", "covariates")}
    for name, made in (("points", [_points(p) for p in pieces]), ("mask", [_mask(p) for p in pieces])):
        fields[name] = _joined(made)
    if theirs is not None:
        xp, length = namespace(theirs), panel.length
        shares = sum(xp.mean(p.weights, axis=2) * (p.panel.length / length) for p in pieces)
        shares = xp.astype(shares, panel.label.dtype)
        fields["label"] = shares[:, :1] * panel.label + xp.sum(shares[:, 1:, None] * theirs, axis=1)
    return panel.replace(**fields)


def _points(piece: Piece) -> Array | None:
    points, others = piece.panel.points, piece.others.points
    if points is None or others is None:
        return points
    xp = namespace(piece.weights)
    points = xp.where(piece.weights[:, 0] > 0, points, xp.zeros_like(points))
    for k in range(others.shape[1]):
        theirs = xp.astype(others[:, k], points.dtype)
        points = xp.where((piece.weights[:, 1 + k] > 0) & (theirs > points), theirs, points)
    return points


def _mask(piece: Piece) -> Array | None:
    mask = piece.panel.mask
    if mask is None or piece.others.mask is None:
        return mask
    return mask & namespace(mask).all(piece.others.mask | ~(piece.weights[:, 1:] > 0), axis=1)


def _joined(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 or parts[0] is None else concat(parts, axis=-1)
