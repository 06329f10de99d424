"""FrequencyMask, BandStop, FrequencyShift and DominantShuffle: changes of single frequencies."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal, stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import BandStop, DominantShuffle, FrequencyMask, FrequencyShift, Panel

ALL = [FrequencyMask(ratio=0.3), FrequencyMask(ratio=0.3, per_channel=True), BandStop(), FrequencyShift(), DominantShuffle()]
LENGTHS = (3, 4, 5, 60, 61)


def without(x, gone):
    """Return x (n, c, t) with the bins above DC set to 0 where ``gone`` (n, 1 or c, t // 2)."""
    bins = np.fft.rfft(x.astype(np.float64))
    bins[..., 1:] *= ~np.broadcast_to(gone, bins[..., 1:].shape)
    return np.fft.irfft(bins, n=x.shape[-1])


def band(drawn, width, bins):
    """Return the bins above DC (n, 1, bins) in the recorded band."""
    return (np.arange(bins) >= drawn["start"]) & (np.arange(bins) < drawn["start"] + width)


def moved(x, shift):
    """Re(a(t)·exp(2πi·δ·t)), by SciPy's analytic signal, and the mean put back."""
    mean = x.astype(np.float64).mean(axis=-1, keepdims=True)
    turn = np.exp(2j * np.pi * shift.astype(np.float64) * np.arange(x.shape[-1]))
    return mean + (signal.hilbert(x - mean, axis=-1) * turn).real


def exchanged(x, order):
    """Return x with bin of rank r exchanged for that of rank order[r], one channel at a time."""
    bins = np.fft.rfft(x.astype(np.float64))
    paired = (x.shape[-1] - 1) // 2
    for i, c in np.ndindex(x.shape[:2]):
        ranked = 1 + np.argsort(-np.abs(bins[i, c, 1 : paired + 1]), kind="stable")[: order.shape[1]]
        bins[i, c, ranked] = bins[i, c, ranked[order[i]]]
    return np.fft.irfft(bins, n=x.shape[-1])


def from_draws(op, drawn, x):
    if x.shape[-1] < op.shortest:
        return x
    if isinstance(op, FrequencyMask):
        return without(x, drawn["gone"])
    if isinstance(op, BandStop):
        bins = x.shape[-1] // 2
        return without(x, band(drawn, max(round(op.width * bins), 1), bins))
    if isinstance(op, FrequencyShift):
        return moved(x, drawn["shift"])
    return exchanged(x, drawn["order"])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("op", [*ALL, BandStop(width=0.5), FrequencyShift(most=0.5), DominantShuffle(count=12)], ids=repr)
def test_each_is_the_formula(body, dtype, close, length, op):
    """Breaks where a bin is off by one, a channel takes another's draw, or an odd length comes back one reading short."""
    x = series(n=6, channels=3, length=length, dtype=dtype)
    y, drawn = draw(body, op, x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, from_draws(op, drawn, x), rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("op", [op for op in ALL if not isinstance(op, FrequencyShift)], ids=repr)
def test_the_mean_stays(body, length, op):
    """Breaks where DC is taken for a frequency."""
    x = series(length=length)
    np.testing.assert_allclose(run(body, op, x)[0].mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-13 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("op", "exact"), [
    (FrequencyMask(ratio=0.0), False),
    (BandStop(width=0.0), True),
    (FrequencyShift(most=0.0), True),
    (DominantShuffle(count=1), False),
], ids=repr)  # fmt: skip
def test_no_strength_no_change(body, op, exact):
    """Breaks where the value that names nothing does something; those that skip the spectrum keep every bit."""
    for length in LENGTHS:
        x = series(length=length)
        y = run(body, op, x)[0]
        np.testing.assert_allclose(y, x, rtol=0, atol=1e-14 * np.abs(x).max())
        assert not exact or same_bits(y, x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_channel_stays(body, op, dtype):
    """Breaks where rounding is amplified, or another channel gets in."""
    x = series(length=51, dtype=dtype)
    x[:, 0] = 7.3
    y = run(body, op, x)[0]
    np.testing.assert_allclose(y[:, 0], x[:, 0], rtol=10 * np.finfo(dtype).eps)
    assert (y[:, 1] != x[:, 1]).any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_gaps_masks_and_targets(body, op):
    """Breaks where a NaN spreads, what stands at an unobserved step counts, or past and target are not one window."""
    x = series(n=8, channels=3)
    x[:, 0, 7:20] = np.nan
    x[:, :, 30] = np.nan
    y, drawn = draw(body, op, x)
    filled = fill_gaps(x)
    np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, from_draws(op, drawn, filled)), rtol=0, atol=1e-10)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_alone(body, replace(op, scope="past"))
    x = series()
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
@pytest.mark.parametrize("length", [1, 2])
def test_a_series_too_short_passes(body, op, length):
    """Breaks where one or two readings stop the program or are changed."""
    x = series(length=length)
    assert same_bits(run(body, op, x)[0], x)


def test_masked_bins_have_their_rate_and_channels_share_them_or_not():
    """Breaks where a bin, the last one too, is preferred; false-alarm rate as stated."""
    x = series(n=3000, channels=2, length=20)
    for each in (False, True):
        y, drawn = draw("numba", FrequencyMask(ratio=0.2, per_channel=each), x)
        gone = np.abs(np.fft.rfft(y))[..., 1:] < 1e-9
        assert drawn["gone"].shape == (3000, 1 + each, 10)
        np.testing.assert_array_equal(gone, np.broadcast_to(drawn["gone"], gone.shape))
        assert (gone[:, 0] == gone[:, 1]).all() != each
        for k in range(10):
            assert stats.binomtest(int(gone[:, 0, k].sum()), 3000, 0.2).pvalue > FALSE_ALARM
    everything = run("numba", FrequencyMask(ratio=1.0), x)[0]
    np.testing.assert_allclose(everything, np.broadcast_to(x.mean(axis=-1, keepdims=True), x.shape), rtol=0, atol=1e-12)


@pytest.mark.parametrize("length", [20, 21])
def test_a_band_starts_anywhere_it_fits(length):
    """Breaks where the first or the last bin, Nyquist's where there is one, is out of reach: χ² as stated."""
    x = series(n=5000, channels=2, length=length)
    y, drawn = draw("numba", BandStop(width=0.3), x)
    gone = np.abs(np.fft.rfft(y)) < 1e-9 * np.abs(x).max()
    assert (gone.sum(axis=-1) == 3).all()
    assert (gone[:, 0] == gone[:, 1]).all()
    first = gone[:, 0].argmax(axis=-1)
    assert (gone[np.arange(5000), 0, first + 2]).all()
    counts = np.bincount(first, minlength=9)
    assert counts[0] == 0
    assert counts.size == 9
    assert stats.chisquare(counts[1:]).pvalue > FALSE_ALARM
    np.testing.assert_array_equal(first, drawn["start"][:, 0, 0] + 1)


def test_the_widest_band_leaves_the_mean():
    x = series(length=31)
    y = run("numba", BandStop(width=1.0), x)[0]
    np.testing.assert_allclose(y, np.broadcast_to(x.mean(axis=-1, keepdims=True), x.shape), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-5), (np.float64, 1e-10)])
