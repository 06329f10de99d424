"""Resample."""

from __future__ import annotations

from dataclasses import dataclass

from variate.core.draws import Draws
from variate.core.errors import ContractError, ParameterError
from variate.core.panel import Panel
from variate.core.param import param
from variate.families.time import Clock, TimeTransform, pieces
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.missing import put_back
from variate.kernels.smoothing import block_maxima, block_means


@dataclass(frozen=True, kw_only=True)
class Resample(TimeTransform):
    """Read the whole series at another rate, so that it has fewer or more steps [cui2016].

    ``mode="linear"`` reads round(factor·T) positions (two at least) between the first and the last reading, both kept.
    ``mode="decimate"`` keeps every k-th reading, k = 1/factor, from a random phase 0 … k - 1: the k phases share no reading,
    and together hold all of the first k·floor(T/k), so all of them where k divides T. ``mode="mean"`` gives the mean of each
    block of k readings, without the aliases of the other two; what is left at the end, fewer than k, is dropped. Covariates
    are read at the middle of a block. A labelled step is one where any of the old time it stands for was.

    It hurts networks that know one rate only, and decimation makes false slow waves of fast ones. The new length has to suit
    the model. On a forecast window the horizon keeps its number of steps, so the last ``horizon`` new steps are the target.

    >>> import variate
    >>> variate.Resample(factor=0.5, mode="mean")([1.0, 3.0, 5.0, 7.0]).tolist()
    [2.0, 6.0]
    """

    factor: float = param(0.5, about="new steps for each old one", low=0.001, identity=1)
    mode: str = param("linear", about="how readings are made", choices=("linear", "decimate", "mean"))

    shortest = 2
    lean = True
    preserves = ("range",)
    examples = ({}, {"factor": 1.7}, {"factor": 0.25, "mode": "decimate"}, {"factor": 1 / 3, "mode": "mean"})

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mode != "linear" and abs(1 / self.factor - self._every) > 1e-3 * self._every:
            raise ParameterError(
                f"Resample(factor={self.factor!r}, mode={self.mode!r}): factor must be 1 divided by an integer, such as "
                f"1/2 or 1/3, since every k-th reading counts; mode='linear' takes any"
            )

    @property
    def _every(self) -> int:
        """How many old steps make a new one, in the modes that count steps."""
        return max(round(1 / self.factor), 1)

    @property
    def keeps_boundary(self) -> bool:
        """Whether the clock keeps past and target apart by itself."""
        return True

    @property
    def averages(self) -> bool:
        """Whether it makes means of readings."""
        return self.mode == "mean"

    def length(self, length: int) -> int:
        """Return the number of steps of the output."""
        if length < self.shortest:
            return length
        return max(round(self.factor * length), 2) if self.mode == "linear" else max(length // self._every, 1)

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Read the panel at the clock, and put the means of the blocks in place of the values where that is asked for."""
        moved = super().work(panel, rng)
        if self.mode != "mean" or self._every == 1:
            return moved
        xp = namespace(panel.values)
        seen = panel.values if panel.mask is None else put_back(panel.values, ~panel.mask[:, None, :])
        means = block_means(seen, self._every)
        if moved.mask is not None:  # steps that were not observed keep what they hold
            means = xp.where(moved.mask[:, None, :], means, moved.values)
        if moved.points is None or moved.point_role != "event":
            return moved.replace(values=means)
        return moved.replace(values=means, points=block_maxima(panel.points, self._every))

    def boundary(self, panel: Panel) -> int | None:
        """Return the first old step that the new target is made of: the border moves with the rate."""
        if not panel.horizon:
            return None
        new = self.length(panel.length)
        if self.mode == "linear":
            return min(max(round((new - panel.horizon) * panel.length / new), 1), panel.length - 1)
        return (new - panel.horizon) * self._every

    def clock(self, panel: Panel, rng: Draws) -> Clock:
        """Return one piece for each sample, two around the border of a forecast target."""
        new, every = self.length(panel.length), min(self._every, panel.length)
        if panel.horizon >= new:
            raise ContractError(
                f"Resample(factor={self.factor!r}, mode={self.mode!r}) gives {new} steps, and the horizon alone has "
                f"{panel.horizon}; keep more steps than the horizon"
            )
        xp = namespace(panel.values)
        count = xp.full((panel.n, 1), new, dtype=xp.int64, device=panel.values.device)
        if self.mode == "linear":
            return self._linear(panel, xp.zeros_like(count), count)
        if self.mode == "decimate":
            return pieces(rng.integers("phase", every, (1,)), count, float(self._every))
        return pieces(xp.full_like(count, (every - 1) / 2, dtype=xp.float64), count, float(self._every))

    def _linear(self, panel: Panel, first: Array, count: Array) -> Clock:
        """Read evenly; the old steps before the border, moved to where it falls, are the past's, the others the target's."""
        new, last = self.length(panel.length), panel.length - 1
        if panel.horizon == 0:
            return pieces(first, count, last / (new - 1))
        past = new - panel.horizon
        border = self.boundary(panel) or last
        parts = [(past, border - 1), (panel.horizon, last - border)]
        step = [(steps / (readings - 1) if readings > 1 else 1.0) for readings, steps in parts]
        xp = namespace(first)
        both = pieces(concat([first, first + border], axis=1), concat([count - panel.horizon, first + panel.horizon], axis=1))
        pace = concat([xp.full_like(first, s, dtype=xp.float64) for s in step], axis=1)
        return both._replace(step=pace)
