"""WindowWarp: a window of the series at another speed, and the series back to one length."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from kernels import oracles
from kernels.oracles import FALSE_ALARM, as_body, as_numpy, few
from transforms.helpers import BODIES, FIELDS, draw, ramp, run, same_bits, series
from variate import Panel, WindowWarp
from variate.core.draws import Draws, assemble
from variate.core.errors import ContractError
from variate.families.time import Pieces, follow

OPS = [
    WindowWarp(),
    WindowWarp(window=0.4, scale=3.0),
    WindowWarp(window=12, scale=1.5),
    WindowWarp(window=1, scale=4.0),
    WindowWarp(window=1.0, scale=2.7),
    WindowWarp(window=1000),
]


def cropping(op):
    return WindowWarp(window=op.window, scale=op.scale, fitting="crop")


def widths(op, length):
    """METHODS 1.3: w = max(2, ceil(r·T)), and w' = max(2, round(κ·w)) for the faster and the slower window."""
    wanted = op.window if isinstance(op.window, int) else math.ceil(op.window * length)
    width = min(max(wanted, 2), length)
    return width, max(2, round(width / op.scale)), max(2, round(width * op.scale))


def literal(length, start, width, new):
    """The map of METHODS 1.3 before it is fitted, reading by reading."""
    clock = []
    for t in range(length - width + new):
        if t < start:
            clock.append(float(t))
        elif t < start + new:
            clock.append(start + (t - start) * (width - 1) / (new - 1))
        else:
            clock.append(float(t - new + width))
    return np.array(clock)


def by_hand(op, length, drawn):
    """The literal map of each row, from what was drawn."""
    width, fast, slow = widths(op, length)
    rows = zip(drawn["start"][:, 0], drawn["faster"][:, 0], strict=True)
    return [literal(length, start, width, fast if faster else slow) for start, faster in rows]


def before_fitting(body, op, panel, seed=0):
    """Read a panel at the clock before it is fitted, as one panel per speed: (rows, what was drawn in them, panel)."""
    log, ids = [], np.arange(panel.n, dtype=np.uint64)
    rng = Draws(seed, 0, as_body(body, ids), "/window_warp", log, np.arange(panel.n))
    inside = panel.replace(**{k: as_body(body, getattr(panel, k)) for k in FIELDS if getattr(panel, k) is not None})
    clock = op.warped(inside, rng)
    drawn = assemble(log, panel.n)["/window_warp"]
    for faster in (True, False):
        rows = np.flatnonzero(drawn["faster"][:, 0] == faster)
        assert rows.size
        part = follow(inside.rows(as_body(body, rows)), Pieces(*(array[as_body(body, rows)] for array in clock)), True)
        yield rows, {k: v[rows] for k, v in drawn.items()}, as_numpy(part.values)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [4, 5, 60, 61])
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_before_fitting_the_clock_is_the_literal_map(body, op, length):
    """Breaks where T' is not T - w + w', an end of the window is missed by a bit, or steps in it are not equal."""
    width, fast, slow = widths(op, length)
    for rows, drawn, y in before_fitting(body, op, Panel(ramp(20, length))):
        new = fast if drawn["faster"][0, 0] else slow
        assert y.shape == (rows.size, 1, length - width + new)
        for i, start in enumerate(drawn["start"][:, 0]):
            assert 0 <= start <= length - width
            np.testing.assert_allclose(y[i, 0], literal(length, start, width, new), rtol=0, atol=1e-9)
            assert y[i, 0, start] == start
            assert y[i, 0, start + new - 1] == start + width - 1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_before_fitting_all_outside_the_window_is_bit_for_bit(body, dtype, op):
    """Breaks where a reading beside the window is interpolated, or the window's first or last is not the series' own."""
    x = series(n=20, dtype=dtype)
    width, fast, slow = widths(op, 60)
    for rows, drawn, y in before_fitting(body, op, Panel(x)):
        new = fast if drawn["faster"][0, 0] else slow
        for row, warped, a in zip(x[rows], y, drawn["start"][:, 0], strict=True):
            assert same_bits(warped[:, : a + 1].copy(), row[:, : a + 1].copy())
            assert same_bits(warped[:, a + new - 1 :].copy(), row[:, a + width - 1 :].copy())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", [cropping(op) for op in OPS], ids=repr)
