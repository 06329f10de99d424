"""DTW against a literal dynamic programme and tslearn."""

import itertools
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import BODIES, as_body, as_numpy, few
from variate.kernels import dtw as kernel

LENGTHS = (1, 2, 3, 4, 7, 8, 11, 16, 23)
BANDS = (1.0, 0.5, 0.1, 0.01)
CLOSE = {np.float32: 1e-6, np.float64: 1e-13}


def whole(shape, seed=0, dtype=np.float64, most=3):
    """Small whole numbers: their squares add up exactly, and many paths cost the same."""
    return np.random.default_rng(seed).integers(-most, most + 1, shape).astype(dtype)


def some(shape, seed=0, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def radius_of(s, t, band):
    return math.ceil(band * max(s, t) - 1e-9)


def inside(i, j, s, t, radius):
    """Whether a cell is in the band, as the module's first page states it."""
    return -radius - max(s - t, 0) <= j - i <= radius + max(t - s, 0)


def by_the_book(a, b, radius):
    """Return cost and path of a (c, s) and b (c, t): the recursion of METHODS 1.15, cell by cell, then from the end back."""
    s, t = a.shape[1], b.shape[1]
    total = {(-1, -1): 0.0}
    for i in range(s):
        for j in range(t):
            if inside(i, j, s, t, radius):
                before = min(total.get(cell, math.inf) for cell in ((i - 1, j - 1), (i - 1, j), (i, j - 1)))
                total[i, j] = sum((float(u) - float(v)) ** 2 for u, v in zip(a[:, i], b[:, j], strict=True)) + before
    path = [(s - 1, t - 1)]
    while path[-1] != (0, 0):
        i, j = path[-1]
        path.append(min(((i - 1, j - 1), (i - 1, j), (i, j - 1)), key=lambda cell: total.get(cell, math.inf)))
    return total[s - 1, t - 1], path[::-1]


def paths_of(body, a, b, *args, function=kernel.dtw_path, **options):
    distance, path = function(as_body(body, a), as_body(body, b), *args, **options)
    first, second, length = (as_numpy(part) for part in path)
    for part in (first, second, length):
        assert part.dtype == np.int32
    assert first.shape == second.shape == (len(a), a.shape[2] + b.shape[2] - 1)
    for row, size in zip((*first, *second), (*length, *length), strict=True):
        assert (row[size:] == row[size - 1]).all()  # held behind the end
    return as_numpy(distance), [
        list(zip(u[:n].tolist(), v[:n].tolist(), strict=True)) for u, v, n in zip(first, second, length, strict=True)
    ]


def check_path(path, s, t, radius):
    """From corner to corner, by single steps that never go back, inside the band."""
    assert path[0] == (0, 0)
    assert path[-1] == (s - 1, t - 1)
    assert all((k - i, m - j) in ((1, 0), (0, 1), (1, 1)) for (i, j), (k, m) in itertools.pairwise(path))
    assert all(inside(i, j, s, t, radius) for i, j in path)


def cost_along(a, b, path):
    i, j = np.array(path).T
    return ((a[:, i].astype(np.float64) - b[:, j]) ** 2).sum()


@pytest.mark.parametrize("body", BODIES)
def test_the_golden_number(body):
    """Breaks where the distance is the squared one, or the local cost a plain difference."""
    a, b = (as_body(body, np.array([[row]], float)) for row in ([0, 1, 2, 3, 2, 1], [0, 0, 1, 3, 3, 2, 0]))
    np.testing.assert_allclose(as_numpy(kernel.dtw(a, b)), [math.sqrt(2)], rtol=1e-15)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    s=st.sampled_from(LENGTHS),
    t=st.sampled_from(LENGTHS),
    channels=st.integers(1, 5),
    band=st.sampled_from(BANDS),
    seed=st.integers(0, 99),
)
@few
def test_cost_and_path_are_those_of_the_book(body, dtype, s, t, channels, band, seed):
    """Breaks at unequal lengths, at the rim of the band, at an odd channel, and where ties are not resolved as stated."""
    a, b = whole((2, channels, s), seed, dtype), whole((2, channels, t), seed + 100, dtype)
    kept = a.copy(), b.copy()
    distance, paths = paths_of(body, a, b, band)
    alone = as_numpy(kernel.dtw(as_body(body, a), as_body(body, b), band))
    assert distance.dtype == alone.dtype == dtype
    assert distance.tobytes() == alone.tobytes()
    for r in range(2):
        cost, path = by_the_book(a[r], b[r], radius_of(s, t, band))
        assert distance[r] == dtype(math.sqrt(cost))
        assert paths[r] == path
        check_path(path, s, t, radius_of(s, t, band))
    assert a.tobytes() == kept[0].tobytes()
    assert b.tobytes() == kept[1].tobytes()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("band", BANDS)
