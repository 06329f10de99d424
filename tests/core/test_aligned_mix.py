"""What the Mix family does where series are read at clocks of their own: gaps, labels and covariates go with their steps."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch

import variate
from kernels.oracles import as_body, as_numpy, fill_gaps, nearest_at, read_at, read_with_gaps, strongest_at
from transforms.helpers import BODIES, draw, run, same_bits, series
from variate import Panel
from variate.core import engine
from variate.core.draws import Draws
from variate.families import Mixed, MixTransform
from variate.kernels.arrays import namespace
from variate.kernels.reading import read

ALIGNED = [
    variate.Spawner(sigma=0.0),
    variate.GuidedWarp(),
    variate.GuidedWarp(width=5, band=0.3),
    variate.GuidedWarp(teacher="discriminative"),
    variate.DtwMerge(),
    variate.WeightedDBA(band=0.2, iterations=2),
    variate.WeightedDBA(scheme="as", band=0.2, iterations=2),
    variate.WeightedDBA(scheme="aa", band=0.2, iterations=2, series=3),
    variate.Smote(metric="dtw"),
]
SMOOTH = [
    variate.Mixup(alpha=1.0),
    variate.CutMix(),
    variate.TSMixup(),
    variate.TailoredMixup(),
    variate.Smote(),
]
EVERY = [*ALIGNED, *SMOOTH]
TIMED = ("values", "points", "mask", "covariates")


@dataclass(frozen=True, kw_only=True)
class Bent(MixTransform):
    """A third of the series and two thirds of its partner, each read at a clock that was drawn for it."""

    apart = True
    stretches = True

    def mix(self, x: Any, others: Any, rng: Draws) -> Mixed:
        clocks = self.clocks(x, rng)
        mixed = (read(x, clocks[:, 0]) + 2 * read(others[:, 0], clocks[:, 1])) / 3
        xp = namespace(x)
        third = xp.full((x.shape[0], 1, 1), 1 / 3, dtype=x.dtype)
        return Mixed(xp.astype(mixed, x.dtype), xp.concat([third, 2 * third], axis=1), lambda: clocks)

    def clocks(self, x: Any, rng: Draws) -> Any:
        xp, last = namespace(x), x.shape[2] - 1
        share = xp.astype(xp.arange(x.shape[2]), xp.float64) / max(last, 1)
        return last * share ** (0.5 + 1.5 * xp.astype(rng.uniform("bend", (2, 1)), xp.float64))


@dataclass(frozen=True, kw_only=True)
class Partner(MixTransform):
    """Gives the partner itself, of whatever length it was, so that the values show who it was."""

    stretches = True

    def mix(self, x: Any, others: Any, rng: Draws) -> Mixed:
        xp = namespace(x)
        whole = xp.ones((x.shape[0], 1, 1), dtype=x.dtype)
        return Mixed(others[:, 0], xp.concat([0 * whole, whole], axis=1))


@dataclass(frozen=True, kw_only=True)
class Silent(Bent):
    """Has clocks that nobody may ask for."""

    def mix(self, x: Any, others: Any, rng: Draws) -> Mixed:
        def asked() -> Any:
            raise AssertionError("asked for clocks that nothing follows")

        return super().mix(x, others, rng)._replace(clocks=asked)


def blemished(n: int, masked: bool, gaps: bool, seed: int, horizon: int = 0, length: int = 60) -> Panel:
    """Return series of a class each, with events and covariates, perhaps with gaps and steps not observed: wild ones."""
    rng = np.random.default_rng(seed)
    x, mask = series(n=n, seed=seed, length=length), rng.random((n, length)) < 0.8
    mask[0, 36:45] = False
    if gaps:
        x[rng.random(x.shape) < 0.1] = np.nan
        x[1, 0, 37:44] = np.nan
        x[2, 1, :4] = x[2, 1, -4:] = np.nan
    if masked:
        x = np.where(mask[:, None], x, 1e6)
    fields = {"mask": mask} if masked else {}
    return Panel(
        x, label=np.arange(n), points=rng.random((n, length)) < 0.1, covariates=rng.normal(size=(n, 2, length)),
        horizon=horizon, **fields,
    )  # fmt: skip


def bent(panel: Panel, known: Panel, i: int, parts: list[tuple[int, int, Any]]) -> dict[str, Any]:
    """Return the fields of row i mixed by Bent with the row of its class, in parts (start, stop, bends), step by step."""
    out = {name: getattr(panel, name)[i].copy() for name in TIMED if getattr(panel, name) is not None}
    for start, stop, bend in parts:
        here, length = slice(start, stop), stop - start
        x, z = panel.values[i : i + 1, :, here], known.values[i : i + 1, :, here]
        seen, there = (
            np.ones((1, length), bool) if p.mask is None else p.mask[i : i + 1, here] for p in (panel, known)
        )  # fmt: skip
        share = np.arange(length) / max(length - 1, 1)
        own, theirs = ((length - 1) * share[None] ** (0.5 + 1.5 * b.astype(np.float64)) for b in bend[:, 0])
        bare, other = (fill_gaps(np.where(s[:, None], v, np.nan)) for v, s in ((x, seen), (z, there)))
        y = (read_at(bare, own) + 2 * read_at(other, theirs)) / 3
        lost = nearest_at(np.isnan(x), own) | nearest_at(np.isnan(z), theirs)
        if panel.mask is None:
            lost |= nearest_at(~there[:, None], theirs)
        still = nearest_at(seen[:, None], own)
        out["values"][:, here] = np.where(still, np.where(lost, np.nan, y), nearest_at(x, own))[0]
        points = [strongest_at(p.points[i : i + 1, here], c)[0] for p, c in ((panel, own), (known, theirs))]
        out["points"][here] = points[0] | points[1]
        out["covariates"][:, here] = read_at(panel.covariates[i : i + 1, :, here], own)[0]
        if panel.mask is not None:
            out["mask"][here] = (still & nearest_at(there[:, None], theirs))[0, 0]
    return out


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("scope", ["all", "past"])
@pytest.mark.parametrize("horizon", [0, 20])
@pytest.mark.parametrize(("masks", "gaps"), [
    ((False, False), (False, False)),
    ((True, True), (False, False)),
    ((True, False), (False, True)),
    ((False, True), (True, False)),
    ((True, True), (True, True)),
])  # fmt: skip
def test_everything_goes_with_the_step_it_belongs_to(body, scope, horizon, masks, gaps):
    """Breaks where a gap, an event, a covariate or an unobserved step stays where it was, or goes with the other's clock.

    Each class has one series in the pool, which is none of the panel's: so everybody's partner is known.
    """
    panel, known = (blemished(5, masks[k], gaps[k], k, horizon) for k in (0, 1))
    y, drawn = run(body, Bent(scope=scope).fit(known), panel)
    split = 60 - horizon if scope == "past" else 60
    for i in range(5):
        if horizon and scope == "all":
            bends = [drawn[f"/bent/{part}"]["bend"][i] for part in ("past", "target")]
            parts = [(0, 40, bends[0]), (40, 60, bends[1])]
        else:
            parts = [(0, split, drawn["/bent"]["bend"][i])]
        expected = bent(panel, known, i, [(a, b, bend.reshape(2, 1)) for a, b, bend in parts])
        for name, value in expected.items():
            np.testing.assert_allclose(getattr(y, name)[i], value, rtol=0, atol=1e-9, err_msg=name)
    assert same_bits(y.label, panel.label)
    assert (y.mask is None) == (not masks[0])
    op = Bent(scope=scope, across=True).fit(known)
    theirs = np.eye(5)[known.label[op.mixed_with(panel, 0)[:, 0]]]
    expected = np.eye(5)[panel.label] + 2 / 3 * split / 60 * (theirs - np.eye(5)[panel.label])
    np.testing.assert_allclose(run(body, op, panel)[0].label, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_clocks_are_asked_for_only_where_something_follows_them(body):
    """Breaks where series without anything else pay for clocks, or those with it go without."""
    x = series(n=3)
    panel = Panel(x, label=np.arange(3))
    known = Panel(series(n=3, seed=1), label=np.arange(3), points=np.zeros((3, 60), bool))
    run(body, Silent().fit(known), panel)
    gap = x.copy()
    gap[0, 0, 5] = np.nan
    for followed in (
        panel.replace(points=np.zeros((3, 60), bool)),
        panel.replace(mask=np.ones((3, 60), bool)),
        panel.replace(covariates=x),
        panel.replace(values=gap),
    ):
        with pytest.raises(AssertionError, match="asked for clocks"):
            run(body, Silent().fit(known), followed)
    for holes in (known.replace(values=gap), known.replace(mask=np.ones((3, 60), bool))):
        with pytest.raises(AssertionError, match="asked for clocks"):
            run(body, Silent().fit(holes), panel)


def alike(**shape: Any) -> Any:
    """Return series of one level and spread, so that it is their shapes that are aligned."""
    x = series(**shape)
    return (x - x.mean(axis=-1, keepdims=True)) / x.std(axis=-1, keepdims=True)


def full(n: int, seed: int, length: int = 60, classes: int = 3, horizon: int = 0) -> Panel:
    """Return series with all that may follow them, of a few classes."""
    rng = np.random.default_rng(seed)
    x = alike(n=n, seed=seed, length=length)
    x[rng.random(x.shape) < 0.03] = np.nan
    return Panel(
        x, label=np.arange(n) % classes, points=rng.random((n, length)) < 0.05, mask=rng.random((n, length)) < 0.95,
        covariates=rng.normal(size=(n, 1, length)), horizon=horizon,
    )  # fmt: skip


def same_rows(a: Panel, b: Panel, rows: Any = slice(None)) -> None:
    """Fail where rows of two panels differ by a bit in anything that belongs to a step."""
    for name in TIMED:
        assert same_bits(getattr(a, name)[rows].copy(), getattr(b, name)[rows].copy()), name


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Bent(), *ALIGNED], ids=repr)
def test_whom_the_gate_leaves_out_keeps_every_bit_of_everything(body, op):
    """Breaks where a clock moves points, mask or covariates of a row that is not mixed, or `p` shifts another draw."""
    panel = full(15, 0)
    always = run(body, op.fit(panel), panel)[0]
    y, drawn = draw(body, replace(op, p=0.5).fit(panel), panel)
    gate = drawn["gate"]
    assert 2 < gate.sum() < 13
    same_rows(y, panel, ~gate)
    same_rows(y, always, gate)
    same_rows(run(body, replace(op, p=0.0).fit(panel), panel)[0], panel)
    moved = (np.nan_to_num(always.values) != np.nan_to_num(panel.values)).any(axis=(1, 2))
    assert moved.mean() > 0.7


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", EVERY, ids=repr)
def test_whoever_has_no_partner_keeps_every_bit_of_everything(body, op):
    """Breaks where a class of one, or a pool of nothing but copies, is aligned with itself and so rounded or moved."""
    panel = full(4, 0, classes=4)
    y = run(body, replace(op, across=False).fit(panel), panel)[0]
    same_rows(y, panel)
    assert same_bits(y.label, panel.label)
    copies = panel.rows([1, 1, 1, 1])
    same_rows(run(body, replace(op, across=False).fit(copies), copies)[0], copies)
    beside = full(5, 0, classes=4)  # two of class 0, one of each other
    y = run(body, replace(op, across=False).fit(beside), beside)[0]
    same_rows(y, beside, slice(1, 4))


# ---------------------------------------------------------------------------------------------------- past and target


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Bent(), *ALIGNED], ids=repr)
def test_no_past_reading_touches_a_target(body, op):
    """Breaks where one clock runs over the border, a gap is bridged across it, or a target decides how a past is aligned."""
    panels = [full(3, seed, classes=3, horizon=20) for seed in (0, 1)]
    others = [full(3, seed, classes=3, horizon=20) for seed in (2, 3)]
    whole = run(body, op.fit(panels[1]), panels[0])[0]
    for kept, changed in ((slice(0, 40), slice(40, 60)), (slice(40, 60), slice(0, 40))):
        crossed = []
        for panel, other in zip(panels, others, strict=True):
            fields = {name: getattr(panel, name).copy() for name in TIMED}
            for name, field in fields.items():
                field[..., changed] = getattr(other, name)[..., changed] if field.dtype == bool else 1e6
            crossed.append(panel.replace(**fields))
        y = run(body, op.fit(crossed[1]), crossed[0])[0]
        for name in TIMED:
            assert same_bits(getattr(y, name)[..., kept].copy(), getattr(whole, name)[..., kept].copy()), name
        assert (np.nan_to_num(y.values[..., changed], nan=1e6) == 1e6).all()
    assert (np.nan_to_num(whole.values) != np.nan_to_num(panels[0].values))[..., :40].any(axis=(1, 2)).mean() > 0.5


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Bent(), *ALIGNED], ids=repr)
@pytest.mark.parametrize("horizon", [1, 20, 55])
def test_with_scope_past_the_target_is_left_alone(body, op, horizon):
    """Breaks where a target moves by a bit, or a past is mixed other than the same steps alone would be."""
    panel, known = (full(3, seed, classes=3, horizon=horizon) for seed in (0, 1))
    past = 60 - horizon
    y = run(body, replace(op, scope="past").fit(known), panel)[0]
    for name in TIMED:
        assert same_bits(getattr(y, name)[..., past:].copy(), getattr(panel, name)[..., past:].copy())
    cut = [p.steps(0, past) for p in (panel, known)]
    alone = run(body, op.fit(cut[1]), cut[0])[0]
    for name in TIMED:
        assert same_bits(getattr(y, name)[..., :past].copy(), getattr(alone, name)), name


@pytest.mark.parametrize("op", EVERY, ids=repr)
@pytest.mark.parametrize("horizon", [1, 2, 59])
def test_a_past_or_a_target_may_be_of_one_step(op, horizon):
    """Breaks where an alignment needs more steps than a part of the window has."""
    panel = full(6, 0, classes=2, horizon=horizon)
    for scope in ("all", "past"):
        y = run("numba", replace(op, scope=scope).fit(panel), panel)[0]
        assert y.values.shape == panel.values.shape
        assert not np.isinf(y.values).any()


# -------------------------------------------------------------------------------------------------- of any length


def ragged(lengths: tuple[int, ...], seed: int = 1, classes: int = 3, gaps: bool = False) -> Panel:
    """Return a pool of series of these lengths, one row each."""
    rng = np.random.default_rng(seed)
    x = [alike(n=1, length=t, seed=seed + i)[0] for i, t in enumerate(lengths)]
    for row in x if gaps else ():
        row[:, 4:6] = np.nan
    return Panel(
        x, label=np.arange(len(x)) % classes, points=[rng.random(t) < 0.1 for t in lengths],
        mask=[rng.random(t) < 0.9 for t in lengths],
    )  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("gaps", [False, True])
def test_a_partner_of_another_length_is_stretched_with_all_it_has(body, gaps):
    """Breaks where a shorter one is read behind its end, a longer one is cut, or its events stay where they were."""
    lengths = (60, 20, 30, 61, 119, 7, 60)
    known = ragged(lengths, classes=7, gaps=gaps)
    bare = Panel(known.values, label=known.label, points=known.points)
    panel = Panel(series(n=7), label=np.arange(7), points=np.zeros((7, 60), bool))
    y = run(body, Partner().fit(bare), panel)[0]
    seen = run(body, Partner().fit(known), panel.replace(mask=np.ones((7, 60), bool)))[0]
    for i, t in enumerate(lengths):
        clock = np.linspace(0, t - 1, 60)[None]
        np.testing.assert_allclose(y.values[i], read_with_gaps(known.values[i][None], clock)[0], rtol=0, atol=1e-9)
        np.testing.assert_array_equal(y.points[i], strongest_at(known.points[i][None], clock)[0])
        np.testing.assert_array_equal(seen.mask[i], nearest_at(known.mask[i][None, None], clock)[0, 0])
    assert same_bits(y.label, panel.label)


def test_a_partner_may_be_of_any_length_with_the_same_chance():
    """Breaks where only those of the series' length are drawn, or each length is as likely and not each series."""
    known = [series(n=1, length=t, seed=t + i)[0] for i, t in enumerate((60, 30, 30, 30, 90))]
    x = np.repeat(series(n=1, seed=50), 2000, axis=0)
    rows = Partner().fit(Panel(known)).mixed_with(Panel(x), 0)[:, 0]
    assert (np.abs(np.bincount(rows, minlength=5) - 400) < 5 * np.sqrt(2000 * 0.2 * 0.8)).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Bent(), *ALIGNED], ids=repr)
