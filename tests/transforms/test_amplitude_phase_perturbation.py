"""AmplitudePhasePerturbation: METHODS 2.2, a few stretches of the spectrum redrawn and shaken."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import APP, AmplitudePhasePerturbation, Panel


def usable(length):
    """N': the bins between DC and Nyquist's, which METHODS excludes."""
    return (length - 1) // 2


def starts_of(drawn, op, length):
    """Return K and the first bins (n, stretches) of the recorded draws, DC not counted."""
    width = max(int(op.width * usable(length)), 1)
    apart = -(-width // 2)
    first = np.sort(drawn["start"], axis=1)
    return width, first + (apart - 1) * np.arange(first.shape[1])


def literal(x, drawn, op):
    """METHODS 2.2 bin by bin, from the recorded draws; the later of two stretches counts where they overlap."""
    bins = np.fft.rfft(x.astype(np.float64))
    out = bins.copy()
    width, starts = starts_of(drawn, op, x.shape[-1])
    many = usable(x.shape[-1])
    for i, c in np.ndindex(x.shape[:2]):
        size = np.abs(bins[i, c, 1 : many + 1])
        top = max(5, int(np.ceil(op.keep_top * many))) if op.keep_top else 0
        kept = set(np.argsort(size)[many - min(top, many) :].tolist()) if top else set()
        for s, first in enumerate(starts[i]):
            counted = size if op.statistics == "whole" else size[first : first + width]
            mean = counted.mean() if op.mean == "mean" else 0.0
            for j in range(width):
                k = first + j
                if k in kept:
                    continue
                new, angle = size[k], np.angle(bins[i, c, 1 + k])
                if op.mode != "phase":
                    new = abs(mean + np.sqrt(op.amplitude) * counted.std() * float(drawn["amplitude"][i, c, s * width + j]))
                if op.mode != "amplitude":
                    angle += np.sqrt(op.phase) * float(drawn["phase"][i, c, s * width + j])
                out[i, c, 1 + k] = new * np.exp(1j * angle)
    return np.fft.irfft(out, n=x.shape[-1])


def touched(drawn, op, x):
    """Return booleans (n, 1, bins of rfft): the bins in any stretch."""
    width, starts = starts_of(drawn, op, x.shape[-1])
    inside = np.zeros((len(x), 1, x.shape[-1] // 2 + 1), bool)
    for i, row in enumerate(starts):
        for first in row:
            inside[i, 0, 1 + first : 1 + first + width] = True
    return inside


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-10)])
@pytest.mark.parametrize("mode", ["both", "amplitude", "phase"])
@pytest.mark.parametrize("statistics", ["whole", "segment"])
@pytest.mark.parametrize(("length", "how"), [
    (200, {}),
    (201, {"segments": 6, "width": 0.2, "keep_top": 0.0}),  # overlaps
    (64, {"segments": 99, "width": 0.15, "mean": "zero", "keep_top": 0.3}),  # more than fit
    (23, {"width": 0.0, "keep_top": 0.0}),  # one bin at least
    (24, {"width": 1.0, "segments": 3}),
])  # fmt: skip
def test_each_bin_is_what_was_drawn_for_it(body, dtype, close, mode, statistics, length, how):
    """Breaks where a bin takes another's noise, another channel's statistics, or the wrong one of two stretches."""
    x = series(length=length, dtype=dtype)
    op = AmplitudePhasePerturbation(mode=mode, statistics=statistics, amplitude=4.0, phase=0.25, **how)
    y, drawn = draw(body, op, x)
    assert y.dtype == dtype
    assert set(drawn) == {"start", *(("amplitude", "phase") if mode == "both" else (mode,))}
    np.testing.assert_allclose(y, literal(x, drawn, op), rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", ["both", "amplitude", "phase"])
@pytest.mark.parametrize("length", [100, 101, 9, 12])
@pytest.mark.parametrize("segments", [1, 2, 5])
def test_bins_outside_the_stretches_dc_and_nyquist_stay(body, mode, length, segments):
    """Breaks where more than segments·K bins change, one of them outside, or the mean moves."""
    x = series(n=20, length=length)
    op = AmplitudePhasePerturbation(mode=mode, segments=segments, phase=1.0, keep_top=0.0)
    y, drawn = draw(body, op, x)
    width, starts = starts_of(drawn, op, length)
    inside = touched(drawn, op, x)
    before, after = np.fft.rfft(x), np.fft.rfft(y)
    off = np.abs(after - before)
    assert off[~np.broadcast_to(inside, off.shape)].max() <= 1e-10 * np.abs(before).max()
    assert not inside[..., 0].any()
    assert length % 2 or not inside[..., -1].any()
    assert starts.min() >= 0
    assert (starts + width).max() <= usable(length)
    assert (off > 1e-9 * np.abs(before).max()).sum(axis=-1).max() <= segments * width
    assert (off > 1e-9).any(axis=-1).all()
    np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [100, 101])
@pytest.mark.parametrize("keep_top", [0.0, 0.1])
def test_phase_mode_keeps_every_amplitude(body, length, keep_top):
    """Breaks where turning a bin changes its size, so that energy comes or goes."""
    x = series(length=length)
    y = run(body, AmplitudePhasePerturbation(mode="phase", phase=9.0, segments=9, keep_top=keep_top), x)[0]
    scale = np.abs(np.fft.rfft(x)).max()
    np.testing.assert_allclose(np.abs(np.fft.rfft(y)), np.abs(np.fft.rfft(x)), rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose((y**2).sum(axis=-1), (x**2).sum(axis=-1), rtol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [100, 101])
@pytest.mark.parametrize("mean", ["mean", "zero"])
def test_amplitude_mode_keeps_every_phase(body, length, mean):
    """Breaks where a negative draw is not taken by its size, which would turn the bin by π."""
    x = series(length=length)
    y = run(body, AmplitudePhasePerturbation(mode="amplitude", mean=mean, amplitude=9.0, segments=9, keep_top=0.0), x)[0]
    turn = np.fft.rfft(y) * np.fft.rfft(x).conj()
    sure = np.abs(turn) > 1e-6 * np.abs(turn).max()
    np.testing.assert_allclose(np.angle(turn[sure]), 0, atol=1e-8)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("statistics", ["whole", "segment"])
@pytest.mark.parametrize("mean", ["mean", "zero"])
def test_without_variance_the_chosen_bins_get_the_mean(body, statistics, mean):
    """Breaks where DC or Nyquist's bin counts for the mean amplitude, or noise is added that has no variance."""
    x = series(n=10, length=90)
    op = AmplitudePhasePerturbation(mode="amplitude", amplitude=0.0, mean=mean, statistics=statistics, segments=1, keep_top=0.0)
    y, drawn = draw(body, op, x)
    width, starts = starts_of(drawn, op, 90)
    for i, c in np.ndindex(10, 2):
        chosen = slice(1 + starts[i, 0], 1 + starts[i, 0] + width)
        size = np.abs(np.fft.rfft(x[i, c]))
        wanted = size[1:45].mean() if statistics == "whole" else size[chosen].mean()
        wanted = wanted if mean == "mean" else 0.0
        np.testing.assert_allclose(np.abs(np.fft.rfft(y[i, c]))[chosen], wanted, rtol=0, atol=1e-11 * size.max())


