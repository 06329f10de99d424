"""TimeMask: windows of time, the same for all channels, and something in their place."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Panel, TimeMask

FILLS = ("zero", "mean", "last", "nan")


def covered(starts, width, length):
    """The steps of the windows, (n, length), by a loop."""
    lost = np.zeros((len(starts), length), bool)
    for row, firsts in zip(lost, starts.tolist(), strict=True):
        for first in firsts:
            row[first : first + width] = True
    return lost


def filled(x, lost, fill):
    """What stands there by the definition; a missing reading stays missing."""
    y = x.astype(np.float64)
    for i, c, t in np.ndindex(*x.shape):
        if not lost[i, t] or np.isnan(x[i, c, t]):
            continue
        seen = ~np.isnan(x[i, c])
        kept = np.flatnonzero(seen & ~lost[i])
        before = kept[kept < t]
        first = kept[0] if kept.size else np.flatnonzero(seen)[0]
        last = x[i, c, before[-1]] if before.size else x[i, c, first]
        y[i, c, t] = {"zero": 0, "mean": np.nanmean(x[i, c].astype(np.float64)), "last": last, "nan": np.nan}[fill]
    return y


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize(("ratio", "count", "length", "width"), [(0.1, 1, 60, 6), (0.2, 3, 60, 12), (0.01, 4, 31, 1)])
def test_windows_are_where_they_were_drawn_and_nothing_else_is_touched(body, dtype, fill, ratio, count, length, width):
    """Breaks where a window is a step too long, channels lose different steps, or a kept reading loses a bit."""
    x = series(n=10, channels=3, length=length, dtype=dtype)
    y, drawn = draw(body, TimeMask(ratio=ratio, count=count, fill=fill), x)
    assert drawn["start"].shape == (10, count)
    lost = covered(drawn["start"], width, length)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, filled(x, lost, fill), rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)
    kept = np.broadcast_to(~lost[:, None], x.shape)
    assert same_bits(y[kept], x[kept])


@pytest.mark.parametrize(("ratio", "length", "width"), [(0.001, 50, 1), (0.5, 7, 4), (1.0, 9, 9), (0.1, 1, 1), (0.3, 10, 3)])
def test_a_window_has_the_share_of_steps_and_one_at_least(ratio, length, width):
    """Breaks where a share is rounded to no step, or down (half of 7 is 3.5: to the even one)."""
    y = TimeMask(ratio=ratio, fill="nan")(np.ones((20, 1, length)), seed=0)
    np.testing.assert_array_equal(np.isnan(y).sum(axis=-1), width)


def test_every_start_is_equally_likely():
    """Breaks where the last window is never drawn, or windows reach beyond the end: χ², with the stated false-alarm rate."""
    y = TimeMask(ratio=0.4, fill="nan")(np.ones((8000, 1, 10)), seed=0)
    first = np.isnan(y[:, 0]).argmax(axis=1)
    assert np.isnan(y).sum() == 8000 * 4
    assert stats.chisquare(np.bincount(first, minlength=7)).pvalue > FALSE_ALARM
    two = np.isnan(TimeMask(ratio=0.4, count=2, fill="nan")(np.ones((2000, 1, 10)), seed=0)).sum(axis=-1)
    assert set(np.unique(two)) == {4, 5, 6, 7, 8}  # windows may overlap, and need not


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", FILLS)
def test_no_ratio_no_change_and_all_lost(body, fill):
    """Breaks at the ends of the range: 0 leaves every bit, 1 loses all (and then the first reading stands in)."""
    x = series(dtype=np.float32)
    x[..., ::5] = -0.0
    x[..., 0] = 2.5
    assert same_bits(run(body, TimeMask(ratio=0, fill=fill), x)[0], x)
    y = run(body, TimeMask(ratio=1, fill=fill), x)[0]
    nothing = {"zero": 0 * x, "mean": x.mean(axis=-1, keepdims=True), "last": x[..., :1], "nan": np.nan * x}[fill]
    np.testing.assert_allclose(y, np.broadcast_to(nothing, x.shape), rtol=0, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", FILLS)
def test_missing_readings_stay_missing_and_are_not_carried_on(body, fill):
    """Breaks where blanking what was never there makes a reading of it, or a NaN gets into the mean or is the last reading."""
    x = series(n=20)
    x[:, :, ::3] = np.nan
    x[:, 0, :20] = np.nan
    y, drawn = draw(body, TimeMask(ratio=0.2, count=2, fill=fill), x)
    np.testing.assert_allclose(y, filled(x, covered(drawn["start"], 12, 60), fill), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", ["zero", "mean", "last"])
def test_a_constant_channel(body, fill):
    """Breaks where the fill of what never changes changes it: only 0 is another value."""
    x = np.full((5, 1, 40), 3.25)
    y = run(body, TimeMask(ratio=0.25, fill=fill), x)[0]
    assert ((y == 0).sum(axis=-1) == 10).all() if fill == "zero" else same_bits(y, x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", FILLS)
def test_mask_and_target(body, fill):
    """Breaks where an unobserved reading is carried on or gets into the mean, or a target is blanked out."""
    op = TimeMask(ratio=0.2, count=2, fill=fill)
    assert_past_alone(body, op)
    assert_unobserved_steps_do_not_count(body, op)
    both = run(body, TimeMask(ratio=0.2, fill=fill, scope="all"), Panel(series(n=50), horizon=20))[0].values
    assert (both != series(n=50))[..., 40:].any()
