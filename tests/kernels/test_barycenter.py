"""Weighted DTW barycenters against tslearn and the literal average along paths."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels.barycenter import weighted_barycenter
from variate.kernels.dtw import dtw, dtw_path

LENGTHS = (1, 2, 3, 8, 13, 20)
CLOSE = {np.float32: 1e-6, np.float64: 1e-12}


def some(shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def barycenter(body, series, lengths, weights, start, iterations, band=1.0):
    arrays = [as_body(body, array) for array in (series, lengths, weights, start)]
    return as_numpy(weighted_barycenter(*arrays, iterations, band))


def one_pass(series, lengths, weights, mean, band):
    """METHODS 1.15 for one row: c_i ← Σ w·X_{k,j} / Σ w over all (i, j) of all paths, which are tested elsewhere."""
    total, mass = np.zeros(mean.shape), np.zeros(mean.shape[1])
    for x, size, weight in zip(series, lengths, weights, strict=True):
        path = dtw_path(mean[None], x[None, :, :size], band)[1]
        for i, j in zip(path.first[0, : path.length[0]], path.second[0, : path.length[0]], strict=True):
            total[:, i] += weight * x[:, j]
            mass[i] += weight
    return total / mass


def inertia(series, lengths, weights, mean, band):
    pairs = zip(series, lengths, weights, strict=True)
    return sum(float(w) * float(dtw(mean[None], x[None, :, :size], band)[0]) ** 2 for x, size, w in pairs)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    sizes=st.lists(st.sampled_from(LENGTHS), min_size=1, max_size=5),
    steps=st.sampled_from(LENGTHS),
    channels=st.integers(1, 3),
    band=st.sampled_from((1.0, 0.3, 0.1)),
    seed=st.integers(0, 99),
)
@few
def test_a_pass_is_the_average_along_paths(body, dtype, sizes, steps, channels, band, seed):
    """Breaks where a weight meets another series, a series is read behind its end, or a pair has another one's band."""
    count, longest = len(sizes), max(sizes)
    series, lengths = some((2, count, channels, longest), seed, dtype), np.array([sizes, sizes[::-1]])
    for row, ends in zip(series, lengths, strict=True):
        for x, end in zip(row, ends, strict=True):
            x[:, end:] = np.nan
    weights, start = np.random.default_rng(seed).random((2, count)), some((2, channels, steps), seed + 1, dtype)
    kept = series.copy(), start.copy()
    out = barycenter(body, series, lengths, weights, start, 1, band)
    assert out.dtype == dtype
    assert out.shape == start.shape
    for r in range(2):
        expected = one_pass(series[r], lengths[r], weights[r], start[r], band)
        np.testing.assert_allclose(out[r], expected, rtol=0, atol=CLOSE[dtype])
    assert series.tobytes() == kept[0].tobytes()
    assert start.tobytes() == kept[1].tobytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("band", [1.0, 0.1])
