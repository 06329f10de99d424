"""Linear combinations of channels, and the matrices for them, against einsum, SciPy and loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.transform import Rotation

from kernels.oracles import BODIES, FALSE_ALARM, as_body, as_numpy, few
from variate.kernels import channels

SHAPES = st.tuples(st.integers(0, 3), st.integers(1, 7), st.sampled_from((1, 2, 5, 8, 37)))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@given(shape=SHAPES, empty=st.floats(0, 1), seed=st.integers(0, 99))
@few
def test_mix_channels_is_einsum(body, dtype, close, shape, empty, seed):
    """Breaks where a matrix is transposed or another row's, a zero in it skips too much, or the dtype widens."""
    rng = np.random.default_rng(seed)
    n, c, _ = shape
    x, matrix = rng.normal(size=shape).astype(dtype), rng.normal(size=(n, c, c))
    matrix[rng.random(matrix.shape) < empty] = 0
    before = x.copy()
    y = as_numpy(channels.mix_channels(as_body(body, x), as_body(body, matrix)))
    assert y.dtype == dtype
    np.testing.assert_allclose(y, np.einsum("nij,njt->nit", matrix, x.astype(np.float64)), rtol=0, atol=close)
    assert x.tobytes() == before.tobytes()


@pytest.mark.parametrize("body", BODIES)
def test_mix_channels_takes_a_transposed_matrix(body):
    """Breaks where a matrix is read as it lies in memory: x·R is made of R's transpose, which is a view."""
    rng = np.random.default_rng(0)
    for c in (2, 3, 6):
        x, matrix = rng.normal(size=(4, c, 9)), as_body(body, rng.normal(size=(4, c, c)))
        y = as_numpy(channels.mix_channels(as_body(body, x), matrix.swapaxes(1, 2)))
        np.testing.assert_allclose(y, np.einsum("nji,njt->nit", as_numpy(matrix), x), rtol=0, atol=1e-13)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(3,), (40, 3), (5, 4, 3)])
def test_rotation_is_scipys(body, dtype, shape):
    """Breaks where the axis is not normed, the turn goes the other way, or float32 draws make a float32 matrix."""
    rng = np.random.default_rng(0)
    axis = (rng.normal(size=shape) * 10.0 ** rng.integers(-3, 4, (*shape[:-1], 1))).astype(dtype)
    angle = rng.uniform(-np.pi, np.pi, shape[:-1]).astype(dtype)
    r = as_numpy(channels.rotation(as_body(body, axis), as_body(body, angle)))
    unit = axis.astype(np.float64) / np.linalg.norm(axis.astype(np.float64), axis=-1, keepdims=True)
    expected = Rotation.from_rotvec((unit * angle.astype(np.float64)[..., None]).reshape(-1, 3)).as_matrix()
    assert r.dtype == np.float64
    np.testing.assert_allclose(r, expected.reshape(*shape, 3), rtol=0, atol=1e-12)
    np.testing.assert_allclose(r @ np.swapaxes(r, -1, -2), np.broadcast_to(np.eye(3), r.shape), rtol=0, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(r), 1, rtol=0, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_rotation_about_the_coordinate_axes(body):
    """Breaks where the cross product matrix has a sign wrong: a quarter turn about z takes x to y."""
    quarter = as_numpy(channels.rotation(as_body(body, 5 * np.eye(3)), as_body(body, np.full(3, np.pi / 2))))
    for k in range(3):
        unit = np.eye(3)
        np.testing.assert_allclose(quarter[k] @ unit[(k + 1) % 3], unit[(k + 2) % 3], rtol=0, atol=1e-15)
        np.testing.assert_allclose(quarter[k] @ unit[k], unit[k], rtol=0, atol=1e-15)
    still = as_numpy(channels.rotation(as_body(body, np.ones((1, 3))), as_body(body, np.zeros(1))))
    np.testing.assert_array_equal(still, np.eye(3)[None])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("groups", [1, 2, 5])
@pytest.mark.parametrize("shared", [True, False])
def test_blocks_lie_on_the_diagonal(body, size, groups, shared):
    """Breaks where one matrix for all groups is put once, a group takes another's, or anything stands beside the diagonal."""
    matrices = np.random.default_rng(0).normal(size=(4, 1 if shared else groups, size, size))
    y = as_numpy(channels.blocks(as_body(body, matrices), groups))
    expected = np.zeros((4, size * groups, size * groups))
    for i, g in np.ndindex(4, groups):
        at = slice(g * size, (g + 1) * size)
        expected[i, at, at] = matrices[i, 0 if shared else g]
    np.testing.assert_array_equal(y, expected)


def haar(body, n, size, proper, seed=0):
    normals = np.random.default_rng(seed).normal(size=(n, size, size)).astype(np.float32)
    return as_numpy(channels.orthogonal(as_body(body, normals), proper))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("proper", [False, True])
def test_orthogonal_matrices_are_orthogonal(body, size, proper):
    """Breaks where QQᵀ is not I to float64, a mirror image passes for proper, or no matrix at all cannot be had."""
    q = haar(body, 60, size, proper)
    assert q.dtype == np.float64
    np.testing.assert_allclose(q @ np.swapaxes(q, 1, 2), np.tile(np.eye(size), (60, 1, 1)), rtol=0, atol=1e-12)
    det = np.linalg.det(q)
    np.testing.assert_allclose(np.abs(det), 1, rtol=0, atol=1e-12)
    assert set(det.round()) == ({1} if proper else {-1, 1})
    assert haar(body, 0, size, proper).shape == (0, size, size)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_orthogonal_matrices_are_the_one_q_with_a_positive_r(body, size):
    """Breaks where a sign goes to a row instead of a column, or proper turns more than the first column over.

    QᵀA = R is triangular with a positive diagonal for one Q only, which is Haar's where A is made of normals.
    """
    normals = np.random.default_rng(0).normal(size=(60, size, size)).astype(np.float32)
    q, proper = haar(body, 60, size, False), haar(body, 60, size, True)
    r = np.swapaxes(q, 1, 2) @ normals
    np.testing.assert_allclose(np.tril(r, -1), 0, rtol=0, atol=1e-12)
    assert (np.diagonal(r, axis1=1, axis2=2) > 0).all()
    turned = q[..., 0] * np.linalg.det(q).round()[:, None]
    np.testing.assert_array_equal(proper, np.concatenate([turned[..., None], q[..., 1:]], axis=2))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("size", "proper"), [(2, False), (3, False), (3, True), (5, False), (5, True)])
