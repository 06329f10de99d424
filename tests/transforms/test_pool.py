"""Pool: each block of readings replaced by its mean, maximum or minimum."""

import numpy as np
import pytest

from transforms.helpers import BODIES, run, same_bits, series
from transforms.promises import assert_past_alone, assert_past_does_not_see_the_target, assert_unobserved_steps_do_not_count
from variate import Panel, Pool

KINDS = ("mean", "max", "min")


def pooled(x, size, kind):
    """Block by block from the first step, the last one shorter; missing readings do not count and stay missing."""
    y = np.full(x.shape, np.nan)
    for i, c in np.ndindex(*x.shape[:2]):
        for first in range(0, x.shape[2], size):
            block = x[i, c, first : first + size].astype(np.float64)
            seen = ~np.isnan(block)
            if seen.any():
                y[i, c, first : first + size][seen] = {"mean": np.mean, "max": np.max, "min": np.min}[kind](block[seen])
    return y


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-6), (np.float64, 1e-14)])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("size", "length"), [(2, 60), (4, 60), (7, 60), (60, 60), (61, 60), (500, 60), (4, 1), (3, 2), (5, 31)]
)
def test_each_block_is_one_value(body, dtype, close, kind, size, length):
    """Breaks where the last block is filled up with something, or blocks do not begin with the first step."""
    x = series(channels=3, length=length, dtype=dtype)
    y, drawn = run(body, Pool(size=size, kind=kind), x)
    assert not any(drawn.values())
    assert y.dtype == dtype
    np.testing.assert_allclose(y, pooled(x, size, kind), rtol=0, atol=close * np.abs(x).max())
    starts = np.arange(0, length, size)
    np.testing.assert_array_equal(y, np.repeat(y[..., starts], np.diff([*starts, length]), axis=-1))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", ["max", "min"])
def test_extremes_are_readings(body, kind):
    """Breaks where a maximum is computed instead of picked."""
    x = series(dtype=np.float32)
    y = run(body, Pool(size=7, kind=kind), x)[0]
    assert all(np.isin(a, b).all() for a, b in zip(y.reshape(8, 60), x.reshape(8, 60), strict=True))
    extreme = x.max(axis=-1) if kind == "max" else x.min(axis=-1)
    np.testing.assert_array_equal(y.max(axis=-1) if kind == "max" else y.min(axis=-1), extreme)


@pytest.mark.parametrize("body", BODIES)
def test_the_mean_of_the_series_is_kept(body):
    """Breaks where the short last block weighs as much as a full one."""
    x = series(length=31)
    np.testing.assert_allclose(run(body, Pool(size=4), x)[0].mean(axis=-1), x.mean(axis=-1), rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_no_size_no_change_and_a_constant_channel_stays(body, kind):
    """Breaks where size=1 loses a bit, or padding gets into a block."""
    x = series(dtype=np.float32)
    x[..., ::5] = np.nan
    np.testing.assert_array_equal(run(body, Pool(size=1, kind=kind), x)[0], x)
    flat = np.full((2, 2, 50), 1e6 + 0.1)
    np.testing.assert_allclose(run(body, Pool(size=7, kind=kind), flat)[0], flat, rtol=1e-15)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_block_longer_than_the_series_is_the_series(body, kind):
    """Breaks where the memory asked for grows with ``size`` and not with the series: this block is longer than any memory."""
    x = series()
    assert same_bits(run(body, Pool(size=2**44, kind=kind), x)[0], run(body, Pool(size=60, kind=kind), x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_missing_readings_stay_missing_and_do_not_count(body, kind):
    """Breaks where a NaN takes its block with it, counts as 0, or a block of nothing but NaN gets a value."""
    x = series()
    x[:, :, ::3] = np.nan
    x[:, 0, 8:16] = np.nan
    y = run(body, Pool(size=4, kind=kind), x)[0]
    np.testing.assert_allclose(y, pooled(x, 4, kind), rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", [1, 18, 59])
def test_past_and_target_are_pooled_each_on_its_own(body, kind, horizon):
    """Breaks where a block reaches over the border, or the target's blocks do not begin with it."""
    x = series()
    y = run(body, Pool(size=4, kind=kind), Panel(x, horizon=horizon))[0].values
    parts = [pooled(part, 4, kind) for part in (x[..., :-horizon], x[..., -horizon:])]
    np.testing.assert_allclose(y, np.concatenate(parts, axis=-1), rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("kind", KINDS)
def test_mask_and_target(body, kind):
    """Breaks where what stands at an unobserved step counts in its block, or a past reading depends on the target."""
    op = Pool(size=7, kind=kind)
    assert_unobserved_steps_do_not_count(body, op)
    assert_past_does_not_see_the_target(body, op)
    assert_past_alone(body, Pool(size=7, kind=kind, scope="past"))
