"""Statistics of a channel against NumPy's nan-functions in float64."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few, with_gaps
from variate.kernels import moments

SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.sampled_from((1, 2, 3, 8, 13, 100)))
CLOSE = {np.float32: 3e-6, np.float64: 1e-12}


def call(function, body, x):
    y = as_numpy(function(as_body(body, x)))
    assert y.dtype == x.dtype
    assert y.shape == (*x.shape[:2], 1)
    return y


def skipping(function, x, nothing):
    """Apply a NumPy function to the readings of each channel, in float64."""
    rows = [row[~np.isnan(row)].astype(np.float64) for row in x.reshape(-1, x.shape[-1])]
    return np.array([function(row) if row.size else nothing for row in rows]).reshape(*x.shape[:2], 1)


def robust(row):
    deviation = 1.4826 * np.median(np.abs(row - np.median(row)))
    return deviation if deviation > 0 else np.std(row)


CASES = [
    (moments.spread, np.std, 0.0),
    (moments.average, np.mean, 0.0),
    (moments.median, np.median, np.nan),
    (moments.robust_spread, robust, 0.0),
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("function", "oracle", "nothing"), CASES)
@given(shape=SHAPES, share=st.sampled_from((0.0, 0.2, 0.9)), offset=st.sampled_from((0, 3, -40)), seed=st.integers(0, 99))
@few
def test_statistics_skip_what_is_missing(body, dtype, function, oracle, nothing, shape, share, offset, seed):
    """Breaks where a NaN is counted, the divisor is n - 1, or an even count takes one middle value."""
    rng = np.random.default_rng(seed)
    x = with_gaps(rng, (rng.normal(size=shape) + offset).astype(dtype), share)
    expected = skipping(oracle, x, nothing)
    np.testing.assert_allclose(call(function, body, x), expected, rtol=0, atol=CLOSE[dtype] * (1 + abs(offset)))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gaps", ["none", "first", "some"])
@pytest.mark.parametrize("length", [1, 2, 3, 7, 100, 1013])
def test_a_constant_channel_has_no_spread_at_all(body, dtype, gaps, length):
    """Breaks where the rounding of a mean passes for a spread: then relative noise and spikes hit constant channels."""
    levels = np.array([0.0, 0.1, -1 / 3, 1e6 + 0.1, -1e-7, 123456.789])
    x = np.tile(levels[:, None, None], (1, 1, length)).astype(dtype)
    if gaps == "first":
        x[..., 0] = np.nan
    elif gaps == "some":
        x[..., 1::3] = np.nan
    np.testing.assert_array_equal(call(moments.spread, body, x), 0)
    np.testing.assert_array_equal(call(moments.robust_spread, body, x), 0)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "relative"), [(np.float32, 1e-4), (np.float64, 1e-9)])
@pytest.mark.parametrize("first", [0.0, 1e4])
def test_a_large_offset_does_not_drown_the_spread(body, dtype, relative, first):
    """Breaks where the spread is made of Σx² - (Σx)²/n, or of distances to a first reading that is an outlier."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(2, 2, 500)) + 1e4).astype(dtype)
    x[..., 0] += first
    x[0, 0, 3:9] = np.nan
    np.testing.assert_allclose(call(moments.spread, body, x), skipping(np.std, x, 0), rtol=relative)


@pytest.mark.parametrize("body", BODIES)
def test_the_robust_spread_falls_back_on_the_spread(body):
    """Breaks where more than half of equal readings make the scale 0 although the channel varies."""
    x = np.array([[[1.0, 1, 1, 1, 1, 9, np.nan], [0, 1, 2, 3, 4, 100, 5]]])
    expected = [[[np.std([1, 1, 1, 1, 1, 9])], [1.4826 * 2]]]
    np.testing.assert_allclose(call(moments.robust_spread, body, x), expected, rtol=1e-12)