def test_a_crop_is_a_part_of_the_warped_series_bit_for_bit_outside_the_window(body, dtype, op):
    """Breaks where the cut leaves the series, loses the window's ends, or touches a reading beside the window."""
    x = series(n=30, dtype=dtype)
    y, drawn = draw(body, op, x)
    width, fast, slow = widths(op, 60)
    kept = 60 - width + fast
    assert y.shape[-1] == op.length(60) == kept
    for i, clock in enumerate(by_hand(op, 60, drawn)):
        start, cut = drawn["start"][i, 0], drawn["cut"][i, 0]
        new = fast if drawn["faster"][i, 0] else slow
        assert 0 <= cut <= len(clock) - kept
        clock = clock[cut : cut + kept]
        step = np.arange(cut, cut + kept)
        inside = (step > start) & (step < start + new - 1)
        np.testing.assert_array_equal(y[i][:, ~inside], x[i][:, np.round(clock[~inside]).astype(int)])
        close = 1e-5 if dtype is np.float32 else 1e-11
        np.testing.assert_allclose(y[i], oracles.read_at(x[i : i + 1], clock[None])[0], rtol=0, atol=close)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [4, 7, 60, 61])
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_resize_reads_the_literal_map_at_equal_steps(body, op, length):
    """Breaks where the stretch interpolates twice, or a piece begins at the wrong reading: METHODS 1.3 by np.interp."""
    x = series(n=30, length=length)
    y, drawn = draw(body, op, x)
    assert y.shape == x.shape
    for i, clock in enumerate(by_hand(op, length, drawn)):
        tau = np.interp(np.linspace(0, len(clock) - 1, length), np.arange(len(clock)), clock)
        np.testing.assert_allclose(y[i], oracles.read_at(x[i : i + 1], tau[None])[0], rtol=0, atol=1e-10)
    np.testing.assert_array_equal(y[..., [0, -1]], x[..., [0, -1]])


@pytest.mark.parametrize("fitting", ["resize", "crop"])
@pytest.mark.parametrize("window", [4, 0.3])
def test_every_start_and_both_speeds_are_equally_likely(window, fitting):
    """Breaks where the first or last start is never drawn, or a speed is preferred: χ² over all pairs, rate as stated."""
    drawn = draw("numba", WindowWarp(window=window, fitting=fitting), ramp(18_000, 12))[1]
    pairs, counts = np.unique(np.hstack([drawn["start"], drawn["faster"]]), axis=0, return_counts=True)
    assert pairs.tolist() == [[start, faster] for start in range(9) for faster in (0, 1)]
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


def test_every_cut_is_equally_likely():
    """Breaks where a part of a slow series begins at some steps only: T' = 16, 10 are kept, so 7 cuts; rate as stated."""
    drawn = draw("numba", WindowWarp(window=4, fitting="crop"), ramp(14_000, 12))[1]
    slow = ~drawn["faster"][:, 0]
    cuts, counts = np.unique(drawn["cut"][slow], return_counts=True)
    assert cuts.tolist() == list(range(7))
    assert stats.chisquare(counts).pvalue > FALSE_ALARM
    assert (drawn["cut"][~slow] == 0).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fitting", ["resize", "crop"])
