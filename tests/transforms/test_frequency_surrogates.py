"""FourierSurrogate, AAFT and IAAFT: METHODS 2.3 to 2.5, series that forget when something was."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import AAFT, IAAFT, FourierSurrogate, Panel
from variate.core.errors import ContractError

ALL = [
    FourierSurrogate(),
    FourierSurrogate(channels="each", strength=0.3),
    AAFT(),
    AAFT(channels="each"),
    IAAFT(),
    IAAFT(output="spectrum"),
    IAAFT(channels="joint"),
]
RANKS = [op for op in ALL if not isinstance(op, FourierSurrogate) and getattr(op, "output", "values") == "values"]


def turned(x, phase):
    """Return x with ``phase`` added to the phases of 1 ≤ k < N/2."""
    bins = np.fft.rfft(x.astype(np.float64))
    k = np.arange(bins.shape[-1])
    free = (k >= 1) & (2 * k < x.shape[-1])
    return np.fft.irfft(bins * np.where(free, np.exp(1j * phase.astype(np.float64)), 1), n=x.shape[-1])


def reordered(values, like):
    """Return sorted values put to the ranks of ``like``; equal ones by place."""
    y = np.empty_like(values)
    np.put_along_axis(y, np.argsort(like, axis=-1, kind="stable"), np.sort(values, axis=-1), axis=-1)
    return y


def error(x, y):
    """METHODS 2.5's E of each channel, the mean left out."""
    a, b = (np.abs(np.fft.rfft(v - v.mean(axis=-1, keepdims=True))) for v in (x, y))
    weight = np.full(a.shape[-1], 2.0)
    weight[0] = 1
    weight[-1] = 2 - (x.shape[-1] % 2 == 0)
    return (weight * (a - b) ** 2).sum(axis=-1) / (weight * a**2).sum(axis=-1)


def autocorrelated(length=256, n=6, channels=3, seed=0):
    """Return series that are no permutation of each other, with most of their power at low frequencies."""
    noise = np.random.default_rng(seed).normal(size=(n, channels, length))
    for t in range(1, length):
        noise[..., t] += 0.9 * noise[..., t - 1]
    return np.exp(0.3 * noise)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 3e-6), (np.float64, 1e-12)])
@pytest.mark.parametrize("length", [3, 4, 60, 61])
@pytest.mark.parametrize("channels", ["joint", "each"])
def test_a_fourier_surrogate_adds_the_recorded_phases(body, dtype, close, length, channels):
    """Breaks where a phase is put in place of the old one, DC or Nyquist's is turned, or channels go otherwise than asked."""
    x = series(channels=3, length=length, dtype=dtype)
    y, drawn = draw(body, FourierSurrogate(channels=channels, strength=0.5), x)
    assert drawn["phase"].shape == (4, 1 if channels == "joint" else 3, length // 2 + 1)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, turned(x, 0.5 * drawn["phase"]), rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [60, 61])
@pytest.mark.parametrize("channels", ["joint", "each"])
def test_what_a_fourier_surrogate_keeps(body, length, channels):
    """Breaks where an amplitude, the autocorrelation, the mean or, with joint phases, a cross-spectrum is lost."""
    x = series(channels=3, length=length)
    y = run(body, FourierSurrogate(channels=channels), x)[0]
    before, after = np.fft.rfft(x), np.fft.rfft(y)
    close = 1e-12 * np.abs(before).max()
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=0, atol=close)
    np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=close)
    np.testing.assert_allclose(y.var(axis=-1), x.var(axis=-1), rtol=1e-10)
    for lag in range(1, 30):
        a, b = ((v * np.roll(v, lag, axis=-1)).mean(axis=-1) for v in (x, y))
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-10 * np.abs(x).max() ** 2)
    cross = [v[:, 0] * v[:, 1].conj() for v in (before, after)]
    assert np.allclose(*cross, rtol=0, atol=1e-10 * np.abs(cross[0]).max()) == (channels == "joint")
    assert (np.abs(x - y).max(axis=-1) > 1e-2).all()


def test_phases_are_even_over_the_circle():
    """Breaks where a part of the circle is not reached; false-alarm rate as stated."""
    _, drawn = draw("numba", FourierSurrogate(channels="each"), np.ones((500, 2, 20)))
    assert stats.kstest(drawn["phase"].ravel(), "uniform", args=(0, 2 * np.pi)).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [60, 61])
