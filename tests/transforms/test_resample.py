"""Resample: the whole series at another rate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kernels import oracles
from kernels.oracles import FALSE_ALARM, as_body, as_numpy, few
from transforms.helpers import BODIES, FIELDS, draw, ramp, run, same_bits, series
from variate import Compose, Crop, Jitter, Panel, Resample, TimeWarp, WindowWarp
from variate.core.draws import Draws
from variate.core.errors import ContractError, ParameterError

EVERY = (2, 3, 4, 7)
FOLDED = [Resample(factor=1 / every, mode=mode) for mode in ("decimate", "mean") for every in EVERY]
LINEAR = [Resample(factor=factor) for factor in (0.1, 0.5, 0.73, 1.7, 3.0)]


def every_of(op):
    return round(1 / op.factor)


def blocks_of(x, every):
    """Return x (..., t) as blocks (..., blocks, every), without what is left at the end."""
    whole = x.shape[-1] // every * every
    return x[..., :whole].reshape(*x.shape[:-1], -1, every)


def impulses(rows, length):
    """One series in as many channels as steps: channel i is 1 at step i. So all channels share one clock."""
    return np.tile(np.eye(length), (rows, 1, 1))


# ----------------------------------------------------------------------------------------------- the three modes


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("length", [56, 61])
def test_decimation_takes_every_kth_reading_and_its_phases_part_the_series(body, dtype, every, length):
    """Breaks where a reading is in two phases or in none, one of the first k·⌊T/k⌋ is missing, or a bit changes."""
    x = np.tile(series(n=1, length=length, dtype=dtype), (60, 1, 1))
    x[:, 1, 5:9] = np.nan
    y, drawn = draw(body, Resample(factor=1 / every, mode="decimate"), Panel(x, covariates=ramp(60, length)))
    kept = length // every
    phases = {}
    for i, phase in enumerate(drawn["phase"][:, 0]):
        assert same_bits(y.values[i].copy(), x[i, :, phase::every][:, :kept].copy())
        phases[int(phase)] = y.covariates[i, 0].astype(int).tolist()
    assert sorted(phases) == list(range(every))
    read = sorted(step for steps in phases.values() for step in steps)
    assert read == list(range(kept * every))
    assert (read == list(range(length))) == (length % every == 0)


@pytest.mark.parametrize("every", EVERY)
def test_every_phase_is_equally_likely(every):
    """Breaks where phase k - 1 is never drawn: χ², false-alarm rate as stated."""
    first = Resample(factor=1 / every, mode="decimate")(ramp(7_000, 30), seed=0)[:, 0, 0]
    phases, counts = np.unique(first, return_counts=True)
    assert phases.tolist() == list(range(every))
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-11)])
@pytest.mark.parametrize("op", LINEAR, ids=repr)
@pytest.mark.parametrize("length", [2, 7, 61])
def test_linear_reads_between_the_first_and_the_last_reading(body, dtype, close, op, length):
    """Breaks where an end is missed by a bit, T' is not round(f·T) or at least 2, or readings leave the lines."""
    x = series(length=length, dtype=dtype)
    y = run(body, op, x)[0]
    new = max(2, round(op.factor * length))
    assert y.shape[-1] == op.length(length) == new
    clock = np.tile(np.linspace(0, length - 1, new), (4, 1))
    np.testing.assert_allclose(y, oracles.read_at(x, clock), rtol=0, atol=close)
    np.testing.assert_array_equal(y[..., [0, -1]], x[..., [0, -1]])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("length", [56, 61])
def test_mean_is_the_mean_of_each_block(body, dtype, close, every, length):
    """Breaks where blocks overlap or slip, the rest at the end counts, or covariates leave the middle of the block."""
    x = series(length=length, dtype=dtype)
    y = run(body, Resample(factor=1 / every, mode="mean"), Panel(x, covariates=ramp(4, length)))[0]
    np.testing.assert_allclose(y.values, blocks_of(x, every).mean(axis=-1), rtol=0, atol=close * 10)
    np.testing.assert_allclose(y.covariates, blocks_of(ramp(4, length), every).mean(axis=-1), rtol=0, atol=1e-12)
    if length % every == 0:
        np.testing.assert_allclose(y.values.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=close * 10)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("by", ["nan", "mask"])