@pytest.mark.parametrize("window", [0.1, 0.5, 1.0, 2, 13])
@pytest.mark.parametrize("length", [4, 61])
def test_a_scale_of_1_changes_nothing(body, fitting, window, length):
    """Breaks where a window at its own speed is read with a rounding, moved or cut; gaps included."""
    x = series(dtype=np.float32, length=length)
    x[1, :, 1:3] = np.nan
    assert same_bits(run(body, WindowWarp(window=window, scale=1.0, fitting=fitting), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fitting", ["resize", "crop"])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_series_of_fewer_than_four_steps_passes(body, fitting, length):
    """Breaks where there is no room for a window, and one is taken all the same."""
    op, x = WindowWarp(window=1.0, scale=3.0, fitting=fitting), series(length=length, dtype=np.float32)
    assert op.length(length) == length
    assert same_bits(run(body, op, x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("window", "steps"), [(0.1, 7), (0.07, 5), (1.0, 61), (1, 2), (2, 2), (7, 7), (61, 61), (500, 61)])
def test_a_window_is_a_share_or_a_number_of_steps(body, window, steps):
    """Breaks where a share is rounded down, 1 is taken for all, or the window is longer than the series."""
    drawn = draw(body, WindowWarp(window=window, scale=5.0), ramp(300, 61))[1]
    assert drawn["start"].max() == 61 - steps if steps > 59 else drawn["start"].max() > 0.9 * (61 - steps)
    assert WindowWarp(window=window, scale=1.5, fitting="crop").length(61) == 61 - steps + max(2, round(steps / 1.5))


@pytest.mark.parametrize("body", BODIES)
@given(
    length=st.integers(4, 120),
    window=st.one_of(st.integers(1, 130), st.floats(0.01, 1)),
    scale=st.floats(1, 6),
    fitting=st.sampled_from(("resize", "crop")),
    seed=st.integers(0, 99),
)
@few
def test_time_rises_and_the_range_and_the_length_stay(body, length, window, scale, fitting, seed):
    """Breaks where time stands or runs back, a reading leaves the range of x, or the length is not as announced."""
    op = WindowWarp(window=window, scale=scale, fitting=fitting)
    clock = run(body, op, ramp(5, length), seed)[0]
    width, fast, _ = widths(op, length)
    assert clock.shape[-1] == op.length(length) == (length if fitting == "resize" else length - width + fast)
    assert (np.diff(clock, axis=-1) > 0).all()
    if fitting == "resize":
        np.testing.assert_array_equal(clock[..., [0, -1]], [[[0, length - 1]]] * 5)
    x = series(length=length)
    y = run(body, op, x, seed)[0]
    assert (y <= x.max(axis=-1, keepdims=True) + 1e-12).all()
    assert (y >= x.min(axis=-1, keepdims=True) - 1e-12).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fitting", ["resize", "crop"])
def test_labels_and_gaps_follow_the_clock(body, fitting):
    """Breaks where events, states, mask or NaN follow another rule than that of DESIGN §4."""
    rng = np.random.default_rng(0)
    x = oracles.with_gaps(rng, series(n=12), 0.1)
    points = rng.integers(0, 4, (12, 60)) * (rng.random((12, 60)) < 0.3)
    mask = rng.random((12, 60)) < 0.8
    op = WindowWarp(window=0.4, scale=3.0, fitting=fitting)
    for role in ("event", "state"):
        y = run(body, op, Panel(x, points=points, point_role=role, mask=mask, covariates=ramp(12, 60)))[0]
        clock = y.covariates[:, 0]
        follow_it = oracles.strongest_at if role == "event" else lambda p, c: oracles.nearest_at(p[:, None], c)[:, 0]
        np.testing.assert_array_equal(y.points, follow_it(points, clock))
        np.testing.assert_array_equal(y.mask, oracles.nearest_at(mask[:, None], clock)[:, 0])
    y = run(body, op, Panel(x, covariates=ramp(12, 60)))[0]
    np.testing.assert_allclose(y.values, oracles.read_with_gaps(x, y.covariates[:, 0]), rtol=0, atol=1e-10)


@pytest.mark.parametrize("body", BODIES)
def test_p_leaves_some_samples_as_they_are(body):
    """Breaks where the gate does not choose whole samples, changes the draws, or is asked for where lengths would differ."""
    x = series(n=60)
    some, drawn = draw(body, WindowWarp(p=0.5), x)
    every = run(body, WindowWarp(), x)[0]
    chosen = drawn["gate"]
    assert 10 < chosen.sum() < 50
    np.testing.assert_allclose(some[chosen], every[chosen], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(some[~chosen], x[~chosen])
    with pytest.raises(ContractError, match="some samples 57 steps and leave others at 60"):
        run(body, WindowWarp(p=0.5, fitting="crop"), x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 2, 20, 58, 59])
@pytest.mark.parametrize("window", [0.1, 0.5, 0.9])
def test_resize_maps_past_and_target_each_onto_themselves(body, horizon, window):
    """Breaks where a past reading is read from beyond the border, a target from before it, or an end moves."""
    past = 60 - horizon
    clock = run(body, WindowWarp(window=window), Panel(ramp(20, 60), horizon=horizon))[0].values[:, 0]
    assert (np.diff(clock, axis=1) > 0).all()
    np.testing.assert_array_equal(clock[:, [0, past - 1, past, 59]], [[0, past - 1, past, 59]] * 20)
    if past > 2:
        assert (clock[:, :past] != np.arange(past)).any()
    if horizon > 2:
        assert (clock[:, past:] != np.arange(past, 60)).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 10, 40])
@pytest.mark.parametrize(
    "op", [WindowWarp(window=0.2, fitting="crop"), WindowWarp(window=15, scale=1.5, fitting="crop")], ids=repr
)
def test_crop_warps_the_past_and_leaves_the_target(body, horizon, op):
    """Breaks where the window reaches into the target, the cut takes from its end, or a target reading changes a bit."""
    x = series(n=20, dtype=np.float32)
    rng = np.random.default_rng(0)
    panel = Panel(x, horizon=horizon, points=rng.integers(0, 5, (20, 60)), mask=rng.random((20, 60)) < 0.8)
    y, drawn = draw(body, op, panel)
    width, fast, _ = widths(op, 60)
    kept, past = 60 - width + fast, 60 - horizon
    assert y.horizon == horizon
    assert y.values.shape[-1] == kept
    assert (drawn["start"][:, 0] + width <= past).all()
    for name in ("values", "points", "mask"):
        old, new = getattr(panel, name), getattr(y, name)
        assert same_bits(new[..., kept - horizon :].copy(), old[..., past:].copy()), name
    clock = run(body, op, Panel(ramp(20, 60), horizon=horizon))[0].values[:, 0]
    for i, whole in enumerate(by_hand(op, 60, drawn)):
        np.testing.assert_allclose(clock[i], whole[len(whole) - kept :], rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("window", "scale"), [(2, 2.0), (2, 1.5), (4, 1.1)])
def test_crop_does_not_stretch_the_past_where_the_length_happens_to_stay(body, window, scale):
    """Breaks where a faster window of as many steps (2 at 2, 2 at least) makes the family restore the border a second time."""
    op = WindowWarp(window=window, scale=scale, fitting="crop")
    assert op.length(20) == 20
    y, drawn = draw(body, op, Panel(ramp(20, 20), horizon=5))
    for i, whole in enumerate(by_hand(op, 20, drawn)):
        np.testing.assert_allclose(y.values[i, 0], whole[len(whole) - 20 :], rtol=0, atol=1e-9)


@pytest.mark.parametrize("horizon", [1, 10, 40])
def test_every_start_in_the_past_is_equally_likely_with_crop(horizon):
    """Breaks where the window next to the border is never drawn: χ², false-alarm rate as stated."""
    drawn = draw("numba", WindowWarp(window=10, fitting="crop"), Panel(ramp(6_000, 60), horizon=horizon))[1]
    starts, counts = np.unique(drawn["start"], return_counts=True)
    assert starts.tolist() == list(range(60 - horizon - 10 + 1))
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("window", "horizon", "words"),
    [
        (30, 40, "warps 30 steps of the past and keeps 45 in all; the past has 20 steps and the horizon 40"),
        (0.5, 31, "warps 30 steps of the past and keeps 45 in all; the past has 29 steps and the horizon 31"),
        (1.0, 1, "warps 60 steps of the past and keeps 30 in all; the past has 59 steps and the horizon 1"),
    ],
)
def test_a_window_that_the_past_cannot_hold_is_refused(window, horizon, words):
    """Breaks where a window is cut off silently, or the target is warped."""
    with pytest.raises(ContractError, match=f"{words}. Take a shorter window, or fitting='resize'"):
        WindowWarp(window=window, fitting="crop")(Panel(series(), horizon=horizon), seed=0)
    WindowWarp(window=window)(Panel(series(), horizon=horizon), seed=0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fitting", ["resize", "crop"])
def test_no_past_reading_feels_the_target(body, fitting):
    """Breaks with a leak: other targets, missing ones too, must leave every bit of the past, and the other way round."""
    op = WindowWarp(window=0.2, fitting=fitting)
    x = series(n=20)
    x[:, :, 15:18] = np.nan
    x[10:, :, 36:43] = np.nan  # a gap across the border
    other = x.copy()
    other[..., 40:] = 1e6
    other[:10, :, 40:50] = np.nan
    other[10:, :, 40:43] = np.nan
    a, b = (run(body, op, Panel(v, horizon=20))[0].values[..., :-20].copy() for v in (x, other))
    assert same_bits(a, b)
    other = x.copy()
    other[..., :40] = np.nan
    other[..., 0] = 1e6
    a, b = (run(body, op, Panel(v, horizon=20))[0].values[..., -20:].copy() for v in (x, other))
    assert same_bits(a, b)