def test_orthogonal_matrices_follow_haars_measure(body, size, proper):
    """Breaks where the sign of QR's diagonal is left in, or the mirror is always the same; false-alarm rate as stated.

    A row and a column are uniform on the sphere: an entry's square is Beta(1/2, (c - 1)/2), E q² = 1/c and
    E q⁴ = 3/(c(c + 2)), its sign is fair, and E q₁₁q₂₂ = 0 (of c = 2 proper, where it is 1/2, nothing is said).
    Both signs of the determinant are as likely, unless only one is asked for.
    """
    n = 3000
    q = haar(body, n, size, proper)
    for i, j in np.ndindex(size, size):
        assert stats.kstest(q[:, i, j] ** 2, "beta", args=(0.5, (size - 1) / 2)).pvalue > FALSE_ALARM
        assert stats.binomtest(int((q[:, i, j] > 0).sum()), n).pvalue > FALSE_ALARM
    assert abs(np.mean(q**2) - 1 / size) < 1e-12  # rows have length 1
    limit = stats.norm.isf(FALSE_ALARM / 2) / np.sqrt(n)
    assert abs(np.mean(q[:, 0, 0] ** 4) - 3 / (size * (size + 2))) < limit * np.std(q[:, 0, 0] ** 4)
    assert abs(np.mean(q[:, 0, 0] * q[:, 1, 1])) < limit * np.std(q[:, 0, 0] * q[:, 1, 1])
    if not proper:
        assert stats.binomtest(int((np.linalg.det(q) > 0).sum()), n).pvalue > FALSE_ALARM


def test_proper_turns_of_space_have_the_angles_of_haars_measure():
    """Breaks where a rotation made of a mirror image is another's: density (1 - cos θ)/π; false-alarm rate as stated."""
    angle = Rotation.from_matrix(haar("numba", 5000, 3, True)).magnitude()
    assert stats.kstest(angle, lambda a: (a - np.sin(a)) / np.pi).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("size", [1, 2, 6])
def test_a_signed_permutation_puts_channels_to_their_places(body, size):
    """Breaks where the permutation is its inverse, or a sign goes to the place instead of the channel."""
    rng = np.random.default_rng(0)
    order = np.stack([rng.permutation(size) for _ in range(5)])
    sign = rng.choice([-1.0, 1.0], (5, size)).astype(np.float32)
    matrix = as_numpy(channels.signed_permutation(as_body(body, order), as_body(body, sign)))
    expected = np.zeros((5, size, size))
    for i, k in np.ndindex(5, size):
        expected[i, k, order[i, k]] = sign[i, k]
    assert matrix.dtype == np.float64
    np.testing.assert_array_equal(matrix, expected)
    row = rng.normal(size=(5, 1, size))
    np.testing.assert_array_equal(np.take_along_axis(row @ matrix, order[:, None], axis=2), row * sign[:, None])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(shape=SHAPES, seed=st.integers(0, 99))
@few
def test_take_channels_takes_them_bit_for_bit(body, dtype, shape, seed):
    """Breaks where a channel goes to its number instead of coming from it, or a NaN or -0.0 is computed with."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape).astype(dtype)
    x[..., ::3], x[..., 1::4] = -0.0, np.nan
    source = rng.integers(0, shape[1], shape[:2])
    y = as_numpy(channels.take_channels(as_body(body, x), as_body(body, source)))
    expected = np.empty_like(x)
    for i, c in np.ndindex(*shape[:2]):
        expected[i, c] = x[i, source[i, c]]
    assert y.dtype == dtype
    assert y.tobytes() == expected.tobytes()
