"""One anomaly of one step, at each place of the series in turn, must survive every rising clock that covers it."""

import numpy as np
import pytest

from transforms.helpers import BODIES, draw, ramp, run
from variate import Compose, Crop, Panel, TimeWarp

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
    ],
    ids=repr,
)
def test_it_survives_fused_clocks_wherever_they_cover_it(body, length, op):
    """Breaks where fusing composes labels otherwise than values: an event in the old time that is read must be there."""
    for seed in SEEDS:
        covered = check(run(body, op, one_at_each_place(length), seed)[0], length)
        assert covered.any()


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
