"""ChannelDropout: each channel lost with probability ratio, but never all of them."""

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import ChannelDropout, Panel

FILLS = ("zero", "mean", "nan")


def lost_of(drawn, ratio):
    """The channels lost, (n, c), by the rule: those with a number below ratio, and of all of them one stays."""
    lost = drawn["lost"] < ratio
    for row, u in zip(lost, drawn["lost"], strict=True):
        row[u.argmax()] &= not row.all()
    return lost


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("ratio", [0.3, 0.9, 1.0])
def test_whole_channels_are_lost_and_the_others_keep_every_bit(body, dtype, fill, ratio):
    """Breaks where a channel is lost in part, the fill is another channel's, or all channels go."""
    x = series(n=30, channels=4, dtype=dtype)
    x[..., ::5] = -0.0
    y, drawn = draw(body, ChannelDropout(ratio=ratio, fill=fill), x)
    lost = lost_of(drawn, ratio)
    assert lost.any()
    assert not lost.all(axis=1).any()
    nothing = {"zero": 0.0, "nan": np.nan, "mean": x.mean(axis=-1, keepdims=True, dtype=np.float64)}[fill]
    expected = np.where(lost[:, :, None], nothing, x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-5 if dtype == np.float32 else 1e-12)
    assert same_bits(y[~lost], x[~lost])


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.8, 1.0])
def test_every_set_of_channels_has_its_chance(ratio):
    """Breaks where channels are lost together, or the one that stays is always the same: χ², false-alarm rate as stated.

    Of three channels each set is lost with ratio^k·(1 - ratio)^(3 - k); all three together become any two.
    """
    lost = np.isnan(ChannelDropout(ratio=ratio, fill="nan")(np.ones((9000, 3, 1)), seed=0))[..., 0]
    seen = np.bincount(lost @ [1, 2, 4], minlength=8)
    size = np.array([bin(code).count("1") for code in range(8)])
    chance = ratio**size * (1 - ratio) ** (3 - size)
    chance[size == 2] += chance[7] / 3
    chance[7] = 0
    assert seen[chance == 0].sum() == 0
    assert stats.chisquare(seen[chance > 0], 9000 * chance[chance > 0]).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", FILLS)
def test_one_channel_and_no_ratio_pass_unchanged(body, fill):
    """Breaks where a series of one channel is emptied, or ratio=0 touches a bit."""
    x = series(n=20, channels=1, dtype=np.float32)
    assert same_bits(run(body, ChannelDropout(ratio=1, fill=fill), x)[0], x)
    x = series(n=20, channels=3, dtype=np.float32)
    assert same_bits(run(body, ChannelDropout(ratio=0, fill=fill), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", FILLS)
def test_missing_readings_stay_missing_and_do_not_count(body, fill):
    """Breaks where losing what was never there makes a reading of it, or a NaN gets into the mean."""
    x = series(n=20, channels=3)
    x[:, :, ::4] = np.nan
    y, drawn = draw(body, ChannelDropout(ratio=0.5, fill=fill), x)
    nothing = {"zero": 0.0, "nan": np.nan, "mean": np.nanmean(x, axis=-1, keepdims=True)}[fill]
    expected = np.where(lost_of(drawn, 0.5)[:, :, None] & ~np.isnan(x), nothing, x)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_a_constant_channel_is_its_mean(body):
    """Breaks where fill="mean" moves what never changes by more than a rounding."""
    x = np.full((5, 3, 50), 1e6 + 0.1)
    np.testing.assert_allclose(run(body, ChannelDropout(ratio=1, fill="mean"), x)[0], x, rtol=1e-14)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("fill", FILLS)
def test_mask_and_target(body, fill):
    """Breaks where an unobserved reading gets into the mean, or a channel is lost in the past and back in the target."""
    assert_unobserved_steps_do_not_count(body, ChannelDropout(ratio=0.6, fill=fill))
    assert_past_alone(body, ChannelDropout(ratio=0.6, fill=fill, scope="past"))
    x, op = series(n=8, channels=3), ChannelDropout(ratio=0.6, fill=fill)
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])
