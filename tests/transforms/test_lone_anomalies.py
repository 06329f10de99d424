"""One anomaly of one step, at each place of the series in turn, must survive every rising clock that covers it."""

import numpy as np
import pytest

from transforms.helpers import BODIES, draw, ramp, run
from variate import Compose, Crop, Panel, Resample, Reverse, Shift, TimeWarp, WindowWarp

SEEDS = range(5)


def one_at_each_place(length, dtype=bool):
    """Row k has one event, at step k; its values are the steps, so that they show the clock."""
    return Panel(ramp(length, length), points=np.eye(length, dtype=dtype))


def in_one_run(points):
    return (np.diff(np.pad(points.astype(int), ((0, 0), (1, 1))), axis=1) == 1).sum(axis=1) == 1


def check(out, length):
    """An event inside the covered old time [first, last] is there, in one run, and none else is."""
    first, last = out.values[:, 0, 0], out.values[:, 0, -1]
    place = np.arange(length)
    covered = (place > first - 1e-9) & (place < last + 1e-9)
    found = out.points.any(axis=1)
    lost = np.flatnonzero(covered & ~found)
    assert not lost.size, f"lost at {lost}"
    assert in_one_run(out.points[found]).all()
    outside = (place < first - 0.5 - 1e-9) | (place > last + 0.5 + 1e-9)
    assert not found[outside].any()
    return covered


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 200])
@pytest.mark.parametrize("op", [TimeWarp(), TimeWarp(sigma=0.5, knots=8), TimeWarp(sigma=1.5), TimeWarp(p=0.5)], ids=repr)
def test_it_survives_a_time_warp_at_every_place(body, length, op):
    """Breaks where compressed time jumps over an event, or stretched time tears it in two."""
    for seed in SEEDS:
        assert check(run(body, op, one_at_each_place(length), seed)[0], length).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 200])
@pytest.mark.parametrize("size", [0.9, 0.5, 0.1, 7])
@pytest.mark.parametrize("resize", [True, False])
def test_it_survives_a_crop_wherever_the_crop_covers_it(body, length, size, resize):
    """Breaks at the first and last step of the part, or where an event outside it comes in."""
    op = Crop(size=size, resize=resize)
    for seed in SEEDS:
        out, drawn = draw(body, op, one_at_each_place(length), seed)
        start, kept = drawn["start"][:, 0], op.kept(length)
        covered = (start <= np.arange(length)) & (np.arange(length) < start + kept)
        np.testing.assert_array_equal(check(out, length), covered)
        np.testing.assert_array_equal(out.points.any(axis=1), covered)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 200])
@pytest.mark.parametrize(
    "op",
    [
        Compose(TimeWarp(), Crop()),
        Compose(TimeWarp(sigma=0.5), Crop(size=0.5)),
        Compose(TimeWarp(sigma=0.5), Crop(size=0.3, resize=False)),
        Compose(Crop(size=0.5), TimeWarp(sigma=0.5)),
        Compose(Crop(size=0.5, resize=False), TimeWarp(), TimeWarp()),
        Compose(TimeWarp(), TimeWarp(), TimeWarp(), Crop()),
        Compose(WindowWarp(window=0.5, scale=4.0), TimeWarp(sigma=0.5), Crop(size=0.7)),
        Compose(TimeWarp(), WindowWarp(window=0.3, fitting="crop"), Resample(factor=0.4)),
        Compose(Resample(factor=0.25, mode="decimate"), Crop(size=0.5)),
    ],
    ids=repr,
)
def test_it_survives_fused_clocks_wherever_they_cover_it(body, length, op):
    """Breaks where fusing composes labels otherwise than values: an event in the old time that is read must be there."""
    for seed in SEEDS:
        covered = check(run(body, op, one_at_each_place(length), seed)[0], length)
        assert covered.any()


WINDOWS = [
    WindowWarp(),
    WindowWarp(window=0.5),
    WindowWarp(window=0.5, scale=8.0),
    WindowWarp(window=1.0, scale=3.0),
    WindowWarp(window=2),
    WindowWarp(window=15, scale=1.3),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 101])
