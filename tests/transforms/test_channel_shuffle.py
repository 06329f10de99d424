"""ChannelShuffle: the channels that take part, in a random order among themselves."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_past_does_not_see_the_target, assert_unobserved_steps_do_not_count
from variate import ChannelShuffle, Panel


def sources_of(drawn, ratio):
    """Where each channel comes from, by a loop: the places that take part, filled in the drawn order."""
    n, channels = drawn["order"].shape
    source = np.tile(np.arange(channels), (n, 1))
    for i in range(n):
        places = np.flatnonzero(drawn["taking_part"][i] < ratio)
        source[i, places] = [k for k in drawn["order"][i] if k in places]
    return source


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ratio", [0.2, 0.6, 1.0])
@pytest.mark.parametrize("channels", [2, 3, 7])
def test_channels_come_from_where_was_drawn_bit_for_bit(body, dtype, ratio, channels):
    """Breaks where a channel that stays out moves, the order changes along the series, or a NaN stays behind."""
    x = series(n=12, channels=channels, dtype=dtype)
    x[..., ::7] = -0.0
    x[:, 0, 3:9] = np.nan
    y, drawn = draw(body, ChannelShuffle(ratio=ratio), x)
    source = sources_of(drawn, ratio)
    assert (np.sort(source, axis=1) == np.arange(channels)).all()
    assert same_bits(y, np.take_along_axis(x, source[:, :, None].repeat(60, axis=2), axis=1))


@pytest.mark.parametrize("ratio", [0.4, 1.0])
def test_every_order_has_its_chance(ratio):
    """Breaks where some orders of four channels are preferred: χ² over all 24, with the stated false-alarm rate.

    A set of k takes part with ratio^k·(1 - ratio)^(4 - k), and then each of its k! orders is equally likely.
    """
    y = ChannelShuffle(ratio=ratio)(np.arange(4.0)[None, :, None] * np.ones((12000, 1, 1)), seed=0)[..., 0]
    chance = {order: 0.0 for order in permutations(range(4))}
    for code in range(16):
        places = [c for c in range(4) if code >> c & 1]
        orders = list(permutations(places))
        for order in orders:
            whole = list(range(4))
            for place, channel in zip(places, order, strict=True):
                whole[place] = channel
            chance[tuple(whole)] += ratio ** len(places) * (1 - ratio) ** (4 - len(places)) / len(orders)
    seen = dict.fromkeys(chance, 0)
    for row in y.astype(int).tolist():
        seen[tuple(row)] += 1
    assert stats.chisquare(list(seen.values()), 12000 * np.array(list(chance.values()))).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_one_channel_and_no_ratio_pass_unchanged(body):
    """Breaks where nothing to exchange is still exchanged."""
    x = series(n=20, channels=1, dtype=np.float32)
    assert same_bits(run(body, ChannelShuffle(ratio=1), x)[0], x)
    x = series(n=20, channels=4, dtype=np.float32)
    assert same_bits(run(body, ChannelShuffle(ratio=0), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_a_constant_channel_moves_like_any_other(body):
    """Breaks where a channel without spread is left out."""
    x = np.tile(np.arange(5.0)[None, :, None], (30, 1, 20))
    y = run(body, ChannelShuffle(ratio=1), x)[0]
    assert (y == y[..., :1]).all()
    assert (y != x).any(axis=(1, 2)).mean() > 0.9


@pytest.mark.parametrize("body", BODIES)
def test_mask_and_target(body):
    """Breaks where an unobserved reading is moved to an observed step, or past and target are exchanged differently."""
    op = ChannelShuffle(ratio=1.0)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_alone(body, ChannelShuffle(ratio=1.0, scope="past"))
    assert_past_does_not_see_the_target(body, op)
    x = series(channels=3)
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])
