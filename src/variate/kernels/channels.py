"""Linear combinations of channels, and the matrices for them, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np

from variate.kernels.arrays import Array, concat, empty, is_torch, namespace


def mix_channels(x: Array, matrix: Array) -> Array:
    """Return y(t) = matrix·x(t) for x (n, c, t) and a matrix (n, c, c) for each series, in x's dtype."""
    if is_torch(x):
        return _torch_mix(x, matrix.to(x.dtype))
    from variate.kernels.compiled import channels

    out = empty(x.shape, x.dtype)
    channels.mix_rows(x, np.ascontiguousarray(matrix, dtype=x.dtype), out)
    return out


def _torch_mix(x: Any, matrix: Any) -> Any:
    """Channel by channel: a matrix product rounds differently in batches of different size."""
    mixed = matrix[:, :, :1] * x[:, :1]
    for k in range(1, x.shape[1]):
        mixed = mixed + matrix[:, :, k : k + 1] * x[:, k : k + 1]
    return mixed


def rotation(axis: Array, angle: Array) -> Array:
    """Return rotations (…, 3, 3) about axes (…, 3) of any length by angles (…) in radians, after Rodrigues.

    R = I + sin θ·K + (1 - cos θ)·K², K the cross product matrix of the unit axis.
    """
    xp = namespace(axis)
    axis, angle = xp.astype(axis, xp.float64), xp.astype(angle, xp.float64)[..., None, None]
    unit = axis / xp.sqrt(xp.sum(axis * axis, axis=-1, keepdims=True))
    x, y, z = unit[..., 0], unit[..., 1], unit[..., 2]
    nothing = xp.zeros_like(x)
    rows = [[nothing, -z, y], [z, nothing, -x], [-y, x, nothing]]
    cross = xp.stack([xp.stack(row, axis=-1) for row in rows], axis=-2)
    outer = unit[..., :, None] * unit[..., None, :]
    one = xp.eye(3, dtype=xp.float64, device=axis.device)
    return one + xp.sin(angle) * cross + (1 - xp.cos(angle)) * (outer - one)  # K² = u·uᵀ - I for a unit axis


def blocks(matrices: Array, groups: int) -> Array:
    """Return (n, k·groups, k·groups) with matrices (n, groups or 1, k, k) on the diagonal."""
    xp = namespace(matrices)
    n, given, k, _ = matrices.shape
    if groups == 1:
        return matrices[:, 0]
    nothing = xp.zeros((n, k, k), dtype=matrices.dtype, device=matrices.device)
    own = [matrices[:, min(g, given - 1)] for g in range(groups)]
    rows = [concat([own[g] if g == h else nothing for h in range(groups)], axis=2) for g in range(groups)]
    return concat(rows, axis=1)


def orthogonal(normals: Array, proper: bool) -> Array:
    """Return orthogonal matrices (n, c, c) from normals: by Haar's measure, or that of the rotations where ``proper``.

    The Q of a QR decomposition, each column with the sign that makes the diagonal of R positive.
    """
    xp = namespace(normals)
    if normals.shape[0] == 0:
        return xp.astype(normals, xp.float64)
    q, r = xp.linalg.qr(xp.astype(normals, xp.float64))
    sign = xp.sign(xp.linalg.diagonal(r))
    q = q * xp.where(sign == 0, xp.ones_like(sign), sign)[:, None, :]
    if not proper:
        return q
    mirror = xp.linalg.det(q)[:, None, None] < 0
    return concat([xp.where(mirror, -q[:, :, :1], q[:, :, :1]), q[:, :, 1:]], axis=2)


def in_plane(normals: Array, angle: Array) -> Array:
    """Return rotations (n, c, c) by angles (n,) in radians of the planes that two vectors (n, 2, c) span.

    Everything across the plane stays. One channel has no plane and stays too.
    """
    xp = namespace(normals)
    normals, angle = xp.astype(normals, xp.float64), xp.astype(angle, xp.float64)[:, None, None]
    one = xp.eye(normals.shape[2], dtype=xp.float64, device=normals.device)
    if normals.shape[2] < 2:
        return one + xp.zeros_like(angle)
    u = normals[:, 0] / xp.sqrt(xp.sum(normals[:, 0] ** 2, axis=1, keepdims=True))
    v = normals[:, 1] - u * xp.sum(u * normals[:, 1], axis=1, keepdims=True)
    v = v / xp.sqrt(xp.sum(v * v, axis=1, keepdims=True))
    across, turn = u[:, :, None] * u[:, None, :] + v[:, :, None] * v[:, None, :], v[:, :, None] * u[:, None, :]
    return one + (xp.cos(angle) - 1) * across + xp.sin(angle) * (turn - xp.matrix_transpose(turn))


def signed_permutation(order: Array, sign: Array) -> Array:
    """Return matrices (n, c, c) that put channel k to place order[k] with sign[k]."""
    xp = namespace(order)
    places = xp.arange(order.shape[1], device=order.device)
    there = order[:, :, None] == places[None, None, :]
    return xp.where(there, xp.astype(sign, xp.float64)[:, :, None], xp.zeros_like(sign[:, :1, None], dtype=xp.float64))


def take_channels(x: Array, source: Array) -> Array:
    """Return y (n, c, t) whose channel c is channel source[n, c] of x."""
    if is_torch(x):
        return x.gather(1, source[:, :, None].expand(x.shape))
    from variate.kernels.compiled import channels

    out = empty(x.shape, x.dtype)
    channels.take_rows(x, source, out)
    return out
