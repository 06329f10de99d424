"""TemporalPatchShuffle: the quietest patches change places, and overlaps are averaged."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_unobserved_steps_do_not_count
from variate import Panel, TemporalPatchShuffle
from variate.core.errors import ContractError

OPS = [
    TemporalPatchShuffle(),
    TemporalPatchShuffle(patch=12, stride=5, share=1.0),
    TemporalPatchShuffle(patch=0.2, stride=0.2, share=0.5),
    TemporalPatchShuffle(patch=7, stride=9, share=0.6),
]


def literal(op, x, order):
    """Return x shuffled, by loops over patches of one series at a time: order[r] is the rank that goes where rank r was."""
    length = x.shape[-1]
    size = op.patch if isinstance(op.patch, int) else max(round(op.patch * length), 2)
    stride = op.stride if isinstance(op.stride, int) else max(round(op.stride * length), 1)
    starts = [a for a in range(0, length, stride) if a + size <= length]
    number = int(op.share * len(starts) + 1e-9)
    result = x.astype(np.float64).copy()
    if number < 2:
        return result
    for i in range(len(x)):
        each = np.array([[channel[a : a + size].var() for a in starts] for channel in x[i].astype(np.float64)])
        whole = each.sum(axis=1, keepdims=True)
        ranked = np.argsort((each / np.where(whole > 1e-20, whole, np.inf)).sum(axis=0), kind="stable")[:number]
        source = list(range(len(starts)))
        for r in range(number):
            source[ranked[r]] = ranked[order[i, r]]
        total, count = np.zeros(x.shape[1:]), np.zeros(length)
        for k, a in enumerate(starts):
            total[:, a : a + size] += x[i, :, starts[source[k]] : starts[source[k]] + size]
            count[a : a + size] += 1
        result[i][:, count > 0] = total[:, count > 0] / count[count > 0]
    return result


def steps_of(loudness, size, seed=0):
    """Return a series (1, 1, t) of stretches of ``size`` readings that vary as much as ``loudness`` says."""
    wave = np.random.default_rng(seed).normal(size=(len(loudness), size))
    wave = (wave - wave.mean(axis=1, keepdims=True)) / wave.std(axis=1, keepdims=True)
    return (np.asarray(loudness)[:, None] * wave).reshape(1, 1, -1)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("length", [13, 60, 61])
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_it_is_the_rule(body, dtype, close, length, op):
    """Breaks where a size is rounded another way, the loudest move, or a patch comes to a place that is not its order's."""
    x = series(n=6, channels=3, length=length, dtype=dtype)
    y, drawn = draw(body, op, x)
    assert y.dtype == dtype
    order = drawn.get("order")
    assert order is not None or length == 13
    np.testing.assert_allclose(y, literal(op, x, order), rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2, 3, 60, 61])
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_no_share_no_change(body, length, op):
    """Breaks where averages of what did not move are rounded, or a patch alone is shuffled."""
    x = series(length=length)
    for share in (0.0, 1e-6):
        y, drawn = draw(body, replace(op, share=share), x)
        assert same_bits(y, x)
        assert not drawn


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("patch", "length"), [(12, 1), (12, 11), (12, 12), (12, 16), (1.0, 60), (0.075, 2)])
def test_a_series_of_one_patch_or_none_passes(body, patch, length):
    x = series(length=length)
    assert same_bits(run(body, TemporalPatchShuffle(patch=patch, stride=5, share=1.0), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_a_constant_series_stays(body, dtype, op):
    """Breaks where the average of equal readings is another number, or 0 / 0 is."""
    x = series(length=61, dtype=dtype)
    x[:, 0] = 7.3
    y = run(body, op, x)[0]
    assert same_bits(np.ascontiguousarray(y[:, 0]), np.ascontiguousarray(x[:, 0]))
    assert (y[:, 1] != x[:, 1]).any()
    flat = np.full((2, 3, 61), -0.1, dtype)
    assert same_bits(run(body, op, flat)[0], flat)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("channels", [1, 3])
def test_patches_that_touch_change_places_whole_and_channels_move_together(body, channels):
    """Breaks where a reading is lost or doubled, or a channel goes elsewhere."""
    x = series(n=6, channels=channels)
    y, drawn = draw(body, TemporalPatchShuffle(patch=10, stride=10, share=1.0), x)
    assert drawn["order"].shape == (6, 6)
    for i in range(6):
        before, after = (list(map(bytes, np.split(np.ascontiguousarray(v[i].T), 6))) for v in (x, y))
        assert sorted(before) == sorted(after)
    assert (y != x).any(axis=(1, 2)).sum() >= 5


@pytest.mark.parametrize("body", BODIES)
def test_loud_patches_stay_bit_for_bit_and_quiet_ones_stay_among_themselves(body):
    """Breaks where the ranking is upside down, or the share is of something else than the patches."""
    loudness = np.array([9.0, 1.0, 8.0, 3.0, 2.0, 7.0, 6.0, 5.0, 4.0, 10.0])
    x = steps_of(loudness, 8).repeat(40, axis=0)
    y = run(body, TemporalPatchShuffle(patch=8, stride=8, share=0.45), x)[0]  # of 4.5 patches, 4 move
    found = np.round(y.reshape(40, 10, 8).std(axis=-1), 6)
    quiet = loudness <= 4
    np.testing.assert_array_equal(found[:, ~quiet], np.tile(loudness[~quiet], (40, 1)))
    np.testing.assert_array_equal(np.sort(found[:, quiet], axis=1), np.tile([1.0, 2.0, 3.0, 4.0], (40, 1)))
    assert (found[:, quiet] != loudness[quiet]).any(axis=0).all()


@pytest.mark.parametrize(("share", "number"), [(0.58, 29), (0.57, 28), (0.3, 15), (1.0, 50)])
def test_a_share_that_is_a_whole_number_of_patches_is_that_number(share, number):
    """Breaks where 0.58·50, which is less than 29 in binary, loses a patch, or 28.5 patches become 29."""
    drawn = draw("numba", TemporalPatchShuffle(patch=2, stride=2, share=share), series(length=100))[1]
    assert drawn["order"].shape == (4, number)


@pytest.mark.parametrize("body", BODIES)
def test_a_channel_counts_whatever_its_unit(body):
    """Breaks where the variance of one channel in small units outweighs all the others."""
    x = series(n=8, channels=3)
    op = TemporalPatchShuffle(patch=6, stride=4, share=0.5)
    unit = np.array([1.0, 2.0**20, 2.0**-20])[:, None]
    np.testing.assert_array_equal(run(body, op, unit * x)[0], unit * run(body, op, x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("patch", "stride", "covered"), [(12, 5, 57), (12, 7, 54), (20, 33, 53), (0.2, 0.15, 57)])
def test_every_reading_is_covered_or_stays(body, patch, stride, covered):
    """Breaks where a tail becomes 0, as in the published code, or is moved although no patch has it."""
    x = series(n=12, channels=2) + 50
    y = run(body, TemporalPatchShuffle(patch=patch, stride=stride, share=1.0), x)[0]
    assert same_bits(y[..., covered:].copy(), x[..., covered:].copy())
    assert (y != x)[..., covered - 1].any()
    assert (y >= x.min(axis=-1, keepdims=True) - 1e-12).all()
    assert (y <= x.max(axis=-1, keepdims=True) + 1e-12).all()
    if patch == 20:  # patches at 0 … 19 and 33 … 52 leave a gap
        assert same_bits(y[..., 20:33].copy(), x[..., 20:33].copy())


def test_defaults_are_32_and_5_of_the_window_of_432():
    """Breaks where the shares that stand for the published numbers are changed, or rounded away."""
    x = series(n=3, channels=2, length=432)
    own, published = (run("numba", op, x)[0] for op in (OPS[0], TemporalPatchShuffle(patch=32, stride=5, share=0.8)))
    assert same_bits(own, published)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("op", OPS, ids=repr)
def test_gaps_masks_and_targets(body, op):
    """Breaks where a NaN spreads, what stands at an unobserved step counts, or past and target are not one window."""
    x = series(n=8, channels=3)
    x[:, 0, 7:20] = np.nan
    x[:, :, 30] = np.nan
    y, drawn = draw(body, op, x)
    expected = np.where(np.isnan(x), np.nan, literal(op, fill_gaps(x), drawn["order"]))
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-12 * np.nanmax(np.abs(x)))
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_alone(body, replace(op, scope="past"))
    x = series()
    assert same_bits(run(body, op, Panel(x, horizon=20))[0].values, run(body, op, x)[0])


@pytest.mark.parametrize("body", BODIES)
def test_labels_of_steps_are_refused_or_dropped(body):
    """Breaks where a point label stays at a step whose reading went elsewhere."""
    panel = Panel(series(), points=np.ones((4, 60), bool), label=[3, 2, 1, 0])
    with pytest.raises(ContractError, match="TemporalPatchShuffle forgets when something was"):
        run(body, OPS[0], panel)
    out = run(body, replace(OPS[0], on_points="drop"), panel)[0]
    assert out.points is None
    assert out.label.tolist() == [3, 2, 1, 0]


def test_every_order_of_the_quiet_patches_comes():
    """Breaks where a patch never leaves its place: χ² over all 3! orders, with the stated false-alarm rate."""
    x = steps_of([5.0, 1.0, 2.0, 6.0, 3.0], 4).repeat(6000, axis=0)
    y = run("numba", TemporalPatchShuffle(patch=4, stride=4, share=0.6), x)[0]
    counts = np.unique(np.round(y.reshape(6000, 5, 4).std(axis=-1), 6), axis=0, return_counts=True)[1]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > FALSE_ALARM
