"""Rotation: x'(t) = x(t)·R, one R for all steps."""

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import transform

from kernels.oracles import FALSE_ALARM, fill_gaps
from transforms.helpers import BODIES, draw, run, same_bits, series
from transforms.promises import assert_past_alone, assert_past_does_not_see_the_target, assert_unobserved_steps_do_not_count
from variate import Panel, Rotation

TURNS = [
    (3, {}),
    (3, {"axis": "cube", "angle": 40.0}),
    (3, {"mode": "orthogonal"}),
    (3, {"mode": "orthogonal", "proper": True}),
    (3, {"mode": "signperm"}),
    (4, {}),
    (5, {"mode": "orthogonal"}),
    (6, {}),
    (6, {"shared": True}),
    (9, {"mode": "signperm"}),
    (1, {}),
]


def matrices(body, op, n, channels, seed=0):
    """Return R (n, c, c) itself: step t of the series is the t-th unit vector, and comes out as row t of R."""
    unit = np.tile(np.eye(channels), (n, 1, 1))
    return np.swapaxes(run(body, op, unit, seed)[0], 1, 2)


def from_draws(drawn, angle=180.0):
    """SciPy's rotations about the recorded axes by the recorded angles, (n, groups, 3, 3)."""
    axis = drawn["axis"].astype(np.float64)
    turn = drawn["angle"].astype(np.float64)[..., None] * axis / np.linalg.norm(axis, axis=-1, keepdims=True)
    assert np.abs(drawn["angle"]).max() <= np.radians(angle) * (1 + 1e-6)
    return transform.Rotation.from_rotvec(turn.reshape(-1, 3)).as_matrix().reshape(*turn.shape[:2], 3, 3)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 2e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("axis", ["sphere", "cube"])
@pytest.mark.parametrize("groups", [1, 3])
def test_each_group_of_three_is_turned_as_scipy_would(body, dtype, close, shared, axis, groups):
    """Breaks where x·R is R·x (the turn goes back), a group takes another's axis, or channels are grouped otherwise."""
    x = series(channels=3 * groups, dtype=dtype)
    y, drawn = draw(body, Rotation(shared=shared, axis=axis, angle=120.0), x)
    assert drawn["axis"].shape == (4, 1 if shared else groups, 3)
    turn = np.broadcast_to(from_draws(drawn, 120.0), (4, groups, 3, 3))
    expected = np.einsum("ngct,ngcd->ngdt", x.reshape(4, groups, 3, 60).astype(np.float64), turn).reshape(x.shape)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=0, atol=close * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("channels", "how"), TURNS)
def test_r_is_orthogonal_and_proper_where_promised(body, channels, how):
    """Breaks where RRᵀ is not I, or a rotation is a mirror image: det R = 1 about an axis, ±1 elsewhere."""
    op = Rotation(**how)
    r = matrices(body, op, 50, channels)
    np.testing.assert_allclose(r @ np.swapaxes(r, 1, 2), np.tile(np.eye(channels), (50, 1, 1)), rtol=0, atol=1e-12)
    det = np.linalg.det(r)
    if op.proper or (op.mode == "axis" and channels % 3 == 0):
        np.testing.assert_allclose(det, 1, rtol=0, atol=1e-12)
    else:
        np.testing.assert_allclose(np.abs(det), 1, rtol=0, atol=1e-12)
        assert {-1, 1} == set(det.round())


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("channels", "how"), TURNS)
def test_lengths_are_kept_and_the_gram_matrix_turns(body, channels, how):
    """Breaks where a step is stretched, or the turn changes along the series: XᵀX becomes RᵀXᵀXR."""
    x = series(channels=channels)
    y, r = run(body, Rotation(**how), x)[0], matrices(body, Rotation(**how), 4, channels)
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), np.linalg.norm(x, axis=1), rtol=1e-12)
    gram = np.swapaxes(r, 1, 2) @ (x @ np.swapaxes(x, 1, 2)) @ r
    np.testing.assert_allclose(y @ np.swapaxes(y, 1, 2), gram, rtol=0, atol=1e-10 * np.abs(gram).max())


@pytest.mark.parametrize("body", BODIES)
def test_two_rotations_compose(body):
    """Breaks where the second turn does not start where the first ended: x·R₁·R₂."""
    x, op = series(channels=3), Rotation()
    twice = run(body, op, run(body, op, x, seed=1)[0], seed=2)[0]
    both = matrices(body, op, 4, 3, seed=1) @ matrices(body, op, 4, 3, seed=2)
    np.testing.assert_allclose(twice, np.einsum("nct,ncd->ndt", x, both), rtol=0, atol=1e-12 * np.abs(x).max())


@pytest.mark.parametrize("body", BODIES)
def test_groups_turn_together_or_apart_and_never_mix(body):
    """Breaks where a reading of one sensor gets into another, or ``shared`` is read the other way round."""
    for shared in (False, True):
        r = matrices(body, Rotation(shared=shared), 20, 6)
        assert not r[:, :3, 3:].any()
        assert not r[:, 3:, :3].any()
        assert (np.abs(r[:, :3, :3] - r[:, 3:, 3:]).max(axis=(1, 2)) < 1e-15).all() == shared
        assert len({matrix.tobytes() for matrix in r[:, :3, :3]}) == 20


