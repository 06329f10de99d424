"""TailoredMixup against NumPy's transform, one bin at a time."""

import math

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import BODIES, FALSE_ALARM, as_body, as_numpy
from transforms.helpers import draw, run, same_bits, series
from variate import Mixup, Panel, TailoredMixup
from variate.kernels.filtering import interpolated

LENGTHS = (3, 4, 5, 60, 61)


def mixed(own, other, theirs, towards):
    """Return one series (c, t) with amplitudes ``theirs`` of the way to another's, and phases ``towards`` of it."""
    a, b = (np.fft.rfft(v.astype(np.float64)) for v in (own, other))
    length, out = own.shape[-1], np.empty_like(a)
    for c in range(len(a)):
        for k in range(a.shape[1]):
            straight = (1 - theirs) * a[c, k] + theirs * b[c, k]
            size = (1 - theirs) * abs(a[c, k]) + theirs * abs(b[c, k])
            arc = np.angle(b[c, k] * np.conj(a[c, k]))
            angle = np.angle(a[c, k]) + towards * arc
            out[c, k] = straight if k in (0, length / 2) else size * complex(math.cos(angle), math.sin(angle))
    return np.fft.irfft(out, n=length)


def weights_of(drawn, alpha, phase):
    """Return the partner's share of the amplitudes, and how far phases go, of the recorded draws."""
    own = stats.beta.ppf(drawn["share"].astype(np.float64), alpha, alpha)
    return np.minimum(own, 1 - own), phase * drawn["phase"].astype(np.float64)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 2e-6)])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(("alpha", "phase"), [(1.0, 0.1), (0.5, 1.0), (2.0, 0.0)])
def test_it_is_the_formula_and_the_label_has_its_weights(body, dtype, close, length, alpha, phase):
    """Breaks where an arc is the longer one, a bin without a phase is turned, or the smaller share is the series' own."""
    x, label = series(n=9, channels=3, length=length, dtype=dtype), np.arange(9) % 3
    panel = Panel(x, label=label)
    op = TailoredMixup(alpha=alpha, phase=phase).fit(panel)
    y, drawn = draw(body, op, panel)
    assert set(drawn) == {"partner", "share", "phase"}
    theirs, towards = weights_of(drawn, alpha, phase)
    partner = op.mixed_with(panel, 0)[:, 0]
    assert y.values.dtype == dtype
    for i in range(9):
        expected = mixed(x[i], x[partner[i]], theirs[i], towards[i])
        np.testing.assert_allclose(y.values[i], expected, rtol=0, atol=close * np.abs(x).max())
        labels = (1 - theirs[i]) * np.eye(3)[label[i]] + theirs[i] * np.eye(3)[label[partner[i]]]
        np.testing.assert_allclose(y.label[i], labels, rtol=0, atol=2e-6)
    assert (theirs <= 0.5).all()


def wave(phase, length=40, cycles=3, size=1.0):
    return size * np.cos(2 * np.pi * cycles * np.arange(length) / length + phase)[None, None]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("own", "other", "middle"), [
    (math.pi - 0.2, -math.pi + 0.4, math.pi + 0.1),
    (-math.pi + 0.4, math.pi - 0.2, math.pi + 0.1),
    (3.0, -3.0, math.pi),
    (0.3, 0.5, 0.4),
    (-2.0, 1.0, -0.5),
    (2.0, -1.0, 0.5),
])  # fmt: skip
def test_phases_go_along_the_shorter_arc(body, own, other, middle):
    """Breaks where two phases on either side of ±π meet at 0, on the far side of the circle."""
    arrays = [as_body(body, v) for v in (wave(own), wave(other), np.full((1, 1, 1), 0.25), np.full((1, 1, 1), 0.5))]
    np.testing.assert_allclose(as_numpy(interpolated(*arrays)), wave(middle), rtol=0, atol=1e-12)
    for towards, phase in ((0.0, own), (1.0, other)):
        arrays[3] = as_body(body, np.full((1, 1, 1), towards))
        np.testing.assert_allclose(as_numpy(interpolated(*arrays)), wave(phase), rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [4, 40])
def test_the_mean_and_the_highest_frequency_are_mixed_as_numbers(body, length):
    """Breaks where a sign is taken for a phase of 0 or π, so that a level changes sign or loses it in an amplitude."""
    up_down = (-1.0) ** np.arange(length)
    x, other = (level + size * up_down for level, size in ((3.0, 1.0), (-5.0, -2.0)))
    arrays = [as_body(body, v) for v in (x[None, None], other[None, None], np.full((1, 1, 1), 0.25), np.full((1, 1, 1), 1.0))]
    np.testing.assert_allclose(as_numpy(interpolated(*arrays))[0, 0], 1.0 + 0.25 * up_down, rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, *LENGTHS])