@given(seed=st.integers(0, 999), share=st.sampled_from((0.1, 0.4, 0.8)))
@few
def test_missing_readings_do_not_count_in_a_mean(body, every, by, seed, share):
    """Breaks where a gap counts as 0, bleeds into the next block, or another block's mean bridges it."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3, 1, 56))
    gone = rng.random((3, 56)) < share
    hollow = np.where(gone[:, None], np.nan, x)
    panel = Panel(hollow) if by == "nan" else Panel(np.where(gone[:, None], 1e9, x), mask=~gone)
    y = run(body, Resample(factor=1 / every, mode="mean"), panel)[0]
    seen = ~np.isnan(y.values) if by == "nan" else y.mask[:, None]
    middle = blocks_of(gone, every)[..., every // 2]
    assert seen[:, 0][~middle].all()  # the new reading is missing at most where the one in the middle is
    assert not seen[:, 0][blocks_of(gone, every).all(axis=-1)].any()
    count = (~np.isnan(blocks_of(hollow, every))).sum(axis=-1)
    expected = np.nansum(blocks_of(hollow, every), axis=-1) / np.maximum(count, 1)
    np.testing.assert_allclose(y.values[seen], expected[seen], rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", ["linear", "decimate", "mean"])
@pytest.mark.parametrize("horizon", [0, 1, 20, 59])
def test_a_factor_of_1_changes_nothing(body, mode, horizon):
    """Breaks where the old rate is read with a rounding, or the border of a target moves; gaps included."""
    x = series(dtype=np.float32)
    x[:, :, 36:44] = np.nan
    rng = np.random.default_rng(0)
    panel = Panel(x, points=rng.integers(0, 5, (4, 60)), mask=rng.random((4, 60)) < 0.7, horizon=horizon)
    y = run(body, Resample(factor=1.0, mode=mode), panel)[0]
    assert same_bits(y.values, x)
    np.testing.assert_array_equal(y.points, panel.points)
    np.testing.assert_array_equal(y.mask, panel.mask)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("length", "factor"), [(2, 2), (2, 3), (2, 10), (3, 3), (3, 5), (4, 4), (4, 7), (6, 11), (11, 11), (31, 31), (16, 31)]
)
def test_up_and_down_by_an_integer_gives_the_series_back(body, length, factor):
    """Breaks where T' - 1 is a multiple of T - 1 and the old readings are not among the new, to 1e-12."""
    x = series(length=length)
    up = run(body, Resample(factor=float(factor)), x)[0]
    assert (up.shape[-1] - 1) % (length - 1) == 0
    down = run(body, Resample(factor=1 / factor), up)[0]
    np.testing.assert_allclose(down, x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [*FOLDED, *LINEAR], ids=repr)
@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_shortest_series(body, op, length):
    """Breaks where a block is longer than the series, or nothing is left of it; one step alone passes unchanged."""
    x = series(n=40, length=length)
    y = run(body, op, x)[0]
    assert y.shape[-1] == op.length(length)
    if length == 1:
        assert same_bits(y, x)
    elif op.mode != "linear" and length < every_of(op):
        assert y.shape[-1] == 1
        if op.mode == "mean":
            np.testing.assert_allclose(y[..., 0], x.mean(axis=-1), rtol=0, atol=1e-13)
        else:
            which = (y == x).all(axis=1)
            assert (which.sum(axis=-1) == 1).all()
            assert which.any(axis=0).all()  # every reading is somewhere the one that is kept


@pytest.mark.parametrize("body", BODIES)
@given(length=st.integers(1, 90), factor=st.floats(0.001, 4), seed=st.integers(0, 99))
@few
def test_any_length_and_factor(body, length, factor, seed):
    """Breaks where the length is not as announced, time stands or runs back, or a reading leaves the range of x."""
    op = Resample(factor=factor)
    clock = run(body, op, ramp(2, length), seed)[0]
    assert clock.shape[-1] == op.length(length) == (length if length == 1 else max(2, round(factor * length)))
    assert (np.diff(clock, axis=-1) > 0).all()
    x = series(length=length)
    y = run(body, op, x, seed)[0]
    assert (y <= x.max(axis=-1, keepdims=True) + 1e-12).all()
    assert (y >= x.min(axis=-1, keepdims=True) - 1e-12).all()