@pytest.mark.parametrize(("width", "segments"), [(0.3, 2), (0.4, 2), (0.1, 2), (0.5, 2), (0.2, 4)])
def test_stretches_start_at_least_half_a_stretch_apart_and_anywhere(width, segments):
    """Breaks where a valid choice cannot come, or comes too often: χ² over all of them, with the stated false-alarm rate.

    The first bins are read from the bins whose phases moved: 10 usable bins, so T = 21.
    """
    op = AmplitudePhasePerturbation(mode="phase", phase=1.0, width=width, segments=segments, keep_top=0.0)
    k = max(int(width * 10), 1)
    valid = [
        choice for choice in combinations(range(10 - k + 1), segments) if all(2 * (b - a) >= k for a, b in pairwise(choice))
    ]
    shapes = {}
    for choice in valid:
        shapes.setdefault(frozenset(first + j for first in choice for j in range(k)), []).append(choice)
    x = series(n=12000, channels=1, length=21)
    y, drawn = draw("numba", op, x)
    seen = {}
    for row in starts_of(drawn, op, 21)[1]:
        seen[tuple(row.tolist())] = seen.get(tuple(row.tolist()), 0) + 1
    assert set(seen) == set(valid)
    assert stats.chisquare([seen[choice] for choice in valid]).pvalue > FALSE_ALARM
    moved = np.abs(np.fft.rfft(y) - np.fft.rfft(x))[:, 0, 1:] > 1e-9
    assert {frozenset(np.flatnonzero(row).tolist()) for row in moved} == set(shapes)