def test_axes_are_uniform_on_the_sphere_and_angles_on_their_range():
    """Breaks where the corners are preferred, or a half of the angles is never drawn; false-alarm rate as stated.

    By Archimedes each coordinate of a uniform axis is uniform. The axis of -θ is the opposite one, which changes neither law.
    """
    turn = transform.Rotation.from_matrix(matrices("numba", Rotation(angle=150.0), 20000, 3)).as_rotvec()
    angle = np.linalg.norm(turn, axis=1)
    for coordinate in (turn / angle[:, None]).T:
        assert stats.kstest(coordinate, "uniform", args=(-1, 2)).pvalue > FALSE_ALARM
    assert stats.kstest(angle, "uniform", args=(0, np.radians(150))).pvalue > FALSE_ALARM
    _, drawn = draw("numba", Rotation(angle=150.0), np.ones((4000, 3, 1)))
    assert stats.kstest(drawn["angle"].ravel(), "uniform", args=(-np.radians(150), 2 * np.radians(150))).pvalue > FALSE_ALARM


def test_the_cube_prefers_its_corners():
    """Breaks where axis="cube" is the sphere, or another solid; false-alarm rate as stated.

    The largest coordinate of the unit axis is least at a corner of the cube.
    """
    cube = np.random.default_rng(0).uniform(-1, 1, (20000, 3))
    largest = {"drawn": np.abs(cube).max(axis=1) / np.linalg.norm(cube, axis=1)}
    for axis in ("cube", "sphere"):
        turn = transform.Rotation.from_matrix(matrices("numba", Rotation(axis=axis), 20000, 3)).as_rotvec()
        largest[axis] = np.abs(turn).max(axis=1) / np.linalg.norm(turn, axis=1)
    assert stats.ks_2samp(largest["cube"], largest["drawn"]).pvalue > FALSE_ALARM
    assert stats.ks_2samp(largest["sphere"], largest["drawn"]).pvalue < 1e-20
    assert largest["cube"].mean() < largest["sphere"].mean()


def test_orthogonal_turns_are_haars():
    """Breaks where the sign of QR's diagonal is left in; false-alarm rate as stated.

    A column of a Haar matrix is uniform on the sphere, so the square of an entry is Beta(1/2, (c - 1)/2), and its sign fair.
    """
    r = matrices("numba", Rotation(mode="orthogonal"), 6000, 4)
    for i, j in np.ndindex(4, 4):
        assert stats.kstest(r[:, i, j] ** 2, "beta", args=(0.5, 1.5)).pvalue > FALSE_ALARM
        assert stats.binomtest(int((r[:, i, j] > 0).sum()), 6000).pvalue > FALSE_ALARM
    assert stats.binomtest(int((np.linalg.det(r) > 0).sum()), 6000).pvalue > FALSE_ALARM


def test_every_signed_permutation_is_equally_likely():
    """Breaks where a channel keeps its place or its sign too often: χ² over all 3!·2³ = 48, false-alarm rate as stated."""
    r = matrices("numba", Rotation(mode="signperm"), 24000, 3)
    assert set(np.unique(r)) == {-1, 0, 1}
    counts = np.unique(r.reshape(-1, 9), axis=0, return_counts=True)[1]
    assert len(counts) == 48
    assert stats.chisquare(counts).pvalue > FALSE_ALARM


@pytest.mark.parametrize("body", BODIES)
def test_signperm_puts_channels_where_it_drew_them(body):
    """Breaks where the permutation is its inverse, or a reading is computed instead of moved."""
    x = series(channels=5)
    y, drawn = draw(body, Rotation(mode="signperm"), x)
    for i, k in np.ndindex(4, 5):
        np.testing.assert_array_equal(y[i, drawn["order"][i, k]], drawn["sign"][i, k] * x[i, k])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", ["axis", "orthogonal", "signperm"])
def test_one_channel_is_turned_over_or_not(body, mode):
    """Breaks where C = 1 gives another factor than ±1, or the coin is not fair; false-alarm rate as stated."""
    x = series(n=2000, channels=1, length=5)
    ratio = run(body, Rotation(mode=mode), x)[0] / x
    assert set(np.unique(ratio)) == {-1, 1}
    assert (ratio == ratio[..., :1]).all()
    assert stats.binomtest(int((ratio[:, 0, 0] > 0).sum()), 2000).pvalue > FALSE_ALARM
    if mode == "orthogonal":
        assert same_bits(run(body, Rotation(mode=mode, proper=True), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("channels", "how"), TURNS)
def test_no_angle_no_change(body, channels, how):
    """Breaks where angle=0 loses a bit, or is read in one mode alone."""
    x = series(channels=channels, dtype=np.float32)
    x[..., ::5] = -0.0
    assert same_bits(run(body, Rotation(**{**how, "angle": 0}), x)[0], x)


@pytest.mark.parametrize("body", BODIES)
def test_a_gap_is_bridged_for_the_others_and_comes_back(body):
    """Breaks where one missing channel of a step takes the others with it, or is made up."""
    x = series(channels=3)
    x[:, 0, 7:11] = np.nan
    x[:, :, 30] = np.nan
    y = run(body, Rotation(), x)[0]
    expected = np.einsum("nct,ncd->ndt", fill_gaps(x), matrices(body, Rotation(), 4, 3))
    np.testing.assert_allclose(y, np.where(np.isnan(x), np.nan, expected), rtol=0, atol=1e-11)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("channels", "how"), TURNS)
def test_past_and_target_turn_alike(body, channels, how):
    """Breaks where the target is turned by an R of its own, or not at all."""
    x = series(channels=channels)
    assert same_bits(run(body, Rotation(**how), Panel(x, horizon=20))[0].values, run(body, Rotation(**how), x)[0])


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("mode", ["axis", "orthogonal", "signperm"])
def test_mask_and_target(body, mode):
    """Breaks where what stands at an unobserved step counts, or a gap in the past is bridged from the target."""
    assert_unobserved_steps_do_not_count(body, Rotation(mode=mode))
    assert_past_alone(body, Rotation(mode=mode, scope="past"))
    assert_past_does_not_see_the_target(body, Rotation(mode=mode))