def test_a_row_does_not_feel_its_batch(body, op):
    """Breaks where partners of several lengths, or one without a partner, change what is done for the other rows."""
    known = ragged((60, 20, 30, 60, 90, 30, 60, 45, 20))
    panel = full(7, 0).replace(label=np.array([0, 1, 2, 0, 1, 9, 2]))
    op = op.fit(known)
    whole = run(body, op, panel)[0]
    same_rows(whole, panel, [5])
    for index in ([2], [5, 0, 3], [6, 5, 4, 3, 2, 1, 0]):
        some = run(body, op, panel.rows(np.array(index)))[0]
        for name in TIMED:
            assert same_bits(getattr(some, name), getattr(whole, name)[index]), name


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALIGNED, ids=repr)
def test_series_of_several_lengths_come_out_as_they_would_alone(body, op):
    """Breaks where a ragged panel is not that of its lengths, or a length that the pool has not is refused."""
    known, panel = ragged((40, 25, 40, 25, 33, 40)), ragged((25, 40, 25, 18), seed=30)
    op, inside = op.fit(known), engine.torch_bodies if body == "torch" else contextlib.nullcontext
    fields = {name: [as_body(body, row) for row in getattr(panel, name)] for name in ("values", "points", "mask")}
    with inside():
        y = op(Panel(**fields, label=panel.label), seed=3)
        for i in range(4):
            row = {name: rows[i][None] for name, rows in fields.items()}
            alone = op(Panel(**row, label=panel.label[i : i + 1], ids=np.array([i])), seed=3)
            for name in fields:
                assert same_bits(as_numpy(getattr(y, name)[i]), as_numpy(getattr(alone, name)[0])), name


