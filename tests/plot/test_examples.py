"""The four series that pictures use."""

from __future__ import annotations

import numpy as np

from variate import plot


def test_the_examples_are_what_their_formulas_say():
    # Breaks if a period, a label or a level is not the documented one.
    made = plot.examples()
    assert {name: panel.values.shape for name, panel in made.items()} == {
        "seasonal": (1, 1, 256),
        "bursty": (1, 1, 256),
        "motion": (1, 2, 256),
        "random walk": (1, 1, 256),
    }
    t = np.arange(256)
    seasonal = made["seasonal"].values[0, 0]
    wave = np.sin(2 * np.pi * t / 12) + 0.4 * np.sin(4 * np.pi * t / 12)
    noise = (seasonal - 4 - t / 128 - np.where(t % 84 < 60, 1, 0.35) * wave) / 0.08
    assert abs(noise.mean()) < 0.25
    assert 0.85 < noise.std() < 1.15
    bursty = made["bursty"]
    assert np.flatnonzero(bursty.points[0]).tolist() == list(range(176, 188))
    assert abs(bursty.values[0, 0, 172:192] - 2.2).max() < 0.25
    forward, upward = made["motion"].values[0]
    assert abs(forward.mean()) < 0.1
    assert abs(upward.mean() - 2) < 0.1
    walk, run, rest = forward[:90].std(), forward[110:190].std(), forward[215:].std()
    assert run > 1.5 * walk
    assert walk > 5 * rest
    assert 0.8 < np.diff(made["random walk"].values[0, 0]).std() < 1.2


def test_the_examples_stay_and_each_has_its_own_draws():
    # Breaks if a picture changes from run to run, or the series share their draws.
    first, again = plot.examples(), plot.examples()
    for name, panel in first.items():
        np.testing.assert_array_equal(panel.values, again[name].values)
    assert [panel.ids.tolist() for panel in first.values()] == [[0], [1], [2], [3]]
