"""ChannelShuffle."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.channels import take_channels
from variate.kernels.sampling import shuffled


@dataclass(frozen=True, kw_only=True)
class ChannelShuffle(ValueTransform):
    """Exchange channels at random, as electrodes that were mixed up would.

    Each channel takes part with probability ``ratio``; those that do are put in a random order among themselves, the same
    for all steps. Readings, missing ones too, move with their channel and stay bit for bit. An operation of the field, not
    of the survey.

    It hurts wherever the model may know which channel is which, and makes no sense for channels of different kinds. A
    series of one channel passes unchanged.

    >>> import numpy as np, variate
    >>> y = variate.ChannelShuffle(ratio=1.0)(np.arange(4.0)[None, :, None] * np.ones((1, 4, 5)), seed=0)
    >>> sorted(y[0, :, 0].tolist())
    [0.0, 1.0, 2.0, 3.0]
    """

    ratio: float = param(
        0.2, about="chance of a channel to take part", low=0, high=1, identity=0, search=(0.1, 1.0), unit="share"
    )

    lean = True
    preserves = ("length", "steps")
    examples = ({}, {"ratio": 1.0}, {"ratio": 0.6, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with channels exchanged."""
        channels = x.shape[1]
        taking_part = rng.uniform("taking_part", channels) < self.ratio
        return take_channels(x, shuffled(rng.order("order", channels), taking_part))