# ------------------------------------------------------------------------------------------------- corners, libraries


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 3, 4])
@pytest.mark.parametrize("op", EVERY, ids=repr)
def test_short_series_and_none_at_all(body, op, length):
    """Breaks at T = 1, 2, 3 or where there is no row; what is too short for an operation passes, bit for bit."""
    x = series(n=6, length=length)
    panel = Panel(x, label=[0, 0, 0, 1, 1, 1], points=np.zeros((6, length), bool), mask=np.ones((6, length), bool))
    fitted = op.fit(panel)
    y = run(body, fitted, panel)[0]
    assert y.values.shape == x.shape
    assert np.isfinite(y.values).all()
    if length < op.shortest:
        assert same_bits(y.values, x)
    else:
        assert (y.values != x).any() or isinstance(op, variate.TSMixup | variate.GuidedWarp)
    assert run(body, fitted, panel.rows(slice(0, 0)))[0].values.shape == (0, 2, length)
    assert fitted([], seed=0) == []


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", EVERY, ids=repr)
def test_constants_stay_constant_and_between_those_they_are_made_of(body, dtype, op):
    """Breaks where a spread, a scale or a distance of 0 is divided by, or makes a reading out of nothing."""
    level = np.array([1.0, 3.0, 7.0, 7.0, 0.0, 5.0], dtype)
    x = np.repeat(np.repeat(level[:, None, None], 2, axis=1), 20, axis=2)
    panel = Panel(x, label=[0, 0, 0, 1, 1, 1])
    y = run(body, op.fit(panel), panel)[0].values
    assert y.dtype == dtype
    close = 50 * np.finfo(dtype).eps
    if not isinstance(op, variate.CutMix | variate.DtwMerge):
        np.testing.assert_allclose(y, np.repeat(y[..., :1], 20, axis=2), rtol=0, atol=7 * close)
    assert (y >= -7 * close).all()
    assert (y <= 7 + 7 * close).all()


