"""FrequencyShift."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.param import param
from variate.families.value import ValueTransform
from variate.kernels.arrays import Array
from variate.kernels.filtering import shifted


@dataclass(frozen=True, kw_only=True)
class FrequencyShift(ValueTransform):
    """Move all frequencies up or down by the same amount, as a receiver tuned a little off would.

    x'(t) = Re(a(t)·exp(2πi·δ·t)), a the analytic signal of the series without its mean, δ ~ U(-most, most) cycles per step,
    one for all channels; the mean is put back. Waves keep their strength and change their pitch by the same number of
    cycles, so that a tone and its overtones fall out of tune. An operation of the field, not of the survey.

    It hurts where frequencies are the class. What is moved beyond 0 or the Nyquist frequency comes back mirrored, so keep
    ``most`` below the lowest frequency that matters.

    >>> import numpy as np, variate
    >>> tone = np.cos(2 * np.pi * 0.1 * np.arange(200))
    >>> bool(np.allclose(variate.FrequencyShift(most=0.0)(tone, seed=0), tone))
    True
    """

    most: float = param(0.01, about="largest shift", low=0, high=0.5, identity=0, search=(0.002, 0.05), unit="cycles per step")

    bridges = True
    shortest = 3
    preserves = ("length",)
    examples = ({}, {"most": 0.05, "p": 0.5})

    def change(self, x: Array, rng: Draws) -> Array:
        """Return x with its frequencies moved."""
        return x if self.most == 0 else shifted(x, rng.uniform("shift", (1, 1), low=-self.most, high=self.most))