def test_tslearn_finds_the_same_paths(band):
    """Breaks where the band is not tslearn's of the same radius, at lengths at which vector loops have a rest."""
    from tslearn.metrics import dtw_path

    for seed, (s, t, channels) in enumerate(((40, 40, 1), (33, 50, 2), (50, 33, 3), (101, 97, 1), (64, 80, 4))):
        a, b = some((1, channels, s), seed).cumsum(2), some((1, channels, t), seed + 50).cumsum(2)
        radius = radius_of(s, t, band)
        path, distance = dtw_path(
            np.ascontiguousarray(a[0].T), np.ascontiguousarray(b[0].T), "sakoe_chiba", sakoe_chiba_radius=radius
        )
        ours, paths = paths_of("numba", a, b, band)
        np.testing.assert_allclose(ours, [distance], rtol=1e-13)
        assert paths == [[(int(i), int(j)) for i, j in path]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("s", "t", "band"), [(300, 300, 0.1), (280, 301, 0.03), (301, 150, 0.2), (257, 255, 1.0)])
def test_a_path_costs_its_distance(dtype, s, t, band):
    """Breaks where the steps kept for the way back get out of place, which short series do not show."""
    a, b = some((3, 2, s), 1, dtype).cumsum(2), some((3, 2, t), 2, dtype).cumsum(2)
    distance, paths = paths_of("numba", a, b, band)
    for r, path in enumerate(paths):
        check_path(path, s, t, radius_of(s, t, band))
        np.testing.assert_allclose(distance[r] ** 2, cost_along(a[r], b[r], path), rtol=CLOSE[dtype])


@pytest.mark.parametrize("length", [10, 30, 100, 1000, 1030])
def test_the_half_width_is_a_fraction_of_the_longer_length(length):
    """Breaks where a product a rounding above a whole number is taken for the next: 0.07·100 is 7.000000000000001."""
    from variate.kernels.compiled.dtw import radius_of as compiled

    for hundredth in range(1, 101):
        assert compiled(hundredth / 100, length, 3) == compiled(hundredth / 100, 3, length) == -(-hundredth * length // 100)


def test_there_is_room_for_every_cell_of_the_band():
    """Breaks where less memory is taken than steps are kept in it, most likely at very unequal lengths."""
    from variate.kernels.compiled.dtw import room

    for s, t in ((1, 1), (1, 30), (30, 1), (20, 20), (20, 21), (12, 30), (30, 12), (29, 15)):
        for radius in (0, 1, 2, 5, 30, 100):
            cells = sum(inside(i, j, s, t, radius) for i in range(s) for j in range(t))
            assert cells <= room(s, t, radius) <= (s + t - 1) * min(s, t)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 5])
def test_distances_are_symmetric_and_zero_of_a_series_to_itself(dtype, width):
    """Breaks where channels or windows are summed in another order from the other side."""
    a, b = some((4, 3, 37), 1, dtype), some((4, 3, 37), 2, dtype)
    assert kernel.dtw(a, b, 0.2, width).tobytes() == kernel.dtw(b, a, 0.2, width).tobytes()
    distance, paths = paths_of("numba", a, a.copy(), 0.2, width)
    assert (distance == 0).all()
    assert paths == [[(i, i) for i in range(37)]] * 4