@pytest.mark.parametrize("body", BODIES)
def test_so_many_stretches_as_fit(body):
    """Breaks where too many stretches stop the program, or come nearer than half a stretch."""
    x = series(n=5, length=200)
    for width in (0.1, 0.5, 1.0):
        op = AmplitudePhasePerturbation(segments=1000, width=width)
        drawn = draw(body, op, x)[1]
        k, starts = starts_of(drawn, op, 200)
        assert starts.shape[1] == (99 - k) // -(-k // 2) + 1
        assert (2 * np.diff(starts, axis=1) >= k).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("length", "keep_top", "kept"), [(401, 0.1, 20), (401, 0.101, 21), (41, 0.1, 5), (41, 0.0, 0), (41, 1.0, 20)]
)
def test_the_largest_bins_stay(body, length, keep_top, kept):
    """Breaks where fewer than max(5, 10 %) of the largest stay, or more than those do."""
    x = series(length=length)
    op = AmplitudePhasePerturbation(segments=999, width=0.1, phase=1.0, keep_top=keep_top)
    y, drawn = draw(body, op, x)
    before = np.fft.rfft(x)
    off = np.abs(np.fft.rfft(y) - before) > 1e-9
    covered = touched(drawn, op, x)[:, 0]
    for i, c in np.ndindex(x.shape[:2]):
        order = 1 + np.argsort(-np.abs(before[i, c, 1:]))
        assert not off[i, c, order[:kept]].any()
        assert off[i, c, order[kept:]].tolist() == covered[i, order[kept:]].tolist()


@pytest.mark.parametrize("body", BODIES)
def test_bins_of_one_size_all_stay_with_the_largest(body):
    """Breaks where NumPy and torch disagree on which of equal bins is the fifth: an impulse has them all alike."""
    x = np.zeros((1, 1, 64))
    x[..., 0] = 1
    np.testing.assert_allclose(run(body, APP(segments=9, phase=1.0), x)[0], x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(
    ("length", "keep_edges", "count"), [(400, 0.05, 10), (60, 0.05, 2), (10, 0.01, 2), (61, 1.0, 30), (60, 0.0, 0)]
)
def test_edges_are_overwritten_by_the_old_ones(body, length, keep_edges, count):
    """Breaks where an edge is not max(2, share·N/2) readings, or the middle changes with it."""
    x = series(length=length)
    op = {"segments": 5, "phase": 2.0, "keep_top": 0.0}
    whole = run(body, AmplitudePhasePerturbation(**op), x)[0]
    y = run(body, AmplitudePhasePerturbation(keep_edges=keep_edges, **op), x)[0]
    expected = whole.copy()
    expected[..., :count] = x[..., :count]
    expected[..., length - count :] = x[..., length - count :]
    assert same_bits(y, expected)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [60, 61])
