"""WIAAFT: METHODS 3.8, surrogates of each wavelet level, matched in time, then the whole imposed."""

import numpy as np
import pytest

from kernels.oracles import as_body, as_numpy, fill_gaps
from transforms.helpers import BODIES, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import IAAFT, WIAAFT, Panel
from variate.kernels import modwt, wavelet_surrogates


def bursts(n=10, length=512, seed=0):
    """Return random walks under noise whose size rises to 7 times itself somewhere in the middle."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0.3, 0.7, (n, 1, 1)) * length
    size = 1 + 6 * np.exp(-0.5 * ((np.arange(length) - centre) / (length / 17)) ** 2)
    return rng.normal(size=(n, 1, length)) * size + 0.5 * rng.normal(size=(n, 1, length)).cumsum(axis=-1)


def running(x):
    """Return mean and standard deviation in windows of an eighth of the series."""
    windows = np.lib.stride_tricks.sliding_window_view(x, x.shape[-1] // 8, axis=-1)
    return windows.mean(axis=-1), windows.std(axis=-1)


def alike(x, y):
    """Return the average correlations of the running means and of the running stds."""
    pairs = [zip(a[:, 0], b[:, 0], strict=True) for a, b in zip(running(x), running(y), strict=True)]
    return [np.mean([np.corrcoef(a, b)[0, 1] for a, b in pair]) for pair in pairs]


def before_the_imposition(monkeypatch, body, op, x):
    """Return the coefficients (n, c, level, t) that are put together for the imposition."""
    seen = []
    back = wavelet_surrogates.imodwt

    def spy(details, smooth, wavelet):
        seen.append((as_numpy(details).copy(), as_numpy(smooth).copy()))
        return back(details, smooth, wavelet)

    monkeypatch.setattr(wavelet_surrogates, "imodwt", spy)
    run(body, op, x)
    ((details, smooth),) = seen
    return details, smooth


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", [{"most": 50}, {"pinned": 0.5, "most": 50}, {"most": 0}])
@pytest.mark.parametrize("length", [16, 101])
def test_every_reading_is_kept_bit_for_bit(body, dtype, how, length):
    """Breaks where a reading is computed instead of moved, or channels mix."""
    x = series(n=2, channels=3, length=length, dtype=dtype)
    x[:, 1] = np.abs(x[:, 1]).round()
    y = run(body, WIAAFT(**how), x)[0]
    assert same_bits(np.sort(y, axis=-1), np.sort(x, axis=-1))
    assert length < 100 or (y[:, 0] != x[:, 0]).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [100, 101])
def test_the_spectrum_is_exact_where_asked(body, length):
    """Breaks where the last half round is the wrong one."""
    x = series(length=length)
    y = run(body, WIAAFT(output="spectrum"), x)[0]
    before, after = (np.abs(np.fft.rfft(v)) for v in (x, y))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-10 * before.max())
    assert np.abs(y - x).max() > 1e-3


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("output", ["values", "spectrum"])
def test_the_local_mean_and_spread_stay_which_iaaft_loses(body, output):
    """Breaks where a level is not turned to where it fits, or the smooth is randomised: bounds of METHODS 3.8."""
    x, most = bursts(), 200 if body == "numba" else 50  # torch is slow at it
    mean, spread = alike(x, run(body, WIAAFT(output=output, most=most), x)[0])
    assert mean > 0.9
    assert spread > 0.5
    mean, spread = alike(x, run(body, IAAFT(output=output, most=most), x)[0])
    assert mean < 0.5
    assert spread < 0.4


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [128, 101])
def test_each_level_is_a_surrogate_of_the_old_one_and_the_smooth_stays(monkeypatch, body, length):
    """Breaks where a level's amplitudes change, it is another level's, or the smooth is touched."""
    x = series(length=length)
    details, smooth = before_the_imposition(monkeypatch, body, WIAAFT(), x)
    old, rest = modwt.modwt(x, "la16", modwt.levels(length, "la16"))
    close = 1e-9 * np.abs(x).max() * length
    assert details.shape == old.shape
    np.testing.assert_allclose(smooth, rest, rtol=0, atol=1e-11 * np.abs(x).max())
    np.testing.assert_allclose(np.abs(np.fft.rfft(details)), np.abs(np.fft.rfft(old)), rtol=0, atol=close)
    assert (np.abs(details - old).max(axis=-1) > 1e-6).all()


@pytest.mark.parametrize("body", BODIES)
def test_no_rotation_and_no_mirror_image_would_fit_better(monkeypatch, body):
    """Breaks where the shift has the wrong sign, or one of the two candidates is never tried."""
    x = series(n=6, length=64)
    details, _ = before_the_imposition(monkeypatch, body, WIAAFT(), x)
    old, _ = modwt.modwt(x, "la16", modwt.levels(64, "la16"))
    for level, made in zip(old.reshape(-1, 64), details.reshape(-1, 64), strict=True):
        others = [np.roll(way, k) @ level for way in (made, made[::-1]) for k in range(64)]
        assert made @ level >= max(others) - 1e-9 * np.abs(others).max()


@pytest.mark.parametrize("body", BODIES)
def test_a_matched_surrogate_is_found_again(body):
    """Breaks where a level that was turned round or rotated is not turned back: the match is then the level itself."""
    level = np.random.default_rng(0).normal(size=(3, 2, 50))
    for other in (level, np.roll(level, 7, axis=-1), level[..., ::-1].copy(), np.roll(level[..., ::-1], -3, axis=-1)):
        found = wavelet_surrogates._matched(as_body(body, level), as_body(body, other))
        np.testing.assert_array_equal(as_numpy(found), level)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("pinned", [0.2, 0.5, 0.9])
def test_the_largest_details_stay_and_the_others_are_exchanged(monkeypatch, body, pinned):
    """Breaks where not the fewest largest that hold the share stay in place, or another one is lost."""
    x = bursts(n=3, length=128)
    details, _ = before_the_imposition(monkeypatch, body, WIAAFT(pinned=pinned), x)
    old, _ = modwt.modwt(x, "la16", modwt.levels(128, "la16"))
    if body == "torch":  # rounds otherwise
        np.testing.assert_allclose(np.sort(details, axis=-1), np.sort(old, axis=-1), rtol=0, atol=1e-10)
    else:
        assert same_bits(np.sort(details, axis=-1), np.sort(old, axis=-1))
    for new, was in zip(details[:, 0].reshape(3, -1), old[:, 0].reshape(3, -1), strict=True):
        order = np.argsort(-(was**2))
        held = np.cumsum(was[order] ** 2) / (was**2).sum()
        largest = order[: np.searchsorted(held, pinned) + 1]
        np.testing.assert_allclose(new[largest], was[largest], rtol=0, atol=1e-11)
        others = np.setdiff1d(order, largest)
        assert (np.abs(new[others] - was[others]) > 1e-9).mean() > 0.5


@pytest.mark.parametrize("body", BODIES)
def test_more_pinned_is_nearer_and_all_pinned_is_the_series(body):
    """Breaks where pinned=1 loses a bit, or the pinned details do not reach the result."""
    x = bursts(n=4, length=128)
    far = [np.abs(run(body, WIAAFT(pinned=share), x)[0] - x).mean() for share in (0.0, 0.5, 0.9, 1.0)]
    assert far[0] > far[1] > far[2] > far[3] == 0
    assert same_bits(run(body, WIAAFT(pinned=1.0), x.astype(np.float32))[0], x.astype(np.float32))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("how", [{}, {"pinned": 0.5}, {"output": "spectrum"}])
def test_a_constant_channel_stays(body, dtype, how):
    """Breaks where levels of zeros are divided by their energy, or move another channel."""
    x = series(n=2, length=40, dtype=dtype)
    x[:, 0] = 7.3
    y = run(body, WIAAFT(most=20, **how), x)[0]
    np.testing.assert_allclose(y[:, 0], x[:, 0], rtol=10 * np.finfo(dtype).eps)
    assert (y[:, 1] != x[:, 1]).any(axis=-1).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("how", [{}, {"pinned": 0.5}, {"output": "spectrum"}])
def test_gaps_masks_targets_and_labels(body, how):
    """Breaks where a NaN spreads, the mask is not heeded, or labels, which WIAAFT keeps, are lost or refused."""
    op = WIAAFT(most=10, **how)
    x = series(n=8, channels=3)
    x[:, 0, 7:20] = np.nan
    y = run(body, op, x)[0]
    assert same_bits(np.isnan(y), np.isnan(x))
    np.testing.assert_allclose(y[:, 1:], run(body, op, fill_gaps(x))[0][:, 1:], rtol=0, atol=1e-9)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_alone(body, WIAAFT(most=10, scope="past", **how))
    panel = Panel(series(), points=np.arange(240).reshape(4, 60) % 3, horizon=20)
    out = run(body, op, panel)[0]
    assert same_bits(out.points, panel.points)
    assert same_bits(out.values, run(body, op, panel.values)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 8, 15])
def test_a_series_too_short_passes(body, length):
    x = series(length=length)
    assert same_bits(run(body, WIAAFT(), x)[0], x)