@pytest.mark.parametrize("body", BODIES)
def test_constants_and_single_steps(body):
    """Breaks where the first row or column of the costs begins with anything but a sum, or a tie leaves the diagonal."""
    distance, paths = paths_of(body, np.full((1, 2, 5), 3.0), np.full((1, 2, 5), 1.0))
    np.testing.assert_allclose(distance, [math.sqrt(5 * 2 * 4)])
    assert paths == [[(i, i) for i in range(5)]]
    one, many = some((1, 2, 1)), some((1, 2, 9), 1)
    distance, paths = paths_of(body, one, many, 0.3)
    np.testing.assert_allclose(distance, [np.sqrt(((one - many) ** 2).sum())])
    assert paths == [[(0, j) for j in range(9)]]
    assert paths_of(body, many, one, 0.3)[1] == [[(i, 0) for i in range(9)]]
    assert paths_of(body, one, one)[1] == [[(0, 0)]]


@pytest.mark.parametrize("width", [1, 4])
@pytest.mark.parametrize("factor", [2.0**-20, 2.0**20, 1e-6, 1e6])
def test_a_factor_scales_distances_and_a_shift_does_nothing(factor, width):
    """Breaks where a threshold is absolute, or costs are not taken of differences."""
    a, b = some((2, 2, 50), 3), some((2, 2, 44), 4)
    distance, paths = paths_of("numba", a, b, 0.2, width)
    scaled, scaled_paths = paths_of("numba", a * factor, b * factor, 0.2, width)
    np.testing.assert_allclose(scaled, distance * factor, rtol=1e-12)
    assert scaled_paths == paths
    shifted, shifted_paths = paths_of("numba", a + 1000, b + 1000, 0.2, width)
    np.testing.assert_allclose(shifted, distance, rtol=1e-10)
    assert shifted_paths == paths


@pytest.mark.parametrize("value", [np.inf, np.nan, 1e200])
def test_the_way_back_stays_in_the_band_whatever_the_values_are(value):
    """Breaks where an overflow leads out of the band, which would read memory that is not ours."""
    for place in (0, 7, 19, slice(None)):
        a, b = some((1, 1, 20)), some((1, 1, 26), 1)
        a[:, :, place] = value
        with np.errstate(all="ignore"):
            for width in (1, 3):
                check_path(paths_of("numba", a, b, 0.2, width)[1][0], 20, 26, radius_of(20, 26, 0.2))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize(("s", "t"), [(6, 6), (5, 8), (9, 4), (1, 3), (2, 1)])
def test_a_path_through_a_cell_is_two_best_paths(body, band, s, t):
    """Breaks where the cell is counted twice, a half has not the band of the pair, or a half starts at the wrong step."""
    i, j = (cells.ravel() for cells in np.mgrid[:s, :t])
    a, b = np.repeat(whole((1, 2, s), s), s * t, 0), np.repeat(whole((1, 2, t), 9), s * t, 0)
    forced = lambda a, b: kernel.path_through(a, b, as_body(body, i), as_body(body, j), band)  # noqa: E731
    distance, paths = paths_of(body, a, b, function=forced)
    radius = radius_of(s, t, band)
    for r, (u, v) in enumerate(zip(i, j, strict=True)):
        head, to_cell = by_the_book(a[r][:, : u + 1], b[r][:, : v + 1], radius)
        tail, from_cell = by_the_book(a[r][:, u:], b[r][:, v:], radius)
        again = ((a[r][:, u] - b[r][:, v]) ** 2).sum()
        np.testing.assert_allclose(distance[r] ** 2, head + tail - again, atol=1e-12)
        assert paths[r] == to_cell + [(u + k, v + m) for k, m in from_cell[1:]]
    if band == 1:
        np.testing.assert_allclose(distance.min(), kernel.dtw(a[:1], b[:1])[0], rtol=1e-14)
    assert forced(as_body(body, a), as_body(body, b))[1].first.shape == (s * t, s + t - 1)