def test_a_series_with_itself_is_itself(body, length):
    """Breaks where amplitudes or phases do not come back from their own way; as a partner no copy is drawn at all."""
    x = series(n=4, length=length)
    share, towards = np.random.default_rng(0).random((2, 4, 1, 1))
    y = interpolated(*(as_body(body, v) for v in (x, x, share, towards)))
    np.testing.assert_allclose(as_numpy(y), x, rtol=0, atol=1e-13 * np.abs(x).max())
    copies = np.repeat(x[:1], 4, axis=0)
    assert same_bits(run(body, TailoredMixup().fit(copies), copies)[0], copies)


@pytest.mark.parametrize("body", BODIES)
def test_two_rhythms_out_of_step_do_not_cancel(body):
    """Breaks where waves are added: of two of one size and opposite phases there is left as much as there was."""
    x = np.concatenate([wave(0.3), np.repeat(wave(0.3 + 3.1), 199, axis=0)])
    op = TailoredMixup().fit(x[:1])
    y = run(body, op, x[1:])[0]
    size = np.abs(np.fft.rfft(y[:, 0], axis=-1))[:, 3] / 20
    np.testing.assert_allclose(size, 1, rtol=0, atol=1e-12)
    added = run(body, Mixup(alpha=1.0).fit(x[:1]), x[1:])[0]
    assert (np.abs(np.fft.rfft(added[:, 0], axis=-1))[:, 3] / 20).min() < 0.2


def test_phases_go_at_most_as_far_as_asked_and_each_way_is_as_likely():
    """Breaks where `phase` is not the most, or is always taken wholly; false-alarm rate as stated."""
    x, other = np.repeat(wave(0.5), 3000, axis=0), wave(1.5, size=3.0)
    y = TailoredMixup(phase=0.4).fit(other)(x, seed=0)[:, 0]
    turned = np.angle(np.fft.rfft(y, axis=-1)[:, 3]) - 0.5
    assert stats.kstest(turned / 0.4, "uniform").pvalue > FALSE_ALARM
    theirs = (np.abs(np.fft.rfft(y, axis=-1)[:, 3]) / 20 - 1) / 2
    assert stats.kstest(2 * theirs, "uniform").pvalue > FALSE_ALARM
    assert abs(np.corrcoef(turned, theirs)[0, 1]) < 0.1


@pytest.mark.parametrize("body", BODIES)
def test_of_a_past_the_share_is_that_of_the_window(body):
    """Breaks where a target changes, or its share of the label is forgotten; "all" is one window."""
    x = series(n=2)
    panel = Panel(x, label=[0, 1], horizon=15)
    y, drawn = draw(body, TailoredMixup(scope="past").fit(panel), panel)
    theirs, towards = weights_of(drawn, 1.0, 0.1)
    assert same_bits(y.values[..., 45:].copy(), x[..., 45:].copy())
    whole, all_drawn = draw(body, TailoredMixup().fit(panel), panel)
    for i in (0, 1):
        past = mixed(x[i, :, :45], x[1 - i, :, :45], theirs[i], towards[i])
        np.testing.assert_allclose(y.values[i, :, :45], past, rtol=0, atol=2e-6 * np.abs(x).max())
        np.testing.assert_allclose(y.label[i, 1 - i], theirs[i] * 45 / 60, rtol=0, atol=1e-6)
        expected = mixed(x[i], x[1 - i], *(w[i] for w in weights_of(all_drawn, 1.0, 0.1)))
        np.testing.assert_allclose(whole.values[i], expected, rtol=0, atol=2e-6 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_series_takes_amplitudes_over_and_keeps_its_part_of_the_level(body, dtype):
    """Breaks where a bin that is empty makes NaN, or level and amplitudes have other shares."""
    x, other = np.full((50, 1, 51), 7.3, dtype), series(n=1, channels=1, length=51, seed=1, dtype=dtype)
    y, drawn = draw(body, TailoredMixup().fit(other), x)
    theirs, _ = weights_of(drawn, 1.0, 0.1)
    found, expected = (np.abs(np.fft.rfft(v.astype(np.float64)))[:, 0] for v in (y, other))
    np.testing.assert_allclose(found[:, 1:], theirs[:, None] * expected[:, 1:], rtol=0, atol=1e-5 * expected.max())
    level = (1 - theirs) * np.float64(dtype(7.3)) + theirs * other.mean(dtype=np.float64)
    np.testing.assert_allclose(y[:, 0].mean(axis=1), level, rtol=0, atol=1e-5)


@pytest.mark.parametrize("body", BODIES)
def test_within_a_class_labels_stay_and_two_steps_have_no_phase(body):
    x = series(n=9)
    panel = Panel(x, label=np.arange(9) // 3)
    op = TailoredMixup(across=False).fit(panel)
    assert same_bits(run(body, op, panel)[0].label, panel.label)
    assert (panel.label[op.mixed_with(panel, 0)[:, 0]] == panel.label).all()
    for length in (1, 2):
        short = series(length=length)
        assert same_bits(run(body, TailoredMixup().fit(short), short)[0], short)
