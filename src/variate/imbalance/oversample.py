"""oversample: small classes grown by augmented copies of their series."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from variate.core import engine
from variate.core.draws import Draws, checked_seed, samples_of
from variate.core.errors import ContractError, PanelError
from variate.core.panel import Panel, concatenate
from variate.core.param import Param
from variate.core.transform import Transform
from variate.families.mix import MixTransform
from variate.families.pool import Pool, check_pool
from variate.imbalance.emphasis import emphasis as weigh
from variate.imbalance.plan import Target, plan
from variate.kernels.arrays import numpy_of
from variate.pipeline.parts import checked_parts

LONELY = Param("lonely", "str", "refuse", choices=("refuse", "duplicate"))


def oversample(
    panel: Panel,
    transform: Transform,
    target: Target = "equal",
    seed: int | None = 0,
    lonely: str = "refuse",
    emphasis: Any = None,
) -> Panel:
    """Return the panel's rows followed by so many augmented copies that every class reaches its target.

    Copy k of a row is epoch k of ``seed``, so it is the same row that :func:`variate.expand` gives, whatever else is
    copied. The copies are in the order of k, and of the rows for each. ``extra["source"]`` is the original row of each row
    (that of a panel of slices or copies stays what it was), ``extra["copy"]`` its k (0 for originals); ids are numbered
    afresh. Ragged panels stay ragged, and a transform that changes the length gives one. Where it makes class weights of
    labels, the originals have them too.

    A transform that learns first is fitted to the panel, unless it is fitted already. One that mixes series of a class
    leaves a series alone for which it knows no other of its class and length; its copies would be duplicates.

    Args:
        panel: series with class labels ``(n,)``.
        transform: a transform or pipeline.
        target: ``"equal"``, ``"double"``, a share of the largest class, or a dict, as :func:`variate.imbalance.plan.plan`
            takes it.
        seed: the same seed gives the same copies; None draws a new one.
        lonely: ``"refuse"`` a series that is to be copied and has no partner, or ``"duplicate"`` it, changed by nothing
            but what else the pipeline does.
        emphasis: which samples of a class are copied more: weights ``(n,)``, or ``"borderline"``, ``"adasyn"``, ``"svm"``
            or ``"kmeans"`` (:func:`variate.imbalance.emphasis`); by default all alike. With :class:`variate.Smote` these
            are the variants of SMOTE; :func:`variate.imbalance.clean` takes away what overlaps afterwards.

    Raises:
        PanelError: no panel, or one without class labels or with class weights.
        ParameterError: a target that cannot be reached, or other parameters that are none.
        ContractError: a series without a partner, under ``lonely="refuse"``.

    >>> import variate
    >>> panel = variate.Panel([[1.0, 2.0], [2.0, 3.0], [9.0, 8.0]], label=[0, 0, 1])
    >>> big = oversample(panel, variate.Jitter(), {0: 3, 1: 3})
    >>> big.label.tolist(), big.extra["source"].tolist(), big.extra["copy"].tolist()
    ([0, 0, 1, 0, 1, 1], [0, 1, 2, 0, 2, 2], [0, 0, 0, 1, 1, 2])
    """
    if not isinstance(panel, Panel) or panel.label is None:
        what = "has no class labels" if isinstance(panel, Panel) else f"is a {type(panel).__name__}"
        raise PanelError(f"the panel {what}, and oversample evens out classes; pass variate.Panel(x, label=y)")
    checked_parts((transform,), "oversample")
    LONELY.check(lonely, "oversample")
    weights = weigh(panel, emphasis) if isinstance(emphasis, str) else emphasis
    copies, seed = plan(panel.label, target, weights), checked_seed(seed)
    fitted = transform if transform.fitted else transform.fit(panel, seed)
    if lonely == "refuse":
        check_partners(fitted, panel, copies, "oversample")
    return grown(panel, fitted, copies, seed)


def grown(panel: Panel, transform: Transform, copies: Any, seed: int) -> Panel:
    """Return the originals followed by ``copies`` (n,) augmented copies of each: copy k of a row is epoch k of ``seed``."""
    panel = engine.entering(transform, panel)  # whole: the classes of some of the rows could be fewer
    source = panel.extra.get("source", np.arange(panel.n))
    parts = [panel.replace(extra={**panel.extra, "source": source, "copy": np.zeros(panel.n, np.int64)})]
    for k in range(1, int(copies.max(initial=0)) + 1):
        rows = np.flatnonzero(copies >= k)
        if transform.barrier:
            out = engine.run(transform, panel, seed, epoch=k)[0].rows(rows)  # it mixes with all that is there, as in expand
        else:
            out, _ = engine.run(transform, panel.rows(rows), seed, epoch=k)
        parts.append(out.replace(extra={**out.extra, "source": source[rows], "copy": np.full(len(rows), k)}))
    whole = concatenate(parts)
    return whole.replace(ids=np.arange(whole.n))


def check_partners(transform: Transform, panel: Panel, copies: Any, owner: str) -> None:
    """Raise ContractError where a series is to be copied that a transform would mix with others of its class, and has none."""
    needed = np.flatnonzero(copies)
    for leaf in _leaves(transform):
        if len(needed) and isinstance(leaf, MixTransform) and leaf.within(panel):
            alone = needed[_alone(leaf, panel.rows(needed), Pool.of(panel) if leaf.pool == "batch" else leaf.known)]
            if len(alone):
                row = int(alone[0])
                raise ContractError(
                    f"{owner}: {leaf!r} mixes a series with others of its class and length, and row {row} (class "
                    f"{int(panel.label[row])}) has none{f', nor have {len(alone) - 1} more' * (len(alone) > 1)}; use "
                    "lonely='duplicate' to repeat it as it is, or a transform that needs no partner, such as variate.Jitter()"
                )


def _leaves(transform: Transform) -> Iterator[Transform]:
    parts = getattr(transform, "parts", None)
    if parts is None:
        yield transform
        return
    for part in parts:
        yield from _leaves(part)


def _alone(leaf: MixTransform, panel: Panel, pool: Pool) -> Any:
    """Return the rows of a panel for which a transform that mixes knows no partner.

    Only where it knows series of their length: a step before it may change that, and then it is the run that tells.
    """
    check_pool(pool, panel, True, type(leaf).__name__)
    alone = []
    for index, part in panel.groups():
        if leaf.stretches or part.length in pool.lengths:
            values = numpy_of(part.values)
            values = np.ascontiguousarray(values, dtype=np.result_type(values, np.float32))
            seen = part.replace(values=values, label=numpy_of(part.label))  # as the engine and the pool hold them
            drawn = pool.draw(seen, True, 1, Draws(0, 0, samples_of(part.ids), f"/{leaf.op}"), leaf.stretches)
            alone.append(index[drawn[:, 0] < 0])
    return np.sort(np.concatenate(alone)) if alone else np.empty(0, np.int64)