def test_one_cell_serves_all_pairs():
    """Breaks where a plain number is not taken for every row."""
    a, b = some((3, 1, 12)), some((3, 1, 12), 1)
    for ours, each in zip(kernel.path_through(a, b, 5, 6)[1], kernel.path_through(a, b, [5] * 3, [6] * 3)[1], strict=True):
        np.testing.assert_array_equal(ours, each)


def windows(x, reach):
    """Every step as the window around it, the ends held: channels (c·(2·reach + 1), t)."""
    steps = np.arange(x.shape[2])
    return np.concatenate([x[:, :, np.clip(steps + k, 0, x.shape[2] - 1)] for k in range(-reach, reach + 1)], axis=1)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    s=st.sampled_from(LENGTHS),
    t=st.sampled_from(LENGTHS),
    channels=st.integers(1, 3),
    band=st.sampled_from(BANDS),
    width=st.integers(2, 30),
    seed=st.integers(0, 99),
)
@few
def test_a_width_compares_windows(body, dtype, s, t, channels, band, width, seed):
    """Breaks where a running sum of a window loses a reading, at either end, or at windows longer than the series."""
    a, b = whole((2, channels, s), seed, dtype), whole((2, channels, t), seed + 100, dtype)
    distance, paths = paths_of(body, a, b, band, width)
    assert distance.tobytes() == as_numpy(kernel.dtw(as_body(body, a), as_body(body, b), band, width)).tobytes()
    expected, expected_paths = paths_of("numba", windows(a, width // 2), windows(b, width // 2), band)
    np.testing.assert_array_equal(distance, expected)
    assert paths == expected_paths


def test_a_running_window_does_not_drift():
    """Breaks where what leaves a window is not what came in, or a large reading leaves a rounding behind it below zero."""
    a, b = some((2, 1, 700)), some((2, 1, 700), 1)
    a[:, :, 50] = 1e6
    a[:, :, 400:], b[:, :, 400:] = 0.1, 0.1
    np.testing.assert_allclose(kernel.dtw(a, b, 0.1, 21), kernel.dtw(windows(a, 10), windows(b, 10), 0.1), rtol=1e-12)
    a[:, :, :60] *= 1e6
    a[:, :, 60:] = 0.1  # off the diagonal, only roundings are left
    distance, paths = paths_of("numba", a, a.copy(), 0.1, 21)
    assert (distance == 0).all()
    assert paths == [[(i, i) for i in range(700)]] * 2


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("band", BANDS)
def test_a_matrix_is_all_pairs(body, dtype, band):
    """Breaks where a pair takes the band of another one's lengths, or reads behind the end of a series."""
    lengths = np.array([[25, 60, 1, 29], [60, 60, 60, 30]])
    series = some((2, 4, 2, 60), 5, dtype)
    for row, sizes in zip(series, lengths, strict=True):
        for one, size in zip(row, sizes, strict=True):
            one[:, size:] = np.nan
    matrix = as_numpy(kernel.dtw_matrix(as_body(body, series), as_body(body, lengths), band))
    assert matrix.dtype == dtype
    for r in range(2):
        for p in range(4):
            for q in range(4):
                left, right = (series[r, k : k + 1, :, : lengths[r, k]] for k in (p, q))
                assert matrix[r, p, q] == kernel.dtw(left, right, band)[0]


def neighbours_by_the_book(x, pool, lengths, candidates, count, band, metric, equals):
    found = []
    for place, row in enumerate(candidates):
        known = pool[row, :, : lengths[row]]
        if not equals and known.shape == x.shape and (known == x).all():
            continue
        if metric == "dtw":
            found.append((kernel.dtw(x[None], known[None], band)[0], place, row))
        elif known.shape == x.shape:
            found.append((x.dtype.type(np.sqrt(((x.astype(np.float64) - known) ** 2).sum())), place, row))
    found = sorted(found)[:count] + [(math.inf, 0, -1)] * count
    return [row for _, _, row in found[:count]], [distance for distance, _, _ in found[:count]]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("metric", ["dtw", "euclidean"])
@given(
    longest=st.sampled_from((1, 2, 9, 70, 130)),
    ragged=st.booleans(),
    channels=st.integers(1, 2),
    count=st.integers(1, 6),
    band=st.sampled_from(BANDS),
    equals=st.booleans(),
    kind=st.sampled_from(("whole", "smooth", "level")),
    seed=st.integers(0, 99),
)
@few
def test_the_nearest_are_exact(body, metric, longest, ragged, channels, count, band, equals, kind, seed):
    """Breaks where a bound is above the distance, a pair is given up too soon, ties go astray or a series meets itself."""
    rng = np.random.default_rng(seed)
    pool = whole((12, channels, longest), seed, most=1)
    if kind == "smooth":
        pool = some(pool.shape, seed).cumsum(2)
    elif kind == "level":  # the bound of a level is its distance, so that a rounding too much would show
        pool = np.broadcast_to(rng.integers(0, 5, (12, 1, 1)) * 0.1, pool.shape).copy()
    pool[7] = pool[2]
    lengths = rng.integers(1, longest + 1, 12) if ragged else np.full(12, longest)
    lengths[[2, 3, 7]] = longest
    x = pool[[2, 3, 7]].copy()
    for row, size in zip(pool, lengths, strict=True):
        row[:, size:] = np.nan
    order, first, last = rng.permutation(12), np.array([0, 3, 5]), np.array([12, 9, 5])
    index = [as_body(body, array) for array in (lengths, order, first, last)]
    rows, distances = kernel.nearest(
        as_body(body, x), as_body(body, pool), *index, count, band=band, metric=metric, equals=equals
    )
    for r in range(3):
        candidates = order[first[r] : last[r]]
        expected = neighbours_by_the_book(x[r], pool, lengths, candidates, count, band, metric, equals)
        np.testing.assert_allclose(as_numpy(distances)[r], expected[1], rtol=1e-12)
        if metric == "dtw" or kind == "whole":  # else roundings decide between distances that are equal
            assert as_numpy(rows)[r].tolist() == expected[0]


@pytest.mark.parametrize("metric", ["dtw", "euclidean"])
def test_of_rows_as_near_the_first_come_first(metric):
    """Breaks where a bound that is a rounding above the distances keeps rows out: here it is the distance, added otherwise."""
    order = np.random.default_rng(0).permutation(50)
    for level in range(1, 20):
        x, pool = np.zeros((1, 3, 70)), np.full((50, 3, 70), 0.1 * level)
        rows, _ = kernel.nearest(x, pool, np.full(50, 70), order, np.zeros(1), np.full(1, 50), 3, metric=metric)
        assert rows[0].tolist() == order[:3].tolist()


def test_the_nearest_of_many_smooth_series():
    """Breaks where a pair is given up by what one anti-diagonal holds, or the furthest of the nearest is not the limit."""
    pool = some((60, 2, 200), 1, np.float32).cumsum(2)
    everything = np.zeros(60, int), np.full(60, 60)
    rows, distances = kernel.nearest(pool, pool, np.full(60, 200), np.arange(60), *everything, 4, band=0.1, equals=False)
    assert (rows.dtype, distances.dtype) == (np.int64, np.float32)
    full = np.stack([kernel.dtw(np.repeat(pool[r : r + 1], 60, 0), pool, 0.1) for r in range(60)])
    np.fill_diagonal(full, np.inf)
    np.testing.assert_array_equal(rows, np.argsort(full, axis=1, kind="stable")[:, :4])
    np.testing.assert_array_equal(distances, np.sort(full, axis=1)[:, :4])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_does_not_feel_its_batch(dtype):
    """Breaks where what one pair leaves in the workspace reaches the next."""
    a, b, i = some((5, 3, 41), 1, dtype), some((5, 3, 33), 2, dtype), np.array([3, 40, 0, 20, 11])
    functions = (
        lambda a, b, i: (kernel.dtw(a, b, 0.1), kernel.dtw(a, b, 0.1, 7)),
        lambda a, b, i: (lambda out: (out[0], *out[1]))(kernel.dtw_path(a, b, 0.3, 5)),
        lambda a, b, i: (lambda out: (out[0], *out[1]))(kernel.path_through(a, b, i, i // 2, 0.1)),
        lambda a, b, i: (kernel.dtw_matrix(np.stack([a, a[:, ::-1]], 1), np.stack([i + 1, 41 - i], 1), 0.2),),
        lambda a, b, i: kernel.nearest(a, some((5, 3, 41), 1, dtype), np.arange(37, 42), np.arange(5), i * 0, i * 0 + 5, 3),
    )
    for function in functions:
        full = function(a, b, i)
        for rows in ([0], [4], [3, 1], [4, 3, 2, 1, 0]):
            for one, all_ in zip(function(a[rows], b[rows], i[rows]), full, strict=True):
                assert one.tobytes() == np.ascontiguousarray(all_[rows]).tobytes()


def test_views_are_read_as_they_are():
    """Breaks where a reversed, strided or read-only array is taken for a contiguous one."""
    base = some((4, 3, 60))
    for x in (base[..., ::-1], base[::2, :, ::3], np.broadcast_to(base[:1, :, :11], (4, 3, 11))):
        assert kernel.dtw(x, x[..., ::-1], 0.3).tobytes() == kernel.dtw(x.copy(), x[..., ::-1].copy(), 0.3).tobytes()


def test_tensors_come_back_as_tensors():
    """Breaks where a tensor's dtype is lost on the round trip."""
    a, b = torch.from_numpy(some((2, 1, 8), 0, np.float32)), torch.from_numpy(some((2, 1, 6), 1, np.float32))
    distance, path = kernel.dtw_path(a, b)
    assert distance.dtype == kernel.dtw(a, b).dtype == torch.float32
    assert all(isinstance(part, torch.Tensor) and part.dtype == torch.int32 for part in path)
    rows, distances = kernel.nearest(a, a, torch.tensor([8, 8]), torch.arange(2), torch.zeros(2), torch.full((2,), 2), 1)
    assert rows.tolist() == [[0], [1]]
    assert distances.dtype == torch.float32


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("shape", [(0, 2, 5), (2, 0, 5), (2, 2, 0)])
def test_no_series_and_no_steps(body, shape):
    """Breaks where an empty batch is an error."""
    x, other = as_body(body, np.zeros(shape)), as_body(body, np.zeros((shape[0], shape[1], 3)))
    n = shape[0]
    assert kernel.dtw(x, other).shape == kernel.dtw(other, x).shape == (n,)
    distance, path = kernel.dtw_path(x, other)
    assert distance.shape == path.length.shape == (n,)
    assert path.first.shape == path.second.shape == (n, shape[2] + 2)
    assert not as_numpy(path.length).any()
    assert kernel.dtw_matrix(x[None], np.full((1, n), shape[2])).shape == (1, n, n)
    none = np.zeros(n, int)
    for count in (0, 2):
        rows, distances = kernel.nearest(x, x, none + shape[2], np.arange(n), none, none + n, count)
        assert rows.shape == distances.shape == (n, count)
    some_x = as_body(body, some((1, 1, 4)))
    rows, distances = kernel.nearest(some_x, some((0, 1, 4)), none[:0], none[:0], np.zeros(1), np.zeros(1), 2)
    assert as_numpy(rows).tolist() == [[-1, -1]]
    assert np.isinf(as_numpy(distances)).all()
