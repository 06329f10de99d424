"""AAFT and IAAFT against literal loops, and the invariants of METHODS 2.4 and 2.5."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import surrogates

MOST = 1000
KINDS = ("white", "walk", "heavy", "ties", "level", "offset", "small", "large")


def series(kind, length, dtype=np.float64, n=2, channels=2, seed=0):
    """Return series and a random order of each channel's steps."""
    rng = np.random.default_rng(seed + length)
    shape = (n, channels, length)
    white = rng.normal(size=shape)
    x = {
        "white": white,
        "walk": white.cumsum(axis=-1),
        "heavy": np.exp(2 * white),
        "ties": rng.integers(-2, 3, shape),
        "level": np.sign(np.sin(np.arange(length) / 5)) + np.zeros(shape),
        "offset": 1000 + white,
        "small": white * 1e-30,
        "large": white * 1e30,
    }[kind]
    return x.astype(dtype), rng.permuted(np.broadcast_to(np.arange(length), shape), axis=-1)


def reordered(values, like):
    y = np.empty_like(values)
    y[np.argsort(like, kind="stable")] = np.sort(values)
    return y


def one_round(x, s):
    """METHODS 2.5 (a) and (b) of one channel, in float64: the series z and its ranks."""
    amplitude, bins = np.abs(np.fft.rfft(x)), np.fft.rfft(s)
    size = np.abs(bins)
    unit = np.where(size > 0, bins / np.where(size > 0, size, 1), 1)
    unit[0] = np.sign(np.sum(x)) or 1
    z = np.fft.irfft(amplitude * unit, n=len(x))
    return z, np.argsort(z, kind="stable")


def literal(x, begin, most):
    """The loop of METHODS 2.5, one channel at a time: s, z and the rounds."""
    s, before, count = begin, None, 0
    while count < most:
        count += 1
        z, order = one_round(x, s)
        s = np.empty_like(x)
        s[order] = np.sort(x)
        if before is not None and (order == before).all():
            break
        before = order
    return s, z, count


def joint_round(x, s):
    """METHODS 2.5, multivariate: phases φ_{c,k} + α_k of one sample (c, t)."""
    original, current = np.fft.rfft(x), np.fft.rfft(s)
    alpha = np.angle(np.exp(1j * (np.angle(current) - np.angle(original))).sum(axis=0))
    alpha[0] = 0
    return np.fft.irfft(original * np.exp(1j * alpha), n=x.shape[-1])


def error(x, s):
    """METHODS 2.5's E, of each channel."""
    x, s = (a.astype(np.float64) - x.astype(np.float64).mean(axis=-1, keepdims=True) for a in (x, s))
    weight = np.full(x.shape[-1] // 2 + 1, 2.0)
    weight[0] = 1
    if x.shape[-1] % 2 == 0:
        weight[-1] = 1
    x, s = x / np.abs(x).max(), s / np.abs(x).max()
    wanted = np.abs(np.fft.rfft(x))
    off = (weight * (np.abs(np.fft.rfft(s)) - wanted) ** 2).sum(axis=-1)
    return off / (weight * wanted**2).sum(axis=-1)


def impose(body, x, begin, most, **options):
    y, count = surrogates.impose(as_body(body, x), as_body(body, begin), most, **options)
    return as_numpy(y), as_numpy(count)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 64, 1021])
