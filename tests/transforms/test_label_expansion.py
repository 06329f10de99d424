"""LabelExpansion against the double loop of METHODS 1.16."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernels.oracles import few, with_gaps
from transforms.helpers import BODIES, run, same_bits, series
from variate import LabelExpansion, Panel
from variate.core.errors import ContractError


def scale_of(channel):
    seen = channel[~np.isnan(channel)]
    if not seen.size:
        return 1.0
    deviation = 1.4826 * np.median(np.abs(seen - np.median(seen)))
    return deviation or np.std(seen) or 1.0


def expanded(x, points, reach, tolerance, soft=False, connected=False):
    """One series x (c, t) with points (t,): every anomaly a asks every step t."""
    limit = tolerance * np.array([scale_of(channel) for channel in x])
    out = points.astype(np.float64)
    steps = range(len(points))

    def alike(t, a):
        return bool((np.abs(x[:, t] - x[:, a]) <= limit).all())  # False with NaN

    for a in np.flatnonzero(points > 0):
        for t in steps:
            between = range(min(t, a) + 1, max(t, a))
            if t == a or abs(t - a) > reach or not alike(t, a):
                continue
            if connected and not all(points[s] > 0 or alike(s, a) for s in between):
                continue
            unlike = np.max(np.abs(x[:, t] - x[:, a]) / limit) if tolerance else 0.0
            score = np.exp(-abs(t - a) / reach) * np.exp(-unlike) if soft else 1.0
            out[t] = max(out[t], score)
    return out


def expect(panel, op):
    x = panel.values if panel.mask is None else np.where(panel.mask[:, None], panel.values, np.nan)
    options = {"soft": op.soft, "connected": op.connected}
    return np.stack([expanded(a, b, op.reach, op.tolerance, **options) for a, b in zip(x, panel.points, strict=True)])


def labelled(seed, dtype=np.int64, share=0.15, **options):
    rng = np.random.default_rng(seed)
    return Panel(series(seed=seed, length=30, **options), points=(rng.random((4, 30)) < share).astype(dtype))


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("connected", [False, True])
@given(
    seed=st.integers(0, 999),
    reach=st.integers(0, 8),
    tolerance=st.sampled_from((0.3, 1.0, 3.0)),
    share=st.sampled_from((0.0, 0.05, 0.3)),
    channels=st.integers(1, 3),
)
@few
def test_expansion_is_the_double_loop(body, soft, connected, seed, reach, tolerance, share, channels):
    """Breaks where a border is one step off, a channel is left out, labels chain, or a connection skips a step."""
    panel = labelled(seed, np.float64 if soft else np.int64, share, channels=channels)
    op = LabelExpansion(reach=reach, tolerance=tolerance, soft=soft, connected=connected)
    y = run(body, op, panel)[0]
    np.testing.assert_allclose(y.points, expect(panel, op), rtol=0, atol=1e-9)
    assert same_bits(y.values, panel.values)


@pytest.mark.parametrize("body", BODIES)
def test_connected_needs_every_step_up_to_its_anomaly(body):
    """Breaks where another anomaly on the way bridges a gap: step 0 is like the anomaly at 3, and step 2 is not."""
    panel = Panel(np.array([[0.0, 9, 5, 0, 20, 30, 40, 50]]), points=[[0, 1, 0, 1, 0, 0, 0, 0]])
    y = run(body, LabelExpansion(reach=3, tolerance=0.1, connected=True), panel)[0]
    np.testing.assert_array_equal(y.points, panel.points)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("soft", [False, True])
def test_missing_readings_are_never_labelled_and_spread_nothing(body, soft):
    """Breaks where NaN compares as alike, at the step, at the anomaly, or in the scale; unobserved steps are missing too."""
    for seed in range(5):
        panel = labelled(seed, share=0.3)
        rng = np.random.default_rng(seed)
        panel = Panel(with_gaps(rng, panel.values, 0.2), points=panel.points, mask=rng.random((4, 30)) < 0.8)
        op = LabelExpansion(tolerance=3.0, soft=soft)
        y = run(body, op, panel)[0]
        np.testing.assert_allclose(y.points, expect(panel, op), rtol=0, atol=1e-6)
        gone = np.isnan(panel.values).any(axis=1) | ~panel.mask
        np.testing.assert_array_equal(y.points[gone], panel.points[gone])


@pytest.mark.parametrize("body", BODIES)
def test_where_the_median_deviation_is_0_the_std_counts_and_then_1(body):
    """Breaks with a division by 0: mostly equal readings (MAD = 0), and all equal ones (std = 0)."""
    x = np.zeros((2, 1, 12))
    x[0, 0, 3] = 1.0
    x[0, 0, 8] = 0.2
    panel = Panel(x, points=np.array([[0] * 8 + [1, 0, 0, 0], [0] * 5 + [1] + [0] * 6]))
    op = LabelExpansion(reach=2)
    y = run(body, op, panel)[0]
    np.testing.assert_array_equal(y.points, expect(panel, op))
    assert y.points.sum(axis=1).tolist() == [5, 5]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("soft", [False, True])
def test_without_tolerance_equal_readings_are_alike(body, soft):
    """Breaks with 0/0: |x(t) - x(a)| ≤ 0 holds where both are equal, and nowhere else."""
    panel = Panel(np.array([[0.0, 1, 1, 1, 2, 1, 0, 5]]), points=[[0, 0, 1, 0, 0, 0, 0, 0]])
    op = LabelExpansion(tolerance=0.0, reach=3, soft=soft)
    np.testing.assert_allclose(run(body, op, panel)[0].points, expect(panel, op), rtol=0, atol=1e-7)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("soft", [False, True])
@pytest.mark.parametrize("connected", [False, True])
def test_labels_only_grow_and_only_nearby(body, soft, connected):
    """Breaks where m' < m, an original falls below 1, or a label travels farther than reach."""
    panel = labelled(1, share=0.1)
    y = run(body, LabelExpansion(reach=3, tolerance=2.0, soft=soft, connected=connected), panel)[0].points
    assert (y >= panel.points).all()
    assert (y[panel.points > 0] == 1).all()
    assert (y > panel.points).any()
    near = np.stack([np.convolve(row, np.ones(7), mode="same") > 0 for row in panel.points])
    assert not y[~near].any()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("dtype", [bool, np.int64, np.float32])