@pytest.mark.parametrize("op", EVERY, ids=repr)
def test_torch_does_what_numpy_does(op):
    """Breaks where the two bodies draw, align or label differently, be the pool of several lengths or of one."""
    panel = full(9, 0, horizon=15)
    pools = [full(9, 1)] + ([ragged((60, 30, 45, 60, 30, 90), gaps=True)] if op in ALIGNED else [])
    for pool in pools:
        for across in (False, True):
            fitted = replace(op, across=across).fit(pool)
            (a, drawn), (b, again) = (run(body, fitted, panel) for body in BODIES)
            np.testing.assert_allclose(a.values, b.values, rtol=0, atol=1e-9)
            np.testing.assert_allclose(a.covariates, b.covariates, rtol=0, atol=1e-9)
            np.testing.assert_allclose(a.label, b.label, rtol=0, atol=1e-6)
            np.testing.assert_array_equal(a.points, b.points)
            np.testing.assert_array_equal(a.mask, b.mask)
            for place, names in drawn.items():
                for name, numbers in names.items():
                    np.testing.assert_array_equal(numbers, again[place][name])


@pytest.mark.parametrize("op", ALIGNED, ids=repr)
@pytest.mark.parametrize("inside", [engine.torch_bodies, contextlib.nullcontext])
def test_what_aligns_has_no_gradient_and_says_so(op, inside):
    """Breaks where a gradient is lost without a word, or a tensor that wants none is refused too."""
    panel = full(6, 0, classes=2)
    fitted, x = op.fit(panel), torch.tensor(np.nan_to_num(panel.values), requires_grad=True)
    fields = {"label": panel.label}
    assert not op.differentiable
    with inside():
        with pytest.raises(ValueError, match="has no gradient") as error:
            fitted(Panel(x, **fields), seed=0)
        assert str(error.value) == (
            f"{type(op).__name__} has no gradient; call it with x.detach(), or inside torch.no_grad() with a tensor without one"
        )
        y = fitted(Panel(x.detach(), **fields), seed=0).values
    assert isinstance(y, torch.Tensor)
    np.testing.assert_allclose(as_numpy(y), fitted(Panel(as_numpy(x.detach()), **fields), seed=0).values, rtol=0, atol=1e-9)