def test_no_strength_no_change(body, length):
    x = series(length=length)
    y = run(body, FourierSurrogate(strength=0), x)[0]
    np.testing.assert_allclose(y, x, rtol=0, atol=1e-14 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", RANKS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [3, 4, 5, 60, 101])
def test_every_reading_is_kept_bit_for_bit(body, op, dtype, length):
    """Breaks where a reading is computed instead of moved, or channels mix; with ties and negative zeros too."""
    x = series(channels=3, length=length, dtype=dtype)
    x[:, 1] = x[:, 1].round()
    x[0, 2] = -0.0
    y = run(body, op, x)[0]
    assert y.dtype == dtype
    bits = np.int32 if dtype == np.float32 else np.int64  # -0.0 and 0.0 are two
    np.testing.assert_array_equal(np.sort(y.view(bits), axis=-1), np.sort(x.view(bits), axis=-1))
    assert length < 60 or (y[:, :2] != x[:, :2]).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("channels", ["joint", "each"])
def test_aaft_is_its_three_steps(body, channels):
    """Breaks where the Gaussian series is not put to x's ranks first, or phases go otherwise than asked.

    Its phases are turned in single precision, so a few readings that are nearly of one rank may change places.
    """
    x = autocorrelated()
    y, drawn = draw(body, AAFT(channels=channels), x)
    assert drawn["phase"].shape == (6, 1 if channels == "joint" else 3, 129)
    literal = reordered(x, turned(reordered(drawn["gaussian"], x), drawn["phase"]))
    assert (y == literal).mean() > 0.99
    np.testing.assert_allclose(y, literal, rtol=1e-3)


@pytest.mark.parametrize("body", BODIES)
def test_aaft_keeps_the_spectrum_nearly_and_iaaft_nearer(body):
    """Breaks where ranks are those of the draw and not of its phases turned: E of a random order is about 1."""
    x = autocorrelated(n=20, channels=1)
    shuffled = np.random.default_rng(0).permuted(x, axis=-1)
    mean = [error(x, y).mean() for y in (shuffled, run(body, AAFT(), x)[0], run(body, IAAFT(), x)[0])]
    assert mean[0] > 0.5
    assert mean[1] < 0.3
    assert mean[2] < 0.01


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [60, 61])
@pytest.mark.parametrize("channels", ["each", "joint"])
def test_the_spectrum_is_exact_where_asked(body, length, channels):
    """Breaks where the last half round is the wrong one, or phases between channels are lost."""
    x = series(channels=3, length=length)
    y = run(body, IAAFT(output="spectrum", channels=channels), x)[0]
    before, after = np.fft.rfft(x), np.fft.rfft(y)
    np.testing.assert_allclose(np.abs(after), np.abs(before), rtol=0, atol=1e-10 * np.abs(before).max())
    np.testing.assert_allclose(y.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-12 * np.abs(x).max())
    cross = [v[:, 0] * v[:, 1].conj() for v in (before, after)]
    assert np.allclose(*cross, rtol=0, atol=1e-9 * np.abs(cross[0]).max()) == (channels == "joint")
    assert not np.allclose(y, x, atol=0.1)


@pytest.mark.parametrize("body", BODIES)
def test_one_more_round_changes_nothing(body):
    """Breaks where the walk stops before its fixed point: x's amplitudes, y's phases, and the same ranks."""
    x = autocorrelated(length=100, n=3)
    y = run(body, IAAFT(most=1000), x)[0]
    bins = np.fft.rfft(y - y.mean(axis=-1, keepdims=True))
    z = np.fft.irfft(np.abs(np.fft.rfft(x - x.mean(axis=-1, keepdims=True))) * np.exp(1j * np.angle(bins)), n=100)
    assert (reordered(x, z) == y).mean() > 0.999


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("channels", ["each", "joint"])
def test_without_a_round_it_is_the_order_that_was_drawn(body, channels):
    """Breaks where the walk does not begin with a permutation of the readings, each channel its own."""
    x = series(channels=3)
    y, drawn = draw(body, IAAFT(most=0, channels=channels), x)
    start = np.argsort(drawn["start"], axis=-1, kind="stable")
    assert same_bits(y, np.take_along_axis(x, start, axis=-1))
    assert (start[:, 0] != start[:, 1]).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
def test_more_rounds_are_no_worse(body):
    """Breaks where the error of METHODS 2.5 rises."""
    x = autocorrelated(n=3, length=128)
    errors = [error(x, run(body, IAAFT(most=most), x)[0]) for most in (0, 1, 2, 5, 20, 200)]
    assert (np.diff(errors, axis=0) <= 1e-12).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_constant_channel_stays(body, op, dtype):
    """Breaks where rounding passes for a spectrum, or the ranks of nothing move another channel."""
    x = series(channels=2, length=51, dtype=dtype)
    x[:, 0] = 7.3
    y = run(body, op, x)[0]
    np.testing.assert_allclose(y[:, 0], x[:, 0], rtol=10 * np.finfo(dtype).eps)
    assert (y[:, 1] != x[:, 1]).any(axis=-1).all()
    alone = np.full((2, 1, 30), 7.3, dtype)
    np.testing.assert_allclose(run(body, op, alone)[0], alone, rtol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
def test_gaps_masks_and_targets(body, op):
    """Breaks where a NaN spreads or moves, what stands at an unobserved step counts, or the target is seen unasked."""
    x = series(n=8, channels=3)
    x[:, 0, 7:20] = np.nan
    x[:, :, 30] = np.nan
    y = run(body, op, x)[0]
    assert same_bits(np.isnan(y), np.isnan(x))
    expected = run(body, op, fill_gaps(x))[0]
    if op in RANKS:
        assert (y == np.where(np.isnan(x), np.nan, expected))[~np.isnan(x)].mean() > 0.99
    else:
        np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, expected), rtol=0, atol=1e-8)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_alone(body, replace(op, scope="past"))
    x = series()
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
@pytest.mark.parametrize("length", [1, 2])
def test_a_series_too_short_passes(body, op, length):
    x = series(length=length)
    assert same_bits(run(body, op, x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", ALL, ids=repr)
@pytest.mark.parametrize("role", ["event", "state"])
def test_point_labels_are_refused_or_dropped(body, op, role):
    """Breaks where a label of a step stays at a step that means something else now; class labels stay."""
    panel = Panel(series(), points=np.ones((4, 60), int), point_role=role, label=[0, 1, 2, 1], covariates=series(seed=1))
    with pytest.raises(ContractError, match=rf"{type(op).__name__} forgets when .*on_points='drop'"):
        run(body, op, panel)
    y = run(body, replace(op, on_points="drop"), panel)[0]
    assert y.points is None
    assert y.label.tolist() == [0, 1, 2, 1]
    assert same_bits(y.covariates, panel.covariates)
    assert same_bits(y.values, run(body, op, panel.values)[0])
