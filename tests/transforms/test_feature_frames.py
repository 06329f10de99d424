"""LocalAverage and FeatureShuffle, against METHODS 3.2 and 3.3."""

from __future__ import annotations

import numpy as np
import pytest

from transforms.helpers import BODIES, run, same_bits
from variate import FeatureShuffle, LocalAverage, Panel, VariateError


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize(("size", "stride", "length"), [(2, 2, 40), (5, 3, 41), (1, 1, 7), (7, 2, 7), (9, 2, 7)])
def test_averages_are_appended_as_a_loop_makes_them(body, size, stride, length):
    """Breaks where the first rows change, a mean counts another row, or the number of means is another."""
    x = np.random.default_rng(0).normal(size=(3, 4, length))
    y, _ = run(body, LocalAverage(size=size, stride=stride), x)
    means = [x[..., k : k + size].mean(axis=-1) for k in range(0, length - size + 1, stride)]
    assert y.shape[-1] == length + len(means) == LocalAverage(size=size, stride=stride).length(length)
    assert same_bits(np.ascontiguousarray(y[..., :length]), x)
    if means:
        np.testing.assert_allclose(y[..., length:], np.stack(means, axis=-1), atol=1e-12)


@pytest.mark.parametrize("body", BODIES)
def test_an_average_skips_gaps_and_is_an_event_if_any_of_its_rows_was(body):
    """Breaks where a gap counts as 0 or empties the whole mean, or an event is lost."""
    x = np.arange(12.0).reshape(1, 1, 12)
    x[0, 0, [2, 6, 7]] = np.nan
    points = np.zeros((1, 12), bool)
    points[0, 8] = True
    out = run(body, LocalAverage(size=2, stride=2), Panel(x, points=points))[0]
    np.testing.assert_array_equal(out.values[0, 0, 12:], [0.5, 3, 4.5, np.nan, 8.5, 10.5])
    assert np.flatnonzero(out.points[0]).tolist() == [8, 16]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("block", [0, 1, 4, 100])
def test_a_shuffle_keeps_every_vector_and_stays_in_its_block(body, block):
    """Breaks where channels are shuffled apart, a vector is lost, or one leaves its block."""
    steps = np.arange(30.0)
    x = np.broadcast_to(np.stack([steps, -steps]), (20, 2, 30))
    y, _ = run(body, FeatureShuffle(block=block), x, seed=1)
    np.testing.assert_array_equal(y[:, 0], -y[:, 1])
    np.testing.assert_array_equal(np.sort(y[:, 0], axis=1), x[:, 0])
    reach = np.abs(y[:, 0] - steps).max()
    assert reach < (block or 30)
    assert (reach > 0) == (block != 1)


def test_a_forecast_window_is_refused():
    for op in (LocalAverage(), FeatureShuffle()):
        with pytest.raises(VariateError, match="forecast horizon"):
            op(Panel(np.zeros(20), horizon=5))
