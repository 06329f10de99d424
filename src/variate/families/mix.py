"""Mix: x'(t) = Σₖ wₖ(t)·xₖ(t). A series and partners out of known data become one."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from variate.core.draws import Draws, samples_of
from variate.core.errors import ContractError, PanelError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.spec import state
from variate.core.transform import Transform
from variate.families.mixture import Others, Piece, gathered, labelled, settled, untouched
from variate.families.pool import Pool, check_pool
from variate.families.time import follow
from variate.families.value import scope
from variate.kernels.arrays import Array, namespace, numpy_of
from variate.kernels.missing import fill_parts, has_nan, put_back

FIELDS = ("values", "lengths", "label", "points", "mask")


class Mixed(NamedTuple):
    """What :meth:`MixTransform.mix` returns."""

    values: Array
    weights: Array
    clocks: Callable[[], Array] | None = None


@dataclass(frozen=True, kw_only=True)
class MixTransform(Transform):
    """A mixture of each series with partners. The author writes :meth:`mix`, and perhaps :attr:`count` and :meth:`partners`.

    Partners come out of the panel that :meth:`fit` was given, each sample drawing from its own stream, so a row does not
    feel its batch; ``pool="batch"`` is the explicit exception. A series is never its own partner; one without any stays
    as it is. A mixture has the labels of all that is in it: class labels by weight, the strongest event, the steps that were
    observed in all. Covariates are those of the series itself.
    """

    family: ClassVar[str] = "mix"
    label_rule: ClassVar[str] = "class labels by weight, hard among partners of one class; event labels of all that is mixed"

    across: bool = param(False, about="partners may be of another class; class labels become class weights")
    pool: str = param("fitted", choices=("fitted", "batch"), about="partners are known series, or those of the batch")
    scope: str = scope("all")
    p: float = param(1.0, low=0, high=1, about="chance that a sample is mixed at all")
    pool_values: Any = state()
    pool_lengths: Any = state()
    pool_label: Any = state()
    pool_points: Any = state()
    pool_mask: Any = state()

    @property
    def count(self) -> int:
        """How many partners a series has."""
        return 1

    @property
    def stretches(self) -> bool:
        """Whether partners may be of any length, and are stretched to that of the series."""
        return False

    @property
    def apart(self) -> bool:
        """Whether steps move, so that past and target of a forecast window are mixed each on its own."""
        return False

    @abstractmethod
    def mix(self, x: Array, others: Array, rng: Draws) -> Mixed:
        """Return x (n, c, t) mixed with others (n, count, c, t). Gaps are filled.

        The weights of a sample, (n, 1 + count, 1 or t), its own first, sum to 1 at each step. A transform that aligns series
        gives a function that returns clocks too, (n, 1 + count, t): where in each of them what it made is read from, rising.
        It is called where anything has to follow them.
        """

    def partners(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        """Return rows of the pool (n, count), -1 where there are no more: any of the series' length, of its class."""
        return pool.draw(panel, self.within(panel), self.count, rng, self.stretches)

    def within(self, panel: Panel) -> bool:
        """Whether partners are of the series' own class."""
        return not self.across and panel.label is not None

    def fit(self, panel: Panel, seed: int = 0) -> Self:
        """Return this transform with the series of a panel as its pool. They are copied."""
        panel = panel if isinstance(panel, Panel) else Panel(panel)
        if panel.n == 0:
            raise PanelError(f"{type(self).__name__}.fit: the panel has no series; partners need at least two")
        pool = Pool.of(panel)
        new = dataclasses.replace(self, **{f"pool_{name}": getattr(pool, name) for name in FIELDS})
        new.__dict__["_pool"] = pool
        return new

    @property
    def known(self) -> Pool:
        """The pool; raise ContractError before :meth:`fit`."""
        if self.pool_values is None:
            name = type(self).__name__
            raise ContractError(f"{name} draws partners from known data; call {name}().fit(panel) first")
        kept: Pool | None = self.__dict__.get("_pool")
        if kept is None or kept.values is not self.pool_values:
            kept = self.__dict__["_pool"] = Pool(**{name: getattr(self, f"pool_{name}") for name in FIELDS})
        return kept

    @property
    def fitted(self) -> bool:
        """Whether its partners are known, or are those of the batch."""
        return self.pool == "batch" or self.pool_values is not None

    @property
    def barrier(self) -> bool:
        """Whether it has to see the batch whole."""
        return self.pool == "batch"

    @property
    def softens(self) -> bool:
        """Whether class labels come out as class weights, for every row."""
        return self.across

    @property
    def classes(self) -> int:
        """The number of class weights, 0 where the batch decides."""
        return self.known.classes if self.pool == "fitted" else 0

    def work(self, panel: Panel, rng: Draws) -> Panel:
        """Mix the samples that the gate leaves to change, as far as the scope goes."""
        pool = Pool.of(panel) if self.pool == "batch" else self.known
        self._check_points(panel)
        check_pool(pool, panel, not self.across, type(self).__name__)
        rows = self._rows(panel, pool, rng)
        if (rows < 0).all():
            return panel
        others = gathered(pool, rows, panel)
        split = self._split(panel)
        parts = [(0, split, rng)]
        if self.apart and 0 < panel.horizon < split == panel.length:
            border = panel.length - panel.horizon
            parts = [(0, border, rng.at("past")), (border, split, rng.at("target"))]
        mixed = [self._mixed(panel.steps(a, b), others.steps(a, b), place) for a, b, place in parts]
        if split < panel.length:
            mixed.append(untouched(panel.steps(split, panel.length), others.steps(split, panel.length)))
        return labelled(panel, others.label, mixed)

    def mixed_with(self, panel: Panel, seed: int, epoch: int = 0) -> Any:
        """Return which rows of the fitted panel a call with this seed and epoch mixes into each series of one length.

        The rows are (n, count), -1 for none; with ``pool="batch"`` they are rows of this panel. Only where the transform is
        called itself: in a pipeline it draws otherwise.
        """
        pool = Pool.of(panel) if self.pool == "batch" else self.known
        return self._rows(panel, pool, Draws(seed, epoch, samples_of(panel.ids), f"/{self.op}"))

    def _rows(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        if self._split(panel) < self.shortest:
            return np.full((panel.n, self.count), -1)
        rows = self.partners(panel, pool, rng)
        return rows if self.p == 1 else np.where(numpy_of(rng.chance("gate", self.p))[:, None], rows, -1)

    def _split(self, panel: Panel) -> int:
        return panel.length - panel.horizon if self.scope == "past" else panel.length

    def _check_points(self, panel: Panel) -> None:
        if panel.points is not None and panel.point_role != "event":
            raise ContractError(
                f"{type(self).__name__} mixes series, and a step of a mixture has no one state (segment class); leave it out, "
                "or drop the points"
            )

    def _mixed(self, panel: Panel, others: Others, rng: Draws) -> Piece:
        """Return what becomes of some steps: NaN where one that is in the mixture is missing."""
        x = panel.values
        xp = namespace(x)
        border = panel.length - panel.horizon if panel.horizon else None
        bare = panel.bare
        base = fill_parts(bare, border) if has_nan(bare) else bare
        partners = fill_parts(others.values, border) if others.gaps else others.values
        if not others.all_used:
            partners = xp.where(others.used[:, :, None, None], partners, base[:, None])
        mixed, weights, clocks = Mixed(*self.mix(base, partners, rng))
        used = xp.any(others.used, axis=1)
        if clocks is not None and (others.gaps or others.points is not None or _follows(panel)):
            still = xp.astype(xp.arange(panel.length, device=x.device), xp.float64)
            found = xp.where(used[:, None, None], clocks(), still)
            panel, others = follow(panel, found[:, 0], True), others.at(found[:, 1:])
        weights = settled(weights, others.used, x)
        here = weights[:, 0] > 0
        if clocks is not None and panel.mask is not None:
            panel = panel.replace(mask=panel.mask | ~here)
        if others.lost is not None:
            mixed = put_back(mixed, xp.any(others.lost & (weights[:, 1:, None] > 0), axis=1))
        if has_nan(panel.values) or not others.all_used:
            mixed = xp.where((xp.isnan(panel.values) & here[:, None]) | ~used[:, None, None], panel.values, mixed)
        if panel.mask is not None:
            mixed = xp.where(panel.mask[:, None], mixed, panel.values)
        return Piece(panel.replace(values=mixed), others, weights)


def _follows(panel: Panel) -> bool:
    """Whether anything of a panel, or a gap in it, moves with the steps of its series."""
    timed = (panel.points, panel.mask, panel.covariates)
    return any(field is not None for field in timed) or has_nan(panel.values)