# --------------------------------------------------------------------------------------------------------- labels


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("every", EVERY)
def test_with_mean_points_are_the_maximum_of_each_block(body, every):
    """Breaks where an event that is in the mean of a block is not in its label: the first and the last block too."""
    for length, dtype in ((56, bool), (61, np.int64), (61, np.float32)):
        rng = np.random.default_rng(0)
        points = (rng.integers(1, 5, (12, length)) * (rng.random((12, length)) < 0.2)).astype(dtype)
        points[:2] = 0
        points[0, 0] = 1
        points[1, length // every * every - 1] = 1
        y = run(body, Resample(factor=1 / every, mode="mean"), Panel(series(n=12, length=length), points=points))[0]
        assert y.points.dtype == points.dtype
        np.testing.assert_array_equal(y.points, blocks_of(points, every).max(axis=-1))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [*LINEAR, *FOLDED], ids=repr)
def test_labels_and_gaps_follow_the_clock(body, op):
    """Breaks where inner events, states, mask or NaN follow another rule than that of DESIGN §4."""
    rng = np.random.default_rng(0)
    x = oracles.with_gaps(rng, series(n=12), 0.1)
    points = rng.integers(0, 4, (12, 60)) * (rng.random((12, 60)) < 0.3)
    mask = rng.random((12, 60)) < 0.8
    for role in ("event", "state"):
        y = run(body, op, Panel(x, points=points, point_role=role, mask=mask, covariates=ramp(12, 60)))[0]
        clock = y.covariates[:, 0]
        if role == "event":  # what the first and the last reading of a block stand for is not the clock's to say
            inner = slice(None) if op.mode == "linear" else slice(1, -1)
            np.testing.assert_array_equal(y.points[:, inner], oracles.strongest_at(points, clock)[:, inner])
        else:
            np.testing.assert_array_equal(y.points, oracles.nearest_at(points[:, None], clock)[:, 0])
        np.testing.assert_array_equal(y.mask, oracles.nearest_at(mask[:, None], clock)[:, 0])
    if op.mode != "mean":
        y = run(body, op, Panel(x, covariates=ramp(12, 60)))[0]
        np.testing.assert_allclose(y.values, oracles.read_with_gaps(x, y.covariates[:, 0]), rtol=0, atol=1e-10)


# ------------------------------------------------------------------------------------------------- forecast windows


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [*FOLDED, *LINEAR], ids=repr)
@pytest.mark.parametrize("horizon", [1, 2, 5])
def test_the_horizon_keeps_its_steps_and_shares_no_reading_with_the_past(body, op, horizon):
    """Breaks where a new past step and a new target step are made of one old reading: an impulse at each step tells."""
    y = run(body, op, Panel(impulses(9, 60), horizon=horizon))[0]
    new = op.length(60)
    assert y.horizon == horizon
    assert y.values.shape[-1] == new
    in_past, in_target = ((y.values[..., part] != 0).any(axis=-1) for part in (slice(-horizon), slice(-horizon, None)))
    assert in_past.any()
    assert in_target.any()
    assert not (in_past & in_target).any()
    for before, after in zip(in_past, in_target, strict=True):
        assert np.flatnonzero(before).max() < np.flatnonzero(after).min()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [*FOLDED, *LINEAR[:3]], ids=repr)
def test_no_event_is_labelled_in_the_past_and_in_the_target(body, op):
    """Breaks where a step half-way between the last past reading and the first target reading labels both."""
    panel = Panel(ramp(60, 60), points=np.eye(60, dtype=bool), horizon=2)
    for seed in range(4):
        y = run(body, op, panel, seed)[0]
        both = y.points[:, :-2].any(axis=1) & y.points[:, -2:].any(axis=1)
        assert not both.any(), np.flatnonzero(both)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("horizon", [1, 3, 7])
