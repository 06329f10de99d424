"""SpecAugment: widths, numbers and places of masks, and the bent time, against METHODS 3.4."""

from __future__ import annotations

import numpy as np
import pytest

import variate
from transforms.helpers import BODIES, ramp, run
from variate import Panel, SpecAugment
from variate.kernels.spectrogram import bent_clock
from variate.kernels.stft import stft
from variate.transforms.time_frequency.spec_augment import POLICIES


def spectrograms(n=40, bins=80, frames=300):
    return np.random.default_rng(0).normal(size=(n, bins, frames)) + 5


def runs(flags):
    """Return the lengths of the stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    return (edges[1::2] - edges[::2]).tolist()


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("policy", POLICIES)
def test_published_policies_mask_at_most_their_sizes_and_numbers(body, policy):
    """Breaks where a width, a number, the share or the axis of a mask is another than published."""
    _, band, bands, stretch, share, stretches = POLICIES[policy]
    x = spectrograms()
    y, _ = run(body, SpecAugment(policy=policy, on="spectrogram", warp=0.0), x, seed=3)
    gone = y == 0
    rows, columns = gone.all(axis=2), gone.all(axis=1)
    np.testing.assert_array_equal(gone, rows[:, :, None] | columns[:, None, :])
    for i in range(len(x)):
        assert len(runs(rows[i])) <= bands
        assert len(runs(columns[i])) <= stretches
        assert sum(runs(rows[i])) <= bands * band
        assert sum(runs(columns[i])) <= stretches * min(stretch, int(share * 300))
    assert rows.any()
    assert columns.any()


@pytest.mark.parametrize("body", BODIES)
def test_without_masks_and_warp_nothing_changes(body):
    """Breaks where the way through the transform and back is not exact."""
    x = np.random.default_rng(1).normal(size=(3, 2, 101))
    quiet = SpecAugment(warp=0.0, frequency_masks=0, time_masks=0)
    np.testing.assert_allclose(run(body, quiet, x)[0], x, atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_a_mask_of_a_spectrogram_holds_its_mean(body):
    """Breaks where a mean counts another bin, or the mask lies on another axis."""
    x = spectrograms(n=5, bins=12, frames=40)
    y, _ = run(body, SpecAugment(warp=0.0, frequency=0.0, time=0.5, on="spectrogram", fill="mean"), x, seed=1)
    changed = y != x
    assert changed.any()
    mean = np.broadcast_to(x.mean(axis=2, keepdims=True), x.shape)
    np.testing.assert_allclose(y[changed], mean[changed])


@pytest.mark.parametrize("body", BODIES)
def test_time_bends_between_fixed_ends_and_never_runs_back(body):
    """Breaks where an end moves, time stands still, or the warp passes a quarter of the axis."""
    op = SpecAugment(warp=0.25, frequency_masks=0, time_masks=0, on="spectrogram")
    clock = run(body, op, ramp(200, 100), seed=2)[0][:, 0]
    np.testing.assert_array_equal(clock[:, [0, -1]], [[0, 99]] * 200)
    assert (np.diff(clock, axis=1) > 0).all()
    assert np.abs(clock - np.arange(100)).max() <= 25 + 1e-9
    assert np.abs(clock - np.arange(100)).max() > 15


def test_the_bent_point_is_where_it_was_put():
    """Breaks where the point is not shown at point + move, or a side is not straight."""
    clock = bent_clock(np.array([[30]]), np.array([[7]]), 101)[0]
    assert clock[37] == pytest.approx(30)
    np.testing.assert_allclose(clock[:38], np.linspace(0, 30, 38))
    np.testing.assert_allclose(clock[37:], np.linspace(30, 100, 64))


@pytest.mark.parametrize("body", BODIES)
def test_on_a_forecast_window_only_the_past_changes(body):
    """Breaks where the target is bent or masked, or the past reads from it."""
    x = np.random.default_rng(3).normal(size=(20, 2, 90))
    op = SpecAugment(warp=0.2, time=0.3)
    y = run(body, op, Panel(x, horizon=30))[0].values
    np.testing.assert_array_equal(y[..., 60:], x[..., 60:])
    other = np.concatenate([x[..., :60], x[..., 60:] + 100], axis=-1)
    np.testing.assert_array_equal(run(body, op, Panel(other, horizon=30))[0].values[..., :60], y[..., :60])


def test_a_masked_band_is_silent_in_the_series():
    """Breaks where the mask of a series is put on another bin than drawn; away from its edges the band is gone."""
    x = np.random.default_rng(4).normal(size=(1, 1, 512))
    op = SpecAugment(warp=0.0, frequency=1.0, time_masks=0, size=64)
    y, record = op(x, seed=5, record=True)
    (path,) = [p for p in record if "band_width" in record[p]]
    first, width = int(record[path]["band_start"][0, 0]), int(record[path]["band_width"][0, 0])
    assert width > 8
    before, after = (np.abs(stft(v, 64))[0, 0, first + 3 : first + width - 3].mean() for v in (x, y))
    assert after < 0.05 * before


def test_labels_follow_the_bent_time():
    """Breaks where point labels stay while readings move."""
    points = np.eye(60, dtype=bool)
    panel = Panel(np.tile(np.arange(60.0), (60, 1, 1)), points=points)
    out = SpecAugment(warp=0.25, frequency_masks=0, time_masks=0, on="spectrogram")(panel, seed=1)
    for i in range(60):
        assert out.points[i].any()
        assert np.abs(out.values[i, 0][out.points[i]] - i).max() <= 2


def test_a_policy_is_written_field_by_field():
    """Breaks where its inner steps leak into policies, or it cannot be read back."""
    op = SpecAugment(policy="LD", frequency_masks=2)
    spec = variate.core.spec.to_dict(op)
    assert set(spec) == {"op", *(p for p in variate.core.param.params(SpecAugment))}
    assert variate.core.spec.from_dict(spec) == op
