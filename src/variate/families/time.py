"""Time: x'(t) = x(τ(t)). When a reading is changes, never what it is."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.transform import Transform
from variate.kernels.arrays import Array, concat, namespace
from variate.kernels.reading import Clock, Pieces, chain, dense, nearest, read, strongest

__all__ = ["Clock", "Pieces", "TimeTransform", "follow", "fused", "pieces"]


def pieces(start: Array, length: Array, step: Array | float = 1.0) -> Pieces:
    """Return a clock in pieces (n, pieces): first old position, number of readings, old steps per reading.

    Pieces of unit step from whole starts are slice copies, bit for bit.
    """
    xp = namespace(start)
    step = xp.full_like(start, step, dtype=xp.float64) if isinstance(step, (int, float)) else step
    return Pieces(start, step, length)


@dataclass(frozen=True, kw_only=True)
class TimeTransform(Transform):
    """A change of the clock. The author writes :meth:`clock`; points, mask and covariates follow it.

    On a forecast window a rising clock of unchanged length is stretched so that past and future are each mapped onto
    themselves: no past reading touches a target. A clock that changes the length sees to that itself; its last
    ``horizon`` readings are the target.
    """

    family: ClassVar[str] = "time"
    label_rule: ClassVar[str] = "class label stays; point labels follow the clock"

    p: float = param(1.0, low=0, high=1, about="chance that a sample is changed at all")

    @property
    def keeps_boundary(self) -> bool:
        """Whether its clock keeps past and target apart by itself also where the length stays."""
        return False

    @property
    def fuses(self) -> bool:
        """Whether reading at its rising clock is all it does, so that adjacent ones can share one reading."""
        return self.monotone and not self.averages

    @property
    def averages(self) -> bool:
        """Whether it also makes means of readings, which are there where some of those are missing."""
        return False

    @abstractmethod
    def clock(self, panel: Panel, rng: Draws) -> Clock:
        """Return where each new reading is read from: τ (n, new t) in old steps, or :func:`pieces`.

        ``panel`` may be an outline, with the length and horizon but no channels: a clock does not look at values.
        """

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Read the panel at the clock."""
        return follow(panel, self.gated_clock(panel, rng), self.monotone, self.boundary(panel))

    def boundary(self, panel: Panel) -> int | None:
        """Return the first old step that the new target is made of, None without a forecast horizon."""
        return panel.length - panel.horizon if panel.horizon else None

    def gated_clock(self, panel: Panel, rng: Draws) -> Clock:
        """Return the clock with the forecast boundary kept, and the identity for samples that the gate leaves alone."""
        clock = self.clock(panel, rng)
        self._check_clock(clock, panel)
        kept = self.keeps_boundary or self.length(panel.length) != panel.length
        if panel.horizon and self.monotone and not kept:
            clock = _anchored(dense(clock), panel.length - panel.horizon)
        if self.p == 1:
            return clock
        new = self.length(panel.length)
        if new != panel.length:
            raise ContractError(
                f"{type(self).__name__}(p={self.p:g}) would give some samples {new} steps and leave others at "
                f"{panel.length}; a length-changing transform needs p=1"
            )
        return _gated(clock, rng.chance("gate", self.p), panel.length)

    def _check_clock(self, clock: Clock, panel: Panel) -> None:
        """Raise ContractError where a clock would read beside the series: compiled code does not look."""
        new = self.length(panel.length)
        pieces = isinstance(clock, Pieces)
        if not (clock.fits(panel.length, new) if pieces else tuple(clock.shape) == (panel.n, new)):
            raise ContractError(
                f"{type(self).__name__}.clock() has to read {new} steps for each of {panel.n} series, at positions in "
                f"0 … {panel.length - 1}; it gave {'pieces that do not' if pieces else tuple(clock.shape)}"
            )


def follow(panel: Panel, clock: Clock, monotone: bool, boundary: int | None = None) -> Panel:
    """Return the panel read at a clock: values and covariates linearly, points and mask by their rules.

    ``boundary`` is the first old step that a forecast target is made of; gaps are not bridged across it.
    """
    unseen = None if panel.mask is None else ~panel.mask[:, None, :]
    fields = {"values": read(panel.values, clock, boundary, unseen)}
    if panel.mask is not None:
        fields["mask"] = nearest(panel.mask[:, None, :], clock)[:, 0]
    if panel.covariates is not None:
        fields["covariates"] = read(panel.covariates, clock, boundary)
    if panel.points is not None:
        border = fields["values"].shape[2] - panel.horizon if panel.horizon else -1
        rising = monotone and panel.point_role == "event"
        fields["points"] = strongest(panel.points, clock, border) if rising else nearest(panel.points[:, None], clock)[:, 0]
    return panel.replace(**fields)


def outline(panel: Panel, length: int) -> Panel:
    """Return the panel as a clock sees it: so many steps, no channels, nothing to be read."""
    xp = namespace(panel.values)
    nothing = xp.zeros((panel.n, 0, length), dtype=panel.values.dtype, device=panel.values.device)
    return panel.replace(values=nothing, points=None, mask=None, covariates=None)


def fused(steps: list[tuple[TimeTransform, Draws]], panel: Panel) -> Panel:
    """Run adjacent rising Time transforms as one: their clocks compose, and values are read once.

    Two linear readings of white noise keep 0.50 of its variance, one keeps 0.67.
    """
    clock, length = None, panel.length
    for transform, rng in steps:
        transform.check_horizon(panel)
        if length < transform.shortest:
            continue
        own = transform.gated_clock(outline(panel, length), rng)
        clock = own if clock is None else chain(dense(clock), dense(own))
        length = transform.length(length)
    if clock is None:
        return panel
    return follow(panel, clock, monotone=True, boundary=panel.length - panel.horizon if panel.horizon else None)


def _anchored(clock: Array, boundary: int) -> Array:
    """Stretch a rising clock so that [0, boundary - 1] and [boundary, t - 1] are each mapped onto themselves."""
    parts = [_onto(clock[:, :boundary], 0), _onto(clock[:, boundary:], boundary)]
    return concat(parts, axis=1)


def _onto(clock: Array, start: int) -> Array:
    xp = namespace(clock)
    steps = clock.shape[1] - 1
    rise = clock - clock[:, :1]
    end = rise[:, -1:]
    share = xp.clip(rise / xp.where(end > 0, end, xp.ones_like(end)), 0.0, 1.0)
    return start + xp.where(end == steps, rise, share * steps)  # what is onto itself already stays, bit for bit


def _gated(clock: Clock, chosen: Array, length: int) -> Clock:
    """Return the clock where chosen, else the identity."""
    xp = namespace(chosen)
    if not isinstance(clock, Pieces):
        steps = xp.astype(xp.arange(length, device=getattr(clock, "device", None)), xp.float64)
        return xp.where(chosen[:, None], clock, steps[None, :])
    first = xp.zeros_like(clock.length)
    first[:, 0] = length
    keep = chosen[:, None]
    start = xp.where(keep, clock.start, xp.zeros_like(clock.start))
    step = xp.where(keep, clock.step, xp.ones_like(clock.step))
    return Pieces(start, step, xp.where(keep, clock.length, first))