@pytest.mark.parametrize("op", [*WINDOWS, WindowWarp(window=0.3, p=0.5)], ids=repr)
def test_it_survives_a_window_warp_at_every_place(body, length, op):
    """Breaks where a faster window, or the stretch back to T after a slower one, skips an event, or one tears it in two."""
    for seed in SEEDS:
        assert check(run(body, op, one_at_each_place(length), seed)[0], length).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 101])
@pytest.mark.parametrize("op", WINDOWS, ids=repr)
def test_it_survives_a_cropped_window_warp_wherever_the_part_covers_it(body, length, op):
    """Breaks at the ends of the part and of the window: both speeds, cuts inside the window too."""
    op = WindowWarp(window=op.window, scale=op.scale, fitting="crop")
    speeds = set()
    for seed in SEEDS:
        out, drawn = draw(body, op, one_at_each_place(length), seed)
        covered = check(out, length)
        for faster in (True, False):
            rows = drawn["faster"][:, 0] == faster
            speeds |= {faster} if rows.any() else set()
            assert not faster or covered[rows].all()  # of a faster series nothing is cut
    assert speeds == {True, False}


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 101])
@pytest.mark.parametrize("op", [Resample(factor=f) for f in (0.04, 0.31, 0.5, 0.99, 1.7, 3.0)], ids=repr)
def test_it_survives_a_linear_change_of_rate_at_every_place(body, length, op):
    """Breaks where fewer readings jump over an event, or more tear it in two."""
    assert check(run(body, op, one_at_each_place(length))[0], length).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [50, 101])
@pytest.mark.parametrize("every", [2, 3, 5, 16])
def test_it_survives_a_decimation_wherever_that_covers_it(body, length, every):
    """Breaks where an event between two readings that are kept is labelled at neither."""
    for seed in SEEDS:
        assert check(run(body, Resample(factor=1 / every, mode="decimate"), one_at_each_place(length), seed)[0], length).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", [Reverse(), Reverse(p=0.5), Shift(ratio=1.0), Shift(ratio=0.3, fill="edge")], ids=repr)
def test_where_readings_are_moved_alone_it_is_where_its_reading_is(body, op):
    """Breaks where an event is widened, as by a rising clock, or stays behind."""
    for seed in SEEDS:
        out = run(body, op, one_at_each_place(50), seed)[0]
        np.testing.assert_array_equal(out.points, out.values[:, 0] == np.arange(50)[:, None])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 15, 49])
@pytest.mark.parametrize("op", WINDOWS[:4], ids=repr)
def test_it_survives_a_window_warp_of_a_forecast_window(body, horizon, op):
    """Breaks at the border, where a window lies across it too; an event of the target stays there."""
    for seed in SEEDS:
        out = run(body, op, one_at_each_place(50).replace(horizon=horizon), seed)[0]
        assert check(out, 50).all()
        past = 50 - horizon
        assert not out.points[:past, past:].any()
        assert not out.points[past:, :past].any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 15, 49])
def test_it_survives_a_time_warp_of_a_forecast_window(body, horizon):
    """Breaks at the border between past and target."""
    for seed in SEEDS:
        panel = one_at_each_place(50).replace(horizon=horizon)
        assert check(run(body, TimeWarp(sigma=0.5), panel, seed)[0], 50).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.int64, np.float32])
def test_its_label_keeps_its_value_and_type(body, dtype):
    """Breaks where a soft or integer label is interpolated: events take the maximum."""
    panel = one_at_each_place(50)
    panel = panel.replace(points=(panel.points * 3).astype(dtype))
    out = run(body, Compose(TimeWarp(sigma=0.5), Crop(size=1.0)), panel)[0]
    assert out.points.dtype == dtype
    assert set(np.unique(out.points).tolist()) == {0, 3}
    assert (out.points.max(axis=1) == 3).all()
