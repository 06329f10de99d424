"""inject_outliers: the survey's probe, which is the outlier operations at their defaults, on all of the series."""

import numpy as np
import pytest
import torch
from scipy import stats

import variate
from kernels.oracles import FALSE_ALARM
from transforms.helpers import same_bits, series
from variate import Panel, Slope, Spike, Step, inject_outliers
from variate.core.errors import ContractError, ParameterError

KINDS = {"spike": Spike, "step": Step, "slope": Slope}
X = series(n=6, channels=2, length=400)


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_the_operation_at_its_defaults_on_past_and_target(kind):
    """Breaks where a size of its own slips in, or draws are made at another place than the operation's."""
    op = KINDS[kind](scope="all")
    assert same_bits(inject_outliers(X, kind, seed=3), op(X, seed=3))
    panel = Panel(X, horizon=100, points=np.zeros((6, 400), bool))
    marked = KINDS[kind](scope="all", mark=True)(panel, seed=3)
    out = inject_outliers(panel, kind, seed=3, mark=True)
    assert same_bits(out.values, marked.values)
    np.testing.assert_array_equal(out.points, marked.points)


def test_a_spike_is_one_step_and_half_to_three_deviations():
    """Breaks where a spike is wider, its size is not relative to the channel, or channels are hit at other steps."""
    x = series(n=3000, channels=2, length=100)
    added = inject_outliers(x, "spike", seed=0) - x
    hit = added != 0
    assert (hit.sum(axis=2) == 1).all()  # a share of 0.005, one at least
    np.testing.assert_array_equal(hit[:, 0], hit[:, 1])
    size = added.sum(axis=2) / x.std(axis=2)
    np.testing.assert_allclose(size[:, 0], size[:, 1], rtol=1e-6)
    assert np.abs(size).min() >= 0.5 - 1e-5
    assert np.abs(size).max() <= 3 + 1e-5
    assert stats.kstest(np.abs(size[:, 0]), stats.uniform(0.5, 2.5).cdf).pvalue > FALSE_ALARM
    assert stats.binomtest(int((size[:, 0] > 0).sum()), 3000).pvalue > FALSE_ALARM
    assert stats.chisquare(np.bincount(hit[:, 0].argmax(axis=1), minlength=100)).pvalue > FALSE_ALARM
    long = series(n=10, length=1000)
    assert ((inject_outliers(long, "spike", seed=0) != long).sum(axis=2) == 5).all()


def test_a_step_is_one_to_three_jumps_and_stays():
    """Breaks where there are more jumps, one is too small or too large, or the level falls back."""
    x = series(n=2000, channels=1, length=60)
    level = (inject_outliers(x, "step", seed=0) - x)[:, 0] / x.std(axis=2)
    jumps = np.diff(np.pad(level, ((0, 0), (1, 0))), axis=1)
    number = (np.abs(jumps) > 1e-9).sum(axis=1)
    assert set(number.tolist()) == {1, 2, 3}
    sizes = np.abs(jumps[np.abs(jumps) > 1e-9])
    assert sizes.min() >= 0.5 - 1e-5
    assert sizes.max() <= 3 + 1e-5
    first = jumps[np.arange(2000), (np.abs(jumps) > 1e-9).argmax(axis=1)]
    assert stats.kstest(np.abs(first), stats.uniform(0.5, 2.5).cdf).pvalue > FALSE_ALARM
    assert stats.binomtest(int((first > 0).sum()), 2000).pvalue > FALSE_ALARM


def test_a_slope_is_one_line_over_the_whole_series():
    """Breaks where the line bends, does not begin at 0, or rises by less or more than half to three deviations."""
    x = series(n=2000, channels=2, length=60)
    line = inject_outliers(x, "slope", seed=0) - x
    np.testing.assert_allclose(np.diff(line, 2, axis=2), 0, atol=1e-12)
    np.testing.assert_array_equal(line[..., 0], 0)
    rise = line[:, 0, -1] / x.std(axis=2)[:, 0]
    assert stats.kstest(np.abs(rise), stats.uniform(0.5, 2.5).cdf).pvalue > FALSE_ALARM
    assert stats.binomtest(int((rise > 0).sum()), 2000).pvalue > FALSE_ALARM