def test_no_strength_no_change(body, length):
    """Breaks where no stretch, or no angle, leaves a trace."""
    x = series(length=length)
    assert same_bits(run(body, AmplitudePhasePerturbation(segments=0), x)[0], x)
    for how in ({"mode": "phase", "phase": 0.0}, {"keep_top": 1.0}):
        y = run(body, AmplitudePhasePerturbation(segments=9, **how), x)[0]
        np.testing.assert_allclose(y, x, rtol=0, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("mode", ["both", "amplitude", "phase"])
@pytest.mark.parametrize("statistics", ["whole", "segment"])
@pytest.mark.parametrize("length", [50, 51, 53])
def test_a_constant_channel_stays(body, dtype, close, mode, statistics, length):
    """Breaks where a bin of size 0 is divided by, or is filled by another channel's amplitude."""
    x = series(length=length, dtype=dtype)
    x[:, 0] = 7.3
    op = AmplitudePhasePerturbation(mode=mode, statistics=statistics, keep_top=0.0, segments=5)
    y = run(body, op, x)[0]
    np.testing.assert_allclose(y[:, 0], x[:, 0], rtol=0, atol=20 * close)
    assert (y[:, 1] != x[:, 1]).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", ["both", "amplitude", "phase"])
def test_an_empty_bin_can_be_filled(body, mode):
    """Breaks where a tone, most of whose bins are 0, comes out with NaN; in amplitude mode they become real and positive."""
    x = np.cos(2 * np.pi * 5 * np.arange(64) / 64)[None, None] * np.ones((20, 1, 1))
    y = run(body, AmplitudePhasePerturbation(mode=mode, keep_top=0.0, segments=9, phase=1.0), x)[0]
    assert np.isfinite(y).all()
    assert ((np.abs(np.fft.rfft(y)) > 1e-6).sum(axis=-1) > 10).all() == (mode != "phase")


@pytest.mark.parametrize("body", BODIES)
def test_stretches_are_shared_by_channels_and_noise_is_not(body):
    """Breaks where channels lose different bands, or are shaken alike."""
    x = np.repeat(series(channels=1), 3, axis=1)
    y, drawn = draw(body, AmplitudePhasePerturbation(keep_top=0.0), x)
    off = np.abs(np.fft.rfft(y) - np.fft.rfft(x)) > 1e-9
    assert (off == off[:, :1]).all()
    assert (drawn["amplitude"][:, 0] != drawn["amplitude"][:, 1]).all()
    assert (np.abs(y[:, 0] - y[:, 1]).max(axis=-1) > 1e-3).all()


@pytest.mark.parametrize("body", BODIES)
def test_gaps_are_bridged_and_come_back(body):
    """Breaks where a NaN spreads over the series, which one of them would do in a spectrum."""
    x = series(length=80)
    x[:, 0, 7:20] = np.nan
    x[:, :, -3:] = np.nan
    op = AmplitudePhasePerturbation(phase=0.25)
    y, drawn = draw(body, op, x)
    np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, literal(fill_gaps(x), drawn, op)), rtol=0, atol=1e-9)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("how", [{}, {"mode": "phase"}, {"mode": "amplitude", "statistics": "segment"}, {"keep_edges": 0.1}])
def test_mask_and_target(body, how):
    """Breaks where what stands at an unobserved step counts, or past and target are not one window."""
    assert_unobserved_steps_do_not_count(body, AmplitudePhasePerturbation(**how))
    assert_past_alone(body, AmplitudePhasePerturbation(scope="past", **how))
    x = series()
    op = AmplitudePhasePerturbation(**how)
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", range(1, 8))
def test_a_series_too_short_passes(body, length):
    """Breaks where a spectrum of a few bins is perturbed, or stops the program."""
    x = series(length=length, dtype=np.float32)
    assert same_bits(run(body, AmplitudePhasePerturbation(keep_top=0.0), x)[0], x)


def test_it_has_a_short_name():
    assert APP is AmplitudePhasePerturbation