def test_decimation_and_mean_of_a_forecast_window_are_those_of_the_series(body, every, horizon):
    """Breaks where the border moves a phase or a block."""
    x = series(n=9)
    y, drawn = draw(body, Resample(factor=1 / every, mode="decimate"), Panel(x, horizon=horizon))
    for i, phase in enumerate(drawn["phase"][:, 0]):
        np.testing.assert_array_equal(y.values[i], x[i, :, phase::every][:, : 60 // every])
    y = run(body, Resample(factor=1 / every, mode="mean"), Panel(x, horizon=horizon))[0]
    np.testing.assert_allclose(y.values, blocks_of(x, every).mean(axis=-1), rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("factor", [0.2, 0.5, 0.73, 1.0, 1.7, 2.0])
@pytest.mark.parametrize("horizon", [2, 5, 11])
def test_linear_reads_past_and_target_evenly_up_to_their_border(body, factor, horizon):
    """Breaks where an end of past or target is not kept, steps in them are uneven, or the border is off by a step."""
    op = Resample(factor=factor)
    clock = run(body, op, Panel(ramp(3, 60), horizon=horizon))[0].values[:, 0]
    new = op.length(60)
    past = new - horizon
    border = int(clock[0, past])
    assert abs(border - 60 * past / new) <= 0.5 + 1e-9
    expected = np.concatenate([np.linspace(0, border - 1, past), np.linspace(border, 59, horizon)])
    np.testing.assert_allclose(clock, np.tile(expected, (3, 1)), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(clock[:, [0, past, -1]], [[0, border, 59]] * 3)
    assert past == 1 or (clock[:, past - 1] == border - 1).all()  # of one past step, METHODS does not say where it is read


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [*FOLDED, *LINEAR], ids=repr)
def test_no_past_reading_feels_the_target(body, op):
    """Breaks with a leak: a gap across the new border bridged from its other side; by NaN and by mask, of 1 … 7 steps."""
    horizon, steps, gaps = 3, np.arange(60), np.arange(1, 8)
    for seed in range(3):
        ids = np.full(7, seed)  # the same draws, hence one clock, for all gaps
        clock = run(body, op, Panel(ramp(7, 60), ids=ids, covariates=ramp(7, 60), horizon=horizon))[0].covariates[0, 0]
        border = int(np.ceil((clock[-horizon - 1] + clock[-horizon]) / 2))  # the first step that the target may be made of
        gone = (steps >= border - gaps[:, None] // 2) & (steps < border + (gaps[:, None] + 1) // 2)
        x = series(n=7)
        hollow = np.where(gone[:, None], np.nan, x)
        for whole, mask in ((hollow, None), (x, ~gone)):
            for felt, other, part in (
                ("target", steps >= border, slice(-horizon)),
                ("past", steps < border, slice(-horizon, None)),
            ):
                a, b = (
                    run(body, op, Panel(v, ids=ids, mask=mask, horizon=horizon))[0] for v in (whole, whole + 1000.0 * other)
                )
                seen = np.ones((7, 1, 1), bool) if mask is None else a.mask[:, None, part]
                first, second = (np.where(seen, y.values[..., part], 0) for y in (a, b))
                np.testing.assert_array_equal(first, second, err_msg=f"the {felt} was felt")


@pytest.mark.parametrize(
    ("op", "words"),
    [
        (Resample(factor=0.1), r"Resample\(factor=0.1, mode='linear'\) gives 6 steps, and the horizon alone has 6"),
        (Resample(factor=0.1, mode="mean"), "gives 6 steps, and the horizon alone has 6"),
        (Resample(factor=0.1, mode="decimate"), "gives 6 steps, and the horizon alone has 6"),
    ],
    ids=repr,
)
def test_no_room_for_a_past_is_refused(op, words):
    """Breaks where a target without a past passes for a forecast window; one step of past is enough."""
    with pytest.raises(ContractError, match=words):
        op(Panel(series(), horizon=6), seed=0)
    assert op(Panel(series(), horizon=5), seed=0).values.shape == (4, 2, 6)


# ------------------------------------------------------------------------------------------- refusals, pipelines


@pytest.mark.parametrize("mode", ["decimate", "mean"])
@pytest.mark.parametrize("factor", [0.3, 0.4, 0.99, 1.7, 2.0, 5.0])
def test_only_1_over_an_integer_counts_steps(mode, factor):
    """Breaks where k is rounded silently."""
    words = rf"Resample\(factor={factor}, mode='{mode}'\): factor must be 1 divided by an integer, such as 1/2 or 1/3"
    with pytest.raises(ParameterError, match=words):
        Resample(factor=factor, mode=mode)
    Resample(factor=factor)


@pytest.mark.parametrize("mode", ["decimate", "mean"])
@pytest.mark.parametrize(("factor", "every"), [(0.3333, 3), (0.1428, 7), (1 / 49, 49), (0.001, 1000), (1.0, 1)])
def test_a_rounded_1_over_k_is_taken_for_it(mode, factor, every):
    """Breaks where people who write 0.3333 are sent away, or get other blocks."""
    assert Resample(factor=factor, mode=mode).length(5000) == 5000 // every


@pytest.mark.parametrize("factor", [0.0, -1.0, 0.0005])
def test_a_factor_is_positive(factor):
    with pytest.raises(ParameterError, match=r"factor must be at least 0\.001"):
        Resample(factor=factor)


@pytest.mark.parametrize("mode", ["linear", "decimate", "mean"])
def test_p_is_refused_where_lengths_would_differ(mode):
    with pytest.raises(ContractError, match="some samples 30 steps and leave others at 60"):
        Resample(factor=0.5, mode=mode, p=0.5)(series(), seed=0)


def step_by_step(body, steps, panel, seed=0):
    """Run each step on its own, with the draws of its place in a Compose: nothing can be fused."""
    samples = as_body(body, np.arange(panel.n, dtype=np.uint64))
    panel = panel.replace(**{k: as_body(body, getattr(panel, k)) for k in FIELDS if getattr(panel, k) is not None})
    for i, step in enumerate(steps):
        panel = step.run(panel, Draws(seed, 0, samples, f"/compose/{i}:{step.op}"))
    return panel.replace(**{k: as_numpy(getattr(panel, k)) for k in FIELDS if getattr(panel, k) is not None})


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [0, 5])
@pytest.mark.parametrize(
    "steps",
    [
        (TimeWarp(), Resample(factor=0.25, mode="mean")),
        (Resample(factor=0.25, mode="mean"), TimeWarp()),
        (WindowWarp(window=0.3), Resample(factor=0.5, mode="mean"), Crop(size=0.8)),
        (Resample(factor=0.5, mode="mean"), Resample(factor=0.5, mode="mean")),
    ],
    ids=repr,
)
def test_beside_other_time_operations_a_mean_stays_a_mean(body, horizon, steps):
    """Breaks where averaging is fused away and the middle of a block is read instead; values and labels."""
    rng = np.random.default_rng(0)
    panel = Panel(rng.normal(size=(6, 2, 60)), points=rng.random((6, 60)) < 0.1, horizon=horizon)
    y, expected = run(body, Compose(*steps), panel)[0], step_by_step(body, steps, panel)
    np.testing.assert_allclose(y.values, expected.values, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(y.points, expected.points)


@pytest.mark.parametrize("body", BODIES)
def test_a_mean_between_identities_is_the_mean(body):
    """Breaks where fusing drops the averaging: TimeWarp(sigma=0) and Crop(size=1.0) add nothing of their own."""
    x = series()
    op = Compose(TimeWarp(sigma=0.0), Resample(factor=0.2, mode="mean"), Crop(size=1.0))
    np.testing.assert_allclose(run(body, op, x)[0], blocks_of(x, 5).mean(axis=-1), rtol=0, atol=1e-13)
    assert not Resample(mode="mean").fuses
    assert Resample().fuses
    assert Resample(mode="decimate").fuses


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", ["linear", "decimate"])
def test_the_other_modes_share_one_reading_with_their_neighbours(body, mode):
    """Breaks where they are read apart, so that a series is smoothed twice: one reading at the composed clock is np.interp."""
    x = np.random.default_rng(0).normal(size=(6, 2, 60))
    op = Compose(TimeWarp(sigma=0.4), Resample(factor=0.5, mode=mode), Crop(size=0.7))
    y = run(body, op, Panel(x, covariates=ramp(6, 60)))[0]
    np.testing.assert_allclose(y.values, oracles.read_at(x, y.covariates[:, 0]), rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
def test_a_forecast_window_goes_on_with_its_new_border(body):
    """Breaks where the next operation keeps the old border: values beyond the new one must not come before it."""
    op = Compose(Resample(factor=0.5), TimeWarp(sigma=0.5), Jitter(sigma=0.0))
    clock = run(body, op, Panel(ramp(8, 60), horizon=10))[0].values[:, 0]
    alone = run(body, Resample(factor=0.5), Panel(ramp(8, 60), horizon=10))[0].values[:, 0]
    np.testing.assert_array_equal(clock[:, [0, 19, 20, 29]], alone[:, [0, 19, 20, 29]])
    assert (clock != alone).any()
