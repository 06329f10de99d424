"""Mix: x'(t) = Σₖ wₖ(t)·xₖ(t). A series and partners out of known data become one."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from variate.core.draws import Draws, samples_of
from variate.core.errors import ContractError, PanelError
from variate.core.panel import Panel
from variate.core.param import param
from variate.core.spec import state
from variate.core.transform import Transform
from variate.families.pool import Pool, check_pool
from variate.families.value import scope
from variate.kernels.arrays import Array, concat, like, namespace, numpy_of
from variate.kernels.missing import fill_parts, has_nan, put_back

FIELDS = ("values", "lengths", "label", "points", "mask")


@dataclass(frozen=True, kw_only=True)
class MixTransform(Transform):
    """A mixture of each series with partners. The author writes :meth:`mix`, and perhaps :meth:`partners` and ``count``.

    Partners come out of the panel that :meth:`fit` was given, each sample drawing from its own stream, so a row does not
    feel its batch; ``pool="batch"`` is the explicit exception. A series is never its own partner; one without any stays
    as it is. A mixture has the labels of all that is in it: class labels by weight, the strongest event, the steps that were
    observed in all. Covariates are those of the series itself.
    """

    family: ClassVar[str] = "mix"
    label_rule: ClassVar[str] = "class labels by weight, hard among partners of one class; event labels of all that is mixed"
    count: ClassVar[int] = 1

    across: bool = param(False, about="partners may be of another class; class labels become class weights")
    pool: str = param("fitted", choices=("fitted", "batch"), about="partners are known series, or those of the batch")
    scope: str = scope("all")
    p: float = param(1.0, low=0, high=1, about="chance that a sample is mixed at all")
    pool_values: Any = state()
    pool_lengths: Any = state()
    pool_label: Any = state()
    pool_points: Any = state()
    pool_mask: Any = state()

    @abstractmethod
    def mix(self, x: Array, others: Array, rng: Draws) -> tuple[Array, Array]:
        """Return x (n, c, t) mixed with others (n, count, c, t), and what weight each had, (n, 1 + count, 1 or t), x first.

        Gaps are filled. The weights of a sample sum to 1, at each step.
        """

    def partners(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        """Return rows of the pool (n, count), -1 where there are no more: any of the series' length, of its class."""
        return pool.draw(panel, not self.across and panel.label is not None, self.count, rng)

    def fit(self, panel: Panel, seed: int = 0) -> Self:
        """Return this transform with the series of a panel as its pool. They are copied."""
        panel = panel if isinstance(panel, Panel) else Panel(panel)
        if panel.n == 0:
            raise PanelError(f"{type(self).__name__}.fit: the panel has no series; partners need at least two")
        return self._with(Pool.of(panel))

    def _with(self, pool: Pool) -> Self:
        new = dataclasses.replace(self, **{f"pool_{name}": getattr(pool, name) for name in FIELDS})
        new.__dict__["_pool"] = pool
        return new

    @property
    def known(self) -> Pool:
        """The pool; raise ContractError before :meth:`fit`."""
        if self.pool_values is None:
            name = type(self).__name__
            raise ContractError(f"{name} draws partners from known data; call {name}().fit(panel) first")
        if "_pool" not in self.__dict__:
            self.__dict__["_pool"] = Pool(**{name: getattr(self, f"pool_{name}") for name in FIELDS})
        found: Pool = self.__dict__["_pool"]
        return found

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
        check_pool(pool, panel, not self.across, type(self).__name__)
        self._check_points(panel)
        split = panel.length - panel.horizon if self.scope == "past" else panel.length
        if split < self.shortest:
            return panel
        rows = self._gated(panel, pool, rng)
        if (rows < 0).all():
            return panel
        others = _gathered(pool, rows, panel)
        values, weights = self._mixed(panel, others, split, rng)
        return panel.replace(values=values, **_labels(panel, others, weights))

    def mixed_with(self, panel: Panel, seed: int, epoch: int = 0) -> Any:
        """Return which rows of the fitted panel a call with this seed and epoch mixes into each series of one length.

        The rows are (n, count), -1 for none. Only where the transform is called itself: in a pipeline it draws otherwise.
        """
        rng = Draws(seed, epoch, samples_of(panel.ids), f"/{self.op}")
        return self._gated(panel, self.known, rng)

    def _gated(self, panel: Panel, pool: Pool, rng: Draws) -> Any:
        rows = self.partners(panel, pool, rng)
        return rows if self.p == 1 else np.where(numpy_of(rng.chance("gate", self.p))[:, None], rows, -1)

    def _check_points(self, panel: Panel) -> None:
        if panel.points is not None and panel.point_role != "event":
            raise ContractError(
                f"{type(self).__name__} mixes series, and a step of a mixture has no one state (segment class); leave it out, "
                "or drop the points"
            )

    def _mixed(self, panel: Panel, others: Others, split: int, rng: Draws) -> tuple[Array, Array]:
        """Return the values of the mixture, NaN where one that is in it is missing, and the weights (n, 1 + count, 1 or t)."""
        x = panel.values[..., :split]
        xp = namespace(x)
        border = panel.length - panel.horizon if panel.horizon and split == panel.length else None
        bare = x if panel.mask is None else put_back(x, ~panel.mask[:, None, :split])
        base = fill_parts(bare, border) if has_nan(bare) else bare
        kept = has_nan(x)
        partners = others.values[..., :split]
        partners = fill_parts(partners, border) if others.gaps else partners
        if not others.all_used:
            partners, kept = xp.where(others.used[:, :, None, None], partners, base[:, None]), True
        mixed, weights = self.mix(base, partners, rng)
        weights = _settled(weights, others.used, panel.length, x)
        if others.lost is not None:
            mixed = put_back(mixed, xp.any(others.lost[..., :split] & (weights[:, 1:, None, :split] > 0), axis=1))
        if kept:
            mixed = xp.where(xp.isnan(x) | ~xp.any(others.used, axis=1)[:, None, None], x, mixed)
        if panel.mask is not None:
            mixed = xp.where(panel.mask[:, None, :split], mixed, x)
        return (mixed if split == panel.length else concat([mixed, panel.values[..., split:]], axis=-1)), weights


