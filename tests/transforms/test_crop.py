"""Crop: a contiguous part, perhaps stretched to full length."""

import math

import numpy as np
import pytest
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM
from transforms.helpers import BODIES, draw, ramp, run, same_bits, series
from variate import Crop, Panel
from variate.core.errors import ContractError


@pytest.mark.parametrize("resize", [False, True])
def test_every_start_is_reached_equally_often(resize):
    """Breaks where the largest start is never drawn: 10⁴ draws see all 4; χ² with the stated false-alarm rate."""
    x = ramp(10_000, 10)
    first = Crop(size=7, resize=resize)(x, seed=0)[:, 0, 0]
    starts, counts = np.unique(first, return_counts=True)
    assert starts.tolist() == [0, 1, 2, 3]
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [0.5, 0.9, 0.01, 1, 13, 59])
def test_without_resize_the_crop_is_the_exact_sub_array(body, dtype, size):
    """Breaks where values, points, mask or covariates leave their reading, or a bit or NaN changes."""
    x = series(dtype=dtype)
    x[:, :, 20:33] = np.nan
    rng = np.random.default_rng(0)
    panel = Panel(x, points=rng.integers(0, 5, (4, 60)), mask=rng.random((4, 60)) < 0.7, covariates=series(channels=1, seed=5))
    y, drawn = draw(body, Crop(size=size, resize=False), panel)
    kept = size if isinstance(size, int) else math.ceil(size * 60)
    for i, start in enumerate(drawn["start"][:, 0]):
        for name in ("values", "points", "mask", "covariates"):
            old, new = getattr(panel, name)[i], getattr(y, name)[i]
            assert same_bits(new.copy(), old[..., start : start + kept].copy()), name


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("size", [0.5, 0.9, 1, 2, 13, 59])
def test_with_resize_the_crop_is_read_at_equal_steps(body, size):
    """Breaks where the stretch overshoots the part or misses its ends: those must be x[a] and x[a+S-1] bit for bit."""
    x = series()
    y, drawn = draw(body, Crop(size=size), x)
    kept = size if isinstance(size, int) else math.ceil(size * 60)
    for i, start in enumerate(drawn["start"][:, 0]):
        for c in range(2):
            expected = np.interp(np.linspace(start, start + kept - 1, 60), np.arange(60), x[i, c])
            np.testing.assert_allclose(y[i, c], expected, rtol=0, atol=1e-11)
        np.testing.assert_array_equal(y[i, :, 0], x[i, :, start])
        np.testing.assert_array_equal(y[i, :, -1], x[i, :, start + kept - 1])
    if kept == 1:
        np.testing.assert_array_equal(y, y[..., :1].repeat(60, axis=-1))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("size", [1.0, 60, 61, 1000])
def test_a_crop_of_all_is_the_identity(body, resize, size):
    """Breaks where S ≥ T draws a start, or reads with a rounding."""
    x = series(dtype=np.float32)
    assert same_bits(run(body, Crop(size=size, resize=resize), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize(("length", "size", "kept"), [(1, 0.5, 1), (1, 3, 1), (2, 0.9, 2), (2, 0.5, 1), (2, 1, 1), (3, 0.5, 2)])
def test_the_shortest_series(body, resize, length, size, kept):
    """Breaks where a share of a short series rounds to nothing, or to a division by 0."""
    x = series(length=length)
    op = Crop(size=size, resize=resize)
    y, drawn = draw(body, op, x)
    start = drawn["start"][:, 0]
    assert y.shape[-1] == op.length(length) == (length if resize else kept)
    for i in range(4):
        np.testing.assert_array_equal(y[i, :, [0, -1]], x[i, :, [start[i], start[i] + kept - 1]])


@pytest.mark.parametrize("body", BODIES)
def test_without_resize_past_and_target_are_sliced_as_one(body):
    """Breaks where the target is not the end of the slice."""
    x = series()
    y, drawn = draw(body, Crop(size=0.5, resize=False), Panel(x, horizon=10))
    assert y.horizon == 10
    expected = [row[:, start : start + 30] for row, start in zip(x, drawn["start"][:, 0], strict=True)]
    np.testing.assert_array_equal(y.values, np.stack(expected))


def test_a_crop_shorter_than_the_target_is_refused():
    """Breaks where a slice without a past passes for a forecast window."""
    with pytest.raises(ContractError, match="keeps 6 steps, and the horizon alone has 10"):
        Crop(size=0.1, resize=False)(Panel(series(), horizon=10), seed=0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("horizon", [1, 10, 59])
@pytest.mark.parametrize("size", [0.5, 0.9, 12])
def test_with_resize_the_border_stays_and_both_sides_are_stretched_alike(body, horizon, size):
    """Breaks where a past reading is read from the target, or the border moves."""
    past = 60 - horizon
    y, drawn = draw(body, Crop(size=size), Panel(ramp(6, 60), horizon=horizon))
    share = drawn["size"].astype(np.float64)
    assert (share > (size / 60 if isinstance(size, int) else size) - 1e-6).all()
    assert (share < 1).all()
    clock = y.values[:, 0]
    for i in range(6):
        before = np.linspace(past - 1 - (past - 1) * share[i], past - 1, past)
        after = np.linspace(past, past + (horizon - 1) * share[i], horizon)
        np.testing.assert_allclose(clock[i], np.concatenate([before, after]), rtol=0, atol=1e-9)
    np.testing.assert_array_equal(clock[:, [past - 1, past]], [[past - 1, past]] * 6)


def test_upsample_is_another_name_of_it():
    """Breaks where the alias is a second class, which a policy, its seed and its picture would know by another name."""
    assert variate.Upsample is variate.Crop
    assert "Upsample" in variate.__all__
    assert "upsample" not in variate.ops
    x = series()
    assert same_bits(variate.Upsample(size=0.3)(x, seed=0), Crop(size=0.3, resize=True)(x, seed=0))


@pytest.mark.parametrize("resize", [False, True])
@pytest.mark.parametrize("size", [1, 2, 9, 0.5, 0.99])
def test_every_start_is_reachable_for_any_size(size, resize):
    """Breaks where the series' last readings are in no crop: of 10⁴ draws, 12 starts miss one with chance 1e-377."""
    x = ramp(10_000, 12)
    kept = Crop(size=size).kept(12)
    y = Crop(size=size, resize=resize)(x, seed=1)[:, 0]
    assert set(y[:, 0].tolist()) == set(range(12 - kept + 1))
    np.testing.assert_array_equal(y[:, -1] - y[:, 0], kept - 1)