def test_iterations_are_those_of_tslearn(band):
    """Breaks where weights do not count as in [petitjean2011], or an iteration starts from another mean than the last."""
    from tslearn.barycenters.dba import dtw_barycenter_averaging_petitjean

    series, weights = some((1, 5, 2, 45), 3).cumsum(3), np.random.default_rng(1).random((1, 5))
    start = series[:, 2, :, :40].copy()
    for iterations in (1, 3):
        theirs = dtw_barycenter_averaging_petitjean(
            np.ascontiguousarray(series[0].transpose(0, 2, 1)),
            init_barycenter=np.ascontiguousarray(start[0].T),
            max_iter=iterations,
            weights=weights[0],
            tol=0,
            metric_params={"global_constraint": 2, "sakoe_chiba_radius": int(np.ceil(band * 45 - 1e-9))},
        )
        ours = barycenter("numba", series, np.full((1, 5), 45), weights, start, iterations, band)
        np.testing.assert_allclose(ours[0].T, theirs, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("band", [1.0, 0.15])
def test_inertia_never_grows_and_values_stay_between(dtype, band):
    """Breaks where a step of the mean is not the weighted average of what is aligned with it."""
    rng = np.random.default_rng(0)
    for seed in range(8):
        series, weights = some((1, 4, 2, 60), seed, dtype).cumsum(3), rng.random((1, 4))
        lengths = rng.integers(40, 61, (1, 4))
        mean = series[:, 0, :, : lengths[0, 0]].copy()
        before = inertia(series[0], lengths[0], weights[0], mean[0], band)
        for _ in range(5):
            mean = weighted_barycenter(series, lengths, weights, mean, 1, band)
            after = inertia(series[0], lengths[0], weights[0], mean[0], band)
            assert after <= before * (1 + CLOSE[dtype])
            before = after
        inside = [x[:, :size] for x, size in zip(series[0], lengths[0], strict=True)]
        low, high = (np.max([f(x, axis=1) for x in s], axis=0) for f, s in ((np.max, [-x for x in inside]), (np.max, inside)))
        slack = CLOSE[dtype] * np.abs(series).max()
        assert (mean[0] >= -low[:, None] - slack).all()
        assert (mean[0] <= high[:, None] + slack).all()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_known_beforehand_comes_out_to_the_bit(body, dtype):
    """Breaks where a weighted sum is divided by its weights: then equal series come back only to rounding."""
    series, lengths = some((3, 4, 2, 31), 2, dtype) * 1e6, np.full((3, 4), 31)
    start = series[:, 1].copy()
    alone = np.zeros((3, 4))
    alone[:, 1] = [0.3, 7, 1e-9]
    assert barycenter(body, series, lengths, alone, start, 5).tobytes() == start.tobytes()
    same = np.repeat(series[:, 1:2], 4, axis=1)
    weights = np.random.default_rng(0).random((3, 4))
    assert barycenter(body, same, lengths, weights, start, 5).tobytes() == start.tobytes()
    assert barycenter(body, series, lengths, 0 * weights, start, 5).tobytes() == start.tobytes()
    assert barycenter(body, series, lengths, weights, start, 0).tobytes() == start.tobytes()
    eight_times = barycenter(body, series, lengths, 8 * weights, start, 3)
    assert eight_times.tobytes() == barycenter(body, series, lengths, weights, start, 3).tobytes()


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("band", [1.0, 0.1])
def test_a_series_that_is_the_mean_weighs_as_any(channels, band):
    """Breaks where what needs no alignment is not counted, or one that merely begins or ends as the mean is not aligned."""
    series, weights = some((1, 5, channels, 24), 6).cumsum(3), np.random.default_rng(4).random((1, 5))
    series[0, 3, :, :23] = series[0, 1, :, :23]
    series[0, 4, 0] = series[0, 1, 0]
    lengths, start = np.array([[24, 24, 24, 23, 24]]), series[:, 1].copy()
    out = weighted_barycenter(series, lengths, weights, start, 1, band)
    np.testing.assert_allclose(out[0], one_pass(series[0], lengths[0], weights[0], start[0], band), rtol=0, atol=1e-12)
    short = weighted_barycenter(series, np.full((1, 5), 23), weights, start[..., :23].copy(), 1, band)
    expected = one_pass(series[0], np.full(5, 23), weights[0], start[0, :, :23], band)
    np.testing.assert_allclose(short[0], expected, rtol=0, atol=1e-12)
    cut = weighted_barycenter(series, np.full((1, 5), 24), weights, start[..., :23].copy(), 1, band)
    expected = one_pass(series[0], np.full(5, 24), weights[0], start[0, :, :23], band)
    np.testing.assert_allclose(cut[0], expected, rtol=0, atol=1e-12)


def test_iterations_add_up_and_come_to_rest():
    """Breaks where an iteration begins elsewhere than where the last one ended, or a mean at rest is moved."""
    series, lengths, weights = some((2, 4, 1, 30), 1).cumsum(3), np.full((2, 4), 30), np.ones((2, 4))
    three = weighted_barycenter(series, lengths, weights, series[:, 0], 3)
    mean = series[:, 0]
    for _ in range(3):
        mean = weighted_barycenter(series, lengths, weights, mean, 1)
    assert three.tobytes() == mean.tobytes()
    rest = weighted_barycenter(series, lengths, weights, series[:, 0], 200)
    assert not np.array_equal(rest, three)
    np.testing.assert_allclose(weighted_barycenter(series, lengths, weights, rest, 1), rest, atol=1e-12)


def test_a_factor_goes_to_the_barycenter_and_so_does_a_shift():
    """Breaks where a threshold is absolute."""
    series, lengths = some((1, 3, 2, 25), 5), np.full((1, 3), 25)
    weights = np.array([[1.0, 0.5, 0.2]])
    base = weighted_barycenter(series, lengths, weights, series[:, 0], 4, 0.2)
    for factor in (2.0**-30, 2.0**30):
        scaled = weighted_barycenter(series * factor, lengths, weights, series[:, 0] * factor, 4, 0.2)
        assert (scaled / factor).tobytes() == base.tobytes()
    shifted = weighted_barycenter(series + 100, lengths, weights, series[:, 0] + 100, 4, 0.2)
    np.testing.assert_allclose(shifted - 100, base, atol=1e-11)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_does_not_feel_its_batch(dtype):
    """Breaks where what one row leaves in the workspace reaches the next."""
    series, weights = some((5, 3, 2, 28), 4, dtype), np.random.default_rng(2).random((5, 3))
    lengths, start = np.random.default_rng(3).integers(1, 29, (5, 3)), some((5, 2, 17), 5, dtype)
    full = weighted_barycenter(series, lengths, weights, start, 3, 0.2)
    for rows in ([0], [4], [3, 1], [4, 3, 2, 1, 0]):
        part = weighted_barycenter(series[rows], lengths[rows], weights[rows], start[rows], 3, 0.2)
        assert part.tobytes() == np.ascontiguousarray(full[rows]).tobytes()


def test_tensors_and_views():
    """Breaks where a tensor's dtype is lost, or a strided array is taken for a contiguous one."""
    series, lengths, weights = some((2, 3, 2, 40), 0, np.float32), np.full((2, 3), 20), np.ones((2, 3))
    view, start = series[..., ::2], series[:, 0, :, ::2]
    expected = weighted_barycenter(view.copy(), lengths, weights, start.copy(), 2)
    assert weighted_barycenter(view, lengths, weights, start, 2).tobytes() == expected.tobytes()
    ours = weighted_barycenter(torch.from_numpy(view), torch.from_numpy(lengths), weights, torch.from_numpy(start), 2)
    assert ours.dtype == torch.float32
    assert ours.numpy().tobytes() == expected.tobytes()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 1, 5), (2, 0, 1, 5), (2, 2, 0, 5), (2, 2, 1, 0)])
def test_nothing_to_average_gives_the_start(body, shape):
    """Breaks where an empty array is an error, or the start itself comes back, which a caller may write on."""
    n, count, channels, longest = shape
    start = some((n, channels, 4))
    out = barycenter(body, np.zeros(shape), np.full((n, count), longest), np.ones((n, count)), start, 3)
    assert out.tobytes() == start.tobytes()
    assert out is not start
    empty = barycenter(body, some((2, 3, 1, 5)), np.full((2, 3), 5), np.ones((2, 3)), np.zeros((2, 1, 0)), 3)
    assert empty.shape == (2, 1, 0)