def hard_rows(dtype):
    """Rows on which a quick way to a standard deviation goes wrong, by name."""
    rng = np.random.default_rng(0)
    wave = rng.normal(size=1013)
    rows = {f"offset {offset:g}": wave + offset for offset in (1e2, 1e4, -1e6)}
    wide = () if dtype == np.float32 else (1e-100, 1e-30, 1e30, 1e100)
    rows |= {f"scale {scale:g}": wave * scale for scale in (1e-10, 1e-15, 1e-17, 1e15, 1e17, *wide)}
    rows |= {f"first reading {k:g} stds away": np.concatenate([[k], wave]) for k in (2, 3, 3.2, 4, 30, 1e3, 1e6, -1e9)}
    rows["first reading far away, offset"] = np.concatenate([[0], wave + 1e4])
    rows["last reading far away"] = np.concatenate([wave, [1e8]])
    rows["two readings"] = np.array([1.0, 2.0])
    rows["a jump between blocks"] = np.concatenate([np.full(4096, 3.0), np.full(4096, 3.5)])
    rows["a jump in the last reading of all"] = np.concatenate([np.full(8192, 1e3), [1e3 + 1]])
    rows |= {f"{length} readings": rng.normal(size=length) + 5 for length in (4095, 4096, 4097, 20000)}
    rows |= {f"gap at {at}": np.where(np.arange(1013) == at, np.nan, wave + 50) for at in (0, 1, 500, 1012)}
    rows["two readings among gaps"] = np.where(np.isin(np.arange(99), (40, 98)), np.arange(99.0), np.nan)
    rows["far away after a gap"] = np.concatenate([[np.nan, 1e6], wave])
    return rows


def rows_at_the_ends_of_float32():
    """Rows whose squares, or whose distances, float32 cannot hold."""
    rng = np.random.default_rng(0)
    wave = rng.normal(size=1013)
    top, tiny = float(np.finfo(np.float32).max), float(np.finfo(np.float32).smallest_subnormal)
    rows = {f"scale {scale:g}": wave * scale for scale in (1e-40, 1e-30, 2e-23, 1e-22, 1e-21, 1e18, 1e19, 1e25, 1e37)}
    rows["denormals"] = tiny * rng.integers(0, 1000, 300)
    rows["both ends"] = np.array([top, -top, top / 3, 0.5])
    rows["both ends, with gaps"] = np.array([np.nan, top, -top, np.nan])
    rows["near an end"] = top * (0.5 + 0.1 * rng.random(50))
    return rows


def wrong_spreads(body, rows, dtype, relative):
    """Return (found, expected) by name where the spread is not NumPy's of the same readings in float64."""
    wrong = {}
    for name, row in rows.items():
        x = row.astype(dtype)
        expected = np.std(x[~np.isnan(x)].astype(np.float64))
        found = float(call(moments.spread, body, x[None, None])[0, 0, 0])
        if not abs(found - expected) <= relative * expected + np.finfo(dtype).smallest_subnormal:
            wrong[name] = found, float(expected)
    return wrong


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "relative"), [(np.float32, 1e-4), (np.float64, 1e-9)])
def test_the_quick_spread_is_numpys_in_float64(body, dtype, relative):
    """Breaks where digits cancel, squares vanish, or a first reading far away is taken for the level."""
    wrong = wrong_spreads(body, hard_rows(dtype), dtype, relative)
    assert not wrong


@pytest.mark.parametrize("body", BODIES)
def test_a_spread_that_float32_can_hold_is_found_although_its_square_is_out_of_range(body):
    """Breaks where squares become infinite or 0: a spike by such a spread would be NaN or nothing."""
    wrong = wrong_spreads(body, rows_at_the_ends_of_float32(), np.float32, 1e-4)
    assert not wrong


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "relative"), [(np.float32, 1e-4), (np.float64, 1e-9)])
@given(away=st.floats(-5, 5), power=st.integers(-12, 12), offset=st.sampled_from((0, 1, 100)), seed=st.integers(0, 99))
@few
def test_the_spread_on_either_side_of_the_quick_path(body, dtype, relative, away, power, offset, seed):
    """Breaks where quick and careful disagree: a first reading 3.2 stds from the mean is where one hands over to the other."""
    x = np.random.default_rng(seed).normal(size=(1, 1, 800)) + offset
    x[..., 0] = offset + away
    x = (x * 10.0**power).astype(dtype)
    np.testing.assert_allclose(call(moments.spread, body, x), skipping(np.std, x, 0), rtol=relative)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_spread_does_not_feel_the_rows_beside_it(dtype):
    """Breaks where one row's way to its spread is decided for its neighbours, or depends on where it lies in memory."""
    rows = [row[:900] for row in hard_rows(dtype).values() if row.size >= 900]
    x = np.stack(rows).astype(dtype)[:, None]
    together = call(moments.spread, "numba", x)
    for i in range(len(x)):
        assert call(moments.spread, "numba", x[i : i + 1]).tobytes() == together[i].tobytes()
        assert call(moments.spread, "numba", x[i:]).tobytes() == together[i:].tobytes()