@pytest.mark.parametrize("length", [400, 401, 4001])
def test_a_tone_moves_by_what_was_drawn(body, dtype, close, length):
    """Breaks where δ has the wrong sign or unit, or the angle loses its digits towards the end of a long series."""
    t = np.arange(length)
    f, phase = np.array([40, 77]) / length, np.array([0.3, 2.0])
    x = 5 + 2 * np.cos(2 * np.pi * f[:, None] * t + phase[:, None])[None].repeat(6, axis=0)
    y, drawn = draw(body, FrequencyShift(most=0.008), x.astype(dtype))
    assert drawn["shift"].shape == (6, 1, 1)  # one for all channels
    new = f[:, None] + drawn["shift"].astype(np.float64)
    np.testing.assert_allclose(y, 5 + 2 * np.cos(2 * np.pi * new * t + phase[:, None]), rtol=0, atol=close)


def test_shifts_are_uniform():
    """Breaks where one direction or a half of the range is preferred; false-alarm rate as stated."""
    _, drawn = draw("numba", FrequencyShift(most=0.05), np.ones((5000, 1, 3)))
    assert stats.kstest(drawn["shift"].ravel(), "uniform", args=(-0.05, 0.1)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [100, 101])
@pytest.mark.parametrize("count", [2, 4, 9, 1000])
def test_the_strongest_bins_change_places_and_no_other_moves(body, length, count):
    """Breaks where a coefficient is lost or doubled, or DC or Nyquist's bin takes part."""
    x = series(n=10, length=length)
    y, drawn = draw(body, DominantShuffle(count=count), x)
    before, after = np.fft.rfft(x), np.fft.rfft(y)
    paired = (length - 1) // 2
    assert drawn["order"].shape == (10, min(count, paired))
    close = 1e-12 * np.abs(before).max()
    for i, c in np.ndindex(10, 2):
        strong = 1 + np.argsort(-np.abs(before[i, c, 1 : paired + 1]))[:count]
        weak = np.setdiff1d(np.arange(length // 2 + 1), strong)
        np.testing.assert_allclose(after[i, c, weak], before[i, c, weak], rtol=0, atol=close)
        far = np.abs(after[i, c, strong][:, None] - before[i, c, strong][None, :])
        assert sorted(far.argmin(axis=1).tolist()) == list(range(len(strong)))
        assert far.min(axis=1).max() <= close
    np.testing.assert_allclose(y.var(axis=-1), x.var(axis=-1), rtol=1e-10)


def test_every_order_of_the_strongest_comes():
    """Breaks where a rank never leaves its place: χ² over all 3! orders, with the stated false-alarm rate."""
    orders = draw("numba", DominantShuffle(count=3), series(n=6000, channels=1, length=9))[1]["order"]
    counts = np.unique(orders, axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_equal_bins_are_ranked_by_place(body):
    """Breaks where of equal bins one is taken twice: an impulse has them all alike, off place 0 with other phases."""
    x = np.zeros((4, 1, 32))
    x[..., 0] = 1
    y = run(body, DominantShuffle(count=4), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-14)
    x = np.zeros((4, 1, 32))
    x[..., 3] = 1
    y = run(body, DominantShuffle(count=4), x)[0]
    np.testing.assert_allclose(np.abs(np.fft.rfft(y)), 1, rtol=1e-12)
