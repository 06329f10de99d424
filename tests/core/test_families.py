"""What the families do for those who write for them: bridged gaps, past and target apart, clocks fused or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

import variate
from kernels.oracles import fill_gaps
from transforms.helpers import BODIES, ramp, run, same_bits, series
from variate.core.draws import Draws
from variate.core.errors import ContractError
from variate.core.panel import Panel
from variate.families import TimeTransform, ValueTransform, pieces
from variate.kernels.arrays import concat, namespace


def sum_of_neighbours(x: Any) -> Any:
    """Return each reading with its neighbours added, the ends held: it needs every reading, and feels the next one."""
    return concat([x[..., :1], x[..., :-1]], 2) + x + concat([x[..., 1:], x[..., -1:]], 2)


@dataclass(frozen=True, kw_only=True)
class Neighbours(ValueTransform):
    bridges = True
    seen: ClassVar[list[Any]] = []

    def change(self, x: Any, rng: Draws) -> Any:
        self.seen.append(bool(namespace(x).any(namespace(x).isnan(x))))
        return sum_of_neighbours(x)


@dataclass(frozen=True, kw_only=True)
class NeighboursApart(Neighbours):
    apart = True


@dataclass(frozen=True, kw_only=True)
class Unbridged(Neighbours):
    bridges = False


@dataclass(frozen=True, kw_only=True)
class MarksApart(ValueTransform):
    """Adds one number to the first so many steps of what it is given, and marks them."""

    bridges = True
    apart = True
    marks = True

    def change(self, x: Any, rng: Draws) -> Any:
        xp = namespace(x)
        steps = rng.integers("steps", 3, (1,)) + 1
        touched = xp.arange(x.shape[2])[None, :] < steps
        return x + xp.astype(touched, x.dtype)[:, None, :], touched


def by_hand(x: np.ndarray, *borders: int) -> np.ndarray:
    """Return the sum of neighbours of each part on its own, gaps bridged in it and put back."""
    parts = np.split(x, borders, axis=-1)
    return np.concatenate([np.where(np.isnan(part), np.nan, sum_of_neighbours(fill_gaps(part))) for part in parts], axis=-1)


def hollow() -> np.ndarray:
    """Series with gaps: at the ends, inside, across the border at 40 and all of the target."""
    x = series(n=6)
    x[0, 0, :3] = np.nan
    x[1, :, 20:31] = np.nan
    x[2, :, 37:44] = np.nan
    x[3, 1, -4:] = np.nan
    x[5, :, 40:] = np.nan
    return x


@pytest.mark.parametrize("body", BODIES)
def test_who_bridges_sees_no_gap_and_none_is_lost(body):
    """Breaks where NaN reaches `change`, spreads to a neighbour, or comes back as the line that bridged it."""
    x = hollow()
    Neighbours.seen.clear()
    y = run(body, Neighbours(), x)[0]
    assert Neighbours.seen == [False]
    np.testing.assert_allclose(y, by_hand(x), rtol=0, atol=1e-12)
    assert same_bits(run(body, Neighbours(), series())[0], sum_of_neighbours(series()))


@pytest.mark.parametrize("body", BODIES)
def test_who_does_not_bridge_sees_the_gaps(body):
    """Breaks where readings are made up for operations that skip NaN themselves."""
    x = hollow()
    Unbridged.seen.clear()
    np.testing.assert_allclose(run(body, Unbridged(), x)[0], sum_of_neighbours(x), rtol=0, atol=1e-12)
    assert Unbridged.seen == [True]


@pytest.mark.parametrize("body", BODIES)
def test_unobserved_steps_are_bridged_and_keep_what_they_hold(body):
    """Breaks where what stands at an unobserved step comes into its neighbours, or is changed itself."""
    x, mask = series(n=6), np.random.default_rng(0).random((6, 60)) < 0.7
    mask[5] = False
    whole = np.where(mask[:, None], x, 1e9)
    y = run(body, Neighbours(), Panel(whole, mask=mask))[0]
    expected = np.where(mask[:, None], by_hand(np.where(mask[:, None], x, np.nan)), whole)
    np.testing.assert_allclose(y.values, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 20, 59])
def test_gaps_are_not_bridged_across_the_border(body, horizon):
    """Breaks where a past gap is filled from the target: the change itself may look across, the bridge may not."""
    x = hollow()
    parts = np.split(x, [60 - horizon], axis=-1)
    filled = np.concatenate([fill_gaps(part) for part in parts], axis=-1)
    expected = np.where(np.isnan(x), np.nan, sum_of_neighbours(filled))
    np.testing.assert_allclose(run(body, Neighbours(), Panel(x, horizon=horizon))[0].values, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Neighbours(scope="past"), NeighboursApart(scope="past")], ids=repr)
@pytest.mark.parametrize("horizon", [1, 20, 59])
def test_with_scope_past_the_past_is_all_there_is(body, op, horizon):
    """Breaks where the target is changed, or felt by the last past reading."""
    x = hollow()
    y = run(body, op, Panel(x, horizon=horizon))[0].values
    past = 60 - horizon
    np.testing.assert_allclose(y[..., :past], by_hand(x[..., :past]), rtol=0, atol=1e-12)
    assert same_bits(y[..., past:].copy(), x[..., past:].copy())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 20, 59])
def test_apart_past_and_target_are_changed_each_on_its_own(body, horizon):
    """Breaks where the last past reading feels the first target: other targets must leave every bit of the past."""
    x, past = hollow(), 60 - horizon
    y = run(body, NeighboursApart(), Panel(x, horizon=horizon))[0].values
    np.testing.assert_allclose(y, by_hand(x, past), rtol=0, atol=1e-12)
    other = x.copy()
    other[..., past:] = 1e6
    again = run(body, NeighboursApart(), Panel(other, horizon=horizon))[0].values
    assert same_bits(y[..., :past].copy(), again[..., :past].copy())
    together = run(body, NeighboursApart(), x)[0]
    np.testing.assert_allclose(together, by_hand(x), rtol=0, atol=1e-12)  # without a horizon there is one part


@pytest.mark.parametrize("body", BODIES)
def test_apart_the_mask_still_counts(body):
    """Breaks where the mask of the past is laid on the target."""
    x, mask = series(n=6), np.random.default_rng(0).random((6, 60)) < 0.7
    y = run(body, NeighboursApart(), Panel(np.where(mask[:, None], x, 1e9), mask=mask, horizon=20))[0].values
    expected = np.where(mask[:, None], by_hand(np.where(mask[:, None], x, np.nan), 40), 1e9)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_apart_each_part_draws_at_its_own_place_and_marks_its_own_steps(body):
    """Breaks where past and target share a draw, marks are laid from the wrong end, or the gate leaves a mark behind."""
    x = series(n=40)
    x[:, :, 41] = np.nan
    mask = np.ones((40, 60), bool)
    mask[::2, 0] = False
    op = MarksApart(p=0.5)
    y, drawn = run(body, op, Panel(x, horizon=20, mask=mask))
    assert set(drawn) == {"/marks_apart", "/marks_apart/past", "/marks_apart/target"}
    chosen = drawn["/marks_apart"]["gate"]
    expected = np.zeros((40, 60), bool)
    before, after = (drawn[f"/marks_apart/{part}"]["steps"][:, 0] + 1 for part in ("past", "target"))
    assert (before != after).any()
    for i in np.flatnonzero(chosen):
        expected[i, : before[i]] = True
        expected[i, 40 : 40 + after[i]] = True
    expected &= mask
    np.testing.assert_array_equal(y.points, expected)
    np.testing.assert_allclose(y.values, x + expected[:, None], rtol=0, atol=1e-12)
    alone, drawn = run(body, MarksApart(), Panel(x))
    assert set(drawn) == {"/marks_apart"}
    np.testing.assert_array_equal(alone.points.sum(axis=1), drawn["/marks_apart"]["steps"][:, 0] + 1)
    past, drawn = run(body, MarksApart(scope="past"), Panel(x, horizon=20))
    assert set(drawn) == {"/marks_apart"}
    assert not past.points[:, 40:].any()


# ----------------------------------------------------------------------------------------------------------- time


@dataclass(frozen=True, kw_only=True)
class Whole(TimeTransform):
    """The identity, which notes how many channels the panel has that it sees: none where it is fused."""

    seen: ClassVar[list[int]] = []

    def clock(self, panel: Panel, rng: Draws) -> Any:
        self.seen.append(panel.channels)
        start = rng.integers("start", 1, (1,))
        return pieces(start, namespace(start).full_like(start, panel.length))


@dataclass(frozen=True, kw_only=True)
class DoublesToo(Whole):
    """Does more than reading at its clock, and says so."""

    @property
    def fuses(self) -> bool:
        return False

    def work(self, panel: Panel, rng: Draws) -> Panel:
        return super().work(panel.replace(values=2 * panel.values), rng)


@dataclass(frozen=True, kw_only=True)
class Jumps(Whole):
    monotone = False


@dataclass(frozen=True, kw_only=True)
class LastHalf(Whole):
    """Every other reading, the last one included, so that its last steps are the target; its length is another one."""

    def length(self, length: int) -> int:
        return (length + 1) // 2

    def clock(self, panel: Panel, rng: Draws) -> Any:
        self.seen.append(panel.channels)
        start = rng.integers("start", 1, (1,)) + (panel.length - 1) % 2
        return pieces(start, namespace(start).full_like(start, self.length(panel.length)), 2.0)


@dataclass(frozen=True, kw_only=True)
class TooLong(LastHalf):
    """Announces one length and reads another."""

    def length(self, length: int) -> int:
        return length


@dataclass(frozen=True, kw_only=True)
class Faster(TimeTransform):
    """Reads at t·t/(T - 1), so across the border of a forecast window, unless somebody sees to that."""

    def clock(self, panel: Panel, rng: Draws) -> Any:
        xp = namespace(panel.values)
        steps = xp.astype(xp.arange(panel.length), xp.float64)
        return xp.zeros((panel.n, 1), dtype=xp.float64) + (steps * steps / max(panel.length - 1, 1))[None, :]


def seen_by(aug: Any, panel: Any, body: str = "numba") -> tuple[Any, list[int]]:
    Whole.seen.clear()
    return run(body, aug, panel)[0], list(Whole.seen)


@pytest.mark.parametrize("body", BODIES)
def test_who_does_more_than_reading_is_not_fused_away(body):
    """Breaks where `fuses` is not asked: the doubling would be lost; its neighbours are fused on either side."""
    assert (Whole().fuses, DoublesToo().fuses, Jumps().fuses) == (True, False, False)
    x = series()
    y, seen = seen_by(variate.Compose(Whole(), Whole(), DoublesToo(), Whole(), Whole()), x, body)
    assert seen == [0, 0, 2, 0, 0]
    assert same_bits(y, 2 * x)
    y, seen = seen_by(variate.Compose(DoublesToo(), DoublesToo()), x, body)
    assert seen == [2, 2]
    assert same_bits(y, 4 * x)
    assert seen_by(variate.Compose(Whole(), Jumps(), Whole(), Whole()), x, body)[1] == [2, 2, 0, 0]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 2, 10, 29])
@pytest.mark.parametrize("length", [60, 61])
def test_a_clock_that_changes_the_length_is_left_as_it_is(body, horizon, length):
    """Breaks where the family stretches it onto a border that it does not have: its last steps are the target."""
    y = run(body, LastHalf(), Panel(ramp(3, length), horizon=horizon))[0]
    assert y.horizon == horizon
    np.testing.assert_array_equal(y.values[:, 0], np.tile(np.arange((length - 1) % 2, length, 2.0), (3, 1)))
    assert y.values[0, 0, -1] == length - 1


@pytest.mark.parametrize("body", BODIES)
def test_a_clock_of_the_same_length_is_stretched_onto_the_border(body):
    """Breaks where past and target are not each mapped onto themselves."""
    clock = run(body, Faster(), Panel(ramp(2, 60), horizon=20))[0].values[:, 0]
    np.testing.assert_array_equal(clock[:, [0, 39, 40, 59]], [[0, 39, 40, 59]] * 2)
    steps = np.arange(60.0) ** 2 / 59
    past, target = steps[:40] * 39 / steps[39], 40 + (steps[40:] - steps[40]) * 19 / (steps[59] - steps[40])
    np.testing.assert_allclose(clock, np.tile(np.concatenate([past, target]), (2, 1)), rtol=0, atol=1e-9)
    alone = run(body, Faster(), ramp(2, 60))[0][:, 0]
    np.testing.assert_allclose(alone, np.tile(steps, (2, 1)), rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
def test_on_a_forecast_window_a_new_length_is_read_before_the_next_clock(body):
    """Breaks where a clock is stretched onto the old border: the last `horizon` steps of what came before are the target."""
    aug = variate.Compose(LastHalf(), Faster())
    panel = Panel(ramp(2, 60), horizon=10)
    y, seen = seen_by(aug, panel, body)
    assert seen == [1]
    np.testing.assert_array_equal(y.values[:, 0][:, [0, 19, 20, 29]], [[1, 39, 41, 59]] * 2)
    past = y.values[:, 0, :20]
    assert (past <= 39).all()
    assert (past != np.arange(1, 40, 2)).any()
    assert seen_by(aug, ramp(2, 60), body)[1] == [0]  # without a border they share one reading
    assert seen_by(variate.Compose(Whole(), LastHalf(), Whole(), Whole()), panel, body)[1] == [1, 1, 0, 0]
    assert seen_by(variate.Compose(Whole(), Whole(), LastHalf()), panel, body)[1] == [0, 0, 1]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [0, 5])
def test_a_clock_that_reads_another_length_than_announced_is_refused(body, horizon):
    """Breaks where compiled code would write beside its array."""
    with pytest.raises(ContractError, match=r"TooLong\.clock\(\) has to read 60 steps for each of 2 series"):
        run(body, TooLong(), Panel(ramp(2, 60), horizon=horizon))
    with pytest.raises(ContractError, match="some samples 30 steps and leave others at 60"):
        run(body, LastHalf(p=0.5), Panel(ramp(2, 60), horizon=horizon))


def test_local_ops_stay_out_of_the_registry():
    assert not {"neighbours", "whole", "last_half", "faster"} & set(variate.ops)