@pytest.mark.parametrize("kind", KINDS)
def test_a_target_is_hit_as_the_past_is(kind):
    """Breaks where only the past is disturbed, as a spike does for training."""
    x = series(n=2000, channels=1, length=40)
    out = inject_outliers(Panel(x, horizon=20), kind, seed=0)
    assert out.horizon == 20
    assert same_bits(out.values, inject_outliers(x, kind, seed=0))
    past, target = ((out.values != x)[..., part].any(axis=(1, 2)).sum() for part in (slice(20), slice(20, None)))
    assert target > 0
    if kind == "spike":
        assert past + target == 2000
        assert stats.binomtest(int(past), 2000).pvalue > FALSE_ALARM


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_in_kind_and_writes_to_nothing(kind):
    """Breaks where shape, dtype or library change, or the clean test set is lost."""
    for x in (X, X.astype(np.float32), X[:, 0], X[0, 0]):
        before = x.copy()
        y = inject_outliers(x, kind)
        assert type(y) is np.ndarray
        assert (y.shape, y.dtype) == (x.shape, x.dtype)
        assert (y != x).any()
        assert same_bits(np.ascontiguousarray(x), np.ascontiguousarray(before))
    tensor = torch.from_numpy(X.copy())
    y = inject_outliers(tensor, kind)
    assert isinstance(y, torch.Tensor)
    np.testing.assert_array_equal(y.numpy(), inject_outliers(X, kind))
    np.testing.assert_array_equal(tensor.numpy(), X)
    ragged = inject_outliers([X[0], X[1, :, :70]], kind)
    assert isinstance(ragged, list)
    assert [v.shape for v in ragged] == [(2, 400), (2, 70)]
    assert inject_outliers(X[0, 0].tolist(), kind).shape == (400,)
    panel = Panel(X, label=np.arange(6) % 2, ids=[f"s{i}" for i in range(6)], extra={"place": np.arange(6)})
    out = inject_outliers(panel, kind)
    assert isinstance(out, Panel)
    assert out.points is None
    np.testing.assert_array_equal(out.label, panel.label)
    np.testing.assert_array_equal(out.extra["place"], np.arange(6))


@pytest.mark.parametrize("kind", KINDS)
def test_seed_and_ids_decide(kind):
    """Breaks where a probe cannot be repeated, rows depend on their batch, or None is a fixed seed."""
    same = inject_outliers(X, kind)
    assert same_bits(same, inject_outliers(X, kind, seed=0))
    assert not same_bits(same, inject_outliers(X, kind, seed=1))
    assert not same_bits(inject_outliers(X, kind, seed=None), inject_outliers(X, kind, seed=None))
    panel = Panel(X, ids=[f"s{i}" for i in range(6)])
    order = np.array([4, 0, 5])
    np.testing.assert_array_equal(inject_outliers(panel, kind).values[order], inject_outliers(panel.rows(order), kind).values)


def test_what_is_marked_is_what_was_injected():
    """Breaks where a label is missing or invented: spikes their steps, a step and a slope their stretch; none unasked."""
    panel = Panel(X)
    spikes = inject_outliers(panel, "spike", mark=True)
    np.testing.assert_array_equal(spikes.points, (spikes.values != X).any(axis=1))
    slopes = inject_outliers(panel, "slope", mark=True)
    assert slopes.points.all()
    steps = inject_outliers(panel, "step", mark=True)
    jumped = np.abs(np.diff(steps.values - X, axis=2)).max(axis=1) > 1e-9
    for points, jumps in zip(steps.points, jumped, strict=True):
        first, last = np.flatnonzero(points)[[0, -1]]
        assert points[first : last + 1].all()
        at = np.flatnonzero(jumps) + 1
        assert (at >= first).all()
        assert (at <= last).all()
        assert first == 0 or at[0] == first
    known = Panel(X, points=np.eye(6, 400, dtype=bool))
    for kind in KINDS:
        out = inject_outliers(known, kind, mark=True)
        assert out.points[np.eye(6, 400, dtype=bool)].all()
        assert same_bits(out.values, inject_outliers(known, kind).values)
        np.testing.assert_array_equal(inject_outliers(known, kind).points, known.points)
        assert inject_outliers(panel, kind).points is None
        assert same_bits(inject_outliers(X, kind, mark=True), inject_outliers(X, kind))  # an array has no place for labels
        states = Panel(X, points=np.zeros((6, 400), int), point_role="state")
        with pytest.raises(ContractError, match="labels events"):
            inject_outliers(states, kind, mark=True)


@pytest.mark.parametrize("kind", KINDS)
def test_missing_and_unobserved_readings_stay(kind):
    """Breaks where an outlier stands in a gap, or a gap costs the whole channel."""
    x = X.copy()
    x[:, :, 100:200] = np.nan
    mask = np.ones((6, 400), bool)
    mask[:, 300:] = False
    out = inject_outliers(Panel(x, mask=mask), kind, mark=True)
    np.testing.assert_array_equal(np.isnan(out.values), np.isnan(x))
    np.testing.assert_array_equal(out.values[..., 300:], x[..., 300:])
    assert not out.points[:, 300:].any()
    flat = np.full((2, 1, 50), 7.0)
    np.testing.assert_array_equal(inject_outliers(flat, kind), flat)  # a constant channel has no deviation to go by


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("spikes", r"inject_outliers\(kind='spikes'\): kind must be one of 'spike', 'step', 'slope'; did you mean 'spike'"),
        ("Slope", r"kind='Slope'.*did you mean 'slope'"),
        ("jitter", r"kind='jitter'\): kind must be one of 'spike', 'step', 'slope'"),
        ("", r"kind=''\): kind must be one of"),
        (None, r"kind=None\): kind must be one of"),
        (Spike, r"kind must be one of"),
        (["spike", "step"], r"kind=\['spike', 'step'\]\): kind must be one of"),
    ],
)
def test_another_kind_is_refused(kind, words):
    """Breaks where the sentence does not say what would be right, or a list of kinds ends in another error."""
    with pytest.raises(ParameterError, match=words):
        inject_outliers(X, kind)


def test_it_is_public():
    assert "inject_outliers" in variate.__all__