@pytest.mark.parametrize("op", SMOOTH, ids=repr)
def test_a_gradient_flows_through_what_does_not_align(op):
    """Breaks where the graph is cut: along a line, the derivative is that of the output, measured at its two sides."""
    x, rng = series(n=4), np.random.default_rng(0)
    x[1, 0, 3:5] = np.nan
    op = op.fit(series(n=6, seed=1))
    line, weight = rng.normal(size=(2, *x.shape))
    tensor = torch.tensor(x, requires_grad=True)
    (op(tensor, seed=0) * torch.from_numpy(weight)).nansum().backward()
    step = 1e-6
    moved = np.nansum((op(x + step * line, seed=0) - op(x - step * line, seed=0)) * weight) / (2 * step)
    np.testing.assert_allclose(np.nansum(tensor.grad.numpy() * np.where(np.isnan(x), 0, line)), moved, rtol=1e-4)
    assert (tensor.grad != 0).any()


@pytest.mark.parametrize("op", EVERY, ids=repr)
@pytest.mark.parametrize("across", [False, True])
def test_class_weights_are_of_the_classes_that_were_mixed(op, across):
    """Breaks where hard labels stay no longer hard within a class, or weights across classes do not sum to 1."""
    panel = full(12, 0)
    y = run("numba", replace(op, across=across).fit(panel), panel)[0]
    if not across:
        assert same_bits(y.label, panel.label)
        return
    assert y.label.dtype == np.float32
    np.testing.assert_allclose(y.label.sum(axis=1), 1, rtol=0, atol=1e-6)
    assert (y.label >= -1e-7).all()
    assert isinstance(op, variate.GuidedWarp) == ((y.label == np.eye(3)[panel.label]).all())