def test_hard_labels_keep_their_type(body, dtype):
    """Breaks where booleans become numbers. Soft scores need floats, and get float32 where there were none."""
    panel = labelled(2, dtype)
    assert run(body, LabelExpansion(), panel)[0].points.dtype == dtype
    assert run(body, LabelExpansion(soft=True), panel)[0].points.dtype == np.float32


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("length", [1, 2])
def test_the_shortest_series(body, length):
    """Breaks where a reach longer than the series runs off its ends."""
    panel = Panel(np.zeros((1, 1, length)), points=np.eye(1, length, dtype=int))
    assert run(body, LabelExpansion(reach=5), panel)[0].points.tolist() == [[1] * length]


@pytest.mark.parametrize("body", BODIES)
def test_nothing_to_expand_nothing_changed(body):
    """Breaks without anomalies, without point labels, or with reach = 0."""
    panel = labelled(3, share=0)
    assert same_bits(run(body, LabelExpansion(), panel)[0].points, panel.points)
    assert run(body, LabelExpansion(), Panel(panel.values))[0].points is None
    panel = labelled(3, share=0.3)
    for soft in (False, True):
        np.testing.assert_array_equal(run(body, LabelExpansion(reach=0, soft=soft), panel)[0].points, panel.points)


def test_what_it_cannot_do_it_refuses():
    """Breaks where states are spread like events, or readings of the future label the past."""
    panel = labelled(4)
    with pytest.raises(ContractError, match="states"):
        LabelExpansion()(panel.replace(point_role="state"), seed=0)
    with pytest.raises(ContractError, match="horizon"):
        LabelExpansion()(panel.replace(horizon=5), seed=0)