def test_aaft_is_its_three_steps(body, dtype, length):
    """Ranks of x for the normals, turned phases, ranks of that for x; the readings of x stay, bit for bit."""
    for kind in ("white", "heavy", "ties"):
        x, _ = series(kind, length, dtype)
        rng = np.random.default_rng(0)
        normals = rng.normal(size=x.shape).astype(np.float32)
        phase = (2 * np.pi * rng.random((2, 1, length // 2 + 1))).astype(np.float32)
        y = as_numpy(surrogates.aaft(*(as_body(body, a) for a in (x, normals, phase))))
        assert y.dtype == dtype
        assert np.sort(y).tobytes() == np.sort(x).tobytes()
        k = np.arange(length // 2 + 1)
        turned = np.where((k >= 1) & (k < length / 2), phase, 0)
        for i, c in np.ndindex(2, 2):
            gaussian = reordered(normals[i, c].astype(np.float64), x[i, c])
            like = np.fft.irfft(np.fft.rfft(gaussian) * np.exp(1j * turned[i, 0]), n=length)
            places = np.argsort(like, kind="stable")
            close = np.diff(like[places]).min(initial=1) > 1e-5  # else float32 may exchange neighbours
            got, right = y[i, c], reordered(x[i, c], like)
            assert np.array_equal(got, right) or not close
            assert (got != right).mean() < 0.1


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_walk_is_the_literal_loop(body, kind):
    """The same rounds from the same start, where rounding leaves the path alone: the first few rounds of float64."""
    for length in (5, 64, 101):
        x, start = series(kind, length)
        if kind in ("ties", "level"):  # equal sums round to different ones
            continue
        begin = np.take_along_axis(x, start, axis=-1)
        for most in (1, 2, 5):
            y, count = impose(body, x, begin, most)
            z, _ = impose(body, x, begin, most, spectrum_last=True)
            for i, c in np.ndindex(2, 2):
                s, last, rounds = literal(x[i, c], begin[i, c], most)
                np.testing.assert_array_equal(y[i, c], s)
                np.testing.assert_allclose(z[i, c], last, rtol=0, atol=1e-12 * np.abs(x).max())
                assert count[i, c] == rounds


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_every_round_keeps_the_readings_and_no_round_is_worse(body, dtype, kind):
    """sort(s) = sort(x) bit for bit, E never rises, and the end is a fixed point: METHODS 2.5.

    In float32 the nearest order of nearly equal readings is open to rounding, so E may rise by as much.
    """
    slack = 1e-7 if dtype == np.float32 else 1e-12
    for length in (4, 5, 48, 127):
        x, start = series(kind, length, dtype)
        end = as_numpy(surrogates.iaaft(as_body(body, x), as_body(body, start), MOST))
        s = np.take_along_axis(x, start, axis=-1)
        before = error(x, s)
        for _ in range(MOST):
            new, count = impose(body, x, s, 1)
            assert (count == 1).all()
            assert np.sort(new).tobytes() == np.sort(x).tobytes()
            after = error(x, new)
            assert (after <= before + slack).all(), (kind, length, (after - before).max())
            if np.array_equal(new, s):
                break
            s, before = new, after
        np.testing.assert_array_equal(end, s)  # from round to round is the same walk
        np.testing.assert_array_equal(impose(body, x, end, 1)[0], end)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("length", [4, 5, 64, 1021])
def test_the_other_end_has_exactly_the_spectrum(body, dtype, length):
    """``spectrum_last``: amplitudes, mean and circular autocovariance of x; readings near those of x."""
    close = 1e-9 if dtype == np.float64 else 2e-5
    for kind in ("white", "walk", "offset", "small", "large"):
        x, start = series(kind, length, dtype)
        z = as_numpy(surrogates.iaaft(as_body(body, x), as_body(body, start), MOST, spectrum_last=True))
        assert z.dtype == dtype
        size = np.abs(x).max().astype(np.float64)
        x, z = x.astype(np.float64) / size, z.astype(np.float64) / size
        np.testing.assert_allclose(np.abs(np.fft.rfft(z)), np.abs(np.fft.rfft(x)), rtol=0, atol=close * length)
        np.testing.assert_allclose(z.mean(axis=-1), x.mean(axis=-1), rtol=0, atol=close)
        lags = [1, 2, length // 3]
        for lag in lags:
            products = [(a * np.roll(a, lag, axis=-1)).mean(axis=-1) for a in (z, x)]
            np.testing.assert_allclose(*products, rtol=0, atol=close * 10)


def test_both_ends_come_close():
    """On long series E ends far below that of the first shuffle, and as near as a literal loop comes."""
    for kind, share in (("white", 0.001), ("walk", 0.001), ("heavy", 0.5)):
        x, start = series(kind, 512, n=4, channels=1)
        begin = np.take_along_axis(x, start, axis=-1)
        y, count = impose("numba", x, begin, MOST)
        ends = np.array([literal(a[0], b[0], MOST)[0] for a, b in zip(x, begin, strict=True)])
        assert (error(x, y) < share * error(x, begin)).all()
        np.testing.assert_allclose(np.mean(error(x, y)), np.mean(error(x[:, 0], ends)), rtol=0.2)
        assert (count < MOST).all()
        assert np.unique(count).size > 1  # rows do not wait for each other


@pytest.mark.parametrize("body", BODIES)
def test_a_walk_may_begin_anywhere(body):
    """A begin of other readings (as of a wavelet surrogate): none of it but its phases is left after a round."""
    x, _ = series("walk", 90)
    rng = np.random.default_rng(1)
    begin = 50 + 7 * rng.normal(size=x.shape)
    y, _ = impose(body, x, begin, 1)
    for i, c in np.ndindex(2, 2):
        np.testing.assert_array_equal(y[i, c], literal(x[i, c], begin[i, c] - begin[i, c].mean(), 1)[0])
    np.testing.assert_array_equal(impose(body, x, x, 5)[0], x)
    for fewer in (0, -1):
        y, count = impose(body, x, begin, fewer)
        assert (count == 0).all()
        np.testing.assert_array_equal(y[1, 0], reordered(x[1, 0], begin[1, 0]))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_joint_rounds_turn_all_channels_by_one_angle(body, dtype):
    """A round against its formula; phases between channels are those of x, exactly so in the last z."""
    for length in (4, 5, 64, 101):
        x, start = series("walk", length, dtype, channels=3)
        begin = np.take_along_axis(x, start, axis=-1)
        z, _ = impose(body, x, begin, 1, spectrum_last=True, joint=True)
        for i in range(2):
            right = joint_round(x[i].astype(np.float64), begin[i].astype(np.float64))
            np.testing.assert_allclose(z[i], right, rtol=0, atol=2e-4 if dtype == np.float32 else 1e-9)
        y, count = impose(body, x, begin, MOST, joint=True)
        z, _ = impose(body, x, begin, MOST, joint=True, spectrum_last=True)
        assert np.sort(y).tobytes() == np.sort(x).tobytes()
        assert (count == count[:, :1]).all()
        before, after = np.fft.rfft(x.astype(np.float64)), np.fft.rfft(z.astype(np.float64))
        cross = [a[:, 1:] * a[:, :1].conj() for a in (after, before)]
        size = np.abs(cross[1]).max()
        np.testing.assert_allclose(*cross, rtol=0, atol=size * (1e-5 if dtype == np.float32 else 1e-9))


@pytest.mark.parametrize("body", BODIES)
def test_joint_with_one_channel_is_the_plain_walk_and_a_constant_channel_has_no_say(body):
    x, start = series("white", 40, channels=1)
    begin = np.take_along_axis(x, start, axis=-1)
    plain = impose(body, x, begin, MOST)[0]
    np.testing.assert_array_equal(impose(body, x, begin, MOST, joint=True)[0], plain)
    pair = np.concatenate([np.full_like(x, 0.1), x], axis=1)
    other = np.concatenate([np.full_like(x, 0.1), begin], axis=1)
    y = impose(body, pair, other, 3, joint=True)[0]
    np.testing.assert_array_equal(y[:, :1], pair[:, :1])
    np.testing.assert_array_equal(y[:, 1:], impose(body, x, begin, 3)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("spectrum_last", [False, True])
@pytest.mark.parametrize("value", [0.0, 0.1, -7.3, 3e38, 1e-45])
def test_constants_stay(body, spectrum_last, value):
    """0.1·n / n is not 0.1: a constant must not get a spectrum of its rounding."""
    for length in (1, 2, 3, 4, 11):
        x, start = series("white", length, np.float32)
        x[:, 0] = value
        y = as_numpy(surrogates.iaaft(as_body(body, x), as_body(body, start), 20, spectrum_last=spectrum_last))
        np.testing.assert_array_equal(y[:, 0], x[:, 0])
        assert np.isfinite(y).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("joint", [False, True])
@pytest.mark.parametrize("spectrum_last", [False, True])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_shortest_are_only_permuted(body, joint, spectrum_last, length):
    x, start = series("white", length)
    y = surrogates.iaaft(*(as_body(body, a) for a in (x, start)), MOST, spectrum_last=spectrum_last, joint=joint)
    np.testing.assert_array_equal(as_numpy(y), np.take_along_axis(x, start, axis=-1))


@given(n=st.integers(1, 7), length=st.integers(1, 70), seed=st.integers(0, 99))
@pytest.mark.parametrize("joint", [False, True])
@few
def test_a_row_does_not_feel_its_batch(joint, n, length, seed):
    x, start = series("walk", length, np.float32, n=n, seed=seed)
    begin = np.take_along_axis(x, start, axis=-1)
    y, count = surrogates.impose(x, begin, 30, joint=joint)
    for i in range(n):
        alone, rounds = surrogates.impose(x[i : i + 1], begin[i : i + 1], 30, joint=joint)
        assert alone.tobytes() == y[i : i + 1].tobytes()
        np.testing.assert_array_equal(rounds, count[i : i + 1])


def test_a_row_does_not_feel_its_block(monkeypatch):
    """Finished rows give their place to the next ones: any size of block, the same bits."""
    x, start = series("heavy", 60, n=9)
    begin = np.take_along_axis(x, start, axis=-1)
    for joint in (False, True):
        for last in (False, True):
            whole, count = surrogates.impose(x, begin, 40, joint=joint, spectrum_last=last)
            for readings in (1, 300, 500):
                monkeypatch.setattr(surrogates, "READINGS", readings)
                parts, again = surrogates.impose(x, begin, 40, joint=joint, spectrum_last=last)
                assert parts.tobytes() == whole.tobytes()
                np.testing.assert_array_equal(again, count)
            monkeypatch.undo()


@pytest.mark.parametrize("body", BODIES)
def test_nothing_is_written_to_and_no_series_is_no_error(body):
    x, start = series("white", 20)
    a, b = as_body(body, x), as_body(body, start)
    copies = x.copy(), start.copy()
    surrogates.iaaft(a, b, 9)
    assert as_numpy(a).tobytes() == copies[0].tobytes()
    assert as_numpy(b).tobytes() == copies[1].tobytes()
    for joint in (False, True):
        assert tuple(surrogates.iaaft(a[:0], b[:0], 9, joint=joint).shape) == (0, 2, 20)


def test_a_gradient_goes_to_the_readings():
    """The order is found without one; what is put to it is x."""
    x, start = series("white", 20)
    tensor = torch.from_numpy(x).requires_grad_()
    surrogates.iaaft(tensor, torch.from_numpy(start), 9).sum().backward()
    np.testing.assert_array_equal(tensor.grad.numpy(), np.ones(x.shape))
