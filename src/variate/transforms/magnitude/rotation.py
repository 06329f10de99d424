"""Rotation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array, namespace
from variate.kernels.channels import blocks, in_plane, mix_channels, orthogonal, rotation, signed_permutation


@dataclass(frozen=True, kw_only=True)
class Rotation(ValueTransform):
    """Turn the channels about a random axis in space, as a sensor worn in another position would [um2017].

    x'(t) = x(t)·R, one R for all t. ``mode="axis"`` takes the channels in groups of three (x, y, z of one sensor) and turns
    each about a random axis by U(-angle, angle), or all groups alike with ``shared=True``, as sensors in one case turn.
    Lengths and the angles between readings are kept, det R = 1. Axes are uniform on the sphere, which is our decision;
    [um2017]'s code draws them in the cube (``axis="cube"``), which favours its corners.

    ``mode="orthogonal"`` draws any orthogonal R of all channels with equal chance, and so does "axis" where their number is
    no multiple of three: one channel is then turned over or not. ``proper=True`` asks for det R = 1 there. With an ``angle``
    below 180 it turns a random plane of the channels by U(-angle, angle) instead (our decision), and one channel not at all.
    ``mode="signperm"`` exchanges channels and turns them over, which [iwana2021]'s code calls rotation; of angles it knows 0
    alone, at which nothing is turned in any mode.

    It hurts where the direction is the class, such as standing and lying by gravity, and makes no sense for channels of
    different kinds. Where one channel of a step is missing, the others are turned with its interpolated value.

    >>> import numpy as np, variate
    >>> x = np.random.default_rng(0).normal(size=(1, 3, 50))
    >>> y = variate.Rotation()(x, seed=0)
    >>> bool(np.allclose(np.linalg.norm(x, axis=1), np.linalg.norm(y, axis=1)))
    True
    """

    angle: float = param(180.0, about="largest angle", low=0, high=180, identity=0, search=(15, 180), unit="degrees")
    mode: str = param("axis", about="what kind of turn", choices=("axis", "orthogonal", "signperm"))
    shared: bool = param(False, about="one turn for all groups of three, or one for each")
    axis: str = param("sphere", about="where axes are drawn", choices=("sphere", "cube"))
    proper: bool = param(False, about="orthogonal turns without mirror images")

    bridges = True
    lean = True
    preserves = ("length",)
    examples = ({}, {"mode": "orthogonal", "p": 0.5}, {"mode": "signperm"}, {"angle": 30.0, "shared": True, "axis": "cube"})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x turned."""
        if self.angle == 0:
            return x
        channels = x.shape[1]
        if self.mode == "signperm":
            matrix = signed_permutation(rng.order("order", channels), rng.sign("sign", channels))
        elif self.mode == "axis" and channels % 3 == 0:
            matrix = self._about_axes(channels // 3, rng)
        elif self.angle == 180:
            matrix = orthogonal(rng.normal("matrix", (channels, channels)), self.proper)
        else:
            limit = math.radians(self.angle)
            matrix = in_plane(rng.normal("plane", (2, channels)), rng.uniform("angle", low=-limit, high=limit))
        return mix_channels(x, namespace(matrix).matrix_transpose(matrix))  # x·R for rows is the transpose for columns

    def _about_axes(self, groups: int, rng: Draws) -> Array:
        """Return a matrix (n, 3·groups, 3·groups) with one rotation for each group on its diagonal."""
        drawn = 1 if self.shared else groups
        round_ = self.axis == "sphere"
        axis = rng.normal("axis", (drawn, 3)) if round_ else rng.uniform("axis", (drawn, 3), low=-1.0, high=1.0)
        limit = math.radians(self.angle)
        return blocks(rotation(axis, rng.uniform("angle", drawn, low=-limit, high=limit)), groups)
