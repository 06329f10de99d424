"""Smooth: a convolution with weights that add up to 1, the ends mirrored."""

import numpy as np
import pytest
from scipy.signal import windows

from kernels.oracles import fill_gaps
from transforms.helpers import BODIES, run, same_bits, series
from transforms.promises import assert_past_alone, assert_past_does_not_see_the_target, assert_unobserved_steps_do_not_count
from variate import Panel, Smooth

SHAPES = [(1, "hann"), (3, "flat"), (7, "hann"), (8, "flat"), (10, "hann"), (25, "flat")]


def kernel(window, kind):
    """The weights by SciPy: an even window is a step longer, and a Hann bell has no zeros at its ends."""
    size = window if window % 2 else window + 1
    bell = windows.hann(size + 2, sym=True)[1:-1] if kind == "hann" else np.ones(size)
    return bell / bell.sum()


def smoothed(x, window, kind):
    """np.convolve of the mirrored series, channel by channel."""
    weights = kernel(window, kind)
    reach = len(weights) // 2
    longer = np.pad(x.astype(np.float64), [(0, 0), (0, 0), (reach, reach)], mode="symmetric")
    return np.apply_along_axis(np.convolve, -1, longer, weights, mode="valid")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 5e-6), (np.float64, 1e-13)])
@pytest.mark.parametrize(("window", "kind"), SHAPES)
@pytest.mark.parametrize("length", [1, 2, 5, 60])
def test_it_is_npconvolve_of_the_mirrored_series(body, dtype, close, window, kind, length):
    """Breaks where the end reading is not repeated in the mirror, an even window shifts time, or T < window reads beside x."""
    x = series(channels=3, length=length, dtype=dtype)
    y, drawn = run(body, Smooth(window=window, kind=kind), x)
    assert not any(drawn.values())
    assert y.dtype == dtype
    np.testing.assert_allclose(y, smoothed(x, window, kind), rtol=0, atol=close * max(1, np.abs(x).max()))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("window", "kind"), SHAPES)
def test_the_mean_is_kept_and_the_range_is_not_left(body, window, kind):
    """Breaks where an end counts more or less than once, or a weight is negative."""
    for length in (3, 60):
        x = series(length=length)
        y = run(body, Smooth(window=window, kind=kind), x)[0]
        np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-13 * np.abs(x).max())
        assert (y <= x.max(axis=-1, keepdims=True) + 1e-13).all()
        assert (y >= x.min(axis=-1, keepdims=True) - 1e-13).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("window", "kind"), SHAPES)
def test_nothing_shifts_in_time(body, window, kind):
    """Breaks where a lone peak comes out beside its step, or lopsided: it comes out as the weights themselves."""
    x = np.zeros((1, 1, 61))
    x[..., 30] = 1
    y = run(body, Smooth(window=window, kind=kind), x)[0][0, 0]
    weights = kernel(window, kind)
    reach = len(weights) // 2
    np.testing.assert_allclose(y[30 - reach : 31 + reach], weights, rtol=1e-12)
    assert not y[: 30 - reach].any()
    assert not y[31 + reach :].any()
    np.testing.assert_allclose(y, y[::-1], rtol=0, atol=1e-15)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["hann", "flat"])
def test_no_window_no_change_and_a_constant_channel_stays(body, kind):
    """Breaks where window=1 loses a bit, or the weights do not add up to 1."""
    x = series(dtype=np.float32)
    assert same_bits(run(body, Smooth(window=1, kind=kind), x)[0], x)
    flat = np.full((2, 2, 50), 1e6 + 0.1)
    np.testing.assert_allclose(run(body, Smooth(window=9, kind=kind), flat)[0], flat, rtol=1e-14)


@pytest.mark.parametrize("body", BODIES)
def test_a_gap_is_bridged_for_its_neighbours_and_comes_back(body):
    """Breaks where a NaN spreads as far as the window reaches, or is smoothed away."""
    x = series(channels=3)
    x[:, 0, 20:26] = np.nan
    x[:, 1, :4] = np.nan
    x[:, 2, -1] = np.nan
    y = run(body, Smooth(), x)[0]
    np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, smoothed(fill_gaps(x), 7, "hann")), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 20, 59])
def test_past_and_target_are_smoothed_each_on_its_own(body, horizon):
    """Breaks where the mirror at the border shows the other part; a gap at the border is bridged from its own part."""
    x = series()
    x[:, 0, 40] = np.nan
    y = run(body, Smooth(window=9), Panel(x, horizon=horizon))[0].values
    parts = [smoothed(fill_gaps(part), 9, "hann") for part in (x[..., :-horizon], x[..., -horizon:])]
    np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, np.concatenate(parts, axis=-1)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["hann", "flat"])
def test_mask_and_target(body, kind):
    """Breaks where what stands at an unobserved step is averaged in, or a past reading depends on the target."""
    op = Smooth(window=11, kind=kind)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_does_not_see_the_target(body, op)
    assert_past_alone(body, Smooth(window=11, kind=kind, scope="past"))
