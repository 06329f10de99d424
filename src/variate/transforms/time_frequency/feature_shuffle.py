"""FeatureShuffle."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Clock, TimeTransform
from variate.kernels.arrays import namespace


@dataclass(frozen=True, kw_only=True)
class FeatureShuffle(TimeTransform):
    """Put the frames of a spectrogram, or any feature vectors, in a random order [steveneyobu2018].

    The panel holds feature vectors, one for each step. All steps are shuffled, or with ``block`` above 0 those of each block of
    so many steps among themselves, so that none moves as far as a block is long. Labels of single steps move along.

    It keeps every vector and destroys their order: it hurts where order is the class. It is refused on a forecast window. Of
    the paper only the abstract could be read: the rule is the survey's, the blocks are our decision.

    >>> import variate
    >>> sorted(variate.FeatureShuffle()([1.0, 2.0, 3.0, 4.0], seed=0).tolist())
    [1.0, 2.0, 3.0, 4.0]
    """

    block: int = param(0, about="steps that are shuffled among themselves; 0: all", low=0, identity=1, unit="steps")

    monotone = False
    forecastable = False
    forecast_reason = "it would move the future before the past"
    preserves = ("length", "values", "range")
    examples = ({}, {"block": 5, "p": 0.5})

    def clock(self, panel: Panel, rng: Draws) -> Clock:
        """Return one order for each sample."""
        words = rng.uniform("order", panel.length)
        xp = namespace(words)
        block = xp.arange(panel.length, device=words.device) // (self.block or max(panel.length, 1))
        place = xp.astype(block, xp.float64)[None, :] + xp.astype(words, xp.float64)
        return xp.astype(xp.argsort(place, axis=1, stable=True), xp.float64)