class Others(NamedTuple):
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


def _gathered(pool: Pool, rows: Any, panel: Panel) -> Others:
    """Return the partners that have these rows of the pool, in the library of the panel; -1 is none."""
    x, place, steps = panel.values, np.maximum(rows, 0), slice(panel.length)
    values = like(pool.values[place, :, steps], x, x.dtype)
    mask = None if pool.mask is None else like(pool.mask[place, steps], x)
    points = None if panel.points is None else like(pool.points[place, steps], panel.points)
    gaps = has_nan(values) or mask is not None
    lost = namespace(x).isnan(values) if gaps else None
    if mask is not None:
        values = put_back(values, ~mask[:, :, None])
        lost = lost if panel.mask is not None else lost | ~mask[:, :, None]  # else the mask of the mixture says it
    label = None
    if panel.label is not None and panel.label.ndim == 2:
        weights = pool.label if pool.label.ndim == 2 else np.eye(panel.label.shape[1])[pool.label]
        label = like(weights[place], panel.label, panel.label.dtype)
    return Others(values, points, mask, label, like(rows >= 0, x), bool((rows >= 0).all()), gaps, lost)


def _settled(weights: Array, used: Array, length: int, x: Array) -> Array:
    """Return the weights (n, 1 + k, 1 or length): what a partner that is none would have goes to the series.

    Where the scope ends before the series does, that is all alone in its last steps.
    """
    xp = namespace(x)
    weights = xp.astype(weights, x.dtype)
    partners = xp.where(used[:, :, None], weights[:, 1:], xp.zeros_like(weights[:, 1:]))
    if length > x.shape[2]:
        partners = xp.broadcast_to(partners, (*partners.shape[:2], x.shape[2]))
        alone = xp.zeros((*partners.shape[:2], length - x.shape[2]), dtype=x.dtype, device=x.device)
        partners = concat([partners, alone], axis=-1)
    return concat([1 - xp.sum(partners, axis=1, keepdims=True), partners], axis=1)


def _labels(panel: Panel, others: Others, weights: Array) -> dict[str, Array]:
    """Return the labels and the mask of a mixture."""
    xp, fields = namespace(weights), {}
    inside = weights[:, 1:] > 0
    if others.label is not None:
        shares = xp.astype(xp.mean(weights, axis=2), panel.label.dtype)
        fields["label"] = shares[:, :1] * panel.label + xp.sum(shares[:, 1:, None] * others.label, axis=1)
    if others.points is not None:
        points = panel.points
        for k in range(others.points.shape[1]):
            theirs = xp.astype(others.points[:, k], points.dtype)
            points = xp.where(inside[:, k] & (theirs > points), theirs, points)
        fields["points"] = points
    if panel.mask is not None and others.mask is not None:
        fields["mask"] = panel.mask & xp.all(others.mask | ~inside, axis=1)
    return fields
